"""Modules among the arguments: what was in them when a function was traced, and whether it still is.

The numbers in a Module's parameters may change from call to call, since they are read again. But which Values it holds,
which Modules it is made of, and its plain attributes (a flag, a rate) are part of the trace: if one of them is another
object now, the function is traced again. Attributes whose names begin with an underscore are its own affair.
"""

import operator
from typing import Any, NamedTuple


class Holding(NamedTuple):
    """A container of a Module, and the objects that were in it."""

    container: Any  # a list, a tuple, or the dictionary of attributes or items
    keys: list[Any]
    names: list[Any]  # the public ones among the keys
    items: list[Any]

    def holds(self) -> bool:
        now = self.container
        if not isinstance(now, dict):
            return len(now) == len(self.items) and all(map(operator.is_, now, self.items))
        if list(now) != self.keys and _public(now) != self.names:
            return False
        return all(map(operator.is_, map(now.get, self.names), self.items))


def _public(container: dict[Any, Any]) -> list[Any]:
    return [name for name in container if not (isinstance(name, str) and name.startswith("_"))]


def holding(container: Any) -> Holding:
    """A list, a tuple, a set or a dictionary as it is now."""
    if not isinstance(container, dict):
        return Holding(container, [], [], list(container))
    names = _public(container)
    return Holding(container, list(container), names, [container[name] for name in names])


def holdings(module: Any) -> list[Holding]:
    """All that `module` holds, the Modules in it included.

    >>> class Scale:
    ...     def __init__(self): self.factors, self.squared = [2.0, 3.0], False
    ...     def parameters(self): return []
    >>> scale = Scale()
    >>> [held.items for held in holdings(scale)]
    [[[2.0, 3.0], False], [2.0, 3.0]]
    """
    found: list[Holding] = []
    seen: set[int] = set()
    waiting = [module]
    while waiting:
        thing = waiting.pop()
        container = thing if isinstance(thing, (list, tuple, dict)) else getattr(thing, "__dict__", {})
        if id(container) not in seen:
            seen.add(id(container))
            found.append(holding(container))
            waiting += [x for x in found[-1].items if isinstance(x, (list, tuple, dict)) or is_module(x)]
    return found


def is_module(x: Any) -> bool:
    """Whether `x` is a Module: anything with parameters, as long as it is not a class."""
    return not isinstance(x, type) and callable(getattr(x, "parameters", None))
