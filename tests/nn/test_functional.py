"""Losses: reductions, errors, warnings, extremes; PyTorch's figures and gradchecks are elsewhere."""

import math
import warnings

import pytest

import nn
from autograd import Value
from nn import functional as F

ELEMENTWISE = [F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.binary_cross_entropy_with_logits]


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_reductions(loss):
    x, y = [[0.5, -2.0], [3.0, 0.25]], [[1.0, 0.0], [0.0, 1.0]]
    single = loss(x, y, reduction="none")
    everything = [l for row in single for l in row]
    assert [len(row) for row in single] == [2, 2]
    assert loss(x, y, reduction="sum") == pytest.approx(math.fsum(everything), rel=1e-15)
    assert loss(x, y) == loss(x, y, reduction="mean") == pytest.approx(math.fsum(everything) / 4, rel=1e-15)
    assert loss(0.5, 1.0) == single[0][0]


def test_a_loss_of_values_is_a_value():
    w = Value(2.0)
    loss = F.mse_loss([w, 3 * w], [1.0, 1.0])
    loss.backward()
    assert (loss.data, w.grad) == (13.0, 16.0)


def test_integers_booleans_and_arrays_are_targets():
    expected = F.binary_cross_entropy_with_logits([0.5, -1.0], [1.0, 0.0])
    assert F.binary_cross_entropy_with_logits([0.5, -1.0], [1, 0]) == expected
    assert F.binary_cross_entropy_with_logits([0.5, -1.0], [True, False]) == expected
    assert F.cross_entropy([[0.5, -1.0]], [1.0]) == F.cross_entropy([[0.5, -1.0]], [1])
    np = pytest.importorskip("numpy")
    assert F.binary_cross_entropy_with_logits(np.array([0.5, -1.0]), np.array([1, 0])) == expected
    assert F.cross_entropy(np.array([[0.5, -1.0]]), np.array([1])) == F.cross_entropy([[0.5, -1.0]], [1])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: F.mse_loss([1.0, 2.0], [1.0]), "mse_loss compares .* got a list of 2 against a list of 1"),
    (lambda: F.mse_loss([1.0, 2.0], 1.0), "got a list of 2 against a number"),
    (lambda: F.l1_loss([[1.0], [2.0]], [1.0, 2.0]), "got a list of 1 against a number"),
    (lambda: F.mse_loss([], []), "undefined"),
    (lambda: F.mse_loss(1.0, 1.0, reduction="average"), "reduction is 'mean', 'sum' or 'none', not 'average'"),
    (lambda: F.huber_loss(1.0, 1.0, delta=0.0), "delta above 0, got 0.0"),
    (lambda: F.smooth_l1_loss(1.0, 1.0, beta=-1.0), "beta of at least 0, got -1.0"),
    (lambda: F.hinge_loss([1.0], [0]), r"targets of -1 and 1, got 0: 2 \* y - 1"),
    (lambda: F.binary_cross_entropy([1.5], [1]), "probabilities from 0 to 1, got 1.5: .*with_logits"),
    (lambda: F.binary_cross_entropy([math.nan], [1]), "probabilities from 0 to 1, got nan"),
    (lambda: F.cross_entropy([[1.0, 2.0]], [2]), "class from 0 to 1 for a row of 2, got 2"),
    (lambda: F.cross_entropy([[1.0, 2.0]], [-1]), "class from 0 to 1 for a row of 2, got -1"),
    (lambda: F.cross_entropy([[1.0, 2.0]], [0.5]), "class from 0 to 1 for a row of 2, got 0.5"),
    (lambda: F.cross_entropy([[1.0, 2.0]], [2.0]), "class from 0 to 1 for a row of 2, got 2.0"),
    (lambda: F.cross_entropy([[1.0, 2.0]], [math.nan]), "class from 0 to 1 for a row of 2, got nan"),
    (lambda: F.cross_entropy([[1.0, 2.0]], [0, 1]), "one class per row, got 1 rows against a list of 2"),
    (lambda: F.cross_entropy([[1.0, 2.0]], 0), "one class per row, got 1 rows against a number"),
    (lambda: F.cross_entropy([1.0, 2.0], 0, weight=[1.0]), "one weight per class, got 1 for 2 classes"),
    (lambda: F.cross_entropy([1.0, 2.0], 0, label_smoothing=2.0), "share from 0 to 1, got 2.0"),
    (lambda: F.cross_entropy([[1.0, 2.0], [1.0]], [0, 0]), "cross_entropy needs rows of one length, got 1 and 2"),
    (lambda: F.gelu(1.0, approximate="erf"), "gelu has approximate='none' and 'tanh', not 'erf'"),
    (lambda: nn.GELU("erf"), "gelu has approximate='none' and 'tanh', not 'erf'"),
    (lambda: F.binary_cross_entropy([0.5, 0.5], [1, 0], weight=[1.0]), "a weight for each number, got 1 for 2"),
    (lambda: F.softmax([]), "softmax of no numbers"),
])
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_row_may_be_an_array():
    np = pytest.importorskip("numpy")
    for f in (F.softmax, F.log_softmax):
        assert f(np.array([1.0, 2.0])) == f([1.0, 2.0])


