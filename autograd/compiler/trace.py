"""Tracing: run the function once on recording numbers and keep the graph.

A `Traced` is a Value that records its operation and operands and computes nothing: no number, no local derivative.
Its number is worked out only where Python must decide something, in a comparison, and that comparison becomes a
guard. Gradients taken while tracing are graph too: they are written with the table's partials, on Traced operands.

What is an input, what a constant:

    a number in the arguments                            an input of every call
    a Value made before the trace (a model's weight)     an input too: its `.data` is read again at each call
    a Value made by the function, a plain number         a constant
    the parameters of a Module among the arguments       like any Value made before

A weight is recognised when it is reached by an operation. Those that can be found beforehand, in the closure of the
function, its globals, its object or a Module among the arguments, become Traced themselves while the trace lasts, so
that reading their `.data` is noticed as well.
"""

import contextlib
import gc
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from autograd import context
from autograd.compiler.guards import Guard, TraceError, guard, left_the_graph
from autograd.compiler.texts import Text
from autograd.graph import NO_OPERAND, topological_order
from autograd.partials import as_graph
from autograd.primitive import TABLE, Primitive, number
from autograd.record import _OPERATORS, _answers_itself
from autograd.value import Value

_new = object.__new__
_slot: Any = vars(Value)["data"]  # the slot itself: Traced.data is a property that guards it
_active = threading.local()

# An identity through which no gradient flows: `detach()` and `no_grad()`. Not in the table, where every row's partials
# are the derivatives of its forward; the passes remove it.
detached = _new(Primitive)
detached.__dict__.update(TABLE["identity"].__dict__, name="detached", partials=lambda x, z: (0.0,))


class Trace:
    """What one run of a function met: guards, the Values made before it, the constants made by it."""

    def __init__(self) -> None:
        self.guards: list[Guard] = []
        self.decisions: list[Value] = []  # the comparisons themselves, one per guard
        self.live: dict[Value, None] = {}
        self.made: set[Value] = set()
        self.inputs: list[Value] = []
        self.shown: dict[str, context.Line] = {}  # numbers as texts, and the lines that made them
        self.of_batch = False  # whether the run stands for all samples of a batch, as the loss of a Trainer does

    def note(self, node: Value) -> None:
        """A node that Value's own methods made: of operands that are all older than the trace, or a leaf."""
        if node.op is None:
            self.made.add(node)
        else:
            for arg in node.args:
                self.operand(arg)
            node.__class__ = Traced

    def operand(self, x: Any) -> Any:
        """`x` as an operand of a Traced: a Value as it is (one made earlier becomes an input), else a float."""
        if isinstance(x, Traced):
            return x
        if isinstance(x, Value):
            if x not in self.made:
                self.live[x] = None
            return x
        return number(x)


def active() -> Trace | None:
    """The trace that this thread is recording, if any."""
    return getattr(_active, "trace", None)


def _current() -> Trace:
    trace = active()
    if trace is None:
        raise _finished()
    return trace


def _finished() -> TraceError:
    return TraceError(
        "a number of a finished trace is used: the compiled function stored it somewhere while it was traced;"
        " return it as an output instead"
    )


