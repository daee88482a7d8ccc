"""Gradient checks: what is reported, what is named, what is tolerated, and what is refused."""

import math
import random
import struct

import pytest

import autograd
from autograd import GradcheckError, Value, gradcheck, gradgradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.chain import chained
from autograd.gradcheck.recording import Recording
from autograd.gradcheck.references import slopes

ORACLES = ["mpmath", "complex step", "differences"]


def unwrapped(report):
    return " ".join(str(report).split())


class TestTheFailureNamesTheCulprit:
    def test_on_one_screen_with_the_right_value_and_the_line(self, register):
        wiggle = register("wiggle", lambda x: 2.0 * math.sin(x), lambda x, z: (-2.0 * autograd.cos(x),))

        def loss(x, w):
            h = autograd.tanh(x * w)
            return wiggle(h) + x

        with pytest.raises(GradcheckError) as caught:
            gradcheck(loss, (0.5, 0.3))
        text = str(caught.value)
        assert len(text.splitlines()) <= 24
        assert max(len(line) for line in text.splitlines() if __file__ not in line) <= 76
        assert "gradcheck: 2 FAIL" in text
        assert "`wiggle`, made at" in text
        assert "test_gradcheck.py" in text
        assert "return wiggle(h) + x" in text
        at = math.tanh(0.15)
        assert f"recorded {-2.0 * math.cos(at):.6g}, reference {2.0 * math.cos(at):.6g}" in text
        (culprit,) = caught.value.report.culprits
        assert culprit.op == "wiggle"
        assert culprit.reference.low == pytest.approx(2.0 * math.cos(at), rel=1e-9)

    def test_only_the_culprit_among_many_nodes(self, register):
        swapped = register("swapped", lambda x, y: x * x * y, lambda x, y, z: (x * x, 2.0 * x * y))

        def f(x, y):
            return (swapped(x, y).sin() + x.exp() * y) / (1.0 + swapped(y, x) ** 2)

        report = gradcheck(f, (0.7, 1.3), raise_exception=False)
        assert {(c.op, c.operand) for c in report.culprits} == {("swapped", "x"), ("swapped", "y")}
        assert "and 1 more like it" in str(report)

    def test_a_lost_share_is_said_to_be_one(self, monkeypatch):
        from autograd import value

        def forgetful(root, seed):  # writes where it should add
            root.grad = seed
            for node in reversed(order := autograd.graph.topological_order([root])):
                for arg, partial in zip(node.args, node.partials):
                    arg.grad = node.grad * partial
            return order

        monkeypatch.setattr(value, "backpropagate", forgetful)
        report = gradcheck(lambda x: x * x, 3.0, raise_exception=False)
        assert report.verdict is Verdict.FAIL
        assert not report.culprits
        assert "every local derivative is right" in str(report)

    def test_a_wrong_second_derivative_only(self, register):
        crude = register("crude", lambda x: x * x, lambda x, z: (2.0 * x,))
        crude.partials = lambda x, z: (2.0 * float(x),)  # `register` would have refused it
        assert gradcheck(lambda x: crude(x), 1.5)
        report = gradgradcheck(lambda x: crude(x), 1.5, raise_exception=False)
        assert report.verdict is Verdict.FAIL

    @pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
    def test_pytest_shows_the_callers_line_and_none_of_ours(self, check):
        with pytest.raises(GradcheckError) as caught:
            check(lambda x: x**3 * x.data, 3.0)
        (shown,) = caught.traceback.filter(caught)
        assert shown.path.name == "test_gradcheck.py"


