"""The strategies keep their promises: domains, distances, sizes, sharing, shrinking, and a repr that runs."""

import contextlib
import math
import random

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, register
from autograd.graph import topological_order
from autograd.primitive import TABLE, Primitive
from autograd.testing import Expression, expressions, numbers, points, values
from autograd.testing.boxes import Box, image
from autograd.testing.programs import RADIUS

NAMESPACE = {name: getattr(autograd, name) for name in TABLE} | {"Expression": Expression}


@contextlib.contextmanager
def registered(name, *rules, **columns):
    """A row that is in the table inside the block only, so that no other test meets it."""
    yield register(name, *rules, **columns)
    autograd.unregister(name)


def interior(e):
    return [node for node in topological_order([e.root]) if node.args] if isinstance(e.root, Value) else []


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_points_are_inside_and_away(op):
    @settings(max_examples=25)
    @given(points(op, distance=0.1))
    def check(point):
        z = op.apply(point)
        assert math.isfinite(z)
        assert all(map(math.isfinite, op.partials(*point, z)))
        for i, x in enumerate(point):
            low, high = op.domain[0 if op.variadic else i]
            assert low + 0.1 <= x <= high - 0.1
        for avoided in (op.kink, op.pole):
            assert avoided is None or abs(avoided(*point)) >= 0.1

    check()


def test_points_of_many_operands_come_in_every_number_and_in_pairs_for_dot():
    sums, dots = set(), set()

    @given(points("sum"), points("dot"))
    def look(xs, ys):
        sums.add(len(xs))
        dots.add(len(ys))

    look()
    assert (sums, dots) == ({1, 2, 3, 4}, {2, 4})


def test_points_of_a_row_of_the_user():
    with registered("bell", lambda x: math.exp(-1.0 / x), lambda x, z: (z / (x * x),), domain=((0.0, 0.01),)):
        # An interval of 0.01 has no room for 0.05 on both sides: an eighth of it is left on each.
        assert find(points("bell"), lambda point: True, settings=settings(max_examples=200))[0] >= 0.01 / 8
    with pytest.raises(LookupError, match="no operation is called 'bell': register it first"):
        points("bell")


def test_graphs_of_rows_with_narrow_and_distant_domains():
    """Operands are moved into 1/100 of an interval, or 10,000 away, and the graph around stays below 1e6."""
    bell = (lambda x: math.exp(-1.0 / x), lambda x, z: (z / (x * x),))
    far = (lambda x, y: math.sqrt(x - 1e4) * y, lambda x, y, z: (0.5 * z / (x - 1e4), z / y))
    with (
        registered("bell", *bell, domain=((0.0, 0.01),)),
        registered("far", *far, domain=((1e4, math.inf), (2.0, 2.5))),
    ):
        seen = set()

        @settings(max_examples=200)
        @given(expressions(ops=["bell", "far", "mul", "sin"]))
        def check(e):
            seen.update(node.op.name for node in interior(e))
            assert all(abs(node.data) <= 1e6 for node in interior(e))

        check()
        assert {"bell", "far"} <= seen
        found = find(expressions(n_inputs=2, ops=["far"]), lambda e: True)
        assert repr(found) == "Expression(lambda x0, x1: far(x0, x1), (10000.55, 2.25))"


def test_numbers_and_values():
    assert find(numbers(-3.0, -1.0), lambda x: True) == -1.0
    assert math.isnan(find(numbers(special=True), math.isnan))
    assert find(values(special=[1e300]), lambda v: v.data > 1e200).data == 1e300
    assert find(values(), lambda v: True).op is None
    with pytest.raises(ValueError, match=r"needs a finite interval, not \[2.0, 1.0\]: use min_value <= max_value"):
        numbers(2.0, 1.0)


@given(expressions(n_inputs=3, max_nodes=10), st.integers(0, 2**32))
def test_graphs_are_finite_small_and_smooth_around_their_inputs(e, seed):
    assert len(interior(e)) <= 10
    draw = random.Random(seed)
    for _ in range(3):
        xs = [Value(x + draw.uniform(-RADIUS, RADIUS)) for x in e.inputs]
        for node in topological_order([e.f(*xs)]):
            assert abs(node.data) <= 1e6
            assert all(abs(partial) <= 1e6 for partial in node.partials)
            if node.op is not None:
                numbers = [float(arg) for arg in node.args]
                for avoided in (node.op.kink, node.op.pole):
                    # Half the stated distance: a box is estimated, by its corners and its middle.
                    assert avoided is None or abs(avoided(*numbers)) >= 0.025, node.op


@given(expressions(n_inputs=2))
def test_the_repr_runs_and_gives_the_same_graph(e):
    again = eval(repr(e), dict(NAMESPACE))
    assert repr(again) == repr(e)
    assert float(again.root) == float(e.root) == e.f(*e.inputs)
    assert [node.op for node in interior(again)] == [node.op for node in interior(e)]


def test_every_row_occurs():
    seen = set()

    @settings(max_examples=700)
    @given(expressions(n_inputs=2, max_nodes=12))
    def look(e):
        seen.update(node.op.name for node in interior(e))

    look()
    assert set(TABLE) <= seen


def consumers(e):
    counts = {}
    for node in interior(e):
        for arg in node.args:
            if isinstance(arg, Value):
                counts[arg] = counts.get(arg, 0) + 1
    return counts


@given(expressions(share=0.0))
def test_without_sharing_a_graph_is_a_tree(e):
    counts = consumers(e)
    assert all(counts[node] == 1 for node in interior(e) if node is not e.root)


