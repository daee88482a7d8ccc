"""Reference derivatives: three oracles, and the choice among them.

None of them reads a derivative rule. In order of strength, and of preference:

  mpmath       differences at 100 digits and more, steps 1e-30 of the smallest number: about 30 right digits, also
               on either side of a kink.
  complex step the imaginary part of f(x + 1e-30 i): no subtraction, so about 16 digits; only where every row is
               analytic at the point and has a rule in complex numbers.
  differences  extrapolated differences of f itself, with an error estimate: about 10 digits, anywhere.

Each is asked for one operation at a time by `chain.py`, and for a whole graph where that cannot answer. The first two
replay the recorded graph, so they need it to be the function; the third asks the function.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any, NamedTuple

from autograd.gradcheck.differences import EPSILON, Estimate, ridders, steps_around
from autograd.gradcheck.noise import noise_level, stairs
from autograd.replay import Complex, Precise, Unsupported
from autograd.replay.systems import digits_to_tell

Numbers = list[Any]
Function = Callable[[Numbers], Numbers]  # from numbers of any one system to numbers of that system
NEGLIGIBLE = 1e-25  # a derivative known to within this is known
LIBRARY = 1e-14  # some forty roundings of the library's complex functions


@dataclass(frozen=True)
class Slope:
    """A reference derivative: from the left and from the right, equal where the function is smooth.

    Floats, or mpmath's numbers until they are `rounded`.
    """

    left: Any
    right: Any
    error: Any
    oracle: str
    scale: float = 0.0  # the size of slopes nearby
    note: str = ""

    @property
    def kink(self) -> bool:
        return bool(self.low < self.high)

    @property
    def low(self) -> Any:
        return min(self.left, self.right)

    @property
    def high(self) -> Any:
        return max(self.left, self.right)

    @property
    def size(self) -> Any:
        return max(abs(self.low), abs(self.high))

    @property
    def settled(self) -> bool:
        """Whether it is one finite number with nothing to be said about it."""
        finite = math.isfinite(self.left) and math.isfinite(self.error)
        return finite and not self.kink and not self.note

    def rounded(self) -> "Slope":
        """In floats, with the rounding of the oracle that the caller does not count."""
        left, right, error, scale = map(float, (self.left, self.right, self.error, self.scale))
        error += LIBRARY * float(self.size) if self.oracle == "complex step" else 0.0
        if math.isinf(error) and 2 * self.error < self.size:  # beyond the floats, and known to be
            error = 0.0
        return dataclasses.replace(self, left=left, right=right, error=error, scale=scale)

    def distance(self, x: float) -> float:
        """How far x is from the reference, or from the interval between the one-sided ones."""
        if self.low <= x <= self.high:  # also two infinities, whose difference is nan
            return 0.0
        return max(self.low - x, x - self.high) if x == x else nan


def slopes(
    f: Function,
    xs: Sequence[Any],
    i: int,
    oracles: Sequence[str],
    direct: Function | None = None,
    noise: Sequence[float] = (0.0,),
) -> list[Slope]:
    """d f / d xs[i], for each output of f, by the first of `oracles` that can.

    `direct` is f on floats, if that is another function, and `noise` the error of each of its values, if it is known to
    be more than one rounding.
    """
    reason: Exception | None = None
    for name in oracles:
        try:
            if name == "differences":
                return by_differences(direct or f, xs, i, noise)
            return ORACLES[name](f, xs, i)
        except (Unsupported, ArithmeticError, ValueError) as error:
            reason = error
    raise Unsupported(f"no reference derivative by {', '.join(oracles)}: {reason}") from reason


def moved(xs: Sequence[float], i: int, number: Callable[[Any], Any], to: Any) -> Numbers:
    return [number(to if k == i else x) for k, x in enumerate(xs)]


def by_mpmath(f: Function, xs: Sequence[Any], i: int) -> list[Slope]:
    with digits_to_tell(xs) as context:
        here = Precise.lift(xs[i])
        step = min([1, *(abs(Precise.lift(x)) for x in xs if x)]) * Precise.lift(2.0) ** -100

        def sides(h: Any) -> list[_Sides]:
            rows = zip(*[bare(f, moved(xs, i, Precise, here + k * h)) for k in (-2, -1, 1, 2)])
            noise = 10**4 * context.eps / h
            return [
                _Sides((b - a) / h, (d - c) / h, (c - b) / (2 * h), noise * _largest(a, b, c, d)) for a, b, c, d in rows
            ]

        return [_two_sided(far, near) for far, near in zip(sides(step), sides(step / 2**20))]


class _Sides(NamedTuple):
    """Slopes of one output with one step: on the left, on the right, across; and the rounding in them."""

    left: Any
    right: Any
    across: Any
    rounding: Any


def _largest(*numbers: Any) -> Any:
    return max((abs(x) for x in numbers if x == x), default=0)


def bare(f: Function, numbers: Numbers) -> Numbers:
    """f's bare values; where its arithmetic fails, nan."""
    try:
        return [Precise.lift(y.value if isinstance(y, Precise) else y) for y in f(numbers)]
    except ArithmeticError as error:
        raise Unsupported(f"its arithmetic fails at this point: {error}") from error


