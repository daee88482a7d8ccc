"""The layout: nothing overlaps, edges go where they should, and it is the same each time."""

import random

import pytest

from autograd.viz.layers import Link, arrange, crossings
from autograd.viz.layout import ARROW, LABEL_GAP, layout


def graph(seed, boxes=40):
    """Boxes of random sizes, each an operation on up to three earlier ones; some operands twice, some edges bare."""
    rng = random.Random(seed)
    sizes = [(rng.uniform(20, 120), rng.uniform(15, 70)) for _ in range(boxes)]
    links = []
    for head in range(4, boxes):
        for slot in range(rng.randint(1, 3)):
            tail = rng.randrange(max(0, head - 12), head)
            links.append(Link(tail, head, slot, rng.choice([(0.0, 0.0), (30.0, 14.0)])))
    return sizes, links


def overlap(one, two):
    (x, y), (w, h) = one
    (u, v), (a, b) = two
    return abs(x - u) < (w + a) / 2 - 1e-6 and abs(y - v) < (h + b) / 2 - 1e-6


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", range(12))
def test_boxes_and_labels_overlap_nothing(seed, direction):
    sizes, links = graph(seed)
    found = layout(sizes, links, direction)
    things = list(zip(found.boxes, sizes))
    things += [(at, link.label) for at, link in zip(found.labels, links) if any(link.label)]
    for k, one in enumerate(things):
        assert not any(overlap(one, two) for two in things[k + 1 :])
        (x, y), (w, h) = one
        assert w / 2 <= x <= found.width - w / 2 and h / 2 <= y <= found.height - h / 2


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", range(6))
def test_edges_run_from_box_to_box_and_through_no_other(seed, direction):
    sizes, links = graph(seed)
    found = layout(sizes, links, direction)
    flip = (lambda p: p) if direction == "LR" else (lambda p: (p[1], p[0]))
    for link, path in zip(links, found.paths):
        (x, y), (w, h) = flip(found.boxes[link.tail]), flip(sizes[link.tail])
        assert flip(path[0]) == pytest.approx((x + w / 2, y))
        (x, y), (w, h) = flip(found.boxes[link.head]), flip(sizes[link.head])
        end = flip(path[-1])
        assert end[0] == pytest.approx(x - w / 2) and abs(end[1] - y) <= h / 2
        along = [round(flip(point)[0], 6) for point in path]
        assert along == sorted(along)
        for box, (at, size) in enumerate(zip(found.boxes, sizes)):
            if box not in (link.tail, link.head):
                (x, y), (w, h) = flip(at), flip(size)
                for (a, b), (c, d) in zip(map(flip, path), map(flip, path[1:])):
                    straight = abs(b - d) < 0.05
                    assert not (straight and abs(b - y) < h / 2 and max(a, x - w / 2) < min(c, x + w / 2) - 1e-6)


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", range(6))
def test_an_edge_comes_straight_into_its_arrowhead(seed, direction):
    """Towards its box, for the whole length of the head; where the graph has a cycle, backward."""
    sizes, links = graph(seed)
    links.append(Link(30, 10, 9, (0.0, 0.0)))
    flip = (lambda p: p) if direction == "LR" else (lambda p: (p[1], p[0]))
    found = layout(sizes, links, direction)
    for link, path in zip(links, found.paths):
        (u, v), (x, y) = map(flip, path[-2:])
        assert v == pytest.approx(y, abs=0.05)
        assert abs(x - u) >= ARROW - 1e-6
        assert (x - u) * (flip(found.boxes[link.head])[0] - x) > 0


def test_a_tree_is_drawn_without_crossings():
    heads = {0: 8, 1: 8, 2: 9, 3: 9, 4: 10, 5: 10, 6: 11, 7: 11, 8: 12, 9: 12, 10: 13, 11: 13, 12: 14, 13: 14}
    links = [Link(tail, head, tail % 2, (20.0, 10.0)) for tail, head in heads.items()]
    layers = arrange(15, links)
    place = {item: float(k) for rank in layers.ranks for k, item in enumerate(rank)}
    assert crossings(layers.items, layers.ranks, place) == 0
    found = layout([(40.0, 20.0)] * 15, links)
    root = found.boxes[14]
    assert root[1] == pytest.approx((found.boxes[12][1] + found.boxes[13][1]) / 2, abs=1.0)  # a parent in the middle


def test_sweeps_remove_the_crossings_that_can_be_removed():
    links = [Link(k, 7 - k, 0, (10.0, 10.0)) for k in range(4)]  # 0-7, 1-6, 2-5, 3-4
    layers = arrange(8, links)
    place = {item: float(k) for rank in layers.ranks for k, item in enumerate(rank)}
    assert crossings(layers.items, layers.ranks, place) == 0


def test_leaves_stand_next_to_their_first_consumer():
    links = [Link(0, 1, 0, (9.0, 9.0)), Link(1, 2, 0, (9.0, 9.0)), Link(2, 4, 0, (9.0, 9.0)), Link(3, 4, 1, (9.0, 9.0))]
    layers = arrange(5, links)
    assert layers.items[3].rank == layers.items[2].rank == layers.items[4].rank - 2


def test_repeated_edges_have_a_label_each():
    found = layout([(40.0, 60.0), (40.0, 60.0)], [Link(0, 1, 0, (20.0, 10.0)), Link(0, 1, 1, (20.0, 10.0))])
    (x, y), (u, v) = found.labels
    assert x == u and abs(y - v) >= 10.0 + LABEL_GAP - 1e-6
    assert found.paths[0][-1] != found.paths[1][-1]


def test_a_long_edge_passes_straight():
    links = [Link(k, k + 1, 0, (20.0, 10.0)) for k in range(6)] + [Link(0, 6, 1, (20.0, 10.0))]
    found = layout([(40.0, 30.0)] * 7, links)
    heights = {round(y, 3) for _, y in found.paths[-1]}
    assert len(heights) <= 3  # out of the box, along, and into the box


def test_a_cycle_of_collapsed_boxes_is_drawn_with_one_edge_backward():
    links = [Link(0, 1, 0, (20.0, 10.0)), Link(1, 0, 0, (20.0, 10.0)), Link(1, 2, 0, (20.0, 10.0))]
    found = layout([(40.0, 30.0)] * 3, links)
    assert found.boxes[0][0] < found.boxes[1][0] < found.boxes[2][0]
    assert found.paths[1][0][0] > found.paths[1][-1][0]


def test_nothing_and_one_box():
    assert layout([], []).boxes == []
    found = layout([(40.0, 20.0)], [])
    assert (found.width, found.height) == (68.0, 48.0) and found.boxes == [(34.0, 24.0)]


def test_a_leaf_used_at_every_layer_of_a_long_chain_is_not_a_hang():
    links = [Link(k, k + 1, 0, (20.0, 10.0)) for k in range(1, 600)] + [
        Link(0, k, 1, (20.0, 10.0)) for k in range(2, 600)
    ]
    found = layout([(40.0, 30.0)] * 601, links)
    assert len(found.paths) == len(links)
