"""Reference derivatives where numbers of very different sizes meet."""

import math

import pytest

import autograd
from autograd import gradcheck, gradgradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.references import slopes
from autograd.replay import Precise

pytest.importorskip("mpmath")

TINY = [
    lambda p: (1.0 - p) * autograd.log(1.0 - p),
    lambda x: autograd.log(1.0 + x),
    lambda x: autograd.exp(x) - 1.0,
    lambda x: 1.0 + x,
    lambda x: (1.0 + x * 3.0).sqrt(),
]


@pytest.mark.parametrize("f", TINY)
@pytest.mark.parametrize("x", [1e-30, 1e-60, 1e-80, 1e-200, -1e-300, 5e-324])
@pytest.mark.parametrize("oracle", [None, "mpmath"])
def test_beside_1_a_tiny_input_is_not_lost(f, x, oracle):
    assert gradcheck(f, x, oracle=oracle)


def test_and_a_wrong_rule_there_is_found(register):
    wrong = register("wrong_entropy", TINY[0], lambda p, z: (0.0 * p,), composite=True)
    with pytest.raises(autograd.GradcheckError, match=r"recorded 0, reference -1"):
        gradcheck(lambda p: wrong(p), 1e-80)


@pytest.mark.parametrize("f", [lambda x: x.sin(), lambda x: x.cos(), lambda x: x.tan()])
@pytest.mark.parametrize("x", [1e15, 1e48, -1.3e59, 1e200])
def test_a_step_is_shorter_than_a_period_however_large_the_input(f, x):
    assert gradcheck(f, x)
    assert gradgradcheck(f, x)


def test_a_step_is_shorter_than_the_smallest_operand():
    """hypot(0, 1e-80) is smooth, though not to a step of 1e-30."""
    (slope,) = slopes(lambda xs: [autograd.hypot(*xs)], [0.0, 1e-80], 0, ["mpmath"])
    assert slope.settled
    assert gradcheck(lambda x, y: autograd.hypot(x, y), (0.0, 1e-80))


def test_the_digits_are_given_back():
    from autograd.replay.systems import DIGITS, digits_to_tell, high_precision

    with digits_to_tell([1e-300, 1e300]) as context:
        assert context.dps >= 700
        assert (Precise(1.0) + Precise(1e-300)).value != 1
    assert high_precision().dps == DIGITS
    with digits_to_tell([]) as context:
        assert context.dps == DIGITS


@pytest.mark.parametrize("x", [(5e-324, 0.0), (1.0, 0.0), (-1e-320, 0.0)])
def test_a_pole_beside_the_smallest_numbers_is_a_pole(x):
    assert gradcheck(lambda x, y: x / y, x).verdict is Verdict.INCONCLUSIVE


def test_numbers_below_every_float_do_not_cost_digits_without_end():
    assert gradcheck(lambda x: (-x.exp()).exp() + x, math.log(1e6)).verdict is Verdict.PASS
