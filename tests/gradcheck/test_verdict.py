"""A verdict is worth what the reference is: nothing passes where a wrong gradient would pass as well."""

import math

import pytest

import autograd
from autograd import gradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.rounding import Rounded


def verdict(f, x, **options):
    return gradcheck(f, x, raise_exception=False, **options).verdict


@pytest.mark.parametrize(("offset", "faint"), [(1e6, 1e-9), (1e3, 1e-12)])
@pytest.mark.parametrize("factor", [1.0, -5.0, 0.0])
def test_a_derivative_below_the_error_of_the_reference_is_not_decided(offset, faint, factor, register):
    """1e6 + 1e-9 sin(x) is known to 1e-10 in floats: its values tell nothing of a slope of 1e-9."""
    off = register("off", lambda x: offset + faint * math.sin(x), lambda x, z: (factor * faint * autograd.cos(x),))
    assert verdict(lambda x: off(x), 0.3) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("sign", "right"), [(1.0, Verdict.INCONCLUSIVE), (-1.0, Verdict.FAIL)])
def test_the_tail_of_erf_is_not_seen_by_differences(sign, right, register):
    """But beside it, where there is something to see, a wrong rule is."""
    tail = register("tail", math.erf, lambda x, z: (sign * 2.0 / math.sqrt(math.pi) * autograd.exp(-x * x),))
    assert verdict(lambda x: tail(x), 6.0) is right


def test_what_rounding_has_swallowed_is_not_decided(register):
    """z = m + log(2) is m at 1e16, so that the rule e^(x - z) gives 1 where 1/2 is right."""
    total = register("total", lambda x, y: autograd.maximum(x, y) + autograd.log1p(autograd.exp(-abs(x - y))),
                     lambda x, y, z: (autograd.exp(x - z), autograd.exp(y - z)), composite=True)  # fmt: skip
    report = gradcheck(lambda x, y: total(x, y), (1e16, 1e16), raise_exception=False)
    assert [row.analytic for row in report.rows] == [1.0, 1.0]
    assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("oracle", [None, "mpmath", "complex step"])
def test_a_chaotic_recurrence_is_not_decided(oracle):
    def logistic(x):
        for _ in range(200):
            x = 3.9 * x * (1.0 - x)
        return x

    assert verdict(logistic, 0.3, oracle=oracle) is Verdict.INCONCLUSIVE


def test_a_saturated_network_is_decided():
    """1 - z * z is 0, of terms of 1: no digit of it counts, whatever it is multiplied by."""
    assert gradcheck(lambda x, w: 3.0 * (2.0 * x * w).tanh() + (x + w).tanh(), (40.0, 1.5))


@pytest.mark.parametrize("k", range(8))
def test_an_extremum_of_an_opaque_operation_raises_no_alarm(k, register):
    """1000 cos(1000 x) is 1e-13 at the float next to the extremum: slopes of 1000 nearby, rounded."""
    slope = register("slope", lambda x: 1000.0 * math.cos(1000.0 * x), lambda x, z: (-1e6 * autograd.sin(1000.0 * x),))
    wave = register("wave", lambda x: math.sin(1000.0 * x), lambda x, z: (slope(x),))
    assert gradcheck(lambda x: wave(x), (k + 0.5) * math.pi / 1000.0)


def test_the_size_of_a_number_is_its_own_unless_its_terms_cancel():
    assert (Rounded(3.0) - Rounded(1.0)).size == 2.0
    assert (Rounded(1.0) - Rounded(1.0)).size == 2.0
    assert (Rounded(5.0) * (Rounded(1.0) - Rounded(1.0 - 1e-12))).size == pytest.approx(10.0)
    assert autograd.exp(Rounded(1e16) - Rounded(1e16)).size == 1.0  # its slope is 1, but it is no sum


@pytest.mark.parametrize(("off", "right"), [(0.0, Verdict.INCONCLUSIVE), (1e-3, Verdict.FAIL), (-2.0, Verdict.FAIL)])
def test_a_vague_reference_still_excludes_what_is_far_from_it(off, right, register):
    """The values of 1e6 + cos(x) tell its slope to 1e-7: not whether it is 0, but that it is not 0.001."""
    far = register("far", lambda x: 1e6 + math.cos(x), lambda x, z: (off - autograd.sin(x),))
    assert verdict(lambda x: far(x), 0.0) is right


def test_a_derivative_beyond_the_floats_is_infinite_and_nothing_else(register):
    """e^1000 is known to be 2e434, so that inf is right, and neither 0 nor -inf."""
    pytest.importorskip("mpmath")
    for at_inf, right in ((math.inf, Verdict.PASS), (0.0, Verdict.FAIL), (-math.inf, Verdict.FAIL)):
        rule = _at_infinity(at_inf)
        grown = register("grown", autograd.exp, rule, composite=True)
        report = gradcheck(lambda x, op=grown: op(1000.0 * x) + x, 1.0, raise_exception=False)
        assert report.verdict is right, report
        assert {culprit.op for culprit in report.culprits} <= {"grown"}
        assert bool(report.culprits) is (right is Verdict.FAIL)


def _at_infinity(instead):
    return lambda x, z: (autograd.where(autograd.equal(z, math.inf), instead, z),)
