"""fit: what it accepts, what it refuses, what it computes, when it stops, and that a resumed run is the same run."""

import array
import functools
import math
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from autograd import Value
from nn import functional as F
from nn.data import blobs, xor
from nn.steps import epoch, steps
from nn.tensorfile import FileError

DATA = xor(24, noise=0.2, seed=3)
X, Y = DATA.features, DATA.labels


def mlp(*outputs, seed=1):
    return nn.MLP(2, [4, *(outputs or (2,))], activation="tanh", seed=seed)


def fit(model, X=X, y=Y, **options):
    return nn.fit(model, X, y, **{"epochs": 3, "batch_size": 8, "progress": False, **options})


def bits(model):
    return [x.hex() for x in model.state_dict().values()]


# ------------------------------------------------------------------------------------------------------ what it does


def test_it_learns_and_says_so():
    model = mlp()
    history = fit(model, epochs=60, validation=(X, Y))
    assert len(history) == 60
    assert history.names == ["epoch", "loss", "lr", "validation_loss"]
    assert history.validation_loss[-1] < 0.3 < 0.6 < history.validation_loss[0]
    assert not model.training
    assert history.stopped == ""


def test_one_epoch_is_the_loop_one_would_write():
    """Two parts of 8 and 4 samples a step, written out by hand, give the same bits."""
    model, twin = mlp(), mlp()
    history = fit(model, X[:12], Y[:12], epochs=1, batch_size=8, accumulate=2, optimizer=nn.optim.SGD(
        model.parameters(), lr=0.5), seed=7)
    order = list(range(12))
    random.Random(7).shuffle(order)
    twin.zero_grad()
    total = 0.0
    for part in order[:8], order[8:]:
        loss = F.cross_entropy([twin(X[i]) for i in part], [Y[i] for i in part])
        (loss * (len(part) / 12)).backward()
        total += loss.data * len(part)
    for p in twin.parameters():
        p.data -= 0.5 * p.grad
    assert bits(model) == bits(twin)
    assert history.loss == [total / 12]


@pytest.mark.parametrize("loss", [F.cross_entropy, functools.partial(F.cross_entropy, weight=[0.2, 1.7])])
@pytest.mark.parametrize(("size", "accumulate"), [(5, 5), (7, 4), (1, 24), (23, 2)])
def test_accumulated_parts_equal_the_full_batch(size, accumulate, loss):
    """Unequal parts too. Sums are added in another order: the difference is rounding, a few units in the last place."""
    whole, parts = mlp(), mlp()
    losses = [fit(model, epochs=4, batch_size=batch, accumulate=count, loss=loss, validation=(X, Y),
                  optimizer=nn.optim.SGD(model.parameters(), lr=0.3, momentum=0.9))
              for model, batch, count in ((whole, None, 1), (parts, size, accumulate))]
    for name in "loss", "validation_loss":
        assert losses[0][name] == pytest.approx(losses[1][name], rel=1e-11)
    assert list(parts.state_dict().values()) == pytest.approx(list(whole.state_dict().values()), rel=1e-11, abs=1e-12)


def test_steps_cover_the_order():
    made = list(steps(list(range(11)), 3, 2))
    assert made == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10]]]


def test_the_same_seed_gives_the_same_bits_and_leaves_pythons_generator_alone():
    random.seed(5)
    before = random.getstate()
    models = [mlp(), mlp(), mlp()]
    histories = [fit(model, seed=seed) for model, seed in zip(models, (4, 4, 5), strict=True)]
    assert bits(models[0]) == bits(models[1]) != bits(models[2])
    assert histories[0] == histories[1] != histories[2]
    assert random.getstate() == before


def test_a_schedule_is_stepped_after_every_epoch():
    model = mlp()
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    history = fit(model, optimizer=optimizer, schedule=nn.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5))
    assert history["lr"] == [1.0, 0.5, 0.25]


def test_a_plateau_lowers_the_rate():
    model = mlp()
    optimizer = nn.optim.SGD(model.parameters(), lr=1e-9)
    schedule = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5, eps=0.0)
    rates = fit(model, optimizer=optimizer, schedule=schedule, validation=(X, Y))["lr"]
    assert rates == pytest.approx([1e-9, 1e-9, 1e-10])


