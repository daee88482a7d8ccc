"""fit: train a model on data, epoch by epoch, and keep the history."""

import contextlib
import math
import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nn import checks, optim, utils
from nn.checkpoint import Checkpoint, Shuffle, described, fingerprint
from nn.engine import Engine
from nn.history import History
from nn.inputs import Loss, prepare, weigh
from nn.module import Module
from nn.steps import Diverged, Parts, epoch, evaluate, steps

__all__ = ["fit", "Training"]

FORGETFUL = ("this run draws from Python's random module, whose state no checkpoint keeps: resumed, it would go on "
             "with other numbers; give what draws a random.Random of its own")


@dataclass
class Training:
    """A run in progress, as callbacks see it. `stop("why")` ends it after this epoch.

    `X` and `y` are the data as lists, `epoch` how many have ended, `history` what was recorded so far.

    >>> import nn
    >>> def enough(training):
    ...     if training.epoch == 2:
    ...         training.stop("seen enough")
    >>> history = nn.fit(nn.Linear(1, 1, seed=0), [[0.0], [1.0]], [1.0, 3.0], callbacks=enough, progress=False)
    >>> len(history), history.stopped
    (2, 'seen enough')
    """

    model: Module
    loss: Loss
    optimizer: Any
    X: list[list[float]]
    y: list[Any]
    validation: tuple[list[list[float]], list[Any]] | None = None
    schedules: list[Any] = field(default_factory=list)
    callbacks: list[Any] = field(default_factory=list)
    clip_grad_norm: float | None = None
    clip_grad_value: float | None = None
    history: History = field(default_factory=History)
    epoch: int = 0  # how many have ended
    compiled: Any = None  # the engine of native code, where one runs the epochs
    batch_size: int | None = None  # the samples of a part, None: all

    def stop(self, reason: str) -> None:
        """End the run after this epoch."""
        self.history.stopped = reason

    def step(self) -> None:
        """Clip the gradients, if that is wanted, and let the optimiser step. Raises AnomalyError: see Optimizer."""
        params = [p for group in self.optimizer.param_groups for p in group["params"]]
        if self.clip_grad_norm or self.clip_grad_value:
            utils.clip_grad_norm_(params, self.clip_grad_norm or math.inf, error_if_nonfinite=True)
        if self.clip_grad_value:
            utils.clip_grad_value_(params, self.clip_grad_value)
        self.optimizer.step()

    def notify(self, event: str) -> None:
        """Tell the callbacks that have a method for it that the run starts or ends."""
        for callback in self.callbacks:
            if hasattr(callback, event):
                getattr(callback, event)(self)


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
    clip_grad_norm: float | None = None,
    clip_grad_value: float | None = None,
    callbacks: Iterable[Callable[[Training], None]] | Callable[[Training], None] = (),
    seed: int = 0,
    progress: bool = True,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    engine: str = "auto",
    dtype: str = "float64",
) -> History:
    """Train `model` until it predicts `y` from `X`, and return what happened, epoch by epoch.

    The model is left in evaluation mode.

    Arguments: `X`, n rows of d numbers, and `y`, n targets, as lists, NumPy arrays or anything with `__array__`;
    `loss(outputs, targets)`, a mean over samples (None: see `nn.inputs.default_loss`), which `functools.partial` may
    give options, class weights among them;
    `optimizer`, one of nn.optim's over the model's parameters (None: Adam with lr 0.01);
    `epochs`, passes over the data; `batch_size`, the samples of a part (None: all); `accumulate`, the parts of a step:
    their gradients add up, each weighted by its size, to the gradient of all their samples;
    `validation`, a pair (X, y) whose loss is recorded after every epoch;
    `schedule`, one of nn.optim.lr_scheduler, or a list of them, stepped after every epoch;
    `clip_grad_norm`, the Euclidean norm that the gradient of a step may have: a longer one is shortened to it;
    `clip_grad_value`, the size that each of its numbers may have (see nn.utils; None: any);
    `callbacks`, called with the Training after every epoch, such as `EarlyStopping`; those with methods `start` and
    `end` are told of these too;
    `seed`, of the order of the samples, from a generator of fit's own; `progress`, a bar on a terminal;
    `checkpoint`, a file written after every epoch; with `resume=True` a run continues from it, to the last bit as if
    it had never stopped, where the file is there; ValueError where the model, the loss, the optimiser, the schedule,
    the data or the order of the samples are not those it was written with;
    `engine`, "eager" for steps in Python, "compiled" for epochs in native code (the same numbers to rounding; needs
    NumPy and llvmlite), "auto" for the second where it can and is worth it; if a run that is worth it cannot, a warning
    says why: class weights and an `ignore_index` among the targets, branches on numbers or on the size of a batch,
    modules that mix rows or keep what they compute in attributes, and random numbers other than Dropout's are for the
    eager engine;
    `dtype`, "float64", or "float32" for native code in single precision, which has room for numbers up to 3.4e38 and
    seven digits of each: the weights' and the optimiser's too.

    Raises ValueError or TypeError, before any work, for data that do not fit together, the model or the loss, and for a
    target that the loss refuses; nn.Unsupported, a TypeError that says why, for what engine="compiled" cannot do, which
    may turn up between epochs; FileError where the checkpoint would replace a file that is none. A loss or gradient
    that is nan or inf ends the run with a RuntimeWarning before the weights take harm: `history.stopped` says which
    operation made it. A validation loss that is nan or inf ends it too, after its epoch.

    >>> import nn
    >>> from nn.data import xor
    >>> data = xor(40, seed=1)
    >>> model = nn.MLP(2, [8, 2], activation="tanh", seed=1)
    >>> history = nn.fit(model, data.features, data.labels, epochs=60, batch_size=8, progress=False)
    >>> history.loss[0] > 0.5, history.loss[-1] < 0.1
    (True, True)
    """
    checks.counts(epochs=epochs, batch_size=1 if batch_size is None else batch_size, accumulate=accumulate)
    checks.limits(clip_grad_norm=clip_grad_norm, clip_grad_value=clip_grad_value)
    checks.module(model)
    checks.loss_function(loss)
    checks.pair(validation)
    checks.checkpoint_file(checkpoint, resume)
    rows, targets, loss = prepare(model, X, y, loss)
    held_out = prepare(model, *validation, loss, "validation ")[:2] if validation is not None else None
    optimizer = optim.Adam(model.parameters(), lr=0.01) if optimizer is None else optimizer
    checks.optimizer_of(model, optimizer)
    if checkpoint is not None:
        checks.kept(model, optimizer)
    training = Training(model, loss, optimizer, rows, targets, held_out, checks.schedules_of(optimizer, schedule),
                        checks.callback_list(callbacks), clip_grad_norm, clip_grad_value, batch_size=batch_size)
    size = min(batch_size or len(rows), len(rows))
    checks.batches_of(model, len(rows), size)
    order, runs = Shuffle(len(rows), seed), Engine(engine, dtype)
    saved = _checkpoint(training, {"order": order, "engine": runs}, batch_size=size, accumulate=accumulate, seed=seed,
                        dtype=dtype)
    if checkpoint is not None and resume and Path(checkpoint).exists():
        saved.load(checkpoint)
        training.epoch = len(training.history)
    training.compiled = runs.choose(training, epochs)
    before = random.getstate()

    training.notify("start")
    with _bar(training, epochs, progress) as show:
        while training.epoch < epochs and not training.history.stopped:
            try:
                row = _one_epoch(training, steps(order(), size, accumulate))
            except Diverged as report:
                training.stop(f"epoch {training.epoch + 1}: {report}")
                warnings.warn(f"training stopped in {training.history.stopped}", RuntimeWarning, stacklevel=2)
                break
            if not math.isfinite(row.get("validation_loss", 0.0)):
                training.stop(f"epoch {training.epoch}: the validation loss is {row['validation_loss']}")
                warnings.warn(f"training stopped in {training.history.stopped}", RuntimeWarning, stacklevel=2)
            if checkpoint is not None:
                saved.save(checkpoint)
                if random.getstate() != before:
                    warnings.warn(FORGETFUL, RuntimeWarning, stacklevel=2)
                    before = random.getstate()
            show(row)
    training.notify("end")
    model.eval()
    return training.history


