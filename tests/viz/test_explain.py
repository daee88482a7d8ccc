"""Against a walk along every path, on graphs small enough for that."""

import math
import re
import sys

import pytest

from autograd import Value, dot, relu
from autograd import sum as sum_of
from autograd.viz.explain import Explanation, explain
from autograd.viz.reasons import derived
from tests.viz.expressions import random_graph, readme_of_micrograd
from tests.viz.forms import read


def every_path(loss, w):
    """The product of every path, by walking them all."""
    if loss is w:
        return [1.0]
    return [
        partial * rest
        for arg, partial in zip(loss.args, loss.partials)
        if isinstance(arg, Value)
        for rest in every_path(arg, w)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_the_largest_paths_are_the_largest_of_all(seed):
    leaves, root = random_graph(seed, size=9)
    for w in leaves:
        products = sorted(every_path(root, w), key=abs, reverse=True)
        for k in (1, 3, 1000):
            found = explain(root, w, k=k)
            assert found.count == len(products)
            # the products are multiplied from the other end: a rounding per factor
            sizes = [abs(path.product) for path in found.paths]
            assert sizes == pytest.approx([abs(product) for product in products[:k]], rel=1e-13)
            assert sum(found.terms()) == pytest.approx(found.total, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("seed", range(6))
def test_the_total_is_the_engines_gradient(seed):
    leaves, root = random_graph(seed)
    told = [explain(root, w, k=1).total for w in leaves]
    root.backward()
    assert told == [w.grad for w in leaves]


def test_a_path_leads_from_the_loss_to_the_input_along_its_edges():
    a, _, g = readme_of_micrograd()
    explanation = explain(g, a, k=100)
    assert explanation.count == len(explanation.paths)
    for path in explanation.paths:
        assert path.nodes[0] is g
        assert path.nodes[-1] is a
        for node, edge, below, partial in zip(path.nodes, path.edges, path.nodes[1:], path.partials):
            assert node.args[edge] is below
            assert node.partials[edge] == partial
    assert len({(path.nodes, path.edges) for path in explanation.paths}) == explanation.count


def test_paths_without_number():
    """2**1000 paths: counted exactly, the largest found, none listed."""
    y = x = Value(1.0, label="x")
    for _ in range(1000):
        y = y + y
    explanation = explain(y, x, k=3)
    assert explanation.count == 2**1000
    assert len(explanation.paths) == 3
    assert "about 1.07e301 paths, the largest 3 shown" in str(explanation)


def test_the_largest_is_found_where_floats_underflow():
    """Both paths are 0.0 as floats; the one through 1e-300 is larger than the one through 1e-320."""
    x = Value(1.0)
    small, smaller = x * 1e-300, x * 1e-305
    explanation = explain((small + smaller) * 1e-300, x, k=1)
    assert explanation.paths[0].nodes[-2] is small


def test_text():
    x, w = Value(3.0, label="x"), Value(0.5, label="w")
    loss = w * x - w * w + 2.0 * w
    loss.label = "L"
    text = str(explain(loss, w, k=2))
    assert text.splitlines()[0] == "dL/dw is a sum over 4 paths, the largest 2 shown."
    assert "\ndL/dw = 3 + 2 - 1 = 4\nwhere\n" in text and text.endswith("\n  v1 = w·x  has ∂v1/∂w = x = 3")
    assert "the other 2: together -1" in text
    assert "1 · 1 · 3 = 3" in text


@pytest.mark.parametrize("make", [
    lambda a, b: a * a, lambda a, b: a + a, lambda a, b: dot([a, b], [a, a]), lambda a, b: sum_of([a, b, a]),
])  # fmt: skip
def test_repeated_operands_are_told_apart(make):
    a, b = Value(3.0, label="a"), Value(0.5, label="b")
    y = make(a, b)
    y.label = "y"
    places = [k + 1 for k, arg in enumerate(y.args) if arg is a]
    explanation = explain(y, a)
    assert explanation.count == len(places)
    for k in places:
        assert f"  y → a  (a as operand {k} of y)\n" in str(explanation)
        assert f"  ($a$ as operand {k} of $y$)\n" in explanation.to_markdown()
        assert f"(a as operand {k} of y)" in explanation.to_html()
        assert f"∂y/∂a#{k} = " in str(explanation)
        assert rf"\frac{{\partial y}}{{\partial a\#{k}}}" in explanation.to_markdown()
    assert "as operand" not in str(explain(y, y)) + str(explain(a * b, a))


def test_a_long_path_through_twins_is_told_shortly():
    y = x = Value(1.0, label="x")
    for _ in range(40):
        y = y + y
    for text in (str(explain(y, x, k=1)), explain(y, x, k=1).to_markdown(), explain(y, x, k=1).to_html()):
        assert "  (by the operands 1, 1, 1, 1, 1, 1, …, 1, 1, 1, 1, 1, 1)" in text


def test_no_path_and_the_empty_path():
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    assert str(explain(y, x)) == "No path leads from y to x: it does not depend on it.\ndy/dx = 0"
    assert explain(x, x).line == "dx/dx = 1"
    assert explain(x, x).paths[0].nodes == (x,)


def test_an_interior_node_may_be_asked_about():
    x = Value(2.0, label="x")
    h = x * x
    h.label = "h"
    y = h * h * x
    y.label = "y"
    assert explain(y, h).line == "dy/dh = 8 + 8 = 16"


def test_dead_paths_come_last():
    x = Value(-1.0, label="x")
    y = relu(x) + x * 0.001
    assert [path.product for path in explain(y, x).paths] == [0.001, 0.0]


def test_the_rest_is_no_rounding():
    x = Value(0.1, label="x")
    y = x * 0.7 + x * 0.2 + x * 0.1 + x.relu() * 0.0 + x.tanh() * 0.0
    assert 0.7 + 0.2 + 0.1 != 1.0 and "the other 2: together 0\n" in str(explain(y, x, k=3))
    assert explain(y, x, k=2).rest == pytest.approx(0.1)


def test_nan_comes_first():
    x = Value(0.0, label="x")
    y = x.log() * 0.0 + 5.0 * x
    products = [path.product for path in explain(y, x).paths]
    assert math.isnan(products[0])
    assert products[1] == 5.0


def test_an_exploding_gradient_is_inf_or_nan_and_no_exception():
    w = Value(0.0, label="w")
    both = explain(1 / w - 2 / w, w)
    assert sorted(path.product for path in both.paths) == [-math.inf, math.inf]
    assert math.isnan(both.total)
    assert both.line.endswith(" = nan")
    x = Value(1.797e308, label="x")
    y = x * x + x * x
    assert [explain(y, x, k=k).total for k in (1, 2, 10)] == [math.inf] * 3
    assert set(explain(y, x, k=2)._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}
    assert "= ∞" in str(explain(y, x)) and r"= \infty" in explain(y, x).to_markdown()


def test_markdown_and_html():
    w = Value(0.5, label="w_1")
    loss = w * w + 3.0 * w
    loss.label = "<L>"
    markdown, page = explain(loss, w).to_markdown(), explain(loss, w).to_html()
    assert r"$$\frac{d \mathrm{{<}L{>}}}{d w_{1}} = 3 + 0.5 + 0.5 = 4$$" in markdown
    assert "<b>d“&lt;L&gt;”/dw_1 = 3 + 0.5 + 0.5 = 4</b>" in page
    assert "<L>" not in page
    assert set(explain(loss, w)._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_printed_is_true_as_it_is_printed(seed):
    """Read back, products and sums give what stands after the `=`; after a `≈`, what six digits leave of it."""
    leaves, root = random_graph(seed, size=9)
    text = "\n".join(str(explain(root, leaf, k=5)) for leaf in leaves)
    found = re.findall(r"= ([-+·().\de ]+) ([=≈]) (-?[\d.]+(?:e-?\d+)?)$", text, re.MULTILINE)
    assert len(found) > 4
    for terms, sign, result in found:
        told, result = eval(terms.replace("·", "*")), float(result)
        assert math.isclose(told, result, rel_tol=1e-9) == (sign == "=")
        size = max(abs(float(x)) for x in re.findall(r"[\d.]+(?:e-?\d+)?", terms))
        assert math.isclose(told, result, rel_tol=3e-5, abs_tol=3e-5 * size)  # six digits, of up to twelve numbers


def test_markdown_writes_powers_of_ten_infinities_and_any_label():
    w, x = Value(-1.5e-9, label="nan_e1%#&{}\\"), Value(math.inf, label="e-9")
    loss = w * w * 3.0 + w * x
    loss.label = "infinite finance"
    text = explain(loss, w).to_markdown()
    name, over = r"\mathrm{nan\_e1\%\#\&\{\}\backslash }", r"\mathrm{infinite\ finance}"
    assert r"3 \cdot (-1.5 \cdot 10^{-9}) = -4.5 \cdot 10^{-9}" in text
    assert r"= 1 \cdot \infty = \infty$" in text
    assert rf"$$\frac{{d {over}}}{{d {name}}} = \infty - 4.5 \cdot 10^{{-9}} - 4.5 \cdot 10^{{-9}} = \infty$$" in text


def test_a_gradient_that_is_no_number_says_why():
    x, w, v = Value(0.0, label="x"), Value(0.0, label="w"), Value(1e200, label="v")
    nan = explain(x.log() * 0.0 + 5.0 * x, x)
    assert nan.note == "The gradient is nan: along v4 → v2 → v1 → x ∂v1/∂x is ∞, and 0 · ∞ has no value."
    assert all("0 · ∞ has no value" in told for told in read(nan))
    assert explain(1 / w - 2 / w, w).note == "The gradient is nan: ∞ - ∞ has no value."
    assert explain(1 / w - 2 / w, w, k=1).line == "dv3/dw = -∞ + … = nan"
    assert "the other 1: not known" in str(explain(1 / w - 2 / w, w, k=1))
    assert explain(-1 / w, w).note == "The gradient is ∞: along v1 → w ∂v1/∂w is ∞."
    large = explain((v * 1e200) * 1e200, v).note
    assert large == "The gradient is ∞: along v2 → v1 → v the product is larger than any float."
    bad = explain(Value(math.nan, label="n") * x, x).note
    assert bad == "The gradient is nan: along v1 → x ∂v1/∂x is nan."
    y = Value(1e308)
    assert explain(y * 1e308 / 1e308 * 3.0, y).note == "" == explain(x, w).note
    many = 1e308 * x + 1e308 * x
    assert explain(many, x).note == "The gradient is ∞: the sum is larger than any float."


def test_numbers_that_no_longer_fit_together_are_noted():
    x = Value(2.0, label="x")
    y = x * x + x
    assert explain(y, x).note == ""
    x.data = 5.0
    told = explain(y, x)
    assert told.note == "v1 was 4 when it was computed and would be 25 now: a .data was changed after recording."
    assert all(told.note in form for form in read(told))


def test_what_rounding_or_underflow_takes_away_is_said():
    x = y = Value(1.0, label="x")
    eaten = explain(x * 1e16 + x - x * 1e16, x)
    assert eaten.total == 0.0
    assert eaten.note == "The paths sum to 1; added one by one, with a rounding each, they gave 0."
    for _ in range(3000):
        y = y * 0.5
    halved = explain(y, x)
    assert "0.5 · 0.5 ≈ 0\n" in str(halved)
    assert re.fullmatch("Along v3000 → .* → x the product is smaller than any float, and not zero.", halved.note)
    dead = explain(Value(-1.0, label="v").relu() * x, x)
    assert "≈" not in str(dead) and dead.note == ""


def test_every_factor_is_explained():
    a, _, g = readme_of_micrograd()
    explanation = explain(g, a)
    assert ("v22 = v21^2", "∂v22/∂v21 = 2·v21 = 2·(-7) = -14") in explanation.where()
    slopes = {slope for path in explanation.paths for slope in explanation._slopes(path)}
    for form in (str(explanation).split("where")[1], explanation.to_markdown(), explanation.to_html()):
        assert all(f"{slope} = " in form for slope in slopes)
    x = Value(2.0, label="x")
    assert explain(x * x, x).where() == [("v1 = x·x", "∂v1/∂x#1 = x = 2, ∂v1/∂x#2 = x = 2")]
    y = Value(5.0, label="y")
    told = "∂v1/∂x#1 = y = 5, ∂v1/∂x#4 = 3"
    assert explain(dot([x, 3.0], [y, x]), x).where() == [("v1 = x·y + 3·x", told)]
    assert explain(x, x).where() == explain(x, Value(1.0)).where() == []


def test_bad_questions():
    x = Value(1.0)
    with pytest.raises(TypeError, match="explain needs the loss as a Value, not float"):
        explain(1.0, x)
    with pytest.raises(TypeError, match="explain needs the input as a Value, not str"):
        explain(x, "w")
    with pytest.raises(TypeError, match=r"k is how many paths to show, a whole number, not 2\.5"):
        explain(x, x, k=2.5)
    with pytest.raises(ValueError, match="at least one path, not k=0"):
        Explanation(x, x, k=0)


def forty_steps():
    x = Value(0.9, label="x")
    y = x
    for _ in range(40):
        y = (y * y + y) * 0.5
    return y, x


def test_each_local_derivative_is_told_once(monkeypatch):
    told = []
    module = sys.modules[Explanation.__module__]
    monkeypatch.setattr(module, "derived", lambda *args: told.append(args[:2]) or derived(*args))
    y, x = forty_steps()
    y.explain(x, k=50).where()
    assert 0 < len(told) == len(set(told))


def test_of_many_paths_the_first_are_written_and_the_object_keeps_all():
    y, x = forty_steps()
    few, many = y.explain(x, k=100), y.explain(x, k=400)
    assert len(many.paths) == 400
    assert many.line == few.line
    assert many.where() == few.where()
    assert "the largest 100 shown" in many.heading
    for form in (str(many), many.to_markdown(), many.to_html()):
        assert "`.paths` has the first 400" in form.replace("\\", "")
    assert len(str(many)) < len(str(few)) + 50
    assert set(many._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}


def test_one_path_is_one_path():
    x = Value(2.0, label="x")
    assert repr((x * 3.0).explain(x)).endswith(": 1 path>")
