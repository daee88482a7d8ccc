"""Tracing: what is recorded, what is noticed, what is refused with its line."""

import ast
import copy
import decimal
import fractions
import gc
import json
import math
import operator
import pickle
import queue
import threading

import pytest

import autograd
from autograd import Value, func, no_grad
from autograd.compiler.guards import TraceError
from autograd.compiler.tape import evaluate, record
from autograd.compiler.trace import collector_resting, fresh, tracing
from autograd.compiler.traced import Plain, Traced
from autograd.primitive import TABLE
from autograd.record import _OPERATORS
from tests.compiler.graphs import counts, points, same


@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_is_recorded_through_the_table(name):
    op = TABLE[name]
    for count in counts(op):
        with tracing([]) as trace:
            inputs = [fresh(0.5 + i) for i in range(count)]
            node = Traced.__autograd__(inputs[0], op, tuple(inputs))
        assert type(node) is Plain
        assert not trace.live
        tape = record([node], inputs)
        for point in points(count)[::5]:
            assert same(evaluate(tape, point)[0], op.forward(*point))


def test_operators_methods_and_functions_record_alike():
    with tracing([]):
        x, y = fresh(2.0), fresh(3.0)
        pairs = [
            (x + y, "add", (x, y)), (2 - x, "sub", (2.0, x)), (x * 2, "mul", (x, 2.0)), (1 / x, "div", (1.0, x)),
            (x**y, "pow", (x, y)), (2**x, "pow", (2.0, x)), (-x, "neg", (x,)), (+x, "identity", (x,)),
            (abs(x), "abs", (x,)), (x.tanh(), "tanh", (x,)), (autograd.tanh(x), "tanh", (x,)),
            (x.clamp(0.0, 1.0), "clamp", (x, 0.0, 1.0)), (autograd.sum([x, y, 1]), "sum", (x, y, 1.0)),
        ]  # fmt: skip
    for node, name, args in pairs:
        assert (type(node), node.op.name, node.args) == (Plain, name, args)


def test_older_values_are_inputs_whatever_they_meet():
    w, b = Value(2.0), Value(1.0)
    with tracing([]) as trace:
        x = fresh(3.0)
        out = [w * x, x * w, w * w + b, autograd.maximum(w, x), w.relu()]
    assert all(type(node) is Traced for node in out)
    assert set(trace.live) == {w, b}
    assert type(w) is Value
    assert evaluate(record(out, [x, w, b]), [3.0, 5.0, 1.0]) == [15.0, 15.0, 26.0, 5.0, 5.0]


def test_an_older_result_is_an_input_as_it_stands():
    w = Value(2.0)
    squared = w * w
    with tracing([]) as trace:
        x = fresh(3.0)
        out = squared * x
    assert list(trace.live) == [squared]
    assert len(record([out], [x, squared]).rows) == 1


class Marked(Value):
    __slots__ = ()


class Wide(Value):
    """With a __dict__: cannot become Traced."""


@pytest.mark.parametrize("kind", [Value, Marked, Wide])
def test_classes_of_values(kind):
    w = kind(2.0)

    def f(x):
        return w * x + x * w - w.exp() / w

    for backend in ("python", "auto"):
        compiled = autograd.compile(func.value_and_grad(f), backend=backend)
        for w.data in (2.0, 3.0):
            want = w.data * 5.0 + 5.0 * w.data - math.exp(w.data) / w.data, w.data + w.data
            assert compiled(5.0) == want
            assert type(w) is kind


def test_scopes_and_other_contexts_inside_the_function():
    def f(x):
        with autograd.scope("layer"), autograd.detect_anomaly():
            y = x * x
            with no_grad():
                z = y * 3.0
        return y * z

    assert autograd.compile(func.value_and_grad(f))(2.0) == func.value_and_grad(f)(2.0)


def test_values_made_inside_are_constants():
    with tracing([]) as trace:
        x = fresh(3.0)
        out = x * Value(4.0) + autograd.exp(Value(0.0))
    assert not trace.live
    assert evaluate(record([out], [x]), [2.0]) == [9.0]


def test_gradients_are_graph_with_and_without_create_graph():
    w = Value(2.0)
    with tracing([w]):
        x = fresh(3.0)
        (plain,) = autograd.grad(x * x * w, w)
        (again,) = autograd.grad(autograd.grad(x**3 * w, x, create_graph=True)[0], x)
        value, push = func.jvp(lambda t: t * t, [x], [1.0])
    tape = record([plain, again, value, push], [x, w])
    assert evaluate(tape, [5.0, 7.0]) == [25.0, 6.0 * 5.0 * 7.0, 25.0, 10.0]


