"""The tape says what the graph says."""

import pytest

from autograd import Value
from autograd.compiler.tape import PARAMETER, SAMPLE, depends, evaluate, expansion, record
from autograd.primitive import TABLE
from tests.compiler.graphs import counts, points, random_function, same


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_is_taped_bit_for_bit(name):
    op = TABLE[name]
    for count in counts(op):
        for point in points(count):
            inputs = [Value(x) for x in point]
            node = Value.__autograd__(inputs[0], op, tuple(inputs))
            (taped,) = evaluate(record([node], inputs), point)
            assert same(taped, node.data), (point, taped, node.data)


def test_composites_are_written_out_in_plain_rows():
    for op in TABLE.values():
        if op.composite:
            body = expansion(op.name, counts(op)[-1])
            assert body.rows
            assert not any(inner.composite for inner, _ in body.rows)


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed):
    f = random_function(seed, 60, 3)
    inputs = [Value(x) for x in (0.3, -1.2, 2.0)]
    out = f(inputs)
    assert same(evaluate(record([out], inputs), [0.3, -1.2, 2.0])[0], out.data)


def test_order_sharing_and_constants():
    x = Value(3.0)
    y = x * 2.0
    tape = record([y + y, 4.0, Value(5.0)], [x], [SAMPLE])
    assert [op.name for op, _ in tape.rows] == ["mul", "add"]
    assert tape.rows[1][1] == (1, 1)
    assert tape.outputs == [2, 4.0, 5.0]
    assert tape.kinds == (SAMPLE,)


def test_nothing_below_an_input_is_looked_at():
    x = Value(3.0)
    y = x.exp()
    assert len(record([y * 2.0], [y]).rows) == 1


def test_what_depends_on_samples():
    w, x = Value(1.0), Value(2.0)
    tape = record([w * w + x], [w, x], [PARAMETER, SAMPLE])
    assert depends(tape, SAMPLE) == [False, True, False, True]


def test_a_deep_graph_needs_no_recursion():
    x = y = Value(1.0)
    for _ in range(50_000):
        y = y * 1.0
    assert len(record([y], [x]).rows) == 50_000
