"""Instructions: a kernel's name and the words it reads, before addresses of kernels are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from autograd.compiler.formula import Formula, key, operations, written_out
from autograd.compiler.vectormath import symbols


@dataclass
class Operand:
    """One operand of a nest: its first element and its strides along the outer rows, the inner rows, the pairs."""

    base: int
    outer: int
    inner: int
    pair: int
    batched: bool


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


def contract(code: Code, kernel: str, extents: tuple[int, int, int, int], operands: Sequence[Operand],
             strides: Sequence[tuple[int, ...]]) -> None:
    """The instruction of a contraction; see kernels.py for its words."""
    (out, a, b, init), (so, sa, sb, si) = (x.base for x in operands), strides
    code.add(kernel, [*extents, out, so[0], so[1], so[3], a, *sa, b, *sb, init, si[0], si[1], si[3]])
