"""A row that somebody registers is drawn like any other at once: steep, narrow, far away, large, or full of kinks."""

import math
import random
from math import inf

import pytest
from hypothesis import find, given, settings

import autograd
from autograd import Value
from autograd.graph import topological_order
from autograd.testing import expressions, points
from autograd.testing.homes import homes
from autograd.testing.programs import RADIUS


def only_from_two(x):
    if x < 2.0:
        raise RuntimeError("no value below two")
    return x * x


# fmt: off
# ruff: noqa: E501  (one line a row)
OWN = {  # name -> forward, partials, columns; the columns are often left out, since nobody must fill them in
    "steep":         (lambda x: math.exp(50.0 * x),               lambda x, z: (50.0 * z,), {}),
    "pole":          (lambda x: 1.0 / x**6,                       lambda x, z: (-6.0 * z / x,), {"pole": lambda x: x}),
    "silent_pole":   (lambda x: 1.0 / x**6,                       lambda x, z: (-6.0 * z / x,), {}),
    "silent_domain": (lambda x: math.log(math.log(x)),            lambda x, z: (1.0 / (x * autograd.log(x)),), {}),
    "tenth":         (lambda x: math.acos(10.0 * x),              lambda x, z: (-10.0 / autograd.sqrt(1.0 - 100.0 * x * x),), {}),
    "raising":       (only_from_two,                              lambda x, z: (2.0 * x,), {}),
    "narrow":        (lambda x: math.sqrt((x - 5.0) * (5.001 - x)), lambda x, z: ((5.0005 - x) / z,), {"domain": ((5.0, 5.001),)}),
    "tiny":          (lambda x: math.sqrt(1e-14 - x * x),         lambda x, z: (-x / z,), {"domain": ((-1e-7, 1e-7),)}),
    "far":           (lambda x: math.sqrt(x - 1e7),               lambda x, z: (0.5 / z,), {"domain": ((1e7, inf),)}),
    "far_below":     (lambda x: math.sqrt(-1e7 - x),              lambda x, z: (-0.5 / z,), {"domain": ((-inf, -1e7),)}),
    "large":         (lambda x: 1e9 * x,                          lambda x, z: (1e9,), {}),
    "offset":        (lambda x: 1e12 + x,                         lambda x, z: (1.0,), {}),
    "narrow_kink":   (lambda x: abs(x - 2e-4),                    lambda x, z: (autograd.sign(x - 2e-4),), {"domain": ((0.0, 1e-3),), "kink": lambda x: x - 2e-4}),
    "small_kink":    (lambda x: abs(x - 1.0),                     lambda x, z: (autograd.sign(x - 1.0),), {"kink": lambda x: 1e-3 * (x - 1.0)}),
    "steps":         (lambda x: float(math.floor(x)),             lambda x, z: (0.0,), {"kink": lambda x: x - round(x)}),
    "many_kinks":    (lambda x: abs(math.sin(20.0 * x)),          lambda x, z: (20.0 * autograd.cos(20.0 * x) * autograd.sign(autograd.sin(20.0 * x)),),
                      {"kink": lambda x: autograd.sin(20.0 * x)}),
    "triangle":      (lambda x, y: math.log(1.0 - x - y),         lambda x, y, z: (-1.0 / (1.0 - x - y), -1.0 / (1.0 - x - y)), {"domain": ((0.0, 1.0),) * 2}),
    "circle":        (lambda x, y: 1.0 / (x * x + y * y - 1.0),   lambda x, y, z: (-2.0 * x * z * z, -2.0 * y * z * z), {"pole": lambda x, y: x * x + y * y - 1.0}),
    "norm":          (math.hypot,                                 lambda *a: tuple([x / a[-1] for x in a[:-1]]), {"pack": tuple, "kink": math.hypot}),
}
# fmt: on
EACH = pytest.mark.parametrize("name", OWN)


@pytest.fixture
def own(name, register):
    forward, partials, columns = OWN[name]
    return register(f"own_{name}", forward, partials, **columns)


def assert_regular(op, operands):
    z = op.forward(*operands)
    assert all(map(math.isfinite, (z, *op.partials(*operands, z))))
    for x, (low, high) in zip(operands, op.domain * (len(operands) if op.variadic else 1), strict=True):
        assert low < x < high
    assert all(column is None or column(*operands) != 0.0 for column in (op.kink, op.pole))


@EACH
def test_points_are_found_and_differ(name, own):
    seen = set()

    @settings(max_examples=40)
    @given(points(own))
    def look(point):
        assert_regular(own, point)
        seen.add(point)

    look()
    assert len(seen) >= 10


@EACH
@pytest.mark.parametrize("others", [(), ("mul", "sin", "log")])
def test_graphs_hold_it_and_stay_regular_around_their_inputs(name, others, own):
    seen, draw = [], random.Random(0)

    @settings(max_examples=20)
    @given(expressions(n_inputs=2, ops=[own.name, *others]))
    def look(e):
        beside = [x + draw.uniform(-RADIUS, RADIUS) for x in e.inputs]
        for inputs in (e.inputs, beside):
            for node in topological_order([e.f(*map(Value, inputs))]):
                seen.append(node.op)
                if node.op is not None:
                    assert_regular(node.op, [float(arg) for arg in node.args])

    look()
    assert own in seen


@pytest.mark.parametrize("name", ["large"])
def test_a_table_with_it_is_still_drawn_from(own):
    seen = set()

    @settings(max_examples=300)
    @given(expressions())
    def look(e):
        seen.update(node.op for node in topological_order([e.root]))

    look()
    assert own in seen


def test_a_row_that_is_smooth_nowhere_is_named(register):
    cliff = register("cliff", lambda x: x, lambda x, z: (1.0,), kink=lambda x: 0.0)
    for ask in (lambda: homes(cliff, 1), lambda: find(points(cliff), bool), lambda: find(expressions(ops=[cliff]), bool)):
        with pytest.raises(ValueError, match=r"no operands at which cliff is finite and smooth: .* kink is 0.0"):
            ask()


def test_so_is_one_that_raises_everywhere(register):
    broken = register("broken", lambda x: x.missing, lambda x, z: (1.0,))
    with pytest.raises(ValueError, match=r"\(at 1.0 it raises AttributeError: 'float' object has no attribute 'missing'\)"):
        homes(broken, 1)
