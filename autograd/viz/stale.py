"""Numbers that no longer fit together: a `.data` changed after recording leaves those computed from it as they were."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from autograd.record import partials_at
from autograd.value import Value
from autograd.viz.figures import shown
from autograd.viz.notation import slope_of


class Stale(NamedTuple):
    """What a node's operands would give now: another number, or along an edge another local derivative."""

    node: Value
    edge: int | None
    now: float

    def told(self, names: Mapping[Value, str]) -> str:
        """In a sentence without an end."""
        name, was = names[self.node], self.node.data
        if self.edge is not None:
            name, was = slope_of(self.node, self.edge, names), self.node.partials[self.edge]
        return f"{name} was {shown(was)} when it was computed and would be {shown(self.now)} now"


def stale(order: Iterable[Value]) -> Stale | None:
    """The first node, operands first, whose operands would give something else now.

    >>> w, x = Value(2.0), Value(0.0)
    >>> y = w * x
    >>> stale([w, x, y])
    >>> w.data = 5.0  # which changes 2 * 0 not, but the slope towards x
    >>> stale([w, x, y])
    Stale(node=Value(data=0.0, grad=0.0), edge=1, now=5.0)
    """
    for node in order:
        if node.op is None:
            continue
        operands = [arg.data if isinstance(arg, Value) else arg for arg in node.args]
        now = node.op.forward(*operands)
        if not same(now, node.data):
            return Stale(node, None, now)
        for edge, slope in enumerate(partials_at(node.op, operands, now)):
            if isinstance(node.args[edge], Value) and not same(slope, node.partials[edge]):
                return Stale(node, edge, slope)
    return None


def stale_note(names: Mapping[Value, str]) -> str:
    """What a reader of these nodes, operands first, must know: empty where the numbers fit together."""
    found = stale(names)
    return f"{found.told(names)}: a .data was changed after recording" if found else ""


def same(x: float, y: float) -> bool:
    """Whether two numbers are one; nan is nan here."""
    return x == y or (x != x and y != y)
