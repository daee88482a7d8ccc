"""The search for all that a function depends on besides the numbers it is given: see `places.py`.

It goes through the closure of the function, the names that its code takes from its module, and from there on through
functions, bound methods, lists, dicts, arrays, and the attributes of objects. Of modules, classes and functions only
the names count that some code on the way mentions: they hold many more. So it is with the objects of Python's and of
installed packages' classes, but for Modules, and for those that hold what one puts in, such as Namespace and UserDict.
What Python, this project and other installed packages than the function's own define is taken not to change.
"""

import array
import contextlib
import dis
import functools
import gc
import importlib.util
import sys
import sysconfig
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from types import CodeType, FunctionType, MappingProxyType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd.compiler.guards import TraceError
from autograd.compiler.places import FIELDS, Contents, Kept, Numbers, Place
from autograd.primitive import TABLE, is_module
from autograd.value import Value

_ENDS = {int, float, complex, str, bytes, bool, type(None)}  # plain things: they and tuples of them lead nowhere
_MOST = 1_000_000  # other things
_COMES_WITH_US = frozenset(TABLE)  # other operations were registered, and may be replaced
_HOLDERS = {"argparse", "collections", "types"}  # modules of classes whose objects hold what one puts in
_WINDOWS: tuple[type, ...] = (MappingProxyType, type({}.keys()), type({}.values()), type({}.items()))  # on a dict
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib"))


def reached(*roots: Any) -> tuple[list[Value], dict[Any, Kept]]:
    """The Values that the roots, functions and objects, can be seen to use, and the places on which they depend.

    A place is found under what is the same in the next search.

    >>> weights = [Value(2.0)]
    >>> values, kept = reached(functools.partial(max, weights))
    >>> weights.append(Value(3.0))
    >>> values, all(place.holds() for place in kept.values())
    ([Value(data=2.0, grad=0.0)], False)
    """
    search = _Search({_package(root) for root in roots})
    search.visit(roots)
    return list(search.values), search.kept


def closed_over(f: Any) -> list[Value]:
    """The Values that `f` can be seen to use besides its arguments."""
    return reached(f)[0]


class _Owner(NamedTuple):
    """A module, a class, a function or an object of which only the names count that code mentions."""

    owner: Any
    held: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()  # names of the classes behind it, which a name here would hide


