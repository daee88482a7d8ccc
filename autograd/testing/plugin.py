"""A pytest plugin: a test that fails with a graph in its hands shows that graph, as runnable Python and as a drawing.

Installed as the entry point `stepgrad`; `pytest -p no:stepgrad` leaves it out. Until a test fails it looks at names
only, and loads nothing of Hypothesis. Of the local variables of a failing test it calls nothing, for they may be
anybody's; only an `Expression` is asked for its result.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any, NamedTuple

import pytest

from autograd.gradcheck.recording import Recording
from autograd.graph import topological_order
from autograd.testing.expression import Expression
from autograd.testing.reproducer import reproducer
from autograd.value import Value

LIBRARY = Path(__file__).parent.parent
SHOWN = 200  # operations: nobody reads a longer program


class Graph(NamedTuple):
    """The result that a failing test held, and the leaves it comes from."""

    root: Value
    leaves: Sequence[Value]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Iterator[None]:
    """Add a section to the report of a failing test in whose frames a graph is found."""
    if call.excinfo is not None:
        hide_frames(call.excinfo.value, item.config.rootpath)
    report: Any = yield
    if report.when == "call" and report.failed and call.excinfo is not None:
        try:
            graph = find_graph(call.excinfo.value)
            text = describe(graph, item) if graph else ""
        except Exception as error:  # the test's own failure is what the user must see
            text = f"could not be shown: {type(error).__name__}: {error}"
        if text:
            report.sections.append(("stepgrad: the graph of this failure", text))
    return report  # type: ignore[no-any-return]


def hide_frames(error: BaseException, project: Path) -> None:
    """Let pytest pass over our own frames, as over its own, but in a project that holds our source."""
    if LIBRARY.is_relative_to(project) and "site-packages" not in LIBRARY.parts:
        return
    for frame in _frames(error):
        if Path(frame.f_code.co_filename).is_relative_to(LIBRARY):
            frame.f_globals["__tracebackhide__"] = True


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> None:
    """Warn of a gradient_property that pytest passes over because of its name."""
    if type(obj) is FunctionType and "is_gradient_property" in vars(obj) and not collector.funcnamefilter(name):
        told = f"{name} is a gradient_property that pytest does not run: call it test_{name}"
        collector.warn(pytest.PytestCollectionWarning(told))


def describe(graph: Graph, item: pytest.Item) -> str:
    """The reproducer, and where the drawing is."""
    count = sum(bool(node.args) for node in topological_order([graph.root]))
    lines = [f"a graph of {count} operations"]
    if count <= SHOWN:
        lines = [reproducer(graph.root, graph.leaves)]
    cache = getattr(item.config, "cache", None)
    if cache is not None:
        from autograd.viz import draw

        lines += ["", f"drawing: {draw(graph.root).save(cache.mkdir('stepgrad') / file_name(item.nodeid))}"]
    return "\n".join(lines)


def file_name(nodeid: str) -> str:
    """A name for a test's drawing: short enough for any disk, and another for each test.

    >>> file_name("tests/test_it.py::test_a[0.5]")
    'test_it.py-test_a-0.5-3fa230dd.svg'
    """
    readable = re.sub(r"[^a-zA-Z0-9_.]+", "-", re.sub(r"^[^:]*/", "", nodeid))[:80].strip("-")
    return f"{readable}-{hashlib.sha256(nodeid.encode(errors='backslashreplace')).hexdigest()[:8]}.svg"


def find_graph(error: BaseException) -> Graph | None:
    """The graph held by the frame nearest to where the error was raised."""
    while isinstance(error, BaseExceptionGroup):  # Hypothesis found several failures: the first
        error = error.exceptions[0]
    frames = reversed([*_frames(error)])
    found = (_held(thing) for frame in frames for thing in reversed([*frame.f_locals.values()]))
    return next((graph for graph in found if graph is not None), None)


def _frames(error: BaseException) -> Iterator[FrameType]:
    """From the outermost to where the error was raised."""
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _held(thing: Any) -> Graph | None:
    """The graph that a local variable holds: an Expression, a result, or what gradcheck has recorded of f."""
    kind = type(thing)  # not isinstance: it asks for __class__, which may be a property of a stranger's
    if issubclass(kind, Expression):
        try:
            root = thing.root
        except Exception:  # its function is what fails
            return None
        return Graph(root, thing.values) if isinstance(root, Value) else None
    if issubclass(kind, Value) and thing.args:
        # The order visits the last operand first; read from its end, x comes before y in x * y.
        return Graph(thing, [node for node in reversed(topological_order([thing])) if not node.args])
    if kind is Recording and "outputs" in vars(thing):
        return Graph(thing.outputs[0], thing.leaves)
    return None
