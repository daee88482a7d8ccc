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
        for i, (arg, recorded) in enumerate(zip(node.args, node.partials)):
            if arg.__class__ is float:
                continue
            reference = _local_slope(op, xs, i)
            bound = local(op, [Rounded(x) for x in xs], Rounded(node.data, 2.0 * math.ulp(node.data)))[i].error
            if judge(recorded, reference, SAFETY * (bound + reference.error), abs(recorded)) is Verdict.FAIL:
                name = op.operands[i] if i < len(op.operands) else f"operand {i + 1}"
                yield Culprit(index, op.name, name, tuple(xs), recorded, reference, made_at(node))


def _local_slope(op: Primitive, xs: Sequence[float], i: int) -> Slope:
    """The derivative of one operation alone, by the strongest oracle that knows it."""
    try:
        return slopes(lambda numbers: [op.apply(tuple(numbers))], xs, i, list(ORACLES))[0]
    except Unsupported as error:
        return Slope(float("nan"), float("nan"), float("inf"), "none", note=str(error))


def at_kink(output: Value) -> str:
    """A node that sits on its kink, or so near that rounding may have moved it across; empty if there is none."""
    numbers = evaluate([output], Rounded, {})
    for index, node in enumerate(topological_order([output])):
        if node.op is None or node.op.kink is None:
            continue
        here = [Rounded(arg) if arg.__class__ is float else numbers[arg] for arg in node.args]
        # A kink counts if it moves with the operands: where(condition, ...) has one only if its condition moves.
        shifts = [0.0 if _still(arg) else NUDGE * (i + 1) for i, arg in enumerate(node.args)]
        shifted = [x.value + shift for x, shift in zip(here, shifts)]
        kink = node.op.kink(*here)
        if abs(kink.value) <= SAFETY * kink.error and node.op.kink(*shifted) != kink.value:
            return f"node {index} `{node.op.name}`"
    return ""


def _still(arg: Any) -> bool:
    return arg.__class__ is float or (arg.op is not None and not any(arg.partials))
