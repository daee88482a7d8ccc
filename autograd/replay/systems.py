"""Complex numbers, rational numbers, and real numbers of many digits."""

import cmath
import contextlib
import functools
import importlib.util
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar

from autograd.ieee import log1p
from autograd.primitives import LN2, LN10
from autograd.replay.number import Number, Unsupported

FIELD: dict[str, Callable[..., Any]] = {
    "identity": lambda x: x,
    "neg": operator.neg,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


LONGEST = 2**17  # bits of a fraction, some 40,000 digits: longer ones take seconds an operation


def length(x: Fraction) -> int:
    """In bits; that of a product is no more than the sum of those of its factors."""
    return max(x.numerator.bit_length(), x.denominator.bit_length())


class Rational(Number):
    """An exact fraction, or an infinity, for the rows that are arithmetic or comparison.

    Raises Unsupported for the other rows, for nan, and for fractions of more than 40,000 digits.

    >>> 1.0 / Rational(3.0) + Rational(0.5)
    Rational(Fraction(5, 6))
    """

    __slots__ = ()
    system = "rational numbers"

    @classmethod
    def lift(cls, x: Any) -> Any:
        if x in (math.inf, -math.inf):  # clamp(x, 0.0) compares with it
            return x
        if x != x:
            raise Unsupported("nan is no rational number")
        fraction = Fraction(x)
        if length(fraction) > LONGEST:
            raise Unsupported(f"an exact fraction of {length(fraction)} bits is too long: evaluate fewer operations")
        return fraction

    @staticmethod
    def power(x: Any, y: Any) -> Fraction:
        if math.isinf(x) or math.isinf(y) or y.denominator != 1:
            raise Unsupported(f"pow with the exponent {y} cannot be evaluated in rational numbers")
        if length(x) > 1 and length(x) * abs(y) > LONGEST:  # else it is 0, 1 or -1
            raise Unsupported(f"pow with the exponent {float(y)} is too long for an exact fraction")
        return Fraction(x ** int(y))

    rules = MappingProxyType({**FIELD, "abs": operator.abs, "pow": power})


SMALLEST_NORMAL = 2.0**-1022


class Tie(Unsupported):
    """A comparison of complex numbers with equal real parts: the function has a kink just here."""


class Complex(Number):
    """A complex number, for derivatives without subtraction: f(x + ih) = f(x) + ih f'(x) + O(h^2).

    The rows are continued off the real line, a comparison looks at real parts. Source: Squire and Trapp, Using complex
    variables to estimate derivatives of real functions (1998); Martins, Sturdza and Alonso (2003) for `abs`.

    >>> from autograd import sin
    >>> abs(sin(Complex(complex(0.5, 1e-30))).value.imag / 1e-30 - math.cos(0.5)) < 1e-15
    True
    """

    __slots__ = ()
    system = "complex numbers"

    @classmethod
    def lift(cls, x: Any) -> complex:
        return complex(x)

    def compare(self, other: Any) -> tuple[float, float]:
        x, y = super().compare(other)
        if x.real == y.real and x.imag != y.imag:
            raise Tie(f"a comparison met equal numbers ({x.real}) that move apart: no single branch to follow")
        return x.real, y.real

    @staticmethod
    def absolute(x: complex) -> complex:
        if x.real == 0.0 and x.imag:
            raise Tie("abs met zero")
        return -x if x.real < 0.0 else x

    @staticmethod
    def cube_root(x: complex) -> complex:
        if x.real == 0.0:
            raise Tie("cbrt met zero")
        return math.cbrt(x.real) * complex(1.0, x.imag / x.real) ** (1.0 / 3.0)

    @staticmethod
    def root(x: complex) -> complex:
        if x.real <= 0.0 and x:
            raise Tie("sqrt left the positive numbers")  # sqrt(-h^2) = ih looks like a slope: that of |x|
        return cmath.sqrt(x)

    @staticmethod
    def power(x: complex, y: complex) -> complex:
        if x.real <= 0.0 and x and (y.imag or not y.real.is_integer()):
            raise Tie("pow left the positive numbers")
        return complex(x**y)

    @staticmethod
    def angle(y: complex, x: complex) -> complex:
        if y.real == 0.0 and x.real <= 0.0 and (y.imag or x.imag):
            raise Tie("atan2 met its cut")
        if abs(y.real) > abs(x.real):
            return math.copysign(math.pi / 2.0, y.real) - cmath.atan(Complex.quotient(x, y))
        return cmath.atan(Complex.quotient(y, x)) + (math.copysign(math.pi, y.real) if x.real < 0.0 else 0.0)

    @staticmethod
    def product(x: complex, y: complex) -> complex:
        z = x * y
        real, imag = x.real and y.real, (x.real and y.imag) or (x.imag and y.real)
        if (real and abs(z.real) < SMALLEST_NORMAL) or (imag and abs(z.imag) < SMALLEST_NORMAL):
            raise Unsupported("a product underflows: its derivative would be lost")
        return z

    @staticmethod
    def quotient(x: complex, y: complex) -> complex:
        """Smith's formula in an order that keeps an imaginary part of 1e-150 times a ratio of 1e-150 from vanishing."""
        if abs(y.real) < abs(y.imag):
            return Complex.quotient(complex(x.imag, -x.real), complex(y.imag, -y.real))
        ratio = y.imag / y.real
        size = y.real + y.imag * ratio
        return complex(x.real / size + x.imag / size * ratio, x.imag / size - x.real / size * ratio)

    @staticmethod
    def distance(x: complex, y: complex) -> complex:
        if x.real == y.real == 0.0:
            if x.imag or y.imag:
                raise Tie("hypot met zero")
            return 0j
        small, large = sorted((x, y), key=lambda side: abs(side.real))
        large = -large if large.real < 0.0 else large
        ratio = Complex.quotient(small, large)  # neither squared, which overflows for 1e200, nor both
        return large + small * ratio / (1.0 + cmath.sqrt(1.0 + ratio * ratio))

    rules = MappingProxyType({
        **FIELD,
        **{name: getattr(cmath, name) for name in (
            "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
            "asinh", "acosh", "atanh")},
        "mul": product,
        "div": quotient,
        "abs": absolute,
        "sqrt": root,
        "pow": power,
        "expm1": lambda x: complex(math.expm1(x.real) * math.cos(x.imag) - 2.0 * math.sin(x.imag / 2.0) ** 2,
                                   math.exp(x.real) * math.sin(x.imag)),
        "log1p": lambda x: complex(log1p(x.real), cmath.phase(1.0 + x)),  # the modulus is |1 + x.real| but for O(h^2)
        "log2": lambda x: cmath.log(x) / LN2,
        "log10": lambda x: cmath.log(x) / LN10,
        "cbrt": cube_root,
        "atan2": angle,
        "hypot": distance,
    })  # fmt: skip


DIGITS = 100  # beyond those that tell the smallest number in question from the largest
FLOATS = 1100  # bits: no float is larger than that, nor smaller
BITS = 5000  # floats end at 2^1024; what is far beyond is infinity here too, lest exp(exp(exp(9))) fill the memory


def mpmath_is_installed() -> bool:
    return importlib.util.find_spec("mpmath") is not None


@functools.cache
def high_precision() -> Any:
    """A context of mpmath with 100 digits, untouched by the user's own; Unsupported if mpmath is not installed."""
    if not mpmath_is_installed():
        raise Unsupported("real numbers of many digits need mpmath: pip install mpmath")
    import mpmath

    context = mpmath.mp.clone()
    context.dps = DIGITS
    return context


@contextlib.contextmanager
def digits_to_tell(numbers: Iterable[Any]) -> Iterator[Any]:
    """The context of mpmath, inside the block with as many digits more as 1 and these numbers are apart in size.

    1 + 1e-200 takes 200 digits, and 100 to be differentiated; so does sin(1e200), whose period is of the size of 1.

    >>> with digits_to_tell([1e-200]) as context:
    ...     context.dps
    300
    """
    context = high_precision()
    sizes = [0, *(context.mag(x) for x in map(context.convert, numbers) if x and context.isfinite(x))]
    apart = min(max(sizes), FLOATS) - max(min(sizes), -FLOATS)  # what is smaller than any float may be lost
    digits = DIGITS + math.ceil(apart * math.log10(2.0))
    with context.workdps(max(digits, context.dps)):
        yield context


class Precise(Number):
    """A real number of 100 digits or more (mpmath), see `digits_to_tell`; outside a row's domain it is nan.

    Raises Unsupported where mpmath is not installed.
    """

    __slots__ = ()
    system = "mpmath's real numbers"

    @classmethod
    def lift(cls, x: Any) -> Any:
        context = high_precision()
        x = context.convert(x)
        if not isinstance(x, context.mpf):
            return context.nan  # sqrt(-1) went off the real line
        if context.isfinite(x) and x and context.mag(x) > BITS:
            return context.sign(x) * context.inf
        return x

    @staticmethod
    def power(x: Any, y: Any) -> Any:
        return high_precision().nan if x == 0 and y < 0 else x**y

    @staticmethod
    def cube_root(x: Any) -> Any:
        return -high_precision().cbrt(-x) if x < 0 else high_precision().cbrt(x)

    rules: ClassVar = MappingProxyType({
        **FIELD,
        **{name: (lambda *args, name=name: getattr(high_precision(), name)(*args)) for name in (
            "exp", "expm1", "log", "log1p", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2",
            "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "hypot", "erf")},
        "abs": operator.abs,
        "pow": power,
        "log2": lambda x: high_precision().log(x, 2),
        "cbrt": cube_root,
    })  # fmt: skip
