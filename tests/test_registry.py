"""One's own operation: a full citizen at once, refused with a reason, replaced and removed at will."""

import math
import pickle

import pytest

import autograd
from autograd import Value, unregister
from autograd.primitive import TABLE


def test_a_full_citizen(register):
    cube = register("cube_of_the_test", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
    x = Value(2.0)
    (dy,) = autograd.grad(cube(x), x, create_graph=True)
    assert (dy.data, autograd.grad(dy, x)) == (12.0, (12.0,))
    assert x.cube_of_the_test().data == 8.0 and cube(2) == 8.0
    assert TABLE["cube_of_the_test"] is cube


@pytest.mark.parametrize(("name", "reason"), [
    ("tanh", "Value has something of that name"),
    ("data", "Value has something of that name"),
    ("sum", "there is such an operation already"),
    ("not a name", "it is not a Python identifier"),
    ("2nd", "it is not a Python identifier"),
    ("", "it is not a Python identifier"),
    ("lambda", "it is a keyword of Python"),
    ("None", "it is a keyword of Python"),
    ("𝑓", "Python reads it as 'f'"),
])  # fmt: skip
def test_a_name_that_cannot_be_written_or_is_in_use_is_refused(name, reason):
    with pytest.raises(ValueError, match=f"{name!r} cannot name an operation: {reason}"):
        autograd.register(name, lambda x: x, lambda x, z: (1.0,))


def test_a_name_is_a_string():
    with pytest.raises(TypeError, match=r"an operation is named by a string, not <operation tanh>"):
        autograd.register(autograd.tanh, lambda x: x, lambda x, z: (1.0,))


def test_registering_again_replaces_ones_own(register):
    first = register("twice_registered", lambda x: 2.0 * x, lambda x, z: (2.0,))
    y = first(Value(1.0))
    second = register("twice_registered", lambda x: 3.0 * x, lambda x, z: (3.0,))
    assert Value(1.0).twice_registered().data == 3.0 and TABLE["twice_registered"] is second
    assert y.op is first


def test_the_number_of_derivatives_is_checked_at_once(register):
    with pytest.raises(ValueError, match="product_of_two has 2 operands, but partials gives 1 derivatives"):
        register("product_of_two", lambda x, y: x * y, lambda x, y, z: (y,))
    with pytest.raises(TypeError, match="the partials of doubled must be a tuple"):
        register("doubled", lambda x: 2.0 * x, lambda x, z: 2.0)
    assert "product_of_two" not in TABLE and "doubled" not in TABLE


def product(x, y):
    return x * y


PARTIALS = lambda x, y, z: (y, x)


@pytest.mark.parametrize(("forward", "partials", "columns", "message"), [
    (math.sin, math.cos, {}, r"partials of wrong must be a function such as lambda x, z: \(...,\), not <built-in"),
    (math.sin, lambda x: (1.0,), {}, "partials of wrong take the operands and then the result"),
    (math.sin, lambda: (1.0,), {}, "partials of wrong take the operands and then the result"),
    (product, lambda x, z: (1.0,), {},
     "wrong has the operands x by its partials, but its forward does not take 1 number"),
    (product, PARTIALS, {"kink": lambda x: x}, "operands x, y by its partials, but its kink does not take 2 numbers"),
    (product, PARTIALS, {"pole": lambda: 1.0}, "its pole does not take 2"),
    (product, PARTIALS, {"domian": ()}, "wrong has no column 'domian': there are symbol, tex, domain, kink"),
    (product, PARTIALS, {"domain": (0.0, 1.0)},
     r"for each of x, y, such as \(\(0.0, inf\), \(0.0, inf\)\), not \(0.0, 1.0\)"),
    (product, PARTIALS, {"domain": ((0.0, 1.0),)}, r"interval for each of x, y, .* not \(\(0.0, 1.0\),\)"),
    (product, PARTIALS, {"domain": ((1.0, 0.0), (0.0, 1.0))}, "domain of wrong must be an interval for each"),
])  # fmt: skip
def test_columns_that_do_not_fit_together_are_refused(forward, partials, columns, message):
    with pytest.raises((TypeError, ValueError), match=message):
        autograd.register("wrong", forward, partials, **columns)
    assert "wrong" not in TABLE


@pytest.mark.parametrize("rule", [
    lambda x, z: (math.cos(x),),
    lambda x, z: (1.0 + x * 0.0 - 2.0 * math.sin(x / 2.0) ** 2,),
    lambda x, z: (autograd.cos(float(x)),),
])
def test_a_rule_that_leaves_the_graph_is_refused(rule):
    """math.cos of a Value is a number: the second derivative would silently be 0."""
    with pytest.raises(TypeError, match=r"sine with respect to x leaves the graph: .* since math.cos\(x\)"):
        autograd.register("sine", lambda x: math.sin(x), rule)
    assert "sine" not in TABLE
    sine = autograd.register("sine", lambda x: math.sin(x), lambda x, z: (autograd.cos(x),))
    assert sine(0.5) == math.sin(0.5)
    unregister("sine")


def test_outside_the_real_numbers_is_nan(register):
    root = register("third_root", lambda x: x ** (1.0 / 3.0), lambda x, z: (z / (3.0 * x),))
    assert math.isnan(root(-8.0)) and math.isnan(root(Value(-8.0)).data)
    assert root(8.0) == 2.0


def test_removal(register):
    op = register("short_lived", lambda x: x, lambda x, z: (1.0,))
    stored = pickle.dumps(op(Value(1.0)))
    unregister("short_lived")
    assert not hasattr(Value, "short_lived")
    with pytest.raises(LookupError, match="no operation is called 'short_lived': register it"):
        pickle.loads(stored)
    for name in ("short_lived", "tanh"):
        with pytest.raises(LookupError, match="was registered"):
            unregister(name)
