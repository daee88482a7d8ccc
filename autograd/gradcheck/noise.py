"""How far the values of a function scatter: what differences of it cannot be better than."""

import itertools
import math
import statistics
from collections.abc import Callable
from math import inf, nan

EPSILON = 2.0**-52
STEPS = (2.0**-44, 2.0**-36, 2.0**-28, 2.0**-20, 2.0**-12, 2.0**-7)  # in units of |x|, and of max(1, |x|)
ORDER = 8
LOOKS = 2
GOLDEN = 1.618
REACH = 0.83  # in the same units; not 1, for f may happen to be the same at x and at 0
REACHES = tuple(REACH * 2.0**-k for k in range(27))  # in units of |x|: some treads are long, and some are short
PARTS = 5  # of an interval, at each step of the search for a jump
STAIR = 2.0**-48  # in units of max(1, |x|): the rounding of such numbers; what is higher is a step of the function


def noise_level(f: Callable[[float], float], x: float) -> float:
    """How far f's values near x scatter about a smooth curve: 1e-16 of them, or 1e-7 if f works in single precision.

    High differences over tiny steps: of a smooth curve they vanish, of noise they are its size times sqrt((2k)!) / k!.
    Source: J. J. More and S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011).

    >>> import struct
    >>> single = lambda x: struct.unpack("f", struct.pack("f", math.sin(x)))[0]
    >>> 1e-8 < noise_level(single, 0.7) < 6e-8
    True
    """
    return max(_on_side(f, x, -1), _on_side(f, x, 1))  # each on its own: across x there may be a kink


def _on_side(f: Callable[[float], float], x: float, side: int) -> float:
    level = _beside(f, x, side)
    end = plateau_end(f, x, side)
    if end is not None:  # of stairs, such as those of 1 + erf(x) at -8, the next one tells how high they are
        stair = abs(f(math.nextafter(end, side * math.inf)) - f(end))
        level = max(level, stair if stair <= STAIR * max(1.0, abs(x)) else 0.0)
    return level if math.isfinite(level) else 0.0


def plateau_end(f: Callable[[float], float], x: float, side: int) -> float | None:
    """The last number on that side of x up to which f is what it is at x; None if the plateau is tiny or endless.

    >>> plateau_end(lambda x: max(x, 3.0), 2.0, 1)
    3.0
    """
    level, near = f(x), x
    for k in range(-60, 1, 4):
        far = x + side * REACH * 2.0**k * max(1.0, abs(x))
        if f(far) != level:
            break
        near = far
    else:
        return None
    if near == x:
        return None
    while near < (middle := near + (far - near) / 2.0) < far or far < middle < near:
        near, far = (middle, far) if f(middle) == level else (near, middle)
    return near


def stairs(f: Callable[[float], float], x: float) -> float:
    """The height of the stairs that f's values near x lie on; 0 if there is none on one side, or they are one rounding.

    What rounds inside f jumps from one float to the next, also where f goes on between the jumps, as (1 - cos x) / x**2
    does by 1 / x**2. The rise over a jump does not shrink with the step; that of a wave, however short, does.

    >>> stairs(lambda x: (1.0 - math.cos(x)) / x**2, 1e-4) > 1e-9 > stairs(lambda x: math.sin(1e6 * x), 1e-4)
    True
    """
    return min(max(_jump(f, x, side * reach * abs(x)) for reach in REACHES) for side in (-1, 1))


def _jump(f: Callable[[float], float], x: float, reach: float) -> float:
    """The jump between neighbouring floats between x and x + reach that the rise most unlike the others leads to."""
    ends, rises = (x, x + reach), [inf] * 3
    while True:
        points = sorted({ends[0] + (ends[1] - ends[0]) * k / PARTS for k in range(PARTS + 1)})
        values = [f(point) for point in points]
        if len(points) < 2 or not all(map(math.isfinite, values)):
            return 0.0
        steps = [z - y for y, z in itertools.pairwise(values)]
        usual = statistics.median(steps) if len(steps) > 2 else 0.0
        rise, k = max((abs(step - usual), k) for k, step in enumerate(steps))
        if len(points) == 2:
            return rise
        rises.append(rise)
        if rises[-4] < inf and rise < 0.25 * rises[-4]:  # it shrinks with the step: no jump
            return 0.0
        ends = points[k], points[k + 1]


def _beside(f: Callable[[float], float], x: float, side: int) -> float:
    def values(step: float) -> list[float]:
        step = abs((x + side * step) - x)  # so that all the points are floats: of uneven steps, a line would scatter
        return [f(x + side * j * step) for j in range(ORDER + 1)]

    seen: list[float] = []
    for step in sorted({s * unit for s in STEPS for unit in (max(1.0, abs(x)), abs(x) or 1.0)}):
        found = values(step)
        if not all(map(math.isfinite, found)):
            return max(seen, default=nan)
        if sum(y != z for y, z in itertools.pairwise(found)) >= ORDER / 2:  # else too fine a step to see any
            # With another step too: one may happen to round to the same side every time. And with coarser ones, for
            # x * (1 + erf(x)) is smooth between the stairs of the bracket.
            other = values(step * GOLDEN)
            level = max(_scatter(found), _scatter(other))
            if 0.0 < abs(found[0]) < EPSILON * level:  # here it is finer than any rounding of that size: f bends there
                continue
            if level <= EPSILON * max(map(abs, (*found, *other))):  # rounding, of values far larger than here
                level = min(level, EPSILON * abs(found[0]))
            if len(seen) >= LOOKS and level > STAIR * max(1.0, abs(x)):
                break  # waves of the function itself
            seen.append(level)
    return max(seen, default=0.0)


def _scatter(values: list[float]) -> float:
    levels = [0.0]
    for k in range(1, ORDER):
        values = [z - y for y, z in itertools.pairwise(values)]
        if k >= ORDER - 3 and min(values) < 0.0 < max(values):  # else it is a curve that bends here
            levels.append(math.hypot(*values) / math.sqrt(len(values) * math.comb(2 * k, k)))
    return max(levels)
