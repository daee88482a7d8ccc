"""Every module and every loss passes gradcheck, in its inputs and in its parameters, logits of +-1000 included."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value, gradcheck
from autograd.gradcheck import Verdict
from nn import functional as F

# Gradchecks of whole layers take long, and these formulas have few branches: a few inputs each.
few = settings(max_examples=10)
numbers = st.integers(-3000, 3000).map(lambda k: k / 1000.0)
logits = st.sampled_from([-1000.0, -50.0, 0.0, 50.0, 1000.0]) | numbers
rows = st.lists(logits, min_size=3, max_size=3)

def passes(f, inputs):
    """Whether gradcheck passes.

    Of the slope of a saturated tanh only rounding is left, and gradcheck says that it cannot know: there the derivative
    has to be the reference's to 1e-12, which is an input of 1000 times the rounding of 1 - z^2.
    """
    return all(row.verdict is Verdict.PASS or row.error < 1e-12 for row in gradcheck(f, inputs).rows)


MODULES = {
    "Linear": lambda: nn.Linear(3, 2, seed=1),
    "tanh": lambda: nn.Layer(3, 2, activation="tanh", seed=1),
    "MLP": lambda: nn.MLP(3, [2, 1], activation="gelu", seed=1),
    "relu": lambda: nn.MLP(3, [2, 1], seed=1),
    "PReLU": lambda: nn.PReLU(3),
    **{kind.__name__: kind for kind in (nn.ReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.Sigmoid, nn.Tanh)},
    "LeakyReLU": nn.LeakyReLU,
    "Softmax": nn.Softmax,
    "LogSoftmax": nn.LogSoftmax,
    "Residual": lambda: nn.Residual(nn.Layer(3, 3, activation="silu", seed=1)),
    "Dropout": lambda: nn.Dropout(0.5, seed=1).eval(),
    "BatchNorm1d in evaluation": lambda: nn.BatchNorm1d(3).eval(),
}
TRAINED = [name for name in MODULES if MODULES[name]().parameters()]


@pytest.mark.parametrize("name", MODULES)
@few
@given(row=rows)
def test_every_module_in_its_inputs(name, row):
    assert passes(MODULES[name](), (row,))


@pytest.mark.parametrize("name", TRAINED)
@few
@given(row=rows)
def test_every_module_in_its_parameters(name, row):
    module = MODULES[name]()
    assert passes(with_parameters(module, row), ([p.data for p in module.parameters()],))


@few
@given(batch=st.lists(st.lists(logits, min_size=2, max_size=2), min_size=2, max_size=3))
def test_batch_norm_in_training(batch):
    norm = nn.BatchNorm1d(2, eps=1e-2)
    assert passes(norm, (batch,))
    assert passes(with_parameters(norm, batch), ([p.data for p in norm.parameters()],))


def with_parameters(module, x):
    """module(x) as a function of the list of its parameters."""
    places = []
    for owner in module.modules():
        for attribute, held in vars(owner).items():
            if attribute not in owner.buffers and not attribute.startswith("_"):
                if isinstance(held, Value):
                    places.append((vars(owner), attribute))
                elif isinstance(held, list):
                    places += [(held, i) for i, p in enumerate(held) if isinstance(p, Value)]
    assert [holder[key] for holder, key in places] == module.parameters()

    def f(parameters):
        for (holder, key), p in zip(places, parameters, strict=True):
            holder[key] = p
        return module(x)

    return f


LOSSES = {
    "mse_loss": (logits, logits), "l1_loss": (logits, logits), "huber_loss": (logits, logits),
    "smooth_l1_loss": (logits, logits), "hinge_loss": (logits, st.sampled_from([-1, 1])),
    "binary_cross_entropy": (st.integers(10, 990).map(lambda k: k / 1000.0), st.integers(0, 1)),
    "binary_cross_entropy_with_logits": (logits, st.integers(0, 1)),
}


@pytest.mark.parametrize("name", LOSSES)
@few
@given(data=st.data())
def test_every_loss_number_by_number(name, data):
    xs, ys = LOSSES[name]
    x = data.draw(st.lists(xs, min_size=3, max_size=3))
    y = data.draw(st.lists(ys, min_size=3, max_size=3))
    assert passes(lambda x: getattr(F, name)(x, y), (x,))


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"weight": [1.0, 2.0, 0.5]}])
@few
@given(row=st.lists(logits, min_size=3, max_size=3), k=st.integers(0, 2))
def test_cross_entropy_and_nll(options, row, k):
    assert passes(lambda row: F.cross_entropy(row, k, **options), (row,))
    if "label_smoothing" not in options:
        assert passes(lambda row: F.nll_loss(F.log_softmax(row), k, **options), (row,))


@few
@given(rows)
def test_penalties(row):
    assert passes(F.l2_penalty, (row,))
    assert passes(F.l1_penalty, (row,))


@few
@given(x=logits, slope=numbers)
def test_functions_of_one_number(x, slope):
    assert passes(F.prelu, (x, slope))
    for f in F.relu, F.leaky_relu, F.elu, F.gelu, F.silu, F.softplus, F.sigmoid, F.logsigmoid, F.tanh:
        assert passes(f, (x,))


@pytest.mark.parametrize("f", [F.softmax, F.log_softmax])
@few
@given(row=rows, weights=rows)
def test_functions_of_a_row(f, row, weights):
    """Not their sum alone: of a softmax it is 1 whatever the row."""
    assert passes(lambda row: sum(w * y for w, y in zip(weights, f(row), strict=True)), (row,))
