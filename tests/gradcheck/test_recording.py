"""What a check knows of f: whether its graph is all of it, and that only."""

import pytest
from hypothesis import find

import autograd
from autograd import gradcheck, no_grad
from autograd.gradcheck import Verdict
from autograd.testing import expressions


@pytest.mark.parametrize("f", [
    lambda x: 1e6 + 1e-9 * x * x.detach(),
    lambda x: 1e9 + 1e-6 * x * x.data,
    lambda x: 1e3 + 1e-12 * x * float(x),
    lambda x: 1.0 + (x.detach() * x - 60.0).exp(),
])
def test_a_lost_share_is_noticed_though_the_value_does_not_move(f):
    report = gradcheck(f, 1.0, raise_exception=False)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "f leaves its graph" in str(report)


def test_inputs_of_an_operation_and_of_a_random_graph_have_their_names():
    assert [row.input for row in gradcheck(autograd.hypot, (3.0, 4.0)).rows] == ["x", "y"]
    e = find(expressions(n_inputs=2), lambda e: True)
    assert [row.input for row in gradcheck(e.f, e.inputs).rows] == ["x0", "x1"]


def test_a_function_of_the_same_nodes_is_its_graph():
    """The order of the operands of a sum, the closure and the constants do not matter."""
    w = autograd.Value(3.0)
    report = gradcheck(lambda x, y: [(x * w + y).tanh() + 2.0, x, 1.0], (0.5, 0.25))
    assert report
    assert "leaves its graph" not in str(report)


def test_inside_no_grad_the_check_records_all_the_same():
    with no_grad():
        assert gradcheck(lambda x: x * x, 3.0)


def test_data_changed_after_use_blames_no_operation():
    def f(x):
        y = x * x
        x.data = 7.0
        return y

    assert gradcheck(f, 3.0)


def test_data_changed_before_use_blames_no_operation():
    def f(x):
        x.data = 7.0
        return x * x

    report = gradcheck(f, 3.0, raise_exception=False)  # f is the constant 49
    assert report.verdict is Verdict.FAIL
    assert not report.culprits
    assert "f leaves its graph" in str(report)


def test_a_list_is_one_argument_and_a_tuple_all_of_them():
    with pytest.raises(TypeError, match=r"f does not take 1 argument: .*'y'\. A tuple gives f's arguments one by one"):
        gradcheck(lambda x, y: x * y, [1.0, 2.0])
    with pytest.raises(TypeError, match="f does not take 2 arguments"):
        gradcheck(lambda p: p[0] * p[1], (1.0, 2.0))
    assert gradcheck(lambda x, y: x * y, (1.0, 2.0))
    assert gradcheck(lambda p: p[0] * p[1], [1.0, 2.0])
