"""Batch normalisation and dropout: modules that behave differently in training and in evaluation."""

import random
from typing import Any

from autograd import Value, mean, sqrt
from nn.layers import expect
from nn.module import Module, Row
from nn.seeds import generator


class BatchNorm1d(Module):
    """Shifts and scales every feature to mean 0 and variance 1 over the batch, then to a learned mean and scale.

    y = weight (x - mean) / sqrt(var + eps) + bias. In training, mean and variance (the biased one) are the batch's,
    gradients flow through both, and the running statistics move towards them by the share `momentum` (None: they are
    the plain average of all batches), the variance in its unbiased form; in evaluation the running ones are used.
    Arguments: `num_features`, the length of a row; without `affine`, weight and bias are left out; without
    `track_running_stats`, evaluation uses the batch too.
    Raises ValueError in training for a batch of one row, and for a row of another length.
    Source: S. Ioffe, C. Szegedy, ICML 2015; torch.nn.BatchNorm1d.

    >>> norm = BatchNorm1d(1)
    >>> [round(y.data, 3) for y in norm([[1.0], [3.0]])]
    [-1.0, 1.0]
    >>> norm.running_mean[0].data, norm.running_var[0].data
    (0.2, 1.1)
    """

    buffers = ("running_mean", "running_var", "num_batches_tracked")
    undecayed = ("weight", "bias")

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        if num_features < 1:
            raise ValueError(f"BatchNorm1d needs at least one feature, got {num_features}")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        features, tracked = range(num_features), range(num_features if track_running_stats else 0)
        self.weight = [Value(1.0, label=f"scale{i}") for i in features] if affine else []
        self.bias = [Value(0.0, label=f"shift{i}") for i in features] if affine else []
        self.running_mean = [Value(0.0, label=f"mean{i}") for i in tracked]
        self.running_var = [Value(1.0, label=f"var{i}") for i in tracked]
        self.num_batches_tracked = Value(0.0)

    def batch(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            expect(self, self.num_features, row)
        if not self.training and self.running_mean:
            return self._normalized(rows, self.running_mean, self.running_var)
        means, variances = self._statistics(rows)
        if self.training and self.running_mean:
            self._track(means, variances, len(rows))
        return self._normalized(rows, means, variances)

    def _statistics(self, rows: list[Row]) -> tuple[Row, Row]:
        """The mean and the variance of every feature over the batch."""
        if len(rows) < 2:
            raise ValueError(f"BatchNorm1d needs a batch of two rows or more in training, got {len(rows)}: "
                             "call the model with a list of rows, or switch it to eval()")
        columns = list(zip(*rows))
        means = [mean(column) for column in columns]
        return means, [mean([(x - m) ** 2 for x in column]) for column, m in zip(columns, means)]

    def _track(self, means: Row, variances: Row, n: int) -> None:
        self.num_batches_tracked.data += 1.0
        share = 1.0 / self.num_batches_tracked.data if self.momentum is None else self.momentum
        for running, m in zip(self.running_mean, means):
            running.data = (1.0 - share) * running.data + share * float(m)
        for running, v in zip(self.running_var, variances):
            running.data = (1.0 - share) * running.data + share * float(v) * n / (n - 1)

    def _normalized(self, rows: list[Row], means: Row, variances: Row) -> list[Row]:
        deviations = [sqrt(v + self.eps) for v in variances]
        normal = [[(x - m) / s for x, m, s in zip(row, means, deviations)] for row in rows]
        if not self.weight:
            return normal
        return [[w * x + b for w, x, b in zip(self.weight, row, self.bias)] for row in normal]

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps:g}, momentum={self.momentum}"


class Dropout(Module):
    """In training sets each number to 0 with probability `p` and divides the others by 1 - p; else does nothing.

    The division keeps the expected value, so that evaluation needs no correction ("inverted" dropout). The random
    numbers are its own, `rng`, from `seed`; without one, Python's `random.seed` makes them repeatable. `nn.fit` draws
    new ones in each step; a function that you give to `autograd.compile` repeats those of its first call.
    Raises ValueError unless 0 <= p <= 1.
    Source: N. Srivastava et al., JMLR 15, 2014; torch.nn.Dropout.

    >>> drop = Dropout(0.5, seed=1)
    >>> drop([1.0, 1.0, 1.0, 1.0]), drop.eval()([1.0, 1.0])
    ([0.0, 2.0, 2.0, 0.0], [1.0, 1.0])
    """

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"Dropout needs a probability from 0 to 1, got {p}")
        self.p = p
        self.rng = generator(random.getrandbits(64) if seed is None else seed)

    def forward(self, row: Row) -> Any:
        if not self.training:
            return row
        return [x * kept for x, kept in zip(row, self._mask(len(row)))]

    def _mask(self, size: int) -> Row:
        """What each of so many numbers is multiplied with: 0, or the scale of those that are kept."""
        return [self.scale if self.rng.random() >= self.p else 0.0 for _ in range(size)]

    @property
    def scale(self) -> float:
        """What the numbers that are kept are multiplied with."""
        return 1.0 / (1.0 - self.p) if self.p < 1.0 else 0.0

    def extra_repr(self) -> str:
        return f"p={self.p:g}"
