"""The table's own rules: what every row must say about itself."""

import math

import pytest

from autograd import Value, primitives
from autograd.primitive import TABLE, Primitive, find, number
from autograd.primitives import on_floats
from autograd.record import record


def inside(op, count=3):
    """An operand list well inside the row's domain."""
    domain = op.domain if not op.variadic else op.domain * count
    points = []
    for k, (low, high) in enumerate(domain):
        low, high = max(low, -2.0), min(high, 2.5)
        points.append(low + (high - low) * (0.4 + 0.1 * k))
    return points * (2 if op.name == "dot" else 1)


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_a_row_states_one_partial_and_one_interval_per_operand(op):
    xs = inside(op)
    z = op.forward(*xs)
    assert isinstance(z, float) and math.isfinite(z)
    assert len(op.partials(*xs, z)) == len(xs)
    assert len(op.domain) == max(1, len(op.operands))


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_a_rule_fed_with_values_gives_the_same_numbers_as_graph(op):
    xs = inside(op)
    node = record(op, tuple(Value(x) for x in xs))
    for recorded, graph in zip(node.partials, op.partials(*node.args, node)):
        assert float(graph) == recorded


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.composite], ids=str)
def test_a_composite_row_fed_with_values_gives_the_same_number_as_graph(op):
    xs = inside(op)
    graph = op.forward(*(Value(x) for x in xs))
    assert isinstance(graph, Value) and graph.data == op.forward(*xs)


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_the_tex_template_takes_the_operands(op):
    operands = "αβγδ"[: len(op.operands) or 4]
    text = op.to_tex(*operands)
    assert all(text.count(operand) >= 1 for operand in operands)
    assert text.count("{") == text.count("}")


def test_names_and_pickles():
    assert all(getattr(primitives, name) is op for name, op in TABLE.items() if hasattr(primitives, name))
    assert find("tanh") is TABLE["tanh"]
    assert repr(TABLE["tanh"]) == "<operation tanh>"
    with pytest.raises(ValueError, match="already an operation called 'tanh'"):
        Primitive("tanh", math.tanh, lambda x, z: (1.0,))


def test_calls_with_defaults_and_names():
    assert primitives.leaky_relu(-1.0) == -0.01
    assert primitives.leaky_relu(-1.0, negative_slope=0.2) == -0.2
    assert primitives.clamp(5.0, max=2.0) == 2.0 and primitives.clamp(Value(-5.0), min=-1.0).data == -1.0
    assert primitives.sum([]) == 0.0 and primitives.sum(iter([1, Value(2.0)])).data == 3.0
    with pytest.raises(TypeError, match="tanh takes no named operands, got slope"):
        primitives.tanh(1.0, slope=2.0)


def test_numbers():
    assert number(2) == 2.0 and number(-(10**400)) == -math.inf


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_a_rule_on_floats_is_the_rule(op):
    xs = inside(op)
    z = op.forward(*xs)
    assert on_floats(op.forward)(*xs) == z
    assert on_floats(op.partials)(*xs, z) == op.partials(*xs, z)
