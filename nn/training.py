"""fit: train a model on data, epoch by epoch, and keep the history."""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd import AnomalyError, detect_anomaly, no_grad
from nn import functional as F
from nn import optim
from nn.checkpoint import Shuffle, fingerprint, generators, load_checkpoint, save_checkpoint
from nn.history import History
from nn.inputs import as_classes, as_rows, as_targets
from nn.module import Module

__all__ = ["fit", "Training", "epoch", "evaluate", "default_loss"]

Loss = Callable[[Any, Any], Any]
Parts = list[list[int]]  # the samples of one step, part by part, as row numbers


@dataclass
class Training:
    """A run in progress, as callbacks see it. `stop("why")` ends it after this epoch."""

    model: Module
    loss: Loss
    optimizer: Any
    X: list[list[float]]
    y: list[Any]
    history: History = field(default_factory=History)
    epoch: int = 0  # how many have ended

    def stop(self, reason: str) -> None:
        """End the run after this epoch."""
        self.history.stopped = reason


class Diverged(ArithmeticError):
    """The loss or a gradient is nan or inf; the message says where it came from."""


def fit(
    model: Module,
    X: Any,
    y: Any,
    *,
    loss: Loss | None = None,
    optimizer: Any = None,
    epochs: int = 100,
    batch_size: int | None = 32,
    accumulate: int = 1,
    validation: tuple[Any, Any] | None = None,
    schedule: Any = None,
    callbacks: Iterable[Callable[[Training], None]] = (),
    seed: int = 0,
    progress: bool = True,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> History:
    """Train `model` until it predicts `y` from `X`, and return what happened, epoch by epoch.

    Arguments: `X`, n rows of d numbers, and `y`, n targets, as lists, NumPy arrays or anything with `__array__`;
    `loss(outputs, targets)`, a mean over samples (None: see `default_loss`);
    `optimizer`, one of nn.optim's over the model's parameters (None: Adam with lr 0.01);
    `epochs`, passes over the data; `batch_size`, the samples of a part (None: all); `accumulate`, the parts of a step:
    their gradients add up, each weighted by its size, to the gradient of all their samples;
    `validation`, a pair (X, y) whose loss is recorded after every epoch;
    `schedule`, a learning-rate schedule of nn.optim, stepped after every epoch;
    `callbacks`, called with the Training after every epoch, such as `EarlyStopping`;
    `seed`, of the order of the samples, from a generator of fit's own; `progress`, a bar on a terminal;
    `checkpoint`, a file written after every epoch; with `resume=True` a run continues from it, to the last bit as if
    it had never stopped, where the file is there.

    Raises ValueError or TypeError, before any work, for data that do not fit together, the model or the loss. A loss
    or gradient that is nan or inf ends the run with a RuntimeWarning before the weights take harm: `history.stopped`
    says which operation made it.

    >>> import nn
    >>> from nn.data import xor
    >>> data = xor(40, seed=1)
    >>> model = nn.MLP(2, [8, 2], activation="tanh", seed=1)
    >>> history = nn.fit(model, data.features, data.labels, epochs=60, batch_size=8, progress=False)
    >>> history.loss[0] > 0.5, history.loss[-1] < 0.1
    (True, True)
    """
    for name, number in ("epochs", epochs), ("batch_size", batch_size or 1), ("accumulate", accumulate):
        if not isinstance(number, int) or number < 1:
            raise ValueError(f"{name} is a whole number of at least 1, got {number!r}")
    if resume and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=, the file to continue from")
    rows, targets, loss = prepare(model, X, y, loss)
    held_out = prepare(model, *validation, loss, "validation ") if validation is not None else None
    training = Training(model, loss, optimizer or optim.Adam(model.parameters(), lr=0.01), rows, targets)
    size = min(batch_size or len(rows), len(rows))
    shuffle = Shuffle(len(rows), seed)
    callbacks = list(callbacks)

    parts: dict[str, Any] = {"optimizer": training.optimizer, "history": training.history, "shuffle": shuffle}
    if schedule is not None:
        parts["schedule"] = schedule
    parts |= {f"callback {i}": x for i, x in enumerate(callbacks) if hasattr(x, "state_dict")}
    facts = {"data": fingerprint(rows, targets, held_out and held_out[:2]), "batch_size": size,
             "accumulate": accumulate, "seed": seed, "parts": list(parts)}
    if checkpoint is not None and resume and Path(checkpoint).exists():
        load_checkpoint(checkpoint, model, parts, facts)
        training.epoch = len(training.history)

    with _bar(training, epochs, progress) as show:
        while training.epoch < epochs and not training.history.stopped:
            model.train()
            try:
                train_loss = epoch(training, list(steps(shuffle(), size, accumulate)))
            except Diverged as report:
                training.stop(f"epoch {training.epoch + 1}: {report}")
                warnings.warn(f"training stopped in {training.history.stopped}", RuntimeWarning, stacklevel=2)
                break
            training.epoch += 1
            row = {"epoch": training.epoch, "loss": train_loss, "lr": training.optimizer.param_groups[0]["lr"]}
            if held_out is not None:
                row["validation_loss"] = evaluate(model, held_out[0], held_out[1], loss)
            training.history.append(**row)
            if schedule is not None:
                schedule.step()
            for callback in callbacks:
                callback(training)
            if checkpoint is not None:
                save_checkpoint(checkpoint, model, parts, facts)
            show(row)
    for callback in callbacks:
        getattr(callback, "end", lambda training: None)(training)
    model.eval()
    return training.history


@contextlib.contextmanager
def _bar(training: Training, epochs: int, progress: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A progress bar on a terminal, and the function that moves it on by an epoch."""
    if not progress:
        yield lambda row: None
        return
    from tqdm import tqdm

    with tqdm(total=epochs, initial=training.epoch, unit="epoch", disable=None, dynamic_ncols=True) as bar:
        def show(row: dict[str, Any]) -> None:
            bar.set_postfix({name.replace("_", " "): f"{row[name]:.4f}" for name in row if "loss" in name})
            bar.update()

        yield show


# ------------------------------------------------------------------------------------------- one epoch, one step


def epoch(training: Training, steps: Iterable[Parts]) -> float:
    """One pass over the data, a step of the optimiser after every list of parts. Returns the mean loss.

    Another engine replaces this function: it gets the same training and the same steps, and leaves the same numbers in
    the parameters and in the optimiser.
    Raises Diverged when a loss or a gradient is not finite; the parameters are those before that step.
    """
    total, samples = 0.0, 0
    random_numbers = generators(training.model)
    for number, parts in enumerate(steps, start=1):
        size = sum(map(len, parts))
        training.optimizer.zero_grad()
        for part in parts:
            before = [generator.getstate() for generator in random_numbers]
            value = batch_loss(training, part)
            if not math.isfinite(value.data):
                raise Diverged(f"step {number}: the loss is {value.data}: {report(training, part, before)}")
            (value * (len(part) / size)).backward()
            total += value.data * len(part)
        try:
            training.optimizer.step()
        except AnomalyError as error:
            raise Diverged(f"step {number}: {report(training, part, before) or error}") from error
        samples += size
    return total / samples


def batch_loss(training: Training, part: list[int]) -> Any:
    """The mean loss of some samples, as a Value that can go backward."""
    outputs = training.model([training.X[i] for i in part])
    return training.loss(outputs, [training.y[i] for i in part])


def report(training: Training, part: list[int], before: list[Any]) -> str:
    """What `detect_anomaly` says when the same samples go through the same model, with the same random numbers."""
    for generator, state in zip(generators(training.model), before, strict=True):
        generator.setstate(state)
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


def evaluate(model: Module, X: list[list[float]], y: list[Any], loss: Loss, size: int = 256) -> float:
    """The mean loss on data, in evaluation mode, with nothing recorded."""
    model.eval()
    total = 0.0
    with no_grad():
        for part in (range(i, min(i + size, len(X))) for i in range(0, len(X), size)):
            total += float(loss(model([X[i] for i in part]), [y[i] for i in part])) * len(part)
    return total / len(X)


# ----------------------------------------------------------------------------------------------- before any work


def prepare(model: Module, X: Any, y: Any, loss: Loss | None, name: str = "") -> tuple[Any, Any, Loss]:
    """Data as lists, checked against each other, the model and the loss; and the loss."""
    rows = as_rows(X, f"{name}X")
    targets = as_targets(y, len(rows), f"{name}y")
    mode = model.training
    with no_grad():  # the model itself says whether a row has the right width
        (outputs,) = model.eval()([rows[0]])
    model.train(mode)
    width = len(outputs) if isinstance(outputs, list | tuple) else 1
    loss = loss or default_loss(targets, width)
    if getattr(loss, "func", loss) in (F.cross_entropy, F.nll_loss):
        return rows, as_classes(targets, width, f"{name}y"), loss
    have = len(targets[0]) if isinstance(targets[0], list) else 1
    if have != width and loss in _ELEMENTWISE:
        raise ValueError(f"the model gives {width} outputs a row, and {name}y has {have}: "
                         "they have to match for this loss")
    if width == 1 and isinstance(targets[0], list):
        targets = [target[0] for target in targets]
    return rows, targets, loss


_ELEMENTWISE: tuple[Any, ...] = (
    F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.hinge_loss, F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits,
)


def default_loss(targets: list[Any], outputs: int) -> Loss:
    """What fits the targets: whole numbers are classes (cross-entropy from logits), all else is a regression (MSE).

    >>> default_loss([0, 2, 1], outputs=3).__name__, default_loss([0.5, 1.0], outputs=1).__name__
    ('cross_entropy', 'mse_loss')
    """
    if not all(isinstance(target, int) for target in targets):
        return F.mse_loss
    if outputs > 1:
        return F.cross_entropy
    return F.binary_cross_entropy_with_logits if set(targets) <= {0, 1} else F.mse_loss
