"""The page of a film: its data for the script, and what is left where no script runs."""

import html
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from autograd.viz.figures import figure
from autograd.viz.film import Film, Frame
from autograd.viz.page import ROOM, asset, document, image, interactive
from autograd.viz.strings import STRINGS, phrases
from autograd.viz.style import css
from autograd.viz.svg import svg

BINS = 24
WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM = 400.0, 240.0, 58.0, 12.0, 12.0, 46.0  # the loss curve, in pixels
STEEP = 20.0  # from this ratio of largest to smallest on, losses are drawn by powers of ten


def page(film: Film) -> str:
    """The whole file; ValueError when there is nothing to show."""
    say = phrases(film.language)
    if not film.frames:
        raise ValueError("this film has no frames yet: record some, or pass its recorder to fit(callbacks=[...])")
    return document(say["film_title"], film.language, widget(film, whole_page=True))


def widget(film: Film, whole_page: bool = False) -> str:
    """The film as a piece of HTML: in a trusted notebook the script takes over, elsewhere curve, graph and numbers."""
    say = phrases(film.language)
    chart = curve(film)
    parts = [image(chart.svg, say["loss_curve"])]
    if film.graph is not None:
        parts.append(image(svg(film.graph, room=ROOM), say["sample_graph"]))
    summary = say["frames_as_text"].format(n=len(film))
    parts.append(f"<details><summary>{summary}</summary>\n<pre>{html.escape(table(film))}</pre>\n</details>")
    return interactive("film", "\n".join(parts), reel(film, chart), [asset("drawing.js"), asset("film.js")], whole_page)


def table(film: Film) -> str:
    """The curves as text, a line for each frame."""
    names = _curve_names(film)
    rows = [[film.unit, *names]]
    for frame in film.frames:
        rows.append([str(frame.iteration), *(figure(frame.curves.get(name, math.nan)) for name in names)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(wide) for cell, wide in zip(row, widths, strict=True)) for row in rows)


def reel(film: Film, chart: "Chart") -> dict[str, Any]:
    """Everything the script needs, as plain data; numbers to five digits, which is more than it draws."""
    graph = film.graph
    return {
        "language": film.language,
        "strings": STRINGS,
        "unit": film.unit,
        "names": _curve_names(film),
        "marks": chart.marks,
        "points": film.points,
        "bounds": film.bounds,
        "nodes": [node.id for node in graph.nodes] if graph else [],
        "edges": [edge.id for edge in graph.edges] if graph else [],
        "gradients": histograms([frame.gradients for frame in film.frames]),
        "activations": histograms([frame.activations for frame in film.frames]),
        "frames": [_frame(frame, len(graph.nodes) if graph else 0) for frame in film.frames],
    }


def _frame(frame: Frame, nodes: int) -> dict[str, Any]:
    fits = len(frame.nodes) == nodes  # a graph that had another shape at this moment is not shown
    return {
        "iteration": frame.iteration,
        "curves": frame.curves,
        "grid": [[round(cell, 2) for cell in row] for row in frame.grid],
        "nodes": [[_five(shown.data), _five(shown.grad)] for shown in frame.nodes] if fits else [],
        "partials": [_five(partial) for partial in frame.partials] if fits else [],
    }


def _five(x: float | None) -> float | None:
    return None if x is None else float(f"{x:.5g}")


def histograms(moments: list[dict[str, list[float]]]) -> list[dict[str, Any]]:
    """One per layer: its range over the whole run, and how many numbers fell into each bin at each moment.

    >>> histograms([{"layer0": [0.0, 1.0]}, {"layer0": [24.0]}])[0]["counts"][0][:3]
    [1, 1, 0]
    """
    made = []
    for layer in dict.fromkeys(layer for moment in moments for layer in moment):
        numbers = [moment.get(layer, []) for moment in moments]
        finite = [x for some in numbers for x in some if math.isfinite(x)] or [0.0]
        low, high = min(finite), max(finite)
        if low == high:
            low, high = low - 0.5, high + 0.5
        counts = [_counts(some, low, high) for some in numbers]
        most = max(max(bins) for bins in counts)
        made.append({"layer": layer, "low": low, "high": high, "most": most, "counts": counts})
    return made


