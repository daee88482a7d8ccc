"""A CSV file as it lies there, a header and rows of text, and what of it is a Dataset."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nn.dataset import DataError, Dataset

__all__ = ["Table", "read_csv", "read_table", "detect_task"]

MOST_CLASSES = 20  # a column of whole numbers with more different ones than this is a quantity
SEPARATORS = ",;\t"


def read_csv(path: str | Path, target: str, task: str | None = None, drop: Iterable[str] = ()) -> Dataset:
    """The samples of a CSV file whose first line names the columns.

    The column `target` holds what is to be predicted; columns in `drop` are left out; every other column is a feature
    and holds finite numbers. `task` is "classification" (the target is any text), "regression" (numbers), or None: see
    `detect_task`. Classes are numbered in alphabetical order, or in numerical order when all of them are numbers. The
    separator is a comma, a semicolon or a tab, whichever the first line has most of. Blank lines are skipped. The
    result has the file's shape: rows x (columns - 1).

    Raises DataError for a file that cannot be read, an empty file, a missing or repeated column, no feature column, a
    row of the wrong length, a cell that is empty, not a number or not finite, and fewer than two classes. A bad cell is
    named by its row (from 1, without the header), its line in the file, its column and its value.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight,fruit\\n0.12,apple\\n0.02,cherry\\n0.15,apple\\n")
    ...     data = read_csv(path, target="fruit")
    >>> data.features, data.labels, data.class_names
    ([[0.12], [0.02], [0.15]], [0, 1, 0], ['apple', 'cherry'])
    """
    return read_table(path).dataset(target, task, drop)


def read_table(path: str | Path) -> "Table":
    """The header and the rows of a CSV file, as text. Raises DataError where that is not possible."""
    return Table.parse(read_bytes(Path(path)), str(path))


def read_bytes(path: Path) -> bytes:
    """What is in the file, or a DataError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def detect_task(cells: Sequence[str]) -> str:
    """What a target column asks for: "classification" into its texts, or "regression" of its numbers.

    Text is classes. Numbers are a regression, unless they look like the numbers of classes: whole, at most 20
    different ones, and each there twice on average.

    >>> detect_task(["3.5", "2", "7.25"]), detect_task(["a", "b"]), detect_task(["0", "1", "1", "0"])
    ('regression', 'classification', 'classification')
    """
    numbers = [number for number in map(_as_number, cells) if number is not None]
    if 2 * len(numbers) <= len(cells):
        return "classification"
    different = len(set(numbers))
    whole = len(numbers) == len(cells) and all(number.is_integer() for number in numbers)
    return "classification" if whole and different <= min(MOST_CLASSES, len(cells) / 2) else "regression"


