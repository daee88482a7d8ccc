"""Between the gradients and the step, and after the epoch: clipping and several schedules, in both engines."""

import math
import random

import pytest

import nn
from nn import functional as F
from nn import optim
from nn.data import blobs
from nn.optim import lr_scheduler

DATA = blobs(40, classes=3, seed=1)
X, Y = DATA.features, DATA.labels
CLIPS = [{"clip_grad_norm": 0.1}, {"clip_grad_value": 0.01}, {"clip_grad_norm": 0.1, "clip_grad_value": 0.02}]
OPTIMIZERS = {"sgd": lambda m: optim.SGD(m.parameters(), lr=0.5, momentum=0.9),
              "adam": lambda m: optim.Adam(m.parameters(), lr=0.05)}


def plain():
    return nn.MLP(2, [4, 3], activation="tanh", seed=1)


def mixed():
    """Random numbers, means over batches and running statistics inside, and a layer that the loss does not reach."""
    model = nn.Sequential(nn.Linear(2, 6, seed=1), nn.Tanh(), nn.BatchNorm1d(6), nn.Dropout(0.3, seed=5),
                          nn.Linear(6, 3, seed=2))
    model.idle = nn.Linear(2, 2, seed=3)
    return model


def fit(engine, model=plain, optimizer="sgd", schedules=None, **options):
    trained = model()
    made = OPTIMIZERS[optimizer](trained)
    options |= {"schedule": schedules(made)} if schedules else {}
    history = nn.fit(trained, X, Y, optimizer=made, engine=engine, **{"epochs": 4, "batch_size": 8, "progress": False,
                                                                      **options})
    return history, list(trained.state_dict().values()), list(made.state_dict()["state"].values())


@pytest.mark.parametrize("clip", CLIPS)
def test_it_is_the_loop_one_would_write(clip):
    model, twin = plain(), plain()
    nn.fit(model, X[:16], Y[:16], optimizer=optim.SGD(model.parameters(), lr=0.5), epochs=1, batch_size=8, seed=7,
           progress=False, **clip)
    order, optimizer = list(range(16)), optim.SGD(twin.parameters(), lr=0.5)
    random.Random(7).shuffle(order)
    for part in order[:8], order[8:]:
        optimizer.zero_grad()
        F.cross_entropy([twin(X[i]) for i in part], [Y[i] for i in part]).backward()
        if "clip_grad_norm" in clip:
            nn.utils.clip_grad_norm_(twin.parameters(), clip["clip_grad_norm"])
        if "clip_grad_value" in clip:
            nn.utils.clip_grad_value_(twin.parameters(), clip["clip_grad_value"])
        optimizer.step()
    assert model.state_dict() == twin.state_dict()


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", [plain, mixed])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_both_engines_clip(clip, optimizer, model, accumulate):
    pytest.importorskip("llvmlite")
    eager, numbers, states = fit("eager", model, optimizer, accumulate=accumulate, **clip)
    compiled, others, other_states = fit("compiled", model, optimizer, accumulate=accumulate, **clip)
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-10)  # rounding, which a few steps amplify
    assert others == pytest.approx(numbers, rel=1e-9, abs=1e-12)
    assert len(states) == len(other_states)
    for one, other in zip(states, other_states):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-12)
    assert eager.loss != pytest.approx(fit("eager", model, optimizer, accumulate=accumulate)[0].loss, rel=1e-3)


def test_a_callback_may_begin_to_clip_and_end_it():
    pytest.importorskip("llvmlite")

    def begin(run):
        run.clip_grad_norm, run.clip_grad_value = (0.002, 0.001) if run.epoch < 3 else (None, None)

    eager, compiled = (fit(engine, callbacks=begin)[0].loss for engine in ("eager", "compiled"))
    assert compiled == pytest.approx(eager, rel=1e-10)
    assert eager != pytest.approx(fit("eager")[0].loss, rel=1e-3)


