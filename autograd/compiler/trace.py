"""Tracing: run the function once on recording numbers, `Traced`, and keep the graph.

What is an input, what a constant:

    a number in the arguments                            an input of every call
    a Value made before the trace (a model's weight)     an input too: its `.data` is read again at each call
    a Value made by the function, a plain number         a constant

The Values made before are found beforehand (`search.py`), so that reading their `.data` is noticed, and so is their
replacement (`places.py`). One that turns up in an operation or a comparison all the same is an error, for it could be
replaced unseen.
"""

import contextlib
import gc
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from autograd import context
from autograd.compiler.deciding import active, current, slot
from autograd.compiler.guards import Guard, TraceError
from autograd.compiler.tape import Rounding
from autograd.compiler.traced import Plain, Traced, _new, _node, function_runs, shared
from autograd.compiler.turns import running, thread, turn
from autograd.graph import topological_order
from autograd.primitive import TABLE, Primitive, number
from autograd.value import Value


class Trace:
    """What one run of a function met: guards, the Values made before it, the constants made by it."""

    def __init__(self, rounded: Rounding = float) -> None:
        self.rounded = rounded  # as the compiled function will round the numbers that are compared
        self.guards: list[Guard] = []
        self.decisions: list[Value] = []  # the comparisons themselves, one per guard
        self.live: dict[Value, None] = {}
        self.strangers: dict[Value, context.Line] = {}  # those of them that were not known beforehand, and where met
        self.made: set[Value] = set()
        self.inputs: list[Value] = []
        self.shown: dict[str, context.Line] = {}  # numbers as texts, and the lines that made them
        self.of_batch = False  # whether the run stands for all samples of a batch, as the loss of a Trainer does

    def check_strangers(self, known: Sequence[Value]) -> None:
        """Raise for a Value that nobody found beforehand, unless those that were are made of it."""
        made_of = set(topological_order(known)) if self.strangers else set()
        for x, line in self.strangers.items():
            if x not in made_of:
                raise TraceError(
                    f"{x!r} is used, but compile cannot see where the function takes it from, and would not notice if"
                    " another one were there at a later call: pass it as an argument, or keep it in a variable, a list,"
                    f" a dict or an attribute\n  at {line}"
                )

    def note(self, node: Value) -> None:
        """A node that Value's own methods made: of operands that are all older than the trace, or a leaf."""
        if node.op is None:
            self.made.add(node)
        else:
            for arg in node.args:
                self.operand(arg)
            node.__class__ = Traced
            if self.rounded is not float:
                slot.__delete__(node)  # which Value's method did not round

    def read(self, x: Value) -> None:
        """A Value decides something, with a number that is a constant unless it was made before the trace."""
        if not isinstance(x, Traced) and x not in self.made and x not in self.live:
            self.strangers[x] = context._calling_line()

    def operand(self, x: Any) -> Any:
        """`x` as an operand of a Traced: a Value as it is (one made earlier becomes an input), else a float."""
        if isinstance(x, Traced):
            return x
        if isinstance(x, Value):
            if x not in self.made and x not in self.live:
                self.strangers.setdefault(x, context._calling_line())
                self.live[x] = None
            return x
        return number(x)


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
def tracing(older: Sequence[Value], rounded: Rounding = float) -> Iterator[Trace]:
    """Record everything this thread does with Values; `older` ones are shared with the threads that do not trace.

    Traces take turns. One that has refused something ends with that TraceError.
    """
    with turn:
        trace, before = Trace(rounded), thread.trace
        thread.trace, thread.refused, running[0] = trace, None, 1
        borrowed: list[Any] = [(x, x.__class__) for x in dict.fromkeys(older) if not isinstance(x, Traced)]
        try:
            for x, cls in borrowed:
                x.__class__ = shared(cls)
                trace.live[x] = None
            with context.record_with(trace.note, trace.read):
                function_runs(True)
                yield trace
            if thread.refused is not None:
                raise thread.refused
        finally:
            for x, cls in borrowed:
                x.__class__ = cls
            for leaf in trace.inputs:
                slot.__delete__(leaf)  # so that a use after the trace is noticed
            thread.trace, thread.refused, running[0] = before, None, before is not None
            function_runs(before is not None)


def fresh(data: float, label: str = "") -> Plain:
    """A new input of the trace, with the number it has in the call that is traced."""
    x = _new(Plain)
    slot.__set__(x, data)
    x.op, x.args = None, ()
    if label:
        x.label = label
    current().inputs.append(x)
    return x


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
