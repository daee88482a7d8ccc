"""The JAX back end against the eager engine: every operation, random graphs, batches, reductions, two devices."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

import autograd
from autograd import Value, func
from autograd.compiler.guards import GuardError
from autograd.primitive import TABLE
from autograd.testing import expressions
from tests.compiler.graphs import counts, points, random_function

pytest.importorskip("jax")


def compiled(f, **options):
    return autograd.compile(f, backend="jax", **options)


def flat(tree):
    if isinstance(tree, (list, tuple)):
        return [x for branch in tree for x in flat(branch)]
    return [tree.data if isinstance(tree, Value) else tree]


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation(name):
    """To 4 ulp, of a composite's largest operand; numbers near the smallest ones may be flushed to zero."""
    op = TABLE[name]
    for count in counts(op):
        where = [p for p in points(count) if not any(0.0 < abs(x) < 1e-300 for x in p)]
        found = compiled(lambda x, op=op: Value.__autograd__(x[0], op, tuple(x)), in_axes=0)(np.array(where))
        for p, z in zip(where, found.tolist(), strict=True):
            want = op.forward(*p)
            if want != want or want in (0.0, np.inf, -np.inf):
                assert z == want or (z != z and want != want), (p, z, want)
            else:
                met = max([abs(want), *(abs(x) for x in p if op.composite and np.isfinite(x))])
                assert abs(z - want) <= 4 * np.spacing(met) + 2.3e-308, (p, z, want)


@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_with_second_derivatives(seed):
    f = random_function(seed, 25, 3)

    def everything(x):
        return func.value_and_grad(f)(x), func.hessian(f)(x)

    where = np.array(points(3, seed)[-20:])  # the ordinary ones: at a special one a last bit may decide a comparison
    want = np.array([flat(everything([Value(x) for x in p])) for p in where.tolist()]).T
    many, one = compiled(everything, in_axes=0), compiled(everything)
    # A function's last bits are multiplied by the condition of what follows: 1e-9 is far above, and far below a fault.
    usual = np.isfinite(want) & (abs(want) < 1e6)
    np.testing.assert_allclose(np.array(flat(many(where)))[usual], want[usual], rtol=1e-9, atol=1e-9)
    found = np.array(flat(one(where[-1].tolist())))
    np.testing.assert_allclose(found[usual[:, -1]], want[:, -1][usual[:, -1]], rtol=1e-9, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(expressions(n_inputs=2, max_nodes=10))
def test_drawn_graphs(expression):
    first = func.value_and_grad(lambda xs: expression.f(*xs))
    want = flat(first(list(expression.inputs)))
    found = flat(compiled(first)(list(expression.inputs)))
    assert found == pytest.approx(want, rel=1e-9, abs=1e-9)  # as above


def loss(w, x, y):
    return (autograd.tanh(w[0] * x[0] + w[1] * x[1]) - y) ** 2 + 0.1 * w[0] * w[0]


X, Y = np.linspace(-2.0, 2.0, 14).reshape(7, 2), np.linspace(0.0, 1.0, 7)


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_batches(reduce, dtype):
    g = lambda w, x, y: (func.value_and_grad(loss)(w, x, y), w[0] * w[1], 3.0)
    eager = autograd.compile(g, backend="python", in_axes=(None, 0, 0), reduce=reduce)([0.5, -0.25], X, Y)
    found = compiled(g, in_axes=(None, 0, 0), reduce=reduce, dtype=dtype)([0.5, -0.25], X, Y)
    accuracy = 64 * {"float64": 2.0**-53, "float32": 2.0**-24}[dtype]  # some ten roundings, seven terms
    for a, b in zip(flat(found), flat(eager), strict=True):
        np.testing.assert_allclose(a, b, rtol=accuracy, atol=accuracy)
        assert reduce or a.dtype == dtype


def test_float64_is_ours_alone():
    import jax.numpy as jnp

    assert compiled(lambda x: x / 3.0)(1.0) == 1.0 / 3.0
    assert jnp.zeros(1).dtype == np.float32  # JAX's own default is as it was


def test_branches_weights_and_arrays():
    w = Value(2.0)
    fast = compiled(lambda x: np.array([x[0] * w, x[1]]) if x[0] > 0.0 else -x)
    assert fast(np.array([1.0, 5.0])).tolist() == [2.0, 5.0]
    w.data = 3.0
    assert fast(np.array([1.0, 5.0])).tolist() == [3.0, 5.0]
    assert fast(np.array([-1.0, 5.0])).tolist() == [1.0, -5.0]
    with pytest.raises(GuardError, match=r"(?s)`x > 0.0` is True for sample 0 and False for sample 1.*test_jax"):
        compiled(lambda x: x if x > 0.0 else -x, in_axes=0)([1.0, -1.0])


def test_nothing_to_compute():
    assert compiled(lambda x: [x, 2.0])(3.0) == [3.0, 2.0]
    assert compiled(lambda: Value(2.0) * 3.0)() == 6.0
    assert [list(c) for c in compiled(lambda w, x: [x, w * w], in_axes=(None, 0))(3.0, [1.0, 2.0])] == [[1, 2], [9, 9]]


def test_an_operation_of_ones_own(register):
    third = register("third_root", lambda x: x ** (1.0 / 3.0), lambda x, z: (z / (3.0 * x),))
    broken = register("broken", lambda x, y: 1.0 / (x - y), lambda x, y, z: (1.0, 1.0))
    f = lambda w, x: (third(x) * w, broken(x, w))
    roots, others = compiled(f, in_axes=(None, 0))(2.0, [1.0, 2.0, 8.0])
    assert roots.tolist() == [2.0, 2.0 * 2.0 ** (1.0 / 3.0), 2.0 * 8.0 ** (1.0 / 3.0)]
    assert (others[0], others[2]) == (-1.0, 1.0 / 6.0)
    assert np.isnan(others[1])


def test_exact_cannot_be_asked_for():
    with pytest.raises(ValueError, match=r"exact=True promises the eager engine's bits, which XLA does not give"):
        compiled(lambda x: x, exact=True)


def test_samples_over_two_devices():
    """In a process of its own: the number of devices is fixed when JAX starts."""
    program = """
import numpy as np, jax, autograd
from autograd import func
assert len(jax.devices()) == 2
x = np.linspace(-1.0, 1.0, 7)
f = func.value_and_grad(lambda w, x: (w * x).tanh() * x)
each = autograd.compile(f, in_axes=(None, 0), backend="jax")
want = autograd.compile(f, in_axes=(None, 0), backend="python")
for a, b in zip(each(2.0, x), want(2.0, x)):
    assert a.shape == (7,)
    np.testing.assert_allclose(a, b, rtol=4e-15)  # some ten roundings
(program,) = each._programs.popitem()[1]
spread, counted = program.batch._spread([x], 7)
assert len(spread.sharding.device_set) == len(counted.sharding.device_set) == 2
for reduce in ("sum", "mean"):
    total = autograd.compile(f, in_axes=(None, 0), backend="jax", reduce=reduce)(2.0, x)
    np.testing.assert_allclose(total, [getattr(np, reduce)(c) for c in want(2.0, x)], rtol=1e-14, atol=1e-15)
print("spread")
"""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    found = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | flags, capture_output=True, text=True, timeout=120
    )
    assert found.stdout.strip().endswith("spread"), found.stderr
