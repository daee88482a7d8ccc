"""The table: every operation is one row. What its columns mean: `autograd.primitive`.

To add an operation is to add a row; everything else (methods, NumPy, pictures, checks, compilation) reads the table.
`register` adds one from outside.
"""

import functools
import math
import operator
from collections.abc import Callable, Iterable
from math import inf
from types import FunctionType
from typing import TYPE_CHECKING, Any

from autograd import ieee
from autograd.primitive import REAL, TABLE, Primitive

POSITIVE, UNIT = (0.0, inf), (-1.0, 1.0)
LN2, LN10 = math.log(2.0), math.log(10.0)
SQRT_HALF, INV_SQRT_2PI, TWO_OVER_SQRT_PI = math.sqrt(0.5), 1.0 / math.sqrt(2.0 * math.pi), 2.0 / math.sqrt(math.pi)


def pack_values(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(values)


def pack_some(values: Iterable[Any]) -> tuple[Any, ...]:
    args = tuple(values)
    if not args:
        raise ValueError("the mean and the logsumexp of no numbers are undefined: pass at least one")
    return args


def pack_pairs(xs: Iterable[Any], ys: Iterable[Any]) -> tuple[Any, ...]:
    xs, ys = tuple(xs), tuple(ys)
    if len(xs) != len(ys):
        raise ValueError(f"dot expects two lists of one length, got {len(xs)} and {len(ys)}")
    return xs + ys


def add_up(terms: Iterable[Any]) -> Any:
    """Left to right, so that eager, compiled and replayed sums round alike; the empty sum is 0."""
    return functools.reduce(operator.add, terms, 0.0)


def positive_part(x: float) -> float:
    return 0.0 if x <= 0.0 else x  # a nan passes through


def larger(x: float, y: float) -> float:
    return x if x > y or x != x else y  # a nan in either wins, as in PyTorch and NumPy


def smaller(x: float, y: float) -> float:
    return x if x < y or x != x else y


def signum(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x + 0.0  # 0 for both zeros, nan for nan


def sigmoid_forward(x: Any) -> Any:
    tail = exp(-abs(x))  # never exp of a positive number: no overflow at either end
    return where(greater_equal(x, 0.0), 1.0, tail) / (1.0 + tail)


def log_of_powers(xs: Iterable[Any]) -> tuple[Any, Any]:
    """The greatest number m, and ln sum e^(x - m): apart, since m + the logarithm would swallow it where m is large."""
    xs = tuple(xs)
    highest = functools.reduce(maximum, xs)
    shift = where(less(abs(highest), inf), highest, 0.0)  # inf - inf would be nan
    return shift, log(add_up(exp(x - shift) for x in xs))


def cross_entropy_forward(target: Any, x: Any, *xs: Any) -> Any:
    shift, rest = log_of_powers((x, *xs))
    return rest - (target - shift)  # not logsumexp - target: both may be 1e16, and their difference is what counts


def softmax_near(total: Any, xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """e^x over the sum of them all; `total`, near their logsumexp, keeps the powers small, and its rounding cancels."""
    powers = [exp(x - total) for x in xs]
    whole = add_up(powers)
    return tuple([power / whole for power in powers])


def softmax_slopes(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of the cross-entropy: -1 along the target, and along each x its softmax."""
    return -1.0, *softmax_near(log_total(xs), xs)


def log_total(xs: Iterable[Any]) -> Any:
    """The row `logsumexp`, for rules that mention it: one node of a graph, shared by all who write it."""
    return logsumexp(xs)


def logaddexp_forward(x: Any, y: Any) -> Any:
    return where(equal(x, y), x + LN2, maximum(x, y) + log1p(exp(-abs(x - y))))  # equal: also inf and inf


def tex_sum(*xs: str) -> str:
    return " + ".join(xs) or "0"


def tex_dot(*a: str) -> str:
    return tex_sum(*(rf"{x} \cdot {y}" for x, y in zip(a[: len(a) // 2], a[len(a) // 2 :])))


# Rows that earlier rows mention.
sign: Primitive
cos: Primitive
log: Primitive
pow: Primitive
cosh: Primitive
hypot: Primitive
where: Primitive
maximum: Primitive
greater: Primitive
greater_equal: Primitive
less: Primitive
less_equal: Primitive
equal: Primitive
logsumexp: Primitive

# fmt: off
P = Primitive
identity = P("identity", float,            lambda x, z: (1.0,),                 symbol="+", tex="{0}", numpy="positive")

# arithmetic
neg      = P("neg",      operator.neg,     lambda x, z: (-1.0,),                symbol="-", tex="-{0}", numpy="negative")
add      = P("add",      operator.add,     lambda x, y, z: (1.0, 1.0),          symbol="+", tex="{0} + {1}")
sub      = P("sub",      operator.sub,     lambda x, y, z: (1.0, -1.0),         symbol="-", tex="{0} - {1}", numpy="subtract")
mul      = P("mul",      operator.mul,     lambda x, y, z: (y, x),              symbol="*", tex=r"{0} \cdot {1}", numpy="multiply")
div      = P("div",      ieee.divide,      lambda x, y, z: (1.0 / y, -z / y),   symbol="/", tex=r"\frac{{{0}}}{{{1}}}",
             pole=lambda x, y: y, numpy="divide")  # not -x/y**2: y**2 overflows long before z/y does
pow      = P("pow",      ieee.power,       lambda x, y, z: (y * pow(x, y - 1.0 + equal(y, 0.0)),  # y = 0: 0 * x**0, not 0 * x**-1
                                                            where(equal(x, 0.0) * greater_equal(y, 0.0), 0.0, z * log(x))),
             symbol="**", tex="{0}^{{{1}}}", domain=(POSITIVE, REAL), numpy="power")
abs      = P("abs",      operator.abs,     lambda x, z: (sign(x),),             tex=r"\left|{0}\right|", kink=lambda x: x, numpy="absolute")

# exponentials, logarithms, roots
exp      = P("exp",      ieee.exp,         lambda x, z: (z,),                   tex="e^{{{0}}}")
expm1    = P("expm1",    ieee.expm1,       lambda x, z: (z + 1.0,),             tex="e^{{{0}}} - 1")
log      = P("log",      ieee.log,         lambda x, z: (1.0 / x,),             tex=r"\ln\left({0}\right)", domain=(POSITIVE,))
log1p    = P("log1p",    ieee.log1p,       lambda x, z: (1.0 / (1.0 + x),),     tex=r"\ln\left(1 + {0}\right)", domain=((-1.0, inf),))
log2     = P("log2",     ieee.log2,        lambda x, z: (1.0 / (LN2 * x),),     tex=r"\log_{{2}}\left({0}\right)", domain=(POSITIVE,))
log10    = P("log10",    ieee.log10,       lambda x, z: (1.0 / (LN10 * x),),    tex=r"\log_{{10}}\left({0}\right)", domain=(POSITIVE,))
sqrt     = P("sqrt",     ieee.sqrt,        lambda x, z: (0.5 / z,),             tex=r"\sqrt{{{0}}}", domain=(POSITIVE,))
cbrt     = P("cbrt",     math.cbrt,        lambda x, z: (1.0 / (3.0 * z * z),), tex=r"\sqrt[3]{{{0}}}", kink=lambda x: x)

# circular and hyperbolic functions
sin      = P("sin",      ieee.sin,         lambda x, z: (cos(x),),              tex=r"\sin\left({0}\right)")
cos      = P("cos",      ieee.cos,         lambda x, z: (-sin(x),),             tex=r"\cos\left({0}\right)")
tan      = P("tan",      ieee.tan,         lambda x, z: (1.0 + z * z,),         tex=r"\tan\left({0}\right)", pole=lambda x: cos(x))
asin     = P("asin",     ieee.asin,        lambda x, z: (1.0 / sqrt((1.0 - x) * (1.0 + x)),),  tex=r"\arcsin\left({0}\right)", domain=(UNIT,), numpy="arcsin")
acos     = P("acos",     ieee.acos,        lambda x, z: (-1.0 / sqrt((1.0 - x) * (1.0 + x)),), tex=r"\arccos\left({0}\right)", domain=(UNIT,), numpy="arccos")
atan     = P("atan",     math.atan,        lambda x, z: (1.0 / (1.0 + x * x),), tex=r"\arctan\left({0}\right)", numpy="arctan")
atan2    = P("atan2",    math.atan2,       lambda y, x, z: (x / hypot(x, y) / hypot(x, y), -y / hypot(x, y) / hypot(x, y)),  # the squares of 1e200 overflow
             tex=r"\operatorname{{atan2}}\left({0}, {1}\right)", kink=lambda y, x: where(less(x, 0.0), y, hypot(x, y)), numpy="arctan2")
sinh     = P("sinh",     ieee.sinh,        lambda x, z: (cosh(x),),             tex=r"\sinh\left({0}\right)")
cosh     = P("cosh",     ieee.cosh,        lambda x, z: (sinh(x),),             tex=r"\cosh\left({0}\right)")
tanh     = P("tanh",     math.tanh,        lambda x, z: (1.0 - z * z,),         tex=r"\tanh\left({0}\right)")
asinh    = P("asinh",    math.asinh,       lambda x, z: (1.0 / hypot(x, 1.0),), tex=r"\operatorname{{arsinh}}\left({0}\right)", numpy="arcsinh")
acosh    = P("acosh",    ieee.acosh,       lambda x, z: (1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),),
             tex=r"\operatorname{{arcosh}}\left({0}\right)", domain=((1.0, inf),), numpy="arccosh")
atanh    = P("atanh",    ieee.atanh,       lambda x, z: (1.0 / ((1.0 - x) * (1.0 + x)),),
             tex=r"\operatorname{{artanh}}\left({0}\right)", domain=(UNIT,), numpy="arctanh")
hypot    = P("hypot",    math.hypot,       lambda x, y, z: (x / z, y / z),      tex=r"\sqrt{{{0}^2 + {1}^2}}", kink=lambda x, y: hypot(x, y))
erf      = P("erf",      math.erf,         lambda x, z: (TWO_OVER_SQRT_PI * exp(-(x * x)),), tex=r"\operatorname{{erf}}\left({0}\right)")

# activations
sigmoid  = P("sigmoid",  sigmoid_forward,  lambda x, z: (z * (1.0 - z),),       tex=r"\sigma\left({0}\right)", composite=True)
softplus = P("softplus", lambda x: maximum(x, 0.0) + log1p(exp(-abs(x))),
                                           lambda x, z: (sigmoid(x),),          tex=r"\operatorname{{softplus}}\left({0}\right)", composite=True)
silu     = P("silu",     lambda x: x * sigmoid(x),
                                           lambda x, z: (sigmoid(x) + z * sigmoid(-x),), tex=r"\operatorname{{silu}}\left({0}\right)", composite=True)
gelu     = P("gelu",     lambda x: 0.5 * x * (1.0 + erf(SQRT_HALF * x)),
                                           lambda x, z: (0.5 * (1.0 + erf(SQRT_HALF * x)) + INV_SQRT_2PI * x * exp(-0.5 * x * x),),
             tex=r"\operatorname{{gelu}}\left({0}\right)", composite=True)
relu     = P("relu",     positive_part,    lambda x, z: (greater(x, 0.0),),     tex=r"\operatorname{{relu}}\left({0}\right)", kink=lambda x: x)
leaky_relu = P("leaky_relu", lambda x, negative_slope: where(greater(x, 0.0), x, negative_slope * x),
                                           lambda x, negative_slope, z: (where(greater(x, 0.0), 1.0, negative_slope), where(greater(x, 0.0), 0.0, x)),
             kink=lambda x, negative_slope: x, pack=lambda x, negative_slope=0.01: (x, negative_slope), composite=True)
elu      = P("elu",      lambda x, alpha: where(greater(x, 0.0), x, alpha * expm1(x)),
                                           lambda x, alpha, z: (where(greater(x, 0.0), 1.0, z + alpha), expm1(where(greater(x, 0.0), 0.0, x))),  # not of a large x: inf * 0
             kink=lambda x, alpha: x, pack=lambda x, alpha=1.0: (x, alpha), composite=True)

# selections and comparisons: 1.0 for true, 0.0 for false
maximum  = P("maximum",  larger,           lambda x, y, z: (greater(x, y) + 0.5 * equal(x, y), less(x, y) + 0.5 * equal(x, y)),
             tex=r"\max\left({0}, {1}\right)", kink=lambda x, y: x - y)
minimum  = P("minimum",  smaller,          lambda x, y, z: (less(x, y) + 0.5 * equal(x, y), greater(x, y) + 0.5 * equal(x, y)),
             tex=r"\min\left({0}, {1}\right)", kink=lambda x, y: x - y)
clamp    = P("clamp",    lambda x, min, max: smaller(larger(x, min), max),
                                           lambda x, min, max, z: (greater_equal(x, min) * less_equal(x, max), less(x, min) * less(min, max),
                                                                   1.0 - (1.0 - greater(x, max)) * (1.0 - greater(min, max))),
             kink=lambda x, min, max: (x - min) * (x - max) * (max - min), pack=lambda x, min=-inf, max=inf: (x, min, max), numpy="clip",
             tex=r"\min\left(\max\left({0}, {1}\right), {2}\right)")
sign     = P("sign",     signum,           lambda x, z: (0.0,),                 tex=r"\operatorname{{sign}}\left({0}\right)", kink=lambda x: x)
where    = P("where",    lambda condition, x, y: x if condition else y,
                                           lambda condition, x, y, z: (0.0, where(condition, 1.0, 0.0), where(condition, 0.0, 1.0)),
             tex=r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}", kink=lambda condition, x, y: condition)
greater       = P("greater",       lambda x, y: 1.0 if x > y else 0.0,  lambda x, y, z: (0.0, 0.0), tex=r"\left[{0} > {1}\right]", kink=lambda x, y: x - y)
greater_equal = P("greater_equal", lambda x, y: 1.0 if x >= y else 0.0, lambda x, y, z: (0.0, 0.0), tex=r"\left[{0} \ge {1}\right]", kink=lambda x, y: x - y)
less          = P("less",          lambda x, y: 1.0 if x < y else 0.0,  lambda x, y, z: (0.0, 0.0), tex=r"\left[{0} < {1}\right]", kink=lambda x, y: x - y)
less_equal    = P("less_equal",    lambda x, y: 1.0 if x <= y else 0.0, lambda x, y, z: (0.0, 0.0), tex=r"\left[{0} \le {1}\right]", kink=lambda x, y: x - y)
equal         = P("equal",         lambda x, y: 1.0 if x == y else 0.0, lambda x, y, z: (0.0, 0.0), tex=r"\left[{0} = {1}\right]", kink=lambda x, y: x - y)

# many operands
sum      = P("sum",      lambda *xs: add_up(xs),
                                           lambda *a: (1.0,) * (len(a) - 1),    tex=tex_sum, pack=pack_values, composite=True)
mean     = P("mean",     lambda *xs: add_up(xs) / len(xs),
                                           lambda *a: (1.0 / (len(a) - 1),) * (len(a) - 1),
             tex=lambda *xs: rf"\frac{{{tex_sum(*xs)}}}{{{len(xs)}}}", pack=pack_some, composite=True)
dot      = P("dot",      lambda *a: add_up(map(operator.mul, a[: len(a) // 2], a[len(a) // 2 :])),
                                           lambda *a: a[len(a) // 2 : -1] + a[: len(a) // 2],
             tex=tex_dot, pack=pack_pairs, composite=True)
logsumexp = P("logsumexp", lambda *xs: add_up(log_of_powers(xs)),
                                           lambda *a: softmax_near(a[-1], a[:-1]),
             tex=lambda *xs: rf"\ln\left({tex_sum(*(f'e^{{{x}}}' for x in xs))}\right)", pack=pack_some, composite=True)
cross_entropy = P("cross_entropy", cross_entropy_forward,  # of softmax; target: the logit that is right
                                           lambda target, x, *a: softmax_slopes((x, *a[:-1])),
             tex=lambda target, *xs: rf"\ln\left({tex_sum(*(f'e^{{{x}}}' for x in xs))}\right) - {target}", composite=True)
logaddexp = P("logaddexp", logaddexp_forward, lambda x, y, z: (sigmoid(x - y), sigmoid(y - x)),
             tex=r"\ln\left(e^{{{0}}} + e^{{{1}}}\right)", composite=True)
# fmt: on

# The names of this file as the rules see them when they are given floats only: see `on_floats`.
_FLOATS = dict(globals())


def on_floats(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The same text for floats only: an operation in it is its forward function, not asked first what it is given.

    >>> on_floats(tanh.partials)(0.5, 0.25), on_floats(relu.partials)(0.5, 0.5)
    ((0.9375,), (1.0,))
    """
    if getattr(rule, "__globals__", None) is not globals():
        return rule  # a function of math, or a user's rule
    assert isinstance(rule, FunctionType)
    return FunctionType(rule.__code__, _FLOATS, rule.__name__, rule.__defaults__, rule.__closure__)


_FLOATS.update({name: on_floats(row.forward) for name, row in TABLE.items()})

if not TYPE_CHECKING:  # a type checker reads the rows themselves
    __all__ = list(TABLE)
