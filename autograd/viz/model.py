"""The picture model: a computation graph as plain data, ready to be laid out, cut down, or stepped through."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from autograd.value import Value
from autograd.viz.expand import Cell, cells, to_expand
from autograd.viz.notation import MOST_OPERANDS, clipped, names, printable
from autograd.viz.order import nearest, program_order

Labels = Mapping[Value, str] | Callable[[Value], str | None] | None

LIMIT = 50_000  # nodes that are looked at one by one; of a larger graph, those nearest to the result


@dataclass(slots=True)
class Inside:
    """What one collapsed box holds."""

    nodes: int  # constants not counted, here as everywhere
    operations: int
    parameters: int
    grad_norm: float | None  # of its parameters; None where no backward pass has reached one


class Cut(NamedTuple):
    """How many operands and how many uses of a node are left out of the picture."""

    operands: int
    uses: int


WHOLE = Cut(0, 0)


@dataclass(slots=True)
class Node:
    """One box: a number, or (`inside`) several of them drawn as one."""

    id: str
    kind: str  # parameter, input, constant, operation, result, group
    op: str = ""  # the row of the table that made it; "" for a leaf
    symbol: str = ""  # how the row is written: +, tanh
    label: str = ""  # or the name that `names` gives it: v1, v2, ..., the same in every view of the graph
    given: bool = False  # whether it is such a name
    scope: str = ""
    data: float | None = None  # of a box: of the only one of its nodes that is used outside it
    grad: float | None = None  # None: no backward pass has reached it
    unexplained: bool = False  # whether the gradient is not what the edges bring; of a box, of a node in it
    inside: Inside | None = None
    cut: Cut = WHOLE

    @property
    def is_leaf(self) -> bool:
        return self.kind in ("parameter", "input", "constant")

    @property
    def nodes(self) -> int:
        """How many nodes of the graph it stands for. A constant is none: it belongs to its operation."""
        return self.inside.nodes if self.inside else int(self.kind != "constant")


@dataclass(slots=True)
class Edge:
    """One operand of one operation. `a + a` has two."""

    id: str
    tail: str  # the operand
    head: str  # the operation
    slot: int  # which operand: 0, 1, ...
    partial: float | None  # the local derivative, d head / d tail through this operand alone
    count: int = 1  # how many edges of the graph this one stands for


@dataclass
class Picture:
    """Nodes (operands first) and edges. `ids` finds the node of a Value; `notes` say what was left out."""

    nodes: list[Node]
    edges: list[Edge]
    roots: list[str]
    ids: dict[Value, str] = field(default_factory=dict, repr=False)
    notes: list[str] = field(default_factory=list)

    def node(self, id: str) -> Node:
        """The node called `id`."""
        if not hasattr(self, "_by_id"):
            self._by_id = {node.id: node for node in self.nodes}
        return self._by_id[id]

    @property
    def size(self) -> int:
        """How many nodes of the graph it shows, singly or in boxes."""
        return sum(node.nodes for node in self.nodes)

    @property
    def boxes(self) -> int:
        """In how many boxes."""
        return sum(node.nodes > 0 for node in self.nodes)


def picture(
    v: Any,
    *,
    expand: Any = (),
    labels: Labels = None,
    parameters: Value | Iterable[Value] = (),
    gradients: Mapping[Value, float] | None = None,
    within: Collection[Value] | None = None,
) -> Picture:
    """The graph below `v` as a Picture.

    Arguments: `v`, a Value or several; `expand`, True or the names of composite operations (dot, sigmoid, ...) to be
    shown as what they are made of; `labels`, a dictionary or a function from a Value to the name it is drawn with;
    `parameters`, a leaf or several, to be shown as parameters besides those made in a scope, as those of a network are;
    `gradients`, to be shown in place of the nodes' own; `within`, the only nodes that are looked at, and MOST_OPERANDS
    operands of each: without a label they have no name then, since v1, v2, ... count from the beginning of the graph.
    Raises TypeError when `v` is no Value, ValueError when `expand` names an operation that has no inside, or a
    parameter is not in the graph.

    >>> a = Value(2.0, label="a")
    >>> p = picture(a + a)
    >>> [(node.id, node.kind, node.data) for node in p.nodes]
    [('n0', 'input', 2.0), ('n1', 'result', 4.0)]
    >>> [(edge.id, edge.tail, edge.head, edge.partial) for edge in p.edges]
    [('e0', 'n0', 'n1', 1.0), ('e1', 'n0', 'n1', 1.0)]
    """
    roots = root_values(v)
    order = program_order(roots, within)
    called = names(order) if within is None else {node: clipped(printable(node.label)) for node in order}
    name = _naming(labels, called)
    total = len(order)
    if total > LIMIT:
        near = nearest(roots, LIMIT)
        order = [node for node in order if node in near]
    made = Picture([], [], [])
    if total > LIMIT:
        made.notes.append(f"{total - LIMIT:,} of {total:,} nodes lie further from the result and are left out")
    for cell in cells(order, to_expand(expand), gradients):
        _add(made, cell, roots, name, None if within is None else MOST_OPERANDS)
    made.roots = [made.ids[root] for root in roots]
    leaves: Iterable[Value] = [parameters] if isinstance(parameters, Value) else parameters
    for value in leaves:
        if value not in made.ids or value.op is not None:
            raise ValueError(f"{value!r} is not a leaf of this graph: parameters= takes leaves")
        made.node(made.ids[value]).kind = "parameter"
    return made


def root_values(v: Any) -> list[Value]:
    """`v` as a list of distinct Values, or a TypeError that says what it was instead."""
    given: list[Any] = [v] if isinstance(v, Value) or not isinstance(v, Iterable) or isinstance(v, str) else list(v)
    for one in given:
        if not isinstance(one, Value):
            raise TypeError(f"a graph is drawn from a Value, not from {type(one).__name__} ({one!r:.60})")
    if not given:
        raise ValueError("there is nothing to draw: pass a Value, or several")
    return list(dict.fromkeys(given))  # a Value twice is drawn once


def _naming(labels: Labels, called: Mapping[Value, str]) -> Callable[[Value], tuple[str, bool]]:
    """Value -> what it is drawn with, and whether that is a name it was given for want of a label."""
    find = labels.get if isinstance(labels, Mapping) else labels or (lambda value: None)

    def name(value: Value) -> tuple[str, bool]:
        asked = printable(find(value))
        given = not asked and not printable(value.label) and value in called
        return asked or called.get(value, ""), given  # "": inside an expanded operation

    return name


# -------------------------------------------------------------------------------------------------- cells become boxes


def _add(
    made: Picture, cell: Cell, roots: list[Value], name: Callable[[Value], tuple[str, bool]], operands: int | None
) -> None:
    """One box for the cell, one for each constant among its first `operands`, and the edges between."""
    value, op, args = cell.value, cell.op, cell.args[:operands]
    tails = [made.ids.get(arg) if isinstance(arg, Value) else _constant(made, arg, cell.scope) for arg in args]
    id = made.ids[value] = f"n{len(made.nodes)}"
    kind = _leaf_kind(value) if op is None else "result" if value in roots else "operation"  # == is identity
    symbol = "" if op is None else op.symbol or op.name
    row = "" if op is None else op.name
    made.nodes.append(Node(id, kind, row, symbol, *name(value), printable(cell.scope), value.data, cell.grad))
    made.nodes[-1].cut = Cut(tails.count(None) + len(cell.args) - len(args), 0)  # beyond LIMIT, or not within
    for slot, (tail, partial) in enumerate(zip(tails, cell.partials)):
        if tail is not None:
            made.edges.append(Edge(f"e{len(made.edges)}", tail, id, slot, partial))


def _constant(made: Picture, number: float, scope: str) -> str:
    id = f"n{len(made.nodes)}"
    made.nodes.append(Node(id, "constant", scope=scope, data=number))
    return id


def _leaf_kind(value: Value) -> str:
    """A leaf made inside a scope, or of a class of its own, belongs to a model: a parameter. Any other is an input."""
    return "parameter" if value.scope or type(value) is not Value else "input"