def test_single_precision_clips_too():
    """Twenty steps of some ten roundings by 6e-8."""
    pytest.importorskip("llvmlite")
    eager, single = fit("eager", mixed, **CLIPS[2])[0], fit("compiled", mixed, dtype="float32", **CLIPS[2])[0]
    assert single.loss == pytest.approx(eager.loss, rel=1e-5)
    assert single.loss != pytest.approx(eager.loss, rel=1e-9), "this was double precision"


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_it_is_a_remedy_for_gradients_that_explode(engine):
    pytest.importorskip("llvmlite")

    def run(**options):
        model = nn.init.normal_(nn.MLP(2, [6, 6, 6, 1], activation="relu", seed=1), std=1.5, seed=2)
        return nn.fit(model, X, [math.sin(a) + b for a, b in X], optimizer=optim.SGD(model.parameters(), lr=0.02),
                      engine=engine, epochs=20, progress=False, **options)

    with pytest.warns(RuntimeWarning, match="training stopped in epoch"):
        assert run().stopped
    clipped = run(clip_grad_norm=1.0)
    assert not clipped.stopped
    assert clipped.loss[-1] < 0.5 * clipped.loss[0]


@pytest.mark.parametrize("engine", ["eager", "compiled"])
@pytest.mark.parametrize("clip", CLIPS)
def test_what_is_not_finite_is_not_clipped_away(engine, clip):
    pytest.importorskip("llvmlite")

    class Root(nn.Module):
        def __init__(self):
            self.w = nn.Linear(1, 1, seed=0).parameters()[0]

        def forward(self, row):
            return (self.w * row[0]).sqrt()

    model = Root()
    model.w.data = 0.0
    with pytest.warns(RuntimeWarning, match="step 1: the backward pass of sqrt .*made .*inf"):
        nn.fit(model, [[1.0], [2.0]], [1.0, 1.5], engine=engine, progress=False, **clip)
    assert model.w.data == 0.0


def test_a_run_that_clips_is_resumed_as_one(tmp_path):
    def run(**options):
        return fit("eager", mixed, "adam", checkpoint=tmp_path / "run", **options)

    whole = fit("eager", mixed, "adam", clip_grad_norm=0.1, epochs=6)
    run(clip_grad_norm=0.1, epochs=3)
    assert run(clip_grad_norm=0.1, epochs=6, resume=True) == whole
    with pytest.raises(ValueError, match=r"cannot resume .* clip_grad_norm was 0\.1 and is 0\.2 now"):
        run(clip_grad_norm=0.2, epochs=9, resume=True)


@pytest.mark.parametrize("name", ["clip_grad_norm", "clip_grad_value"])
@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, "1"])
def test_a_limit_is_a_number_above_0(name, limit):
    with pytest.raises(ValueError, match=f"{name} is a number above 0, got {limit!r}"):
        fit("eager", **{name: limit})


# ------------------------------------------------------------------------------------------------------ schedules


def warm_and_cool(optimizer):
    return [lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3),
            lr_scheduler.ExponentialLR(optimizer, gamma=0.5),
            lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.9)]


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_several_schedules_are_stepped_in_turn(engine):
    pytest.importorskip("llvmlite")
    twin = OPTIMIZERS["sgd"](plain())
    history = fit(engine, schedules=warm_and_cool, validation=(X, Y), epochs=6)[0]
    schedules, rates = warm_and_cool(twin), []
    for loss in history.validation_loss:
        rates.append(twin.param_groups[0]["lr"])
        for schedule in schedules:
            schedule.step(*[loss] * isinstance(schedule, lr_scheduler.ReduceLROnPlateau))
    assert history["lr"] == rates


def test_several_schedules_are_resumed(tmp_path):
    whole = fit("eager", schedules=warm_and_cool, epochs=6)
    fit("eager", schedules=warm_and_cool, epochs=3, checkpoint=tmp_path / "run")
    assert fit("eager", schedules=warm_and_cool, epochs=6, checkpoint=tmp_path / "run", resume=True) == whole
    with pytest.raises(ValueError, match="schedule was"):
        fit("eager", schedules=lambda o: warm_and_cool(o)[:2], epochs=6, checkpoint=tmp_path / "run", resume=True)


def test_each_schedule_is_checked():
    with pytest.raises(TypeError, match=r"takes one of nn\.optim\.lr_scheduler, or a list of them, not 'cosine'"):
        fit("eager", schedules=lambda o: [lr_scheduler.StepLR(o, 3), "cosine"])
