"""The native fast path of a call: taken when it fits, left when it does not, never in the way."""

import gc
import sys
import threading
import weakref
from collections import namedtuple

import numpy as np
import pytest

import autograd
from autograd import Value, func
from autograd.compiler import calling
from autograd.compiler.held import Held
from autograd.compiler.tape import record
from autograd.compiler.trace import tracing

pytest.importorskip("llvmlite")
from autograd.compiler.point import NativePoint

pytestmark = pytest.mark.skipif(sys.implementation.name != "cpython", reason="CPython's C interface")


def quick(compiled):
    """Whether the next call goes to a builtin first."""
    return type(compiled._run) is type(len)


def native(f, **options):
    return autograd.compile(f, backend="llvm", **options)


def test_numbers_lists_and_tuples_go_the_fast_way():
    fast = native(lambda x, ys, t: (x * ys[0], [ys[1], t[0] * t[1][0]]))
    first = fast(2.0, [3.0, 4.0], (5.0, [6.0]))
    assert quick(fast)
    assert fast(2.0, [3.0, 4.0], (5.0, [6.0])) == first == (6.0, [4.0, 30.0])
    assert quick(fast)


def test_what_another_trace_has_left_is_followed(monkeypatch):
    counter = [0.0]

    def step(x):
        counter[0] += 1.0
        return x * 2.0 if x > 0.0 else x

    fast, other = native(step), native(step)
    assert [fast(1.0), fast(-1.0), other(1.0), fast(-1.0), counter] == [2.0, -1.0, 2.0, -1.0, [3.0]]
    assert quick(fast)
    with monkeypatch.context() as patch:
        patch.delattr(Held, "current")
        assert fast(-2.0) == -2.0
    counter[0] = 7.0
    assert [fast(-1.0), counter] == [-1.0, [8.0]]


def test_results_of_every_shape():
    def f(x):
        return {"a": x, "b": [x + 1.0, 7, (x, None)], 3: "text", "c": {"d": ()}}, [], [[x], []]

    fast = native(f)
    assert fast(1.0) == fast(1.0) == f(1.0)
    assert quick(fast)
    assert list(fast(2.0)[0]) == ["a", "b", 3, "c"]
    result = fast(3.0)
    result[0]["b"].append(5)  # the caller's own, each time
    result[0]["new"] = 1
    assert fast(3.0) == f(3.0)


@pytest.mark.parametrize(("args", "want"), [
    ((3, [1.0, 2.0]), 5.0), ((3.0, [1, 2.0]), 5.0), ((3.0, (1.0, 2.0)), 5.0), ((3.0, [1.0, 2.0, 9.0]), 5.0),
    ((True, [1.0, 2.0]), 3.0),
])  # fmt: skip
def test_what_does_not_fit_takes_the_ordinary_way(args, want):
    fast = native(lambda x, ys: x * ys[0] + ys[1])
    assert fast(3.0, [1.0, 2.0]) == 5.0
    assert quick(fast)
    assert fast(*args) == want
    assert fast(3.0, [1.0, 2.0]) == 5.0


def test_wrong_calls_are_python_errors():
    fast = native(lambda x, y: x * y)
    fast(1.0, 2.0)
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'y'"):
        fast(1.0)
    with pytest.raises(TypeError, match=r"not list \(\[None\]\)"):
        fast(1.0, [None])
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        fast(1.0, 2.0, 3.0)
    assert fast(1.0, 2.0) == 2.0


def test_values_still_give_graph():
    fast = native(lambda x: x * x)
    fast(3.0)
    assert quick(fast)
    x = Value(3.0)
    fast(x).backward()
    assert x.grad == 6.0
    assert func.grad(fast)(5.0) == 10.0


def test_a_failing_guard_leaves_the_fast_way_and_comes_back():
    fast = native(lambda x: x if x > 0.0 else -x)
    assert [fast(x) for x in (1.0, -2.0, 3.0, -4.0, -5.0)] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert len(fast.recordings) == 2


def test_weights_in_a_closure_are_read_on_the_fast_way_too():
    w, b = Value(2.0), Value(1.0)
    fast = native(lambda x: x * w + b)
    assert fast(3.0) == 7.0
    assert quick(fast)
    w.data = 4.0
    assert fast(3.0) == 13.0
    b.data = 5  # not a float: the ordinary way
    assert fast(3.0) == 17.0
    before = sys.getrefcount(w), sys.getrefcount(w.data)
    for _ in range(1000):
        fast(3.0)
    assert (sys.getrefcount(w), sys.getrefcount(w.data)) == before


def test_inside_another_trace_its_weights_are_inputs_of_that_trace():
    w = Value(2.0)
    inner = native(lambda x: x * w)
    assert inner(3.0) == 6.0
    assert quick(inner)
    outer = native(lambda x: x + inner(5.0) * w)
    assert outer(1.0) == 21.0
    w.data = 3.0
    assert outer(1.0) == 46.0


def test_a_module_takes_the_ordinary_way():
    class Model:
        def __init__(self):
            self.w = Value(2.0)

        def parameters(self):
            return [self.w]

    fast, model = native(lambda model, x: model.w * x), Model()
    assert fast(model, 3.0) == 6.0
    assert not quick(fast)
    model.w = Value(5.0)
    assert fast(model, 3.0) == 15.0


def test_references_are_counted_right():
    marker = "a string that is part of the result"
    fast = native(lambda x: [x, marker, (x, marker)])
    fast(1.0)
    x, xs = 12345.678, [1.0]
    before = sys.getrefcount(x), sys.getrefcount(marker), sys.getrefcount(0.0)
    for _ in range(1000):
        fast(x)
    assert (sys.getrefcount(x), sys.getrefcount(marker), sys.getrefcount(0.0)) == before
    total = native(lambda xs: xs[0] * 2.0)
    total(xs)
    before = sys.getrefcount(xs), sys.getrefcount(xs[0])
    for _ in range(1000):
        total(xs)
    assert (sys.getrefcount(xs), sys.getrefcount(xs[0])) == before


