"""The mutation proof: every rule of the table is corrupted, one mistake at a time, and every mutant must be caught.

    python -m tests.mutate [ROW ...]

Three checks see a mutant, a fast selection of what the suite does; the first that catches it is counted:

  gradcheck       at points of the row's domain: it must fail and name that operation.
  special points  the literal table of test_special_points.py, for what only a zero, a tie or an end can tell.
  second order    gradgradcheck: a rule can be right in numbers and wrong as a graph.

Some mutants are no rule any more, with a number in place of a tuple or a partial too many: they raise when used.
A mutant that no check can catch must be equivalent: the same numbers at every point tried, and the reason written in
EQUIVALENT below. The score is the share of the others that were caught; below 100 % the exit status is 1.
"""

import collections
import functools
import itertools
import random
import sys
import time
from math import inf, nan

from autograd.gradcheck import Verdict, gradcheck, gradgradcheck
from autograd.primitive import TABLE, Primitive
from autograd.record import partials_at
from autograd.testing.boxes import Box, admissible, margins
from autograd.testing.homes import homes
from autograd.testing.strategies import lists_of
from tests.mutants import Mutant, mutants, rules
from tests.test_special_points import POINTS, same

POINTS_TRIED = 6

SYMMETRIC = "the operation is symmetric in its operands"
EQUIVALENT = {
    ("pow", "operands swapped in equal(x, 0.0)"): SYMMETRIC,
    ("pow", "operands swapped in equal(y, 0.0)"): SYMMETRIC,
    ("asinh", "operands swapped in hypot(x, 1.0)"): SYMMETRIC,
    ("atan2", "operands swapped in hypot(x, y)"): SYMMETRIC,
    ("maximum", "operands swapped in equal(x, y)"): SYMMETRIC,
    ("minimum", "operands swapped in equal(x, y)"): SYMMETRIC,
    ("relu", "x and z exchanged"): "relu(x) > 0 exactly where x > 0",
    ("elu", "alpha and z exchanged"): "only z + alpha names both, and a sum of two does not mind their order",
    ("sum", "reversed"): "all partials are 1",
    ("mean", "reversed"): "all partials are 1/n",
}


@functools.cache  # before a rule is corrupted: where it is finite is asked of the right one
def points(op: Primitive) -> list[tuple[float, ...]]:
    """Where the row is smooth: its homes, and random points of its domain."""
    n = 2 * max(1, lists_of(op)) if op.variadic else len(op.operands)
    found = [tuple(box.middle for box in boxes) for boxes in homes(op, n)]
    chance = random.Random(op.name)
    while len(found) < POINTS_TRIED:
        point = tuple(chance.uniform(*margins(op, i, size=4.0)) for i in range(n))
        if admissible(op, [Box(x, x) for x in point]):
            found.append(point)
    return found


def caught_by(op: Primitive) -> str:
    """The first check that sees something wrong with the row as it is now; empty if none does."""
    for point in points(op):
        report = gradcheck(lambda *xs: op.apply(xs), point, raise_exception=False)
        if report.verdict is Verdict.FAIL:
            return "gradcheck" if any(culprit.op == op.name for culprit in report.culprits) else "gradcheck, unnamed"
    for case in POINTS:
        if case.row == op.name:
            found = partials_at(op, case.operands, op.forward(*case.operands))
            if not all(map(same, found, case.partials)):
                return "special points"
    for point in points(op)[:3]:
        if gradgradcheck(lambda *xs: op.apply(xs), point, raise_exception=False).verdict is Verdict.FAIL:
            return "second order"
    return ""


def judged(mutant: Mutant) -> str:
    """What caught a mutant that has taken the place of its row's rule; empty if nothing did."""
    op = TABLE[mutant.row]
    points(op)
    right, op.partials = op.partials, mutant.partials
    try:
        return caught_by(op)
    except Exception as error:
        return f"an exception ({type(error).__name__})"
    finally:
        op.partials = right


def explained(mutant: Mutant) -> str:
    """Why a mutant that nothing caught is the same function; empty if it is not, or nobody has said why."""
    op = TABLE[mutant.row]
    n = 2 * max(1, lists_of(op)) if op.variadic else len(op.operands)
    extremes = itertools.product((0.0, 1.0, -1.0, 2.0, 0.5, 1000.0, -1000.0, inf, -inf, nan), repeat=min(n, 3))
    for point in [*points(op), *([] if op.variadic else extremes)]:
        z = op.forward(*point)
        right = partials_at(op, point, z)
        op.partials, rule = mutant.partials, op.partials
        try:
            wrong = partials_at(op, point, z)
        finally:
            op.partials = rule
        if not all(map(same, wrong, right)):
            return ""
    if mutant.place_was_zero:
        return "this partial is the constant 0.0: its sign and its multiples are itself"
    return EQUIVALENT.get((mutant.row, mutant.mistake), "")


def main(names: list[str]) -> int:
    unknown = set(names) - set(rules())
    if unknown:
        print(f"no rule to corrupt is called {', '.join(sorted(unknown))}: choose from {', '.join(rules())}")
        return 2
    begun, caught, missed, equivalent = time.time(), collections.Counter[str](), list[Mutant](), dict[Mutant, str]()
    for name, rule in rules().items():
        if names and name not in names:
            continue
        for mutant in mutants(TABLE[name], rule):
            check = judged(mutant)
            if check:
                caught[check] += 1
            elif reason := explained(mutant):
                equivalent[mutant] = reason
            else:
                missed.append(mutant)
    for mutant, reason in equivalent.items():
        print(f"equivalent: {mutant.row}, {mutant.mistake}\n    {mutant.source}\n    {reason}")
    for mutant in missed:
        print(f"MISSED: {mutant.row}, {mutant.mistake}\n    {mutant.source}")
    total = sum(caught.values()) + len(missed)
    print(f"{total + len(equivalent)} mutants of {len(names or rules())} rows in {time.time() - begun:.0f} s")
    for check, count in caught.most_common():
        print(f"  caught by {check}: {count}")
    print(f"  equivalent, explained: {len(equivalent)}")
    print(f"score: {sum(caught.values())} / {total} = {100.0 * sum(caught.values()) / max(1, total):.1f} %")
    return 1 if missed or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
