"""Predictor: a trained model together with what its numbers mean: columns, units, classes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd import compile, no_grad
from nn import functional as F
from nn.columns import Column, encode
from nn.compiled import available
from nn.dataset import Dataset, picture_size
from nn.module import Module
from nn.saving import load_with_notes, save
from nn.table import Table
from nn.tensorfile import refusing

__all__ = ["Judged", "Predictor", "Scale"]

WORTH_COMPILING = 100  # rows: recording a model takes as long as asking it so often, at most


@dataclass(frozen=True)
class Scale:
    """Standardisation of one column: (x - mean) / deviation, so that all columns weigh alike.

    >>> scale = Scale.of([1.0, 3.0])
    >>> scale, scale(3.0), scale.back(1.0)
    (Scale(mean=2.0, deviation=1.0), 1.0, 3.0)
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Scale":
        """From the training data: their mean and standard deviation (1 for a constant column)."""
        mean = math.fsum(numbers) / len(numbers)
        deviation = math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers))  # no square of 1e-300 is 0
        return cls(mean, deviation or 1.0)

    def __call__(self, x: float) -> float:
        return (x - self.mean) / self.deviation

    def back(self, x: float) -> float:
        """What stood there before."""
        return x * self.deviation + self.mean


@dataclass(frozen=True)
class Judged:
    """What a model says about samples whose labels are known.

    Row by row: `outputs`, the probability of each class or the predicted number; `predicted`, the most probable class,
    or that number; `losses`, the cross-entropy, or the squared error of the standardised number. Of all rows: `scores`
    by name; of classes `loss`, `right` and `accuracy`; of numbers `root mean squared error` and `mean absolute error`,
    in the target's unit, and `R²`, the share of its variance that is explained.
    """

    outputs: list[Any]
    predicted: list[Any]
    losses: list[float]
    scores: dict[str, float]


@dataclass
class Predictor:
    """A model, and how to get from a row of a table to an answer.

    `columns` are those of the table, and `scales` has one entry per feature that they become; `class_names` is empty
    for a regression, whose numbers `target_scale` scales. `notes` is what else a file keeps with the model.
    """

    model: Module
    columns: list[Column]
    scales: list[Scale]
    target: str
    class_names: list[str]
    target_scale: Scale
    notes: dict[str, Any]

    @classmethod
    def of(cls, model: Module, train: Dataset) -> "Predictor":
        """A model that is to learn from `train`, standardised by it: each column, or an image's pixels together."""
        if picture_size(train.feature_names) is not None:  # else a rare spot in a corner would weigh most
            scales = [Scale.of([x for row in train.features for x in row])] * len(train.feature_names)
        else:
            scales = [Scale.of(column) for column in zip(*train.features, strict=True)]
        target_scale = Scale(0.0, 1.0) if train.class_names else Scale.of(train.labels)
        columns = train.columns or [Column(name) for name in train.feature_names]
        return cls(model, columns, scales, train.target, train.class_names, target_scale, {})

    @property
    def feature_names(self) -> list[str]:
        """What the model's inputs are called: a category is one input per text."""
        return [name for column in self.columns for name in column.features]

    def features(self, table: Table) -> list[list[float]]:
        """The inputs in a table, before standardisation. Raises DataError for a column or a text that is not known."""
        return encode(self.columns, table)

    def inputs(self, features: Sequence[Sequence[float]]) -> list[list[float]]:
        """Rows of a table, as the model takes them."""
        return [[scale(x) for scale, x in zip(self.scales, row, strict=True)] for row in features]

    def targets(self, labels: Sequence[Any]) -> list[Any]:
        """Labels, as the model's loss takes them."""
        return list(labels) if self.class_names else [self.target_scale(label) for label in labels]

    def outputs(self, features: Sequence[Sequence[float]]) -> list[Any]:
        """Per row the probability of each class, or the predicted number."""
        return self._read(self._answers(features))

    def predict(self, features: Sequence[Sequence[float]]) -> list[Any]:
        """Per row the most probable class, as an index, or the predicted number."""
        return self._chosen(self.outputs(features))

    def judged(self, data: Dataset) -> "Judged":
        """What the model says about samples whose labels are known, and how far off it is."""
        answers = self._answers(data.features)
        outputs, loss = self._read(answers), F.cross_entropy if self.class_names else F.mse_loss
        with no_grad():
            losses = [float(loss(y, target)) for y, target in zip(answers, self.targets(data.labels), strict=True)]
        predicted = self._chosen(outputs)
        return Judged(outputs, predicted, losses, self._scores(data.labels, predicted, losses))

    def _answers(self, features: Sequence[Sequence[float]]) -> list[Any]:
        """What the model itself says, row by row."""
        model = self.model.eval()
        answer = compile(model) if len(features) >= WORTH_COMPILING and available() else model
        with no_grad():
            return [answer(row) for row in self.inputs(features)]

    def _read(self, answers: list[Any]) -> list[Any]:
        """What the model's answers mean: probabilities, or numbers in the target's unit."""
        if self.class_names:
            return [[float(p) for p in F.softmax(row)] for row in answers]
        return [self.target_scale.back(float(y)) for y in answers]

    def _chosen(self, outputs: list[Any]) -> list[Any]:
        return [max(range(len(p)), key=p.__getitem__) for p in outputs] if self.class_names else outputs

    def _scores(self, labels: list[Any], predicted: list[Any], losses: list[float]) -> dict[str, float]:
        loss = math.fsum(losses) / len(losses)
        if self.class_names:
            right = sum(a == b for a, b in zip(predicted, labels, strict=True))
            return {"loss": loss, "right": right, "accuracy": right / len(labels)}
        errors = [a - b for a, b in zip(predicted, labels, strict=True)]
        mean = math.fsum(labels) / len(labels)
        spread = math.hypot(*(y - mean for y in labels))
        return {self.measure: self.measured(loss), "mean absolute error": math.fsum(map(abs, errors)) / len(errors),
                "R²": 1.0 - (math.hypot(*errors) / spread) ** 2 if spread else math.nan}

    @property
    def measure(self) -> str:
        """What people are told of a loss: of a regression its root, in the target's unit."""
        return "loss" if self.class_names else "root mean squared error"

    def measured(self, loss: float) -> float:
        """A mean loss, as it is told."""
        return loss if self.class_names else math.sqrt(loss) * self.target_scale.deviation

    def save(self, path: str | Path) -> None:
        """Write all of it to one safetensors file."""
        columns = [{"name": column.name, "values": list(column.values)} for column in self.columns]
        save(self.model, path, columns=columns, target=self.target, classes=self.class_names,
             standardise=[[scale.mean, scale.deviation] for scale in self.scales],
             standardise_target=[self.target_scale.mean, self.target_scale.deviation], **self.notes)

    @classmethod
    def load(cls, path: str | Path) -> "Predictor":
        """Read a file of `save`, or the folder it lies in. Raises FileError, which names it, for anything else."""
        path = Path(path)
        if path.is_dir():
            path = path / "model.safetensors"
        model, notes = load_with_notes(path)
        with refusing(path, "was not written by `python -m nn train`"):
            columns = [Column(column["name"], tuple(column["values"])) for column in notes.pop("columns")]
            return cls(model, columns, [Scale(*map(float, pair)) for pair in notes.pop("standardise")],
                       notes.pop("target"), notes.pop("classes"), Scale(*notes.pop("standardise_target")), notes)
