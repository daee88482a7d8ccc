"""Clipping: gradients that explode are cut back between `backward()` and the optimiser's step."""

import math
from collections.abc import Iterable

from autograd import AnomalyError, Value


def clip_grad_norm_(
    parameters: Iterable[Value], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients so that together they have at most this norm, and return the norm they had.

    The factor is max_norm / (norm + 1e-6), as in torch.nn.utils.clip_grad_norm_ (R. Pascanu et al., ICML 2013), when
    that is below 1. `norm_type` inf is the largest absolute value. A parameter without a gradient is left alone.
    Raises AnomalyError for a norm of nan or inf when asked to.

    >>> p, q = Value(1.0), Value(1.0)
    >>> (3.0 * p + 4.0 * q).backward()
    >>> clip_grad_norm_([p, q], max_norm=1.0)
    5.0
    >>> round(p.grad, 3), round(q.grad, 3)
    (0.6, 0.8)
    """
    found = _with_gradient(parameters)
    norm = _norm([p.grad for p in found], norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise AnomalyError(f"the gradients have a norm of {norm}, and cannot be clipped: autograd.detect_anomaly() "
                           "shows where it came from")
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1.0:  # a nan reaches every gradient, to be seen
        for p in found:
            p.grad *= factor
    return norm


def clip_grad_value_(parameters: Iterable[Value], clip_value: float) -> None:
    """Bring every gradient into [-clip_value, clip_value], each by itself.

    >>> p = Value(1.0)
    >>> (7.0 * p).backward()
    >>> clip_grad_value_([p], 0.5); p.grad
    0.5
    """
    for p in _with_gradient(parameters):
        if abs(p.grad) > clip_value:
            p.grad = math.copysign(clip_value, p.grad)


def _with_gradient(parameters: Iterable[Value]) -> list[Value]:
    return [p for p in ([parameters] if isinstance(parameters, Value) else parameters) if p.has_grad]


def _norm(numbers: list[float], order: float) -> float:
    if order == math.inf:
        return max(map(abs, numbers), default=0.0)
    if order == 2.0:
        return math.hypot(*numbers)  # without overflow
    return float(math.fsum(abs(x) ** order for x in numbers) ** (1.0 / order))
