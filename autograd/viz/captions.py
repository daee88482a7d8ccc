"""What is written on a picture: in its boxes, on its edges, and under the mouse."""

from collections import Counter

from autograd.viz.figures import equation, figure, inside, minus, rounded, shown
from autograd.viz.model import Edge, Inside, Node, Picture
from autograd.viz.notation import in_formula
from autograd.viz.reasons import reasons

LONGEST_RULE = 30  # characters of a formula on an edge
_SIGNS = {"*": "×", "-": "−", "/": "÷", "**": "^", "identity": "identity", "neg": "neg"}


class Captions:
    """The texts of one picture. An edge says its local derivative, which is a number, unless asked for more:

    with `contributions` the chain rule, local derivative times upstream gradient = what the edge adds; with `formulas`
    the rule that the number comes from, where it is not too long.
    """

    def __init__(self, picture: Picture, contributions: bool = False, formulas: bool = False) -> None:
        self.contributions, self.formulas = contributions, formulas
        self._nodes = {node.id: node for node in picture.nodes}
        self._taken = Counter((edge.tail, edge.head) for edge in picture.edges)
        self._why = reasons(picture)

    def edge(self, edge: Edge) -> str:
        """What stands on an edge; on a bundle, how many there are; nothing towards a constant."""
        head, partial = self._nodes[edge.head], edge.partial
        if edge.count > 1:
            return f"{edge.count:,} edges"
        if self._nodes[edge.tail].kind == "constant" or partial is None:
            return ""
        if self.contributions and head.grad is not None:
            grad = head.grad
            product = f"{shown(partial)} · {inside(grad)}"
            return minus(equation("", "", product, lambda: rounded(partial) * rounded(grad), partial * grad))
        rule = self._why[edge.id].brief if self.formulas and edge.id in self._why else ""
        return minus(rule) if 0 < len(rule) <= LONGEST_RULE else figure(partial)

    def edge_title(self, edge: Edge) -> str:
        """Everything known about an edge, with all digits: its tooltip."""
        tail, head = self._nodes[edge.tail], self._nodes[edge.head]
        if tail.kind == "constant":
            return f"{_name(tail)}, a constant, is operand {edge.slot + 1} of {_name(head)}"
        if edge.count > 1 or edge.partial is None:
            hidden = "" if edge.count > 1 else ", between nodes inside"
            return f"{edge.count:,} edge{'s' * (edge.count > 1)} from {_name(tail)} to {_name(head)}{hidden}"
        operand = f"(output of {_name(tail)})" if tail.inside else _name(tail)
        place = f"#{edge.slot + 1}" if self._taken[edge.tail, edge.head] > 1 else ""
        lines = [f"local derivative ∂{_name(head)}/∂{operand}{place} = {_digits(edge.partial)}"]
        if edge.id in self._why:
            lines.append(f"since {self._why[edge.id].line}")
        if head.grad is not None:
            share = f"{_digits(head.grad)} × {_digits(edge.partial)} = {_digits(head.grad * edge.partial)}"
            lines.append(f"contribution to the gradient: {share}")
        return "\n".join(lines)

    def node_title(self, node: Node) -> str:
        """Everything known about a box, with all digits: its tooltip."""
        made = self._why[node.id].line if node.id in self._why else ""
        name = f"{node.kind} {made or node.label}".strip() + (f" = {node.op}" if node.op and not made else "")
        lines = [name + (f" in {node.scope}" if node.scope else "")]
        if node.inside is not None:
            inside = node.inside
            lines.append(f"{inside.nodes:,} nodes: {inside.operations:,} operations, {inside.parameters:,} parameters")
            if inside.grad_norm is not None:
                lines.append(f"norm of the parameters' gradients: {inside.grad_norm!r}")
        else:
            lines.append(f"data {_digits(node.data or 0.0)}")
            if node.kind != "constant":
                known = "unknown: no backward pass has reached it" if node.grad is None else _digits(node.grad)
                lines.append(f"grad {known}" + ", which is not what the edges here bring" * node.unexplained)
        lines += [f"left out here: {n:,} of its {edges}" for edges, n in zip(("operands", "uses"), node.cut) if n]
        return "\n".join(lines)


def summary(picture: Picture) -> str:
    """How much is drawn. What leads to a constant is no edge to anybody who follows a gradient, and is not counted.

    >>> from autograd import Value
    >>> from autograd.viz.model import picture
    >>> summary(picture(Value(2.0) * 3.0 + 1.0))
    '3 nodes and 2 edges'
    """
    if any(node.inside for node in picture.nodes):
        return f"{picture.size:,} nodes in {picture.boxes:,} box{'es' * (picture.boxes != 1)}"
    edges = sum(1 for edge in picture.edges if picture.node(edge.tail).nodes)
    return f"{picture.size:,} node{'s' * (picture.size != 1)} and {edges:,} edge{'s' * (edges != 1)}"


def _name(node: Node) -> str:
    label = node.label if node.inside else in_formula(node.label)
    return label or (f"({node.symbol})" if node.symbol else figure(node.data or 0.0))


def _digits(x: float) -> str:
    """All digits of a number, as Python writes it; but no -0.0."""
    return repr(x + 0.0)


def sign(node: Node) -> str:
    """How the operation is written in its box: × for *, the name of a function."""
    return _SIGNS.get(node.op, _SIGNS.get(node.symbol, node.symbol))


def body_rows(node: Node) -> list[tuple[str, str, str]]:
    """The lines under the heading of a box: (class, key, number)."""
    cut = [("count", key, f"{n:,}") for key, n in zip(("… operands", "… uses"), node.cut) if n]
    if node.inside is not None:
        output = [("data", "output", figure(node.data))] if node.data is not None else []
        return (output + _inside_rows(node.inside, _doubt(node)) if node.scope else []) + cut
    if node.kind == "constant":
        return [("data", "", figure(node.data or 0.0))]
    return [("data", "data", figure(node.data or 0.0)), ("grad", "grad" + _doubt(node), _known(node.grad)), *cut]


def _doubt(node: Node) -> str:
    return "*" if node.unexplained else ""


def _inside_rows(inside: Inside, doubt: str) -> list[tuple[str, str, str]]:
    rows = [("count", "operations", f"{inside.operations:,}")] if inside.operations else []
    if inside.parameters:
        rows.append(("count", "parameters", f"{inside.parameters:,}"))
        rows.append(("grad", "‖grad‖" + doubt, _known(inside.grad_norm)))
    return rows


def _known(grad: float | None) -> str:
    return "?" if grad is None else figure(grad)
