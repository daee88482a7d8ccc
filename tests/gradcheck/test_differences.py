"""Differences near points where f is no series in the step: roots, logarithms, jumps, cancellation."""

import math
import struct

import pytest

import autograd
from autograd import gradcheck, gradgradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.differences import ridders, tail
from autograd.gradcheck.noise import stairs
from autograd.testing import numerical_grad

CHANCE = [((k * 0.6180339887498949) % 1.0) for k in range(1, 61)]  # evenly spread, and the same in every run


def verdict(f, x):
    return gradcheck(f, x, raise_exception=False, oracle="differences").verdict


@pytest.mark.parametrize("power", [1.0 + c for c in CHANCE])
def test_a_power_between_one_and_two_at_zero_raises_no_alarm(power):
    assert verdict(lambda x: x**power, 0.0) is not Verdict.FAIL
    value, error = numerical_grad(lambda x: x**power, 0.0)
    assert abs(value) <= 4.0 * error


def test_a_tail_that_cancels_raises_no_alarm():
    for c in CHANCE:
        assert verdict(lambda x: x.gelu(), -9.0 + 2.0 * c) is not Verdict.FAIL
        assert verdict(lambda x: x.erf(), 5.3 + 0.4 * c) is not Verdict.FAIL


@pytest.mark.parametrize("f", [
    lambda x: x * x.log() if float(x) > 0.0 else 0.0,
    lambda x: x * abs(x).log() if float(x) else 0.0,
    lambda x: abs(x).sqrt(),
    lambda x: x.cbrt(),
])
def test_a_slope_without_bound_is_not_known(f):
    value, error = numerical_grad(f, 0.0)
    assert math.isnan(value)
    assert error == math.inf


def test_a_rule_that_says_inf_there_is_not_wrong(register):
    entropy = register("entropy", lambda x: x * math.log(x) if x > 0.0 else 0.0, lambda x, z: (autograd.log(x) + 1.0,))
    report = gradcheck(lambda x: entropy(x), 0.0, raise_exception=False)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "grows without bound" in str(report)


@pytest.mark.usefixtures("without_mpmath")
@pytest.mark.parametrize(("f", "point"), [
    (lambda y, x: autograd.atan2(y, x), (0.0, 0.0)),
    (lambda x: x.sin(), (-1.3e59,)),
    (lambda x: x.tan(), (1e48,)),
    (lambda x: x**1.265, (0.0,)),
])
def test_without_mpmath_no_alarm(f, point):
    assert gradcheck(f, point, raise_exception=False).verdict is not Verdict.FAIL


def test_an_opaque_wave_of_a_huge_number_scatters(register):
    wave = register("wave", math.sin, lambda x, z: (autograd.cos(x),))
    for x in (1e20, 1e30, -1.3e59):
        report = gradcheck(lambda x: wave(x), x, raise_exception=False)
        assert report.verdict is Verdict.INCONCLUSIVE, report
        assert "f scatters here as much as it moves" in str(report)


def test_the_tail_of_a_root_a_series_and_noise():
    steps = [2.0**-k for k in range(9)]
    quiet = [0.0] * 9
    assert tail([h**0.25 for h in steps], quiet, 1) == pytest.approx(steps[-1] ** 0.25)
    assert tail([math.log(h) for h in steps], quiet, 1) == math.inf
    assert tail([3.0 + h + h * h for h in steps], quiet, 1) == 0.0
    assert tail([3.0 + h * h for h in steps], quiet, 2) == 0.0
    assert tail([3.0 + (-1.0) ** k * 1e-9 for k in range(9)], [1e-9] * 9, 1) == 0.0


def test_a_jump_is_infinitely_steep():
    value, error, *_ = ridders(lambda x: 1.0 if x > 0.0 else 0.0, 0.0, 1)
    assert (value, error) == (math.inf, math.inf)


HONEST = {  # a function of floats, its derivative in mpmath, where to ask
    "exp": (math.exp, lambda m, x: m.exp(x), [-1e10, -740.0, -1e-200, 3.0]),
    "sin": (math.sin, lambda m, x: m.cos(x), [1e-290, 0.7, 4.9e11, -5.1e10, 704573.286533484]),
    "waves": (lambda x: math.sin(1e6 * x), lambda m, x: 10**6 * m.cos(10**6 * x), [-6085721.393556858, 5.68, 9.09]),
    "cos near 1": (lambda x: 1.0 - math.cos(x), lambda m, x: m.sin(x), [1e-5, -121334360.7, 40.0]),
    "erf": (math.erf, lambda m, x: 2 / m.sqrt(m.pi) * m.exp(-x * x), [5.576, -5.541, -5.63, 7.0, 1e-300]),
    "erfc": (math.erfc, lambda m, x: -2 / m.sqrt(m.pi) * m.exp(-x * x), [-5.4277, 9.0, 26.0, 552.4]),
    "gelu": (lambda x: 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0))),
             lambda m, x: (1 + m.erf(x / m.sqrt(2))) / 2 + x * m.npdf(x),
             [-5.0, -6.279, -7.805, -8.06, -8.398, -8.81, -9.25, -30.0, 7.65, 7.77, -7e11]),
    "gauss": (lambda x: math.exp(-x * x) if abs(x) < 1e150 else 0.0, lambda m, x: -2 * x * m.exp(-x * x),
              [26.0, 2e212]),
    "shift": (lambda x: (x + 1.0) - 1.0, lambda m, x: m.mpf(1), [0.0, 1e-249, -2e-308, 1e-17, 0.3, 1e16]),
    "faint": (lambda x: 1e6 + 1e-9 * x, lambda m, x: m.mpf(1e-9), [0.0, 1.0, 1e12]),
    "x log x": (lambda x: x * math.log(x) if x > 0.0 else 0.0 if x == 0.0 else math.nan, lambda m, x: m.log(x) + 1,
                [5e-324, 1e-300, 1e-9, 0.5, 1e280]),
    "a root": (lambda x: 5.0 + abs(x) ** 1.2, lambda m, x: m.mpf(1.2) * m.sign(x) * abs(x) ** m.mpf(1.2 - 1.0),
               [0.0, 1e-12, -3.0, 1e100]),
    "1/x": (lambda x: 1.0 / x, lambda m, x: -1 / (x * x), [1e-150, 1e-9, 1e300]),
    "single precision": (lambda x: struct.unpack("f", struct.pack("f", math.sin(x)))[0], lambda m, x: m.cos(x),
                         [1e-3, 0.7, 30.0]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "x"), [(name, x) for name, (_, _, points) in HONEST.items() for x in points])
