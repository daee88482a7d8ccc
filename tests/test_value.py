"""What a Value promises: exact accumulation, recorded derivatives, IEEE numbers, clear errors, no leaks."""

import bdb
import copy
import gc
import linecache
import math
import pickle
import sys
import weakref
from fractions import Fraction
from math import inf, nan

import pytest

import autograd
from autograd import Value
from autograd.primitive import TABLE


def readme(a, b):
    """micrograd's README expression."""
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def test_micrograds_readme_expression():
    a, b = Value(-4.0), Value(2.0)
    g = readme(a, b)
    g.backward()
    assert (f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}") == ("24.7041", "138.8338", "645.5773")


def test_micrograds_names():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    assert c._prev == {a, b}
    assert c._op == "*"
    assert (c.data, c.grad) == (6.0, 0.0)
    assert a._op == "" and a._prev == set()
    assert (a.relu().data, a.tanh().data, a.exp().data) == (2.0, math.tanh(2.0), math.exp(2.0))


def test_repeated_operand():
    a = Value(3.0)
    (a + a).backward()
    assert a.grad == 2.0
    b = Value(3.0)
    (b * b).backward()
    assert b.grad == 6.0


def test_a_node_waits_for_all_its_consumers():
    a = Value(1.5)
    b = a + a
    c = b + b
    (b * c).backward()  # 2a * 4a = 8 a^2
    assert a.grad == 16 * 1.5


def test_second_backward_doubles_the_leaves_exactly():
    a, b = Value(-4.1), Value(2.3)
    g = readme(a, b)
    g.backward()
    once, inside = (a.grad, b.grad), g.args[0].grad
    g.backward()
    assert (a.grad, b.grad) == (2 * once[0], 2 * once[1])
    assert g.args[0].grad == inside  # interior nodes hold one pass, not two


def test_backward_of_a_leaf_and_of_a_weighted_root():
    a = Value(3.0)
    a.backward()
    assert a.grad == 1.0
    (2.0 * a).backward(gradient=5.0)
    assert a.grad == 11.0


def test_gradients_of_two_losses_add_up():
    w = Value(2.0)
    (w * 3.0).backward()
    (w * 4.0).backward()
    assert w.grad == 7.0
    w.zero_grad()
    assert w.grad == 0.0


def test_gradient_is_known_only_once_reached():
    a, b = Value(1.0), Value(2.0)
    y = a * 3.0
    assert not a.has_grad
    y.backward()
    assert a.has_grad and y.has_grad and not b.has_grad
    a.zero_grad()
    assert not a.has_grad


def test_a_million_operations_without_recursion():
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1e-6
    y.backward()
    assert x.grad == 1.0
    alive = weakref.ref(y)
    del y  # freed without recursion, or this test would be the last
    assert alive() is None


def test_changing_data_after_recording_does_not_falsify_gradients():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    w.data = 100.0
    y.backward()
    assert x.grad == 3.0


def test_freed_by_reference_counting_alone():
    gc.disable()
    try:
        x = Value(2.0)
        y = (x * x).tanh() + x.exp()
        nodes = [weakref.ref(node) for node in (y, *y.args, *y.args[0].args)]
        y.backward()
        del y
        assert [node() for node in nodes] == [None] * len(nodes)
    finally:
        gc.enable()


def test_two_runs_are_bit_identical():
    def gradients():
        a, b = Value(-4.1), Value(2.3)
        g = readme(a, b)
        g = g.tanh() + g.sigmoid() * a.exp()
        g.backward()
        return g.data.hex(), a.grad.hex(), b.grad.hex()

    assert gradients() == gradients()


def pickled(v):
    return pickle.loads(pickle.dumps(v))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
class TestCopies:
    def test_a_copy_is_a_graph_of_its_own(self, duplicate):
        a = Value(2.0, label="a")
        y = (a * a + a).tanh()
        y.backward()
        twin = duplicate(y)
        assert (twin.data, twin.grad, twin.op) == (y.data, y.grad, y.op)
        (leaf,) = set(twin.args[0].args[0].args)
        assert leaf is not a and (leaf.label, leaf.grad) == ("a", a.grad)
        twin.backward()
        assert leaf.grad == 2 * a.grad

    def test_sharing_survives_between_roots(self, duplicate):
        a = Value(2.0)
        y, z = duplicate([a * 3.0, a * 4.0])
        assert y.args[0] is z.args[0]
        y.backward()
        z.backward()
        assert y.args[0].grad == 7.0

    def test_a_deep_graph_costs_no_recursion(self, duplicate):
        y = Value(1.0)
        for _ in range(10 * sys.getrecursionlimit()):
            y = y * 1.0
        assert duplicate(y).data == 1.0

    def test_a_failure_on_the_way_leaves_the_next_copy_whole(self, duplicate):
        class Stubborn:
            def __reduce__(self):
                raise RuntimeError("neither pickled nor copied")

        a = Value(1.0)
        y = a * 2.0
        a.label = Stubborn()
        with pytest.raises(RuntimeError, match="neither pickled nor copied"):
            duplicate(y)
        a.label = "a"
        assert duplicate(y * 3.0).args[0].args[0].label == "a"


