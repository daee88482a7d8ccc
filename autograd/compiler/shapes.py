"""Shapes: the arguments and results of a compiled function, taken apart into numbers and put together again.

A shape is a nested tuple that says what a thing was, without its numbers; two calls with equal shapes run the same
program. A number is NUMBER; a flag, a string, None or a function has no number to differentiate and is part of the
shape itself, as is which Module was passed (what it holds is looked at again at each call).
"""

import functools
import itertools
import math
import weakref
from collections.abc import Callable, Iterator
from numbers import Real
from types import FunctionType
from typing import Any

from autograd.compiler.containers import (
    array_of,
    check_array,
    check_attributes,
    dict_of,
    is_array,
    kind_of_dict,
    made_of,
)
from autograd.primitive import is_module, number
from autograd.value import Value

Shape = Any

NUMBER = "number"


class HasValues(Exception):
    """A Value among the arguments: the caller wants graph, not numbers."""


def take_apart(x: Any, numbers: list[float]) -> Shape:
    """Append the numbers of `x` from left to right, and return its shape. Raises HasValues when it meets a Value.

    >>> found = []
    >>> take_apart({"w": [1.0, 2.0], "b": 3, "how": "mean"}, found)[2], found
    ((('list', 2), 'number', ('as is', AsIs('mean'))), [1.0, 2.0, 3.0])
    """
    cls = x.__class__
    if cls is float:
        numbers.append(x)
        return NUMBER
    if cls is list or cls is tuple:
        if set(map(type, x)) == {float}:  # the common case, at once
            numbers.extend(x)
            return cls.__name__, len(x)
        return cls.__name__, tuple([take_apart(item, numbers) for item in x])
    if isinstance(x, (bool, str)) or x is None:
        return "as is", AsIs(x)
    if isinstance(x, Value):
        raise HasValues
    if isinstance(x, dict):
        parts = tuple([take_apart(item, numbers) for item in x.values()])
        return "dict", tuple(x), parts, kind_of_dict(x), exact_keys(x)
    if isinstance(x, (list, tuple)):
        check_attributes(x)
        return cls, tuple([take_apart(item, numbers) for item in x])
    return _take_other_apart(x, numbers)


def _take_other_apart(x: Any, numbers: list[float]) -> Shape:
    if is_module(x) or callable(x):
        return "as is", AsIs(x)
    if is_array(x):
        if x.shape == ():
            return take_apart(x.item(), numbers)
        if x.dtype == object:
            return "array", x.shape, tuple([take_apart(item, numbers) for item in x.ravel().tolist()])
        check_array(x, "an argument")
        numbers.extend(map(number, x.ravel().tolist()))
        return "array", x.shape
    if hasattr(x, "__dict__") and not isinstance(x, (Real, complex)):
        raise TypeError(
            f"a compiled function takes numbers, arrays, lists, tuples, dicts and Modules, not {type(x).__name__}: pass"
            " its numbers, or name the argument in static_argnums (0 if it is the object of a method), or give its"
            " class the method parameters() that a Module has"
        )
    if hasattr(x, "__iter__"):
        raise TypeError("a compiled function takes numbers, arrays, lists, tuples, dicts and Modules, not"
                        f" {type(x).__name__}: pass a list of its numbers")
    numbers.append(number(x))
    return NUMBER


class AsIs:
    """A thing that a call passes as it is. A Module or a function is itself only, and is not kept alive by this."""

    def __init__(self, thing: Any) -> None:
        alone = is_module(thing) or isinstance(thing, FunctionType)
        try:
            self._thing = weakref.ref(thing) if alone else functools.partial(_given, thing)
        except TypeError:  # __slots__ without __weakref__
            self._thing = functools.partial(_given, thing)
        self._key = id(thing) if alone else _exactly(thing)
        self._hash = hash(self._key)

    @property
    def thing(self) -> Any:
        return self._thing()

    @property
    def gone(self) -> bool:
        return isinstance(self._thing, weakref.ref) and self._thing() is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsIs) and other._key == self._key and not self.gone and not other.gone

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"AsIs({self.thing!r})"


def _given(thing: Any) -> Any:
    return thing


def exact_keys(x: dict[Any, Any]) -> tuple[Any, ...]:
    """The keys of a dict, to be compared exactly."""
    return tuple(map(_exactly, x))


def _exactly(x: Any) -> Any:
    """A key that things share only if a program cannot tell them apart: 1, 1.0 and True differ, 0.0 and -0.0 too."""
    cls = type(x)
    if cls in (tuple, frozenset):
        return cls, cls(map(_exactly, x))
    if isinstance(x, (float, complex)):
        return cls, repr(x)
    try:
        hash(x)
    except TypeError:
        return cls, id(x)  # a callable object; AsIs keeps it alive
    return cls, x


