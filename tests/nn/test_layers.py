"""Layers: sizes and their errors, activations, normalisation, dropout, residuals; PyTorch's figures are elsewhere."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value


@pytest.mark.parametrize(("module", "row", "message"), [
    (nn.Layer(3, 4), [1.0, 2.0], "Layer expects 3 inputs, got 2"),
    (nn.Linear(1, 4), [1.0, 2.0], "Linear expects 1 input, got 2"),
    (nn.Neuron(3), [1.0], "Neuron expects 3 inputs, got 1"),
    (nn.MLP(2, [3, 1]), [1.0, 2.0, 3.0], "Layer expects 2 inputs, got 3"),
    (nn.Layer(2, 2), [], "Layer expects 2 inputs, got 0"),
    (nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1)), [1.0, 2.0], "Linear expects 2 inputs, got 3"),
    (nn.BatchNorm1d(3), [[1.0], [2.0]], "BatchNorm1d expects 3 inputs, got 1"),
    (nn.PReLU(3), [1.0, 2.0], "PReLU has 3 slopes, got 2 inputs"),
    (nn.Residual(nn.Linear(2, 3)), [1.0, 2.0], "Residual adds .* got 3 outputs for 2 inputs"),
    (nn.BatchNorm1d(2), [1.0, 2.0], r"two rows or more in training, got 1: .*eval\(\)"),
    (nn.Softmax(), [], "softmax of no numbers"),
])
def test_what_does_not_fit_is_named(module, row, message):
    with pytest.raises(ValueError, match=message):
        module(row)


@pytest.mark.parametrize(("build", "message"), [
    (lambda: nn.MLP(3, []), r"a list of sizes, at least one: MLP\(3, \[4, 4, 1\]\), not MLP\(3, \[\]\)"),
    (lambda: nn.MLP(3, 2), r"a list of sizes, at least one: MLP\(3, \[4, 4, 1\]\), not MLP\(3, 2\)"),
    (lambda: nn.MLP(3, "ab"), r"a list of sizes, .* not MLP\(3, 'ab'\)"),
    (lambda: nn.PReLU(0), "PReLU needs at least one slope, got 0"),
    (lambda: nn.BatchNorm1d(0), "BatchNorm1d needs at least one feature, got 0"),
    (lambda: nn.MLP(3, [1], output="tan"), "no activation is called 'tan': choose from elu, gelu, .* tanh, or pass"),
    (lambda: nn.Layer(3, 0), "a layer needs at least one neuron, got 0"),
    (lambda: nn.Layer(-1, 2), "a neuron has 0 inputs or more, got -1"),
    (lambda: nn.Dropout(1.5), "Dropout needs a probability from 0 to 1, got 1.5"),
])
def test_what_cannot_be_built_says_why(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_words_are_not_numbers():
    with pytest.raises(TypeError, match=r"Value arithmetic needs Values or real numbers, not str \('a'\)"):
        nn.Layer(2, 2)(["a", "b"])


def test_a_neuron_is_one_row_and_a_bias():
    y = nn.Neuron(3, nonlin=False, seed=0)([1.0, 2.0, 3.0])
    assert y.op.name == "add"
    assert [arg.op and arg.op.name for arg in y.args] == ["dot", None]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh"])
def test_an_activation_is_known_by_name_as_function_and_as_module(name):
    import autograd

    kind = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "gelu": nn.GELU, "silu": nn.SiLU,
            "softplus": nn.Softplus, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}[name]
    row = [0.3, -0.7]
    layers = [nn.Layer(2, 3, activation=f, seed=5) for f in (name, getattr(autograd, name), kind())]
    by_name, by_function, by_module = [[y.data for y in layer(row)] for layer in layers]
    assert by_name == by_function == by_module
    assert by_name == [getattr(autograd, name)(y.data) for y in nn.Layer(2, 3, nonlin=False, seed=5)(row)]


@pytest.mark.parametrize("sizes", [[1], [3, 1]])
def test_an_activation_that_no_one_knows_is_refused_though_no_layer_uses_it(sizes):
    with pytest.raises(ValueError, match="no activation is called 'rellu'"):
        nn.MLP(2, sizes, activation="rellu")


def test_no_activation_is_a_straight_function():
    model = nn.MLP(2, [3, 1], activation=None, seed=0)
    assert repr(model) == repr(nn.MLP(2, [3, 1], activation=None, seed=1)) and "None" not in repr(model)
    middle = model([0.5, 1.0]).data
    assert (model([0.0, 0.0]).data + model([1.0, 2.0]).data) / 2 == pytest.approx(middle, rel=1e-12)  # rounding


def test_prelu_in_an_mlp_learns_a_slope_per_layer():
    model = nn.MLP(2, [3, 3, 1], activation="prelu", seed=0)
    slopes = [p for p in model.parameters() if p.label == "a"]
    assert len(slopes) == 2
    model([-1.0, 2.0]).backward()
    assert all(slope.grad != 0.0 for slope in slopes)


def test_output_softmax_gives_probabilities():
    ps = nn.MLP(2, [3, 4], output="softmax", seed=0)([0.5, -2.0])
    assert sum(p.data for p in ps) == pytest.approx(1.0, abs=1e-15)


def test_a_seed_gives_the_same_weights_and_another_seed_others():
    def weights(seed):
        return nn.MLP(2, [3, 1], seed=seed).state_dict()

    assert weights(1) == weights(1) != weights(2)
    random.seed(5)
    first = weights(None)
    random.seed(5)
    assert weights(None) == first
    rng = random.Random(0)
    assert weights(rng) != weights(rng)  # goes on where it stopped
    assert all(-1.0 < x < 1.0 for x in first.values())


def test_linear_starts_within_pytorchs_bounds():
    layer = nn.Linear(16, 50, seed=0)
    numbers = [p.data for p in layer.parameters()]
    assert max(map(abs, numbers)) <= 0.25
    assert max(map(abs, numbers)) > 0.24  # of 850 uniform numbers
    assert any(neuron.b.data for neuron in layer.neurons)


# ------------------------------------------------------------------------------------ batch normalisation


def test_batch_norm_normalises():
    rows = [[1.0, 10.0], [2.0, -10.0], [6.0, 30.0]]
    for column in zip(*nn.BatchNorm1d(2, eps=0.0)(rows), strict=True):
        mean = math.fsum(y.data for y in column) / 3
        assert mean == pytest.approx(0.0, abs=1e-15)
        assert math.fsum((y.data - mean) ** 2 for y in column) / 3 == pytest.approx(1.0, rel=1e-14)


def test_batch_norm_tracks_the_unbiased_variance():
    norm = nn.BatchNorm1d(1, momentum=1.0)
    norm([[1.0], [3.0]])
    assert (norm.running_mean[0].data, norm.running_var[0].data) == (2.0, 2.0)


def test_batch_norm_in_evaluation_takes_single_rows_and_changes_nothing():
    norm = nn.BatchNorm1d(2)
    norm([[1.0, 2.0], [3.0, 4.0]])
    before = norm.eval().state_dict()
    single = norm([1.0, 2.0])
    assert [y.data for y in single] == [y.data for y in norm([[1.0, 2.0], [9.0, 9.0]])[0]]
    assert norm.state_dict() == before


def test_the_gradient_flows_through_mean_and_variance():
    xs = [Value(x) for x in (1.0, 2.0, 4.0)]
    ys = nn.BatchNorm1d(1, eps=0.0)([[x] for x in xs])
    (3.0 * ys[0] + ys[1]).backward()
    # The outputs do not change when all inputs are shifted, nor when all are scaled.
    assert math.fsum(x.grad for x in xs) == pytest.approx(0.0, abs=1e-15)
    assert math.fsum(x.grad * x.data for x in xs) == pytest.approx(0.0, abs=1e-15)
    assert max(abs(x.grad) for x in xs) > 0.1


def test_batch_norm_sees_the_whole_batch_inside_other_modules():
    model = nn.Residual(nn.Sequential(nn.Linear(1, 1, seed=0), nn.BatchNorm1d(1)))
    ys = model([[1.0], [2.0], [5.0]])
    assert math.fsum(y.data for y in ys) == pytest.approx(8.0, abs=1e-12)  # what is normalised sums to 0


# ------------------------------------------------------------------------------------------------ dropout


def test_dropout_keeps_the_expected_value():
    n = 10_000
    ys = nn.Dropout(0.3, seed=0)([1.0] * n)
    assert set(ys) == {0.0, 1.0 / 0.7}
    # A mean of n numbers with standard deviation sqrt(0.3 / 0.7): five of its own standard deviations.
    assert sum(ys) / n == pytest.approx(1.0, abs=5 * math.sqrt(0.3 / 0.7 / n))


def test_dropout_is_off_in_evaluation_and_has_its_own_seed():
    row = [Value(float(i)) for i in range(20)]
    assert nn.Dropout(0.5, seed=0).eval()(row) == row
    masks = [[y.data for y in nn.Dropout(0.5, seed=seed)(row)] for seed in (1, 1, 2)]
    assert masks[0] == masks[1] != masks[2]
    random.seed(1)
    drop = nn.Dropout(0.5, seed=3)
    before = random.getstate()
    drop(row)
    assert random.getstate() == before  # Python's generator is left alone


def test_dropout_passes_gradients_to_what_it_keeps():
    xs = [Value(1.0) for _ in range(10)]
    ys = nn.Dropout(0.5, seed=0)(xs)
    for y in ys:
        y.backward()
    assert [x.grad for x in xs] == [y.data for y in ys]


@pytest.mark.parametrize(("p", "expected"), [(0.0, [1.0, 2.0]), (1.0, [0.0, 0.0])])
def test_dropout_at_its_limits(p, expected):
    assert nn.Dropout(p, seed=0)([1.0, 2.0]) == expected


@given(st.lists(st.floats(-1000.0, 1000.0), min_size=2, max_size=5))
def test_softmax_is_a_distribution_for_any_logits(row):
    ps = nn.Softmax()(row)
    assert all(0.0 <= p <= 1.0 for p in ps)
    assert math.fsum(ps) == pytest.approx(1.0, rel=1e-15 * len(row))


def test_a_function_is_no_module():
    with pytest.raises(TypeError, match=r"Sequential takes modules, such as nn.Tanh\(\), not <operation tanh>"):
        nn.Sequential(nn.Linear(1, 1), nn.functional.tanh)


def test_a_slice_of_a_sequential_shares_its_parameters():
    model = nn.Sequential(nn.Linear(2, 3, seed=0), nn.Tanh(), nn.Linear(3, 1, seed=1))
    head = model[:-1]
    assert isinstance(head, nn.Sequential) and len(head) == 2
    assert head.parameters() == model[0].parameters()
    assert [y.data for y in head([1.0, 2.0])] == [y.data for y in model[1](model[0]([1.0, 2.0]))]


def test_a_layer_without_bias(tmp_path):
    layer = nn.Linear(2, 3, bias=False, seed=0)
    assert list(layer.state_dict())[-1] == "neurons.2.w.1"
    assert [y.data for y in layer([0.0, 0.0])] == [0.0, 0.0, 0.0]
    nn.save(layer, tmp_path / "m")
    assert nn.load(tmp_path / "m").state_dict() == layer.state_dict()
    history = nn.fit(layer, [[1.0, 2.0]] * 4, [[0.0, 1.0, 2.0]] * 4, epochs=2, progress=False, callbacks=[
        nn.LayerStatistics()])
    assert history.loss[1] < history.loss[0]


def test_a_residual_takes_a_module():
    with pytest.raises(TypeError, match=r"Residual takes a module, such as nn.Tanh\(\), not <operation tanh>"):
        nn.Residual(nn.functional.tanh)