class TestTolerance:
    @pytest.mark.parametrize("oracle", ORACLES)
    def test_a_gradient_of_1e_9_is_really_checked(self, oracle, register):
        assert gradcheck(lambda x: 1e-9 * x.sin(), 0.5, oracle=oracle)
        for name, factor in (("none", 0.0), ("twice", 2.0), ("minus", -1.0), ("nearly", 1.01)):
            faint = _faint(register, f"faint_{name}", factor)
            report = gradcheck(faint, 0.5, oracle=oracle, raise_exception=False)
            assert report.verdict is Verdict.FAIL, report

    @pytest.mark.parametrize("f", [
        lambda x: (x + 1e8) - 1e8 * x / x,
        lambda x: x.sin() ** 2 + x.cos() ** 2,
        lambda x: (x * 30.0).tanh(),
        lambda x: x.exp() - x.sinh() - x.cosh(),
        lambda x: (1.0 + x * 1e-7).log() * 1e7,
        lambda x: autograd.sigmoid(40.0 * x),
        lambda x: (x * 1e6).sin(),
        lambda x: autograd.gelu(-8.0 * x),
        lambda x: x - x,
    ])
    @pytest.mark.parametrize("oracle", [None, *ORACLES])
    def test_cancellation_raises_no_alarm(self, f, oracle):
        assert gradcheck(f, 0.7, oracle=oracle).verdict is not Verdict.FAIL

    @pytest.mark.parametrize("f", [
        lambda x: ((x + 1e12) - 1e12).sin(),
        lambda x: ((x + 1e15) - 1e15).sin(),
        lambda x: ((x + 1e10) - 1e10).log(),
        lambda x: (x * 1e14).sin(),
        lambda x: (x.exp() * 1e8).tan(),
        lambda x: ((x + 1e16) - 1e16).relu(),
        lambda x: (x * 1e8).cos() * (x - 0.69999).tan(),
    ])
    @pytest.mark.parametrize("oracle", [None, *ORACLES])
    def test_an_ill_conditioned_graph_raises_no_alarm(self, f, oracle):
        """The numbers inside are rounded by so much that the derivative of the exact function is another."""
        assert gradcheck(f, 0.7, oracle=oracle, raise_exception=False).verdict is not Verdict.FAIL

    @pytest.mark.parametrize("f", [lambda x: x.tanh(), lambda x: x.gelu(), lambda x: x.elu(), lambda x: x.erf()])
    def test_a_saturated_activation_is_decided(self, f):
        """1 - z * z is 0 to the rounding of its terms: right, and no digit of it counts."""
        for x in (-40.0, 40.0):
            assert gradcheck(f, x)

    @pytest.mark.parametrize("oracle", ["mpmath", "complex step"])
    def test_a_long_contracting_chain_is_decided(self, oracle):
        """The bound adds |y cos(xy)| and 1/2 at every step, and grows without end; the errors themselves cancel."""

        def f(x, y):
            for _ in range(150):
                x = (x * y).sin() + 0.5 * x
            return x

        report = gradcheck(f, (0.3, 1.2), oracle=oracle, raise_exception=False)
        assert report.rows[1].verdict is Verdict.PASS, report
        assert report.rows[1].tolerance < 1e-12

    def test_the_three_oracles_agree(self):
        def f(x, y):
            return (x * y).tanh() / (1.0 + x * x) + y.log() * x.sigmoid()

        reports = [gradcheck(f, (0.3, 2.0), oracle=oracle) for oracle in ORACLES]
        assert all(reports)
        for precise, *others in zip(*(report.rows for report in reports)):
            assert {row.reference.oracle for row in (precise, *others)} == set(ORACLES)
            for row in others:
                assert row.reference.low == pytest.approx(precise.reference.low, rel=1e-10)


def _faint(register, name, factor):
    return register(name, lambda x: x * 1e-9, lambda x, z: (1e-9 * factor + 0.0 * x,))


