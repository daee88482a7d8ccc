"""The tables of a report, as HTML: the data, the confusion matrix, the worst mistakes."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from nn.columns import Column
from nn.dataset import Dataset, picture_size
from nn.history import History
from nn.predictor import Judged, Predictor
from nn.report.chart import decimals, shown
from nn.report.figures import colour, histogram, picture

__all__ = ["table", "data_summary", "class_counts", "layers", "confusion", "worst", "as_picture"]

MOST_ROWS = 12  # of a table that is shown open
MANY_CLASSES = 14  # a confusion matrix of more is set small


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = True) -> str:
    """A table whose cells are HTML already; all but the first column to the right if they hold numbers."""
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    kind = ' class="numbers"' if numbers else ""
    return f'<div class="wide"><table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def layers(history: History) -> str:
    """How each layer fared in the epoch whose weights are kept, as nn.LayerStatistics recorded it."""
    row = history.rows[(history.best_epoch or len(history)) - 1]
    if "gradients" not in row:
        return ""
    rows = [[f"<b>{escape(name)}</b>", shown(gradient), shown(row["updates"][name]),
             *(f"{100 * shares[name]:.0f} %" if name in shares else "-"
               for shares in (row.get("saturated", {}), row.get("dead", {})))]
            for name, gradient in row["gradients"].items()]
    return table(["layer", "mean |gradient|", "update / weight", "saturated", "dead units"], rows)


def data_summary(data: Dataset, columns: Sequence[Column]) -> str:
    """Range, mean and spread of every quantity, with a histogram; how often each text is there; folded up if long."""
    by_name = dict(zip(data.feature_names, zip(*data.features, strict=True), strict=True))
    rows = []
    for name in (column.name for column in columns if not column.values):
        numbers = by_name[name]
        mean = math.fsum(numbers) / len(numbers)
        spread = math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers))  # no square of 1e300 is inf
        rows.append([f"<b>{escape(name)}</b>", *map(shown, (min(numbers), mean, max(numbers), spread)),
                     histogram(numbers, data.labels, len(data.class_names))])
    texts = [[f"<b>{escape(column.name)}</b>", escape(text), f"{sum(by_name[name]):.0f}",
              _bar(sum(by_name[name]) / len(data), "c0")]
             for column in columns for text, name in zip(column.values, column.features)]
    return (_folded("features", ["feature", "least", "mean", "greatest", "spread", ""], rows)
            + _folded("texts", ["feature", "text", "rows", ""], texts))


def _folded(what: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, or nothing where it has no rows; a long one opens on a click."""
    if len(rows) <= MOST_ROWS:
        return table(header, rows) if rows else ""
    return f"<details><summary>{len(rows)} {what}</summary>{table(header, rows)}</details>"


def _bar(share: float, shade: str) -> str:
    return f'<i class="bar" style="width:{160 * share:.0f}px;background:var(--{shade})"></i>'


def class_counts(data: Dataset) -> str:
    """How many rows there are of each class, as a bar each in the class's colour."""
    counts = [data.labels.count(k) for k in range(len(data.class_names))]
    rows = [[f'<i class="key" style="background:var(--{colour(k)})"></i>{escape(name)}', str(count),
             _bar(count / max(counts), colour(k))]
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
    many = " many" * (len(names) > MANY_CLASSES)
    return f'<div class="confusion{many}">{table(header, rows)}</div>'


def _depth(part: int, whole: int) -> int:
    """How deep a cell is coloured, in percent: by its share of the row, but a single mistake can be seen."""
    return 20 + round(80 * part / whole) if part else 0


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def as_picture(data: Dataset) -> Callable[[Sequence[float]], str] | None:
    """How to show a sample as an image, where the features are the pixels of one."""
    size = picture_size(data.feature_names)
    if size is None:
        return None
    rows, columns = size
    darkest = max(x for sample in data.features for x in sample) or 1.0
    return lambda sample: picture(sample, rows, columns, darkest)


def worst(predictor: Predictor, test: Dataset, tested: Judged, count: int = 8) -> str:
    """The test samples with the highest loss: what they are, what the model says, and how sure it is."""
    single = tested.losses
    order = sorted(range(len(test)), key=lambda i: (-single[i], i))[:count]
    outputs = [tested.outputs[i] for i in order]
    show = as_picture(test)
    if show is not None and test.class_names:
        return "".join(_figure(show(test.features[i]), test, test.labels[i], p) for i, p in zip(order, outputs))
    columns = predictor.columns[:6]
    more = ["..."] if len(predictor.columns) > 6 else []
    rows = []
    for i, output in zip(order, outputs):
        sample = dict(zip(test.feature_names, test.features[i], strict=True))
        loss = [decimals(single[i])] if test.class_names else []  # of a number, "off by" says it in its unit
        rows.append([*_answer(test, test.labels[i], output), *loss, *(_cell(column, sample) for column in columns),
                     *more])
    header = ["actual", "predicted", *(["sure", "loss"] if test.class_names else ["off by"])]
    return table([*header, *(escape(column.name) for column in columns), *more], rows)


def _cell(column: Column, sample: Mapping[str, float]) -> str:
    """What the table has in this column: a number, or the text that became 1."""
    if not column.values:
        return shown(sample[column.name])
    return escape(next((text for text, name in zip(column.values, column.features) if sample[name]), "-"))


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
