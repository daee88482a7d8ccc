"""Every row of the table can say why: at ordinary points, at the ends of its domain, and where nothing is a number."""

import math

import pytest

from autograd import Value
from autograd.primitive import TABLE
from autograd.viz import card, draw, explain, step_through, trace
from autograd.viz.figures import shown
from autograd.viz.model import picture
from autograd.viz.notation import names
from autograd.viz.reasons import computed, derived, reasons

SPECIAL = [0.3, -2.0, 0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e-320, 1e300]


def at(op, first, step=3):
    """A node of this row at special numbers, from the `first` on."""
    arity = len(op.operands) or 4
    return op.apply(tuple(Value(SPECIAL[(first + step * k) % len(SPECIAL)]) for k in range(arity)))


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_every_row_says_why_at_every_kind_of_point(op):
    for first in range(len(SPECIAL)):
        for step in (0, 3):
            v = at(op, first, step)
            called = names([*v.args, v])
            assert computed(v, called).line.endswith(f" {shown(v.data)}")
            for edge, partial in enumerate(v.partials):
                line = derived(v, edge, called).line
                assert line.startswith(f"∂v{len(v.args) + 1}/∂v{edge + 1} ") and line.endswith(f" {shown(partial)}")


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_every_view_of_every_row_is_shown(op):
    for first in (0, 5, 7):
        v = at(op, first)
        for view in (trace(v), explain(v, v.args[0]), step_through(v), draw(v, engine="builtin"), v):
            assert not any("could not be rendered" in text for text in view._repr_mimebundle_().values())


def test_an_operation_of_ones_own_may_refuse_a_rounded_number(register):
    pole = register("pole_example", lambda x: 1.0 / (x - 1.0), lambda x, z: (-1.0 / (x - 1.0) / (x - 1.0),))
    x = Value(1.0 + 2.0**-30, label="x")  # which is written as 1
    y = pole(x)
    assert computed(y, {x: "x", y: "y"}).line == "y = pole_example(x) = pole_example(1) ≈ 1.07374e9"


def test_only_what_a_reader_sees_is_explained():
    x, y = Value(2.0, label="x"), Value(3.0)
    z = x * y
    lines = lambda drawn: {id: reason.line for id, reason in reasons(drawn).items()}
    told = lines(picture(z))
    assert told["n2"] == "v2 = x·v1" and told["e1"] == "v2 = x·v1 has ∂v2/∂v1 = x = 2"
    assert lines(picture(z, labels=lambda value: "same")) == {
        "n2": "same = same·same", "e0": "same = same·same has ∂same/∂same = same = 3",
        "e1": "same = same·same has ∂same/∂same = same = 2",
    }  # fmt: skip
    assert reasons(picture(x)) == {}


def test_a_number_is_not_explained_with_numbers_that_it_did_not_come_from():
    """Only what the change concerns: x stayed as it was, and so did all of the tanh that a reader sees."""
    w, x = Value(3.0, label="w"), Value(2.0, label="x")
    y = (w * x).tanh()
    y.label = "y"
    w.data = 5.0
    product = y.args[0]
    called = names([w, x, product, y])
    assert computed(product, called).line == "v1 = w·x was 6"
    assert computed(product, called).numbers == "" == derived(product, 1, called).formula
    assert derived(product, 0, called).line == "∂v1/∂w = x = 2"
    assert derived(product, 1, called).line == "∂v1/∂x was 3"
    assert derived(y, 0, called).line.startswith("∂y/∂v1 = 1 - y^2 = 1 - 0.999988^2 ")
    assert set(reasons(picture(y))) == {"n2", "e0", "n3", "e2"}  # not e1, from x
    assert "∂v1/∂x was 3" in str(trace(y)) and "w·x was 6" in card(product)
