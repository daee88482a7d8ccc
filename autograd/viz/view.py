"""Views: what of a picture is shown. Scopes become boxes, and what is still too much is cut off and counted."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from autograd.value import Value
from autograd.viz.collapse import GLANCE, at_a_glance, every_prefix, prefix
from autograd.viz.model import Cut, Picture, root_values


def view(picture: Picture, collapse: Any = None, around: Any = None, hops: int = 2, max_nodes: int = 200) -> Picture:
    """The part of `picture` to be drawn; see `draw` for the arguments.

    A picture with more than `max_nodes` nodes is collapsed when `collapse` is None; what is then still too much is
    cut off, farthest from the result first, or from `around`. The picture's notes say what happened, and each node
    what of it was cut off. A constant is not counted, and stays with its operation.
    """
    if max_nodes < 1 or hops < 0:
        raise ValueError(f"max_nodes must be at least 1 and hops at least 0, got {max_nodes} and {hops}")
    values = [] if around is None else root_values(around)
    if values:
        picture = _around(picture, _ids_of(picture, values), hops)
    if collapse is True or (collapse is None and picture.boxes > max_nodes):
        scopes = every_prefix(picture)
        collapsed = at_a_glance(picture, scopes, min(GLANCE, max_nodes))
        if collapse is True or scopes or collapsed.boxes <= max_nodes:  # or else the boxes would only be in the way
            picture = collapsed
    elif collapse is not None and collapse is not False:
        picture = at_a_glance(picture, [prefix(picture, collapse)], min(GLANCE, max_nodes))
    if picture.boxes <= max_nodes:
        return picture
    return _nearest(picture, _ids_of(picture, values), max_nodes)


def _ids_of(picture: Picture, values: Iterable[Value]) -> list[str]:
    for value in values:
        if value not in picture.ids:
            raise ValueError(f"{value!r} is not in this graph: around= must be a node that the drawn Value depends on")
    return [picture.ids[value] for value in values]


def _around(picture: Picture, centres: list[str], hops: int) -> Picture:
    """What lies within `hops` edges of the centres, either way."""
    part = _part(picture, _reached(centres, _beside(picture), hops, len(picture.nodes)))
    left = picture.size - part.size
    if left:
        steps = f"{hops} step" + "s" * (hops != 1)
        within = f"within {steps} of {_where(picture, centres)}"
        part.notes.append(f"{within}; {left:,} of {picture.size:,} nodes are left out")
    return part


def _beside(picture: Picture) -> dict[str, list[str]]:
    """The nodes next to each, either way."""
    beside = _below(picture)
    for edge in picture.edges:
        beside.setdefault(edge.tail, []).append(edge.head)
    return beside


def _below(picture: Picture) -> dict[str, list[str]]:
    """The operands of each node, constants not among them."""
    below: dict[str, list[str]] = {}
    for edge in picture.edges:
        if picture.node(edge.tail).nodes:
            below.setdefault(edge.head, []).append(edge.tail)
    return below


def _where(picture: Picture, centres: list[str]) -> str:
    return picture.node(centres[0]).label or "the chosen node" if centres else "the result"


def _nearest(picture: Picture, centres: list[str], most: int) -> Picture:
    """The `most` nodes that are fewest steps from the centres; without any, fewest steps below the result."""
    start, next_to = (centres, _beside(picture)) if centres else (picture.roots, _below(picture))
    part = _part(picture, _reached(start, next_to, len(picture.nodes), most))
    part.notes.append(
        f"the {part.size:,} node{'s' * (part.size != 1)} nearest to {_where(picture, centres)};"
        f" {picture.size - part.size:,} of {picture.size:,} are left out."
        " In draw(...), raise max_nodes, collapse scopes, or look around one node"
    )
    return part


def _reached(start: Iterable[str], beside: Mapping[str, list[str]], hops: int, most: int) -> set[str]:
    """Breadth first from `start`, so many steps and so many nodes at most."""
    distance = dict.fromkeys(start, 0)
    queue = deque(distance)
    while queue:
        id = queue.popleft()
        for other in beside.get(id, ()) if distance[id] < hops else ():
            if other not in distance and len(distance) < most:
                distance[other] = distance[id] + 1
                queue.append(other)
    return set(distance)


def _part(picture: Picture, keep: set[str]) -> Picture:
    """These nodes with their constants; each knows how many of its edges are cut."""
    operands: Counter[str] = Counter()
    uses: Counter[str] = Counter()
    keep = keep | {edge.tail for edge in picture.edges if edge.head in keep and not picture.node(edge.tail).nodes}
    for edge in picture.edges:
        if edge.head in keep and edge.tail not in keep:
            operands[edge.head] += edge.count
        if edge.tail in keep and edge.head not in keep and picture.node(edge.tail).nodes:
            uses[edge.tail] += edge.count
    for node in picture.nodes:
        node.cut = Cut(node.cut.operands + operands[node.id], node.cut.uses + uses[node.id])
    return Picture(
        [node for node in picture.nodes if node.id in keep],
        [edge for edge in picture.edges if edge.tail in keep and edge.head in keep],
        [id for id in picture.roots if id in keep],
        {value: id for value, id in picture.ids.items() if id in keep},
        list(picture.notes),
    )
