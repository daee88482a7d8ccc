"""Who is to blame: every rule is asked where it gives something."""

import math

import pytest

import autograd
from autograd import GradcheckError, Value, gradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.blame import culprits
from autograd.primitive import TABLE

OPAQUE = {  # forward functions of plain floats, their rules, and points where the derivative is zero
    "cosine": (lambda x: math.cos(x), lambda x, z: (-autograd.sin(x),), [0.0, math.pi, -math.pi]),
    "square": (lambda x: math.pow(x, 2.0), lambda x, z: (2.0 * x,), [0.0, -0.0, 1e-160]),
    "fourth": (lambda x: math.pow(x, 4.0), lambda x, z: (4.0 * x * x * x,), [0.0, 1e-5, 1e-80]),
    "bell": (lambda x: math.exp(-math.pow(x, 2.0)), lambda x, z: (-2.0 * x * z,), [0.0, 1e-12]),
    "wave": (lambda x: math.sin(1000.0 * float(x)), lambda x, z: (1000.0 * autograd.cos(1000.0 * x),),
             [5e-4 * math.pi]),
    "bowl": (lambda x: 5.0 + math.pow(x - 1.0, 2.0), lambda x, z: (2.0 * (x - 1.0),), [1.0]),
    "huge": (lambda x: 1e300 * math.cos(x), lambda x, z: (-1e300 * autograd.sin(x),), [0.0, math.pi]),
    "tiny": (lambda x: 1e-300 * math.cos(x), lambda x, z: (-1e-300 * autograd.sin(x),), [0.0, math.pi]),
}  # fmt: skip
CASES = [(name, x) for name, (_, _, points) in OPAQUE.items() for x in points]


@pytest.mark.parametrize(("name", "x"), CASES)
def test_an_extremum_of_an_opaque_operation_passes(name, x, register):
    forward, rule, _ = OPAQUE[name]
    op = register(name, forward, rule)
    assert gradcheck(lambda x: op(x) * 1.0, x)


@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.0, 1.01])
@pytest.mark.parametrize(("name", "x"), CASES)
def test_and_a_multiple_of_its_rule_is_wrong_though_zero_is_zero(name, x, factor, register):
    forward, rule, _ = OPAQUE[name]
    op = register(name, forward, lambda x, z: (factor * rule(x, z)[0],))
    with pytest.raises(GradcheckError, match=f"d {name} / d x at"):
        gradcheck(lambda x: op(x) * 1.0, x)


@pytest.mark.parametrize("op", [op for op in TABLE.values() if "example" not in op.name], ids=lambda op: op.name)
def test_beside_a_zero_no_row_is_blamed(op):
    for x in (0.0, 1.0, -1.0):
        report = gradcheck(lambda *xs: op.apply(xs) * 1.0, (x, 0.0, 1.0, 2.0)[: len(op.operands) or 4],
                           raise_exception=False)  # fmt: skip
        assert not report.culprits, report


def test_a_product_with_zero_speaks_for_no_rule(register):
    """Both local derivatives of x * y are 0 at the origin."""
    times = register("times", lambda x, y: x * y, lambda x, y, z: (y, -x))
    with pytest.raises(GradcheckError, match="d times / d y at"):
        gradcheck(lambda x, y: times(x, y) + x, (0.0, 0.0))
    right = register("times", lambda x, y: x * y, lambda x, y, z: (y, x))
    assert gradcheck(lambda x, y: right(x, y) + x, (0.0, 0.0)).verdict is Verdict.PASS


def test_a_constant_operand_does_not_speak_for_a_node_of_the_same_number(register):
    """w(x, 2.0) is asked for x alone, and judged once for all its like; w(x, y) with y = 2 is not its like."""
    wrong = register("wrong", lambda x, y: x * y, lambda x, y, z: (y, 2.0 * x))
    x, y = Value(3.0), Value(2.0)
    found = list(culprits([wrong(x, 2.0) + wrong(x, y)]))
    assert [(culprit.op, culprit.operand) for culprit in found] == [("wrong", "y")]
