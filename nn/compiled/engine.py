"""Training epochs as native code: the engine that `fit(engine="compiled")` runs instead of eager steps."""

import importlib.util
import math
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autograd import Trainer, Value, clamp
from nn import stats
from nn.checkpoint import generators
from nn.compiled.accumulation import Accumulation
from nn.compiled.batchwise import Statistics, Unsupported
from nn.compiled.sample import SampleLoss
from nn.compiled.watched import Watched
from nn.optim import Optimizer
from nn.steps import TOGETHER, Diverged, Parts, epoch, evaluate, report
from nn.utils import clip_grad_norm_, clip_grad_value_
from nn.watching import evaluating

if TYPE_CHECKING:
    from nn.training import Training

__all__ = ["Compiled", "Unsupported", "available", "compiled"]

WORTH = 2.0  # seconds that eager training would take, from which on "auto" compiles
PER_WEIGHT = 1e-6  # seconds that the eager engine needs for one weight and one sample, about
STALE = ("a callback has changed a plain number or the data, and the epochs are compiled again, each time: what is held"
         " in a Value, such as rate = autograd.Value(0.1), changes at no cost")


def available() -> bool:
    """Whether NumPy and llvmlite are here."""
    return all(importlib.util.find_spec(name) is not None for name in ("numpy", "llvmlite"))


def compiled(training: "Training", epochs: int, insist: bool, dtype: str = "float64") -> "Compiled | None":
    """The compiled engine for this training; without `insist`, None where it is not worth it or not possible.

    Single precision is always worth it: the eager engine has none.
    Raises Unsupported with `insist`; without, a RuntimeWarning says why a long training is eager.
    """
    work = len(training.model.parameters()) * len(training.X) * (epochs - training.epoch)
    if not insist and dtype == "float64" and work * PER_WEIGHT < WORTH:
        return None
    try:
        return Compiled(training, dtype, insist)
    except Unsupported as reason:
        if insist:
            raise
        _say(reason, dtype)
        return None


def _say(reason: Unsupported, dtype: str, stacklevel: int = 5) -> None:
    """Warn, at the call of fit, that the eager engine trains."""
    eagerly = "eagerly" if dtype == "float64" else f"eagerly and not in {dtype}"
    warnings.warn(f"training runs {eagerly}, hundreds of times slower than it could: {reason}", RuntimeWarning,
                  stacklevel=stacklevel)


