"""Deciding: the number that a node has in the call that is traced, worked out where Python must choose its way by it.

The choice becomes a guard of the trace: `guards.py`.
"""

from typing import TYPE_CHECKING, Any

from autograd import context
from autograd.compiler.guards import finished, guard
from autograd.compiler.tape import applied
from autograd.compiler.turns import thread
from autograd.graph import topological_order
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.compiler.trace import Trace

slot: Any = vars(Value)["data"]  # the slot itself: Traced.data is a property that guards it


def active() -> "Trace | None":
    """The trace that this thread is recording, if any."""
    return thread.trace


def current() -> "Trace":
    """The trace that this thread is recording."""
    trace = active()
    if trace is None:
        raise finished()
    return trace


class _Filled:
    """The nodes whose number is known, as a collection that topological_order can stop at."""

    def __contains__(self, node: Any) -> bool:
        try:
            slot.__get__(node)
        except AttributeError:
            return False
        return True


_FILLED: Any = _Filled()


def number_of(node: Value) -> float:
    """The number `node` has in the call that is traced, computed when first asked for."""
    read, trace = slot.__get__, active()
    rounded = trace.rounded if trace is not None else float
    for below in topological_order([node], inputs=_FILLED):
        if below not in _FILLED:
            if below.op is None:
                raise finished()
            data = [arg if arg.__class__ is float else read(arg) for arg in below.args]
            slot.__set__(below, applied(below.op, data, rounded))
    return float(read(node))


def is_over(node: Value) -> bool:
    """Whether the trace is finished in which `node` had a number."""
    return any(below.op is None and below not in _FILLED for below in topological_order([node], inputs=_FILLED))


def decide(comparison: Any) -> bool:
    """The outcome of a comparison, which becomes a guard of the trace."""
    trace = current()
    trace.decisions.append(comparison)
    trace.guards.append(guard(comparison, number_of, context._calling_line()))
    return trace.guards[-1].expected != 0.0

