"""The order of the graph and the chain rule along it, against definitions written out naively."""

import random

from autograd import Value
from autograd.graph import adjoints, backpropagate, tangents, topological_order


def random_graph(seed, size=40):
    rng = random.Random(seed)
    nodes = [Value(rng.uniform(-1.0, 1.0)) for _ in range(4)]
    for _ in range(size):
        x, y = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice([x + y, x * y, x - 0.5, y.tanh()]))
    return nodes


def test_every_node_comes_once_and_after_its_operands():
    for seed in range(20):
        root = random_graph(seed)[-1]
        order = topological_order([root])
        place = {node: k for k, node in enumerate(order)}
        assert len(place) == len(order)
        assert order[-1] is root
        for node in order:
            assert all(place[arg] < place[node] for arg in node.args if isinstance(arg, Value))


def test_the_order_stops_at_inputs_and_takes_several_roots():
    x = Value(1.0)
    h = x * 2.0
    y, z = h + 1.0, h * h
    order = topological_order([y, z], inputs={h})
    assert set(order) == {h, y, z}
    assert topological_order([]) == []


def paths(node, leaf):
    """The sum over all paths from node to leaf of the product of partials: the chain rule, expanded."""
    if node is leaf:
        return 1.0
    return sum(p * paths(arg, leaf) for arg, p in zip(node.args, node.partials) if isinstance(arg, Value))


def test_the_chain_rule_is_the_sum_over_paths():
    for seed in range(20):
        nodes = random_graph(seed, size=14)
        root = nodes[-1]
        backpropagate(root, 1.0)
        for leaf in nodes[:4]:
            expanded = paths(root, leaf)
            # at most a few hundred products of numbers below 4: 1e-12 is a thousand roundings
            assert abs(leaf.grad - expanded) <= 1e-12 * max(1.0, abs(expanded))


def test_backward_and_forward_mode_agree():
    for seed in range(20):
        nodes = random_graph(seed)
        root, leaves = nodes[-1], nodes[:4]
        order = topological_order([root])
        found = adjoints(order, {root: 1.0}, lambda node: node.partials, lambda u, p: u * p)
        for leaf in leaves:
            forward = tangents(order, {x: float(x is leaf) for x in leaves}, lambda node: node.partials).get(root, 0.0)
            backward = found.get(leaf, 0.0)
            assert abs(forward - backward) <= 1e-10 * max(1.0, abs(backward))  # two orders of the same sum
