"""What changes between epochs besides Values: the compiled engine follows it as the eager one does, or says no."""

import functools
import types

import pytest

pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import nn
from autograd import Value
from nn import functional as F
from nn.compiled import Unsupported
from nn.data import moons

DATA, HELD_OUT = moons(24, seed=1), moons(10, seed=2)


class Scaled(nn.Module):
    """Outputs times a plain number, which in evaluation is another one."""

    def __init__(self):
        self.factor, self.factor_in_evaluation = 1.0, 1.0

    def forward(self, row):
        return [x * (self.factor if self.training else self.factor_in_evaluation) for x in row]


class Annealed:
    """A loss as an object, with a rate in it."""

    def __init__(self):
        self.rate = 0.0

    def __call__(self, outputs, targets):
        return F.cross_entropy(outputs, targets, label_smoothing=self.rate)


STRENGTH, SETTINGS = [0.0], types.SimpleNamespace(factor=1.0)


def penalised(m):
    return lambda outputs, targets: F.cross_entropy(outputs, targets) + STRENGTH[0] * F.l2_penalty(m.weights())


def scaled(m):
    return lambda outputs, targets: SETTINGS.factor * F.cross_entropy(outputs, targets)


def stronger(run):
    STRENGTH[0] += 0.1


def steeper(run):
    SETTINGS.factor += 0.5


def set_slope(run):
    run.model[1]._options["negative_slope"] += 0.2


def set_eps(run):
    run.model[2].eps += 0.1


def set_factor(run):
    run.model[3].factor += 0.5


def set_evaluation(run):
    run.model[3].factor_in_evaluation += 0.5


def set_rate(run):
    run.loss.rate += 0.1


def swap_layer(run):
    run.model.members[1] = nn.Tanh()


def flip_target(run):
    run.y[run.epoch] = 1 - run.y[run.epoch]


def move_row(run):
    run.X[0][0] += 1.0


def move_held_out(run):
    run.validation[0][3][1] += 1.0


def set_momentum(run):
    run.model[2].momentum = 0.5


def rebind(run):
    run.loss = functools.partial(F.cross_entropy, label_smoothing=0.1 * run.epoch)


CHANGES = {
    "a number in a list of the loss": (penalised, stronger), "a number in an object of the loss": (scaled, steeper),
    "an attribute of the loss": (lambda m: Annealed(), set_rate), "LeakyReLU's slope": (None, set_slope),
    "BatchNorm1d's eps": (None, set_eps), "an attribute of a module": (None, set_factor),
    "one that evaluation reads": (None, set_evaluation), "a layer": (None, swap_layer), "a target": (None, flip_target),
    "a row": (None, move_row), "a row of the validation data": (None, move_held_out), "the loss": (None, rebind),
    "BatchNorm1d's momentum": (None, set_momentum),
}


def fit(engine, loss, change, **options):
    STRENGTH[0], SETTINGS.factor = 0.0, 1.0
    model = nn.Sequential(nn.Linear(2, 4, seed=0), nn.LeakyReLU(0.1), nn.BatchNorm1d(4), Scaled(),
                          nn.Linear(4, 2, seed=3))
    history = nn.fit(model, DATA.features, DATA.labels, loss=loss and loss(model), engine=engine, epochs=4,
                     callbacks=change, progress=False, optimizer=nn.optim.SGD(model.parameters(), lr=0.1),
                     validation=(HELD_OUT.features, HELD_OUT.labels), **options)
    return [*history.loss, *history.validation_loss]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.filterwarnings("ignore:a callback has changed a plain number")
def test_whatever_a_callback_changes_is_followed(name):
    loss, change = CHANGES[name]
    eager = fit("eager", loss, change)
    assert fit("compiled", loss, change) == pytest.approx(eager, rel=1e-10)  # rounding, which a few steps amplify
    assert eager != pytest.approx(fit("eager", loss, ()), rel=1e-3), "the change does make a difference"


def test_it_is_said_once_with_the_way_out():
    with pytest.warns(RuntimeWarning, match=r"compiled again, each time: .* autograd.Value\(0.1\)") as told:
        fit("compiled", penalised, stronger)
    assert [warning.filename for warning in told] == [__file__]


def test_what_is_held_in_a_value_needs_no_compiling(recwarn):
    strength = Value(0.0)

    def stronger(run):
        strength.data += 0.1

    def loss(m):
        return lambda outputs, targets: F.cross_entropy(outputs, targets) + strength * F.l2_penalty(m.weights())

    found = []
    for engine in ("eager", "compiled"):
        strength.data = 0.0
        found.append(fit(engine, loss, stronger))
    assert found[1] == pytest.approx(found[0], rel=1e-10)
    assert not recwarn


def test_callbacks_that_change_nothing_compile_nothing(recwarn):
    fit("compiled", penalised, [lambda run: None, nn.EarlyStopping(9), nn.LayerStatistics(4)])
    assert not recwarn


def test_what_cannot_be_compiled_any_more_ends_the_run_and_says_so():
    def worse(run):
        run.loss = lambda outputs, targets: F.cross_entropy(outputs, targets, weight=[1.0, 5.0])

    with pytest.warns(RuntimeWarning), pytest.raises(Unsupported, match=r"weighted means, and .* need engine='eager'"):
        fit("compiled", None, worse)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_cannot_be_compiled_any_more_is_trained_eagerly_by_auto(monkeypatch, dtype):
    def worse(run):
        if run.epoch == 2:
            run.loss = lambda outputs, targets: F.cross_entropy(outputs, targets, weight=[1.0, 5.0])

    monkeypatch.setattr(nn.compiled.engine, "WORTH", 0.0)
    eager = fit("eager", None, worse)
    with pytest.warns(RuntimeWarning) as said:
        assert fit("auto", None, worse, dtype=dtype) == pytest.approx(eager, rel=1e-4 if dtype == "float32" else 1e-10)
    assert len([w for w in said if "training runs eagerly" in str(w.message)]) == 1
    assert {w.filename for w in said} == {__file__}


def test_a_loss_that_counts_its_calls_is_not_compiled():
    calls = []

    def loss(outputs, targets):
        calls.append(0)
        return F.cross_entropy(outputs, targets) * (1.0 + 0.1 * len(calls))

    with pytest.raises(Unsupported, match=r"gives another result on the next call, .* or counts its calls"):
        fit("compiled", lambda m: loss, ())
