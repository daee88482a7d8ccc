"""Lower: affine nests become instructions, each the kernel that fits the nest's strides and its words.

Which kernel: along the vectors run the samples, or without a batch rows whose results are contiguous. A sum
over samples of products x_i * g_j is a matrix product, once the x_i are transposed.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.compiler.emit import SAMPLES
from autograd.compiler.formula import Formula, slots
from autograd.compiler.functions import CONTIGUOUS, SHARED, STRIDED
from autograd.compiler.fuse import FUNCTION, REDUCTION, Rows
from autograd.compiler.instructions import Code, Instruction, Memory, Operand, contract
from autograd.compiler.layout import Layout, canonical
from autograd.compiler.reroll import Box, Ints, Nest, Segment, affine, products, segments

FEW = 2  # products in a sum that is better computed by a formula
WORTH_SORTING = 16  # instructions that rows without a common shape may need before their products are sorted


class Lowering:
    """Writes the instructions of rows with given addresses."""

    def __init__(self, rows: Rows, layout: Layout, memory: Memory) -> None:
        self.rows, self.layout, self.memory, self.unit = rows, layout, memory, memory.unit
        self.zero = memory.shared(layout.address[rows.zero])
        self.one = layout.group[rows.one]
        self.before, self.body, self.after = Code(), Code(), Code()
        self.starts: dict[int, Instruction] = {}  # instructions of the body that differ in the first block
        self.packed: dict[tuple[int, ...], int] = {}

    def steps(self) -> None:
        """All computed rows, level by level."""
        rows, layout = self.rows, self.layout
        for _, members in layout.steps:
            first = members[0]
            batched, kind = rows.batched[first], rows.kind[first]
            late = layout.late[first]
            in_block = batched or kind == REDUCTION or (late and rows.joint)  # samples read what was summed over them
            code = self.body if in_block else self.after if late else self.before
            place = self.memory.sample if batched else self.memory.shared
            if kind == FUNCTION:
                self.apply(code, members, batched)
            else:
                out = [layout.address[row] for row in members]
                self.sums(code, [rows.pairs[row] for row in members], out, place, batched, kind == REDUCTION)

    def outputs(self, pairs: list[list[int]], place: Callable[[int], int], reduction: bool, add: bool) -> None:
        """Rows outside the layout: output k, the sum of pairs[k], goes to place(k), or is added to what is there."""
        chosen = [k for k, found in enumerate(pairs) if found]
        code = self.body if reduction else self.after
        if chosen:
            self.sums(code, [pairs[k] for k in chosen], chosen, place, False, reduction, add)

    # Rows of pairs

    def sums(self, code: Code, pairs: list[list[int]], out: list[int], place: Callable[[int], int], batched: bool,
             reduction: bool, add: bool = False) -> None:
        addresses = np.array(out, np.int64)
        ragged, cost = [], 0
        for members, found, starts in segments(canonical(self.rows, self.layout, pairs)):
            nests = affine(np.concatenate([addresses[members][:, None], starts], axis=1))
            if not (batched or reduction) and len(found) * len(nests) * 4 > len(members):
                ragged.append((members, found, nests))
                cost += len(found) * len(nests)
                continue
            for nest in nests:
                self._nest(code, nest, found, place, batched, reduction, add)
        if cost > WORTH_SORTING:
            rows = np.concatenate([members for members, _, _ in ragged])
            boxes = products(canonical(self.rows, self.layout, [pairs[k] for k in rows]), addresses[rows])
            if 2 * len(boxes) < cost:
                self._products(code, boxes, np.sort(addresses[rows]), place, add)
                return
        for _, found, nests in ragged:
            for nest in nests:
                self._nest(code, nest, found, place, batched, reduction, add)

    def _products(self, code: Code, boxes: list[Box], out: Ints, place: Callable[[int], int], add: bool) -> None:
        """Add product by product to results that start at zero."""
        zero = Operand(self.zero, 0, 0, 0, False)
        for nest in [] if add else affine(out[:, None]):
            target = Operand(place(nest.base[0]), self.unit * nest.outer[0], self.unit * nest.inner[0], 0, False)
            self._along_rows(code, nest, 0, target, zero, zero, zero)
        for box in boxes:
            places = [place(box.base[0]), *map(self.memory.shared, box.base[1:])]
            levels = [(n, [self.unit * x for x in strides]) for n, strides in zip(box.extents, box.strides)]
            self._box(code, levels, places)

    def _box(self, code: Code, levels: list[tuple[int, list[int]]], places: list[int]) -> None:
        """out += a * b over three levels: one along the vectors, one down the rows, one around."""
        single, unit = (1, [0, 0, 0]), self.unit
        along = next((level for level in levels[::-1] if level[0] > 2 and level[1][0] == unit
                      and tuple(level[1][1:]) in ((0, unit), (unit, 0), (unit, unit))), None)
        others = [level for level in levels if level is not along]
        pairs = next((level for level in others if level[0] > 1 and level[1][0] == 0), single)
        others = [level for level in others if level is not pairs and level[0] > 1]
        others = sorted(others, key=lambda level: level[1][0] == 0) + [single] * 3
        down, around, rest = others[:3]  # around is done one by one, so results may meet there
        a, b = 1, 2
        if along is None or not distinct(down, along):
            kernel, along = "nest", along or rest
        else:
            a, b = (2, 1) if along[1][2] == 0 else (1, 2)
            kernel = "contract_vv" if along[1][a] else "contract_ss" if down[1][b] else "contract_sv"
        strides = [tuple(level[1][x] for level in (around, down, pairs, along)) for x in (0, a, b, 0)]
        operands = [Operand(places[x], 0, 0, 0, False) for x in (0, a, b, 0)]
        extents = around[0], down[0], pairs[0], along[0]
        contract(code, kernel, extents, operands, strides)

    def _nest(self, code: Code, nest: Nest, found: list[Segment], place: Callable[[int], int], batched: bool,
              reduction: bool, add: bool) -> None:
        size = self.memory.row if batched else self.unit
        out = Operand(place(nest.base[0]), nest.outer[0] * size, nest.inner[0] * size, 0, batched)
        terms = []
        for k, segment in enumerate(found):
            a = self._operand(nest, 1 + 2 * k, segment.a, segment.a_batched)
            b = self._operand(nest, 2 + 2 * k, segment.b, segment.b_batched)
            terms.append((segment, a, b))
        init = out if add or reduction else Operand(self.zero, 0, 0, 0, False)
        if not (add or reduction):
            bare = min((t for t in terms if t[0].length == 1 and t[0].a_group == self.one),
                       key=lambda t: t[0].b_batched, default=None)  # one number for all samples is best added first
            if bare is not None:
                terms.remove(bare)
                init = bare[2]
        if batched and self._elementwise(code, nest, terms, out, init):
            return
        if not terms:
            self._contract(code, nest, 0, out, init, init, init, batched)
        for segment, a, b in terms:
            if reduction:
                self._over_samples(nest, segment.length, out, a, b, fresh=segment is terms[0][0])
            else:
                self._contract(code, nest, segment.length, out, a, b, init, batched)
            init = out

    def _elementwise(self, code: Code, nest: Nest, terms: list[tuple[Segment, Operand, Operand]], out: Operand,
                     init: Operand) -> bool:
        """A sum of one or two products as a formula: a contraction gains where its rows share an operand only."""
        alone = nest.n0 * nest.n1 < 4 or all(a.batched for _, a, _ in terms)
        if not alone or not 0 < sum(segment.length for segment, _, _ in terms) <= FEW:
            return False
        factors = [Operand(x.base + k * x.pair, x.outer, x.inner, 0, x.batched)
                   for segment, a, b in terms for k in range(segment.length) for x in (a, b)]
        bare = [] if init.base == self.zero else [init]
        given: list[Any] = list(slots(len(bare) + len(factors)))
        first = len(bare)
        summands = given[:first] + [x * y for x, y in zip(given[first::2], given[first + 1::2])]
        total = functools.reduce(operator.add, summands)
        places = [(x.base, x.outer, x.inner, self.unit * x.batched) for x in (out, *bare, *factors)]
        self._call(code, total, [nest.n0, nest.n1, SAMPLES], places)
        return True

    def _operand(self, nest: Nest, column: int, stride: int, batched: bool) -> Operand:
        place, size = (self.memory.sample, self.memory.row) if batched else (self.memory.shared, self.unit)
        return Operand(place(nest.base[column]), nest.outer[column] * size, nest.inner[column] * size, stride * size,
                       batched)

    def _contract(self, code: Code, nest: Nest, count: int, out: Operand, a: Operand, b: Operand, init: Operand,
                  batched: bool) -> None:
        if batched:
            self._along_samples(code, nest, count, out, a, b, init)
        else:
            self._along_rows(code, nest, count, out, a, b, init)

    def _along_samples(self, code: Code, nest: Nest, count: int, out: Operand, a: Operand, b: Operand,
                       init: Operand) -> None:
        """One number per sample: samples run along the vectors."""
        swap = nest.n1 == 1 or (not a.batched and b.inner != 0 and not b.outer)
        if a.batched:
            kernel = "contract_vv"
        elif not b.batched and count:
            kernel = "nest"
        else:
            kernel = "contract_ss" if (b.outer if swap else b.inner) and count else "contract_sv"
        n0, n1 = (nest.n1, nest.n0) if swap else (nest.n0, nest.n1)
        strides = [(*((x.inner, x.outer) if swap else (x.outer, x.inner)), x.pair, self.unit * x.batched)
                   for x in (out, a, b, init)]
        contract(code, kernel, (n0, n1, count, SAMPLES), (out, a, b, init), strides)

    def _along_rows(self, code: Code, nest: Nest, count: int, out: Operand, a: Operand, b: Operand,
                    init: Operand) -> None:
        """One number for all samples: rows, or else pairs, run along the vectors."""
        unit = self.unit
        for swap in (False, True):
            strides = [(0, x.inner, x.pair, x.outer) if swap else (0, x.outer, x.pair, x.inner)
                       for x in (out, a, b, init)]
            n1, columns = (nest.n1, nest.n0) if swap else (nest.n0, nest.n1)
            along = [s[3] for s in strides]
            if columns < 3 or along[0] != unit or not {*along} <= {0, unit} or (along[1] == along[2] == 0 and count):
                continue
            if along[2] == 0 and count:
                a, b = b, a
                strides[1], strides[2] = strides[2], strides[1]
            kernel = "contract_sv" if not (count and (strides[1][3] or strides[2][1])) else "contract_ss"
            kernel = "contract_vv" if count and strides[1][3] else kernel
            contract(code, kernel, (1, n1, count, columns), (out, a, b, init), strides)
            return
        if self._transposable(nest, count, out, a, b) or self._transposable(nest, count, out, b, a):
            weights, values = (a, b) if a.inner else (b, a)
            pitch = self._pitch(nest.n1)
            packed = self._transposed(code, weights.base, weights.inner, nest.n1, count, pitch)
            operands = out, values, Operand(packed, 0, 0, 0, False), init
            contract(code, "contract_sv", (1, nest.n0, count, nest.n1), operands, [
                (0, out.outer, 0, unit), (0, values.outer, unit, 0), (0, 0, pitch, unit),
                (0, init.outer, 0, init.inner)])
            return
        swap = nest.n1 == 1
        if count >= 4 and (a.pair, b.pair) in ((0, unit), (unit, 0), (unit, unit)):
            if b.pair == 0:
                a, b = b, a
            kernel = "dot_v" if a.pair else "dot_s"
        else:
            kernel = "nest"
        strides = [(x.inner, x.outer, x.pair, 0) if swap else (x.outer, x.inner, x.pair, 0) for x in (out, a, b, init)]
        n0, n1 = (nest.n1, nest.n0) if swap else (nest.n0, nest.n1)
        contract(code, kernel, (n0, n1, count, 1), (out, a, b, init), strides)

    def _transposable(self, nest: Nest, count: int, out: Operand, weights: Operand, values: Operand) -> bool:
        """Whether rows of weights meet so many rows of values that it pays to transpose them first."""
        return (min(nest.n0, nest.n1, count) >= 3 and out.inner == weights.pair == values.pair == self.unit
                and not weights.outer and not values.inner)

    def _over_samples(self, nest: Nest, count: int, out: Operand, a: Operand, b: Operand, fresh: bool) -> None:
        """A sum over the samples of a block, added to what is there; with `fresh` the first block starts it."""
        if not a.batched or not self._outer_product(nest, count, out, a, b, fresh):
            swap = nest.n1 < nest.n0  # the kernel sums several of the inner rows at once
            n0, n1 = (nest.n1, nest.n0) if swap else (nest.n0, nest.n1)
            strides = [(*((x.inner, x.outer) if swap else (x.outer, x.inner)), self.unit, 0) for x in (out, a, b, out)]
            for k in range(count):
                shifted = [Operand(x.base + k * x.pair, 0, 0, 0, x.batched) for x in (a, b)]
                self._accumulate("dot_v" if a.batched else "dot_s", (n0, n1, SAMPLES, 1), (out, *shifted), strides,
                                 fresh and not k)

    def _accumulate(self, kernel: str, extents: tuple[int, int, int, int], operands: tuple[Operand, ...],
                    strides: Sequence[tuple[int, ...]], fresh: bool) -> None:
        """out += a * b; where it is `fresh`, out = a * b in the first block of a step."""
        if fresh:
            zero = Operand(self.zero, 0, 0, 0, False)
            start = Code()
            contract(start, kernel, extents, (*operands, zero), [*strides[:3], (0, 0, 0, 0)])
            self.starts[len(self.body.instructions)] = start.instructions[0]
        contract(self.body, kernel, extents, (*operands, operands[0]), strides)

    def first(self) -> Code:
        """The body for the first block of a step, which starts the sums over samples."""
        code = Code(list(self.body.instructions), self.body.functions)
        for at, instruction in self.starts.items():
            code.instructions[at] = instruction
        return code

    def _outer_product(self, nest: Nest, count: int, out: Operand, a: Operand, b: Operand, fresh: bool) -> bool:
        """sum_s a_r[s] * b_c[s] as a matrix product, if a and b each go with one level of the rows."""
        for left, right in ((a, b), (b, a)):
            for swap in (False, True):
                (out_r, out_c), (a_r, a_c), (b_r, b_c) = [
                    (x.inner, x.outer) if swap else (x.outer, x.inner) for x in (out, left, right)]
                n_r, n_c = (nest.n1, nest.n0) if swap else (nest.n0, nest.n1)
                if out_c != self.unit or a_c or b_r or n_c < self.memory.width // 2 or n_r < 2:
                    continue
                pitch, unit = self._pitch(n_c), self.unit
                for k in range(count):
                    packed = self._transposed(self.body, right.base + k * right.pair, b_c, n_c, SAMPLES, pitch)
                    factors = Operand(left.base + k * left.pair, 0, 0, 0, True), Operand(packed, 0, 0, 0, True)
                    strides = (0, out_r, 0, unit), (0, a_r, unit, 0), (0, 0, pitch, unit), (0, out_r, 0, unit)
                    self._accumulate("contract_sv", (1, n_r, SAMPLES, n_c), (out, *factors), strides, fresh and not k)
                return True
        return False

    def _pitch(self, columns: int) -> int:
        """Bytes of a row of whole vectors."""
        return self.unit * self.memory.width * -(-columns // self.memory.width)

    def _transposed(self, code: Code, base: int, stride: int, rows: int, columns: int, pitch: int) -> int:
        """Where `rows` rows lie transposed; each block is transposed once a step."""
        key = (base, stride, rows, columns)
        if key not in self.packed:
            self.packed[key] = self.memory.scratch(pitch, columns)
            code.add("transpose", [columns, rows, self.packed[key], pitch, base, stride])
        return self.packed[key]

    # Functions

    def apply(self, code: Code, members: list[int], batched: bool) -> None:
        """Rows of one formula."""
        rows, layout = self.rows, self.layout
        classes: dict[tuple[int, ...], list[int]] = {}
        for row in members:
            classes.setdefault(tuple(layout.group[x] for x in rows.args[row]), []).append(row)
        formula = rows.formula[members[0]]
        assert formula is not None
        for chosen in classes.values():
            columns = np.array([[layout.address[x] for x in (row, *rows.args[row])] for row in chosen], np.int64)
            flags = [batched, *(rows.batched[x] for x in rows.args[chosen[0]])]
            for nest in affine(columns):
                self._function(code, formula, nest, flags)

    def _function(self, code: Code, formula: Formula, nest: Nest, flags: list[bool]) -> None:
        memory, operands = self.memory, []
        for column, batched in enumerate(flags):
            place, size = (memory.sample, memory.row) if batched else (memory.shared, self.unit)
            operands.append((place(nest.base[column]), nest.outer[column] * size, nest.inner[column] * size))
        if flags[0]:
            extents = [nest.n0, nest.n1, SAMPLES]
            places = [(*operand, self.unit * batched) for operand, batched in zip(operands, flags)]
        elif nest.n1 == 1:
            extents = [1, 1, nest.n0]
            places = [(base, 0, 0, outer) for base, outer, _ in operands]
        else:
            extents = [1, nest.n0, nest.n1]
            places = [(base, 0, outer, inner) for base, outer, inner in operands]
        self._call(code, formula, extents, places)

    def _call(self, code: Code, formula: Formula, extents: list[int], places: list[tuple[int, int, int, int]]) -> None:
        modes = "".join(mode(place[3], self.unit, k == 0) for k, place in enumerate(places))
        code.add(code.function((formula,), modes), [*extents, *(x for place in places for x in place)])


def distinct(down: tuple[int, list[int]], along: tuple[int, list[int]]) -> bool:
    """Whether no two results of these two levels have one address: a kernel does several at once."""
    (rows, (row, *_)), (columns, (column, *_)) = down, along
    return len({r * row + c * column for r in range(rows) for c in range(columns)}) == rows * columns


def mode(stride: int, unit: int, result: bool) -> str:
    """How a kernel walks along an operand of numbers of `unit` bytes."""
    return CONTIGUOUS if stride == unit else SHARED if stride == 0 and not result else STRIDED
