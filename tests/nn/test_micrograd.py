"""micrograd's programs run unchanged but for their imports: its demo, its signatures, its names."""

import importlib
import random

import pytest

from nn.data import moons


def demo(engine, nn, samples=40, steps=12):
    """The training loop of micrograd's notebook: max-margin loss, L2 regularisation, hand-written descent."""
    Value, MLP = importlib.import_module(engine).Value, importlib.import_module(nn).MLP
    random.seed(1337)
    data = moons(samples, noise=0.1, seed=1)
    X, y = data.features, [2 * label - 1 for label in data.labels]
    model = MLP(2, [8, 8, 1])

    def loss():
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        right = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        return data_loss + reg_loss, sum(right) / len(right)

    history = []
    for k in range(steps):
        total, accuracy = loss()
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / steps) * p.grad
        history.append((total.data, accuracy))
    return history


def test_the_demo_learns_the_moons():
    history = demo("autograd", "nn")
    assert history[-1][0] < 0.5 * history[0][0]
    assert history[-1][1] >= 0.85


def test_the_demo_takes_the_same_way_as_in_micrograd():
    pytest.importorskip("micrograd")
    # Same starting weights from the same random.seed; sums are taken in another order, hence the rounding.
    for mine, theirs in zip(*(demo(*imports, samples=20, steps=6) for imports in
                                (("autograd", "nn"), ("micrograd.engine", "micrograd.nn"))), strict=True):
        assert mine[0] == pytest.approx(theirs[0], rel=1e-9)
        assert mine[1] == theirs[1]


def test_signatures():
    from autograd import Value
    from nn import MLP, Layer, Module, Neuron

    neuron, layer, model = Neuron(3, nonlin=False), Layer(3, 4), MLP(3, [4, 4, 1])
    assert len(model.parameters()) == 41
    assert [len(layer.neurons), len(neuron.w), neuron.b.data, neuron.nonlin] == [4, 3, 0.0, False]
    assert all(isinstance(part, Module) for part in (neuron, layer, model, *model.layers))
    assert len(layer([1, 2.0, Value(3)])) == 4
    out = model([1.0, -2.0, 3.0])
    assert isinstance(out, Value)  # one output comes as a number, not as a list of one
    out.backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert all(p.grad == 0.0 for p in model.parameters())


def test_the_last_layer_is_linear_and_the_others_are_relu():
    from nn import MLP

    assert [[n.nonlin for n in layer.neurons] for layer in MLP(2, [2, 1]).layers] == [[True, True], [False]]


def test_a_module_in_micrograds_style():
    from autograd import Value
    from nn import Module

    class Scale(Module):
        def __init__(self):
            self.factor = Value(3.0)

        def __call__(self, x):
            return self.factor * x

        def parameters(self):
            return [self.factor]

    scale = Scale()
    scale(2.0).backward()
    assert scale.factor.grad == 2.0
    scale.zero_grad()
    assert scale.factor.grad == 0.0