def test_layer_statistics_are_recorded_and_change_nothing():
    model, options = everything()
    alone, others = everything()
    history = fit(model, **options, callbacks=[nn.LayerStatistics(samples=6)])
    fit(alone, **others)
    assert bits(model) == bits(alone)
    last = history.rows[-1]
    model.zero_grad()
    F.cross_entropy(model(X[:6]), Y[:6]).backward()  # in evaluation mode, as fit leaves it
    sizes = [abs(p.grad) for p in model[0].parameters()]
    assert last["gradients"]["linear0"] == pytest.approx(math.fsum(sizes) / len(sizes), rel=1e-12)
    assert last["gradient_norms"]["linear0"] == pytest.approx(math.hypot(*sizes), rel=1e-12)
    assert last["updates"]["linear0"] > 0.0
    assert all(0.0 <= share <= 1.0 for share in [*last["saturated"].values(), *last["dead"].values()])
    with pytest.raises(ValueError, match="at least 1 sample, got 0"):
        nn.LayerStatistics(0)


def test_callbacks_see_the_run_and_can_stop_it():
    seen = []

    def watch(training):
        seen.append((training.epoch, training.history.loss[-1]))
        training.history.record(twice=2 * training.epoch)
        if training.epoch == 2:
            training.stop("seen enough")

    history = fit(mlp(), epochs=9, callbacks=[watch])
    assert seen == [(1, history.loss[0]), (2, history.loss[1])]
    assert history.stopped == "seen enough"
    assert history["twice"] == [2, 4]


def test_a_regression_and_a_single_logit():
    line = nn.Linear(1, 1, seed=0)
    fit(line, [[x / 10] for x in range(20)], [0.3 * x - 1 for x in range(20)], epochs=300,
        optimizer=nn.optim.SGD(line.parameters(), lr=0.3))
    assert line([2.0]).data == pytest.approx(5.0, abs=1e-3)  # how far 300 steps get
    assert fit(mlp(1), epochs=80, batch_size=4).loss[-1] < 0.2, "one output, targets 0 and 1: a single logit"
    two = nn.Linear(1, 2, seed=0)
    assert fit(two, [[0.0], [1.0]], [[0.0, 1.0], [1.0, 0.0]], epochs=200).loss[-1] < 0.1


def test_batch_norm_and_dropout_are_in_their_modes():
    layers = [nn.Linear(2, 8, seed=1), *([nn.BatchNorm1d(8)] if hasattr(nn, "BatchNorm1d") else []), nn.Tanh()]
    if hasattr(nn, "Dropout"):
        layers.append(nn.Dropout(0.2, seed=2))
    model = nn.Sequential(*layers, nn.Linear(8, 2, seed=3))
    modes = []
    history = fit(model, validation=(X, Y), epochs=40, callbacks=[lambda training: modes.append(model.training)])
    assert history.validation_loss[-1] < history.validation_loss[0]
    assert not model.training


# ----------------------------------------------------------------------------------------------------- early stopping


def test_early_stopping_restores_the_best_weights():
    model, states = mlp(), []
    validation = ([[0.0, 1.0], [1.0, 1.0]], [0, 0])  # wrong on purpose: training makes it worse
    history = fit(model, epochs=50, validation=validation, callbacks=[
        lambda training: states.append(bits(training.model)), nn.EarlyStopping(patience=4)])
    best = min(range(len(history)), key=history.validation_loss.__getitem__)
    assert history.best_epoch == best + 1
    assert len(history) == best + 5
    assert bits(model) == states[best] != states[-1]
    assert history.stopped.startswith("the validation loss has not fallen below")


def test_early_stopping_by_its_options():
    model = mlp()
    history = fit(model, epochs=30, callbacks=[nn.EarlyStopping(2, monitor="loss", min_delta=10, restore_best=False)])
    assert (len(history), history.best_epoch) == (3, None)
    with pytest.raises(ValueError, match="patience of at least 1 epoch, got 0"):
        nn.EarlyStopping(0)
    with pytest.raises(ValueError, match=r"watches 'validation_loss', .* pass validation=\(X, y\) to fit"):
        fit(mlp(), callbacks=[nn.EarlyStopping()])


# --------------------------------------------------------------------------------------------------------- divergence


class Log(nn.Module):
    """The logarithm of its inputs: nan below 0."""

    def forward(self, row):
        return [x.log() for x in row]


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_operation():
    model = nn.Sequential(nn.Linear(2, 2, seed=0), Log())
    for p, x in zip(model.parameters(), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), strict=True):
        p.data = x
    before = bits(model)
    with pytest.warns(RuntimeWarning, match="training stopped in epoch 1: step 1: the loss is nan: log in log1 made"):
        history = fit(model, [[1.0, -2.0], [2.0, -3.0]], [[0.0, 0.0], [1.0, 1.0]], batch_size=None)
    assert "log in log1 made nan from" in history.stopped
    assert f"{Path(__file__).name}" in history.stopped, "the line of this file that took the logarithm"
    assert history.rows == []
    assert bits(model) == before


