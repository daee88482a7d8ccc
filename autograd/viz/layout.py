"""A layered layout: where every box, edge and edge label goes. Deterministic to the last byte, no `dot` needed.

`arrange` says which layer and which order; here the order becomes coordinates. *Along* is the direction of the
data flow, *across* the direction within a layer; only the last step knows which of them is x.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from autograd.viz.layers import Item, Layers, Link, arrange

Point = tuple[float, float]
Direction = Literal["LR", "TB"]

MARGIN = 14.0
BOX_GAP, LABEL_GAP, EDGE_GAP = 16.0, 4.0, 8.0  # least distances within a layer
LAYER_GAP = 14.0  # between a layer of boxes and the labels beside it; more where edges are steep
ARROW = 6.0  # the length of an arrowhead
SWEEPS = 12
MANY = 4000  # boxes and passing points; beyond this fewer sweeps must do


def directed(direction: object) -> None:
    """Raise ValueError unless it is a direction."""
    if direction not in ("LR", "TB"):
        raise ValueError(f"direction is 'LR' or 'TB', not {direction!r}")


@dataclass
class Layout:
    """The centre of each box, the points each edge passes, the centre of each label, and the size of it all.

    A path runs along the flow at each of its points, and turns between them.
    """

    width: float
    height: float
    boxes: list[Point]
    paths: list[list[Point]]
    labels: list[Point]


def layout(sizes: Sequence[tuple[float, float]], links: Sequence[Link], direction: Direction = "LR") -> Layout:
    """Place boxes of these (width, height) and the links between them.

    >>> found = layout([(40, 20), (40, 20)], [Link(0, 1, 0, (10, 8))])
    >>> found.boxes, found.labels
    ([(34.0, 24.0), (112.0, 24.0)], [(73.0, 24.0)])
    """
    flip = direction == "TB"
    turn: Callable[[Point], Point] = (lambda p: (p[1], p[0])) if flip else (lambda p: p)
    boxes = [turn(size) for size in sizes]
    turned_links = [link._replace(label=turn(link.label)) for link in links]
    layers = arrange(len(boxes), turned_links)
    size = _sizes(layers, boxes, turned_links)
    ports = _ports(layers, boxes)
    across = _across(layers, size, ports)
    low = min((across[i] - size[i][1] / 2 for i in range(len(size))), default=0.0)
    across = [place - low + MARGIN for place in across]
    starts, ends = _along(layers, size, across, ports)
    middle = [(starts[item.rank] + ends[item.rank]) / 2 for item in layers.items]
    paths = [_path(layers, number, size, middle, across, ports, (starts, ends)) for number in range(len(links))]
    bearers = [next((i for i in chain if layers.items[i].labelled), chain[0]) for chain in layers.chains]
    labels = [(middle[i], across[i]) for i in bearers]
    length = (ends[-1] if ends else MARGIN) + MARGIN
    breadth = max((across[i] + size[i][1] / 2 for i in range(len(size))), default=MARGIN) + MARGIN
    width, height = turn((length, breadth))
    places = [turn((middle[i], across[i])) for i in range(len(boxes))]
    return Layout(width, height, places, [[turn(p) for p in path] for path in paths], [turn(p) for p in labels])


def _sizes(layers: Layers, boxes: list[Point], links: list[Link]) -> list[Point]:
    """(along, across) of every item: a box, a label, or the little that a passing edge needs."""
    size = list(boxes)
    for item in layers.items[len(boxes) :]:
        size.append(links[item.link].label if item.labelled else (0.0, 0.0))
    return size


# ---------------------------------------------------------------------------------------------------------------- ports


def _ports(layers: Layers, boxes: list[Point]) -> dict[tuple[int, int], float]:
    """(item, box) -> how far off the box's middle the edge through that item arrives: arrowheads side by side."""
    place = {item: position for rank in layers.ranks for position, item in enumerate(rank)}
    ports = {}
    for box, (_, breadth) in enumerate(boxes):
        arriving = sorted(layers.items[box].before, key=place.__getitem__)
        step = min(14.0, (breadth - 8.0) / max(1, len(arriving)))
        for position, item in enumerate(arriving):
            ports[item, box] = (position - (len(arriving) - 1) / 2) * step
    return ports


# --------------------------------------------------------------------------------------------------------------- across


