"""Activations as modules, and the names that layers know them by."""

from collections.abc import Callable
from typing import Any

import autograd
from nn import functional as F
from nn.module import Module, Row, Undecayed

Activation = str | Callable[[Any], Any] | Module | None


class Elementwise(Module):
    """Applies a function of one number to every number of the row."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self._function, self._options = function, options

    def forward(self, row: Row) -> Row:
        return [self._function(x, **self._options) for x in row]

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={x if isinstance(x, str) else f'{x:g}'}" for name, x in self._options.items())


class ReLU(Elementwise):
    """max(0, x); its derivative at 0 is 0.

    >>> ReLU()([-1.0, 2.0])
    [0.0, 2.0]
    """

    def __init__(self) -> None:
        super().__init__(F.relu)


class LeakyReLU(Elementwise):
    """x where x > 0, else negative_slope * x.

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    [-0.1, 2.0]
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__(F.leaky_relu, negative_slope=negative_slope)


class ELU(Elementwise):
    """x where x > 0, else alpha (e^x - 1). Source: D.-A. Clevert et al., ICLR 2016.

    >>> ELU()([-1000.0, 2.0])
    [-1.0, 2.0]
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(F.elu, alpha=alpha)


class GELU(Elementwise):
    """x times the normal distribution function of x, or its `approximate` "tanh". Source: Hendrycks, Gimpel, 2016.

    >>> GELU()([0.0, 100.0])
    [0.0, 100.0]
    """

    def __init__(self, approximate: str = "none") -> None:
        F.gelu(0.0, approximate)  # refuses another one now, not in the first forward pass
        super().__init__(F.gelu, **({} if approximate == "none" else {"approximate": approximate}))


class SiLU(Elementwise):
    """x sigmoid(x). Source: S. Elfwing et al., Neural Networks 107, 2018.

    >>> SiLU()([0.0, 100.0])
    [0.0, 100.0]
    """

    def __init__(self) -> None:
        super().__init__(F.silu)


class Softplus(Elementwise):
    """ln(1 + e^(beta x)) / beta, a smooth ReLU.

    >>> Softplus()([-1000.0, 1000.0])
    [0.0, 1000.0]
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__(F.softplus, **({} if beta == 1.0 else {"beta": beta}))


class Sigmoid(Elementwise):
    """1 / (1 + e^-x).

    >>> Sigmoid()([0.0, 1000.0])
    [0.5, 1.0]
    """

    def __init__(self) -> None:
        super().__init__(F.sigmoid)


class Tanh(Elementwise):
    """The hyperbolic tangent.

    >>> Tanh()([0.0, 1000.0])
    [0.0, 1.0]
    """

    def __init__(self) -> None:
        super().__init__(F.tanh)


class PReLU(Module):
    """x where x > 0, else a x, with a learned slope a (He et al., 2015), which no weight decay shrinks.

    Arguments: one slope for all inputs, or `num_parameters` slopes, one per input, that start at `init`.

    >>> f = PReLU()
    >>> f([-2.0, 3.0])[0].data
    -0.5
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        if num_parameters < 1:
            raise ValueError(f"PReLU needs at least one slope, got {num_parameters}")
        self.weight = [Undecayed(init, label=f"a{i}" if num_parameters > 1 else "a") for i in range(num_parameters)]

    def forward(self, row: Row) -> Row:
        slopes = self.weight * len(row) if len(self.weight) == 1 else self.weight
        if len(slopes) != len(row):
            raise ValueError(f"PReLU has {len(slopes)} slopes, got {len(row)} inputs")
        return [F.prelu(x, a) for x, a in zip(row, slopes)]

    def extra_repr(self) -> str:
        return f"num_parameters={len(self.weight)}"


class Softmax(Module):
    """Numbers to probabilities: e^x_i / sum e^x_j. Losses take the logits before it, not its result.

    PyTorch's `dim` has no meaning here: a row is all there is.

    >>> Softmax()([0.0, 0.0])
    [0.5, 0.5]
    """

    def forward(self, row: Row) -> Row:
        return F.softmax(row)


class LogSoftmax(Module):
    """The logarithm of the softmax, without computing it.

    >>> LogSoftmax()([1000.0, 0.0])
    [0.0, -1000.0]
    """

    def forward(self, row: Row) -> Row:
        return F.log_softmax(row)


NAMES: dict[str, Callable[..., Any]] = {
    "relu": F.relu, "leaky_relu": F.leaky_relu, "elu": F.elu, "gelu": autograd.gelu, "silu": F.silu,
    "softplus": autograd.softplus, "sigmoid": F.sigmoid, "tanh": F.tanh,
}  # fmt: skip
MODULES: dict[str, type[Module]] = {"prelu": PReLU, "softmax": Softmax, "log_softmax": LogSoftmax}


def by_name(activation: Activation) -> Any:
    """What an activation's name stands for: a function of one number, or a new module; None stays None.

    Raises ValueError for a name that is not known.

    >>> by_name("tanh")
    <operation tanh>
    >>> by_name("swish")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: no activation is called 'swish': choose from elu, gelu, ...
    """
    if not isinstance(activation, str):
        return activation
    if activation in NAMES:
        return NAMES[activation]
    if activation in MODULES:
        return MODULES[activation]()
    names = ", ".join(sorted([*NAMES, *MODULES]))
    raise ValueError(f"no activation is called {activation!r}: choose from {names}, or pass a function of one number")
