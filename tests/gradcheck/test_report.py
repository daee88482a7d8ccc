"""What the report prints: numbers that can be told apart, 80 columns, and no more than a screen."""

import math

import pytest

import autograd
from autograd import Value, gradcheck
from autograd.gradcheck import Culprit, GradcheckReport, Slope, Verdict
from autograd.gradcheck.report import Row


def row(analytic, reference, verdict=Verdict.FAIL, note=""):
    return Row("f", "x", 0.5, analytic, Slope(reference, reference, 0.0, "mpmath", note=note), 0.0, verdict)


def shown(report):
    """The cells of the first derivative."""
    return str(report).splitlines()[3].split()


@pytest.mark.parametrize("x", [1.0, -2.5e-300, 3e17, 0.1, 1.7e308, 5e-324, 0.0])
@pytest.mark.parametrize("ulps", [1, 3, 1000, 10**9])
def test_numbers_that_differ_never_print_alike(x, ulps):
    other = x + ulps * math.ulp(x)
    _, _, _, _, _, _, analytic, reference, *_ = shown(GradcheckReport((row(x, other),)))
    assert analytic != reference
    culprit = Culprit(1, "op", "x", (1.0,), x, Slope(other, other, 0.0, "mpmath"), None)
    recorded, reference = str(culprit).partition("recorded ")[2].split(", reference ")
    assert recorded != reference
    assert float(recorded) == pytest.approx(x, rel=1e-5)


def test_and_print_no_more_digits_than_that_takes():
    assert shown(GradcheckReport((row(1.23456789, 1.23456889),)))[6:8] == ["1.234568", "1.234569"]
    assert shown(GradcheckReport((row(1 / 3, 2 / 3),)))[6:8] == ["0.333333", "0.666667"]
    assert shown(GradcheckReport((row(1 / 3, 1 / 3 + 1e-16, Verdict.PASS),)))[6:8] == ["0.333333", "0.333333"]


def test_digits_that_are_not_known_are_not_printed():
    assert " 0 .. 2 " in str(gradcheck(lambda x: abs(x) + x.exp(), 0.0))  # -1e-36, to within 1e-28


def test_an_unknown_reference_is_said_to_be_unknown():
    report = GradcheckReport((row(1.0, math.nan, Verdict.INCONCLUSIVE, "f ends here"),))
    assert shown(report)[6:] == ["1", "unknown", "mpmath", "INCONCLUSIVE"]
    assert "d f / d x: f ends here" in str(report)
    assert "INCONCLUSIVE is neither right nor wrong: check at other inputs, too" in str(report)


def test_a_kink_says_what_is_right():
    assert "a kink: one-sided derivatives, any value between them is right" in str(gradcheck(lambda x: abs(x), 0.0))


def test_a_nan_gradient_says_which_node_made_it():
    report = gradcheck(lambda x: x * x.sqrt(), 0.0)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "node 1 `sqrt` has no finite derivative here" in str(report)


def test_one_screen_of_80_columns_behind_the_margin_of_pytest(register):
    off = register("off", lambda x, y: x * y * y, lambda x, y, z: (x * y, x * y))

    def loss(xs):
        total = xs[0]
        for x in xs[1:]:
            total = total * x.sin() + off(x, xs[0]) + 1.0 + 1.0 + 1.0 + 1.0 + 1.0 + 1.0 + 1.0 + 1.0
        return total.tanh() + 1e-7 * total

    report = gradcheck(loss, [0.1 * i + 0.05123456789 for i in range(30)], raise_exception=False)
    lines = str(report).splitlines()
    assert len(lines) <= 24
    assert max(len(line) for line in lines if __file__ not in line) <= 76
    assert lines.count("  ... and 20 more derivatives, in `.rows`") == 1
    node, code, *derivatives = lines[lines.index("wrong local derivatives:") + 1 :]
    assert node.startswith("  node ") and "`off`, made at " in node
    assert code.startswith("      total = total * x.sin() + off(x, xs[0]) + 1.0") and code.endswith("[...]")
    assert [line.split(" at ")[0].strip() for line in derivatives if " at " in line] == ["d off / d x", "d off / d y"]
    assert derivatives.count("      and 28 more like it") == 2


def test_of_a_list_of_operands_one_is_shown_and_of_many_operations_five(register):
    norm = register("norm", lambda *xs: math.sqrt(sum(x * x for x in xs)), lambda *a: a[:-1], pack=tuple)
    report = gradcheck(lambda xs: norm(xs), [0.1, 0.2, 0.3], raise_exception=False)
    assert str(report).count("d norm / d operand") == 1
    assert "and 2 more like it" in str(report)
    names = [f"bad{k}" for k in range(8)]
    bad = [register(name, lambda x: x * x, lambda x, z: (x,)) for name in names]
    report = gradcheck(lambda x: autograd.sum([op(x) for op in bad]), 2.0, raise_exception=False)
    assert "... and 3 more, in `.culprits`" in str(report)


def test_the_page_tells_the_same_and_escapes(register):
    off = register("off", lambda x: x * x, lambda x, z: (x,))
    report = gradcheck(lambda x: off(x) * 1.0 if x < 5.0 else 0.0, Value(2.0, label="<x>"), raise_exception=False)
    page = report._repr_mimebundle_()["text/html"]
    assert "&lt;x&gt;" in page and "<x>" not in page
    assert "x &lt; 5.0" in page
    assert "d off / d x at (2): recorded 2, reference 4" in page
    assert "FAIL" in page
