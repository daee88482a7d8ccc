"""What a number of a trace is to Python: equal to what eager finds equal, refused where it would be frozen."""

import copy
import decimal
import enum
import fractions
import math
import pickle

import pytest

import autograd
from autograd import Value, func
from autograd.compiler.guards import GuardError, TraceError
from autograd.compiler.trace import fresh, tracing
from autograd.compiler.traced import Plain, Traced


class Mode(enum.IntEnum):
    SLOW = 0
    FAST = 1


def matched(x, k):
    match k:
        case 0:
            return x
        case 1 | 2:
            return 2.0 * x
        case _:
            return 3.0 * x


@pytest.mark.parametrize(("f", "calls"), [
    (lambda x: 1.0 if x == 0 else autograd.sin(x) / x, [(0.0,), (-0.0,), (1.0,), (math.nan,)]),
    (lambda x: x if x != 7 else -x, [(7.0,), (8.0,), (7.0,)]),
    (lambda i, j: 1.0 if i == j else 0.0, [(1, 1), (1, 2), (2, 2), (math.nan, math.nan)]),
    (lambda x: 1.0 if x == x else 2.0, [(1.0,), (math.nan,)]),
    (lambda x, m: x * 2 if m == Mode.FAST else x * 3, [(1.0, Mode.FAST), (1.0, Mode.SLOW), (1.0, 1)]),
    (lambda x: 5.0 * x if x in (-999.0, 3) else x, [(1.0,), (3.0,), (-999.0,)]),
    (lambda x, k: x * [3.0, 5.0, 7.0].index(k), [(1.0, 5), (2.0, 7.0), (2.0, 3)]),
    (lambda x: x + [1.0, 2.0, 1.0].count(x), [(1.0,), (2.0,), (5.0,)]),
    (lambda x: x + [1.0, x * 2.0].count(2.0), [(1.0,), (2.0,)]),
    (matched, [(3.0, k) for k in (0, 1, 2, 3, 2)]),
], ids=range(10))  # fmt: skip
def test_numbers_are_equal_by_value_and_each_outcome_is_a_trace(f, calls):
    fast = autograd.compile(f)
    for call in [*calls, *calls[::-1]]:
        assert float(fast(*call)) == pytest.approx(float(f(*call)), nan_ok=True, rel=0.0, abs=0.0)


def test_what_a_float_equals_and_what_not():
    def f(x):
        third = fractions.Fraction(1, 3)
        found = x == 1, 1.0 == x, x == True, x == decimal.Decimal(1), x == 1 + 0j, x != 2  # noqa: E712
        return found, (x == third, x == decimal.Decimal("0.1"), x == 1j, x == 10**400, x == "1", x == None)  # noqa: E711

    assert autograd.compile(f)(1.0) == f(1.0) == ((True,) * 6, (False,) * 6)
    assert autograd.compile(f)(0.1) == f(0.1)


def test_equality_in_a_batch_is_an_error_that_names_it():
    def sinc(x):
        return 1.0 if x == 0 else autograd.sin(x) / x  # here they part

    message = r"(?s)`x == 0.0` is True for sample 0 and False for sample 1 .*where.*test_traced\.py:\d+: .*they part"
    with pytest.raises(GuardError, match=message):
        autograd.compile(sinc, in_axes=0)([0.0, 1.0])
    assert list(autograd.compile(sinc, in_axes=0)([1.0, 2.0])) == [sinc(1.0), sinc(2.0)]


@pytest.mark.parametrize("use", [
    hash, lambda x: {x}, lambda x: {x: 1.0}, lambda x: {1.0: 2.0}[x], lambda x: {1.0: 2.0}.get(x, 3.0),
    lambda x: x in {1.0}, Mode,
])  # fmt: skip
def test_a_hash_is_an_error_with_its_line(use):
    with pytest.raises(TraceError, match=r"(?s)hash\(\.\.\.\).*static_argnums.*(test_traced|enum)\.py:\d+"):
        autograd.compile(lambda x: x * bool(use(x + 0.0)))(1.0)


