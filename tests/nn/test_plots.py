"""Plots: what stands in the picture, read back from the Axes; what cannot be drawn is refused."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import nn
from nn import plots, stats
from nn.data import moons, spirals
from nn.history import History

ROOT = Path(__file__).parents[2]
pytest.importorskip("matplotlib").use("Agg")


@pytest.fixture(autouse=True)
def nothing_left_open():
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a picture that needs a warning is wrong
        yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def history(losses, validation=()):
    found = History()
    for k, x in enumerate(losses):
        found.append(epoch=k + 1, loss=x, **({"validation_loss": validation[k]} if validation else {}))
    return found


def test_loss():
    run = history([1.0, 0.5, 0.25], [1.0, 0.6, 0.7])
    run.best_epoch = 2
    ax = plots.loss(run)
    assert legend(ax) == ["training", "validation", "best, epoch 2"]
    assert [list(line.get_ydata()) for line in ax.lines] == [[1.0, 0.5, 0.25], [1.0, 0.6, 0.7], [0.6]]
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "linear")


def test_loss_takes_a_logarithmic_axis_where_it_helps():
    assert plots.loss(history([1.0, 0.1, 0.001])).get_yscale() == "log"
    assert plots.loss(history([1.0, 0.1, 0.001]), log=False).get_yscale() == "linear"
    assert plots.loss({"a": [1.0, 0.001], "b": [0.5, 0.0]}).get_yscale() == "linear"  # 0 has no logarithm


@pytest.mark.parametrize("nout", [1, 3])
def test_decision_boundary(nout):
    data = moons(20, seed=1) if nout == 1 else spirals(21, classes=3)
    model = nn.MLP(2, [4, nout], activation="tanh", seed=0)
    model.train()
    ax = plots.decision_boundary(model, data.features, data.labels, class_names=data.class_names, resolution=15)
    assert legend(ax) == data.class_names
    assert sum(len(points.get_offsets()) for points in ax.collections if hasattr(points, "get_sizes")
               and len(points.get_sizes())) == len(data)
    assert model.training
    low, high = ax.get_xlim()
    assert low < min(u for u, _ in data.features) < max(u for u, _ in data.features) < high


def test_decision_boundary_shows_the_side_of_every_point():
    ax = plots.decision_boundary(lambda rows: [u - 0.5 for u, _ in rows], [[0.0, 0.0], [1.0, 1.0]], [-1, 1],
                                 resolution=11)
    from matplotlib.contour import QuadContourSet

    areas = [part for part in ax.collections if isinstance(part, QuadContourSet) and part.filled]
    reach = [[x for path in area.get_paths() for x, _ in path.vertices] for area in areas]
    assert max(reach[0]) == pytest.approx(0.5)  # class 0 lies left of the line u = 0.5, class 1 right of it
    assert min(reach[1]) == pytest.approx(0.5)


def test_a_model_that_knows_one_class_is_drawn_without_complaint():
    ax = plots.decision_boundary(lambda rows: [1.0 for _ in rows], [[0.0, 0.0], [1.0, 1.0]], [0, 1], resolution=5)
    assert legend(ax) == ["class 0", "class 1"]


def test_gradient_flow():
    model = nn.MLP(2, [3, 3, 1], activation="tanh", seed=0)
    model([1.0, -1.0]).backward()
    flow = stats.gradient_flow(model)
    ax = plots.gradient_flow(model)
    assert list(ax.lines[0].get_ydata()) == [row.norm for row in flow]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["layer0", "layer1", "layer2"]
    assert ax.get_yscale() == "log"
    assert legend(plots.gradient_flow({"before": flow, "after": flow})) == ["before", "after"]


def test_activations():
    model = nn.init.normal_(nn.MLP(2, [30, 2], activation="tanh", seed=0), std=20.0, seed=0)
    X = [[1.0, -0.5], [0.5, 2.0], [-1.0, 1.0]]
    ax = plots.activations(model, X)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["layer0", "layer1"]
    first = stats.activations(model, X)[0]
    assert texts(ax)[0].startswith(f"{first.saturated:.0%} saturated")
    assert texts(ax)[1] == "0% saturated"


def test_activations_that_are_all_equal():
    plots.activations(nn.init.zeros_(nn.MLP(2, [2, 1], seed=0)), [[1.0, 2.0]])


def test_paths():
    def f(p):
        return p[0] ** 2 + 10.0 * p[1] ** 2

    slow = nn.gradient_descent(f, [2.0, 1.0], lr=0.01, num_iterations=5)
    ax = plots.paths(f, {"slow": slow, "straight": [[2.0, 1.0], [0.0, 0.0]]}, resolution=20)
    assert legend(ax) == ["slow, 5 steps", "straight, 1 steps"]
    assert [tuple(point) for point in ax.lines[0].get_xydata()] == [tuple(p) for p in slow.points]


def test_confusion_matrix():
    ax = plots.confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2], class_names=["a", "b", "c"])
    assert ax.get_title() == "3 of 4 right (75.0%)"
    assert {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in ax.texts} == {
        (0, 0): "1", (0, 1): "1", (1, 1): "1", (2, 2): "1"}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]


def test_confusion_of_minus_one_and_one():
    ax = plots.confusion_matrix([-1, -1, 1], [1, 1, 1])
    assert ax.get_title() == "1 of 3 right (33.3%)"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["-1", "1"]
    assert {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in ax.texts} == {
        (0, 1): "2", (1, 1): "1"}


def test_a_descent_that_diverged_is_drawn():
    def f(p):
        return p[0] ** 2 + 10.0 * p[1] ** 2

    wild = nn.gradient_descent(f, [2.0, 1.0], lr=0.5, num_iterations=1000)
    assert max(map(abs, wild.points[-1])) > 1e150
    ax = plots.paths(f, {"wild": wild}, resolution=10)
    ax.figure.canvas.draw()
    assert max(abs(y) for _, y in ax.lines[0].get_xydata()) > 1e50
    assert max(map(abs, ax.get_ylim())) < 200, "its first steps are to be seen: 1, -9, 81"


def test_the_axes_are_those_of_the_paths_that_settle():
    """The tutorials' picture: rates that converge beside one that diverges, which leaves the picture."""
    def f(p):
        return (1 - p[0]) ** 2 + 5 * (p[1] - p[0] ** 2) ** 2

    calm = {f"lr {lr}": nn.gradient_descent(f, [-1.5, 1.5], lr, 40) for lr in (0.005, 0.02)}
    wild = nn.gradient_descent(f, [-1.5, 1.5], 0.2, 40)
    alone, both = plots.paths(f, calm, resolution=10), plots.paths(f, {"wild": wild, **calm}, resolution=10)
    assert both.get_xlim() == pytest.approx(alone.get_xlim())
    assert both.get_ylim() == pytest.approx(alone.get_ylim())
    assert len(both.lines) == len(alone.lines) + 1