def test_text_is_no_number():
    with pytest.raises(TypeError, match=r"not str \('1'\)"):
        F.mse_loss([Value(1.0)], ["1"])


@pytest.mark.parametrize(("logit", "target", "loss", "slope"), [
    (1000.0, 1, 0.0, 0.0), (1000.0, 0, 1000.0, 1.0), (-1000.0, 0, 0.0, 0.0), (-1000.0, 1, 1000.0, -1.0),
    (40.0, 1, math.exp(-40.0), -math.exp(-40.0)),  # not lost in 40 - 40
])
def test_binary_cross_entropy_is_exact_for_any_logit(logit, target, loss, slope):
    x = Value(logit)
    found = F.binary_cross_entropy_with_logits(x, target)
    found.backward()
    assert found.data == pytest.approx(loss, rel=1e-15)
    assert x.grad == pytest.approx(slope, rel=1e-15)


def test_cross_entropy_is_stable_for_any_logits():
    row = [Value(x) for x in (1000.0, -1000.0, 0.0)]
    loss = F.cross_entropy(row, 1)
    loss.backward()
    assert loss.data == 2000.0
    assert [x.grad for x in row] == [1.0, -1.0, 0.0]


def test_binary_cross_entropy_of_certain_probabilities_is_finite():
    ps = [Value(0.0), Value(1.0)]
    wrong = F.binary_cross_entropy(ps, [1, 0], reduction="sum")
    wrong.backward()
    assert wrong.data == pytest.approx(200.0, rel=1e-15)  # each logarithm is at least -100
    assert F.binary_cross_entropy([0.0, 1.0], [0, 1]) == 0.0
    assert all(math.isfinite(p.grad) for p in ps)


# ----------------------------------------------------------------------------------------------- warnings


@pytest.mark.parametrize("call", [
    lambda: F.cross_entropy(F.softmax([Value(1.0), Value(2.0)]), 0),
    lambda: F.cross_entropy([F.softmax([1.0, 2.0]), F.softmax([0.0, -3.0])], [0, 1]),
    lambda: F.binary_cross_entropy_with_logits([Value(2.0).sigmoid(), Value(-1.0).sigmoid()], [1, 0]),
    lambda: F.binary_cross_entropy_with_logits([0.2, 0.9], [1, 0]),
    lambda: F.binary_cross_entropy_with_logits(Value(0.5).sigmoid(), 1),
    lambda: F.cross_entropy(nn.MLP(2, [3], output="softmax", seed=0)([1.0, 2.0]), 1),
])
def test_probabilities_where_logits_belong_are_warned_of(call):
    with pytest.warns(UserWarning, match="takes logits, and these look like probabilities: leave out the"):
        call()


@pytest.mark.parametrize("call", [
    lambda: F.cross_entropy([Value(0.25), Value(0.5)], 0),
    lambda: F.cross_entropy([[0.5, 0.5], [2.0, -1.0]], [0, 1]),
    lambda: F.binary_cross_entropy_with_logits([Value(0.2), Value(0.9)], [1, 0]),  # made by no sigmoid
    lambda: F.binary_cross_entropy_with_logits([0.2, 1.9], [1, 0]),
    lambda: F.binary_cross_entropy_with_logits(0.5, 1),
])
def test_logits_are_not_warned_of(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call()


def test_penalties():
    assert (F.l1_penalty([3.0, -4.0]), F.l2_penalty([3.0, -4.0]), F.l2_penalty([])) == (7.0, 25.0, 0.0)
