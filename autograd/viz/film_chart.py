"""The curves of a film as a drawing, with round numbers on its axes, and where the mark of each frame goes."""

import html
import math
from typing import NamedTuple

from autograd.viz.figures import figure
from autograd.viz.film import Film
from autograd.viz.strings import phrases
from autograd.viz.style import css

WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM = 300.0, 290.0, 44.0, 12.0, 10.0, 72.0  # in pixels; the curves between the margins
STEEP = 20.0  # from this ratio of largest to smallest on, losses are drawn by powers of ten
MOST_STEPS = 6  # between the numbers on an axis


class Chart(NamedTuple):
    """A drawn curve, and where each frame's mark goes."""

    svg: str
    marks: list[tuple[float, float]]


def curve_names(film: Film) -> list[str]:
    """The curves of any frame, in the order they came."""
    return list(dict.fromkeys(name for frame in film.frames for name in frame.curves))


def curve(film: Film) -> Chart:
    """Every curve against the iteration, by powers of ten where the loss falls far."""
    numbers = [x for frame in film.frames for x in frame.curves.values() if math.isfinite(x)] or [0.0]
    log = min(numbers) > 0.0 and max(numbers) / min(numbers) > STEEP
    levels = decades(min(numbers), max(numbers)) if log else ticks(min(numbers), max(numbers))
    scale = math.log10 if log else float
    low, high = scale(min(levels[0], *numbers)), scale(max(levels[-1], *numbers))
    first, last = film.frames[0].iteration, max(film.frames[-1].iteration, film.frames[0].iteration + 1)

    def across(iteration: float) -> float:
        return round(LEFT + (iteration - first) / (last - first) * (WIDE - LEFT - RIGHT), 1)

    def down(number: float) -> float:
        height = (scale(number) - low) / (high - low) if math.isfinite(number) else 1.0
        return round(TOP + (1.0 - height) * (TALL - TOP - BOTTOM), 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="stepgrad chart" role="img" viewBox="0 0 {WIDE:g} {TALL:g}"'
        f' width="{WIDE:g}" height="{TALL:g}"><style>{css()}{_STYLE}</style>',
        f'<rect class="ground" width="{WIDE:g}" height="{TALL:g}"/>',
    ]
    for level in levels:
        y = down(level)
        lines.append(f'<path class="grid" d="M{LEFT:g} {y:g}H{WIDE - RIGHT:g}"/>')
        lines.append(f'<text class="key" x="{LEFT - 6:g}" y="{y + 4:g}" text-anchor="end">{figure(level, 3)}</text>')
    foot = TALL - BOTTOM
    for iteration in (t for t in ticks(first, last) if first <= t <= last and t == int(t)):
        x = across(iteration)
        lines.append(f'<path class="grid" d="M{x:g} {foot:g}v4"/>')
        lines.append(f'<text class="key" x="{x:g}" y="{foot + 17:g}" text-anchor="middle">{iteration:g}</text>')
    middle = (LEFT + WIDE - RIGHT) / 2
    unit = html.escape(film_words(film, f"unit_{film.unit}", film.unit))
    lines.append(f'<text class="key unit" x="{middle:g}" y="{foot + 34:g}" text-anchor="middle">{unit}</text>')
    for number, name in enumerate(curve_names(film)):
        spots = [f"{across(f.iteration):g} {down(f.curves[name]):g}" for f in film.frames if name in f.curves]
        lines.append(f'<path class="curve c{number % 4}" d="M{"L".join(spots)}"/>')
        x, y = LEFT + 112.0 * (number % 2), TALL - 20.0 + 16.0 * (number // 2)
        lines.append(f'<path class="curve c{number % 4}" d="M{x:g} {y - 4:g}h22"/>')
        told = html.escape(film_words(film, f"curve_{name}", name))
        lines.append(f'<text class="key curve_name" x="{x + 28:g}" y="{y:g}">{told}</text>')
    marks = [(across(frame.iteration), down(frame.curves["loss"])) for frame in film.frames]
    x, y = marks[-1]
    lines.append(f'<circle class="here" cx="{x:g}" cy="{y:g}" r="5"/></svg>')
    return Chart("\n".join(lines), marks)


def film_words(film: Film, key: str, otherwise: str) -> str:
    """A word in the film's language, or as it was given where the table has no such word."""
    return phrases(film.language).get(key, otherwise)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` or just below to `high` or just above, MOST_STEPS apart or fewer.

    >>> ticks(0.175, 0.992)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if high <= low:
        low, high = low - 0.5, high + 0.5
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
    ".chart .c0{stroke:#0072b2}.chart .c1{stroke:#d55e00;stroke-dasharray:6 4}.chart .c2{stroke:#009e73}"
    ".chart .c3{stroke:#cc79a7;stroke-dasharray:2 3}.chart .here{fill:#0072b2;stroke:#fff;stroke-width:2}"
    "@media (prefers-color-scheme:dark){.chart .c0{stroke:#56b4e9}.chart .c1{stroke:#e69f00}.chart .here{fill:#56b4e9}}"
)
