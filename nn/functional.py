"""Activations and losses as functions: plain formulas over numbers or Values, under PyTorch's names.

An activation takes one number, a softmax a row of logits. The losses are those of `nn.losses`.
"""

import math
from collections.abc import Sequence
from typing import Any

import autograd
from autograd import elu as elu
from autograd import exp, greater, logsumexp, maximum, sum, where
from autograd import leaky_relu as leaky_relu
from autograd import relu as relu
from autograd import sigmoid as sigmoid
from autograd import silu as silu
from autograd import tanh as tanh
from nn.class_losses import cross_entropy as cross_entropy
from nn.class_losses import nll_loss as nll_loss
from nn.losses import binary_cross_entropy as binary_cross_entropy
from nn.losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from nn.losses import hinge_loss as hinge_loss
from nn.losses import huber_loss as huber_loss
from nn.losses import l1_loss as l1_loss
from nn.losses import l1_penalty as l1_penalty
from nn.losses import l2_penalty as l2_penalty
from nn.losses import mse_loss as mse_loss
from nn.losses import smooth_l1_loss as smooth_l1_loss


def prelu(x: Any, weight: Any) -> Any:
    """x where x > 0, else weight * x (He et al., 2015).

    >>> prelu(-2.0, 0.25), prelu(3.0, 0.25)
    (-0.5, 3.0)
    """
    return where(greater(x, 0.0), x, weight * x)


def softplus(x: Any, beta: float = 1.0) -> Any:
    """ln(1 + e^(beta x)) / beta, a smooth ReLU; PyTorch's goes straight beyond a threshold, which costs it 2e-9.

    >>> softplus(1000.0), softplus(-1000.0, beta=2.0)
    (1000.0, 0.0)
    """
    return autograd.softplus(x) if beta == 1.0 else autograd.softplus(beta * x) / beta


def gelu(x: Any, approximate: str = "none") -> Any:
    """x times the normal distribution function of x; `approximate="tanh"` is the formula that GPT-2 was trained with.

    Raises ValueError for another approximation. Source: D. Hendrycks, K. Gimpel, 2016.

    >>> round(gelu(1.0), 4), round(gelu(1.0, approximate="tanh"), 4)
    (0.8413, 0.8412)
    """
    if approximate == "none":
        return autograd.gelu(x)
    if approximate != "tanh":
        raise ValueError(f"gelu has approximate='none' and 'tanh', not {approximate!r}")
    return 0.5 * x * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def logsigmoid(x: Any) -> Any:
    """The logarithm of the sigmoid, -softplus(-x), which does not overflow.

    >>> logsigmoid(-1000.0)
    -1000.0
    """
    return -autograd.softplus(-x)


def softmax(row: Sequence[Any]) -> list[Any]:
    """e^x_i / sum_j e^x_j, for each i. The maximum is subtracted first, which changes nothing but the overflow.

    Raises ValueError for an empty row.

    >>> [round(p, 3) for p in softmax([1000.0, 1001.0])]
    [0.269, 0.731]
    """
    highest = _highest(row)
    powers = [exp(x - highest) for x in row]
    total = sum(powers)
    return [power / total for power in powers]


def log_softmax(row: Sequence[Any]) -> list[Any]:
    """ln softmax(row) = (x_i - m) - logsumexp(row - m), m the maximum: exact where a probability rounds to 0.

    Raises ValueError for an empty row.

    >>> log_softmax([1000.0, 0.0])
    [0.0, -1000.0]
    """
    highest = _highest(row)
    row = [x - highest for x in row]
    total = logsumexp(row)
    return [x - total for x in row]


def _highest(row: Sequence[Any]) -> Any:
    if not len(row):
        raise ValueError("softmax of no numbers is undefined: pass at least one")
    highest = row[0]
    for x in row[1:]:
        highest = maximum(highest, x)
    return highest
