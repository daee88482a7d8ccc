"""Clipping: gradients that explode are cut back between `backward()` and the optimiser's step."""

import math
from collections.abc import Iterable

from autograd import AnomalyError, Value


def clip_grad_norm_(
    parameters: Iterable[Value], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients so that together they have at most this norm, and return the norm they had.

    Arguments: `parameters`, Values, of which those without a gradient are left alone; `norm_type`, the order r of
    (sum |g|^r)^(1/r): inf is the largest |g|, -inf the smallest, 0 counts those that are not 0.
    The factor is max_norm / (norm + 1e-6) when that is below 1. A norm of nan makes every gradient nan, one of inf
    makes them 0 or nan, to be seen. Raises AnomalyError for these, before any change, with `error_if_nonfinite`.
    Source: R. Pascanu et al., ICML 2013; torch.nn.utils.clip_grad_norm_.

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
    if hasattr(parameters, "parameters"):
        raise TypeError(f"clipping takes Values, not a {type(parameters).__name__}: pass model.parameters()")
    return [p for p in ([parameters] if isinstance(parameters, Value) else parameters) if p.has_grad]


def _norm(numbers: list[float], order: float) -> float:
    sizes = [abs(x) for x in numbers]
    if order == 0.0:
        return float(sum(size != 0.0 for size in sizes))
    if any(map(math.isnan, sizes)):
        return math.nan
    scale = (max if order > 0.0 else min)(sizes, default=0.0)
    if math.isinf(order) or scale in (0.0, math.inf):
        return scale
    if order == 2.0:
        return math.hypot(*sizes)
    return float(scale * math.fsum((size / scale) ** order for size in sizes) ** (1.0 / order))  # without overflow
