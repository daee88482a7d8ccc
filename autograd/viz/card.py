"""One Value in a notebook: its number, its gradient, and how it was made. As HTML a card, as an image its graph."""

from autograd.value import Value
from autograd.viz.figures import inside, shown
from autograd.viz.glimpse import glimpse
from autograd.viz.notation import MOST_OPERANDS, clipped, in_formula, printable
from autograd.viz.reasons import computed
from autograd.viz.svg import svg
from autograd.viz.table import Table

MOST_WRITTEN = 1_000  # operands, of which a line shows a few


def card(v: Value) -> str:
    """What `v` knows of itself as an HTML table. However large the graph below it, only its operands are looked at.

    Operands without a label are written as their numbers: what they are called depends on the whole graph.

    >>> x, w = Value(3.0, label="x"), Value(0.5, label="w")
    >>> ">w·x = 0.5·3 = 1.5</td>" in card(w * x), ">1.5 + 2 = 3.5</td>" in card(w * x + 2.0)
    (True, True)
    """
    rows = [("data", repr(v.data)), ("grad", repr(v.grad) if v.has_grad else "? (no backward pass has reached it)")]
    rows += [("scope", printable(v.scope))] * bool(v.scope)
    if v.op is not None:
        rows.append((v.op.name, _made(v)))
        for arg, partial in list(zip(v.args, v.partials))[:MOST_OPERANDS]:
            if isinstance(arg, Value):
                made = _name(arg) or (arg.op.name if arg.op is not None else "a leaf")
                rows.append((f"operand {made}", f"{shown(arg.data)}, with local derivative {shown(partial)}"))
        if len(v.args) > MOST_OPERANDS:
            rows.append(("…", f"{len(v.args) - MOST_OPERANDS:,} operands more"))
    return Table((f"{type(v).__name__} {_name(v)}".strip(), ""), rows, "ll").html()


def _made(v: Value) -> str:
    """The operation in names and numbers; of a very long sum, which would take its time, the length."""
    if len(v.args) > MOST_WRITTEN:
        return f"of {len(v.args):,} operands = {shown(v.data)}"
    called = {arg: _name(arg) or inside(arg.data) for arg in v.args if isinstance(arg, Value)}
    return computed(v, {**called, v: ""}).line


def sketch(v: Value) -> str:
    """The graph of `v` as SVG, small and soon however large it is: see `glimpse`."""
    return svg(glimpse(v))


def _name(v: Value) -> str:
    return in_formula(clipped(printable(v.label)))
