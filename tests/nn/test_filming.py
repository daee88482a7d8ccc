"""Filming watches a run without changing it."""

import pytest

import nn
from nn.data import moons, spirals
from nn.filming import _answer


def train(callbacks=(), epochs=4, data=None, nouts=(4, 2), loss=None):
    data = data or moons(20, seed=1)
    last = nn.Layer(*nouts, nonlin=False, seed=2)
    model = nn.Sequential(nn.MLP(2, [6, nouts[0]], seed=1), nn.Dropout(0.3, seed=3), last)
    history = nn.fit(model, data.features, data.labels, epochs=epochs, batch_size=8, callbacks=callbacks, loss=loss,
                     progress=False)  # fmt: skip
    return model, history


def test_the_run_is_the_same_to_the_last_bit():
    filmed, history = train([nn.Filming(resolution=6)])
    plain, alone = train()
    assert filmed.state_dict() == plain.state_dict()
    assert history.rows == alone.rows
    assert len(nn.film(history)) == 4


def test_the_last_epoch_is_in_the_film():
    data = moons(4, seed=1)
    filming, model = nn.Filming(resolution=2), nn.MLP(2, [2], seed=1)
    history = nn.fit(model, data.features, data.labels, epochs=250, callbacks=[filming], progress=False)
    film = nn.film(history)
    assert len(film) <= 121
    assert film.frames[-1].iteration == 250


def test_a_plane_is_filmed_where_the_inputs_are_points():
    _, history = train([nn.Filming(resolution=5)], epochs=2)
    film = nn.film(history)
    assert len(film.points) == 20
    assert [len(row) for row in film.frames[0].grid] == [5] * 5
    left, right, bottom, top = film.bounds
    assert all(left < x < right and bottom < y < top and kind in (0, 1) for x, y, kind in film.points)


def test_the_answers_of_the_grid_are_the_models():
    model, history = train([nn.Filming(resolution=4)], epochs=2, data=spirals(30, classes=3, seed=1), nouts=(4, 3))
    film = nn.film(history)
    left, right, _, top = film.bounds
    bottom = film.bounds[2]
    model.eval()
    for i, row in enumerate(film.frames[-1].grid):
        for j, cell in enumerate(row):
            x = left + (j + 0.5) / 4 * (right - left)
            y = top - (i + 0.5) / 4 * (top - bottom)
            outputs = [output.data for output in model([x, y])]
            assert int(cell) == outputs.index(max(outputs))


def test_confidence():
    assert _answer([0.0, 0.0]) == 0.0
    assert _answer(0.0) in (0.0, 1.0)
    assert _answer(100.0) == 1.99
    assert _answer(-100.0) == 0.99
    assert _answer([0.0, 2.0, 1000.0]) == 2.99
    assert 1.5 < _answer([0.0, 2.0]) < 1.99


def test_more_inputs_or_a_regression_have_no_plane():
    model = nn.MLP(3, [2, 1], seed=0)
    history = nn.fit(model, [[1.0, 2.0, 3.0], [0.0, 1.0, 0.5]], [0.5, 1.5], epochs=2, callbacks=[nn.Filming()],
                     progress=False)  # fmt: skip
    film = nn.film(history)
    assert film.points == []
    assert film.frames[0].grid == []
    assert set(film.frames[0].gradients) == {"layer0", "layer1"}


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"samples": 0}, ValueError, "samples is a whole number of at least 1, got 0"),
    ({"samples": "x"}, ValueError, "samples is a whole number of at least 1, got 'x'"),
    ({"resolution": 2.5}, ValueError, "resolution is a whole number of at least 1, got 2.5"),
    ({"resolution": 0}, ValueError, "resolution is a whole number of at least 1, got 0"),
    ({"sample": 1.5}, TypeError, "sample is the number of a row of the data, a whole number, not 1.5"),
    ({"language": "fr"}, ValueError, "there is no language 'fr': choose one of 'en', 'zh'"),
])  # fmt: skip
def test_what_cannot_be_filmed_says_so_at_once(options, error, message):
    with pytest.raises(error, match=message):
        nn.Filming(**options)


@pytest.mark.parametrize("sample", [20, -21])
def test_a_sample_that_is_no_row_says_so_before_the_first_epoch(sample):
    message = rf"Filming\(sample={sample}\) shows the graph of that row, and there are 20 rows"
    with pytest.raises(IndexError, match=message):
        train([nn.Filming(sample=sample)])


def test_the_last_row_may_be_counted_from_the_end():
    def graph(sample):
        _, history = train([nn.Filming(sample=sample, resolution=2)], epochs=1)
        return [node.data for node in nn.film(history).graph.nodes]

    assert graph(-1) == graph(19) != graph(0)


def test_only_a_history_has_a_film():
    with pytest.raises(TypeError, match=r"film takes the History that fit returned, not NoneType \(None\)"):
        nn.film(None)
    with pytest.raises(TypeError, match="film takes the History that fit returned, not Filming"):
        nn.film(nn.Filming())


def test_a_run_that_was_not_filmed():
    _, history = train(epochs=1)
    with pytest.raises(ValueError, match=r"this run was not filmed: fit\(..., callbacks=\[nn.Filming\(\)\]\)"):
        nn.film(history)