def _two_sided(far: _Sides, near: _Sides) -> Slope:
    """What the slopes with a small step and with a smaller one say about the limit."""
    left, right = near.left, near.right
    if left != left and right != right:
        return Slope(nan, nan, inf, "mpmath", note="f is not defined around this point")
    one_sided = left != left or right != right
    left, right = (right if left != left else left), (left if right != right else right)
    error = 2 * _largest(near.left - far.left, near.right - far.right) + near.rounding
    largest = _largest(left, right)
    if error > largest and error > 1:
        return Slope(nan, nan, inf, "mpmath", note="the slope of f grows without bound here")
    if one_sided:
        return Slope(left, left, error, "mpmath", note="an edge of the domain: one-sided")
    if abs(right - left) > 100 * error:  # where f is smooth the two differ by less than they change with the step
        return Slope(left, right, error, "mpmath", note="a kink: one-sided derivatives")
    note = "f jumps here: one-sided derivatives" if abs(near.across) > 2 * largest + 1 else ""
    return Slope((left + right) / 2, (left + right) / 2, error, "mpmath", note=note)


def by_complex_step(f: Function, xs: Sequence[float], i: int) -> list[Slope]:
    size = min([0, *(math.frexp(x)[1] for x in xs if x)])
    far = math.ldexp(1.0, max(size - 100, -950))
    near = far * 2.0**-20
    coarse = min(abs(xs[i]) or math.ldexp(1.0, size), 2.0**10) * 2.0**-20
    real, coarser, further, nearer = (
        [complex(y.value if isinstance(y, Complex) else y) for y in f(moved(xs, i, Complex, complex(xs[i], h)))]
        for h in (0.0, coarse, far, near)
    )
    return [
        _imaginary(y, v.imag / coarse, z.imag / far, w, near, far)
        for y, v, z, w in zip(real, coarser, further, nearer)
    ]


def _imaginary(real: complex, coarser: float, further: float, moved: complex, near: float, far: float) -> Slope:
    slope = moved.imag / near
    if not abs(coarser - slope) <= 1e-3 * abs(slope) + math.ulp(0.0) / near:
        raise Unsupported("steps of different sizes disagree: the function bends within them, or a product underflows")
    stays = abs(moved.real - real.real) <= 1e-9 * abs(real.real) + far and abs(real.imag) <= 1e-12 * abs(real.real)
    if not (math.isfinite(slope) and stays):
        raise Unsupported("the function is not analytic here")
    # What the step leaves out, by its change with the step, where that is more than rounding; and what underflows.
    change = abs(slope - further)
    error = 2.0 * change * (change > LIBRARY * abs(slope)) + 4.0 * math.ulp(0.0) / near
    return Slope(slope, slope, error, "complex step")


def by_differences(f: Function, xs: Sequence[Any], i: int, noise: Sequence[float] = (0.0,)) -> list[Slope]:
    """Of f on floats. Where f raises beside the point, it has no value there."""
    known: dict[float, list[float]] = {}
    here = [float(x) for x in xs]
    if not math.isfinite(here[i]):
        return [Slope(nan, nan, inf, "differences", note=f"{here[i]} has no neighbours to compare with") for _ in noise]

    def values(x: float) -> list[float]:
        try:
            return [float(y) for y in f([x if j == i else xj for j, xj in enumerate(here)])]
        except Exception:
            if x == here[i]:
                raise
            return [nan] * len(noise)

    def output(k: int) -> Callable[[float], float]:
        def value(x: float) -> float:
            if x not in known:
                known[x] = values(x)
            return known[x][k]

        return value

    return [_from_estimates(output(k), here[i], level) for k, level in enumerate(noise)]


