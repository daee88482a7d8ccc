"""The search for what a function depends on: how far it goes, and where it ends."""

import math
import sys
from types import ModuleType

import pytest

import autograd
from autograd import Value, func
from autograd.compiler import search
from autograd.compiler.guards import TraceError
from autograd.compiler.places import FIELDS
from autograd.compiler.search import closed_over, reached


def test_where_a_function_keeps_its_values():
    a, b, c, d, e, g = (Value(float(i)) for i in range(6))

    class Model:
        def __init__(self):
            self.weight = a

        def loss(self, x, scale=b):
            return x * self.weight * scale * c

        def parameters(self):
            return [d]

    model = Model()
    assert {a, b, c} <= set(closed_over(model.loss))
    assert closed_over(lambda x: x * model.weight) == [a]
    assert set(closed_over(lambda x: [p * x for p in model.parameters()])) == {a, d}
    assert closed_over(func.grad(lambda x: x * e)) == [e]
    assert closed_over([{"deep": (g,)}]) == [g]


def test_circles_and_long_chains_end():
    class Link:
        pass

    first = last = Link()
    for _ in range(5000):
        last.next = Link()
        last = last.next
    last.next, last.w = first, Value(1.0)
    assert closed_over(lambda x: first) == [last.w]


def test_a_million_tuples_of_plain_things_are_no_million_things(monkeypatch):
    """A graph kept as a list of (operation, operand, operand), say."""
    monkeypatch.setattr(search, "_MOST", 100)
    rows = [("add", k, k + 1) for k in range(1000)]
    w = Value(1.0)
    assert closed_over(lambda x: (rows, w)) == [w]
    with pytest.raises(TraceError, match="more than 100 objects"):
        closed_over(lambda x, rows=[[k] for k in range(1000)]: rows)


def test_of_modules_and_classes_only_what_the_code_mentions(monkeypatch):
    mine = ModuleType("mine")
    mine.used, mine.by_name, mine.other = Value(1.0), Value(2.0), Value(3.0)

    class Settings:
        used, other = Value(4.0), Value(5.0)

    assert closed_over(lambda x: mine.used * getattr(mine, "by_name")) == [mine.used, mine.by_name]  # noqa: B009
    assert closed_over(lambda x: Settings.used) == [Settings.used]


def test_installed_packages_are_fixed_but_for_the_function_s_own(monkeypatch, tmp_path):
    names = {"__name__": "installed.part", "k": 2.0}
    exec("def f(x): return x * k", names)
    package = ModuleType("installed")
    package.__file__ = search._INSTALLED[0] + "/installed/__init__.py"
    monkeypatch.setitem(sys.modules, "installed", package)
    search._is_installed.cache_clear()
    f = names["f"]
    assert [place.key for place in reached(f)[1].values()] == [*FIELDS[:2], "k"]
    assert [place.key for place in reached(func.grad(f))[1].values()] == [*FIELDS[:2], "k"]
    assert [place.key for place in reached(lambda x: f(x))[1].values()] == [*FIELDS[:2], None]
    assert [place.key for place in reached(lambda x: math.exp(x))[1].values()] == [*FIELDS[:2], "math"]


def test_too_many_objects_are_an_error(monkeypatch):
    monkeypatch.setattr(search, "_MOST", 100)
    many = [[] for _ in range(200)]
    with pytest.raises(autograd.TraceError, match=r"the function reaches more than 100 objects, .* as arguments"):
        reached(lambda x: many)
