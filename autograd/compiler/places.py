"""What a function reaches besides its arguments: where its Values and Modules are kept, and whether they still are.

The number of a Value is read at each call. Which Value it is, is part of the trace: if a name, a closure, a list or a
dict on the way to it holds another object now, the function is traced again. Plain numbers are constants of the trace.
"""

import contextlib
import functools
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, NamedTuple

from autograd.compiler.modules import Holding, holding, holdings, is_module
from autograd.value import Value


class Place(NamedTuple):
    """A closure's cell, or a key of the dictionary of a module or an object, and what was there."""

    container: Any
    key: Any
    item: Any

    def holds(self) -> bool:
        if isinstance(self.container, dict):
            return self.container.get(self.key) is self.item
        try:
            return self.container.cell_contents is self.item
        except ValueError:  # empty by now
            return False


Kept = Place | Holding

_ENDS = {int, float, str, bool, type(None)}  # plain things, which lead to nothing: there may be very many


def closed_over(f: Any) -> list[Value]:
    """The Values that `f` can be seen to use besides its arguments: in its closure, globals and object."""
    return reached(f)[0]


def reached(f: Any) -> tuple[list[Value], list[Kept]]:
    """The same, and everything on the ways to them that can change.

    >>> weights = [Value(2.0)]
    >>> values, kept = reached(functools.partial(max, weights))
    >>> weights.append(Value(3.0))
    >>> values, [place.holds() for place in kept]
    ([Value(data=2.0, grad=0.0)], [False])
    """
    found: dict[Value, None] = {}
    kept: list[Kept] = []
    above: dict[int, list[tuple[int, Place | None]]] = {}  # how each thing is reached: from what, and by which place
    things: dict[int, Any] = {id(f): f}
    waiting: list[Any] = [f]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Value):
            found[x] = None
        elif is_module(x):
            found.update(dict.fromkeys(x.parameters()))
            kept += holdings(x)
        for item, place in () if isinstance(x, Value) else _within(x):
            if item.__class__ in _ENDS:
                continue
            above.setdefault(id(item), []).append((id(x), place))
            if id(item) not in things:
                things[id(item)] = item
                waiting.append(item)
    return list(found), [*_ways(things, above), *kept]


def _ways(things: dict[int, Any], above: dict[int, list[tuple[int, Place | None]]]) -> list[Kept]:
    """The places and the lists on the ways to Values and Modules."""
    places: list[Kept] = []
    up = [at for at, x in things.items() if isinstance(x, Value) or is_module(x)]
    seen = set(up)
    while up:
        for parent, place in above.get(up.pop(), ()):
            if place is not None:
                places.append(place)
            if parent not in seen:
                seen.add(parent)
                up.append(parent)
                if isinstance(things[parent], (list, dict, set)):
                    places.append(holding(things[parent]))
    return places[::-1]


def _within(x: Any) -> Iterator[tuple[Any, Place | None]]:
    """What `x` holds, as far as `reached` looks, and the place where it is."""
    if isinstance(x, (list, tuple, set)):
        yield from ((item, None) for item in x)
    elif isinstance(x, dict):
        yield from ((item, None) for item in x.values())
    elif isinstance(x, functools.partial):
        yield from ((item, None) for item in (x.func, *x.args, *x.keywords.values()))
    elif isinstance(x, MethodType):
        yield from ((x.__func__, None), (x.__self__, None))
        yield from _of_names(getattr(x.__self__, "__dict__", {}))
    elif isinstance(x, FunctionType):
        yield from _used_by(x)
    elif not is_module(x) and hasattr(x, "__wrapped__"):
        yield x.__wrapped__, None


def _of_names(names: dict[str, Any]) -> Iterator[tuple[Any, Place | None]]:
    return ((item, Place(names, name, item)) for name, item in list(names.items()))


def _used_by(f: FunctionType) -> Iterator[tuple[Any, Place | None]]:
    for default in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()):
        yield default, None
    for cell in f.__closure__ or ():
        with contextlib.suppress(ValueError):  # a name that is not bound yet
            yield cell.cell_contents, Place(cell, None, cell.cell_contents)
    if not f.__module__.startswith("autograd."):
        names = _names(f.__code__)
        yield from ((x, Place(f.__globals__, name, x)) for name, x in list(f.__globals__.items()) if name in names)


def _names(code: CodeType) -> set[str]:
    inner = (_names(const) for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*inner)


def words(kept: list[Kept]) -> list[list[int]] | None:
    """For the fast path of a call (`calling.py`): what must be where; None where it takes more than a look.

    Each is (0, cell, -, object), (1, dict, key, object), (2, list, -, length), (3, list, index, object) or
    (4, dict, -, length).
    """
    found: list[list[int]] = []
    for place in kept:
        at = id(place.container)
        if isinstance(place, Place):
            known = isinstance(place.container, CellType)
            found.append([0, at, 0, id(place.item)] if known else [1, at, id(place.key), id(place.item)])
        elif isinstance(place.container, list):
            found.append([2, at, 0, len(place.items)])
            found += [[3, at, i, id(item)] for i, item in enumerate(place.items)]
        elif isinstance(place.container, dict):
            found.append([4, at, 0, len(place.keys)])
            found += [[1, at, id(name), id(item)] for name, item in zip(place.names, place.items)]
        elif not isinstance(place.container, tuple):  # which cannot change
            return None
    return found