class Root(nn.Module):
    """The square root: at 0 its value is finite and its derivative is not."""

    def __init__(self):
        self.w = Value(0.0, label="w")

    def forward(self, row):
        return (self.w * row[0]).sqrt()


def test_a_gradient_that_is_not_finite_stops_the_run_too():
    model = Root()
    with pytest.warns(RuntimeWarning, match=r"the backward pass of sqrt .*made .*inf"):
        history = fit(model, [[1.0], [2.0]], [1.0, 1.0])
    assert model.w.data == 0.0
    assert history.stopped


@pytest.mark.parametrize("bad", range(4))
@pytest.mark.parametrize(("size", "accumulate"), [(4, 1), (1, 4)])
def test_the_report_is_of_the_part_that_went_wrong(size, accumulate, bad):
    """Wherever in the step the row is at whose zero the derivative is infinite."""
    model, rows = Root(), [[1.0], [1.0], [1.0], [1.0]]
    model.w.data, rows[bad] = 1.0, [0.0]
    with pytest.warns(RuntimeWarning, match=r"step 1: the backward pass of sqrt .*made .*inf"):
        history = fit(model, rows, [1.5, 1.5, 1.5, 1.5], batch_size=size, accumulate=accumulate)
    assert Path(__file__).name in history.stopped


def test_a_validation_loss_that_is_not_finite_stops_the_run():
    model = nn.Sequential(nn.Linear(1, 1, seed=0), Log())
    for p in model.parameters():
        p.data = 1.0
    with pytest.warns(RuntimeWarning, match="training stopped in epoch 1: the validation loss is nan"):
        history = fit(model, [[1.0], [2.0]], [0.5, 1.5], validation=([[-5.0]], [0.5]))
    assert history.stopped == "epoch 1: the validation loss is nan"
    assert len(history) == 1


def test_divergence_in_the_middle_keeps_the_last_checkpoint(tmp_path):
    model = nn.Linear(1, 1, seed=0)
    path = tmp_path / "run"
    with pytest.warns(RuntimeWarning, match="training stopped in epoch"):
        history = fit(model, [[10.0], [20.0]], [1.0, 2.0], epochs=500, checkpoint=path,
                      optimizer=nn.optim.SGD(model.parameters(), lr=10.0))
    assert 1 < len(history) < 500
    again = nn.Linear(1, 1)
    with pytest.warns(RuntimeWarning):
        resumed = fit(again, [[10.0], [20.0]], [1.0, 2.0], epochs=500, checkpoint=path, resume=True,
                      optimizer=nn.optim.SGD(again.parameters(), lr=10.0))
    assert resumed == history


# ------------------------------------------------------------------------------------------------- what it is fed with


class Frame:
    """Something with `__array__` and nothing else, as a data frame might be."""

    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return pytest.importorskip("numpy").array(self.rows)


def test_every_kind_of_data_gives_the_same_bits():
    np = pytest.importorskip("numpy")
    kinds = [(X, Y), (tuple(map(tuple, X)), tuple(Y)), (np.array(X), np.array(Y)), (Frame(X), Frame(Y)),
             ([np.array(row) for row in X], [np.int64(y) for y in Y]), ([array.array("d", row) for row in X], Y)]
    results = set()
    for rows, labels in kinds:
        model = mlp()
        fit(model, rows, labels)
        results.add(tuple(bits(model)))
    assert len(results) == 1


