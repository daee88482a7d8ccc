"""Adam (Kingma and Ba, 2015) as one line of arithmetic a number: on floats, on arrays, or recorded and compiled."""

from typing import Any

RATE, BETA1, BETA2, EPSILON = 0.01, 0.85, 0.99, 1e-8


def adam(
    p: Any, g: Any, m: Any, v: Any, correction1: Any, correction2: Any, rate: Any = RATE
) -> tuple[Any, Any, Any]:
    """The new p, m and v; the corrections are 1 / (1 - beta**t)."""
    m = BETA1 * m + (1.0 - BETA1) * g
    v = BETA2 * v + (1.0 - BETA2) * (g * g)
    return p - rate * (m * correction1) / ((v * correction2) ** 0.5 + EPSILON), m, v


def corrections(step: int) -> tuple[float, float]:
    """For the step of that number, counted from 0."""
    return 1.0 / (1.0 - BETA1 ** (step + 1)), 1.0 / (1.0 - BETA2 ** (step + 1))
