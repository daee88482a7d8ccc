"""Everything that `fit` offers, in native code: the eager engine's history, or one clear line."""

import copy

import pytest

pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import nn
from nn import optim
from nn.data import blobs
from nn.optim import lr_scheduler

DATA, HELD_OUT = blobs(40, classes=3, seed=1), blobs(15, classes=3, seed=2)


def model():
    """Random numbers, means over batches and running statistics inside. The Tanh: see test_compiled.between."""
    return nn.Sequential(nn.Linear(2, 6, seed=1), nn.Tanh(), nn.BatchNorm1d(6), nn.Dropout(0.3, seed=5),
                         nn.Linear(6, 3, seed=2))


def fit(engine, schedule=None, optimizer=None, trained=None, **options):
    trained = trained or model()
    optimizer = (optimizer or (lambda m: optim.AdamW(m.parameters(), lr=0.02, weight_decay=0.1)))(trained)
    options = {"epochs": 8, "batch_size": 8, "progress": False, "validation": (HELD_OUT.features, HELD_OUT.labels),
               "schedule": schedule and schedule(optimizer), **options}
    history = nn.fit(trained, DATA.features, DATA.labels, optimizer=optimizer, engine=engine, **options)
    return history, list(trained.state_dict().values())


SCHEDULES = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, step_size=3),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.8),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=6),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, total_iters=4),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.5),
}


def test_the_table_has_every_schedule():
    assert set(SCHEDULES) == {name for name, x in vars(lr_scheduler).items()
                              if isinstance(x, type) and hasattr(x, "step")} - {"LRScheduler", "Optimizer"}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule(schedule):
    eager, numbers = fit("eager", SCHEDULES[schedule])
    compiled, others = fit("compiled", SCHEDULES[schedule])
    assert compiled["lr"] == eager["lr"]
    assert len(set(eager["lr"])) > 1, "the rate did change"
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-10)  # some 40 steps, each to rounding
    assert compiled.validation_loss == pytest.approx(eager.validation_loss, rel=1e-10)
    assert others == pytest.approx(numbers, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("options", [
    {"accumulate": 3}, {"batch_size": None}, {"validation": None}, {"seed": 7},
    {"optimizer": lambda m: optim.SGD(optim.decay_groups(m, 0.1), lr=0.1, momentum=0.9)},
], ids=lambda options: next(iter(options)))
def test_other_options(options):
    eager, compiled = fit("eager", **options)[0], fit("compiled", **options)[0]
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-10)


def test_callbacks_see_the_same_run():
    def told(engine):
        seen = []
        watch = [nn.EarlyStopping(3), nn.LayerStatistics(10), lambda run: seen.append(run.epoch)]
        history, numbers = fit(engine, epochs=60, callbacks=watch, optimizer=lambda m: optim.Adam(m.parameters(), 0.1))
        return history, numbers, seen

    (eager, numbers, seen), (compiled, others, told_too) = told("eager"), told("compiled")
    assert 4 <= len(compiled) == len(eager) < 60
    assert (compiled.stopped, compiled.best_epoch, told_too) == (eager.stopped, eager.best_epoch, seen)
    assert others == pytest.approx(numbers, rel=1e-8, abs=1e-10)  # of the best epoch, which EarlyStopping restored
    for one, other in zip(eager.rows, compiled.rows, strict=True):
        for name in "gradients", "gradient_norms", "updates":
            assert other[name] == pytest.approx(one[name], rel=1e-6)
        assert (other["saturated"], other["dead"]) == (one["saturated"], one["dead"])


def watched(engine, trained, **options):
    history, _ = fit(engine, trained=trained, callbacks=[nn.LayerStatistics(7)], **options)
    return history.rows[-1]


