"""Vector arithmetic as LLVM instructions: a `Lanes` is a vector of numbers in the code that is being built.

LLVM's own vector types serve every processor it knows. `Format` says what a number looks like, in double and in single
precision, for code that takes numbers apart into sign, exponent and fraction.
"""

from typing import Any, NamedTuple

from llvmlite import ir

DOUBLE, FLOAT, I64, I32, I1 = ir.DoubleType(), ir.FloatType(), ir.IntType(64), ir.IntType(32), ir.IntType(1)


class Format(NamedTuple):
    """A format of floating-point numbers: its LLVM type, its bits as an integer, and how they are divided."""

    element: Any
    integer: Any
    suffix: str  # what LLVM calls it in the names of intrinsics
    size: int  # bytes
    fraction: int  # bits
    bias: int  # of the exponent

    @property
    def magic(self) -> float:
        """Adding it rounds to an integer, which then stands in the lowest bits."""
        return 1.5 * 2.0**self.fraction

    @property
    def magic_bits(self) -> int:
        return (self.bias + self.fraction << self.fraction) + (1 << self.fraction - 1)

    @property
    def one_bits(self) -> int:
        return self.bias << self.fraction


FORMATS = {
    "float64": Format(DOUBLE, I64, "f64", 8, 52, 1023),
    "float32": Format(FLOAT, I32, "f32", 4, 23, 127),
}


class Lanes:
    """A vector of numbers in the code that `builder` builds, or (for comparisons) of truth values."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    @property
    def format(self) -> Format:
        return FORMATS["float64" if self.value.type.element == DOUBLE else "float32"]

    @property
    def count(self) -> int:
        lanes: int = self.value.type.count
        return lanes

    def like(self, x: Any) -> "Lanes":
        """`x` in every lane."""
        if isinstance(x, Lanes):
            return x
        return Lanes(self.builder, ir.Constant(self.value.type, [float(x)] * self.count))

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

    def fused(self, factor: Any, addend: Any) -> "Lanes":
        """The same, rounded once on every processor; slow on one that cannot."""
        return self.call("llvm.fma", factor, addend)

    def call(self, intrinsic: str, *others: Any) -> "Lanes":
        kind = self.value.type
        name = f"{intrinsic}.v{self.count}{self.format.suffix}"
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
        return self.builder.bitcast(self.value, ir.VectorType(self.format.integer, self.count))

    def of_bits(self, bits: Any) -> "Lanes":
        return Lanes(self.builder, self.builder.bitcast(bits, self.value.type))

    def bits_like(self, number: int) -> Any:
        """A number of as many bits in every lane."""
        integer = self.format.integer
        return ir.Constant(ir.VectorType(integer, self.count), [number % 2**integer.width] * self.count)

    def converted(self, format: Format) -> "Lanes":
        """The same numbers in another format, rounded where it is narrower."""
        if format == self.format:
            return self
        kind = ir.VectorType(format.element, self.count)
        convert = self.builder.fpext if format.size > self.format.size else self.builder.fptrunc
        return Lanes(self.builder, convert(self.value, kind))


def declared(module: Any, name: str, result: Any, args: list[Any]) -> Any:
    """The external function `name`, declared once in a module."""
    known = module.globals.get(name)
    return known if known is not None else ir.Function(module, ir.FunctionType(result, args), name)
