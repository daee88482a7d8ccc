"""The program that `to_python` writes gives the same number, to the last bit."""

import builtins
import keyword
import math
import random
import struct
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.primitive import TABLE
from autograd.viz import to_python


def bits(x):
    return "nan" if x != x else struct.pack("<d", x)


def rerun(v):
    names = {}
    exec(to_python(v), names)
    return names["result"]


def points(op):
    """Operands of a row: inside its domain, and where it is nan or inf."""
    places = range(len(op.operands) or 4)
    lines = [lambda k: 0.3 + 0.17 * k, lambda k: 1.7 - 0.9 * k, lambda k: -2.0, lambda k: 0.0]
    return [[line(k) for k in places] for line in lines]


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_every_row_comes_back(op):
    for xs in points(op):
        v = op.apply(tuple(map(Value, xs)))
        assert bits(rerun(v).data) == bits(v.data)
        assert rerun(v).op is op
        if len(xs) > 1:  # a constant in first place: 2.0 - v, dot([2.0, ...], ...)
            v = op.apply((xs[0], *map(Value, xs[1:])))
            again = rerun(v)
            assert bits(again.data) == bits(v.data) and again.args[0] == xs[0]


MAKERS = [
    lambda x, y: x + y, lambda x, y: y - x, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: -x, lambda x, y: +x,
    lambda x, y: abs(x), lambda x, y: x**2, lambda x, y: x**y, lambda x, y: 2.0**x, lambda x, y: (-x) ** -y,
    lambda x, y: x.tanh(), lambda x, y: ag.dot([x, y], [y, x]), lambda x, y: ag.logsumexp([x, y, 1.0]),
    lambda x, y: ag.where(x > 0, x, y),
]  # fmt: skip


def random_graph(seed, size=60):
    rng = random.Random(seed)
    pool = [Value(rng.gauss(0, 1), label=rng.choice(["", "x", "x", "class", "w 1", "1st"])) for _ in range(5)]
    for _ in range(size):
        x, y = rng.choice(pool[-6:]), rng.choice([*pool[-6:], rng.choice([-2.0, 0.1, 3.0])])
        pool.append(ag.tanh(rng.choice(MAKERS)(x, y)))
    return pool[-1]


def shape(v):
    """The graph without its names: operations and numbers in order."""
    order = ag.graph.topological_order([v])
    number = {node: k for k, node in enumerate(order)}
    operands = [[number[a] if isinstance(a, Value) else bits(a) for a in node.args] for node in order]
    return [(node.op, bits(node.data), args) for node, args in zip(order, operands)]


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_come_back_node_for_node(seed):
    v = random_graph(seed)
    assert shape(rerun(v)) == shape(v)


def test_a_deep_graph_is_written_without_recursion():
    v = Value(0.1)
    for _ in range(3_000):
        v = (v * 1.5).tanh() - 0.1
    text = to_python(v)
    assert max(map(len, text.splitlines())) < 200
    assert rerun(v).data == v.data


def test_infinities_and_nans_have_their_names():
    v = Value(math.inf) * -math.inf + Value(math.nan)
    assert to_python(v).startswith("from math import inf, nan\n")
    assert bits(rerun(v).data) == "nan"
    assert rerun(Value(-math.inf) + 1.0).data == -math.inf


def test_labels_that_are_no_names_or_taken_ones():
    a, b = Value(1.0, label="result"), Value(2.0, label='say "hi"\\\n')
    c = a - b
    c.label = "ag"
    v = c * c
    again = rerun(v)
    assert again.data == 1.0
    assert {node.label for node in ag.graph.topological_order([again])} >= {"result", 'say "hi"\\\n'}


FOREIGN = ["ﬁ", "fi", "x²", "x2", "ｘ", "x", "ℌ", "H", "ª", "a", "ſ", "s", "K", "K", "é", "e\u0301", "µ", "μ", "ﷺ", "٣",
           "·", "__debug__", "__builtins__", "None", "match", "print", "sum", "ag", "Value", "inf", "nan", "find",
           "result", "", " ", "_", "1st", "class", "v1", "v2", "v_1", "a b", "a\nb", "\u2028", "\ud800", "😀",
           "\u202eabc", "w" * 500, 'say "hi"', "\\", "'", "{}", "\0", 5, None]  # fmt: skip
labels = st.one_of(st.sampled_from(FOREIGN), st.text(max_size=8), st.sampled_from(dir(builtins) + keyword.kwlist))


@given(st.lists(labels, min_size=8, max_size=8))
def test_any_labels_make_a_program_that_gives_the_same_number(told):
    leaves = [Value(1.5**k, label=label) for k, label in enumerate(told[:5])]
    v = leaves[0] * 3.0 + ag.dot(leaves[1:3], leaves[3:5])
    v.label = told[5]
    w = v * v.tanh() - Value(math.inf).tanh() + leaves[0]
    w.args[0].label, w.label = told[6:]
    program = to_python(w)
    names = {}
    exec(program, names)
    assert shape(names["result"]) == shape(w)
    made = [line.split(" = ")[0] for line in program.splitlines() if " = " in line]
    assert len(set(made)) == len(made) and not set(made) & {*dir(builtins), *keyword.kwlist}
    assert all(name == unicodedata.normalize("NFKC", name) and len(name) < 80 for name in made)


def test_a_registered_operation_is_found_by_name(register):
    half = register("python_half_example", lambda x: 0.5 * x, lambda x, z: (0.5,))
    assert rerun(half(Value(3.0))).data == 1.5


def test_operators_keep_their_grouping():
    a, b, c = (Value(x, label=name) for name, x in [("a", 3.0), ("b", 0.1), ("c", 0.7)])
    last = {
        "a + (b + c)": a + (b + c),
        "a + b - c": a + b - c,
        "a - (b - c)": a - (b - c),
        "(-a) ** 2.0": (-a) ** 2,
        "-a ** 2.0": -(a**2),
        "a ** b ** c": a ** (b**c),
        "(a ** b) ** c": (a**b) ** c,
        "a ** -b": a**-b,
        "-(-a)": (-a).neg(),
        "(-2.0) ** a": (-2.0) ** a,
        "-2.0 * a": -2.0 * a,
        "a / (b * c)": a / (b * c),
    }
    for text, v in last.items():
        assert to_python(v).splitlines()[-1] == f"result = {text}"
        assert bits(rerun(v).data) == bits(v.data)


def test_only_values_are_written():
    with pytest.raises(TypeError, match=r"to_python writes Values, not int \(3\)"):
        to_python(3)
