"""Local derivatives as numbers and as graph: the same ones, and nothing along flat edges."""

import math

import pytest

from autograd import Value, func, where
from autograd.partials import as_graph, as_numbers
from autograd.primitive import TABLE
from tests.compiler.graphs import counts, points, same


@pytest.mark.parametrize("name", list(TABLE))
def test_numbers_and_graph_are_alike(name):
    op = TABLE[name]
    for count in counts(op):
        for point in points(count):
            node = Value.__autograd__(Value(0.0), op, tuple(map(Value, point)))
            for number, graph in zip(as_numbers(node), as_graph(node), strict=True):
                assert (number is None) == (graph is None), point
                assert number is None or same(number, graph.data if isinstance(graph, Value) else graph), point


def test_nothing_flows_through_a_condition_however_steep_its_upstream():
    f = lambda x: where(x.greater(0.0), x, 1.0) * math.inf
    assert func.grad(f)(2.0) == func.grad(f)(Value(2.0)).data == math.inf


def test_a_rule_that_decides_is_not_taken_at_its_word(monkeypatch):
    op = TABLE["relu"]
    monkeypatch.setattr(op, "partials", lambda x, z: (1.0 if x > 0.5 else 0.0,))
    x = Value(0.25)
    assert as_numbers(Value.__autograd__(x, op, (x,))) == (0.0,)


@pytest.mark.parametrize("f", [
    lambda x: where(x.greater(0.0), x.log(), 0.0),
    lambda x: x.relu() * -1.0,
    lambda x: abs(x).log1p().less(2.0),
    lambda x: where(1.0, x, -x) * -1.0,
])  # fmt: skip
def test_zeros_have_the_same_sign_from_numbers_and_from_values(f):
    for derive in (func.grad, func.hessian):
        assert same(derive(f)(-1.0), _number(derive(f)(Value(-1.0))))


def _number(x):
    return x.data if isinstance(x, Value) else x
