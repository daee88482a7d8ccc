"""A gradient that one backward pass does not explain is noticed, and nothing else is."""

import math

import pytest

from autograd import Value, dot
from autograd.graph import topological_order
from autograd.viz import draw, explain, trace
from autograd.viz.passes import unexplained
from tests.viz.expressions import random_graph


def squares():
    """w x + w w, of which w gets three shares."""
    w, x = Value(0.5, label="w"), Value(3.0, label="x")
    loss = w * x + w * w
    loss.label = "loss"
    return w, x, loss


NOTE = "the gradient of w is 8, not the 4 that its edges here bring"
WHY = "uses elsewhere and other backward passes add to it until zero_grad()"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("gradient", [1.0, -0.3, math.nan, math.inf])
def test_one_pass_explains_every_gradient(seed, gradient):
    _, root = random_graph(seed)
    root.backward(gradient)
    assert unexplained(topological_order([root]), [root]) == {}


@pytest.mark.parametrize("seed", range(10))
def test_two_passes_leave_every_leaf_unexplained(seed):
    leaves, root = random_graph(seed)
    root.backward()
    once = {leaf: leaf.grad for leaf in leaves}
    root.backward()
    found = unexplained(topological_order([root]), [root])
    assert found == {leaf: pytest.approx(grad, rel=1e-12) for leaf, grad in once.items() if grad}


def test_what_is_not_known_is_not_doubted():
    w, x, loss = squares()
    order = topological_order([loss])
    assert unexplained(order, [loss]) == {}
    loss.args[0].backward()
    loss.args[0].backward()
    assert unexplained(order, [loss]) == {x: 0.5}  # of w one share is not known, and nothing of what came to w x
    x.grad = w.grad = loss.grad = None  # as users of PyTorch clear it
    assert unexplained(order, [loss]) == {}


def test_the_pass_of_another_graph_is_told_where_it_shows_first():
    """h has the gradient of the later pass, so that the edges below it say nothing of the earlier one."""
    w = Value(2.0, label="w")
    h = w * 3.0
    one, other = h * 1.0, h * 5.0
    one.backward()
    other.backward()
    assert unexplained(topological_order([one]), [one]) == {h: 1.0, w: 15.0}
    assert trace(one).note.startswith("the gradient of v1 is 5, not the 1 that its edges here bring")
    assert unexplained(topological_order([one, other]), [one, other]) == {h: 6.0, w: 15.0}


@pytest.mark.parametrize("changed", [0.0, 1e-3, math.nan, math.inf])
def test_a_gradient_that_was_changed_is_noticed(changed):
    w, _, loss = squares()
    loss.backward()
    w.grad = changed
    assert unexplained(topological_order([loss]), [loss]) == {w: 4.0}


def test_a_gradient_that_is_no_number_hides_nothing_above_it():
    x = Value(0.0, label="x")
    y = x.log() * 0.0  # inf * 0
    y.backward()
    y.backward()
    assert unexplained(topological_order([y]), [y]) == {}  # nan and nan are nan


def test_a_drawing_marks_what_the_edges_do_not_bring():
    _, x, loss = squares()
    loss.backward()
    assert draw(loss).picture.notes == []
    loss.backward()
    drawing = draw(loss, engine="builtin")
    marked = {node.label for node in drawing.picture.nodes if node.unexplained}
    assert marked == {"w", "x"}
    assert drawing.svg.count(">grad*</text>") == 2
    assert drawing.svg.count(">grad</text>") == 3
    assert "grad 8.0, which is not what the edges here bring" in drawing.svg
    (note,) = drawing.picture.notes
    assert note.startswith("grad*: the gradient of x is 1, not the 0.5 that its edges here bring")
    assert note.endswith(f": {WHY}")
    assert "grad* 8" in drawing.source and note in drawing.source
    renamed = draw(loss, labels={x: "input"}).picture.notes[0]
    assert renamed == note.replace("x", "input", 1)


def test_a_box_marks_what_it_hides():
    w, x, loss = squares()
    w.scope = x.scope = "layer"
    loss.backward()
    loss.backward()
    drawing = draw(loss, collapse=1, engine="builtin")
    assert ">‖grad‖*</text>" in drawing.svg


def test_a_trace_and_an_explanation_say_so():
    w, _, loss = squares()
    loss.backward()
    assert trace(loss).note == explain(loss, w).note == ""
    loss.backward()
    assert explain(loss, w).note == f"{NOTE}: {WHY}."
    assert explain(loss, loss.args[0]).note == ""
    note = "the gradient of x is 1, not the 0.5 that its edges here bring, and so it is with 1 more"
    assert trace(loss).note == f"{note}: {WHY}"
    w.data = 1.0
    assert trace(loss).note.partition("; ")[2] == f"{note}: {WHY}"
    loss.zero_grad()
    w.zero_grad()
    assert "gradient" not in explain(loss, w).note


def test_a_part_of_a_graph_does_not_explain_what_its_other_uses_gave():
    w, x, loss = squares()
    loss.backward()
    note = "the gradient of w is 4, not the 3 that its edges here bring"
    assert explain(loss.args[0], w).note == f"{note}: {WHY}."
    assert explain(loss.args[0], x).note == ""


def test_twin_operands_and_products_of_many():
    xs = [Value(float(k), label=f"x{k}") for k in range(4)]
    y = dot(xs, xs)
    y.backward()
    order = topological_order([y])
    assert unexplained(order, [y]) == {}
    y.backward()
    assert unexplained(order, [y]) == {x: 2.0 * x.data for x in xs[1:]}
