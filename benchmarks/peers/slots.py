"""A scalar engine as bare as Python allows, written for comparison: slots, tuples, recursion, nothing checked."""

import math
from collections.abc import Sequence
from typing import Any


class Value:
    __slots__ = ("data", "grad", "children", "locals")

    def __init__(self, data: float, children: tuple[Any, ...] = (), locals: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.children, self.locals = data, 0.0, children, locals

    def __add__(self, other: Any) -> "Value":
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> "Value":
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n: float) -> "Value":
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def relu(self) -> "Value":
        return Value(max(0.0, self.data), (self,), (float(self.data > 0),))

    def tanh(self) -> "Value":
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))

    def exp(self) -> "Value":
        e = math.exp(self.data)
        return Value(e, (self,), (e,))

    def log(self) -> "Value":
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def __neg__(self) -> "Value":
        return self * -1.0

    def __sub__(self, other: Any) -> "Value":
        return self + (-other)

    def __truediv__(self, other: Any) -> "Value":
        return self * other**-1.0

    def __rtruediv__(self, other: float) -> "Value":
        return self**-1.0 * other

    def __rsub__(self, other: float) -> "Value":
        return (-self) + other

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self) -> None:
        order: list[Value] = []
        seen = set()

        def visit(node: Value) -> None:
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for child, local in zip(node.children, node.locals):
                child.grad += local * node.grad


def sum(xs: Sequence[Any]) -> Any:
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


def dot(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    return sum([x * y for x, y in zip(xs, ys)])


def exp(x: Value) -> Value:
    return x.exp()


def log(x: Value) -> Value:
    return x.log()


def relu(x: Value) -> Value:
    return x.relu()
