"""The compiled engine leaves the numbers the eager one leaves: losses, parameters, gradients, optimiser states."""

import math

import pytest

pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import nn
from nn import optim
from nn.checkpoint import Shuffle
from nn.compiled import Compiled, Unsupported
from nn.data import blobs, xor
from nn.functional import cross_entropy, l2_penalty, mse_loss
from nn.training import Diverged, Training, epoch, prepare, steps

XOR, BLOBS = xor(20, seed=1), blobs(25, classes=4)
SURFACE = [[a * b, a - b] for a, b in BLOBS.features]


def training(model, optimizer, X, y, loss=None):
    rows, targets, loss = prepare(model, X, y, loss)
    return Training(model, loss, optimizer(model), rows, targets)


def after(engine, make, size, accumulate, epochs=3):
    run = make()
    one_epoch = epoch if engine == "eager" else Compiled(run)
    shuffle = Shuffle(len(run.X), 0)
    losses = [one_epoch(run, list(steps(shuffle(), size, accumulate))) for _ in range(epochs)]
    parameters = run.model.parameters()
    states = [run.optimizer.state.get(p) for p in parameters]
    return losses, [p.data for p in parameters], [p.grad for p in parameters], states


OPTIMIZERS = {
    "sgd": lambda m: optim.SGD(m.parameters(), lr=0.1),
    "momentum": lambda m: optim.SGD(m.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda m: optim.Adam(m.parameters(), lr=0.01),
    "amsgrad": lambda m: optim.Adam(m.parameters(), lr=0.01, amsgrad=True, maximize=True),
    "adamw": lambda m: optim.AdamW(m.parameters(), lr=0.01),
    "adagrad": lambda m: optim.Adagrad(m.parameters(), lr=0.05, lr_decay=0.1),
    "rmsprop": lambda m: optim.RMSprop(m.parameters(), lr=0.01, centered=True, momentum=0.5),
    "groups": lambda m: optim.Adam(optim.decay_groups(m, 0.1), lr=0.01),
}


def same(make, size=7, accumulate=1):
    """Both engines from one start; a training run amplifies rounding a little, so 1e-10 after a few steps."""
    eager, compiled = (after(engine, make, size, accumulate) for engine in ("eager", "compiled"))
    for one, other in zip(eager[:3], compiled[:3], strict=True):
        assert other == pytest.approx(one, rel=1e-10, abs=1e-12)
    for one, other in zip(eager[3], compiled[3], strict=True):
        assert (one is None) == (other is None)
        assert list(one or ()) == list(other or ())
        assert list((other or {}).values()) == pytest.approx(list((one or {}).values()), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    same(lambda: training(nn.MLP(2, [5, 4], activation="tanh", seed=1), OPTIMIZERS[name], BLOBS.features, BLOBS.labels))


@pytest.mark.parametrize(("size", "accumulate"), [(25, 1), (1, 1), (4, 3), (8, 1)])
def test_any_cut_into_steps(size, accumulate):
    same(lambda: training(nn.MLP(2, [4, 4], seed=1), OPTIMIZERS["adam"], BLOBS.features, BLOBS.labels),
         size, accumulate)


def test_targets_of_other_kinds():
    plain = OPTIMIZERS["sgd"]
    same(lambda: training(nn.MLP(2, [4, 1], activation="tanh", seed=1), plain, XOR.features, XOR.labels))
    same(lambda: training(nn.MLP(2, [4, 2], activation="gelu", seed=1), plain, BLOBS.features, SURFACE))
    same(lambda: training(nn.MLP(2, [4, 1], activation="silu", seed=1), plain, BLOBS.features,
                          [a for a, _ in SURFACE], mse_loss))


def test_a_loss_of_ones_own_with_a_penalty():
    def make():
        model = nn.MLP(2, [4, 4], activation="tanh", seed=1)

        def loss(outputs, targets):
            return cross_entropy(outputs, targets) + 0.01 * l2_penalty(model.weights())

        return training(model, OPTIMIZERS["adam"], BLOBS.features, BLOBS.labels, loss)

    same(make)


def test_a_parameter_that_the_loss_does_not_reach_is_left_alone():
    class Idle(nn.Module):
        def __init__(self):
            self.used, self.idle = nn.Linear(2, 4, seed=1), nn.Linear(2, 3, seed=2)

        def forward(self, row):
            return self.used(row)

    same(lambda: training(Idle(), OPTIMIZERS["adamw"], BLOBS.features, BLOBS.labels))


@pytest.mark.parametrize(("model", "loss", "message"), [
    (lambda: nn.Sequential(nn.Linear(2, 4, seed=1), nn.Dropout(0.5, seed=1)), None, "random numbers"),
    (lambda: nn.Sequential(nn.Linear(2, 4, seed=1), nn.BatchNorm1d(4)), None, "BatchNorm1d|batch of two rows"),
    (lambda: nn.MLP(2, [4], seed=1),
     lambda outputs, targets: cross_entropy(outputs, targets, weight=[1.0, 5.0, 1.0, 1.0]), "weighted means"),
    (lambda: nn.MLP(2, [4], seed=1),
     lambda outputs, targets: sum(row[0] if row[0] > row[1] else row[1] for row in outputs), "compares numbers"),
], ids=["dropout", "batch norm", "weighted mean", "branch"])
def test_what_cannot_be_compiled_says_so(model, loss, message):
    with pytest.raises(Unsupported, match=message):
        Compiled(training(model(), OPTIMIZERS["sgd"], BLOBS.features, BLOBS.labels, loss))


def test_a_step_that_diverges_is_reported_as_the_eager_engine_does():
    reports = []
    for engine in ("eager", "compiled"):
        run = training(nn.MLP(1, [2, 1], activation="relu", seed=1), lambda m: optim.SGD(m.parameters(), lr=1e200),
                       [[1.0], [2.0]], [0.5, 1.5], mse_loss)
        one_epoch = epoch if engine == "eager" else Compiled(run)
        with pytest.raises(Diverged) as caught:
            one_epoch(run, [[[0, 1]]] * 4)
        assert all(math.isfinite(p.data) for p in run.model.parameters())
        reports.append(str(caught.value).splitlines()[0])
    assert reports[0] == reports[1]


def test_fit_chooses_an_engine(monkeypatch):
    def fitted(engine, module=None):
        model = nn.Sequential(nn.MLP(2, [6, 4], activation="tanh", seed=1), *([module] if module else []))
        history = nn.fit(model, BLOBS.features, BLOBS.labels, epochs=4, batch_size=8, seed=3, progress=False,
                         engine=engine, validation=(XOR.features, XOR.labels))
        return [*history.loss, *history.validation_loss]

    eager, compiled = fitted("eager"), fitted("compiled")
    assert compiled == pytest.approx(eager, rel=1e-10)
    assert fitted("auto") == eager  # a short training is not worth compiling
    monkeypatch.setattr(nn.compiled, "WORTH", 0.0)
    assert fitted("auto") == compiled
    with pytest.warns(RuntimeWarning, match="training runs eagerly.*Dropout"):
        assert fitted("auto", nn.Dropout(0.1, seed=1)) == fitted("eager", nn.Dropout(0.1, seed=1))
    with pytest.raises(Unsupported, match="Dropout"):
        fitted("compiled", nn.Dropout(0.1, seed=1))
    with pytest.raises(ValueError, match="engine is 'auto', 'eager' or 'compiled', got 'gpu'"):
        fitted("gpu")
