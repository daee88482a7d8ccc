"""Expression: a function, the numbers it is called with, and a repr that is Python one can paste and run."""

import functools
import inspect
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.value import Value


class Expression:
    """A function of numbers or Values at one point; its `repr` writes the recorded graph out as straight-line Python.

    Arguments: `f`, called as f(*inputs); `inputs`, a sequence of real numbers.

    `root` is the Value that f returns and `values` the leaves it was called with, recorded when first asked for. The
    repr runs wherever `from autograd import *` has been done and your own operations have their names; it computes
    the same numbers to the last bit, and a node that is used twice is computed once, as in the graph.

    >>> from autograd.primitives import tanh
    >>> e = Expression(lambda x, y: tanh(x * y) + x * y, (0.5, 2.0))
    >>> e
    Expression(lambda x0, x1: (v0 := x0 * x1, v1 := x0 * x1, v2 := tanh(v1), v2 + v0)[-1], (0.5, 2.0))
    >>> round(e.f(0.5, 2.0), 6), round(e.root.data, 6)
    (1.761594, 1.761594)
    """

    def __init__(self, f: Callable[..., Any], inputs: Sequence[float]) -> None:
        self.f = f
        self.inputs = tuple(map(float, inputs))

    @functools.cached_property
    def values(self) -> tuple[Value, ...]:
        return tuple(Value(x, label=f"x{i}") for i, x in enumerate(self.inputs))

    @functools.cached_property
    def root(self) -> Any:
        return self.f(*self.values)

    def __repr__(self) -> str:
        leaves = [Value(x) for x in self.inputs]
        return f"Expression({to_lambda(self.f(*leaves), leaves)}, {listed(self.inputs)})"


def to_lambda(root: Any, leaves: Sequence[Value]) -> str:
    """The graph below `root` as a lambda of `leaves`; any other leaf is written as its number.

    One assignment per node, so that neither depth nor sharing nests parentheses.

    >>> x = Value(3.0)
    >>> to_lambda(2.0 * x, [x])
    'lambda x0: 2.0 * x0'
    """
    order = topological_order([root]) if isinstance(root, Value) else []
    # An operation of one's own may be called x0 or v0.
    stem = "_" if any(node.op and re.fullmatch(r"[xv]\d+", node.op.name) for node in order) else ""
    names: dict[Any, str] = {leaf: f"{stem}x{i}" for i, leaf in enumerate(leaves)}
    header = f"lambda {', '.join(names.values())}: " if leaves else "lambda: "
    steps: list[str] = []
    values: set[Any] = set(leaves)  # the others are floats: 1.0 / 0.0 raises where div(1.0, 0.0) is inf
    for node in order:
        if node.op is not None and node not in names:
            if not values.isdisjoint(node.args):
                values.add(node)
            operands = [names.get(arg) or _literal(arg) for arg in node.args]
            steps.append(_call(node.op, operands, infix=node in values))
            names[node] = f"{stem}v{len(steps) - 1}"
    if len(steps) < 2:
        return header + (steps[0] if steps else names.get(root) or _literal(root))
    named = [f"{stem}v{i} := {step}" for i, step in enumerate(steps[:-1])]
    return f"{header}({', '.join([*named, steps[-1]])})[-1]"


def listed(numbers: Sequence[float]) -> str:
    """The tuple of these floats, as Python that needs no other name.

    >>> import math
    >>> listed([-0.0, math.inf])
    '(-0.0, float("inf"))'
    """
    return f"({', '.join(map(_number, numbers))}{',' * (len(numbers) == 1)})"


def _number(x: float) -> str:
    return repr(x) if math.isfinite(x) else f'float("{x}")'


def _literal(x: Any) -> str:
    text = _number(float(x))
    return f"({text})" if text.startswith("-") else text  # -2.0 ** x would be -(2.0 ** x)


def _call(op: Primitive, operands: list[str], infix: bool) -> str:
    """The application of a row as a caller writes it: x0 * x1, -x0, tanh(x0), dot([x0, x1], [x2, x3])."""
    if infix and op.symbol and len(operands) <= 2:
        return op.symbol + operands[0] if len(operands) == 1 else f"{operands[0]} {op.symbol} {operands[1]}"
    lists = lists_of(op)
    if lists:
        size = len(operands) // lists
        operands = [f"[{', '.join(operands[i * size : (i + 1) * size])}]" for i in range(lists)]
    return f"{op.name}({', '.join(operands)})"


def lists_of(op: Primitive) -> int:
    """How many equally long lists a call of this row takes: 1 for `sum`, 2 for `dot`, 0 where operands come singly.

    >>> from autograd.primitives import dot, mul, sum
    >>> lists_of(sum), lists_of(dot), lists_of(mul)
    (1, 2, 0)
    """
    return len(inspect.signature(op.pack).parameters) if op.variadic and op.pack else 0
