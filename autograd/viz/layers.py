"""The combinatorial half of the layout: which layer a box stands in, and in which order boxes stand there.

Sugiyama's method (Sugiyama, Tagawa and Toda 1981): layers by longest path, a chain of dummies for an edge, and
barycentre sweeps against crossings. Between two layers of boxes lies a layer of edge labels, so that a label is
placed like a box and overlaps nothing. Nothing here is random, and no order comes from a set or a hash.
"""

import heapq
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import NamedTuple

SWEEPS = 8  # down and up; more than a few change nothing
MOST_DUMMIES = 30_000  # beyond this, long edges are drawn straight through instead of around


class Link(NamedTuple):
    """An edge between two boxes, by number, with the size of its label (0, 0 without one)."""

    tail: int
    head: int
    slot: int
    label: tuple[float, float]


@dataclass(slots=True)
class Item:
    """Something with a place in a layer: a box, or the point where an edge passes (`link`), maybe with its label."""

    rank: int
    link: int = -1
    labelled: bool = False
    before: list[int] = field(default_factory=list)  # the items it hangs on in the layer before
    after: list[int] = field(default_factory=list)


@dataclass
class Layers:
    """Items in layers. Box k is item k; `chains[l]` are the items of link l from the earlier end to the later."""

    items: list[Item]
    ranks: list[list[int]]
    chains: list[list[int]]
    turned: list[bool]  # links that run backward through the layers


def arrange(count: int, links: list[Link]) -> Layers:
    """Boxes 0 .. count-1 and the passing points of `links`, in layers, ordered within each."""
    layer, turned = _rank(count, links)
    items = [Item(2 * layer[box]) for box in range(count)]
    for box in _hugging(count, links):
        items[box].rank += 1
    span = sum(abs(layer[link.tail] - layer[link.head]) for link in links)
    longest = MOST_DUMMIES if span < MOST_DUMMIES else 16
    chains = []
    for number, (link, back) in enumerate(zip(links, turned)):
        first, last = (link.head, link.tail) if back else (link.tail, link.head)
        chain = _chain(items, number, first, last, longest)
        for one, two in zip(chain, chain[1:]):
            if items[two].rank - items[one].rank == 1:
                items[one].after.append(two)
                items[two].before.append(one)
        if len(chain) > 2:
            items[chain[1] if back else chain[-2]].labelled = True
        chains.append(chain)
    ranks = _first_order(items, count)
    _uncross(items, ranks)
    return Layers(items, ranks, chains, turned)


def _chain(items: list[Item], number: int, first: int, last: int, longest: int) -> list[int]:
    """The ends, and between them a new item for every layer; of a very long link, only those next to its ends."""
    ranks = range(items[first].rank + 1, items[last].rank)
    passed = [ranks[0], ranks[-1]] if len(ranks) > longest else list(ranks)
    inner = range(len(items), len(items) + len(passed))
    items.extend(Item(rank, number) for rank in passed)
    return [first, *inner, last]


def _hugging(count: int, links: list[Link]) -> list[int]:
    """Boxes that stand where the label of their only edge would, having none: constants, close to their operation."""
    fan_out, fan_in = [0] * count, [0] * count
    for link in links:
        fan_out[link.tail] += 1
        fan_in[link.head] += 1
    bare = [link.tail for link in links if not any(link.label)]
    return [tail for tail in bare if fan_out[tail] == 1 and not fan_in[tail]]


def _rank(count: int, links: list[Link]) -> tuple[list[int], list[bool]]:
    """The layer of each box by longest path, boxes without operands moved up to their first consumer.

    Collapsed boxes may form a cycle (a layer used twice): where the order gets stuck, the box that comes first is
    released, and the links into it that are still open run backward.
    """
    waiting = [0] * count
    consumers: list[list[int]] = [[] for _ in range(count)]
    for number, link in enumerate(links):
        waiting[link.head] += 1
        consumers[link.tail].append(number)
    ready = [box for box in range(count) if not waiting[box]]
    stuck = list(range(count - 1, -1, -1))
    layer, done, turned = [0] * count, [False] * count, [False] * len(links)
    sources = set(ready)
    for _ in range(count):
        while not ready:
            box = stuck.pop()
            if not done[box]:
                ready.append(box)
        box = heapq.heappop(ready)
        while done[box]:
            box = heapq.heappop(ready)
        done[box] = True
        for number in consumers[box]:
            head = links[number].head
            if done[head]:
                turned[number] = True
                continue
            layer[head] = max(layer[head], layer[box] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                heapq.heappush(ready, head)
    for box in sources:
        layer[box] = min((layer[links[n].head] for n in consumers[box]), default=1) - 1
    return layer, turned


def _first_order(items: list[Item], count: int) -> list[list[int]]:
    """Depth first from the results, operands in their order: a tree comes out without a crossing."""
    ranks: list[list[int]] = [[] for _ in range(1 + max((item.rank for item in items), default=0))]
    seen = [False] * len(items)
    for root in range(count - 1, -1, -1):
        if items[root].after:
            continue
        stack = [root]
        while stack:
            number = stack.pop()
            if not seen[number]:
                seen[number] = True
                ranks[items[number].rank].append(number)
                stack.extend(reversed(items[number].before))
    for number, item in enumerate(items):
        if not seen[number]:  # cut off from every result by a link drawn straight through
            ranks[item.rank].append(number)
    return ranks


def _uncross(items: list[Item], ranks: list[list[int]]) -> None:
    """Barycentre sweeps, each layer sorted by where its neighbours stand; the best order seen is kept."""
    place = [0.0] * len(items)
    for rank in ranks:
        _renumber(rank, place)
    best, fewest = [list(rank) for rank in ranks], crossings(items, ranks, place)
    for sweep in range(2 * SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        for rank in ranks[1:] if forward else ranks[-2::-1]:
            pull = {item: _barycentre(items, item, place, forward) for item in rank}
            rank.sort(key=pull.__getitem__)
            _renumber(rank, place)
        now = crossings(items, ranks, place)
        if now < fewest:
            best, fewest = [list(rank) for rank in ranks], now
    ranks[:] = best


def _renumber(rank: list[int], place: list[float]) -> None:
    for position, item in enumerate(rank):
        place[item] = float(position)


def _barycentre(items: list[Item], item: int, place: list[float], forward: bool) -> float:
    """The mean place of the neighbours on one side; towards a consumer, the operand's slot breaks the tie."""
    me = items[item]
    if forward:
        return sum(place[other] for other in me.before) / len(me.before) if me.before else place[item]
    total = 0.0
    for other in me.after:
        operands = items[other].before
        total += place[other] + (operands.index(item) / len(operands) if len(operands) > 1 else 0.0)
    return total / len(me.after) if me.after else place[item]


def crossings(items: list[Item], ranks: list[list[int]], place: list[float]) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    total = 0
    for rank in ranks[1:]:
        ends: list[float] = []  # where the edges of the boxes above start, sorted
        for item in rank:
            starts = [place[other] for other in items[item].before]
            total += sum(len(ends) - bisect_right(ends, start) for start in starts)
            for start in starts:
                insort(ends, start)
    return total
