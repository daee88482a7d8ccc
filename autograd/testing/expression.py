"""Expression: a function, the numbers it is called with, and a repr that is Python one can paste and run."""

import functools
import inspect
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
        return f"Expression({to_lambda(self.f(*leaves), leaves)}, {self.inputs!r})"


def to_lambda(root: Any, leaves: Sequence[Value]) -> str:
    """The graph below `root` as a lambda of `leaves`; any other leaf is written as its number.

    One assignment per node, so that neither depth nor sharing nests parentheses.

    >>> x = Value(3.0)
    >>> to_lambda(2.0 * x, [x])
    'lambda x0: 2.0 * x0'
    """
    names: dict[Any, str] = {leaf: f"x{i}" for i, leaf in enumerate(leaves)}
    header = f"lambda {', '.join(names.values())}: " if leaves else "lambda: "
    steps: list[str] = []
    for node in topological_order([root]) if isinstance(root, Value) else ():
        if node.args:
            steps.append(_call(node.op, [names[arg] if isinstance(arg, Value) else _literal(arg) for arg in node.args]))
            names[node] = f"v{len(steps) - 1}"
        elif node not in names:
            names[node] = _literal(node.data)
    if len(steps) < 2:
        return header + (steps[0] if steps else names[root] if isinstance(root, Value) else _literal(root))
    named = [f"v{i} := {step}" for i, step in enumerate(steps[:-1])]
    return f"{header}({', '.join([*named, steps[-1]])})[-1]"


def _literal(x: float) -> str:
    text = repr(float(x))
    if text.lstrip("-") in ("inf", "nan"):
        return f'float("{text}")'
    return f"({text})" if text.startswith("-") else text  # -2.0 ** x would be -(2.0 ** x)


def _call(op: Primitive, operands: list[str]) -> str:
    """The application of a row as a caller writes it: x0 * x1, -x0, tanh(x0), dot([x0, x1], [x2, x3])."""
    if op.symbol and len(operands) <= 2:
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
