"""Layout: every row gets an address such that rows computed alike lie side by side.

A row may be computed when its operands are: its level is higher than theirs. Functions have odd levels and sums even
ones, so that a path with a sum more or less (a softmax over one number) stays in step. Rows of a level and kind
form a group, and a group is contiguous. Inside a group the order is the one in which neighbours read neighbours: primal
sums in the order of the trace, functions by the address of their operand, adjoints by the address of their primal.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.compiler.fuse import CONSTANT, FUNCTION, INPUT, PAIRS, REDUCTION, TRAINABLE, Rows


@dataclass
class Layout:
    """`address[row]` in its space (one number for all, or one per sample), `group[row]`, and the groups in order."""

    address: list[int]
    group: list[int]
    level: list[int]
    late: list[bool]  # waits for a sum over all samples
    steps: list[tuple[int, list[int]]] = field(default_factory=list)  # (level, rows by address) of computed rows
    shared_size: int = 0
    sample_size: int = 0


def reachable(rows: Rows, roots: list[int]) -> list[bool]:
    """Which rows the roots depend on; the others are never computed."""
    alive = [False] * len(rows)
    for root in roots:
        alive[root] = True
    for row in range(len(rows) - 1, -1, -1):
        if alive[row]:
            for x in rows.pairs[row] or rows.args[row]:
                alive[x] = True
    return alive


def lay_out(rows: Rows, primal: dict[int, int], roots: list[int]) -> Layout:
    """Addresses for all rows that `roots` depend on; leaves first: constants, parameters, inputs."""
    n, alive = len(rows), reachable(rows, roots)
    kind, pairs, args = rows.kind, rows.pairs, rows.args
    level, group, address, late = [0] * n, [0] * n, [-1] * n, [False] * n
    out = Layout(address, group, level, late)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row in range(n):
        if kind[row] in (CONSTANT, TRAINABLE, INPUT):
            if kind[row] != CONSTANT or alive[row]:
                alone = row if row in (rows.zero, rows.one, rows.minus_one) else -1
                key: tuple[Any, ...] = (0, kind[row] != TRAINABLE, kind[row], rows.batched[row], alone)
                groups.setdefault(key, []).append(row)
        elif alive[row]:
            operands = pairs[row] or args[row]
            highest = max([level[x] for x in operands])
            level[row] = highest + 1 + (highest % 2 == (kind[row] == FUNCTION))
            late[row] = kind[row] == REDUCTION or any(map(late.__getitem__, operands))
    for row in range(n):
        if level[row]:
            formula = rows.formula[row]
            key = (level[row], row in primal, kind[row], rows.batched[row], late[row],
                   "" if formula is None else formula.key)
            groups.setdefault(key, []).append(row)
    # Leaves first, then primal rows and functions by level, then adjoints: those look up their primal's address.
    order = sorted(groups, key=lambda key: (key[0] != 0, key[0] != 0 and key[1], key[0], key[1:]))
    for number, key in enumerate(order):
        members = groups[key]
        if key[0]:
            if key[1]:
                members.sort(key=lambda row: (rows.batched[primal[row]], address[primal[row]]))
            elif kind[members[0]] == PAIRS:
                members.sort(key=lambda row: _weighted(rows, address, row))  # stable: else in the order of the trace
            elif kind[members[0]] == FUNCTION:
                members.sort(key=lambda row: [(group[x], address[x]) for x in args[row]])
            out.steps.append((level[members[0]], members))
        place = out.sample_size if key[3] else out.shared_size
        for row in members:
            group[row], address[row] = number, place
            place += 1
        if key[3]:
            out.sample_size = place
        else:
            out.shared_size = place
    out.steps.sort(key=lambda step: step[0])
    return out


def _weighted(rows: Rows, address: list[int], row: int) -> tuple[int, int]:
    """For a sum of weights times values: the address of a value, then of a weight. One layer's rows come together."""
    a, b = rows.pairs[row][-2:]
    if rows.kind[b] == TRAINABLE:
        a, b = b, a
    if rows.kind[a] != TRAINABLE or rows.kind[b] in (CONSTANT, TRAINABLE):
        return 0, 0
    return address[b], address[a]


def canonical(rows: Rows, layout: Layout, pairs: list[list[int]]) -> "Matrix":
    """Rows of pairs as flat arrays, in each pair the operand of lower level first, the pairs sorted by address."""
    counts = np.fromiter(map(len, pairs), np.int64, len(pairs)) // 2
    flat = np.fromiter((x for row in pairs for x in row), np.int64, 2 * int(counts.sum())).reshape(-1, 2)
    address, group = np.asarray(layout.address), np.asarray(layout.group)
    level, batched = np.asarray(layout.level), np.asarray(rows.batched)
    constant = np.asarray(rows.kind) == CONSTANT
    rank = level - constant + batched * (1 << 40)  # constants first, then what all samples share
    first, second = flat[:, 0], flat[:, 1]
    swap = (rank[first] > rank[second]) | ((rank[first] == rank[second]) & (group[first] > group[second]))
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    owner = np.repeat(np.arange(len(pairs)), counts)
    order = np.lexsort((address[second], address[first], group[second], group[first], owner))
    first, second = first[order], second[order]
    return Matrix(counts, owner, address[first], address[second], group[first], group[second],
                  batched[first], batched[second])


@dataclass
class Matrix:
    """The pairs of several rows, one row after the other: operands' addresses, groups and spaces."""

    counts: np.ndarray
    owner: np.ndarray
    a: np.ndarray
    b: np.ndarray
    a_group: np.ndarray
    b_group: np.ndarray
    a_batched: np.ndarray
    b_batched: np.ndarray
