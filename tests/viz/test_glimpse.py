"""The graph that a Value shows unasked: that of `draw` where it is small, and no walk through a large one."""

import nn
from autograd import Value, dot
from autograd import sum as sum_of
from autograd.viz import draw
from autograd.viz.collapse import GLANCE
from autograd.viz.glimpse import LOOKED_AT, NEAR, glimpse
from autograd.viz.notation import MOST_OPERANDS
from autograd.viz.svg import svg
from tests.viz.expressions import readme_of_micrograd


def chain(length):
    v = Value(0.5, label="x")
    for _ in range(length):
        v = v * 0.99
    return v


def test_a_small_graph_is_shown_as_draw_shows_it():
    _, _, g = readme_of_micrograd()
    assert svg(glimpse(g)) == draw(g, engine="builtin").svg == g._repr_mimebundle_()["image/svg+xml"]


def test_a_network_is_shown_as_its_layers_with_draws_note():
    model = nn.MLP(3, [4, 4, 1], seed=0)
    loss = sum((model([0.1 * i, 0.2, 0.3]) - 1.0) ** 2 for i in range(10))
    shown = glimpse(loss)
    assert svg(shown) == draw(loss, engine="builtin", max_nodes=GLANCE).svg
    assert shown.notes == ["331 nodes in 13 boxes; draw(..., collapse=False) shows them singly"]


def test_of_a_large_graph_only_what_is_near_is_looked_at(monkeypatch):
    v, looked_at, args = chain(100_000), set(), Value.args
    monkeypatch.setattr(Value, "args", property(lambda node: looked_at.add(node) or args.fget(node)))
    shown = glimpse(v)
    assert len(looked_at) <= LOOKED_AT + 1
    assert shown.size == NEAR and shown.node(*shown.roots).data == v.data
    assert shown.notes == ["the 12 nodes nearest to the result; draw(...) shows more, or scopes as boxes"]
    assert not any(node.label for node in shown.nodes)  # which of v1, v2, ... they are, the whole graph would tell


def test_of_very_many_operands_a_few_are_shown():
    x = [Value(1.0) for _ in range(3_000)]
    for v in (sum_of(x), dot([1.0] * 3_000, x), sum_of([0.5] * 9_000 + x[:1]), dot([1.0] * 900, x[:1] * 900)):
        shown = glimpse(v)
        assert len(shown.nodes) <= 2 * NEAR and shown.node(*shown.roots).cut.operands == len(v.args) - MOST_OPERANDS


def test_gradients_may_be_those_of_somebody_else():
    v = chain(2)
    assert [node.grad for node in glimpse(v, {v: 7.0}).nodes if node.kind == "result"] == [7.0]
    assert v.grad == 0.0
