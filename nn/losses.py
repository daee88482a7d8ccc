"""Losses: how far predictions are from targets, in plain formulas over numbers or Values, under PyTorch's names.

A loss takes predictions and targets of one shape (numbers, lists, lists of rows) and says with `reduction` what becomes
of the single losses: their "mean", their "sum", or "none", the list of them. It returns a Value where Values come in,
and raises ValueError for shapes that differ.
"""

import math
import numbers
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from autograd import (
    Value,
    clamp,
    greater_equal,
    log,
    log1p,
    maximum,
    mean,
    no_grad,
    relu,
    sigmoid,
    softplus,
    sum,
    where,
)
from nn.module import is_batch, shape

TINY = math.exp(-100.0)  # probabilities are kept above it, so that log(p) >= -100, as in PyTorch
EDGE = 9.999999960041972e-13  # torch's least divisor p (1 - p): 1e-12 as a float of 32 bits


# ------------------------------------------------------------------------------- losses, number by number


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error, (x - y)^2.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return _elementwise("mse_loss", lambda x, y: (x - y) ** 2, input, target, reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute error, |x - y|.

    >>> l1_loss([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return _elementwise("l1_loss", lambda x, y: abs(x - y), input, target, reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Squared near 0, absolute beyond delta: r^2 / 2 for r = |x - y| < delta, else delta (r - delta / 2).

    Raises ValueError for a delta of 0 or less. Source: P. Huber, Annals of Mathematical Statistics 35(1), 1964.

    >>> huber_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    [0.125, 2.5]
    """
    if not delta > 0.0:
        raise ValueError(f"huber_loss needs a delta above 0, got {delta}")
    return _elementwise("huber_loss", lambda x, y: _huber(x, y, delta), input, target, reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """The Huber loss divided by its delta: r^2 / (2 beta) for r = |x - y| < beta, else r - beta / 2.

    A beta of 0 makes it the absolute error. Raises ValueError for a beta below 0.
    Source: R. Girshick, Fast R-CNN, ICCV 2015.

    >>> smooth_l1_loss([0.5, 3.0], [0.0, 0.0], reduction="none", beta=0.5)
    [0.25, 2.75]
    """
    if not beta >= 0.0:
        raise ValueError(f"smooth_l1_loss needs a beta of at least 0, got {beta}")
    if beta == 0.0:
        return l1_loss(input, target, reduction)
    return _elementwise("smooth_l1_loss", lambda x, y: _huber(x, y, beta) / beta, input, target, reduction)


def hinge_loss(input: Any, target: Any, reduction: str = "mean", margin: float = 1.0) -> Any:
    """The max-margin loss of micrograd's demo, max(0, margin - y x), for targets y of -1 and 1.

    >>> hinge_loss([0.5, -3.0], [1, -1], reduction="sum")
    0.5
    """
    _expect(target, lambda y: y in (-1.0, 1.0), "hinge_loss needs targets of -1 and 1, got {}: "
            "2 * y - 1 turns 0 and 1 into them")
    return _elementwise("hinge_loss", lambda x, y: relu(margin - y * x), input, target, reduction)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """-(y ln p + (1 - y) ln(1 - p)) for a probability p in [0, 1], each logarithm at least -100, as in PyTorch.

    Its derivative (p - y) / (p (1 - p)) is infinite at 0 and 1: as in PyTorch, the divisor is at least 1e-12.
    Prefer `binary_cross_entropy_with_logits`, which is exact where p rounds to 0 or 1. There, and wherever p (1 - p) is
    below 1e-12, the derivative is not the loss's own, and gradcheck says so.
    `weight` multiplies each loss: a number, one for each number of a row, or one for each number of `input`.
    Raises ValueError for a p that is not a probability, and for a target that is none.

    >>> round(binary_cross_entropy([0.5, 1.0], [1, 1], reduction="sum"), 6)
    0.693147
    """
    _expect_probabilities("binary_cross_entropy", target)

    def cross_entropy_of_p(p: Any, y: Any) -> Any:
        number = number_in(p)
        if number is None:  # being compiled: both formulas, and a choice between them
            inner = greater_equal(p * (1.0 - p), EDGE)
            return where(inner, _cross_entropy(where(inner, p, 0.5), y), _cross_entropy_at_the_edge(p, y))
        if not 0.0 <= number <= 1.0:
            raise ValueError(f"binary_cross_entropy needs probabilities from 0 to 1, got {number}: "
                             "binary_cross_entropy_with_logits takes any number")
        return (_cross_entropy if number * (1.0 - number) >= EDGE else _cross_entropy_at_the_edge)(p, y)

    return _elementwise("binary_cross_entropy", _times(cross_entropy_of_p), input, target, reduction, weight)


def _cross_entropy(p: Any, y: Any) -> Any:
    return -(y * log(p) + (1.0 - y) * log1p(-p))


def _cross_entropy_at_the_edge(p: Any, y: Any) -> Any:
    """The straight line through the loss at p with the slope that PyTorch gives it there."""
    with no_grad():
        loss = -(y * log(maximum(p, TINY)) + (1.0 - y) * log(maximum(1.0 - p, TINY)))
        start, slope = 1.0 * p, (p - y) / EDGE
    return loss + slope * (p - start)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """The binary cross-entropy of sigmoid(x), from the logit x: (1 - y) x + softplus(-x), stable for any x.

    `weight` multiplies each loss, `pos_weight` those of the positive samples: a number, one for each number of a row,
    or one for each number of `input`.
    Raises ValueError for a target that is no probability. Warns when the logits look like probabilities, that is, when
    a sigmoid was applied to them.

    >>> binary_cross_entropy_with_logits([1000.0, -1000.0], [1, 0])
    0.0
    """
    _expect_probabilities("binary_cross_entropy_with_logits", target)
    logits = _flat(input)
    if logits and all(map(_is_sigmoid, logits)) and (len(logits) > 1 or isinstance(logits[0], Value)):
        warn_of("binary_cross_entropy_with_logits", "sigmoid")

    def from_logit(x: Any, y: Any, positive: float) -> Any:
        return (1.0 - y) * x + (1.0 + (positive - 1.0) * y) * softplus(-x)

    return _elementwise("binary_cross_entropy_with_logits", _times(from_logit), input, target, reduction, weight,
                        pos_weight)


# --------------------------------------------------------------------------------------- regularisation


def l1_penalty(weights: Iterable[Any]) -> Any:
    """sum |w|, which drives weights to zero: `loss + 0.01 * l1_penalty(model.weights())`.

    >>> l1_penalty([3.0, -4.0])
    7.0
    """
    return sum([abs(w) for w in weights])


def l2_penalty(weights: Iterable[Any]) -> Any:
    """sum w^2, which keeps weights small; `model.weights()` are those without the biases.

    >>> l2_penalty([3.0, 4.0])
    25.0
    """
    return sum([w * w for w in weights])


# ------------------------------------------------------------------------------------------------ inside

_REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {"mean": mean, "sum": sum}


def _huber(x: Any, y: Any, delta: float) -> Any:
    r = abs(x - y)
    near = clamp(r, 0.0, delta)
    return near * (r - 0.5 * near)


def _times(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The same loss times a weight, which comes after the target."""
    return lambda x, y, weight, *options: weight * loss(x, y, *options) if weight != 1.0 else loss(x, y, *options)


def _elementwise(
    name: str, loss: Callable[..., Any], input: Any, target: Any, reduction: str, *weights: Any
) -> Any:
    """`loss` of every pair of numbers at the same place in `input` and `target`, and of their weights, reduced."""
    given = [1.0 if weight is None else weight for weight in weights]
    return reduced(_paired(name, loss, input, target, *given), reduction)


def _paired(name: str, loss: Callable[..., Any], input: Any, target: Any, *weights: Any) -> Any:
    if not is_list(input) and not is_list(target):
        return loss(input, target, *weights)
    if not is_list(input) or not is_list(target) or len(input) != len(target):
        raise ValueError(f"{name} compares numbers at the same place, got {size_of(input)} against {size_of(target)}")
    parts = [_parted(name, weight, input) for weight in weights]
    return [_paired(name, loss, *both) for both in zip(input, target, *parts)]


def _parted(name: str, weight: Any, input: Any) -> list[Any]:
    """The weights of each item of `input`: a number, and a row where the items are rows, is for all of them."""
    if not is_list(weight) or (is_batch(input) and not is_batch(weight)):
        return [weight] * len(input)
    if len(weight) != len(input):
        raise ValueError(f"{name} needs a weight for each number, got {len(weight)} for {len(input)}")
    return list(weight)


def reduced(losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    if reduction not in _REDUCTIONS:
        raise ValueError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    return _REDUCTIONS[reduction](_flat(losses)) if is_list(losses) else losses


def is_list(x: Any) -> bool:
    return isinstance(x, (list, tuple)) or bool(shape(x))


def as_lists(x: Any) -> Any:
    return x.tolist() if shape(x) else x


def _flat(x: Any) -> list[Any]:
    """The numbers in nested lists, from left to right."""
    return [number for item in x for number in _flat(item)] if is_list(x) else [x]


def size_of(x: Any) -> str:
    return f"a list of {len(x)}" if is_list(x) else "a number"


def _expect(target: Any, fits: Callable[[float], bool], message: str) -> None:
    """Raise ValueError for the first target that does not fit."""
    for y in _flat(target):
        known = number_in(y)
        if known is not None and not fits(known):
            raise ValueError(message.format(f"{known:g}"))


def _expect_probabilities(name: str, target: Any) -> None:
    _expect(target, lambda y: 0.0 <= y <= 1.0, name + " needs targets from 0 to 1, got {}: "
            "(y + 1) / 2 turns -1 and 1 into them")


def number_in(x: Any) -> float | None:
    """The number in `x`, to be checked; None where there is none yet, because the loss is being compiled."""
    if isinstance(x, Value):
        return x.data if type(x) is Value else None
    return float(x) if isinstance(x, numbers.Real) else None


def _is_sigmoid(x: Any) -> bool:
    """Whether a sigmoid made this number; of a plain number, whether it could have."""
    return x.op is sigmoid if isinstance(x, Value) else isinstance(x, float) and 0.0 < x < 1.0


def warn_of(loss: str, squashed: str) -> None:
    warnings.warn(f"{loss} takes logits, and these look like probabilities: leave out the {squashed} before it, "
                  "or training will be slow and end in a wrong place", stacklevel=3)