class TestScales:
    @pytest.mark.parametrize(("f", "x"), [
        (lambda x: x**3, 0.0),
        (lambda x: x**2.5, 0.0),
        (lambda x: 1.0 - x.cos(), 1e-8),
        (lambda x: (-x * x).exp(), 27.0),
        (lambda x: (-x).exp(), 740.0),
        (lambda x: x * 1e-150 * 1e-150, 3.0),
        (lambda x: x * x, 1e-200),
        (lambda x: x**3, 1e-100),
        (lambda x: x * x, 1e150),
        (lambda x: x.sigmoid(), -740.0),
        (lambda x: 1.0 / (1.0 + (-x).exp()), -700.0),
        (lambda x: x * 1e-310, 1.0),
        (lambda x: 1.0 / x, 1e-300),
        (lambda x: (1.0 / x).sin(), 1e-9),
        (lambda x: x.tan(), math.pi / 2.0),
        (lambda x: x.asin(), 1.0 - 1e-12),
        (lambda x: x.log1p(), -1.0 + 1e-10),
        (lambda x: autograd.hypot(x, 1e-200), 1e-200),
        (lambda x: autograd.atan2(x, 1e200), 1e200),
        (lambda x: autograd.atan2(1e-200, x), 1e-200),
    ])
    @pytest.mark.parametrize("oracle", [None, *ORACLES])
    @pytest.mark.parametrize("installed", [True, False])
    def test_zeros_underflow_poles_and_edges_raise_no_alarm(self, f, x, oracle, installed, request):
        if not installed:
            request.getfixturevalue("without_mpmath")
        assert gradcheck(f, x, oracle=oracle, raise_exception=False).verdict is not Verdict.FAIL

    @pytest.mark.usefixtures("without_mpmath")
    def test_without_mpmath_small_gradients_are_still_checked(self, register):
        off = register("off", lambda x: x * x * 1e-9, lambda x, z: (2.02e-9 * x,))
        assert gradcheck(lambda x: x**3, 1e-100)
        with pytest.raises(GradcheckError, match="`off`"):
            gradcheck(lambda x: off(x), 1e-9)


class TestNoise:
    """Functions that work in single precision: their values scatter by 1e-7, which is no kink."""

    @pytest.fixture
    def single(self, register):
        def rounded(x):
            return struct.unpack("f", struct.pack("f", x))[0]

        return register("single_sine", lambda x: rounded(math.sin(x)), lambda x, z: (autograd.cos(x),))

    @pytest.mark.parametrize("x", [0.5, 0.7, 2.1, -1.3, 1e-3, 30.0])
    def test_it_is_no_kink(self, single, x):
        for oracle in (None, "differences"):
            report = gradcheck(lambda x: 2.0 * single(x) + x, x, oracle=oracle)
            assert report.rows[0].reference.oracle == "differences"
            assert "kink" not in str(report)

    def test_and_a_wrong_rule_is_found_through_it(self, single):
        single.partials = lambda x, z: (1.01 * autograd.cos(x),)
        with pytest.raises(GradcheckError, match="`single_sine`"):
            gradcheck(lambda x: 2.0 * single(x) + x, 0.7)

    def test_one_such_operation_leaves_the_others_their_oracle(self, single):
        report = gradcheck(lambda x, y: [single(x) * y, y.exp()], (0.7, 0.3))
        assert report
        assert report.rows[-1].error < 1e-15