def _from_estimates(f: Callable[[float], float], x: float, noise: float) -> Slope:
    noise = max(noise, 2.0 * noise_level(f, x))  # which is a mean, not a bound
    if noise > 0.1 * max(abs(f(x + h) - f(x)) for h in steps_around(x)) and noise > 1e-8 * abs(f(x)):
        return Slope(nan, nan, inf, "differences", note="f scatters here as much as it moves")  # sin at 1e59
    both, left, right = estimates = [ridders(f, x, side, noise) for side in (0, -1, 1)]
    # Coarser steps contradict finer ones over short waves, and the finer ones are right; or over stairs, whose treads
    # tell nothing.
    if any(estimate.contradicted for estimate in estimates) and (height := stairs(f, x)) > noise:
        return _from_estimates(f, x, height)
    sides = [side for side in (left, right) if math.isfinite(side.error)]
    if math.isinf(left.value) or math.isinf(right.value):
        return Slope(nan, nan, inf, "differences", note="the slope of f grows without bound here")
    if not sides:
        return Slope(nan, nan, inf, "differences", note="f is not defined around this point, or too steep")
    if len(sides) == 1:
        return _slope(f, x, noise, sides[0], "an edge of the domain: one-sided")
    gap = abs(left.value - right.value)
    if gap > 10.0 * (left.error + right.error) and gap > 1e-6 * max(abs(left.value), abs(right.value)):
        error = left.error + right.error
        return Slope(left.value, right.value, error, "differences", note="a kink: one-sided derivatives")
    # One side alone does not tell: it may have seen the flat end of a tail only, or steps from near an edge far away.
    best = min(both, max(sides, key=lambda e: e.error), key=lambda e: e.error)
    astray = [abs(best.value - other.value) + other.error for other in sides if not other.agrees(best)]
    if math.isfinite(both.value):
        astray.append(abs(best.value - both.value))
    return _slope(f, x, noise, best._replace(error=max([best.error, *astray])), "")


def _slope(f: Callable[[float], float], x: float, noise: float, found: Estimate, note: str) -> Slope:
    # Slopes and bends nearby are those within the steps that the estimate was taken from: in the steep tail of exp a
    # chord that reaches further has nothing to do with the slope here.
    steps = [step for step in steps_around(x) if step < found.reach] + [found.reach]
    scale = max(abs(found.value), _steepest(f, x, noise, steps))
    bend = abs(x) * _sharpest_bend(f, x, noise, steps)
    # Twice, for the estimate is one of the least among many. And f may round a multiple of x inside: the derivative is
    # not known better than at the float next to it.
    error = 2.0 * found.error + EPSILON * (scale + bend) + math.ulp(0.0)
    return Slope(found.value, found.value, error, "differences", scale, note)


def _steepest(f: Callable[[float], float], x: float, noise: float, steps: Sequence[float]) -> float:
    """The steepest of the lines from x to points around it, but for the noise in their ends."""
    sides = [side * step for step in steps for side in (-1.0, 1.0)]
    rises = [(abs(f(x + h) - f(x)) - 4.0 * (noise + EPSILON * abs(f(x))), abs(h)) for h in sides]
    return max([rise / h for rise, h in rises if 0.0 < rise < inf], default=0.0)


def _sharpest_bend(f: Callable[[float], float], x: float, noise: float, steps: Sequence[float]) -> float:
    """The greatest of the second derivatives by differences around x, but for the noise in them."""
    wide = [step for step in steps if step > 2.0**-20 * (abs(x) or 1.0)]
    bends = [(abs(f(x + h) - f(x) - (f(x) - f(x - h))) - 8.0 * (noise + EPSILON * abs(f(x))), h * h) for h in wide]
    return max([bend / square for bend, square in bends if 0.0 < bend < inf and square], default=0.0)


ORACLES = {"mpmath": by_mpmath, "complex step": by_complex_step, "differences": by_differences}
