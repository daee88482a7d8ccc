"""no_grad, detect_anomaly, scope: what a `with` block changes."""

import math
import threading

import pytest

import autograd
from autograd import AnomalyError, Value, detect_anomaly, no_grad, scope
from autograd.context import made_at, remember_lines


def test_no_grad_computes_the_same_number_and_records_nothing():
    w = Value(3.0)
    recorded = (w * 2.0).tanh()
    with no_grad():
        bare = (w * 2.0).tanh()
    assert (bare.data, bare.args, bare.op) == (recorded.data, (), None)

    @no_grad()
    def decorated(x):
        return x * x

    assert decorated(w).args == () and decorated(w).args == ()
    assert (w * w).args == (w, w)


def test_no_grad_is_this_threads_own():
    w = Value(3.0)
    inside, leave, recorded = threading.Event(), threading.Event(), []

    def other():
        with no_grad():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    recorded.append((w * w).args)
    leave.set()
    thread.join()
    assert recorded == [(w, w)]


def test_no_grad_ends_with_an_exception():
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (Value(1.0) + 1.0).args != ()


def test_the_first_anomaly_forward_is_named_with_its_line():
    x = Value(2.0, label="x")
    with pytest.raises(AnomalyError) as caught, detect_anomaly(), scope("loss"):
        y = x - 2.0
        y.label = "y"
        y.log()  # the line
    text = str(caught.value)
    assert text.startswith("log in loss made -inf from y=0.0")
    assert "test_context.py" in text and "y.log()  # the line" in text


def test_the_first_anomaly_backward_is_named_with_its_line():
    x = Value(0.0, label="x")
    with detect_anomaly():
        y = x.sqrt()  # finite here
        z = y * 3.0
        with pytest.raises(AnomalyError, match=r"backward pass of sqrt made inf: upstream gradient 3.0") as caught:
            z.backward()
    assert "for x=0.0" in str(caught.value) and "y = x.sqrt()" in str(caught.value)


def test_a_finite_computation_is_no_anomaly():
    with detect_anomaly():
        x = Value(1.0)
        y = autograd.exp(x) * x
        y.backward()
    assert x.grad == pytest.approx(2 * math.e, rel=1e-15)  # two roundings


def test_an_anomalous_leaf_is_seen_at_its_first_use():
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"mul made nan from w=nan, 2.0"):
        Value(math.nan, label="w") * 2.0


def test_scopes_nest_and_end():
    with scope("mlp"):
        with scope("layer1"):
            inner = Value(1.0) + 1.0
        outer = Value(1.0)
    assert (inner.scope, outer.scope, Value(1.0).scope) == ("mlp/layer1", "mlp", "")


def test_lines_are_remembered_on_request():
    with remember_lines():
        v = Value(1.0) * 2.0
    line = made_at(v)
    assert line is not None and line.filename.endswith("test_context.py")
    assert str(line).endswith("v = Value(1.0) * 2.0")
    assert made_at(Value(1.0)) is None


def test_the_line_of_a_notebook_is_said_by_its_cell(monkeypatch, tmp_path):
    pytest.importorskip("IPython", reason="pip install 'stepgrad[notebooks]'")
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance()
    try:
        shell.run_cell("from autograd import Value\nfrom autograd.context import made_at, remember_lines")
        shell.run_cell("with remember_lines():\n    v = Value(1.0) * 2.0", store_history=True)
        assert str(shell.ev("made_at(v)")) == "Cell In[1]:2: v = Value(1.0) * 2.0"
    finally:
        InteractiveShell.clear_instance()


def test_an_anomaly_is_found_by_grad_too():
    x = Value(0.0, label="x")
    with detect_anomaly():
        y = x.sqrt()
        with pytest.raises(AnomalyError, match="the gradient with respect to leaf 'x' is inf"):
            autograd.grad(y, x)


def test_finite_shares_that_add_up_to_infinity_are_an_anomaly():
    x = Value(1e-154, label="x")
    with detect_anomaly():
        b, c = x * 1e308, x * 1e308
        with pytest.raises(AnomalyError, match="the gradient with respect to leaf 'x' is inf"):
            (b * 1.5 + c).backward()
