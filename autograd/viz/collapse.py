"""Collapse: scopes become boxes, and what does the same to the same boxes becomes one."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from autograd.viz.figures import figure
from autograd.viz.model import Cut, Edge, Inside, Node, Picture

GLANCE = 40  # boxes, and half as many edges again, that a reader takes in at a glance
Key = tuple[Any, ...]


def prefix(picture: Picture, collapse: int | str) -> Callable[[str], str]:
    """Scope -> the part of it that names a box: its first `collapse` parts, or up to the part that starts so."""
    scopes = sorted({node.scope for node in picture.nodes if node.scope})
    found: dict[str, str] = {}
    if isinstance(collapse, str):
        for scope in scopes:
            parts = scope.split("/")
            depth = next((k for k, part in enumerate(parts, 1) if part.startswith(collapse)), 0)
            found[scope] = "/".join(parts[:depth])
        if not any(found.values()):
            there = ", ".join(scopes[:6]) + (", ..." if len(scopes) > 6 else "") if scopes else "no scopes"
            raise ValueError(f"no scope has a part that starts with {collapse!r}; the graph has {there}")
    elif isinstance(collapse, int) and collapse >= 1:
        found = {scope: "/".join(scope.split("/")[:collapse]) for scope in scopes}
    else:
        raise ValueError(f"collapse is True, False, a depth of at least 1, or the name of a scope, not {collapse!r}")
    return lambda scope: found.get(scope, "")


def every_prefix(picture: Picture) -> list[Callable[[str], str]]:
    """The scopes that may become boxes, the innermost first."""
    deepest = max((node.scope.count("/") + 1 for node in picture.nodes if node.scope), default=0)
    return [prefix(picture, depth) for depth in range(deepest, 0, -1)]


def at_a_glance(picture: Picture, prefixes: Sequence[Callable[[str], str]], most: int) -> Picture:
    """The most detailed collapse that a reader takes in at a glance, or else the least detailed one."""
    levels = [(prefix, alike) for prefix in prefixes for alike in (None, "alike")]
    for prefix, alike in [*levels, (prefixes[-1], "rest")] if prefixes else [(lambda scope: "", "alike")]:
        box = _grouping(picture, prefix, alike)
        if len(picture.nodes) - len(box) + len(set(box.values())) <= most:
            merged = merge(picture, box)
            if 2 * len(merged.edges) <= 3 * most:
                break
    else:
        merged = merge(picture, box)
    if len(merged.nodes) < len(picture.nodes):
        boxes = f"{picture.size:,} nodes in {merged.boxes:,} boxes"
        merged.notes.append(f"{boxes}; draw(..., collapse=False) shows them singly")
    return merged


def _grouping(picture: Picture, prefix: Callable[[str], str], alike: str | None = None) -> dict[str, Key]:
    """Node id -> the box it goes into, for those that go into one. A result always stands for itself.

    Boxes are scopes. With "alike", the nodes outside all scopes that do the same to the same boxes are one as well:
    the loss terms of a hundred samples, and the chain of additions that sums them up. With "rest", all operations
    outside the scopes are one box.
    """
    heads: dict[str, list[Node]] = {}
    operands: dict[str, list[str]] = {}
    for edge in picture.edges if alike else ():
        heads.setdefault(edge.tail, []).append(picture.node(edge.head))
        operands.setdefault(edge.head, []).append(edge.tail)
    box: dict[str, Key] = {}
    sources: dict[Key, set[Key]] = {}  # the boxes that an `alike` box takes its operands from
    numbers: dict[Any, int] = {}
    roots = set(picture.roots)
    for node in picture.nodes:
        scope = prefix(node.scope)
        if node.id in roots:
            continue
        if scope:
            box[node.id] = ("scope", scope)
        elif alike and node.is_leaf:
            box[node.id] = ("leaf", node.kind, *sorted({(h.op, prefix(h.scope)) for h in heads.get(node.id, ())}))
        elif alike == "rest":
            box[node.id] = ("rest",)
        elif alike:
            below = {box.get(tail, (tail,)) for tail in operands.get(node.id, ())}
            box[node.id] = _alike(node, below, sources, numbers)
    return box


def _alike(node: Node, below: set[Key], sources: dict[Key, set[Key]], numbers: dict[Any, int]) -> Key:
    """The box of all nodes with this operation on these boxes; a chain of one operation stays in its box."""
    for key in below:
        if key[0] == "alike" and key[1] == node.op and below - {key} <= sources[key]:
            return key
    made = (node.op, frozenset(below))
    key = ("alike", node.op, numbers.setdefault(made, len(numbers)))
    sources.setdefault(key, below)
    return key


def merge(picture: Picture, box: Mapping[str, Key]) -> Picture:
    """The picture with the nodes of each box drawn as one; a box of one node stays that node."""
    members: dict[Key, list[Node]] = {}
    for node in picture.nodes:
        if node.id in box:
            members.setdefault(box[node.id], []).append(node)
    new_id: dict[str, str] = {}
    outputs = _outputs(picture, box)
    nodes = []
    for node in picture.nodes:
        key = box.get(node.id, ())
        group = members.get(key, [])
        if len(group) < 2:
            nodes.append(node)
        elif node is group[0]:
            made = _box(f"g{len(nodes)}", key, group)
            made.unexplained = any(member.unexplained for member in group)
            made.cut = Cut(*map(sum, zip(*(member.cut for member in group))))
            if len(outputs[key]) == 1:
                made.data = picture.node(*outputs[key]).data
            nodes.append(made)
            new_id.update((member.id, made.id) for member in group)
    edges = _bundled(picture.edges, new_id, {id for few in outputs.values() if len(few) == 1 for id in few})
    ids = {value: new_id.get(id, id) for value, id in picture.ids.items()}
    return Picture(nodes, edges, [new_id.get(id, id) for id in picture.roots], ids, list(picture.notes))


def _outputs(picture: Picture, box: Mapping[str, Key]) -> dict[Key, set[str]]:
    """Of each box, the nodes that something outside it uses."""
    found: dict[Key, set[str]] = {key: set() for key in box.values()}
    for edge in picture.edges:
        if edge.tail in box and box.get(edge.head) != box[edge.tail]:
            found[box[edge.tail]].add(edge.tail)
    return found


def _bundled(edges: Iterable[Edge], new_id: Mapping[str, str], single: Collection[str]) -> list[Edge]:
    """Edges between boxes drawn as one; those between two nodes stay, repeated ones too.

    A local derivative belongs to the two nodes at its ends, and is kept only where the reader can see both: an edge
    into a box ends at a node inside it, and an edge out of a box starts at one, which is seen where it is the
    `single` output of its box.
    """
    bundles: dict[tuple[str, str], Edge] = {}
    kept = []
    for edge in edges:
        tail, head = new_id.get(edge.tail, edge.tail), new_id.get(edge.head, edge.head)
        if (tail, head) == (edge.tail, edge.head):
            kept.append(edge)
        elif tail != head and (tail, head) in bundles:
            bundle = bundles[tail, head]
            bundle.count, bundle.partial = bundle.count + edge.count, None
        elif tail != head:
            seen = edge.head not in new_id and (edge.tail not in new_id or edge.tail in single)
            partial = edge.partial if seen else None
            bundle = bundles[tail, head] = Edge(edge.id, tail, head, edge.slot, partial, edge.count)
            kept.append(bundle)
    return kept


def _box(id: str, key: Key, group: list[Node]) -> Node:
    inside = Inside(
        nodes=sum(node.nodes for node in group),
        operations=sum(1 for node in group if node.op),
        parameters=sum(1 for node in group if node.kind == "parameter"),
        grad_norm=_norm(node.grad for node in group if node.kind == "parameter"),
    )
    if key[0] == "scope":
        return Node(id, "group", label=key[1], scope=key[1], inside=inside)
    if key[0] == "leaf":
        numbers = {node.data for node in group if node.kind == "constant" and node.data is not None}
        label = f"{figure(numbers.pop())}, {len(group):,} times" if len(numbers) == 1 else f"{len(group):,} {key[1]}s"
        return Node(id, "group", label=label, inside=inside)
    if key[0] == "rest":
        return Node(id, "group", label=f"{len(group):,} other operations", inside=inside)
    return Node(id, "group", group[0].op, group[0].symbol, f"{len(group):,} times", inside=inside)


def _norm(grads: Iterable[float | None]) -> float | None:
    """The norm of them all; None where one is unknown."""
    found = list(grads)
    known = [grad for grad in found if grad is not None]
    if not known or len(known) < len(found):
        return None
    return math.nan if any(map(math.isnan, known)) else math.hypot(*known)
