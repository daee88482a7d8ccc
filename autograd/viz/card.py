"""One Value in a notebook: its number, its gradient, and the operation that made it, one step back and no further."""

from html import escape

from autograd.value import Value
from autograd.viz.figures import inside, shown
from autograd.viz.notation import MOST_OPERANDS, clipped, in_formula, printable
from autograd.viz.reasons import computed


def card(v: Value) -> str:
    """What `v` knows of itself as an HTML table. However large the graph below it, only its operands are looked at.

    Operands without a label are written as their numbers: what they are called depends on the whole graph.

    >>> x, w = Value(3.0, label="x"), Value(0.5, label="w")
    >>> "<td>w·x = 0.5·3 = 1.5</td>" in card(w * x), "<td>1.5 + 2 = 3.5</td>" in card(w * x + 2.0)
    (True, True)
    """
    rows = [("data", repr(v.data)), ("grad", repr(v.grad) if v.has_grad else "? (no backward pass has reached it)")]
    rows += [("scope", printable(v.scope))] * bool(v.scope)
    if v.op is not None:
        called = {arg: _name(arg) or inside(arg.data) for arg in v.args if isinstance(arg, Value)}
        rows.append((v.op.name, computed(v, {**called, v: ""}).line))
        for arg, partial in list(zip(v.args, v.partials))[:MOST_OPERANDS]:
            if isinstance(arg, Value):
                made = _name(arg) or (arg.op.name if arg.op is not None else "a leaf")
                rows.append((f"operand {made}", f"{shown(arg.data)}, with local derivative {shown(partial)}"))
        if len(v.args) > MOST_OPERANDS:
            rows.append(("…", f"{len(v.args) - MOST_OPERANDS:,} operands more"))
    cell = '<{0} style="text-align:left">{1}</{0}>'.format
    head = cell("th", escape(f"{type(v).__name__} {_name(v)}".strip()))
    body = "".join(f"<tr>{cell('td', escape(name))}<td>{escape(text)}</td></tr>" for name, text in rows)
    return f"<table><thead><tr>{head}<th></th></tr></thead><tbody>{body}</tbody></table>"


def _name(v: Value) -> str:
    return in_formula(clipped(printable(v.label)))
