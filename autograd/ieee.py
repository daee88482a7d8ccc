"""Real functions that answer by IEEE 754 where Python's raise: log(0) is -inf, 1/0 is inf, log(-1) is nan.

A network that overflows should show inf where it overflowed, not stop with an exception; `detect_anomaly` says where.
"""

import array
import math
import operator
from collections.abc import Callable, Mapping
from math import copysign, inf, nan
from typing import Any


def ieee(
    function: Callable[[float], float],
    poles: Mapping[float, float] | None = None,
    overflow: Callable[[float], float] = lambda x: copysign(inf, x),
) -> Callable[[float], float]:
    """`function` made total: its limit at `poles`, nan elsewhere outside its domain, `overflow(x)` when too large."""
    limits = dict(poles or {})

    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return limits.get(x, nan)
        except OverflowError:
            return overflow(x)

    return total


exp = ieee(math.exp)
expm1 = ieee(math.expm1)
log2 = ieee(math.log2, {0.0: -inf})
log10 = ieee(math.log10, {0.0: -inf})
log1p = ieee(math.log1p, {-1.0: -inf})
sqrt = ieee(math.sqrt)
sin = ieee(math.sin)
cos = ieee(math.cos)
tan = ieee(math.tan)
asin = ieee(math.asin)
acos = ieee(math.acos)
sinh = ieee(math.sinh)
cosh = ieee(math.cosh, overflow=lambda x: inf)
acosh = ieee(math.acosh)
atanh = ieee(math.atanh, {1.0: inf, -1.0: -inf})


def log(x: float) -> float:
    """The logarithm; asked beforehand, since the derivative of x**2 along its exponent has one of a negative x too."""
    return math.log(x) if x > 0.0 else -inf if x == 0.0 else nan


def divide(x: float, y: float) -> float:
    """x / y, where 1/0 is inf, -1/0 is -inf and 0/0 is nan."""
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or x != x else copysign(inf, x) * copysign(1.0, y)


def power(x: float, y: float) -> float:
    """x ** y by IEEE 754's pow: 0**-1 is inf, (-8)**(1/3) is nan, 10**400 is inf. A square is x*x, rounded once."""
    if y == 2.0:
        return x * x
    try:
        return math.pow(x, y)
    except ValueError:
        if x != 0.0:  # a negative base under a broken exponent
            return nan
    except OverflowError:
        pass
    return copysign(inf, x) if y % 2.0 == 1.0 else inf


def float32(x: float) -> float:
    """The nearest number of single precision; beyond them infinite.

    >>> float32(0.1), float32(1e39)
    (0.10000000149011612, inf)
    """
    return array.array("f", (x,))[0]


def _operator(compute: Callable[[float, float], float], reflected: bool = False) -> Any:
    """A method of Ieee. What is no number, a Value, answers itself."""

    def method(self: "Ieee", other: Any) -> Any:
        if not isinstance(other, (float, int)):
            return NotImplemented
        x, y = float(self), float(other)
        return Ieee(compute(y, x) if reflected else compute(x, y))

    return method


class Ieee(float):
    """A float whose quotients are IEEE's, also through further arithmetic: `1.0 / Ieee(0.0)` is inf.

    A rule of the table that raises ZeroDivisionError on floats is evaluated once more on these.
    """

    __slots__ = ()

    def __autograd__(self, op: Any, args: tuple[Any, ...]) -> Any:
        plain = tuple(float(arg) if isinstance(arg, Ieee) else arg for arg in args)
        if any(hasattr(arg, "__autograd__") for arg in plain):  # a Value among them records
            return op.apply(plain)
        return Ieee(op.forward(*map(float, plain)))

    def __neg__(self) -> "Ieee":
        return Ieee(-float(self))

    def __abs__(self) -> "Ieee":
        return Ieee(abs(float(self)))

    __add__ = __radd__ = _operator(operator.add)
    __sub__, __rsub__ = _operator(operator.sub), _operator(operator.sub, reflected=True)
    __mul__ = __rmul__ = _operator(operator.mul)
    __truediv__, __rtruediv__ = _operator(divide), _operator(divide, reflected=True)
    __pow__, __rpow__ = _operator(power), _operator(power, reflected=True)
