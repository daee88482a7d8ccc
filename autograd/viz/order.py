"""The order in which a reader expects a graph: that of the program."""

from collections.abc import Iterable

from autograd.value import Value


def program_order(roots: Iterable[Value]) -> list[Value]:
    """All nodes below `roots`, operands first and from the left, as Python computes an expression.

    The engine's own order, which decides how sums of gradients round, comes from the right.

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
            stack += [node, None, *(arg for arg in reversed(node.args) if isinstance(arg, Value))]
    return order