def _counts(numbers: Iterable[float], low: float, high: float) -> list[int]:
    counts = [0] * BINS
    for x in numbers:
        if math.isfinite(x):
            counts[min(BINS - 1, int((x - low) / (high - low) * BINS))] += 1
    return counts


# ------------------------------------------------------------------------------------------------------ the loss curve


class Chart(NamedTuple):
    """A drawn curve, and where each frame's mark goes."""

    svg: str
    marks: list[tuple[float, float]]


def _curve_names(film: Film) -> list[str]:
    return list(dict.fromkeys(name for frame in film.frames for name in frame.curves))


def curve(film: Film) -> Chart:
    """Every curve against the iteration, by powers of ten where the loss falls far."""
    names = _curve_names(film)
    numbers = [x for frame in film.frames for x in frame.curves.values() if math.isfinite(x)] or [0.0]
    log = min(numbers) > 0.0 and max(numbers) / min(numbers) > STEEP
    scale = math.log10 if log else float
    low, high = scale(min(numbers)), scale(max(numbers))
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    first, last = film.frames[0].iteration, max(film.frames[-1].iteration, film.frames[0].iteration + 1)

    def place(iteration: int, number: float) -> tuple[float, float]:
        x = LEFT + (iteration - first) / (last - first) * (WIDE - LEFT - RIGHT)
        height = (scale(number) - low) / (high - low) if math.isfinite(number) else 1.0
        return round(x, 1), round(TOP + (1.0 - height) * (TALL - TOP - BOTTOM), 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="stepgrad chart" role="img" viewBox="0 0 {WIDE:g} {TALL:g}"'
        f' width="{WIDE:g}" height="{TALL:g}"><style>{css()}{_CHART}</style>',
        f'<rect class="ground" width="{WIDE:g}" height="{TALL:g}"/>',
    ]
    for part in range(5):
        level = low + (high - low) * part / 4
        y = TOP + (1.0 - part / 4) * (TALL - TOP - BOTTOM)
        lines.append(f'<line class="grid" x1="{LEFT:g}" x2="{WIDE - RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}"/>')
        text = figure(10.0**level if log else level, 3)
        lines.append(f'<text class="key" x="{LEFT - 8:g}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>')
    for at, anchor, x in ((first, "start", LEFT), (film.frames[-1].iteration, "end", WIDE - RIGHT)):
        lines.append(f'<text class="key" x="{x:g}" y="{TALL - 28:g}" text-anchor="{anchor}">{film.unit} {at}</text>')
    for number, name in enumerate(names):
        spots = [place(frame.iteration, frame.curves[name]) for frame in film.frames if name in frame.curves]
        path = "L".join(f"{x:g} {y:g}" for x, y in spots)
        lines.append(f'<path class="curve c{number % 4}" d="M{path}"><title>{html.escape(name)}</title></path>')
        x = LEFT + 120.0 * number
        lines.append(f'<path class="curve c{number % 4}" d="M{x:g} {TALL - 12:g}h18"/>')
        lines.append(f'<text x="{x + 24:g}" y="{TALL - 8:g}" class="key">{html.escape(name)}</text>')
    marks = [place(frame.iteration, frame.curves["loss"]) for frame in film.frames]
    x, y = marks[-1]
    lines.append(f'<circle class="here" cx="{x:g}" cy="{y:g}" r="5"/></svg>')
    return Chart("\n".join(lines), marks)


_CHART = (
    ".stepgrad.chart .key{font-size:11px}"
    ".chart .grid{stroke:#8884;stroke-width:1}.chart .curve{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".chart .c0{stroke:#0072b2}.chart .c1{stroke:#d55e00;stroke-dasharray:6 4}.chart .c2{stroke:#009e73}"
    ".chart .c3{stroke:#cc79a7;stroke-dasharray:2 3}.chart .here{fill:#0072b2;stroke:#fff;stroke-width:2}"
    "@media (prefers-color-scheme:dark){.chart .c0{stroke:#56b4e9}.chart .c1{stroke:#e69f00}.chart .here{fill:#56b4e9}}"
)
