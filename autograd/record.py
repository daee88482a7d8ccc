"""Recording: how an operation of the table makes a node, and how it becomes a method of Value."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd import context
from autograd.graph import NO_OPERAND
from autograd.ieee import Ieee
from autograd.primitive import TABLE, Primitive, number
from autograd.primitives import on_floats
from autograd.value import BY_NUMPY_NAME, UNKNOWN, Value, is_array

_ONLY_FLOATS = frozenset({float})
_new = object.__new__


def record(op: Primitive, args: tuple[Any, ...]) -> Value:
    """Apply `op` and make the node: its number, its operands, its local derivatives."""
    data = [arg.data if isinstance(arg, Value) else arg for arg in args]
    if not _ONLY_FLOATS.issuperset(map(type, data)):
        args = tuple([arg if isinstance(arg, Value) else number(arg) for arg in args])
        data = [arg.data if isinstance(arg, Value) else arg for arg in args]
    z = op.forward(*data)
    node = _new(Value)
    node.data = z
    node.grad = UNKNOWN
    node.op = op
    node.args = args
    node.partials = partials_at(op, data, z)
    if context.open_contexts:
        context.annotate(node)
    return node


def partials_at(op: Primitive, data: Sequence[float], z: float) -> tuple[float, ...]:
    """The local derivatives; where a float division by zero stops the rule, once more by IEEE 754."""
    try:
        partials = op.partials(*data, z)
    except ZeroDivisionError:
        partials = tuple(map(float, op.partials(*map(Ieee, data), Ieee(z))))
    if len(partials) != len(data):  # the chain rule pairs them: a forgotten one would be a gradient of zero
        raise ValueError(f"the rule of {op.name} gave {len(partials)} derivatives for {len(data)} operands")
    return partials


# `record` written out for one operand and for two: the hot path of the eager engine.
def _unary(op: Primitive) -> Callable[[Value], Value]:
    forward, partials = on_floats(op.forward), on_floats(op.partials)

    def method(self: Value) -> Value:
        x = self.data
        z = forward(x)
        node = _new(Value)
        try:
            (node.dx,) = partials(x, z)
        except ZeroDivisionError:
            (node.dx,) = partials_at(op, [x], z)
        node.data = z
        node.grad = UNKNOWN
        node.op = op
        node.x = self
        node.y = NO_OPERAND
        if context.open_contexts:
            context.annotate(node)
        return node

    return method


def _binary(op: Primitive) -> Callable[[Value, Any], Value]:
    forward, partials = on_floats(op.forward), on_floats(op.partials)

    def method(self: Value, other: Any) -> Any:  # a Value, or NotImplemented
        x = self.data
        if type(other) is Value:
            y = other.data
        elif type(other) is float:
            y = other
        elif isinstance(other, Value):
            y = other.data
        else:
            y = other = _constant(other)
            if y is NotImplemented:
                return NotImplemented
        z = forward(x, y)
        node = _new(Value)
        try:
            node.dx, node.dy = partials(x, y, z)
        except ZeroDivisionError:
            node.dx, node.dy = partials_at(op, [x, y], z)
        node.data = z
        node.grad = UNKNOWN
        node.op = op
        node.x = self
        node.y = other
        if context.open_contexts:
            context.annotate(node)
        return node

    return method


def _reflected(op: Primitive) -> Callable[[Value, Any], Value]:
    """The same with the constant on the left: 2.0 - v.

    Of v - w Python asks this first where w is of a subclass that has its own `__rsub__`: then `v.__sub__` answers.
    """
    forward, partials = on_floats(op.forward), on_floats(op.partials)

    def method(self: Value, other: Any) -> Any:
        x = other if type(other) is float else _constant(other)
        if x is NotImplemented:
            return NotImplemented
        y = self.data
        z = forward(x, y)
        node = _new(Value)
        try:
            node.dx, node.dy = partials(x, y, z)
        except ZeroDivisionError:
            node.dx, node.dy = partials_at(op, [x, y], z)
        node.data = z
        node.grad = UNKNOWN
        node.op = op
        node.x = x
        node.y = self
        if context.open_contexts:
            context.annotate(node)
        return node

    return method


def _constant(other: Any) -> Any:
    """An operand as a float, or NotImplemented."""
    if type(other) is int:  # the exponent of x**2: by far the most frequent
        try:
            return float(other)
        except OverflowError:
            pass
    elif not isinstance(other, (int, float)) and _answers_itself(other):
        return NotImplemented
    return number(other)


def _answers_itself(other: Any) -> bool:
    """Whether Python should ask `other` instead: an array, or what records, a Value or another number system."""
    return is_array(other) or hasattr(other, "__autograd__")


# What Python calls the operators; the second name takes the operands in the other order: 2.0 - v.
_OPERATORS = {
    "add": ("__add__", "__radd__"),
    "sub": ("__sub__", "__rsub__"),
    "mul": ("__mul__", "__rmul__"),
    "div": ("__truediv__", "__rtruediv__"),
    "pow": ("__pow__", "__rpow__"),
    "neg": ("__neg__",),
    "identity": ("__pos__",),
    "abs": ("__abs__",),
}


def install(op: Primitive) -> None:
    """Make a row a method of Value, under its name, NumPy's, and Python's operator."""
    BY_NUMPY_NAME[op.numpy or op.name] = op
    if op.variadic:
        return  # sum, dot: functions of lists, not of one Value
    if len(op.operands) == 1:
        method: Any = _unary(op)
    elif len(op.operands) == 2 and op.pack is None:
        method = _binary(op)
    else:

        def method(self: Value, *args: Any, **named: Any) -> Value:
            return op(self, *args, **named)  # type: ignore[no-any-return]

    method.__code__ = method.__code__.replace()  # its own copy: Python tunes code to what it calls, here one row's rule
    method.__name__, method.__doc__ = op.name, f"The operation {op.name} of the table, applied to this Value."
    for name in {op.name, op.numpy or op.name}:
        setattr(Value, name, method)
    direct, *reflected = _OPERATORS.get(op.name, ("",))
    if direct:
        setattr(Value, direct, method)
    for twin in reflected:
        setattr(Value, twin, _reflected(op))


Value.__autograd__ = lambda self, op, args: record(op, args)  # type: ignore[method-assign]
for _row in TABLE.values():
    install(_row)
