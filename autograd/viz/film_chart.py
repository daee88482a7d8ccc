"""The curves of a film as a drawing, with round numbers on its axes, and where the mark of each frame goes."""

import html
import itertools
import math
import sys
from collections.abc import Sequence
from typing import NamedTuple

from autograd.viz.figures import figure
from autograd.viz.film import Film
from autograd.viz.frame import framed
from autograd.viz.strings import phrases
from autograd.viz.text import clip, width

WIDE, RIGHT, TOP, FOOT = 300.0, 12.0, 10.0, 218.0  # in pixels; the curves are between TOP and FOOT
FONT = 12.0
STEEP = 20.0  # from this ratio of largest to smallest on, losses are drawn by powers of ten
LARGEST = 1e300  # numbers beyond are drawn at the edge: there must be round ones and lengths above them
MOST_STEPS = 6  # between the numbers on an axis


class Chart(NamedTuple):
    """A drawn curve, and where each frame's mark goes."""

    svg: str
    marks: list[tuple[float, float]]


def curve_names(film: Film) -> list[str]:
    """The curves of any frame, in the order they came."""
    return list(dict.fromkeys(name for frame in film.frames for name in frame.curves))


def curve(film: Film) -> Chart:
    """Every curve against the iteration, by powers of ten where the loss falls far; a cross and a gap at no number."""
    axes = _Axes(film)
    unit = film_words(film, f"unit_{film.unit}", film.unit)
    lines = axes.drawn(unit)
    tall = FOOT + 36.0
    for number, name in enumerate(curve_names(film)):
        tall += 16.0
        called = film_words(film, f"curve_{name}", name)
        spots = [(f.iteration, f.curves[name]) for f in film.frames if name in f.curves]
        lines.append(f'<path class="curve c{number % 4}" d="{_runs(axes, spots)}"/>')
        lines.append(f'<path class="curve c{number % 4}" d="M{axes.left:g} {tall - 4:g}h22"/>')
        for iteration, lost in ((i, x) for i, x in spots if not math.isfinite(x)):
            (x, y), told = axes.place(iteration, lost), f"{unit} {iteration:,}: {called} {figure(lost)}"
            cross = f"M{x - 4:g} {y - 4:g}l8 8m0 -8l-8 8"
            lines.append(f'<path class="lost c{number % 4}" d="{cross}"><title>{html.escape(told)}</title></path>')
        told = clip(called, FONT, WIDE - axes.left - 30.0)
        lines.append(_text(told, axes.left + 28.0, tall, kind="curve_name"))
    marks = [axes.place(frame.iteration, frame.curves["loss"]) for frame in film.frames]
    x, y = marks[-1]
    lines.append(f'<circle class="here" cx="{x:g}" cy="{y:g}" r="5"/>')
    return Chart(framed(lines, phrases(film.language)["loss_curve"], WIDE, tall + 8.0, "chart", _STYLE), marks)


def _runs(axes: "_Axes", spots: Sequence[tuple[int, float]]) -> str:
    """The path through all finite numbers that follow each other; one alone is a short dash."""
    lines = []
    for finite, run in itertools.groupby(spots, lambda spot: math.isfinite(spot[1])):
        places = [axes.place(*spot) for spot in run] if finite else []
        if len(places) == 1:
            lines.append(f"M{places[0][0] - 2:g} {places[0][1]:g}h4")
        elif places:
            lines.append("M" + "L".join(f"{x:g} {y:g}" for x, y in places))
    return "".join(lines)