class Compiled:
    """`nn.steps.epoch` for one training, compiled: call it with the training and its steps.

    The numbers are the eager engine's to rounding: sums over samples and weights are added in another order, which
    changes a loss by a few units in the last place, and a training run by as much as it amplifies such a change.
    Dropout's masks are the eager engine's, and so is what BatchNorm1d makes of a batch. With `dtype` "float32" every
    number is rounded to 24 bits instead of 53, the weights and the optimiser's state too.
    Raises Unsupported for what has no native form: modules of one's own that draw random numbers, mix rows or keep
    what they compute, branches on numbers, a loss that is not the plain mean over its samples, an optimiser with a step
    of its own. Where that turns up between epochs, the eager engine goes on, unless the user may `insist`.
    """

    def __init__(self, training: "Training", dtype: str = "float64", insist: bool = True) -> None:
        self.dtype, self.insist, self.told, self.given_up = dtype, insist, False, False
        if not available():
            raise Unsupported("compiling needs NumPy and llvmlite: install stepgrad[compile]")
        self._compile(training)

    def _compile(self, training: "Training") -> None:
        optimizer = training.optimizer
        if getattr(optimizer.step, "__func__", None) is not Optimizer.step or "lr" not in optimizer.defaults:
            raise Unsupported(f"{type(optimizer).__name__} has a step of its own, which only engine='eager' takes")
        self.grouped = grouped(optimizer)
        self.parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.kinds = [alike(group["params"]) for group in optimizer.param_groups]
        self._check_rules(training)
        training.model.train()
        self.loss = SampleLoss(training.model, training.loss, training.X, training.y, self.parameters, self.dtype,
                               training.batch_size or len(training.X), scaled=training.clip_grad_norm is not None)
        self.held_out: SampleLoss | None = None
        self.watched: Watched | None = None
        self.eager: set[str] = set()  # of these two, what has no native form

    def _check_rules(self, training: "Training") -> None:
        for group in self._groups(training):
            try:
                group.recorded()
            except Exception as error:  # an optimiser of one's own may do anything with numbers
                name = type(training.optimizer).__name__
                raise Unsupported(f"the rule of {name} cannot be compiled: {error}") from error

    def __call__(self, training: "Training", steps: Iterable[Parts]) -> float:
        """One pass over the data; see `nn.steps.epoch`."""
        freed = self.grouped != grouped(training.optimizer)  # or frozen, by a callback
        scaled = training.clip_grad_norm is not None
        if not self.given_up and (freed or scaled != self.loss.scaled
                                  or not self._holds(training, self.loss, training.X, training.y)):
            self._compile_again(training)
        if self.given_up:
            return epoch(training, steps)
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

    def _compile_again(self, training: "Training") -> None:
        try:
            self._compile(training)
        except Unsupported as reason:
            if self.insist:
                raise
            _say(reason, self.dtype, stacklevel=6)
            self.given_up = True

    def _holds(self, training: "Training", compiled: SampleLoss, X: list[list[float]], y: list[Any]) -> bool:
        """Whether nothing but the numbers in Values has changed; only code that is not nn's own changes more."""
        others = [x for x in (*training.callbacks, *training.schedules) if not type(x).__module__.startswith("nn.")]
        if not others or compiled.holds(training.loss, X, y):
            return True
        if not self.told:
            warnings.warn(STALE, RuntimeWarning, stacklevel=5)
        self.told = True
        return False

    def _run(self, training: "Training", steps: list[Parts]) -> list[float]:
        """Take the steps, up to the first whose loss or gradient is not finite; the losses of those taken."""
        if training.clip_grad_norm is not None:
            losses = self._shortened(training, steps, training.clip_grad_norm)
        else:
            losses = self._trained(training, steps)
        if training.clip_grad_value is not None:
            clip_grad_value_(self.parameters, training.clip_grad_value)  # as eager steps leave them
        return losses

    def _shortened(self, training: "Training", steps: list[Parts], longest: float) -> list[float]:
        """Each step is computed twice: for the norm of its gradient, and with a loss that is scaled to shorten it."""
        still = [Trainer.group(self.parameters, lambda p, g, state, lr: (p, state), "no step", 0.0, {})]
        taken: list[float] = []
        for parts in steps:
            training.optimizer.zero_grad()
            before, self.loss.factor.data = self.loss.masks.state(), 1.0
            losses = self._natively([parts], still, {}, Statistics())
            norm = clip_grad_norm_(self.parameters, longest)
            self.loss.masks.rewind(before)
            self.loss.factor.data = min(1.0, longest / (norm + 1e-6))
            if not losses or not math.isfinite(norm) or not self._trained(training, [parts]):
                break
            taken += losses
        return taken

    def _trained(self, training: "Training", steps: list[Parts]) -> list[float]:
        states = dict(training.optimizer.state)  # the loop adds those of the running statistics
        losses = self._natively(steps, self._groups(training), states, self.loss.statistics)
        training.optimizer.state.update({p: states[p] for p in self.parameters if p in states})
        return losses

    def _natively(
        self, steps: list[Parts], groups: list[Any], states: dict[Value, dict[str, float]], statistics: Statistics
    ) -> list[float]:
        masks, trainer = self.loss.masks, self.loss.trainer
        before = masks.state()
        accumulation = Accumulation(steps, trainer.joint)
        batches = accumulation.batches
        if masks.width:
            samples = self.loss.samples([part for parts in steps for part in parts])
            places = iter(range(len(samples)))
            rows = [[next(places) for _ in batch] for batch in batches]
        else:
            samples, rows = self.loss.table, batches
        groups = [accumulation.group(group) for group in groups]
        losses, count = trainer.run(samples, rows, groups + statistics.groups(list(map(len, batches))), states)
        statistics.count(count)
        taken = accumulation.leave(losses[:count], states, self.parameters)
        if len(taken) < len(steps) and masks.width:  # the step that is repeated draws its masks again
            masks.rewind(before)
            masks.draw([part for parts in steps[:len(taken)] for part in parts])
        return taken

    def evaluate(self, training: "Training") -> float:
        """`nn.steps.evaluate`, compiled: the mean loss on the held-out data, in evaluation mode."""
        assert training.validation is not None
        model, (X, y) = training.model, training.validation
        model.eval()
        if self.given_up or "held_out" in self.eager:
            return evaluate(model, X, y, training.loss)
        if self.held_out is None or not self._holds(training, self.held_out, X, y):
            try:
                self.held_out = SampleLoss(model, training.loss, X, y, self.parameters, self.dtype, TOGETHER)
            except Unsupported:  # of its targets some may be ignored
                self.eager.add("held_out")
                return evaluate(model, X, y, training.loss)
        return self.held_out.mean()

    def look(self, training: "Training", X: list[list[float]], y: list[Any]) -> stats.Look | None:
        """`nn.stats.look`, compiled; None where it cannot be."""
        model = training.model
        if self.given_up or "watched" in self.eager:
            return None
        if self.watched is None or not self._holds(training, self.watched, X, y):
            try:
                with evaluating(model):
                    self.watched = Watched(model, training.loss, X, y, model.parameters(), self.dtype, len(X))
            except Unsupported:
                self.eager.add("watched")
                return None
        return self.watched.look()

    def _eagerly(self, training: "Training", parts: Parts, number: int) -> float:
        if self.dtype == "float32":  # Python's float64 may hold the step's numbers, but a run has one precision
            rngs = generators(training.model)
            why = "".join(report(training, part, [rng.getstate() for rng in rngs]) for part in parts)
            raise Diverged(f"step {number}: {why or 'a number is beyond those of float32, which end at 3.4e38'}")
        try:
            return epoch(training, [parts])
        except Diverged as error:
            raise Diverged(str(error).replace("step 1:", f"step {number}:", 1)) from None

    def _groups(self, training: "Training") -> list[Any]:
        """The parameters by their rule, with the options of now."""
        optimizer, limit = training.optimizer, training.clip_grad_value
        return [self._group(optimizer, optimizer.options(group, params[0]), params, limit)
                for group, kinds in zip(optimizer.param_groups, self.kinds) for params in kinds]

    def _group(self, optimizer: Any, options: dict[str, Any], params: list[Value], limit: float | None) -> Any:
        fixed = {name: x for name, x in options.items() if name != "lr"}

        def rule(p: Any, g: Any, state: Any, lr: Any) -> Any:
            return optimizer.rule(p, g if limit is None else clamp(g, -limit, limit), state, lr=lr, **fixed)

        start = optimizer.start(params[0].data, **options)
        return Trainer.group(params, rule, (type(optimizer), repr(fixed), limit), float(options["lr"]), start)


def grouped(optimizer: Any) -> list[list[int]]:
    """Which parameters the optimiser has, group by group."""
    return [list(map(id, group["params"])) for group in optimizer.param_groups]


def alike(params: list[Value]) -> list[list[Value]]:
    """Parameters of one kind: no weight decay shrinks an Undecayed one."""
    kinds: dict[type, list[Value]] = {}
    for p in params:
        kinds.setdefault(type(p), []).append(p)
    return list(kinds.values())
