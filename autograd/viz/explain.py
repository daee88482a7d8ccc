"""A gradient as what the chain rule says it is: a sum over paths, and along each path a product.

There are exponentially many paths. They are counted, not listed, and the largest are found without the others: the k
largest from a node are among the k largest from each of its operands, one edge longer.
"""

import functools
import heapq
import html
import math
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autograd.graph import adjoints, topological_order
from autograd.value import Value
from autograd.viz.display import mimebundle
from autograd.viz.figures import inside, relation, rounded, shown
from autograd.viz.latex import tex_name
from autograd.viz.notation import names
from autograd.viz.order import program_order

LONGEST = 12  # nodes of a path, and factors of its product, that are written out


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the loss down to the input: its nodes, the operand taken at each, and the local derivatives."""

    nodes: tuple[Value, ...]
    edges: tuple[int, ...]
    partials: tuple[float, ...]
    product: float


class Explanation:
    """d loss / d w as a sum over paths: `paths`, the largest first; `count` of all; `total`; `rest` of those not shown.

    Prints as text; `to_markdown()` and `to_html()` write it for a page; a notebook shows it by itself.
    """

    def __init__(self, loss: Value, w: Value, k: int = 10) -> None:
        for value, role in ((loss, "loss"), (w, "input")):
            if not isinstance(value, Value):
                raise TypeError(f"explain needs the {role} as a Value, not {type(value).__name__} ({value!r:.40})")
        if k < 1:
            raise ValueError(f"explain shows at least one path, not k={k}")
        order = topological_order([loss])
        self.loss, self.w = loss, w
        self.count = count_paths(order, loss, w)
        self.paths = largest_paths(order, loss, w, k)
        self.total: float = adjoints(order, {loss: 1.0}, lambda node: node.partials, operator.mul).get(w, 0.0)
        self.rest = self.total - _total(path.product for path in self.paths)
        self.names = names(program_order([loss, w]))

    @property
    def left_out(self) -> int:
        """How many paths are not among `paths`."""
        return self.count - len(self.paths)

    def terms(self) -> list[float]:
        """The numbers whose sum is the gradient: one for each path shown, and one for the rest together."""
        return [path.product for path in self.paths] + ([self.rest] if self.left_out else [])

    @property
    def line(self) -> str:
        """The line that ties it together: dL/dw = 1.2 + 0.5 - 0.2 = 1.5."""
        return f"d{self.names[self.loss]}/d{self.names[self.w]} = {_sum(self.terms(), self.total)}"

    @property
    def heading(self) -> str:
        """How many paths there are."""
        loss, w = self.names[self.loss], self.names[self.w]
        if not self.count:
            return f"No path leads from {loss} to {w}: it does not depend on it."
        told = f", the largest {len(self.paths)} shown" if self.left_out else ""
        return f"d{loss}/d{w} is a sum over {large(self.count)} path{'s' * (self.count > 1)}{told}."

    def __str__(self) -> str:
        lines = [self.heading]
        for path in self.paths:
            lines.append(f"  {self._route(path)}{self._twins(path, self.names)}")
            lines.append(f"      {self._derivatives(path)} = {_product(path)}")
        if self.left_out:
            lines.append(f"  the other {large(self.left_out)}: together {shown(self.rest)}")
        return "\n".join([*lines, self.line])

    def __repr__(self) -> str:
        return f"<Explanation of {self.line}: {large(self.count)} paths>"

    def _route(self, path: Path) -> str:
        return " → ".join(_middle([self.names[node] for node in path.nodes], "…"))

    def _twins(self, path: Path, called: Mapping[Value, str]) -> str:
        """What tells paths through the same nodes apart: which operand of w * w the path came by."""
        steps = zip(path.nodes, path.edges, path.nodes[1:])
        taken = [(x, edge + 1, z) for z, edge, x in steps if sum(arg is x for arg in z.args) > 1]
        if len(taken) > 2:  # too many to name
            told = f"by the operands {', '.join(_middle([str(place) for _, place, _ in taken], '…'))}"
        else:
            told = ", ".join(f"{called[x]} as operand {place} of {called[z]}" for x, place, z in taken)
        return f"  ({told})" if told else ""

    def _derivatives(self, path: Path) -> str:
        steps = [f"∂{self.names[z]}/∂{self.names[x]}" for z, x in zip(path.nodes, path.nodes[1:])]
        return " · ".join(_middle(steps, "…")) or f"d{self.names[self.loss]}/d{self.names[self.w]}"

    def to_markdown(self) -> str:
        """The same as Markdown with TeX."""
        tex = {node: tex_name(name) for node, name in self.names.items()}
        in_line = {node: f"${name}$" for node, name in tex.items()}
        lines = [self.heading, ""]
        for path in self.paths:
            steps = [rf"\frac{{\partial {tex[z]}}}{{\partial {tex[x]}}}" for z, x in zip(path.nodes, path.nodes[1:])]
            chain = r" \cdot ".join(_middle(steps, r"\cdots")) or "1"
            product = rf"$\displaystyle {chain} = {_tex(_product(path))}$"
            lines.append(f"- {product}{self._twins(path, in_line)}")
        if self.left_out:
            lines.append(f"- the other {large(self.left_out)} together: ${_tex(shown(self.rest))}$")
        gradient = rf"\frac{{d {tex[self.loss]}}}{{d {tex[self.w]}}}"
        return "\n".join([*lines, "", f"$${gradient} = {_tex(_sum(self.terms(), self.total))}$$"])

    def to_html(self) -> str:
        """The same as an HTML table."""
        rows = [
            f"<tr>{_left(_cell(self._route(path) + self._twins(path, self.names)))}"
            f"{_left(f'{_cell(self._derivatives(path))}<br>= {_cell(_product(path))}')}</tr>"
            for path in self.paths
        ]
        if self.left_out:
            rows.append(f"<tr>{_left(f'the other {large(self.left_out)}')}{_left(f'= {shown(self.rest)}')}</tr>")
        head = f"<tr>{_left('path', 'th')}{_left('its local derivatives, multiplied', 'th')}</tr>" if rows else ""
        table = f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
        return f"<div><p>{_cell(self.heading)}</p>{table}<p><b>{_cell(self.line)}</b></p></div>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        forms = {"text/plain": self.__str__, "text/markdown": self.to_markdown, "text/html": self.to_html}
        return mimebundle(self, forms, "; ask for fewer paths")


def explain(loss: Value, w: Value, k: int = 10) -> Explanation:
    """d loss / d w as a sum over all paths from `loss` down to `w`, the `k` largest written out.

    Arguments: `loss`, a Value; `w`, a leaf or any node below it; `k`, how many paths to show.
    Returns an `Explanation`: printed, it shows each path's product, and the line that ties them to the gradient.
    Raises TypeError when one of the two is not a Value, ValueError when `k` is less than one.

    >>> w, x = Value(0.5, label="w"), Value(3.0, label="x")
    >>> L = w * x + w * w
    >>> L.label = "L"
    >>> print(explain(L, w))
    dL/dw is a sum over 3 paths.
      L → v1 → w
          ∂L/∂v1 · ∂v1/∂w = 1 · 3 = 3
      L → v2 → w  (w as operand 1 of v2)
          ∂L/∂v2 · ∂v2/∂w = 1 · 0.5 = 0.5
      L → v2 → w  (w as operand 2 of v2)
          ∂L/∂v2 · ∂v2/∂w = 1 · 0.5 = 0.5
    dL/dw = 3 + 0.5 + 0.5 = 4
    """
    return Explanation(loss, w, k)


def count_paths(order: Iterable[Any], loss: Any, w: Any) -> int:
    """How many paths lead from `loss` down to `w`: exactly, and without walking them.

    >>> x = Value(1.0)
    >>> y = x
    >>> for _ in range(200):
    ...     y = y + y
    >>> count_paths(topological_order([y]), y, x) == 2**200
    True
    """
    ways = {loss: 1}  # from the loss to a node; forgotten once handed on, since these numbers get long
    for node in reversed(list(order)):
        if node is not w and node in ways:
            here = ways.pop(node)
            for arg in node.args:
                if arg.__class__ is not float:
                    ways[arg] = ways.get(arg, 0) + here
    return ways.get(w, 0)


# A path from a node down to w: (its size, the node, the edge taken, the path from there on, or None at w).
Tail = tuple[float, Value, int, "Tail | None"]


def largest_paths(order: Iterable[Value], loss: Value, w: Value, k: int) -> list[Path]:
    """The `k` paths from `loss` to `w` whose product is largest in size, the largest first."""
    best: dict[Value, list[Tail]] = {w: [(0.0, w, 0, None)]}
    for node in order:
        if node is not w:
            longer = [
                (_add(_size(partial), tail[0]), node, edge, tail)
                for edge, (arg, partial) in enumerate(zip(node.args, node.partials))
                for tail in best.get(arg, ())
            ]
            if longer:
                best[node] = heapq.nlargest(k, longer, key=operator.itemgetter(0))
    found = [_path(tail) for tail in best.get(loss, ())]
    return sorted(found, key=lambda path: _size(path.product), reverse=True)


def _size(factor: float) -> float:
    """The logarithm of |factor|, so that long products neither overflow nor vanish; nan counts as largest."""
    if factor != factor:
        return math.inf
    return math.log(abs(factor)) if factor else -math.inf


def _add(one: float, other: float) -> float:
    return math.inf if math.inf in (one, other) else one + other  # inf * 0 is nan, which counts as largest


def _total(products: Iterable[float]) -> float:
    """The sum, rounded once; of an exploding gradient inf or nan, as the engine's own additions give it."""
    terms = list(products)
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):  # a sum beyond the floats, inf - inf
        return sum(terms)