@pytest.mark.parametrize(("X", "y", "error", "message"), [
    ([], [], ValueError, "X is empty: pass at least one row"),
    ([[]], [0], ValueError, "the rows of X are empty"),
    ([[1.0, 2.0], [3.0]], [0, 1], ValueError, "X is ragged: row 1 has 1 number, row 0 has 2"),
    ([1.0, 2.0], [0, 1], ValueError, r"X is a list of rows, one per sample, but entry 0 is 1.0: write \[\[x\] for x"),
    ([[1.0, 2.0, 3.0]], [0], ValueError, "Layer expects 2 inputs, got 3"),
    ([[1.0, math.nan]], [0], ValueError, "X, row 0, column 1 is nan: data must be finite"),
    ([[1.0, 2.0], [math.inf, 0.0]], [0, 1], ValueError, "X, row 1, column 0 is inf: data must be finite"),
    ([[1.0, "2"]], [0], TypeError, "X, row 0, column 1 is '2': not a number"),
    ([[1.0, None]], [0], TypeError, "X, row 0, column 1 is None: not a number"),
    ([[1.0, 2.0]], [0, 1], ValueError, "y has 2 targets for 1 rows: pass one per row"),
    ([[1.0, 2.0]], [2], ValueError, r"y\[0\] is class 2, but the model has 2 outputs: classes go from 0 to 1"),
    ([[1.0, 2.0]], [-1], ValueError, r"y\[0\] is class -1, but the model has 2 outputs"),
    ([[1.0, 2.0]], [0.5], ValueError, "the model gives 2 outputs a row, and y has 1"),
    ([[1.0, 2.0]], [math.nan], ValueError, r"y\[0\] is nan: data must be finite"),
    ([[1.0, 2.0]], ["a"], TypeError, r"y\[0\] is 'a': not a number"),
    ([[10**400, 1]], [0], ValueError, "X, row 0, column 0 is a whole number beyond 1.8e308"),
    ([[1.0, 2.0]], [10**400], ValueError, r"y\[0\] is a whole number beyond 1.8e308"),
    ("1 2", [0], TypeError, "X is a list or an array of numbers, got str"),
    (7, [0], TypeError, "X is a list or an array of numbers, got int"),
])
def test_bad_data_is_one_clear_error_before_any_work(X, y, error, message):
    model = mlp()
    before = bits(model)
    with pytest.raises(error, match=message):
        fit(model, X, y)
    assert bits(model) == before


def test_classes_are_whole_numbers():
    with pytest.raises(ValueError, match=r"y\[1\] is 0.5, not a class: this loss takes whole numbers from 0"):
        fit(mlp(), X[:2], [0, 0.5], loss=F.cross_entropy)
    with pytest.raises(ValueError, match=r"validation y\[0\] is class 9"):
        fit(mlp(), validation=(X[:1], [9]))
    with pytest.raises(ValueError, match=r"y\[0\] is class 7"):
        fit(mlp(), X[:1], [7], loss=functools.partial(F.cross_entropy, label_smoothing=0.1))
    with pytest.raises(ValueError, match=r"classes would be whole numbers from 0, with loss=F\.cross_entropy"):
        fit(mlp(), X[:2], [0, 0.5])


@pytest.mark.parametrize(("outputs", "options"), [
    (1, {}), (2, {}), (2, {"loss": lambda outputs, targets: F.cross_entropy(outputs, targets)}),
])
def test_whole_floats_are_classes_too(outputs, options):
    """A NumPy column of labels is often 0.0 and 1.0: the loss is the classes', with one logit or with two."""
    models = mlp(outputs), mlp(outputs)
    histories = [fit(model, X, y, **options) for model, y in zip(models, (Y, [float(k) for k in Y]), strict=True)]
    assert histories[0] == histories[1]
    assert histories[0].loss[0] > 0.5, "a cross-entropy, not a squared error"


@pytest.mark.parametrize(("loss", "good", "bad", "message"), [
    (F.binary_cross_entropy, 1, -1, r"y\[3\] is -1: binary_cross_entropy needs targets from 0 to 1, got -1: "),
    (F.binary_cross_entropy_with_logits, 0.5, 1.5, r"y\[3\] is 1.5: .* needs targets from 0 to 1, got 1.5"),
    (F.hinge_loss, -1, 0, r"y\[3\] is 0: hinge_loss needs targets of -1 and 1, got 0: 2 \* y - 1"),
    (lambda outputs, targets: F.hinge_loss(outputs, targets), 1, 2, r"y\[3\] is 2: hinge_loss needs targets"),
    (lambda outputs, targets: F.cross_entropy([[y, -y] for y in outputs], targets), 1, 2,
     r"y\[3\] is 2: cross_entropy needs a class from 0 to 1"),
    (lambda outputs, targets: F.mse_loss(outputs, [{0: 0.5, 1: 1.5}[y] for y in targets]), 1, 2, r"y\[3\] is 2: 2"),
])
@pytest.mark.filterwarnings("ignore:.*look like probabilities")
def test_every_target_is_tried_before_any_work(loss, good, bad, message):
    model = nn.Sequential(nn.Linear(2, 1, seed=0), nn.Sigmoid())
    before = bits(model)
    with pytest.raises(ValueError, match="^" + message):
        fit(model, X[:5], [good, good, good, bad, good], loss=loss)
    with pytest.raises(ValueError, match="^validation " + message):
        fit(model, X[:5], [good] * 5, loss=loss, validation=(X[:5], [good, good, good, bad, good]))
    assert bits(model) == before