class _Search:
    def __init__(self, own: set[str]) -> None:
        self.own = own  # packages whose definitions may change wherever they are installed
        self.values: dict[Value, None] = {}
        self.kept: dict[tuple[Any, ...], Kept] = {}
        self.seen: dict[int, Any] = {}  # kept alive, so that an address stays its own
        self.waiting: list[Any] = []
        self.names: set[str] = set()  # that code on the way mentions
        self.asked: set[str] = set()  # those that may be missing
        self.owners: dict[int, _Owner] = {}

    def visit(self, things: Iterable[Any]) -> None:
        """Look at these things and all that they lead to."""
        self.add(things)
        while self.waiting or self._mentioned():
            self._look(self.waiting.pop())
        for name in self.names & TABLE.keys() - _COMES_WITH_US:
            self.place(TABLE, name)

    def add(self, things: Iterable[Any]) -> None:
        for x in things:
            if x.__class__ in _ENDS or (x.__class__ is tuple and _ENDS.issuperset(map(type, x))):
                continue
            if isinstance(x, Value):
                self.values[x] = None
            elif id(x) not in self.seen:
                self.seen[id(x)] = x
                self.waiting.append(x)

    def fixed(self, module: Any) -> bool:
        """Whether what a module of this name defines is taken not to change."""
        package = str(module).partition(".")[0]
        if package in sys.stdlib_module_names or package in ("autograd", "nn"):
            return True
        return package not in self.own and _is_installed(package)

    def place(self, container: Any, key: Any, owner: Any = None) -> None:
        at = id(container if owner is None else owner), key
        if at not in self.kept:
            self.kept[at] = found = Place.of(container, key)
            self.add([found.item])

    def contents(self, container: Any) -> None:
        self.kept[id(container),] = found = Contents.of(container)
        self.add(found.items)

    def _look(self, x: Any) -> None:
        if len(self.seen) > _MOST:
            raise TraceError(f"the function reaches more than {_MOST} objects, too many to look at before each call:"
                             " give it what it needs as arguments")
        if isinstance(x, FunctionType):
            self._function(x)
        elif isinstance(x, (list, dict, set, deque, array.array)):
            self.contents(x)
            self._object(x)
        elif isinstance(x, (bytearray, memoryview)):
            self.kept[id(x),] = Numbers.of(x)
        elif isinstance(x, _WINDOWS):
            self.add(gc.get_referents(x))
        elif isinstance(x, ContextVar):
            self.place(x, x.name)
        elif isinstance(x, (tuple, frozenset)):
            self.add(x)
            self._object(x)
        elif isinstance(x, MethodType):
            self.add([x.__func__, x.__self__])
        elif isinstance(x, functools.partial):
            self.add([x.func, *x.args, x.keywords])
        elif isinstance(x, (staticmethod, classmethod, property, functools.cached_property)):
            self.add(filter(None, (getattr(x, name, None) for name in ("__func__", "fget", "func"))))
        elif isinstance(x, (ModuleType, type)):
            self._owner(x)
        elif hasattr(type(x), "tobytes") and hasattr(type(x), "flags"):
            self.kept[id(x),] = Numbers.of(x)
            self.add(x.ravel().tolist() if x.dtype == object else ())
        elif _get(x, "__wrapped__") is not None and not is_module(x):
            self.add([x.__wrapped__])
        else:
            self._object(x)

    def _function(self, f: FunctionType) -> None:
        if self.fixed(f.__globals__.get("__name__")):  # not __module__, which functools.wraps copies
            self.add([*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()])
            self.add(Place.of(cell).item for cell in f.__closure__ or ())
            return
        for name in FIELDS if f.__code__.co_kwonlyargcount else FIELDS[:2]:
            self.place(weakref.ref(f), name, f)
        self.owners[id(f)] = _Owner(f, vars(f))
        for cell in f.__closure__ or ():
            self.place(cell, None)
        code = _names(f.__code__)
        self.names |= code.mentioned
        self.asked |= code.asked
        for name in code.from_module:
            self.place(f.__globals__, name)
        if "globals" in code.from_module:
            self.owners[id(f.__globals__)] = _Owner(f.__globals__, f.__globals__)
        with contextlib.suppress(ImportError):  # the function's own error, if it comes to it
            for name in code.imported:
                self._import(importlib.util.resolve_name(name, f.__globals__.get("__package__") or ""))

    def _import(self, name: str) -> None:
        """A module that code imports when it runs, and the packages around it."""
        if not self.fixed(name):
            package, _, rest = name.rpartition(".")
            if rest and package:
                self._import(package)
            self.place(sys.modules, name)

    def _owner(self, x: Any) -> None:
        if isinstance(x, ModuleType):
            if not self.fixed(x.__name__):
                self.owners[id(x)] = _Owner(x, vars(x))
            return
        for i, cls in enumerate(x.__mro__):
            if not self.fixed(cls.__module__):
                self.owners[id(cls)] = _Owner(cls, vars(cls), frozenset().union(*map(vars, x.__mro__[i + 1 :])))

    def _mentioned(self) -> bool:
        """Look at the names of modules, classes and functions that are mentioned; whether this leads further."""
        for owner, held, hidden in list(self.owners.values()):
            names = self.names | self._methods(owner) if isinstance(owner, type) else self.names
            wanted = self.asked | names & (held.keys() | hidden)
            container = owner if isinstance(owner, threading.local) else held
            for name in [*filter(wanted.__contains__, list(held)), *sorted(wanted - held.keys())]:
                self.place(container, name, owner)
        return bool(self.waiting)

    def _methods(self, cls: type) -> set[str]:
        """The methods that Python calls by itself, and those that methods of fixed classes call in turn."""
        found: set[str] = set()
        waiting = ["__call__", *self.names]
        for base in cls.__mro__:
            if not self.fixed(base.__module__):
                waiting += [name for name in vars(base) if name.startswith("__")]
        while waiting:
            name = waiting.pop()
            for f in [vars(base).get(name) for base in cls.__mro__] if name not in found else ():
                if isinstance(f, FunctionType):
                    found.add(name)
                    waiting += _names(f.__code__).mentioned
        return found

    def _object(self, x: Any) -> None:
        cls, attributes = type(x), _get(x, "__dict__")
        if isinstance(x, threading.local) or self._foreign(cls):
            if attributes is not None:
                self.owners[id(x)] = _Owner(x, attributes, frozenset(dir(cls)))
            return
        if attributes is not None:
            self.contents(attributes)
        for base in cls.__mro__:
            for name, slot in vars(base).items():
                if isinstance(slot, MemberDescriptorType) and not self.fixed(base.__module__):
                    self.place(x, name)
        self.add([cls])

    def _foreign(self, cls: type) -> bool:
        """Whether the objects of a class hold much that is none of the function's business."""
        return not callable(getattr(cls, "parameters", None)) and cls.__module__ not in _HOLDERS and \
            cls.__module__.partition(".")[0] != "nn" and self.fixed(cls.__module__)


def _get(x: Any, name: str) -> Any:
    """An attribute, None where there is none, also if the object's own __getattr__ fails otherwise than it should."""
    try:
        return getattr(x, name, None)
    except Exception:
        return None


def _package(f: Any) -> str:
    """The name of the package in which a function, however wrapped, is defined."""
    for name in ("__wrapped__", "func", "__func__"):
        if _get(f, name) is not None:
            return _package(_get(f, name))
    return str(_get(f, "__module__") or type(f).__module__).partition(".")[0]


@functools.lru_cache(1024)
def _is_installed(package: str) -> bool:
    """Whether a package lies where third parties' are installed."""
    return str(getattr(sys.modules.get(package), "__file__", None)).startswith(_INSTALLED)


class _Names(NamedTuple):
    """The names in a piece of code."""

    from_module: list[str]  # in order: the numbers of a tape must not depend on a hash
    mentioned: set[str]  # attributes, and texts that may be names
    asked: set[str]  # such texts, where the code may ask whether there is an attribute
    imported: list[str]  # modules; a relative one begins with dots


@functools.lru_cache(1024)
def _names(code: CodeType) -> _Names:
    """The names in the code of a function, and of those inside it."""
    steps = [x for x in dis.get_instructions(code) if x.opname != "EXTENDED_ARG"]
    found = _Names(
        [x.argval for x in steps if x.opname in ("LOAD_GLOBAL", "LOAD_NAME")],
        {x for x in (*code.co_names, *code.co_consts) if isinstance(x, str) and x.isidentifier()}, set(),
        ["." * level.argval + x.argval for level, x in zip(steps, steps[2:]) if x.opname == "IMPORT_NAME"])
    if {"getattr", "hasattr", "vars", "__dict__"} & found.mentioned:
        found.asked.update(found.mentioned.intersection(code.co_consts))
    if "AttributeError" in found.mentioned:
        found.asked.update(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            more = _names(inner)
            found = _Names(found.from_module + more.from_module, found.mentioned | more.mentioned,
                           found.asked | more.asked, found.imported + more.imported)
    return found._replace(from_module=list(dict.fromkeys(found.from_module)))
