"""A gradient as what the chain rule says it is: a sum over paths, and along each path a product."""

import functools
import math
import operator
import re
from collections.abc import Mapping
from typing import Any

from autograd.graph import adjoints, topological_order
from autograd.value import Value
from autograd.viz.display import in_words, markdown, mimebundle
from autograd.viz.figures import inside, relation, rounded, shown
from autograd.viz.latex import tex_names
from autograd.viz.notation import in_formula, names, place_of, slope_of
from autograd.viz.order import program_order
from autograd.viz.passes import passes_note, unexplained
from autograd.viz.paths import Path, count_paths, large, largest_paths, total
from autograd.viz.reasons import computed, derived
from autograd.viz.stale import stale_note
from autograd.viz.table import PICTURED, Table, both_ends

LONGEST = 12  # nodes of a path, and factors of its product, that are written out
VISIBLE = 1e-6  # of a sum: a smaller difference does not show in six digits
MOST_NODES = 30  # whose local derivatives are explained
MOST_PATHS = 100  # that are written out


class Explanation:
    """d loss / d w as a sum over paths: `paths`, the largest first; `count` of all; `total`; `rest` of the others.

    `rest` is nan where it is not known: where the total is no finite number.
    Prints as text; `to_markdown()` and `to_html()` write it for a page; a notebook shows it by itself. All of these
    write out the first 100 paths at most.
    """

    def __init__(self, loss: Value, w: Value, k: int = 10) -> None:
        for value, role in ((loss, "loss"), (w, "input")):
            if not isinstance(value, Value):
                raise TypeError(f"explain needs the {role} as a Value, not {type(value).__name__} ({value!r:.40})")
        if not isinstance(k, int):
            raise TypeError(f"k is how many paths to show, a whole number, not {k!r:.40}")
        if k < 1:
            raise ValueError(f"explain shows at least one path, not k={k}")
        order = topological_order([loss])
        self.loss, self.w = loss, w
        self.count = count_paths(order, loss, w)
        self.paths = largest_paths(order, loss, w, k)
        self.total: float = adjoints(order, {loss: 1.0}, lambda node: node.partials, operator.mul).get(w, 0.0)
        self.rest = _rest(self.paths, self.total)
        self._written = self.paths[:MOST_PATHS]
        self._others, self._remainder = self.count - len(self._written), _rest(self._written, self.total)
        self.names = {node: in_formula(name) for node, name in names(program_order([loss, w])).items()}

    @property
    def left_out(self) -> int:
        """How many paths are not among `paths`."""
        return self.count - len(self.paths)

    def terms(self) -> list[float]:
        """The numbers whose sum is the gradient: one for each of `paths`, and one for the rest together."""
        return [path.product for path in self.paths] + ([self.rest] if self.left_out else [])

    @property
    def line(self) -> str:
        """The line that ties it together: dL/dw = 1.2 + 0.5 - 0.2 = 1.5."""
        return f"d{self.names[self.loss]}/d{self.names[self.w]} = {self._sum()}"

    def _sum(self) -> str:
        """`3 + 0.5 - 0.2 = 3.3`; dots for paths that are not shown and not known."""
        terms = [path.product for path in self._written] + [self._remainder] * bool(self._others)
        first, *others = terms or [0.0]
        if not others:
            return shown(self.total)
        text = shown(first)
        for term in others:
            text += f" - {shown(-term)}" if term < 0.0 else f" + {shown(term)}"
        if self._others and math.isnan(self._remainder):
            return f"{text.removesuffix(shown(self._remainder))}… = {shown(self.total)}"
        return f"{text} {relation(lambda: total(map(rounded, terms)), self.total)} {shown(self.total)}"

    @property
    def heading(self) -> str:
        """How many paths there are."""
        return self._heading(f"d{self.names[self.loss]}/d{self.names[self.w]}", self.names)

    def _heading(self, gradient: str, called: Mapping[Value, str]) -> str:
        if not self.count:
            return f"No path leads from {called[self.loss]} to {called[self.w]}: it does not depend on it."
        told = f", the largest {len(self._written)} shown" if self._others else ""
        return f"{gradient} is a sum over {large(self.count)} path{'s' * (self.count > 1)}{told}."

    @property
    def note(self) -> str:
        """What a reader must know besides: why the gradient is no finite number, rounded away, stale, not `w.grad`."""
        told = (self._no_number(), self._lost(), stale_note(self.names), self._passes())
        return " ".join(f"{one}." for one in told if one)

    def _passes(self) -> str:
        """Of a `w.grad` that is something else."""
        found = unexplained(program_order([self.loss]), [self.loss])
        return passes_note({w: brought for w, brought in found.items() if w is self.w}, self.names)

    def _lost(self) -> str:
        """Of a product too small for a float, and of a sum that rounding has eaten."""
        vanished = next((path for path in self.paths if path.vanishes), None)
        if vanished is not None:
            return f"Along {self._route(vanished)} the product is smaller than any float, and not zero"
        whole = total(path.product for path in self.paths)
        if self.left_out or not math.isfinite(whole) or math.isclose(whole, self.total, rel_tol=VISIBLE):
            return ""
        return f"The paths sum to {shown(whole)}; added one by one, with a rounding each, they gave {shown(self.total)}"

    def _no_number(self) -> str:
        """Why the gradient is no finite number."""
        if math.isfinite(self.total):
            return ""
        worst = self.paths[0]
        slopes = dict(zip(self._slopes(worst), worst.partials))
        if math.isfinite(worst.product) or (math.isnan(self.total) and math.isinf(worst.product)):
            why = "∞ - ∞ has no value" if math.isnan(self.total) else "the sum is larger than any float"
            return f"The gradient is {shown(self.total)}: {why}"
        bad = [slope for slope, partial in slopes.items() if not math.isfinite(partial)]
        why = f"{bad[0]} is {shown(slopes[bad[0]])}" if bad else "the product is larger than any float"
        if math.isnan(worst.product) and not any(map(math.isnan, worst.partials)):
            why += ", and 0 · ∞ has no value"
        return f"The gradient is {shown(self.total)}: along {self._route(worst)} {why}"

    def where(self) -> list[tuple[str, str]]:
        """Each node on the paths shown, how it was computed, and its local derivatives along them."""
        taken: dict[Value, dict[int, None]] = {}
        for path in self._written:
            for node, edge in zip(path.nodes, path.edges):
                if len(taken) < MOST_NODES or node in taken:
                    taken.setdefault(node, {})[edge] = None
        order = [node for node in program_order([self.loss]) if node in taken]
        slopes = {node: [derived(node, edge, self.names).line for edge in taken[node]] for node in order}
        return [
            (f"{self.names[node]} = {computed(node, self.names).formula}", ", ".join(slopes[node]))
            for node in reversed(order)
        ]

    def __str__(self) -> str:
        return in_words(self, self._text)

    def _text(self) -> str:
        lines = [self.heading]
        for path in self._written:
            lines.append(f"  {self._route(path)}{self._twins(path, self.names)}")
            lines.append(f"      {self._derivatives(path)} = {_product(path)}")
        if self._others:
            lines.append(f"  the other {large(self._others)}: {self._rest()}")
        where = [f"  {made}  has {slopes}" for made, slopes in self.where()]
        return "\n".join([*lines, self.line, *filter(None, [self.note]), *["where"] * bool(where), *where])

    def _rest(self) -> str:
        """What the paths that are not written out contribute, and where to find those of them that are known."""
        known = f"; `.paths` has the first {len(self.paths):,}" if len(self.paths) > MOST_PATHS else ""
        return ("not known" if math.isnan(self._remainder) else f"together {shown(self._remainder)}") + known

    def __repr__(self) -> str:
        return f"<Explanation of {self.line}: {large(self.count)} path{'s' * (self.count != 1)}>"

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
        return " · ".join(_middle(self._slopes(path), "…")) or f"d{self.names[self.loss]}/d{self.names[self.w]}"

    def _slopes(self, path: Path) -> list[str]:
        return [slope_of(z, edge, self.names) for z, edge in zip(path.nodes, path.edges)]

    def to_markdown(self) -> str:
        """The same as Markdown with TeX."""
        tex = tex_names(names(program_order([self.loss, self.w])))
        in_line = {node: f"${name}$" for node, name in tex.items()}
        gradient = rf"\frac{{d {tex[self.loss]}}}{{d {tex[self.w]}}}"
        lines = [self._heading(f"${gradient}$", in_line), ""]
        for path in self._written:
            below = [f"{tex[z.args[edge]]}{_tex(place_of(z, edge))}" for z, edge in zip(path.nodes, path.edges)]
            steps = [rf"\frac{{\partial {tex[z]}}}{{\partial {x}}}" for z, x in zip(path.nodes, below)]
            chain = r" \cdot ".join(_middle(steps, r"\cdots")) or "1"
            product = rf"$\displaystyle {chain} = {_tex(_product(path))}$"
            lines.append(f"- {product}{self._twins(path, in_line)}")
        if self._others:
            lines.append(f"- the other {large(self._others)}: {markdown(self._rest())}")
        lines += ["", f"$${gradient} = {_tex(self._sum())}$$", "", markdown(self.note)]
        lines += [f"- `` {made} `` has `` {slopes} ``" for made, slopes in self.where()]
        return "\n".join(lines)

    def to_html(self) -> str:
        """The same as HTML tables."""
        return self._table(MOST_PATHS).html()

    def _table(self, most: int) -> Table:
        """The paths, of more than `most` the first and the last, the line that ties them, and what it rests on."""
        def cells(path: Path) -> tuple[str, str]:
            route = self._route(path) + self._twins(path, self.names)
            return route, f"{self._derivatives(path)}\n= {_product(path)}"

        paths = both_ends(self._written, most, cells)
        paths += [(f"the other {large(self._others)}", self._rest())] if self._others else []
        where = Table(("where", "has"), self.where(), "ll")
        line = Table(caption=self.line, notes=[*filter(None, [self.note])], below=where)
        return Table(("path", "its local derivatives, multiplied"), paths, "ll", self.heading, below=line)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        image = lambda: self._table(PICTURED).svg(repr(self))
        forms = {"text/plain": self._text, "text/markdown": self.to_markdown, "text/html": self.to_html}
        return mimebundle(self, {**forms, "image/svg+xml": image})