def _checkpoint(training: Training, inside: dict[str, Any], **facts: Any) -> Checkpoint:
    """What of the run a checkpoint holds, and what a resumed run must have in common with it."""
    model, optimizer = training.model, training.optimizer
    parts = {"optimizer": optimizer, "history": training.history, **inside,
             **{f"schedule {i}": x for i, x in enumerate(training.schedules)},
             **{f"callback {i} ({type(x).__name__})": x for i, x in enumerate(training.callbacks)
                if hasattr(x, "state_dict")}}
    facts_now = {
        "model": "; ".join(line.strip() for line in repr(model).splitlines()), "loss": described(training.loss),
        **_groups(optimizer, model),
        "schedule": ", ".join(map(described, training.schedules)),
        "clip_grad_norm": training.clip_grad_norm, "clip_grad_value": training.clip_grad_value,
        "data": f"{len(training.X)} rows, fingerprint {fingerprint(training.X, training.y)}",
        "validation": fingerprint(training.validation), **facts, "parts": list(parts),
    }
    few = [i for i, y in enumerate(training.y) if weigh(training.loss, [y])][:4]
    X, y = [training.X[i] for i in few], [training.y[i] for i in few]
    return Checkpoint(model, parts, facts_now, lambda: evaluate(model, X, y, training.loss))


def _groups(optimizer: Any, model: Module) -> dict[str, str]:
    """The optimiser's options, and which parameters it has in which order, but for the rates that a schedule sets."""
    index = {p: i for i, p in enumerate(model.parameters())}
    groups = [{**group, "params": fingerprint([index.get(p) for p in group["params"]]), "lr": None, "initial_lr": None}
              for group in optimizer.param_groups]
    options = ", ".join(f"{name}={x!r}" for name, x in optimizer.defaults.items())
    return {"optimizer": f"{type(optimizer).__name__}({options})", "groups of parameters": repr(groups)}


def _one_epoch(training: Training, steps: Iterable[Parts]) -> dict[str, Any]:
    """Train for an epoch and do all that follows one. Returns its row of the history."""
    compiled = training.compiled
    training.model.train()
    rate = training.optimizer.param_groups[0]["lr"]
    row = {"epoch": training.epoch + 1, "loss": (compiled or epoch)(training, steps), "lr": rate}
    training.epoch += 1
    if training.validation is not None:
        row["validation_loss"] = compiled.evaluate(training) if compiled else evaluate(
            training.model, *training.validation, training.loss)
    training.history.append(**row)
    for schedule in training.schedules:
        if isinstance(schedule, optim.lr_scheduler.ReduceLROnPlateau):
            schedule.step(row.get("validation_loss", row["loss"]))
        else:
            schedule.step()
    for callback in training.callbacks:
        callback(training)
    return row


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
