"""Every row of the table, first and second order: over its domain, on its kinks, at the ends of its domain."""

import itertools
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value
from autograd.gradcheck import Verdict, gradcheck, gradgradcheck
from autograd.primitive import TABLE
from autograd.testing import points

ROWS = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
# Up to 5 in size: at -8 gelu, 0.5 x (1 + erf), has cancelled to four digits, as PyTorch's has.
SIZE = 5.0


def applied(op):
    return lambda *xs: op.apply(xs)


@ROWS
@settings(max_examples=20)
@given(data=st.data())
def test_first_order(op, data):
    assert gradcheck(applied(op), data.draw(points(op, size=SIZE))).verdict is Verdict.PASS


@ROWS
@settings(max_examples=10)
@given(data=st.data())
def test_second_order(op, data):
    point = data.draw(points(op, size=SIZE))
    report = gradgradcheck(applied(op), point)
    # The rule of pow has a kink of its own at the exponent 0, see test_special_points.
    assert report.verdict is Verdict.PASS or (op.name == "pow" and point[1] == 0.0), report


def grid(op):
    """All operands from -1, 0, 1, 2 that are in the row's domain or on its end: kinks, ties, poles and edges.

    Four operands are 0 or 1: ties of two, three and all of them.
    """
    for n in (2, 4) if op.variadic else (len(op.operands),):
        for point in itertools.product((-1.0, 0.0, 1.0, 2.0) if n < 4 else (0.0, 1.0), repeat=n):
            ends = op.domain * n if op.variadic else op.domain
            if op.name == "clamp" and point[1] >= point[2]:
                continue  # nothing between the bounds: PyTorch's convention, in test_special_points
            if all(low <= x <= high for x, (low, high) in zip(point, ends, strict=True)):
                yield point


@ROWS
def test_special_points(op):
    """On a kink any value between the one-sided derivatives is right; on a jump, a pole or an edge none is wrong."""
    for point in grid(op):
        report = gradcheck(applied(op), point, raise_exception=False)
        assert report.verdict is not Verdict.FAIL, report


@ROWS
def test_the_extremes_of_the_floats_raise_nothing(op):
    """IEEE 754 in, IEEE 754 out: infinities, nan and the largest numbers, forward, backward and once more."""
    extremes = (0.0, -0.0, inf, -inf, nan, 1e308, -1e308, 5e-324, 1000.0, -1000.0)
    for n in (2,) if op.variadic else (len(op.operands),):
        for numbers in itertools.product(extremes if n < 3 else extremes[:6], repeat=n):
            operands = [Value(x) for x in numbers]
            z = op.apply(tuple(operands))
            assert len(z.partials) == n
            assert {type(x) for x in (z.data, *z.partials)} == {float}
            z.backward()
            assert z.data == op.forward(*numbers) or z.data != z.data
