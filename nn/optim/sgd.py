"""Stochastic gradient descent: p <- p - lr g, with momentum."""

from collections.abc import Iterable
from typing import Any

from autograd import where
from nn.optim.optimizer import Optimizer, State, ascend_and_decay


class SGD(Optimizer):
    """Gradient descent, p <- p - lr g; with `maximize`, ascent.

    Momentum keeps a running direction b <- momentum b + (1 - dampening) g, which starts as the first g, and steps
    along it; Nesterov's steps along g + momentum b. `weight_decay` adds weight_decay p to g.
    Raises ValueError for an option out of range.
    Source: torch.optim.SGD; I. Sutskever et al., ICML 2013, for both momenta.

    >>> from autograd import Value
    >>> x = Value(10.0)
    >>> descent = SGD([x], lr=0.1)
    >>> for _ in range(3):
    ...     descent.zero_grad()
    ...     (x * x).backward()
    ...     descent.step()
    >>> round(x.data, 6)  # each step multiplies x by 1 - 2 lr
    5.12
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay,
                         nesterov=nesterov, maximize=maximize)

    def check(self, **options: Any) -> None:
        super().check(**options)
        if options["nesterov"] and (options["momentum"] <= 0.0 or options["dampening"] != 0.0):
            raise ValueError("SGD with nesterov needs a momentum above 0 and a dampening of 0")

    @staticmethod
    def start(p: float, *, momentum: float, **options: Any) -> State:
        return {"step": 0.0, "momentum_buffer": 0.0} if momentum else {}

    @staticmethod
    def rule(
        p: Any, g: Any, state: State, *, lr: Any, momentum: float, dampening: float, weight_decay: float,
        nesterov: bool, maximize: bool,
    ) -> tuple[Any, State]:
        g = ascend_and_decay(p, g, maximize, weight_decay)
        if momentum:
            follow = momentum * state["momentum_buffer"] + (1.0 - dampening) * g
            direction = where(state["step"], follow, g)
            state = {"step": state["step"] + 1.0, "momentum_buffer": direction}
            g = g + momentum * direction if nesterov else direction
        return p - lr * g, state
