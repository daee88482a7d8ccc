"""The figures of a report, each from plain numbers to an SVG chart."""

import math
from collections.abc import Callable, Sequence

from nn.dataset import Dataset
from nn.history import History
from nn.predictor import Predictor
from nn.report.chart import Axis, Chart, shown

__all__ = ["loss_curves", "gradient_curves", "residuals", "error_histogram", "boundary", "histogram", "picture"]

COLOURS = 10  # c0 to c9


def colour(k: int) -> str:
    """The colour of class or curve number k."""
    return f"c{k % COLOURS}"


def loss_curves(
    history: History, label: str = "loss", measured: Callable[[float], float] = lambda loss: loss
) -> Chart:
    """Training and validation loss by epoch; by powers of ten where they fall far. The best epoch is marked.

    `measured` turns a loss into what `label` says is shown: see `Predictor.measured`.
    """
    epochs = [float(row["epoch"]) for row in history.rows]
    names = {"training": "loss", "validation": "validation_loss"}
    curves = {name: [math.nan if x is None else measured(x) for x in history[key]]
              for name, key in names.items() if key in history}
    chart = _by_epoch(epochs, curves, label, far=20)
    if history.best_epoch:
        chart.upright(history.best_epoch, f"best: epoch {history.best_epoch}")
    return chart


def gradient_curves(history: History) -> Chart:
    """The mean size of the gradient in each layer, by epoch: a layer far below the others hardly learns."""
    rows = [row for row in history.rows if "gradients" in row]
    layers = list(rows[0]["gradients"]) if rows else []
    curves = {name: [row["gradients"][name] for row in rows] for name in layers}
    return _by_epoch([float(row["epoch"]) for row in rows], curves, "mean |gradient|", far=0)


def _by_epoch(epochs: list[float], curves: dict[str, list[float]], label: str, far: float) -> Chart:
    """Curves over epochs, by powers of ten where the largest number is more than `far` times the smallest."""
    numbers = [x for curve in curves.values() for x in curve if math.isfinite(x)]
    log = bool(numbers) and min(numbers) > 0 and max(numbers) > far * min(numbers)
    along = Axis(min(epochs, default=0), max([*epochs, 2]), "epoch", whole=True)
    chart = Chart(along, Axis.around(numbers, label, log),
                  f"{label} by epoch", legend=[(colour(k), name) for k, name in enumerate(curves)])
    for k, (name, curve) in enumerate(curves.items()):
        chart.curve(epochs, curve, colour(k), f"{name}, at last {shown(curve[-1])}")
    return chart


def residuals(target: str, actual: Sequence[float], predicted: Sequence[float]) -> Chart:
    """Predicted against actual numbers; a perfect model has all points on the diagonal."""
    both = [*actual, *predicted]
    chart = Chart(Axis.around(both, f"actual {target}"), Axis.around(both, "predicted"),
                  f"Predicted against actual {target}", height=340)
    ends = [chart.x.low, chart.x.high]
    (x0, y0), (x1, y1) = (chart.at(end, end) for end in ends)
    chart.add(f'<path class="mark" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>')
    for a, p in zip(actual, predicted, strict=True):
        chart.dot(a, p, "c0", f"actual {shown(a)}, predicted {shown(p)}, off by {shown(p - a)}")
    return chart


def error_histogram(errors: Sequence[float], bins: int = 17) -> Chart:
    """How the errors of a regression are spread; they should lie evenly about 0."""
    far = max(map(abs, errors)) or 1.0
    counts = [0] * bins
    for error in errors:
        counts[min(int((error + far) / (2 * far) * bins), bins - 1)] += 1
    chart = Chart(Axis(-far, far, "predicted - actual"), Axis(0.0, max(counts) * 1.05, "rows"), "Errors", height=340)
    for i, count in enumerate(counts):
        low = -far + 2 * far * i / bins
        (x0, y0), (x1, y1) = chart.at(low, count), chart.at(low + 2 * far / bins, 0.0)
        chart.add(f'<rect x="{x0 + 0.5:.1f}" y="{y0:.1f}" width="{x1 - x0 - 1:.1f}" height="{y1 - y0:.1f}" '
                  f'style="fill:var(--c0)"><title>{count} rows from {shown(low)}</title></rect>')
    chart.upright(0.0, "")
    return chart