def explain(loss: Value, w: Value, k: int = 10) -> Explanation:
    """d loss / d w as a sum over all paths from `loss` down to `w`, the `k` largest one by one.

    Arguments: `loss`, a Value; `w`, a leaf or any node below it; `k`, how many paths to find.
    Returns an `Explanation`: printed, it shows each path's product, the line that ties them to the gradient, and where
    each local derivative comes from.
    Raises TypeError when one of the two is not a Value or `k` no whole number, ValueError when `k` is less than one.

    >>> w, x = Value(0.5, label="w"), Value(3.0, label="x")
    >>> L = w * x + w * w
    >>> L.label = "L"
    >>> print(explain(L, w))
    dL/dw is a sum over 3 paths.
      L → v1 → w
          ∂L/∂v1 · ∂v1/∂w = 1 · 3 = 3
      L → v2 → w  (w as operand 1 of v2)
          ∂L/∂v2 · ∂v2/∂w#1 = 1 · 0.5 = 0.5
      L → v2 → w  (w as operand 2 of v2)
          ∂L/∂v2 · ∂v2/∂w#2 = 1 · 0.5 = 0.5
    dL/dw = 3 + 0.5 + 0.5 = 4
    where
      L = v1 + v2  has ∂L/∂v1 = 1, ∂L/∂v2 = 1
      v2 = w·w  has ∂v2/∂w#1 = w = 0.5, ∂v2/∂w#2 = w = 0.5
      v1 = w·x  has ∂v1/∂w = x = 3
    """
    return Explanation(loss, w, k)


