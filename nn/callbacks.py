"""Callbacks of `fit`: functions of the Training, called after every epoch; these keep a state that is saved with it."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd import Value
from nn import stats

if TYPE_CHECKING:
    from nn.training import Training

__all__ = ["EarlyStopping", "LayerStatistics"]


class EarlyStopping:
    """Stop when a loss has not improved for `patience` epochs, and give the model its best weights back.

    Arguments: `monitor`, the number of the history to watch ("validation_loss", "loss", ...), smaller being better;
    `min_delta`, by how much it has to fall to count; `restore_best`, whether the run leaves the model with the weights
    of the best epoch (`history.best_epoch` says which that was), be it stopped or not; an exception does not.
    It may be given to several runs: each begins anew, but for one that is resumed.

    >>> import nn
    >>> from nn.data import xor
    >>> train, new = xor(20, noise=0.5, seed=1), xor(20, noise=0.5, seed=2)
    >>> model = nn.MLP(2, [8, 2], activation="tanh", seed=1)
    >>> history = nn.fit(model, train.features, train.labels, validation=(new.features, new.labels), epochs=400,
    ...                  callbacks=[EarlyStopping(patience=10)], progress=False)
    >>> len(history) - history.best_epoch
    10
    """

    def __init__(
        self, patience: int = 10, *, min_delta: float = 0.0, monitor: str = "validation_loss", restore_best: bool = True
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStopping needs a patience of at least 1 epoch, got {patience}")
        self.patience, self.min_delta, self.monitor, self.restore_best = patience, min_delta, monitor, restore_best
        self._forget()

    def _forget(self) -> None:
        self.best, self.best_epoch = math.inf, 0
        self.weights: dict[str, float] = {}

    def start(self, training: "Training") -> None:
        """Begin anew, unless the run is one that goes on."""
        if self.monitor == "validation_loss" and training.validation is None:
            raise ValueError("EarlyStopping watches 'validation_loss', which the history does not record: "
                             "pass validation=(X, y) to fit")
        if training.epoch == 0:
            self._forget()

    def __call__(self, training: "Training") -> None:
        row = training.history.rows[-1]
        if self.monitor not in row:
            raise ValueError(f"EarlyStopping watches {self.monitor!r}, which the history does not record: it has "
                             f"{', '.join(row)}")
        if row[self.monitor] < self.best - self.min_delta:
            self.best, self.best_epoch = row[self.monitor], training.epoch
            self.weights = training.model.state_dict()
        elif training.epoch - self.best_epoch >= self.patience:
            name = self.monitor.replace("_", " ")
            training.stop(f"the {name} has not fallen below {self.best:.4g} for {self.patience} epochs")

    def end(self, training: "Training") -> None:
        """Put the best weights back."""
        if self.restore_best and self.weights:
            training.model.load_state_dict(self.weights)
            training.history.best_epoch = self.best_epoch

    def state_dict(self) -> dict[str, Any]:
        """What has been seen so far; a checkpoint keeps it."""
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from that state."""
        self.best, self.best_epoch, self.weights = state["best"], state["best_epoch"], dict(state["weights"])


class LayerStatistics:
    """Record how each layer fares: `history["gradients"]` is, per epoch, a number for every layer by name.

    | recorded | per layer |
    |---|---|
    | `gradients` | the mean size of the gradients of the loss on the first `samples` rows, in evaluation mode |
    | `gradient_norms` | the Euclidean norm of the same gradients |
    | `updates` | how far its parameters moved in the epoch, relative to their norm |
    | `saturated` | the share of its outputs for these rows where the activation is flat |
    | `dead` | the share of its units where it is flat for every one of them |

    >>> import nn
    >>> from nn.data import xor
    >>> data = xor(20, seed=1)
    >>> history = nn.fit(nn.MLP(2, [4, 2], seed=1), data.features, data.labels, epochs=2, progress=False,
    ...                  callbacks=[LayerStatistics()])
    >>> history.names[-5:], list(history["dead"][-1])
    (['gradients', 'gradient_norms', 'updates', 'saturated', 'dead'], ['layer0', 'layer1'])
    """

    def __init__(self, samples: int = 32) -> None:
        if samples < 1:
            raise ValueError(f"LayerStatistics needs at least 1 sample, got {samples}")
        self.samples = samples
        self.layers: dict[str, list[Value]] = {}
        self.before: dict[str, list[float]] = {}

    def start(self, training: "Training") -> None:
        """Remember the layers, and the weights that the first epoch starts from."""
        self.layers = {name: parameters for name, _, parameters in stats.named_layers(training.model)}
        self.before = self._weights()

    def __call__(self, training: "Training") -> None:
        found = self._look(training, training.X[: self.samples], training.y[: self.samples])
        sizes = {name: [abs(found.gradients[p]) for p in parameters] for name, parameters in self.layers.items()}
        training.history.record(
            gradients={name: stats.average(numbers) for name, numbers in sizes.items()},
            gradient_norms={name: math.hypot(*numbers) for name, numbers in sizes.items()},
            updates={name: stats.moved(name, self.layers[name], old).ratio for name, old in self.before.items()},
            saturated={name: saturated for name, (saturated, _) in found.flat.items()},
            dead={name: dead for name, (_, dead) in found.flat.items()})
        self.before = self._weights()

    def _weights(self) -> dict[str, list[float]]:
        return {name: [p.data for p in parameters] for name, parameters in self.layers.items()}

    def _look(self, training: "Training", X: list[list[float]], y: list[Any]) -> stats.Look:
        found: stats.Look | None = training.compiled and training.compiled.look(training, X, y)
        return found or stats.look(training.model, X, y, training.loss)