class TestSpecialPoints:
    @pytest.mark.parametrize("oracle", ["mpmath", "differences"])
    @pytest.mark.parametrize("f", [autograd.relu, abs, lambda x: autograd.maximum(x, 0.0), autograd.leaky_relu])
    def test_at_a_kink_anything_between_the_one_sided_derivatives_is_right(self, f, oracle):
        report = gradcheck(lambda x: f(x), 0.0, oracle=oracle)
        assert report
        assert "a kink: one-sided derivatives" in str(report)
        assert " .. 1 " in str(report)

    def test_at_a_kink_something_else_is_wrong(self, register):
        hinge = register("hinge", lambda x: x if x > 0.0 else 0.0, lambda x, z: (2.0 * autograd.greater_equal(x, 0.0),))
        for oracle in ("mpmath", "differences"):
            report = gradcheck(lambda x: hinge(x), 0.0, oracle=oracle, raise_exception=False)
            assert report.verdict is Verdict.FAIL

    def test_smooth_together_kinked_apart_is_a_convention(self):
        report = gradcheck(lambda x: x.relu() - (-x).relu(), 0.0)  # the identity, but 0 by relu'(0) = 0
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "sits on its kink: its derivative there is a convention" in unwrapped(report)

    def test_an_infinite_slope_inside_explains_a_nan(self):
        report = gradcheck(lambda x: (x * x).sqrt(), 0.0)  # |x|, but inf * 0 by the chain rule
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "node 2 `sqrt` has no finite derivative here" in str(report)

    @pytest.mark.parametrize(("f", "x", "guilty"), [
        (lambda x: x.exp().exp().tanh(), 8.0, "node 2 `exp`"),
        (lambda x: autograd.where(x > 100.0, 0.0 * x, x.exp()), 1000.0, "node 1 `exp`"),
        (lambda x: -((x - 1000.0).exp() / (1.0 + (x - 1000.0).exp())).log(), 1.0, "node 7 `log`"),  # its value is inf
    ])
    def test_a_nan_where_the_derivative_is_finite_is_wrong(self, f, x, guilty):
        """0 * inf by the chain rule. The user's number is useless, and the report says where it comes from."""
        report = gradcheck(f, x, raise_exception=False)
        assert report.verdict is Verdict.FAIL
        assert not report.culprits
        assert f"its reference is finite, but {guilty} has no finite derivative here" in unwrapped(report)

    @pytest.mark.parametrize(("f", "guilty"), [
        (lambda x: x.relu().sqrt(), "node 2 `sqrt`"),
        (lambda x: x.relu().log(), "node 2 `log`"),
        (lambda x: 1.0 / x.relu(), "node 2 `div`"),
    ])
    def test_zero_times_an_infinite_slope_is_told(self, f, guilty):
        report = unwrapped(gradcheck(f, -1.0, raise_exception=False))
        assert f"{guilty} has an infinite slope, and 0 times that is nan" in report

    def test_the_nan_of_a_constant_operand_excuses_nothing(self, register):
        """x ** 3 at x < 0 records nan for its exponent, which nobody differentiates."""
        lossy = register("lossy", lambda x: x * x, lambda x, z: (2.0 * x,))
        report = gradcheck(lambda x: lossy(x) + x**3, -2.0)
        assert report
        lossy.partials = lambda x, z: (2.0 * x + (autograd.log(x) - autograd.log(x)),)
        report = gradcheck(lambda x: lossy(x) + x**3, -2.0, raise_exception=False)
        assert report.verdict is Verdict.FAIL
        assert {culprit.op for culprit in report.culprits} == {"lossy"}

    def test_huge_and_tiny_numbers(self):
        assert gradcheck(lambda x: x.exp().exp(), 6.5)
        assert gradcheck(lambda x: (x * 1e-150) * 1e-150, 3.0)
        for oracle in ("mpmath", "complex step"):
            assert gradcheck(lambda x: x.log1p() + x.expm1(), 1e-12, oracle=oracle)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_a_rule_that_gives_nan_or_inf_is_wrong(self, bad, register):
        broken = register("broken", lambda x: x * x, lambda x, z: (bad * x,))
        with pytest.raises(GradcheckError, match="`broken`"):
            gradcheck(lambda x: broken(x) + x, 2.0)

    def test_a_rule_may_be_written_with_whole_numbers(self, register):
        squash = register("squash", lambda x: x / (1 + abs(x)), lambda x, z: ((1 - abs(z)) ** 2,))
        assert gradcheck(squash, 2.0)
        assert gradcheck(squash, 1e9)  # 1 - z cancels: the rounding is measured

    def test_a_kink_does_not_excuse_a_wrong_rule_elsewhere(self, register):
        off = register("off", lambda x: x * x, lambda x, z: (3.0 * x,))
        with pytest.raises(GradcheckError, match="`off`"):
            gradcheck(lambda x: (x - x).relu() + off(x), 2.0)

    @pytest.mark.parametrize("f", [
        lambda off, x: (x - x) * off(x) + x,
        lambda off, x: 0.0 * off(x) + x,
        lambda off, x: (x - 2.0).relu() * off(x),
        lambda off, x: (x - 2.0).relu() + off(x) - 2.5 * x,
        lambda off, x: autograd.where(autograd.greater(x, 5.0), off(x), x),
    ])
    def test_a_wrong_rule_is_named_even_where_its_share_does_not_show(self, f, register):
        off = register("off", lambda x: x * x, lambda x, z: (2.5 * x,))
        report = gradcheck(lambda x: f(off, x), 2.0, raise_exception=False)
        assert report.verdict is Verdict.FAIL
        assert not report
        assert {(c.op, c.recorded, c.reference.low) for c in report.culprits} == {("off", 5.0, 4.0)}
        assert "1 wrong local derivative" in report.headline()

    def test_what_does_not_show_is_said_not_to(self, register):
        off = register("off", lambda x: x * x, lambda x, z: (3.0 * x,))
        with pytest.raises(GradcheckError, match="here the wrong local derivatives do not show"):
            gradcheck(lambda x: 0.0 * off(x) + x, 2.0)

    def test_where_two_kinks_meet_any_derivative_around_is_a_convention(self, register):
        """clamp(x, x, x) is x, so its local derivatives are 1, 0, 0; moved alone, x stays between equal ends."""
        assert gradcheck(lambda x: autograd.clamp(x, x, x), 2.0)
        kept = register("kept", lambda x, low, high: min(max(x, low), high), lambda x, low, high, z: (2.0, 0.0, 0.0),
                        kink=lambda x, low, high: (x - low) * (x - high))  # fmt: skip
        with pytest.raises(GradcheckError, match=r"d kept / d x at .* recorded 2, reference 0"):
            gradcheck(lambda x: kept(x, x, x), 2.0)

    @pytest.mark.usefixtures("without_mpmath")
    def test_an_operation_that_rounds_inside_is_not_blamed(self):
        for x in (-4.944967965, -5.5, -6.0):  # differences see the jumps of 1 + erf
            assert gradcheck(lambda x: x.gelu() * 2.0, x, raise_exception=False).verdict is not Verdict.FAIL

    def test_an_unchosen_branch_hands_on_no_rounding(self):
        assert gradcheck(lambda x, y: x**y, (0.0, 2.0))  # log(0) is there, and not chosen

    def test_what_is_not_decided_says_why(self):
        report = gradcheck(lambda x: autograd.where(autograd.greater(x, 0.0), x * x.log(), 0.0), 0.0)
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "node 1 `log` has no finite derivative here" in unwrapped(report)

    def test_a_kink_met_by_rounding_raises_no_alarm(self):
        for scale in (3.0, 7.0, 10.0):
            report = gradcheck(lambda x, s=scale: (x * s - 0.1 * s).relu() * 5.0, 0.1)
            assert report.verdict is not Verdict.FAIL

    @pytest.mark.parametrize("oracle", ["mpmath", "differences"])
    def test_one_sided_at_the_edge_of_the_domain(self, oracle):
        report = gradcheck(lambda x: 2.0 * x + x**2.5, 0.0, oracle=oracle)
        assert report
        assert "an edge of the domain: one-sided" in str(report)

    @pytest.mark.parametrize(("f", "x", "statement"), [
        (lambda x: x.log(), -1.0, "f is not defined around this point"),
        (lambda x: x.sqrt(), 0.0, "the slope of f grows without bound here"),
        (lambda x: x.cbrt(), 0.0, "the slope of f grows without bound here"),
        (lambda x: 1.0 / x, 0.0, "the slope of f grows without bound here"),
        (lambda x: x.log(), 0.0, "the slope of f grows without bound here"),
    ])
    def test_poles_and_the_outside_are_said_to_be_such(self, f, x, statement):
        report = gradcheck(f, x)
        assert report.verdict is Verdict.INCONCLUSIVE
        assert not report
        assert statement in str(report)

    def test_softplus_and_logaddexp_are_smooth_where_their_formula_has_kinks(self):
        for oracle in (None, "differences"):
            assert gradcheck(lambda x, y: x.softplus() + autograd.logaddexp(x, y), (0.0, 0.0), oracle=oracle)


