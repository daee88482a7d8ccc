"""Second derivatives: of every row, and the operation to blame."""

import math

import pytest

import autograd
from autograd import GradcheckError, gradcheck, gradgradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.second import curvature
from autograd.primitive import TABLE
from tests.test_gradcheck_rows import BUILT_IN, apply, points


@pytest.mark.parametrize("op", BUILT_IN, ids=lambda op: op.name)
class TestEveryRow:
    def test_a_rule_with_another_derivative_is_named_though_its_number_is_right(self, op, register):
        if op.variadic:
            pytest.skip("its operands are many; the rows that it is written with are checked")
        point = points(op)[0]
        rule = op.partials

        def bent(*operands):
            first, *rest = rule(*operands)
            return first + 0.001 * (operands[0] - point[0]), *rest

        written = {
            1: lambda x, z: bent(x, z),
            2: lambda x, y, z: bent(x, y, z),
            3: lambda x, y, w, z: bent(x, y, w, z),
        }[len(op.operands)]
        wrong = register(f"bent_{op.name}", op.forward, written, composite=op.composite, domain=op.domain, kink=op.kink)
        assert not [c for c in gradcheck(apply(wrong), point, raise_exception=False).culprits if c.operands == point]
        with pytest.raises(GradcheckError, match=f"d {wrong.name} / d . (at|d)"):
            gradgradcheck(apply(wrong), point)

    def test_at_whole_numbers_nothing_is_wrong(self, op):
        for x in (-1.0, 0.0, 2.0):
            report = gradgradcheck(apply(op), (x, 0.0, 1.0, 2.0)[: len(op.operands) or 4], raise_exception=False)
            assert report.verdict is not Verdict.FAIL, report


def test_a_rule_that_leaves_the_graph_is_named(register):
    crude = register("crude", lambda x: x * x, lambda x, z: (2.0 * x,))
    crude.partials = lambda x, z: (2.0 * float(x),)  # `register` would have refused it
    report = gradgradcheck(lambda x: crude(x).sin() * x, 1.5, raise_exception=False)
    assert "d crude / d x d x at (1.5): recorded 0, reference 2" in str(report)


def test_a_wrong_gradient_is_not_right_because_its_derivative_is(register):
    off = register("off", lambda x: x * x, lambda x, z: (3.0 * x,))
    report = gradgradcheck(lambda x: off(x) + x, 1.5, raise_exception=False)
    assert report.verdict is Verdict.FAIL
    assert "d off / d x at (1.5): recorded 4.5, reference 3" in str(report)
    assert len(report.culprits) == 1
    assert "derivatives of the gradient that the graph of f gives" in " ".join(str(report).split())


def test_a_rule_that_is_right_at_this_point_only(register):
    chance = register("chance", lambda x: x * x * x, lambda x, z: (3.0 * x,))  # 3x^2 at 1
    assert gradcheck(lambda x: chance(x), 1.0)
    with pytest.raises(GradcheckError, match=r"d chance / d x d x at \(1\): recorded 3, reference 6"):
        gradgradcheck(lambda x: chance(x), 1.0)


@pytest.mark.parametrize("installed", [True, False])
def test_of_an_opaque_operation_too(installed, register, request):
    if not installed:
        request.getfixturevalue("without_mpmath")
    right = register("wave", math.sin, lambda x, z: (autograd.cos(x),))
    assert gradgradcheck(lambda x: right(x) * x, 0.7)
    lost = register("wave", math.sin, lambda x, z: (autograd.cos(x),))
    lost.partials = lambda x, z: (math.cos(float(x)),)
    with pytest.raises(GradcheckError, match="d wave / d x d x at"):
        gradgradcheck(lambda x: lost(x) * x, 0.7)


def test_the_curvature_reads_no_rule():
    pytest.importorskip("mpmath")
    for name, point, right in (("exp", (1.0,), math.e), ("mul", (2.0, 5.0), 0.0), ("tanh", (0.0,), 0.0)):
        slope = curvature(TABLE[name], point, 0, 0)
        assert abs(slope.low - right) <= slope.error + math.ulp(right) / 2.0
        assert slope.error < 1e-20


@pytest.mark.parametrize(("name", "point"), [
    ("dot", (1e200, 1e200)),
    ("cross_entropy", (-0.19, 3.7, 0.0)),
    ("logsumexp", (-1.6e-229, 1.0, 2.4e91)),
    ("hypot", (1e-160, 3e-100)),
    ("erf", (26.0,)),
])
def test_sizes_that_differ_raise_no_alarm(name, point):
    assert gradgradcheck(apply(TABLE[name]), point, raise_exception=False).verdict is not Verdict.FAIL
