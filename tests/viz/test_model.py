"""The picture model: what is in the graph is in the picture, once, in order."""

import math
import re

import pytest

import autograd as ag
from autograd import Value, no_grad, scope
from autograd.primitive import TABLE
from autograd.viz import explain, model, step_through, to_latex, to_python, trace
from autograd.viz.latex import tex_name
from autograd.viz.model import picture
from autograd.viz.notation import names
from autograd.viz.order import program_order
from nn.functional import cross_entropy
from tests.viz.expressions import random_graph


def of_kind(p, kind):
    return [node for node in p.nodes if node.kind == kind]


def test_operands_come_before_operations_and_ids_count_up():
    x = Value(0.5, label="x")
    p = picture((x * 2 + x).tanh())
    assert [node.id for node in p.nodes] == [f"n{k}" for k in range(len(p.nodes))]
    assert [edge.id for edge in p.edges] == [f"e{k}" for k in range(len(p.edges))]
    place = {node.id: k for k, node in enumerate(p.nodes)}
    assert all(place[edge.tail] < place[edge.head] for edge in p.edges)
    assert p.ids[x] in place and p.node(p.ids[x]).label == "x"


def test_repeated_operands_are_repeated_edges():
    a = Value(3.0)
    p = picture(a * a)
    assert [(edge.tail, edge.head, edge.slot, edge.partial) for edge in p.edges] == [
        ("n0", "n1", 0, 3.0), ("n0", "n1", 1, 3.0),
    ]  # fmt: skip


def test_kinds():
    class Parameter(Value):
        __slots__ = ()

    with scope("layer1"):
        w = Value(1.0, label="w")
    x, p = Value(2.0, label="x"), Parameter(3.0)
    y = w * x + p + 5.0
    drawn = picture(y)
    assert {drawn.node(drawn.ids[v]).kind for v in (w, p)} == {"parameter"}
    assert drawn.node(drawn.ids[x]).kind == "input"
    assert [node.data for node in of_kind(drawn, "constant")] == [5.0]
    assert len(of_kind(drawn, "operation")) == 2 and len(of_kind(drawn, "result")) == 1
    assert drawn.roots == [drawn.ids[y]]
    named = picture(y, parameters=[x])
    assert picture(y, parameters=x) == named
    assert named.node(named.ids[x]).kind == "parameter"


def test_a_gradient_is_unknown_until_a_backward_pass_reached_the_node():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    assert all(node.grad is None for node in picture(c).nodes)
    (a * 2.0).backward()
    p = picture(c)
    assert (p.node(p.ids[a]).grad, p.node(p.ids[b]).grad) == (2.0, None)
    a.zero_grad()
    assert picture(c).node(p.ids[a]).grad is None


def test_several_results_and_labels():
    x = Value(1.0, label="x")
    y, z = x + 1, x * 2
    p = picture([y, z, y], labels={y: "sum"})
    assert p.roots == [p.ids[y], p.ids[z]]
    assert p.node(p.ids[y]).label == "sum" and p.node(p.ids[x]).label == "x"
    p = picture(x + 1, labels=lambda v: "!" if v is x else None)
    assert p.node(p.ids[x]).label == "!" and p.nodes[-1].label == "v1"


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.composite], ids=str)
def test_an_expanded_operation_has_the_same_number_and_the_same_gradients(op):
    xs = [Value(0.3 + 0.2 * k) for k in range(len(op.operands) or 4)]
    v = op.apply(tuple(xs))
    v.backward()
    p = picture(v, expand=[op.name])
    assert not any(node.op == op.name for node in p.nodes)
    assert p.node(p.ids[v]).data == v.data and p.node(p.ids[v]).kind == "result"
    for x in xs:  # the chain rule along the drawn edges gives what backward() gave
        flow = sum(p.node(e.head).grad * e.partial for e in p.edges if e.tail == p.ids[x])
        assert flow == pytest.approx(x.grad, rel=1e-12, abs=1e-15)  # the inside rounds in its own order


def test_an_expanded_sum_begins_with_its_first_term():
    x = [Value(value, label=f"x{k}") for k, value in enumerate((2.0, 1.0, -1.0))]
    for v, count in [(ag.dot(x, x), 5), (ag.logsumexp(x), 12), (ag.mean(x), 3), (ag.sum(x[:1]), 1)]:
        v.backward()
        p = picture(v, expand=True)
        assert p.node(p.ids[v]).data == v.data and len([node for node in p.nodes if node.op]) == count
        assert [node.data for node in of_kind(p, "constant")] in ([], [3.0], [0.0])
        for leaf in x:
            flow = sum(p.node(e.head).grad * e.partial for e in p.edges if e.tail == p.ids.get(leaf))
            assert flow == pytest.approx(leaf.grad, rel=1e-12)
            leaf.zero_grad()


