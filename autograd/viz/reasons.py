"""Why a number is what it is: an operation, and a local derivative, in names and in numbers.

Where a `.data` was changed after recording, the numbers of now are not those that it came from: then it only says what
it was.
"""

from collections.abc import Mapping
from typing import NamedTuple

from autograd.record import partials_at
from autograd.value import Value
from autograd.viz.figures import equation, inside, rounded, shown
from autograd.viz.model import Picture
from autograd.viz.notation import fill, in_formula, slope_of, templates_of
from autograd.viz.stale import same


class Reason(NamedTuple):
    """A formula in names, the same in numbers, and the line from the name of the result to its number."""

    formula: str
    numbers: str
    line: str
    brief: str = ""  # of a local derivative: its formula and its number


def computed(node: Value, called: Mapping[Value, str]) -> Reason:
    """How `node` was computed from its operands; `called` names it and them.

    >>> a, b = Value(1.0), Value(3.0)
    >>> c = a / b
    >>> computed(c, {a: "a", b: "b", c: "c"}).line
    'c = a/b = 1/3 ≈ 0.333333'
    """
    op = node.op
    assert op is not None
    formula, numbers = _both(node, templates_of(node).result, called)
    if not same(op.forward(*_operands(node)), node.data):
        made = " = ".join(filter(None, (called[node], formula)))
        return Reason(formula, "", f"{made} was {shown(node.data)}")
    line = equation(called[node], formula, numbers, lambda: op.forward(*map(rounded, _operands(node))), node.data)
    return Reason(formula, numbers, line)


def derived(node: Value, edge: int, called: Mapping[Value, str]) -> Reason:
    """The local derivative of `node` along its operand `edge`; the formula is empty where its rule is none.

    >>> a, b = Value(1.0), Value(3.0)
    >>> c = a / b
    >>> derived(c, 1, {a: "a", b: "b", c: "c"}).line
    '∂c/∂b = -c/b = -0.333333/3 = -0.111111'
    """
    op = node.op
    assert op is not None
    formula, numbers = _both(node, templates_of(node).partials[edge], called)
    slope = slope_of(node, edge, called)
    if not same(partials_at(op, _operands(node), node.data)[edge], node.partials[edge]):
        return Reason("", "", f"{slope} was {shown(node.partials[edge])}")
    told = lambda: op.partials(*map(rounded, _operands(node)), rounded(node.data))[edge]
    line = equation(slope, formula, numbers, told, node.partials[edge])
    number = shown(node.partials[edge])
    named = formula not in (numbers, number)  # 1/3 ≈ 0.333333 has no names in it
    return Reason(formula, numbers, line, f"{formula} = {number}" if named else line.removeprefix(f"{slope} = "))


def reasons(picture: Picture) -> dict[str, Reason]:
    """What is to be told of the boxes and edges of a picture, by their ids, as far as the reader sees the names in it.

    >>> from autograd.viz.model import picture
    >>> a = Value(3.0, label="a")
    >>> found = reasons(picture(a * a))
    >>> found["n1"].line, found["e0"].line, found["e0"].brief
    ('v1 = a·a', 'v1 = a·a has ∂v1/∂a#1 = a = 3', 'a = 3')
    """
    nodes = {value: picture.node(id) for value, id in picture.ids.items()}
    called = {value: in_formula(node.label) for value, node in nodes.items() if not node.inside}
    edges = {(edge.head, edge.slot): edge.id for edge in picture.edges if edge.count == 1}
    told = {}
    for node, name in called.items():
        id = picture.ids[node]
        named = all(called.get(value) for value in (node, *node.args) if isinstance(value, Value))
        if named and node.op is not None and node.op.name == picture.node(id).op:  # or else it is drawn expanded
            how = computed(node, called)
            made = f"{name} = {how.formula}"
            told[id] = how._replace(line=made)
            for slot, arg in enumerate(node.args):
                if isinstance(arg, Value) and (id, slot) in edges:
                    why = derived(node, slot, called)
                    if why.brief:  # or else there is none any more
                        told[edges[id, slot]] = why._replace(line=f"{made} has {why.line}")
    return told


def _operands(node: Value) -> list[float]:
    return [arg.data if isinstance(arg, Value) else arg for arg in node.args]


def _both(node: Value, template: str, called: Mapping[Value, str]) -> tuple[str, str]:
    """The formula in names, and in numbers."""
    named = [called[arg] if isinstance(arg, Value) else inside(arg) for arg in node.args]
    numbers = [inside(x) for x in _operands(node)]
    return fill(template, named, called[node]), fill(template, numbers, inside(node.data))
