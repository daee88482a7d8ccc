"""Batches: the same sums on every machine."""

import pytest

import autograd
from autograd import func

pytest.importorskip("llvmlite")
np = pytest.importorskip("numpy")

from autograd.compiler import native  # noqa: E402


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_reduced_sum_does_not_depend_on_the_width_of_vectors(monkeypatch, dtype):
    samples = np.random.default_rng(0).normal(size=(10_001, 2)).astype(dtype)
    slope = func.value_and_grad(lambda w, x: (w * x[0] - x[1]).tanh() ** 2)
    found = set()
    for size in (16, 32, 64):
        monkeypatch.setattr(native, "vector_bytes", lambda size=size: size)
        found.add(autograd.compile(slope, in_axes=(None, 0), reduce="sum", dtype=dtype)(0.3, samples))
    assert len(found) == 1


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_single_precision_also_for_what_no_sample_changes(reduce):
    w, x = autograd.Value(0.1), np.arange(5.0)
    options = {"in_axes": 0, "dtype": "float32", "reduce": reduce}
    python, llvm = [
        autograd.compile(lambda x: [w, w * 3.0, 16777217.0, x], backend=backend, **options)(x)
        for backend in ("python", "llvm")
    ]
    assert python[:3] == llvm[:3] == [float(np.float32(number)) for number in python[:3]]