class TestTheFunction:
    @pytest.mark.parametrize("f", [lambda x: x * x.data, lambda x: x * float(x), lambda x: x * x.detach()])
    def test_leaving_the_graph_is_a_wrong_gradient(self, f):
        report = gradcheck(f, 3.0, raise_exception=False)
        assert report.verdict is Verdict.FAIL
        assert "f leaves its graph" in str(report)

    def test_a_branch_beside_the_point_is_asked_of_the_function(self):
        report = gradcheck(lambda x: x * x if x > 3.0 else 6.0 * x - 9.0, 3.0)  # smooth once, across the branch
        assert report
        assert report.rows[0].reference.oracle == "differences"

    def test_f_may_raise_outside_its_domain(self, register):
        root = register("root_of_math", lambda x: math.sqrt(x), lambda x, z: (0.5 / z,))
        for x in (1e-12, 0.3, 1e9):
            assert gradcheck(lambda x: root(x) + x, x)

        def strict(x):
            if not 0.0 < x < 1.0:
                raise ValueError("outside")
            return x * x

        for x in (1e-6, 0.5, 0.9999):
            assert gradcheck(strict, x)
            assert gradcheck(strict, x, oracle="differences")

    def test_an_operation_is_not_asked_outside_its_domain(self, register):
        def logarithm(x):
            assert x >= 0.0
            return math.log(x) if x else -math.inf

        log = register("careful_log", logarithm, lambda x, z: (1.0 / x,), domain=((0.0, math.inf),))
        assert gradcheck(lambda x: log(x), 0.01)

    def test_an_oracle_that_sees_only_the_graph_does_not_speak_for_f(self):
        report = gradcheck(lambda x: x * x.data, 3.0, oracle="mpmath")
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "sees the recorded graph alone" in str(report)

    def test_chance_is_refused(self):
        chance = random.Random(0)
        with pytest.raises(ValueError, match=r"f gave .* for the same inputs: seed its random numbers"):
            gradcheck(lambda x: x * chance.random(), 1.0)

    def test_nothing_to_differentiate(self):
        with pytest.raises(ValueError, match="found nothing to differentiate: 1 inputs, f gave 3"):
            gradcheck(lambda x: 3.0, 1.0)

    def test_an_unknown_oracle(self):
        with pytest.raises(ValueError, match="no oracle 'delphi': choose from mpmath, complex step, differences"):
            gradcheck(lambda x: x, 1.0, oracle="delphi")


