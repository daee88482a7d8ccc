"""Training epochs as native code: the engine that `fit(engine="compiled")` runs instead of eager steps."""

import importlib.util
import random
import warnings
from collections.abc import Iterable
from typing import Any

from autograd import TraceError, Trainer, Value, no_grad
from nn.accumulation import Accumulation
from nn.batchwise import Masks, Statistics, Unsupported, one_for_all, undisturbed
from nn.checkpoint import generators
from nn.optim import Optimizer
from nn.training import Diverged, Parts, Training, epoch, evaluate, report

__all__ = ["Compiled", "Unsupported", "available", "compiled"]

WORTH = 2.0  # seconds that eager training would take, from which on "auto" compiles
PER_WEIGHT = 1e-6  # seconds that the eager engine needs for one weight and one sample, about
FAR = {"float64": 1e-9, "float32": 1e-4}  # a relative difference far above rounding, far below another formula's


def available() -> bool:
    """Whether NumPy and llvmlite are here."""
    return all(importlib.util.find_spec(name) is not None for name in ("numpy", "llvmlite"))


def compiled(training: Training, epochs: int, insist: bool, dtype: str = "float64") -> "Compiled | None":
    """The compiled engine for this training; without `insist`, None where it is not worth it or not possible.

    Single precision is always worth it: the eager engine has none.
    Raises Unsupported with `insist`; without, a RuntimeWarning says why a long training is eager.
    """
    work = len(training.model.parameters()) * len(training.X) * (epochs - training.epoch)
    if not insist and dtype == "float64" and work * PER_WEIGHT < WORTH:
        return None
    try:
        return Compiled(training, dtype)
    except Unsupported as reason:
        if insist:
            raise
        eagerly = "eagerly" if dtype == "float64" else f"eagerly and not in {dtype}"
        warnings.warn(f"training runs {eagerly}, hundreds of times slower than it could: {reason}", RuntimeWarning,
                      stacklevel=4)
        return None


