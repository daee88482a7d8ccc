"""The arguments that a traced function is given: what they are called, and whether it has changed them.

    def step(w, x):
        w -= 0.1 * w * x        in the list or array that the trace has made: the caller's stays as it was, at each call

So that is an error: no call would do what the function does.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from autograd.compiler.containers import is_array
from autograd.compiler.guards import TraceError
from autograd.compiler.places import MISSING, same
from autograd.compiler.shapes import NUMBER, Shape, names


def argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first `count` arguments of `f`."""
    try:
        given = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a builtin
        given = []
    plain = [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [*plain, *(f"arg{i}" for i in range(len(plain), count))][:count]


def number_names(f: Callable[..., Any], shape: Shape) -> list[str]:
    """A name for every number of a call."""
    items = (NUMBER,) * shape[1] if isinstance(shape[1], int) else shape[1]
    return [found for item, name in zip(items, argument_names(f, len(items))) for found in names(item, name)]


def check_unchanged(f: Callable[..., Any], given: tuple[Any, ...], before: tuple[Any, ...]) -> None:
    """Raise TraceError where the arguments that `f` was given, and may have changed, are not as they were before."""
    for name, now, then in zip(argument_names(f, len(given)), given, before):
        for place, container, kind in _changes(now, then, name, name):
            raise TraceError(
                f"the function changes {place}, and the caller's {kind} would not be changed, as a compiled function is"
                f" given copies: return the new numbers, or change a copy of your own, {container}.copy()"
            )


def _changes(now: Any, then: Any, place: str, container: str, kind: str = "") -> Iterator[tuple[str, str, str]]:
    """Each place where something else is now than then, the container that it is in, and the class of that."""
    if _form(then) is None or type(now) is not type(then):
        if not same(now, then):
            yield place, container, kind
        return
    kind = "array" if is_array(then) else type(then).__name__
    for key, x, y in _pairs(now, then):
        if x is not y:
            index = ", ".join(map(repr, key)) if type(key) is tuple else repr(key)
            yield from _changes(x, y, f"{place}[{index}]", place, kind)
    if _form(now) != _form(then) or getattr(now, "__dict__", None):
        yield place, place, kind


def _form(x: Any) -> Any:
    """What a container has besides its items, how many or their keys; None for anything else."""
    if is_array(x):
        return x.shape
    return list(x) if isinstance(x, dict) else len(x) if isinstance(x, (list, tuple)) else None


def _pairs(now: Any, then: Any) -> Iterable[tuple[Any, Any, Any]]:
    """The keys of two containers, and what is there in one and in the other."""
    if isinstance(then, dict):
        return [(key, dict.get(now, key, MISSING), _read(then, key)) for key in {**then, **now}]
    if is_array(then):
        return zip(itertools.product(*map(range, then.shape)), now.ravel().tolist(), then.ravel().tolist())
    return zip(itertools.count(), now, then)


def _read(d: dict[Any, Any], key: Any) -> Any:
    """What is there, or comes in by being read, as in a defaultdict: for the function to read it is no change."""
    try:
        return dict.__getitem__(d, key)
    except Exception:  # a __missing__ of one's own may raise anything
        return MISSING
