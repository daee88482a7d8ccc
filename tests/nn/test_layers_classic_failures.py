"""The classic failures of the tutorials, each in a few lines, and what cures it."""

import math

import pytest

import nn
from autograd import no_grad
from nn import functional as F
from nn.data import moons, xor
from nn.optim import SGD, Adam, decay_groups
from nn.stats import gradient_flow


def train(model, X, y, optimizer, steps, penalty=lambda: 0.0):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y) + penalty()
        loss.backward()
        optimizer.step()
    return model


def loss_of(model, data):
    model.eval()
    with no_grad():
        return F.binary_cross_entropy_with_logits(model(data.features), data.labels).data


# A learning rate above 1 on x^2


def test_divergence_and_the_smaller_rate_that_cures_it():
    assert abs(nn.gradient_descent(lambda x: x**2, 1.0, lr=1.1, num_iterations=100).x) > 1e7
    assert abs(nn.gradient_descent(lambda x: x**2, 1.0, lr=0.1, num_iterations=100).x) < 1e-9


# All weights zero, or all equal: every neuron of a layer learns the same


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_equal_weights_stay_equal_and_random_ones_cure_it(start):
    data = xor(4, noise=0.0)
    stuck = nn.init.constant_(nn.MLP(2, [4, 1], activation="tanh"), start)
    train(stuck, data.features, data.labels, SGD(stuck.parameters(), lr=0.5), steps=200)
    hidden = stuck.layers[0].neurons
    assert len({tuple(p.data for p in neuron.parameters()) for neuron in hidden}) == 1
    assert loss_of(stuck, data) > 0.3  # ln 2 = 0.69 is guessing

    free = nn.init.xavier_uniform_(nn.MLP(2, [4, 1], activation="tanh"), seed=4)
    train(free, data.features, data.labels, SGD(free.parameters(), lr=0.5), steps=400)
    assert loss_of(free, data) < 0.1


# A stack of tanh layers with weights too small, or too large


def stack(depth=10, width=6, layer=lambda: nn.Linear(6, 6, seed=0), activation=nn.Tanh):
    return nn.Sequential(*[part for _ in range(depth) for part in (layer(), activation())], nn.Linear(width, 1, seed=0))


def first_over_last(model):
    """How much of the last hidden layer's gradient reaches the first."""
    X = [[math.sin(3.0 * i + j) for j in range(6)] for i in range(8)]
    model.zero_grad()
    F.mse_loss(model(X), [float(i % 2) for i in range(8)]).backward()
    flow = [layer.norm for layer in gradient_flow(model) if not layer.layer.startswith("batchnorm")]
    return flow[0] / flow[-2]


def small(model):
    return nn.init.normal_(model, std=0.1, seed=0)


def test_gradients_vanish_in_a_stack_of_small_tanh_layers():
    assert first_over_last(small(stack())) < 1e-4


def test_first_cure_initialisation():
    assert 0.1 < first_over_last(nn.init.xavier_uniform_(stack(), gain=5 / 3, seed=0)) < 10.0


def test_second_cure_batch_normalisation():
    parts = [part for _ in range(10) for part in (nn.Linear(6, 6, seed=0), nn.BatchNorm1d(6), nn.Tanh())]
    model = nn.Sequential(*parts, nn.Linear(6, 1, seed=0))
    assert 0.1 < first_over_last(small(model)) < 10.0


def test_third_cure_residuals():
    parts = [nn.Residual(nn.Layer(6, 6, activation="tanh", seed=0)) for _ in range(10)]
    model = nn.Sequential(*parts, nn.Linear(6, 1, seed=0))
    assert 0.1 < first_over_last(small(model)) < 10.0


def test_gradients_explode_in_a_stack_of_large_layers_and_clipping_cuts_them():
    model = nn.init.normal_(stack(activation=nn.ReLU), std=2.0, seed=0)
    F.mse_loss(model([1.0] * 6), 0.0).backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    assert norm > 1e6
    assert math.hypot(*(p.grad for p in model.parameters())) == pytest.approx(1.0, rel=1e-6)


# A large network that learns few noisy points by heart


TRAIN, HELD_OUT = moons(12, noise=0.5, seed=7), moons(80, noise=0.5, seed=6)


def overfit(steps=70, dropout=0.0, decay=0.0, l1=0.0, l2=0.0):
    """(loss on what was trained on, loss on what was not)."""
    model = nn.Sequential(nn.Linear(2, 8, seed=1), nn.Tanh(), nn.Dropout(dropout, seed=2), nn.Linear(8, 8, seed=3),
                          nn.Tanh(), nn.Linear(8, 1, seed=4))

    def penalty():
        return l1 * F.l1_penalty(model.weights()) + l2 * F.l2_penalty(model.weights())

    optimizer = Adam(decay_groups(model, decay), lr=0.1)
    train(model, TRAIN.features, TRAIN.labels, optimizer, steps, penalty if l1 or l2 else lambda: 0.0)
    return loss_of(model, TRAIN), loss_of(model, HELD_OUT)


@pytest.fixture(scope="module")
def by_heart():
    return overfit()


def test_a_large_network_learns_noise_by_heart(by_heart):
    known, new = by_heart
    assert known < 0.001
    assert new > 2.0 * math.log(2.0)  # ln 2 is guessing


@pytest.mark.parametrize("cure", [{"steps": 15}, {"l2": 0.01}, {"l1": 0.01}, {"decay": 0.05}, {"dropout": 0.5}])
def test_early_stopping_penalties_decay_and_dropout_cure_it(by_heart, cure):
    known, new = overfit(**cure)
    assert known > 100.0 * by_heart[0]
    assert new < 0.4 * by_heart[1]
