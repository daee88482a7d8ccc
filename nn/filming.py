"""A training run filmed: what `fit` calls after every epoch to record a frame, and the film of a history."""

import math
import numbers
from typing import TYPE_CHECKING, Any

from autograd import no_grad
from nn import checks
from nn.history import History

if TYPE_CHECKING:
    from autograd.viz import Film
    from nn.training import Training

__all__ = ["Filming", "film"]


class Filming:
    """A callback of `fit` that films the run: `film` is the Film so far, and `nn.film(history)` finds it too.

    Arguments: `samples`, how many of the data the layers' gradients and outputs are taken from; `sample`, the row whose
    graph is shown; `resolution`, the cells along each side of the plane, where the inputs are two numbers and the
    targets classes; `language`, "en" or "zh".
    Of a long run every second, fourth, ... epoch is kept. A checkpoint holds no film: that of a resumed run begins
    where it goes on.
    Raises ValueError for counts below one or a language that there is not, TypeError for a `sample` that is no whole
    number; when the run starts, IndexError for a `sample` that is no row of the data.

    >>> import nn
    >>> from nn.data import moons
    >>> data = moons(20, seed=1)
    >>> filming = Filming(resolution=8)
    >>> model = nn.MLP(2, [4, 2], activation="tanh", seed=1)
    >>> history = nn.fit(model, data.features, data.labels, epochs=3, callbacks=[filming], progress=False)
    >>> nn.film(history)
    <Film: 3 frames, epoch 3 at the end>
    """

    def __init__(self, samples: int = 16, sample: int = 0, resolution: int = 24, language: str = "en") -> None:
        from autograd.viz import Film  # the drawings are loaded when there is something to draw

        checks.counts(samples=samples, resolution=resolution)
        if not isinstance(sample, int | numbers.Integral):
            raise TypeError(f"sample is the number of a row of the data, a whole number, not {sample!r}")
        Film(language=language)  # or a ValueError now, and not after an epoch
        self.samples, self.sample, self.resolution, self.language = samples, sample, resolution, language
        self.film: Film | None = None

    def start(self, training: "Training") -> None:
        """Every run has a film of its own."""
        self.film = None
        rows = len(training.X)
        if not -rows <= self.sample < rows:
            raise IndexError(f"Filming(sample={self.sample}) shows the graph of that row, and there are {rows} rows")

    def __call__(self, training: "Training") -> None:
        if self.film is None:
            self.film = self._empty(training)
        training.history.film = self.film
        if self.film.wants_next():
            self._record(training)

    def end(self, training: "Training") -> None:
        """The last epoch is always in the film, with the weights that the model keeps."""
        if self.film is not None and self.film.frames[-1].iteration != training.epoch:
            self._record(training)

    def _empty(self, training: "Training") -> "Film":
        from autograd.viz import Film

        if not _in_a_plane(training):
            return Film(unit="epoch", language=self.language)
        kinds = sorted(set(training.y))
        points = [(x, y, kinds.index(target)) for (x, y), target in zip(training.X, training.y, strict=True)]
        sides: list[float] = []
        for side in zip(*training.X, strict=True):
            room = 0.12 * (max(side) - min(side)) or 1.0
            sides += [min(side) - room, max(side) + room]
        left, right, bottom, top = sides
        return Film(points, (left, right, bottom, top), "epoch", self.language)

    def _record(self, training: "Training") -> None:
        assert self.film is not None
        model, mode = training.model, training.model.training
        model.eval()
        rows, targets = training.X[: self.samples], training.y[: self.samples]
        loss = training.loss(model(rows), targets)
        at = self.sample
        sample = training.loss(model([training.X[at]]), [training.y[at]])
        grid = self._grid(model) if self.film.points else []
        model.train(mode)
        row = training.history.rows[-1]
        curves = {name.replace("_", " "): number for name, number in row.items() if name.endswith("loss")}
        self.film.record(training.epoch, curves, loss, sample, grid)

    def _grid(self, model: Any) -> list[list[float]]:
        """The model's answer at the centre of every cell, rows from the top."""
        assert self.film is not None
        left, right, bottom, top = self.film.bounds
        middle = [(i + 0.5) / self.resolution for i in range(self.resolution)]
        with no_grad():
            return [
                [_answer(model([left + u * (right - left), top - v * (top - bottom)])) for u in middle] for v in middle
            ]


def film(history: History) -> "Film":
    """The film of a run: of the history that `fit(..., callbacks=[nn.Filming()])` returned.

    Returns a `Film`: it shows itself in a notebook, and `save_html("film.html")` writes one offline page.
    Raises TypeError when `history` is none, ValueError when the run was not filmed.
    """
    if not isinstance(history, History):
        raise TypeError(f"film takes the History that fit returned, not {type(history).__name__} ({history!r:.60})")
    if history.film is None:
        raise ValueError("this run was not filmed: fit(..., callbacks=[nn.Filming()]) records the frames")
    return history.film  # type: ignore[no-any-return]


def _in_a_plane(training: "Training") -> bool:
    """Whether the inputs are points and the targets classes: 0, 1, 2, ..., or -1 and 1."""
    one_number = all(isinstance(y, int | float) for y in training.y)
    return len(training.X[0]) == 2 and one_number and all(y in range(-1, 8) for y in training.y)


def _answer(output: Any) -> float:
    """Class plus confidence in it: of one logit by its sigmoid, of several by their softmax."""
    logits = [float(x) for x in output] if isinstance(output, list | tuple) else [0.0, float(output)]
    best = max(range(len(logits)), key=logits.__getitem__)
    share = 1.0 / sum(math.exp(min(logit - logits[best], 0.0)) for logit in logits)
    even = 1.0 / len(logits)
    return best + min(0.99, max(0.0, (share - even) / (1.0 - even)))
