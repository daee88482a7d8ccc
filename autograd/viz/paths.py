"""The paths of a graph from a result down to one of its nodes, each with the product of its local derivatives.

There are exponentially many paths. They are counted, not listed, and the largest are found without the others: the k
largest from a node are among the k largest from each of its operands, one edge longer.
"""

import heapq
import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograd.value import Value


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the loss down to the input: its nodes, the operand taken at each, and the local derivatives."""

    nodes: tuple[Value, ...]
    edges: tuple[int, ...]
    partials: tuple[float, ...]
    product: float

    @property
    def vanishes(self) -> bool:
        """Whether the product is too small for a float: written as zero, with no zero among its factors."""
        return self.product == 0.0 and all(self.partials)


def count_paths(order: Iterable[Any], loss: Any, w: Any) -> int:
    """How many paths lead from `loss` down to `w`: exactly, and without walking them.

    >>> from autograd.graph import topological_order
    >>> x = Value(1.0)
    >>> y = x
    >>> for _ in range(200):
    ...     y = y + y
    >>> count_paths(topological_order([y]), y, x) == 2**200
    True
    """
    ways = {loss: 1}  # from the loss to a node; forgotten once handed on, since these numbers get long
    for node in reversed(list(order)):
        if node is not w and node in ways:
            here = ways.pop(node)
            for arg in node.args:
                if arg.__class__ is not float:
                    ways[arg] = ways.get(arg, 0) + here
    return ways.get(w, 0)


# A path from a node down to w: (its size, the node, the edge taken, the path from there on, or None at w).
Tail = tuple[float, Value, int, "Tail | None"]


def largest_paths(order: Iterable[Value], loss: Value, w: Value, k: int) -> list[Path]:
    """The `k` paths from `loss` to `w` whose product is largest in size, the largest first."""
    best: dict[Value, list[Tail]] = {w: [(0.0, w, 0, None)]}
    for node in order:
        if node is not w:
            longer = [
                (_add(_size(partial), tail[0]), node, edge, tail)
                for edge, (arg, partial) in enumerate(zip(node.args, node.partials))
                for tail in best.get(arg, ())
            ]
            if longer:
                best[node] = heapq.nlargest(k, longer, key=operator.itemgetter(0))
    found = [_path(tail) for tail in best.get(loss, ())]
    return sorted(found, key=lambda path: _size(path.product), reverse=True)


def _size(factor: float) -> float:
    """The logarithm of |factor|, so that long products neither overflow nor vanish; nan counts as largest."""
    if factor != factor:
        return math.inf
    return math.log(abs(factor)) if factor else -math.inf


def _add(one: float, other: float) -> float:
    return math.inf if math.inf in (one, other) else one + other  # inf * 0 is nan, which counts as largest


def total(products: Iterable[float]) -> float:
    """The sum, rounded once; of an exploding gradient inf or nan, as the engine's own additions give it."""
    terms = list(products)
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):  # a sum beyond the floats, inf - inf
        return sum(terms)


def _path(tail: Tail | None) -> Path:
    nodes, edges, partials, product = [], [], [], 1.0
    while tail is not None:
        _, node, edge, rest = tail
        nodes.append(node)
        if rest is not None:
            edges.append(edge)
            partials.append(node.partials[edge])
            product *= node.partials[edge]
        tail = rest
    return Path(tuple(nodes), tuple(edges), tuple(partials), product)


def large(count: int) -> str:
    """A count as a reader takes it in.

    >>> large(1234), large(2**200)
    ('1,234', 'about 1.61e60')
    """
    if count < 10**15:
        return f"{count:,}"
    digits = math.log10(count)
    return f"about {10 ** (digits % 1):.3g}e{int(digits)}"
