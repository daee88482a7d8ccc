"""Gradients from values alone, and the Taylor test of a gradient."""

import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from autograd.context import no_grad
from autograd.func import grad
from autograd.gradcheck.differences import EPSILON
from autograd.gradcheck.recording import floats, names
from autograd.gradcheck.references import by_differences
from autograd.gradcheck.rounding import Rounded
from autograd.gradcheck.verdict import Verdict
from autograd.replay import replay
from autograd.tree import flatten, flatten_like
from autograd.value import Value


def numerical_grad(f: Callable[..., Any], xs: Any) -> tuple[Any, Any]:
    """(gradient, error): f's gradient from its values, and how far each number in it may be off, both shaped like xs.

    Arguments: `f` returns one number or Value; `xs` is a tuple of its arguments, or its only argument: numbers or
    nested lists, tuples, dictionaries of them. f is called some hundred times for each number in xs, or some thousand
    where its values jump by rounding.
    Beside the point f may raise, as math.log does outside its domain: there it has no value.
    At the edge of f's domain the derivative is one-sided; where f has no values on either side it is (nan, inf); at a
    kink it is the middle between the one-sided ones, and the error reaches both.
    Source: Ridders' extrapolation of central differences, see `autograd.gradcheck.differences`.

    >>> value, error = numerical_grad(lambda x: x * x * x, 2.0)
    >>> abs(value - 12.0) <= error < 1e-9
    True
    >>> value, error = numerical_grad(lambda x: 2.0 * x + x**2.5, 0.0)  # nothing to the left of zero
    >>> abs(value - 2.0) <= error < 1e-6
    True
    """
    call = _Function(f, xs)
    slopes = [by_differences(lambda numbers: [call(numbers)], call.point, i)[0] for i in range(len(call.point))]
    values = [slope.low + (slope.high - slope.low) / 2.0 for slope in slopes]  # their sum may overflow
    errors = [(slope.high - slope.low) / 2.0 + slope.error if slope.kink else slope.error for slope in slopes]
    return call.shaped(values), call.shaped(errors)


class _Function:
    """f of a flat list of floats, and the way back to the caller's shapes."""

    def __init__(self, f: Callable[..., Any], xs: Any) -> None:
        self.f, self.several = f, isinstance(xs, tuple) and not hasattr(xs, "_fields")
        args = xs if self.several else (xs,)
        leaves, self.rebuild = flatten(args)
        self.point = floats(leaves, list(names(f, args)))

    def shaped(self, numbers: Sequence[Any]) -> Any:
        tree = self.rebuild(list(numbers))
        return tree if self.several else tree[0]

    def __call__(self, numbers: Sequence[float]) -> float:
        with no_grad():
            y = self.f(*self.rebuild([Value(x) for x in numbers]))
        try:
            return float(y)
        except TypeError as error:
            raise TypeError(f"f gave {y!r}, and not one number or Value") from error

    def beside(self, numbers: Sequence[float]) -> float:
        """The same beside the point: where f raises, it has no value."""
        try:
            return self(numbers)
        except Exception:
            return math.nan

    def along(self, h: float, direction: Sequence[float]) -> list[float]:
        return [x + h * d for x, d in zip(self.point, direction)]


RIGHT, WRONG = 1.8, 1.2  # around the 2 of a right gradient and the 1 of a wrong one
ABOVE = 10.0  # times the noise: a rounded point is not to bend the line
STEPS = tuple(2.0**-k for k in range(3, 27))
FINEST = 2.0**-40
PAIRS = 6  # of steps, the finest ones: by chance all of them look fine 1 time in 500


