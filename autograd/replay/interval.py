"""Interval arithmetic: bounds that the exact result cannot leave, whatever the operands in theirs."""

import itertools
import math
from collections.abc import Callable
from math import inf, nextafter
from typing import Any

from autograd import ieee
from autograd.primitive import TABLE, Primitive
from autograd.replay.number import Arithmetic, Unsupported


class Interval(Arithmetic):
    """All real numbers from `lo` to `hi`; `Interval(x)` is the single number x.

    Every bound is rounded outwards, so that the exact value and the rounded one lie inside. Where a row leaves its
    domain, or has no rule, the result is the whole line.
    Raises ValueError when `lo` exceeds `hi`.

    >>> from autograd import exp
    >>> Interval(-1.0, 2.0) * Interval(3.0)
    Interval(-3.0000000000000004, 6.000000000000001)
    >>> exp(Interval(-inf, 0.0)).lo
    0.0
    >>> 1.0 / Interval(-1.0, 1.0)
    Interval(-inf, inf)
    """

    __slots__ = ("lo", "hi")

    def __init__(self, lo: float, hi: float | None = None) -> None:
        self.lo, self.hi = float(lo), float(lo if hi is None else hi)
        if self.lo != self.lo or self.hi != self.hi:
            self.lo, self.hi = -inf, inf  # nan: nothing is known
        if self.lo > self.hi:
            raise ValueError(f"an interval runs from its lower bound to its upper, got {self.lo} to {self.hi}")

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Interval":
        operands = [arg if isinstance(arg, Interval) else Interval(arg) for arg in args]
        if op.name in EXACT:
            return EXACT[op.name](*operands)
        if op.name in ROUNDED:
            return outward(ROUNDED[op.name](*operands), op)
        try:
            result = op.forward(*operands)  # written with other rows
        except (TypeError, AttributeError, ArithmeticError, ValueError):
            return WHOLE
        return result if isinstance(result, Interval) else Interval(result)

    def __contains__(self, x: float) -> bool:
        return self.lo <= x <= self.hi

    def __bool__(self) -> bool:
        if self.lo < 0.0 < self.hi or (self.lo < self.hi and 0.0 in self):
            raise Unsupported(f"{self} may be zero or not")
        return 0.0 not in self

    def __lt__(self, other: Any) -> bool:
        return bool(TABLE["less"].apply((self, other)))

    def __le__(self, other: Any) -> bool:
        return bool(TABLE["less_equal"].apply((self, other)))

    def __gt__(self, other: Any) -> bool:
        return bool(TABLE["greater"].apply((self, other)))

    def __ge__(self, other: Any) -> bool:
        return bool(TABLE["greater_equal"].apply((self, other)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Interval) and (self.lo, self.hi) == (other.lo, other.hi)

    def __hash__(self) -> int:
        return hash((self.lo, self.hi))

    def __repr__(self) -> str:
        return f"Interval({self.lo!r}, {self.hi!r})"


WHOLE = Interval(-inf, inf)

# What no rounding may leave.
RANGE = {"exp": (0.0, inf), "expm1": (-1.0, inf), "sqrt": (0.0, inf), "sin": (-1.0, 1.0), "cos": (-1.0, 1.0),
         "tanh": (-1.0, 1.0), "erf": (-1.0, 1.0), "cosh": (1.0, inf), "hypot": (0.0, inf), "acosh": (0.0, inf),
         "acos": (0.0, inf)}  # fmt: skip


CORRECTLY_ROUNDED = {"add", "sub", "mul", "div", "sqrt"}
LIBRARY = 2.0**-50  # four units in the last place: the documented worst of the C library's functions (glibc manual)
SMALLEST = 5e-324


def outward(x: Interval, op: Primitive) -> Interval:
    """As much wider on either side as the row may have rounded, inside the function's range."""
    lowest, highest = RANGE.get(op.name, (-inf, inf))
    high = max(x.hi, SMALLEST) if lowest == 0.0 else x.hi  # exp(-1000) is not quite zero
    return Interval(max(below(x.lo, op), lowest), min(-below(-high, op), highest))


def below(z: float, op: Primitive) -> float:
    """What the exact value cannot be less than if the row gave z. A zero is one: what underflows is `beside_zero`."""
    if z == 0.0:
        return z
    if op.name in CORRECTLY_ROUNDED or not math.isfinite(z):
        return nextafter(z, -inf)
    lower = z - max(abs(z) * LIBRARY, 4.0 * SMALLEST)
    return max(lower, 0.0) if z > 0.0 else lower


def beside_zero(z: float) -> float:
    """z, or where it underflowed the smallest number of its sign."""
    return z or math.copysign(SMALLEST, z)


def increasing(name: str) -> Callable[..., Interval]:
    """A row that grows with every operand: its value at the lower bounds, and at the upper."""

    def rule(*operands: Interval) -> Interval:
        op = TABLE[name]
        for x, (least, greatest) in zip(operands, op.domain):
            if x.lo < least or x.hi > greatest:
                return WHOLE
        ends = (op.forward(*[x.lo for x in operands]), op.forward(*[x.hi for x in operands]))
        return Interval(*sorted(ends))  # the library's functions are monotone only up to their rounding

    return rule


def corners(f: Callable[[float, float], float]) -> Callable[[Interval, Interval], Interval]:
    """A function that is monotone in each operand alone: its extremes are at the corners of the rectangle."""

    def rule(x: Interval, y: Interval) -> Interval:
        found = [f(a, b) for a, b in itertools.product((x.lo, x.hi), (y.lo, y.hi))]
        return WHOLE if any(z != z for z in found) else Interval(min(found), max(found))

    return rule


def product(x: float, y: float) -> float:
    """x * y, where inf is a bound and not a number that occurs: 0 * inf is 0. Only a true zero gives zero."""
    return 0.0 if x == 0.0 or y == 0.0 else beside_zero(x * y)


def ratio(x: float, y: float) -> float:
    return 0.0 if x == 0.0 else beside_zero(ieee.divide(x, y))


def raised(x: float, y: float) -> float:
    z = ieee.power(x, y)
    return z if x == 0.0 or math.isinf(x) or math.isinf(y) else beside_zero(z)


def arctangent(y: float, x: float) -> float:
    z = math.atan2(y, x)
    return z if y == 0.0 or math.isinf(x) else beside_zero(z)


def magnitude(x: Interval) -> Interval:
    if 0.0 in x:
        return Interval(0.0, max(-x.lo, x.hi))
    return Interval(min(abs(x.lo), abs(x.hi)), max(abs(x.lo), abs(x.hi)))


def quotient(x: Interval, y: Interval) -> Interval:
    return WHOLE if 0.0 in y else corners(ratio)(x, y)


def power(x: Interval, y: Interval) -> Interval:
    whole_exponent = y.lo == y.hi and y.lo.is_integer()
    if x.lo > 0.0 or (x.lo == 0.0 and y.lo > 0.0):
        return corners(raised)(x, y)
    if whole_exponent and (y.lo >= 0.0 or 0.0 not in x):
        return corners(raised)(magnitude(x) if y.lo % 2.0 == 0.0 else x, y)
    return WHOLE


def cosine(x: Interval) -> Interval:
    if x.hi - x.lo >= 6.0 or max(abs(x.lo), abs(x.hi)) > 1e9:
        return Interval(-1.0, 1.0)
    ends = (math.cos(x.lo), math.cos(x.hi))
    # cos is +-1 at the multiples k of pi: k even, top; k odd, bottom. Those just outside are counted in, to be safe.
    inside = range(math.ceil(x.lo / math.pi - 1e-6), math.floor(x.hi / math.pi + 1e-6) + 1)
    top, bottom = any(k % 2 == 0 for k in inside), any(k % 2 == 1 for k in inside)
    return Interval(-1.0 if bottom else min(ends), 1.0 if top else max(ends))


def sine(x: Interval) -> Interval:
    if max(abs(x.lo), abs(x.hi)) > 1e9:
        return Interval(-1.0, 1.0)
    ends, around = (math.sin(x.lo), math.sin(x.hi)), cosine(Interval(x.lo - math.pi / 2.0, x.hi - math.pi / 2.0))
    return Interval(-1.0 if around.lo == -1.0 else min(ends), 1.0 if around.hi == 1.0 else max(ends))


def tangent(x: Interval) -> Interval:
    around = cosine(x)
    if around.lo <= 1e-9 and around.hi >= -1e-9:  # the pole, or too near to tell
        return WHOLE
    return Interval(math.tan(x.lo), math.tan(x.hi))


def angle(y: Interval, x: Interval) -> Interval:
    if x.lo > 0.0 or y.lo > 0.0 or y.hi < 0.0:  # away from the origin and from the cut along the negative x
        return corners(arctangent)(y, x)
    return Interval(-math.pi, math.pi)


def distance(x: Interval, y: Interval) -> Interval:
    x, y = magnitude(x), magnitude(y)
    return Interval(math.hypot(x.lo, y.lo), math.hypot(x.hi, y.hi))


def chosen(condition: Interval, x: Interval, y: Interval) -> Interval:
    if 0.0 not in condition:
        return x
    return y if condition == Interval(0.0) else Interval(min(x.lo, y.lo), max(x.hi, y.hi))


def truth(surely: bool, maybe: bool) -> Interval:
    return Interval(float(surely), float(surely or maybe))


def same(x: Interval, y: Interval) -> Interval:
    return truth(x.lo == x.hi == y.lo == y.hi, x.lo <= y.hi and y.lo <= x.hi)


EXACT: dict[str, Callable[..., Interval]] = {
    **{name: increasing(name) for name in ("identity", "relu", "maximum", "minimum", "clamp", "sign")},
    "neg": lambda x: Interval(-x.hi, -x.lo),
    "abs": magnitude,
    "where": chosen,
    "greater": lambda x, y: truth(x.lo > y.hi, x.hi > y.lo),
    "greater_equal": lambda x, y: truth(x.lo >= y.hi, x.hi >= y.lo),
    "less": lambda x, y: truth(x.hi < y.lo, x.lo < y.hi),
    "less_equal": lambda x, y: truth(x.hi <= y.lo, x.lo <= y.hi),
    "equal": same,
}
ROUNDED: dict[str, Callable[..., Interval]] = {
    **{name: increasing(name) for name in (
        "add", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "asin", "atan", "sinh", "tanh",
        "asinh", "acosh", "atanh", "erf", "sigmoid", "softplus")},
    "sub": lambda x, y: Interval(x.lo - y.hi, x.hi - y.lo),
    "mul": corners(product),
    "div": quotient,
    "pow": power,
    "sin": sine,
    "cos": cosine,
    "tan": tangent,
    "acos": lambda x: Interval(math.acos(x.hi), math.acos(x.lo)) if -1.0 <= x.lo and x.hi <= 1.0 else WHOLE,
    "atan2": angle,
    "cosh": lambda x: Interval(ieee.cosh(magnitude(x).lo), ieee.cosh(magnitude(x).hi)),
    "hypot": distance,
}  # fmt: skip
RANGE["sigmoid"], RANGE["softplus"] = (0.0, 1.0), (0.0, inf)