def test_with_sharing_nodes_are_used_again_also_twice_by_one_operation():
    shared, twice = [], []

    @given(expressions(ops=["sin", "mul"], share=1.0))
    def look(e):
        shared.append(any(consumers(e).get(node, 0) > 1 for node in interior(e)))
        twice.append(any(len(node.args) == 2 and node.args[0] is node.args[1] for node in interior(e)))

    look()
    assert any(shared)
    assert any(twice)


def test_only_the_chosen_operations_and_what_moves_operands():
    @settings(max_examples=50)
    @given(expressions(ops=["log", TABLE["tanh"]]))
    def check(e):
        assert {node.op.name for node in interior(e)} <= {"log", "tanh", "mul", "add"}

    check()


def test_kinks_are_met_when_asked_for():
    found = find(expressions(n_inputs=1, ops=["relu"], max_nodes=1, smooth=False), lambda e: True)
    assert repr(found) == "Expression(lambda x0: relu(x0), (0.0,))"


def test_but_no_slope_that_ends_there():
    """The slope of cbrt is infinite at 0, and with the zero slope of another operation the gradient is nan."""
    for op, boxes in (("cbrt", [Box(-0.01, 0.02)]), ("hypot", [Box(-0.01, 0.02), Box(-0.02, 0.01)])):
        assert image(TABLE[op], boxes) is None


@pytest.mark.parametrize(("wrong", "message"), [
    ({"n_inputs": 0}, "n_inputs >= 1 and max_nodes >= 1, got 0 and 12"),
    ({"max_nodes": 0}, "n_inputs >= 1 and max_nodes >= 1, got 2 and 0"),
    ({"share": 1.5}, "share is a probability between 0 and 1, got 1.5"),
    ({"ops": []}, "at least one operation to choose from"),
    ({"ops": ["tahn"]}, "no operation is called 'tahn'"),
])  # fmt: skip
def test_bad_arguments(wrong, message):
    with pytest.raises((ValueError, LookupError), match=message):
        expressions(**wrong)


def slope_error(e):
    """The largest difference between backward() and a difference quotient, in parts of what is expected."""
    leaves = [Value(x) for x in e.inputs]
    e.f(*leaves).backward()
    h, worst = 2.0**-10, 0.0
    for i, leaf in enumerate(leaves):
        sides = [e.f(*[x + s * h * (j == i) for j, x in enumerate(e.inputs)]) for s in (-1, 1)]
        reference = (sides[1] - sides[0]) / (2 * h)
        worst = max(worst, abs(leaf.grad - reference) / (1.0 + abs(reference)))
    return worst


@pytest.mark.parametrize("name", ["mul", "log", "clamp", "dot"])
def test_a_planted_wrong_row_shrinks_to_itself_and_what_it_needs(name):
    """The newest rule of the table with half its first derivative lost, among all the right ones."""
    right = TABLE[name]

    def partials(*a):
        first, *others = right.partials(*a)
        return (0.5 * first, *others)

    columns = {key: getattr(right, key) for key in ("domain", "kink", "pole", "pack")}
    rule = partials if right.variadic else fixed(len(right.operands), partials)
    with registered("wrong", right.forward, rule, **columns):
        ops = ["wrong", "add", "sub", "mul", "tanh", "exp", "sigmoid", "div", "sin"]
        found = find(
            expressions(n_inputs=3, ops=ops), lambda e: slope_error(e) > 0.1, settings=settings(max_examples=2000)
        )
        rows = [node.op.name for node in interior(found)]
        assert rows.count("wrong") == 1
        assert len(rows) <= 2, found


def fixed(n, rule):
    """`rule` with n named operands and the result."""
    return {
        1: lambda x, z: rule(x, z),
        2: lambda x, y, z: rule(x, y, z),
        3: lambda x, min, max, z: rule(x, min, max, z),
    }[n]


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
@settings(max_examples=10)
@given(data=st.data())
def test_an_image_holds_the_numbers_of_its_box(op, data):
    point = data.draw(points(op))
    boxes = [Box(x - 0.01, x + 0.01) for x in point]
    found = image(op, boxes)
    if found is not None:
        inside = [data.draw(st.floats(*box)) for box in boxes]
        slack = 1e-12 * (1.0 + abs(found.low) + abs(found.high))  # the library's functions are not monotone to the bit
        assert found.low - slack <= op.forward(*inside) <= found.high + slack


def test_an_expression_of_ones_own_function():
    e = Expression(lambda x, y: x * autograd.exp(y) - 2.0, [3, 0])
    assert repr(e) == "Expression(lambda x0, x1: (v0 := exp(x1), v1 := x0 * v0, v1 - 2.0)[-1], (3.0, 0.0))"
    assert (e.root.data, [v.label for v in e.values]) == (1.0, ["x0", "x1"])
    assert repr(Expression(lambda x: (-2.0) ** x, [2])) == "Expression(lambda x0: (-2.0) ** x0, (2.0,))"
    assert repr(Expression(lambda x: x, [2])) == "Expression(lambda x0: x0, (2.0,))"
    assert repr(Expression(lambda x: 5.0, [2])) == "Expression(lambda x0: 5.0, (2.0,))"
    assert repr(Expression(lambda x: x + math.inf, [2])) == 'Expression(lambda x0: x0 + float("inf"), (2.0,))'
    deep = Expression(lambda x: sum([x] * 500), [2])
    assert eval(repr(deep), dict(NAMESPACE)).root.data == 1000.0


def test_an_unregistered_primitive_is_still_a_row():
    assert isinstance(TABLE["tanh"], Primitive)
    assert find(points(TABLE["tanh"]), lambda point: True) == (0.0,)
