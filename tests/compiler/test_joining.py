"""Rows that one instruction computes: which they are, and the same numbers to the last bit."""

import itertools

import numpy as np
import pytest

from autograd import Value
from autograd.compiler import batch, interpreter, joining, native, point
from autograd.compiler.tape import SAMPLE, evaluate, record
from autograd.primitive import TABLE
from tests.compiler.graphs import points, same

pytest.importorskip("llvmlite")

OPTIONS = {"dtype": "float64", "reduce": None, "threads": 1, "exact": False}


@pytest.mark.parametrize(("outer", "inner"), [*itertools.product(sorted(joining.ARITHMETIC), repeat=2)])
def test_arithmetic_in_arithmetic(outer, inner, monkeypatch):
    """Each operation in each, as either operand, and the other operand before and after its own."""
    monkeypatch.setattr(batch, "LONG", 0)
    monkeypatch.setattr(point, "LONG", 0)
    outer, inner = TABLE[outer], TABLE[inner]
    inputs = [Value(0.5), Value(2.0), Value(3.0)]
    for slot in range(len(outer.operands)):
        for others in (inputs, inputs[::-1]):
            operands = [others[2]] * len(outer.operands)
            operands[slot] = inner(*others[: len(inner.operands)])
            tape = record([outer(*operands)], inputs, [SAMPLE] * 3)
            made = batch.Batch(tape, lambda t: lambda xs: evaluate(t, xs), OPTIONS)
            run = point.NativePoint(tape, "float64")
            assert len(made.words) == len(run.kept[0].words) == interpreter.WORDS
            where = points(3)
            (column,) = made(list(np.array(where).T), len(where))
            for p, number in zip(where, column.tolist(), strict=True):
                assert same(number, evaluate(tape, p)[0]), (p, number)
                assert same(number, run(p)[0]), (p, number)


def instructions(*outputs):
    return interpreter.encode(record(outputs, [x, y])).instructions


x, y = Value(2.0), Value(3.0)


@pytest.mark.parametrize(
    ("outputs", "count"),
    [
        (lambda t: [t - y], 1),
        (lambda t: [-(t - y)], 2),  # two rows at most
        (lambda t: [t * t], 2),  # read twice, by one row
        (lambda t: [t + x, t + y], 3),  # by two
        (lambda t: [t + x, t], 2),  # it is a result
        (lambda t: [t / y, t.sin()], 3),  # by what is not arithmetic
        (lambda t: [t.sin() * y], 3),
        (lambda t: [t.sin() * t.cos()], 3),
        (lambda t: [t - 2.0, x - 3.0 * y], 2),
    ],
)
def test_what_is_one_instruction(outputs, count):
    assert instructions(*outputs(x * y)) == count


def test_operands_in_either_order_are_one_case():
    tape = record([(x + y) * y, x * (x + 2.0)], [x, y])
    assert len(interpreter.encode(tape).cases) == 1
    assert len(interpreter.encode(record([x * y - x, y - x * 3.0], [x, y])).cases) == 2


def test_the_cases_of_one_point_are_the_tables_plain_operations():
    cases = joining.plain(record([x], [x]))
    assert {op.name for (op,), _, _ in cases} == {name for name, op in TABLE.items() if not op.composite}
    code, _ = interpreter.text(cases, interpreter.form("float64"), 1)
    assert code.count("\ncase") == len(cases)
    assert isinstance(interpreter.at_points(cases), native.Library)
