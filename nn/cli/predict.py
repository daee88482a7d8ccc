"""`python -m nn predict`: a trained model on new rows."""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nn.cli.folder import MARK, free
from nn.columns import as_number
from nn.dataset import DataError
from nn.predictor import Predictor
from nn.report.chart import shown
from nn.table import Table, read_table
from nn.tensorfile import write_atomically

__all__ = ["predict"]


def predict(arguments: argparse.Namespace) -> None:
    """Read rows, predict, write them with the predictions to a CSV file."""
    path = _place(arguments)
    predictor = Predictor.load(arguments.model)
    table = read_table(arguments.data, arguments.header)
    features = predictor.features(table)
    outputs = predictor.outputs(features)
    added = list(_columns(predictor, outputs))
    _check_names(table, [name for name, _ in added])

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*table.header, *(name for name, _ in added)])
    for i, row in enumerate(table.rows):
        writer.writerow([*row, *(column[i] for _, column in added)])
    try:
        write_atomically(path, text.getvalue().encode())
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error
    print(f"predicted {predictor.target!r} for {len(features)} rows: {path}")
    compared = _compared(predictor, table, outputs) if predictor.target in table.header else ""
    if compared:
        print(compared)


def _place(arguments: argparse.Namespace) -> Path:
    """Where the predictions go: over no other file without --force, and never over the data or the model."""
    source, model = Path(arguments.data), Path(arguments.model)
    if not arguments.out:
        return free(source.with_name(f"{source.stem}-predictions"), ".csv")
    path = Path(arguments.out)
    for kept, what in ((source, "data"), (model, "model"), (model / MARK, "model")):
        if path.is_file() and kept.is_file() and path.samefile(kept):
            raise DataError(f"--out {path} would replace the {what}: choose another file")
    if path.is_file() and not arguments.force:
        raise DataError(f"{path} exists: choose another --out, or replace it with --force")
    return path


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
    """How good the predictions are, for the rows that have the answer in the file."""
    answers = table.column(predictor.target)
    if predictor.class_names:
        predicted = next(_columns(predictor, outputs))[1]
        pairs = [(cell, said) for cell, said in zip(answers, predicted, strict=True) if cell]
        right = sum(cell == said for cell, said in pairs)
        told = f"accuracy {100 * right / max(1, len(pairs)):.1f} % ({right} of {len(pairs)} right)"
    else:
        errors = [abs(answer - y) for answer, y in zip(map(as_number, answers), outputs, strict=True)
                  if answer is not None]
        pairs, told = errors, f"mean absolute error {shown(sum(errors) / max(1, len(errors)))}"
    some = "" if len(pairs) == len(answers) else f" to {len(pairs)} of {len(answers)} rows"
    return f"the file has the answers{some}: {told}" if pairs else ""
