"""A chart: axes with round ticks, and lines, dots and bars on them, as SVG that follows light and dark."""

import math
import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

__all__ = ["Axis", "Chart", "STYLE", "decimals", "shown", "ticks"]

# Colours by meaning; c0 to c9 tell classes and curves apart (Okabe and Ito's palette first, for colour-blind readers).
STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6875;--line:#d5dbe1;--paper:#fff;--card:#f6f8fa;
--good:#0a7f53;--bad:#c03b14;
--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#b4578c;--c4:#9a7400;--c5:#3f8fbf;--c6:#7a4fd0;--c7:#8a5a3c;--c8:#5c7a29;
--c9:#c2334d}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9caab8;--line:#38434e;--paper:#14191f;--card:#1c232b;
--good:#43c493;--bad:#ff8a5c;
--c0:#56b4e9;--c1:#ff9448;--c2:#2fcf9f;--c3:#e39cc5;--c4:#e6c84a;--c5:#9ad0f5;--c6:#b79cff;--c7:#d0a080;--c8:#a8c96a;
--c9:#ff7f94}}
svg.chart{font:12px system-ui,sans-serif;fill:var(--ink);max-width:100%;height:auto}
svg.chart .grid{stroke:var(--line);stroke-width:1}
svg.chart .soft{fill:var(--soft)}
svg.chart .curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
svg.chart .mark{stroke:var(--soft);stroke-dasharray:3 3}
"""
_VARIABLE = re.compile(r"([\w-]+):var\(--(\w+)\)")
_LIGHT = dict(re.findall(r"--(\w+):(#\w+)", STYLE.partition("@media")[0]))  # for programs that know no variables


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`: 1, 2 or 5 times a power of ten apart.

    >>> ticks(0.0, 1.1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda step: abs(math.log(step / rough)))
    digits = max(0, 1 - math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, digits) + 0.0 for i in range(first, last + 1)]  # + 0.0: no -0


@dataclass(frozen=True)
class Axis:
    """The numbers along one side: from `low` to `high`, evenly or by powers of ten."""

    low: float
    high: float
    label: str = ""
    log: bool = False
    whole: bool = False  # there is nothing between 1 and 2

    @classmethod
    def around(cls, numbers: Iterable[float], label: str = "", log: bool = False, margin: float = 0.04) -> "Axis":
        """Room for all these numbers."""
        finite = [x for x in numbers if math.isfinite(x) and (x > 0 or not log)] or [1.0 if log else 0.0]
        low, high = min(finite), max(finite)
        if log:
            return cls(low / 1.3, high * 1.3, label, True)
        room = (high - low) * margin or abs(high) * 0.1 or 1.0
        return cls(low - room, high + room, label)

    def __call__(self, x: float) -> float:
        """Where `x` lies, 0 at the low end and 1 at the high one."""
        if self.log:
            return math.log(max(x, self.low) / self.low) / math.log(self.high / self.low)
        return (x - self.low) / (self.high - self.low)

    def ticks(self, about: int = 5) -> list[float]:
        """The numbers written along it."""
        if not self.log:
            return [t for t in ticks(self.low, self.high, about) if t.is_integer() or not self.whole]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high < 300 * self.low else (1,)
        every = max(1, len(powers) // 8)
        return [t for p in powers if p % every == 0 for t in (m * 10.0**p for m in steps) if self.low <= t <= self.high]


def shown(x: float) -> str:
    """A number for people: four digits that count, thousands apart from five on, no exponent without need.

    >>> shown(245361.2), shown(1955.0), shown(0.123456), shown(1.5e-7), shown(3.0)
    ('245,361', '1955', '0.1235', '1.5e-07', '3')
    """
    return f"{x:,.0f}" if 10_000 <= abs(x) < 1e12 else f"{x:.4g}"


def decimals(x: float) -> str:
    """A number that is mostly small, such as a loss: four decimals, and few digits where it is large.

    >>> decimals(0.03125), decimals(1234.5), decimals(3.66e46)
    ('0.0312', '1234', '3.66e+46')
    """
    return f"{x:.4f}" if abs(x) < 1000 else shown(x)


@dataclass
class Chart:
    """An SVG picture with two axes. Sizes are pixels at full width; a narrower page shrinks it.

    `legend` names the curves, or the areas: (colour, name); it stands below, and the picture grows with it.
    """

    x: Axis
    y: Axis
    title: str
    width: int = 480
    height: int = 290
    legend: Sequence[tuple[str, str]] = ()
    parts: list[str] = field(default_factory=list)
    areas: bool = False  # what the legend names are no curves: its keys are broad

    def __post_init__(self) -> None:
        self.left = 28 + 6.6 * max(len(_tick(t)) for t in [*self.y.ticks(), 0.1])
        self.keys = self._keys()
        self.height += 17 * max((line for _, line, *_ in self.keys), default=0)
        self.foot = 42 + 17 * max((line for _, line, *_ in self.keys), default=0)

    def _keys(self) -> list[tuple[float, int, str, str]]:
        """(x, line, colour, name) for each entry of the legend."""
        keys, x, line = [], self.left, 0
        end = max(self.width / 2, self.width - 25 - 7.0 * len(self.x.label))  # where the axis' label begins
        for colour, name in self.legend:
            size = 34 + 7.0 * len(name)
            if x > self.left and x + size > end:
                x, line = self.left, line + 1
            keys.append((x, line, colour, name))
            x += size
        return keys

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels for a point."""
        return (self.left + self.x(x) * (self.width - self.left - 14),
                self.height - self.foot - self.y(y) * (self.height - self.foot - 14))

    def add(self, part: str) -> None:
        """Put more SVG on top."""
        self.parts.append(part)

    def curve(self, xs: Sequence[float], ys: Sequence[float], colour: str, hint: str = "") -> None:
        """A line through points; a gap where a number is not finite."""
        pen, steps = "M", []
        for x, y in _thinned(list(zip(xs, ys, strict=True))):
            if math.isfinite(y):
                steps.append(f"{pen}{'{:.1f} {:.1f}'.format(*self.at(x, y))}")
            pen = "L" if math.isfinite(y) else "M"
        self.add(f'<path class="curve" style="stroke:var(--{colour})" d="{"".join(steps)}">{_title(hint)}</path>')

    def dot(self, x: float, y: float, colour: str, hint: str = "", radius: float = 3.5, ring: bool = False) -> None:
        """A point; a ring marks it as something to look at."""
        cx, cy = self.at(x, y)
        look = f"fill:var(--{colour});stroke:var(--paper);stroke-width:.7"
        if ring:
            look = f"fill:none;stroke:var(--{colour});stroke-width:1.6"
        self.add(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{radius:g}" style="{look}">{_title(hint)}</circle>')

    def upright(self, x: float, text: str) -> None:
        """A dashed line at `x`, with a note."""
        (px, top), (_, bottom) = self.at(x, self.y.high), self.at(x, self.y.low)
        side, gap = ("end", -5) if px > self.width * 0.7 else ("start", 5)
        self.add(f'<path class="mark" d="M{px:.1f} {top:.1f}V{bottom:.1f}"/>'
                 f'<text class="soft" x="{px + gap:.1f}" y="{top + 10:.1f}" text-anchor="{side}">{escape(text)}</text>')

    def svg(self, style: str = "") -> str:
        """The picture. `style` makes it stand on its own, as a file."""
        (x0, y0), (x1, y1) = self.at(self.x.low, self.y.low), self.at(self.x.high, self.y.high)
        grid = []
        for t in self.y.ticks():
            y = self.at(self.x.low, t)[1]
            grid.append(f'<path class="grid" d="M{x0:.1f} {y:.1f}H{x1:.1f}"/>'
                        f'<text class="soft" x="{x0 - 7:.1f}" y="{y + 4:.1f}" text-anchor="end">{_tick(t)}</text>')
        widest = max(len(_tick(self.x.low)), len(_tick(self.x.high)), 4)
        for t in self.x.ticks(max(2, min(7, int((x1 - x0) / (9 * widest))))):
            x = self.at(t, self.y.low)[0]
            grid.append(f'<text class="soft" x="{x:.1f}" y="{y0 + 17:.1f}" text-anchor="middle">{_tick(t)}</text>')
        grid.append(f'<path class="grid" d="M{x0:.1f} {y0:.1f}H{x1:.1f}"/>')
        foot = f'x="{x1:.1f}" text-anchor="end"' if self.keys else f'x="{(x0 + x1) / 2:.1f}" text-anchor="middle"'
        labels = (f'<text class="soft" {foot} y="{y0 + 36:.1f}">{escape(self.x.label)}</text><text class="soft" '
                  f'text-anchor="middle" transform="translate(13 {(y0 + y1) / 2:.1f}) rotate(-90)">'
                  f"{escape(self.y.label)}</text>")
        broad = ";stroke-width:9;stroke-linecap:butt" * self.areas
        keys = "".join(f'<path class="curve" style="stroke:var(--{colour}){broad}" '
                       f'd="M{x:.0f} {y0 + 32 + 17 * line:.1f}h16"/>'
                       f'<text x="{x + 21:.0f}" y="{y0 + 36 + 17 * line:.1f}">{escape(name)}</text>'
                       for x, line, colour, name in self.keys)
        inside = f"<style>{style}svg{{background:var(--paper)}}</style>" if style else ""
        text = (f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {self.width} {self.height}" '
                f'width="{self.width}" height="{self.height}" role="img" aria-label="{escape(self.title, quote=True)}">'
                f'{inside}{"".join(grid)}{labels}{"".join(self.parts)}{keys}</svg>')
        return _VARIABLE.sub(lambda one: f"{one[1]}:{_LIGHT[one[2]]};{one[0]}", text) if style else text


def _tick(x: float) -> str:
    """A number beside an axis."""
    return f"{x:,.6g}"


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of very many points, in each of 500 spans the lowest and the highest, in order: every spike stays."""
    if len(points) <= 1000:
        return points
    size, height = math.ceil(len(points) / 500), operator.itemgetter(1)
    spans = [points[i : i + size] for i in range(0, len(points), size)]
    return [point for span in spans for point in sorted({min(span, key=height), max(span, key=height)})]


def _title(hint: str) -> str:
    return f"<title>{escape(hint)}</title>" if hint else ""
