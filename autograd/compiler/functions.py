"""One kernel per formula: element by element over rows and columns, operands contiguous, shared or strided.

Instruction words: 1, 2 the extents of the two row loops, 3 the columns; then for each result and each operand four:
address, outer stride, inner stride, column stride.
"""

from collections.abc import Callable
from math import inf
from typing import Any

from autograd.compiler import vectormath
from autograd.compiler.emit import Kernel, whole
from autograd.compiler.formula import Formula
from autograd.compiler.vectormath import Lanes

# Powers with these exponents are written into the formula: products, quotients and roots instead of libm's pow.
EXPONENTS: dict[Any, Callable[[Lanes], Lanes]] = {
    3.0: lambda x: x * x * x, 2.0: lambda x: x * x, 0.5: lambda x: root(x), -0.5: lambda x: 1.0 / root(x),
    -1.0: lambda x: 1.0 / x, -1.5: lambda x: 1.0 / root(x) / x, -2.0: lambda x: 1.0 / x / x,
}

CONTIGUOUS, SHARED, STRIDED = "c", "b", "s"


def truth(how: str) -> Callable[[Lanes, Lanes], Lanes]:
    return lambda x, y: x.compare(how, y).select(x.like(1.0), x.like(0.0))


def larger(x: Lanes, y: Lanes) -> Lanes:
    return x.compare(">", y).select(x, x.compare("!=", x).select(x, y))


def smaller(x: Lanes, y: Lanes) -> Lanes:
    return x.compare("<", y).select(x, x.compare("!=", x).select(x, y))


def root(x: Lanes) -> Lanes:
    """x ** 0.5, which unlike the square root is inf at -inf and 0 at -0."""
    return (x.compare("==", -inf).select(-x, x) + 0.0).call("llvm.sqrt")


def sign(x: Lanes) -> Lanes:
    return x.compare(">", 0.0).select(x.like(1.0), x.compare("<", 0.0).select(x.like(-1.0), x + 0.0))


# How a processor does the plain operations of the table; composite ones are written out by their own forward formula.
LOWERED: dict[str, Callable[..., Lanes]] = {
    "identity": lambda x: x, "neg": lambda x: -x, "add": lambda x, y: x + y, "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y, "div": lambda x, y: x / y, "abs": vectormath.absolute,
    "sqrt": lambda x: x.call("llvm.sqrt"), "exp": vectormath.exp, "log": vectormath.log, "tanh": vectormath.tanh,
    "sin": vectormath.sin, "cos": vectormath.cos, "relu": lambda x: x.compare("<=", 0.0).select(x.like(0.0), x),
    "maximum": larger, "minimum": smaller, "clamp": lambda x, low, high: smaller(larger(x, low), high), "sign": sign,
    "where": lambda condition, x, y: condition.compare("!=", 0.0).select(x, y),
    "greater": truth(">"), "greater_equal": truth(">="), "less": truth("<"), "less_equal": truth("<="),
    "equal": truth("=="),
}
LIBM = {"pow", "expm1", "log1p", "log2", "log10", "cbrt", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
        "asinh", "acosh", "atanh", "hypot", "erf"}  # as C spells them


def unsupported(formula: Any) -> str | None:
    """The name of an operation in the formula that no kernel can be made for (a user's own Python function)."""
    op = formula.op if isinstance(formula, Formula) else None
    if op is None:
        return None
    if op.composite:
        return unsupported(op.forward(*formula.args))
    if op.name not in LOWERED and op.name not in LIBM:
        return op.name
    return next(filter(None, map(unsupported, formula.args)), None)


def lower(formula: Any, operands: list[Lanes]) -> Lanes:
    """Emit a formula; a subexpression that is one object is computed once."""
    known: dict[str, Lanes] = {}

    def visit(node: Any) -> Lanes:
        if not isinstance(node, Formula):
            return operands[0].like(node)
        if node.op is None:
            return operands[node.slot]
        if node.key not in known:
            known[node.key] = apply(node)
        return known[node.key]

    def apply(node: Formula) -> Lanes:
        op = node.op
        assert op is not None
        if op.composite:
            return visit(op.forward(*node.args))
        if op.name == "pow" and node.args[1] in EXPONENTS:
            return EXPONENTS[node.args[1]](visit(node.args[0]))
        args = [visit(arg) for arg in node.args]
        return LOWERED[op.name](*args) if op.name in LOWERED else vectormath.libm(op.name, *args)

    return visit(formula)


def emit(module: Any, name: str, width: int, formulas: list[Formula], modes: str) -> None:
    """The kernel that computes `formulas` of its operands; `modes` has a letter per result, then one per operand."""
    k = Kernel(module, name, width)
    b = k.b
    every = k.every_lane()
    words = [[k.word(4 * i + j) for j in range(4, 8)] for i in range(len(modes))]  # words 4 to 7 are the first result's

    def rows(i: Any, j: Any) -> None:
        at = [k.offset(k.offset(base, i, outer), j, inner) for base, outer, inner, _ in words]

        def read(slot: int, offset: Any, index: Any, mask: Any) -> Lanes:
            stride, mode = words[slot][3], modes[slot]
            if mode == CONTIGUOUS:
                return k.lanes(k.load(b.add(at[slot], offset), mask))
            if mode == SHARED:
                return k.lanes(k.broadcast(at[slot]))
            return k.lanes(k.gather(k.offset(at[slot], index, stride), stride, every if mask is None else mask))

        def block(start: Any, mask: Any, vectors: int) -> None:
            for x in range(vectors):
                vector(b.add(start, whole(x * k.step)), mask)

        def vector(offset: Any, mask: Any) -> None:
            index = b.lshr(offset, whole(3))
            operands = [read(slot, offset, index, mask) for slot in range(len(formulas), len(modes))]
            for slot, value in enumerate([lower(formula, operands) for formula in formulas]):
                if modes[slot] == CONTIGUOUS:
                    k.store(value.value, b.add(at[slot], offset), mask)
                else:
                    stride = words[slot][3]
                    k.scatter(value.value, k.offset(at[slot], index, stride), stride, every if mask is None else mask)

        k.in_vectors(k.extent(3), block, 2)

    k.repeat(k.word(1), lambda i: k.repeat(k.word(2), lambda j: rows(i, j)) and None)
    k.finish()