def test_a_loss_is_a_mean():
    with pytest.raises(ValueError, match="needs a loss with reduction='mean'"):
        fit(mlp(), loss=functools.partial(F.cross_entropy, reduction="sum"))


@pytest.mark.parametrize(("options", "message"), [
    ({"epochs": 0}, "epochs is a whole number of at least 1, got 0"),
    ({"batch_size": -1}, "batch_size is a whole number of at least 1, got -1"),
    ({"batch_size": 0}, "batch_size is a whole number of at least 1, got 0"),
    ({"accumulate": 1.5}, "accumulate is a whole number of at least 1, got 1.5"),
    ({"resume": True}, "resume=True needs checkpoint="),
])
def test_options_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        fit(mlp(), **options)


# --------------------------------------------------------------------------------------------- checkpoints and resume


class Reached(Exception):
    """The epoch at which a test pulls the plug."""


def plug(at):
    def pull(training):
        if training.epoch == at:
            raise Reached
    return pull


def everything():
    """A model with random numbers inside, an optimiser with state, a schedule and early stopping."""
    layers = [nn.Linear(2, 6, seed=1), nn.Tanh(), nn.Linear(6, 2, seed=2)]
    if hasattr(nn, "Dropout"):
        layers.insert(2, nn.Dropout(0.3, seed=5))
    if hasattr(nn, "BatchNorm1d"):
        layers.insert(1, nn.BatchNorm1d(6))
    model = nn.Sequential(*layers)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    return model, {"optimizer": optimizer, "schedule": nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)}


def test_a_resumed_run_is_the_same_run(tmp_path):
    model, options = everything()
    history = fit(model, **options, epochs=12, validation=(X, Y), callbacks=[nn.EarlyStopping(4)])
    for at in 1, 5, 9:
        path = tmp_path / f"run{at}"
        broken, options = everything()
        with pytest.raises(Reached):
            fit(broken, **options, epochs=12, validation=(X, Y), callbacks=[nn.EarlyStopping(4), plug(at)],
                checkpoint=path)
        resumed, options = everything()
        again = fit(resumed, **options, epochs=12, validation=(X, Y), callbacks=[nn.EarlyStopping(4), plug(0)],
                    checkpoint=path, resume=True)
        assert again == history
        assert bits(resumed) == bits(model)
        assert next(iter(options["optimizer"].state.values())), "Adam has moments"


@pytest.mark.parametrize("engine", ["compiled", "auto"])
def test_a_resumed_run_goes_on_with_its_engine(tmp_path, engine, monkeypatch):
    """Which of the two "auto" takes depends on how much there is to do; a resumed run has less to do."""
    pytest.importorskip("llvmlite")
    monkeypatch.setattr("nn.compiled.engine.WORTH", 0.01)
    whole, broken, resumed = mlp(), mlp(), mlp(seed=99)
    optimizers = [nn.optim.Adam(model.parameters(), lr=0.05) for model in (whole, broken, resumed)]
    options = {"epochs": 40, "validation": (X, Y), "engine": engine}
    history = fit(whole, optimizer=optimizers[0], **options)
    with pytest.raises(Reached):
        fit(broken, optimizer=optimizers[1], **options, callbacks=[plug(37)], checkpoint=tmp_path / "run")
    assert fit(resumed, optimizer=optimizers[2], **options, checkpoint=tmp_path / "run", resume=True) == history
    assert bits(resumed) == bits(whole)
    with pytest.raises(ValueError, match="cannot resume with engine='eager' what was trained with 'compiled'"):
        fit(whole, optimizer=optimizers[0], **(options | {"engine": "eager"}), checkpoint=tmp_path / "run", resume=True)


def test_an_engine_is_one_of_three():
    with pytest.raises(ValueError, match="engine is 'auto', 'eager' or 'compiled', got 'fast'"):
        fit(mlp(), engine="fast")


