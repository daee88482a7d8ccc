"""Losses for classes, row by row: from logits or log-probabilities and a class each, under PyTorch's names."""

import math
import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import div, sum, where
from nn.losses import as_lists, is_list, number_in, reduced, size_of, warn_of
from nn.module import is_batch


def nll_loss(
    input: Any, target: Any, weight: Sequence[float] | None = None, reduction: str = "mean", *, ignore_index: int = -100
) -> Any:
    """The negative log-likelihood -input[target], from a row of log-probabilities (or several) and a class each.

    `weight` gives each class its weight; the mean is then weighted too, as in PyTorch. A row whose class is
    `ignore_index` counts for nothing.
    Raises ValueError for unequal lengths and for a class out of range.

    >>> nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1], weight=[1.0, 3.0])
    0.3125
    """
    return _by_class("nll_loss", lambda row, k: _weighed(-row[k], weight, k), input, target, weight, reduction,
                     ignore_index)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Sequence[float] | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    ignore_index: int = -100,
) -> Any:
    """-ln softmax(logits)[target] = logsumexp(logits) - logits[target], stable for any logits.

    Arguments: a row of k logits and a class 0 to k-1, or n rows and n classes; `weight` and `ignore_index` as in
    `nll_loss`; `label_smoothing`, the share of the target that is spread evenly over all classes (Szegedy et al.,
    2016).
    Raises ValueError for unequal lengths and for a class out of range. Warns when the logits look like
    probabilities, that is, when a softmax was applied to them.

    >>> round(cross_entropy([[2.0, 1.0], [0.0, 1000.0]], [0, 1]), 6)
    0.156631
    """
    rows = as_lists(input) if is_batch(input) else [as_lists(input)]
    if rows and all(_is_distribution(row) for row in rows):
        warn_of("cross_entropy", "softmax")
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing is a share from 0 to 1, got {label_smoothing}")

    def from_logits(row: Sequence[Any], k: int) -> Any:
        return _weighed(autograd.cross_entropy(row[k], *row), weight, k)

    def smoothed(row: Sequence[Any], k: int) -> Any:
        everywhere = sum([from_logits(row, other) for other in range(len(row))])
        return (1.0 - label_smoothing) * from_logits(row, k) + label_smoothing / len(row) * everywhere

    loss = smoothed if label_smoothing else from_logits
    return _by_class("cross_entropy", loss, input, target, weight, reduction, ignore_index)


# ------------------------------------------------------------------------------------------------ inside


def _by_class(
    name: str,
    loss: Callable[[Any, int], Any],
    input: Any,
    target: Any,
    weight: Sequence[float] | None,
    reduction: str,
    ignored: int,
) -> Any:
    """`loss(row, class)` of every row, reduced; the mean divides by the weights of the classes met."""
    one = not is_batch(input)
    rows, classes = ([as_lists(input)], [target]) if one else (as_lists(input), target)
    if not is_list(classes) or len(rows) != len(classes):
        raise ValueError(f"{name} needs one class per row, got {len(rows)} rows against {size_of(classes)}")
    classes = [None if _is_class(k, ignored) else _class(name, row, k) for row, k in zip(rows, classes)]
    if len(set(map(len, rows))) > 1:
        raise ValueError(f"{name} needs rows of one length, got {' and '.join(map(str, sorted(set(map(len, rows)))))}")
    if weight is not None and any(len(weight) != len(row) for row in rows):
        raise ValueError(f"{name} needs one weight per class, got {len(weight)} for {len(rows[0])} classes")
    losses = [where(0.0, row[0], 0.0) if k is None else loss(row, k) for row, k in zip(rows, classes)]
    if reduction != "mean" or (weight is None and None not in classes):
        return reduced(losses[0] if one else losses, reduction)
    return div(sum(losses), math.fsum(1.0 if weight is None else weight[k] for k in classes if k is not None))


def _is_class(target: Any, k: int) -> bool:
    return isinstance(target, numbers.Real) and target == k


def _weighed(loss: Any, weight: Sequence[float] | None, k: int) -> Any:
    return loss if weight is None else weight[k] * loss


def _class(name: str, row: Sequence[Any], target: Any) -> int:
    k: Any = operator.index(target) if hasattr(target, "__index__") else target  # 1.0 is class 1 too
    real = isinstance(k, numbers.Real)
    if not real or k % 1 or not 0 <= k < len(row):
        raise ValueError(f"{name} needs a class from 0 to {len(row) - 1} for a row of {len(row)}, got {target!r}")
    return int(k)


def _is_distribution(row: Any) -> bool:
    shares = [x for x in map(number_in, row) if x is not None and 0.0 <= x <= 1.0]
    if len(shares) < max(2, len(row)):
        return False
    return abs(math.fsum(shares) - 1.0) < 1e-9  # a softmax sums to 1 but for rounding; logits do not
