"""One epoch, step by step, as one would write it by hand: the engine that every other one is compared with."""

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from autograd import AnomalyError, detect_anomaly, no_grad
from nn.checkpoint import generators
from nn.inputs import Loss, weigh
from nn.module import Module

if TYPE_CHECKING:
    from nn.training import Training

__all__ = ["TOGETHER", "Diverged", "Parts", "batch_loss", "epoch", "evaluate", "report", "steps"]

Parts = list[list[int]]  # the samples of one step, part by part, as row numbers
TOGETHER = 256  # samples that are evaluated at once


class Diverged(ArithmeticError):
    """The loss or a gradient is nan or inf; the message says where it came from."""


def epoch(training: "Training", steps: Iterable[Parts]) -> float:
    """One pass over the data, a step of the optimiser after every list of parts. Returns the mean loss.

    Another engine replaces this function: it gets the same training and the same steps, and leaves the same numbers in
    the parameters and in the optimiser.
    Raises Diverged when a loss or a gradient is not finite; the parameters are those before that step.
    """
    total = weights = 0.0
    random_numbers = generators(training.model)
    for number, parts in enumerate(steps, start=1):
        sizes = [weigh(training.loss, [training.y[i] for i in part]) for part in parts]
        training.optimizer.zero_grad()
        taken = []
        for part, size in zip(parts, sizes):
            if not size:  # every target in it is ignored
                continue
            taken.append((part, [generator.getstate() for generator in random_numbers]))
            value = batch_loss(training, part)
            if not math.isfinite(value.data):
                raise Diverged(f"step {number}: the loss is {value.data}: {report(training, *taken[-1])}")
            (value * (size / sum(sizes))).backward()
            total += value.data * size
        try:
            training.step()
        except AnomalyError as error:
            found = (report(training, *each) for each in taken)
            raise Diverged(f"step {number}: {next(filter(None, found), error)}") from error
        weights += sum(sizes)
    return total / weights


def batch_loss(training: "Training", part: list[int]) -> Any:
    """The mean loss of some samples, as a Value that can go backward."""
    outputs = training.model([training.X[i] for i in part])
    return training.loss(outputs, [training.y[i] for i in part])


def report(training: "Training", part: list[int], before: list[Any]) -> str:
    """What `detect_anomaly` says when the same samples go through the same model, with the same random numbers."""
    for generator, state in zip(generators(training.model), before, strict=True):
        generator.setstate(state)
    training.optimizer.zero_grad()  # what another part has added may be nan already
    try:
        with detect_anomaly():
            batch_loss(training, part).backward()
    except AnomalyError as error:
        return str(error)
    return ""


def steps(order: list[int], size: int, accumulate: int) -> Iterator[Parts]:
    """Cut an order into parts of `size`, and these into groups of `accumulate`; the last ones may be smaller.

    >>> list(steps([0, 1, 2, 3, 4], size=2, accumulate=2))
    [[[0, 1], [2, 3]], [[4]]]
    """
    parts = [order[i : i + size] for i in range(0, len(order), size)]
    return (parts[i : i + accumulate] for i in range(0, len(parts), accumulate))


def evaluate(model: Module, X: list[list[float]], y: list[Any], loss: Loss, size: int = TOGETHER) -> float:
    """The mean loss on data, in evaluation mode, with nothing recorded."""
    model.eval()
    total = 0.0
    with no_grad():
        for part in (slice(i, i + size) for i in range(0, len(X), size)):
            if counted := weigh(loss, y[part]):
                total += float(loss(model(X[part]), y[part])) * counted
    return total / weigh(loss, y)
