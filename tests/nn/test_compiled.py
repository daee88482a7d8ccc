"""The compiled engine leaves the numbers the eager one leaves: losses, parameters, gradients, optimiser states."""

import functools
import importlib.util
import math
import random

import pytest

pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import numpy as np

import autograd
import nn
from autograd.compiler import native
from nn import functional as F
from nn import optim
from nn.activations import MODULES as ACTIVATION_MODULES
from nn.activations import NAMES as ACTIVATIONS
from nn.checkpoint import Shuffle, generators
from nn.compiled import Compiled, Unsupported
from nn.data import blobs, xor
from nn.functional import cross_entropy, l2_penalty, mse_loss
from nn.steps import Diverged, epoch, steps
from nn.training import Training, prepare

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
    drawn = [rng.getstate() for rng in generators(run.model)]
    numbers = list(run.model.state_dict().values())  # the running statistics among them
    return losses, numbers, [p.grad for p in parameters], states, drawn


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


def same(make, size=7, accumulate=1, epochs=3):
    """Both engines from one start; a training run amplifies rounding a little, so 1e-10 after a few steps."""
    eager, compiled = (after(engine, make, size, accumulate, epochs) for engine in ("eager", "compiled"))
    for one, other in zip(eager[:3], compiled[:3], strict=True):
        assert other == pytest.approx(one, rel=1e-10, abs=1e-12)
    assert compiled[4] == eager[4]
    for one, other in zip(eager[3], compiled[3], strict=True):
        assert (one is None) == (other is None)
        assert list(one or ()) == list(other or ())
        assert list((other or {}).values()) == pytest.approx(list((one or {}).values()), rel=1e-9, abs=1e-12)


class ByRow(nn.Module):
    """A module of one's own, one row after the other, with a Dropout that it meets twice."""

    def __init__(self):
        self.first, self.drop, self.second = nn.Linear(2, 5, seed=1), nn.Dropout(0.4, seed=3), nn.Linear(5, 4, seed=2)

    def forward(self, row):
        return self.second(self.drop([x.tanh() for x in self.drop(self.first(row))]))


def between(*modules):
    """Two layers with these between them. A bias just before a BatchNorm1d would have the gradient 0, and Adam would
    make steps of the rounding errors that both engines find in its place: hence the tanh first."""
    return nn.Sequential(nn.Linear(2, 5, seed=1), nn.Tanh(), *modules, nn.Linear(5, 4, seed=2))


def met_twice():
    drop = nn.Dropout(0.3, seed=4)
    return between(drop, nn.Sigmoid(), drop)


MODELS = {
    "plain": lambda: nn.MLP(2, [5, 4], activation="tanh", seed=1),
    "batch norm": lambda: between(nn.BatchNorm1d(5)),
    "batch norm of the data": lambda: nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 4, seed=2)),
    "two batch norms": lambda: between(nn.BatchNorm1d(5, momentum=None), nn.Linear(5, 5, seed=3), nn.GELU(),
                                       nn.BatchNorm1d(5, affine=False)),
    "untracked": lambda: between(nn.BatchNorm1d(5, track_running_stats=False)),
    "dropout": lambda: between(nn.Dropout(0.5, seed=4)),
    "a dropout met twice": met_twice,
    "a dropout met twice, by row": ByRow,
    "all dropped": lambda: between(nn.Dropout(1.0, seed=4)),
    "both": lambda: between(nn.BatchNorm1d(5), nn.Dropout(0.5, seed=4),
                            nn.Residual(nn.Sequential(nn.Linear(5, 5, seed=2), nn.Dropout(0.2, seed=5)))),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_with_every_optimizer(model, optimizer):
    same(lambda: training(MODELS[model](), OPTIMIZERS[optimizer], BLOBS.features, BLOBS.labels), epochs=2)


@pytest.mark.parametrize(("model", "size", "accumulate"), [
    *((model, *cut) for cut in [(25, 1), (5, 3), (5, 2), (13, 1)] for model in MODELS),
    *((model, *cut) for cut in [(1, 1), (4, 3), (8, 1)] for model in ("plain", "dropout", "a dropout met twice")),
])  # a batch of one row, of which there are some in the last three, has no variance
def test_any_cut_into_steps(model, size, accumulate):
    same(lambda: training(MODELS[model](), OPTIMIZERS["adam"], BLOBS.features, BLOBS.labels), size, accumulate)


