"""What of a graph is shown: boxes that lose nothing, and what is cut off, counted and marked."""

import pytest

import autograd
from autograd import Value, scope
from tests.viz.expressions import readme_of_micrograd
from tests.viz.test_draw import built_in, network, parsed


def boxes(drawing):
    return {node.label: node for node in drawing.picture.nodes if node.kind == "group"}


def test_layers_as_boxes_with_counts_and_gradient_norms():
    loss = network([2, 3, 1], 4)
    assert boxes(built_in(loss, collapse="layer"))["layer0"].inside.grad_norm is None
    loss.backward()
    drawing = built_in(loss, collapse="layer")
    order = autograd.graph.topological_order([loss])
    layer0 = [node for node in order if node.scope.startswith("layer0")]
    inside = boxes(drawing)["layer0"].inside
    assert inside.parameters == 9 and inside.operations == 4 * 3 * 3
    assert inside.nodes == len(layer0)
    norm = sum(node.grad**2 for node in layer0 if not node.op) ** 0.5
    assert inside.grad_norm == pytest.approx(norm)
    bundle = [e for e in drawing.picture.edges if drawing.picture.node(e.tail).label == "layer0"]
    assert [edge.count for edge in bundle] == [12]  # 3 neurons x 4 samples, into the dot of layer1
    for collapse in (1, "layer"):
        assert set(boxes(built_in(loss, collapse=collapse))) == {"layer0", "layer1"}
    assert len(boxes(built_in(loss, collapse="neuron"))) == len(boxes(built_in(loss, collapse=2))) == 4


def test_a_big_graph_is_collapsed_by_itself_and_says_so():
    loss = network([3, 16, 16, 1], 70)
    drawing = built_in(loss)
    assert {"layer0", "layer1", "layer2"} <= set(boxes(drawing))
    assert len(drawing.picture.nodes) <= 12
    assert any("nodes in" in note and "collapse=False" in note for note in drawing.picture.notes)
    assert drawing.picture.notes[0].replace(",", "") in drawing.svg.replace(",", "")
    assert "70 times" in boxes(drawing) and drawing.picture.node(drawing.picture.roots[0]).label == "loss"


@pytest.mark.parametrize("collapse", [1, 2, "layer", "neuron"])
def test_alike_terms_of_a_loss_are_one_box_whatever_is_collapsed(collapse):
    loss = network([2, 3, 1], 120)
    drawing = built_in(loss, collapse=collapse)
    assert len(drawing.picture.nodes) < 14 and not any("left out" in note for note in drawing.picture.notes)
    assert {"layer0/neuron0"} <= set(boxes(drawing)) if collapse in (2, "neuron") else {"layer0"} <= set(boxes(drawing))
    assert {"120 times", "119 times"} <= set(boxes(drawing))
    assert {"1, 120 times", "2, 120 times"} <= set(boxes(drawing))  # the constants of (x - 1)^2


def test_a_gradient_norm_is_told_of_all_parameters_or_not_at_all():
    with scope("layer"):
        w, b = Value(3.0, label="w"), Value(4.0, label="b")
    half = w * 2.0
    with scope("layer"):
        y = half + b
    norm = lambda: boxes(built_in(y * 1.0, collapse=1))["layer"].inside.grad_norm
    assert norm() is None
    half.backward()
    assert norm() is None  # b's is not known
    w.grad, b.grad = 3.0, 4.0
    assert norm() == 5.0
    b.grad = float("nan")
    w.grad = float("inf")
    assert norm() != norm()


def test_a_loss_that_folds_badly_is_one_box_of_other_operations():
    loss = network([2, 12, 12, 1], 40) * 1.0
    for k in range(40):  # add and subtract in turn: no two of these nodes do the same to the same boxes
        loss = (loss + k).tanh() - loss
    drawing = built_in(loss)
    assert len(drawing.picture.nodes) < 12
    (others,) = [label for label in boxes(drawing) if label.endswith("other operations")]
    order = autograd.graph.topological_order([loss])
    assert int(others.split()[0]) == sum(1 for v in order if v.op and not v.scope and v is not loss)


def test_collapsing_loses_no_edge_and_no_node():
    loss = network([2, 4, 4, 1], 5)
    whole = built_in(loss, collapse=False, max_nodes=10_000).picture
    for collapse in (1, 2, True):
        part = built_in(loss, collapse=collapse, max_nodes=10_000).picture
        values = sum(node.inside.nodes if node.inside else node.kind != "constant" for node in part.nodes)
        assert values == sum(node.kind != "constant" for node in whole.nodes) == len(whole.ids)
        between = [(part.ids[arg], part.ids[v]) for v in part.ids for arg in v.args if isinstance(arg, Value)]
        crossing = sum(1 for tail, head in between if tail != head)
        from_values = [edge for edge in part.edges if edge.tail in set(part.ids.values())]
        assert sum(edge.count for edge in from_values) == crossing


def test_an_edge_shows_a_derivative_only_between_nodes_that_are_seen():
    """Into a box it would be that of a hidden operation; out of a box, it is along the box's only output, if it has."""
    x = Value(2.0, label="x")
    with scope("square"):
        y = x * x + 1.0
    with scope("two"):
        a, b = y * 3.0, y * 5.0
        both = a + b
    z = 7.0 * y + a * both
    drawing = built_in(z, collapse=1)
    part, called = drawing.picture, {node.id: node.label for node in drawing.picture.nodes}
    shown = {(called[edge.tail], called[edge.head]): (edge.partial, edge.count) for edge in part.edges if edge.tail in
             (part.ids[x], part.ids[y], part.ids[a])}  # fmt: skip
    seven, product = called[part.ids[z.args[0]]], called[part.ids[z.args[1]]]
    assert shown == {("x", "square"): (None, 2), ("square", "two"): (None, 2), ("square", seven): (7.0, 1),
                     ("two", product): (None, 2)}  # fmt: skip
    assert boxes(drawing)["square"].data == 5.0 and boxes(drawing)["two"].data is None
    assert ">output</text>" in drawing.svg and f"local derivative ∂{seven}/∂(output of square) = 7.0" in drawing.svg
    with scope("chain"):
        w = x.exp() * 0.5
    assert "<title>1 edge from x to chain, between nodes inside</title>" in built_in(w + 1.0, collapse=1).svg


