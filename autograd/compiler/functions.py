"""One kernel per formula: element by element over rows and columns, operands contiguous, shared or strided.

Instruction words: 1, 2 the extents of the two row loops, 3 the columns; then for each result and each operand four:
address, outer stride, inner stride, column stride.
"""

from collections.abc import Callable
from math import inf
from typing import Any

from autograd.compiler.emit import Kernel, whole
from autograd.compiler.formula import Formula, operations
from autograd.compiler.lanes import Lanes
from autograd.compiler.vectormath import ROUTINES, operation

# Powers with these exponents are written into the formula: products, quotients and roots instead of libm's pow.
EXPONENTS: dict[Any, Callable[[Lanes], Lanes]] = {
    3.0: lambda x: x * x * x, 2.0: lambda x: x * x, 0.5: lambda x: root(x), -0.5: lambda x: 1.0 / root(x),
    -1.0: lambda x: 1.0 / x, -1.5: lambda x: 1.0 / root(x) / x, -2.0: lambda x: 1.0 / x / x,
}

CONTIGUOUS, SHARED, STRIDED = "c", "b", "s"


def root(x: Lanes) -> Lanes:
    """x ** 0.5, which unlike the square root is inf at -inf and 0 at -0."""
    return (x.compare("==", -inf).select(-x, x) + 0.0).call("llvm.sqrt")


def computed(formula: Any, operands: list[Lanes]) -> Lanes:
    """The instructions of a formula of plain operations; a subexpression that occurs again is computed once."""
    known: dict[str, Lanes] = {}

    def visit(node: Any) -> Lanes:
        if not isinstance(node, Formula):
            return operands[0].like(node)
        if node.op is None:
            return operands[node.slot]
        if node.key not in known:
            if node.op.name == "pow" and node.args[1] in EXPONENTS:
                known[node.key] = EXPONENTS[node.args[1]](visit(node.args[0]))
            else:
                known[node.key] = operation(node.op, *map(visit, node.args))
        return known[node.key]

    return visit(formula)


def side_by_side(formulas: list[Formula]) -> int:
    """How many vectors are computed at once: while one waits for a result, another goes on. Routines wait long."""
    return 4 if any(op.name in ROUTINES for formula in formulas for op in operations(formula)) else 2


def emit(module: Any, name: str, width: int, dtype: str, formulas: list[Formula], modes: str) -> None:
    """The kernel that computes `formulas` of its operands; `modes` has a letter per result, then one per operand."""
    k = Kernel(module, name, width, dtype)
    b = k.b
    words = [[k.word(4 * i + j) for j in range(4, 8)] for i in range(len(modes))]  # words 4 to 7 are the first result's

    def rows(i: Any, j: Any) -> None:
        at = [k.offset(k.offset(base, i, outer), j, inner) for base, outer, inner, _ in words]

        def read(slot: int, offset: Any, index: Any, mask: Any) -> Lanes:
            stride, mode = words[slot][3], modes[slot]
            if mode == CONTIGUOUS:
                return k.lanes(k.load(b.add(at[slot], offset), mask))
            if mode == SHARED:
                return k.lanes(k.broadcast(at[slot]))
            return k.lanes(k.gather(k.offset(at[slot], index, stride), stride, mask))

        def block(offset: Any, mask: Any, vectors: int) -> None:
            k.of_width(vectors * width)
            elements(offset, mask)
            k.of_width(width)

        def elements(offset: Any, mask: Any) -> None:
            index = b.lshr(offset, whole(k.size.bit_length() - 1))
            operands = [read(slot, offset, index, mask) for slot in range(len(formulas), len(modes))]
            for slot, value in enumerate([computed(formula, operands) for formula in formulas]):
                if modes[slot] == CONTIGUOUS:
                    k.store(value.value, b.add(at[slot], offset), mask)
                else:
                    stride = words[slot][3]
                    k.scatter(value.value, k.offset(at[slot], index, stride), stride, mask)

        k.in_vectors(k.extent(3), block, side_by_side(formulas))

    k.repeat(k.word(1), lambda i: k.repeat(k.word(2), lambda j: rows(i, j)) and None)
    k.finish()
