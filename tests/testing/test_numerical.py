"""Numerical gradients and their error estimates; the Taylor test."""

import math
import struct

import pytest

import autograd
from autograd import Value, func
from autograd.gradcheck import Verdict
from autograd.gradcheck.differences import extrapolate, ridders
from autograd.gradcheck.noise import noise_level
from autograd.testing import numerical_grad, taylor_test
from nn import MLP

SMOOTH = [
    (math.exp, math.exp, [-3.0, 0.0, 1.0, 20.0]),
    (math.sin, math.cos, [0.0, 1.0, 100.0]),
    (lambda x: 1.0 / x if x else math.inf, lambda x: -1.0 / x**2, [1e-9, 0.1, 3.0, 1e6]),
    (lambda x: math.log(x) if x > 0.0 else math.nan, lambda x: 1.0 / x, [1e-9, 0.5, 1e8]),
    (lambda x: 1.0 + 1e-9 * x, lambda x: 1e-9, [0.0, 3.0]),
    (lambda x: abs(x - 1.0), lambda x: math.copysign(1.0, x - 1.0), [0.999, 1.001, 5.0]),
]


@pytest.mark.parametrize(("f", "slope", "points"), SMOOTH)
def test_the_error_estimate_holds_and_is_small(f, slope, points):
    for x in points:
        value, error, *_ = ridders(f, x)
        assert abs(value - slope(x)) <= error
        assert error <= 1e-6 * max(abs(slope(x)), abs(f(x)) / max(1.0, abs(x)))


@pytest.mark.parametrize("side", [-1, 1])
def test_one_sided_derivatives_look_at_one_side(side):
    def f(x):
        assert side * x >= 0.0
        return 3.0 * x + x * x + x**3

    value, error, *_ = ridders(f, 0.0, side)
    assert abs(value - 3.0) <= error < 1e-10


def test_extrapolation_removes_one_power_at_a_time():
    steps = [2.0**-k for k in range(6)]
    polynomial = [5.0 + 2.0 * h**2 - 3.0 * h**4 for h in steps]
    value, error, *_ = extrapolate(polynomial, [0.0] * 6, 2)
    assert value == pytest.approx(5.0, rel=1e-14)
    assert error < 1e-12


def test_nothing_to_see_gives_nan_and_inf():
    value, error = numerical_grad(lambda x: x.log(), -1.0)
    assert math.isnan(value)
    assert error == math.inf


def test_the_shape_is_that_of_the_inputs():
    value, error = numerical_grad(lambda p: p["w"][0] * p["w"][1] + p["b"], {"w": [2.0, 3.0], "b": 1.0})
    assert value["w"] == pytest.approx([3.0, 2.0])
    assert value["b"] == pytest.approx(1.0)
    assert error["w"][0] < 1e-9
    value, _ = numerical_grad(lambda x, y: x * y, (2.0, Value(3.0)))
    assert value == pytest.approx((3.0, 2.0))


@pytest.mark.parametrize("check", [numerical_grad, taylor_test, autograd.gradcheck])
@pytest.mark.parametrize(("xs", "said"), [
    ((1.0, None), r"y is a NoneType, not a number"),
    ((1.0, [2.0, "abc"]), r"y\[1\] is a str, not a number"),
    ((MLP(1, [1]), 1.0), r"x is a MLP, not a number: .* of a module, list\(module.parameters\(\)\)"),
])
def test_what_is_no_number_is_told_by_its_place(check, xs, said):
    with pytest.raises(TypeError, match=said):
        check(lambda x, y: x, xs)


@pytest.mark.parametrize("y", [None, [1.0, 2.0]])
def test_what_f_gives_is_one_number(y):
    with pytest.raises(TypeError, match=r"f gave .*, and not one number"):
        numerical_grad(lambda x: y, 1.0)


def test_at_a_kink_the_error_reaches_both_sides():
    value, error = numerical_grad(lambda x: abs(x) + 2.0 * x, 0.0)
    assert value == pytest.approx(2.0, abs=1e-9)
    assert 1.0 <= error < 1.0 + 1e-9


def test_it_agrees_with_the_gradient_and_knows_its_error():
    def f(x, y):
        return (x * y).exp() * x.sin() + autograd.logsumexp([x, y, x * y])

    for point in [(1.0, 0.5), (-0.3, 2.0), (0.0, 0.0)]:
        value, error = numerical_grad(f, point)
        right = func.grad(lambda p: f(*p))(list(point))
        for v, e, r in zip(value, error, right):
            assert abs(v - r) <= e + 1e-14
            assert e < 1e-9