@pytest.mark.parametrize("activation", [
    "relu", "elu", "gelu", nn.PReLU(init=0.01), nn.Softmax(), lambda z: z * z.sigmoid(),
])
def test_layers_are_watched_in_native_code(activation, monkeypatch):
    """As the eager engine sees them: it is left out here. Two outputs of the first layer are far where it is flat."""
    def trained():
        network = nn.Sequential(nn.Layer(2, 8, activation=copy.deepcopy(activation), seed=1), nn.Linear(8, 3, seed=2))
        for neuron in network[0].neurons[:2]:
            neuron.b.data = -40.0
        return network

    options = {"epochs": 2, "optimizer": lambda m: optim.SGD(m.parameters(), lr=1e-4)}
    eager = watched("eager", trained(), **options)
    monkeypatch.setattr(nn.stats, "look", None)
    compiled = watched("compiled", trained(), **options)
    assert (compiled["saturated"], compiled["dead"]) == (eager["saturated"], eager["dead"])
    assert 0.0 < eager["saturated"]["layer0"]
    assert compiled["gradients"] == pytest.approx(eager["gradients"], rel=1e-9)


def test_watching_leaves_gradients_and_modes_alone():
    def told(callbacks):
        seen, trained = [], model()
        trained[3].eval()

        def note(run):
            seen.append(([p.grad for p in run.model.parameters()], [m.training for m in run.model.modules()]))

        fit("compiled", trained=trained, callbacks=[*callbacks, note], validation=None)
        return seen

    assert told([nn.LayerStatistics()]) == told([])


def test_frozen_layers_are_watched_too():
    def last_layer(m):
        return optim.Adam(m[4].parameters(), lr=0.02)

    eager, compiled = (watched(engine, model(), optimizer=last_layer) for engine in ("eager", "compiled"))
    assert compiled["gradients"] == pytest.approx(eager["gradients"], rel=1e-9)
    assert compiled["gradients"]["linear0"] > 0.0


def test_gradients_that_are_not_finite_are_watched_step_by_step():
    """Python's floats tell a nan of one weight from the infinities of others."""
    def trained():
        return nn.Sequential(nn.Linear(2, 2, seed=1), nn.Linear(2, 3, seed=2))

    def break_it(run):
        run.model[0].neurons[0].w[0].data = 1e200
        run.model[1].neurons[0].w[0].data = 1e200

    rows = []
    for engine in "eager", "compiled":
        with pytest.warns(RuntimeWarning, match="training stopped"):
            history, _ = fit(engine, trained=trained(), callbacks=[break_it, nn.LayerStatistics(7)], validation=None)
        rows.append(history.rows[-1])
    assert repr(rows[1]["gradients"]) == repr(rows[0]["gradients"])


def test_a_callback_may_free_and_freeze_parameters():
    def change(run):
        first, last = run.model[0].parameters(), run.model[4].parameters()
        if run.epoch == 2:
            run.optimizer.add_param_group({"params": first, "lr": 0.05})
        if run.epoch == 5:
            run.optimizer.param_groups[0]["params"] = last[:3]

    def last_layer(m):
        return optim.Adam(m[4].parameters(), lr=0.02)

    eager, numbers = fit("eager", optimizer=last_layer, callbacks=change)
    compiled, others = fit("compiled", optimizer=last_layer, callbacks=change)
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-10)
    assert others == pytest.approx(numbers, rel=1e-9, abs=1e-12)


class Pulled(Exception):
    """The plug."""


@pytest.mark.parametrize(("dtype", "accumulate"), [("float64", 1), ("float64", 2), ("float32", 2)])
def test_a_resumed_run_is_the_same_run(tmp_path, dtype, accumulate):
    """To the last bit, and wherever it ended; the weights before it are others."""
    def run(**options):
        return fit("compiled", SCHEDULES["ReduceLROnPlateau"], **{"dtype": dtype, "accumulate": accumulate, **options})

    def pull(at):
        def callback(training):
            if training.epoch == at:
                raise Pulled
        return callback

    whole = run(callbacks=[nn.EarlyStopping(5), pull(0)])
    for at in 2, 4, 7:  # a run that is pulled in an epoch has saved the one before
        saved = {"checkpoint": tmp_path / str(at), "resume": True}
        with pytest.raises(Pulled):
            run(callbacks=[nn.EarlyStopping(5), pull(at)], **saved)
        assert run(callbacks=[nn.EarlyStopping(5), pull(0)], trained=nn.init.normal_(model(), seed=3), **saved) == whole
    other = {"float64": "float32", "float32": "float64"}[dtype]
    with pytest.raises(ValueError, match=f"dtype was '{dtype}' and is '{other}' now"):
        run(callbacks=[nn.EarlyStopping(5)], **saved | {"dtype": other})


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_optimizer_keeps_what_belongs_to_its_parameters(tmp_path, accumulate):
    """Not the running statistics, which the native loop updates too: they are no parameters of its own."""
    trained = model()
    optimizer = optim.Adam(trained.parameters())
    fit("compiled", optimizer=lambda m: optimizer, trained=trained, accumulate=accumulate, checkpoint=tmp_path / "run")
    assert list(optimizer.state) == trained.parameters()
    assert list(optimizer.state_dict()["state"]) == list(range(len(trained.parameters())))