class TestInputs:
    def test_names_follow_the_arguments(self):
        report = gradcheck(lambda x, p: [x * p["w"][1], p["b"] + p["w"][0]], (2.0, {"w": [1.0, 3.0], "b": 0.5}))
        assert [row.input for row in report.rows[::2]] == ["x", "p['w'][0]", "p['w'][1]", "p['b']"]
        assert {row.output for row in report.rows} == {"f[0]", "f[1]"}

    def test_operands_have_their_names_in_second_derivatives_too(self):
        assert [row.input for row in gradcheck(autograd.div, (1.0, 2.0)).rows] == ["x", "y"]
        assert [row.input for row in gradgradcheck(autograd.div, (1.0, 2.0)).rows] == ["x", "x", "y", "y"]

    def test_values_keep_their_label_and_their_grad(self):
        x = Value(2.0, label="rate")
        x.grad = 7.0
        report = gradcheck(lambda v: v * v, x)
        assert report.rows[0].input == "rate"
        assert x.grad == 7.0

    def test_parameters_that_f_closes_over_keep_their_grad_or_none(self):
        w, b = Value(2.0), Value(1.0)
        b.grad = 7.0
        shared = w * 3.0
        assert gradcheck(lambda x: [shared * x + b, x * b], 3.0)
        assert (w.has_grad, shared.has_grad, b.grad) == (False, False, 7.0)

    def test_second_derivatives_of_several_outputs(self):
        report = gradgradcheck(lambda x, y: {"a": x * y * y, "b": x.exp()}, (0.5, 2.0))
        assert report
        assert len(report.rows) == 4


