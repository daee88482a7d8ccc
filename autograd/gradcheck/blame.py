"""Who is to blame: each node's recorded local derivatives against its one operation, evaluated alone."""

import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.context import made_at
from autograd.gradcheck.chain import NUDGE, operation_slopes
from autograd.gradcheck.recording import same
from autograd.gradcheck.references import ORACLES, Slope
from autograd.gradcheck.report import Culprit
from autograd.gradcheck.rounding import Rounded, local
from autograd.gradcheck.verdict import CONCLUSIVE, SAFETY, Verdict, judge
from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.record import partials_at
from autograd.replay import evaluate
from autograd.value import Value

LEAP = 0.2  # far enough that a flat minimum such as that of x**4 is left


class Wrong(NamedTuple):
    """A local derivative, for operand number `which`, that is not what it should be with the operands `at`."""

    which: int
    at: tuple[float, ...]
    recorded: float
    reference: Slope


def culprits(outputs: Sequence[Value]) -> Iterator[Culprit]:
    """The nodes whose recorded local derivatives are not those of their operation, evaluated alone."""
    judged: dict[Any, list[Wrong]] = {}
    for index, node, op, xs, asked in operations(outputs):
        if not same([op.forward(*xs)], [node.data]):
            continue  # the `.data` of an operand was changed after the node was made
        case = (op, xs, asked, node.partials)  # a network applies the same operation to the same numbers many times
        if case not in judged:
            judged[case] = list(_wrong(op, xs, node.partials, asked))
        for wrong in judged[case]:
            operand = operand_name(op, wrong.which)
            yield Culprit(index, op.name, operand, wrong.at, wrong.recorded, wrong.reference, made_at(node))


def operations(
    outputs: Sequence[Value],
) -> Iterator[tuple[int, Value, Primitive, tuple[float, ...], tuple[int, ...]]]:
    """Every node that an operation made: its place, the operation, its operands' numbers, which of them are nodes."""
    for index, node in enumerate(topological_order(outputs)):
        if node.op is not None:
            xs = tuple(arg if arg.__class__ is float else arg.data for arg in node.args)
            yield index, node, node.op, xs, tuple(i for i, arg in enumerate(node.args) if arg.__class__ is not float)


def operand_name(op: Primitive, i: int) -> str:
    return op.operands[i] if i < len(op.operands) else f"operand {i + 1}"


def _wrong(
    op: Primitive, xs: tuple[float, ...], partials: Sequence[float], asked: Sequence[int], beside: bool = True
) -> Iterator[Wrong]:
    """Of one node: which of its local derivatives are wrong, what was recorded, and what is right.

    With `beside`, a derivative that is zero, or so small that the reference hardly tells it from zero, does not speak
    for its rule, which may be any multiple of the right one: the rule is asked beside the point, too.
    """
    recorded = [*partials, *[0.0] * (len(xs) - len(partials))]  # operands to which the rule gives nothing
    which = [i for i in asked if math.isfinite(recorded[i]) or is_regular(op, xs)]
    references = operation_slopes(op, xs, which, list(ORACLES))
    operands = [Rounded(x) for x in xs]
    bounds = [*local(op, operands, op.apply(tuple(operands))), *map(Rounded, recorded[len(partials) :])]
    for i in which:
        reference = references[i]
        assert reference is not None
        reference = reference.rounded()
        tolerance = SAFETY * (bounds[i].error + reference.error)
        failed = judge(recorded[i], reference, tolerance, bounds[i].size) is Verdict.FAIL
        if failed and not _convention(op, xs, i, recorded[i]):
            yield Wrong(i, xs, recorded[i], reference)
        elif beside and not failed and not op.variadic and tolerance >= CONCLUSIVE * reference.size:
            yield from wrong_beside(op, xs, i)


def wrong_beside(op: Primitive, xs: tuple[float, ...], i: int) -> list[Wrong]:
    """What is wrong at the first points beside xs where something is."""
    for step in (NUDGE, -NUDGE, LEAP, -LEAP):
        point = tuple(x + step * (k + 1) * max(1.0, abs(x)) for k, x in enumerate(xs))
        if is_regular(op, point):
            found = list(_wrong(op, point, partials_at(op, point, op.forward(*point)), [i], beside=False))
            if found:
                return found
    return []


