"""Pictures of learning, on matplotlib: loss, decision boundary, gradient flow, activations, paths, confusion.

Every function draws into `ax`, or into a new figure without one, and returns the Axes. matplotlib is loaded when the
first picture is asked for (`pip install stepgrad[plots]`). Colours work on light and dark styles and for colour-blind
eyes (Okabe and Ito's); no meaning hangs on colour alone.
"""

import itertools
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd import Value, no_grad
from nn import stats
from nn.descent import Path
from nn.module import Module

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
LINES, MARKERS = ["-", "--", ":", "-."], ["o", "^", "s", "D", "v", "P"]


def loss(history: Any, *, log: bool | None = None, ax: Any = None) -> Any:
    """Training and validation loss by epoch, with the best epoch marked.

    Arguments: `history`, a History, or a mapping of names to lists of losses; `log`, a logarithmic axis (None: where
    the losses span more than two powers of ten).
    """
    ax = _axes(ax)
    curves = dict(history) if isinstance(history, Mapping) else {
        name: xs for name, xs in (("training", history.loss), ("validation", history.validation_loss)) if xs
    }
    if not any(map(len, curves.values())):
        raise ValueError("this history has no epoch to plot")
    for (name, losses), colour, line in zip(curves.items(), itertools.cycle(COLOURS), itertools.cycle(LINES)):
        ax.plot(range(1, len(losses) + 1), losses, line, color=colour, label=name)
    best = getattr(history, "best_epoch", None)
    if best:
        kept = list(curves.values())[-1][best - 1]
        ax.plot([best], [kept], "o", color=COLOURS[len(curves) - 1], label=f"best, epoch {best}")
    finite = [x for losses in curves.values() for x in losses if x is not None and math.isfinite(x)]
    if log is None:
        log = bool(finite) and min(finite) > 0.0 and max(finite) > 100.0 * min(finite)
    return _finish(ax, "epoch", "loss", log=log, legend=len(curves) > 1 or bool(best))


def decision_boundary(
    model: Module | Callable[[list[list[float]]], Sequence[Any]],
    X: Sequence[Sequence[float]],
    y: Sequence[int],
    *,
    class_names: Sequence[str] | None = None,
    feature_names: Sequence[str] = ("feature 0", "feature 1"),
    resolution: int = 60,
    ax: Any = None,
) -> Any:
    """Which class the model gives to every point of the plane, under the samples it was given.

    Arguments: `model` maps rows of two features to an output each: one logit (positive for class 1) or a row of
    logits; `X`, n rows of 2; `y`, n classes, 0 to k-1, or -1 and 1; `resolution`, points per side.
    Raises ValueError unless the rows have two features, all finite, and a class each, or without samples.
    """
    if not len(X) or any(len(row) != 2 for row in X):
        raise ValueError("decision_boundary draws the plane: it needs rows of 2 features, "
                         f"got {len(X[0]) if len(X) else 'none'}")
    if len(X) != len(y):
        raise ValueError(f"decision_boundary needs a class for each row, got {len(y)} for {len(X)} rows")
    if not all(map(math.isfinite, itertools.chain(*X))):
        raise ValueError("decision_boundary draws points of the plane: every number of X must be finite")
    targets = _classes(y)
    ax = _axes(ax)
    us, vs = (_spaced(column, resolution) for column in zip(*X))
    margins = [_margins(output) for output in _predict(model, [[u, v] for v in vs for u in us])]
    k = max(len(margins[0]), max(targets) + 1)
    names = list(class_names or [f"class {i}" for i in range(k)])
    for i, margin in enumerate(zip(*margins)):
        if max(margin) > 0.0:
            area = _rows(list(margin), resolution)
            ax.contourf(us, vs, area, levels=[0.0, math.inf], colors=[COLOURS[i % len(COLOURS)]], alpha=0.25)
            if min(margin) < 0.0:
                ax.contour(us, vs, area, levels=[0.0], colors=["grey"], linewidths=0.8)
    for i in range(k):
        points = [row for row, label in zip(X, targets) if label == i]
        ax.scatter([u for u, _ in points], [v for _, v in points], s=22, color=COLOURS[i % len(COLOURS)],
                   marker=MARKERS[i % len(MARKERS)], edgecolors="white", linewidths=0.5, label=names[i])
    return _finish(ax, *feature_names, legend=True, grid=False)


