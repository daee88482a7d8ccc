"""What a notebook shows of one Value."""

import re

import pytest

import nn
from autograd import Value, dot, scope
from autograd.primitive import TABLE
from autograd.viz import card
from tests.viz.expressions import readme_of_micrograd


def rows(v):
    return dict(re.findall(r"<tr><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td></tr>", card(v)))


def test_a_leaf_has_its_number_and_its_gradient():
    x = Value(0.1, label="x")
    assert rows(x) == {"data": "0.1", "grad": "? (no backward pass has reached it)"}
    (x * x).backward()
    assert rows(x) == {"data": "0.1", "grad": "0.2"}
    with scope("layer0"):
        assert rows(Value(1.0))["scope"] == "layer0"


def test_a_result_says_how_it_was_made():
    a, b, g = readme_of_micrograd()
    g.backward()
    told = rows(g)
    assert told["data"] == "24.70408163265306" and told["grad"] == "1.0"
    assert told["add"] == "24.5 + 0.204082 ≈ 24.7041" and told["operand div"] == "0.204082, with local derivative 1"
    y = a * b + 2.0
    assert rows(y.args[0])["mul"] == "a·b = (-4)·2 = -8"
    assert rows(y.args[0])["operand a"] == "-4, with local derivative 2"
    assert rows(y)["add"] == "(-8) + 2 = -6"


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_every_row_has_a_card(op):
    v = op.apply(tuple(Value(0.3 + 0.2 * k) for k in range(len(op.operands) or 3)))
    assert rows(v)[op.name] and set(v._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}


def test_it_is_small_whatever_is_below():
    v = Value(1.0, label="<b>&")
    for _ in range(20_000):
        v = v + v
    assert len(card(v)) < 1_500
    many = dot([Value(1.0)] * 500, [v] * 500)
    assert len(card(many)) < 4_000 and "992 operands more" in card(many)
    assert "“&lt;b&gt;&amp;”" in card(Value(1.0, label="<b>&")) and len(card(Value(1.0, label="w" * 10_000))) < 1_500


def test_parameters_say_what_they_are():
    w = nn.MLP(2, [1]).parameters()[0]
    assert rows(w)["scope"] == "layer0/neuron0" and ">Undecayed" not in card(w)
