"""Native code at one point and over samples: every operation, awkward points, long tapes, derivatives."""

import random

import numpy as np
import pytest

import autograd
from autograd import Value, func
from autograd.compiler import batch as batches
from autograd.compiler import point as native
from autograd.compiler.point import NativePoint
from autograd.compiler.straight import ROWS_PER_FUNCTION, lanes, point
from autograd.compiler.tape import evaluate, record
from autograd.ieee import float32
from autograd.primitive import TABLE
from tests.compiler.graphs import counts, optimised, points, random_function, same

pytest.importorskip("llvmlite")


@pytest.fixture(autouse=True)
def translated(monkeypatch):
    """However many functions a tape calls."""
    monkeypatch.setattr(batches, "CALLS", 1.0)


def test_a_tape_that_calls_many_functions_is_interpreted(monkeypatch):
    monkeypatch.undo()
    options = {"dtype": "float64", "reduce": None, "threads": 1, "exact": False}
    x = Value(2.0)
    for y, many in ((x.sin() * x.exp(), True), (x * x - x.clamp(0.0, 1.0), False), (x, False)):
        made = batches.Batch(record([y], [x], ["sample"]), lambda tape: NativePoint(tape, "float64"), options)
        assert bool(made.program) == many, y


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_at_one_point_bit_for_bit(name):
    op = TABLE[name]
    for count in counts(op):
        xs = [Value(0.5 + i) for i in range(count)]
        run = NativePoint(record([Value.__autograd__(xs[0], op, tuple(xs))], xs), "float64")
        for p in points(count):
            assert same(run(p)[0], op.forward(*p)), (p, run(p)[0], op.forward(*p))


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_over_samples(name):
    """With `exact` bit for bit; else to 4 ulp, of a composite's largest operand: it adds up a few rounded numbers."""
    op = TABLE[name]
    for count in counts(op):
        where = np.array(points(count))
        for exact in (True, False):
            batch = autograd.compile(lambda x, op=op: Value.__autograd__(x[0], op, tuple(x)), in_axes=0, exact=exact)
            with np.errstate(all="ignore"):
                found = batch(where)
            for p, z in zip(where.tolist(), found.tolist(), strict=True):
                want = op.forward(*p)
                if exact or want != want or want in (0.0, np.inf, -np.inf):
                    assert same(z, want) or (not exact and z == want), (p, z, want)
                else:
                    met = max([abs(want), *(abs(x) for x in p if op.composite and np.isfinite(x))])
                    assert abs(z - want) <= 4 * np.spacing(met), (p, z, want)


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_in_single_precision(name):
    """At one point bit for bit; over samples to 4 ulps of the largest number met on the way, from rounded operands."""
    op = TABLE[name]
    rng = random.Random(0)
    for count in counts(op):
        where = np.array([[rng.uniform(0.1, 0.9) for _ in range(count)] for _ in range(40)], np.float32)
        batch = autograd.compile(lambda x, op=op: Value.__autograd__(x[0], op, tuple(x)), in_axes=0, dtype="float32")
        xs = [Value(0.5 + i) for i in range(count)]
        tape = record([Value.__autograd__(xs[0], op, tuple(xs))], xs)
        one = NativePoint(tape, "float32")
        for p in [*points(count), *where.tolist()]:
            assert same(one([float32(x) for x in p])[0], evaluate(tape, p, float32)[0]), p
        for p, z in zip(where.tolist(), batch(where).tolist(), strict=True):
            if abs(p[0] - p[-1]) < 1e-3 and count > 1:
                continue
            want = op.forward(*p)
            assert z == pytest.approx(want, rel=4 * 2.0**-23, abs=4 * 2.0**-23, nan_ok=True), p


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_with_second_derivatives(seed, dtype):
    f = random_function(seed, 25, 3)

    def everything(x):
        return func.value_and_grad(f)(x), func.hessian(f)(x)

    where = np.array([p for p in points(3, seed) if np.isfinite(p).all()][-25:])
    eager, exact, fast = (
        autograd.compile(everything, in_axes=0, dtype=dtype, **options)
        for options in ({"backend": "python"}, {"exact": True}, {"exact": False})
    )
    one = autograd.compile(everything, dtype=dtype)
    with np.errstate(over="ignore"):  # 1e308 is beyond float32
        want, bits, near = (np.array(flat(g(where))) for g in (eager, exact, fast))
    assert all(map(same, want.ravel().tolist(), bits.ravel().tolist()))
    for k, p in enumerate(where.tolist()):
        assert all(map(same, flat(one(p)), want[:, k].tolist()))
    # A function's last bit is multiplied by the condition of what follows: this is far above it, far below a fault.
    usual, far = np.isfinite(want) & (abs(want) < 1e6), {"float64": 1e-9, "float32": 1e-2}[dtype]
    np.testing.assert_allclose(near[usual], want[usual], rtol=far, atol=far)


def flat(tree):
    if isinstance(tree, (list, tuple)):
        return [x for branch in tree for x in flat(branch)]
    return [tree]


