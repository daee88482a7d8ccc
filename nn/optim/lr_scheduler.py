"""Schedules: how the learning rate changes from epoch to epoch, under PyTorch's names.

Call `step()` after every epoch. A schedule changes the rates that the optimiser has, so two of them multiply, as
PyTorch's do: a warm-up and a decay may run side by side, `nn.fit(..., schedule=[warm_up, decay])`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nn.optim.optimizer import Optimizer


class LRScheduler:
    """What all schedules share. A subclass says how one rate changes when `last_epoch` has become what it is."""

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} schedules an optimiser of nn.optim, not {type(optimizer).__name__}")
        self.optimizer = optimizer
        self.last_epoch = 0
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])

    def next_rate(self, lr: float, initial_lr: float) -> float:
        """The rate that follows `lr`; `initial_lr` was the rate before any schedule."""
        raise NotImplementedError(f"{type(self).__name__} needs a method next_rate(self, lr, initial_lr)")

    def step(self) -> None:
        """Another epoch is over: change the learning rate of every group."""
        self.last_epoch += 1
        for group in self.optimizer.param_groups:
            group["lr"] = self.next_rate(group["lr"], group["initial_lr"])

    def get_last_lr(self) -> list[float]:
        """The rate of every group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands; the rates themselves are in the optimiser's state."""
        return {name: x for name, x in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`. Raises ValueError when it is another schedule's."""
        mine = self.state_dict()
        if set(state) != set(mine):
            raise ValueError(f"this state has {', '.join(sorted(state))}; {type(self).__name__} has "
                             f"{', '.join(sorted(mine))}")
        vars(self).update(state)


class StepLR(LRScheduler):
    """Multiplies the rate by `gamma` every `step_size` epochs.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> schedule = StepLR(SGD([Value(1.0)], lr=0.5), step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.125]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        self.step_size, self.gamma = _positive("step_size", step_size), gamma

    def next_rate(self, lr: float, initial_lr: float) -> float:
        return lr * self.gamma if self.last_epoch % self.step_size == 0 else lr


class ExponentialLR(LRScheduler):
    """Multiplies the rate by `gamma` every epoch.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> schedule = ExponentialLR(SGD([Value(1.0)], lr=0.5), gamma=0.9)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> [round(lr, 6) for lr in schedule.get_last_lr()]
    [0.405]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        super().__init__(optimizer)
        self.gamma = gamma

    def next_rate(self, lr: float, initial_lr: float) -> float:
        return lr * self.gamma


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate down to `eta_min` in `T_max` epochs, and up again after those.

    lr_t = eta_min + (lr_0 - eta_min)(1 + cos(pi t / T_max)) / 2.
    Source: I. Loshchilov, F. Hutter, ICLR 2017, without the restarts. Raises ValueError for a T_max below 1.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> schedule = CosineAnnealingLR(SGD([Value(1.0)], lr=0.5), T_max=10)
    >>> for _ in range(5):
    ...     schedule.step()
    >>> [round(lr, 6) for lr in schedule.get_last_lr()]
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        super().__init__(optimizer)
        self.T_max, self.eta_min = _positive("T_max", T_max), eta_min

    def next_rate(self, lr: float, initial_lr: float) -> float:
        now = self._height(self.last_epoch)
        if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max:  # from the bottom, where a ratio says nothing
            return lr + (initial_lr - self.eta_min) * now
        return self.eta_min + (lr - self.eta_min) * now / self._height(self.last_epoch - 1)

    def _height(self, epoch: int) -> float:
        return 0.5 * (1.0 + math.cos(math.pi * epoch / self.T_max))


class LinearLR(LRScheduler):
    """A warm-up: from `start_factor` times the rate to `end_factor` times the rate in `total_iters` equal steps.

    The first factor is applied at once. Raises ValueError for a start_factor outside (0, 1] or an end_factor outside
    [0, 1].

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> schedule = LinearLR(SGD([Value(1.0)], lr=0.5), start_factor=0.5, total_iters=5)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> [round(lr, 6) for lr in schedule.get_last_lr()]
    [0.35]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        super().__init__(optimizer)
        if not (0.0 < start_factor <= 1.0 and 0.0 <= end_factor <= 1.0):
            raise ValueError("LinearLR needs 0 < start_factor <= 1 and 0 <= end_factor <= 1, "
                             f"got {start_factor} and {end_factor}")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = _positive("total_iters", total_iters)
        for group in optimizer.param_groups:
            group["lr"] *= start_factor

    def next_rate(self, lr: float, initial_lr: float) -> float:
        if self.last_epoch > self.total_iters:
            return lr
        return lr * self._factor(self.last_epoch) / self._factor(self.last_epoch - 1)

    def _factor(self, epoch: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * epoch / self.total_iters


class ReduceLROnPlateau:
    """Multiplies the rate by `factor` when a metric has not become better for more than `patience` epochs.

    Arguments: `mode` "min" or "max" says what better is; a change counts when it exceeds `threshold`, a share of the
    best ("rel") or a number ("abs"); after a reduction, `cooldown` epochs are not counted; no rate falls below
    `min_lr` (a number, or one for each group of parameters), and a change smaller than `eps` is not made. `step` takes
    the metric.
    Raises ValueError for a factor of 1 or more, for another mode, and for another number of `min_lr` than of groups.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> schedule = ReduceLROnPlateau(SGD([Value(1.0)], lr=0.5), patience=2)
    >>> for _ in range(4):
    ...     schedule.step(0.7)
    >>> [round(lr, 6) for lr in schedule.get_last_lr()]
    [0.05]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1.0:
            raise ValueError(f"ReduceLROnPlateau needs a factor below 1, got {factor}")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError("ReduceLROnPlateau needs mode 'min' or 'max' and threshold_mode 'rel' or 'abs', "
                             f"got {mode!r} and {threshold_mode!r}")
        if isinstance(min_lr, Sequence) and len(min_lr) != len(optimizer.param_groups):
            raise ValueError("ReduceLROnPlateau needs one min_lr, or one for each group: "
                             f"got {len(min_lr)} for {len(optimizer.param_groups)} groups")
        self.optimizer = optimizer
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.min_lr, self.eps = threshold, threshold_mode, min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics: Any) -> None:
        """Another epoch is over, with this value of the metric."""
        metric = float(metrics)
        self.last_epoch += 1
        if self.is_better(metric):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def is_better(self, metric: float) -> bool:
        """Whether `metric` beats the best one by more than the threshold."""
        down = self.mode == "min"
        if self.threshold_mode == "abs":
            return metric < self.best - self.threshold if down else metric > self.best + self.threshold
        return metric < self.best * (1.0 - self.threshold) if down else metric > self.best * (1.0 + self.threshold)

    def _reduce(self) -> None:
        groups, least = self.optimizer.param_groups, self.min_lr
        for group, bound in zip(groups, least if isinstance(least, Sequence) else [least] * len(groups)):
            lower = max(group["lr"] * self.factor, bound)
            if group["lr"] - lower > self.eps:
                group["lr"] = lower

    get_last_lr = LRScheduler.get_last_lr
    state_dict = LRScheduler.state_dict
    load_state_dict = LRScheduler.load_state_dict


def _positive(name: str, x: int) -> int:
    if x < 1:
        raise ValueError(f"{name} is a number of epochs, at least 1, got {x}")
    return x