EXTREMES = [
    (lambda x: 2.0 * x, 1e-200, 2.0),
    (lambda x: x * x, 1e-200, 2e-200),
    (lambda x: x.log(), 1e-200, 1e200),
    (lambda x: x.sin(), 1e-200, 1.0),
    (lambda x: 2.0 * x, 1e200, 2.0),
    (lambda x: x.log(), 1e200, 1e-200),
    (lambda x: x * x, 1e150, 2e150),
    (lambda x: x * 1.0, 1.7e308, 1.0),
    (lambda x: 1.5e308 * x.sin(), 0.7, 1.5e308 * math.cos(0.7)),
    (lambda x: 1e-310 * x.sin(), 0.7, 1e-310 * math.cos(0.7)),
    (lambda x: x.exp(), 700.0, math.exp(700.0)),
    (lambda x: x.exp(), -700.0, math.exp(-700.0)),
    (lambda x: x + 1e16, 0.7, 1.0),
    (lambda x: x.tanh(), 1e200, 0.0),
    (lambda x: x * 0.5, 5e-324, 0.5),
    (lambda x: x.asin(), 1.0 - 1e-12, 1.0 / math.sqrt(1e-12 * (2.0 - 1e-12))),
    (lambda x: x.sqrt(), 1e-12, 5e5),
]


@pytest.mark.parametrize(("f", "x", "slope"), EXTREMES)
def test_at_extreme_scales_the_error_holds_and_the_taylor_test_is_not_fooled(f, x, slope):
    value, error = numerical_grad(f, x)
    assert abs(value - slope) <= error + 1e-4 * abs(slope) * (x == 1.0 - 1e-12)  # where x itself is not known better
    test, doubled = taylor_test(f, x), taylor_test(f, x, gradient=2.0 * slope)
    assert test.verdict is not Verdict.FAIL
    assert not slope or not (test and doubled)
    if error < 0.1 * slope and x != 5e-324:  # else rounding hides the gradient from values altogether
        assert test
        assert not doubled


def test_too_steep_for_a_float_is_not_known():
    value, error = numerical_grad(lambda x: 1.0 / x, 1e-200)
    assert math.isnan(value)
    assert error == math.inf


def test_f_may_raise_beside_the_point():
    def f(x):
        assert x > 0.0
        return x * math.log(x)

    for x in (1e-6, 0.2, 3.0):
        value, error = numerical_grad(f, x)
        assert abs(value - (math.log(x) + 1.0)) <= error < 1e-4
        assert taylor_test(f, x, gradient=math.log(x) + 1.0)
    with pytest.raises(ValueError, match="seven"):
        numerical_grad(_raises, 1.0)


@pytest.mark.parametrize(("f", "x", "slope"), [
    (math.sin, 1e8, math.cos(1e8)),
    (lambda x: math.sin(1.0 / x), 1e-9, -1e18 * math.cos(1e9)),
    (lambda x: math.sin(1e7 * x), 0.7, 1e7 * math.cos(7e6)),
    (lambda x: x * (1.0 - math.cos(x)), 1e-3, 2.0 * math.sin(5e-4) ** 2 + 1e-3 * math.sin(1e-3)),
    (lambda x: 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0))), -5.0, -7.146946001792295e-06),
])  # fmt: skip
def test_waves_shorter_than_a_step_and_jumps_longer_than_one_do_not_deceive_it(f, x, slope):
    """A step over many periods sees next to no slope, and between two jumps of 1 + erf the curve is another."""
    value, error = numerical_grad(lambda x: f(float(x)), x)
    assert abs(value - slope) <= error + 1e-9 * abs(slope)  # the slopes above carry some rounding, too
    assert error <= 1e-4 * abs(slope)


def test_a_search_that_stops_early_gives_noise_and_no_derivative_of_zero():
    def cube_root(a):
        low, high = 0.0, 10.0
        while high - low > 1e-6:
            middle = (low + high) / 2.0
            low, high = (middle, high) if middle**3 < a else (low, middle)
        return low

    value, error = numerical_grad(lambda a: cube_root(float(a)), 2.0)
    assert abs(value - 2.0 ** (-2.0 / 3.0) / 3.0) <= error < 1e-4


def _raises(x):
    raise ValueError("seven")


def test_values_in_single_precision_are_seen_to_be_such():
    def single(x):
        return struct.unpack("f", struct.pack("f", math.sin(x)))[0]

    for x in (0.5, 0.7, 2.1, 1e-3, 30.0):
        value, error = numerical_grad(single, x)
        assert abs(value - math.cos(x)) <= error < 1e-3
    assert noise_level(math.sin, 0.7) < 1e-15


