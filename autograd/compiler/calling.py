"""The fast path of a call: arguments to numbers, numbers to results, all in native code through Python's C interface.

A call from Python costs more than a small program: taking lists apart, ctypes, building lists of results. Here one
builtin function does all of it. Two little programs, of 64-bit words, say what the arguments must look like and what
the result is made of:

    read     0 _  a float           1 n  a list of n things, which follow      2 n  a tuple      3 p  the Value at p
             4 n  a NumPy array of n dimensions, whose sizes follow: float64, in C's order
    build    0    the next number   1 p  the object at p                       2 n  a tuple of n things, which follow
             3 p n k   a copy of the list p of n, with k pairs (index, thing) put in
             4 p k     a copy of the dict p, with k pairs (key, thing) put in
             5 p k     what calling p gives, a new array, with the next numbers put in at the k places that follow
             6 p       what p makes of the one thing that follows

Everything else that the function depends on (`places.py`) is looked at first: a name or a list may hold another thing
by now. And while any thread traces, every call is an ordinary one, which asks whether it is part of that trace.

Whatever is not as expected (an int, another length, a guard that fails) goes to the ordinary Python function instead,
so that nothing here decides anything. Only CPython has this interface.
"""

import ctypes
import functools
import platform
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from autograd.compiler import native
from autograd.compiler.calling_code import CODE
from autograd.compiler.containers import array_of, made_as_tuple
from autograd.compiler.held import Held
from autograd.compiler.once import once
from autograd.compiler.shapes import NUMBER, Shape
from autograd.compiler.turns import running
from autograd.value import Value

READ_FLOAT, READ_LIST, READ_TUPLE, READ_VALUE, READ_ARRAY = range(5)
_DATA = "data"
BUILD_NUMBER, BUILD_OBJECT, BUILD_TUPLE, BUILD_LIST, BUILD_DICT, BUILD_ARRAY, BUILD_MADE = range(7)


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (("name", ctypes.c_char_p), ("code", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p))


METH_FASTCALL = 0x80


@once
def _library() -> native.Library:
    names = [line.split("@")[1].split("(")[0] for line in CODE.splitlines() if line.startswith("declare")]
    symbols = [(name, _address(getattr(ctypes.pythonapi, name))) for name in names]
    return native.compiled(CODE, 2, symbols)


@once
def _method() -> Any:
    """The definition that all these builtins share."""
    return _MethodDef(b"compiled", _library().address("call"), METH_FASTCALL, b"A compiled function.")


def _address(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


class Point(Protocol):
    """Native code: where it is, what it runs, and how many numbers go in, come out and are needed for work."""

    address: int
    program: int
    sizes: tuple[int, int, int]


def builtin(
    arguments: Shape,
    live: Sequence[Value],
    held: Held,
    result: Shape,
    point: Point,
    otherwise: Callable[..., Any],
) -> Callable[..., Any] | None:
    """A builtin function that runs `point`, or None where more than floats, lists, tuples and arrays goes in.

    The numbers of the arguments are followed by those of the `live` Values, read at each call if what is `held` is
    where it was. The last number that comes out is the verdict on the guards; calls that do not fit go to `otherwise`.
    """
    items = (NUMBER,) * arguments[1] if isinstance(arguments[1], int) else arguments[1]
    reads = [_reading(item) for item in items]
    places = held.words
    kept: list[Any] = [otherwise, point, live, places]
    builds = _building(result, kept)
    if platform.python_implementation() != "CPython" or None in reads or builds is None or places is None:
        return None
    reads += [[READ_VALUE, id(x)] for x in live]
    read, build = _words([word for words in reads for word in words or ()]), _words(builds)
    where = _words(places[0])
    type_at = object.__basicsize__ - ctypes.sizeof(ctypes.c_void_p)  # where in an object its type stands
    arrays = getattr(sys.modules.get("numpy"), "ndarray", None)
    types = [type_at, id(float), id(list), id(tuple), id(Value), id(arrays), id(_DATA)]
    about = _words([
        ctypes.addressof(read), ctypes.addressof(build), point.address, *point.sizes[:2],
        8 * sum(point.sizes) + 8, id(otherwise), len(items), point.program, len(live),
        running.buffer_info()[0], ctypes.addressof(where), len(places[0]) // 4, *types,
    ])  # fmt: skip
    address = _Address(ctypes.addressof(about))
    address.kept = (about, read, build, where, kept)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    made: Callable[..., Any] = make(ctypes.addressof(_method()), address, None)
    return made


def look(words: tuple[list[int], list[Any]] | None) -> Callable[[], bool] | None:
    """A function that looks whether everything is where `words` say, None where native code cannot be."""
    if words is None or platform.python_implementation() != "CPython" or native.lacking():
        return None
    where = _words(words[0])
    found = ctypes.PYFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_int64)(_library().address("unmoved"))
    at, count = ctypes.addressof(where), len(words[0]) // 4

    def unmoved(kept: Any = (where, words)) -> bool:
        return bool(found(at, count))

    return unmoved


