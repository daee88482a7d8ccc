"""Statistics by layer: gradients, activations, dead units and updates, against numbers worked out by hand."""

import math

import pytest

import nn
from autograd import Value
from nn import stats


def twin():
    """Two layers with known numbers: h = relu(x - 1), relu(-x); y = 2 h0 + 3 h1 + 0.5."""
    model = nn.MLP(1, [2, 1])
    for p, x in zip(model.parameters(), [1.0, -1.0, -1.0, 0.0, 2.0, 3.0, 0.5], strict=True):
        p.data = x
    return model


def test_gradient_flow():
    model = twin()
    model([3.0]).backward()  # h = 2, 0; dy = (2 * 3, 2 | 0, 0) and (2, 0 | 1)
    first, second = stats.gradient_flow(model)
    assert first == ("layer0", math.hypot(6.0, 2.0), 2.0, 6.0, 0.5)
    assert second == ("layer1", math.sqrt(5.0), 1.0, 2.0, pytest.approx(1 / 3))
    assert (first.layer, first.zeros) == ("layer0", 0.5)


def test_every_part_with_parameters_has_its_row_under_its_drawn_name():
    class Own(nn.Module):
        def __init__(self):
            self.body = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.PReLU(), nn.Residual(nn.Linear(3, 3)))
            self.factor = Value(1.0)

        def forward(self, row):
            return [self.factor * y for y in self.body(row)]

    rows = [(row.layer, row.zeros) for row in stats.gradient_flow(Own())]
    assert rows == [("own", 1.0), ("body/linear0", 1.0), ("body/batchnorm1d1", 1.0), ("body/prelu2", 1.0),
                    ("body/residual3/module", 1.0)]
    model = Own()
    assert sum(len(parameters) for _, _, parameters in stats.named_layers(model)) == len(model.parameters())


def test_a_layer_or_a_neuron_alone():
    assert [row.layer for row in stats.gradient_flow(nn.Layer(2, 2))] == ["layer"]
    assert [row.layer for row in stats.gradient_flow(nn.Neuron(2))] == ["neuron"]


def test_activations():
    first, second = stats.activations(twin(), [[3.0], [2.0], [4.0]])
    assert first.layer == "layer0"  # outputs 2, 1, 3 and 0, 0, 0
    assert (first.mean, first.saturated, first.dead) == (1.0, 0.5, 0.5)
    assert first.std == pytest.approx(math.sqrt(8.0 / 6.0), rel=1e-15)
    assert (second.mean, second.saturated, second.dead) == (4.5, 0.0, 0.0)  # 4.5, 2.5, 6.5: no activation


def test_saturation_is_a_small_local_derivative():
    model = nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    for p, x in zip(model.parameters(), [1.0, 0.0], strict=True):
        p.data = x
    limit = math.atanh(math.sqrt(0.95))  # where 1 - tanh^2 is 0.05
    linear, tanh = stats.activations(model, [[0.99 * limit], [1.01 * limit], [-1.01 * limit], [0.0]])
    assert (linear.saturated, tanh.layer, tanh.saturated, tanh.dead) == (0.0, "tanh1", 0.5, 0.0)
    assert stats.activations(model, [[0.0]], flat=2.0)[1].saturated == 1.0


def test_dead_units():
    assert stats.dead_units(twin(), [[3.0], [0.5]]) == {"layer0": [1], "layer1": []}
    assert stats.dead_units(twin(), [[3.0], [-0.5]]) == {"layer0": [], "layer1": []}


def test_outputs_are_the_numbers_behind():
    assert stats.outputs(twin(), [[3.0], [-1.0]]) == {"layer0": [2.0, 0.0, 0.0, 1.0], "layer1": [4.5, 3.5]}


def test_looking_changes_nothing():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5, seed=0), nn.Linear(3, 1))
    model[2].eval()
    before, modes, rng = model.state_dict(), [m.training for m in model.modules()], model[2].rng.getstate()
    stats.activations(model, [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="expects 2 inputs, got 1"):
        stats.activations(model, [[1.0]])
    assert model.state_dict() == before
    assert [m.training for m in model.modules()] == modes
    assert model[2].rng.getstate() == rng
    assert all("batch" not in vars(m) for m in model.modules())


def test_no_inputs_are_refused():
    with pytest.raises(ValueError, match="at least one row of inputs"):
        stats.activations(twin(), [])


def test_update_ratios():
    model = twin()
    before = stats.snapshot(model)
    model([3.0]).backward()
    nn.optim.SGD(model.parameters(), lr=0.1).step()
    first, second = stats.update_ratios(model, before)
    assert first.norm == math.sqrt(3.0)
    assert first.update == pytest.approx(0.1 * math.hypot(6.0, 2.0), rel=1e-14)
    assert first.ratio == first.update / first.norm
    assert second.layer == "layer1"


def test_update_ratios_from_zero():
    model = nn.init.zeros_(nn.MLP(1, [1]))
    before = stats.snapshot(model)
    assert stats.update_ratios(model, before)[0].ratio == 0.0
    model.parameters()[0].data = 1.0
    assert stats.update_ratios(model, before)[0].ratio == math.inf


def test_a_table_is_aligned():
    model = twin()
    model([3.0]).backward()
    lines = stats.table(stats.gradient_flow(model)).splitlines()
    assert lines[0].split() == ["layer", "norm", "mean", "largest", "zeros"]
    assert lines[1].split() == ["layer0", "6.32", "2", "6", "0.5"]
    assert lines[0].index("norm") == lines[1].index("6.32")
    assert stats.table([]) == ""


@pytest.mark.parametrize(("activation", "share"), [
    (nn.PReLU(init=0.01), 0.5),  # its slope is 0.01 for half of the inputs
    (nn.Softmax(), 1.0),  # it is sure of one of two
    (lambda z: z * z.sigmoid(), 0.5), (nn.functional.logsigmoid, 0.5), ("prelu", 0.0),
])
def test_composed_activations_saturate_too(activation, share):
    models = [nn.Sequential(nn.Layer(2, 2, activation=activation))]
    if isinstance(activation, nn.Module):
        models.append(nn.Sequential(nn.Layer(2, 2, activation=None), activation))
    for model in models:
        for i, neuron in enumerate(model.eval()[0].neurons):
            for j, w in enumerate(neuron.w):
                w.data = float(i == j)
        before = [dict(vars(module)) for module in model.modules()]
        row = stats.activations(model, [[-20.0, 20.0]])[-1]
        assert (row.saturated, row.dead) == (share, share)
        assert [dict(vars(module)) for module in model.modules()] == before
