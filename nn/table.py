"""A CSV file as it lies there, a header and rows of text, and what of it is a Dataset."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nn.columns import MISSING, as_number, dropping, encode, find_columns, is_quantity, meant
from nn.dataset import DataError, Dataset

__all__ = ["Table", "read_csv", "read_table", "detect_task"]

MOST_CLASSES = 20  # a column of whole numbers with more different ones than this is a quantity
SEPARATORS = ",;\t"


def read_csv(
    path: str | Path, target: str, task: str | None = None, drop: Iterable[str] = (), header: bool | None = None,
    skip_empty: bool = False,
) -> Dataset:
    """The samples of a CSV file whose first line names the columns.

    The column `target` holds what is to be predicted; columns in `drop` are left out; every other column is a feature,
    of finite numbers, or of texts, which become one number (1 or 0) per text. `task` is "classification" (the target
    is any text), "regression" (numbers), or None: see `detect_task`. Classes are numbered in alphabetical order, or in
    numerical order when all of them are numbers. The separator is a comma, a semicolon or a tab, whichever the first
    line has most of. Blank lines are skipped, and with `skip_empty` rows with an empty cell. `header=False` is for a
    file without a line of names: they are "column 1", "column 2", ... then; with None, a first line that looks like
    data is an error. The result has the file's shape: rows x (columns - 1), but for the columns of texts.

    Raises DataError for a file that cannot be read, an empty file, a missing or repeated column, no feature column, a
    row of the wrong length, a cell that is empty, not a number or not finite, a column of too many texts, and fewer
    than two classes. A bad cell is named by its row (from 1, without the header), its line in the file, its column and
    its value.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight,skin,fruit\\n0.12,green,apple\\n0.02,red,cherry\\n0.15,red,apple\\n")
    ...     data = read_csv(path, target="fruit")
    >>> data.feature_names, data.features
    (['weight', 'skin = green', 'skin = red'], [[0.12, 1.0, 0.0], [0.02, 0.0, 1.0], [0.15, 0.0, 1.0]])
    >>> data.labels, data.class_names
    ([0, 1, 0], ['apple', 'cherry'])
    """
    table = read_table(path, header)
    return (table.complete(drop) if skip_empty else table).dataset(target, task, drop)


def read_table(path: str | Path, header: bool | None = None) -> "Table":
    """The header and the rows of a CSV file, as text. Raises DataError where that is not possible.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight;fruit\\n0.12;apple\\n")
    ...     table = read_table(path)
    >>> table.header, table.rows
    (['weight', 'fruit'], [['0.12', 'apple']])
    """
    return Table.parse(read_bytes(Path(path)), str(path), header)


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
    numbers = [number for number in map(as_number, cells) if number is not None]
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
    def parse(cls, content: bytes, name: str, header: bool | None = None) -> "Table":
        """The table in the bytes of a file: UTF-8, one line of column names (see `read_csv`), rows of equal length."""
        lines = _lines(content, name)
        if not lines:
            raise DataError(f"{name} is empty: it needs a line of column names and one line per sample")
        first = [cell.strip() for cell in lines[0][1]]
        if header is None and _looks_like_data(first, [cells for _, cells in lines[1:]]):
            raise DataError(f"{name}: the first line looks like data, not like names of columns "
                            f"({', '.join(map(repr, first[:4]))}{', ...' * (len(first) > 4)}): add a line of names, or "
                            "say which it is with --no-header or --header")
        if header is False:
            first, lines = [""] * len(first), [(0, []), *lines]
        names = [cell or f"column {i}" for i, cell in enumerate(first, start=1)]
        repeated = [column for column, count in Counter(names).items() if count > 1]
        if repeated:
            raise DataError(f"{name} has two columns named {repeated[0]!r}")
        if len(lines) == 1:
            raise DataError(f"{name} has column names and no samples")
        for row, (line, cells) in enumerate(lines[1:], start=1):
            if len(cells) != len(names):
                raise DataError(f"{name}, row {row} (line {line}): expected {len(names)} cells, got {len(cells)}")
        return cls(name, names, [line for line, _ in lines[1:]], [cells for _, cells in lines[1:]])

    def complete(self, drop: Iterable[str] = ()) -> "Table":
        """The rows in which nothing is missing, columns in `drop` aside. "none" may be a text; it is no number."""
        columns = [self.column(name) for name in self.header if name not in set(drop)]
        gaps = [MISSING if is_quantity(column) else ("",) for column in columns]
        whole = [row for row, cells in enumerate(zip(*columns))
                 if not any(cell.lower() in gap for cell, gap in zip(cells, gaps, strict=True))]
        if not whole:
            raise DataError(f"{self.name} has no row without an empty cell")
        return Table(self.name, self.header, [self.lines[i] for i in whole], [self.rows[i] for i in whole])

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
        for row, cell in enumerate(cells):
            if not cell:
                raise DataError(f"{self.where(row)}, column {target!r}: the target is empty; leave such rows out, "
                                "by hand or with --skip-empty")
        columns = find_columns(self, names)
        features, names = encode(columns, self, training=True), [name for column in columns for name in column.features]
        task = task or detect_task(cells)
        if task == "regression":
            return Dataset(features, self._quantity(target), names, [], target, columns)
        if task != "classification":
            raise ValueError(f"task is 'classification', 'regression' or None, got {task!r}")
        classes = _in_order(set(cells))
        if len(classes) < 2:
            raise DataError(f"{self.name}, column {target!r}: only one class, {classes[0]!r}; "
                            "a classifier needs at least two")
        index = {label: i for i, label in enumerate(classes)}
        return Dataset(features, [index[label] for label in cells], names, classes, target, columns)

    def _quantity(self, target: str) -> list[float]:
        labels = self.numbers(target, "; leave such rows out, or choose another target")
        if len(set(labels)) < 2:
            raise DataError(f"{self.name}, column {target!r}: every row has {labels[0]:g}; there is nothing to learn")
        return labels

    def check_filled(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Raise DataError where a cell is empty: it names the first one, and all columns that have some."""
        gaps = {name: [row for row, cell in enumerate(cells) if not cell] for name, cells in columns.items()}
        gaps = {name: rows for name, rows in gaps.items() if rows}
        if gaps:
            name = min(gaps, key=lambda name: gaps[name][0])
            counts = ", ".join(f"{len(rows)} lack {name!r}" for name, rows in gaps.items())
            raise DataError(f"{self.where(gaps[name][0])}, column {name!r}: the cell is empty. Of {len(self.rows)} "
                            f"rows, {counts}: fill them in, leave such rows out (--skip-empty), or the columns "
                            f"({dropping(gaps)})")

    def where(self, row: int) -> str:
        """How an error names a row."""
        return f"{self.name}, row {row + 1} (line {self.lines[row]})"

    def _number(self, row: int, column: str, cell: str, advice: str) -> float:
        number = as_number(cell)
        if number is not None and math.isfinite(number):
            return number
        if not cell:
            problem = "the cell is empty; fill it in or leave the row out"
        elif cell.lower() in MISSING:
            problem = f"{cell!r} is not a number; fill the gap in, or leave such rows out"
            problem += " (--skip-empty)" if advice else ""
        elif number is not None:
            problem = f"{cell!r} is not finite"
        else:
            ways = f"; write {', or '.join(meant(cell))}" + " if that is meant" * (len(meant(cell)) > 1)
            problem = f"{cell!r} is not a number" + (ways if meant(cell) else advice)
        raise DataError(f"{self.where(row)}, column {column!r}: {problem}")


