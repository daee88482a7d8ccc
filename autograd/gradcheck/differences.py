"""Derivatives from values alone: differences, extrapolated to step zero, with an estimate of their error."""

import math
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import NamedTuple

EPSILON = 2.0**-52
SHRINK = 2.0
LEVELS = 9
FIRST_STEPS = (2.0**-2, 2.0**-7, 2.0**-13, 2.0**-20, 2.0**-32, 2.0**-42)  # in units of max(1, |x|), and of |x|
REGULAR = 0.95  # of the shrinking of a series: what roots up to x**1.9 miss
ALIKE = 1e-6  # a contradiction by less is left to the error estimates
FINEST = 2.0**-44  # in the same units: tried where f ends nearer to x than the steps above reach


class Estimate(NamedTuple):
    """A number and how far it may be off.

    `reach` is the largest step that it was taken from; it is `contradicted` if coarser steps tell of another number.
    """

    value: float
    error: float
    reach: float = 0.0
    contradicted: bool = False

    def agrees(self, other: "Estimate") -> bool:
        """Whether both may be right, as far as they go; about nan nothing is known."""
        return not abs(self.value - other.value) > self.error + other.error


def extrapolate(slopes: Sequence[float], noise: Sequence[float], order: int) -> Estimate:
    """The limit of slopes taken with steps h, h/2, h/4 ..., in units of h, whose error is a series in h**order.

    Richardson's extrapolation, and the entry of Neville's tableau that agrees best with its neighbours; twice that
    disagreement and the rounding in its slopes are the error. Slopes that still change by a quarter with a step are not
    known better than that change, and slopes that change more with each step not at all. Source: C. J. F. Ridders,
    Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982).
    """
    best = Estimate(nan, inf)
    above: list[tuple[float, float]] = []
    change = inf
    for level, (slope, rounding) in enumerate(zip(slopes, noise)):
        row = [(slope, rounding)]
        if above:
            before, change = change, abs(slope - above[0][0])
            grows = change > before and change > rounding + above[0][1]
            unsettled = inf if grows else change if change > 0.25 * abs(slope) else 0.0
        for j, (left, left_rounding) in enumerate(above):
            here, here_rounding = row[j]
            weight = 1.0 / (SHRINK ** (order * (j + 1)) - 1.0)
            row.append((here + weight * (here - left), here_rounding + weight * (here_rounding + left_rounding)))
            value, rounded = row[j + 1]
            error = max(2.0 * abs(value - here), 2.0 * abs(value - left), unsettled) + 4.0 * rounded
            if error < best.error:
                best = Estimate(value, error, SHRINK ** (j + 1 - level))
        above = row
    return best


def tail(slopes: Sequence[float], noise: Sequence[float], order: int) -> float:
    """How far the last slope is from the limit, if the steps between slopes go on to shrink as they do now.

    0 where they shrink as those of a series in h**order do, or where they are noise; inf where they do not shrink:
    x log x at 0. A root such as x**1.2 shrinks them by 2**0.2, and no extrapolation of a series finds its limit.
    """
    if len(slopes) < 3:
        return 0.0
    before, last = abs(slopes[-2] - slopes[-3]), abs(slopes[-1] - slopes[-2])
    if last <= 4.0 * (noise[-1] + noise[-2]) or before >= REGULAR * SHRINK**order * last:
        return 0.0
    return last * last / (before - last) if before > (1.0 + 1e-6) * last else inf


def ridders(f: Callable[[float], float], x: float, side: int = 0, noise: float = 0.0) -> Estimate:
    """f'(x) and its error; with `side` 1 or -1 the derivative from the right or the left, looking nowhere else.

    `noise` is the error of f's values where it is more than the rounding of one float. The answer is (nan, inf) where f
    has no finite values on both sides, or on that side, or is too steep for a float; it is infinite where the slopes
    grow without bound.

    >>> value, error, *_ = ridders(math.exp, 1.0)
    >>> abs(value - math.e) <= error < 1e-9
    True
    """
    best, told = Estimate(nan, inf), False
    seen: list[Estimate] = []
    # From the finest steps to the coarsest: fine ones see the derivative through rounding, coarse ones sharply, unless
    # they step over what f does in between. So a sharper estimate is taken only if it contradicts neither a finer one
    # nor the slopes seen so far. The finest slopes that are more than rounding tell whether f is a series in the step.
    for step in _first_steps(f, x, side):
        slopes, rounding = [], []
        for level in range(LEVELS):
            h = step / SHRINK**level
            ends = _ends(x, h, side)
            values = [f(end) for end in ends]
            if ends[0] != ends[1] and all(map(math.isfinite, (*ends, *values))):
                run = ends[0] - ends[1]  # the step that was really made
                slopes.append((values[0] - values[1]) / run)
                rounding.append((2.0 * EPSILON * max(map(abs, values)) + math.ulp(0.0) + noise) / abs(run))
        if not all(map(math.isfinite, slopes)):  # too steep for a float
            return best
        if len(slopes) < 2:
            continue
        change = abs(slopes[-1] - slopes[-2])
        if not told and all(change < finer.error for finer in seen):
            rest = tail(slopes, rounding, 1 if side else 2)
            if rest == inf:
                return Estimate(math.copysign(inf, slopes[-1]), inf)
            if rest:  # no extrapolation of a series
                return Estimate(slopes[-1], rest, step / SHRINK**LEVELS)
        told = told or 4.0 * rounding[-1] < max(change, 1e-3 * abs(slopes[-1]))
        seen.append(Estimate(slopes[-1], 2.0 * change + 4.0 * rounding[-1]))
        found = extrapolate(slopes, rounding, 1 if side else 2)
        if found.error < best.error and all(map(found.agrees, (best, *seen))):
            best = found._replace(reach=step * found.reach)
        elif found.error < best.error and not math.isclose(found.value, best.value, rel_tol=ALIKE):
            best = best._replace(contradicted=True)
    return best


def _ends(x: float, h: float, side: int) -> tuple[float, float]:
    return (x + side * h, x) if side else (x + h, x - h)


def steps_around(x: float) -> list[float]:
    """From the finest to the coarsest."""
    return sorted(s * unit for s in FIRST_STEPS for unit in {max(1.0, abs(x)), abs(x) or 1.0})


def _first_steps(f: Callable[[float], float], x: float, side: int) -> list[float]:
    """The first step of each extrapolation, ascending; the finest of them end inside f's domain, if any can."""
    steps, unit = steps_around(x), min(1.0, abs(x) or 1.0)
    while steps[0] > FINEST * unit and not all(math.isfinite(f(e)) for e in _ends(x, steps[0] / 2**8, side)):
        steps.insert(0, steps[0] / 2**8)
    return steps
