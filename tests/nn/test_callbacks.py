"""Callbacks in one run after another: each begins anew, but for a run that is resumed."""

import pytest

import nn
from nn.data import moons

DATA, HELD_OUT = moons(24, seed=1), moons(10, seed=9, noise=0.5)


def fit(model, callbacks, **options):
    return nn.fit(model, DATA.features, DATA.labels, validation=(HELD_OUT.features, HELD_OUT.labels), epochs=30,
                  callbacks=callbacks, progress=False, **options)


def test_early_stopping_begins_anew_in_every_run():
    stopping, seen = nn.EarlyStopping(3), []
    for seed in (0, 5):
        alone, model = nn.MLP(2, [8, 2], seed=seed), nn.MLP(2, [8, 2], seed=seed)
        assert fit(model, stopping) == fit(alone, nn.EarlyStopping(3))
        assert model.state_dict() == alone.state_dict()
        seen.append(model.state_dict())
    assert seen[0] != seen[1]


def test_early_stopping_of_a_resumed_run_goes_on(tmp_path):
    whole, part = nn.MLP(2, [8, 2], seed=0), nn.MLP(2, [8, 2], seed=0)
    stopping = nn.EarlyStopping(3)
    expected = fit(whole, nn.EarlyStopping(3))
    nn.fit(part, DATA.features, DATA.labels, validation=(HELD_OUT.features, HELD_OUT.labels), callbacks=stopping,
           epochs=expected.best_epoch + 1, progress=False, checkpoint=tmp_path / "run")
    assert fit(part, stopping, checkpoint=tmp_path / "run", resume=True) == expected
    assert part.state_dict() == whole.state_dict()


def test_early_stopping_without_validation_is_refused_before_any_work():
    model = nn.MLP(2, [8, 2], seed=0)
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"watches 'validation_loss', .* pass validation=\(X, y\) to fit"):
        nn.fit(model, DATA.features, DATA.labels, callbacks=nn.EarlyStopping(), progress=False)
    assert model.state_dict() == before


def test_a_film_begins_anew_in_every_run():
    filming = nn.Filming(resolution=4)
    histories = [nn.fit(nn.MLP(2, [3, 2], seed=seed), DATA.features, DATA.labels, epochs=4, progress=False,
                        callbacks=filming) for seed in (0, 1)]
    for history in histories:
        assert [frame.iteration for frame in nn.film(history).frames] == [1, 2, 3, 4]
    assert nn.film(histories[0]) is not nn.film(histories[1])
