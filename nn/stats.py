"""How a network feels inside: the size of gradients, activations and updates, layer by layer.

Every function gives one row per layer, in the network's order. A row is a named tuple of plain numbers, so that a
table, a plot (`nn.plots`) or a History can be made of it; layers are called what the drawings call them.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd import Value, grad
from nn.layers import Layer, Neuron
from nn.module import Module
from nn.watching import Seen, parts, watched

FLAT = 0.05  # an activation with a smaller slope is saturated


class Gradient(NamedTuple):
    """The gradients of one layer's parameters after `backward()`."""

    layer: str  # "layer0"
    norm: float  # Euclidean, of all of them together
    mean: float  # of their absolute values
    largest: float  # of their absolute values
    zeros: float  # the share of those that are exactly 0


class Activation(NamedTuple):
    """The outputs of one layer, or of an activation after it, over a batch of inputs."""

    layer: str
    mean: float
    std: float
    saturated: float  # the share of outputs at which the activation is flat
    dead: float  # the share of units that are flat for every input, so that nothing reaches the weights before them


class Update(NamedTuple):
    """What one step of an optimiser did to one layer's parameters."""

    layer: str
    ratio: float  # update / norm; about 1e-3 is healthy, 1e-5 hardly learns, 1e-1 forgets
    update: float  # the Euclidean norm of the change
    norm: float  # the norm of the parameters before it


def named_layers(model: Module) -> Iterator[tuple[str, Module, list[Value]]]:
    """(name, module, its own parameters) for every layer: what has parameters and is not made of other layers.

    >>> import nn
    >>> [(name, len(parameters)) for name, _, parameters in named_layers(nn.MLP(2, [3, 1]))]
    [('layer0', 9), ('layer1', 4)]
    """
    for name, module in parts(model):
        own = module.parameters() if isinstance(module, (Layer, Neuron)) else module.own_parameters()
        if own:
            yield name, module, own


def gradient_flow(model: Module) -> list[Gradient]:
    """The gradients of every layer, to be read between `backward()` and `zero_grad()`.

    Gradients that shrink from the last layer to the first vanish; those that grow explode.

    >>> import nn
    >>> model = nn.MLP(1, [2, 1], seed=0)
    >>> model([2.0]).backward()
    >>> [(row.layer, round(row.norm, 3)) for row in gradient_flow(model)]
    [('layer0', 1.135), ('layer1', 1.991)]
    """
    rows = []
    for name, _, parameters in named_layers(model):
        sizes = [abs(p.grad) for p in parameters]
        zeros = sizes.count(0.0) / len(sizes)
        rows.append(Gradient(name, math.hypot(*sizes), average(sizes), max(sizes), zeros))
    return rows


def activations(model: Module, X: Sequence[Any], flat: float = FLAT) -> list[Activation]:
    """The outputs of every layer of neurons, and of every activation, for the rows `X`, in evaluation mode.

    What else a model is made of, a BatchNorm1d or modules of one's own, is left out.

    An output is saturated where its derivative with respect to what its activation was given is below `flat`: beyond
    +-0.975 for tanh, at 0 for ReLU, where a softmax is sure.
    Raises ValueError for no inputs.

    >>> import nn
    >>> model = nn.init.normal_(nn.MLP(2, [20, 1], activation="tanh"), std=30.0, seed=0)
    >>> activations(model, [[1.0, -1.0], [0.5, 2.0]])[0].saturated > 0.8
    True
    """
    return summaries(watched(model, X)[1], flat)


def summaries(seen: Seen, flat: float = FLAT) -> list[Activation]:
    """`activations` of outputs that `watched` has seen."""
    rows = []
    for name, batch in seen.items():
        numbers = [float(y) for row in batch for y in row]
        mean = average(numbers)
        std = math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers))
        counts = [sum(seen.slope(y) < flat for y in unit) for unit in zip(*batch)]
        rows.append(Activation(name, mean, std, *flatness(counts, len(batch))))
    return rows


