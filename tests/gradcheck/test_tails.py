"""Where a function is steep, a wrong rule is wrong: its values far away are no measure of what happens here."""

import math

import pytest

import autograd
from autograd import gradcheck
from autograd.gradcheck import Verdict
from autograd.testing import numerical_grad


def digamma(x):
    return autograd.log(x) - 1.0 / (2.0 * x) - 1.0 / (12.0 * x**2) + 1.0 / (120.0 * x**4)


TAILS = {  # forward functions of plain floats, their rules, and points in their tails
    "growth": (math.exp, lambda x, z: z, [160.0, 300.0, -160.0, -300.0, -700.0]),
    "gamma_function": (math.gamma, lambda x, z: z * digamma(x), [54.0, 100.0]),
    "erf_tail": (math.erfc, lambda x, z: -2.0 / math.sqrt(math.pi) * autograd.exp(-x * x), [10.0, 25.0]),
    "gauss": (lambda x: math.exp(-x * x / 2.0), lambda x, z: -x * z, [16.0, 20.0, 30.0]),
    "hundredth": (lambda x: math.pow(x, 100.0), lambda x, z: 100.0 * x**99.0,
                  [0.1, 0.01, 0.02599395334061344, 0.0011570965868979404]),
    "cosine_h": (math.cosh, lambda x, z: autograd.sinh(x), [150.0, 200.0]),
    "soft_plus": (lambda x: math.log1p(math.exp(x)), lambda x, z: autograd.sigmoid(x), [-500.0, -700.0]),
    "logistic": (lambda x: 1.0 / (1.0 + math.exp(-x)), lambda x, z: z * (1.0 - z), [-585.0]),
}
CASES = [(name, x) for name, (_, _, points) in TAILS.items() for x in points]


@pytest.mark.parametrize(("name", "x"), CASES)
@pytest.mark.parametrize("factor", [1.0, 1.01, 2.0, 0.5, 0.0, -1.0])
def test_only_the_right_rule_passes(name, x, factor, register):
    forward, rule, _ = TAILS[name]
    op = register(name, forward, lambda x, z: (factor * rule(x, z),))
    report = gradcheck(lambda x: op(x), x, raise_exception=False)
    assert report.rows[0].verdict is (Verdict.PASS if factor == 1.0 else Verdict.FAIL), report
    assert bool(report.culprits) is (factor != 1.0)
    assert {(culprit.op, *culprit.operands) for culprit in report.culprits} <= {(name, x)}


@pytest.mark.parametrize(("name", "x"), CASES)
def test_the_error_is_not_that_of_values_far_away(name, x):
    """1e-10: the values have 16 digits, and differences find two thirds of them."""
    value, error = numerical_grad(lambda t: TAILS[name][0](float(t)), x)
    assert error <= 1e-10 * abs(value)


def test_a_share_that_leaves_the_graph_is_missed_in_the_tail():
    assert gradcheck(lambda x: x.exp().detach() * x, 300.0, raise_exception=False).verdict is Verdict.FAIL


def test_a_derivative_of_one_is_checked_whatever_it_is_made_of(register):
    op = register("mexp", math.exp, lambda x, z: (-1.0 * z,))
    report = gradcheck(lambda x, y: op(x) * y, (180.0, 1e-78), raise_exception=False)
    assert report.rows[0].verdict is Verdict.FAIL
