"""Laws that hold whatever the right numbers are: of two computations that must agree, both are made."""

import copy
import math
import pickle

from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, func, no_grad
from autograd import grad as gradients
from autograd.graph import adjoints, topological_order
from autograd.replay import Dual, replay
from autograd.testing import expressions
from autograd.viz import draw
from tests.properties.sizes import sizes

GRAPHS = expressions(n_inputs=3, max_nodes=12)
FACTORS = st.integers(-64, 64).map(lambda k: k / 8.0)


def backward(root, leaves, seed=1.0):
    """The gradient, as numbers."""
    for leaf in leaves:
        leaf.zero_grad()
    root.backward(seed)
    return [leaf.grad for leaf in leaves]


def tolerances(root, leaves):
    """How far two orders of summing the same products may differ, per leaf.

    Each product along a path is rounded once a node, each sum once a path: 64 units in the last place of the sum of
    |products| cover the dozen nodes of these graphs.
    """
    return [64.0 * 2.0**-52 * size + 1e-300 for size in sizes(root, leaves)]


def assert_close(xs, ys, allowed):
    for x, y, tolerance in zip(xs, ys, allowed, strict=True):
        assert abs(x - y) <= tolerance, (xs, ys, allowed)


@given(expressions(n_inputs=2, max_nodes=8, share=0.7))
def test_a_graph_equals_its_expanded_tree(e):
    """Each use of a shared node gets a copy of its own; the copies' gradients add up to the shared one's."""
    copies = {leaf: [] for leaf in e.values}

    def expand(node):
        if node in copies:
            copies[node].append(Value(node.data))
            return copies[node][-1]
        return node.op.apply(tuple(arg if isinstance(arg, float) else expand(arg) for arg in node.args))

    tree = expand(e.root)
    assert tree.data == e.root.data
    tree.backward()
    summed = [math.fsum(copy.grad for copy in copies[leaf]) for leaf in e.values]
    assert_close(summed, backward(e.root, e.values), tolerances(e.root, e.values))


@given(GRAPHS, FACTORS)
def test_scaling_the_seed_scales_the_gradient(e, factor):
    once = backward(e.root, e.values)
    allowed = [abs(factor) * tolerance for tolerance in tolerances(e.root, e.values)]
    assert_close(backward(e.root, e.values, factor), [factor * g for g in once], allowed)
    assert backward(e.root, e.values, 4.0) == [4.0 * g for g in once]  # a power of two: to the last bit
    assert backward(e.root, e.values, -1.0) == [-g for g in once]


@given(GRAPHS, FACTORS, FACTORS)
def test_a_gradient_is_linear_in_the_function(e, a, b):
    leaves = e.values
    f, g = e.root, e.f(*leaves) * e.root  # f, and f squared: both smooth here
    allowed = [abs(a) * t + abs(b) * s for t, s in zip(tolerances(f, leaves), tolerances(g, leaves), strict=True)]
    expected = [a * x + b * y for x, y in zip(backward(f, leaves), backward(g, leaves), strict=True)]
    assert_close(backward(a * f + b * g, leaves), expected, allowed)


@given(GRAPHS)
def test_two_backwards_double_the_leaves_exactly(e):
    once = backward(e.root, e.values)
    e.root.backward()
    assert [leaf.grad for leaf in e.values] == [2.0 * g for g in once]


@given(GRAPHS, st.lists(st.floats(-1.0 / 64.0, 1.0 / 64.0), min_size=3, max_size=3))
def test_replay_equals_eager_to_the_last_bit(e, steps):
    assert replay(e.root, float) == e.root.data
    moved = [x + step for x, step in zip(e.inputs, steps, strict=True)]
    assert replay(e.root, float, dict(zip(e.values, moved, strict=True))) == e.f(*moved)


