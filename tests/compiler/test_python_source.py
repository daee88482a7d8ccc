"""The generated Python: readable, steppable, and equal to the eager engine to the last bit."""

import gc
import inspect
import linecache
import math
import sys

import pytest

import autograd
from autograd import Value, func
from autograd.compiler.python_source import function, source
from autograd.compiler.tape import PARAMETER, Tape, record
from autograd.ieee import float32
from autograd.primitive import TABLE
from tests.compiler.graphs import counts, optimised, points, random_function, same


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_bit_for_bit(name):
    op = TABLE[name]
    for count in counts(op):
        xs = [Value(0.5 + i) for i in range(count)]
        run = function(record([Value.__autograd__(xs[0], op, tuple(xs))], xs), [f"x{i}" for i in range(count)])
        for point in points(count):
            assert same(run(*point)[0], op.forward(*point)), point


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_with_derivatives(seed):
    f = random_function(seed, 40, 3)
    xs = [Value(0.5), Value(0.6), Value(0.7)]
    value, slopes = func.value_and_grad(f)(xs)
    run = function(optimised(record([value, *slopes], xs)), ["x", "y", "z"])
    for point in points(3, seed)[-30:]:
        nodes = [Value(x) for x in point]
        want, want_slopes = func.value_and_grad(f)(nodes)
        want_slopes = [g.data if isinstance(g, Value) else g for g in want_slopes]
        assert all(map(same, run(*point), [want.data, *want_slopes])), point


def test_it_reads_well():
    x, w = Value(2.0), Value(3.0)
    out = ((-x * w).tanh() / 2.0 - -1.0) ** 3.0
    text = source(record([out], [x, w]), ["x", "w"], "neuron", "y of x and w")
    assert text == '''from autograd import div, pow, tanh

def neuron(x, w):
    """y of x and w"""
    v2 = -x
    v3 = v2 * w
    v4 = tanh(v3)
    v5 = div(v4, 2.0)
    v6 = v5 - (-1.0)
    v7 = pow(v6, 3.0)
    return (v7,)'''


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_program(seed):
    f = func.value_and_grad(random_function(seed, 40, 2))
    xs = [Value(0.5), Value(0.6)]
    value, slopes = f(xs)
    text = source(optimised(record([value, *slopes, xs[0] * -math.inf, xs[1] + math.nan], xs)), ["x", "y"])
    space = {}
    exec(text, space)
    value, slopes = f([0.25, -0.75])
    found = space["compiled"](0.25, -0.75)
    assert all(map(same, found, [value, *slopes, -math.inf, math.nan])), text


def test_a_program_finds_operations_of_your_own():
    cube = autograd.register("cube", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
    try:
        x = Value(2.0)
        text = source(record([cube(x)], [x]), ["x"])
        space = {}
        exec(text, space)
        assert space["compiled"](3.0) == (27.0,)
        autograd.register("cube", lambda x: x, lambda x, z: (1.0,))
        assert f"# cube_{id(cube):x}: what cube was when this was traced" in source(record([cube(x)], [x]), ["x"])
    finally:
        autograd.unregister("cube")


def test_an_operation_may_be_called_like_what_rounds():
    op = autograd.register("float32", lambda x: x * 3.0, lambda x, z: (3.0,))
    try:
        x = Value(2.0)
        tape = record([op(x) + 0.1], [x])
        space = {}
        exec(source(tape, ["float32"], rounded=float32), space)
        assert space["compiled"](2.0) == function(tape, ["x"], rounded=float32)(2.0) == (float32(6.0 + float32(0.1)),)
    finally:
        autograd.unregister("float32")


def test_names_that_would_collide_are_changed():
    inputs = [Value(float(i)) for i in range(5)]
    tape = record([inputs[0] + inputs[1].exp() * inputs[2] + inputs[3] * inputs[4]], inputs)
    assert function(tape, ["exp", "v5", "lambda", "x", "x"])(1.0, 0.0, 2.0, 3.0, 4.0) == (15.0,)


def test_special_constants_and_no_rows():
    inf, nan = float("inf"), float("nan")
    run = function(Tape((PARAMETER,), [(TABLE["add"], (0, -inf))], [inf, -inf, -0.0, nan, 1]), ["x"])
    a, b, c, d, e = run(1.0)
    assert (a, b, str(c), d != d, e) == (inf, -inf, "-0.0", True, -inf)


def test_a_debugger_finds_its_lines():
    x = Value(2.0)
    run = function(record([x.exp() * 3.0], [x]), ["x"])
    assert inspect.getsource(run).splitlines()[1].strip() == "v1 = exp(x)"
    lines = []

    def tracer(frame, event, arg):
        if frame.f_code is run.__code__:
            lines.append(frame.f_lineno)
            return tracer
        return None

    sys.settrace(tracer)
    try:
        run(1.0)
    finally:
        sys.settrace(None)
    assert lines[:3] == [1, 2, 3]


def test_the_lines_of_a_function_go_with_it():
    x = Value(2.0)
    run = function(record([x * 3.0], [x]), ["x"])
    filename = run.__code__.co_filename
    assert filename in linecache.cache
    del run
    gc.collect()
    assert filename not in linecache.cache
