"""The search for all that a function depends on besides the numbers it is given: see `places.py`.

It goes through the closure of the function, the names that its code takes from its module, and from there on through
functions, bound methods, lists, dicts, arrays, and the attributes of objects. Of modules and classes only the names
count that some code on the way mentions: they hold many more. What belongs to Python, to this project or to another
installed package than the function's own is taken not to change, but for the attributes of Modules and closures.
"""

import array
import dis
import functools
import sys
import sysconfig
from collections import deque
from collections.abc import Iterable
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType, SimpleNamespace
from typing import Any

from autograd.compiler.guards import TraceError
from autograd.compiler.places import Contents, Kept, Numbers, Place
from autograd.compiler.shapes import is_module
from autograd.primitive import TABLE
from autograd.value import Value

_ENDS = {int, float, complex, str, bytes, bool, type(None)}  # plain things: they and tuples of them lead nowhere
_MOST = 1_000_000  # other things
_COMES_WITH_US = frozenset(TABLE)  # other operations were registered, and may be replaced
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib"))


def reached(*roots: Any) -> tuple[list[Value], list[Kept]]:
    """The Values that the roots, functions and objects, can be seen to use, and the places on which they depend.

    >>> weights = [Value(2.0)]
    >>> values, kept = reached(functools.partial(max, weights))
    >>> weights.append(Value(3.0))
    >>> values, [place.holds() for place in kept]
    ([Value(data=2.0, grad=0.0)], [False])
    """
    search = _Search({_package(root) for root in roots})
    search.visit(roots)
    return list(search.values), list(search.kept.values())


def closed_over(f: Any) -> list[Value]:
    """The Values that `f` can be seen to use besides its arguments."""
    return reached(f)[0]


class _Search:
    def __init__(self, own: set[str]) -> None:
        self.own = own  # packages whose definitions may change wherever they are installed
        self.values: dict[Value, None] = {}
        self.kept: dict[tuple[Any, ...], Kept] = {}
        self.seen: dict[int, Any] = {}  # kept alive, so that an address stays its own
        self.waiting: list[Any] = []
        self.names: set[str] = set()  # that code on the way mentions
        self.owners: dict[int, Any] = {}  # modules and classes

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
        elif isinstance(x, (list, dict, set, deque)):
            self.contents(x)
        elif isinstance(x, (tuple, frozenset)):
            self.add(x)
        elif isinstance(x, MethodType):
            self.add([x.__func__, x.__self__])
        elif isinstance(x, functools.partial):
            self.add([x.func, *x.args, *x.keywords.values()])
        elif isinstance(x, (staticmethod, classmethod, property, functools.cached_property)):
            self.add(filter(None, (getattr(x, name, None) for name in ("__func__", "fget", "func"))))
        elif isinstance(x, (ModuleType, type)):
            self._owner(x)
        elif hasattr(type(x), "tobytes") and hasattr(type(x), "flags"):
            self.kept[id(x),] = Numbers.of(x)
            self.add(x.ravel().tolist() if x.dtype == object else ())
        elif isinstance(x, array.array):
            self.contents(x)
        elif hasattr(x, "__wrapped__") and not is_module(x):
            self.add([x.__wrapped__])
        else:
            self._object(x)

    def _function(self, f: FunctionType) -> None:
        self.add([*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()])
        fixed = self.fixed(f.__globals__.get("__name__"))  # not __module__, which functools.wraps copies
        for cell in f.__closure__ or ():
            if fixed:
                self.add([Place.of(cell).item])
            else:
                self.place(cell, None)
        if not fixed:
            from_module, others = _names(f.__code__)
            self.names |= others
            for name in from_module:
                self.place(f.__globals__, name)

    def _owner(self, x: Any) -> None:
        for owner in x.__mro__ if isinstance(x, type) else (x,):
            if not self.fixed(owner.__module__ if isinstance(owner, type) else owner.__name__):
                self.owners[id(owner)] = owner

    def _mentioned(self) -> bool:
        """Look at the names of modules and classes that are mentioned; whether this leads further."""
        for owner in list(self.owners.values()):
            held = vars(owner)
            for name in list(held):
                if name in self.names or (name.startswith("__") and isinstance(held[name], FunctionType)):
                    self.place(held, name, owner)
        return bool(self.waiting)

    def _object(self, x: Any) -> None:
        if not is_module(x) and not isinstance(x, SimpleNamespace) and self.fixed(type(x).__module__) and not _ours(x):
            return
        if isinstance(getattr(x, "__dict__", None), dict):
            self.contents(vars(x))
        for cls in type(x).__mro__:
            for name, slot in vars(cls).items():
                if isinstance(slot, MemberDescriptorType) and not self.fixed(cls.__module__):
                    self.place(x, name)
        self.add([type(x)])


def _package(f: Any) -> str:
    """The name of the package in which a function, however wrapped, is defined."""
    for name in ("__wrapped__", "func", "__func__"):
        if hasattr(f, name):
            return _package(getattr(f, name))
    return str(getattr(f, "__module__", None) or type(f).__module__).partition(".")[0]


def _ours(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] == "nn"


@functools.lru_cache(1024)
def _is_installed(package: str) -> bool:
    """Whether a package lies where third parties' are installed."""
    return str(getattr(sys.modules.get(package), "__file__", None)).startswith(_INSTALLED)


@functools.lru_cache(1024)
def _names(code: CodeType) -> tuple[list[str], set[str]]:
    """The names that the code takes from its module, and all that it mentions: attributes, texts that may be names."""
    from_module = [x.argval for x in dis.get_instructions(code) if x.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    mentioned = {*code.co_names, *(x for x in code.co_consts if isinstance(x, str) and x.isidentifier())}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            names, more = _names(inner)
            from_module += names
            mentioned |= more
    return list(dict.fromkeys(from_module)), mentioned  # in order: the numbers of a tape must not depend on a hash