@given(GRAPHS, st.lists(FACTORS, min_size=3, max_size=3), st.lists(FACTORS, min_size=2, max_size=2))
def test_forward_mode_equals_reverse_mode(e, v, u):
    """(J v).u = v.(J^T u), for the graph's result and the first node of which it is made."""

    def f(*xs):
        root = e.f(*xs)
        return [root, next((arg for arg in root.args if isinstance(arg, Value)), root)]

    outputs, jv = func.jvp(f, e.inputs, v)
    again, pull = func.vjp(f, *e.inputs)
    assert outputs == again
    duals = f_on_duals(f, e, v)
    jtu = pull(u)
    roots = f(*e.values)
    allowed = sum(
        abs(uk) * abs(vi) * t
        for uk, root in zip(u, roots, strict=True)
        for vi, t in zip(v, tolerances(root, e.values), strict=True)
    )
    left = math.fsum(x * y for x, y in zip(jv, u, strict=True))
    right = math.fsum(x * y for x, y in zip(v, jtu, strict=True))
    assert abs(left - right) <= allowed + 1e-300
    assert abs(math.fsum(x * y for x, y in zip(duals, u, strict=True)) - right) <= allowed + 1e-300


def f_on_duals(f, e, v):
    """The same J v by dual numbers through the recorded graph."""
    roots = f(*e.values)
    numbers = {leaf: Dual(x, vi) for leaf, x, vi in zip(e.values, e.inputs, v, strict=True)}
    return [y.tangent if isinstance(y, Dual) else 0.0 for y in replay(roots, float, numbers)]


@given(GRAPHS)
def test_derivatives_are_the_same_by_every_way_of_asking(e):
    expected = backward(e.root, e.values)
    assert list(gradients(e.root, e.values)) == expected
    as_graph = gradients(e.root, e.values, create_graph=True)
    # The chain rule in Values skips factors of one and zero, and no other; so only zeros may differ, in sign.
    assert [float(g) for g in as_graph] == expected
    assert func.grad(lambda xs: e.f(*xs))(list(e.inputs)) == expected


@given(GRAPHS)
def test_two_runs_give_the_same_bits(e):
    first = [Value(x) for x in e.inputs]
    second = [Value(x) for x in e.inputs]
    assert backward(e.f(*first), first) == backward(e.f(*second), second)


@given(GRAPHS)
def test_a_gradient_uses_the_derivatives_recorded_when_the_graph_was_made(e):
    expected = backward(e.root, e.values)
    for node in topological_order([e.root]):
        node.data += 1.0
    assert backward(e.root, e.values) == expected


@given(GRAPHS)
def test_pickling_and_copying_keep_everything(e):
    expected = backward(e.root, e.values)
    order = topological_order([e.root])
    for other in (pickle.loads(pickle.dumps(e.root)), copy.deepcopy(e.root)):
        again = topological_order([other])
        for field in ("data", "op", "partials", "grad", "label", "scope"):
            assert [getattr(node, field) for node in again] == [getattr(node, field) for node in order]
        leaves = [node for node in again if not node.args]
        named = dict(zip((leaf.label for leaf in leaves), backward(other, leaves), strict=True))
        assert all(named.get(leaf.label, 0.0) == g for leaf, g in zip(e.values, expected, strict=True))


@given(GRAPHS)
def test_a_drawing_is_the_same_every_time(e):
    again = pickle.loads(pickle.dumps(e.root))
    assert draw(e.root, engine="builtin").svg == draw(again, engine="builtin").svg


@given(GRAPHS)
def test_no_grad_gives_the_same_value_and_no_graph(e):
    with no_grad():
        bare = e.f(*[Value(x) for x in e.inputs])
    assert bare.data == e.root.data == e.f(*e.inputs)
    assert bare.args == ()


@given(GRAPHS)
def test_adjoints_of_all_nodes_obey_the_chain_rule(e):
    """Each node's adjoint is the sum over its consumers, computed here from the definition."""
    order = topological_order([e.root])
    found = adjoints(order, {e.root: 1.0}, lambda node: node.partials, lambda x, y: x * y)
    for node in order[:-1]:
        shares = [
            found[user] * partial
            for user in order
            for arg, partial in zip(user.args, user.partials, strict=True)
            if arg is node
        ]
        slack = 4.0 * len(shares) * 2.0**-52 * math.fsum(map(abs, shares))  # one rounding a product, one a sum
        assert abs(found[node] - math.fsum(shares)) <= slack