def test_the_same_optimizer_can_be_resumed_again_and_again(tmp_path):
    model, straight = mlp(), mlp()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    for epochs in (2, 4, 6):
        fit(model, optimizer=optimizer, epochs=epochs, checkpoint=tmp_path / "run", resume=True)
    fit(straight, optimizer=nn.optim.Adam(straight.parameters(), lr=0.05), epochs=6)
    assert bits(model) == bits(straight)


def test_the_same_optimizer_can_go_on_though_a_schedule_changed_its_rate(tmp_path):
    model = mlp()
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    for schedule in nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5), None:
        epochs = {"epochs": 4} if schedule else {"epochs": 6, "resume": True}
        schedule = schedule or nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5)
        history = fit(model, optimizer=optimizer, schedule=schedule, checkpoint=tmp_path / "run", **epochs)
    assert len(history) == 6
    assert history["lr"][0] > history["lr"][-1]


def test_a_finished_run_can_go_on_for_longer(tmp_path):
    long, short, longer = mlp(), mlp(), mlp(seed=99)
    fit(long, epochs=8)
    fit(short, epochs=3, checkpoint=tmp_path / "run")
    fit(longer, epochs=8, checkpoint=tmp_path / "run", resume=True)
    assert bits(longer) == bits(long)


def sgd(**options):
    return lambda model: {"optimizer": nn.optim.SGD(model.parameters(), **{"lr": 0.1, **options})}


def two_groups(decay=0.0, order=1):
    return lambda model: {"optimizer": nn.optim.SGD(
        [{"params": layer.parameters(), "weight_decay": decay} for layer in model.layers[::order]], lr=0.1)}


def decaying(gamma):
    def make(model):
        options = sgd()(model)
        return options | {"schedule": nn.optim.lr_scheduler.ExponentialLR(options["optimizer"], gamma)}

    return make


def penalised(share):
    return lambda model: {"loss": lambda outputs, targets:
                          F.cross_entropy(outputs, targets) + share * F.l2_penalty(model.weights())}


def by_hand(activation, seed=1):
    return lambda: nn.MLP(2, [4, 2], activation=activation, seed=seed)


CHANGES = [  # (the run, the run that it is resumed as, what is said)
    ({}, {"batch_size": 4}, "batch_size was 8 and is 4 now; use what it was, or start again with resume=False"),
    ({}, {"seed": 1}, "seed was 0 and is 1 now"),
    ({}, {"accumulate": 2}, "accumulate was 1 and is 2 now"),
    ({}, {"X": [[x + 1.0, y] for x, y in X]}, "data was '24 rows, fingerprint"),
    ({}, {"y": [1 - y for y in Y]}, "data was"),
    ({}, {"validation": (X, Y)}, "validation was"),
    ({}, {"callbacks": [nn.EarlyStopping(monitor="loss")]}, "parts was"),
    ({}, {"loss": lambda outputs, targets: F.cross_entropy(outputs, targets)}, "loss was 'cross_entropy' and is '<lam"),
    ({"loss": functools.partial(F.cross_entropy, label_smoothing=0.1)},
     {"loss": functools.partial(F.cross_entropy, label_smoothing=0.2)},
     r"loss was 'cross_entropy\(label_smoothing=0.1\)' and is 'cross_entropy\(label_smoothing=0.2\)' now"),
    ({"make": penalised(0.1)}, {"make": penalised(0.2)},
     r"what the model and the loss compute for the same rows was [\d.]+ and is [\d.]+ now"),
    ({}, {"model": lambda: nn.MLP(2, [4, 2], activation="relu", seed=1)},
     r"model was 'MLP\(\).*layer0: Layer\(2 -> 4, tanh\).*' and is 'MLP\(\).*layer0: Layer\(2 -> 4, relu\)"),
    ({}, {"model": lambda: nn.MLP(2, [5, 2], activation="tanh")}, r"model was .*2 -> 4, tanh.* and is .*2 -> 5, tanh"),
    ({"model": by_hand(lambda x: x.tanh())}, {"model": by_hand(lambda x: x.sin())}, "what the model and the loss"),
    ({"make": sgd()}, {"make": sgd(lr=0.2)}, r"optimizer was 'SGD\(lr=0.1, .* and is 'SGD\(lr=0.2, "),
    ({"make": sgd()}, {"make": sgd(momentum=0.5)}, "optimizer was .*momentum=0.0"),
    ({"make": sgd()}, {}, "optimizer was 'SGD.* and is 'Adam"),
    ({"make": two_groups()}, {"make": two_groups(decay=0.1)}, "groups of parameters was"),
    ({"make": two_groups()}, {"make": two_groups(order=-1)}, "groups of parameters was"),
    ({"make": decaying(0.9)}, {"make": decaying(0.8)}, r"schedule was 'E.*\(gamma=0.9\)' and is 'E.*\(gamma=0.8\)'"),
]