def test_a_subclass_may_have_reflected_operators_of_its_own():
    """Of v - w Python asks w first then, and v where w does not answer."""
    class Counted(Value):
        def __rsub__(self, other):
            asked.append(other)
            return super().__rsub__(other)

    asked, v, w = [], Value(3.0), Counted(2.0)
    assert [(v - w).data, (5.0 - w).data] == [1.0, 3.0]
    assert asked == [v, 5.0]
    assert (v - w).args == (v, w)


def test_comparisons_are_of_numbers_and_equality_is_of_nodes():
    a, b = Value(1.0), Value(2.0)
    assert a < b and b > a and a <= 1 and 3 >= b
    assert a != Value(1.0) and a == a
    assert len({a, b, a}) == 2
    assert max([a, b]) is b and sorted([b, a]) == [a, b]
    assert bool(a) and not bool(Value(0.0))


def test_conversions():
    v = Value(2.75, label="v")
    assert (float(v), int(v), v.item(), f"{v:.1f}") == (2.75, 2, 2.75, "2.8")
    assert repr(v) == "Value(data=2.75, grad=0.0, label='v')" == f"{v}"
    assert v.detach().data == 2.75 and v.detach() is not v


def test_bool_int_and_other_real_numbers_are_accepted():
    v = Value(3)
    assert type(v.data) is float
    assert [(v + x).data for x in (True, 2, Fraction(1, 2), 10**400)] == [4.0, 5.0, 3.5, inf]
    assert all(type(arg) is float for arg in (1 - v).args[:1])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("3", r"Value arithmetic needs Values or real numbers, not str \('3'\): convert it with float\(...\) first"),
        (None, r"not NoneType \(None\): is a return statement missing\?"),
        (1j, r"not complex \(1j\): use its .real and .imag"),
        ([1.0], r"not list \(\[1.0\]\): apply the operation to each of its elements"),
        (object(), r"not object .*: pass a Value, float or int"),
    ],
)
def test_what_is_not_a_number_is_refused_with_advice(wrong, message):
    v = Value(1.0)
    for attempt in (
        lambda: Value(wrong),
        lambda: v + wrong,
        lambda: wrong - v,
        lambda: v**wrong,
        lambda: v < wrong,
        lambda: v.maximum(wrong),
        lambda: autograd.hypot(v, wrong),
        lambda: autograd.tanh(wrong),
    ):
        with pytest.raises(TypeError, match=message):
            attempt()


def test_a_value_of_a_value_is_refused():
    with pytest.raises(TypeError, match="detach"):
        Value(Value(1.0))


def test_a_label_is_text_whatever_was_given():
    assert [Value(1.0, label).label for label in ("x", 3, ("a", 1), "", None)] == ["x", "3", "('a', 1)", "", ""]


def test_division_by_zero_and_overflow_are_ieee():
    zero, one = Value(0.0), Value(1.0)
    assert (one / zero).data == inf and (-one / zero).data == -inf and math.isnan((zero / zero).data)
    assert (1 / zero).data == inf and zero.log().data == -inf and math.isnan((-one).log().data)
    assert Value(1000.0).exp().data == inf and (Value(10.0) ** 400).data == inf
    x = Value(0.0)
    (1 / x).backward()
    assert x.grad == -inf


def test_the_wrong_number_of_operands_is_named():
    with pytest.raises(TypeError, match="tanh takes 1 operands, got 2"):
        autograd.tanh(Value(1.0), 2.0)
    with pytest.raises(ValueError, match="dot expects two lists of one length, got 2 and 1"):
        autograd.dot([1.0, 2.0], [Value(1.0)])
    with pytest.raises(ValueError, match="at least one"):
        autograd.mean([])


def test_unknown_attributes_are_named():
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'backwards'"):
        Value(1.0).backwards()


def test_a_step_into_an_operator_lands_in_written_code():
    seen = []

    class Stepper(bdb.Bdb):
        def user_line(self, frame):
            seen.append(linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip())
            self.set_step()

    a, b = Value(2.0), Value(3.0)
    Stepper().runcall(lambda: a * b)
    assert seen[1] == "x = self.data"  # the first line after the lambda's own
    assert any(line.startswith("mul ") and "lambda x, y, z: (y, x)" in line for line in seen)  # and on into the table


def test_nan_is_carried_through_every_operation_without_an_exception():
    for op in TABLE.values():
        count = max(1, len(op.operands)) * (2 if op.variadic else 1)
        for special in (nan, inf, -inf, 0.0, -0.0, 1e308, 5e-324):
            y = op.apply(tuple(Value(special) for _ in range(count)))
            y.backward()
            assert isinstance(y.data, float)
            assert all(isinstance(partial, float) for partial in y.partials), op


def test_a_gradient_set_to_none_counts_as_none():
    p = Value(2.0)
    p.grad = None  # PyTorch's way to clear it
    (p * 3.0).backward()
    assert p.grad == 3.0


@pytest.mark.parametrize("field", ["data", "grad", "label"])
def test_repr_is_never_an_exception(field):
    class Bad:
        def __repr__(self):
            raise RuntimeError("no")

        __bool__ = __repr__

    v = Value(2.0)
    setattr(v, field, Bad())
    assert f"{field}=<RuntimeError>" in repr(v)
    assert "data=<AttributeError>" in repr(object.__new__(Value))


def test_repr_cuts_a_long_label():
    assert len(repr(Value(2.0, label="L" * 10**6))) < 200
