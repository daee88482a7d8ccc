"""autograd.compile as its users meet it: the same numbers as the plain function, whatever changes between calls."""

import copy
import dataclasses
import functools
import gc
import math
import pickle
import random
import threading
import warnings
import weakref
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest

import autograd
from autograd import Value, func, where
from autograd.compiler import api
from autograd.compiler.guards import GuardError
from tests.compiler.graphs import points, random_function, same

BACKENDS = ["python", "llvm"]


@pytest.fixture(params=BACKENDS)
def compiled(request):
    """autograd.compile with each back end, in the eager engine's order and with its functions."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return lambda f=None, **options: autograd.compile(f, **{"backend": request.param, "exact": True, **options})


def flat(tree):
    if isinstance(tree, (list, tuple)):
        return [x for branch in tree for x in flat(branch)]
    return [tree]


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_value_gradient_and_hessian(compiled, seed):
    f = random_function(seed, 20, 3)
    for g in (f, func.value_and_grad(f), func.hessian(f)):
        fast = compiled(g)
        for point in points(3, seed)[-25:]:
            want = g([Value(x) for x in point])
            want = [x.data if isinstance(x, Value) else x for x in flat(want)]
            assert all(map(same, flat(fast(point)), want)), point


def test_arguments_and_results_of_any_shape(compiled):
    Pair = namedtuple("Pair", "a b")

    def f(x, tree, how, flag=None):
        assert how == "sum"
        assert flag is None
        return {"p": Pair(x + 1, tree["w"][0] * 2), "q": (tree["b"],), "text": how, "none": flag, "three": 3}

    result = compiled(f)(1, {"w": [2.0, 5.0], "b": np.float32(3.0)}, "sum", None)
    assert result == {"p": (2.0, 4.0), "q": (3.0,), "text": "sum", "none": None, "three": 3}
    assert type(result["p"]) is Pair


def test_arrays_in_and_out(compiled):
    def layer(w, x):
        return np.tanh(w @ x)

    w, x = np.arange(6.0).reshape(2, 3) / 10, np.array([1.0, 2.0, 3.0])
    result = compiled(layer)(w, x)
    assert result.shape == (2,)
    np.testing.assert_allclose(result, np.tanh(w @ x), rtol=1e-15)


def test_another_branch_traces_again(compiled):
    traces = []

    @compiled
    def f(x, y):
        traces.append(1)
        return x * x if x > y else y - x

    assert [f(2.0, 1.0), f(1.0, 3.0), f(5.0, 1.0), f(0.0, 9.0), f(1.0, 1.0)] == [4.0, 2.0, 25.0, 9.0, 0.0]
    assert len(traces) == 2
    assert f(float("nan"), 1.0) != f(float("nan"), 1.0)
    assert repr(f) == "<compiled f, 2 traces>"


def test_too_many_branches_are_said_once_and_still_right(compiled):
    def steps(x):
        count = 0
        while x > count:
            count += 1
        return x * count

    fast = compiled(steps, max_traces=3)
    with pytest.warns(RuntimeWarning, match="steps took 3 different branches.*raise max_traces"):
        assert [fast(k + 0.5) for k in range(6)] == [(k + 0.5) * (k + 1) for k in range(6)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fast(8.5) == 8.5 * 9
    assert len(fast.recordings) == 3


def test_weights_in_a_closure_are_read_at_each_call(compiled):
    w = Value(2.0, label="w")
    fast = compiled(lambda x: w * x + w * w)
    assert fast(3.0) == 10.0
    w.data = 5.0
    assert fast(3.0) == 40.0
    assert fast.source().startswith("def compiled(x, w):")


class Model:
    def __init__(self):
        self.w, self.b = Value(2.0), Value(1.0)

    def parameters(self):
        return [self.w, self.b]

    def __call__(self, x):
        return self.w * x + self.b


def test_a_module_among_the_arguments(compiled):
    def loss(model, x, y):
        error = (model(x) - y) ** 2
        return error, autograd.grad(error, model.parameters())

    fast, model = compiled(loss), Model()
    assert fast(model, 3.0, 5.0) == (4.0, (12.0, 4.0))
    model.w.data = 0.0
    assert fast(model, 3.0, 5.0) == (16.0, (-24.0, -8.0))
    model.w = Value(4.0)  # another node in the same place
    assert fast(model, 3.0, 5.0) == (64.0, (48.0, 16.0))
    assert fast(Model(), 3.0, 5.0) == (4.0, (12.0, 4.0))


def test_what_a_module_holds_is_part_of_the_trace(compiled):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.layers, self.training, self.rate, self._calls = [Model(), Model()], True, 0.5, 0

        def __call__(self, x):
            self._calls += 1
            for layer in self.layers:
                x = layer(x)
            return x * self.rate if self.training else x

    net = Net()
    fast = compiled(lambda net, x: net(x))

    def check():
        want = net(3.0)
        assert fast(net, 3.0) == fast(net, 3.0) == (want.data if isinstance(want, Value) else want)
        return len(fast.recordings)

    assert check() == 1
    net.layers[0].w.data = 7.0
    assert check() == 1
    calls = net._calls
    assert (fast(net, 3.0), net._calls) == (fast(net, 3.0), calls)
    for change in (
        lambda: setattr(net, "training", False),
        lambda: net.layers.append(Model()),
        lambda: setattr(net.layers[1], "b", Value(9.0)),
        lambda: setattr(net, "training", True),
        lambda: setattr(net, "rate", 0.25),
        lambda: net.layers.pop(),
    ):
        change()
        check()


def test_called_with_values_it_is_the_function_itself(compiled):
    fast = compiled(lambda x: x * x)
    x = Value(3.0)
    fast(x).backward()
    assert x.grad == 6.0
    assert func.grad(fast)(4.0) == 8.0
    assert compiled(lambda x: fast(x) + 1.0)(2.0) == 5.0


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_a_batch_called_with_values_is_graph_sample_by_sample(compiled, reduce):
    def f(w, p, flag=None):
        return {"loss": (w * p[0] - p[1]) ** 2, "pair": (p[0] * w, 1.0, flag)}

    fast = compiled(f, in_axes=(None, 0, None), reduce=reduce)
    w, points = Value(2.0), np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]])
    want = fast(2.0, points)
    for got in (fast(w, points), fast(2.0, points * Value(1.0)), fast(w, points.tolist())):
        assert got["pair"][2] is None
        for a, b in zip(flat([got["loss"], got["pair"][:2]]), flat([want["loss"], want["pair"][:2]])):
            np.testing.assert_allclose(np.array(a * 1.0, float), b, rtol=1e-15)
    total = fast(w, points)["loss"]
    total = total if reduce else autograd.sum(total)
    weight = 1 / 3 if reduce == "mean" else 1.0
    assert autograd.grad(total, w)[0] == pytest.approx(weight * (0.0 + 2 * 3.0 * 1.0 + 2 * 4.0 * 7.0), rel=1e-15)


def test_a_batch_inside_a_trace_and_under_grad(compiled):
    loss = compiled(lambda w, x: (w * x - 1.0) ** 2, in_axes=(None, 0), reduce="mean")
    xs = [1.0, 2.0, 3.0]
    want = sum(2.0 * (0.5 * x - 1.0) * x for x in xs) / 3
    assert func.grad(loss)(0.5, xs) == pytest.approx(want, rel=1e-14)
    outer = compiled(func.value_and_grad(lambda w: loss(w, xs) + 1.0))
    assert outer(0.5) == pytest.approx((loss(0.5, xs) + 1.0, want), rel=1e-14)
    constant = Value(2.0)
    inner = compiled(lambda x: x * constant, in_axes=0)
    assert list(inner([1.0, 2.0])) == list(inner([1.0, 2.0])) == [2.0, 4.0]
    both = compiled(lambda x: x + inner([1.0, 2.0])[1])
    assert both(1.0) == 5.0
    constant.data = 5.0
    assert both(1.0) == 11.0
    with pytest.raises(ValueError, match="the results of samples 0 and 1 differ in shape"):
        compiled(lambda x: [x] * int(float(x)), in_axes=0)([Value(1.0), Value(2.0)])


def test_defaults_that_are_left_out_in_a_batch(compiled):
    fast = compiled(lambda x, k=2.0: x * k, in_axes=(0, None))
    assert list(fast([1.0, 2.0])) == [2.0, 4.0]
    assert list(fast([1.0, 2.0], 3.0)) == [3.0, 6.0]


def test_results_that_are_not_looked_into_are_an_error_with_their_type(compiled):
    @dataclasses.dataclass
    class Pair:
        a: object

    for f, name in [
        (lambda x: {Value(2.0) * x}, "set"), (lambda x: Pair(x * 2.0), "Pair"), (lambda x: lambda: x, "function"),
        (lambda x: (y for y in [x]), "generator"), (lambda x: iter([1.0]), "list_iterator"),
        (lambda x: [{"a": x}.values()], "dict_values"),
    ]:  # fmt: skip
        with pytest.raises(autograd.TraceError, match=f"the result has a {name}, which .*: return numbers in lists"):
            compiled(f)(1.0)
    kept = Pair(3.0)
    assert compiled(lambda x: (x, kept, {1, 2}))(1.0) == (1.0, kept, {1, 2})
    assert compiled(lambda x: np.array(x, dtype=object))(1.0) == 1.0
    with pytest.raises(autograd.TraceError, match=r"the text 'x = <traced .*' in the result"):
        compiled(lambda x: {f"x = {x:.0f}": 1.0})(1.0)


def test_traces_for_many_kinds_of_arguments_are_bounded_and_said_once(compiled, monkeypatch):
    monkeypatch.setattr(api, "MOST_SHAPES", 3)
    fast = compiled(lambda xs: autograd.sum(xs))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(2):
            for n in range(1, 8):
                assert fast([1.0] * n) == n
                assert fast([1.0]) == 1.0
    assert [str(w.message).partition(":")[0] for w in said] == [
        "<lambda> was called with more than 3 kinds of arguments (lengths of lists, Modules, functions, flags)"
    ]
    assert said[0].filename == __file__
    assert len(fast.recordings) == 3
    assert len(fast.recordings[0].names) == 1  # the one in constant use has never been dropped


def test_modules_and_functions_are_not_kept_alive(compiled):
    fast = compiled(lambda model, x: model(x))
    gone = []
    for k in range(20):
        model, function = Model(), lambda x, k=k: x * k
        assert fast(model, 3.0) == 7.0
        assert fast(function, 3.0) == 3.0 * k
        gone += [weakref.ref(model), weakref.ref(function)]
    del model, function
    gc.collect()
    assert not any(ref() for ref in gone)
    fast(Model(), 3.0)
    assert len(fast.recordings) == 1


def test_what_changes_often_is_said_once(compiled, monkeypatch):
    monkeypatch.setattr(api, "MOST_MOVES", 3)
    step = 0.0
    fast = compiled(lambda x: x * step)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for k in range(8):
            step = float(k)
            assert fast(2.0) == 2.0 * k
    assert [w.filename for w in said] == [__file__]
    assert "3 times because something that it uses had changed, the last time a variable of" in str(said[0].message)


def test_the_object_of_a_method(compiled):
    class Ordinary:
        def __init__(self, k):
            self.k = k

        @compiled
        def times(self, x):
            return self.k * x

        @compiled(static_argnums=0)
        def plus(self, x):
            return self.k + x

    with pytest.raises(TypeError, match=r"not Ordinary: .*static_argnums \(0 if it is the object of a method\).*param"):
        Ordinary(2.0).times(3.0)
    a = Ordinary(2.0)
    assert [a.plus(3.0), a.plus(4.0), Ordinary(10.0).plus(3.0)] == [5.0, 6.0, 13.0]
    a.k = Value(7.0)
    assert a.plus(3.0) == 10.0


def test_dicts_of_other_classes_stay_what_they_are(compiled):
    def f(d):
        return d["zz"] + d["a"], type(d)(d) if type(d) is OrderedDict else d

    fast = compiled(f)
    for make in (lambda: defaultdict(float, a=2.0, b=3.0), lambda: OrderedDict(zz=1.0, a=2.0)):
        want, got = f(make()), [fast(make()) for _ in range(3)]
        assert got == [want] * 3
        assert [type(x[1]) for x in got] == [type(want[1])] * 3
    assert fast(defaultdict(float, a=2.0))[1]["new"] == 0.0
    counts = compiled(lambda d: d["zz"] + d["a"])
    assert [counts(defaultdict(lambda: 1.0, a=2.0)), counts({"zz": 0.0, "a": 5.0})] == [3.0, 5.0]


class Scaled(dict):
    scale = 2.0


class Sized(list):
    def __init__(self, n):
        super().__init__([float(n)])


Pair = namedtuple("Pair", "a b")


def test_containers_of_other_classes_are_made_anew_as_they_were(compiled):
    for f, x in [
        (lambda d: sum(d.values()), Counter(a=1.5, b=2)), (lambda d: d["a"] * 2.0, Counter(a=1.5)),
        (lambda d: type(d)(d), Counter(a=1.5)), (lambda d: d["a"] + d["zz"], Counter(a=1.5)),
        (lambda d: d["a"] * d.scale, Scaled(a=2.0)), (lambda p: p.a * p.b, Pair(1.5, 2.0)),
        (lambda p: type(p)(p.b, p.a), Pair(1.5, 2.0)), (lambda xs: sum(xs), Sized(3)),
    ]:  # fmt: skip
        want, fast = f(x), compiled(f)
        assert [fast(x) for _ in range(3)] == [want] * 3
        assert type(fast(x)) is type(want)
        [sample] = compiled(f, in_axes=0)([x]) if isinstance(want, float) else [want]
        assert sample == want


def test_the_class_of_a_container_is_looked_at(compiled, monkeypatch):
    fast = compiled(lambda d: d["a"] * d.scale)
    assert fast(Scaled(a=2.0)) == fast(Scaled(a=2.0)) == 4.0
    monkeypatch.setattr(Scaled, "scale", 3.0)
    assert fast(Scaled(a=2.0)) == fast(Scaled(a=2.0)) == 6.0


def test_attributes_of_a_container_are_not_carried_along_in_silence(compiled):
    """They could be other ones at each call."""
    class Rows(list):
        pass

    rows, table = Rows([1.0]), Scaled(a=2.0)
    rows.scale = table.scale = 3.0
    for x, name, plain in [(rows, "Rows", "list"), (table, "Scaled", "dict")]:
        with pytest.raises(TypeError, match=rf"a {name} with attributes of its own \(scale\) .* a plain {plain}, and"):
            compiled(lambda x: 1.0)(x)
        with pytest.raises(TypeError, match=rf"{name} with attributes of its own"):
            compiled(lambda y, x=x: x)(1.0)


def test_a_container_that_holds_itself_is_an_error(compiled):
    loop, table = [1.0], {}
    loop.append(loop)
    table["me"] = [table]
    for x in (loop, table):
        with pytest.raises(ValueError, match="holds itself"):
            compiled(lambda x: 1.0)(x)
        with pytest.raises(ValueError, match="holds itself"):
            compiled(lambda x: 1.0, in_axes=0)([x])


def test_sequences_that_are_no_lists_say_what_to_pass(compiled):
    for x, name in [(range(3), "range"), (deque([1.0]), "deque"), ({1.0}, "set"), (iter([1.0]), "list_iterator")]:
        with pytest.raises(TypeError, match=f"not {name}: pass a list of its numbers"):
            compiled(lambda x: x[0])(x)
    assert list(compiled(lambda x: x * 2.0, in_axes=0)(range(3))) == [0.0, 2.0, 4.0]


def test_arrays_that_are_no_numbers_say_so_without_axes_too(compiled):
    for x, message in [
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"an argument has 1 masked numbers: fill them first"),
        (np.array(["2026-01-01"], "datetime64[D]"), r"an array of datetime64\[D\]: convert it"),
        (np.array([[1.0]]).view(np.matrix), "is a matrix, which multiplies otherwise .* np.asarray"),
        ([np.array([1j])], "an array of complex128: .* pass its .real and .imag"),
        (np.zeros(2, [("a", float)]), "an array of .*: convert it to numbers first"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            compiled(lambda x: 1.0)(x)
    with pytest.raises(TypeError, match=r"argument 0 has in_axes=0, so it must be an array or a list of samples"):
        compiled(lambda x: x, in_axes=0)(np.array(3.0))


def test_copies_trace_for_themselves(compiled):
    fast = compiled(math.hypot)
    for again in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert again._f is math.hypot
        assert again._options == fast._options
    fast = compiled(lambda x: x * 2.0, max_traces=3)
    assert fast(1.0) == copy.deepcopy({"model": fast})["model"](1.0) == 2.0
    assert not copy.deepcopy(fast).recordings


def test_second_derivatives_that_are_zero_cost_nothing(compiled):
    def separable(x):
        return autograd.sum(xi**3 for xi in x)

    fast = compiled(func.hessian(separable))
    result = fast([1.0, 2.0, 3.0])
    assert result == [[6.0, 0.0, 0.0], [0.0, 12.0, 0.0], [0.0, 0.0, 18.0]]
    assert len(fast.recordings[0].tape.outputs) == 3 + 1  # the verdict on the guards is the last


def test_methods_and_decorator_with_options(compiled):
    class Scale:
        def __init__(self, k):
            self.k = Value(k)

        @compiled(max_traces=2)
        def times(self, x):
            return self.k * x

    class Named(Scale):
        def parameters(self):
            return [self.k]

    assert [Named(2.0).times(3.0), Named(4.0).times(3.0)] == [6.0, 12.0]


def test_arguments_by_name(compiled):
    def f(x, y=2.0, *, z=1.0):
        return x - y * z

    fast = compiled(f)
    assert [fast(1.0), fast(1.0, 3.0), fast(y=3.0, x=5.0), fast(x=4.0)] == [-1.0, -2.0, 2.0, 2.0]
    assert [fast(1.0, z=2.0), fast(1.0, 3.0, z=4.0), fast(x=1.0, z=0.5)] == [-3.0, -11.0, 0.0]
    assert [f(1.0, z=Value(2.0)).data, fast(1.0, z=Value(2.0)).data] == [-3.0, -3.0]
    assert len(fast.recordings) == 3
    fast.clear()
    assert not fast.recordings
    options = compiled(lambda x, **rates: x * sum(rates.values()))
    assert [options(2.0, a=1.0, b=3.0), options(2.0, b=5.0)] == [8.0, 10.0]
    with pytest.raises(TypeError, match="unexpected keyword argument 'w'"):
        fast(1.0, w=2.0)


@pytest.mark.parametrize("derive", [
    func.jacobian, func.grad, lambda f: lambda x: func.hvp(f, x, [1.0, -1.0]),
    lambda f: lambda x: func.jvp(f, [x], [[0.5, 2.0]]), lambda f: lambda x: func.vjp(f, x)[1](3.0),
    lambda f: func.grad(lambda x: func.grad(lambda y: f([y, x[1]]))(x[0])),
])  # fmt: skip
def test_every_way_to_differentiate(compiled, derive):
    derived = derive(lambda x: autograd.sin(x[0] * x[1]) + x[0] ** 3)
    fast = compiled(derived)
    for x in ([0.5, 2.0], [-1.0, 0.25]):
        assert fast(x) == derived(x)


def test_static_arguments(compiled):
    fast = compiled(lambda x, n: autograd.sum(x**k for k in range(n)), static_argnums=[1])
    assert [fast(2.0, 3), fast(2.0, 4), fast(3.0, 3)] == [7.0, 15.0, 13.0]
    assert fast(2.0, True) == 1.0
    with pytest.raises(TypeError, match=r"argument 1 is in static_argnums, so it must be hashable, not \[3\]"):
        fast(2.0, [3])


def test_static_arguments_are_compared_exactly(compiled):
    scale = compiled(lambda x, s: x * s, static_argnums=1)
    assert [repr(scale(1.0, s)) for s in (0.0, -0.0, 0.0)] == ["0.0", "-0.0", "0.0"]
    kind = compiled(lambda x, s: x * {int: 1.0, float: 2.0, bool: 3.0}[type(s[0])], static_argnums=1)
    assert [kind(1.0, (s,)) for s in (1, True, 1.0)] == [1.0, 3.0, 2.0]
    keys = compiled(lambda d: [x * (2.0 if key is True else 1.0) for key, x in d.items()])
    assert [keys({1: 1.0}), keys({True: 1.0}), keys({1.0: 1.0})] == [[1.0], [2.0], [1.0]]
    nothing = compiled(lambda x, s: x + len(repr(s)), static_argnums=1)
    assert [nothing(1.0, float("nan")) for _ in range(3)] == [4.0] * 3
    assert len(nothing.recordings) == 1


def test_what_a_static_argument_holds_is_looked_at(compiled):
    class Options:
        def __init__(self):
            self.rate = 2.0

    fast, options = compiled(lambda x, o: x * o.rate, static_argnums=1), Options()
    assert fast(3.0, options) == 6.0
    options.rate = 5.0
    assert fast(3.0, options) == 15.0


def test_clear_draws_random_numbers_again(compiled):
    draws = iter([2.0, 5.0])
    fast = compiled(lambda x: x * next(draws))
    assert [fast(3.0), fast(3.0)] == [6.0, 6.0]
    fast.clear()
    assert fast(3.0) == 15.0


def test_arrays_without_axes_are_numbers(compiled):
    fast = compiled(lambda x: x * 2.0)
    assert [fast(np.array(3.0)), fast(np.array(3)), fast(np.float32(3.0))] == [6.0] * 3
    assert fast(np.array(Value(3.0), dtype=object)).data == 6.0


# ------------------------------------------------------------------------------------------------------------ batches


def loss(w, x, y):
    return (autograd.tanh(w[0] * x[0] + w[1] * x[1]) - y) ** 2


X, Y = np.linspace(-2.0, 2.0, 14).reshape(7, 2), np.linspace(0.0, 1.0, 7)


def test_a_batch_is_every_sample_by_itself(compiled):
    fast = compiled(func.value_and_grad(loss), in_axes=(None, 0, 0))
    values, slopes = fast([0.5, -0.25], X, Y)
    assert values.shape == slopes[0].shape == slopes[1].shape == (7,)
    for i in range(7):
        want, (a, b) = func.value_and_grad(loss)([0.5, -0.25], list(X[i]), Y[i])
        assert (values[i], slopes[0][i], slopes[1][i]) == (want, a, b)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_reduced_over_the_samples(compiled, reduce):
    fast = compiled(func.value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce)
    value, slopes = fast([0.5, -0.25], X, Y)
    each = [func.value_and_grad(loss)([0.5, -0.25], list(x), y) for x, y in zip(X, Y)]
    weight = {"sum": 1.0, "mean": 1 / 7}[reduce]
    assert value == pytest.approx(weight * sum(v for v, _ in each), rel=1e-14)  # sums of 7 terms, reordered
    assert slopes == pytest.approx([weight * sum(g[k] for _, g in each) for k in (0, 1)], rel=1e-14)


def test_constants_and_rows_of_parameters_in_a_batch(compiled):
    def f(w, x):
        return [w * w, 3.0, x * w]

    a, b, c = compiled(f, in_axes=(None, 0))(2.0, [1.0, 2.0, 3.0])
    assert (list(a), list(b), list(c)) == ([4.0] * 3, [3.0] * 3, [2.0, 4.0, 6.0])
    assert compiled(f, in_axes=(None, 0), reduce="mean")(2.0, [1.0, 2.0, 3.0]) == [4.0, 3.0, 4.0]
    assert compiled(f, in_axes=(None, 0), reduce="sum")(2.0, [1.0, 2.0, 3.0]) == [12.0, 9.0, 12.0]


def test_containers_and_array_results_in_a_batch(compiled):
    def f(sample):
        return np.array([sample["x"][0] * 2.0, sample["y"] + sample["x"][1]])

    result = compiled(f, in_axes=0)({"x": X, "y": Y})
    np.testing.assert_array_equal(result, np.stack([2 * X[:, 0], Y + X[:, 1]], axis=1))
    rows = compiled(f, in_axes=0)({"x": X.tolist(), "y": Y.tolist()})
    np.testing.assert_array_equal(rows, result)


def test_samples_that_branch_differently_are_an_error_that_says_where(compiled):
    def f(x):
        if x > 1.0:
            return x
        return x * x

    fast = compiled(f, in_axes=0)
    assert list(fast([2.0, 3.0])) == [2.0, 3.0]
    assert list(fast([0.5, -1.0])) == [0.25, 1.0]
    with pytest.raises(GuardError, match=r"(?s)`x > 1.0` is True for sample 0 and False for sample 2 of the batch.*"
                       r"where\(greater\(x, y\), a, b\).*test_api.py:\d+: if x > 1.0"):
        fast([2.0, 3.0, 0.0])
    assert list(compiled(lambda x: where(x.greater(1.0), x, x * x), in_axes=0)([2.0, 0.5])) == [2.0, 0.25]


def test_a_branch_on_a_parameter_is_fine_in_a_batch(compiled):
    fast = compiled(lambda w, x: w * x if w > 0.0 else x, in_axes=(None, 0))
    assert list(fast(2.0, [1.0, 2.0])) == [2.0, 4.0]
    assert list(fast(-2.0, [1.0, 2.0])) == [1.0, 2.0]


@pytest.mark.parametrize(("options", "args", "message"), [
    ({"in_axes": 1}, (), r"in_axes must be 0 .* or None .*, got 1"),
    ({"reduce": "max", "in_axes": 0}, (), "reduce must be one of None, 'mean', 'sum', got 'max'"),
    ({"reduce": "mean"}, (), "reduce='mean' needs samples"),
    ({"threads": 0}, (), "threads must be a whole number, at least 1, got 0"),
    ({"threads": "2"}, (), "threads must be a whole number, at least 1, got '2'"),
    ({"max_traces": 0}, (), "max_traces must be a whole number, at least 1, got 0"),
    ({"static_argnums": 3}, (1.0,), "static_argnums names argument 3, the call has 1, counted from 0"),
    ({"static_argnums": -1}, (1.0,), "static_argnums names argument -1"),
    ({"static_argnums": "0"}, (1.0,), "static_argnums is the number of an argument, .* not '0'"),
    ({"static_argnums": 1.0}, (1.0,), "static_argnums is the number of an argument, .* not 1.0"),
    ({"dtype": "float16"}, (), "dtype must be one of 'float64', 'float32', got 'float16'"),
    ({"backend": "cuda"}, (), "backend must be one of"),
    ({"in_axes": (0,)}, ([1.0], [2.0]), "in_axes has 1 entries, the call 2 arguments"),
    ({"in_axes": 0}, ([1.0], [2.0, 3.0]), "argument 1 has 2 samples, the arguments before it 1"),
    ({"in_axes": 0}, ([], []), "argument 0 has no samples: a batch needs at least one"),
    ({"in_axes": 0}, ([[1.0], [1.0, 2.0]], [1.0, 1.0]), "the samples of argument 0 differ in shape"),
])  # fmt: skip
def test_wrong_options_and_batches_say_what_is_wrong(options, args, message):
    with pytest.raises(ValueError, match=message):
        autograd.compile(lambda x, y: x + y, **options)(*args)


@pytest.mark.parametrize("backend", ["python", "llvm"])
@pytest.mark.parametrize(("array", "message"), [
    (np.array([1 + 2j, 3.0]), r"argument 0 is an array of complex128: .* pass its .real and .imag"),
    (np.array(["1", "2"]), r"argument 0 is an array of <U1: convert it to numbers first"),
    (np.array(["2026-01-01"], "datetime64[D]"), r"argument 0 is an array of datetime64\[D\]: convert it"),
    (np.ma.masked_array([1.0, 2.0, 3.0], [True, False, True]), r"argument 0 has 2 masked numbers: fill them first"),
])  # fmt: skip
def test_a_batch_of_what_are_not_real_numbers_is_an_error(backend, array, message):
    with pytest.raises((TypeError, ValueError), match=message):
        autograd.compile(lambda x: x * 2.0, in_axes=0, backend=backend)(array)


def test_a_mask_that_masks_nothing_is_fine():
    assert autograd.compile(lambda x: x * 2.0, in_axes=0)(np.ma.masked_array([1.0, 2.0])).tolist() == [2.0, 4.0]


def test_wrong_things_say_what_is_wrong():
    with pytest.raises(TypeError, match=r"compile expects a function, got float \(3.0\)"):
        autograd.compile(3.0)
    async def later(x):
        return x


    class Odd:
        def __getattr__(self, name):
            raise KeyError(name)

    with pytest.raises(TypeError, match=r"a compiled function takes numbers, .* not Odd"):
        autograd.compile(lambda x: x)(Odd())
    with pytest.raises(TypeError, match="compile expects a function that returns its result, and later is async"):
        autograd.compile(later)
    with pytest.raises(TypeError, match="argument 0 has in_axes=0, so it must be an array or a list of samples"):
        autograd.compile(lambda x: x, in_axes=0)(3.0)
    with pytest.raises(TypeError, match="not complex"):
        autograd.compile(lambda x: x)(3j)
    with pytest.raises(ValueError, match="nothing has been traced yet"):
        autograd.compile(lambda x: x).source()


# ------------------------------------------------------------------------------------------------- precision, threads


def test_float32_rounds(compiled):
    fast = compiled(lambda x: x / 3.0, dtype="float32")
    assert fast(1.0) == float(np.float32(1.0) / np.float32(3.0))
    batch = compiled(lambda x: x / 3.0, dtype="float32", in_axes=0)(np.arange(5, dtype=np.float32))
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, np.arange(5, dtype=np.float32) / np.float32(3.0))


def test_single_precision_overflows_in_every_row(compiled):
    fast = compiled(lambda x: x * x / x, dtype="float32")
    assert [fast(1e30), fast(3.0)] == [math.inf, 3.0]


def test_comparisons_are_of_single_precision(compiled):
    """In the trace too: of arguments and constants, of rows and of composites, of constants that the function makes."""
    w, rng = Value(0.1), random.Random(0)

    def f(x, t):
        near = x + 1e-9 > x, x == 0.1, w * x > 0.1 * x
        terms = [1.0, w, x, x, x, 1e-9]
        made = Value(2.0) * 1.1 + 0.1
        return x * x >= t, autograd.sum(terms) >= t, made * x * 1.1 + 0.1 >= t, near

    def by_numpy(x, t):
        tenth, more = f32(0.1), f32(1.1)
        total = ((f32(1.0) + tenth + x + x) + x) + f32(1e-9)
        return x * x >= t, total >= t, (f32(2.0) * more + tenth) * x * more + tenth >= t, (False, x == tenth, False)

    f32, fast, outcomes = np.float32, compiled(f, dtype="float32", max_traces=100), set()
    for _ in range(400):
        x = f32(rng.choice([0.1, rng.uniform(1.0, 2.0)]))
        t = rng.choice([x * x, 1.1 + 3.0 * float(x), 2.3 * float(x) * 1.1 + 0.1]) + rng.choice([-1e-7, 0.0, 1e-7])
        assert fast(float(x), float(t)) == by_numpy(x, f32(t)), (x, t)
        outcomes.add(fast(float(x), float(t)))
    assert len(outcomes) > 6


def test_calls_beyond_max_traces_and_the_source_are_of_single_precision(compiled):
    fast = compiled(lambda x: x * 0.1 / 3.0 if x > 0.0 else -x, dtype="float32", max_traces=1)
    assert fast.source(-1.0).startswith("from autograd import equal, greater\nfrom autograd.ieee import float32")
    with pytest.warns(RuntimeWarning, match="different branches"):
        assert fast(0.7) == float(np.float32(0.7) * np.float32(0.1) / np.float32(3.0))


def test_a_last_bit_that_decides_a_comparison_is_an_error():
    """One in which a function on vectors differs from Python's."""
    pytest.importorskip("llvmlite")
    x = np.linspace(-3.0, 3.0, 4001)
    fast, exact = (autograd.compile(lambda x: x.exp(), in_axes=0, exact=exact)(x) for exact in (False, True))
    lower = np.flatnonzero(fast < exact)[:1]
    compiled = functools.partial(autograd.compile, lambda x, c: x if x.exp() >= c else -x, in_axes=0)
    with pytest.raises(GuardError, match=r"`exp\(x\) >= c` is True as Python .* False in the compiled .* exact=True"):
        compiled()(x[lower], exact[lower])
    assert compiled(exact=True)(x[lower], exact[lower]) == x[lower]


