"""Contractions: a sum of products over two levels of rows becomes an instruction of the kernel that suits its strides.

What one is asked for, and what a kernel does (kernels.py):

    out[outer, inner]  =  init[outer, inner]  +  sum over pairs of a[outer, inner, pair] * b[outer, inner, pair]
    out[i, r, c]       =  init[i, r, c]       +  sum over k     of a[i, r, k, c]         * b[i, r, k, c]

The question is always what runs along the vectors, as the kernel's c: samples, rows whose numbers lie side by side, or
pairs. To try the levels, or the factors, the other way round, a contraction is `turned` or `exchanged`.
"""

from dataclasses import dataclass, replace

from autograd.compiler.emit import SAMPLES
from autograd.compiler.instructions import Body, Code, Memory, Walk
from autograd.compiler.reroll import Box


@dataclass(frozen=True)
class Operand:
    """Its first address, its strides along the outer rows, the inner rows and the pairs, and whether samples differ."""

    base: int
    outer: int
    inner: int
    pair: int
    batched: bool

    def at(self, pair: int) -> "Operand":
        """The operand of that pair alone."""
        return replace(self, base=self.base + pair * self.pair, pair=0)


@dataclass(frozen=True)
class Contraction:
    """The first line above: how many outer rows, inner rows and pairs, and the operands."""

    outer: int
    inner: int
    pairs: int
    out: Operand
    a: Operand
    b: Operand
    init: Operand

    @property
    def operands(self) -> tuple[Operand, Operand, Operand, Operand]:
        return self.out, self.a, self.b, self.init

    def turned(self) -> "Contraction":
        """The same with the two levels of rows exchanged."""
        found = [replace(x, outer=x.inner, inner=x.outer) for x in self.operands]
        return Contraction(self.inner, self.outer, self.pairs, *found)

    def exchanged(self) -> "Contraction":
        """The same with the two factors exchanged."""
        return replace(self, a=self.b, b=self.a)