def test_the_error_is_never_smaller_than_the_true_one(name, x):
    m = pytest.importorskip("mpmath").mp.clone()
    m.dps = 700
    f, slope, _ = HONEST[name]
    value, error = numerical_grad(lambda t: f(float(t)), x)
    assert error > 0.0
    if error < math.inf:
        assert abs(m.mpf(value) - slope(m, m.mpf(x))) <= m.mpf(error)


@pytest.mark.parametrize(("name", "x"), [("exp", 3.0), ("sin", 0.7), ("x log x", 0.5), ("1/x", 1e-9), ("gelu", -5.0)])
def test_and_not_much_larger_where_values_tell(name, x):
    value, error = numerical_grad(lambda t: HONEST[name][0](float(t)), x)
    assert error <= 1e-4 * abs(value)


def test_an_infinite_input_has_no_neighbours():
    value, error = numerical_grad(lambda x: autograd.tanh(x), math.inf)
    assert math.isnan(value)
    assert error == math.inf


@pytest.mark.usefixtures("without_mpmath")
@pytest.mark.parametrize(("f", "point"), [
    (autograd.hypot, (1e300, 5.6776288638237966e147)),
    (autograd.hypot, (-5.5, 4.1e151)),
    (autograd.hypot, (1e300, 3.0)),
    (autograd.atan2, (-4.27e-105, -7e-204)),
    (autograd.atan2, (8.68, 7.1e211)),
    (lambda x: x.cbrt(), (2.4468131584483513e265,)),
    (lambda x, y: (x * y) * 1e200, (1e-200, 1e-100)),
    (lambda x: x * x * 1e300 * 1e300, (1e-300,)),
    (lambda x: x**x, (1e-100,)),
    (lambda x: (-1.0 / (x * x)).exp(), (0.0,)),
    (lambda x, y: x**y, (-1.0, 1e300)),
    (lambda x, y: x**y, (-1.3, 0.0)),
    (lambda x: x.tanh(), (math.inf,)),
    (lambda x, y, z: autograd.sum([x, y, z]), (4.2e255, math.inf, 1.0)),
    (lambda x, y: autograd.atan2(x, y), (math.inf, 1.5)),
])
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_without_mpmath_no_alarm_where_sizes_differ_or_a_domain_ends(f, point, check):
    assert check(lambda *xs: f(*xs) * 1.0, point, raise_exception=False).verdict is not Verdict.FAIL


CANCELLING = {  # of numbers near 1: between the jumps of the numerator they are smooth, and steep
    "cosine": (lambda x: (1.0 - math.cos(x)) / x**2, lambda m, x: (1 - m.cos(x)) / x**2),
    "sine": (lambda x: (x - math.sin(x)) / x**3, lambda m, x: (x - m.sin(x)) / x**3),
    "growth": (lambda x: (math.exp(x) - 1.0) / x, lambda m, x: m.expm1(x) / x),
    "logarithm": (lambda x: math.log(1.0 + x) / x, lambda m, x: m.log1p(x) / x),
    "root": (lambda x: (math.sqrt(1.0 + x * x) - 1.0) / x**2, lambda m, x: 1 / (m.sqrt(1 + x * x) + 1)),
}


@pytest.mark.parametrize("name", CANCELLING)
def test_the_treads_between_jumps_of_rounding_do_not_deceive_it(name):
    m = pytest.importorskip("mpmath").mp.clone()
    m.dps = 150
    f, exact = CANCELLING[name]
    for c in CHANCE[:30]:
        x = 10.0 ** (-12.0 + 11.4 * c)
        value, error = numerical_grad(lambda x: f(float(x)), x)
        h = m.mpf(x) * m.mpf(10) ** -40
        slope = (exact(m, x + h) - exact(m, x - h)) / (2 * h)
        assert error == math.inf or abs(m.mpf(value) - slope) <= error, x


@pytest.mark.parametrize("x", [1e-3, 1e-4, 1e-5, 1e-6, -1e-5])
def test_a_right_rule_there_is_not_blamed(x, register):
    haver = register("haver", CANCELLING["cosine"][0], lambda x, z: (
        -x / 12.0 + x**3 / 180.0 - x**5 / 6720.0 + x**7 / 453600.0 - x**9 / 47900160.0,
    ))  # fmt: skip
    assert gradcheck(lambda x: haver(x), x, raise_exception=False).verdict is not Verdict.FAIL


def test_a_jump_on_one_side_is_the_function_and_stairs_on_both_are_rounding():
    assert stairs(lambda x: 1.0 if x < 1.0 + 1e-9 else 5.0, 1.0) < 1e-15
    assert stairs(lambda x: math.floor(1e7 * x) / 1e7 - x, 1.0) == pytest.approx(1e-7)
    assert stairs(lambda x: math.sin(1e9 * x), 1.0) < 1e-6  # 1e9 * 2**-52: the rounding of 1e9 * x