def _across(layers: Layers, size: list[Point], ports: dict[tuple[int, int], float]) -> list[float]:
    """The place of every item within its layer: near its neighbours, in order, and clear of the next one."""
    items, place = layers.items, [0.0] * len(layers.items)
    gaps = [_gaps(layers, rank, size) for rank in layers.ranks]
    for rank, gap in zip(layers.ranks, gaps):
        _settle(rank, gap, place, [1.0] * len(rank), [0.0] * len(rank))
    for sweep in range(2 * SWEEPS if len(items) < MANY else SWEEPS // 2):
        forward = sweep % 2 == 0
        both = sweep >= 4  # at first from one side only, which carries a shift through all layers at once
        turns = range(len(layers.ranks)) if forward else range(len(layers.ranks) - 1, -1, -1)
        for number in turns:
            wanted, weights = [], []
            for i in layers.ranks[number]:
                pulls = []
                if forward or both:
                    pulls += [(place[j] - ports.get((j, i), 0.0), _weight(items, i, j)) for j in items[i].before]
                if not forward or both:
                    pulls += [(place[j] + ports.get((i, j), 0.0), _weight(items, i, j)) for j in items[i].after]
                total = sum(weight for _, weight in pulls)
                wanted.append(sum(p * weight for p, weight in pulls) / total if total else place[i])
                weights.append(total or 0.01)
            _settle(layers.ranks[number], gaps[number], place, weights, wanted)
    position = {i: at for rank in layers.ranks for at, i in enumerate(rank)}
    for chain in layers.chains:
        _straighten(layers, chain, gaps, place, ports, position)
    return place


def _weight(items: list[Item], i: int, j: int) -> float:
    """A passing edge between two passing points should be straight before all else."""
    return 8.0 if items[i].link >= 0 and items[j].link >= 0 else 1.0


def _gaps(layers: Layers, rank: list[int], size: list[Point]) -> list[float]:
    """The least distance between the middles of an item and the one before it."""
    gaps = [0.0]
    for one, two in zip(rank, rank[1:]):
        kinds = [layers.items[i] for i in (one, two)]
        if all(item.link < 0 for item in kinds):
            free = BOX_GAP
        else:
            free = LABEL_GAP if all(item.labelled for item in kinds) else EDGE_GAP
        gaps.append((size[one][1] + size[two][1]) / 2 + free)
    return gaps


def _settle(rank: list[int], gaps: list[float], place: list[float], weights: list[float], wanted: list[float]) -> None:
    """The places nearest to the wanted ones (weighted least squares) that keep the order and the gaps.

    Subtracting the gaps so far leaves the condition "never falling"; the solution is then the mean over blocks of
    items that would get in each other's way (pool adjacent violators, Barlow et al. 1972).
    """
    blocks: list[list[float]] = []  # [mean, weight, items]
    taken, offsets = 0.0, []
    for gap, weight, want in zip(gaps, weights, wanted):
        taken += gap
        offsets.append(taken)
        blocks.append([want - taken, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, heavy, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * heavy) / (last[1] + heavy)
            last[1] += heavy
            last[2] += count
    settled = (block[0] for block in blocks for _ in range(int(block[2])))
    for item, offset, base in zip(rank, offsets, settled):
        place[item] = base + offset


def _straighten(
    layers: Layers,
    chain: list[int],
    gaps: list[list[float]],
    place: list[float],
    ports: dict[tuple[int, int], float],
    position: dict[int, int],
) -> None:
    """Put the passing points of an edge on as few lines as the room between their neighbours allows.

    Runs are made from the head backward, each as long as one line fits through; a line that can go straight into
    the head, or out of the tail, does.
    """
    run: list[int] = []
    low, high = -float("inf"), float("inf")
    target = place[chain[-1]] + ports.get((chain[-2], chain[-1]), 0.0)
    for i in [*reversed(chain[1:-1]), None]:
        below, above = (-float("inf"), float("inf")) if i is None else _room(layers, i, gaps, place, position[i])
        if i is None or max(low, below) > min(high, above):
            if not low <= target <= high:
                target = place[chain[0]] if i is None else sum(place[k] for k in run) / max(1, len(run))
            target = min(max(target, low), high)
            for k in run:
                place[k] = target
            run, low, high = [], -float("inf"), float("inf")
        if i is not None:
            run.append(i)
            low, high = max(low, below), min(high, above)


def _room(
    layers: Layers, i: int, gaps: list[list[float]], place: list[float], position: int
) -> tuple[float, float]:
    """How far an item can move without coming too near to its neighbours."""
    rank, gap = layers.ranks[layers.items[i].rank], gaps[layers.items[i].rank]
    low = place[rank[position - 1]] + gap[position] if position else -float("inf")
    high = place[rank[position + 1]] - gap[position + 1] if position + 1 < len(rank) else float("inf")
    return low, high


# ---------------------------------------------------------------------------------------------------------------- along


def _along(
    layers: Layers, size: list[Point], across: list[float], ports: dict[tuple[int, int], float]
) -> tuple[list[float], list[float]]:
    """Where each layer starts and ends; steep edges get a wider gap to turn in."""
    starts, ends = [], []
    at = MARGIN
    for number, rank in enumerate(layers.ranks):
        if number:
            steep = max(
                (abs(across[i] + ports.get((j, i), 0.0) - across[j]) for i in rank for j in layers.items[i].before),
                default=0.0,
            )
            at += LAYER_GAP + min(30.0, 0.16 * steep)
        starts.append(at)
        at += max((size[i][0] for i in rank), default=0.0)
        ends.append(at)
    return starts, ends


def _path(
    layers: Layers,
    number: int,
    size: list[Point],
    middle: list[float],
    across: list[float],
    ports: dict[tuple[int, int], float],
    extent: tuple[list[float], list[float]],
) -> list[Point]:
    """From the tail's side to the head's: straight past the boxes and labels of each layer, turning in between.

    Where it arrives it is straight for ARROW pixels, so that no line bends beside or inside its arrowhead.
    """
    starts, ends = extent
    chain = layers.chains[number]
    first, last = chain[0], chain[-1]
    leaves, arrives = ends[layers.items[first].rank], starts[layers.items[last].rank]
    leaves, arrives = (leaves + ARROW, arrives) if layers.turned[number] else (leaves, arrives - ARROW)
    points = [(middle[first] + size[first][0] / 2, across[first]), (leaves, across[first])]
    for i in chain[1:-1]:
        rank = layers.items[i].rank
        points += [(starts[rank], across[i]), (ends[rank], across[i])]
    port = across[last] + ports.get((chain[-2], last), 0.0)
    points += [(arrives, port), (middle[last] - size[last][0] / 2, port)]
    if layers.turned[number]:
        points.reverse()
    return _without_idle(points)


def _without_idle(points: list[Point]) -> list[Point]:
    """Points in the middle of a straight stretch say nothing."""
    kept = points[:1]
    for here, after in zip(points[1:], points[2:]):
        if not abs(kept[-1][1] - here[1]) < 0.05 > abs(after[1] - here[1]) and here != kept[-1]:
            kept.append(here)
    return [*kept, points[-1]]