def _lines(content: bytes, name: str) -> list[tuple[int, list[str]]]:
    """(line number, cells) for every line that is not blank, the header first."""
    try:
        text = content.decode("utf-8-sig")
        text = text if "\n" in text else text.replace("\r", "\n")  # old spreadsheets end lines so
        separator = _separator(text)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text (byte {error.start} is {content[error.start]:#04x}): "
                        "save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{name} is not a CSV file: {error}") from error


def _separator(text: str) -> str:
    """The one that cuts the first line into most cells; the comma where none is better."""
    first = text.lstrip().partition("\n")[0]
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([first], delimiter=separator), [])))


def _looks_like_data(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a first line is no line of names: there are numbers in it, and its texts are found below too."""
    texts = [(i, cell) for i, cell in enumerate(first) if as_number(cell) is None]
    below = all(any(i < len(row) and row[i].strip() == cell for row in rows) for i, cell in texts)
    return len(texts) < len(first) and bool(rows) and below


def _in_order(classes: set[str]) -> list[str]:
    numbers = {text: as_number(text) for text in classes}
    # A class may be called "nan", and nan has no place in an order.
    if any(number is None or math.isnan(number) for number in numbers.values()):
        return sorted(classes)
    return sorted(classes, key=lambda text: (numbers[text], text))
