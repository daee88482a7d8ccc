"""Contexts: what a `with` block changes about recording, and where a node was made."""

import contextlib
import linecache
import math
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

open_contexts = 0  # in all threads together: while it is zero, recording a node does not look here at all


class _Context(threading.local):
    """This thread's settings."""

    grad_enabled = True
    anomaly = False
    remember_lines = False
    scope = ""
    recorder: "Callable[[Any], None] | None" = None  # while a function is traced: told of every new node
    reader: "Callable[[Any], None] | None" = None  # and of every Value whose number decides something


current = _Context()
_counting = threading.Lock()


@contextlib.contextmanager
def _setting(**changes: Any) -> Iterator[None]:
    """Change this thread's context inside the block."""
    global open_contexts
    before = {name: getattr(current, name) for name in changes}
    with _counting:
        open_contexts += 1
    try:
        for name, value in changes.items():
            setattr(current, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(current, name, value)
        with _counting:
            open_contexts -= 1


def no_grad() -> contextlib.AbstractContextManager[None]:
    """Inside the block (or the decorated function) operations compute and record nothing: results are leaves.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> with no_grad():
    ...     (2.0 * w).args
    ()
    """
    return _setting(grad_enabled=False)


def enable_grad() -> contextlib.AbstractContextManager[None]:
    """Inside the block operations are recorded, also inside `no_grad`: a derivative needs its graph.

    >>> from autograd import Value
    >>> with no_grad(), enable_grad():
    ...     len((2.0 * Value(1.0)).args)
    2
    """
    return _setting(grad_enabled=True)


def detect_anomaly() -> contextlib.AbstractContextManager[None]:
    """Inside the block the first node that becomes nan or inf, forward or backward, raises AnomalyError.

    The error names the operation, its operands, its label or scope, and the line of your code that made it. A compiled
    function runs without Values and is not looked into: call the function that was compiled instead.

    >>> from autograd import Value
    >>> with detect_anomaly():
    ...     Value(0.0, label="x").log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.context.AnomalyError: log made -inf from x=0.0
    ...
    """
    return _setting(anomaly=True, remember_lines=True)


def record_with(
    recorder: Callable[[Any], None], reader: Callable[[Any], None]
) -> contextlib.AbstractContextManager[None]:
    """Inside the block `recorder(node)` is called for every new node, and nothing else is done to it.

    `reader(node)` is called for every Value that is compared or turned into a plain number.
    """
    return _setting(recorder=recorder, reader=reader)


def read(node: Any) -> None:
    """Tell who wants to know that the number of `node` leaves the graph."""
    if current.reader is not None:
        current.reader(node)


def remember_lines() -> contextlib.AbstractContextManager[None]:
    """Inside the block every node remembers the line of code that made it, for `made_at`. Slows recording."""
    return _setting(remember_lines=True)


class scope:
    """Nodes made inside the block carry this name, joined to the enclosing ones: `mlp/layer1/neuron3`.

    >>> from autograd import Value
    >>> with scope("mlp"), scope("layer1"):
    ...     Value(1.0).scope
    'mlp/layer1'
    """

    # A class and not a use of `_setting`: a network opens one for every neuron, and this takes a third of the time.
    __slots__ = ("name", "before")

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        global open_contexts
        self.before = current.scope
        current.scope = f"{self.before}/{self.name}" if self.before else self.name
        with _counting:
            open_contexts += 1

    def __exit__(self, *error: object) -> None:
        global open_contexts
        current.scope = self.before
        with _counting:
            open_contexts -= 1


class Line(NamedTuple):
    """A line of the user's code."""

    filename: str
    number: int

    @property
    def place(self) -> str:
        return f"{_shown(self.filename)}:{self.number}"

    @property
    def code(self) -> str:
        return linecache.getline(self.filename, self.number).strip()

    def __str__(self) -> str:
        return self.place + (f": {self.code}" if self.code else "")


def _shown(filename: str) -> str:
    """What a reader calls the file: a notebook's cell, which has a temporary one, is `Cell In[3]`."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    cell = shell.compile.format_code_name(filename) if shell else None
    return " ".join(cell) if cell else filename


_lines: "weakref.WeakKeyDictionary[Any, Line]" = weakref.WeakKeyDictionary()


def made_at(node: Any) -> Line | None:
    """The line that made `node`, if it was made inside `remember_lines()` or `detect_anomaly()`."""
    return _lines.get(node)


def _calling_line() -> Line:
    return _line(_calling_frame())


def _line(frame: FrameType) -> Line:
    return Line(frame.f_code.co_filename, frame.f_lineno)


_NOT_THE_USERS = {"autograd", "nn", "copy", "numpy"}


def _calling_frame() -> FrameType:
    """The innermost that is not this project's, nor of those who ask a Value on somebody's behalf."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _NOT_THE_USERS:
        frame = frame.f_back
    return frame


def annotate(node: Any) -> None:
    """Do to a new node what the open contexts ask."""
    if current.recorder is not None:
        return current.recorder(node)
    if current.scope:
        node._scope = current.scope  # not by the property: every node of a network comes by here
    if current.remember_lines:
        frame = _calling_frame()
        if not frame.f_globals.get("__name__", "").startswith("hypothesis."):  # where it calls an operation: nobody's
            _lines[node] = _line(frame)
    if current.anomaly and node.op is not None and not math.isfinite(node.data):
        raise AnomalyError(f"{_describe(node)} made {node.data} from {_operands(node)}{_place(node)}")
    if not current.grad_enabled:
        node.op, node.args, node.partials = None, (), ()


class AnomalyError(ArithmeticError):
    """A nan or inf appeared inside `detect_anomaly()`."""


def check_backward(order: list[Any]) -> None:
    """Raise for the first node, on the way back, that handed on a gradient that is nan or inf."""
    for node in reversed(order):
        for arg, partial in zip(node.args, node.partials, strict=True):
            if arg.__class__ is not float and not math.isfinite(node.grad * partial):
                raise AnomalyError(
                    f"the backward pass of {_describe(node)} made {node.grad * partial}: upstream gradient {node.grad}"
                    f" times local derivative {partial} for {_named(arg)}, operands {_operands(node)}{_place(node)}"
                )
    for node in reversed(order):
        check_gradient(node, node.grad)


def check_gradient(node: Any, gradient: Any) -> None:
    """Raise if a gradient that was added up is nan or inf."""
    if not math.isfinite(gradient):
        raise AnomalyError(f"the gradient with respect to {_describe(node)} is {float(gradient)}{_place(node)}")


def _describe(node: Any) -> str:
    name = node.op.name if node.op else "leaf"
    return name + (f" {node.label!r}" if node.label else "") + (f" in {node.scope}" if node.scope else "")


def _named(arg: Any) -> str:
    if arg.__class__ is float:
        return repr(arg)
    return f"{arg.label or (arg.op.name if arg.op else 'leaf')}={arg.data!r}"


def _operands(node: Any) -> str:
    return ", ".join(map(_named, node.args))


def _place(node: Any) -> str:
    line = made_at(node)
    return f"\n  made at {line}" if line else ""
