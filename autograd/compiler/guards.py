"""Guards: what a trace took for granted about its numbers, and what is said when that does not hold.

    y = x * x if x > 0 else -x        traced at x = 2.0, records `greater(x, 0.0)`, expected 1.0, and only the row x * x

A later call evaluates the comparison with the rest of the tape. Where it comes out differently the recorded rows are
not the program that Python would have run, so the result is thrown away: the function is traced again, or, if the
comparison differs between the samples of one batch, no single trace is right and an error says so.
"""

from collections.abc import Callable
from typing import NamedTuple

from autograd.compiler.turns import thread
from autograd.context import Line
from autograd.value import Value


class TraceError(TypeError):
    """The function does something with a traced number that cannot be recorded.

    The trace ends with it also where the function catches it: by then it has done something else with the number.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        if thread.trace is not None:
            thread.refused = thread.refused or self


class GuardError(ValueError):
    """A comparison came out differently for the samples of one batch."""


class Guard(NamedTuple):
    """One comparison of traced numbers: as text, its outcome while tracing, how close it was, where it stands."""

    text: str
    expected: float
    margin: float
    line: Line

    def in_a_batch(self, sample: int) -> GuardError:
        """The error for a comparison that sample number `sample` decides otherwise than sample 0."""
        return GuardError(
            f"the comparison `{self.text}` is {bool(self.expected)} for sample 0 and {not self.expected} for"
            f" sample {sample} of the batch, so the samples take different branches; compute both and choose with"
            f" where(greater(x, y), a, b), maximum, relu or clamp\n  at {self.line}"
        )

    def undecided(self) -> GuardError:
        """The error for a comparison that rounding decides, in the program otherwise than in the trace."""
        return GuardError(
            f"the comparison `{self.text}` is {bool(self.expected)} as Python computes its sides and"
            f" {not self.expected} in the compiled program, whose functions differ in the last bits: choose with"
            f" where(greater(x, y), a, b), or compile the batch with exact=True\n  at {self.line}"
        )


_COPIES = {"identity", "detached"}
_SIGNS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "=="}


def guard(comparison: Value, number_of: Callable[[Value], float], line: Line) -> Guard:
    """The guard of a node that compares two operands, or is a copy of one that does, as inside `no_grad`."""
    while comparison.op is not None and comparison.op.name in _COPIES:
        comparison = comparison.args[0]
    assert comparison.op is not None
    x, y = comparison.args
    numbers = [arg if arg.__class__ is float else number_of(arg) for arg in (x, y)]
    text = f"{_written(x)} {_SIGNS[comparison.op.name]} {_written(y)}"
    return Guard(text, number_of(comparison), abs(numbers[0] - numbers[1]), line)


def _written(x: Value | float, deeper: bool = True) -> str:
    """A number as the operation that made it, with dots for what made its operands: every guard has such a text.

    >>> x = Value(2.0, label="x")
    >>> _written(x * -1.0), _written(x.exp()), _written(x * x - 1.0)
    ('(x * -1.0)', 'exp(x)', '(... - 1.0)')
    """
    if isinstance(x, float):
        return repr(x)
    if x.label or x.op is None or not deeper or len(x.args) > 3:
        return x.label or "..."
    if x.op.name in _COPIES:
        return _written(x.args[0])
    parts = [_written(arg, False) for arg in x.args]
    if len(parts) == 2 and x.op.symbol:
        return f"({parts[0]} {x.op.symbol} {parts[1]})"
    return f"{x.op.name}({', '.join(parts)})"


def finished() -> TraceError:
    """The error for a number that was stored somewhere during a trace which is over."""
    return TraceError(
        "a number of a finished trace is used: the compiled function stored it somewhere while it was traced;"
        " return it as an output instead"
    )


def refused(why: str, line: Line) -> TraceError:
    """The error for what may not be done to a number of the trace that this thread records."""
    return TraceError(f"{why}\n  at {line}") if thread.trace is not None else finished()


def left_the_graph(what: str, line: Line) -> TraceError:
    """The error for a traced number that Python asked for as a plain number."""
    return refused(
        f"{what} takes a number out of the graph while it is being compiled: the compiled function would repeat"
        " this call's number for ever. Use the operations of autograd (exp, where, maximum, ...) on the Value itself,"
        " return it as an output, or mark the argument with static_argnums", line
    )
