"""Reference derivatives: three oracles, and the choice among them.

None of them reads a derivative rule. In order of strength, and of preference:

  mpmath       differences at 100 digits with steps of 1e-30 and below: about 30 right digits, also on either side of a
               kink. Eight replays an input, ten times the time of the complex step.
  complex step the imaginary part of f(x + 1e-30 i): no subtraction, so about 16 digits, one evaluation an input; only
               where every row of the graph is analytic at the point and has a rule in complex numbers.
  differences  extrapolated differences of f itself, with an error estimate: about 10 digits, anywhere.

The first two replay the recorded graph, so they need it to be the function; the third asks the function.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any, NamedTuple

from autograd.gradcheck.differences import EPSILON, Estimate, ridders
from autograd.replay import Complex, Precise, Unsupported
from autograd.replay.systems import DIGITS

Numbers = list[Any]
Function = Callable[[Numbers], Numbers]  # from numbers of any one system to numbers of that system
NEGLIGIBLE = 1e-25  # a derivative known to within this is known


@dataclass(frozen=True)
class Slope:
    """A reference derivative: from the left and from the right, equal where the function is smooth."""

    left: float
    right: float
    error: float
    oracle: str
    scale: float = 0.0  # the size of slopes nearby
    note: str = ""

    @property
    def kink(self) -> bool:
        return self.low < self.high

    @property
    def low(self) -> float:
        return min(self.left, self.right)

    @property
    def high(self) -> float:
        return max(self.left, self.right)

    def distance(self, x: float) -> float:
        """How far x is from the reference, or from the interval between the one-sided ones."""
        if self.low <= x <= self.high:  # also two infinities, whose difference is nan
            return 0.0
        return max(self.low - x, x - self.high) if x == x else nan


def slopes(
    f: Function,
    xs: Sequence[float],
    i: int,
    oracles: Sequence[str],
    direct: Function | None = None,
    precision: Sequence[float] = (EPSILON,),
) -> list[Slope]:
    """d f / d xs[i], for each output of f, by the first of `oracles` that can.

    `direct` is f on floats, if that is another function, and `precision` the relative error of each of its values.
    """
    reason: Exception | None = None
    for name in oracles:
        try:
            if name == "differences":
                return by_differences(direct or f, xs, i, precision)
            return ORACLES[name](f, xs, i)
        except (Unsupported, ArithmeticError, ValueError) as error:
            reason = error
    raise Unsupported(f"no reference derivative by {', '.join(oracles)}: {reason}") from reason


def moved(xs: Sequence[float], i: int, number: Callable[[Any], Any], to: Any) -> Numbers:
    return [number(to if k == i else x) for k, x in enumerate(xs)]


def by_mpmath(f: Function, xs: Sequence[float], i: int) -> list[Slope]:
    here = Precise.lift(xs[i])
    step = (abs(here) or 1) * Precise.lift(2.0) ** -100

    def sides(h: Any) -> list[_Sides]:
        rows = zip(*[bare(f, moved(xs, i, Precise, here + k * h)) for k in (-2, -1, 1, 2)])
        noise = 10**4 * Precise.lift(10.0) ** -DIGITS / h
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
        return Slope(float(left), float(left), float(error), "mpmath", note="an edge of the domain: one-sided")
    if abs(right - left) > 100 * error:  # where f is smooth the two differ by less than they change with the step
        return Slope(float(left), float(right), float(error), "mpmath", note="a kink: one-sided derivatives")
    note = "f jumps here: one-sided derivatives" if abs(near.across) > 2 * largest + 1 else ""
    return Slope(float((left + right) / 2), float((left + right) / 2), float(error), "mpmath", note=note)


def by_complex_step(f: Function, xs: Sequence[float], i: int) -> list[Slope]:
    h = 1e-30 * (abs(xs[i]) or 1.0)
    real = [complex(y.value if isinstance(y, Complex) else y) for y in f(moved(xs, i, Complex, complex(xs[i], 0.0)))]
    found = [complex(y.value if isinstance(y, Complex) else y) for y in f(moved(xs, i, Complex, complex(xs[i], h)))]
    for y, z in zip(real, found):
        stays = abs(z.real - y.real) <= 1e-9 * abs(y.real) + h and abs(y.imag) <= 1e-12 * abs(y.real)
        if not (math.isfinite(z.imag) and stays):
            raise Unsupported("the function is not analytic here")
    # 1e-14: some forty roundings of the library's complex functions, beside those that the caller counts.
    return [Slope(z.imag / h, z.imag / h, 1e-14 * abs(z.imag / h), "complex step") for z in found]


def by_differences(f: Function, xs: Sequence[float], i: int, precision: Sequence[float] = (EPSILON,)) -> list[Slope]:
    known: dict[float, list[float]] = {}

    def output(k: int) -> Callable[[float], float]:
        def value(x: float) -> float:
            if x not in known:
                known[x] = [float(y) for y in f([float(x) if j == i else xj for j, xj in enumerate(xs)])]
            return known[x][k]

        return value

    return [_from_estimates(output(k), xs[i], accuracy) for k, accuracy in enumerate(precision)]


def _from_estimates(f: Callable[[float], float], x: float, precision: float) -> Slope:
    both, left, right = (ridders(f, x, side, precision) for side in (0, -1, 1))
    sides = [side for side in (left, right) if math.isfinite(side.error)]
    if not sides:
        return Slope(nan, nan, inf, "differences", note="f is not defined around this point")
    step = 0.125 * max(1.0, abs(x))
    nearby = [abs(f(x + h) - f(x)) / step for h in (-step, step)]
    # A slope far below f / x, such as that of a constant, is known well enough if known to 1e-10 of that.
    scale = max([1e-6 * abs(f(x)) / max(1.0, abs(x)), *filter(math.isfinite, nearby)])
    if len(sides) == 1:
        return _slope(sides[0], scale, "an edge of the domain: one-sided")
    gap = abs(left.value - right.value)
    if gap > 10.0 * (left.error + right.error) and gap > 1e-6 * max(abs(left.value), abs(right.value)):
        error = left.error + right.error
        return Slope(left.value, right.value, error, "differences", scale, "a kink: one-sided derivatives")
    return _slope(min(both, left, right, key=lambda e: e.error), scale, "")


def _slope(found: Estimate, scale: float, note: str) -> Slope:
    return Slope(found.value, found.value, found.error, "differences", scale, note)


ORACLES = {"mpmath": by_mpmath, "complex step": by_complex_step, "differences": by_differences}
