"""A compiled function is given copies of its arguments: what it changes in them is an error, as it reaches nobody."""

from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest

import autograd
from autograd import func
from autograd.compiler.guards import TraceError


def descend(w, x):
    w -= 0.1 * w * x
    return w.sum()


def count(d, x):
    d["n"] += 1
    return d["n"] * x


def halve(rows, x):
    rows[1]["w"][0] *= 0.5
    return rows[1]["w"][0] * x


class Row(list):
    def scaled(self, x):
        self.scale = x
        return self[0] * self.scale


CHANGES = [
    (descend, np.array([1.0, 2.0]), r"w\[0\], .*caller's array .*w\.copy\(\)"),
    (lambda w, x: w.__setitem__((0, 1), x) or w.sum(), np.ones((2, 2)), r"w\[0, 1\], .*w\.copy\(\)"),
    (lambda w, x: setattr(w, "shape", (2, 1)) or x, np.ones(2), r"w, .*caller's array"),
    (lambda w, x: w.append(x) or w[-1], [1.0], r"w, .*caller's list .*w\.copy\(\)"),
    (lambda w, x: w.sort() or w[0] * x, [3.0, 1.0], r"w\[0\], .*caller's list"),
    (lambda w, x: w.pop() * x, [1.0, 2.0], r"w, .*caller's list"),
    (count, {"n": 0}, r"d\['n'\], .*caller's dict .*d\.copy\(\)"),
    (lambda d, x: d.setdefault("b", x), {"a": 1.0}, r"d\['b'\], .*caller's dict"),
    (count, defaultdict(float, n=1.0), r"d\['n'\], .*caller's defaultdict"),
    (count, defaultdict(float), r"d\['n'\], .*caller's defaultdict"),
    (count, Counter(), r"d\['n'\], .*caller's Counter"),
    (lambda d, x: d["rows"].append(x) or x, defaultdict(list), r"d\['rows'\], .*caller's list"),
    (lambda d, x: d.setdefault("n", x), defaultdict(None), r"d\['n'\], .*caller's defaultdict"),
    (lambda d, x: d.pop("n") * x, defaultdict(float, n=1.0), r"d\['n'\], .*caller's defaultdict"),
    (lambda d, x: d.move_to_end("a") or x, OrderedDict(a=1.0, b=2.0), r"d, .*caller's OrderedDict"),
    (halve, ({}, {"w": [1.0]}), r"rows\[1\]\['w'\]\[0\], .*caller's list .*rows\[1\]\['w'\]\.copy\(\)"),
    (lambda w, x: w.__setitem__(0, [1.0]) or x, [1.0], r"w\[0\], .*caller's list"),
    (lambda w, x: w.__setitem__(0, w) or x, [[1.0]], r"w\[0\]\[0\], .*caller's list"),
    (lambda w, x: w.__setitem__(0, True) or x, [False], r"w\[0\], .*caller's list"),
    (lambda w, x: w.scaled(x), Row([1.0]), r"w, .*caller's Row"),
]


@pytest.mark.parametrize(("f", "w", "said"), CHANGES)
def test_an_argument_that_the_function_changes_is_an_error_that_names_it(f, w, said):
    fast = autograd.compile(f)
    for _ in range(2):
        with pytest.raises(TraceError, match=f"the function changes {said}"):
            fast(w, 2.0)


def test_a_branch_that_changes_an_argument_is_an_error_when_it_is_taken():
    fast = autograd.compile(lambda w, x: w.append(x) or x if x > 0.0 else w[0] * x)
    assert fast([2.0], -1.0) == fast([2.0], -1.0) == -2.0
    with pytest.raises(TraceError, match="changes w"):
        fast([2.0], 1.0)


def test_one_list_passed_twice_a_batch_a_method_and_a_call_inside():
    push = lambda v, w: v.append(1.0) or w[0]
    same = [1.0]
    with pytest.raises(TraceError, match="changes v, "):
        autograd.compile(push)(same, same)
    with pytest.raises(TraceError, match=r"changes w\[1\], "):
        autograd.compile(lambda w: w.__setitem__(1, 0.0) or w[0], in_axes=0)(np.ones((3, 2)))
    with pytest.raises(TraceError, match=r"changes w, "):
        autograd.compile(lambda w: autograd.compile(push)(w, w))(same)

    class Model:
        @autograd.compile(static_argnums=0)
        def step(self, w, *, by):
            w[0] -= by
            return w

    with pytest.raises(TraceError, match=r"changes w\[0\], "):
        Model().step([1.0], by=2.0)


@pytest.mark.parametrize("copied", [list, np.array, lambda w: [*w], lambda w: w.copy()])
def test_a_copy_may_be_changed(copied):
    def step(w, x):
        w = copied(w)
        w[0] -= 0.5 * x
        return w

    fast = autograd.compile(step)
    assert [list(fast([2.0, 3.0], x)) for x in (1.0, 2.0)] == [[1.5, 3.0], [1.0, 3.0]]
    assert autograd.compile(lambda w, x: fast(list(w), x)[0])([2.0], 1.0) == 1.5


@pytest.mark.parametrize("d", [defaultdict(float, a=1.0), defaultdict(lambda: 2.0), Counter(a=1)])
def test_reading_what_a_dict_makes_when_asked_is_no_change(d):
    f = lambda d, x: d["b"] * x + d["a"]
    fast = autograd.compile(f)
    assert [fast(d.copy(), x) for x in (2.0, 3.0)] == [f(d.copy(), x) for x in (2.0, 3.0)]
    assert autograd.compile(lambda d, x: sum(d["rows"], x))(defaultdict(list), 2.0) == 2.0


def test_what_the_function_puts_back_and_what_func_copies_is_no_change():
    assert autograd.compile(lambda w: w.append(1.0) or w.pop() + w[0])([2.0]) == 3.0
    gradient = autograd.compile(func.grad(lambda w: w.sort() or w[0] * 3.0))  # func.grad gives its function a copy
    assert gradient([2.0, 1.0]) == func.grad(lambda w: w.sort() or w[0] * 3.0)([2.0, 1.0]) == [0.0, 3.0]
