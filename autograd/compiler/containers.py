"""Containers of every class: which may be taken apart into numbers, and how one like it is made anew."""

from collections import OrderedDict, defaultdict
from types import FunctionType
from typing import Any


def is_array(x: Any) -> bool:
    """Whether x is an array of some library. Its class is asked: an object may answer anything."""
    return hasattr(type(x), "tolist") and hasattr(type(x), "shape")


def check_array(x: Any, name: str) -> None:
    """Raise for an array whose conversion to real numbers would lose something, or invent it."""
    kind = getattr(x.dtype, "kind", "f")
    if kind == "c":
        raise TypeError(f"{name} is an array of {x.dtype}: compile takes real numbers, so pass its .real and .imag")
    if kind not in "fiubV" or getattr(x.dtype, "names", None):  # V: the short floats that NumPy does not know
        raise TypeError(f"{name} is an array of {x.dtype}: convert it to numbers first, with .astype(float)")
    if getattr(x, "mask", None) is not None and x.mask.any():
        raise ValueError(f"{name} has {int(x.mask.sum())} masked numbers: fill them first, with .filled(...)")
    if type(x).__name__ == "matrix":
        raise TypeError(f"{name} is a matrix, which multiplies otherwise than an array: convert it with np.asarray")


def check_attributes(x: Any) -> None:
    """Raise for a container that holds more than its items: it is made anew at each call, of its items alone."""
    if getattr(x, "__dict__", None):
        kind = next(cls.__name__ for cls in (dict, list, tuple) if isinstance(x, cls))
        raise TypeError(
            f"a {type(x).__name__} with attributes of its own ({', '.join(map(str, vars(x)))}) cannot be made anew at"
            f" each call: use a plain {kind}, and pass the attributes as arguments"
        )


def kind_of_dict(x: dict[Any, Any]) -> tuple[Any, ...]:
    """The class of a dict, and what it is made with besides its items. Raises TypeError for one with attributes."""
    check_attributes(x)
    return (type(x), x.default_factory) if isinstance(x, defaultdict) else (type(x),)


def dict_of(kind: tuple[Any, ...], items: list[tuple[Any, Any]]) -> Any:
    """A dict of any class, without the class's own __init__, which may take or do anything: a Counter counts."""
    cls, *default = kind
    if cls is dict:
        return dict(items)
    base = next(base for base in (OrderedDict, defaultdict, dict) if issubclass(cls, base))
    made = base.__new__(cls)
    if default:
        (made.default_factory,) = default
    for key, item in items:
        base.__setitem__(made, key, item)
    return made


def made_of(kind: type, parts: list[Any]) -> Any:
    """A list or a tuple of any class, again without the class's own __init__."""
    if issubclass(kind, tuple):
        return tuple.__new__(kind, parts) if made_as_tuple(kind) else kind(parts)
    made: Any = list.__new__(kind)
    list.extend(made, parts)
    return made


def made_as_tuple(kind: type) -> bool:
    """Whether `kind` is a namedtuple or the like: made of its parts as a tuple is, whatever its own __new__ takes."""
    return issubclass(kind, tuple) and (kind.__new__ is tuple.__new__ or kind.__new__.__class__ is FunctionType)


def array_of(shape: tuple[int, ...], items: list[Any]) -> Any:
    import numpy as np

    flat = np.empty(len(items), dtype=float if all(isinstance(item, (int, float)) for item in items) else object)
    flat[:] = items
    return flat.reshape(shape)
