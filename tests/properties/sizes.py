"""How large the terms of a gradient are: the condition of the sum over paths."""

from autograd.graph import adjoints, topological_order


def sizes(root, leaves):
    """Per leaf, the sum over all paths from `root` of |the product of the local derivatives along it|."""
    found = adjoints(
        topological_order([root]), {root: 1.0}, lambda node: tuple(map(abs, node.partials)), lambda x, y: x * y
    )
    return [found.get(leaf, 0.0) for leaf in leaves]