class Clipping(optim.SGD):
    """Clips before each step, in Python."""

    def step(self):
        nn.utils.clip_grad_norm_([p for group in self.param_groups for p in group["params"]], 1.0)
        super().step()


def clipped_instance(m):
    optimizer = optim.SGD(m.parameters(), lr=0.1)
    optimizer.step = Clipping(m.parameters(), lr=0.1).step
    return optimizer


@pytest.mark.parametrize("optimizer", [lambda m: Clipping(m.parameters(), lr=0.1), clipped_instance])
def test_a_step_of_ones_own_is_taken_by_the_eager_engine(optimizer, monkeypatch):
    monkeypatch.setattr("nn.compiled.engine.WORTH", 0.0)
    eager = fit("eager", optimizer=optimizer)
    with pytest.warns(RuntimeWarning, match="training runs eagerly, .*: .* has a step of its own") as told:
        assert fit("auto", optimizer=optimizer) == eager
    assert len(told) == 1 and "\n" not in str(told[0].message)
    with pytest.raises(nn.Unsupported, match="has a step of its own"):
        fit("compiled", optimizer=optimizer)


class Halving(nn.Module):
    """Asks how many rows there are, which only a module that defines `batch` can."""

    def __init__(self, size):
        self.size = size

    def batch(self, rows):
        return [[0.5 * x for x in row] for row in rows] if len(rows) == self.size else rows


def halved(size):
    """The mean loss, but half of it for batches of this size."""
    def loss(outputs, targets):
        mean = nn.functional.cross_entropy(outputs, targets)
        return 0.5 * mean if len(targets) == size else mean

    return loss


@pytest.mark.parametrize(("options", "size"), [
    ({"batch_size": 16}, 16), ({"batch_size": 16}, 8), ({"batch_size": 12, "accumulate": 2}, 4),
    ({"batch_size": None}, 40), ({"batch_size": 100}, 40)], ids=str)
@pytest.mark.parametrize("asking", ["loss", "module"])
def test_what_asks_for_the_size_of_a_batch_is_trained_eagerly(options, size, asking, monkeypatch):
    def run(engine):
        if asking == "loss":
            return fit(engine, loss=halved(size), **options)
        return fit(engine, trained=nn.Sequential(nn.Linear(2, 3, seed=1), Halving(size)), **options)

    message = f"the loss of a batch of {size} is .*, and the mean over its samples .* need engine='eager'"
    with pytest.raises(nn.Unsupported, match=message):
        run("compiled")
    monkeypatch.setattr("nn.compiled.engine.WORTH", 0.0)
    with pytest.warns(RuntimeWarning, match=f"training runs eagerly, .*: {message}"):
        assert run("auto") == run("eager")


def test_of_large_batches_a_part_is_compared(monkeypatch):
    """The eager engine would take seconds for thousands of samples; what tells few from many is found all the same."""
    data, sizes = blobs(600, classes=3, seed=1), []

    def run(loss):
        trained = nn.Sequential(nn.Linear(2, 3, seed=1), Halving(0))
        monkeypatch.setattr(Halving, "batch", lambda self, rows: sizes.append(len(rows)) or rows)
        nn.fit(trained, data.features, data.labels, loss=loss, optimizer=optim.SGD(trained.parameters(), lr=0.1),
               epochs=1, batch_size=None, engine="compiled", progress=False)

    run(lambda outputs, targets: sizes.append(len(targets)) or nn.functional.cross_entropy(outputs, targets))
    assert max(sizes) == 256
    with pytest.raises(nn.Unsupported, match="the loss of a batch of 256 is"):
        run(lambda outputs, targets: nn.functional.cross_entropy(outputs, targets) * (0.5 if len(targets) > 15 else 1))


