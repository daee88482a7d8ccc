"""What a frame keeps is what the graph says, and a long film stays small."""

import math
import re
import sys

import pytest

from autograd import Value, scope, tanh
from autograd.viz import Film
from autograd.viz.film import MOST_FRAMES, MOST_NUMBERS, layers
from autograd.viz.film_chart import FOOT, MOST_STEPS, TOP, WIDE, curve, decades, ticks
from autograd.viz.film_html import BINS, histograms, table


def network(x=0.5):
    """Two layers of scoped neurons; the parameters, the first layer's outputs and the loss."""
    parameters, row = [], [x, 1.0]
    outputs = []
    for layer, size in enumerate([3, 1]):
        made = []
        for neuron in range(size):
            with scope(f"layer{layer}"), scope(f"neuron{neuron}"):
                w = [Value(0.1 * (neuron + 1) - 0.2 * layer, label=f"w{i}") for i in range(len(row))]
                parameters.append(w)
                total = w[0] * row[0]
                for a, b in zip(w[1:], row[1:]):
                    total = total + a * b
                made.append(tanh(total))
        outputs.append(made)
        row = made
    return parameters, outputs, (row[0] - 1.0) ** 2


def test_layers_are_read_off_the_scopes():
    parameters, outputs, loss = network()
    gradients, activations = layers(loss)
    assert list(gradients) == list(activations) == ["layer0", "layer1"]
    assert sorted(activations["layer0"]) == sorted(node.data for node in outputs[0])
    assert activations["layer1"] == [outputs[1][0].data]
    loss.backward()
    first, last = [w for some in parameters[:3] for w in some], parameters[3]
    assert sorted(gradients["layer0"]) == sorted(w.grad for w in first)
    assert sorted(gradients["layer1"]) == sorted(w.grad for w in last)


def test_recording_changes_no_gradient():
    parameters, _, loss = network()
    Film().record(1, {"loss": loss.data}, loss)
    assert not any(w.has_grad for some in parameters for w in some)


def test_a_large_layer_is_thinned_evenly():
    w = [Value(float(i)) for i in range(3 * MOST_NUMBERS)]
    for one in w:
        one.scope = "layer0/neuron0"
    with scope("layer0"), scope("neuron0"):
        total = w[0] * 0.0
        for i, one in enumerate(w):
            total = total + one * float(i)
    gradients, _ = layers(total)
    assert len(gradients["layer0"]) == MOST_NUMBERS
    steps = sorted(gradients["layer0"])
    assert {b - a for a, b in zip(steps, steps[1:])} == {3.0}


def test_a_long_film_drops_every_other_frame():
    film, kept = Film(), []
    for iteration in range(1000):
        if film.wants_next():
            film.record(iteration, {"loss": 1.0 / (iteration + 1)})
            kept.append(iteration)
    times = [frame.iteration for frame in film.frames]
    assert len(times) <= MOST_FRAMES
    assert times[0] == 0
    assert {b - a for a, b in zip(times, times[1:])} == {film.every}
    assert len(kept) < 400  # and the work of the others is not done


def test_histograms_share_their_range_over_the_film():
    (one,) = histograms([{"a": [0.0, 0.0, 2.4]}, {"a": [math.nan, math.inf, 1.25]}, {}])
    assert (one["low"], one["high"], one["most"]) == (0.0, 2.4, 2)
    assert [sum(bins) for bins in one["counts"]] == [3, 1, 0]
    assert one["lost"] == [0, 2, 0]
    assert one["counts"][0][0] == 2
    assert one["counts"][0][-1] == 1
    assert one["counts"][1][12] == 1
    (same,) = histograms([{"a": [5.0, 5.0]}])
    assert (same["low"], same["high"]) == (4.5, 5.5)


def test_the_curve_is_by_powers_of_ten_where_it_falls_far():
    def film(losses):
        made = Film()
        for i, loss in enumerate(losses):
            made.record(i, {"loss": loss})
        return made

    even = [y for _, y in curve(film([100.0, 10.0, 1.0])).marks]
    assert even[1] - even[0] == pytest.approx(even[2] - even[1], abs=0.2)  # coordinates are tenths of a pixel
    linear = [y for _, y in curve(film([3.0, 2.0, 1.0])).marks]
    assert linear[1] - linear[0] == pytest.approx(linear[2] - linear[1], abs=0.2)
    assert all(math.isfinite(y) for _, y in curve(film([1.0, math.inf, math.nan])).marks)


