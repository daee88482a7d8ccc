"""Traced: a Value that records its operation and operands and computes nothing: no number, no local derivative.

Its number is worked out only where Python must decide something, in a comparison, and that comparison becomes a
guard. Gradients taken while tracing are graph too: they are written with the table's partials, on Traced operands.

What eager has as a plain number is a Plain: an argument, what is computed from arguments alone, a derivative taken
without create_graph. Its `==` asks for equal numbers, as a float's does, and is a guard. All else eager has as Values,
each of which equals only itself and may be in a set.

A weight, made before the trace, must behave like that too, or reading its `.data` would go unnoticed. So while the
trace lasts its class is that of `shared`: to the thread that traces it is a Traced, to all others the Value it was.
"""

import functools
import sys
from collections.abc import Callable
from numbers import Number
from typing import Any, NoReturn

from autograd import context
from autograd.compiler.deciding import active, current, decide, is_over, number_of
from autograd.compiler.guards import left_the_graph, refused
from autograd.compiler.texts import Text
from autograd.compiler.turns import thread, turn
from autograd.graph import NO_OPERAND
from autograd.partials import as_graph
from autograd.primitive import TABLE, Primitive
from autograd.record import _OPERATORS, _answers_itself
from autograd.value import UNKNOWN, Value

_new, _hash = object.__new__, object.__hash__

# An identity through which no gradient flows: `detach()` and `no_grad()`. Not in the table, where every row's partials
# are the derivatives of its forward; the passes remove it.
detached = _new(Primitive)
detached.__dict__.update(TABLE["identity"].__dict__, name="detached", partials=lambda x, z: (0.0,))


def _inside() -> bool:
    """Whether the engine itself is asking, which may read a number: to print it, to compare it."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).startswith("autograd.")


class Traced(Value):
    """A number of a trace; see the head of this file."""

    __slots__ = ()

    @property
    def data(self) -> float:
        if _inside():
            return number_of(self)
        raise left_the_graph("reading .data", context._calling_line())

    @data.setter
    def data(self, x: float) -> None:
        raise refused(
            "assigning .data inside a compiled function would happen once, while tracing, and never again: return the"
            " new number as an output", context._calling_line()
        )

    @property
    def grad(self) -> float:
        if _inside():
            return UNKNOWN
        raise left_the_graph("reading .grad", context._calling_line())

    @grad.setter
    def grad(self, x: float) -> None:
        raise refused(
            "assigning .grad inside a compiled function would happen once, while tracing, and never again: return the"
            " derivatives, of autograd.grad(outputs, inputs), as outputs", context._calling_line()
        )

    @property  # type: ignore[misc]
    def partials(self) -> tuple[Any, ...]:
        return tuple(0.0 if partial is None else partial for partial in as_graph(self))

    def item(self) -> NoReturn:
        raise left_the_graph("item()", context._calling_line())

    def __format__(self, spec: str) -> str:
        return _shown(Value.__format__(self, spec)) if spec else repr(self)

    def __repr__(self) -> str:
        return "<a number of a finished trace>" if is_over(self) else _shown(Value.__repr__(self))

    def __float__(self) -> NoReturn:
        raise left_the_graph("float(...), which the math module calls too,", context._calling_line())

    def __int__(self, *digits: int) -> NoReturn:
        raise left_the_graph("int(...)", context._calling_line())

    __trunc__ = __round__ = __index__ = __int__

    def __bool__(self) -> NoReturn:
        raise left_the_graph(
            "the truth of a number (write `x > 0` or the like; for a flag pass True or False, not 1 or 0)",
            context._calling_line()
        )

    def __and__(self, other: Any) -> NoReturn:
        raise left_the_graph("& or |, as in np.isclose (write `abs(x - y) < 1e-8`),", context._calling_line())

    __rand__ = __or__ = __ror__ = __and__

    def backward(self, gradient: float = 1.0) -> NoReturn:
        raise refused(
            "backward() inside a compiled function would write its gradients once, while tracing: use"
            " autograd.grad(outputs, inputs) or func.value_and_grad and return the derivatives", context._calling_line()
        )

    def __reduce__(self) -> NoReturn:
        raise refused(
            "copying or pickling a Value inside a compiled function would happen once, while tracing: detach() gives a"
            " new leaf with its number, list(...) a new list of the same Values; copy a Module before the call",
            context._calling_line()
        )

    def detach(self) -> Value:
        return _node(detached, (self,))

    def _number(self) -> Any:
        number = _node(detached, (self,))
        number.__class__ = Plain
        return number

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> Value:
        return _node(op, tuple(map(current().operand, args)))

    def __lt__(self, other: Any) -> bool:
        return decide(self.less(other))

    def __le__(self, other: Any) -> bool:
        return decide(self.less_equal(other))

    def __gt__(self, other: Any) -> bool:
        return decide(self.greater(other))

    def __ge__(self, other: Any) -> bool:
        return decide(self.greater_equal(other))


def _shown(number: str) -> str:
    """A text of a number, which may be printed but not read or returned: it would be this call's for ever."""
    text, trace = Text(number), active()
    if trace is not None:
        trace.shown.setdefault(str(text), context._calling_line())
    return text