def gradient_flow(model: Module | Mapping[str, Sequence[stats.Gradient]], *, ax: Any = None) -> Any:
    """The norm of every layer's gradient, first layer on the left, on a logarithmic axis.

    Arguments: a model after `backward()`, or several results of `stats.gradient_flow` by name, to compare them.
    """
    flows = {"": stats.gradient_flow(model)} if isinstance(model, Module) else dict(model)
    ax = _axes(ax)
    layers = [row.layer for row in max(flows.values(), key=len)]
    for i, (name, rows) in enumerate(flows.items()):
        norms = [row.norm if row.norm > 0.0 else math.nan for row in rows]  # 0 has no place on this axis
        ax.plot(range(len(rows)), norms, LINES[i % 4] + MARKERS[i % 6], color=COLOURS[i % 6], label=name or "norm")
    ax.set_xticks(range(len(layers)), layers, rotation=45 if len(layers) > 6 else 0,
                  ha="right" if len(layers) > 6 else "center")
    return _finish(ax, "", "norm of the gradient", log=True, legend=len(flows) > 1)


def activations(model: Module, X: Sequence[Any], *, bins: int = 40, ax: Any = None) -> Any:
    """The distribution of every layer's outputs over the inputs `X`, one ridge per layer, first layer on top.

    Beside each stands how much of it is saturated or dead, as `nn.stats.activations` counts.
    """
    ax = _axes(ax)
    outputs = stats.outputs(model, X)
    rows = stats.activations(model, X)
    everything = [x for xs in outputs.values() for x in xs if math.isfinite(x)]
    if not everything:
        raise ValueError("no output of this model is finite: there is nothing to draw")
    low, high = min(everything), max(everything)
    width = (high - low) / bins or 1.0
    edges = [low + width * i for i in range(bins + 1)]
    for i, (row, xs) in enumerate(zip(rows, outputs.values())):
        counts = [0] * bins
        finite = [x for x in xs if math.isfinite(x)]
        for x in finite:
            counts[min(int((x - low) / width), bins - 1)] += 1
        base = len(rows) - 1 - i
        heights = [base + 0.85 * count / max(1, *counts) for count in counts]
        ax.stairs(heights, edges, baseline=base, fill=True, color=COLOURS[i % 6], alpha=0.75)
        note = f"{row.saturated:.0%} saturated" + (f", {row.dead:.0%} dead" if row.dead else "")
        note += f", {1 - len(finite) / len(xs):.0%} nan or inf" if len(finite) < len(xs) else ""
        ax.text(1.02, base + 0.15, note, transform=ax.get_yaxis_transform(), fontsize="small")
    ax.set_yticks([len(rows) - 1 - i + 0.1 for i in range(len(rows))], [row.layer for row in rows])
    ax.tick_params(axis="y", length=0)
    return _finish(ax, "output", "", grid=False)


def paths(
    f: Callable[[list[Any]], Any],
    paths: Mapping[str, Path | Sequence[Sequence[float]]],
    *,
    levels: int = 24,
    resolution: int = 80,
    ax: Any = None,
) -> Any:
    """The ways several optimisers took down a function of two variables, on its contour lines.

    Arguments: `f` takes a list of two numbers; `paths`, by name, are Paths of `gradient_descent` or lists of points.
    Contour levels are spaced evenly in log(1 + f - min f), so that narrow valleys show. The axes are those of the
    points no higher than their path's start, and of paths whose steps get shorter: one that diverges leaves them.
    Where all do, they reach as far as ten of the first steps.
    Raises ValueError for points that are not pairs.
    """
    ax = _axes(ax)
    ways = {name: list(path.points if isinstance(path, Path) else path) for name, path in paths.items()}
    points = [p for way in ways.values() for p in way]
    if not points or any(not _is_row(p) or len(p) != 2 for p in points):
        raise ValueError("paths draws the plane: every point must be a pair of numbers")
    ways = {name: [p for p in way if max(map(abs, p)) < 1e100] for name, way in ways.items()}

    def height(u: float, v: float) -> float:
        with no_grad():  # Values overflow to inf where Python's floats raise
            return float(f([Value(u), Value(v)]))

    settled = [p for way in ways.values() if _settles(way) for p in way]
    downhill = [p for way in ways.values() for p in way if height(*p) <= height(*way[0])]
    near = [p for way in ways.values() for p in way if math.dist(p, way[0]) <= 10.0 * math.dist(*(way * 2)[:2])]
    seen = downhill + (settled or near)
    us, vs = (_spaced(column, resolution, margin=0.2) for column in zip(*seen))
    heights = [height(u, v) for v in vs for u in us]
    least = min(filter(math.isfinite, heights))
    depth = _rows([math.log1p(h - least) if math.isfinite(h) else math.nan for h in heights], resolution)
    ax.contour(us, vs, depth, levels=levels, cmap="viridis", linewidths=0.8)
    for i, (name, way) in enumerate(ways.items()):
        ax.plot([u for u, _ in way], [v for _, v in way], LINES[i % 4], color=COLOURS[(i + 1) % 6], linewidth=1.6,
                marker=MARKERS[i % 6], markersize=2.5, label=f"{name}, {len(way) - 1} steps")
    ax.plot(*points[0], "o", color="grey", markersize=7, markerfacecolor="none")
    ax.set(xlim=(us[0], us[-1]), ylim=(vs[0], vs[-1]))
    return _finish(ax, "x[0]", "x[1]", legend=True, grid=False)


