"""Newton's method: p <- p - H^-1 g, from the exact Hessian that differentiating twice gives."""

from collections.abc import Callable, Iterable
from typing import Any

from autograd import Value, grad, no_grad
from nn.optim.linear import cholesky, solve, solve_cholesky
from nn.optim.optimizer import Optimizer

ARMIJO = 1e-4  # the share of the decrease promised by the slope that a step must bring
ROUNDING = 1e-15


class Newton(Optimizer):
    """Minimises the quadratic that touches the loss at p: one step is enough where the loss is quadratic.

    Where the Hessian H is not positive definite, that quadratic has no minimum, and p - H^-1 g may be a saddle or a
    maximum. So `damped` (the default) solves (H + lambda I) d = -g with a lambda that makes the matrix positive
    definite, and halves the step along d until the loss falls enough (Armijo's condition). `damped=False` is the bare
    method, which goes to saddles. With n parameters a step needs n backward passes, n^2 numbers and n^3 operations.
    Source: J. Nocedal, S. Wright, Numerical Optimization, 2nd ed., algorithms 3.1 and 3.3.

    >>> x, y = Value(3.0), Value(-2.0)
    >>> Newton([x, y]).step(lambda: (x - 1.0) ** 2 + 10.0 * (x + y) ** 2)
    14.0
    >>> round(x.data, 9), round(y.data, 9)
    (1.0, -1.0)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, damped: bool = True, *, maximize: bool = False
    ) -> None:
        super().__init__(params, lr=lr, damped=damped, maximize=maximize)
        if len(self.param_groups) > 1:
            raise ValueError("Newton has one Hessian for all parameters: pass them as one group")

    def step(self, closure: Callable[[], Any]) -> float:  # type: ignore[override]
        """Take one step, and return the loss before it.

        `closure` computes the loss anew from the parameters; it need not call `backward()`.
        Raises AnomalyError for a derivative that is nan or inf, ValueError when an undamped Hessian is singular.
        """
        (group,) = self.param_groups
        params, sign = group["params"], -1.0 if group["maximize"] else 1.0
        loss = sign * closure()
        slopes = grad(loss, params, create_graph=True)
        gradient = [float(slope) for slope in slopes]
        hessian = [list(grad(slope, params)) for slope in slopes]
        for p, g, row in zip(params, gradient, hessian):
            self.check_gradient(p, g + sum(row))
        downhill = [-g for g in gradient]
        if not group["damped"]:
            _move(params, solve(hessian, downhill), group["lr"])
        else:
            direction = solve_cholesky(positive_definite(hessian), downhill)
            _search(lambda: sign * float(closure()), params, direction, float(loss), gradient, group["lr"])
        return sign * float(loss)


def positive_definite(hessian: list[list[float]]) -> list[list[float]]:
    """The Cholesky factor of H + lambda I, with lambda 0 or the first of a growing row that makes it possible."""
    size = max((abs(h) for row in hessian for h in row), default=0.0) or 1.0
    damping = 0.0
    while (factor := cholesky(hessian, damping)) is None:
        damping = max(4.0 * damping, 1e-3 * size)
    return factor


def _search(
    loss: Callable[[], float], params: list[Value], direction: list[float], before: float, gradient: list[float],
    length: float,
) -> None:
    """Go along `direction`, half as far each time until the loss falls enough, or nowhere when it never does."""
    slope = sum(g * d for g, d in zip(gradient, direction))
    start = [p.data for p in params]
    for _ in range(60):
        _move(params, direction, length)
        with no_grad():
            after = loss()
        if after <= before + ARMIJO * length * slope + ROUNDING * abs(before):
            return
        for p, x in zip(params, start):
            p.data = x
        length *= 0.5


def _move(params: list[Value], direction: list[float], length: float) -> None:
    for p, d in zip(params, direction):
        p.data += length * d
