"""Every pass gives the numbers of the tape it was given, to the last bit; each rule is tried at awkward points."""

import re

import pytest

import autograd
from autograd import Value, func
from autograd.compiler import passes
from autograd.compiler.passes import alive, hoisted, rules
from autograd.compiler.tape import PARAMETER, SAMPLE, Tape, evaluate, record
from autograd.compiler.traced import detached
from autograd.primitive import TABLE
from tests.compiler.graphs import optimised, points, random_function, same, simplified


def build(pattern, letters, rows, first):
    """The rows of one side of a rule; its number."""
    if isinstance(pattern, str):
        return letters.index(pattern)
    if isinstance(pattern, float):
        return pattern
    args = tuple(build(part, letters, rows, first) for part in pattern[1])
    rows.append((detached if pattern[0] == "detached" else TABLE[pattern[0]], args))
    return first + len(rows) - 1


@pytest.mark.parametrize("rule", rules, ids=lambda rule: rule.text)
def test_each_rule_is_exact_and_fires(rule):
    letters = sorted(set(re.findall(r"\b[a-z]\b", rule.text.split("=>")[0])))
    rows = []
    out = build(rule.left, letters, rows, len(letters))
    tape = Tape((PARAMETER,) * len(letters), rows, [out])
    simpler = optimised(tape)
    assert len(simpler.rows) < len(rows) or [op for op, _ in simpler.rows] != [op for op, _ in rows]
    for point in points(len(letters)):
        (before,), (after,) = evaluate(tape, point), evaluate(simpler, point)
        assert same(before, after), (point, before, after)


@pytest.mark.parametrize("rule", rules, ids=lambda rule: rule.text)
def test_each_rule_fires_whatever_its_letters_stand_for(rule):
    letters = sorted(set(re.findall(r"\b[a-z]\b", rule.text.split("=>")[0])))
    rows = [(TABLE["neg"], (i,)) for i in range(len(letters))]  # the row that rules look into most
    before = len(rows)
    shifted = [None] * len(letters) + letters  # a letter's number is that of its row
    out = build(rule.left, shifted, rows, len(letters))
    simpler = simplified(Tape((PARAMETER,) * len(letters), rows, [out]))
    left = alive(simpler)
    assert len(left.rows) < len(rows) or [op for op, _ in simpler.rows[before:]] != [op for op, _ in rows[before:]]


@pytest.mark.parametrize("text", ["x + 0.0", "x * 0.0", "x - x", "x / x", "0.0 - x"])
def test_what_is_not_exact_is_left_alone(text):
    x = Value(2.0)
    tape = record([eval(text, {"x": x})], [x])
    assert optimised(tape).rows == tape.rows


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("make", [simplified, alive, optimised])
def test_random_graphs_with_second_derivatives(seed, make):
    f = random_function(seed, 25, 2)
    xs = [Value(0.4), Value(-0.7)]
    value, first = func.value_and_grad(f)(xs)
    second = func.hessian(f)(xs)
    tape = record([value, *first, *second[0], *second[1]], xs)
    shorter = make(tape)
    for point in points(2, seed)[-25:]:
        assert all(map(same, evaluate(tape, point), evaluate(shorter, point)))
    assert len(optimised(tape).rows) < len(tape.rows)


def test_equal_rows_are_computed_once_but_zeros_and_types_are_told_apart():
    x, y = Value(2.0), Value(3.0)
    tape = simplified(record([x * y, y * x, x - y, y - x], [x, y]))
    assert len(tape.rows) == 3
    tape = simplified(record([x.maximum(0.0), x.maximum(-0.0)], [x]))
    assert len(tape.rows) == 2
    tape = simplified(record([x + y, x + 1.0], [x, y]))  # row number 1 is not the constant 1.0
    assert len(tape.rows) == 2


def test_dead_rows_go():
    x = Value(2.0)
    x.exp()
    tape = Tape((PARAMETER,), [(TABLE["exp"], (0,)), (TABLE["sin"], (0,)), (TABLE["cos"], (1,))], [2])
    assert [op.name for op, _ in alive(tape).rows] == ["sin"]


def test_rows_of_parameters_are_hoisted():
    w, x = Value(2.0), Value(3.0)
    tape = optimised(record([w.exp() * x + w * w, w * w, x], [w, x], [PARAMETER, SAMPLE]))
    once, each = hoisted(tape)
    assert sorted(op.name for op, _ in once.rows) == ["exp", "mul"]
    assert sorted(op.name for op, _ in each.rows) == ["add", "mul"]
    for point in points(2):
        assert all(map(same, evaluate(tape, point), evaluate(each, [*point, *evaluate(once, point[:1])])))


def test_a_constant_is_not_taken_for_the_row_of_that_number():
    w, x = Value(2.0), Value(3.0)
    tape = record([x * 2.0 + w.exp() * x], [w, x], [PARAMETER, SAMPLE])
    numbers = {op.name: k for k, (op, _) in enumerate(tape.rows, 2)}
    for constant in map(float, numbers.values()):
        swap = {repr(2.0): constant}
        rows = [(op, tuple(swap.get(repr(arg), arg) for arg in args)) for op, args in tape.rows]
        changed = tape._replace(rows=rows)
        once, each = hoisted(changed)
        want = evaluate(changed, [0.5, 4.0])
        assert evaluate(each, [0.5, 4.0, *evaluate(once, [0.5])]) == want
        assert evaluate(optimised(changed), [0.5, 4.0]) == want


def test_the_specification_names_operations_of_the_table():
    named = set(re.findall(r"([a-z_0-9]+)\(", "\n".join(rule.text for rule in passes.rules)))
    assert named - {"detached"} <= set(TABLE)


def test_an_operation_on_a_constant_that_gives_an_int_is_no_row_of_that_number():
    step = autograd.register("step", lambda x: int(x > 0.0), lambda x, z: (0.0,))
    x = Value(3.0)
    tape = optimised(record([x + step(Value(2.0))], [x]))
    autograd.unregister("step")
    assert evaluate(tape, [3.0]) == [4.0]