def _path(tail: Tail | None) -> Path:
    nodes, edges, partials, product = [], [], [], 1.0
    while tail is not None:
        _, node, edge, rest = tail
        nodes.append(node)
        if rest is not None:
            edges.append(edge)
            partials.append(node.partials[edge])
            product *= node.partials[edge]
        tail = rest
    return Path(tuple(nodes), tuple(edges), tuple(partials), product)


# ------------------------------------------------------------------------------------------------------------- writing


def large(count: int) -> str:
    """A count as a reader takes it in.

    >>> large(1234), large(2**200)
    ('1,234', 'about 1.61e60')
    """
    if count < 10**15:
        return f"{count:,}"
    digits = math.log10(count)
    return f"about {10 ** (digits % 1):.3g}e{int(digits)}"


def _middle(parts: list[str], gap: str) -> list[str]:
    """The parts, of a long list only its ends."""
    half = LONGEST // 2
    return parts if len(parts) <= LONGEST + 1 else [*parts[:half], gap, *parts[-half:]]


def _product(path: Path) -> str:
    """`0.5 · (-14) · 3 = -21`; a long product without its factors of one."""
    factors = path.partials
    if len(factors) > LONGEST:
        factors = tuple(factor for factor in factors if factor != 1.0)
    if len(factors) < 2:
        return shown(path.product)
    told = relation(lambda: math.prod(map(rounded, factors)), path.product)
    return f"{' · '.join(_middle([inside(factor) for factor in factors], '…'))} {told} {shown(path.product)}"


def _sum(terms: list[float], total: float) -> str:
    """`3 + 0.5 - 0.2 = 3.3`."""
    if len(terms) < 2:
        return shown(total)
    text = shown(terms[0])
    for term in terms[1:]:
        text += f" - {shown(-term)}" if term < 0.0 else f" + {shown(term)}"
    return f"{text} {relation(lambda: _total(map(rounded, terms)), total)} {shown(total)}"


def _cell(text: str) -> str:
    return html.escape(text)


def _left(content: str, tag: str = "td") -> str:
    return f'<{tag} style="text-align:left;vertical-align:top;padding:3px 16px 3px 0">{content}</{tag}>'


_TEX = {"·": r"\cdot", "…": r"\cdots", "≈": r"\approx", "∞": r"\infty", "nan": r"\mathrm{nan}"}


def _tex(text: str) -> str:
    """Numbers and the signs between them in TeX.

    >>> print(_tex("3 · (-1e-9) ≈ ∞"))
    3 \\cdot (-1 \\cdot 10^{-9}) \\approx \\infty
    """
    text = re.sub(r"(?<=\d)e(-?\d+)", r" \\cdot 10^{\1}", text)
    return functools.reduce(lambda done, sign: done.replace(sign, _TEX[sign]), _TEX, text)
