"""Counting paths. That the largest are found: test_explain."""

import random

from autograd import Value
from autograd.graph import topological_order
from autograd.viz.paths import count_paths, large


def test_counting_forgets_what_it_has_handed_on():
    rng = random.Random(0)
    nodes = [Value(1.0)]
    for _ in range(3000):
        nodes.append(rng.choice(nodes[-3:]) + rng.choice(nodes[-3:]))
    order = topological_order([nodes[-1]])
    counts = {nodes[-1]: 1}
    for node in reversed(order):
        for arg in node.args:
            counts[arg] = counts.get(arg, 0) + counts[node]
    assert count_paths(order, nodes[-1], nodes[0]) == counts[nodes[0]] > 10**100


def test_large_numbers_are_read_in_one_look():
    assert [large(n) for n in (1, 1_234_567, 10**15, 3 * 10**400)] == ["1", "1,234,567", "about 1e15", "about 3e400"]