class Plain(Traced):
    """What eager has as a plain number; see the head of this file."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value):
            return isinstance(other, Plain) and decide(self.equal(other))
        if not isinstance(other, Number):
            return NotImplemented
        x: Any = other
        try:
            nearest = float(x.real)
        except OverflowError:
            return False
        return bool(nearest == x) and decide(self.equal(nearest))

    __hash__ = _hash


_ASKING_OFTEN = "autograd.graph", "autograd.func"  # tens of thousands of times for a large graph


def _hash_asked(number: Plain) -> int:
    name = sys._getframe(1).f_globals.get("__name__")
    if name in _ASKING_OFTEN or str(name).startswith("autograd."):
        return _hash(number)
    raise left_the_graph("hash(...), as for a set or a key of a dict,", context._calling_line())


def function_runs(now: bool) -> None:
    """Whether the function that is traced is at work: while it is, a number is not hashed, as an argument may not be.

    The compiler itself, afterwards, walks over thousands of nodes, and is not to be asked at each of them.
    """
    Plain.__hash__ = _hash_asked if now else _hash  # type: ignore[assignment, method-assign]


def _node(op: Primitive, args: tuple[Any, ...]) -> Value:
    node = _new(Plain if _PLAIN.issuperset(map(type, args)) else Traced)
    node.op = op
    node.args = args
    if context.open_contexts > 1 and not context.current.grad_enabled and op is not detached:
        return _node(detached, (node,))
    return node


_PLAIN = frozenset({float, Plain})
Traced.__name__ = Plain.__name__ = "Value"  # what Python's own messages call it: unsupported operand for //


# `_node` written out for one operand and for two: the hot path of tracing. `own` is the class of the first.
def _unary(op: Primitive, own: type[Traced]) -> Callable[[Traced], Value]:
    def method(self: Traced) -> Value:
        if context.open_contexts > 1:
            return _node(op, (self,))
        node = _new(own)
        node.op = op
        node.x, node.y = self, NO_OPERAND
        return node

    return method


def _binary(op: Primitive, own: type[Traced], reflected: bool = False) -> Callable[[Traced, Any], Any]:
    def method(self: Traced, other: Any) -> Any:  # a Value, or NotImplemented
        cls = other.__class__
        if cls is not Traced and cls is not float and cls is not Plain and cls is not _Shared:
            if not isinstance(other, (float, Value)) and _answers_itself(other):
                return NotImplemented
            other = current().operand(other)
            cls = other.__class__
        if context.open_contexts > 1:
            return _node(op, (other, self) if reflected else (self, other))
        node = _new(own if cls is float or cls is Plain else Traced)
        node.op = op
        node.x, node.y = (other, self) if reflected else (self, other)
        return node

    return method


def _install(op: Primitive, own: type[Traced]) -> None:
    if op.variadic or op.pack is not None or len(op.operands) > 2:
        return  # Value's method calls the operation, which asks __autograd__
    make: Any = _unary if len(op.operands) == 1 else _binary
    direct, *twins = _OPERATORS.get(op.name, ("",))
    for name in {op.name, op.numpy or op.name, direct} - {""}:
        setattr(own, name, make(op, own))
    for twin in twins:
        setattr(own, twin, _binary(op, own, reflected=True))


for _row in TABLE.values():
    _install(_row, Traced)
    _install(_row, Plain)


# Names of Traced that a shared Value has its own of, and what Python itself puts into a class.
_ABOUT_THE_CLASS = {"__module__", "__doc__", "__slots__"}


@functools.cache
def shared(own: Any) -> type[Value]:
    """The class, for the time of a trace, of Values of class `own` that were made before it."""
    names = [name for name in vars(Traced) if name not in _ABOUT_THE_CLASS and hasattr(own, name)]
    fields = {name: _in_turn(getattr(Traced, name), getattr(own, name)) for name in names}
    return type(own.__name__, (own,), {"__slots__": (), **fields, "__reduce__": _reduced_later})


def _in_turn(traced: Any, own: Any) -> Any:
    """What `traced` says in the thread that traces, what `own` says in all others."""
    if isinstance(traced, property):
        return property(
            lambda self: traced.__get__(self) if thread.trace is not None else own.__get__(self),
            lambda self, x: traced.__set__(self, x) if thread.trace is not None else own.__set__(self, x),
        )

    def method(self: Value, *args: Any, **named: Any) -> Any:
        return (traced if thread.trace is not None else own)(self, *args, **named)

    return method


def _reduced_later(self: Value) -> Any:
    """A pickle of a shared Value, in other threads, waits until the trace is over, and names the Value's own class."""
    if thread.trace is not None:
        return Traced.__reduce__(self)  # type: ignore[arg-type]
    with turn:
        return self.__reduce__()


_Shared = shared(Value)
