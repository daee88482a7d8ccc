"""The operations of the table on vectors, in double and in single precision.

exp, log, tanh, sin and cos have routines of their own. Largest errors, in units in the last place over the whole range,
subnormal results included; what was measured is in brackets (tests/compiler/test_vectormath.py measures again):

                exp          log          tanh         sin, cos     sigmoid
    float64     1.0 (0.89)   1.0 (0.86)   1.1 (1.06)   1.0 (0.84)   2.5 (2.4)
    float32     1.0 (0.87)   1.0 (0.81)   1.1 (1.04)   0.6 (0.50)   2.5 (2.3)

nan, the infinities and zeros of either sign give what the table's forward function gives, to the sign. An operation
without a routine asks the scalar function (`mathematics`) lane by lane. In single precision that, and sin and cos, are
computed in double precision and rounded.

The reductions are the classical ones (Cody and Waite 1980); the coefficients of log, sin and cos are those of Sun's
fdlibm; those of exp interpolate (e^r - 1 - r) / r^2 at Chebyshev's points of |r| <= 0.3467.
"""

from collections.abc import Callable, Sequence
from math import inf, nan
from typing import NamedTuple

from llvmlite import ir

from autograd.compiler.lanes import DOUBLE, FORMATS, I1, I32, Lanes, declared
from autograd.compiler.mathematics import address, symbol
from autograd.primitive import TABLE, Primitive


class Constants(NamedTuple):
    """What the routines of one format are made of."""

    exp: list[float]
    exp_range: tuple[float, float]  # beyond it e^x is 0 or infinite
    exp_normal: float  # of |x|: up to it e^x is a normal number
    tanh_limit: float  # of 2|x|: beyond it tanh is 1
    ln2: tuple[float, float]  # high and low part: a whole number times the high part is exact
    log: list[float]
    sqrt_half_bits: int
    tiny: float  # the smallest normal number
    tiny_bits: int  # a shift that makes subnormal numbers normal


CONSTANTS = {
    "f64": Constants(
        [0.5, 0.1666666666666667, 0.04166666666666667, 0.00833333333332612, 0.0013888888888883737,
         0.00019841269874873975, 2.480158732558584e-05, 2.755725533255441e-06, 2.7557273594799413e-07,
         2.510524515390137e-08, 2.0914707069612355e-09],
        (-746.0, 710.0), 708.0, 40.0, (6.93147180369123816490e-01, 1.90821492927058770002e-10),
        [6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
         1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01],
        0x3FE6A09E667F3BCD, 2.2250738585072014e-308, 54),
    "f32": Constants(
        [0.5, 0.1666666716337204, 0.041666463017463684, 0.00833331048488617, 0.001393367419950664,
         0.00019891017291229218],
        (-105.0, 90.0), 87.0, 20.0, (6.93145751953125e-01, 1.42860676533018704503e-06),
        [6.6666662693023681641e-01, 4.0000972151756286621e-01, 2.8498786687850952148e-01, 2.4279078841209411621e-01],
        0x3F3504F3, 1.1754943508222875e-38, 25),
}  # fmt: skip
LOG2E = 1.44269504088896338700
# (r - sin r) / r^3 and (cos r - 1 + r^2 / 2) / r^4 in powers of r^2
SIN = [1.66666666666666324348e-01, -8.33333333332248946124e-03, 1.98412698298579493134e-04,
       -2.75573137070700676789e-06, 2.50507602534068634195e-08, -1.58969099521155010221e-10]
COS = [4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
       -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11]
TWO_OVER_PI = 6.36619772367581382433e-01
HALF_PI = [1.5707963267948966, 6.12323399538461e-17, 3.5215598651832e-27]  # in 53, 33 and 53 bits
LARGEST_ANGLE = 1e6  # beyond it the reduction by HALF_PI loses digits, and the scalar function is asked


def constants(x: Lanes) -> Constants:
    return CONSTANTS[x.format.suffix]


