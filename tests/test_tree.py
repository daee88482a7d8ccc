"""Nested structures of numbers."""

from collections import namedtuple

import pytest

from autograd.tree import flatten


def test_round_trip():
    Point = namedtuple("Point", "x y")
    tree = {"a": [1.0, (2.0, 3.0)], "b": Point(4.0, [5.0]), "c": []}
    leaves, rebuild = flatten(tree)
    assert leaves == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert rebuild(leaves) == tree
    assert isinstance(rebuild(leaves)["b"], Point)
    assert flatten(7.0)[1]([8.0]) == 8.0


def test_an_array_is_a_nested_list():
    np = pytest.importorskip("numpy")
    leaves, rebuild = flatten(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert rebuild(leaves) == [[1.0, 2.0], [3.0, 4.0]]