# ------------------------------------------------------------------------------------------------------------- writing


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
    told = "≈" if path.vanishes else relation(lambda: math.prod(map(rounded, factors)), path.product)
    return f"{' · '.join(_middle([inside(factor) for factor in factors], '…'))} {told} {shown(path.product)}"


def _rest(paths: list[Path], whole: float) -> float:
    """What is missing to the `whole`; nothing where it is no more than the roundings of what is there."""
    products = [path.product for path in paths]
    missing = whole - total(products)
    if not math.isfinite(missing):
        return math.nan
    return missing if abs(missing) > 2.0**-50 * total(map(abs, products)) else 0.0


_TEX = {"#": r"\#", "·": r"\cdot", "…": r"\cdots", "≈": r"\approx", "∞": r"\infty", "nan": r"\mathrm{nan}"}


def _tex(text: str) -> str:
    """Numbers and the signs between them in TeX.

    >>> print(_tex("3 · (-1e-9) ≈ ∞"))
    3 \\cdot (-1 \\cdot 10^{-9}) \\approx \\infty
    """
    text = re.sub(r"(?<=\d)e(-?\d+)", r" \\cdot 10^{\1}", text)
    return functools.reduce(lambda done, sign: done.replace(sign, _TEX[sign]), _TEX, text)