def polynomial(x: Lanes, coefficients: list[float]) -> Lanes:
    """coefficients[0] + coefficients[1]*x + ... by Horner's rule."""
    total = x.like(coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total.times(x, c)
    return total


def absolute(x: Lanes) -> Lanes:
    return x.call("llvm.fabs")


def clipped(x: Lanes, low: float, high: float) -> Lanes:
    """x between the limits; a nan stays one."""
    x = x.compare(">", high).select(high, x)
    return x.compare("<", low).select(low, x)


def power_of_two(shifted: Lanes) -> Lanes:
    """2**n for n + magic, n in the range of exponents."""
    b, f = shifted.builder, shifted.format
    exponent = b.add(shifted.bits(), shifted.bits_like(f.bias - f.magic_bits))
    return shifted.of_bits(b.shl(exponent, shifted.bits_like(f.fraction)))


def exp_parts(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """n + magic, r and c with e^x = 2^n (1 + r + c), |r| <= ln(2)/2; c carries what r lost in rounding."""
    k, magic = constants(x), x.format.magic
    shifted = x.times(LOG2E, magic)
    n = shifted - magic
    high = n.times(-k.ln2[0], x)
    r = n.times(-k.ln2[1], high)
    rest = n.times(-k.ln2[1], high - r)
    square = r * r  # even and odd powers side by side: neither waits for the other
    even, odd = polynomial(square, k.exp[::2]), polynomial(square, k.exp[1::2])
    return shifted, r, square.times(odd.times(r, even), rest)


def exp(x: Lanes) -> Lanes:
    return near(x, constants(x).exp_normal, lambda y: [normal_exp(y)], lambda y: [any_exp(y)])[0]


def normal_exp(x: Lanes) -> Lanes:
    """Where the result is a normal number, 2^n is added to its exponent."""
    b = x.builder
    shifted, r, c = exp_parts(x)
    value = 1.0 + (r + c)
    return x.of_bits(b.add(value.bits(), b.shl(shifted.bits(), x.bits_like(x.format.fraction))))


def any_exp(x: Lanes) -> Lanes:
    shifted, r, c = exp_parts(clipped(x, *constants(x).exp_range))
    magic = x.format.magic
    n = shifted - magic
    half = n * 0.5 + magic  # in two steps, since 2**n itself may be out of range
    return (1.0 + (r + c)) * power_of_two(half) * power_of_two((n - (half - magic)) + magic)


def tanh(x: Lanes) -> Lanes:
    """1 - 2 / d with d = e^y + 1, y = 2|x|; d and the quotient carry their rounding errors along."""
    limit = constants(x).tanh_limit
    y = absolute(x + x)
    shifted, r, c = exp_parts(y.compare(">", limit).select(limit, y))
    p = r + c
    p_rest = (r - p) + c
    s = power_of_two(shifted)  # e^y = s (1 + p + p_rest)
    above, b = s + 1.0, s * p
    d = above + b
    d_rest = s.times(p_rest, (above - d) + b)
    inverse = 1.0 / d
    q = inverse + inverse
    missing = (-q).times(d_rest, (-q).fused(d, 2.0))
    return (-missing).times(inverse, 1.0 - q).call("llvm.copysign", x)


def log(x: Lanes) -> Lanes:
    b, f, c = x.builder, x.format, constants(x)
    tiny = x.compare("<", c.tiny)
    y = tiny.select(x * 2.0**c.tiny_bits, x)
    bits = b.add(y.bits(), x.bits_like(f.one_bits - c.sqrt_half_bits))
    exponent = b.lshr(bits, x.bits_like(f.fraction))
    k = x.of_bits(b.add(exponent, x.bits_like(f.magic_bits - f.bias))) - f.magic
    k = k + tiny.select(x.like(-c.tiny_bits), 0.0)
    fraction = b.and_(bits, x.bits_like((1 << f.fraction) - 1))
    g = x.of_bits(b.add(fraction, x.bits_like(c.sqrt_half_bits))) - 1.0
    s = g / (g + 2.0)
    z = s * s
    r = z * polynomial(z, c.log)
    half_square = 0.5 * g * g
    value = k * c.ln2[0] - ((half_square - (s * (half_square + r) + k * c.ln2[1])) - g)
    value = x.compare("<", inf).select(value, x)  # inf and nan
    value = x.compare("==", 0.0).select(x.like(-inf), value)
    return x.compare("<", 0.0).select(x.like(nan), value)


def sin(x: Lanes) -> Lanes:
    return circular(x, "sin")[0]


def cos(x: Lanes) -> Lanes:
    return circular(x, "cos")[0]


def circular(x: Lanes, *names: str) -> list[Lanes]:
    """sin, cos, or both for little more than the price of one."""
    y = x.converted(FORMATS["float64"])
    found = near(y, LARGEST_ANGLE, lambda z: quarter_turns(z, names),
                 lambda z: [lane_by_lane(TABLE[name], z) for name in names])
    return [value.converted(x.format) for value in found]


def quarter_turns(x: Lanes, names: Sequence[str]) -> list[Lanes]:
    """Sine, cosine of x = n pi/2 + r - excess: that of r, or the other if n is odd, with the sign of n's quarter."""
    b = x.builder
    shifted = x.times(TWO_OVER_PI, x.format.magic)
    n = shifted - x.format.magic
    t = n.fused(-HALF_PI[0], x)  # exact, since x and HALF_PI[0] have no bits below 2^-53 where n is not 0
    r = n.fused(-HALF_PI[1], t)
    excess = n.times(HALF_PI[2], n.fused(HALF_PI[1], r - t))  # r - t is exact too: n * HALF_PI[1] has 53 bits
    z = r * r
    sine = r - (z * r).times(polynomial(z, SIN), excess)  # -0.0 at -0.0
    cosine = 1.0 + (-0.5 * r).fused(r, (z * z).times(polynomial(z, COS), r * excess))
    turns = shifted.bits()
    odd = b.trunc(turns, ir.VectorType(I1, x.count))
    found = []
    for name in names:
        one, other, ahead = (sine, cosine, 0) if name == "sin" else (cosine, sine, 1)  # cos(x) = sin(x + pi/2)
        value = Lanes(b, b.select(odd, other.value, one.value))
        sign = b.shl(b.and_(b.add(turns, x.bits_like(ahead)), x.bits_like(2)), x.bits_like(62))
        found.append(x.of_bits(b.xor(value.bits(), sign)))
    return found


Routine = Callable[[Lanes], list[Lanes]]


def near(x: Lanes, limit: float, quick: Routine, slow: Routine) -> list[Lanes]:
    """`quick(x)`, or `slow(x)` if any |x| is above `limit` (or nan)."""
    b = x.builder
    small = absolute(x).compare("<=", limit).value
    every = declared(b.module, f"llvm.vector.reduce.and.v{x.count}i1", I1, [small.type])
    with b.if_else(b.call(every, [small]), likely=True) as (then, otherwise):
        with then:
            ones, then_block = quick(x), b.block
        with otherwise:
            others, else_block = slow(x), b.block
    found = []
    for one, other in zip(ones, others):
        merged = b.phi(x.value.type)
        merged.add_incoming(one.value, then_block)
        merged.add_incoming(other.value, else_block)
        found.append(Lanes(b, merged))
    return found


def in_double(routine: Callable[..., Lanes], *args: Lanes) -> Lanes:
    """Computed in double precision, and rounded."""
    return routine(*[x.converted(FORMATS["float64"]) for x in args]).converted(args[0].format)


def lane_by_lane(op: Primitive, *args: Lanes) -> Lanes:
    """The scalar function of an operation."""
    return in_double(lambda *args: _called(op, args), *args)


def _called(op: Primitive, args: tuple[Lanes, ...]) -> Lanes:
    b, kind = args[0].builder, args[0].value.type
    function = declared(b.module, symbol(op, "f64"), DOUBLE, [DOUBLE] * len(args))
    value = ir.Constant(kind, ir.Undefined)
    for lane in range(kind.count):
        at = ir.Constant(I32, lane)
        scalars = [b.extract_element(arg.value, at) for arg in args]
        value = b.insert_element(value, b.call(function, scalars), at)
    return Lanes(b, value)


def truth(how: str) -> Callable[[Lanes, Lanes], Lanes]:
    return lambda x, y: x.compare(how, y).select(x.like(1.0), x.like(0.0))


def larger(x: Lanes, y: Lanes) -> Lanes:
    return x.compare(">", y).select(x, x.compare("!=", x).select(x, y))


def smaller(x: Lanes, y: Lanes) -> Lanes:
    return x.compare("<", y).select(x, x.compare("!=", x).select(x, y))


def sign(x: Lanes) -> Lanes:
    return x.compare(">", 0.0).select(x.like(1.0), x.compare("<", 0.0).select(x.like(-1.0), x + 0.0))


ROUTINES: dict[str, Callable[..., Lanes]] = {"exp": exp, "log": log, "tanh": tanh, "sin": sin, "cos": cos}

# How a processor does the plain operations of the table. What has no line here is asked lane by lane.
OPERATIONS: dict[str, Callable[..., Lanes]] = {
    "identity": lambda x: x, "neg": lambda x: -x, "add": lambda x, y: x + y, "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y, "div": lambda x, y: x / y, "abs": absolute, "sqrt": lambda x: x.call("llvm.sqrt"),
    "relu": lambda x: x.compare("<=", 0.0).select(x.like(0.0), x),
    "maximum": larger, "minimum": smaller, "clamp": lambda x, low, high: smaller(larger(x, low), high), "sign": sign,
    "where": lambda condition, x, y: condition.compare("!=", 0.0).select(x, y),
    "greater": truth(">"), "greater_equal": truth(">="), "less": truth("<"), "less_equal": truth("<="),
    "equal": truth("=="), **ROUTINES,
}  # fmt: skip


def operation(op: Primitive, *args: Lanes) -> Lanes:
    """Emit a plain operation of the table, or one that you registered."""
    routine = OPERATIONS.get(op.name)
    return routine(*args) if routine else lane_by_lane(op, *args)


def symbols(op: Primitive) -> list[tuple[str, int]]:
    """The scalar function that the code of an operation may call, with its address."""
    return [] if op.name in OPERATIONS and op.name not in ("sin", "cos") else [(symbol(op, "f64"), address(op))]
