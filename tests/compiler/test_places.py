"""What a compiled function reaches besides its arguments: another object there now is noticed at the next call."""

import functools
import gc
import importlib
import math
import sys
import threading
from argparse import Namespace
from collections import ChainMap, UserDict, UserList, defaultdict, deque, namedtuple
from contextvars import ContextVar
from types import MappingProxyType, ModuleType, SimpleNamespace

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, func
from autograd.compiler import places
from autograd.compiler.search import reached

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


def test_every_kind_of_place_has_words_or_says_that_a_look_does_not_tell():
    class Slotted:
        __slots__ = ("w",)

    box, some, table, array, queue = Slotted(), [1.0], {"w": None}, np.ones(3), deque([1.0])
    box.w = Value(1.0)
    for f, kinds in [
        (lambda x: some[0] * x, {0, 2, 3}), (lambda x: table["w"], {0, 3, 4}), (lambda x: box.w, {0, 1, 3, 5}),
        (lambda x: array[0], {0, 3, 6}), (lambda x: SHIFT, {1, 3}),
    ]:  # fmt: skip
        found = places.words([*reached(f)[1].values()])
        assert set(found[0][::4]) == kinds
    assert places.words([*reached(lambda x: queue[0])[1].values()]) is None


class Settings:
    """The object of many tests: attributes of the class and of the object."""

    scale = 2.0

    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def shift(self, x):
        return x + 1.0