def put_together(shape: Shape, numbers: Iterator[Any], array: Callable[..., Any] | None = None) -> Any:
    """The inverse of take_apart, with numbers (or Values) from `numbers`; `array(shape, items)` makes the arrays.

    >>> put_together(("tuple", (("list", 2), "number")), iter([1.0, 2.0, 3.0]))
    ([1.0, 2.0], 3.0)
    """
    if shape == NUMBER:
        return next(numbers)
    kind, *rest = shape
    if kind == "static":
        return rest[0]
    if kind == "as is":
        return rest[0].thing
    if kind == "dict":
        items = [(name, put_together(item, numbers, array)) for name, item in zip(rest[0], rest[1])]
        return dict_of(rest[2], items)
    if kind == "array":
        items = rest[1] if len(rest) == 2 else (NUMBER,) * math.prod(rest[0])
        return (array or array_of)(rest[0], [put_together(item, numbers, array) for item in items])
    (items,) = rest
    if isinstance(items, int):
        parts = list(itertools.islice(numbers, items))
    else:
        parts = [put_together(item, numbers, array) for item in items]
    if kind == "list":
        return parts
    if kind == "tuple":
        return tuple(parts)
    return made_of(kind, parts)


def results(x: Any, values: list[Any], constants: tuple[type, ...] = ()) -> Shape:
    """The shape of what a traced function returned; its Values are appended to `values`.

    Plain numbers are part of the shape, so that they cost nothing; those of the types in `constants` are appended too.

    >>> results([Value(1.0), 0.0], [])
    ('list', ('number', ('static', 0.0)))
    """
    if x.__class__ is float and float not in constants:  # the zeros of a Hessian: very many
        return "static", x
    if isinstance(x, Value) or (isinstance(x, constants) and not isinstance(x, bool)):
        values.append(x)
        return NUMBER
    if isinstance(x, dict):
        return "dict", tuple(x), tuple([results(item, values, constants) for item in x.values()]), kind_of_dict(x)
    if isinstance(x, (list, tuple)):
        check_attributes(x)
        cls = type(x)
        name = cls.__name__ if cls in (list, tuple) else cls
        parts = tuple([results(item, values, constants) for item in x])
        return name, len(parts) if parts and all(part is NUMBER for part in parts) else parts
    if is_array(x):
        if x.shape == ():
            return results(x.item(), values, constants)
        return "array", x.shape, tuple([results(item, values, constants) for item in x.ravel().tolist()])
    return "static", x


def fixed_parts(shape: Shape) -> list[Any]:
    """What is in a result besides numbers: texts, keys, objects.

    >>> fixed_parts(results({"w": [Value(1.0), 0.0], "how": "mean"}, []))
    ['w', 'how', 'mean']
    """
    if not isinstance(shape, tuple):
        return []
    kind, *rest = shape
    if kind == "static":
        return [] if isinstance(rest[0], (float, int)) else rest  # there may be very many
    keys = rest[0] if kind == "dict" else ()
    parts = rest[1] if kind in ("dict", "array") else rest[0]
    return [*keys, *(x for part in parts for x in fixed_parts(part))] if isinstance(parts, tuple) else []


def passed_as_is(shape: Shape) -> list[AsIs]:
    """What a call of this shape passes as it is: Modules, functions, flags."""
    if not isinstance(shape, tuple):
        return []
    if shape and shape[0] == "as is":
        return [shape[1]]
    return [thing for part in shape for thing in passed_as_is(part)]


def classes(shape: Shape) -> set[type]:
    """The classes of the containers in a call of this shape, but for lists, tuples and dicts themselves."""
    if isinstance(shape, type):
        return {shape}
    return set().union(*map(classes, shape)) if isinstance(shape, tuple) else set()


def names(shape: Shape, name: str) -> list[str]:
    """A Python name for every number: x, x_0, x_1_2, params_w.

    >>> names(("dict", ("w", "b"), (("list", 2), "number")), "p")
    ['p_w_0', 'p_w_1', 'p_b']
    """
    if shape == NUMBER:
        return [name]
    kind, *rest = shape
    if kind == "as is":
        return []
    if kind == "array":
        return [f"{name}_{i}" for i in range(math.prod(rest[0]))]
    if kind == "dict":
        keys = [key if isinstance(key, str) and key.isidentifier() else str(i) for i, key in enumerate(rest[0])]
        return [found for key, item in zip(keys, rest[1]) for found in names(item, f"{name}_{key}")]
    items = (NUMBER,) * rest[0] if isinstance(rest[0], int) else rest[0]
    return [found for i, item in enumerate(items) for found in names(item, f"{name}_{i}")]


