"""The interpreter gives what straight-line code gives: every operation, long tapes, blocks of samples."""

import math
import random

import numpy as np
import pytest

from autograd import Value, func
from autograd.compiler import batch, interpreter, joining, point
from autograd.compiler.tape import PARAMETER, SAMPLE, evaluate, record
from autograd.primitive import TABLE
from tests.compiler.graphs import counts, optimised, points, random_function, same

pytest.importorskip("llvmlite")

OPTIONS = {"dtype": "float64", "reduce": None, "threads": 1, "exact": True}


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    """However short a tape is."""
    monkeypatch.setattr(point, "LONG", 0)
    monkeypatch.setattr(batch, "LONG", 0)


def at_point(tape):
    made = point.NativePoint(tape, "float64")
    assert made.program
    return made


def over(tape, **options):
    made = batch.Batch(tape, lambda t: lambda xs: evaluate(t, xs), OPTIONS | options)
    assert made.program
    return made


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation(name):
    op = TABLE[name]
    for count in counts(op):
        xs = [Value(0.5 + i) for i in range(count)]
        node = Value.__autograd__(xs[0], op, tuple(xs))
        run = at_point(record([node], xs))
        where = points(count)
        for p in where:
            assert same(run(p)[0], op.forward(*p)), (p, run(p)[0])
        (column,) = over(record([node], xs, [SAMPLE] * count))(list(np.array(where).T), len(where))
        for p, z in zip(where, column.tolist(), strict=True):
            assert same(z, op.forward(*p)), (p, z)


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs_with_parameters_constants_and_derivatives(seed):
    f = random_function(seed, 40, 4)
    xs = [Value(0.1 * k) for k in range(4)]
    value, slopes = func.value_and_grad(f)(xs)
    tape = optimised(record([value, *slopes, xs[1], xs[2], 5.0], xs, [PARAMETER, SAMPLE, PARAMETER, SAMPLE]))
    run = at_point(tape)
    rng = random.Random(seed)
    w = [rng.uniform(-1.0, 1.0) for _ in range(2)]
    columns = np.random.default_rng(seed).normal(size=(2, 150))
    found = over(tape)([w[0], columns[0], w[1], columns[1]], 150)
    for k in range(150):
        p = [w[0], columns[0, k], w[1], columns[1, k]]
        want = evaluate(tape, p)
        assert all(map(same, run(p), want))
        assert all(same(x[k], z) for x, z in zip(found, want, strict=True))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_reduced_and_threaded(dtype, monkeypatch):
    monkeypatch.setattr(batch, "SHARE", 1)  # or one thread would do it all
    w, x = Value(2.0), Value(3.0)
    tape = record([(w * x).tanh(), w * w], [w, x], [PARAMETER, SAMPLE])
    where = np.linspace(-1.0, 1.0, 1000)
    want = np.tanh(1.5 * where)
    for threads in (1, 2):
        each = over(tape, threads=threads, dtype=dtype)([1.5, where], 1000)
        np.testing.assert_allclose(each[0], want, rtol=4 * np.finfo(dtype).eps)
        total, square = over(tape, threads=threads, dtype=dtype, reduce="sum")([1.5, where], 1000)
        # a thousand terms below one, each rounded, in 64 running sums
        assert total == pytest.approx(want.sum(), abs=1000 * float(np.finfo(dtype).eps))
        assert square == 2250.0


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sine_and_cosine_of_a_number_are_one_instruction(dtype, exact):
    x, y = Value(2.0), Value(3.0)
    u, v = x * y, x + y
    tape = record([u.sin() * u.cos(), v.cos(), v.sin(), x.sin(), y.cos()], [x, y], [SAMPLE] * 2)
    made = over(tape, dtype=dtype, exact=exact)
    assert len(made.words) // interpreter.WORDS == len(tape.rows) - 2
    a, b = np.concatenate([np.random.default_rng(0).uniform(-9.0, 9.0, (2, 100)), [[1e9, -0.0], [1.0, 0.0]]], axis=1)
    a, b = a.astype(dtype), b.astype(dtype)
    found = made([a, b], 102)
    u, v = (a * b).astype(np.float64), (a + b).astype(np.float64)
    want = [np.sin(u) * np.cos(u), np.cos(v), np.sin(v), np.sin(a, dtype=float), np.cos(b, dtype=float)]
    for got, z in zip(found, want, strict=True):  # a product of two functions, each to about one ulp
        np.testing.assert_allclose(got, z, rtol=4 * np.finfo(dtype).eps)
    assert np.signbit(found[3][101])


def test_a_pair_of_which_one_is_dead():
    x = Value(2.0)
    tape = record([x.cos() + x, x.sin()], [x], [SAMPLE])
    (found,) = over(tape._replace(outputs=tape.outputs[:1]))([np.array([0.5, 1.0])], 2)
    np.testing.assert_allclose(found, [math.cos(0.5) + 0.5, math.cos(1.0) + 1.0], rtol=4e-16)


def test_places_are_reused():
    x = y = Value(1.0)
    for _ in range(10_000):
        y = y.sin() + x
    tape = record([y], [x])
    assert interpreter.encode(tape, joining.plain(tape)).places <= 4


def test_a_dead_row_and_outputs_that_are_inputs_or_constants():
    x = Value(2.0)
    tape = record([x, x * x, 7.0, x], [x])
    tape.rows.append((TABLE["exp"], (0,)))
    assert at_point(tape)([3.0]) == [3.0, 9.0, 7.0, 3.0]
