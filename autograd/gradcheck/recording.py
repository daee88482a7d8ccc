"""What a check knows of f: its inputs by name, its recorded graph, the gradient, and the rounding in both."""

import inspect
import operator
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.context import enable_grad, remember_lines
from autograd.gradcheck.jitter import spread
from autograd.gradcheck.rounding import Rounded, rounding
from autograd.graph import adjoints, topological_order
from autograd.replay import evaluate, replay
from autograd.tree import flatten
from autograd.value import Value

NUDGE = 2.0**-10
LOOSE = 1e-8  # of the gradient: half the digits


class Recording:
    """f at its inputs: the leaves, the outputs, and for each output the gradient that `backward` gives.

    Raises TypeError if the inputs are not f's arguments, or no numbers; ValueError if f gives two different values
    for the same inputs, or there is nothing to differentiate.
    """

    def __init__(self, f: Callable[..., Any], inputs: Any) -> None:
        self.f = f
        args = inputs if isinstance(inputs, tuple) and not hasattr(inputs, "_fields") else (inputs,)
        _check_arguments(f, args)
        given, self.rebuild = flatten(args)
        places = list(names(f, args))
        self.xs = floats(given, places)
        labels = [getattr(x, "label", "") or place for x, place in zip(given, places)]
        self.leaves = [Value(x, label=label) for x, label in zip(self.xs, labels)]
        with enable_grad(), remember_lines():
            output = f(*self.rebuild(self.leaves))
        for leaf, x in zip(self.leaves, self.xs):  # f may have changed its `.data` after using it
            leaf.data = x
        found, _ = flatten(output)
        self.names = [getattr(y, "label", "") or name for y, name in zip(found, _paths("f", output))]
        if not self.leaves or not any(isinstance(y, Value) for y in found):
            raise ValueError(f"gradcheck found nothing to differentiate: {len(self.leaves)} inputs, f gave {output!r}")
        self.outputs = [y if isinstance(y, Value) else Value(y) for y in found]
        once, again = [y.data for y in self.outputs], self.numbers(self.xs)
        if not same(once, again):
            raise ValueError(
                f"f gave {once} and then {again} for the same inputs: seed its random numbers, or turn its dropout off"
            )
        self.is_the_graph = self._is_replayed()
        self.noise = [y.error for y in replay(self.outputs, Rounded)]
        self.gradients = [self._backward(y) for y in self.outputs]
        self.rounding = [rounding_of(y, self.leaves, g) for y, g in zip(self.outputs, self.gradients)]

    def numbers(self, xs: Sequence[float]) -> list[float]:
        """f itself, on numbers."""
        return [float(y) for y in self._called(xs)]

    def _called(self, xs: Sequence[float]) -> list[Any]:
        leaves = [Value(x, leaf.label) for x, leaf in zip(xs, self.leaves)]
        with enable_grad():
            outputs, _ = flatten(self.f(*self.rebuild(leaves)))
        return outputs

    def replayed(self, numbers: list[Any]) -> list[Any]:
        """The recorded graph, on numbers of any system."""
        found: list[Any] = replay(self.outputs, type(numbers[0]), dict(zip(self.leaves, numbers)))
        return found

    def added_up(self, k: int) -> list[float]:
        """The gradient of output k from the recorded local derivatives, by another loop than that of `backward`."""
        y = self.outputs[k]
        found = adjoints(topological_order([y]), {y: 1.0}, lambda node: node.partials, operator.mul)
        return [found.get(x, 0.0) for x in self.leaves]

    def _is_replayed(self) -> bool:
        """Whether the graph is all of f: beside the point, has every node of both the same bits?

        Not only the outputs: 1e6 + 1e-9 * x * x.detach() moves too little there to show.
        """
        for side in (1.0, -1.0):
            chance = random.Random(0)
            beside = [x + side * NUDGE * (abs(x) or 1.0) * chance.uniform(0.5, 1.0) for x in self.xs]
            try:
                called = [y if isinstance(y, Value) else Value(y) for y in self._called(beside)]
            except Exception:  # f has no value there
                continue
            replayed = evaluate(self.outputs, float, dict(zip(self.leaves, beside)))
            return same([node.data for node in topological_order(called)],
                        [replayed[node] for node in topological_order(self.outputs)])  # fmt: skip
        return True

    def _backward(self, output: Value) -> list[float]:
        """What `backward` leaves on the inputs; every `.grad`, the parameters' that f closes over too, is put back."""
        order = topological_order([output])
        before = {node: node.grad for node in order if node.has_grad}
        for node in order:
            node.zero_grad()
        try:
            output.backward()
            return [x.grad for x in self.leaves]
        finally:
            for node in order:
                node.zero_grad()
            for node, grad in before.items():
                node.grad = grad


def _check_arguments(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a function of C
        return
    try:
        signature.bind(*args)
    except TypeError as error:
        raise TypeError(
            f"f does not take {len(args)} argument{'s' * (len(args) != 1)}: {error}. A tuple gives f's arguments one by"
            " one, a list is one of them"
        ) from error


def floats(leaves: Sequence[Any], places: Sequence[str]) -> list[float]:
    """The leaves as numbers; an error tells the place of one that is none."""
    numbers = []
    for leaf, place in zip(leaves, places):
        try:
            numbers.append(float(leaf))
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{place} is a {type(leaf).__name__}, not a number: give numbers, Values, or nested lists, tuples and"
                " dictionaries of them; of a module, list(module.parameters())"
            ) from error
    return numbers


def same(xs: Sequence[float], ys: Sequence[float]) -> bool:
    return len(xs) == len(ys) and all(x == y or (x != x and y != y) for x, y in zip(xs, ys))


def rounding_of(output: Value, leaves: Sequence[Value], gradient: Sequence[float]) -> list[tuple[float, float]]:
    """Per input the rounding in its gradient, and its condition: bounded, or measured where the bound is loose."""
    bounds = rounding(output, leaves)
    if all(bound <= LOOSE * abs(g) for g, (bound, _) in zip(gradient, bounds)):
        return bounds
    return [(min(bound, measured), size) for (bound, size), measured in zip(bounds, spread(output, leaves))]


def parameters(f: Callable[..., Any]) -> tuple[str, ...]:
    """The names of what `f` takes by its place, as far as they are known."""
    if hasattr(f, "operands"):  # an operation of the table
        return tuple(f.operands)
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # a function of C
        return ()
    return tuple(p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def names(f: Callable[..., Any], args: tuple[Any, ...]) -> Iterator[str]:
    """x, w[0], p['bias']: the inputs as the reader wrote them."""
    known = parameters(f)
    for k, arg in enumerate(args):
        yield from _paths(known[k] if k < len(known) else f"inputs[{k}]", arg)


def _paths(name: str, tree: Any) -> Iterator[str]:
    if hasattr(tree, "tolist") and getattr(tree, "shape", ()) != ():
        tree = tree.tolist()
    if isinstance(tree, dict):
        for key, branch in tree.items():
            yield from _paths(f"{name}[{key!r}]", branch)
    elif isinstance(tree, (list, tuple)):
        for k, branch in enumerate(tree):
            yield from _paths(f"{name}[{k}]", branch)
    else:
        yield name