def test_batch_sizes_that_the_run_does_not_have_are_not_asked_for():
    assert fit("compiled", loss=halved(9)) == fit("compiled")


@pytest.mark.parametrize("size", [8, 15])
def test_a_loss_that_asks_for_the_size_of_the_validation_data_or_of_what_is_watched(size, monkeypatch):
    """Training is compiled; what is not the mean over its samples is tried once, and computed eagerly."""
    tried, compare = [], nn.compiled.sample.SampleLoss._compare
    monkeypatch.setattr(nn.compiled.sample.SampleLoss, "_compare", lambda x: tried.append(x) or compare(x))
    options = {"batch_size": 20, "loss": halved(size), "callbacks": [nn.LayerStatistics(8)], "optimizer":
               lambda m: optim.SGD(m.parameters(), lr=0.1)}
    (eager, _), (compiled, _) = fit("eager", **options), fit("compiled", **options)
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-10)
    assert compiled.validation_loss == pytest.approx(eager.validation_loss, rel=1e-10)
    for one, other in zip(eager["gradients"], compiled["gradients"], strict=True):
        assert other == pytest.approx(one, rel=1e-9)
    assert len(tried) == 3


# --------------------------------------------------------------------------------------------------- single precision


@pytest.mark.parametrize("optimizer", [
    lambda m: optim.SGD(m.parameters(), lr=0.1, momentum=0.9), lambda m: optim.Adam(m.parameters(), lr=0.01),
    lambda m: optim.RMSprop(m.parameters(), lr=0.01)], ids=["momentum", "adam", "rmsprop"])
def test_single_precision(optimizer):
    """Every number is one of float32, and near the eager one: forty steps of some ten roundings by 6e-8."""
    import numpy as np

    eager, numbers = fit("eager", optimizer=optimizer)
    single, others = fit("compiled", optimizer=optimizer, dtype="float32")
    assert all(float(np.float32(x)) == x for x in others)
    assert single.loss == pytest.approx(eager.loss, rel=1e-5, abs=1e-5)
    assert single.validation_loss == pytest.approx(eager.validation_loss, rel=1e-5, abs=1e-5)
    assert single.loss != pytest.approx(eager.loss, rel=1e-9), "this was double precision"
    assert others == pytest.approx(numbers, rel=1e-4, abs=1e-5)


def test_single_precision_is_native_code_or_said_not_to_be(monkeypatch):
    assert fit("auto", dtype="float32") == fit("compiled", dtype="float32")  # however little there is to do
    clipping = lambda m: Clipping(m.parameters(), lr=0.1)
    with pytest.warns(RuntimeWarning, match="training runs eagerly and not in float32, .*: Clipping has a step"):
        assert fit("auto", optimizer=clipping, dtype="float32") == fit("eager", optimizer=clipping)
    with pytest.raises(ValueError, match="dtype='float32' needs engine='compiled' or 'auto'"):
        fit("eager", dtype="float32")
    with pytest.raises(ValueError, match="dtype is 'float64' or 'float32', got 'float16'"):
        fit("auto", dtype="float16")


@pytest.mark.parametrize(("rows", "message"), [
    ([[1.0], [30.0]], "step 1: a number is beyond those of float32, which end at 3.4e38"),
    ([[1.0], [800.0]], "step 1: exp.* inf"),
])
def test_single_precision_ends_sooner(rows, message):
    """exp(30 x 4) is beyond float32 only, exp(800 x 4) beyond float64 as well: no weight has moved, but to float32."""
    class Exponential(nn.Module):
        def __init__(self):
            self.layer = nn.init.constant_(nn.Linear(1, 1), 4.0)

        def forward(self, row):
            return self.layer(row).exp()

    trained = Exponential()
    before = trained.state_dict()
    with pytest.warns(RuntimeWarning, match=message):
        nn.fit(trained, rows, [1.0, 2.0], loss=nn.functional.mse_loss, progress=False, engine="compiled",
               dtype="float32", optimizer=optim.SGD(trained.parameters(), lr=0.1))
    assert trained.state_dict() == pytest.approx(before, rel=1e-7)
