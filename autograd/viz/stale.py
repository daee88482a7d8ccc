"""Numbers that no longer fit together: a `.data` changed after recording leaves those computed from it as they were."""

from collections.abc import Iterable

from autograd.value import Value


def stale(order: Iterable[Value]) -> tuple[Value, float] | None:
    """The first node, operands first, whose operands would give another number now, and that number.

    >>> w = Value(2.0)
    >>> y = w * 3
    >>> stale([w, y])
    >>> w.data = 5.0
    >>> stale([w, y])
    (Value(data=6.0, grad=0.0), 15.0)
    """
    for node in order:
        if node.op is not None:
            now = node.op.forward(*[arg.data if isinstance(arg, Value) else arg for arg in node.args])
            if now != node.data and now == now:
                return node, now
    return None
