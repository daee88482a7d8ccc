"""Fusing and differentiating rows: what a row is, and that rows compute what the graph computes."""

import math
import random

import pytest

pytest.importorskip("numpy")

import autograd
from autograd import Value
from autograd.compiler.formula import Formula, local_derivatives
from autograd.compiler.fuse import CONSTANT, FUNCTION, INPUT, PAIRS, TRAINABLE, Rows, fuse, tape_of
from autograd.compiler.reverse import reverse
from autograd.primitive import TABLE
from tests.compiler.graphs import random_function


def fused(f, *points):
    """The rows of f at fresh parameters, its output's row, the rows of the parameters."""
    inputs = [Value(x) for x in points]
    rows = Rows()
    leaves = [rows.leaf(TRAINABLE) for _ in inputs]
    (root,) = fuse(tape_of(f(*inputs), inputs), leaves, rows)
    return rows, root, leaves


def evaluate(rows, leaves, seed=1.0):
    """The plainest interpreter of rows: the oracle."""
    values = {}
    given = iter(leaves)
    for k in range(len(rows)):
        if rows.kind[k] == CONSTANT:
            values[k] = rows.value[k]
        elif rows.kind[k] in (TRAINABLE, INPUT):
            values[k] = next(given, seed)
        elif rows.kind[k] == PAIRS:
            values[k] = math.fsum(values[a] * values[b] for a, b in zip(rows.pairs[k][::2], rows.pairs[k][1::2]))
        else:
            values[k] = computed(rows.formula[k], [values[x] for x in rows.args[k]])
    return values


def computed(formula, operands):
    if not isinstance(formula, Formula):
        return formula
    if formula.op is None:
        return operands[formula.slot]
    return float(formula.op(*(computed(arg, operands) for arg in formula.args)))


def shape(rows, row):
    return [(rows.value.get(a, a), rows.value.get(b, b)) for a, b in zip(rows.pairs[row][::2], rows.pairs[row][1::2])]


def test_a_dot_product_of_any_length_is_one_row():
    rows, root, x = fused(lambda *x: sum(a * b for a, b in zip(x[:9], x[9:])), *range(1, 19))
    assert rows.kind.count(PAIRS) == 1
    assert set(shape(rows, root)) >= set(zip(x[:9], x[9:]))


def test_subtraction_is_a_pair_with_minus_one_and_an_addend_one_with_one():
    rows, root, (x, y) = fused(lambda x, y: x - y, 2.0, 3.0)
    assert shape(rows, root) == [(1.0, x), (-1.0, y)]


def test_a_product_that_is_used_twice_is_a_row_of_its_own():
    rows, _, _ = fused(lambda x, y: (lambda p: p * p + p)(x * y), 2.0, 3.0)
    assert rows.kind.count(PAIRS) == 2


def test_negating_constant_multiples_makes_no_row():
    rows, root, (x,) = fused(lambda x: 1.0 - 2.0 * x, 3.0)
    assert shape(rows, root) == [(1.0, 1.0), (-2.0, x)]


def test_zeros_of_both_signs_and_nans_are_constants_of_their_own():
    rows = Rows()
    assert rows.constant(0.0) != rows.constant(-0.0)
    assert rows.constant(math.nan) == rows.constant(math.nan)


def test_what_all_samples_share_is_one_addend_of_a_sum_per_sample():
    rows = Rows()
    p, q, x = rows.leaf(TRAINABLE), rows.leaf(TRAINABLE), rows.leaf(INPUT, True)
    row = rows.sum([p, q, p, p, p, x])
    one, shared, *per_sample = rows.pairs[row]
    assert (one, rows.batched[shared], per_sample) == (rows.one, False, [p, x])


def test_a_repeated_function_is_shared():
    rows, _, _ = fused(lambda x: x.tanh() * x.tanh(), 0.5)
    assert rows.kind.count(FUNCTION) == 1


def test_an_operation_of_many_operands_is_written_out_once():
    def f(*x):
        return autograd.logsumexp(x) * autograd.logsumexp(x)

    once, _, _ = fused(lambda *x: autograd.logsumexp(x), 1.0, 2.0, 3.0)
    twice, _, _ = fused(f, 1.0, 2.0, 3.0)
    assert len(twice) == len(once) + 1


def test_local_derivatives_are_the_tables():
    for name, op in TABLE.items():
        if op.variadic:
            continue
        n = len(op.operands)
        x = [0.37, 0.81, 1.2][:n]
        z = op.forward(*x)
        for local, expected in zip(local_derivatives(op, n), op.partials(*x, z), strict=True):
            if isinstance(local, tuple):
                read, formula = local
                operands = [[*x, z][slot] for slot in read]
                local = operands[0] if formula is None else computed(formula, operands)
            assert local == expected or (local != local and expected != expected), name  # acosh is nan here


@pytest.mark.parametrize("seed", range(40))
def test_rows_and_their_derivatives_are_those_of_the_graph(seed):
    f = random_function(seed, 12, 4)
    rng = random.Random(seed)
    points = [rng.uniform(-2.0, 2.0) for _ in range(4)]
    inputs = [Value(x) for x in points]
    y = f(inputs)
    expected = autograd.grad(y, inputs)
    rows, root, leaves = fused(lambda *xs: f(list(xs)), *points)
    weight = rows.leaf(INPUT)
    pairs, _ = reverse(rows, root, weight, leaves)
    gradient = [rows.sum(found) if found else rows.zero for found in pairs]
    values = evaluate(rows, points)
    scale = 1.0 + max(map(abs, expected))
    assert values[root] == pytest.approx(y.data, rel=1e-12, abs=1e-12)  # sums are taken in another order
    for row, slope in zip(gradient, expected, strict=True):
        assert values[row] == pytest.approx(slope, rel=1e-11, abs=1e-12 * scale)