@dataclass(frozen=True)
class Table:
    """A CSV file: `header`, and per row its line number in the file and its cells. Errors call the file `name`."""

    name: str
    header: list[str]
    lines: list[int]
    rows: list[list[str]]

    @classmethod
    def parse(cls, content: bytes, name: str) -> "Table":
        """The table in the bytes of a file: UTF-8, one line of column names, rows of equal length."""
        lines = _lines(content, name)
        if not lines:
            raise DataError(f"{name} is empty: it needs a line of column names and one line per sample")
        header = [column.strip() for column in lines[0][1]]
        repeated = [column for column, count in Counter(header).items() if count > 1]
        if repeated:
            raise DataError(f"{name} has two columns named {repeated[0]!r}")
        if len(lines) == 1:
            raise DataError(f"{name} has column names and no samples")
        for row, (line, cells) in enumerate(lines[1:], start=1):
            if len(cells) != len(header):
                raise DataError(f"{name}, row {row} (line {line}): expected {len(header)} cells, got {len(cells)}")
        return cls(name, header, [line for line, _ in lines[1:]], [cells for _, cells in lines[1:]])

    def column(self, name: str) -> list[str]:
        """The cells of one column, without the spaces about them."""
        if name not in self.header:
            raise DataError(f"{self.name} has no column {name!r}; its columns are {', '.join(map(repr, self.header))}")
        at = self.header.index(name)
        return [cells[at].strip() for cells in self.rows]

    def numbers(self, name: str, advice: str = "") -> list[float]:
        """The cells of one column as finite floats; `advice` ends the error where a cell is not one."""
        return [self._number(row, name, cell, advice) for row, cell in enumerate(self.column(name))]

    def dataset(self, target: str, task: str | None = None, drop: Iterable[str] = ()) -> Dataset:
        """The samples in the table: see `read_csv`."""
        cells = self.column(target)
        left_out = {target, *drop}
        for column in left_out:
            self.column(column)  # has to be there
        names = [column for column in self.header if column not in left_out]
        if not names:
            raise DataError(f"{self.name} has no feature: {target!r} is its only column" + (" left" if drop else ""))
        self._check_filled(target, cells)
        columns = [self.numbers(name, f"; drop the column (--drop {name}) if it is no quantity") for name in names]
        features = [list(sample) for sample in zip(*columns, strict=True)]
        task = task or detect_task(cells)
        if task == "regression":
            return self._regression(features, target, names)
        if task != "classification":
            raise ValueError(f"task is 'classification', 'regression' or None, got {task!r}")
        classes = _in_order(set(cells))
        if len(classes) < 2:
            raise DataError(f"{self.name}, column {target!r}: only one class, {classes[0]!r}; "
                            "a classifier needs at least two")
        index = {label: i for i, label in enumerate(classes)}
        return Dataset(features, [index[label] for label in cells], names, classes, target)

    def _regression(self, features: list[list[float]], target: str, names: list[str]) -> Dataset:
        labels = self.numbers(target)
        if len(set(labels)) < 2:
            raise DataError(f"{self.name}, column {target!r}: every row has {labels[0]:g}; there is nothing to learn")
        return Dataset(features, labels, names, [], target)

    def _check_filled(self, target: str, cells: list[str]) -> None:
        for row, cell in enumerate(cells):
            if not cell:
                raise DataError(f"{self._where(row)}, column {target!r}: the target is empty")

    def _where(self, row: int) -> str:
        return f"{self.name}, row {row + 1} (line {self.lines[row]})"

    def _number(self, row: int, column: str, cell: str, advice: str) -> float:
        number = _as_number(cell)
        if number is not None and math.isfinite(number):
            return number
        if not cell:
            problem = "the cell is empty; fill it in or leave the row out"
        elif number is not None:
            problem = f"{cell!r} is not finite"
        else:
            meant = cell.replace(",", ".", 1)
            problem = f"{cell!r} is not a number" + (f"; write {meant}" if _as_number(meant) is not None else advice)
        raise DataError(f"{self._where(row)}, column {column!r}: {problem}")


def _lines(content: bytes, name: str) -> list[tuple[int, list[str]]]:
    """(line number, cells) for every line that is not blank, the header first."""
    try:
        text = content.decode("utf-8-sig")
        separator = _separator(text)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text (byte {error.start} is {content[error.start]:#04x})") from error
    except csv.Error as error:
        raise DataError(f"{name} is not a CSV file: {error}") from error


def _separator(text: str) -> str:
    """The one that cuts the first line into most cells; the comma where none is better."""
    first = text.lstrip().partition("\n")[0]
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([first], delimiter=separator), [])))


def _as_number(text: str) -> float | None:
    if "_" in text:  # float("1_000") is 1000.0; in a table it is a slip
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _in_order(classes: set[str]) -> list[str]:
    numbers = {text: _as_number(text) for text in classes}
    # A class may be called "nan", and nan has no place in an order.
    if any(number is None or math.isnan(number) for number in numbers.values()):
        return sorted(classes)
    return sorted(classes, key=lambda text: (numbers[text], text))
