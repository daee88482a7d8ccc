"""The page of a film: its data for the script, and what is left where no script runs."""

import html
import math
from collections.abc import Iterable
from typing import Any

from autograd.viz.figures import figure
from autograd.viz.film import Film, Frame
from autograd.viz.film_chart import Chart, curve, curve_names, film_words, widened
from autograd.viz.page import ROOM, asset, document, image, interactive
from autograd.viz.strings import STRINGS, in_language, phrases
from autograd.viz.svg import svg
from autograd.viz.table import Table

BINS = 24


def page(film: Film) -> str:
    """The whole file; ValueError when there is nothing to show."""
    say = phrases(film.language)
    if not film.frames:
        raise ValueError("this film has no frames yet: record some, or pass its recorder to fit(callbacks=[...])")
    return document(say["film_title"], film.language, widget(film, say["film_title"]))


def widget(film: Film, heading: str = "") -> str:
    """The film as a piece of HTML: in a trusted notebook the script takes over, elsewhere curve, graph and numbers."""
    say = phrases(film.language)
    chart = curve(film)
    summary = say["frames_as_text"].format(n=len(film))
    parts = [f"<details><summary>{summary}</summary>\n<pre>{html.escape(table(film))}</pre>\n</details>"]
    parts.append(image(chart.svg, say["loss_curve"]))
    if film.graph is not None:
        graph = in_language(svg(film.graph, room=ROOM), film.language)
        parts.append(image(graph, say["sample_graph"], wide=True))
    return interactive("film", "\n".join(parts), reel(film, chart), [asset("drawing.js"), asset("film.js")], heading)


def table(film: Film) -> str:
    """The curves as text, a line for each frame."""
    names = curve_names(film)
    head = [film_words(film, f"unit_{film.unit}", film.unit), *(film_words(film, f"curve_{n}", n) for n in names)]
    rows = [
        [str(frame.iteration), *(figure(frame.curves.get(name, math.nan)) for name in names)] for frame in film.frames
    ]
    return Table(head, rows, "r" * len(head)).text()


def reel(film: Film, chart: Chart) -> dict[str, Any]:
    """Everything the script needs, as plain data; numbers to five digits, which is more than it draws."""
    graph = film.graph
    return {
        "language": film.language,
        "strings": STRINGS,
        "unit": film.unit,
        "names": curve_names(film),
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
    """One per layer: its range over the whole run, and how many numbers fell into each bin, or none, at each moment.

    >>> histograms([{"layer0": [0.0, 1.0]}, {"layer0": [24.0]}])[0]["counts"][0][:3]
    [1, 1, 0]
    """
    made = []
    for layer in dict.fromkeys(layer for moment in moments for layer in moment):
        numbers = [moment.get(layer, []) for moment in moments]
        finite = [x for some in numbers for x in some if math.isfinite(x)] or [0.0]
        low, high = widened(min(finite), max(finite))
        counts = [_counts(some, low, high) for some in numbers]
        most = max(max(bins) for bins in counts)
        lost = [sum(not math.isfinite(x) for x in some) for some in numbers]
        made.append({"layer": layer, "low": low, "high": high, "most": most, "counts": counts, "lost": lost})
    return made


def _counts(numbers: Iterable[float], low: float, high: float) -> list[int]:
    counts, wide = [0] * BINS, high / 2 - low / 2  # halves: the whole may be larger than any float
    for x in numbers:
        if math.isfinite(x):
            counts[min(BINS - 1, int((x / 2 - low / 2) / wide * BINS))] += 1
    return counts