class Compiled:
    """`nn.training.epoch` for one training, compiled: call it with the training and its steps.

    The numbers are the eager engine's to rounding: sums over samples and weights are added in another order, which
    changes a loss by a few units in the last place, and a training run by as much as it amplifies such a change.
    Dropout's masks are the eager engine's, and so is what BatchNorm1d makes of a batch. With `dtype` "float32" every
    number is rounded to 24 bits instead of 53, the weights and the optimiser's state too.
    Raises Unsupported for what has no native form: modules of one's own that draw random numbers or mix rows, a loss
    that is not the mean over its samples, an optimiser with a step of its own.
    """

    def __init__(self, training: Training, dtype: str = "float64") -> None:
        self.dtype = dtype
        self._compile(training)

    def _compile(self, training: Training) -> None:
        model, optimizer = training.model, training.optimizer
        if getattr(optimizer.step, "__func__", None) is not Optimizer.step or "lr" not in optimizer.defaults:
            raise Unsupported(f"{type(optimizer).__name__} has a step of its own, which only engine='eager' takes")
        self.grouped = grouped(optimizer)
        self.parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.kinds = [alike(group["params"]) for group in optimizer.param_groups]
        self.width, self.example = len(training.X[0]), training.y[0]
        self.classes = 0  # how many numbers stand for a class; 0: the target is the number itself
        model.train()
        try:
            self.masks = Masks(model, (training.X * 2)[:2])
            try:
                self.trainer, self.statistics = self._trainer(model, training.loss, self.masks)
            except TraceError:
                if not all(isinstance(target, int) and target >= 0 for target in training.y):
                    raise
                self.classes = 1 + max(training.y)  # the loss wants to know the class, not a number
                self.trainer, self.statistics = self._trainer(model, training.loss, self.masks)
            self.table = self._table(training.X, training.y)
            self._compare(training)
        except (TraceError, ValueError) as error:
            raise Unsupported(f"this model and loss cannot be compiled: {error}") from error
        except ImportError as error:
            raise Unsupported(f"compiling needs NumPy and llvmlite ({error}): install stepgrad[compile]") from error
        self.held_out: tuple[Trainer, Any] | None = None

    def _table(self, X: list[list[float]], y: list[Any]) -> Any:
        return self.trainer.table([[*row, *self._target(target)] for row, target in zip(X, y)])

    def _target(self, y: Any) -> list[float]:
        if self.classes:
            return [1.0 if k == y else 0.0 for k in range(self.classes)]
        return [float(x) for x in y] if isinstance(y, list) else [float(y)]

    def _trainer(self, model: Any, batch_loss: Any, masks: Masks) -> tuple[Trainer, Statistics]:
        """The loss of one sample, compiled; a sample is a row of X, its target, and its masks."""
        statistics, width = Statistics(), self.width + len(self._target(self.example))

        def loss(sample: list[Value]) -> Any:
            row, target = sample[:self.width], sample[self.width:width]
            with one_for_all(model, masks, statistics, sample[width:]):
                outputs = model([row])
                if self.classes:  # each class' loss, times whether it is the sample's
                    found = sum([is_it * batch_loss(outputs, [k]) for k, is_it in enumerate(target)])
                else:
                    found = batch_loss(outputs, [target if isinstance(self.example, list) else target[0]])
            return found, statistics.observed

        before = random.getstate()
        trainer = Trainer(loss, self.parameters, width + masks.width, self.dtype)
        if random.getstate() != before:
            raise Unsupported("this model or loss draws from Python's random numbers in each step")
        return trainer, statistics

    def _compare(self, training: Training) -> None:
        """Raise Unsupported where the eager loss of a few samples is not what was compiled."""
        some = list({str(y): i for i, y in enumerate(training.y)}.values())[:3]  # of different targets
        some += [i for i in range(min(2, len(training.y))) if i not in some]
        with undisturbed(training.model), no_grad():
            eager = float(training.loss(training.model([training.X[i] for i in some]), [training.y[i] for i in some]))
        with undisturbed(training.model):
            compiled, _ = self.trainer.value_and_grad(self._samples([some]))
        if abs(eager - compiled) > FAR[self.dtype] * max(1.0, abs(eager)):
            raise Unsupported(f"the loss of a batch is {eager}, and the mean over its samples {compiled}: modules of"
                              " one's own that mix rows, and weighted means, need engine='eager'")

    def _samples(self, parts: Parts) -> Any:
        """The samples of these parts, in their order, with fresh masks."""
        import numpy as np

        rows = self.table[[i for part in parts for i in part]]
        return np.concatenate([rows, self.masks.draw(parts)], axis=1, dtype=rows.dtype) if self.masks.width else rows

    def __call__(self, training: Training, steps: Iterable[Parts]) -> float:
        """One pass over the data; see `nn.training.epoch`."""
        if self.grouped != grouped(training.optimizer):  # a callback has freed or frozen some
            self._compile(training)
        todo, total, samples, number = list(steps), 0.0, 0, 0
        while todo:
            losses = self._run(training, todo)
            done = len(losses)
            sizes = [sum(map(len, parts)) for parts in todo[:done + 1]]
            total += sum(loss * size for loss, size in zip(losses, sizes))
            if done < len(todo):  # the eager engine repeats the step, and says what went wrong
                total += self._eagerly(training, todo[done], number + done + 1) * sizes[done]
            samples += sum(sizes)
            number += len(sizes)
            todo = todo[done + 1:]
        return total / samples

    def _run(self, training: Training, steps: list[Parts]) -> list[float]:
        """Take the steps, up to the first whose loss or gradient is not finite; the losses of those taken."""
        before = self.masks.state()
        accumulation = Accumulation(steps, self.trainer.joint)
        batches = accumulation.batches
        if self.masks.width:
            samples = self._samples([part for parts in steps for part in parts])
            places = iter(range(len(samples)))
            rows = [[next(places) for _ in batch] for batch in batches]
        else:
            samples, rows = self.table, batches
        state = accumulation.states(training.optimizer.state)
        groups = [accumulation.group(group) for group in self._groups(training.optimizer)]
        losses, count = self.trainer.run(samples, rows, groups + self.statistics.groups(list(map(len, batches))), state)
        self.statistics.count(count)
        taken = accumulation.leave(losses[:count], state, training.optimizer.state)
        if len(taken) < len(steps) and self.masks.width:  # the step that is repeated draws its masks again
            self.masks.rewind(before)
            self.masks.draw([part for parts in steps[:len(taken)] for part in parts])
        return taken

    def evaluate(self, model: Any, X: list[list[float]], y: list[Any], loss: Any, size: int = 256) -> float:
        """`nn.training.evaluate`, compiled: the mean loss on held-out data, in evaluation mode."""
        if self.classes and max(y) >= self.classes:
            return evaluate(model, X, y, loss)  # a class that the training data do not have
        model.eval()
        if self.held_out is None:
            self.held_out = self._trainer(model, loss, Masks(model, (X * 2)[:2]))[0], self._table(X, y)
        trainer, table = self.held_out
        parts = [table[i:i + size] for i in range(0, len(table), size)]
        return sum(trainer.value_and_grad(part)[0] * len(part) for part in parts) / len(table)

    def _eagerly(self, training: Training, parts: Parts, number: int) -> float:
        if self.dtype == "float32":  # Python's float64 may hold the step's numbers, but a run has one precision
            training.optimizer.zero_grad()
            rngs = generators(training.model)
            why = "".join(report(training, part, [rng.getstate() for rng in rngs]) for part in parts)
            raise Diverged(f"step {number}: {why or 'a number is beyond those of float32, which end at 3.4e38'}")
        try:
            return epoch(training, [parts])
        except Diverged as error:
            raise Diverged(str(error).replace("step 1:", f"step {number}:", 1)) from None

    def _groups(self, optimizer: Any) -> list[Any]:
        """The parameters by their rule, with the options of now."""
        return [self._group(optimizer, optimizer.options(group, params[0]), params)
                for group, kinds in zip(optimizer.param_groups, self.kinds) for params in kinds]

    def _group(self, optimizer: Any, options: dict[str, Any], params: list[Value]) -> Any:
        fixed = {name: x for name, x in options.items() if name != "lr"}
        rule = lambda p, g, state, lr: optimizer.rule(p, g, state, lr=lr, **fixed)
        start = optimizer.start(params[0].data, **options)
        return Trainer.group(params, rule, (type(optimizer), repr(fixed)), float(options["lr"]), start)


def grouped(optimizer: Any) -> list[list[int]]:
    """Which parameters the optimiser has, group by group."""
    return [list(map(id, group["params"])) for group in optimizer.param_groups]


def alike(params: list[Value]) -> list[list[Value]]:
    """Parameters of one kind: no weight decay shrinks an Undecayed one."""
    kinds: dict[type, list[Value]] = {}
    for p in params:
        kinds.setdefault(type(p), []).append(p)
    return list(kinds.values())
