"""What a function depends on besides the numbers it is given: where that is kept, and whether it still is there.

A trace takes for granted what every name, attribute, list and dict that the function can be seen to use holds: a
weight, a rate, a flag, None, a helper function. Each is a place, and all are looked at before each call; where one
holds another object (or, if both are plain, another number or text), the function is traced again. Only the `.data`
of a Value may change without that, for it is read at each call.

What the function changes itself, while it is traced, is expected to be as it has left it, or as the latest trace that
has changed it since, of another path or another function (`held.py`): a counter counts traces then, and only a change
from outside is one. If the function puts Values there, it is traced again, to find them beforehand.

Where is looked (`search.py`): the function's closure and globals, the functions, classes and modules that it names,
and the attributes and items of all objects met on the way, those among the arguments included.
"""

import ctypes
import functools
import gc
import operator
import weakref
from collections import OrderedDict
from contextvars import ContextVar
from types import CellType, FunctionType, MappingProxyType
from typing import Any, NamedTuple

MISSING = object()  # what a place holds where there is nothing
FIELDS = "__code__", "__defaults__", "__kwdefaults__"  # of a function


def same(x: Any, y: Any) -> bool:
    """Whether two things are one object, or plain and alike: of one type, a zero with the same sign."""
    if x is y:
        return True
    return x.__class__ is y.__class__ and isinstance(x, (int, float, complex, str)) and repr(x) == repr(y)


class Place(NamedTuple):
    """A closure's cell, a name in a dictionary or a class, or a slot of an object, and what was there.

    A function is not kept alive for its own fields: it may be an argument, and no call without it is like this one.
    """

    container: Any
    key: Any
    item: Any

    @classmethod
    def of(cls, container: Any, key: Any = None) -> "Place":
        return cls(container, key, _there(container, key))

    def now(self) -> "Place":
        """With what is there now."""
        return self.of(self.container, self.key)

    def holds(self) -> bool:
        return same(_there(self.container, self.key), self.item)

    def unchanged(self) -> list["Place"]:
        """Itself, if it holds."""
        return [self] if self.holds() else []

    def __str__(self) -> str:
        return str(self.key or "a variable of the enclosing function")


def _there(container: Any, key: Any) -> Any:
    if isinstance(container, (dict, MappingProxyType)):
        return container.get(key, MISSING)
    try:
        if isinstance(container, weakref.ref):
            return getattr(container(), key)
        if isinstance(container, ContextVar):
            return container.get()
        return container.cell_contents if isinstance(container, CellType) else getattr(container, key)
    except (ValueError, AttributeError, LookupError):  # empty
        return MISSING


class Contents(NamedTuple):
    """A list, a dict or another collection, and all that was in it."""

    container: Any
    keys: list[Any]  # of a dict
    items: list[Any]

    @classmethod
    def of(cls, container: Any) -> "Contents":
        if isinstance(container, dict):
            return cls(container, list(container), list(container.values()))
        return cls(container, [], list(container))

    def now(self) -> "Contents":
        """With what is there now."""
        return self.of(self.container)

    def holds(self) -> bool:
        now, is_ = self.now(), operator.is_
        if len(now.items) != len(self.items) or not all(map(is_, now.keys, self.keys)):
            return False
        return all(map(is_, now.items, self.items)) or all(map(same, now.items, self.items))

    def unchanged(self) -> "list[Contents] | list[Place]":
        """Itself, if it holds, or the keys that do."""
        if self.holds():
            return [self]
        places = [Place(self.container, key, item) for key, item in zip(self.keys, self.items)]
        return [place for place in places if place.holds()]

    def __str__(self) -> str:
        names = (str(k) for k, x in zip(self.keys, self.items) if not same(self.container.get(k, MISSING), x))
        return next(names, f"a {type(self.container).__name__}")


class Numbers(NamedTuple):
    """An array, and the bytes that were in it."""

    container: Any
    numbers: bytes

    @classmethod
    def of(cls, container: Any) -> "Numbers":
        return cls(container, _bytes(container))

    def now(self) -> "Numbers":
        """With what is there now."""
        return self.of(self.container)

    def holds(self) -> bool:
        return _bytes(self.container) == self.numbers

    def unchanged(self) -> list["Numbers"]:
        """Itself, if it holds."""
        return [self] if self.holds() else []

    def __str__(self) -> str:
        return "an array"


def _bytes(container: Any) -> bytes:
    return bytes(container) if isinstance(container, bytearray) else container.tobytes()


Kept = Place | Contents | Numbers


def words(kept: list[Kept]) -> tuple[list[int], list[Any]] | None:
    """For the fast path of a call (`calling.py`): what must be where, and what these words mention.

    Four words each; `n` things or bytes are compared with those at `at`. None where a place takes more than a look.

        0 cell - object             1 dict key object       2 list at n         3 address of a field - object
        4 dict at n: keys, items    5 object key slot       6 array at n
    """
    found: list[int] = []
    mentioned: list[Any] = [kept]
    for place in kept:
        four = _words(place, mentioned)
        if four is None:
            return None
        found += four
    return found, mentioned


def _words(place: Kept, mentioned: list[Any]) -> list[int] | None:
    it = place.container
    if isinstance(place, Place):
        if isinstance(it, ContextVar):
            return None
        if isinstance(it, weakref.ref):
            return [3, id(it()) + _fields()[place.key], 0, 0 if place.item is None else id(place.item)]
        if isinstance(it, MappingProxyType):
            (it,) = gc.get_referents(it)  # the names of a class
        kinds = {CellType: 0, dict: 1}
        return [kinds.get(type(it), 5), id(it), id(place.key), 0 if place.item is MISSING else id(place.item)]
    if isinstance(place, Numbers):
        flat = isinstance(it, bytearray) or getattr(it, "flags", it).c_contiguous
        return [6, id(it), _kept_at(place.numbers, mentioned), len(place.numbers)] if flat else None
    if isinstance(it, list):
        return [2, id(it), _kept_at(place.items, mentioned), len(place.items)]
    if isinstance(it, dict) and not isinstance(it, OrderedDict):  # which has an order of its own
        return [4, id(it), _kept_at([x for pair in zip(place.keys, place.items) for x in pair], mentioned), len(it)]
    return None


@functools.cache
def _fields() -> dict[str, int]:
    """How far into a function its fields stand."""

    def f(x: Any = (), *, y: Any = ()) -> None:
        pass

    held = list((ctypes.c_void_p * (FunctionType.__basicsize__ // 8)).from_address(id(f)))
    return {name: 8 * held.index(id(getattr(f, name))) for name in FIELDS}


def _kept_at(things: bytes | list[Any], mentioned: list[Any]) -> int:
    """Where the bytes, or the addresses of the things, are from now on."""
    if isinstance(things, bytes):
        room: Any = ctypes.create_string_buffer(things, max(1, len(things)))
    else:
        room = (ctypes.c_int64 * max(1, len(things)))(*map(id, things))
    mentioned.append(room)
    return ctypes.addressof(room)
