"""Targets that count for nothing, or more than others: `ignore_index` and class weights inside fit, in both engines."""

import functools

import pytest

import nn
from nn import functional as F
from nn.data import blobs

DATA = blobs(48, classes=3, seed=1)
X, Y = DATA.features, DATA.labels
SPARE = [3 if i % 3 else y for i, y in enumerate(Y)]  # two of three rows are to be ignored; some parts hold no other
LOSSES = {
    "ignore_index": (functools.partial(F.cross_entropy, ignore_index=3), SPARE),
    "PyTorch's -100": (F.cross_entropy, [-100 if y == 3 else y for y in SPARE]),
    "-1": (functools.partial(F.cross_entropy, ignore_index=-1), [-1 if y == 3 else y for y in SPARE]),
    "weight 0": (functools.partial(F.cross_entropy, weight=[1.0, 2.0, 1.5, 0.0]), SPARE),
    "both": (functools.partial(F.cross_entropy, weight=[1.0, 2.0, 0.0, 1.0], ignore_index=3), SPARE),
    "nll_loss": (functools.partial(F.nll_loss, ignore_index=3), SPARE),
}


def fit(name, engine="eager", **options):
    loss, targets = LOSSES[name]
    model = nn.Sequential(nn.MLP(2, [4, 4], activation="tanh", seed=1), *([nn.LogSoftmax()] if "nll" in name else []))
    options = {"optimizer": nn.optim.SGD(model.parameters(), lr=0.3, momentum=0.9), "epochs": 4, "progress": False,
               "validation": (X, targets), **options}
    history = nn.fit(model, X, targets, loss=loss, engine=engine, **options)
    return history, list(model.state_dict().values())


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("size", "accumulate"), [(5, 10), (7, 7), (1, 48), (47, 2)])
def test_accumulated_parts_equal_the_full_batch(name, size, accumulate):
    """Sums are added in another order: the difference is rounding, a few units in the last place."""
    whole, numbers = fit(name, batch_size=None)
    parts, others = fit(name, batch_size=size, accumulate=accumulate)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-11)
    assert parts.validation_loss == pytest.approx(whole.validation_loss, rel=1e-11)
    assert others == pytest.approx(numbers, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_rows_that_are_ignored_might_as_well_not_be_there(name):
    loss, targets = LOSSES[name]
    kept = [i for i, y in enumerate(targets) if y in (0, 1, 2) and not (name == "both" and y == 2)]
    model = nn.Sequential(nn.MLP(2, [4, 4], activation="tanh", seed=1), *([nn.LogSoftmax()] if "nll" in name else []))
    alone = nn.fit(model, [X[i] for i in kept], [targets[i] for i in kept], loss=loss, batch_size=None, epochs=4,
                   progress=False, optimizer=nn.optim.SGD(model.parameters(), lr=0.3, momentum=0.9))
    assert fit(name, batch_size=None)[0].loss == pytest.approx(alone.loss, rel=1e-11)  # rounding


@pytest.mark.parametrize("name", LOSSES)
def test_the_engine_that_fit_chooses_gives_the_same_numbers(name, monkeypatch):
    pytest.importorskip("llvmlite")
    monkeypatch.setattr("nn.compiled.engine.WORTH", 0.0)
    eager = fit(name, batch_size=8)
    with pytest.warns(RuntimeWarning, match="training runs eagerly, .*: some targets count more than others"):
        assert fit(name, "auto", batch_size=8) == eager


def test_a_loss_that_hides_what_it_ignores_is_not_compiled():
    """No partial says so: the compiled loss of a batch is nan, and is not taken for the eager one."""
    pytest.importorskip("llvmlite")
    with pytest.raises(nn.Unsupported, match=r"the loss of a batch of 3 is .*, and the mean over its samples nan"):
        nn.fit(nn.MLP(2, [3], seed=0), X, Y, loss=lambda o, t: F.cross_entropy(o, t, ignore_index=2),
               engine="compiled", progress=False)
    with pytest.raises(nn.Unsupported, match="weighted means"):  # of the last class alone
        nn.fit(nn.MLP(2, [5], seed=0), X, [i % 5 for i in range(48)], engine="compiled", progress=False,
               loss=lambda o, t: F.cross_entropy(o, t, weight=[1.0, 1.0, 1.0, 1.0, 3.0]))


def test_validation_rows_of_which_some_are_ignored():
    """The training's count alike, so that it is compiled; the validation's do not."""
    pytest.importorskip("llvmlite")
    found = []
    for engine in ("eager", "compiled"):
        model = nn.MLP(2, [4, 4], activation="tanh", seed=1)
        found.append(nn.fit(model, X, Y, loss=LOSSES["ignore_index"][0], validation=(X, SPARE), epochs=3,
                            engine=engine, progress=False).validation_loss)
    assert found[1] == pytest.approx(found[0], rel=1e-10)  # rounding, which a few steps amplify


def test_a_checkpoint_of_a_table_sorted_by_class(tmp_path):
    """Its first rows count for nothing: the number by which a resumed run is recognised is taken from others."""
    order = sorted(range(48), key=lambda i: -SPARE[i])
    model = nn.MLP(2, [4], seed=1)
    for epochs in (2, 4):
        history = nn.fit(model, [X[i] for i in order], [SPARE[i] for i in order], loss=LOSSES["weight 0"][0],
                         epochs=epochs, checkpoint=tmp_path / "run", resume=True, progress=False,
                         optimizer=nn.optim.SGD(model.parameters(), lr=0.1))
    assert len(history) == 4


@pytest.mark.parametrize("name", LOSSES)
def test_targets_that_all_count_for_nothing_are_refused_before_any_work(name):
    loss, targets = LOSSES[name]
    of_none = next(y for y in targets if y not in (0, 1, 2))
    model = nn.Sequential(nn.MLP(2, [4], seed=1), nn.LogSoftmax())
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"^every target in y is ignored or of weight 0: there is nothing to learn"):
        nn.fit(model, X, [of_none] * 48, loss=loss, progress=False)
    with pytest.raises(ValueError, match=r"^every target in validation y is ignored or of weight 0"):
        nn.fit(model, X, targets, loss=loss, validation=(X[:3], [of_none] * 3), progress=False)
    assert model.state_dict() == before


def test_a_part_of_which_a_loss_ignores_all_is_reported():
    """A lambda does not say what it ignores: the mean of no loss is nan, as in PyTorch, and ends the run."""
    with pytest.warns(RuntimeWarning, match=r"step \d+: the loss is nan: div .*made nan from"):
        history = nn.fit(nn.MLP(2, [3], seed=0), X, Y, loss=lambda o, t: F.cross_entropy(o, t, ignore_index=Y[0]),
                         batch_size=1, progress=False)
    assert "the loss is nan" in history.stopped
