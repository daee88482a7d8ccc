"""A graph for whoever shows one unasked: soon, and small, however large the graph is."""

from collections.abc import Mapping

from autograd.value import Value
from autograd.viz.collapse import GLANCE
from autograd.viz.model import Picture, picture
from autograd.viz.notation import MOST_OPERANDS
from autograd.viz.order import nearest
from autograd.viz.view import view

LOOKED_AT = 1_000  # nodes, which takes a tenth of a second
MOST_EDGES = 200
NEAR = 12  # nodes that are shown of a larger graph


def glimpse(v: Value, gradients: Mapping[Value, float] | None = None) -> Picture:
    """What `draw` shows of the graph of `v` in GLANCE boxes; of a large graph the nodes nearest to `v`.

    `gradients` are shown in place of the nodes' own.

    >>> v = Value(1.0)
    >>> for _ in range(2_000):
    ...     v = v * 0.5
    >>> glimpse(v).size, glimpse(v).notes[0].partition(";")[0]
    (12, 'the 12 nodes nearest to the result')
    """
    near = nearest([v], LOOKED_AT + 1)
    if len(near) <= LOOKED_AT and sum(len(node.args) for node in near) <= 4 * LOOKED_AT:
        whole = view(picture(v, gradients=gradients), max_nodes=GLANCE)
        if len(whole.edges) <= MOST_EDGES:
            return whole
    part = picture(v, gradients=gradients, within=nearest([v], NEAR, MOST_OPERANDS))
    near_by = f"the {part.size} node{'s' * (part.size != 1)} nearest to the result"
    part.notes.append(f"{near_by}; draw(...) shows more, or scopes as boxes")
    return part