@pytest.mark.parametrize(("run", "resumed", "message"), CHANGES)
def test_another_run_is_not_resumed(tmp_path, run, resumed, message):
    def start(options, **more):
        options = dict(options)
        model = options.pop("model", mlp)()
        options |= options.pop("make", lambda model: {})(model)
        fit(model, **options, checkpoint=tmp_path / "run", **more)

    start(run)
    with pytest.raises(ValueError, match=message):
        start(resumed, resume=True)


def test_a_refused_model_keeps_its_weights(tmp_path):
    fit(by_hand(lambda x: x.tanh())(), checkpoint=tmp_path / "run")
    other = by_hand(lambda x: x.sin(), seed=2)()
    before = bits(other)
    with pytest.raises(ValueError, match="cannot resume"):
        fit(other, checkpoint=tmp_path / "run", resume=True)
    assert bits(other) == before


def test_a_checkpoint_replaces_no_file_but_a_checkpoint(tmp_path):
    notes, model = tmp_path / "notes.txt", tmp_path / "model"
    notes.write_text("dear diary")
    nn.save(mlp(), model)
    for path in (notes, model):
        before = path.read_bytes()
        with pytest.raises(FileError, match=f"{path.name} is not a"):
            fit(mlp(), checkpoint=path)
        assert path.read_bytes() == before
    with pytest.raises(IsADirectoryError, match=r"checkpoint='.*' is a folder: name a file in it"):
        fit(mlp(), checkpoint=tmp_path)
    (tmp_path / "empty").touch()
    for _ in range(2):
        fit(mlp(), checkpoint=tmp_path / "empty", epochs=1)


class Noisy(nn.Module):
    """Adds random numbers: from generators in a list, or from Python's own."""

    def __init__(self, *rngs):
        self.rngs = list(rngs)

    def forward(self, row):
        return [x + (self.rngs or [random])[0].random() for x in row]


def test_generators_in_a_list_are_kept_and_pythons_own_is_told_of(tmp_path):
    def noisy(*rngs):
        return nn.Sequential(nn.Linear(2, 2, seed=1), Noisy(*rngs))

    whole, part = noisy(random.Random(1)), noisy(random.Random(1))
    fit(whole, epochs=4)
    fit(part, epochs=2, checkpoint=tmp_path / "run")
    resumed = noisy(random.Random(5))
    fit(resumed, epochs=4, checkpoint=tmp_path / "run", resume=True)
    assert bits(resumed) == bits(whole)
    with pytest.warns(RuntimeWarning, match="draws from Python's random module, whose state no checkpoint keeps"):
        fit(noisy(), epochs=1, checkpoint=tmp_path / "other")


def test_a_damaged_checkpoint_and_another_file_are_refused(tmp_path):
    path = tmp_path / "run"
    fit(mlp(), checkpoint=path)
    nn.save(mlp(), tmp_path / "model")
    with pytest.raises(FileError, match="model is not a checkpoint of a training run"):
        fit(mlp(), checkpoint=tmp_path / "model", resume=True)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(FileError, match="run is damaged"):
        fit(mlp(), checkpoint=path, resume=True)


KILLED = """
import sys
import nn
from nn.data import xor

data = xor(24, noise=0.2, seed=3)
layers = [nn.Linear(2, 6, seed=1), nn.Tanh(), nn.Linear(6, 2, seed=2)]
if hasattr(nn, "Dropout"):
    layers.insert(2, nn.Dropout(0.3, seed=5))
model = nn.Sequential(*layers)
optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
history = nn.fit(model, data.features, data.labels, epochs=100, batch_size=8, progress=False, optimizer=optimizer,
                 schedule=nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.99), checkpoint=sys.argv[1],
                 resume=True, callbacks=[lambda training: print(training.epoch, flush=True)])
print([x.hex() for x in model.state_dict().values()], [x.hex() for x in history.loss])
"""


