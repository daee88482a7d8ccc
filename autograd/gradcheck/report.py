"""What a gradient check found, as a table that fits one screen of 80 columns, also behind pytest's margin."""

import math
import textwrap
from dataclasses import dataclass, field
from typing import Any

from autograd.context import Line
from autograd.gradcheck.references import Slope
from autograd.gradcheck.verdict import Verdict

SHOWN, SHOWN_CULPRITS = 10, 5
COLOURS = {str(Verdict.PASS): "#388e3c", str(Verdict.INCONCLUSIVE): "#c77700", str(Verdict.FAIL): "#e53935"}
WIDTH = 76
DIGITS, ALL_DIGITS = 6, 17


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
    def name(self) -> str:
        return f"d {self.output} / d {self.input}"

    @property
    def error(self) -> float:
        return self.reference.distance(self.analytic)

    @property
    def ulps(self) -> float:
        """The error in units in the last place of the reference."""
        return self.error / math.ulp(max(abs(self.reference.low), abs(self.reference.high)))

    def cells(self) -> tuple[str, ...]:
        analytic, reference = compared(self.analytic, self.reference, self.verdict is not Verdict.PASS)
        ulps = f"{self.ulps:.0e}" if self.ulps >= 1000.0 else f"{self.ulps:.3g}"
        error = "" if unknown(self.reference) else f"{self.error:.2g}"
        largest = max(abs(self.reference.low), abs(self.reference.high))
        ulps = ulps if largest > self.reference.error or not self.error else ""  # of a number that may be zero: none
        return self.name, number(self.at), analytic, reference, error, ulps, self.reference.oracle, str(self.verdict)

    def remarks(self) -> list[str]:
        """What must be said of it."""
        between = ", any value between them is right" if self.reference.kink else ""
        notes = [self.reference.note and self.reference.note + between, self.note]
        return [f"{self.name}: {note}" for note in notes if note]


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

    @property
    def made(self) -> list[str]:
        """Where the node was made, and the code there."""
        made = f", made at {self.line.place}" if self.line else ""
        code = [f"    {textwrap.shorten(self.line.code, WIDTH - 8)}"] if self.line and self.line.code else []
        return [f"node {self.index} `{self.op}`{made}", *code]

    @property
    def derivative(self) -> str:
        at = ", ".join(map(number, self.operands[:4])) + (", ..." if len(self.operands) > 4 else "")
        recorded, reference = compared(self.recorded, self.reference, apart=True)
        return f"d {self.op} / d {self.operand} at ({at}): recorded {recorded}, reference {reference}"

    def __str__(self) -> str:
        return "\n    ".join([*self.made, self.derivative])


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
        told = dict.fromkeys(remark for row in shown for remark in row.remarks())
        undecided = any(row.verdict is Verdict.INCONCLUSIVE for row in self.rows)
        advice = ["INCONCLUSIVE is neither right nor wrong: check at other inputs, too"] if undecided else []
        return [*left_out, *told, *advice, *self.notes]

    def __str__(self) -> str:
        lines = [self.headline(), ""]
        lines += _table([HEAD, *[row.cells() for row in self.shown()]])
        lines += _wrapped(self.remarks())
        if self.culprits:
            lines += ["", "wrong local derivatives:", *_wrapped(self.blamed())]
        return "\n".join(lines)

    def blamed(self) -> list[str]:
        """Each wrong operation and operand once, under the node that shows it; lines that belong to it are indented."""
        kinds: dict[tuple[str, str], list[Culprit]] = {}
        for culprit in self.culprits:
            operand = culprit.operand.rstrip("0123456789")  # of a list, the first that is wrong
            kinds.setdefault((culprit.op, operand), []).append(culprit)
        lines, above = list[str](), -1
        for first, *others in [*kinds.values()][:SHOWN_CULPRITS]:
            lines += [] if first.index == above else first.made
            lines += [f"    {first.derivative}"] + ([f"    and {len(others)} more like it"] if others else [])
            above = first.index
        hidden = len(kinds) - SHOWN_CULPRITS
        return lines + ([f"... and {hidden} more, in `.culprits`"] if hidden > 0 else [])

    __repr__ = __str__

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """For notebooks: the same as a table."""
        from autograd.viz import Table, mimebundle

        def table() -> Table:
            wrong = Table(["wrong local derivatives"], [[line] for line in self.blamed()], "l")
            rows = [row.cells() for row in self.shown()]
            return Table(HEAD, rows, "lrrrrrll", self.headline(), self.remarks(), COLOURS, wrong)

        forms = {"text/html": lambda: table().html(), "image/svg+xml": lambda: table().svg(self.headline())}
        return mimebundle(self, forms)


def number(x: float) -> str:
    return f"{x:.{DIGITS}g}"


def compared(x: float, slope: Slope, apart: bool) -> tuple[str, str]:
    """A number and its reference in six digits, or, to tell them `apart`, as many more as it takes.

    >>> compared(1.0, Slope(1.0 + 1e-12, 1.0 + 1e-12, 0.0, "mpmath"), apart=True)
    ('1', '1.000000000001')
    """
    ends = [0.0 if abs(end) <= slope.error else end for end in (slope.low, slope.high)]  # no digit of it is known
    numbers = [x] if unknown(slope) else [x, *ends]
    texts = list(map(number, numbers))
    for digits in range(DIGITS, ALL_DIGITS + 1):
        if not apart or len(set(texts)) == len(set(map(repr, numbers))):
            break
        texts = [f"{number:.{digits}g}" for number in numbers]
    return texts[0], "unknown" if unknown(slope) else " .. ".join(dict.fromkeys(texts[1:]))


def unknown(slope: Slope) -> bool:
    return bool(slope.low != slope.low)


def _table(rows: list[tuple[Any, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    fits = 2 + sum(widths) + 2 * (len(widths) - 1) <= WIDTH
    margin, gap = ("  ", "  ") if fits else ("", " ")
    return [margin + gap.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _wrapped(lines: list[str]) -> list[str]:
    """The lines, indented by two; the rest of a long one by six and its own indentation."""
    wrapped = []
    for line in lines:
        margin = " " * (2 + len(line) - len(line.lstrip()))
        wrapped += textwrap.wrap(line.lstrip(), WIDTH, initial_indent=margin, subsequent_indent=margin + "    ",
                                 break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return wrapped