class Contractions:
    """Writes contractions into code; what had to be transposed for one is there for the next of the same code."""

    def __init__(self, memory: Memory, zero: int) -> None:
        self.memory, self.unit, self.zero = memory, memory.unit, Walk(zero, 0, 0, 0, 0)
        self.packed: dict[tuple[int, ...], int] = {}

    def along_samples(self, code: Code, x: Contraction) -> None:
        """One number per sample: samples run along the vectors."""
        if x.inner == 1 or (not x.a.batched and x.b.inner and not x.b.outer):
            x = x.turned()
        if x.a.batched:
            kernel = "contract_vv"
        elif x.pairs and not x.b.batched:
            kernel = "nest"
        else:
            kernel = "contract_ss" if x.pairs and x.b.inner else "contract_sv"
        walks = [Walk(y.base, y.outer, y.inner, y.pair, self.unit * y.batched) for y in x.operands]
        code.contract(kernel, (x.outer, x.inner, x.pairs, SAMPLES), *walks)

    def along_rows(self, code: Code, x: Contraction) -> None:
        """One number for all samples: rows, or else pairs, run along the vectors, or nothing does."""
        if self._inner_rows(code, x) or self._inner_rows(code, x.turned()):
            return
        if self._after_transposing(code, x) or self._after_transposing(code, x.exchanged()):
            return
        if x.inner == 1:
            x = x.turned()
        kernel, unit = "nest", self.unit
        if x.pairs >= 4 and (x.a.pair, x.b.pair) in ((0, unit), (unit, 0), (unit, unit)):
            x = x if x.b.pair else x.exchanged()
            kernel = "dot_v" if x.a.pair else "dot_s"
        walks = [Walk(y.base, y.outer, y.inner, y.pair, 0) for y in x.operands]
        code.contract(kernel, (x.outer, x.inner, x.pairs, 1), *walks)

    def _inner_rows(self, code: Code, x: Contraction) -> bool:
        """The inner rows along the vectors, if their results lie side by side and what they read does or is shared."""
        if x.inner < 3 or x.out.inner != self.unit or any(y.inner not in (0, self.unit) for y in x.operands):
            return False
        if x.pairs and not x.b.inner:
            x = x.exchanged()
        if x.pairs and not x.b.inner:
            return False  # the rows are all alike
        kernel = "contract_sv"
        if x.pairs:
            kernel = "contract_vv" if x.a.inner else "contract_ss" if x.b.outer else kernel
        walks = [Walk(y.base, 0, y.outer, y.pair, y.inner) for y in x.operands]
        code.contract(kernel, (1, x.outer, x.pairs, x.inner), *walks)
        return True

    def _after_transposing(self, code: Code, x: Contraction) -> bool:
        """Rows of weights `a` that meet so many rows of values `b` that it pays to transpose them first."""
        unit = self.unit
        if min(x.outer, x.inner, x.pairs) < 3 or x.out.inner != unit or x.a.pair != unit or x.b.pair != unit:
            return False
        if x.a.outer or x.b.inner or not x.a.inner:
            return False
        packed, pitch = self._transposed(code, x.a.base, x.a.inner, x.inner, x.pairs)
        out, values = Walk(x.out.base, 0, x.out.outer, 0, unit), Walk(x.b.base, 0, x.b.outer, unit, 0)
        init = Walk(x.init.base, 0, x.init.outer, 0, x.init.inner)
        code.contract("contract_sv", (1, x.outer, x.pairs, x.inner), out, values, Walk(packed, 0, 0, pitch, unit), init)
        return True

    def over_samples(self, body: Body, x: Contraction, fresh: bool) -> None:
        """A sum over the samples of a block, added to what is there; with `fresh` the first block starts it."""
        ways = [x, x.turned(), x.exchanged(), x.exchanged().turned()]
        if x.a.batched and any(self._outer_product(body, way, fresh) for way in ways):
            return
        if x.inner < x.outer:  # the kernel sums several of the inner rows at once
            x = x.turned()
        for pair in range(x.pairs):
            a, b, out = (Walk(y.base, y.outer, y.inner, self.unit, 0) for y in (x.a.at(pair), x.b.at(pair), x.out))
            body.accumulate("dot_v" if x.a.batched else "dot_s", (x.outer, x.inner, SAMPLES, 1), out, a, b,
                            self.zero if fresh and not pair else None)

    def _outer_product(self, body: Body, x: Contraction, fresh: bool) -> bool:
        """sum over samples of a[outer] * b[inner]: a matrix product, once b is transposed."""
        unit = self.unit
        if x.out.inner != unit or x.a.inner or x.b.outer or x.inner < self.memory.width // 2 or x.outer < 2:
            return False
        for pair in range(x.pairs):
            packed, pitch = self._transposed(body, x.b.at(pair).base, x.b.inner, x.inner, SAMPLES)
            out, a = Walk(x.out.base, 0, x.out.outer, 0, unit), Walk(x.a.at(pair).base, 0, x.a.outer, unit, 0)
            body.accumulate("contract_sv", (1, x.outer, SAMPLES, x.inner), out, a, Walk(packed, 0, 0, pitch, unit),
                            self.zero if fresh and not pair else None)
        return True

    def _transposed(self, code: Code, base: int, stride: int, rows: int, columns: int) -> tuple[int, int]:
        """Where `rows` rows lie transposed, and their pitch in whole vectors.

        Each block is transposed once by the code that needs it: what `after` has transposed is not there yet when
        `before` runs, whichever of the two was written first.
        """
        pitch = self.unit * self.memory.width * -(-rows // self.memory.width)
        key = (id(code), base, stride, rows, columns)
        if key not in self.packed:
            self.packed[key] = self.memory.scratch(pitch, columns)
            code.add("transpose", [columns, rows, self.packed[key], pitch, base, stride])
        return self.packed[key], pitch

    def box(self, code: Code, box: Box, places: list[int]) -> None:
        """out += a * b over three levels: one along the vectors, one down the rows, one around."""
        single, unit = (1, [0, 0, 0]), self.unit
        levels = [(n, [unit * stride for stride in strides]) for n, strides in zip(box.extents, box.strides)]
        along = next((level for level in levels[::-1] if level[0] > 2 and level[1][0] == unit
                      and tuple(level[1][1:]) in ((0, unit), (unit, 0), (unit, unit))), None)
        others = [level for level in levels if level is not along]
        pairs = next((level for level in others if level[0] > 1 and level[1][0] == 0), single)
        others = [level for level in others if level is not pairs and level[0] > 1]
        others = sorted(others, key=lambda level: level[1][0] == 0) + [single] * 3
        down, around, rest = others[:3]  # around is done one by one, so results may meet there
        a, b = 1, 2
        if along is None or not _distinct(down, along):
            kernel, along = "nest", along or rest
        else:
            a, b = (2, 1) if along[1][2] == 0 else (1, 2)
            kernel = "contract_vv" if along[1][a] else "contract_ss" if down[1][b] else "contract_sv"
        out, left, right = (
            Walk(places[x], *(strides[x] for _, strides in (around, down, pairs, along))) for x in (0, a, b)
        )
        code.contract(kernel, (around[0], down[0], pairs[0], along[0]), out, left, right, out)


def _distinct(down: tuple[int, list[int]], along: tuple[int, list[int]]) -> bool:
    """Whether no two results of these two levels have one address: a kernel does several at once."""
    (rows, (row, *_)), (columns, (column, *_)) = down, along
    return len({r * row + c * column for r in range(rows) for c in range(columns)}) == rows * columns