@dataclass(frozen=True, repr=False)
class TaylorTest:
    """How the remainder |f(x + h d) - f(x) - h g.d| falls with h; true if by two orders, as with the right gradient.

    `verdict` has three values, and the test is true only if it passed:

    PASS          `slope`, the order of the remainder, is 2 (3 where the curvature happens to vanish); or it is inf:
                  f is linear along d, its remainder is below the rounding in f, and h g.d is above it.
    FAIL          `slope` is 1 (or less): the gradient is wrong, or x is on a kink.
    INCONCLUSIVE  Neither. h g.d itself is below the rounding in f, so that twice the gradient would do as well; or f
                  has no finite values here, or bends within the finest step; or the slope lies between, as for
                  x**1.5 at 0, which has no curvature.

    `first` is |f(x + h d) - f(x)|, `linear` |h g.d|, both of order 1. Only remainders above `noise`, the rounding in f,
    count.
    """

    steps: tuple[float, ...]
    remainders: tuple[float, ...]
    first: tuple[float, ...]
    linear: tuple[float, ...]
    noise: float
    slope: float
    flat: bool  # g.d is exactly zero

    @property
    def verdict(self) -> Verdict:
        if self.slope == inf:
            seen = self.flat or max(self.linear) > ABOVE * self.noise
            return Verdict.PASS if seen else Verdict.INCONCLUSIVE
        if self.slope > RIGHT:
            return Verdict.PASS
        return Verdict.FAIL if self.slope < WRONG else Verdict.INCONCLUSIVE

    def __bool__(self) -> bool:
        return self.verdict is Verdict.PASS

    def __repr__(self) -> str:
        told = f"{self.verdict}, slope {self.slope:.2f}"
        if self.verdict is Verdict.INCONCLUSIVE and self.slope == inf:
            told += f", h g.d of {max(self.linear):.1e} is below the rounding of {ABOVE * self.noise:.1e}"
        return f"TaylorTest({told})"

    def plot(self, ax: Any = None) -> Any:
        """The remainders over the step on logarithmic axes (matplotlib), beside lines of slope 1 and 2; the axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(6.0, 4.0), layout="constrained")[1] if ax is None else ax
        ax.loglog(self.steps, self.first, ".-", color="tab:gray", label="f(x+hd) − f(x)")
        ax.loglog(self.steps, self.remainders, "o-", color="tab:blue", label="f(x+hd) − f(x) − h g·d")
        start = 4.0 * max(*self.remainders, self.noise)
        for order, style in ((1, ":"), (2, "--")):
            guide = [start * (h / self.steps[0]) ** order for h in self.steps]
            ax.loglog(self.steps, guide, style, color="tab:orange", lw=1, label=f"slope {order}")
        bottom = ax.get_ylim()[0]
        ax.axhspan(bottom, max(self.noise, bottom), color="tab:gray", alpha=0.15, lw=0, label="rounding")
        ax.set(xlabel="step h", ylabel="remainder", title=f"Taylor test: slope {self.slope:.2f}")
        ax.margins(x=0.02)
        ax.legend(frameon=False)
        return ax


def taylor_test(
    f: Callable[..., Any], x: Any, direction: Any = None, *, gradient: Any = None, plot: bool = False
) -> TaylorTest:
    """Whether f's gradient at x is right, seen along one direction.

    Arguments: `f` and `x` as for `numerical_grad`; `direction` has the shape of x, by default as large as x and random
    but always the same; `gradient` is the gradient to test, by default the one of the backward pass; `plot` draws it at
    once.
    The answer is neither right nor wrong (`verdict` INCONCLUSIVE, and false) where rounding hides what f does along the
    direction, or f has no curvature or no value there, see `TaylorTest`.
    Raises ValueError when direction or gradient has another number of entries than x or other keys, or the direction is
    zero.
    Source: the Taylor remainder convergence test of Farrell, Ham, Funke and Rognes, Automated derivation of the
    adjoint of high-level transient finite element programs, SIAM J. Sci. Comput. 35 (2013).

    >>> test = taylor_test(lambda x: x.exp() * x, 1.0)
    >>> bool(test), round(test.slope, 1)
    (True, 2.0)
    >>> taylor_test(lambda x: x.exp() * x, 1.0, gradient=5.0)
    TaylorTest(FAIL, slope 1.00)
    >>> taylor_test(lambda x: 3.0 * x, 1.0)
    TaylorTest(PASS, slope inf)
    >>> taylor_test(lambda x: 3.0 * x + 1e17, 1.0)
    TaylorTest(INCONCLUSIVE, slope inf, h g.d of 3.5e-01 is below the rounding of 8.9e+02)
    """
    call = _Function(f, x)
    chance = random.Random(0)
    d = [chance.uniform(0.5, 1.0) * chance.choice((-1.0, 1.0)) * (abs(xi) or 1.0) for xi in call.point]
    if direction is not None:
        d = _matching("direction", direction, x)
        if not any(d):
            raise ValueError("the direction is zero: along it f does not move, and any gradient would pass")
    g = _gradient(call) if gradient is None else _matching("gradient", gradient, x)
    start, steps = call(call.point), STEPS
    noise = 4.0 * _noise(call) + 4.0 * EPSILON * abs(start) + math.ulp(0.0)
    while True:
        points = [call.along(h, d) for h in steps]
        rises = [call.beside(point) - start for point in points]
        seen = _are_fine(rises, noise)
        if steps[0] <= FINEST or (seen and math.isfinite(rises[0])):
            break
        steps = tuple(h / 2**8 for h in steps)  # f ends nearer to x, or bends within the finest of them
    # The steps that were really made: beside 1e16 there is no 1.
    linear = [math.fsum(gi * (to - xi) for gi, to, xi in zip(g, point, call.point)) for point in points]
    remainders = tuple(abs(rise - straight) for rise, straight in zip(rises, linear))
    slope = _order(steps, remainders, noise) if seen else math.nan
    flat = not any(gi and di for gi, di in zip(g, d)) and points[0] != call.point
    test = TaylorTest(steps, remainders, tuple(map(abs, rises)), tuple(map(abs, linear)), noise, slope, flat)
    if plot:
        test.plot()
    return test


def _matching(name: str, tree: Any, x: Any) -> list[float]:
    """The numbers of `tree` in the order of x's; a dictionary's are matched by key."""
    inputs, _ = flatten(x)
    try:
        numbers = flatten_like(tree, x)
    except ValueError as error:
        raise ValueError(f"the {name} does not have the shape of x: {error}") from error
    if len(numbers) != len(inputs):
        raise ValueError(f"the {name} has {len(numbers)} entries for {len(inputs)} inputs: give it the shape of x")
    return [float(number) for number in numbers]


def _are_fine(rises: Sequence[float], noise: float) -> bool:
    """Whether the finest steps see a slope: the rise of f shrinks with each, until it is lost in the noise.

    Where steps are long beside what f does, as those of 1e9 / 2**26 are for sin(x), it comes and goes.
    """
    finest = [rise for rise in rises if abs(rise) > ABOVE * noise][-PAIRS - 1 :]
    return all(-0.1 <= after / before <= 0.9 for before, after in itertools.pairwise(finest))


def _gradient(call: _Function) -> Any:
    return grad(lambda flat: call.f(*call.rebuild(flat)))(call.point)


def _noise(call: _Function) -> float:
    output = call.f(*call.rebuild([Value(x) for x in call.point]))
    return float(replay(output, Rounded).error) if isinstance(output, Value) else 0.0


def _order(steps: Sequence[float], remainders: Sequence[float], noise: float) -> float:
    """The slope of log remainder over log step, by least squares over the five smallest steps above the noise.

    The smallest, because a slightly wrong gradient shows only there.
    """
    points = [(math.log(h), math.log(r)) for h, r in zip(steps, remainders) if r > ABOVE * noise and math.isfinite(r)]
    if len(points) < 2:
        return inf if all(r <= ABOVE * noise for r in remainders) else math.nan
    points = points[-5:]
    mean_h, mean_r = (sum(column) / len(points) for column in zip(*points))
    return math.fsum((h - mean_h) * (r - mean_r) for h, r in points) / math.fsum((h - mean_h) ** 2 for h, _ in points)
