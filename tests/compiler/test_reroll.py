"""Affine nests stand for exactly the rows they were made from, in order."""

import itertools
import random

import pytest

np = pytest.importorskip("numpy")

from autograd.compiler.layout import Matrix  # noqa: E402
from autograd.compiler.reroll import affine, products, segments  # noqa: E402


def rolled_out(nests):
    return [
        [base + i * outer + j * inner for base, outer, inner in zip(n.base, n.outer, n.inner, strict=True)]
        for n in nests for i in range(n.n0) for j in range(n.n1)
    ]


@pytest.mark.parametrize("seed", range(200))
def test_nests_cover_any_rows_exactly(seed):
    rng = random.Random(seed)
    rows = [[0, 0]]
    for _ in range(rng.randrange(0, 14)):
        step = rng.choice([(1, 1), (1, 0), (7, 3), (rng.randrange(3), rng.randrange(3))])
        rows.append([rows[-1][0] + step[0], rows[-1][1] + step[1]])
    assert rolled_out(affine(np.array(rows))) == rows


def test_a_matrix_is_one_nest():
    rows = np.array([[100 + 5 * i + j, 3 * j] for i in range(4) for j in range(5)])
    (nest,) = affine(rows)
    assert (nest.n0, nest.n1, nest.outer, nest.inner) == (4, 5, [5, 0], [1, 3])


def test_irregular_rows_cost_instructions_and_nothing_else():
    rows = np.array([[0], [1], [4], [9], [16], [25]])
    assert rolled_out(affine(rows)) == rows.tolist()
    assert len(affine(rows)) > 1


def matrix(rows, groups=None):
    """Rows of (a, b) address pairs; groups alike in shape, all 0 unless given."""
    counts = np.array([len(row) for row in rows])
    flat = np.array([pair for row in rows for pair in row]).reshape(-1, 2)
    kinds = np.zeros_like(flat) if groups is None else np.array([g for row in groups for g in row]).reshape(-1, 2)
    same = np.zeros(len(flat), bool)
    return Matrix(counts, np.repeat(np.arange(len(rows)), counts), flat[:, 0], flat[:, 1], kinds[:, 0], kinds[:, 1],
                  same, same)


def written_out(found, count):
    rows = [None] * count
    for members, parts, starts in found:
        for member, start in zip(members.tolist(), starts.tolist(), strict=True):
            rows[member] = [(start[2 * k] + j * part.a, start[2 * k + 1] + j * part.b)
                            for k, part in enumerate(parts) for j in range(part.length)]
    return rows


@pytest.mark.parametrize("seed", range(100))
def test_segments_cover_any_pairs_exactly(seed):
    rng = random.Random(seed)
    rows = [[(rng.randrange(4), rng.randrange(30)) if rng.random() < 0.3 else (k, 10 + 2 * k)
             for k in range(rng.randrange(1, 7))] for _ in range(rng.randrange(1, 9))]
    assert written_out(segments(matrix(rows)), len(rows)) == rows


@pytest.mark.parametrize("seed", range(50))
def test_boxes_hold_every_product_once(seed):
    rng = random.Random(seed)
    rows = [[(rng.randrange(4), rng.randrange(9)) if seed % 2 else (j + i, 3 * j) for j in range(rng.randrange(1, 6))]
            for i in range(rng.randrange(1, 9))]
    out = np.array([100 + 2 * k for k in range(len(rows))])
    found = []
    for box in products(matrix(rows), out):
        for i, j, k in itertools.product(*map(range, box.extents)):
            found.append(tuple(x + i * p + j * q + k * r for x, p, q, r in zip(box.base, *box.strides, strict=True)))
    assert sorted(found) == sorted((100 + 2 * k, a, b) for k, row in enumerate(rows) for a, b in row)


def test_sums_over_later_positions_are_a_box_per_position():
    """out[u, d] = sum over t >= u of w[t, u] * x[t, d]: rows of all lengths, and one box for each t."""
    rows = [[(10 * t + u, 100 * t + d) for t in range(u, 6)] for u in range(6) for d in range(4)]
    assert len(products(matrix(rows), np.arange(24))) <= 6


def test_a_bias_is_not_swallowed_by_the_weights_beside_it():
    """1*b + w0*x0 + w1*x1: the step from (1, b) to (w0, x0) is a stride of two pairs, but of different groups."""
    row, kinds = [(0, 5), (6, 9), (7, 10)], [(0, 1), (1, 2), (1, 2)]
    ((_, parts, _),) = segments(matrix([row], [kinds]))
    assert [part.length for part in parts] == [1, 2]


def test_rows_of_one_pair_are_split_by_operand_group():
    rows, kinds = [[(0, 10)], [(1, 11)], [(2, 12)]], [[(0, 1)], [(0, 2)], [(0, 1)]]
    assert sorted(members.tolist() for members, _, _ in segments(matrix(rows, kinds))) == [[0, 2], [1]]