def confusion_matrix(
    actual: Sequence[int], predicted: Sequence[int], *, class_names: Sequence[str] | None = None, ax: Any = None
) -> Any:
    """How often each class was taken for each: rows are what it was, columns what the model said.

    Classes are whole numbers from 0, or -1 and 1. Raises ValueError for others, for lists of different length, or none.
    """
    if len(actual) != len(predicted) or not len(actual):
        raise ValueError(f"confusion_matrix compares two lists of one length, got {len(actual)} and {len(predicted)}")
    classes = _classes([*actual, *predicted])
    k = max(*classes, len(class_names or []) - 1) + 1
    names = list(class_names or (("-1", "1") if -1 in [*actual, *predicted] else map(str, range(k))))
    actual, predicted = classes[: len(actual)], classes[len(actual) :]
    ax = _axes(ax)
    counts = [[0] * k for _ in range(k)]
    for a, p in zip(actual, predicted):
        counts[a][p] += 1
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for i, j in itertools.product(range(k), repeat=2):
        if counts[i][j]:
            ax.text(j, i, str(counts[i][j]), ha="center", va="center", color="white" if shares[i][j] > 0.5 else "black")
    long = max(map(len, names)) > 4 and k > 3
    ax.set_xticks(range(k), names, rotation=45 if long else 0, ha="right" if long else "center")
    ax.set_yticks(range(k), names)
    right = sum(counts[i][i] for i in range(k))
    ax.set_title(f"{right} of {len(actual)} right ({right / len(actual):.1%})")
    return _finish(ax, "predicted", "actual", grid=False)


# ------------------------------------------------------------------------------------------------ inside


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("nn.plots needs matplotlib: pip install 'stepgrad[plots]'") from error
    return plt.subplots(layout="constrained")[1]


def _finish(ax: Any, x: str, y: str, *, log: bool = False, legend: bool = False, grid: bool = True) -> Any:
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if log:
        ax.set_yscale("log")
    if grid:
        ax.grid(alpha=0.3, linewidth=0.6)
        ax.spines[["top", "right"]].set_visible(False)
    if legend:
        ax.legend(frameon=True, framealpha=0.8, fontsize="small")
    return ax


def _predict(model: Any, rows: list[list[float]]) -> Sequence[Any]:
    """The outputs for many rows, recording nothing and leaving the model in its mode."""
    modes = {module: module.training for module in model.modules()} if isinstance(model, Module) else {}
    try:
        for module in modes:
            module.training = False
        with no_grad():
            return list(model(rows))
    finally:
        for module, mode in modes.items():
            module.training = mode


def _classes(labels: Sequence[Any]) -> list[int]:
    """Classes as whole numbers from 0; those of -1 and 1 become 0 and 1."""
    signs = -1 in list(labels) and all(label in (-1, 1) for label in labels)
    for label in labels:
        if not isinstance(label, numbers.Real) or label % 1 or not (signs or float(label) >= 0.0):
            raise ValueError(f"classes are whole numbers from 0, or -1 and 1, not {label!r}")
    return [int(label > 0) if signs else int(label) for label in labels]


def _margins(output: Any) -> list[float]:
    """By how much each class is ahead of the best other one; a single logit is that of class 1 against class 0."""
    if not _is_row(output):
        return [-float(output), float(output)]
    logits = list(map(float, output))
    return [x - max(logits[:i] + logits[i + 1 :]) for i, x in enumerate(logits)]


def _is_row(x: Any) -> bool:
    return hasattr(x, "__len__")


def _spaced(xs: Sequence[float], n: int, margin: float = 0.1) -> list[float]:
    """n numbers evenly spaced over the range of `xs` and a margin on both sides."""
    low, high = min(xs), max(xs)
    pad = margin * (high - low) or 1.0
    return [low - pad + (high - low + 2.0 * pad) * i / (n - 1) for i in range(n)]


def _settles(way: Sequence[Sequence[float]]) -> bool:
    """Whether the last step of a path is shorter than its longest: one that diverges goes ever faster."""
    steps = [math.dist(p, q) for p, q in itertools.pairwise(way)]
    return len(steps) < 2 or steps[-1] < max(steps)


def _rows(flat: list[Any], width: int) -> list[list[Any]]:
    return [flat[i : i + width] for i in range(0, len(flat), width)]