@pytest.mark.parametrize("stop", [lambda x: x.detach(), lambda x: no_grad()(lambda: x * 1.0)()])
def test_detach_and_no_grad_stop_the_gradient_and_keep_the_number(stop):
    def f(x):
        return x * stop(x * x)

    compiled = autograd.compile(func.value_and_grad(f))
    for x in (2.0, 3.0):
        assert compiled(x) == func.value_and_grad(f)(x) == (x**3, x * x)


def test_comparisons_are_guards_with_their_line():
    with tracing([]) as trace:
        x, y = fresh(2.0, "x"), fresh(3.0, "y")
        assert (x < y, x <= 2, 3 > y, max(x, y) is y) == (True, True, False, True)
    assert [guard.text for guard in trace.guards] == ["x < y", "x <= 2.0", "y < 3.0", "y > x"]
    assert [guard.expected for guard in trace.guards] == [1.0, 1.0, 0.0, 1.0]
    assert "assert (x < y" in str(trace.guards[0].line)


def test_numbers_are_computed_only_where_something_is_decided():
    calls = []
    probe = object.__new__(type(TABLE["exp"]))  # a copy that is not in the table
    probe.__dict__.update(vars(TABLE["exp"]), forward=lambda x: calls.append(x) or math.exp(x))
    with tracing([]):
        x = fresh(1.0)
        y = Traced.__autograd__(x, probe, (x,))
        assert calls == []
        assert y > 1.0
        assert y > 2.0
    assert calls == [1.0]


@pytest.mark.parametrize(("use", "what"), [
    (float, r"float\(\.\.\.\)"),
    (int, r"int\(\.\.\.\)"),
    (math.exp, "the math module"),
    (bool, "the truth of a number"),
    (range, r"int\(\.\.\.\)"),
    (round, r"int\(\.\.\.\)"),
    (lambda x: round(x, 1), r"int\(\.\.\.\)"),
    (lambda x: x.data, r"reading \.data"),
    (lambda x: x.grad, r"reading \.grad"),
    (lambda x: setattr(x, "grad", 0.0), r"assigning \.grad"),
    (lambda x: x.zero_grad(), r"assigning \.grad"),
    (lambda x: x.item(), r"item\(\)"),
    (lambda x: setattr(x, "data", 1.0), r"assigning \.data"),
    (lambda x: x.backward(), r"backward\(\) inside a compiled function"),
])  # fmt: skip
def test_a_number_that_leaves_the_graph_is_an_error_with_its_line(use, what):
    def f(x):
        use(x * 2.0)  # here it leaves
        return x

    with pytest.raises(TraceError, match=f"(?s){what}.*test_trace.py:"):
        autograd.compile(f)(3.0)


def test_reading_the_data_of_a_weight_is_noticed():
    w = Value(2.0)
    model = {"w": [w]}

    def f(x):
        return x * model["w"][0].data

    with pytest.raises(TraceError, match=r"(?s)reading \.data.*return x \* model"):
        autograd.compile(f)(3.0)
    assert type(w) is Value
    assert w.data == 2.0


def test_reading_the_gradient_of_a_weight_is_noticed():
    w = Value(2.0)
    w.grad = 1.0
    with pytest.raises(TraceError, match=r"(?s)reading \.grad.*lambda x: x \* w\.grad"):
        autograd.compile(lambda x: x * w.grad)(3.0)
    assert w.grad == 1.0


@pytest.mark.parametrize("use", [
    lambda x, w: x * w, lambda x, w: w + 1.0, lambda x, w: x if w > 0.0 else -x, lambda x, w: x if 0.0 <= w else -x,
    lambda x, w: x if w else -x, lambda x, w: x * float(w), lambda x, w: x * int(w), lambda x, w: max(Value(1.0), w),
    lambda x, w: w,
])  # fmt: skip
def test_a_value_that_cannot_be_found_beforehand_is_an_error_with_its_line(use):
    shelf = queue.SimpleQueue()
    shelf.put(Value(2.0, label="w"))

    def f(x):
        w = shelf.get()
        shelf.put(w)
        return use(x, w)

    with pytest.raises(TraceError, match=r"(?s)label='w'\) is used, but compile cannot see .*test_trace\.py:\d+: "):
        autograd.compile(f)(3.0)


def test_what_known_values_are_made_of_is_known():
    w = Value(2.0)
    square = w * w
    fast = autograd.compile(lambda x: x * square.args[0])
    assert fast(3.0) == 6.0


