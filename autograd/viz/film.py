"""A training run as a film: what the loss, the model's answers, its layers and one sample's graph were, frame by frame.

Plain data. Whoever trains calls `record` now and then with a loss that remembers how it was made; the layers are read
off the scopes of its graph, so that nothing here knows what a module is.
"""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from autograd.graph import adjoints, topological_order
from autograd.value import Value
from autograd.viz.display import mimebundle
from autograd.viz.model import Picture, picture
from autograd.viz.strings import phrases
from autograd.viz.view import view

MOST_FRAMES = 120  # when there are more, every other one is dropped
MOST_NUMBERS = 400  # of a layer's gradients or activations that a frame keeps, evenly chosen
MOST_DRAWN = 30  # nodes of the sample's graph; a larger one is shown as its scopes


class Shown(NamedTuple):
    """One node of the sample's graph: its number and its gradient; for a collapsed box, the norm of its gradients."""

    data: float | None
    grad: float | None


@dataclass(slots=True)
class Frame:
    """One moment of a training run."""

    iteration: int
    curves: dict[str, float]  # "loss", "validation loss", ...
    gradients: dict[str, list[float]]  # layer -> the gradient of each of its parameters
    activations: dict[str, list[float]]  # layer -> its outputs
    grid: list[list[float]] = field(default_factory=list)  # rows from the top: class + confidence, 1.75 = class 1, 75 %
    nodes: list[Shown] = field(default_factory=list)  # of the sample's graph, in the order of `Film.graph`
    partials: list[float | None] = field(default_factory=list)  # on its edges


class Film:
    """The frames of a run, and what does not change between them. Show it in a notebook, or `save_html`.

    Arguments: `points`, (x, y, class) of the samples where the input is a plane; `bounds`, (left, right, bottom, top)
    of that part of the plane which the grids cover; `unit`, what an iteration is called ("epoch").

    >>> film = Film()
    >>> w = Value(1.0, label="w")
    >>> for step in range(3):
    ...     loss = (w * 2.0 - 1.0) ** 2
    ...     film.record(step, {"loss": loss.data}, loss)
    ...     w.data -= 0.1
    >>> [frame.curves["loss"] for frame in film.frames][0], len(film)
    (1.0, 3)
    """

    def __init__(
        self,
        points: Iterable[tuple[float, float, int]] = (),
        bounds: tuple[float, float, float, float] = (-1.0, 1.0, -1.0, 1.0),
        unit: str = "iteration",
        language: str = "en",
    ) -> None:
        phrases(language)
        self.points, self.bounds, self.unit, self.language = list(points), bounds, unit, language
        self.frames: list[Frame] = []
        self.graph: Picture | None = None
        self.every = 1  # of the iterations offered, how many are kept
        self._offered = 0

    def wants_next(self) -> bool:
        """Whether the iteration that has just ended will be kept: call once for each, before the work of a frame."""
        self._offered += 1
        return (self._offered - 1) % self.every == 0

    def record(
        self,
        iteration: int,
        curves: Mapping[str, float],
        loss: Value | None = None,
        sample: Value | None = None,
        grid: Sequence[Sequence[float]] = (),
    ) -> None:
        """Add a frame.

        Arguments: `curves`, numbers by name, one of them "loss"; `loss`, of some samples, as a Value: the layers'
        activations and gradients are read from its graph; `sample`, the loss of one sample, whose graph is shown (None:
        `loss`); `grid`, rows from the top of the plane, each number a class plus a confidence below 1.
        No `.grad` is changed.
        Raises ValueError when there is no loss among the curves.
        """
        if "loss" not in curves:
            raise ValueError(f"a frame needs the loss: curves={{'loss': ...}}, got {', '.join(curves) or 'none'}")
        frame = Frame(iteration, {name: float(number) for name, number in curves.items()}, {}, {})
        frame.grid = [list(row) for row in grid]
        if loss is not None:
            frame.gradients, frame.activations = layers(loss)
        shown = loss if sample is None else sample
        if shown is not None:
            self._draw(frame, shown)
        self.frames.append(frame)
        if len(self.frames) > MOST_FRAMES:
            self.frames = self.frames[::2]
            self.every *= 2

    def _draw(self, frame: Frame, sample: Value) -> None:
        drawn = view(picture(sample, gradients=_gradients(sample)), max_nodes=MOST_DRAWN)
        drawn.notes.clear()  # they are advice to whoever calls `draw`
        frame.nodes = [Shown(node.data, node.inside.grad_norm if node.inside else node.grad) for node in drawn.nodes]
        frame.partials = [edge.partial for edge in drawn.edges]
        self.graph = drawn  # the same boxes at every iteration, with the latest numbers

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        last = f", {self.unit} {self.frames[-1].iteration} at the end" if self.frames else ""
        return f"<Film: {len(self.frames)} frames{last}>"

    def save_html(self, path: str | Path) -> Path:
        """Write the film: one file that needs nothing else, no network either. Returns its path.

        Raises ValueError when nothing was recorded.
        """
        from autograd.viz.film_html import page

        target = Path(path)
        target.write_text(page(self), encoding="utf-8")
        return target

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        from autograd.viz.film_chart import curve
        from autograd.viz.film_html import widget

        forms = {"text/html": lambda: widget(self), "image/svg+xml": lambda: curve(self).svg}
        return mimebundle(self, forms if self.frames else {}, "; .save_html('film.html')")


def layers(loss: Value) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """The gradients of the parameters and the outputs, both by layer, the first layer first.

    A node in scope `layer1/neuron3` belongs to layer1; an output is a result that something outside its layer uses.
    """
    order, gradient = topological_order([loss]), _gradients(loss)
    computed = [node for node in order if node.op is not None and node.scope]
    used_outside = {
        arg for node in order for arg in node.args if isinstance(arg, Value) and _layer(arg) != _layer(node)
    }
    gradients: dict[str, list[float]] = {_layer(node): [] for node in computed}
    activations: dict[str, list[float]] = {_layer(node): [] for node in computed}
    for node in order:
        if node.op is None and _layer(node) in gradients:
            gradients[_layer(node)].append(gradient[node])
        elif node.op is not None and node.scope and (node in used_outside or node is loss):
            activations[_layer(node)].append(node.data)
    return _thinned(gradients), _thinned(activations)


def _gradients(loss: Value) -> Mapping[Value, float]:
    return adjoints(topological_order([loss]), {loss: 1.0}, lambda node: node.partials, operator.mul)


def _layer(node: Value) -> str:
    """`mlp/layer1` for the scope `mlp/layer1/neuron3`."""
    return str(node.scope.rpartition("/")[0] or node.scope)


def _thinned(by_layer: dict[str, list[float]]) -> dict[str, list[float]]:
    """Evenly chosen numbers, MOST_NUMBERS of each layer; layers without any are left out."""
    return {
        layer: [numbers[i * len(numbers) // MOST_NUMBERS] for i in range(MOST_NUMBERS)]
        if len(numbers) > MOST_NUMBERS
        else numbers
        for layer, numbers in by_layer.items()
        if numbers
    }
