"""What a compiled function reaches besides its arguments: another object there now is noticed at the next call."""

import gc

import pytest

import autograd
import nn
from autograd import Value, func
from autograd.compiler import places
from autograd.compiler.places import reached

SHIFT = Value(1.0)


@pytest.fixture(params=["python", "llvm"])
def backend(request):
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return request.param


def test_a_name_of_the_module_is_bound_to_another_value(backend, monkeypatch):
    f = autograd.compile(lambda x: x + SHIFT, backend=backend)
    assert [f(1.0), f(2.0)] == [2.0, 3.0]
    monkeypatch.setitem(globals(), "SHIFT", Value(10.0))
    assert [f(1.0), f(2.0)] == [11.0, 12.0]
    monkeypatch.delitem(globals(), "SHIFT")
    with pytest.raises(NameError, match="SHIFT"):
        f(1.0)


def test_a_name_of_the_enclosing_function_is_bound_to_another_value(backend):
    weight = Value(2.0)
    f = autograd.compile(func.value_and_grad(lambda x: x * x * weight), backend=backend)
    assert [f(1.0), f(1.0)] == [(2.0, 4.0)] * 2
    weight = Value(3.0)
    assert [f(1.0), f(1.0)] == [(3.0, 6.0)] * 2
    weight.data = 5.0
    assert f(1.0) == (5.0, 10.0)


@pytest.mark.parametrize("change", [
    lambda ws: ws.append(Value(4.0)),
    lambda ws: ws.pop(),
    lambda ws: ws.__setitem__(1, Value(7.0)),
    lambda ws: ws.reverse(),
    lambda ws: ws.clear(),
])  # fmt: skip
def test_a_list_of_values_changes(backend, change):
    ws = [Value(1.0), Value(2.0), Value(3.0)]
    plain = lambda x: sum((w * x**k for k, w in enumerate(ws)), 0.0)
    f = autograd.compile(plain, backend=backend)
    assert [f(2.0), f(3.0)] == [17.0, 34.0]
    change(ws)
    assert [f(2.0), f(3.0)] == [float(plain(2.0)), float(plain(3.0))]


def test_a_dict_an_object_and_a_helper_change(backend):
    class Line:
        def __init__(self):
            self.slope = Value(2.0)

        def at(self, x):
            return self.slope * x

    line, table = Line(), {"a": {"deep": [Value(1.0)]}}
    helper = lambda x: x + table["a"]["deep"][0]
    f = autograd.compile(lambda x: helper(x), backend=backend)
    g = autograd.compile(line.at, backend=backend)
    assert (f(1.0), f(1.0), g(1.0), g(1.0)) == (2.0, 2.0, 2.0, 2.0)
    table["a"]["deep"] = [Value(5.0)]
    line.slope = Value(3.0)
    assert (f(1.0), f(1.0), g(1.0), g(1.0)) == (6.0, 6.0, 3.0, 3.0)
    table["a"] = {"deep": [Value(7.0)]}
    assert f(1.0) == 8.0
    helper = lambda x: x - table["a"]["deep"][0]
    assert f(1.0) == -6.0


def test_a_module_in_the_closure_gets_another_layer(backend):
    model = nn.MLP(2, [3, 1])
    f = autograd.compile(lambda x: model(x), backend=backend)
    x = [0.3, -0.2]
    assert f(x) == f(x) == float(model(x))
    model.layers[-1] = nn.MLP(3, [1]).layers[0]
    assert f(x) == f(x) == float(model(x))
    model.parameters()[0].data = 2.0
    assert f(x) == float(model(x))


def test_of_two_ways_to_a_value_both_are_watched(backend):
    shared = Value(2.0)
    first, second = [shared], [shared]
    f = autograd.compile(lambda x: x * first[0] + second[0], backend=backend)
    assert f(3.0) == f(3.0) == 8.0
    second[0] = Value(1.0)
    assert f(3.0) == 7.0
    first[0] = Value(4.0)
    assert f(3.0) == 13.0


def test_nothing_is_watched_without_values():
    numbers, helper = [1.0, 2.0], autograd.relu
    assert reached(lambda x: helper(x) * numbers[0]) == ([], [])


def test_what_a_look_does_not_tell_has_no_words():
    cell = [Value(1.0)]
    assert [word[0] for word in places.words(reached(lambda x: cell[0] * x)[1])] == [0, 2, 3]
    many = {"w": Value(1.0)}
    assert [word[0] for word in places.words(reached(lambda x: many["w"] * x)[1])] == [0, 4, 1]
    some = {Value(1.0)}
    assert places.words(reached(lambda x: sum(some) * x)[1]) is None


def test_a_watched_object_that_is_gone_is_kept():
    """The fast path compares addresses: an object whose memory is used again must not pass for the old one."""
    box = [Value(2.0)]
    f = autograd.compile(lambda x: box[0] * x)
    assert f(1.0) == f(1.0) == 2.0
    for k in range(50):
        box[0] = Value(float(k))
        gc.collect()
        assert f(1.0) == float(k)
