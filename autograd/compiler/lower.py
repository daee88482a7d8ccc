"""Lower: rows become instructions, as few as their addresses allow.

One layer, two neurons with three inputs each, on its way through the files (a test follows it too):

    y0 = b0 + w0*x0 + w1*x1 + w2*x2        w and b: one number for all samples, "shared"
    y1 = b1 + w3*x0 + w4*x1 + w5*x2        x and y: one number per sample

fuse         two rows, each of four pairs: (1, b0) (w0, x0) (w1, x1) (w2, x2)
layout       addresses: w 0 to 5, b 6 and 7, the one 9, among the shared numbers; x 0 to 2, y 3 and 4 among the samples'
reroll       the pairs of either row are two segments, three that advance by one, and a single one. From row to row all
             addresses advance evenly, so the two rows are one nest, a base and strides:

                              y   w   x   1   b
                     y0       3   0   0   9   6       = base
                     y1       4   3   0   9   7       = base + 1, 3, 0, 0, 1

lower        the single pair is a bare addend, the number that the sum begins with; the rest is a contraction of 2 rows
             and 3 pairs
contractions one number per sample: the samples run along the vectors. Rows share x and each has weights of its own, so
             the kernel is contract_sv, a matrix product: w a scalar, x a vector
kernels      for r < 2, for c < samples:  y[r, c] = b[r] + sum over k < 3 of w[r, k] * x[k, c]

The instruction is that kernel's name and 22 words: the extents 1, 2, 3, SAMPLES of its loops i, r, k and c, then the
address and the strides of y, w, x and b, in bytes.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.compiler.contractions import Contraction, Contractions, Operand
from autograd.compiler.emit import SAMPLES
from autograd.compiler.formula import Formula, slots
from autograd.compiler.functions import CONTIGUOUS, SHARED, STRIDED
from autograd.compiler.fuse import FUNCTION, REDUCTION, Rows
from autograd.compiler.instructions import Body, Code, Memory
from autograd.compiler.layout import Layout, canonical
from autograd.compiler.reroll import Box, Ints, Nest, Segment, affine, products, segments

FEW = 2  # products in a sum that is better computed by a formula
WORTH_SORTING = 16  # instructions that rows without a common shape may need before their products are sorted


class Lowering:
    """Writes the instructions of rows with given addresses: `before` a step, its `body` per block, and `after` it."""

    def __init__(self, rows: Rows, layout: Layout, memory: Memory) -> None:
        self.rows, self.layout, self.memory, self.unit = rows, layout, memory, memory.unit
        self.before, self.body, self.after = Code(), Body(), Code()
        self.zero = Operand(memory.shared(layout.address[rows.zero]), 0, 0, 0, False)
        self.one = layout.group[rows.one]
        self.contractions = Contractions(memory, self.zero.base)

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
        for nest in [] if add else affine(out[:, None]):
            target = Operand(place(nest.base[0]), self.unit * nest.outer[0], self.unit * nest.inner[0], 0, False)
            zero = self.zero
            self.contractions.along_rows(code, Contraction(nest.n0, nest.n1, 0, target, zero, zero, zero))
        for box in boxes:
            self.contractions.box(code, box, [place(box.base[0]), *map(self.memory.shared, box.base[1:])])

    def _nest(self, code: Code, nest: Nest, found: list[Segment], place: Callable[[int], int], batched: bool,
              reduction: bool, add: bool) -> None:
        """The rows of one nest: a contraction for each segment of their pairs, the next adding to the one before."""
        size = self.memory.row if batched else self.unit
        out = Operand(place(nest.base[0]), nest.outer[0] * size, nest.inner[0] * size, 0, batched)
        terms = []
        for k, segment in enumerate(found):
            a = self._operand(nest, 1 + 2 * k, segment.a, segment.a_batched)
            b = self._operand(nest, 2 + 2 * k, segment.b, segment.b_batched)
            terms.append((segment, a, b))
        init = out if add or reduction else self.zero
        if not (add or reduction):
            bare = min((t for t in terms if t[0].length == 1 and t[0].a_group == self.one),
                       key=lambda t: t[0].b_batched, default=None)  # one number for all samples is best added first
            if bare is not None:
                terms.remove(bare)
                init = bare[2]
        if batched and self._elementwise(code, nest, terms, out, init):
            return
        to_do = [Contraction(nest.n0, nest.n1, segment.length, out, a, b, init if k == 0 else out)
                 for k, (segment, a, b) in enumerate(terms)]
        for k, x in enumerate(to_do or [Contraction(nest.n0, nest.n1, 0, out, init, init, init)]):
            if reduction:
                self.contractions.over_samples(self.body, x, fresh=k == 0)
            elif batched:
                self.contractions.along_samples(code, x)
            else:
                self.contractions.along_rows(code, x)

    def _elementwise(self, code: Code, nest: Nest, terms: list[tuple[Segment, Operand, Operand]], out: Operand,
                     init: Operand) -> bool:
        """A sum of one or two products as a formula: a contraction gains where its rows share an operand only."""
        alone = nest.n0 * nest.n1 < 4 or all(a.batched for _, a, _ in terms)
        if not alone or not 0 < sum(segment.length for segment, _, _ in terms) <= FEW:
            return False
        factors = [x.at(pair) for segment, a, b in terms for pair in range(segment.length) for x in (a, b)]
        bare = [] if init.base == self.zero.base else [init]
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


def mode(stride: int, unit: int, result: bool) -> str:
    """How a kernel walks along an operand of numbers of `unit` bytes."""
    return CONTIGUOUS if stride == unit else SHARED if stride == 0 and not result else STRIDED
