"""The report: whole pages of each kind, without a request or a script, with the right numbers in the right places."""

import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

import nn
from nn.data import Dataset, blobs, digits, iris, moons, train_test_split
from nn.history import History
from nn.predictor import Predictor
from nn.report import figures, tables
from nn.report.chart import STYLE, Axis, Chart, shown, ticks
from nn.report.page import Run, page
from nn.report.prediction import one_prediction, write_prediction

LINE = Dataset([[float(x), float(-x)] for x in range(40)], [1e6 * x for x in range(40)], ["x", "<y>"], [], "price & co")


def run_of(data, epochs=2, hidden=4):
    rest, test = train_test_split(data)
    learn, validate = train_test_split(rest)
    model = nn.MLP(len(data.feature_names), [hidden, len(data.class_names) or 1], activation="tanh", seed=1)
    predictor = Predictor.of(model, learn)
    history = nn.fit(
        model, predictor.inputs(learn.features), predictor.targets(learn.labels), epochs=epochs, progress=False,
        validation=(predictor.inputs(validate.features), predictor.targets(validate.labels)),
        callbacks=[nn.LayerStatistics(), nn.EarlyStopping()])
    return Run("a < b", data, learn, validate, test, predictor, history, "python -m nn")


class Page(HTMLParser):
    """What is in a page: its text, its links, and that its tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.links, self.tags, self.words = [], [], set(), []
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [x for name, x in attributes if name in ("src", "href", "srcset", "data", "action")]
        if tag not in ("meta", "br", "link", "img"):
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize(("data", "sections"), [
    (iris(), ["Training", "Test: what is taken for what", "Hardest test rows", "One prediction, number by number",
              "The data"]),
    (moons(40), ["Training", "Test: what is taken for what", "Decision boundary", "Hardest test rows",
                 "One prediction, number by number", "The data"]),
    (LINE, ["Training", "Test: how far off", "Hardest test rows", "One prediction, number by number", "The data"]),
    (digits().subset(range(60)), ["Training", "Test: what is taken for what", "Hardest test rows",
                                  "One prediction, number by number", "The data"]),
], ids=["iris", "moons", "regression", "digits"])
def test_a_page_is_whole_and_needs_nothing(data, sections, tmp_path):
    run = run_of(data)
    text = page(run, write_prediction(tmp_path, run.predictor, run.test, 0))
    made = Page(text)
    assert re.findall("<h2>(.*?)</h2>", text) == sections
    assert made.links == ["prediction.svg", "step.html"]
    assert all((tmp_path / link).exists() for link in made.links)
    assert not made.tags & {"script", "link", "img", "iframe"}
    assert "url(" not in text
    assert "@import" not in text
    assert "a < b" in "".join(made.words), "names are escaped"
    for svg in re.findall("<svg.*?</svg>", text, re.S):
        ET.fromstring(svg)
    for number in ("nan", "inf"):
        assert not re.search(rf'="[^"]*\b{number}\b', text), "a coordinate that is not a number"


def test_the_numbers_of_a_confusion_matrix():
    text = tables.confusion(["a", "b"], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
    cells = re.findall(r'<span class="cell (\w+)" style="--share:(\d+)%">(.*?)</span>', text)
    assert [(kind, count) for kind, _, count in cells] == [("hit", "2"), ("miss", "1"), ("miss", "·"), ("hit", "2")]
    assert re.findall(r"<td>(\S+ %|-)</td>", text) == ["67 %", "100 %", "100 %", "67 %"]


def test_the_hardest_rows_come_first():
    run = run_of(iris())
    single = run.tested.losses
    shown = [float(x) for x in re.findall(r"<td>(\d\.\d{4})</td>", tables.worst(run.predictor, run.test, run.tested))]
    assert shown == [pytest.approx(x, abs=5e-5) for x in sorted(single, reverse=True)[:8]]


def test_pictures_are_found_by_their_names():
    images = digits().subset(range(20))
    assert tables.as_picture(iris()) is None
    picture = tables.as_picture(images)(images.features[0])
    dark = ET.fromstring(picture).findall("rect")
    assert len(dark) == sum(x > 0 for x in images.features[0])
    assert (dark[0].get("x"), dark[0].get("y"), dark[0].get("fill-opacity")) == ("2", "0", "0.31")  # 5 of 16


def test_one_prediction_goes_back_to_its_inputs():
    run = run_of(blobs(30))
    whole, last = one_prediction(run.predictor, run.test, 2)
    assert whole.data == last.data == run.tested.losses[2]
    assert (whole.label, whole.grad) == ("loss", 1.0)
    assert sum(abs(p.grad) for p in run.predictor.model.parameters()) > 0


def test_a_large_network_is_stepped_through_from_its_outputs(tmp_path):
    small, large = run_of(moons(40)), run_of(moons(40), hidden=90)
    told = [write_prediction(tmp_path, run.predictor, run.test, 0) for run in (small, large)]
    assert [prediction.stepped for prediction in told] == ["its backward pass", "the last part of its backward pass"]
    assert [prediction.drawn for prediction in told] == ["draws more", "is the same as a file"]


# -------------------------------------------------------------------------------------------------------------- charts


@pytest.mark.parametrize(("low", "high", "expected"), [
    (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    (-3.0, 7.0, [-2.0, 0.0, 2.0, 4.0, 6.0]),
    (0.00012, 0.00031, [0.00015, 0.0002, 0.00025, 0.0003]),
    (1e6, 9e6, [2e6, 4e6, 6e6, 8e6]),
])
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high) == expected


def test_axes():
    assert [Axis(1.0, 100.0, log=True)(x) for x in (1.0, 10.0, 100.0)] == pytest.approx([0.0, 0.5, 1.0])
    assert Axis(0.001, 10.0, log=True).ticks() == pytest.approx([0.001, 0.01, 0.1, 1.0, 10.0])
    assert Axis.around([3.0, 3.0]).low < 3.0 < Axis.around([3.0, 3.0]).high
    assert Axis.around([]).high > Axis.around([]).low
    assert Axis.around([math.nan, math.inf, 2.0, 4.0], margin=0.5) == Axis(1.0, 5.0)


def test_numbers_for_people():
    assert [shown(x) for x in (0.0, -1234.5, 999.96)] == ["0", "-1234", "1000"]
    assert [shown(x) for x in (1e15, -0.00012345)] == ["1e+15", "-0.0001234"]


def test_a_curve_has_gaps_where_its_numbers_do():
    chart = Chart(Axis(0, 4), Axis(0, 1), "gaps")
    chart.curve([0, 1, 2, 3], [0.5, math.nan, 0.25, 0.75], "c0")
    assert re.search('d="(.*?)"', chart.parts[0])[1].count("M") == 2


def test_a_long_legend_takes_more_lines():
    short, long = (Chart(Axis(0, 1), Axis(0, 1), "t", legend=[("c0", f"layer {i}") for i in range(n)]) for n in (2, 12))
    assert long.height > short.height
    places = [(x, line) for x, line, *_ in long.keys]
    assert len(set(places)) == 12
    assert max(x for x, _ in places) < long.width - 60
    labelled = Chart(Axis(0, 1, "a name of thirty characters ..."), Axis(0, 1), "t", legend=long.legend)
    assert max(x + 7 * len(name) for x, _, _, name in labelled.keys) < 480 - 7 * 30, "the label has the right end"


def history(losses, validation):
    made = History()
    for i, (a, b) in enumerate(zip(losses, validation, strict=True), start=1):
        made.append(epoch=i, loss=a, validation_loss=b)
    return made


def test_loss_curves_choose_their_axis_and_mark_the_best():
    even, far = history([1.0, 0.9], [1.1, 1.0]), history([1.0, 0.01], [1.1, 0.02])
    assert not figures.loss_curves(even).y.log
    assert figures.loss_curves(far).y.log
    far.best_epoch = 2
    assert "best: epoch 2" in figures.loss_curves(far).svg()
    assert figures.loss_curves(history([math.inf, 1.0], [1.0, math.nan])).svg()
    ET.fromstring(figures.loss_curves(even).svg(STYLE))


def test_errors_fall_into_their_bins():
    chart = figures.error_histogram([-1.0, -1.0, 0.0, 1.0])
    counts = [int(x) for x in re.findall(r"<title>(\d+) rows", chart.svg())]
    assert (counts[0], counts[8], counts[16], sum(counts)) == (2, 1, 1, 4)
    assert figures.error_histogram([0.0, 0.0]).svg(), "a perfect model"


def test_the_boundary_rings_mistakes():
    run = run_of(moons(60), epochs=1)
    wrong = sum(a != b for a, b in zip(run.predictor.predict(run.test.features), run.test.labels, strict=True))
    svg = figures.boundary(run.predictor, run.learn, run.test, cells=10).svg()
    for k, name in enumerate(run.data.class_names):  # the figure alone says which colour is which class
        assert re.search(rf'style="stroke:var\(--c{k}\);stroke-width:9[^"]*" d="[^"]*"/><text [^>]*>{name}</text>', svg)
    assert svg.count("taken for") == wrong > 0
    assert svg.count("<circle") == len(run.learn) + len(run.test) + wrong
    areas = [(float(w) - 0.5) * (float(h) - 0.5) for w, h in
             re.findall(r'width="([\d.]+)" height="([\d.]+)" style="fill:color-mix', svg)]
    chart = Chart(Axis(0, 1), Axis(0, 1), "", width=520, height=400)
    (x0, y0), (x1, y1) = chart.at(0, 0), chart.at(1, 1)
    assert sum(areas) == pytest.approx((x1 - x0) * (y0 - y1), rel=0.03)  # the ticks' width differs a little


def test_epochs_are_whole_numbers():
    assert Axis(1, 3, "epoch", whole=True).ticks() == [1.0, 2.0, 3.0]
    run = run_of(iris(), epochs=3)
    assert ">1.5<" not in figures.gradient_curves(run.history).svg()


def test_a_column_may_be_called_as_a_weight_is():
    data = Dataset(iris().features, iris().labels, ["b", "w0", "c", "d"], iris().class_names)
    run = run_of(data)
    whole, _ = one_prediction(run.predictor, data, 0)
    svg = whole.draw(collapse=False, engine="builtin").svg
    assert "column b" in svg
    assert "column w0" in svg


def test_the_layers_are_those_of_the_weights_that_are_kept(tmp_path):
    run = run_of(iris(), epochs=4)
    run.history.best_epoch = 2
    kept = run.history.rows[1]["gradients"]["layer0"]
    assert f"<td>{shown(kept)}</td>" in tables.layers(run.history)
    text = page(run, write_prediction(tmp_path, run.predictor, run.test, 0))
    assert "The layers in epoch 2: how far" in text
    assert "150 rows of 4 columns:" in text


def test_many_classes_are_set_small():
    names = [str(k) for k in range(40)]
    assert 'class="confusion many"' in tables.confusion(names, [0, 39], [0, 0])
    assert 'class="confusion"' in tables.confusion(names[:3], [0, 2], [0, 0])
