"""Vector arithmetic as LLVM instructions, and exp, log, tanh, sin and cos on vectors, to about one ulp.

`Lanes` is a vector of numbers in the code being built; arithmetic on it emits instructions. LLVM's own vector types
serve every processor it knows. Largest errors, measured against mpmath over the whole range (tests/compiler/
test_vectormath.py): exp 0.8, log 0.8, tanh 1.8, sin and cos 0.8 ulp. An operation without a routine of its own calls
libm's, lane by lane.

The reductions are the classical ones (Cody and Waite 1980); the coefficients of log, sin and cos are those of Sun's
fdlibm; those of exp interpolate (e^r - 1 - r) / r^2 at Chebyshev's points of |r| <= 0.3467.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir

DOUBLE, I64, I1 = ir.DoubleType(), ir.IntType(64), ir.IntType(1)
MAGIC = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, which then stands in the lowest bits
MAGIC_BITS = 0x4338000000000000
ONE_BITS = 0x3FF0000000000000

EXP = [0.5, 0.16666666666666669, 0.04166666666662404, 0.008333333333330055, 0.0013888888917258759,
       0.00019841269863088255, 2.4801521225986432e-05, 2.7557268406190795e-06, 2.7620121717381933e-07,
       2.51004110820149e-08]
LN2_HIGH, LN2_LOW, LOG2E = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.44269504088896338700
LOG = [6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
       1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01]
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
SIN = [-1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
       2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10]
COS = [4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
       -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11]
TWO_OVER_PI = 6.36619772367581382433e-01
HALF_PI = [1.57079632673412561417e+00, 6.07710050630396597660e-11, 2.02226624879595063154e-21]
LARGEST_ANGLE = 1e6  # beyond it the reduction by HALF_PI loses digits, and libm is asked


class Lanes:
    """A vector of `width` doubles in the code that `builder` builds, or (for comparisons) of truth values."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def like(self, x: Any) -> "Lanes":
        """`x` in every lane."""
        if isinstance(x, Lanes):
            return x
        return Lanes(self.builder, ir.Constant(self.value.type, [float(x)] * self.value.type.count))

    def _emit(self, name: str, *others: Any) -> "Lanes":
        return Lanes(self.builder, getattr(self.builder, name)(self.value, *(self.like(x).value for x in others)))

    def __add__(self, other: Any) -> "Lanes":
        return self._emit("fadd", other)

    def __sub__(self, other: Any) -> "Lanes":
        return self._emit("fsub", other)

    def __mul__(self, other: Any) -> "Lanes":
        return self._emit("fmul", other)

    def __truediv__(self, other: Any) -> "Lanes":
        return self._emit("fdiv", other)

    def __neg__(self) -> "Lanes":
        return self._emit("fneg")

    def __rsub__(self, other: Any) -> "Lanes":
        return self.like(other) - self

    def __rtruediv__(self, other: Any) -> "Lanes":
        return self.like(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def times(self, factor: Any, addend: Any) -> "Lanes":
        """self * factor + addend, rounded once where the processor can."""
        return self.call("llvm.fmuladd", factor, addend)

    def call(self, intrinsic: str, *others: Any) -> "Lanes":
        kind = self.value.type
        name = f"{intrinsic}.v{kind.count}{'f64' if kind.element == DOUBLE else 'f32'}"
        function = declared(self.builder.module, name, kind, [kind] * (1 + len(others)))
        return Lanes(self.builder, self.builder.call(function, [self.value, *(self.like(x).value for x in others)]))

    def compare(self, how: str, other: Any) -> "Lanes":
        """A truth value per lane; every comparison with nan but != is false."""
        emit = self.builder.fcmp_unordered if how == "!=" else self.builder.fcmp_ordered
        return Lanes(self.builder, emit(how, self.value, self.like(other).value))

    def select(self, yes: Any, no: Any) -> "Lanes":
        """This truth value's choice, lane by lane."""
        some = yes if isinstance(yes, Lanes) else no
        return Lanes(self.builder, self.builder.select(self.value, some.like(yes).value, some.like(no).value))

    def bits(self) -> Any:
        return self.builder.bitcast(self.value, ir.VectorType(I64, self.value.type.count))

    def of_bits(self, bits: Any) -> "Lanes":
        return Lanes(self.builder, self.builder.bitcast(bits, self.value.type))

    def bits_like(self, number: int) -> Any:
        return ir.Constant(ir.VectorType(I64, self.value.type.count), [number] * self.value.type.count)


def declared(module: Any, name: str, result: Any, args: list[Any]) -> Any:
    """The external function `name`, declared once in a module."""
    known = module.globals.get(name)
    return known if known is not None else ir.Function(module, ir.FunctionType(result, args), name)


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
    """2**n for n + MAGIC, -1023 < n < 1024."""
    b = shifted.builder
    exponent = b.add(shifted.bits(), shifted.bits_like((1023 - MAGIC_BITS) % 2**64))
    return shifted.of_bits(b.shl(exponent, shifted.bits_like(52)))


def exp_parts(x: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    """n, r, a rest of r, and c with e^x = 2^n (1 + r + rest + c), |r| <= ln(2)/2."""
    n = x.times(LOG2E, MAGIC) - MAGIC
    high = n.times(-LN2_HIGH, x)
    r = n.times(-LN2_LOW, high)
    rest = n.times(-LN2_LOW, high - r)
    square = r * r  # even and odd powers side by side: neither waits for the other
    return n, r, rest, square * polynomial(square, EXP[1::2]).times(r, polynomial(square, EXP[::2]))


def exp(x: Lanes) -> Lanes:
    n, r, rest, c = exp_parts(clipped(x, -746.0, 710.0))
    half = n * 0.5 + MAGIC  # in two steps, since 2**n itself may be out of range
    value = 1.0 + (r + (c + rest))
    return value * power_of_two(half) * power_of_two((n - (half - MAGIC)) + MAGIC)


def tanh(x: Lanes) -> Lanes:
    """t / (t + 2) with t = e^(2|x|) - 1, where t and the quotient carry their rounding errors along."""
    y = absolute(x + x)
    n, r, _, c = exp_parts(y.compare(">", 40.0).select(y.like(40.0), y))
    p = r + c
    p_rest = (r - p) + c
    s = power_of_two(n + MAGIC)
    a, b = s - 1.0, s * p
    t = a + b
    t_rest = s.times(p_rest, b - (t - a))
    d = t + 2.0
    inverse = 1.0 / d
    q = t * inverse
    missing = (-q).times(d, t) + t_rest
    return missing.times(inverse, q).call("llvm.copysign", x)


def log(x: Lanes) -> Lanes:
    b = x.builder
    tiny = x.compare("<", 2.2250738585072014e-308)
    y = tiny.select(x * 2.0**54, x)
    bits = b.add(y.bits(), x.bits_like(ONE_BITS - SQRT_HALF_BITS))
    exponent = b.lshr(bits, x.bits_like(52))
    k = x.of_bits(b.add(exponent, x.bits_like(MAGIC_BITS - 1023))) - MAGIC
    k = k + tiny.select(x.like(-54.0), 0.0)
    fraction = b.and_(bits, x.bits_like(0x000FFFFFFFFFFFFF))
    f = x.of_bits(b.add(fraction, x.bits_like(SQRT_HALF_BITS))) - 1.0
    s = f / (f + 2.0)
    z = s * s
    r = z * polynomial(z, LOG)
    half_square = 0.5 * f * f
    value = k * LN2_HIGH - ((half_square - (s * (half_square + r) + k * LN2_LOW)) - f)
    value = x.compare("<", float("inf")).select(value, x)  # inf and nan
    value = x.compare("==", 0.0).select(x.like(float("-inf")), value)
    return x.compare("<", 0.0).select(x.like(float("nan")), value)


def sin(x: Lanes) -> Lanes:
    return with_libm_beyond(LARGEST_ANGLE, "sin", lambda y: quarter_turns(y, 0), x)


def cos(x: Lanes) -> Lanes:
    return with_libm_beyond(LARGEST_ANGLE, "cos", lambda y: quarter_turns(y, 1), x)


def quarter_turns(x: Lanes, ahead: int) -> Lanes:
    """sin(x + ahead * pi/2): x = n pi/2 + r + rest, then the sine or cosine of r with n's sign."""
    b = x.builder
    shifted = x * TWO_OVER_PI + MAGIC
    n = shifted - MAGIC
    t = x - n * HALF_PI[0]  # exact: HALF_PI[0] has 33 bits
    w = n * HALF_PI[1]
    u = t - w
    low = n * HALF_PI[2] - ((t - u) - w)
    r = u - low
    rest = (u - r) - low
    z = r * r
    sine = r - ((z * (0.5 * rest - z * r * polynomial(z, SIN[1:])) - rest) - z * r * SIN[0])
    half = 0.5 * z
    one = 1.0 - half
    cosine = one + (((1.0 - one) - half) + (z * z * polynomial(z, COS) - r * rest))
    turns = b.add(shifted.bits(), x.bits_like(ahead))
    odd = b.trunc(turns, ir.VectorType(I1, x.value.type.count))
    value = Lanes(b, b.select(odd, cosine.value, sine.value))
    sign = b.shl(b.and_(turns, x.bits_like(2)), x.bits_like(62))
    return x.of_bits(b.xor(value.bits(), sign))


def with_libm_beyond(limit: float, name: str, near: Callable[[Lanes], Lanes], x: Lanes) -> Lanes:
    """`near(x)`, or libm's function of that name lane by lane if any |x| is above `limit` (or nan)."""
    b, count = x.builder, x.value.type.count
    small = absolute(x).compare("<=", limit).value
    every = declared(b.module, f"llvm.vector.reduce.and.v{count}i1", I1, [small.type])
    with b.if_else(b.call(every, [small]), likely=True) as (then, otherwise):
        with then:
            quick, then_block = near(x).value, b.block
        with otherwise:
            slow, else_block = libm(name, x).value, b.block
    merged = b.phi(x.value.type)
    merged.add_incoming(quick, then_block)
    merged.add_incoming(slow, else_block)
    return Lanes(b, merged)


def libm(name: str, *args: Lanes) -> Lanes:
    """The C library's function, lane by lane."""
    b, kind = args[0].builder, args[0].value.type
    function = declared(b.module, name, DOUBLE, [DOUBLE] * len(args))
    value = ir.Constant(kind, ir.Undefined)
    for lane in range(kind.count):
        at = ir.Constant(ir.IntType(32), lane)
        scalars = [b.extract_element(arg.value, at) for arg in args]
        value = b.insert_element(value, b.call(function, scalars), at)
    return Lanes(b, value)