def test_many_threads_call_at_once(compiled):
    fast = compiled(func.value_and_grad(lambda x: x * x if x > 0.0 else -x))
    wrong = []

    def work(k):
        for i in range(200):
            x = float(i - 100) * k
            if fast(x) != ((x * x, 2 * x) if x > 0 else (-x, -1.0)):
                wrong.append(x)

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2, 3, 4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong
    assert len(fast.recordings) == 2


def test_the_source_can_be_read():
    fast = autograd.compile(lambda x, w: (x * w["a"]).tanh() if x > 0.0 else x)
    assert fast.source(2.0, {"a": 3.0}) == '''from autograd import equal, greater, tanh

def compiled(x, w_a):
    v2 = greater(x, 0.0)
    v3 = x * w_a
    v4 = tanh(v3)
    v5 = equal(v2, 1.0)
    return (v4, v5)'''


def test_single_precision_rounds_constants_in_a_result(compiled):
    fast = compiled(lambda x: (0.1, x * 0.1, 3, {"flag": True, "rest": [0.1]}), dtype="float32")
    rounded = float(np.float32(0.1))
    for _ in range(3):
        assert repr(fast(1.0)) == repr((rounded, rounded, 3, {"flag": True, "rest": [rounded]}))
    assert repr(compiled(lambda x: 0.1, dtype="float32", in_axes=0)([1.0])[0]) == repr(np.float32(0.1))
    assert compiled(lambda x: 0.1)(1.0) == 0.1
