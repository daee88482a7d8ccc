"""The reference for a whole graph at once: every operation differentiated alone, and the chain rule over that.

One sweep serves all inputs, where a replay of the graph per input takes as many times as long as there are inputs. No
derivative rule is read: the slope of an operation is asked of its forward function, at operands replayed in many
digits. Where an operation has no single slope (a kink, an edge, a pole) the chain rule says nothing, and the inputs
before it are left to the replays of `references.py`.
"""

import operator
from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Any

from autograd.gradcheck.references import ORACLES, Slope, slopes
from autograd.gradcheck.rounding import Rounded, internal
from autograd.graph import adjoints, topological_order
from autograd.primitive import Primitive
from autograd.replay import Precise, Unsupported
from autograd.replay.systems import digits_to_tell, mpmath_is_installed
from autograd.value import Value


class Known:
    """A slope and how far it may be off, and the size of slopes nearby; no rounding of its own is counted."""

    __slots__ = ("value", "error", "scale")

    def __init__(self, value: Any, error: Any = 0.0, scale: Any = 0.0) -> None:
        self.value, self.error, self.scale = value, error, scale

    def __add__(self, other: "Known") -> "Known":
        return Known(self.value + other.value, self.error + other.error, self.scale + other.scale)

    def __mul__(self, other: "Known") -> "Known":
        mine, theirs = abs(self.value), abs(other.value)
        return Known(
            self.value * other.value,
            mine * other.error + self.error * (theirs + other.error),
            mine * other.scale + self.scale * (theirs + other.scale),
        )


def chained(
    outputs: Sequence[Value], inputs: Mapping[Value, Any], oracles: Sequence[str]
) -> list[dict[Value, Slope]]:
    """For each output, its slope for each of the inputs that the chain rule can tell.

    Arguments: `inputs`, nodes of the graph and their numbers, floats or mpmath's; `oracles`, those that may be asked
    for the slope of an operation, the first that can answers.
    """
    order = topological_order(outputs, inputs=inputs)
    numbers = _numbers(order, inputs, oracles)
    found: dict[Value, list[Slope | None]] = {}
    moving = set(inputs)
    for node in order:
        which = [i for i, arg in enumerate(node.args) if arg in moving and node not in inputs]
        if node.op is None or not which:
            continue
        args = [arg if arg.__class__ is float else numbers[arg] for arg in node.args]
        found[node] = operation_slopes(node.op, args, which, oracles)
        if any(slope.left or slope.right for slope in found[node] if slope) or moves(node.op, args, which):
            moving.add(node)
    kinked = [node for node, told in found.items() if not all(slope.settled for slope in told if slope)]
    untold = set(topological_order(kinked, inputs=inputs))
    told = [slope.oracle for slopes in found.values() for slope in slopes if slope]
    oracle = max(told, key=WEAKNESS, default="the graph")

    def partials(node: Value) -> tuple[Known | None, ...]:
        return tuple(Known(s.left, s.error, s.scale) if s else None for s in found.get(node, ()))

    def slope(y: Value, x: Value, reached: Mapping[Value, Known]) -> Slope:
        known = reached.get(x, NOTHING)
        return Slope(known.value, known.value, known.error, oracle, known.scale)

    table = []
    for y in outputs:
        reached = adjoints(topological_order([y], inputs=inputs), {y: Known(1.0)}, partials, operator.mul)
        table.append({x: slope(y, x, reached) for x in inputs if x not in untold})
    return table


WEAKNESS = [*ORACLES, "none"].index
NOTHING = Known(0.0)


def operation_slopes(
    op: Primitive, args: Sequence[Any], which: Sequence[int], oracles: Sequence[str]
) -> list[Slope | None]:
    """The slopes of one operation alone, for each operand in `which`; None for the others."""
    told: Mapping[Value, Slope] = {}
    leaves = [Value(float(x)) for x in args]
    if op.variadic and op.composite:  # the rows that it is written with: moving n operands of n one by one is n * n
        told = chained([op.forward(*leaves)], dict(zip(leaves, args)), oracles)[0]
    return [told.get(x) or _alone(op, args, i, oracles) if i in which else None for i, x in enumerate(leaves)]


NUDGE = 2.0**-10


def moves(op: Primitive, args: Sequence[Any], which: Sequence[int]) -> bool:
    """Whether the result moves at all with these operands: x * x does at 0, where its slope is 0; x > 1 does not."""
    xs = [float(x) for x in args]
    for side in (1.0, -1.0):
        # Each operand by an amount of its own: x - y is not to stay.
        moved = [x + side * NUDGE * (i + 1) * (abs(x) or 1.0) if i in which else x for i, x in enumerate(xs)]
        try:
            if op.forward(*moved) != op.forward(*xs):
                return True
        except Exception:  # outside its domain
            return True
    return False


def _alone(op: Primitive, args: Sequence[Any], i: int, oracles: Sequence[str]) -> Slope:
    def inside(xs: Sequence[float]) -> list[float]:
        ends = op.domain * len(xs) if op.variadic else op.domain
        return [op.forward(*xs) if all(low <= x <= high for x, (low, high) in zip(xs, ends)) else nan]

    noise = internal(op, [Rounded(float(x)) for x in args])
    try:
        return slopes(lambda xs: [op.apply(tuple(xs))], args, i, oracles, inside, [noise])[0]
    except Unsupported as error:
        return Slope(nan, nan, inf, "none", note=str(error))


def _numbers(order: Sequence[Value], inputs: Mapping[Value, Any], oracles: Sequence[str]) -> dict[Value, Any]:
    """Each node's number: in many digits if mpmath may be asked, but for operations that know floats only."""
    if "mpmath" not in oracles or not mpmath_is_installed():
        return {node: inputs.get(node, node.data) for node in order}
    numbers = dict(inputs)
    with digits_to_tell([inputs.get(node, node.data) for node in order if node.op is None or node in inputs]):
        for node in order:
            if node in numbers:
                continue
            if node.op is None:
                numbers[node] = node.data
                continue
            args = [arg if arg.__class__ is float else numbers[arg] for arg in node.args]
            try:
                numbers[node] = node.op.apply(tuple(map(Precise, args))).value
            except (Unsupported, ArithmeticError, ValueError):
                numbers[node] = node.op.forward(*map(float, args))
    return numbers
