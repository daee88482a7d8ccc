"""The vectorised functions against mpmath, in units in the last place, over their whole range and at its edges."""

import ctypes
import math

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
mpmath = pytest.importorskip("mpmath")

from autograd.compiler import functions, native  # noqa: E402
from autograd.compiler.formula import applied  # noqa: E402
from autograd.primitives import TABLE  # noqa: E402

UNARY = [name for name, op in TABLE.items() if len(op.operands) == 1 and name not in ("softplus", "silu", "gelu")]
LOGARITHMIC = [10.0**k * c for k in range(-307, 308, 2) for c in (1.0, 3.7)]
LINEAR = [k * 0.0371 for k in range(-300, 301)]
SMALL = [x for x in LOGARITHMIC if x < 1.0]

# Largest error allowed, in ulp, and the points. What was measured on 20,000 random points is in vectormath.py's head.
BOUNDS = {
    "exp": (1.0, [*LINEAR, *[k * 1.7 for k in range(-437, 418)], 709.78, -708.39, -745.13, *SMALL]),
    "log": (1.0, [*LOGARITHMIC, *[abs(x) for x in LINEAR if x], *[1.0 + x * 1e-5 for x in LINEAR], 5e-324, 1e-310]),
    "tanh": (2.0, [*LINEAR, *SMALL, *[-x for x in SMALL], 0.549, 19.0, 19.06, 21.0, 5e-324, 1e-310]),
    "sigmoid": (2.0, [*LINEAR, *[k * 1.7 for k in range(-400, 400)]]),
    "sin": (1.0, [*LINEAR, *[k * math.pi / 2 for k in range(-99, 100)], *[k * 977.13 for k in range(-1000, 1001, 7)],
                  *SMALL, 1e6, 1.0001e6, 1e22, 1e300]),
    "cos": (1.0, [*LINEAR, *[k * math.pi / 2 for k in range(-99, 100)], *[k * 977.13 for k in range(-1000, 1001, 7)],
                  *SMALL, 1e6, 1.0001e6, 1e22, 1e300]),
}
EXACTLY = {"exp": mpmath.exp, "log": mpmath.log, "tanh": mpmath.tanh, "sin": mpmath.sin, "cos": mpmath.cos,
           "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x))}


@pytest.fixture(scope="module")
def kernels():
    width = native.vector_bytes() // 8

    def build(module):
        for name in UNARY:
            functions.emit(module, f"k_{name}", width, [applied(TABLE[name], 1)], "cc")

    return native.built(f"unary rows, {width}: {UNARY}", build)


def evaluated(kernels, name, points):
    x = np.array(points)
    y = np.empty_like(x)
    words = np.zeros(48, np.int64)
    words[1:4] = 1, 1, len(x)
    words[[4, 7, 8, 11]] = y.ctypes.data, 8, x.ctypes.data, 8
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(kernels.address(f"k_{name}"))(words.ctypes.data, 0)
    return y.tolist()


@pytest.mark.parametrize("name", BOUNDS)
def test_error_in_ulp(kernels, name):
    bound, points = BOUNDS[name]
    with mpmath.workprec(1200):  # enough to reduce 1e300 by pi
        for x, got in zip(points, evaluated(kernels, name, points), strict=True):
            exact = EXACTLY[name](mpmath.mpf(x))
            nearest = float(exact)
            if math.isinf(nearest):
                assert got == nearest, x
            else:
                error = float(abs(exact - mpmath.mpf(got)) / mpmath.mpf(math.ulp(nearest)))
                assert error <= bound, f"{name}({x!r}) = {got!r} is {error:.2f} ulp off"


@pytest.mark.parametrize("name", UNARY)
def test_edges_are_the_tables(kernels, name):
    """nan, infinities, zeros of either sign, denormals, the thresholds of overflow: the forward function says what."""
    points = [0.0, -0.0, math.nan, math.inf, -math.inf, 1.0, -1.0, 5e-324, -5e-324, 1e308, -1e308, 800.0, -800.0]
    for x, got in zip(points, evaluated(kernels, name, points), strict=True):
        expected = TABLE[name].forward(x)
        if math.isnan(expected):
            assert math.isnan(got), f"{name}({x}) = {got}"
        else:
            near = got == expected or abs(got - expected) <= 2 * math.ulp(expected)  # two good libraries differ so much
            assert near, f"{name}({x}) = {got}, not {expected}"
            assert math.copysign(1.0, got) == math.copysign(1.0, expected), f"{name}({x}) = {got}, not {expected}"