def test_an_error_that_the_function_catches_ends_the_trace_all_the_same():
    def f(x):
        try:
            k = float(x)
        except TypeError:
            k = 1.0
        return x * k

    fast = autograd.compile(f)
    for _ in range(2):
        with pytest.raises(TraceError, match=r"(?s)float\(\.\.\.\).*k = float\(x\)"):
            fast(2.0)
    with pytest.raises(TraceError):  # outside of a trace nothing is remembered
        raise TraceError("seen before")
    assert autograd.compile(lambda x: x * 2.0)(3.0) == 6.0


def test_a_number_kept_from_an_earlier_trace_is_an_error():
    kept = []

    def f(x):
        kept.append(x)
        return x + kept[0]

    compiled = autograd.compile(f)
    assert compiled(1.0) == 2.0
    with pytest.raises(TraceError, match="a number of a finished trace"):
        compiled.clear() or compiled(1.0)
    with pytest.raises(TraceError, match="a number of a finished trace"):
        bool(kept[0] > 0.0)


@pytest.mark.parametrize("use", [
    float, int, bool, math.exp, copy.copy, lambda x: x.data, lambda x: x.grad, lambda x: x.item(), lambda x: x + 1,
    lambda x: x.backward(), lambda x: setattr(x, "data", 1.0), lambda x: setattr(x, "grad", 1.0),
])  # fmt: skip
def test_what_a_trace_has_left_is_no_number_and_the_error_says_why(use):
    """It is used when nothing is being compiled, which an error about compiling would not explain."""
    kept = {}
    f = autograd.compile(lambda x: kept.update(last=x, next=x * 2.0) or x)
    f(1.0)
    for x in kept.values():
        with pytest.raises(TraceError, match=r"^a number of a finished trace is used: .* return it as an output"):
            use(x)


def test_a_flag_that_is_a_number_is_an_error_that_asks_for_a_bool():
    f = autograd.compile(lambda x, flag: 2.0 * x if flag else x)
    with pytest.raises(TraceError, match=r"(?s)truth of a number .* for a flag pass True or False.*test_trace\.py:"):
        f(1.0, 1)
    assert [f(1.0, True), f(1.0, False)] == [2.0, 1.0]


def test_printing_shows_the_traced_number(capsys):
    compiled = autograd.compile(lambda x: print(x * 2.0) or x)
    compiled(4.0)
    compiled(5.0)
    assert capsys.readouterr().out == "<traced Value(data=8.0, grad=0.0)>\n"


def test_everything_is_put_back_also_after_an_error():
    w = Value(2.0)
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector_resting(), tracing([w]):
        assert type(w * 1.0) is Traced
        assert type(w) is not Value
        assert not gc.isenabled()
        1 / 0  # noqa: B018
    assert type(w) is Value
    assert gc.isenabled()
    assert (w * 2.0).data == 4.0


@pytest.mark.parametrize("f", [
    lambda x: f"{x:.2f}",
    lambda x: (x, {"said": [repr(x * 2.0)]}),
    lambda x: "loss " + str(x),
    lambda x: {"text": f"{x}", "number": x},
])  # fmt: skip
def test_a_text_of_a_number_is_no_result(f):
    with pytest.raises(TraceError, match=r"(?s)the text .* in the result takes a number out .*test_trace\.py:\d+"):
        autograd.compile(f)(1.0)


def test_a_text_of_a_number_may_be_printed(capsys):
    def f(x):
        print(f"{x:.2f}")
        return {"name": "cube", "value": x**3}

    fast = autograd.compile(f)
    assert [fast(2.0), fast(3.0)] == [{"name": "cube", "value": 8.0}, {"name": "cube", "value": 27.0}]
    assert capsys.readouterr().out == "<traced 2.00>\n"  # once, while tracing


@pytest.mark.parametrize("read", [
    lambda x: float(f"{x:.2f}"),
    lambda x: int(f"{x:.0f}"),
    lambda x: 1.0 if f"{x:.0f}" == "2" else 3.0,
    lambda x: 1.0 if "2" in f"{x:.0f}" else 3.0,
    lambda x: {"2": 1.0}.get(f"{x:.0f}", 3.0),
    lambda x: len(f"{x:.0f}"),
    lambda x: float(str(x)),
    lambda x: float(f"{x:.0f}"[:1]),
    lambda x: next(iter(f"{x:.0f}")),
], ids=range(9))  # fmt: skip
def test_a_text_of_a_number_cannot_be_read_back(read):
    message = r"reading the text ['\"]<traced .*2.*>['\"] takes a number out .*\n  at .*test_trace\.py:\d+: lambda x: "
    with pytest.raises(TraceError, match=message):
        autograd.compile(lambda x: x * read(x))(2.0)


