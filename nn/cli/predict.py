"""`python -m nn predict`: a trained model on new rows."""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nn.dataset import DataError
from nn.predictor import Predictor
from nn.report.chart import shown
from nn.table import Table, read_table
from nn.tensorfile import write_atomically

__all__ = ["predict"]


def predict(arguments: argparse.Namespace) -> None:
    """Read rows, predict, write them with the predictions to a CSV file."""
    predictor = Predictor.load(arguments.model)
    table = read_table(arguments.data)
    features = [list(row) for row in zip(*map(table.numbers, predictor.feature_names), strict=True)]
    outputs = predictor.outputs(features)
    added = list(_columns(predictor, outputs))
    _check_names(table, [name for name, _ in added])

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*table.header, *(name for name, _ in added)])
    for i, row in enumerate(table.rows):
        writer.writerow([*row, *(column[i] for _, column in added)])
    source = Path(arguments.data)
    path = Path(arguments.out) if arguments.out else source.with_name(f"{source.stem}-predictions.csv")
    write_atomically(path, text.getvalue().encode())
    print(f"predicted {predictor.target!r} for {len(features)} rows: {path}")
    if predictor.target in table.header:
        print(_compared(predictor, table, outputs))


def _columns(predictor: Predictor, outputs: list[Any]) -> Iterator[tuple[str, list[str]]]:
    """What is added on the right: (name, cells)."""
    name = f"predicted {predictor.target}"
    if not predictor.class_names:
        yield name, [f"{y:.10g}" for y in outputs]
        return
    best = [max(range(len(p)), key=p.__getitem__) for p in outputs]
    yield name, [predictor.class_names[k] for k in best]
    for k, label in enumerate(predictor.class_names):
        yield f"probability {label}", [f"{p[k]:.6f}" for p in outputs]


def _check_names(table: Table, names: list[str]) -> None:
    for name in names:
        if name in table.header:
            raise DataError(f"{table.name} already has a column {name!r}: rename it, or predict from the original file")


def _compared(predictor: Predictor, table: Table, outputs: list[Any]) -> str:
    """How good the predictions are, where the answers are in the file."""
    if not predictor.class_names:
        actual = table.numbers(predictor.target)
        error = sum(abs(a - y) for a, y in zip(actual, outputs, strict=True)) / len(actual)
        return f"the file has the answers: mean absolute error {shown(error)}"
    predicted = next(_columns(predictor, outputs))[1]
    right = sum(a == b for a, b in zip(table.column(predictor.target), predicted, strict=True))
    share = 100 * right / len(predicted)
    return f"the file has the answers: accuracy {share:.1f} % ({right} of {len(predicted)} right)"
