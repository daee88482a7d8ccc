"""IEEE 754 where Python's math raises, against NumPy's answers."""

import math
from math import inf, nan

import pytest

from autograd import Value, ieee
from autograd.partials import as_graph
from autograd.primitive import TABLE
from autograd.record import record

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -8.0, 1e308, -1e308, 5e-324, 1e3, -1e3, inf, -inf, nan]


def same(a, b):
    """Equal to an ulp or two (another libm), with the sign of zero and of infinity."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == b:
        return math.copysign(1.0, a) == math.copysign(1.0, b)
    return math.isclose(a, b, rel_tol=1e-15)


def test_every_row_of_one_operand_answers_as_numpy_does():
    np = pytest.importorskip("numpy")
    checked = 0
    with np.errstate(all="ignore"):
        for op in TABLE.values():
            ufunc = getattr(np, op.numpy or op.name, None)
            if isinstance(ufunc, np.ufunc) and ufunc.nin == len(op.operands) == 1:
                checked += 1
                for x in SPECIAL:
                    if abs(x) == 1e308 and op.name in ("sin", "cos", "tan"):
                        continue  # NumPy's and libm's reductions of such arguments may differ
                    assert same(op.forward(x), float(ufunc(x))), (op, x)
    assert checked >= 20  # the rows that NumPy has too


def test_division_and_power_answer_as_numpy_does():
    np = pytest.importorskip("numpy")
    with np.errstate(all="ignore"):
        for x in SPECIAL:
            for y in SPECIAL:
                assert same(ieee.divide(x, y), float(np.divide(x, y))), (x, y)
                if y == 0.5 and x in (0.0, -inf):
                    continue  # NumPy takes a square root here; IEEE's pow(-0.0, 0.5) is 0.0, pow(-inf, 0.5) is inf
                assert same(ieee.power(x, y), float(np.power(x, y))), (x, y)
    assert (str(ieee.power(-0.0, 0.5)), ieee.power(-inf, 0.5)) == ("0.0", inf)


def test_a_rule_that_divides_by_zero_is_evaluated_by_ieee():
    x = ieee.Ieee(0.0)
    assert 1.0 / x == inf and (-1.0) / x == -inf and math.isnan(x / x)
    assert (2.0 - x, x - 2.0, -x, 3.0 * x + 1.0) == (2.0, -2.0, 0.0, 1.0)
    assert 1 / x**2 == 1.0 / abs(x) == inf  # powers and whole numbers, too
    assert 1.0 / TABLE["sqrt"](x) == inf  # an operation of the table keeps the kind


@pytest.mark.parametrize("rule", [
    lambda x, y, z: ((1.0 / x) * y, 0.0), lambda x, y, z: (y / x, 0.0), lambda x, y, z: (1.0 / x + y * y, 1.0),
    lambda x, y, z: (0.0, 1.0 / x - y),
])  # fmt: skip
def test_a_rule_that_divides_by_zero_is_graph_where_an_operand_is(rule):
    op = object.__new__(type(TABLE["mul"]))
    op.__dict__.update(vars(TABLE["mul"]), partials=rule)
    y = Value(2.0)
    partials = as_graph(record(op, (0.0, y)))
    assert any(isinstance(p, Value) for p in partials)
    assert all(float(p) == inf for p in partials if isinstance(p, Value))