class TestReport:
    def test_text(self):
        text = str(gradcheck(lambda x, w: x * w, (2.0, 3.0)))
        head, _, columns, first, second = text.splitlines()
        assert head == "gradcheck: 2 PASS"
        assert columns.split() == ["derivative", "at", "analytic", "reference", "error", "ulps", "oracle", "verdict"]
        assert first.split()[-1] == second.split()[-1] == "PASS"

    def test_the_worst_comes_first_and_the_rest_is_counted(self):
        report = gradcheck(lambda xs: autograd.sum(xs) + xs[20] * xs[20].data, [1.0] * 30, raise_exception=False)
        first = str(report).splitlines()[3]
        assert "xs[20]" in first
        assert first.endswith("FAIL")
        assert "... and 20 more derivatives, in `.rows`" in str(report)

    def test_html_escapes_and_tells_the_same(self):
        report = gradcheck(lambda x: x.relu(), Value(0.0, label="<x>"))
        page = report._repr_mimebundle_()["text/html"]
        assert "&lt;x&gt;" in page
        assert "<x>" not in page
        assert "one-sided" in page
        assert "PASS" in page

    def test_the_error_is_an_assertion_and_carries_the_report(self):
        with pytest.raises(AssertionError, match="1 FAIL") as caught:
            gradcheck(lambda x: x * x.data, 3.0)
        assert not caught.value.report


def test_without_mpmath_the_complex_step_takes_over(without_mpmath):
    report = gradcheck(lambda x: x.tanh(), 0.5)
    assert report
    assert report.rows[0].reference.oracle == "complex step"
    report = gradcheck(lambda x: x.erf() + x.relu(), 0.5)
    assert report
    assert report.rows[0].reference.oracle == "differences"


@pytest.mark.parametrize("oracle", ["mpmath", "complex step"])
def test_one_sweep_gives_what_a_replay_for_each_input_gives(oracle):
    """The chain rule over operations differentiated alone, against the whole graph moved along each input."""

    def f(x, y, z):
        h = autograd.dot([x, y, x * z], [z, x, y.sin()])
        return [h.tanh() / (1.0 + x * x) + autograd.logsumexp([x, h, z]), (h * y).exp() * x.sigmoid(), z * 2.0]

    run = Recording(f, (0.3, -0.7, 1.2))
    told = chained(run.outputs, dict(zip(run.leaves, run.xs)), [oracle])
    for i, leaf in enumerate(run.leaves):
        for swept, replayed in zip(told, slopes(run.replayed, run.xs, i, [oracle])):
            assert float(abs(swept[leaf].left - replayed.left)) <= {"mpmath": 1e-28, "complex step": 1e-14}[oracle]


def test_inputs_before_a_kink_are_replayed_and_the_others_swept():
    run = Recording(lambda x, y: x.relu() * y, (0.0, 2.0))
    (told,) = chained(run.outputs, dict(zip(run.leaves, run.xs)), ["mpmath", "complex step", "differences"])
    assert set(told) == {run.leaves[1]}
    report = gradcheck(lambda x, y: x.relu() * y, (0.0, 2.0))
    assert [(row.reference.low, row.reference.high) for row in report.rows] == [(0.0, 2.0), (0.0, 0.0)]


def test_a_network_of_500_parameters_takes_one_pass():
    """Evaluations of the graph, not seconds: a replay for each input would make 8 * 440 of them."""
    count = 0

    def once_more(x):
        nonlocal count
        count += 1
        return math.tanh(x)

    tanh = autograd.register("counted_tanh", once_more, lambda x, z: (1.0 - z * z,))
    try:
        gradcheck(lambda w: tanh(autograd.sum([tanh(autograd.dot(w[k : k + 20], w[:20])) for k in range(20, 440, 20)])),
                  ([0.01 * (k % 7) - 0.02 for k in range(440)],))  # fmt: skip
    finally:
        autograd.unregister("counted_tanh")
    assert count < 800 * 22  # the local slopes of 22 operations, some hundred values each


def test_the_name_is_the_function_even_after_the_module_is_imported():
    import autograd.gradcheck
    from autograd.gradcheck.check import gradcheck as original

    assert autograd.gradcheck is original