@pytest.mark.parametrize("use", [
    copy.copy, copy.deepcopy, pickle.dumps, lambda v: copy.deepcopy([{"v": v}]), lambda v: copy.deepcopy(v * 2.0),
])  # fmt: skip
def test_a_copy_is_an_error_with_its_line(use):
    """Of an argument and of a weight. Outside, and once the trace is over, they are copied like any other."""
    w = Value(3.0)
    for f in (lambda x: (use(x), x)[1], lambda x: (use(w), x)[1]):
        with pytest.raises(TraceError, match=r"(?s)copying or pickling .*detach.*test_traced\.py:\d+: (for|copy)"):
            autograd.compile(f)(2.0)
    assert copy.deepcopy(w).data == 3.0
    assert autograd.compile(lambda x: w.detach() * x)(2.0) == 6.0


def test_numpys_isclose_is_an_error_with_its_line():
    np = pytest.importorskip("numpy")
    w = Value(3.0)
    for f in (lambda x: x if np.isclose(x, 1.0) else -x, lambda x: x if np.isclose(w, 1.0) else -x):
        with pytest.raises(TraceError, match=r"(?s)as in np\.isclose .*abs\(x - y\).*test_traced\.py:\d+: for f"):
            autograd.compile(f)(2.0)


def test_values_equal_themselves_only_and_may_be_in_sets():
    """As eager has it: a weight, what is computed with one, a Value that the function makes."""
    w, other = Value(2.0), Value(2.0)

    def f(x):
        made, node = Value(2.0), w * x
        alike = [w == other, w == 2.0, x == w, w == x, made == 2.0, made == x, node == 4.0, node == w * x, x == node]
        assert not any(alike)
        assert w in [other, w]
        assert node == node
        known = {w: 1.0, made: 2.0, node: 3.0}
        return node * known[w] * known[made] * known[node] * len({w, other, node, node})

    assert float(f(2.0)) == autograd.compile(f)(2.0) == 4.0 * 6.0 * 3.0


def test_what_is_plain():
    w = Value(3.0)
    with tracing([w]):
        x, y = fresh(2.0), fresh(5.0)
        numbers = [x + y, 2 - x, -x, abs(y), autograd.sum([x, y, 1.0]), autograd.where(1.0, x, y), x.clamp(0.0, 1.0)]
        values = [x * w, w * x, Value(1.0) * x, autograd.maximum(x, w), w.exp(), autograd.sum([x, w])]
        slope, inner = autograd.grad(w * w * x, [w]), autograd.grad(w * w, w, create_graph=True)
        assert [type(z) for z in numbers] == [Plain] * len(numbers)
        assert [type(z) for z in values] == [Traced] * len(values)
        assert (type(slope[0]), type(inner[0])) == (Plain, Traced)


def test_a_derivative_that_is_no_graph_is_a_number():
    """It can be compared, and no further derivative goes through it."""
    w = Value(3.0)

    def slope(x):
        (g,) = autograd.grad(w * x, w)
        return 1.0 if g != g else 2.0 if g == 0.0 else g

    fast = autograd.compile(slope)
    assert [fast(3.0), fast(0.0), fast(math.nan), fast(4.0)] == [3.0, 2.0, 1.0, 4.0]
    outer = func.grad(lambda x: autograd.grad(x**3, x)[0] * x)
    assert autograd.compile(outer)(2.0) == outer(2.0) == 12.0


def test_the_value_beside_an_inner_gradient_is_computed_at_each_call():
    """The inner function is given a constant, and closes over an argument."""
    w = Value(2.0)

    def f(k):
        return func.value_and_grad(lambda x: x * k * w)(2.0), func.jvp(lambda x: x * k, [2.0], [1.0])

    fast = autograd.compile(f)
    for k in (3.0, 4.0):
        assert fast(k) == f(k) == ((4.0 * k, 2.0 * k), (2.0 * k, k))


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_derivative_of_a_quotient_by_a_constant_zero(zero):
    for f in (func.grad(lambda x: x / zero), func.grad(func.grad(lambda x: x / zero)), func.grad(lambda x: zero / x)):
        for x in (2.0, -2.0, 0.0):
            assert repr(autograd.compile(f)(x)) == repr(f(x))


def test_an_error_that_holds_a_number_can_be_printed():
    def f(x):
        y = x * 2.0
        raise ValueError(x, y, [y])

    with pytest.raises(ValueError, match="finished trace") as caught:
        autograd.compile(f)(1.0)
    assert repr(caught.value.args[0]) == "<a number of a finished trace>"
    with tracing([]):  # and does not end the trace of another function
        assert str(caught.value)
        assert repr(fresh(1.0)).startswith("<traced Value(data=1.0")
