"""The tables of a report, as HTML: the data, the confusion matrix, the worst mistakes."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from nn.dataset import Dataset
from nn.history import History
from nn.predictor import Predictor
from nn.report.chart import shown
from nn.report.figures import colour, histogram, picture

__all__ = ["table", "data_summary", "class_counts", "layers", "confusion", "worst", "as_picture"]

MOST_ROWS = 12  # of a table that is shown open


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = True) -> str:
    """A table whose cells are HTML already; all but the first column to the right if they hold numbers."""
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    kind = ' class="numbers"' if numbers else ""
    return f'<div class="wide"><table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def layers(history: History) -> str:
    """How each layer fared in the last epoch, as nn.LayerStatistics recorded it."""
    row = history.rows[-1]
    if "gradients" not in row:
        return ""
    rows = [[f"<b>{escape(name)}</b>", shown(gradient), shown(row["updates"][name]),
             *(f"{100 * shares[name]:.0f} %" if name in shares else "-"
               for shares in (row.get("saturated", {}), row.get("dead", {})))]
            for name, gradient in row["gradients"].items()]
    return table(["layer", "mean |gradient|", "update / weight", "saturated", "dead units"], rows)


def data_summary(data: Dataset) -> str:
    """Range, mean and spread of every feature, with a histogram; folded up where there are many."""
    rows = []
    for j, name in enumerate(data.feature_names):
        column = [sample[j] for sample in data.features]
        mean = math.fsum(column) / len(column)
        spread = math.sqrt(math.fsum((x - mean) ** 2 for x in column) / len(column))
        rows.append([f"<b>{escape(name)}</b>", *map(shown, (min(column), mean, max(column), spread)),
                     histogram(column, data.labels, len(data.class_names))])
    made = table(["feature", "least", "mean", "greatest", "spread", ""], rows)
    if len(rows) <= MOST_ROWS:
        return made
    return f"<details><summary>{len(rows)} features</summary>{made}</details>"


def class_counts(data: Dataset) -> str:
    """How many rows there are of each class, as a bar each in the class's colour."""
    counts = [data.labels.count(k) for k in range(len(data.class_names))]
    rows = [[f'<i class="key" style="background:var(--{colour(k)})"></i>{escape(name)}', str(count),
             f'<i class="bar" style="width:{160 * count / max(counts):.0f}px;background:var(--{colour(k)})"></i>']
            for k, (name, count) in enumerate(zip(data.class_names, counts, strict=True))]
    return table([escape(data.target), "rows", ""], rows)


def confusion(names: Sequence[str], actual: Sequence[int], predicted: Sequence[int]) -> str:
    """Rows are what a sample is, columns what the model says; right answers lie on the diagonal."""
    counts = [[0] * len(names) for _ in names]
    for a, p in zip(actual, predicted, strict=True):
        counts[a][p] += 1
    rows = []
    for a, row in enumerate(counts):
        total, said = sum(row), sum(other[a] for other in counts)
        cells = [f'<span class="cell {"hit" if a == p else "miss"}" style="--share:{_depth(n, total)}%">'
                 f'{n or "·"}</span>' for p, n in enumerate(row)]
        rows.append([f"<b>{escape(names[a])}</b>", *cells, _share(row[a], total), _share(row[a], said)])
    header = ["is \\ taken for", *map(escape, names), "found", "right when said"]
    return f'<div class="confusion">{table(header, rows)}</div>'


def _depth(part: int, whole: int) -> int:
    """How deep a cell is coloured, in percent: by its share of the row, but a single mistake can be seen."""
    return 20 + round(80 * part / whole) if part else 0


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def as_picture(data: Dataset) -> Callable[[Sequence[float]], str] | None:
    """How to show a sample as an image, where the features are named pixel_0_0, pixel_0_1, ..., row by row."""
    places = [re.fullmatch(r"pixel_(\d+)_(\d+)", name) for name in data.feature_names]
    if not places or not all(places):
        return None
    rows, columns = (1 + max(int(place[i]) for place in places if place) for i in (1, 2))
    darkest = max(x for sample in data.features for x in sample) or 1.0
    return lambda sample: picture(sample, rows, columns, darkest)


def worst(predictor: Predictor, test: Dataset, count: int = 8) -> str:
    """The test samples with the highest loss: what they are, what the model says, and how sure it is."""
    single = predictor.losses(test)
    order = sorted(range(len(test)), key=lambda i: (-single[i], i))[:count]
    outputs = predictor.outputs([test.features[i] for i in order])
    show = as_picture(test)
    if show is not None and test.class_names:
        return "".join(_figure(show(test.features[i]), test, test.labels[i], p) for i, p in zip(order, outputs))
    names = test.feature_names[:6]
    more = ["..."] if len(test.feature_names) > 6 else []
    rows = []
    for i, output in zip(order, outputs):
        cells = [*map(shown, test.features[i][:6]), *more]
        rows.append([*_answer(test, test.labels[i], output), f"{single[i]:.4f}", *cells])
    header = ["actual", "predicted", "sure" if test.class_names else "off by", "loss"]
    return table([*header, *map(escape, names), *more], rows)


def _answer(test: Dataset, label: Any, output: Any) -> list[str]:
    """The cells that compare what is and what the model says."""
    if not test.class_names:
        return [shown(label), shown(output), shown(output - label)]
    said = max(range(len(output)), key=output.__getitem__)
    mark = "good" if said == label else "bad"
    return [escape(test.class_names[label]), f'<b class="{mark}">{escape(test.class_names[said])}</b>',
            f"{100 * output[said]:.1f} %"]


def _figure(image: str, test: Dataset, label: int, output: list[float]) -> str:
    actual, said, sure = _answer(test, label, output)
    return (f'<figure class="digit">{image}<figcaption>{actual} → {said}<br><small>{sure} sure</small>'
            "</figcaption></figure>")
