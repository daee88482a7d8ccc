"""trace: what was computed, operation by operation, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from autograd.value import Value
from autograd.viz.display import in_words, markdown, mimebundle
from autograd.viz.figures import inside, shown
from autograd.viz.notation import abbreviated, in_formula, names
from autograd.viz.order import program_order
from autograd.viz.passes import passes_note, unexplained
from autograd.viz.reasons import computed, derived
from autograd.viz.stale import stale_note
from autograd.viz.table import PICTURED, Table, both_ends

EXPLAINED = 2  # operands; of an operation on more, the local derivatives are numbers only
SHOWN = 200  # rows of a longer trace that are printed: the first and the last
COLUMNS = ("step", "name", "operation", "in numbers", "value", "local derivatives", "gradient")


@dataclass(frozen=True)
class TraceRow:
    """One line of the table. `operation` and `numbers` are empty for a leaf; `grad` is None until a backward pass."""

    step: int
    name: str
    operation: str
    numbers: str
    data: float
    partials: tuple[tuple[str, float], ...]  # (operand, local derivative), an operand used twice twice
    derivatives: tuple[str, ...]  # the same, with the formulas
    grad: float | None

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of COLUMNS."""
        known = "?" if self.grad is None else shown(self.grad)
        data, slopes = shown(self.data), ", ".join(abbreviated(self.derivatives))
        return str(self.step), self.name, self.operation, self.numbers, data, slopes, known


class Trace(Sequence[TraceRow]):
    """The rows of a trace, operands first. Print it, index it, or take it as Markdown or HTML."""

    def __init__(self, root: Value) -> None:
        if not isinstance(root, Value):
            raise TypeError(f"trace needs a Value, not {type(root).__name__} ({root!r:.60})")
        self.root = root
        self._order = program_order([root])
        self._names = {node: in_formula(name) for node, name in names(self._order).items()}

    @property
    def note(self) -> str:
        """What a reader must know: of a `.data` changed after recording, of gradients that the edges do not bring."""
        told = (stale_note(self._names), passes_note(unexplained(self._order, [self.root]), self._names))
        return "; ".join(filter(None, told))

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> TraceRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TraceRow]: ...
    def __getitem__(self, index: int | slice) -> TraceRow | list[TraceRow]:
        steps = range(1, len(self) + 1)[index]
        return self._row(steps) if isinstance(steps, int) else [self._row(step) for step in steps]

    def _row(self, step: int) -> TraceRow:
        node = self._order[step - 1]
        name, grad = self._names[node], node.grad if node.has_grad else None
        if node.op is None:
            return TraceRow(step, name, "", "", node.data, (), (), grad)
        made = computed(node, self._names)
        slopes = zip(node.args, node.partials)
        partials = tuple((self._names[arg], partial) for arg, partial in slopes if isinstance(arg, Value))
        told = tuple(self._derivatives(node))
        return TraceRow(step, name, made.formula, made.numbers, node.data, partials, told, grad)

    def _derivatives(self, node: Value) -> Iterator[str]:
        """The local derivatives of a node, one for each operand: used twice, it has two shares, which add up."""
        for arg in dict.fromkeys(arg for arg in node.args if isinstance(arg, Value)):
            edges = [edge for edge, other in enumerate(node.args) if other is arg]
            if len(node.args) <= EXPLAINED and len(edges) == 1:
                yield derived(node, edges[0], self._names).line
            else:
                first, *others = (node.partials[edge] for edge in edges)
                shares = " + ".join([shown(first), *map(inside, others)])
                yield f"∂{self._names[node]}/∂{self._names[arg]} = {shares}"

    def _table(self, most: int = SHOWN) -> Table:
        return Table(COLUMNS, both_ends(self, most, TraceRow.cells), "rlllrlr", notes=[*filter(None, [self.note])])

    def __str__(self) -> str:
        return in_words(self, self._text)

    def _text(self) -> str:
        return self._table().text(rule=True)

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} row{'s' * (len(self) != 1)}>"

    def to_markdown(self) -> str:
        """The table in Markdown."""
        table = self._table()
        lines = ["| " + " | ".join(COLUMNS) + " |", "|--:" + "|---" * 3 + "|--:|---|--:|"]
        for row in table.rows:
            lines.append("| " + " | ".join(map(markdown, row)) + " |")
        return "\n".join([*lines, *(f"\n{markdown(note)}" for note in table.notes)]) + "\n"

    def to_html(self) -> str:
        """The table in HTML."""
        return self._table().html()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        image = lambda: self._table(PICTURED).svg(repr(self))
        forms = {"text/plain": self._text, "text/html": self.to_html, "text/markdown": self.to_markdown}
        return mimebundle(self, {**forms, "image/svg+xml": image})


def trace(v: Value) -> Trace:
    """How `v` was computed, operation by operation: value, local derivatives, gradient ("?" before a backward pass).

    Raises TypeError when `v` is not a Value.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b
    >>> c.backward()
    >>> print(trace(c))
    step  name  operation  in numbers  value  local derivatives                gradient
    ----  ----  ---------  ----------  -----  -------------------------------  --------
       1  a                                2                                         -3
       2  b                               -3                                          2
       3  v1    a·b        2·(-3)         -6  ∂v1/∂a = b = -3, ∂v1/∂b = a = 2         1
    """
    return Trace(v)