class _Address(int):
    """Where the words about a function are. It is the builtin's `self`, and keeps alive what they mention."""

    kept: Any


def _words(words: list[Any]) -> Any:
    return (ctypes.c_int64 * max(1, len(words)))(*words)


def _reading(shape: Shape) -> list[int] | None:
    """The words that read an argument of this shape, None if it is not made of floats, lists, tuples and arrays."""
    if shape == NUMBER:
        return [READ_FLOAT, 0]
    if shape[0] == "array" and len(shape) == 2:
        return [READ_ARRAY, len(shape[1]), *shape[1]]
    if shape[0] not in ("list", "tuple"):
        return None
    items = (NUMBER,) * shape[1] if isinstance(shape[1], int) else shape[1]
    words = [READ_LIST if shape[0] == "list" else READ_TUPLE, len(items)]
    for item in items:
        part = _reading(item)
        if part is None:
            return None
        words += part
    return words


def _building(shape: Shape, kept: list[Any]) -> list[int] | None:
    """The words that build a result of this shape; the objects that they mention are appended to `kept`."""
    if shape == NUMBER:
        return [BUILD_NUMBER]
    kind = shape[0]
    if kind == "static":
        kept.append(shape[1])
        return [BUILD_OBJECT, id(shape[1])]
    if kind == "array":
        return _building_array(shape, kept)
    if isinstance(kind, type) and made_as_tuple(kind):
        make = functools.partial(tuple.__new__, kind)
        kept.append(make)
        part = _building(("tuple", shape[1]), kept)
        return part and [BUILD_MADE, id(make), *part]
    if kind not in ("tuple", "list", "dict") or (kind == "dict" and shape[3] != (dict,)):
        return None
    if isinstance(shape[1], int):
        shape = kind, (NUMBER,) * shape[1]
    places = list(enumerate(shape[1]))
    like: Any = None
    if kind == "list":
        like = [item[1] if item[0] == "static" else None for item in shape[-1]]
        places = [(i, item) for i, item in places if item[0] != "static"]
    elif kind == "dict":
        like = dict.fromkeys(shape[1])
        places = [(id(key), item) for key, item in zip(shape[1], shape[2])]
    kept.append((like, shape))
    words = {
        "tuple": [BUILD_TUPLE, len(places)],
        "list": [BUILD_LIST, id(like), len(shape[-1]), len(places)],
        "dict": [BUILD_DICT, id(like), len(places)],
    }[kind]
    for where, item in places:
        part = _building(item, kept)
        if part is None:
            return None
        words += part if kind == "tuple" else [where, *part]
    return words


def _building_array(shape: Shape, kept: list[Any]) -> list[int] | None:
    """The words that build an array of float64: a copy of one that holds the constants, with the numbers put in."""
    items = shape[2]
    if not all(item is NUMBER or (item[0] == "static" and isinstance(item[1], (int, float))) for item in items):
        return None
    like = array_of(shape[1], [0.0 if item is NUMBER else item[1] for item in items])
    kept.append(like.copy)
    places = [i for i, item in enumerate(items) if item is NUMBER]
    return [BUILD_ARRAY, id(kept[-1]), len(places), *places]