CHANGES = {
    "a name that held None": ("b = None", "x if b is None else x + b", "b = Value(1.0)"),
    "a name that held a number": ("k = 2.0", "x * k", "k = 5.0"),
    "a zero of the other sign": ("k = 0.0", "x * k", "k = -0.0"),
    "a number of another type": ("k = 1", "x * 2.0 if k is True else x", "k = True"),
    "an empty list": ("ws = []", "sum(ws, x)", "ws.append(Value(1.0))"),
    "a list of numbers": ("ks = [1.0, 2.0]", "x * ks[1]", "ks[1] = 3.0"),
    "an empty dict": ("d = {}", "x + d.get('w', 0.0)", "d['w'] = Value(7.0)"),
    "the order of a dict": ("d = {'a': 1.0, 'b': 2.0}", "x * next(iter(d.values()))", "d['a'] = d.pop('a')"),
    "a helper": ("h = lambda x: x * x", "h(x)", "h = lambda x: x ** 3"),
    "a built-in that is hidden": ("", "sum([x, x])", "sum = lambda xs: xs[0]"),
    "a name that is deleted": ("abs = lambda x: x * 3.0", "abs(x)", "del abs"),
    "an attribute": ("o = Settings(w=Value(2.0))", "x * o.w", "o.w = Value(5.0)"),
    "a private one": ("o = Settings(_w=2.0)", "x * o._w", "o._w = 5.0"),
    "a new one": ("o = Settings()", "x * getattr(o, 'w', 1.0)", "o.w = 3.0"),
    "one that hides the class's": ("o = Settings()", "x * o.scale", "o.scale = 3.0"),
    "an object in an object": ("o = Settings(inner=Settings(k=2.0))", "x * o.inner.k", "o.inner.k = 3.0"),
    "objects in a circle": ("o = Settings(k=2.0); o.me = o", "x * o.me.me.k", "o.k = 3.0"),
    "an attribute of a class": ("o = Settings()", "x * o.scale", "Settings.scale = 4.0"),
    "a method": ("o = Settings()", "o.shift(x)", "Settings.shift = lambda self, x: x - 1.0"),
    "a deque": ("q = deque([Value(2.0)])", "x * q[0]", "q[0] = Value(3.0)"),
    "a set": ("s = {2.0}", "x * max(s)", "s.add(3.0)"),
    "an array": ("a = np.array([1.0, 2.0])", "x * float(a[1])", "a[1] = 5.0"),
    "an array of Values": ("a = np.array([Value(1.0)])", "x * a[0]", "a[0] = Value(4.0)"),
    "a slot": ("o = Slots(); o.w = 1.0", "x * o.w", "o.w = 2.0"),
    "an empty slot": ("o = Slots()", "x * getattr(o, 'w', 1.0)", "o.w = 2.0"),
    "a namespace": ("o = SimpleNamespace(w=1.0)", "x * o.w", "o.w = 2.0"),
    "a module": ("m = ModuleType('mine'); m.k = 1.0", "x * m.k", "m.k = 2.0"),
    "a default": ("def h(x, ks=[1.0]): return x * ks[0]", "h(x)", "h.__defaults__[0][0] = 2.0"),
    "a default of a helper": ("def h(x, k=2.0): return x * k", "h(x)", "h.__defaults__ = (3.0,)"),
    "a default that is new": ("def h(x, *k): return x", "h(x)", "h.__code__ = (lambda x, *k: x * 5.0).__code__"),
    "a default by name": ("def h(x, *, k=2.0): return x * k", "h(x)", "h.__kwdefaults__['k'] = 3.0"),
    "all defaults by name": ("def h(x, *, k=2.0): return x * k", "h(x)", "h.__kwdefaults__ = {'k': 3.0}"),
    "the code of a helper": ("def h(x): return x", "h(x)", "h.__code__ = (lambda x: x * 3.0).__code__"),
    "an attribute of a function": ("def h(x): return x * h.k\nh.k = 2.0", "h(x)", "h.k = 3.0"),
    "an attribute of the function itself": ("", "x * getattr(plain, 'k', 2.0)", "plain.k = 3.0"),
    "a keyword of a partial": ("h = partial(lambda x, k: x * k, k=2.0)", "h(x)", "h.keywords['k'] = 3.0"),
    "a subclass's own": ("class B(Settings): pass\no = B()", "x * o.scale", "B.scale = 3.0"),
    "a subclass's method": ("class B(Settings): pass\no = B()", "o.shift(x)", "B.shift = lambda self, x: x * 7.0"),
    "a subclass's call": (
        "class A:\n def __call__(self, x): return x\nclass B(A): pass\no = B()", "o(x)",
        "B.__call__ = lambda self, x: x * 7.0"),
    "a layer's own forward": (
        "class B(nn.Module):\n def forward(self, x): return x\nclass C(B): pass\no = C()", "o([x, x])[0]",
        "C.forward = lambda self, x: [x[0] * 7.0, x[1]]"),
    "an attribute that may be missing": ("m = ModuleType('mine')", "x * getattr(m, 'k', 1.0)", "m.k = 2.0"),
    "a class's that may be missing": ("", "x * (2.0 if hasattr(Settings, 'k') else 1.0)", "Settings.k = 2.0"),
    "a missing one that is an error": (
        "m = ModuleType('mine')\ndef h(x):\n try: return x * m.k\n except AttributeError: return x", "h(x)",
        "m.k = 2.0"),
    "a missing one in vars()": ("m = ModuleType('mine')", "x * vars(m).get('k', 1.0)", "m.k = 2.0"),
    "a name through globals()": ("k = 2.0", "x * globals()['k']", "k = 3.0"),
    "an argparse.Namespace": ("o = Namespace(lr=2.0)", "x - o.lr * x", "o.lr = 0.5"),
    "one by a name that is computed": ("o = Namespace(lr=2.0)", "x * getattr(o, 'l' + 'r')", "o.lr = 0.5"),
    "a Value in a Namespace": ("o = Namespace(w=Value(2.0))", "x * o.w", "o.w = Value(3.0)"),
    "a dict's own attribute": ("class D(dict): pass\nd = D(); d.k = 2.0", "x * d.k", "d.k = 3.0"),
    "a method of a list": ("class D(list):\n k = 2.0\nd = D()", "x * d.k", "D.k = 3.0"),
    "a namedtuple's method": (
        "class D(namedtuple('D', 'k')):\n def h(self, x): return x\nd = D(2.0)", "d.h(x)",
        "D.h = lambda self, x: x * self.k"),
    "beside one that fails": (
        "class D:\n def __getattr__(self, name): raise KeyError(name)\nd = D(); d.k = 2.0", "x * d.k", "d.k = 3.0"),
    "a UserDict": ("d = UserDict(k=2.0)", "x * d['k']", "d['k'] = 3.0"),
    "a UserList": ("d = UserList([2.0])", "x * d[0]", "d[0] = 3.0"),
    "a ChainMap": ("d = ChainMap({}, {'k': 2.0})", "x * d['k']", "d['k'] = 3.0"),
    "a dict behind a proxy": ("e = {'k': 2.0}; d = MappingProxyType(e)", "x * d['k']", "e['k'] = 3.0"),
    "a dict's values": ("e = {'k': 2.0}; d = e.values()", "x * max(d)", "e['k'] = 3.0"),
    "a bytearray": ("d = bytearray(b'abc')", "x * d[0]", "d[0] = 3"),
    "a memoryview": ("e = bytearray(b'abc'); d = memoryview(e)", "x * d[0]", "e[0] = 3"),
    "a context variable": ("v = ContextVar('v', default=2.0)", "x * v.get()", "v.set(3.0)"),
    "an object of an installed class": ("o = FakeInstalled(); o.k = 2.0", "x * o.k", "o.k = 3.0"),
    "a method of one such object": ("o = FakeInstalled()", "o.double(x)", "o.double = lambda x: x * 3.0"),
    "a value of a Module": ("o = nn.Dropout(0.5).eval()", "o([x, x])[0]", "o.p = 0.0; o.train()"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_is_noticed(backend, name, monkeypatch):
    before, body, change = CHANGES[name]
    monkeypatch.setattr(Settings, "scale", 2.0)
    monkeypatch.setattr(Settings, "shift", Settings.shift)

    class Slots:
        __slots__ = ("w",)

    class FakeInstalled:
        def double(self, x):
            return x * 2.0

    FakeInstalled.__module__ = "json"  # as fixed as what is installed
    names = {"__name__": "notebook", "Value": Value, "Settings": Settings, "Slots": Slots, "deque": deque, "np": np,
             "nn": nn, "SimpleNamespace": SimpleNamespace, "ModuleType": ModuleType, "Namespace": Namespace,
             "UserDict": UserDict, "UserList": UserList, "ChainMap": ChainMap, "MappingProxyType": MappingProxyType,
             "ContextVar": ContextVar, "FakeInstalled": FakeInstalled, "partial": functools.partial,
             "namedtuple": namedtuple}  # fmt: skip
    exec(f"{before}\ndef plain(x): return {body}", names)
    fast = autograd.compile(names["plain"], backend=backend)
    for step in ("", change):
        exec(step, names)
        want = repr(float(names["plain"](3.0)))
        assert [repr(float(fast(3.0))) for _ in range(3)] == [want] * 3
        if backend == "llvm" and name not in ("a deque", "a set", "a context variable"):
            assert type(fast._run) is type(len)
    assert len(fast.recordings) == 1


@pytest.mark.parametrize("how", ["import config_of_test; k = config_of_test.K", "from config_of_test import K as k"])
@pytest.mark.parametrize("before", [True, False])
def test_a_module_that_the_function_imports_itself(backend, how, before, monkeypatch, tmp_path):
    (tmp_path / "config_of_test.py").write_text("K = 2.0")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "config_of_test", raising=False)
    if before:
        importlib.import_module("config_of_test")
    names = {"__name__": "notebook"}
    exec(f"def plain(x):\n    {how}\n    import math\n    return x * k * math.pi", names)
    fast = autograd.compile(names["plain"], backend=backend)
    for k in (2.0, 5.0, 7.0):
        if k > 2.0:
            sys.modules["config_of_test"].K = k
        assert fast(1.0) == fast(1.0) == k * math.pi
    monkeypatch.delitem(sys.modules, "config_of_test")


def test_what_belongs_to_a_thread(backend):
    """Each thread's own, whoever traced, in a class of one's own too."""

    class Mine(threading.local):
        rate = 2.0

    for local in (threading.local(), Mine()):
        local.rate = 3.0
        fast = autograd.compile(lambda x, local=local: x * getattr(local, "rate", 1.0), backend=backend)
        assert fast(1.0) == fast(1.0) == 3.0
        found = []
        thread = threading.Thread(target=lambda: found.append(fast(1.0)))  # noqa: B023
        thread.start()
        thread.join()
        assert found == [getattr(type(local), "rate", 1.0)]
        assert fast(1.0) == 3.0


def test_a_variable_of_the_enclosing_function_that_is_bound_later(backend):
    ws, b = [], None
    f = autograd.compile(lambda x: sum(ws, x if b is None else x + b), backend=backend)
    assert f(3.0) == f(3.0) == 3.0
    b = Value(1.0)
    assert f(3.0) == f(3.0) == 4.0
    ws.append(Value(2.0))
    assert f(3.0) == f(3.0) == 6.0


def test_what_a_function_among_the_arguments_uses(backend):
    w = Value(2.0)

    def g(x):
        return x * w

    f = autograd.compile(lambda h, x: h(x), backend=backend)
    assert f(g, 3.0) == 6.0
    w = Value(5.0)
    assert f(g, 3.0) == 15.0


@pytest.mark.parametrize("use", [lambda x: x.replaceable(), lambda x: (x * 1.0).replaceable() + 1.0])
def test_an_operation_that_is_registered_anew(backend, use):
    try:
        autograd.register("replaceable", lambda x: x * x, lambda x, z: (2.0 * x,))
        f = autograd.compile(func.value_and_grad(use), backend=backend)
        before = f(3.0)
        autograd.register("replaceable", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
        assert f(3.0) == f(3.0) == func.value_and_grad(use)(3.0) != before
    finally:
        autograd.unregister("replaceable")


def test_what_the_function_counts_itself_is_its_affair(backend):
    calls, log = Settings(count=0, rate=2.0), []

    @autograd.compile(backend=backend)
    def f(x):
        calls.count += 1
        log.append("traced")
        return x * calls.rate

    assert [f(1.0), f(2.0), f(3.0)] == [2.0, 4.0, 6.0]
    assert log == ["traced"]
    calls.rate = 3.0
    assert f(1.0) == 3.0


# What f itself changes, an `s` that it changes, and what somebody else does to the same place.
LEFT = {
    "made when it is first asked for": ("", "s.scale = s.scale or 2.0; return x * s.scale", "s.scale = 10.0"),
    "taken back": ("", "s.scale = s.scale or 2.0; s.n = s.n + 1; return x * s.scale + s.n", "s.scale = None"),
    "another type": ("", "s.n = s.n * 1.0; return x * s.n", "s.n = 0.5"),
    "an entry of a defaultdict": ("d = defaultdict(float)", "return x + d['k']", "d['k'] = 5.0"),
    "one that f did not know": ("d = defaultdict(float)", "return x + d['k'] + sum(d.values())", "d['j'] = 5.0"),
    "a list": ("ks = []", "ks.append(sum(ks) + 1.0); return x * ks[-1]", "ks[0] = 4.0"),
    "in what f has made": ("", "s.memo = s.memo or {'k': 2.0}; return x * s.memo['k']", "s.memo['k'] = 3.0"),
    "an array": ("a = np.ones(2)", "a[0] = max(a[0], 2.0); return x * a[0]", "a[0] = 7.0"),
    "a variable around f": ("", "nonlocal k; k = k or 2.0; return x * k", "k = 3.0"),
    "an attribute of a class": ("class C: k = None", "C.k = C.k or 2.0; return x * C.k", "C.k = 5.0"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_what_the_function_has_left_somewhere_is_changed_by_another(backend, name):
    before, body, change = LEFT[name]
    lines = ["def made():", " k, s = None, Settings(scale=None, n=1, memo=None)", f" {before or 'pass'}", " def f(x):",
             f"  {body}", " def change():", f"  nonlocal k; {change}", " return f, change"]  # fmt: skip
    scope = {"__name__": __name__, "Settings": Settings, "np": np, "defaultdict": defaultdict}
    exec("\n".join(lines), scope)
    plain, change_plain = scope["made"]()
    f, change_f = scope["made"]()
    fast = autograd.compile(f, backend=backend)
    want = plain(3.0)
    assert [fast(3.0), fast(3.0), fast(3.0)] == [want] * 3
    change_f()
    change_plain()
    assert fast(3.0) == plain(3.0) != want


def test_two_paths_and_two_functions_that_count_do_not_chase_each_other(backend):
    s, traced = Settings(count=0, log=[], rate=2.0), []

    def step(x):
        traced.append(None)
        s.count += 1
        s.log.append("step")
        return x * s.rate if x > 0.0 else x - s.rate

    f, g = [autograd.compile(step, backend=backend) for _ in range(2)]
    for _ in range(3):
        assert [f(1.0), f(-1.0), f([1.0][0]), g(2.0), g(-2.0)] == [2.0, -3.0, 2.0, 4.0, -4.0]
    assert (len(traced), s.count, len(s.log)) == (4, 4, 4)
    s.rate = 3.0
    assert [f(1.0), f(-1.0), g(2.0), g(-2.0), s.count] == [3.0, -4.0, 6.0, -5.0, 8]
    s.count = 0
    assert [f(1.0), f(-1.0), g(2.0), g(-2.0)] == [3.0, -4.0, 6.0, -5.0] and s.count <= 4


@pytest.mark.parametrize("eagerly", [lambda f, compiled: f(1.0), lambda f, compiled: compiled(Value(1.0))])
def test_a_function_that_counts_is_not_traced_whenever_it_is_called_eagerly(eagerly, backend):
    s = Settings(count=0, log=[], rate=None)

    def step(x):
        s.count += 1
        s.log.append("step")
        if s.rate is None:
            s.rate = 2.0
        return x * s.rate

    f = autograd.compile(step, backend=backend)
    for _ in range(5):
        assert f(1.0) == 2.0
        eagerly(step, f)
    assert (s.count, len(s.log)) == (5 + 2, 5 + 2)  # it was traced twice
    s.rate = 3.0
    assert [f(1.0), f(1.0)] == [3.0, 3.0] and s.count == 8


def test_a_path_that_only_reads_what_another_changes_is_traced_again(backend):
    s = Settings(rate=1.0)

    def f(x):
        if x > 0.0:
            return x * s.rate
        s.rate += 1.0
        return x

    fast = autograd.compile(f, backend=backend)
    assert [fast(1.0), fast(1.0), fast(-1.0), fast(1.0), fast(1.0), fast(-1.0)] == [1.0, 1.0, -1.0, 2.0, 2.0, -1.0]
    assert s.rate == 2.0


def test_a_weight_that_the_function_makes_and_keeps(backend):
    class Lazy:
        @functools.cached_property
        def w(self):
            return Value(2.0)

    lazy = Lazy()
    f = autograd.compile(lambda x: x * lazy.w, backend=backend)
    assert f(3.0) == 6.0
    lazy.w.data = 5.0
    assert f(3.0) == f(3.0) == 15.0


def test_a_watched_object_that_is_gone_is_kept():
    """The fast path compares addresses: an object whose memory is used again must not pass for the old one."""
    box = [Value(2.0)]
    f = autograd.compile(lambda x: box[0] * x)
    assert f(1.0) == f(1.0) == 2.0
    for k in range(15):
        box[0] = Value(float(k))
        gc.collect()
        assert f(1.0) == float(k)