def boundary(predictor: Predictor, learn: Dataset, test: Dataset, cells: int = 60) -> Chart:
    """What the model says at every place of the plane, and the samples: small to train, ringed where test ones fail."""
    xs, ys = zip(*learn.features, *test.features, strict=True)
    names = predictor.feature_names
    chart = Chart(Axis.around(xs, names[0], margin=0.08), Axis.around(ys, names[1], margin=0.08),
                  f"Decision boundary over {names[0]} and {names[1]}", width=520, height=400, areas=True,
                  legend=[(colour(k), name) for k, name in enumerate(learn.class_names)])
    width, height = (chart.x.high - chart.x.low) / cells, (chart.y.high - chart.y.low) / cells
    for j in range(cells):
        y = chart.y.low + (j + 0.5) * height
        row = predictor.outputs([[chart.x.low + (i + 0.5) * width, y] for i in range(cells)])
        _strip(chart, [_shade(p) for p in row], chart.y.low + j * height, width, height)
    for x, label in zip(learn.features, learn.labels, strict=True):
        chart.dot(x[0], x[1], colour(label), learn.class_names[label], 2.4)
    for x, label, said in zip(test.features, test.labels, predictor.predict(test.features), strict=True):
        chart.dot(x[0], x[1], colour(label), f"test: {test.class_names[label]}", 4)
        if label != said:
            chart.dot(x[0], x[1], "bad", f"{test.class_names[label]} taken for {test.class_names[said]}", 8, ring=True)
    return chart


def _shade(probabilities: list[float]) -> tuple[int, int]:
    """The winning class, and how sure the model is of it in steps of a tenth."""
    k = max(range(len(probabilities)), key=probabilities.__getitem__)
    return k, round(10 * probabilities[k])


def _strip(chart: Chart, shades: list[tuple[int, int]], y: float, width: float, height: float) -> None:
    """A row of cells; neighbours of one shade are one rectangle."""
    start = 0
    for i in range(1, len(shades) + 1):
        if i == len(shades) or shades[i] != shades[start]:
            k, sure = shades[start]
            (x0, y0), (x1, y1) = (chart.at(chart.x.low + start * width, y + height),
                                  chart.at(chart.x.low + i * width, y))
            right = chart.at(chart.x.high, y)[0]  # half a pixel more to the right and below closes the seams
            chart.add(f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{min(x1 + 0.5, right) - x0:.1f}" '
                      f'height="{y1 - y0 + 0.5:.1f}" '
                      f'style="fill:color-mix(in srgb,var(--{colour(k)}) {4 * sure}%,var(--paper))"/>')
            start = i


def histogram(numbers: Sequence[float], labels: Sequence[int], classes: int, bins: int = 16) -> str:
    """A small picture of how a column is spread, its bars divided by class."""
    low, high = min(numbers), max(numbers)
    counts = [[0] * max(classes, 1) for _ in range(bins)]
    for x, label in zip(numbers, labels, strict=True):
        counts[min(int((x - low) / ((high - low) or 1.0) * bins), bins - 1)][label if classes else 0] += 1
    highest = max(map(sum, counts))
    bars = []
    for i, parts in enumerate(counts):
        top = 30.0
        for k, count in enumerate(parts):
            size = 28.0 * count / highest
            top -= size
            if count:
                bars.append(f'<rect x="{9 * i}" y="{top:.1f}" width="8" height="{size:.1f}" '
                            f'style="fill:var(--{colour(k)})"/>')
    return (f'<svg class="chart" viewBox="0 0 {9 * bins} 30" width="{9 * bins}" height="30" aria-hidden="true">'
            f"{''.join(bars)}</svg>")


def picture(pixels: Sequence[float], rows: int, columns: int, darkest: float) -> str:
    """An image of as many pixels, 0 being paper."""
    cells = "".join(f'<rect x="{i % columns}" y="{i // columns}" width="1.02" height="1.02" '
                    f'fill-opacity="{x / darkest:.2f}"/>' for i, x in enumerate(pixels) if x > 0)
    return (f'<svg class="pixels" viewBox="0 0 {columns} {rows}" width="88" height="{88 * rows // columns}" role="img" '
            f'aria-label="the picture">{cells}</svg>')