def test_a_path_that_gets_faster_downhill_is_seen_whole():
    """From beside a saddle: its last step is its longest, and it is on its way."""
    def f(p):
        return p[0] ** 2 - p[1] ** 2

    away = nn.gradient_descent(f, [2.0, 0.1], lr=0.1, num_iterations=15)
    ax = plots.paths(f, {"away": away, "other": [[2.0, 0.1], [0.5, 0.1], [0.4, 0.1]]}, resolution=10)
    assert ax.get_ylim()[1] > away.x[1]


def test_outputs_that_are_not_finite_are_counted():
    model = nn.MLP(1, [2, 1], seed=0)
    assert ", 50% nan or inf" in texts(plots.activations(model, [[1.0], [float("nan")]]))[-1]


def test_a_given_axes_is_drawn_into():
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    assert plots.loss(history([1.0]), ax=left) is left
    assert plots.confusion_matrix([0], [0], ax=right) is right
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: plots.loss(History()), "no epoch to plot"),
    (lambda: plots.decision_boundary(lambda rows: rows, [[1.0, 2.0, 3.0]], [0]), "rows of 2 features, got 3"),
    (lambda: plots.decision_boundary(lambda rows: rows, [], []), "rows of 2 features, got none"),
    (lambda: plots.paths(lambda p: p, {"one": nn.gradient_descent(lambda x: x * x, 1.0, 0.1, 2)}), "pair of numbers"),
    (lambda: plots.paths(lambda p: p, {}), "pair of numbers"),
    (lambda: plots.confusion_matrix([0, 1], [0]), "two lists of one length, got 2 and 1"),
    (lambda: plots.decision_boundary(lambda rows: rows, [[1.0, 2.0]] * 30, [1]), "got 1 for 30 rows"),
    (lambda: plots.decision_boundary(lambda rows: rows, [[1.0, float("nan")]], [1]), "number of X must be finite"),
    (lambda: plots.decision_boundary(lambda rows: rows, [[1.0, 2.0]], ["a"]), "from 0, or -1 and 1, not 'a'"),
    (lambda: plots.confusion_matrix([-2, 1], [1, 1]), "classes are whole numbers from 0, or -1 and 1, not -2"),
    (lambda: plots.confusion_matrix([0.5, 1], [1, 1]), "classes are whole numbers from 0, or -1 and 1, not 0.5"),
    (lambda: plots.activations(nn.Linear(1, 1), [[float("inf")]]), "no output of this model is finite"),
    (lambda: plots.confusion_matrix([], []), "two lists of one length, got 0 and 0"),
])
def test_what_cannot_be_drawn_says_why(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nn_loads_no_matplotlib_and_plots_says_what_to_install():
    program = (
        "import sys, nn; assert 'matplotlib' not in sys.modules; sys.modules['matplotlib'] = None\n"
        "try: nn.plots.confusion_matrix([0], [0])\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "nn.plots needs matplotlib: pip install 'stepgrad[plots]'\n"
