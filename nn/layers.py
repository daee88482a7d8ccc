"""Neurons, layers of them, and stacks of layers: h = f(W x + b)."""

import numbers
import random
from collections.abc import Sequence
from typing import Any

from autograd import Value, dot, scope
from nn.activations import Activation, by_name
from nn.module import Module, Row
from nn.seeds import generator


class Neuron(Module):
    """One neuron, f(w . x + b): `nin` numbers in, one number out.

    Arguments: `activation`, a name, a function of one number or None, is applied when `nonlin` is true. Weights start
    uniform in (-1, 1), the bias at 0, drawn from `seed` (an int, or a random.Random) or from Python's generator.
    Without `bias` there is no b.
    Raises ValueError for a row of another length.

    >>> n = Neuron(2, seed=0)
    >>> n.w[0].data, n.w[1].data, n.b.data = 1.0, -2.0, 0.5
    >>> n([3.0, 1.0]).data
    1.5
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: Activation = "relu",
        seed: int | random.Random | None = None,
        bias: bool = True,
    ) -> None:
        if nin < 0:
            raise ValueError(f"a neuron has 0 inputs or more, got {nin}")
        rng = generator(seed)
        self.w = [Value(rng.uniform(-1, 1), label=f"w{i}") for i in range(nin)]
        self.b = Value(0.0, label="b") if bias else None
        self.activation = by_name(activation)
        self.nonlin = nonlin and self.activation is not None

    def forward(self, x: Row) -> Any:
        expect(self, len(self.w), x)
        z = dot(self.w, x)
        z = z if self.b is None else z + self.b
        return self.activation(z) if self.nonlin else z

    def extra_repr(self) -> str:
        return _size(len(self.w), 1, self.activation if self.nonlin else None)


class Layer(Module):
    """`nout` neurons that see the same `nin` inputs.

    Arguments as of `Neuron`; an activation that is a Module (PReLU, Softmax) acts on the row of outputs.
    Raises ValueError for a row of another length: "Layer expects 3 inputs, got 2".

    >>> layer = Layer(3, 4, activation="tanh", seed=0)
    >>> layer
    Layer(3 -> 4, tanh)  16 parameters
    >>> [round(y.data, 3) for y in layer([1.0, 0.0, -1.0])]
    [0.69, -0.284, 0.547, 0.156]
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        activation: Activation = "relu",
        seed: int | random.Random | None = None,
        bias: bool = True,
    ) -> None:
        if nout < 1:
            raise ValueError(f"a layer needs at least one neuron, got {nout}")
        rng = generator(seed)
        f = by_name(activation if nonlin else None)
        on_the_row = isinstance(f, Module)
        self.nin = nin
        self.neurons = [Neuron(nin, nonlin and not on_the_row, None if on_the_row else f, rng, bias)
                        for _ in range(nout)]
        self.activation = f if on_the_row else None

    def forward(self, x: Row) -> Row:
        expect(self, self.nin, x)
        row = []
        for neuron in self.neurons:
            with scope(neuron._name):
                row.append(neuron.forward(x))
        return row if self.activation is None else self.activation.run([row])[0]

    def extra_repr(self) -> str:
        neuron = self.neurons[0]
        return _size(self.nin, len(self.neurons), self.activation or (neuron.activation if neuron.nonlin else None))


class Linear(Layer):
    """A layer without activation, initialised as PyTorch's: weights and biases uniform within 1 / sqrt(in_features).

    >>> Linear(3, 2), Linear(in_features=3, out_features=2, bias=False)
    (Linear(3 -> 2)  8 parameters, Linear(3 -> 2)  6 parameters)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, seed: int | random.Random | None = None
    ) -> None:
        rng = generator(seed)
        super().__init__(in_features, out_features, nonlin=False, seed=rng, bias=bias)
        bound = in_features**-0.5 if in_features else 0.0
        for p in self.parameters():
            p.data = rng.uniform(-bound, bound)


class MLP(Module):
    """A multi-layer perceptron: `nin` inputs, then a layer of each size in `nouts`.

    Arguments: `activation` follows every layer but the last, `output` the last (None, which is micrograd's choice:
    the loss takes logits). `seed` makes the initial weights repeatable; without one, Python's `random.seed` does.
    Every weight starts uniform in (-1, 1), as in micrograd; `nn.init` knows better for deep networks.
    Raises ValueError when no layer is asked for.

    >>> model = MLP(3, [4, 4, 1], seed=0)
    >>> len(model.parameters()), round(model([1.0, -2.0, 3.0]).data, 6)
    (41, 0.895722)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        output: Activation = None,
        seed: int | random.Random | None = None,
    ) -> None:
        if not hasattr(nouts, "__len__") or not all(isinstance(n, numbers.Integral) for n in nouts) or not len(nouts):
            raise ValueError(f"MLP needs a list of sizes, at least one: MLP(3, [4, 4, 1]), not MLP({nin}, {nouts!r})")
        by_name(activation)  # refused where no one knows it, though a single layer has no use for it
        rng = generator(seed)
        sizes = [nin, *nouts]
        *hidden, last = zip(sizes, nouts)
        layers = [Layer(m, n, activation=activation, seed=rng) for m, n in hidden]
        self.layers = [*layers, Layer(*last, nonlin=output is not None, activation=output, seed=rng)]

    def batch(self, rows: list[Row]) -> list[Row]:
        for layer in self.layers:
            rows = layer.run(rows)
        return rows


def expect(module: Module, size: int, row: Row) -> None:
    """Raise ValueError unless the row has `size` numbers."""
    if len(row) != size:
        raise ValueError(f"{type(module).__name__} expects {size} input{'s' * (size != 1)}, got {len(row)}")


def _size(nin: int, nout: int, activation: Any) -> str:
    name = getattr(activation, "name", None) or getattr(activation, "__name__", None) or type(activation).__name__
    return f"{nin} -> {nout}" + (f", {name}" if activation is not None else "")