def flatness(counts: Sequence[int], rows: int) -> tuple[float, float]:
    """The shares of saturated outputs and of dead units, of units that are flat for so many of the rows.

    >>> flatness([0, 1, 2, 2], rows=2)
    (0.625, 0.5)
    """
    return sum(counts) / (len(counts) * rows), counts.count(rows) / len(counts)


class Look(NamedTuple):
    """What `look` finds."""

    gradients: dict[Value, float]  # by parameter
    flat: dict[str, tuple[float, float]]  # by layer the shares of saturated outputs and of dead units


def look(model: Module, X: Sequence[Any], y: Sequence[Any], loss: Any) -> Look:
    """How a model in evaluation mode fares with these rows and their targets. No `.grad` changes."""
    answers, seen = watched(model, X)
    parameters = model.parameters()
    gradients = map(float, grad(loss(answers, y), parameters))
    return Look(dict(zip(parameters, gradients)), {row.layer: (row.saturated, row.dead) for row in summaries(seen)})


def outputs(model: Module, X: Sequence[Any]) -> dict[str, list[float]]:
    """All outputs of every layer and activation for the inputs `X`, by name: what a histogram is made of.

    >>> import nn
    >>> outputs(nn.init.constant_(nn.Layer(2, 1), 1.0), [[1.0, 2.0], [-3.0, 1.0]])
    {'layer': [3.0, 0.0]}
    """
    return {name: [float(y) for row in rows for y in row] for name, rows in watched(model, X)[1].items()}


def dead_units(model: Module, X: Sequence[Any]) -> dict[str, list[int]]:
    """The units of every layer whose activation is exactly flat for all of `X`: ReLUs that no input switches on.

    >>> import nn
    >>> layer = nn.init.constant_(nn.Layer(1, 3), 1.0)
    >>> layer.neurons[1].b.data = -100.0
    >>> dead_units(nn.Sequential(layer), [[0.5], [1.0]])["layer0"]
    [1]
    """
    seen = watched(model, X)[1]
    return {
        name: [i for i, unit in enumerate(zip(*batch)) if all(seen.slope(y) == 0.0 for y in unit)]
        for name, batch in seen.items()
    }


def snapshot(model: Module) -> dict[str, list[float]]:
    """Every layer's parameters as they are now, for `update_ratios`.

    >>> import nn
    >>> snapshot(nn.init.constant_(nn.Layer(2, 1), 1.0))
    {'layer': [1.0, 1.0, 0.0]}
    """
    return {name: [p.data for p in parameters] for name, _, parameters in named_layers(model)}


def update_ratios(model: Module, before: dict[str, list[float]]) -> list[Update]:
    """How far the parameters of every layer have moved since `before`, a `snapshot`, compared to their size.

    >>> import nn
    >>> model = nn.MLP(1, [1], seed=0)
    >>> before = snapshot(model)
    >>> for p in model.parameters():
    ...     p.data *= 1.001
    >>> [round(row.ratio, 6) for row in update_ratios(model, before)]
    [0.001]
    """
    return [moved(name, parameters, before[name]) for name, _, parameters in named_layers(model)]


def moved(name: str, parameters: Sequence[Value], old: Sequence[float]) -> Update:
    """How far a layer's parameters are from where they were."""
    update, norm = math.hypot(*(p.data - x for p, x in zip(parameters, old))), math.hypot(*old)
    return Update(name, update / norm if norm else math.inf if update else 0.0, update, norm)


def table(rows: Sequence[Any]) -> str:
    """Rows of one kind as aligned text.

    >>> print(table([Update("layer0", 0.001, 0.002, 2.0)]))
    layer   ratio  update  norm
    layer0  0.001  0.002   2
    """
    if not rows:
        return ""
    cells = [list(rows[0]._fields), *([x if isinstance(x, str) else f"{x:.3g}" for x in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip() for line in cells)


def average(numbers: Sequence[float]) -> float:
    """The mean, also where the sum is beyond the floats; nan where it is undefined.

    >>> average([1.0, 2.0]), average([1.5e308, 1.5e308]), average([math.inf, -math.inf])
    (1.5, 1.5e+308, nan)
    """
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:
        return math.fsum(x / len(numbers) for x in numbers)
    except ValueError:  # inf - inf
        return math.nan
