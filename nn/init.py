"""Initial weights: how large they must be for signals and gradients to keep their size from layer to layer.

A layer with `fan_in` inputs and `fan_out` outputs multiplies the variance of its signal by fan_in var(w), and of the
gradient on its way back by fan_out var(w). Xavier's initialisation (Glorot and Bengio, 2010) makes both about 1, with
var(w) = 2 / (fan_in + fan_out); Kaiming's (He et al., 2015) makes one of them 1, with var(w) = 1 / fan. Both times
gain^2, which makes up for what the activation takes away. Uniform numbers in (-a, a) have variance a^2 / 3.

Every function sets the weights of all layers in a module, leaves biases alone, and returns what it was given; those
that do not ask for the fans (zeros_, constant_, uniform_, normal_) take a list of Values too. Names, formulas and
defaults are PyTorch's; `seed` makes the numbers repeatable.
"""

import math
import random
from collections.abc import Callable, Iterator
from numbers import Real
from typing import TypeVar

from autograd import Value
from nn.layers import Layer, Neuron
from nn.module import Module
from nn.seeds import generator

Seed = int | random.Random | None
Target = TypeVar("Target", Module, list[Value])


def zeros_(target: Target) -> Target:
    """All weights 0. In a layer the neurons then stay equal for ever: what they learn is the same.

    >>> import nn
    >>> {w.data for w in zeros_(nn.MLP(2, [3, 1])).weights()}
    {0.0}
    """
    return constant_(target, 0.0)


def constant_(target: Target, val: float) -> Target:
    """All weights `val`.

    >>> import nn
    >>> [w.data for w in constant_(nn.Linear(2, 1), 0.5).weights()]
    [0.5, 0.5]
    """
    return _fill(target, lambda: val)


def uniform_(target: Target, a: float = 0.0, b: float = 1.0, seed: Seed = None) -> Target:
    """Weights uniform in (a, b).

    >>> import nn
    >>> all(2.0 < w.data < 3.0 for w in uniform_(nn.Linear(5, 5), 2.0, 3.0, seed=0).weights())
    True
    """
    rng = generator(seed)
    return _fill(target, lambda: rng.uniform(a, b))


def normal_(target: Target, mean: float = 0.0, std: float = 1.0, seed: Seed = None) -> Target:
    """Normally distributed weights, of this mean and standard deviation.

    >>> import nn
    >>> weights = [w.data for w in normal_(nn.Linear(50, 50), mean=1.0, std=0.1, seed=0).weights()]
    >>> round(sum(weights) / len(weights), 2)
    1.0
    """
    rng = generator(seed)
    return _fill(target, lambda: rng.gauss(mean, std))


def xavier_uniform_(target: Module, gain: float = 1.0, seed: Seed = None) -> Module:
    """Weights uniform in (-a, a), a = gain sqrt(6 / (fan_in + fan_out)): for tanh and sigmoid.

    >>> import nn
    >>> layer = xavier_uniform_(nn.Linear(3, 3), seed=0)
    >>> all(abs(w.data) < 1.0 for w in layer.weights())
    True
    """
    rng = generator(seed)
    return _fill_layers(target, lambda fan_in, fan_out: _uniform(rng, gain * math.sqrt(2.0 / (fan_in + fan_out))))


def xavier_normal_(target: Module, gain: float = 1.0, seed: Seed = None) -> Module:
    """Normal weights with standard deviation gain sqrt(2 / (fan_in + fan_out)).

    Raises ValueError where there is no layer.

    >>> import nn, statistics
    >>> layer = xavier_normal_(nn.Linear(50, 50), seed=0)
    >>> round(statistics.pstdev(w.data for w in layer.weights()), 2), round((2 / 100) ** 0.5, 2)
    (0.14, 0.14)
    """
    rng = generator(seed)
    return _fill_layers(target, lambda fan_in, fan_out: _normal(rng, gain * math.sqrt(2.0 / (fan_in + fan_out))))


