"""Second derivatives, one operation at a time: what its rule gives when it is differentiated, and what it should."""

import dataclasses
import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any

from autograd.context import made_at
from autograd.gradcheck.blame import excuse, is_regular, operand_name, operations, wrong_beside
from autograd.gradcheck.recording import rounding_of
from autograd.gradcheck.references import NEGLIGIBLE, ORACLES, Slope, by_mpmath, slopes
from autograd.gradcheck.report import Culprit
from autograd.gradcheck.verdict import SAFETY, Verdict, judge
from autograd.graph import adjoints, topological_order
from autograd.primitive import Primitive
from autograd.record import partials_at
from autograd.replay import Precise, Unsupported
from autograd.replay.systems import digits_to_tell
from autograd.value import Value

TOO_MANY = 1000  # digits, that a check would take seconds for
OPERANDS = 4  # of a long sum or product, the first

Found = tuple[str, tuple[float, ...], float, Slope]  # a derivative for these operands, there: recorded, and right


def second_culprits(outputs: Sequence[Value]) -> Iterator[Culprit]:
    """The nodes whose operation has a rule that, differentiated in its turn, is not the second derivative there."""
    judged: dict[Any, list[Found]] = {}
    for index, node, op, xs, asked in operations(outputs):
        case = (op, xs, asked)
        if case not in judged:
            judged[case] = list(_wrong(op, xs, asked[:OPERANDS])) if is_regular(op, xs) else []
        for operands, at, recorded, reference in judged[case]:
            yield Culprit(index, op.name, operands, at, recorded, reference, made_at(node))


def _wrong(op: Primitive, xs: tuple[float, ...], which: Sequence[int]) -> Iterator[Found]:
    leaves = [Value(x) for x in xs]
    rule = op.partials(*leaves, op.apply(tuple(leaves)))
    for i in which:
        partial = rule[i] if isinstance(rule[i], Value) else Value(float(rule[i]))
        found = adjoints(topological_order([partial]), {partial: 1.0}, lambda node: node.partials, operator.mul)
        recorded = [found.get(x, 0.0) for x in leaves]
        rounded = rounding_of(partial, leaves, recorded)
        for j in which:
            reference = curvature(op, xs, i, j)
            if reference.oracle != "mpmath" and i == j:  # the rule's own: so it must be right all around
                yield from [(operand_name(op, w.which), *w[1:]) for w in wrong_beside(op, xs, i)]
            error, size = rounded[j]
            failed = judge(recorded[j], reference, SAFETY * (error + reference.error), size) is Verdict.FAIL
            if failed and not excuse(partial, leaves, topological_order([partial])):
                yield f"{operand_name(op, i)} d {operand_name(op, j)}", xs, recorded[j], reference


def curvature(op: Primitive, xs: Sequence[float], i: int, j: int) -> Slope:
    """d^2 z / d x_i d x_j: the slope of the slope, with many digits; else the slope of the rule's own number."""

    first = [0.0]

    def slope(numbers: list[Any]) -> list[Any]:
        (found,) = by_mpmath(lambda ys: [op.apply(tuple(ys))], [x.value for x in numbers], i)
        if not found.settled:
            raise Unsupported(found.note)
        first[0] = float(abs(found.left))
        return [Precise(found.left)]

    def rule(numbers: list[Any]) -> list[Any]:
        z = op.apply(tuple(numbers))
        return [partials_at(op, numbers, z)[i] if z.__class__ is float else op.partials(*numbers, z)[i]]

    try:
        with digits_to_tell(xs) as context, context.workdps(3 * context.dps):  # differences of differences
            if context.dps > TOO_MANY:
                raise Unsupported("it takes too many digits")
            found = by_mpmath(slope, xs, j)[0].rounded()
            step = min([1, *(abs(Precise.lift(x)) for x in xs if x)]) * context.ldexp(1, -120)  # the smaller one there
            noise = float(10**4 * context.eps * abs(op.apply(tuple(map(Precise, xs))).value) / step**2)
        noise += NEGLIGIBLE * first[0] / max(1.0, abs(xs[j]))
        return dataclasses.replace(found, error=found.error + noise)
    except (Unsupported, ArithmeticError, ValueError):
        pass
    try:
        return slopes(rule, xs, j, list(ORACLES))[0].rounded()
    except Unsupported as error:
        return Slope(math.nan, math.nan, math.inf, "none", note=str(error))