@pytest.mark.parametrize("rows", [1, ROWS_PER_FUNCTION, ROWS_PER_FUNCTION + 1, 5 * ROWS_PER_FUNCTION])
def test_tapes_of_several_functions(rows):
    rng = random.Random(rows)
    xs = [Value(0.3), Value(0.7)]
    values = list(xs)
    for _ in range(rows):
        op = rng.choice([TABLE["add"], TABLE["mul"], TABLE["sin"]])
        values.append(op(*(rng.choice(values) for _ in op.operands)))
    tape = record([values[-1], values[len(values) // 2], *values[2:5], xs[0], 7.0], xs)
    assert all(map(same, NativePoint(tape, "float64")([1.5, -0.5]), evaluate(tape, [1.5, -0.5])))
    where = np.random.default_rng(0).normal(size=(100, 2))
    code = {id(x): x for x in values}
    assert len(code) == rows + 2
    outs = autograd.compile(lambda x: replay(tape, x), in_axes=0, exact=True)(where)
    for k in range(100):
        assert all(map(same, [o[k] for o in outs], evaluate(tape, where[k].tolist())))


def replay(tape, xs):
    values = list(xs)
    for op, args in tape.rows:
        values.append(op(*[arg if isinstance(arg, float) else values[arg] for arg in args]))
    return [arg if isinstance(arg, float) else values[arg] for arg in tape.outputs]


def test_the_workspace_stays_small():
    x = Value(1.0)
    y = x
    for _ in range(20 * ROWS_PER_FUNCTION):
        y = y.sin() + x
    _, places, _ = point(record([y], [x]), "float64")
    assert places <= 3
    assert lanes(record([y], [x], ["sample"]), "float64", 8, 64).blocks <= 4


def test_an_operation_of_ones_own_is_compiled_at_once(register):
    third = register("third_root", lambda x: x ** (1.0 / 3.0), lambda x, z: (z / (3.0 * x),))
    fast = autograd.compile(func.value_and_grad(lambda x: third(x) * 2.0), backend="llvm")
    assert fast(8.0) == func.value_and_grad(lambda x: third(x) * 2.0)(8.0)
    batch = autograd.compile(lambda x: third(x), in_axes=0, backend="llvm")
    assert batch([1.0, 2.0]).tolist() == [1.0, 2.0 ** (1.0 / 3.0)]


@pytest.mark.parametrize("long", [0, 10**9])
@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_an_operation_that_is_registered_again_is_another(register, backend, long, monkeypatch):
    monkeypatch.setattr(native, "LONG", long)
    monkeypatch.setattr(batches, "LONG", long)
    first = register("again", lambda x: x + 1.0, lambda x, z: (1.0,))
    old = autograd.compile(lambda x: first(x), backend=backend)
    assert old(1.0) == 2.0
    second = register("again", lambda x: x + 2.0, lambda x, z: (1.0,))
    for f, want in ((second, 3.0), (lambda x: first(x) + 10.0 * second(x), 32.0)):
        assert autograd.compile(lambda x, f=f: f(x), backend=backend)(1.0) == want
        assert autograd.compile(lambda x, f=f: f(x), backend=backend, in_axes=0)([1.0]).tolist() == [want]
    assert old(1.0) == 2.0


def test_an_exception_in_an_operation_of_ones_own_gives_nan(register):
    broken = register("broken", lambda x: 1.0 / (x - 1.0) if x > 0.0 else x, lambda x, z: (1.0,))
    fast = autograd.compile(lambda x: broken(x), backend="llvm")
    assert fast(3.0) == 0.5
    assert np.isnan(fast(1.0))


@pytest.mark.parametrize("samples", [1, 7, 63, 64, 65, 200])
@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_samples_and_threads(samples, threads, monkeypatch):
    monkeypatch.setattr(batches, "SHARE", 1)  # or one thread would do it all
    x = np.linspace(-1.0, 1.0, samples)
    f = lambda w, x: (w * x).tanh()
    each = autograd.compile(f, in_axes=(None, 0), threads=threads)(2.0, x)
    np.testing.assert_allclose(each, np.tanh(2.0 * x), rtol=4e-16)  # 2 ulp
    for reduce in ("sum", "mean"):
        total = autograd.compile(f, in_axes=(None, 0), threads=threads, reduce=reduce)(2.0, x)
        bound = (samples / 64 + 8) * 2.0**-53 * np.abs(each).sum()
        assert abs(total - getattr(np, reduce)(each)) <= 2 * bound


def test_threads_are_used_only_where_they_pay(monkeypatch):
    shares = []
    pool = batches._pool
    monkeypatch.setattr(batches, "_pool", lambda count: shares.append(count) or pool(count))
    f = autograd.compile(lambda x: (x * x).tanh() + x, in_axes=0, reduce="sum", threads=2)  # 3 rows, and the verdict
    small, large = np.linspace(-1.0, 1.0, 1000), np.linspace(-1.0, 1.0, 2 * batches.SHARE)
    f(small)
    assert shares == []
    assert len({f(large) for _ in range(5)}) == 1  # the same shares, so the same bits
    assert shares == [2] * 5


def test_columns_of_any_stride_and_type():
    wide = np.arange(60.0).reshape(10, 6)
    f = autograd.compile(lambda x: x[0] - x[1] * 2.0, in_axes=0)
    odd = np.zeros(10, [("x", "f4"), ("pair", "f8", 2)])  # 20 bytes apart
    odd["pair"] = wide[:, :2]
    np.testing.assert_array_equal(f(odd["pair"]), wide[:, 0] - 2.0 * wide[:, 1])
    views = [wide[:, :2], wide[::2, 1:3], wide.T[:, :2], wide[::-1, 3:5], wide.astype(int), np.asfortranarray(wide)]
    for x in views:
        np.testing.assert_array_equal(f(x), x[:, 0] - 2.0 * x[:, 1])


def test_a_long_tape_compiles_in_pieces():
    x = Value(0.5)
    y = x
    for k in range(3000):
        y = y * x + (k % 7) * 0.25
    tape = optimised(record([y], [x]))
    text, _, _ = point(tape, "float64")
    assert text.count("define internal") == -(-len(tape.rows) // ROWS_PER_FUNCTION)
    assert NativePoint(tape, "float64")([0.9]) == evaluate(tape, [0.9])
