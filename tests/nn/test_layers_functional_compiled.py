"""Modules, losses and optimisers' rules are plain scalar code: compiled, they give the same numbers and gradients."""

import pytest

import nn
from autograd import TraceError, Trainer, Value, compile, func
from nn import functional as F
from tests.nn.against_pytorch import BITS, CLASSES, EDGES, LARGE, LOGITS, OPTIMISERS, PROBABILITIES, WEIGHT, X, Y

MODULES = {
    "MLP": lambda: nn.MLP(3, [4, 2], activation="tanh", seed=0),
    "PReLU": lambda: nn.MLP(3, [4, 2], activation="prelu", seed=0),
    "Softmax": lambda: nn.MLP(3, [4, 2], activation="elu", output="softmax", seed=0),
    "Residual": lambda: nn.Sequential(nn.Residual(nn.Layer(3, 3, activation="gelu", seed=0)), nn.LogSoftmax()),
    "BatchNorm1d": lambda: nn.Sequential(nn.Linear(3, 2, seed=0), nn.BatchNorm1d(2, track_running_stats=False)),
    "BatchNorm1d in evaluation": lambda: nn.Sequential(nn.Linear(3, 2, seed=0), nn.BatchNorm1d(2)).eval(),
    "Dropout in evaluation": lambda: nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 2, seed=0)).eval(),
}
LOSSES = {
    "mse_loss": (F.mse_loss, X, Y), "l1_loss": (F.l1_loss, X, Y), "huber_loss": (F.huber_loss, X, Y),
    "smooth_l1_loss": (F.smooth_l1_loss, X, Y),
    "hinge_loss": (F.hinge_loss, X, [[1.0, -1.0, 1.0]] * 4),
    "binary_cross_entropy": (F.binary_cross_entropy, PROBABILITIES, BITS),
    "binary_cross_entropy at the edges": (F.binary_cross_entropy, EDGES, [1.0] * len(EDGES)),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, LOGITS, BITS),
}


def flat(tree):
    return [x for item in tree for x in flat(item)] if isinstance(tree, (list, tuple)) else [float(tree)]


# A compiled call of one point promises the eager engine's bits.


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    model = MODULES[name]()

    def loss(rows):
        return sum(y * y * (i + 1.0) for row in model(rows) for i, y in enumerate(row))

    f = func.value_and_grad(loss)
    assert flat(compile(f, backend="python")(X)) == flat(f(X))


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, x, y = LOSSES[name]
    f = func.value_and_grad(loss)
    assert flat(compile(f, backend="python")(x, y)) == flat(f(x, y))


@pytest.mark.parametrize("options", [{}, {"weight": WEIGHT}, {"label_smoothing": 0.1}])
def test_cross_entropy(options):
    f = func.value_and_grad(lambda rows: F.cross_entropy(rows, CLASSES, **options))
    assert flat(compile(f, backend="python")(LOGITS)) == flat(f(LOGITS))


@pytest.mark.parametrize("logits", LARGE)
def test_large_logits_keep_their_digits_in_every_engine(logits):
    pytest.importorskip("llvmlite")
    f = func.value_and_grad(lambda row: F.cross_entropy(row, 0))
    eager = flat(f(logits))
    weights = [Value(x) for x in logits]
    trainer = Trainer(lambda sample: F.cross_entropy([w * x for w, x in zip(weights, sample)], 0), weights, 2)
    loss, gradient = trainer.value_and_grad(trainer.table([[1.0, 1.0]]))
    assert flat(compile(f, backend="python")(logits)) == eager
    # LLVM's exp and log are within 1 unit in the last place of libm's.
    assert flat(compile(f, backend="llvm")(logits)) == pytest.approx(eager, rel=1e-15)
    assert flat([loss, list(gradient)]) == pytest.approx(eager, rel=1e-15)


@pytest.mark.parametrize(("name", "options"), OPTIMISERS)
def test_rules(name, options):
    from autograd import Value

    optimizer = getattr(nn.optim, name)([Value(1.0)], **options)
    settings = optimizer.options(optimizer.param_groups[0], Value(1.0))

    def rule(p, g, state):
        return optimizer.rule(p, g, state, **settings)

    compiled = compile(rule, backend="python")
    p, state = 0.7, optimizer.start(0.7, **settings)
    for g in (0.3, -1.2, 0.05):
        expected = rule(p, g, state)
        assert compiled(p, g, state) == expected
        p, state = expected


def test_running_statistics_cannot_be_compiled_and_say_so():
    with pytest.raises(TraceError, match="takes a number out of the graph while it is being compiled"):
        compile(lambda rows: nn.BatchNorm1d(3)(rows)[0][0])(X)
