"""Pickling and deep copies: a graph is written operands first, so that its depth costs no recursion."""

import threading
from collections.abc import Iterator
from typing import Any

from autograd.graph import topological_order

_writing = threading.local()


class Ancestors:
    """Everything below a node, in topological order. The pickler meets a node's operands here before the node.

    While the outermost list is being written, its nodes bring none of their own: their operands are written already.
    """

    def __init__(self, root: Any) -> None:
        self.root = root

    def __iter__(self) -> Iterator[Any]:
        if getattr(_writing, "open", False):
            return
        _writing.open = True
        try:
            yield from topological_order([self.root])[:-1]
        finally:
            _writing.open = False

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter(self)


def restore(
    ancestors: Any, cls: type[Any], data: float, op: Any, args: Any, partials: Any, named: dict[str, Any]
) -> Any:
    node = object.__new__(cls)
    node.data, node.op, node.args, node.partials = data, op, args, partials
    node.zero_grad()
    for name, value in named.items():
        setattr(node, name, value)
    return node
