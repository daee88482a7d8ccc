"""Numbers of nodes count up as a program would make them."""

import re

import pytest

from autograd import Value
from autograd.graph import topological_order
from autograd.viz import step_through, to_latex, to_python, trace
from autograd.viz.order import program_order
from tests.viz.expressions import random_graph, readme_of_micrograd


@pytest.mark.parametrize("seed", range(5))
def test_the_same_nodes_as_the_engines_each_after_its_operands(seed):
    _, root = random_graph(seed)
    order = program_order([root])
    place = {node: k for k, node in enumerate(order)}
    assert len(order) == len(place) and set(order) == set(topological_order([root]))
    assert all(place[arg] < place[node] for node in order for arg in node.args if isinstance(arg, Value))


def test_the_readme_of_micrograd_line_by_line():
    """c = a + b; c += c + 1; c += 1 + c + (-a); d = a * b + b**3; ...: in this order."""
    *_, g = readme_of_micrograd()
    made = [(row.name, row.operation) for row in trace(g)]
    assert made[:11] == [
        ("a", ""), ("b", ""), ("v1", "a + b"), ("v2", "v1 + 1"), ("v3", "v1 + v2"), ("v4", "1 + v3"), ("v5", "-a"),
        ("v6", "v4 + v5"), ("v7", "v3 + v6"), ("v8", "a·b"), ("v9", "b^3"),
    ]  # fmt: skip
    assert made[-3:] == [("v23", "v22/2"), ("v24", "10/v22"), ("g", "v23 + v24")]
    lines = re.findall(r"^(\w+) = ", to_python(g), re.MULTILINE)
    named = [int(name[1:]) for name in lines if re.fullmatch(r"v\d+", name)]
    assert named == sorted(named)


def test_a_deep_graph_is_ordered_without_recursion():
    v = x = Value(0.5)
    for _ in range(20_000):
        v = x + v * 0.5
    assert program_order([v])[0] is x and program_order([v, x])[-1] is v


def test_results_in_the_order_they_are_given():
    x = Value(2.0)
    first, second = x * 2, x + 1
    assert program_order([first, second]) == [x, first, second]


@pytest.mark.parametrize("write", [to_latex, to_python, step_through])
@pytest.mark.parametrize("operand", ["d", "c"])
def test_a_cycle_made_by_hand_is_named(write, operand):
    c = Value(2.0) * Value(3.0)
    c.label = "c"
    d = c + 1.0
    c.x = {"c": c, "d": d}[operand]
    with pytest.raises(ValueError, match=r"cycle through c .*replaced"):
        write(d)