def kaiming_uniform_(
    target: Module, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", seed: Seed = None
) -> Module:
    """Weights uniform in (-b, b), b = gain sqrt(3 / fan): for the ReLU family; `a` is the slope of leaky_relu.

    `mode` "fan_in" keeps the signal's variance, "fan_out" the gradient's.
    Raises ValueError where there is no layer, and for another mode or a nonlinearity whose gain is not known.

    >>> import nn
    >>> layer = kaiming_uniform_(nn.Linear(6, 4), nonlinearity="relu", seed=0)
    >>> all(abs(w.data) < 1.0 for w in layer.weights())  # sqrt(2) sqrt(3 / 6)
    True
    """
    rng, gain = generator(seed), calculate_gain(nonlinearity, a)
    return _fill_layers(target, lambda *fans: _uniform(rng, gain / math.sqrt(_fan(mode, *fans))))


def kaiming_normal_(
    target: Module, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", seed: Seed = None
) -> Module:
    """Normal weights with standard deviation gain / sqrt(fan): for the ReLU family; `a` is the slope of leaky_relu.

    >>> import nn, statistics
    >>> layer = kaiming_normal_(nn.Linear(50, 50), nonlinearity="relu", seed=0)
    >>> round(statistics.pstdev(w.data for w in layer.weights()), 2), round((2 / 50) ** 0.5, 2)
    (0.2, 0.2)
    """
    rng, gain = generator(seed), calculate_gain(nonlinearity, a)
    return _fill_layers(target, lambda *fans: _normal(rng, gain / math.sqrt(_fan(mode, *fans))))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What the activation's weights are multiplied with; `param` is the slope of leaky_relu (0.01).

    >>> calculate_gain("tanh"), round(calculate_gain("relu"), 4)
    (1.6666666666666667, 1.4142)
    """
    slope = 0.01 if param is None else param
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75,
             "leaky_relu": math.sqrt(2.0 / (1.0 + slope**2))}
    if nonlinearity not in gains:
        raise ValueError(f"no gain is known for {nonlinearity!r}: choose from {', '.join(sorted(gains))}")
    return gains[nonlinearity]


def _fan(mode: str, fan_in: int, fan_out: int) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    return max(1, fan_in if mode == "fan_in" else fan_out)  # of no inputs there are no weights to draw


def _uniform(rng: random.Random, deviation: float) -> Callable[[], float]:
    bound = math.sqrt(3.0) * deviation
    return lambda: rng.uniform(-bound, bound)


def _normal(rng: random.Random, deviation: float) -> Callable[[], float]:
    return lambda: rng.gauss(0.0, deviation)


def _fill(target: Target, draw: Callable[[], float]) -> Target:
    weights = target.weights() if isinstance(target, Module) else target
    numbers = [draw() for _ in weights]
    for x in numbers:
        if not isinstance(x, Real) or not math.isfinite(x):
            raise ValueError(f"weights are finite numbers, not {x!r}: look at what init was given")
    for w, x in zip(weights, numbers):
        w.data = float(x)
    return target


def _fill_layers(target: Module, draw: Callable[[int, int], Callable[[], float]]) -> Module:
    if not isinstance(target, Module):
        raise TypeError("Xavier and Kaiming take a module, whose layers have inputs and outputs to count, not "
                        f"{target!r}")
    for neurons, fan_in in _layers(target):
        weight = draw(fan_in, len(neurons))
        for neuron in neurons:
            _fill(neuron.w, weight)
    return target


def _layers(target: Module) -> Iterator[tuple[list[Neuron], int]]:
    """(neurons, fan_in) of every layer inside; a neuron by itself is a layer of one."""
    found = False
    for module in [target] if isinstance(target, Neuron) else target.modules():
        if isinstance(module, Layer):
            yield module.neurons, module.nin
            found = True
        elif module is target and isinstance(module, Neuron):
            yield [module], len(module.w)
            found = True
    if not found:
        raise ValueError(f"{type(target).__name__} has no layer to initialise")