@pytest.mark.parametrize("highest", [2.0, math.inf, -math.inf])
def test_a_guard_against_infinities_is_shown_where_there_is_one(highest):
    """inf - inf would be nan, and the forward rule sees to it; with finite numbers nobody needs to know."""
    x = [Value(highest, label="x0"), Value(-math.inf, label="x1")]
    v = ag.logsumexp(x)
    p = picture(v, expand=True)
    guarded = {"abs", "less", "where"} & {node.op for node in p.nodes}
    assert guarded == (set() if math.isfinite(highest) else {"abs", "less", "where"})
    assert p.node(p.ids[v]).data == v.data == highest


def test_expanding_goes_all_the_way_down_and_knows_no_gradient_before_backward():
    x = Value(0.7)
    with scope("act"):
        v = ag.silu(x)
    with no_grad():
        p = picture(v, expand=True)
    assert not any(TABLE[node.op].composite for node in p.nodes if node.op)
    assert {node.scope for node in p.nodes if node.op} == {"act"}
    assert all(node.grad is None for node in p.nodes)
    assert len(picture(v, expand="silu").nodes) < len(p.nodes)


def test_of_a_larger_graph_the_nodes_nearest_to_the_result(monkeypatch):
    monkeypatch.setattr(model, "LIMIT", 50)
    v = x = Value(1.0)
    for _ in range(200):
        v = v + x
    p = picture(v)
    assert len(p.nodes) == 50 and p.ids[v] == p.roots[0]
    assert p.notes == ["151 of 201 nodes lie further from the result and are left out"]


def test_what_cannot_be_drawn_says_so():
    with pytest.raises(TypeError, match=r"drawn from a Value, not from float \(3.0\)"):
        picture(3.0)
    with pytest.raises(TypeError, match=r"not from str \('a'\)"):
        picture([Value(1.0), "a"])
    with pytest.raises(ValueError, match="nothing to draw"):
        picture([])
    with pytest.raises(ValueError, match="'tanh' has no inside to expand; these have: sigmoid"):
        picture(Value(1.0), expand="tanh")


@pytest.mark.parametrize("seed", range(5))
def test_a_node_has_one_name_in_every_view(seed):
    """trace, explain, the stepper, the drawing, TeX and Python call it alike, labelled or not, labels twice or not."""
    leaves, root = random_graph(seed, size=15)
    leaves[0].label = leaves[1].label = "a"
    root.args[0].label = "v3"
    order = program_order([root])
    called = names(order)
    assert [row.name for row in trace(root)] == [called[node] for node in order]
    stepper, explanation, drawn = step_through(root), explain(root, leaves[0]), picture(root)
    assert stepper.names == explanation.names == called
    assert {node: drawn.node(drawn.ids[node]).label for node in order} == called
    assert {node for node in order if drawn.node(drawn.ids[node]).given} == {v for v in order if not v.label}
    program = {}
    exec(to_python(root), program)
    found = {name: value for name, value in program.items() if isinstance(value, Value) and name != "result"}
    assert {name: value.data for name, value in found.items()} == {
        name: node.data for node, name in called.items() if name in found
    }
    assert len(found) > 8
    for name in re.findall(r"(\S+) &=", to_latex(root)):
        assert name in {tex_name(other) for other in called.values()}


def test_softmax_cross_entropy_is_one_node_and_expands_on_demand():
    logits = [Value(x, label=f"x{k}") for k, x in enumerate((2.0, 1.0, -1.0))]
    loss = cross_entropy(logits, 1)
    p = picture(loss)
    assert [node.op for node in p.nodes if node.op] == ["cross_entropy"]
    softmax = [0.7053845126982411, 0.25949646034241913, 0.03511902695933973]
    assert [edge.partial for edge in p.edges] == pytest.approx([-1.0, *softmax], rel=1e-15)
    expanded = [node.op for node in picture(loss, expand="cross_entropy").nodes if node.op]
    assert expanded[0] == "maximum" and expanded.count("exp") == 3 and expanded[-1] == "sub"
    inside = picture(loss, expand=True)
    assert {"exp", "log", "sub"} <= {node.op for node in inside.nodes}
    assert inside.node(inside.roots[0]).data == loss.data