@contextlib.contextmanager
def collector_resting() -> Iterator[None]:
    """Keep Python's cyclic collector from looking for garbage among the nodes of a growing graph: there is none.

    Looking costs more than recording: 4 to 6 times with 1e5 nodes.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextlib.contextmanager
def tracing(older: Sequence[Value]) -> Iterator[Trace]:
    """Record everything this thread does with Values. `older` ones are Traced inside the block."""
    trace = Trace()
    borrowed: list[tuple[Value, type[Value]]] = []
    _active.trace = trace
    for x in older:
        if not isinstance(x, Traced):
            with contextlib.suppress(TypeError):  # a class of one's own with more fields stays what it is
                borrowed.append((x, type(x)))
                x.__class__ = Traced
                trace.live[x] = None
    try:
        with context.record_with(trace.note):
            yield trace
    finally:
        for x, cls in borrowed:
            x.__class__ = cls
        for leaf in trace.inputs:
            _slot.__delete__(leaf)  # so that a use after the trace is noticed
        _active.trace = None


def fresh(data: float, label: str = "") -> "Traced":
    """A new input of the trace, with the number it has in the call that is traced."""
    x = _new(Traced)
    _slot.__set__(x, data)
    x.op, x.args = None, ()
    if label:
        x.label = label
    _current().inputs.append(x)
    return x


class _Filled:
    """The nodes whose number is known, as a collection that topological_order can stop at."""

    def __contains__(self, node: Any) -> bool:
        try:
            _slot.__get__(node)
        except AttributeError:
            return False
        return True


_FILLED: Any = _Filled()


def number_of(node: Value) -> float:
    """The number `node` has in the call that is traced, computed when first asked for."""
    read = _slot.__get__
    for below in topological_order([node], inputs=_FILLED):
        if below not in _FILLED:
            if below.op is None:
                raise _finished()
            data = [arg if arg.__class__ is float else read(arg) for arg in below.args]
            _slot.__set__(below, below.op.forward(*data))
    return float(read(node))


def _inside() -> bool:
    """Whether the engine itself is asking, which may read a number: to print it, to compare it."""
    return str(sys._getframe(2).f_globals.get("__name__", "")).startswith("autograd.")


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
        raise TraceError(
            "assigning .data inside a compiled function would happen once, while tracing, and never again: return the"
            f" new number as an output\n  at {context._calling_line()}"
        )

    @property  # type: ignore[misc]
    def partials(self) -> tuple[Any, ...]:
        return tuple(0.0 if partial is None else partial for partial in as_graph(self))

    def item(self) -> NoReturn:
        raise left_the_graph("item()", context._calling_line())

    def __format__(self, spec: str) -> str:
        return _shown(super().__format__(spec)) if spec else repr(self)

    def __repr__(self) -> str:
        return _shown(super().__repr__())

    def __float__(self) -> NoReturn:
        raise left_the_graph("float(...), which the math module calls too,", context._calling_line())

    def __int__(self) -> NoReturn:
        raise left_the_graph("int(...)", context._calling_line())

    __trunc__ = __round__ = __index__ = __int__

    def __bool__(self) -> NoReturn:
        raise left_the_graph("the truth of a number (write `x > 0` or the like)", context._calling_line())

    def backward(self, gradient: float = 1.0) -> NoReturn:
        raise TraceError(
            "backward() inside a compiled function would write its gradients once, while tracing: use"
            " autograd.grad(outputs, inputs) or func.value_and_grad and return the derivatives"
            f"\n  at {context._calling_line()}"
        )

    def detach(self) -> Value:
        return _node(detached, (self,))

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> Value:
        return _node(op, tuple(map(_current().operand, args)))

    def __lt__(self, other: Any) -> bool:
        return _decide(self.less(other))

    def __le__(self, other: Any) -> bool:
        return _decide(self.less_equal(other))

    def __gt__(self, other: Any) -> bool:
        return _decide(self.greater(other))

    def __ge__(self, other: Any) -> bool:
        return _decide(self.greater_equal(other))


def _shown(number: str) -> str:
    """A text of a number, which may be printed but not read or returned: it would be this call's for ever."""
    text, trace = Text(number), active()
    if trace is not None:
        trace.shown.setdefault(str(text), context._calling_line())
    return text


def _decide(comparison: Any) -> bool:
    """The outcome of a comparison, which becomes a guard of the trace."""
    trace = _current()
    trace.decisions.append(comparison)
    trace.guards.append(guard(comparison, number_of, context._calling_line()))
    return trace.guards[-1].expected != 0.0


def _node(op: Primitive, args: tuple[Any, ...]) -> Value:
    node = _new(Traced)
    node.op = op
    node.args = args
    if context.open_contexts > 1 and not context.current.grad_enabled and op is not detached:
        return _node(detached, (node,))
    return node


# The mean over the samples of a batch. Not in the table, since it is no function of its operand alone: `fuse` makes it
# the sum of weight * x over the samples, and its derivative is that of any sum of products.
def _not_by_rule(x: Any, z: Any) -> NoReturn:
    raise TraceError("a derivative that is taken inside the loss of a Trainer cannot pass through batch_mean")


mean_over_batch = _new(Primitive)
mean_over_batch.__dict__.update(TABLE["identity"].__dict__, name="batch_mean", partials=_not_by_rule)


def batch_mean(x: Any) -> Value:
    """The mean of `x` over the batch, in the loss of a Trainer."""
    trace = active()
    if trace is None or not trace.of_batch:
        raise TraceError("batch_mean is for the loss of a Trainer, which is given sample by sample: elsewhere take the"
                         " mean of a list")
    return _node(mean_over_batch, (trace.operand(x),))


# `_node` written out for one operand and for two: the hot path of tracing.
def _unary(op: Primitive) -> Callable[[Traced], Value]:
    def method(self: Traced) -> Value:
        if context.open_contexts > 1:
            return _node(op, (self,))
        node = _new(Traced)
        node.op = op
        node.x, node.y = self, NO_OPERAND
        return node

    return method


def _binary(op: Primitive, reflected: bool = False) -> Callable[[Traced, Any], Any]:
    def method(self: Traced, other: Any) -> Any:  # a Value, or NotImplemented
        if other.__class__ is not Traced and other.__class__ is not float:
            if _answers_itself(other):
                return NotImplemented
            other = _current().operand(other)
        if context.open_contexts > 1:
            return _node(op, (other, self) if reflected else (self, other))
        node = _new(Traced)
        node.op = op
        node.x, node.y = (other, self) if reflected else (self, other)
        return node

    return method


def _install(op: Primitive) -> None:
    if op.variadic or op.pack is not None or len(op.operands) > 2:
        return  # Value's method calls the operation, which asks __autograd__
    make: Any = _unary if len(op.operands) == 1 else _binary
    direct, *twins = _OPERATORS.get(op.name, ("",))
    for name in {op.name, op.numpy or op.name, direct} - {""}:
        setattr(Traced, name, make(op))
    for twin in twins:
        setattr(Traced, twin, _binary(op, reflected=True))


for _row in TABLE.values():
    _install(_row)