def test_around_a_node():
    a, b, g = readme_of_micrograd()
    drawing = built_in(g, around=b, hops=1)
    whole = built_in(g).picture
    consumers = {edge.head for edge in whole.edges if edge.tail == whole.ids[b]}
    shown = {node.id for node in drawing.picture.nodes if node.kind != "constant"}
    assert shown == {whole.ids[b], *consumers}
    assert drawing.picture.notes == ["within 1 step of b; 21 of 27 nodes are left out"]
    assert len(built_in(g, around=[a, b], hops=0).picture.nodes) == 2
    assert built_in(g, around=g, hops=99).picture.notes == []


def test_what_is_too_much_around_a_node_is_cut_farthest_from_it():
    x = Value(0.5, label="x")
    loss = autograd.sum([(x * i).tanh() for i in range(300)])
    for hops in (1, 2, 3):
        drawn = built_in(loss, around=x, hops=hops, collapse=False).picture
        assert drawn.size == 200
        from_nodes = [edge for edge in drawn.edges if drawn.node(edge.tail).kind != "constant"]
        assert all(drawn.ids[x] in (edge.tail, edge.head) for edge in from_nodes)  # the nearest: its own products
        assert "the 200 nodes nearest to x; " in drawn.notes[-1]


def test_a_limit_that_says_what_was_left_out():
    v = Value(1.0)
    for _ in range(500):
        v = (v * 1.01).tanh()
    drawing = built_in(v, collapse=False)
    assert repr(drawing) == "<Drawing of 200 nodes and 199 edges>"
    assert "801 of 1,001 are left out" in drawing.picture.notes[-1].replace("\n", " ")
    assert "are left out" in "".join(parsed(drawing).itertext())
    assert built_in(v, max_nodes=7).picture.size == 7


def test_a_node_says_what_of_it_is_left_out():
    a, b, g = readme_of_micrograd()
    whole = built_in(g).picture
    assert not any(any(node.cut) for node in whole.nodes)
    for options in ({"max_nodes": 8}, {"max_nodes": 1}, {"around": b, "hops": 1}, {"around": [a, b], "hops": 0}):
        drawing = built_in(g, legend=True, **options)
        shown = {node.id: node for node in drawing.picture.nodes}
        for id, node in shown.items():
            edges = [edge for edge in whole.edges if id in (edge.tail, edge.head)]
            lost = [edge for edge in edges if edge.tail not in shown or edge.head not in shown]
            operands, uses = sum(edge.head == id for edge in lost), sum(edge.tail == id for edge in lost)
            assert node.cut == (operands, uses)
        for row, count in zip(("operands", "uses"), zip(*(node.cut for node in shown.values()))):
            for written in (f">… {row}</text>", f" of its {row}"):
                assert drawing.svg.count(written) == sum(n > 0 for n in count)
            assert drawing.source.count(f"… {row}") == sum(n > 0 for n in count)
        assert ">left out: operands, uses</text>" in drawing.svg
    assert ">left out: operands, uses</text>" not in built_in(g, legend=True).svg


def test_even_of_few_nodes_the_scopes_are_boxes():
    drawing = built_in(network([2, 16, 1], 97), max_nodes=3)
    assert "layer1" in boxes(drawing) and "left out" in drawing.picture.notes[-1]


def test_a_box_says_what_of_it_is_left_out():
    loss = network([2, 3, 1], 4)
    drawing = built_in(loss, collapse=2, max_nodes=5)
    assert boxes(drawing)["layer1/neuron0"].cut == (4, 0)  # the outputs of the third neuron below, for four samples
    assert drawing.picture.notes[-1].startswith("the 58 nodes nearest to the result; 15 of 73 are left out.")


def test_nodes_are_counted_in_one_way():
    """Constants belong to their operations, in the title as in a box, a note or a sheet."""
    loss = network([2, 3, 1], 4)
    count = len(autograd.graph.topological_order([loss]))
    whole, collapsed = built_in(loss), built_in(loss, collapse=1)
    assert repr(whole).startswith(f"<Drawing of {count} nodes and ") and f": {count} nodes and " in whole.svg
    assert repr(collapsed) == f"<Drawing of {count} nodes in 14 boxes>"
    assert collapsed.picture.notes == [f"{count} nodes in 14 boxes; draw(..., collapse=False) shows them singly"]
    assert collapsed.picture.size == sum(node.nodes for node in collapsed.picture.nodes) == count
    with pytest.raises(ValueError, match=f"This graph has {count} nodes; a sheet shows at most {count - 1}"):
        loss.step_through().save_html("never.html", max_nodes=count - 1)


def test_a_deep_graph_is_drawn_without_recursion():
    v = Value(1.0)
    for _ in range(20_000):
        v = v + 1.0
    assert len(built_in(v).picture.nodes) <= 200


def test_a_layer_used_twice_is_one_box_with_an_edge_back():
    def use(x):
        with scope("cell"):
            return (x * 0.5).tanh() + 0.1

    x = Value(1.0, label="x")
    drawing = built_in(use(use(x) * 3.0 + x) * 1.0, collapse=1)
    assert list(boxes(drawing)) == ["cell"]
    parsed(drawing)
