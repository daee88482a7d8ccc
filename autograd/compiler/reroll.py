"""Re-roll: thousands of rows become a few affine nests, loops over two levels of rows with fixed strides.

A row's operands have addresses. Where neighbouring rows read neighbouring addresses, one instruction with a base and
strides stands for all of them. Only strides that every row was checked to have are merged, so a bad guess costs speed
and never a result.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.layout import Matrix

Ints = NDArray[np.int64]


class Nest(NamedTuple):
    """Rows base + i*outer + j*inner for i < n0, j < n1, for several address columns at once."""

    n0: int
    n1: int
    base: list[int]
    outer: list[int]
    inner: list[int]


class Box(NamedTuple):
    """Rows over three levels, the first outermost: their extents, and the strides of every column along them."""

    extents: tuple[int, int, int]
    base: list[int]
    strides: tuple[list[int], list[int], list[int]]


class Segment(NamedTuple):
    """Pairs that advance evenly inside a row: `length` of them, by strides `a` and `b`; the spaces of the operands."""

    length: int
    a: int
    b: int
    a_batched: bool
    b_batched: bool
    a_group: int
    b_group: int


def affine(columns: Ints) -> list[Nest]:
    """Nests that cover the rows of `columns` (rows x address columns) exactly once, in order.

    >>> affine(np.array([[0, 7], [1, 7], [2, 7], [3, 9], [4, 9], [5, 9]]))
    [Nest(n0=2, n1=3, base=[0, 7], outer=[3, 2], inner=[1, 0])]
    """
    runs = list(_runs(columns))
    starts = columns[[start for start, _ in runs]]
    nests = []
    inner = [tuple((columns[s + 1] - columns[s]).tolist()) if n > 1 else (0,) * columns.shape[1] for s, n in runs]
    at = 0
    while at < len(runs):  # runs of one length and stride, evenly spaced, are one nest
        stop = at + 1
        while stop < len(runs) and runs[stop][1] == runs[at][1] and inner[stop] == inner[at]:
            stop += 1
        for first, count in _runs(starts[at:stop]):
            outer = starts[at + first + 1] - starts[at + first] if count > 1 else np.zeros_like(starts[0])
            nests.append(Nest(count, runs[at][1], starts[at + first].tolist(), outer.tolist(), list(inner[at])))
        at = stop
    return nests


def boxed(nests: list[Nest]) -> list[Box]:
    """Nests that are alike and evenly spaced as a third level."""
    boxes, at = [], 0
    bases = np.array([nest.base for nest in nests], np.int64)
    while at < len(nests):
        stop = at + 1
        while stop < len(nests) and (nests[stop].n0, nests[stop].n1, nests[stop].outer, nests[stop].inner) == (
                nests[at].n0, nests[at].n1, nests[at].outer, nests[at].inner):
            stop += 1
        for first, count in _runs(bases[at:stop]):
            nest, place = nests[at + first], at + first
            step = (bases[place + 1] - bases[place]).tolist() if count > 1 else [0] * bases.shape[1]
            boxes.append(Box((count, nest.n0, nest.n1), nest.base, (step, nest.outer, nest.inner)))
        at = stop
    return boxes


def products(matrix: Matrix, out: Ints) -> list[Box]:
    """The single products of many rows, (out, a, b) each, in the order that needs the fewest boxes.

    For sums of ragged lengths, such as those over the later positions of a causal attention, whose rows have no two
    alike: taken product by product, those of one position are a box.
    """
    columns = np.stack([out[matrix.owner], matrix.a, matrix.b], axis=1)
    kinds = np.stack([matrix.a_group, matrix.b_group], axis=1)
    _, which = np.unique(kinds, axis=0, return_inverse=True)
    found: list[list[Box]] = []
    for major, minor in ((1, 2), (2, 1)):
        boxes: list[Box] = []
        for kind in range(int(which.max()) + 1):
            chosen = columns[which.reshape(-1) == kind]
            boxes += boxed(affine(chosen[np.lexsort((chosen[:, minor], chosen[:, major]))]))
        found.append(boxes)
    return min(found, key=len)


def _runs(columns: Ints) -> Iterator[tuple[int, int]]:
    """(start, length) of runs of rows with one difference between neighbours, greedily from the first row."""
    rows = len(columns)
    if rows == 1:
        yield 0, 1
        return
    steps = np.diff(columns, axis=0)
    changes = np.flatnonzero((steps[1:] != steps[:-1]).any(axis=1)) + 1
    at = 0
    for end in [*changes.tolist(), rows - 1]:  # differences at .. end-1 are equal
        if end < at:
            continue  # the jump to `at` was the whole of this stretch
        if end == at and at < rows - 1:
            continue
        yield at, end - at + 1
        at = end + 1
    if at < rows:
        yield at, rows - at


def segments(matrix: Matrix) -> Iterator[tuple[Ints, list[Segment], Ints]]:
    """Classes of rows with the same segments: (row numbers, segments, start addresses rows x (a, b per segment)).

    A row of four pairs: three weights, at 0, 1 and 2, with three inputs, and a one, at 9, with the bias at 6.

    >>> these = np.array
    >>> pairs = Matrix(counts=these([4]), owner=these([0, 0, 0, 0]), a=these([0, 1, 2, 9]), b=these([0, 1, 2, 6]),
    ...                a_group=these([0, 0, 0, 2]), b_group=these([3, 3, 3, 0]),
    ...                a_batched=these([0, 0, 0, 0]), b_batched=these([1, 1, 1, 0]))
    >>> for rows, found, starts in segments(pairs):
    ...     print(rows, [(segment.length, segment.a, segment.b) for segment in found], starts)
    [0] [(3, 1, 1), (1, 0, 0)] [[0 0 9 6]]
    """
    starts, lengths = _cut(matrix)
    last = np.minimum(starts + 1, len(matrix.a) - 1)
    da = np.where(lengths > 1, matrix.a[last] - matrix.a[starts], 0)
    db = np.where(lengths > 1, matrix.b[last] - matrix.b[starts], 0)
    kinds = np.stack([lengths, da, db, matrix.a_batched[starts], matrix.b_batched[starts],
                      matrix.a_group[starts], matrix.b_group[starts]], axis=1)
    distinct, which = np.unique(kinds, axis=0, return_inverse=True)
    which = np.ascontiguousarray(which.reshape(-1), np.int64)
    owner = matrix.owner[starts]
    edges = np.searchsorted(owner, np.arange(len(matrix.counts) + 1))
    classes: dict[bytes, list[int]] = {}
    spelled = which.tobytes()
    for row, (begin, end) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist())):
        classes.setdefault(spelled[8 * begin:8 * end], []).append(row)
    for members in classes.values():
        rows = np.array(members, np.int64)
        count = int(edges[members[0] + 1] - edges[members[0]])
        at = starts[edges[rows][:, None] + np.arange(count)]
        kinds_here = distinct[which[edges[members[0]]:edges[members[0]] + count]].tolist()
        yield rows, [Segment(*kind) for kind in kinds_here], np.stack([matrix.a[at], matrix.b[at]], axis=2).reshape(
            len(rows), 2 * count)


def _cut(matrix: Matrix) -> tuple[Ints, Ints]:
    """Where segments start, and their lengths.

    A stretch between `hard` cuts (a new row, another group of operands) is a segment if it advances evenly; a `ragged`
    one is cut further, into runs.
    """
    n = len(matrix.a)
    if n == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    hard = np.ones(n + 1, bool)
    hard[1:n] = ((matrix.owner[1:] != matrix.owner[:-1]) | (matrix.a_group[1:] != matrix.a_group[:-1])
                 | (matrix.b_group[1:] != matrix.b_group[:-1]))
    edges = np.flatnonzero(hard)
    steps = np.stack([np.diff(matrix.a), np.diff(matrix.b)], axis=1)
    uneven = np.zeros(n + 1, bool)
    if n > 2:
        uneven[1:n - 1] = (steps[1:] != steps[:-1]).any(axis=1) & ~hard[1:n - 1] & ~hard[2:n]
    ragged = np.add.reduceat(uneven[:n].astype(np.int64), edges[:-1]) > 0
    begins, ends = edges[:-1], edges[1:]
    even = ~ragged
    starts, lengths = [begins[even]], [(ends - begins)[even]]
    both = np.stack([matrix.a, matrix.b], axis=1)
    for begin, end in zip(begins[ragged].tolist(), ends[ragged].tolist()):
        found = np.array(list(_runs(both[begin:end])), np.int64)
        starts.append(begin + found[:, 0])
        lengths.append(found[:, 1])
    all_starts, all_lengths = np.concatenate(starts), np.concatenate(lengths)
    order = np.argsort(all_starts, kind="stable")
    return all_starts[order], all_lengths[order]
