"""Derivatives from values alone: differences, extrapolated to step zero, with an estimate of their error."""

import itertools
import math
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import NamedTuple

EPSILON = 2.0**-52
SHRINK = 2.0
LEVELS = 9
FIRST_STEPS = (2.0**-2, 2.0**-7, 2.0**-13, 2.0**-20, 2.0**-32)  # in units of max(1, |x|), and of |x|
REGULAR = 0.95  # of the shrinking of a series: what roots up to x**1.9 miss
FINEST = 2.0**-44  # in the same units: tried where f ends nearer to x than the steps above reach


class Estimate(NamedTuple):
    """A number and how far it may be off."""

    value: float
    error: float

    def agrees(self, other: "Estimate") -> bool:
        """Whether both may be right, as far as they go; about nan nothing is known."""
        return not abs(self.value - other.value) > self.error + other.error


def extrapolate(slopes: Sequence[float], noise: Sequence[float], order: int) -> Estimate:
    """The limit of slopes taken with steps h, h/2, h/4 ..., whose error is a series in h**order.

    Richardson's extrapolation, and the entry of Neville's tableau that agrees best with its neighbours; that
    disagreement, or the rounding in its slope if larger, is the error. Source: C. J. F. Ridders, Accurate computation
    of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982).
    """
    best = Estimate(nan, inf)
    above: list[tuple[float, float]] = []
    for slope, rounding in zip(slopes, noise):
        row = [(slope, rounding)]
        for j, (left, left_rounding) in enumerate(above):
            here, here_rounding = row[j]
            weight = 1.0 / (SHRINK ** (order * (j + 1)) - 1.0)
            row.append((here + weight * (here - left), here_rounding + weight * (here_rounding + left_rounding)))
            value, rounded = row[j + 1]
            error = max(abs(value - here), abs(value - left)) + 4.0 * rounded
            if error < best.error:
                best = Estimate(value, error)
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

    >>> value, error = ridders(math.exp, 1.0)
    >>> abs(value - math.e) <= error < 1e-9
    True
    """
    best = finest = Estimate(nan, inf)
    # From the finest steps to the coarsest: fine ones see the derivative through rounding, coarse ones sharply, unless
    # they step over what f does in between. So a sharper estimate is taken only if it does not contradict a finer one,
    # nor the finest slope itself, which where f is infinitely steep grows with every finer step.
    for step in _first_steps(f, x, side):
        slopes, rounding = [], []
        for level in range(LEVELS):
            h = step / SHRINK**level
            ends = _ends(x, h, side)
            values = [f(end) for end in ends]
            if ends[0] != ends[1] and all(map(math.isfinite, (*ends, *values))):
                run = ends[0] - ends[1]  # the step that was really made
                slopes.append((values[0] - values[1]) / run)
                rounding.append((EPSILON * max(map(abs, values)) + math.ulp(0.0) + noise) / abs(run))
        if not all(map(math.isfinite, slopes)):  # too steep for a float
            return best
        if len(slopes) > 1 and finest.error == inf:
            rest = tail(slopes, rounding, 1 if side else 2)
            if rest == inf:
                return Estimate(math.copysign(inf, slopes[-1]), inf)
            if rest:  # no extrapolation of a series
                return Estimate(slopes[-1], rest)
            finest = Estimate(slopes[-1], 2.0 * abs(slopes[-1] - slopes[-2]) + 4.0 * rounding[-1])
        found = extrapolate(slopes, rounding, 1 if side else 2)
        if found.error < best.error and found.agrees(best) and found.agrees(finest):
            best = found
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


NOISE_STEPS = (2.0**-44, 2.0**-36, 2.0**-28, 2.0**-20)  # in units of |x|, and of max(1, |x|)
NOISE_ORDER = 8
NOISE_LOOKS = 2
GOLDEN = 1.618


def noise_level(f: Callable[[float], float], x: float) -> float:
    """How far f's values near x scatter about a smooth curve: 1e-16 of them, or 1e-7 if f works in single precision.

    High differences over tiny steps: of a smooth curve they vanish, of noise they are its size times sqrt((2k)!) / k!.
    Source: J. J. More and S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011).

    >>> import struct
    >>> single = lambda x: struct.unpack("f", struct.pack("f", math.sin(x)))[0]
    >>> 1e-8 < noise_level(single, 0.7) < 6e-8
    True
    """
    sides = [_noise_beside(f, x, side) for side in (-1, 1)]  # not across x, where there may be a kink
    return min((level for level in sides if math.isfinite(level)), default=0.0)


def _noise_beside(f: Callable[[float], float], x: float, side: int) -> float:
    def values(step: float) -> list[float]:
        return [f(x + side * j * step) for j in range(NOISE_ORDER + 1)]

    seen: list[float] = []
    for step in sorted({s * unit for s in NOISE_STEPS for unit in (max(1.0, abs(x)), abs(x) or 1.0)}):
        found = values(step)
        if len(seen) == NOISE_LOOKS or not all(map(math.isfinite, found)):
            return max(seen, default=nan)
        if sum(y != z for y, z in itertools.pairwise(found)) >= NOISE_ORDER / 2:  # else too fine a step to see any
            # With another step too: one may happen to round to the same side every time. And with coarser ones, for
            # x * (1 + erf(x)) is smooth between the jumps of the bracket.
            seen.append(max(_scatter(found), _scatter(values(step * GOLDEN))))
    return max(seen, default=0.0)


def _scatter(values: list[float]) -> float:
    levels = [0.0]
    for k in range(1, NOISE_ORDER):
        values = [z - y for y, z in itertools.pairwise(values)]
        if k >= NOISE_ORDER - 3 and min(values) < 0.0 < max(values):  # else it is a curve that bends here
            levels.append(math.hypot(*values) / math.sqrt(len(values) * math.comb(2 * k, k)))
    return max(levels)