def test_targets_of_other_kinds():
    plain = OPTIMIZERS["sgd"]
    same(lambda: training(nn.MLP(2, [4, 1], activation="tanh", seed=1), plain, XOR.features, XOR.labels))
    same(lambda: training(nn.MLP(2, [4, 2], activation="gelu", seed=1), plain, BLOBS.features, SURFACE))
    same(lambda: training(nn.MLP(2, [4, 1], activation="silu", seed=1), plain, BLOBS.features,
                          [a for a, _ in SURFACE], mse_loss))


@pytest.mark.parametrize("name", [*ACTIVATIONS, *ACTIVATION_MODULES])
def test_every_activation(name):
    same(lambda: training(nn.MLP(2, [6, 4], activation=name, seed=1), OPTIMIZERS["adam"], BLOBS.features,
                          BLOBS.labels), epochs=2)


NUMBERS, PAIRS, LABELS = [a for a, _ in SURFACE], SURFACE, BLOBS.labels
SIGNS, BITS = [1.0 if a > 0.0 else -1.0 for a in NUMBERS], [float(a > 0.0) for a in NUMBERS]
LOSSES = {  # a loss, the targets, the number of outputs, and what the outputs go through
    "mse_loss": (F.mse_loss, NUMBERS, 1),
    "mse_loss of pairs": (F.mse_loss, PAIRS, 2),
    "l1_loss": (F.l1_loss, NUMBERS, 1),
    "huber_loss": (functools.partial(F.huber_loss, delta=0.5), PAIRS, 2),
    "smooth_l1_loss": (functools.partial(F.smooth_l1_loss, beta=0.5), NUMBERS, 1),
    "hinge_loss": (functools.partial(F.hinge_loss, margin=0.5), SIGNS, 1),
    "binary_cross_entropy": (F.binary_cross_entropy, BITS, 1, nn.Sigmoid()),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, BITS, 1),
    "nll_loss": (F.nll_loss, LABELS, 4, nn.LogSoftmax()),
    "cross_entropy": (F.cross_entropy, LABELS, 4),
    "cross_entropy, smooth": (functools.partial(F.cross_entropy, label_smoothing=0.1), LABELS, 4),
}


def test_the_tables_have_every_loss_and_every_optimizer():
    known = {name for name, x in vars(F).items() if getattr(x, "__module__", "") in ("nn.losses", "nn.class_losses")}
    assert known - {"l1_penalty", "l2_penalty"} <= set(LOSSES)
    rules = {name for name, x in vars(optim).items() if isinstance(x, type) and issubclass(x, optim.Optimizer)}
    rules -= {"Optimizer", "Newton"}  # fit refuses Newton
    assert {type(make(MODELS["plain"]())).__name__ for make in OPTIMIZERS.values()} == rules


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_with_every_optimizer(name, optimizer):
    loss, targets, outputs, *last = LOSSES[name]

    def make():
        model = nn.Sequential(nn.MLP(2, [4, outputs], activation="gelu", seed=1), *last)
        return training(model, OPTIMIZERS[optimizer], BLOBS.features, targets, loss)

    same(make, epochs=2)


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


class Noisy(nn.Module):
    """Adds noise, from a generator of its own or from Python's."""

    def __init__(self, rng):
        self.rng = rng

    def forward(self, row):
        return [x + self.rng.gauss(0.0, 1.0) for x in row]


class NoisyByNumPy(nn.Module):
    """Adds the same noise to all of a row: from the generator of the module, which can be looked at, or another one."""

    def __init__(self, draw):
        self.draw = draw

    def forward(self, row):
        noise = self.draw()
        return [x + noise for x in row]


class Centred(nn.Module):
    """Mixes the rows of a batch, in a way that the compiler does not know."""

    def batch(self, rows):
        means = [autograd.mean(column) for column in zip(*rows)]
        return [[x - m for x, m in zip(row, means)] for row in rows]


class Keeping(nn.Module):
    """Keeps its outputs, for someone to look at."""

    def __init__(self, name):
        self.layer, self.name, self.seen = nn.Linear(2, 4, seed=1), name, {}
        setattr(self, name, None)

    def forward(self, row):
        setattr(self, self.name, self.layer(row))
        return self.layer(row)


class Remembering(Keeping):
    def forward(self, row):
        self.seen["inputs"] = row
        return self.layer(row)


class Filled(nn.Module):
    """Takes another number for a zero."""

    def forward(self, row):
        return [5.0 if x == 0.0 else x for x in row]


def norm_met_twice():
    norm = nn.BatchNorm1d(5)
    return between(norm, nn.Tanh(), norm)