LARGEST = sys.float_info.max
WILD = [1e16, -1e16, 1e16 + 2.0, LARGEST, -LARGEST, 5e-324, -5e-324, 1e-310, 0.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("one", WILD)
@pytest.mark.parametrize("other", WILD)
def test_diverged_training_is_filmed(one, other):
    """Numbers so large that a half more changes nothing, or their distance is no float, so small, or none at all."""
    film = Film()
    for iteration, number in enumerate((one, other)):
        film.record(iteration, {"loss": number})
    chart = curve(film)
    assert all(0.0 <= x <= WIDE and TOP <= y <= FOOT for x, y in chart.marks)
    drawn = re.sub("<title>.*?</title>", "", chart.svg)
    assert "nan" not in drawn and "inf" not in drawn
    if math.isfinite(one) and math.isfinite(other) and one < 0.0 < other and other - one > 1e-300:
        assert chart.marks[0][1] > chart.marks[1][1]
    (layer,) = histograms([{"a": [one, other]}])
    finite = [x for x in (one, other) if math.isfinite(x)]
    assert sum(layer["counts"][0]) == len(finite) and layer["lost"] == [2 - len(finite)]
    assert all(-LARGEST <= layer["low"] <= x <= layer["high"] <= LARGEST for x in finite)
    assert layer["low"] < layer["high"]


def test_the_numbers_of_a_layer_that_overflowed_keep_their_order():
    (one,) = histograms([{"a": [-1.7e308, 0.0, 1.7e308]}])
    assert [place for place, count in enumerate(one["counts"][0]) if count] == [0, BINS // 2, BINS - 1]


RANGES = [(0.175, 0.992), (1, 40), (0, 119), (5, 5), (-2.3, 4.1), (1e-8, 3e-8), (0.3, 12), (1e-9, 2), (1e-300, 1e300)]


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_the_numbers_on_an_axis_are_round_few_and_enclose_the_curve(low, high):
    for made in [ticks(low, high)] + ([decades(low, high)] if 0 < low < high else []):
        assert made[0] <= low <= high <= made[-1]
        assert 2 <= len(made) <= MOST_STEPS + 2
        assert made == sorted(set(made))
        assert all(len(f"{x:.12g}".strip("-").replace(".", "").split("e")[0].strip("0")) <= 2 for x in made)


def test_the_text_has_a_line_for_each_frame():
    film = Film(unit="epoch")
    film.record(1, {"loss": 0.5})
    film.record(2, {"loss": 0.25, "validation loss": 0.3})
    assert table(film).splitlines() == [
        "epoch  loss  validation loss", "    1   0.5              nan", "    2  0.25              0.3"]  # fmt: skip


def test_the_text_in_chinese_has_straight_columns():
    film = Film(unit="epoch", language="zh")
    film.record(1, {"loss": 0.5, "accuracy": 1.0})
    film.record(100, {"loss": 0.125, "accuracy": 1.0})
    assert table(film).splitlines() == ["轮次   损失  accuracy", "   1    0.5         1", " 100  0.125         1"]


def test_bad_frames(tmp_path):
    with pytest.raises(ValueError, match=r"a frame needs the loss: curves=\{'loss': ...\}, got error"):
        Film().record(0, {"error": 1.0})
    with pytest.raises(ValueError, match="no frames yet"):
        Film().save_html(tmp_path / "film.html")
    with pytest.raises(ValueError, match="there is no language 'fr'"):
        Film(language="fr")
    assert Film()._repr_mimebundle_() == {"text/plain": "<Film: 0 frames>"}


def test_a_loss_that_is_no_number_is_a_gap_with_a_cross():
    film = Film(unit="epoch")
    for epoch, loss in enumerate([1.0, 2.0, math.nan, math.inf, 3.0, -math.inf, 1.0, 2.0]):
        film.record(epoch, {"loss": loss})
    drawn = curve(film)
    line = re.search(r'class="curve c0" d="([^"]*)"', drawn.svg)[1]
    assert [len(run.split("L")) for run in line.split("M")[1:]] == [2, 1, 2]
    crosses = re.findall(r'class="lost c0" d="M[\d.]+ ([\d.]+)[^>]*><title>([^<]*)', drawn.svg)
    assert [told for _, told in crosses] == ["epoch 2: loss nan", "epoch 3: loss ∞", "epoch 5: loss −∞"]
    assert [float(y) + 4 for y, _ in crosses] == [TOP, TOP, FOOT]
