"""Every kernel against NumPy, in all sizes around its tiles and vectors."""

import ctypes
import itertools

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd.compiler import native  # noqa: E402
from autograd.compiler.bound import fixed_kernels  # noqa: E402
from autograd.compiler.emit import SAMPLES  # noqa: E402

WIDTH = native.vector_bytes() // 8
SIZES = (1, 2, 3, 5, WIDTH, 5 * WIDTH + 3)


def run(kernel, words, columns=0):
    row = np.zeros(1 + max(words), np.int64)
    for k, word in words.items():
        row[k] = word
    start = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
    start(fixed_kernels(WIDTH).address(kernel))(row.ctypes.data, columns)


def contraction(kernel, extents, out, a, b, init, columns=0):
    """Operands are (array, strides in bytes); out and init by (i, r, c), a and b by (i, r, k, c)."""
    words = dict(enumerate(extents, 1))
    for at, (array, strides) in zip((5, 9, 14, 19), (out, a, b, init)):
        words[at] = array.ctypes.data
        words.update(enumerate(strides, at + 1))
    run(kernel, words, columns)


@pytest.mark.parametrize(("kernel", "a_vector", "shared"), [
    ("contract_sv", False, True), ("contract_ss", False, False), ("contract_vv", True, False), ("nest", True, False)])
@pytest.mark.parametrize("initial", ["zero", "vector", "scalar"])
def test_contractions(kernel, a_vector, shared, initial):
    rng = np.random.default_rng(0)
    for rows, pairs, columns in itertools.product((1, 2, 3, 4, 7), (0, 1, 6), SIZES):
        n0 = 2
        a = rng.normal(size=(n0, rows, pairs + 1, columns if a_vector else 1))[:, :, :pairs]
        b = rng.normal(size=(n0, 1 if shared else rows, pairs + 1, columns))[:, :, :pairs]
        start = {"zero": np.zeros((1, 1, 1)), "vector": rng.normal(size=(n0, rows, columns)),
                 "scalar": rng.normal(size=(n0, rows, 1))}[initial]
        out = np.full((n0, rows, columns + 1), 7.0)

        def strides(array):
            return [stride if size > 1 else 0 for stride, size in zip(array.strides, array.shape)]

        contraction(kernel, (n0, rows, pairs, columns), (out, out.strides), (a, strides(a)),
                    (b, strides(b)), (start, strides(start)))
        expected = start + (a * b).sum(axis=2)
        assert np.allclose(out[:, :, :columns], expected, rtol=1e-13, atol=1e-14)  # sums of 6 products, reordered
        assert (out[:, :, columns] == 7.0).all()  # nothing is written past the last column


@pytest.mark.parametrize("a_vector", [True, False])
def test_dots(a_vector):
    rng = np.random.default_rng(1)
    for rows, pairs in itertools.product((1, 2, 3, 4, 9), (*SIZES, 100)):
        a = rng.normal(size=(rows, pairs)) if a_vector else rng.normal(size=(rows, 1))
        b, start, out = rng.normal(size=(rows, pairs)), rng.normal(size=rows), np.zeros(rows)
        contraction("dot_v" if a_vector else "dot_s", (1, rows, pairs, 1), (out, (0, 8, 0)),
                    (a, (0, a.strides[0], 8, 0)), (b, (0, b.strides[0], 8, 0)), (start, (0, 8, 0)))
        assert np.allclose(out, start + (a * b).sum(axis=1), rtol=1e-12, atol=1e-13)  # up to 100 products, reordered


def test_transposition():
    for rows, columns in itertools.product(SIZES, SIZES):
        a = np.arange(rows * columns, dtype=float).reshape(rows, columns)
        pitch = -(-rows // WIDTH) * WIDTH
        out = np.full((columns + 1, pitch), -1.0)
        run("transpose", dict(enumerate((columns, rows, out.ctypes.data, 8 * pitch, a.ctypes.data, a.strides[0]), 1)))
        assert (out[:columns, :rows] == a.T).all()
        assert (out[columns] == -1.0).all()


def test_an_extent_of_all_samples_is_the_number_in_flight():
    out, one, x = np.zeros(2 * WIDTH), np.ones(1), np.arange(2.0 * WIDTH)
    contraction("contract_sv", (1, 1, 1, SAMPLES), (out, (0, 0, 8)), (one, (0, 0, 0, 0)), (x, (0, 0, 0, 8)),
                (np.zeros(1), (0, 0, 0)), columns=WIDTH)
    assert (out[:WIDTH] == x[:WIDTH]).all()
    assert (out[WIDTH:] == 0.0).all()