class _Axes:
    """Where an iteration and a number are in the drawing."""

    def __init__(self, film: Film) -> None:
        finite = [x for frame in film.frames for x in frame.curves.values() if math.isfinite(x)] or [0.0]
        numbers = [_within(x) for x in finite]
        least, most = min(numbers), max(numbers)
        log = least > 1.0 / LARGEST and most / least > STEEP
        self.levels = decades(least, most) if log else ticks(least, most)
        self.scale = math.log10 if log else float
        self.low, self.high = self.scale(self.levels[0]), self.scale(self.levels[-1])
        self.first = film.frames[0].iteration
        self.last = max(film.frames[-1].iteration, self.first + 1)
        self.left = 8.0 + max(width(figure(level, 3), FONT) for level in self.levels)

    def place(self, iteration: float, number: float) -> tuple[float, float]:
        """In pixels; a number that is not finite is at the edge: nan and infinity at the top."""
        x = self.left + (iteration - self.first) / (self.last - self.first) * (WIDE - RIGHT - self.left)
        height = 0.0 if number == -math.inf else 1.0
        if math.isfinite(number):
            height = (self.scale(_within(number)) - self.low) / (self.high - self.low)
        return round(x, 1), round(FOOT - height * (FOOT - TOP), 1)

    def drawn(self, unit: str) -> list[str]:
        lines = []
        for level in self.levels:
            _, y = self.place(self.first, level)
            lines.append(f'<path class="grid" d="M{self.left:g} {y:g}H{WIDE - RIGHT:g}"/>')
            lines.append(_text(figure(level, 3), self.left - 6.0, y + 4.0, "end"))
        for iteration in (t for t in ticks(self.first, self.last) if self.first <= t <= self.last and t == int(t)):
            x, _ = self.place(iteration, self.levels[0])
            lines.append(f'<path class="grid" d="M{x:g} {FOOT:g}v4"/>')
            lines.append(_text(f"{iteration:,g}", x, FOOT + 17.0, "middle"))
        return [*lines, _text(unit, (self.left + WIDE - RIGHT) / 2, FOOT + 34.0, "middle", "unit")]


def _text(text: str, x: float, y: float, anchor: str = "start", kind: str = "") -> str:
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text class="{" ".join(["key", kind]).strip()}" {place}>{html.escape(text)}</text>'


def film_words(film: Film, key: str, otherwise: str) -> str:
    """A word in the film's language, or as it was given where the table has no such word."""
    return phrases(film.language).get(key, otherwise)


def widened(low: float, high: float) -> tuple[float, float]:
    """The range, or a wider one where its ends are too alike for places between them.

    >>> widened(5.0, 5.0), widened(1.0, 3.0), widened(-2e16, -2e16)
    ((4.5, 5.5), (1.0, 3.0), (-2.002e+16, -1.998e+16))
    """
    if high - low > max(1.0 / LARGEST, 1e-9 * abs(low)):
        return low, high
    margin = max(0.5, 1e-3 * abs(low))
    return max(low - margin, -sys.float_info.max), min(high + margin, sys.float_info.max)


def _within(number: float) -> float:
    return min(max(number, -LARGEST), LARGEST)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` or just below to `high` or just above, MOST_STEPS apart or fewer.

    >>> ticks(0.175, 0.992)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    low, high = widened(low, high)
    power = math.floor(math.log10((high - low) / MOST_STEPS))
    for step in (10.0**power * k for k in (1, 2, 5, 10, 20, 50)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= MOST_STEPS:
            break
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def decades(low: float, high: float) -> list[float]:
    """Powers of ten, or in a short range 1, 2, 5, 10, ..., from `low` or just below to `high` or just above.

    >>> decades(0.3, 12.0), decades(1e-9, 2.0)
    ([0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0], [1e-09, 1e-07, 1e-05, 0.001, 0.1, 10.0])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    fine = [float(f"{m}e{k}") for k in range(first, last + 1) for m in (1, 2, 5)]
    fine = [x for x in fine if max(y for y in fine if y <= low) <= x <= min(y for y in fine if y >= high)]
    every = -(-(last - first) // MOST_STEPS)
    return fine if len(fine) <= MOST_STEPS + 1 else [float(f"1e{k}") for k in range(first, last + every, every)]


_STYLE = (
    ".stepgrad.chart .key{font-size:12px}"
    ".chart .grid{stroke:#8886;stroke-width:1;fill:none}.chart .curve{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".chart .lost{fill:none;stroke-width:2;stroke-dasharray:none!important}"
    ".chart .c0{stroke:#0072b2}.chart .c1{stroke:#d55e00;stroke-dasharray:6 4}.chart .c2{stroke:#009e73}"
    ".chart .c3{stroke:#cc79a7;stroke-dasharray:2 3}.chart .here{fill:#0072b2;stroke:#fff;stroke-width:2}"
    "@media (prefers-color-scheme:dark){.chart .c0{stroke:#56b4e9}.chart .c1{stroke:#e69f00}.chart .here{fill:#56b4e9}}"
)
