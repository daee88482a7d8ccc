"""A pytest plugin: a test that fails with a graph in its hands shows that graph, as runnable Python and as a drawing.

Installed as the entry point `stepgrad`; `pytest -p no:stepgrad` leaves it out. Until a test fails it does nothing, and
loads nothing of Hypothesis.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from autograd.graph import topological_order
from autograd.testing.expression import Expression, to_lambda
from autograd.value import Value

SHOWN = 200  # operations: nobody reads a longer program


class Graph(NamedTuple):
    """The result that a failing test held, and the leaves it comes from."""

    root: Value
    leaves: Sequence[Value]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Iterator[None]:
    """Add a section to the report of a failing test in whose frames a graph is found."""
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


def describe(graph: Graph, item: pytest.Item) -> str:
    """The reproducer, and where the drawing is."""
    count = sum(bool(node.args) for node in topological_order([graph.root]))
    lines = [f"a graph of {count} operations"]
    if count <= SHOWN:
        inputs = tuple(leaf.data for leaf in graph.leaves)
        lines = ["from autograd import *", "from autograd.testing import Expression", ""]
        lines += [f"e = Expression({to_lambda(graph.root, graph.leaves)}, {inputs!r})", "e.root.backward()"]
    cache = getattr(item.config, "cache", None)
    if cache is not None:
        from autograd.viz import draw

        path = cache.mkdir("stepgrad") / (re.sub(r"[^\w.-]+", "-", item.nodeid) + ".svg")
        lines += ["", f"drawing: {draw(graph.root).save(path)}"]
    return "\n".join(lines)


def find_graph(error: BaseException) -> Graph | None:
    """The graph held by the frame nearest to where the error was raised."""
    while isinstance(error, BaseExceptionGroup):  # Hypothesis found several failures: the first
        error = error.exceptions[0]
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    found = (_held(thing) for frame in reversed(frames) for thing in reversed([*frame.f_locals.values()]))
    return next((graph for graph in found if graph is not None), None)


def _held(thing: Any) -> Graph | None:
    """The graph that a local variable holds: an Expression, a result, or what gradcheck has recorded of f."""
    if isinstance(thing, Expression):
        return Graph(thing.root, thing.values) if isinstance(thing.root, Value) else None
    if isinstance(thing, Value) and thing.args:
        # The order visits the last operand first; read from its end, x comes before y in x * y.
        return Graph(thing, [node for node in reversed(topological_order([thing])) if not node.args])
    outputs, leaves = getattr(thing, "outputs", None), getattr(thing, "leaves", None)
    if isinstance(outputs, list) and isinstance(leaves, list) and outputs and isinstance(outputs[0], Value):
        return Graph(outputs[0], leaves)
    return None
