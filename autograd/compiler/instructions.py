"""Instructions: a kernel's name and the words it reads, before addresses of kernels are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autograd.compiler.formula import Formula, key, operations, written_out
from autograd.compiler.vectormath import symbols


class Walk(NamedTuple):
    """How a kernel walks along an operand: its first address, and the strides of the kernel's loops, all in bytes.

    The loops are those of kernels.py: i and r over rows, k over the pairs of a row, c along the vectors.
    """

    base: int
    i: int
    r: int
    k: int
    c: int


@dataclass
class Memory:
    """Where things are, in bytes: `shared(address)`, `sample(address)`; samples of one row are contiguous."""

    shared: Callable[[int], int]
    sample: Callable[[int], int]
    row: int  # from one row of samples to the next
    scratch: Callable[[int, int], int]  # (bytes per row, rows) -> room for them; SAMPLES rows: as many as a block has
    width: int  # numbers in a vector
    unit: int  # bytes of a number


Instruction = tuple[str, list[int]]


@dataclass
class Code:
    """Instructions as (kernel, words), and the formulas that need a kernel: (name -> formulas and operand modes)."""

    instructions: list[Instruction] = field(default_factory=list)
    functions: dict[str, tuple[tuple[Formula, ...], str]] = field(default_factory=dict)

    def add(self, kernel: str, words: Sequence[int]) -> None:
        self.instructions.append((kernel, [0, *words]))  # the kernel's address comes when it is known

    def function(self, formulas: tuple[Formula, ...], modes: str) -> str:
        """The name of the kernel: it says all that its code depends on."""
        formulas = tuple(map(written_out, formulas))
        called = sorted(name for formula in formulas for op in operations(formula) for name, _ in symbols(op))
        name = f"{'; '.join(map(key, formulas))} | {modes} | {' '.join(called)}"
        self.functions[name] = (formulas, modes)
        return name

    def contract(
        self, kernel: str, extents: tuple[int, int, int, int], out: Walk, a: Walk, b: Walk, init: Walk
    ) -> None:
        """Add a contraction, the extents being those of i, r, k and c; see kernels.py for its words."""
        self.add(kernel, [*extents, out.base, out.i, out.r, out.c, *a, *b, init.base, init.i, init.r, init.c])


@dataclass
class Body(Code):
    """Code that runs for every block of samples, and `first`, what runs for the first block of a step instead.

    The two differ where the first block starts a sum over samples and the others add to it.
    """

    first: Code = field(default_factory=Code)

    def __post_init__(self) -> None:
        self.first.functions = self.functions

    def add(self, kernel: str, words: Sequence[int]) -> None:
        super().add(kernel, words)
        self.first.instructions.append(self.instructions[-1])

    def accumulate(
        self, kernel: str, extents: tuple[int, int, int, int], out: Walk, a: Walk, b: Walk, zero: Walk | None
    ) -> None:
        """out += a * b; given `zero`, out = a * b in the first block."""
        self.contract(kernel, extents, out, a, b, out)
        if zero is not None:
            del self.first.instructions[-1]
            self.first.contract(kernel, extents, out, a, b, zero)
