"""Step sizes of each parameter's own: AdaGrad, RMSprop, Adam and AdamW."""

from collections.abc import Iterable
from typing import Any

from autograd import maximum, sqrt
from nn.optim.optimizer import Optimizer, State, ascend_and_decay


class Adagrad(Optimizer):
    """p <- p - lr g / (sqrt(sum of all g^2 so far) + eps): what was often large is moved little.

    Source: J. Duchi et al., JMLR 12, 2011; torch.optim.Adagrad.

    >>> from autograd import Value
    >>> x = Value(10.0)
    >>> optimizer = Adagrad([x], lr=0.5)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.data, 6)
    9.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
                         initial_accumulator_value=initial_accumulator_value, eps=eps, maximize=maximize)

    @staticmethod
    def start(p: float, *, initial_accumulator_value: float, **options: Any) -> State:
        return {"step": 0.0, "sum": initial_accumulator_value}

    @staticmethod
    def rule(
        p: Any, g: Any, state: State, *, lr: Any, lr_decay: float, weight_decay: float, eps: float, maximize: bool,
        **start: float,
    ) -> tuple[Any, State]:
        g = ascend_and_decay(p, g, maximize, weight_decay)
        total = state["sum"] + g * g
        rate = lr / (1.0 + state["step"] * lr_decay)
        return p - rate * g / (sqrt(total) + eps), {"step": state["step"] + 1.0, "sum": total}


class RMSprop(Optimizer):
    """p <- p - lr g / (sqrt(v) + eps), v a running average of g^2 that forgets: v <- alpha v + (1 - alpha) g^2.

    `centered` takes the square of the running average of g from v, which makes v a variance; `momentum` steps along a
    running direction instead of g / (sqrt(v) + eps).
    Source: G. Hinton, lecture 6e, 2012; A. Graves, 2013 (centered); torch.optim.RMSprop.

    >>> from autograd import Value
    >>> x = Value(10.0)
    >>> optimizer = RMSprop([x], lr=0.05)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.data, 6)
    9.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum,
                         centered=centered, maximize=maximize)

    @staticmethod
    def start(p: float, *, momentum: float, centered: bool, **options: Any) -> State:
        return {"square_avg": 0.0, **({"grad_avg": 0.0} if centered else {}),
                **({"momentum_buffer": 0.0} if momentum else {})}

    @staticmethod
    def rule(
        p: Any, g: Any, state: State, *, lr: Any, alpha: float, eps: float, weight_decay: float, momentum: float,
        centered: bool, maximize: bool,
    ) -> tuple[Any, State]:
        g = ascend_and_decay(p, g, maximize, weight_decay)
        variance = square = alpha * state["square_avg"] + (1.0 - alpha) * g * g
        state = {**state, "square_avg": square}
        if centered:
            state["grad_avg"] = average = alpha * state["grad_avg"] + (1.0 - alpha) * g
            variance = maximum(square - average * average, 0.0)  # rounding may go below
        direction = g / (sqrt(variance) + eps)
        if momentum:
            state["momentum_buffer"] = direction = momentum * state["momentum_buffer"] + direction
        return p - lr * direction, state


class Adam(Optimizer):
    """p <- p - lr m / (sqrt(v) + eps), m and v the running averages of g and g^2, freed of their start at zero.

    `amsgrad` never lets v decrease. `weight_decay` adds weight_decay p to g, which the division by sqrt(v) then
    scales too; with `decoupled_weight_decay` p shrinks by the factor 1 - lr weight_decay instead, as in AdamW.
    Source: D. Kingma, J. Ba, ICLR 2015; S. Reddi et al., ICLR 2018 (amsgrad); torch.optim.Adam.

    >>> from autograd import Value
    >>> x = Value(10.0)
    >>> adam = Adam([x], lr=0.5)
    >>> (x * x).backward()
    >>> adam.step()
    >>> round(x.data, 6)  # the first step has length lr, whatever the gradient
    9.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad,
                         maximize=maximize, decoupled_weight_decay=decoupled_weight_decay)

    def check(self, **options: Any) -> None:
        super().check(**options)
        betas = options["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2 or not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(f"{type(self).__name__} needs two betas from 0 to below 1, got {betas}")

    @staticmethod
    def start(p: float, *, amsgrad: bool, **options: Any) -> State:
        return {"step": 0.0, "exp_avg": 0.0, "exp_avg_sq": 0.0, **({"max_exp_avg_sq": 0.0} if amsgrad else {})}

    @staticmethod
    def rule(
        p: Any, g: Any, state: State, *, lr: Any, betas: tuple[float, float], eps: float, weight_decay: float,
        amsgrad: bool, maximize: bool, decoupled_weight_decay: bool,
    ) -> tuple[Any, State]:
        if decoupled_weight_decay:
            p, weight_decay = p * (1.0 - lr * weight_decay), 0.0
        g = ascend_and_decay(p, g, maximize, weight_decay)
        beta1, beta2 = betas
        step = state["step"] + 1.0
        m = beta1 * state["exp_avg"] + (1.0 - beta1) * g
        v = highest = beta2 * state["exp_avg_sq"] + (1.0 - beta2) * g * g
        state = {**state, "step": step, "exp_avg": m, "exp_avg_sq": v}
        if amsgrad:
            state["max_exp_avg_sq"] = highest = maximum(state["max_exp_avg_sq"], v)
        m_hat = m / (1.0 - beta1**step)
        v_hat = highest / (1.0 - beta2**step)
        return p - lr * m_hat / (sqrt(v_hat) + eps), state


class AdamW(Adam):
    """Adam with decoupled weight decay: p shrinks by the factor 1 - lr weight_decay, apart from the gradient step.

    Source: I. Loshchilov, F. Hutter, ICLR 2019; torch.optim.AdamW, whose default weight decay is 0.01 too.

    >>> from autograd import Value
    >>> x = Value(10.0)
    >>> optimizer = AdamW([x], lr=0.5)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.data, 6)
    9.45
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
