"""The graph: its topological order, and the chain rule along it."""

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any, Protocol

NO_OPERAND = float("nan")  # the second operand of tanh(x): as a constant, it needs no case of its own below


class Node(Protocol):
    """What this file asks of a node z = op(x, y): its operands and the local derivatives dx = dz/dx, dy = dz/dy.

    A plain float among the operands is a constant, to which nothing flows. More than two operands are a tuple in x,
    their derivatives a tuple in dx; a leaf has the empty tuple.
    """

    op: Any
    grad: float
    x: "Node | float | tuple[Node | float, ...]"
    y: "Node | float"
    dx: float | tuple[float, ...]
    dy: float


def topological_order(roots: "Iterable[Any]", inputs: Collection[Any] = ()) -> list[Any]:
    """All nodes that `roots` depend on, each after its operands; nothing before `inputs` is looked at.

    Why an order at all: in `b = a + a; c = b + b; d = b * c` a node may pass its gradient on to its operands only
    when all its consumers have added theirs. b is reached from d before c has paid in; going on from b at once
    would lose c's share of a's gradient. Read backward, this order never does.

    The stack is a list, not recursion, so a chain of a million operations is as good as any. A node is pushed
    twice: the None above it says that its operands are listed and it may be listed itself.
    """
    order: list[Any] = []
    seen: set[Any] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            if node.op is None or (inputs and node in inputs):
                order.append(node)
                continue
            stack.append(node)
            stack.append(None)
            x, y = node.x, node.y
            if y is None:
                stack.extend([arg for arg in x if type(arg) is not float])
            else:
                if type(x) is not float:
                    stack.append(x)
                if type(y) is not float:
                    stack.append(y)
    return order


def reset(root: Any) -> tuple[list[Any], list[tuple[Any, float]]]:
    """`topological_order`, every gradient in it set to zero; and the leaves, each with the gradient that it had.

    The same walk without a set, which takes longer: what it has reached wears this pass's own zero.
    """
    zero = float("0.0")  # told apart from any other zero by being this very object
    order: list[Any] = []
    earlier: list[tuple[Any, float]] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())
        elif node.grad is not zero:
            x, y = node.x, node.y
            if y is not None:
                stack.append(node)
                stack.append(None)
                if type(x) is not float and x.grad is not zero:
                    stack.append(x)
                if type(y) is not float and y.grad is not zero:
                    stack.append(y)
            elif node.op is not None:
                stack.append(node)
                stack.append(None)
                stack.extend([arg for arg in x if type(arg) is not float])
            else:
                earlier.append((node, node.grad))
                order.append(node)
            node.grad = zero
    return order, earlier


def backpropagate(root: Node, seed: float) -> list[Any]:
    """The chain rule: every node hands each operand its gradient times the local derivative. Returns the order.

    Every node starts at zero; a leaf's earlier gradient is added afterwards, so that gradients of several losses add
    up, and a second pass doubles them to the last bit (adding each share to the old total would round differently).
    """
    order, earlier = reset(root)
    root.grad = seed
    for node in reversed(order):
        grad, x, y = node.grad, node.x, node.y
        if y is None:  # many operands, or none
            for arg, partial in zip(x, node.dx):
                if type(arg) is not float:
                    arg.grad += grad * partial
        else:
            if type(x) is not float:
                x.grad += grad * node.dx
            if type(y) is not float:
                y.grad += grad * node.dy
    for leaf, grad in earlier:
        if grad:  # not 0.0, nor the None that PyTorch's users clear with
            leaf.grad += grad
    return order


def adjoints(
    order: list[Any],
    seeds: Mapping[Any, Any],
    partials: Callable[[Any], tuple[Any, ...]],
    times: Callable[[Any, Any], Any],
) -> MutableMapping[Any, Any]:
    """The same chain rule into a dictionary, node -> d roots / d node, leaving every `.grad` alone.

    `partials(node)` may give numbers, or Values: then the sums and products made here are graph themselves, and
    can be differentiated again. None says that nothing flows along that edge. A node that nothing reached has no
    entry.
    """
    adjoint = dict(seeds)
    for node in reversed(order):
        upstream = adjoint.get(node)
        if upstream is not None:
            for arg, partial in zip(node.args, partials(node)):
                if arg.__class__ is not float and partial is not None:
                    share, before = times(upstream, partial), adjoint.get(arg)
                    adjoint[arg] = share if before is None else before + share
    return adjoint


def tangents(
    order: list[Any], seeds: Mapping[Any, Any], partials: Callable[[Any], tuple[Any, ...]]
) -> MutableMapping[Any, Any]:
    """Forward mode: node -> the derivative of the node along the direction `seeds`, operands first."""
    tangent = dict(seeds)
    for node in order:
        if node not in tangent:
            total: Any = 0.0
            for arg, partial in zip(node.args, partials(node)):
                if arg.__class__ is not float and partial is not None:
                    total = total + partial * tangent[arg]
            tangent[node] = total
    return tangent
