"""Derivatives from values alone: differences, extrapolated to step zero, with an estimate of their error."""

import math
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import NamedTuple

EPSILON = 2.0**-52
SHRINK = 2.0
LEVELS = 9
FIRST_STEPS = (2.0**-2, 2.0**-7, 2.0**-13, 2.0**-20)  # in units of max(1, |x|), and of |x|


class Estimate(NamedTuple):
    """A number and how far it may be off."""

    value: float
    error: float


def extrapolate(slopes: Sequence[float], noise: Sequence[float], order: int) -> Estimate:
    """The limit of slopes taken with steps h, h/2, h/4 ..., whose error is a series in h**order.

    Richardson's extrapolation, and the entry of Neville's tableau that agrees best with its neighbours; that
    disagreement, or the rounding in its slope if larger, is the error. Source: C. J. F. Ridders, Accurate computation
    of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982).
    """
    best = Estimate(nan, inf)
    above: list[float] = []
    for slope, rounding in zip(slopes, noise):
        row = [slope]
        for j, left in enumerate(above):
            factor = SHRINK ** (order * (j + 1))
            row.append((factor * row[j] - left) / (factor - 1.0))
            error = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - left)) + 4.0 * rounding
            if error < best.error:
                best = Estimate(row[j + 1], error)
        above = row
    return best


def ridders(f: Callable[[float], float], x: float, side: int = 0, precision: float = EPSILON) -> Estimate:
    """f'(x) and its error; with `side` 1 or -1 the derivative from the right or the left, looking nowhere else.

    `precision` is the relative error of f's values, at best the rounding of one float. The answer is (nan, inf) where f
    has no finite values on both sides, or on that side.

    >>> value, error = ridders(math.exp, 1.0)
    >>> abs(value - math.e) <= error < 1e-9
    True
    """
    best = Estimate(nan, inf)
    # From the finest steps to the coarsest: fine ones see the derivative through rounding, coarse ones sharply, unless
    # they step over what f does in between. So a sharper estimate is taken only if it does not contradict a finer one.
    for step in sorted({s * unit for s in FIRST_STEPS for unit in (max(1.0, abs(x)), abs(x) or 1.0)}):
        slopes, noise = [], []
        for level in range(LEVELS):
            h = step / SHRINK**level
            ends = (x + side * h, x) if side else (x + h, x - h)
            values = [f(end) for end in ends]
            if ends[0] != ends[1] and all(map(math.isfinite, values)):
                run = ends[0] - ends[1]  # the step that was really made
                slopes.append((values[0] - values[1]) / run)
                noise.append(precision * max(map(abs, values)) / abs(run))
        found = extrapolate(slopes, noise, 1 if side else 2)
        if found.error < best.error and not abs(found.value - best.value) > 2.0 * (found.error + best.error):
            best = found
    return best
