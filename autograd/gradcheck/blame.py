"""Who is to blame: each node's recorded local derivatives against its one operation, evaluated alone."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from autograd.context import made_at
from autograd.gradcheck.references import ORACLES, Slope, slopes
from autograd.gradcheck.report import Culprit
from autograd.gradcheck.rounding import Rounded, local
from autograd.gradcheck.verdict import SAFETY, Verdict, judge
from autograd.graph import topological_order
from autograd.primitives import Primitive
from autograd.replay import Unsupported, evaluate
from autograd.value import Value

NUDGE = 2.0**-10


def culprits(outputs: Sequence[Any]) -> Iterator[Culprit]:
    """The nodes whose recorded local derivatives are not those of their operation, evaluated alone."""
    for index, node in enumerate(topological_order([y for y in outputs if isinstance(y, Value)])):
        if node.op is None:
            continue
        op, xs = node.op, [arg if arg.__class__ is float else arg.data for arg in node.args]
        operands = [Rounded(x) for x in xs]
        bounds = [p.error for p in local(op, operands, op.apply(tuple(operands)))]
        forgotten = [0.0] * (len(node.args) - len(node.partials))  # operands to which the rule gives nothing
        for i, (arg, recorded) in enumerate(zip(node.args, [*node.partials, *forgotten])):
            if arg.__class__ is float or not (math.isfinite(recorded) or _regular(op, xs)):
                continue
            reference = _local_slope(op, xs, i)
            bound = bounds[i] if i < len(bounds) else 0.0
            if judge(recorded, reference, SAFETY * (bound + reference.error), abs(recorded)) is Verdict.FAIL:
                name = op.operands[i] if i < len(op.operands) else f"operand {i + 1}"
                yield Culprit(index, op.name, name, tuple(xs), recorded, reference, made_at(node))


def _regular(op: Primitive, xs: Sequence[float]) -> bool:
    """Whether the row itself promises a derivative here: inside its domain, off its kinks and poles."""
    inside = op.variadic or all(low < x < high for x, (low, high) in zip(xs, op.domain))
    return inside and all(column is None or column(*xs) != 0.0 for column in (op.kink, op.pole))


def _local_slope(op: Primitive, xs: Sequence[float], i: int) -> Slope:
    """The derivative of one operation alone, by the strongest oracle that knows it."""
    try:
        return slopes(lambda numbers: [op.apply(tuple(numbers))], xs, i, list(ORACLES))[0]
    except Unsupported as error:
        return Slope(float("nan"), float("nan"), float("inf"), "none", note=str(error))


def excuse(output: Value, numbering: Sequence[Any]) -> str:
    """Why the gradient of `output` need not be the derivative although every rule is right; empty if it must be.

    A chain of right rules gives the derivative unless one of them is used where its function has none: on a kink, or
    so near that rounding may have moved it across, or where the slope is infinite.
    """
    numbers = evaluate([output], Rounded, {})
    for node in topological_order([output]):
        if node.op is None:
            continue
        if _on_kink(node, [Rounded(arg) if arg.__class__ is float else numbers[arg] for arg in node.args]):
            reason = "sits on its kink: its derivative there is a convention"
        elif not all(map(math.isfinite, node.partials)):
            reason = "has no finite derivative here"
        else:
            continue
        return f"node {numbering.index(node)} `{node.op.name}` {reason}"
    return ""


def _on_kink(node: Value, operands: Sequence[Rounded]) -> bool:
    assert node.op is not None
    if node.op.kink is None:
        return False
    # A kink counts if it moves with the operands: where(condition, ...) has one only if its condition moves.
    shifts = [0.0 if _still(arg) else NUDGE * (i + 1) for i, arg in enumerate(node.args)]
    kink = node.op.kink(*operands)
    moved = node.op.kink(*[x.value + shift for x, shift in zip(operands, shifts)])
    return bool(abs(kink.value) <= SAFETY * kink.error and moved != kink.value)


def _still(arg: Any) -> bool:
    return arg.__class__ is float or (arg.op is not None and not any(arg.partials))
