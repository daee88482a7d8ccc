"""What a gradient check found, as a table that fits one screen."""

import html
import math
from dataclasses import dataclass, field
from typing import Any

from autograd.context import Line
from autograd.gradcheck.references import Slope
from autograd.gradcheck.verdict import Verdict

SHOWN = 12


@dataclass(frozen=True)
class Row:
    """One derivative: of `output` with respect to `input`, which had the value `at`."""

    output: str
    input: str
    at: float
    analytic: float
    reference: Slope
    tolerance: float
    verdict: Verdict
    note: str = ""

    @property
    def error(self) -> float:
        return self.reference.distance(self.analytic)

    @property
    def ulps(self) -> float:
        """The error in units in the last place of the reference."""
        return self.error / math.ulp(max(abs(self.reference.low), abs(self.reference.high)))

    def cells(self) -> tuple[str, ...]:
        wrt = f"d {self.output} / d {self.input}"
        return (wrt, number(self.at), number(self.analytic), between(self.reference), f"{self.error:.1e}",
                f"{self.ulps:.3g}", self.reference.oracle, str(self.verdict))  # fmt: skip


HEAD = ("derivative", "at", "analytic", "reference", "error", "ulps", "oracle", "verdict")


@dataclass(frozen=True)
class Culprit:
    """A node whose recorded local derivative is not that of its operation."""

    index: int
    op: str
    operand: str
    operands: tuple[float, ...]
    recorded: float
    reference: Slope
    line: Line | None

    def __str__(self) -> str:
        made = f", made at {self.line}" if self.line else ""
        at = ", ".join(map(number, self.operands[:4])) + (", ..." if len(self.operands) > 4 else "")
        return (
            f"node {self.index} `{self.op}`{made}\n"
            f"    d {self.op} / d {self.operand} at ({at}): recorded {number(self.recorded)},"
            f" reference {between(self.reference)}"
        )


@dataclass(frozen=True)
class GradcheckReport:
    """The verdict on every derivative, and the operations that are to blame. True only if everything passed."""

    rows: tuple[Row, ...]
    culprits: tuple[Culprit, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        found = {row.verdict for row in self.rows} | ({Verdict.FAIL} if self.culprits else set())
        return next((v for v in (Verdict.FAIL, Verdict.INCONCLUSIVE) if v in found), Verdict.PASS)

    def __bool__(self) -> bool:
        return self.verdict is Verdict.PASS

    def headline(self) -> str:
        counts = [(v, sum(row.verdict is v for row in self.rows)) for v in reversed(Verdict)]
        told = ", ".join(f"{count} {v}" for v, count in counts if count) or "nothing to check"
        count = len(self.culprits)
        wrong = f", {count} wrong local derivative{'s' * (count > 1)}" if count else ""
        return f"gradcheck: {told}{wrong}"

    def shown(self) -> list[Row]:
        """The worst first: a screen is short."""
        return sorted(self.rows, key=lambda row: list(Verdict).index(row.verdict), reverse=True)[:SHOWN]

    def remarks(self) -> list[str]:
        shown = self.shown()
        hidden = len(self.rows) - len(shown)
        left_out = [f"... and {hidden} more derivatives, in `.rows`"] if hidden else []
        told = {f"d {row.output} / d {row.input}: {note}": 0
                for row in shown for note in (row.reference.note, row.note) if note}  # fmt: skip
        return [*left_out, *told, *self.notes]

    def __str__(self) -> str:
        lines = [self.headline(), ""]
        lines += _table([HEAD, *[row.cells() for row in self.shown()]])
        lines += [f"  {remark}" for remark in self.remarks()]
        if self.culprits:
            lines += ["", "wrong local derivatives:", *_indented(self._blamed())]
        return "\n".join(lines)

    def _blamed(self) -> list[str]:
        """One culprit for each operation and operand, with the number of its like."""
        kinds: dict[tuple[str, str], list[Culprit]] = {}
        for culprit in self.culprits:
            kinds.setdefault((culprit.op, culprit.operand), []).append(culprit)
        return [str(like[0]) + (f"\n    and {len(like) - 1} more nodes like it" if len(like) > 1 else "")
                for like in list(kinds.values())[:5]]  # fmt: skip

    __repr__ = __str__

    def _repr_html_(self) -> str:
        marks = {Verdict.PASS: "#388e3c", Verdict.INCONCLUSIVE: "#c77700", Verdict.FAIL: "#e53935"}
        cell = "text-align:left;padding:2px 14px 2px 0"
        head = "".join(f'<th style="{cell}">{name}</th>' for name in HEAD)
        rows = "".join(
            "<tr>" + "".join(f'<td style="{cell}">{html.escape(text)}</td>' for text in row.cells()[:-1])
            + f'<td style="{cell};color:{marks[row.verdict]};font-weight:bold">{row.verdict}</td></tr>'
            for row in self.shown())  # fmt: skip
        told = "".join(f"<li>{html.escape(remark)}</li>" for remark in self.remarks())
        blamed = "".join(f"<pre>{html.escape(text)}</pre>" for text in self._blamed())
        return (
            f'<div style="overflow-x:auto"><b>{html.escape(self.headline())}</b>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            + (f"<ul>{told}</ul>" if told else "")
            + (f"<b>wrong local derivatives</b>{blamed}" if blamed else "")
            + "</div>"
        )


def number(x: float) -> str:
    return f"{x:.10g}"


def between(slope: Slope) -> str:
    return f"{number(slope.low)} .. {number(slope.high)}" if slope.kink else number(slope.low)


def _table(rows: list[tuple[Any, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _indented(blocks: list[str]) -> list[str]:
    return ["  " + line for block in blocks for line in block.splitlines()]
