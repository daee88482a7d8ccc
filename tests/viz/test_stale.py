"""A change after recording is noticed where it shows, and nothing else is."""

import math

import pytest

from autograd import Value, dot
from autograd.graph import topological_order
from autograd.primitive import TABLE
from autograd.record import record
from autograd.viz.stale import stale
from tests.viz.expressions import random_graph


@pytest.mark.parametrize("seed", range(10))
def test_what_was_just_computed_is_not_stale(seed):
    assert stale(topological_order([random_graph(seed)[1]])) is None


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_no_operation_is_stale_at_once_wherever_it_is(op):
    arity = len(op.operands) or (4 if op.name == "dot" else 3)
    for x in (0.3, 1.5, 0.0, -0.0, -2.0, 800.0, 1e-310, math.inf, -math.inf, math.nan):
        for y in (x, 2.0, -1.0):
            operands = [Value(x), *(Value(y) for _ in range(arity - 1))]
            node = record(op, tuple(operands))
            assert stale([*operands, node]) is None, (x, y)


@pytest.mark.parametrize(("was", "now"), [(3.0, 2.5), (3.0, math.nan), (math.nan, 3.0), (math.inf, -math.inf)])
def test_a_change_is_noticed_at_the_first_number_that_it_would_change(was, now):
    w = Value(was)
    y = w * 2.0
    z = y + 1.0
    assert stale([w, y, z]) is None
    w.data = now
    node, edge, would_be = stale([w, y, z])
    assert node is y
    assert edge is None
    assert would_be == now * 2.0 or math.isnan(now)


def test_a_change_that_only_a_local_derivative_shows():
    w, x = Value(3.0, label="w"), Value(0.0, label="x")
    y = w * x
    w.data = 5.0
    found = stale([w, x, y])
    assert found.told({w: "w", x: "x", y: "y"}) == "∂y/∂x was 3 when it was computed and would be 5 now"


def test_an_operand_taken_twice_is_told_with_its_place():
    w, x = Value(3.0, label="w"), Value(0.0, label="x")
    y = dot([x, x], [w, w])
    w.data = 5.0
    assert stale([w, x, y]).told({w: "w", x: "x", y: "y"}).startswith("∂y/∂x#1 was 3 ")


def test_a_change_that_nothing_shows_is_none():
    x = Value(-1.0)
    y = x.relu()
    x.data = -2.0
    assert stale([x, y]) is None
    x.data = 2.0
    assert stale([x, y]).told({y: "y", x: "x"}) == "y was 0 when it was computed and would be 2 now"
