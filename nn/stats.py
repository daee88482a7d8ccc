"""How a network feels inside: the size of gradients, activations and updates, layer by layer.

Every function gives one row per layer, in the network's order. A row is a named tuple of plain numbers, so that a
table, a plot (`nn.plots`) or a History can be made of it; layers are called what the drawings call them.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd import Value, grad
from nn.activations import NAMES, Elementwise, LogSoftmax, PReLU, Softmax
from nn.layers import Layer, Neuron
from nn.module import Module, Row


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
    for name, module in _parts(model):
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


def activations(model: Module, X: Sequence[Any], flat: float = 0.05) -> list[Activation]:
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


class Seen(dict[str, list[Row]]):
    """The outputs of layers and activations by name, and for an output what its activation was `given`."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[Value, Value] = {}

    def note(self, xs: Sequence[Any], ys: Sequence[Any]) -> None:
        """An activation has made `ys` of `xs`, one by one."""
        self.given |= {y: x for x, y in zip(xs, ys) if isinstance(x, Value) and isinstance(y, Value) and x is not y}

    def slope(self, y: Any) -> float:
        """How much `y` changes with what its activation was given; 1 for what no activation made."""
        if isinstance(y, Value) and y.op in _ACTIVATIONS:
            return abs(y.partials[0])
        return abs(float(grad(y, [self.given[y]])[0])) if y in self.given else 1.0


def summaries(seen: Seen, flat: float = 0.05) -> list[Activation]:
    """`activations` of outputs that `watched` has seen."""
    rows = []
    for name, batch in seen.items():
        numbers = [float(y) for row in batch for y in row]
        mean = average(numbers)
        std = math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers))
        flats = [[seen.slope(y) < flat for y in row] for row in batch]
        dead = [all(unit) for unit in zip(*flats)]
        saturated = sum(map(sum, flats)) / len(numbers)
        rows.append(Activation(name, mean, std, saturated, sum(dead) / len(dead)))
    return rows


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


# ------------------------------------------------------------------------------------------------ inside


def _parts(model: Module, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """(name, module) for this module and those inside it; the neurons of a layer are the layer."""
    yield prefix or type(model).__name__.lower(), model
    if not isinstance(model, Layer):
        for child in model.children():
            yield from _parts(child, f"{prefix}/{child._name}" if prefix else child._name)


_ACTIVATIONS = set(NAMES.values())


def watched(model: Module, X: Sequence[Any]) -> tuple[Any, Seen]:
    """What the model says to the batch `X` in evaluation mode; the outputs of every layer and activation, by name."""
    if not len(X):
        raise ValueError("statistics of activations need at least one row of inputs")
    kinds = (Layer, Neuron, Elementwise, PReLU, Softmax, LogSoftmax)
    seen = Seen()
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with contextlib.ExitStack() as stack:
        for name, module in _parts(model):
            if isinstance(module, kinds):
                for part, method, other in _watching(module, name, seen):
                    stack.callback(_restore, part, method, vars(part).get(method))
                    object.__setattr__(part, method, other)
        try:
            answers = model(X)
        finally:
            for module, mode in modes.items():
                module.training = mode
    return answers, seen


def _watching(module: Module, name: str, seen: Seen) -> Iterator[tuple[Module, str, Any]]:
    """(module, method, another method): while these are in place, what the module does is noted."""
    def noting(batch: Any, acts: bool, key: str | None = None) -> Any:
        def noted(rows: list[Row]) -> list[Row]:
            outputs: list[Row] = batch(rows)
            if key is not None:
                seen[key] = outputs
            for xs, ys in zip(rows, outputs if acts else []):
                seen.note(xs, ys)
            return outputs

        return noted

    def noting_numbers(f: Any) -> Any:
        def noted(x: Any) -> Any:
            y = f(x)
            seen.note([x], [y])
            return y

        return noted

    layer = isinstance(module, (Layer, Neuron))
    yield module, "batch", noting(module.batch, not layer, name)
    if isinstance(module, Layer) and module.activation is not None:
        yield module.activation, "batch", noting(module.activation.batch, True)
    for neuron in module.neurons if isinstance(module, Layer) else [module]:
        if isinstance(neuron, Neuron) and neuron.nonlin:
            yield neuron, "activation", noting_numbers(neuron.activation)


def _restore(module: Module, method: str, own: Any) -> None:
    """Undo what `watched` has put in place: the method of the class is back, or the module's `own` one."""
    object.__delattr__(module, method)
    if own is not None:
        object.__setattr__(module, method, own)
