"""A simplified rule is the same formula. That it gives the same numbers, every row shows: test_stepper, test_latex."""

import pytest

from autograd import Value
from autograd.primitive import TABLE
from autograd.viz.notation import Name, templates, written
from autograd.viz.simplify import simplified

x, y, t, u = (Name(1.0, label) for label in "xytu")
where, equal, greater = TABLE["where"], TABLE["equal"], TABLE["greater"]


@pytest.mark.parametrize(("formula", "text"), [
    (0.0 + x, "x"), (x + 0.0, "x"), (x * 0.0 + y, "y"), (y - 1.0 + equal(y, 0.0), "y - 1"), (x * x, "x^2"),
    (where(equal(x, 0.0) * greater(y, 0.0), 0.0, y * x), "y·x"), (x / y / y, "x/y^2"), (-(x * x) + 0.0 * y, "-x^2"),
    (x / TABLE["hypot"](x, y) / TABLE["hypot"](x, y), "x/(x^2 + y^2)"), (2.0, "2"), (0.0 * x, "0"), (x**1.0, "x"),
    (x / y.exp() / y.exp(), "x/exp(y)^2"), (0.5 / t, "1/(2·t)"), (1.0 / ((1.0 - x) * (1.0 + x)), "1/(1 - x^2)"),
    (3.0 * x * x, "3·x^2"), ((x - t).exp() / (0.0 + (x - t).exp()), "exp(x)/exp(x)"),
])  # fmt: skip
def test_what_only_a_computer_needs_is_gone(formula, text):
    assert written(simplified([formula])) == [text]


@pytest.mark.parametrize(("formula", "text"), [
    (x + 1.0, "x + 1"), (equal(x, y) * 0.5, "[x = y]·0.5"), (where(greater(x, 0.0), 0.0, y), "where([x > 0], 0, y)"),
    (x * y, "x·y"), (x / y / t, "x/y/t"), (x / 2.0 / 2.0, "x/2/2"), (2.0 * x * y, "2·x·y"),
    ((1.0 - x) * (1.0 + y), "(1 - x)·(1 + y)"), (x / y.exp() / y.tanh(), "x/exp(y)/tanh(y)"),
    (1.0 / (2.0 - x), "1/(2 - x)"), (x.exp() / (x.exp() + y.exp()), "exp(x)/(exp(x) + exp(y))"),
    ((x - u).exp() / ((x - t).exp() + (y - t).exp()), "exp(x - u)/(exp(x - t) + exp(y - t))"),
    ((x - t).exp() / ((x - t).exp() + y), "exp(x - t)/(exp(x - t) + y)"),
])  # fmt: skip
def test_everything_else_stays(formula, text):
    assert written(simplified([formula])) == [text]


def test_many_logits_make_no_long_formula():
    made = templates(TABLE["cross_entropy"], (None,) * 300)
    assert made.result == "logsumexp({1}, {2}, {3}, {4}, {5}, {6}, …, {299}) - {0}"
    powers = " + ".join(f"exp({{{k}}})" for k in range(1, 7))
    assert made.partials[7] == f"exp({{7}})/({powers} + … + exp({{299}}))"
    assert templates(TABLE["dot"], (None,) * 40).result.count("·") == 7


def test_the_graph_itself_is_left_alone():
    a = Value(2.0)
    b = a * a + 0.0
    simplified([b])
    assert [b.op.name, b.args[0].op.name] == ["add", "mul"]