class TestTaylor:
    def test_slope_two_exactly_when_the_gradient_is_right(self):
        def f(x, y):
            return (x * y).exp() * x.sin()

        right = func.grad(lambda p: f(*p))([1.0, 0.5])
        assert taylor_test(f, (1.0, 0.5)).slope == pytest.approx(2.0, abs=0.05)
        for factor in (0.0, 0.5, -1.0, 1.001):
            wrong = taylor_test(f, (1.0, 0.5), gradient=[g * factor for g in right])
            assert not wrong
            assert wrong.slope == pytest.approx(1.0, abs=0.05)

    @pytest.mark.parametrize(("f", "x", "slope"), [
        (lambda x: 3.0 * x, 1.0, math.inf),
        (lambda x: x.sin(), 0.0, 3.0),
        (lambda x: abs(x), 0.0, 1.0),
        (lambda x: x.log(), 1e-3, 2.0),
    ])
    def test_other_slopes(self, f, x, slope):
        assert taylor_test(f, x).slope == pytest.approx(slope, abs=0.05)

    @pytest.mark.parametrize(("f", "x"), [
        (lambda x: 3.0 * x, 1.0),
        (lambda x: x * 1.0, 0.0),
        (lambda x: 0.0 * x + 5.0, 1.0),
        (lambda x: x.relu(), -1.0),
        (lambda x: x.tanh(), 40.0),
        (lambda x: x * 1e300, 1e-300),
    ])
    def test_a_linear_function_passes_with_the_right_gradient_only(self, f, x):
        right = taylor_test(f, x)
        assert (right.verdict, right.slope) == (Verdict.PASS, math.inf)
        assert repr(right) == "TaylorTest(PASS, slope inf)"
        for wrong in (7.0, -1e-3):
            assert taylor_test(f, x, gradient=wrong).verdict is Verdict.FAIL

    @pytest.mark.parametrize(("f", "x", "said"), [
        (lambda x: 1e16 + x * x, 1.0, "below the rounding"),
        (lambda x: 1e6 + 1e-9 * x.sin(), 0.3, "below the rounding"),
        (lambda x: x * x, 1e-200, "below the rounding"),
        (lambda x: x**1.5, 0.0, "slope 1.50"),
        (lambda x: x.log(), -1.0, "slope nan"),
        (lambda x: x.sqrt(), 0.0, "slope nan"),
        (lambda x: x * 2.0, math.inf, "slope nan"),
    ])
    def test_what_values_do_not_tell_is_neither_right_nor_wrong(self, f, x, said):
        test = taylor_test(f, x)
        assert test.verdict is Verdict.INCONCLUSIVE
        assert not test
        assert said in repr(test)

    def test_twice_the_gradient_is_not_right_where_the_gradient_is_not_seen(self):
        assert taylor_test(lambda x: 1e16 + x * x, 1.0, gradient=4.0).verdict is Verdict.INCONCLUSIVE

    def test_a_direction_may_be_given(self):
        def f(p):
            return p[0] ** 2 * p[1]

        assert taylor_test(f, [1.0, 2.0], direction=[0.0, 1.0]).slope == math.inf  # linear along p[1]
        with pytest.raises(ValueError, match="the direction has 1 entries for 2 inputs"):
            taylor_test(f, [1.0, 2.0], direction=[1.0])

    def test_a_direction_of_zero_tests_nothing(self):
        for zero in (0.0, -0.0):
            with pytest.raises(ValueError, match="the direction is zero"):
                taylor_test(lambda x: x.sin(), 1.0, zero, gradient=5.0)
        with pytest.raises(ValueError, match="the direction is zero"):
            taylor_test(lambda x, y: x * y, (1.0, 2.0), (0.0, 0.0))
        assert not taylor_test(lambda x: x.sin(), 1e20, 1.0, gradient=0.0)  # beside 1e20 there is no 1

    def test_entries_are_matched_by_key(self):
        def f(p):
            return p["a"] ** 2 * p["b"]

        x = {"a": 1.0, "b": 2.0}
        assert taylor_test(f, x, gradient={"b": 1.0, "a": 4.0})
        assert taylor_test(f, x, direction={"b": 0.0, "a": 1.0}).slope == pytest.approx(2.0, abs=0.05)
        assert taylor_test(f, x, gradient={"b": 4.0, "a": 1.0}).verdict is Verdict.FAIL
        with pytest.raises(ValueError, match=r"the gradient does not have the shape of x: got the keys \['q', 'r'\]"):
            taylor_test(f, x, gradient={"q": 4.0, "r": 1.0})
        with pytest.raises(ValueError, match=r"where \['a', 'b'\] were expected"):
            taylor_test(f, x, gradient={**x, "c": 1.0})

    @pytest.mark.parametrize(("f", "x"), [
        (lambda x: x.sin(), 1e9),
        (lambda x: x.sin(), 1e12),
        (lambda x: (x * 1e8).sin(), 1.0),
        (lambda x: ((x - 1.0) * 1e9).tanh(), 1.0),
        (lambda x: x.cos(), -3e10),
    ])
    def test_a_function_that_bends_within_the_finest_step_raises_no_alarm(self, f, x):
        right = func.grad(f)(x)
        assert taylor_test(f, x).verdict is not Verdict.FAIL
        assert not taylor_test(f, x, gradient=1.5 * right)

    def test_nor_where_no_step_is_fine_enough(self):
        assert taylor_test(lambda x: x.sin(), 1e17).verdict is Verdict.INCONCLUSIVE
        assert "slope nan" in repr(taylor_test(lambda x: x.sin(), 1e17))

    def test_the_plot(self):
        pytest.importorskip("matplotlib").use("Agg")
        import matplotlib.pyplot as plt

        before = plt.get_fignums()
        axes = taylor_test(lambda x: x.exp(), 1.0).plot()
        assert axes.get_title() == "Taylor test: slope 2.00"
        assert [line.get_label() for line in axes.get_lines()][1:] == ["f(x+hd) − f(x) − h g·d", "slope 1", "slope 2"]
        taylor_test(lambda x: x.exp(), 1.0, plot=True)
        assert len(plt.get_fignums()) == len(before) + 2
        plt.close("all")
