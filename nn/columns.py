"""How the columns of a table become the numbers that a model takes: a quantity as it is, a category one-hot.

A column of texts becomes one number per text it may hold: 1 for the one that is there and 0 for the others. Which texts
there are is found in the training table and kept with the model, so that new rows are read in the same way.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nn.dataset import DataError, Dataset

if TYPE_CHECKING:
    from nn.table import Table

__all__ = ["MISSING", "Column", "as_number", "dropping", "encode", "find_columns", "is_quantity", "meant", "suspicions"]

MOST_TEXTS = 100  # in a column of categories
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")  # how a gap among numbers is written, in lower case
FEW = 10  # rows, from which on a column that numbers them can be told from a quantity


@dataclass(frozen=True)
class Column:
    """A column of a table: a quantity, or a category that has one of some `values`.

    >>> Column("size").features, Column("colour", ("blue", "red")).features
    (['size'], ['colour = blue', 'colour = red'])
    """

    name: str
    values: tuple[str, ...] = ()

    @property
    def features(self) -> list[str]:
        """What the numbers are called that it becomes."""
        return [f"{self.name} = {value}" for value in self.values] or [self.name]

    def encode(self, table: "Table", advice: str = "") -> list[list[float]]:
        """Per row the numbers it becomes. Raises DataError for a cell that is not a number, or not among the texts."""
        if not self.values:
            return [[number] for number in table.numbers(self.name, advice)]
        rows = []
        for row, cell in enumerate(table.column(self.name)):
            if cell not in self.values:
                problem = f"{cell!r} is none of the texts known from training" if cell else "the cell is empty"
                raise DataError(f"{table.where(row)}, column {self.name!r}: {problem}; it is one of "
                                f"{_listed(self.values)}")
            rows.append([float(cell == value) for value in self.values])
        return rows


def encode(columns: Sequence[Column], table: "Table", training: bool = False) -> list[list[float]]:
    """The features of every row of a table; errors in `training` advise to leave columns or rows out."""
    missing = [column.name for column in columns if column.name not in table.header]
    if missing[1:]:  # of a single one the table tells
        raise DataError(f"{table.name} lacks the columns {_listed(missing)}; it has {_listed(table.header)}")
    encoded = [column.encode(table, f"; drop the column ({dropping([column.name])}) if it is no quantity" * training)
               for column in columns]
    return [[x for part in row for x in part] for row in zip(*encoded, strict=True)]


def find_columns(table: "Table", names: Iterable[str]) -> list[Column]:
    """What each of these columns is: a category where most cells are texts.

    Raises DataError, which names all columns concerned, where cells are empty, and where there are too many texts.
    """
    cells = {name: table.column(name) for name in names}
    table.check_filled(cells)
    columns = [Column(name, () if is_quantity(column) else tuple(sorted(set(column))))
               for name, column in cells.items()]
    many = [column for column in columns if len(column.values) > max(2, min(MOST_TEXTS, len(table.rows) / 2))]
    if many:
        told = ", ".join(f"{column.name!r} ({len(column.values)})" for column in many)
        raise DataError(f"{table.name}: too many different texts in {len(table.rows)} rows to be categories: {told}; "
                        f"leave out what only names the rows ({dropping(column.name for column in many)}), or make "
                        "numbers of it")
    return columns


def suspicions(data: Dataset, columns: Sequence[Column]) -> list[str]:
    """What looks like a slip: columns that say nothing, and columns that only number the rows."""
    by_name = dict(zip(data.feature_names, zip(*data.features, strict=True), strict=True))
    constant = [column.name for column in columns if all(len(set(by_name[name])) == 1 for name in column.features)]
    counting = [column.name for column in columns if not column.values and _counts(by_name[column.name])]
    notes = []
    if constant:
        notes.append(f"the same in every row, and so of no use: {_listed(constant)}")
    if counting and len(columns) > 1:
        notes.append(f"looks like the number of the row, which tells nothing about new rows: {_listed(counting)}; "
                     f"leave it out with {dropping(counting)}")
    return notes


def is_quantity(cells: Sequence[str]) -> bool:
    """Whether half of the cells, gaps aside, are numbers, 3,5 included: the other half are slips then, to be told.

    >>> is_quantity(["1", "x", "NA"]), is_quantity(["1", "x", "none", "y"])
    (True, False)
    """
    filled = [cell for cell in cells if cell.lower() not in MISSING]
    return 2 * sum(as_number(cell) is not None or bool(meant(cell)) for cell in filled) >= len(filled)


def meant(cell: str) -> list[str]:
    """The numbers that a cell with commas may mean: of thousands, of decimals.

    >>> meant("3,5"), meant("1,007"), meant("1,234,567.5"), meant("a,b")
    (['3.5'], ['1007', '1.007'], ['1234567.5'], [])
    """
    thousands = [cell.replace(",", "")] if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", cell) else []
    decimals = cell.replace(",", ".")
    return thousands + ([decimals] if "," in cell and as_number(decimals) is not None else [])


def dropping(names: Iterable[str]) -> str:
    """The option that leaves these columns out, as a shell takes it."""
    return f"--drop {shlex.quote(','.join(names))}"


def as_number(text: str) -> float | None:
    """The float that is written there, or None.

    >>> as_number("1e3"), as_number("1_000"), as_number("red")
    (1000.0, None, None)
    """
    if "_" in text:  # float("1_000") is 1000.0; in a table it is a slip
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _counts(column: Sequence[float]) -> bool:
    """Whether the numbers are whole and go up from row to row."""
    return (len(column) >= FEW and all(x.is_integer() for x in column)
            and all(before < after for before, after in zip(column, column[1:])))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