def test_a_run_killed_twenty_times_ends_with_the_same_bits(tmp_path):
    """SIGKILL some milliseconds after some epoch: in the middle of a step, or of writing the checkpoint."""
    def start(path):
        return subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True,
                                cwd=Path(__file__).parents[2])

    whole = start(tmp_path / "whole").communicate()[0].splitlines()
    assert len(whole) == 101
    rng, kills, reached = random.Random(0), 0, [0]
    while kills < 20:
        process = start(tmp_path / "killed")
        for _ in range(rng.randint(1, 3)):
            reached.append(int(process.stdout.readline()))
        try:
            process.wait(timeout=rng.uniform(0.0, 0.02))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            kills += 1
        process.stdout.close()
    assert len(set(reached)) > 20, "the run moved on between kills"
    resumed = start(tmp_path / "killed").communicate()[0].splitlines()
    assert resumed[-1] == whole[-1]
    assert len(resumed) < 101, "and did not start again"


def test_another_engine_can_run_an_epoch():
    """`epoch` gets a Training and the steps, whatever the engine: here it is called as fit calls it."""
    model = mlp()
    training = nn.Training(model, F.cross_entropy, nn.optim.SGD(model.parameters(), lr=0.1), X, Y)
    first = epoch(training, steps(list(range(24)), 8, 1))
    assert epoch(training, steps(list(range(24)), 8, 1)) < first


def test_three_classes():
    data = blobs(60, seed=2)
    model = mlp(3)
    fit(model, data.features, data.labels, epochs=30)
    right = sum(max(range(3), key=lambda k: model(x)[k].data) == y for x, y in zip(data.features, data.labels))
    assert right >= 58


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"optimizer": nn.optim.Adam}, TypeError, "optimizer= takes an optimizer .*, not Adam"),
    ({"optimizer": "adam"}, TypeError, "optimizer= takes an optimizer .*, not 'adam'"),
    ({"optimizer": nn.optim.Adam(nn.Linear(2, 2).parameters())}, ValueError, "holds none of the model's parameters"),
    ({"validation": [[0.0, 1.0]] * 3}, TypeError, r"validation= takes a pair of inputs and targets"),
    ({"loss": "mse"}, TypeError, "loss= takes a function .* such as nn.functional.cross_entropy, not 'mse'"),
    ({"loss": lambda outputs, targets: 1.0}, TypeError, "a Value, and this one returned 1.0"),
    ({"schedule": "cosine"}, TypeError, "schedule= takes one of nn.optim.lr_scheduler, .*, not 'cosine'"),
    ({"schedule": nn.optim.lr_scheduler.StepLR(nn.optim.SGD([Value(0.0)]), 3)}, ValueError, "to another optimizer"),
    ({"callbacks": 3}, TypeError, "callbacks= takes functions of the Training, not 3"),
    ({"callbacks": [nn.EarlyStopping]}, TypeError, r"such as nn.EarlyStopping\(\), not <class"),
    ({"checkpoint": "no/such/folder/run"}, FileNotFoundError, "there is no folder 'no/such/folder'"),
    ({"batch_size": 4}, ValueError, "9 rows in batches of 4 leave a batch of one row"),
])
def test_what_cannot_train_is_refused_before_any_work(options, error, message):
    model = nn.Sequential(nn.Linear(2, 3, seed=0), nn.BatchNorm1d(3), nn.Linear(3, 2, seed=1))
    before = model.state_dict()
    X, y = [[0.1 * k, 1.0] for k in range(9)], [k % 2 for k in range(9)]
    with pytest.raises(error, match=message):
        nn.fit(model, X, y, epochs=1, progress=False, **options)
    assert model.state_dict() == before


def test_only_a_module_is_trained():
    with pytest.raises(TypeError, match=r"fit trains a Module, such as nn.MLP\(2, \[8, 1\]\), not None"):
        fit(None)


def test_counts_and_labels_may_come_from_numpy():
    np = pytest.importorskip("numpy")
    labels = np.array(Y).reshape(-1, 1)
    for outputs in 1, 2:
        column = fit(mlp(outputs), y=labels, epochs=np.int64(2), batch_size=np.int64(8))
        assert column == fit(mlp(outputs), epochs=2)


def test_one_callback_needs_no_list():
    seen = []
    nn.fit(nn.Linear(1, 2, seed=0), [[0.0], [1.0]], [0, 1], epochs=2, progress=False, callbacks=seen.append)
    assert len(seen) == 2


def test_newton_and_fit_do_not_go_together():
    model = nn.Linear(1, 1, seed=0)
    with pytest.raises(ValueError, match=r"call optimizer.step\(closure\) in a loop of your own"):
        nn.fit(model, [[0.0], [1.0]], [0.0, 1.0], progress=False, optimizer=nn.optim.Newton(model.parameters()))
