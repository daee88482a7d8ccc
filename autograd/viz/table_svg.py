"""A table as SVG, with the fonts and colours of a drawn graph."""

from html import escape

from autograd.viz.frame import framed, px
from autograd.viz.table import Cells, Table
from autograd.viz.text import MONO, columns, width, wrapped

WORDS, NUMBERS, NOTES = 13.0, 12.0, 11.0  # font sizes
WIDEST = 440.0  # of a column of words; more of them go into further lines
READABLE = 440.0  # the least room for captions and notes
LINE, GAP, PAD = 17.0, 18.0, 12.0
INDENT = 4.2  # of each space that a cell begins with


def svg(table: Table, title: str) -> str:
    """The table and those below it. `title` is what the drawing is called where it cannot be seen."""
    sheets = [_Sheet(one) for one in table.stack()]
    room = max([READABLE, *(sheet.wide for sheet in sheets)])
    lines, y = list[str](), PAD - 4.0
    for sheet in sheets:
        y = sheet.draw(lines, y, room)
    return framed(lines, title, room + 2 * PAD, y + PAD)


class _Sheet:
    """One table, and how wide its columns are."""

    def __init__(self, table: Table) -> None:
        self.table, grid = table, zip(table.head, table.align, *table.rows)
        self.widths = [max([width(head, WORDS, bold=True), *(self._width(cell, align) for cell in cells)])
                       for head, align, *cells in grid if cells]  # fmt: skip
        self.wide = sum(self.widths) + GAP * (len(self.widths) - 1)

    def _width(self, cell: str, align: str) -> float:
        if align == "r":
            return columns(cell) * MONO * NUMBERS
        return _indent(cell) + max(width(line, WORDS, bold=cell in self.table.colours) for line in _lines(cell, align))

    def draw(self, lines: list[str], y: float, room: float) -> float:
        """Adds to the lines of SVG, from `y` on. Returns where it ends."""
        y = _paragraph(lines, self.table.caption, y, room, "label", WORDS)
        if self.widths:
            y = self._row(lines, self.table.head, y + 4.0, "label") + 6.0
            lines.append(f'<path class="line" d="M{px(PAD)} {px(y)}h{px(self.wide)}"/>')
        for cells in self.table.rows:
            y = self._row(lines, cells, y)
        for note in self.table.notes:
            y = _paragraph(lines, note, y + 4.0, room, "note", NOTES)
        return y + 8.0

    def _row(self, lines: list[str], cells: Cells, top: float, kind: str = "") -> float:
        x, bottom = PAD, top
        for cell, wide, align in zip(cells, self.widths, self.table.align):
            colour = self.table.colours.get(cell, "")
            for k, line in enumerate(_lines(cell, align), 1):
                bottom = max(bottom, top + k * LINE)
                if align == "r":
                    lines.append(_text(line, x + wide, top + k * LINE, kind or "data", colour, "end"))
                else:
                    lines.append(_text(line, x + _indent(cell), top + k * LINE, kind, colour))
            x += wide + GAP
        return bottom if bottom <= top + LINE else bottom + 4.0  # what belongs together stands together


def _paragraph(lines: list[str], text: str, y: float, room: float, kind: str, size: float) -> float:
    for line in wrapped(text, size, room, bold=kind == "label") if text else ():
        y += LINE
        lines.append(_text(line, PAD, y, kind))
    return y


def _lines(cell: str, align: str) -> list[str]:
    """A number stays in one line."""
    if align == "r":
        return [cell]
    return [line for part in cell.split("\n") for line in wrapped(part, WORDS, WIDEST)]


def _indent(cell: str) -> float:
    return INDENT * (len(cell) - len(cell.lstrip(" ")))


def _text(text: str, x: float, y: float, kind: str, colour: str = "", anchor: str = "") -> str:
    looks = f' class="{kind}"' if kind else ""
    looks += f' text-anchor="{anchor}"' if anchor else ""
    looks += f' style="fill:{colour};font-weight:700"' if colour else ""
    return f'<text{looks} x="{px(x)}" y="{px(y)}">{escape(text)}</text>'
