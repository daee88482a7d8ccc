"""Gradient descent on a plain function: the tutorials' first algorithm, with the path it takes."""

import math
import numbers
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograd.func import value_and_grad


@dataclass(frozen=True)
class Path:
    """Where a descent went: iterating gives (point, value) pairs.

    | field | |
    |---|---|
    | `points` | x0 and every point after it: numbers, or lists of numbers |
    | `values` | f at each of them |
    | `gradients` | the gradient of f at each of them |
    | `converged` | whether the next step would be no longer than `tol` |
    | `reason` | why it ended, in words |
    """

    points: list[Any]
    values: list[float]
    gradients: list[Any]
    converged: bool
    reason: str

    @property
    def x(self) -> Any:
        """The last point."""
        return self.points[-1]

    @property
    def value(self) -> float:
        """f at the last point."""
        return self.values[-1]

    def __iter__(self) -> Iterator[tuple[Any, float]]:
        return iter(zip(self.points, self.values))

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"Path({len(self) - 1} steps to x={self.x!r}, f(x)={self.value!r}: {self.reason})"


def gradient_descent(
    f: Callable[[Any], Any],
    x0: Any,
    lr: float,
    num_iterations: int = 100,
    maximize: bool = False,
    tol: float = 0.0,
) -> Path:
    """Repeat x <- x - lr f'(x) (or +, to maximise) and return the path.

    Arguments: `f` takes a number, or a list of numbers where `x0` is one (or an array), and returns a number; `lr` is
    the learning rate. It ends after `num_iterations` steps, when the next step is no longer than `tol` (Euclidean; 0
    never ends it), or when f or its gradient is no longer finite: `reason` says which.
    Raises ValueError for a negative lr, num_iterations or tol, TypeError for one that is no number, and where `f` does
    not return a number, or one that does not come from its argument.

    On f(x) = x^2 a step multiplies x by 1 - 2 lr: 0.1 converges, 1 jumps between x0 and -x0, more diverges.

    >>> gradient_descent(lambda x: x**2, 10.0, lr=0.1, num_iterations=3).points
    [10.0, 8.0, 6.4, 5.12]
    >>> gradient_descent(lambda x: x**2, 10.0, lr=1.0, num_iterations=3).points
    [10.0, -10.0, 10.0, -10.0]
    """
    options: dict[str, Any] = {"lr": lr, "num_iterations": num_iterations, "tol": tol}
    for name, x in options.items():
        whole = name == "num_iterations"
        if not isinstance(x, numbers.Integral if whole else numbers.Real):
            raise TypeError(f"gradient_descent needs a {'whole ' * whole}number for {name}, got {x!r}")
        if not float(x) >= 0.0:
            raise ValueError(f"gradient_descent needs {name} >= 0, got {x}")
    x0 = x0.tolist() if hasattr(x0, "tolist") else x0
    many = isinstance(x0, (list, tuple))
    point = [float(x) for x in x0] if many else [float(x0)]

    def recorded(xs: list[Any]) -> Any:
        value = f(xs if many else xs[0])
        if isinstance(value, numbers.Real):
            raise TypeError(f"f returned {float(value)}, a plain number, so its derivative is lost: build it from its "
                            "argument with autograd's functions (autograd.sin, not math.sin)")
        return value

    slope_at = value_and_grad(recorded)
    points: list[Any] = []
    values: list[float] = []
    gradients: list[Any] = []
    converged, reason = False, f"all {num_iterations} steps were taken"
    for _ in range(num_iterations + 1):
        value, gradient = slope_at(point)
        points.append(point)
        values.append(value)
        gradients.append(gradient)
        if not all(map(math.isfinite, [value, *gradient])):
            reason = f"f or its gradient is no longer finite (f = {value}): the learning rate {lr} is too large"
            if len(points) == 1:
                reason = f"f or its gradient is not finite at x0 (f = {value}): start somewhere else"
            break
        move = [(lr if maximize else -lr) * g for g in gradient]
        converged = math.hypot(*move) <= tol
        if converged and tol > 0.0:
            reason = f"the next step is no longer than tol = {tol}"
            break
        point = [x + d for x, d in zip(point, move)]
    if not many:
        points, gradients = [p[0] for p in points], [g[0] for g in gradients]
    return Path(points, values, gradients, converged, reason)