def _convention(op: Primitive, xs: Sequence[float], i: int, recorded: float) -> bool:
    """Whether it is one of the derivatives around a kink: clamp(x, 2, 2) has 0 at 2, or 1 as between its ends."""
    if op.kink is None or op.variadic or op.kink(*xs) != 0.0:
        return False
    around = []
    for sides in itertools.product((-NUDGE, NUDGE), repeat=len(xs)):
        beside = [x + side * (k + 1) * (abs(x) or 1.0) for k, (x, side) in enumerate(zip(xs, sides))]
        slope = operation_slopes(op, beside, [i], list(ORACLES))[i]
        around += [float(slope.low), float(slope.high)] if slope else []
    return min(around) <= recorded <= max(around)


def is_regular(op: Primitive, xs: Sequence[float]) -> bool:
    """Whether the row itself promises a derivative here: inside its domain, off its kinks and poles."""
    inside = op.variadic or all(low < x < high for x, (low, high) in zip(xs, op.domain))
    return inside and all(column is None or column(*xs) != 0.0 for column in (op.kink, op.pole))


def is_inside(output: Value) -> bool:
    """Whether every number before it is inside the domain of its operation, no pole, and finite if it is an input.

    Elsewhere nobody promises a derivative: (-1) ** y has values at whole y only, 1 / y none at 0, and infinity no
    neighbours.
    """
    for node in topological_order([output]):
        if node.op is None:
            inside = math.isfinite(node.data)
        else:
            xs = [arg if arg.__class__ is float else arg.data for arg in node.args]
            inside = node.op.variadic or all(low <= x <= high for x, (low, high) in zip(xs, node.op.domain))
            inside = inside and (node.op.pole is None or node.op.pole(*xs) != 0.0)
        if not inside:
            return False
    return not math.isnan(output.data)


def excuse(output: Value, inputs: Collection[Value], numbering: Sequence[Value]) -> str:
    """Why the gradient of `output` need not be the derivative although every rule is right; empty if it must be.

    A chain of right rules gives the derivative unless one of them is used where its function has none: on a kink, or
    so near that rounding may have moved it across, or where the slope is infinite.
    """
    numbers = evaluate([output], Rounded, {})
    moving = set(inputs)
    for node in topological_order([output]):
        moved = [i for i, arg in enumerate(node.args) if arg in moving]
        if node.op is None or not moved:
            continue
        if node.op.kink is None or any(partial for i in moved for partial in node.partials[i : i + 1]):
            moving.add(node)  # and not x > 1, nor relu(-1)
        if _on_kink(node, [Rounded(arg) if arg.__class__ is float else numbers[arg] for arg in node.args], moved):
            reason = "sits on its kink: its derivative there is a convention"
        elif not all(math.isfinite(partial) for i in moved for partial in node.partials[i : i + 1]):
            reason = "has no finite derivative here"
        else:
            continue
        return f"node {numbering.index(node)} `{node.op.name}` {reason}"
    return ""


def overflow(output: Value, numbering: Sequence[Value]) -> str:
    """What makes a gradient infinite or nan where nothing excuses it."""
    for node in topological_order([output]):
        if not all(map(math.isfinite, node.partials)):
            return f"node {numbering.index(node)} `{node.op.name}` has an infinite slope, and 0 times that is nan"
    return "a product of local derivatives overflows"


def _on_kink(node: Value, operands: Sequence[Rounded], moved: Sequence[int]) -> bool:
    assert node.op is not None
    if node.op.kink is None:
        return False
    # A kink counts if it moves with the operands: where(condition, ...) has one only if its condition moves.
    kink = node.op.kink(*operands)
    beside = node.op.kink(*[x.value + NUDGE * (i + 1) * (i in moved) for i, x in enumerate(operands)])
    return bool(abs(kink.value) <= SAFETY * kink.error and beside != kink.value)
