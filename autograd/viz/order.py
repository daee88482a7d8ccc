"""The order in which a reader expects a graph: that of the program."""

from collections.abc import Collection, Container, Iterable
from typing import Any

from autograd.value import Value
from autograd.viz.notation import names


def program_order(roots: Iterable[Value], within: Container[Any] | None = None) -> list[Value]:
    """All nodes below `roots`, operands first and from the left, as Python computes an expression.

    With `within`, only what is reached inside it. The engine's own order, which decides how sums of gradients round,
    comes from the right.

    >>> a, b, c = (Value(1.0, label=name) for name in "abc")
    >>> [node.label or node._op for node in program_order([a * b + c.tanh()])]
    ['a', 'b', '*', 'c', 'tanh', '+']
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = list(reversed(list(roots)))
    while stack:
        node = stack.pop()
        if node is None:  # the one below has its operands in the order
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            seen.add(node)
            below = [arg for arg in reversed(node.args) if isinstance(arg, Value) and (within is None or arg in within)]
            stack += [node, None, *below]
    return order


def without_cycle(order: list[Value]) -> list[Value]:
    """A `program_order`, unchanged; ValueError where a node comes before one of its operands.

    No operation makes such a graph: somebody has replaced an operand afterwards.
    """
    before: set[Value] = set()
    for node in order:
        for arg in node.args:
            if isinstance(arg, Value) and arg not in before:
                called = names(order)
                raise ValueError(
                    f"the graph has a cycle through {called[node]} ({node!r:.60}): its operand {called[arg]} is itself"
                    " computed from it. Was an operand replaced by hand?"
                )
        before.add(node)
    return order


def nearest(roots: list[Value], limit: int, operands: int | None = None) -> Collection[Value]:
    """The `limit` nodes nearest to the roots, by the first so many `operands`. No others are looked at."""
    found = dict.fromkeys(roots)
    layer = list(roots)
    while layer and len(found) < limit:
        below = dict.fromkeys(arg for node in layer for arg in node.args[:operands])
        layer = [arg for arg in below if isinstance(arg, Value) and arg not in found][: limit - len(found)]
        found.update(dict.fromkeys(layer))
    return found
