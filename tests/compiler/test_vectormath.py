"""The vectorised functions, in units in the last place, over their whole range and at its edges.

In double precision the judge is mpmath; in single precision it is Python's double one, which makes millions of points
cheap: every 4,099th number there is, of either sign.
"""

import ctypes
import math

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
mpmath = pytest.importorskip("mpmath")

from autograd.compiler import functions, native  # noqa: E402
from autograd.compiler.formula import applied, operations, written_out  # noqa: E402
from autograd.compiler.vectormath import symbols  # noqa: E402
from autograd.primitive import TABLE  # noqa: E402

UNARY = [name for name, op in TABLE.items() if len(op.operands) == 1 and name not in ("softplus", "silu", "gelu")]
LOGARITHMIC = [10.0**k * c for k in range(-307, 308, 2) for c in (1.0, 3.7)]
LINEAR = [k * 0.0371 for k in range(-300, 301)]
SMALL = [x for x in LOGARITHMIC if x < 1.0]

# Largest error allowed, in ulp, and the points; vectormath.py's head states it, with what millions of points gave.
BOUNDS = {
    "exp": (1.0, [*LINEAR, *[k * 1.7 for k in range(-437, 418)], 708.0, -708.0, 709.78, -708.39, -745.13,
                   *SMALL]),
    "log": (1.0, [*LOGARITHMIC, *[abs(x) for x in LINEAR if x], *[1.0 + x * 1e-5 for x in LINEAR], 5e-324, 1e-310]),
    "tanh": (1.1, [*LINEAR, *SMALL, *[-x for x in SMALL], 0.549, 19.0, 19.06, 21.0, 5e-324, 1e-310]),
    "sigmoid": (2.5, [*LINEAR, *[k * 1.7 for k in range(-400, 400)]]),
    "sin": (1.0, [*LINEAR, *[k * math.pi / 2 for k in range(-99, 100)], *[k * 977.13 for k in range(-1000, 1001, 7)],
                  *SMALL, 1e6, 1.0001e6, 1e22, 1e300]),
    "cos": (1.0, [*LINEAR, *[k * math.pi / 2 for k in range(-99, 100)], *[k * 977.13 for k in range(-1000, 1001, 7)],
                  *SMALL, 1e6, 1.0001e6, 1e22, 1e300]),
}
EXACTLY = {"exp": mpmath.exp, "log": mpmath.log, "tanh": mpmath.tanh, "sin": mpmath.sin, "cos": mpmath.cos,
           "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x))}


SINGLE = {"exp": 1.0, "log": 1.0, "tanh": 1.1, "sigmoid": 2.5, "sin": 0.6, "cos": 0.6}
ALONE = 64  # numbers: more than a kernel computes side by side
EVERY = np.arange(0, 0x7F800000, 4099, dtype=np.uint32).view(np.float32)  # positive numbers in single precision


def formulas():
    return {name: written_out(applied(TABLE[name], 1)) for name in UNARY}


@pytest.fixture(scope="module")
def kernels():
    """The kernel of an operation of the table, by name and type of numbers."""
    called = [symbol for formula in formulas().values() for op in operations(formula) for symbol in symbols(op)]
    libraries = {}
    for dtype, size in (("float64", 8), ("float32", 4)):
        def build(module, dtype=dtype, size=size):
            for name, formula in formulas().items():
                functions.emit(module, f"k_{name}", native.vector_bytes() // size, dtype, [formula], "cc")

        libraries[dtype] = native.built(f"unary rows of {dtype}: {UNARY}", build, called)
    return lambda name, dtype: libraries[dtype].address(f"k_{name}")


def evaluated(kernels, name, points, dtype="float64"):
    x = np.array(points, dtype)
    y = np.empty_like(x)
    words = np.zeros(48, np.int64)
    words[1:4] = 1, 1, len(x)
    words[[4, 7, 8, 11]] = y.ctypes.data, x.itemsize, x.ctypes.data, x.itemsize
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(kernels(name, dtype))(words.ctypes.data, 0)
    return y.tolist()


def with_others_and_alone(kernels, name, points, dtype="float64"):
    """(x, f(x)), in vectors of all the points, then in vectors of one: a lane may decide how all are computed."""
    together = evaluated(kernels, name, points, dtype)
    alone = evaluated(kernels, name, np.repeat(points, ALONE), dtype)[::ALONE]
    return zip([*points, *points], together + alone, strict=True)


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


def in_double(name, x):
    with np.errstate(all="ignore"):
        return 1.0 / (1.0 + np.exp(-x)) if name == "sigmoid" else getattr(np, name)(x)


@pytest.mark.parametrize("name", SINGLE)
def test_error_in_ulp_of_single_precision(kernels, name):
    x = EVERY if name == "log" else np.concatenate([EVERY, -EVERY])
    exact = in_double(name, x.astype(np.float64))
    got = np.array(evaluated(kernels, name, x, "float32"))
    with np.errstate(over="ignore"):
        nearest = exact.astype(np.float32)
    finite = np.isfinite(nearest)
    assert (got[~finite] == nearest[~finite]).all()
    error = np.abs(got[finite] - exact[finite]) / np.spacing(np.abs(nearest[finite])).astype(np.float64)
    assert error.max() <= SINGLE[name], f"{name}({x[finite][error.argmax()]!r}) is {error.max():.2f} ulp off"


@pytest.mark.parametrize("name", UNARY)
def test_edges_in_single_precision(kernels, name):
    points = [0.0, -0.0, math.nan, math.inf, -math.inf, 1.0, -1.0, 1e-45, -1e-45, 1e-39, 3e38, -3e38, 100.0, -100.0]
    points = np.array(points, np.float32).tolist()
    for x, got in with_others_and_alone(kernels, name, points, "float32"):
        exact = TABLE[name].forward(x)
        with np.errstate(over="ignore"):
            expected = float(np.float32(exact))
        near = got == expected or abs(got - exact) <= 3 * float(np.spacing(np.float32(abs(expected))))
        assert near or (math.isnan(expected) and math.isnan(got)), f"{name}({x}) = {got}, not {expected}"
        if not math.isnan(expected):
            assert math.copysign(1.0, got) == math.copysign(1.0, expected), f"{name}({x}) = {got}, not {expected}"


@pytest.mark.parametrize("name", UNARY)
def test_edges_are_the_tables(kernels, name):
    """nan, infinities, zeros of either sign, denormals, the thresholds of overflow: the forward function says what."""
    points = [0.0, -0.0, math.nan, math.inf, -math.inf, 1.0, -1.0, 5e-324, -5e-324, 1e308, -1e308, 800.0, -800.0]
    for x, got in with_others_and_alone(kernels, name, points):
        expected = TABLE[name].forward(x)
        if math.isnan(expected):
            assert math.isnan(got), f"{name}({x}) = {got}"
        else:
            near = got == expected or abs(got - expected) <= 2 * math.ulp(expected)  # two good libraries differ so much
            assert near, f"{name}({x}) = {got}, not {expected}"
            assert math.copysign(1.0, got) == math.copysign(1.0, expected), f"{name}({x}) = {got}, not {expected}"