@pytest.mark.parametrize("read", [
    lambda x: float(f"{x:.2f} "),
    lambda x: complex(format(x, ".1f")).real,
    lambda x: float(f"{x:.1f}e1"),
    lambda x: int("1" + f"{x:.0f}"),
    lambda x: float(f"{x:.0f}".strip()),
    lambda x: json.loads(f"[{x:.1f}]")[0],
    lambda x: ast.literal_eval(f"({x:.1f})"),
    lambda x: fractions.Fraction(f"{x:.0f}/3"),
    lambda x: decimal.Decimal(f"{x:.0f}.5"),
])  # fmt: skip
def test_a_longer_text_of_a_number_is_none_either(read):
    with pytest.raises((ValueError, SyntaxError, ArithmeticError, TraceError)):
        autograd.compile(lambda x: x * float(read(x)))(2.0)


# ------------------------------------------------------------------------------------------------------------ threads


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


def elsewhere(work):
    """What `work()` gives in another thread, while this one waits."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("kind", [Value, Marked, Wide])
def test_in_other_threads_the_weights_of_a_trace_are_what_they_were(kind):
    w = kind(2.0)

    def use():
        w.grad = 0.0
        y = w * w + 3.0 * w.tanh() - w.clamp(0.0, 1.0)
        y.backward()
        shown = f"{w:.1f}", repr(w)
        return type(y), y.data, w.data, w.grad, w > 1.0, float(w), shown, autograd.grad(w * 2.0, w), y.args

    want = use()
    with tracing([w]) as trace:
        inside = elsewhere(use)
        assert isinstance(w, kind)
        assert not trace.guards
    assert inside[:-1] == want[:-1]
    assert type(w) is kind


@pytest.mark.parametrize("kind", [Value, Marked, Wide])
@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if len(op.operands) == 2])
def test_in_other_threads_a_weight_of_a_trace_may_be_on_the_right(name, kind):
    """Python asks it first there, for while the trace lasts it is of a subclass."""
    v, w, op = Value(2.0), kind(1.5), TABLE[name]
    uses = [op, *(getattr(operator, direct) for direct in _OPERATORS.get(name, ())[:1])]

    def use():
        nodes = [f(v, w) for f in uses]
        return [(type(y), y.data, y.args, y.partials) for y in nodes], [f(v, w) for f in COMPARISONS]

    want = use()
    with tracing([w]):
        assert elsewhere(use) == want


def test_in_other_threads_derivatives_with_weights_of_a_trace_are_what_they_were():
    w = Value(1.5)

    def f(x):
        return sum([x[0] * w, x[1] - w, x[0] / w, x[1] ** w, 2.0 - w])

    def use():
        return func.value_and_grad(f)([2.0, 3.0]), func.hessian(f)([2.0, 3.0]), autograd.grad(f([Value(2.0), 3.0]), w)

    want = use()
    with tracing([w]):
        assert elsewhere(use) == want


def test_a_pickle_of_a_weight_waits_for_the_trace():
    w, made = Value(2.0), []
    other = threading.Thread(target=lambda: made.append(pickle.loads(pickle.dumps(w))))
    with tracing([w]):
        other.start()
        other.join(0.1)
        assert not made
    other.join()
    assert type(made[0]) is Value
    assert made[0].data == 2.0


def test_functions_that_share_weights_are_traced_in_turn():
    ws = [Value(0.5 + i / 500) for i in range(50)]

    def function(sign):
        def f(x):
            s = x
            for _ in range(20):
                for w in ws:
                    s = s * w + sign * x
            return s

        return f

    plain = [function(sign) for sign in (1.0, -1.0, 2.0)]
    fast = [autograd.compile(f, backend="python") for f in plain]
    threads = [threading.Thread(target=f, args=(0.5,)) for f in fast]
    [t.start() for t in threads]
    [t.join() for t in threads]
    for w in ws:
        w.data = 0.1
    assert [f(0.5) for f in fast] == [float(f(0.5)) for f in plain]
    assert [len(f.recordings[0].live) for f in fast] == [50] * 3


@pytest.mark.parametrize("compare", [lambda x: x > 0.3, lambda x: x == 1.0, lambda x: max(x, 0.3) > 0.3])
def test_a_comparison_inside_no_grad(compare):
    def f(x):
        with autograd.no_grad():
            if compare(x):
                return x * 2.0
        return x

    fast = autograd.compile(f)
    assert [fast(x) for x in (1.0, 0.1, 1.0)] == [f(x) for x in (1.0, 0.1, 1.0)] == [2.0, 0.1, 2.0]
