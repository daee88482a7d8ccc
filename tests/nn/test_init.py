"""Initialisation: the formulas' bounds and deviations, seeds, targets, errors."""

import math

import pytest

import nn
from autograd import Value
from nn import init


def numbers(module):
    return [w.data for w in module.weights()]


def wide(seed=0):
    return nn.Linear(60, 40, seed=seed)


def deviation(xs):
    return math.sqrt(math.fsum(x * x for x in xs) / len(xs))


# fan_in 60, fan_out 40; the formulas of Glorot and Bengio (2010) and He et al. (2015)
CASES = {
    "uniform_": (lambda m: init.uniform_(m, -0.3, 0.3, seed=1), 0.3 / math.sqrt(3), 0.3),
    "normal_": (lambda m: init.normal_(m, std=0.7, seed=1), 0.7, None),
    "xavier_uniform_": (lambda m: init.xavier_uniform_(m, seed=1), math.sqrt(2 / 100), math.sqrt(6 / 100)),
    "xavier_uniform_ tanh": (lambda m: init.xavier_uniform_(m, gain=5 / 3, seed=1), 5 / 3 * math.sqrt(2 / 100),
                             5 / 3 * math.sqrt(6 / 100)),
    "xavier_normal_": (lambda m: init.xavier_normal_(m, seed=1), math.sqrt(2 / 100), None),
    "kaiming_uniform_": (lambda m: init.kaiming_uniform_(m, seed=1), math.sqrt(2 / 60), math.sqrt(6 / 60)),
    "kaiming_uniform_ sqrt5": (lambda m: init.kaiming_uniform_(m, a=math.sqrt(5), seed=1), 1 / math.sqrt(3 * 60),
                               1 / math.sqrt(60)),  # PyTorch's own start of a Linear
    "kaiming_normal_": (lambda m: init.kaiming_normal_(m, nonlinearity="relu", seed=1), math.sqrt(2 / 60), None),
    "kaiming_normal_ fan_out": (lambda m: init.kaiming_normal_(m, mode="fan_out", seed=1), math.sqrt(2 / 40), None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_have_the_formulas_deviation_and_bound(name):
    fill, std, bound = CASES[name]
    layer = wide()
    biases = [n.b.data for n in layer.neurons]
    assert fill(layer) is layer
    # The deviation of n numbers has itself a relative deviation of at most 1 / sqrt(2 n): four of those.
    assert deviation(numbers(layer)) == pytest.approx(std, rel=4 / math.sqrt(2 * 2400))
    if bound is not None:
        assert max(map(abs, numbers(layer))) <= bound
        assert max(map(abs, numbers(layer))) > 0.99 * bound
    assert [n.b.data for n in layer.neurons] == biases


@pytest.mark.parametrize("name", CASES)
def test_a_seed_repeats_the_numbers(name):
    fill = CASES[name][0]
    assert numbers(fill(wide(1))) == numbers(fill(wide(2)))


@pytest.mark.parametrize(("name", "param"), [
    ("linear", None), ("sigmoid", None), ("tanh", None), ("relu", None), ("leaky_relu", None), ("leaky_relu", 0.2),
    ("selu", None),
])
def test_gains_are_pytorchs(name, param):
    torch = pytest.importorskip("torch")
    assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


def test_every_layer_of_a_network_has_its_own_fans():
    model = init.kaiming_uniform_(nn.MLP(50, [8, 4], seed=0), seed=0)
    first, second = ([abs(w.data) for n in layer.neurons for w in n.w] for layer in model.layers)
    assert max(first) <= math.sqrt(6 / 50) < max(second) <= math.sqrt(6 / 8)


def test_a_neuron_and_a_list_are_targets_too():
    neuron = init.xavier_uniform_(nn.Neuron(5), seed=0)
    assert all(abs(w.data) <= 1.0 for w in neuron.w)
    values = [Value(1.0), Value(2.0)]
    assert init.constant_(values, 0.5) is values
    assert [v.data for v in init.zeros_(values)] == [0.0, 0.0]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: init.calculate_gain("swish"), "no gain is known for 'swish': choose from leaky_relu, linear"),
    (lambda: init.kaiming_normal_(nn.Linear(2, 2), mode="in"), "mode is 'fan_in' or 'fan_out', not 'in'"),
    (lambda: init.xavier_normal_(nn.ReLU()), "ReLU has no layer to initialise"),
])
def test_what_cannot_be_done_says_why(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("call", [
    lambda layer: init.constant_(layer, "a"), lambda layer: init.constant_(layer, math.nan),
    lambda layer: init.uniform_(layer, math.nan, 1.0), lambda layer: init.normal_(layer, std=math.inf),
])
def test_weights_are_finite_numbers(call):
    layer = nn.Linear(2, 1, seed=0)
    before = layer.state_dict()
    with pytest.raises(ValueError, match="weights are finite numbers, not"):
        call(layer)
    assert layer.state_dict() == before


def test_a_layer_without_inputs_has_nothing_to_draw():
    for f in (init.kaiming_uniform_, init.kaiming_normal_, init.xavier_uniform_):
        assert f(nn.Layer(0, 1)).weights() == []


@pytest.mark.parametrize("name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"])
def test_what_depends_on_the_fans_takes_a_module(name):
    with pytest.raises(TypeError, match="Xavier and Kaiming take a module, whose layers have inputs and outputs"):
        getattr(nn.init, name)([Value(1.0)])
