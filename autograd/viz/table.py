"""A table, described once and written as text, HTML or SVG: the same words and numbers in each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TypeVar

from autograd.viz.text import columns

PICTURED = 40  # rows of a drawing, which cannot be scrolled
ONE_LINE = 60  # characters that a page does not break

Row = TypeVar("Row")
Cells = Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows of texts under a head, a caption above, notes below, and below these another table; each may be missing.

    `align` has a letter for each column, as in TeX: l for words, r for numbers. `colours` gives cells of just that text
    a colour. Spaces at the beginning of a cell indent it, and it may have several lines.

    >>> table = Table(["layer", "parameters"], [["layer0", "16"], ["layer1", "5"]], "lr")
    >>> print(table.text())
    layer   parameters
    layer0          16
    layer1           5
    >>> table.html().count("<tr>"), table.svg("two layers").count("<text")
    (3, 6)
    """

    head: Cells = ()
    rows: Sequence[Cells] = ()
    align: str = ""
    caption: str = ""
    notes: Sequence[str] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    below: "Table | None" = None

    def stack(self) -> Iterator["Table"]:
        """This table and those below it."""
        table: Table | None = self
        while table is not None:
            yield table
            table = table.below

    def text(self, rule: bool = False) -> str:
        """The head, with a `rule` below it if wanted, the rows and the notes, for letters of one width."""
        lines = [self.head, *self.rows]
        widths = [max(map(columns, column)) for column in zip(*lines)]
        lines[1:1] = [["-" * wide for wide in widths]] * rule

        def padded(cell: str, wide: int, align: str) -> str:
            room = " " * (wide - columns(cell))
            return room + cell if align == "r" else cell + room

        return "\n".join(["  ".join(map(padded, line, widths, self.align)).rstrip() for line in lines] + [*self.notes])

    def html(self) -> str:
        """One piece of HTML, which scrolls where it has too little room.

        Written with the few tags that nbconvert's sanitizer knows: it shows the reader others, <th> or <p>, as text.
        """
        return f'<div style="overflow-x:auto">{"".join(table._html() for table in self.stack())}</div>'

    def svg(self, title: str) -> str:
        """A drawing that looks like that of a graph. `title` is what it is called where it cannot be seen."""
        from autograd.viz.table_svg import svg

        return svg(self, title)

    def _html(self) -> str:
        caption = f'<div style="margin:.5em 0"><b>{escape(self.caption)}</b></div>' if self.caption else ""
        notes = "".join(f'<div style="margin:.5em 0">{escape(note)}</div>' for note in self.notes)
        lines = [self.head, *self.rows] if self.rows else []
        cells = ("".join(self._cell(*cell, line is self.head) for cell in zip(line, self.align)) for line in lines)
        rows = "\n".join(f"<tr>{row}</tr>" for row in cells)
        return f"{caption}<table>\n{rows}\n</table>{notes}" if rows else caption + notes

    def _cell(self, text: str, align: str, head: bool) -> str:
        style = f"text-align:{'right' if align == 'r' else 'left'};padding-right:1em;vertical-align:top"
        style += ";white-space:nowrap" if len(text) <= ONE_LINE else ""
        style += f";color:{self.colours[text]};font-weight:bold" if text in self.colours else ""
        words = text.lstrip(" ")
        indent = "\u00a0" * (len(text) - len(words))
        first, *others = escape(words).split("\n")
        told = indent + first + "".join(f"<div>{indent}{line}</div>" for line in others)
        return f'<td {"role=columnheader " * head}style="{style}">{f"<b>{told}</b>" if head else told}</td>'


def both_ends(rows: Sequence[Row], most: int, cells: Callable[[Row], Cells]) -> list[Cells]:
    """The cells of the rows; of more than `most`, of the first and the last, and how many are between.

    Only the rows shown are looked at.

    >>> both_ends(range(1000), 2, lambda n: (str(n), str(n * n)))
    [('0', '0'), ('…', '998 more'), ('999', '998001')]
    """
    if len(rows) <= most:
        return [cells(row) for row in rows]
    half = most // 2
    first, last = ([cells(row) for row in some] for some in (rows[:half], rows[-half:]))
    gap = ("…", f"{len(rows) - 2 * half:,} more", *[""] * len(first[0]))[: len(first[0])]
    return [*first, gap, *last]
