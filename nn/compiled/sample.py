"""The loss of one sample, compiled: what the native loop averages over batches."""

import math
import pickle
import random
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

from autograd import TraceError, Trainer, Value
from nn.compiled.batchwise import (
    ONLY_DROPOUT,
    Masks,
    Statistics,
    Unsupported,
    one_for_all,
    sees_batches,
    undisturbed,
)
from nn.inputs import Loss, weights
from nn.module import Module, Row
from nn.steps import Parts

FAR = {"float64": 1e-9, "float32": 1e-4}  # a relative difference far above rounding, far below another formula's
MOST_CLASSES = 1000
MOST_COMPARED = 256  # samples of a batch: what asks how many there are mostly tells few from many; 0.1 s, not seconds
LARGEST = {"float64": math.inf, "float32": 3.4e38}


class SampleLoss:
    """The mean loss over samples of some data, under a model in the mode that it is in now.

    A sample is a row of X, its target, and the masks of its Dropouts. The eager engine gives the model and the loss
    `together` samples at once, and perhaps fewer at the end. With `scaled` the loss is multiplied by the number in
    `factor`, and so is its gradient.
    Raises Unsupported for what has no native form, and for what is not the mean over its samples, as far as batches of
    the run's sizes show it, or of MOST_COMPARED samples where it has larger ones.
    """

    def __init__(
        self, model: Module, loss: Loss, X: list[list[float]], y: list[Any], parameters: Sequence[Value], dtype: str,
        together: int, scaled: bool = False,
    ) -> None:
        self.model, self.loss, self.dtype = model, loss, dtype
        self.factor, self.scaled = Value(1.0), scaled
        self.X, self.y = [list(row) for row in X], list(y)
        self.sizes = {min(size, MOST_COMPARED) for size in (min(together, len(y)), len(y) % together) if size}
        if set(weights(loss, y)) != {1.0}:
            raise Unsupported("some targets count more than others, or not at all: weighted means need engine='eager'")
        self.statistics, self.classes = Statistics(), 0
        try:
            with undisturbed(model):
                self._compile(parameters)
        except Unsupported:
            raise
        except Exception as error:  # code of one's own may do anything with numbers that are being recorded
            said = error if isinstance(error, (TraceError, ValueError)) else f"{type(error).__name__}: {error}"
            raise Unsupported(f"this model and loss cannot be compiled: {said}") from error

    def _compile(self, parameters: Sequence[Value]) -> None:
        self.masks = Masks(self.model, (self.X * 2)[:2])
        try:
            self.trainer = self._trainer(parameters)
        except Unsupported:
            raise
        except Exception:
            if not all(isinstance(target, int) and 0 <= target < MOST_CLASSES for target in self.y):
                raise
            self.classes = 1 + max(self.y)  # the loss wants to know the class, not a number
            self.trainer = self._trainer(parameters)
        self.table = self.trainer.table([[*row, *self._target(target)] for row, target in zip(self.X, self.y)])
        self._compare()

    def _target(self, y: Any) -> list[float]:
        if self.classes:
            return [1.0 if k == y else 0.0 for k in range(self.classes)]
        return [float(x) for x in y] if isinstance(y, list) else [float(y)]

    def _of_one(self, sample: list[Value]) -> Any:
        """The loss of a sample, and what the running statistics observe."""
        width = len(self.X[0])
        masks = width + len(self._target(self.y[0]))
        row, target = sample[:width], sample[width:masks]
        self.statistics = Statistics()
        with one_for_all(self.model, self.masks, self.statistics, sample[masks:]):
            outputs = self._answers(row)
            if self.classes:  # each class' loss, times whether it is the sample's
                found = sum([is_it * self.loss(outputs, [k]) for k, is_it in enumerate(target)])
            else:
                found = self.loss(outputs, [target if isinstance(self.y[0], list) else target[0]])
        return (self.factor * found if self.scaled else found), self.statistics.observed

    def _answers(self, row: Row) -> Any:
        """What the model says to a batch of this row."""
        return self.model([row])

    def _trainer(self, parameters: Sequence[Value]) -> Trainer:
        before = _common_generators()
        features = len(self.X[0]) + len(self._target(self.y[0])) + self.masks.width
        trainer = Trainer(self._of_one, parameters, features, self.dtype)
        if _common_generators() != before:
            raise Unsupported(f"this model or loss draws random numbers in each step: {ONLY_DROPOUT}")
        if not trainer.records(self._of_one):
            raise Unsupported("this model or loss gives another result on the next call, for it draws random numbers or"
                              f" counts its calls: {ONLY_DROPOUT}")
        return trainer

    def _compare(self) -> None:
        """Raise Unsupported where the eager loss of a few samples, or of a whole batch, is not what was compiled.

        A batch is made of the few, again and again. What the model says to each of them is known by then, and only a
        module that sees whole batches could say something else to more of them.
        """
        few = self._of_all_kinds()
        said = dict(zip(few, self._checked_answers(few)))
        alone = {i: float(self.loss([said[i]], [self.y[i]])) for i in few}
        whole = sees_batches(self.model)
        for batch in (list(islice(cycle(few), size)) for size in sorted(self.sizes)):
            if whole:
                self._checked_answers(batch)
            else:
                self._expect([said[i] for i in batch], batch, sum(alone[i] for i in batch) / len(batch))

    def _checked_answers(self, samples: list[int]) -> Any:
        """What the eager model says to these samples; Unsupported where their loss is not what was compiled."""
        with undisturbed(self.model):
            compiled, _ = self.trainer.value_and_grad(self.samples([samples]))
        with undisturbed(self.model):
            outputs = self.model([self.X[i] for i in samples])
            self._expect(outputs, samples, compiled)
        return outputs

    def _expect(self, outputs: Any, samples: list[int], mean: float) -> None:
        """Raise Unsupported where the eager loss of these outputs is not `mean`."""
        eager = float(self.loss(outputs, [self.y[i] for i in samples]))
        near = abs(eager - mean) <= FAR[self.dtype] * max(1.0, abs(eager))
        if abs(eager) < LARGEST[self.dtype] and not near:  # beyond that the first step says what diverges
            raise Unsupported(f"the loss of a batch of {len(samples)} is {eager}, and the mean over its samples {mean}:"
                              " modules of one's own that mix rows, what asks how many there are, weighted means, and"
                              " branches by the type of a number need engine='eager'")

    def _of_all_kinds(self) -> list[int]:
        """A few samples: one of each class, or with targets from the least to the greatest, where odd ones are."""
        order = sorted(range(len(self.y)), key=self.y.__getitem__)
        if self.classes:
            order = list({self.y[i]: i for i in order}.values())
        count = max(5, self.classes)
        return order if len(order) <= count else [order[k * (len(order) - 1) // (count - 1)] for k in range(count)]

    def holds(self, loss: Loss, X: list[list[float]], y: list[Any]) -> bool:
        """Whether data, model and loss are what was compiled, but for the numbers in Values, which are read anew."""
        try:
            with undisturbed(self.model):
                return loss is self.loss and X == self.X and y == self.y and self.trainer.records(self._of_one)
        except Exception:  # it is compiled again, and that says why not
            return False

    def samples(self, parts: Parts) -> Any:
        """The samples of these parts, in their order, with fresh masks."""
        import numpy as np

        rows = self.table[[i for part in parts for i in part]]
        return np.concatenate([rows, self.masks.draw(parts)], axis=1, dtype=rows.dtype) if self.masks.width else rows

    def mean(self, size: int = 256) -> float:
        """The mean loss of all samples, of a model that is in evaluation mode."""
        parts = [self.table[i:i + size] for i in range(0, len(self.table), size)]
        return sum(self.trainer.value_and_grad(part)[0] * len(part) for part in parts) / len(self.table)


def _common_generators() -> bytes:
    """Where the generators that everybody draws from are, Python's and NumPy's."""
    import numpy as np

    return pickle.dumps((random.getstate(), np.random.get_state(legacy=False)))
