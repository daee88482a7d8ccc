"""Nested lists, tuples and dictionaries of numbers, taken apart and put together again."""

from collections.abc import Callable
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of `tree` from left to right, and a function that puts new leaves into the same shape.

    >>> leaves, rebuild = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> leaves, rebuild([x * 10 for x in leaves])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})
    """
    leaves: list[Any] = []
    build = _walk(tree, leaves)
    return leaves, lambda new: build(iter(new))


def _walk(tree: Any, leaves: list[Any]) -> Callable[[Any], Any]:
    if isinstance(tree, dict):
        parts = {key: _walk(branch, leaves) for key, branch in tree.items()}
        return lambda new: {key: build(new) for key, build in parts.items()}
    if isinstance(tree, (list, tuple)):
        items = [_walk(branch, leaves) for branch in tree]
        kind = type(tree)
        if hasattr(tree, "_fields"):  # a namedtuple takes its fields one by one
            return lambda new: kind(*(build(new) for build in items))
        return lambda new: kind(build(new) for build in items)
    if hasattr(tree, "tolist") and getattr(tree, "shape", ()) != ():
        return _walk(tree.tolist(), leaves)  # an array is a nested list
    leaves.append(tree)
    return next


def flatten_like(tree: Any, like: Any) -> list[Any]:
    """The leaves of `tree` in the order of `like`'s: a dictionary's branches are paired by key.

    Raises ValueError when a dictionary has other keys.

    >>> flatten_like({"b": 2.0, "a": 1.0}, {"a": 0.0, "b": 0.0})
    [1.0, 2.0]
    """
    if isinstance(tree, dict) and isinstance(like, dict):
        if tree.keys() != like.keys():
            raise ValueError(f"got the keys {list(tree)} where {list(like)} were expected")
        return [leaf for key in like for leaf in flatten_like(tree[key], like[key])]
    if isinstance(tree, (list, tuple)) and isinstance(like, (list, tuple)) and len(tree) == len(like):
        return [leaf for pair in zip(tree, like) for leaf in flatten_like(*pair)]
    return flatten(tree)[0]