def test_arrays_go_the_fast_way_in_and_out():
    fast = native(lambda w, x: (np.tanh(w @ x), np.array([[x[0], 0.0, 7.0], [1.0, x[1], 0.5]]), x[2]))
    w, x = np.arange(6.0).reshape(2, 3) / 10, np.array([1.0, 2.0, 3.0])
    first = fast(w, x)
    assert quick(fast)
    for again in (fast(w, x), fast(w, x)):
        assert all(map(np.array_equal, again, first))
        assert [type(part) for part in again] == [np.ndarray, np.ndarray, float]
    again[1][:] = 9.0  # the caller's own, each time
    assert np.array_equal(fast(w, x)[1], first[1])
    before = sys.getrefcount(w), sys.getrefcount(x)
    for _ in range(100):
        fast(w, x)
    assert (sys.getrefcount(w), sys.getrefcount(x)) == before


def test_arrays_of_every_kind_give_the_same():
    x = np.arange(12.0).reshape(3, 4)
    fast = native(lambda x: x[0, 1] - x[2, 3] * 2.0 + x[1, 0])
    want = fast(x)
    assert quick(fast)
    wide = np.zeros((3, 8))
    wide[:, ::2] = x
    big = x.astype(">f8")
    kinds = [x.astype(int), x.astype(np.float32), x.astype(object), big, np.asfortranarray(x), wide[:, ::2],
             x[::-1].copy()[::-1]]
    for other in kinds:
        assert fast(other) == want
        assert fast(x) == want
    assert fast(np.vstack([x, x])) == want
    x.flags.writeable = False
    assert fast(x) == want


def test_namedtuples_go_the_fast_way_out():
    Pair = namedtuple("Pair", "a b")

    class Mine(Pair):
        def __new__(cls, a, b):
            return super().__new__(cls, a, [b])

    fast = native(lambda x: Pair(x, (x * 2.0, 5)))
    assert fast(1.0) == fast(2.0)._replace(a=1.0, b=(2.0, 5)) == Pair(1.0, (2.0, 5))
    assert quick(fast)
    assert type(fast(1.0)) is Pair
    own = native(lambda x: Mine(x, x))
    assert own(2.0) == own(2.0) == Mine(2.0, 2.0)
    assert type(own(3.0)) is Mine
    assert quick(own)


def test_sparse_second_derivatives_go_the_fast_way():
    f = lambda x: autograd.sum(a * a * b for a, b in zip(x, x[1:]))
    fast, x = native(func.hessian(f, sparse=True)), [1.0, 2.0, 3.0, 4.0]
    fast(x)
    assert quick(fast)
    assert fast(x).dense() == func.hessian(f)(x)
    assert len(fast(x).values) == 9  # of 16


def test_no_memory_for_a_result_is_an_error():
    class Full:
        def copy(self):
            raise MemoryError("no room")

    shape = ("dict", ("a", "b"), ("number", ("array", (1,), ("number",))), (dict,))
    for whole in (shape, ("tuple", (shape, "number")), ("list", ("number", shape))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(calling, "array_of", lambda shape, items: Full())
            point = NativePoint(record([Value(1.0)] * 3 + [1.0], []), "float64")
            made = calling.builtin(("tuple", 0), [], Held([]), whole, point, print)
        with pytest.raises(MemoryError, match="no room"):
            made()


def test_a_compiled_function_can_go():
    fast = native(lambda x: x * x)
    fast(2.0)
    fast(2.0)
    builtin, gone = fast._run, weakref.ref(fast)
    assert builtin(3.0) == 9.0
    del fast, builtin
    gc.collect()
    assert gone() is None


def test_clear_forgets_the_fast_way_too():
    rate = [2.0]
    fast = native(lambda x: x * rate[0])
    assert fast(1.0) == fast(1.0) == 2.0
    rate[0] = 3.0
    fast.clear()
    assert fast(1.0) == fast(1.0) == 3.0


@pytest.mark.parametrize(("break_it", "error"), [
    (lambda w: delattr(w, "data"), "data"), (lambda w: setattr(w, "data", "a"), "must be real number"),
])  # fmt: skip
def test_a_value_without_its_number_is_an_error_of_python(break_it, error):
    w = Value(2.0)
    fast = native(lambda a: a * w)
    assert fast(1.0) == fast(1.0) == 2.0
    assert quick(fast)
    break_it(w)
    with pytest.raises((AttributeError, TypeError, ValueError), match=error):
        fast(1.0)
    w.data = 3.0
    assert fast(1.0) == 3.0


def test_a_warm_function_that_is_called_with_numbers_in_a_trace_is_part_of_it():
    class Holder:
        pass

    w, hidden = Value(2.0), Holder()
    hidden.g = native(lambda x: x * w)
    assert hidden.g(1.0) == hidden.g(1.0) == 2.0
    f = native(lambda x: x + hidden.g(1.0))
    assert f(1.0) == 3.0
    w.data = 5.0
    assert f(1.0) == 6.0
    assert [call[0].name for call in f.recordings[0].tape.rows] == ["add"]


def test_while_a_trace_runs_every_call_is_an_ordinary_one():
    w = Value(2.0)
    fast = native(lambda x: x * w)
    assert fast(1.0) == fast(1.0) == 2.0
    inside = []
    other = threading.Thread(target=lambda: inside.append(fast(3.0)))
    with tracing([w]):
        other.start()
        other.join()
        assert type(fast(3.0)) is not float
    assert inside == [6.0]