def mixed_order():
    """Dropouts that share a generator: one meets all rows at once, one row after row."""
    by_row = ByRow()
    drop = nn.Dropout(0.5, seed=1)
    drop.rng = by_row.drop.rng
    return nn.Sequential(drop, by_row)


@pytest.mark.parametrize(("model", "loss", "message"), [
    (lambda: between(Noisy(random.Random(0))), None,
     r"draws random numbers in each step, and is no Dropout: nn\.Dropout's are the only .*: use it, or engine='eager'"),
    (lambda: between(Noisy(random)), None, "this model or loss draws random numbers in each step: nn.Dropout's are"),
    (lambda: between(NoisyByNumPy(lambda: np.random.randint(2))), None,
     "this model or loss draws random numbers in each step: nn.Dropout's are"),
    (lambda: between(NoisyByNumPy(np.random.default_rng(1).normal)), None,
     "another result on the next call, for it draws random numbers or counts its calls: nn.Dropout's are"),
    (lambda: between(Centred()), None, "modules of one's own that mix rows"),
    (norm_met_twice, None, "a BatchNorm1d that a forward pass meets twice"),
    (mixed_order, None, "draw for single rows here and for batches there"),
    (lambda: nn.MLP(2, [4], seed=1),
     lambda outputs, targets: cross_entropy(outputs, targets, weight=[1.0, 5.0, 1.0, 1.0]), "weighted means"),
    (lambda: nn.MLP(2, [4], seed=1),
     lambda outputs, targets: sum(row[0] if row[0] > row[1] else row[1] for row in outputs), "compares numbers"),
    (lambda: nn.Sequential(Filled(), nn.Linear(2, 4, seed=1)), None,
     r"(?s)`\.\.\. == 0\.0` compares numbers.*5\.0 if x == 0"),
    (lambda: Keeping("last"), None, "Keeping.last keeps numbers of the forward pass"),
    (lambda: Keeping("_last"), None, "Keeping._last keeps numbers of the forward pass"),
    (lambda: Remembering("last"), None, "Remembering.seen keeps numbers of the forward pass"),
    (lambda: nn.MLP(2, [4], seed=1),
     lambda outputs, targets: sum(row[0] for row in outputs) * (1 // (len(targets) - 1)),
     "cannot be compiled: ZeroDivisionError"),
], ids=["noise", "noise of Python's", "noise of NumPy's", "noise of another's", "mixed rows", "norm met twice",
        "mixed order", "weighted mean", "branch", "equality", "kept", "kept in private", "kept inputs",
        "another error"])
def test_what_cannot_be_compiled_says_so(model, loss, message):
    run = training(model(), OPTIMIZERS["sgd"], BLOBS.features, BLOBS.labels, loss)
    before = [dict(vars(module)) for module in run.model.modules()], run.model.state_dict()
    with pytest.raises(Unsupported, match=message):
        Compiled(run)
    assert ([dict(vars(module)) for module in run.model.modules()], run.model.state_dict()) == before


MASKED = [-999.0 if k in (20, 35) else a for k, (a, _) in enumerate(SURFACE)]


def masked(outputs, targets):
    return autograd.mean([(x - t) ** 2 if t != -999.0 else 0.0 * x for x, t in zip(outputs, targets)])


def masked_by_where(outputs, targets):
    return autograd.mean([autograd.where(autograd.equal(t, -999.0), 0.0, (x - t) ** 2)
                          for x, t in zip(outputs, targets)])


@pytest.mark.parametrize(("make", "targets", "loss", "why"), [
    (lambda: nn.MLP(2, [4, 1], activation="tanh", seed=1), MASKED, masked, r"`\.\.\. == -999\.0` compares numbers"),
    (lambda: Keeping("last"), LABELS, None, "Keeping.last keeps numbers"),
])
def test_auto_trains_as_eager_what_it_cannot_compile_and_says_why(monkeypatch, make, targets, loss, why):
    monkeypatch.setattr(nn.compiled.engine, "WORTH", 0.0)

    def fitted(engine):
        return nn.fit(make(), BLOBS.features, targets, loss=loss, epochs=3, engine=engine, progress=False).loss

    with pytest.warns(RuntimeWarning, match=f"training runs eagerly.*{why}"):
        assert fitted("auto") == fitted("eager")


class Signs(optim.Optimizer):
    """Steps of one length. An optimiser of one's own, whose rule branches."""

    def __init__(self, params, lr):
        super().__init__(params, lr=lr)

    @staticmethod
    def start(p, **options):
        return {}

    @staticmethod
    def rule(p, g, state, *, lr):
        return p - (lr * g / abs(g) if g != 0.0 else 0.0), state


class Uphill(Signs):
    @staticmethod
    def rule(p, g, state, *, lr):
        return p - (lr if g > 0.0 else -lr), state


class SignsByWhere(Signs):
    @staticmethod
    def rule(p, g, state, *, lr):
        return p - lr * autograd.sign(g), state


@pytest.mark.parametrize("kind", [Signs, Uphill])
def test_a_rule_that_branches_is_for_the_eager_engine(monkeypatch, kind):
    def fitted(engine):
        model = nn.MLP(2, [4], seed=1)
        return nn.fit(model, BLOBS.features, LABELS, epochs=2, engine=engine, progress=False,
                      optimizer=kind(model.parameters(), lr=0.01)).loss

    monkeypatch.setattr(nn.compiled.engine, "WORTH", 0.0)
    message = rf"(?s)the rule of {kind.__name__} .* compares .*test_compiled\.py:\d+: return p"
    with pytest.raises(Unsupported, match=message):
        fitted("compiled")
    with pytest.warns(RuntimeWarning, match=f"training runs eagerly.*the rule of {kind.__name__}"):
        assert fitted("auto") == fitted("eager")


def test_an_optimizer_of_ones_own_is_compiled():
    same(lambda: training(nn.MLP(2, [4], seed=1), lambda m: SignsByWhere(m.parameters(), 0.01), BLOBS.features, LABELS))


def test_losses_that_ask_which_class_or_number_a_target_is():
    def by_class(outputs, targets):
        return autograd.mean([row[t] * row[t] * {0: 1.0, 1: 2.0}.get(t, 3.0) for row, t in zip(outputs, targets)])

    same(lambda: training(nn.MLP(2, [4], seed=1), OPTIMIZERS["sgd"], BLOBS.features, LABELS, by_class))
    same(lambda: training(nn.MLP(2, [4, 1], activation="tanh", seed=1), OPTIMIZERS["sgd"], BLOBS.features, MASKED,
                          masked_by_where))


def test_what_is_not_installed_is_said_once(monkeypatch):
    find = importlib.util.find_spec
    without = lambda name, *rest: None if name == "llvmlite" else find(name, *rest)
    monkeypatch.setattr(importlib.util, "find_spec", without)
    monkeypatch.setattr(native, "lacking", native.lacking.__wrapped__)
    with pytest.raises(Unsupported, match=r"^compiling needs NumPy and llvmlite: install stepgrad\[compile\]$"):
        nn.fit(nn.MLP(2, [4], seed=1), BLOBS.features, LABELS, epochs=1, engine="compiled", progress=False)


def test_a_loss_with_a_derivative_inside():
    def steep(outputs, targets):
        slopes = [autograd.grad(row[0].tanh(), row[0], create_graph=True)[0] for row in outputs]
        return autograd.mean([row[0] ** 2 + slope for row, slope in zip(outputs, slopes)])

    same(lambda: training(nn.MLP(2, [4], seed=1), OPTIMIZERS["sgd"], BLOBS.features, LABELS, steep))


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_step_that_would_do_harm_is_not_taken_by_either_engine(batch_size):
    """A column of zeros gives a weight no gradient, and with eps=0 its step divides by it."""
    said = []
    for engine in ("eager", "compiled"):
        model = nn.Linear(2, 1, seed=0)
        model.neurons[0].b.data = 0.0
        before = model.state_dict()
        with pytest.warns(RuntimeWarning, match=r"step \d: RMSprop: neuron0/w1 would go from .* to nan, and nothing"):
            history = nn.fit(model, [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], [1.5, 2.5, 0.5], batch_size=batch_size,
                             optimizer=nn.optim.RMSprop(model.parameters(), eps=0.0), engine=engine, progress=False)
        assert model.state_dict() == before
        said.append(history.stopped)
    assert said[0] == said[1]


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
    monkeypatch.setattr(nn.compiled.engine, "WORTH", 0.0)
    assert fitted("auto") == compiled
    with pytest.warns(RuntimeWarning, match="training runs eagerly.*draws random numbers"):
        assert fitted("auto", Noisy(random.Random(1))) == fitted("eager", Noisy(random.Random(1)))
    with pytest.raises(Unsupported, match="draws random numbers"):
        fitted("compiled", Noisy(random.Random(1)))
    with pytest.raises(ValueError, match="engine is 'auto', 'eager' or 'compiled', got 'gpu'"):
        fitted("gpu")
