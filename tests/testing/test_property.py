"""gradient_property makes tests that pass for right gradients and, for wrong ones, name the operation."""

import re
import time

import pytest
from hypothesis import Phase, example, settings
from hypothesis.errors import InvalidArgument

from autograd import Value
from autograd.gradcheck import GradcheckError, Verdict
from autograd.primitive import TABLE
from autograd.testing import gradient_property

test_logistic = gradient_property(lambda x: 1.0 / (1.0 + (-x).exp()), domain=(-5.0, 5.0))


@gradient_property(domain=[(0.1, 10.0), (-2.0, 2.0)])
def test_power(x, y):
    """Two arguments, each with its own interval."""
    return x**y


@gradient_property
def test_without_arguments(x):
    return x.tanh() * x


def test_the_made_test_has_a_name_and_a_docstring():
    assert test_power.__name__ == "test_power"
    assert test_power.__doc__ == "Two arguments, each with its own interval."
    assert test_logistic.__name__ == "test_gradient_of_lambda"


def test_a_default_is_left_alone():
    gradient_property(lambda x, power=3.0: x**power, domain=[(0.5, 2.0)])()


def test_a_wrong_gradient_fails_and_is_named(monkeypatch):
    monkeypatch.setattr(TABLE["sinh"], "partials", lambda x, z: (z,))
    check = gradient_property(lambda x: TABLE["sinh"](x) * 2.0, domain=(-1.0, 1.0))
    with pytest.raises(GradcheckError, match=r"(?s)FAIL.*`sinh`.*d sinh / d x at .*recorded .* reference"):
        check()


def test_a_wrong_number_of_intervals():
    with pytest.raises(ValueError, match="the domain has 3 intervals for 2 arguments: give one for each"):
        gradient_property(lambda x, y: x * y, domain=[(0.0, 1.0)] * 3)


def test_f_gets_values():
    def f(*xs):
        assert all(isinstance(x, Value) for x in xs)
        return xs[0] * xs[1]

    gradient_property(f, domain=[(0.0, 1.0)] * 2)()


def test_a_users_own_wrong_row_is_named_with_the_right_value(register):
    """The promise of the package: register, get it wrong, read one screen."""
    cubed = register("cubed", lambda x: x * x * x, lambda x, z: (2.0 * x * x,))
    with pytest.raises(GradcheckError) as caught:
        gradient_property(lambda x: cubed(x) + x, domain=(1.0, 4.0))()
    told = str(caught.value)
    assert re.search(r"`cubed`, made at .*test_property.py:\d+", told)
    assert "d cubed / d x at (1): recorded 2, reference 3" in told
    assert len(told.splitlines()) <= 24


def test_a_failure_shows_no_line_of_ours():
    check = gradient_property(lambda x: x * x.data, domain=(1.0, 2.0))
    with pytest.raises(GradcheckError) as caught:
        check()
    shown = [entry.name for entry in caught.traceback.filter(caught)]
    assert shown == ["test_a_failure_shows_no_line_of_ours", "test_gradient_of_lambda"]  # the test, and what it called


def test_a_derivative_that_is_decided_nowhere_fails_the_test():
    def scatters(x, y):
        return (1e30 * x).sin() + y  # a wave shorter than the distance of two floats

    with pytest.raises(GradcheckError) as caught:
        gradient_property(scatters, domain=[(5.0, 6.0), (0.0, 1.0)])()
    told = " ".join(str(caught.value).split())
    assert "nothing is tested: at none of the 100 points that were tried was d f / d x decided. Give a domain" in told
    assert caught.value.report.verdict is Verdict.INCONCLUSIVE
    assert "1 PASS" in told and "1 INCONCLUSIVE" in told


def test_one_that_is_decided_somewhere_passes():
    gradient_property(lambda x: abs(x) * x.sqrt(), domain=(-1.0, 1.0))()  # no value on the left


def test_decorators_of_hypothesis_are_obeyed():
    calls = []

    @example(point=(3.5,))
    @settings(phases=[Phase.explicit])
    @gradient_property
    def test_one_point(x):
        calls.append(float(x))
        return x * x

    test_one_point()
    assert calls[0] == 3.5
    assert 0.0 not in calls  # the first that Hypothesis would think of
    with pytest.raises(InvalidArgument, match="already been decorated with a settings object"):
        settings(max_examples=7)(test_one_point)


def test_a_slow_function_has_no_deadline():
    before = settings.get_current_profile_name()
    settings.register_profile("short", max_examples=1, deadline=1, database=None)
    settings.load_profile("short")
    try:

        @gradient_property
        def test_slow(x):
            time.sleep(0.002)
            return x * x

        test_slow()
    finally:
        settings.load_profile(before)


@pytest.mark.parametrize("name", ["tanh", "log", "hypot", "leaky_relu", "logsumexp"])
def test_an_operation_itself_is_tested_at_its_points(name):
    test = gradient_property(TABLE[name])
    assert test.__name__ == f"test_gradient_of_{name}"
    settings(max_examples=10)(test)()


def test_or_in_an_interval():
    settings(max_examples=10)(gradient_property(TABLE["hypot"], domain=(0.5, 2.0)))()
    settings(max_examples=10)(gradient_property(TABLE["sum"], domain=[(0.5, 2.0)] * 3))()
    with pytest.raises(ValueError, match="the domain has 3 intervals for 1 arguments"):
        gradient_property(TABLE["log"], domain=[(0.0, 1.0)] * 3)


def test_of_ones_own_wrong_operation_the_operand_is_named(register):
    cubed = register("cubed", lambda x: x * x * x, lambda x, z: (2.0 * x * x,))
    with pytest.raises(GradcheckError, match=r"d f / d x +1 +2 +3 ") as caught:
        gradient_property(cubed, domain=(1.0, 4.0))()
    assert "hypothesis" not in str(caught.value.report)  # its line is nobody's


class TestInAClass:
    test_here_too = gradient_property(lambda x: x * x)
