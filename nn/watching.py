"""Looking on while a network answers: what each of its layers and activations says, and what it was given."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from autograd import Value, grad
from nn.activations import NAMES, Elementwise, LogSoftmax, PReLU, Softmax
from nn.layers import Layer, Neuron
from nn.module import Module, Row

__all__ = ["Seen", "evaluating", "parts", "watched"]

_ACTIVATIONS = set(NAMES.values())


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


def watched(model: Module, X: Sequence[Any]) -> tuple[Any, Seen]:
    """What the model says to the batch `X` in evaluation mode; the outputs of every layer and activation, by name."""
    if not len(X):
        raise ValueError("statistics of activations need at least one row of inputs")
    kinds = (Layer, Neuron, Elementwise, PReLU, Softmax, LogSoftmax)
    seen = Seen()
    with evaluating(model), contextlib.ExitStack() as stack:
        for name, module in parts(model):
            if isinstance(module, kinds):
                for part, method, other in _watching(module, name, seen):
                    stack.callback(_restore, part, method, vars(part).get(method))
                    object.__setattr__(part, method, other)
        answers = model(X)
    return answers, seen


@contextlib.contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """While this lasts, the model is in evaluation mode."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def parts(model: Module, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """(name, module) for this module and those inside it; the neurons of a layer are the layer."""
    yield prefix or type(model).__name__.lower(), model
    if not isinstance(model, Layer):
        for child in model.children():
            yield from parts(child, f"{prefix}/{child._name}" if prefix else child._name)


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
