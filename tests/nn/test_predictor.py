"""Predictor: from the rows of a table to answers, scored, and the same after a journey through a file."""

import math

import pytest

import nn
from nn.data import Dataset, iris
from nn.predictor import WORTH_COMPILING, Predictor, Scale
from nn.tensorfile import FileError

LINE = Dataset([[1.0], [2.0], [3.0], [4.0]], [10.0, 20.0, 30.0, 40.0], ["x"], [], "y")


def on_the_line(slope=1.0):
    """With inputs and target standardised, the line y = 10 x is the identity."""
    model = nn.Linear(1, 1)
    model.load_state_dict({"neurons.0.w.0": slope, "neurons.0.b": 0.0})
    return Predictor.of(model, LINE)


def test_a_regression_answers_in_the_units_of_the_table():
    predictor = on_the_line()
    assert predictor.predict([[1.0], [2.5]]) == pytest.approx([10.0, 25.0])
    assert predictor.judged(LINE).scores == pytest.approx(
        {"root mean squared error": 0.0, "mean absolute error": 0.0, "R²": 1.0}, abs=1e-12)
    flat = on_the_line(slope=0.0).judged(LINE).scores  # always says the mean, 25
    assert flat == pytest.approx({"root mean squared error": math.sqrt(125.0), "mean absolute error": 10.0, "R²": 0.0})
    assert math.isnan(predictor.judged(LINE.subset([0])).scores["R²"]), "a single row has no spread to explain"


def test_classes_are_scored_by_their_cross_entropy():
    flowers = iris()
    model = nn.MLP(4, [3], seed=0)
    for p in model.parameters():
        p.data = 0.0
    predictor = Predictor.of(model, flowers)
    assert predictor.outputs(flowers.features[:1]) == [pytest.approx([1 / 3] * 3)]
    score = predictor.judged(flowers).scores
    assert score["loss"] == pytest.approx(math.log(3.0))
    assert (score["right"], score["accuracy"]) == (50, 1 / 3), "of equal probabilities the first class is taken"
    assert predictor.judged(flowers).losses == pytest.approx([math.log(3.0)] * 150)


def test_many_rows_are_answered_as_few_are():
    """To the last bit: asked for many, the model is compiled."""
    flowers = iris()
    predictor = Predictor.of(nn.MLP(4, [8, 3], seed=0), flowers)
    assert len(flowers) >= WORTH_COMPILING
    assert predictor.outputs(flowers.features) == [predictor.outputs([row])[0] for row in flowers.features]


def test_without_native_code_nothing_is_compiled(monkeypatch, recwarn):
    flowers = iris()
    predictor = Predictor.of(nn.MLP(4, [8, 3], seed=0), flowers)
    expected = predictor.outputs(flowers.features)
    monkeypatch.setattr("nn.predictor.available", lambda: False)
    monkeypatch.setattr("nn.predictor.compile", None)
    assert predictor.outputs(flowers.features) == expected
    assert not recwarn


def test_a_column_without_spread_is_not_divided_by_zero():
    assert Scale.of([5.0, 5.0]) == Scale(5.0, 1.0)


def test_it_is_the_same_after_a_file(tmp_path):
    before = on_the_line(0.3)
    before.notes["made by"] = "a test"
    before.save(tmp_path / "model.safetensors")
    after = Predictor.load(tmp_path)
    assert after.predict([[1.7]]) == before.predict([[1.7]])
    assert (after.scales, after.target_scale, after.notes) == (before.scales, before.target_scale, before.notes)


def test_a_model_without_its_columns_is_refused(tmp_path):
    nn.save(nn.Linear(1, 1), tmp_path / "m")
    with pytest.raises(FileError, match=r"m was not written by `python -m nn train`: it does not say 'columns'"):
        Predictor.load(tmp_path / "m")


def test_tiny_numbers_are_standardised_too():
    scale = Scale.of([1e-300, 3e-300])
    assert (scale(1e-300), scale(3e-300)) == pytest.approx((-1.0, 1.0), rel=1e-15)  # three roundings
