"""Differences near points where f is no series in the step: roots, logarithms, jumps, cancellation."""

import math

import pytest

import autograd
from autograd import gradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.differences import ridders, tail
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
    value, error = ridders(lambda x: 1.0 if x > 0.0 else 0.0, 0.0, 1)
    assert (value, error) == (math.inf, math.inf)
