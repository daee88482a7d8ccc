"""Gradients that one backward pass does not explain: several passes add up in the leaves until somebody clears them."""

from collections.abc import Collection, Mapping, Sequence

from autograd.value import Value
from autograd.viz.figures import shown

ROUNDING = 1e-9  # of the shares' sizes: sums in another order differ by less


def unexplained(order: Sequence[Value], roots: Collection[Value]) -> dict[Value, float]:
    """The nodes whose gradient is not what their edges bring, and that: operands come first in `order`, last in this.

    An edge brings the gradient of its head times the local derivative. Nothing is said of a root, where a pass begins,
    nor of an operand of a node whose gradient is not known.

    >>> w = Value(3.0, label="w")
    >>> y = w * 2.0
    >>> y.backward(), y.backward()
    (None, None)
    >>> unexplained([w, y], [y])
    {Value(data=3.0, grad=4.0, label='w'): 2.0}
    """
    brought = dict.fromkeys(order, 0.0)
    size = dict.fromkeys(order, 0.0)
    found = {}
    for node in reversed(order):
        grad = node.grad if node.has_grad else None
        if node not in roots and grad is not None and not _alike(grad, brought[node], size[node]):
            found[node] = brought[node]
        for arg, partial in zip(node.args, node.partials):
            if arg in brought:
                share = float("nan") if grad is None else grad * partial
                brought[arg] += share
                size[arg] += abs(share)
    return found


def _alike(grad: float, brought: float, size: float) -> bool:
    """Whether a gradient is that sum, to rounding; of a sum that is no number nobody can tell."""
    return brought != brought or grad == brought or abs(grad - brought) <= ROUNDING * size


def passes_note(found: Mapping[Value, float], names: Mapping[Value, str]) -> str:
    """What a reader must know of `unexplained` gradients, the nearest to the root told; empty where there are none."""
    for node, brought in found.items():
        told = f"the gradient of {names[node]} is {shown(node.grad)}, not the {shown(brought)}"
        more = f", and so it is with {len(found) - 1:,} more" if len(found) > 1 else ""
        why = "uses elsewhere and other backward passes add to it until zero_grad()"
        return f"{told} that its edges here bring{more}: {why}"
    return ""
