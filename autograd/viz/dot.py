"""The same picture for Graphviz: DOT text with the same ids, and its rendering where `dot` is on the PATH."""

import shutil
from typing import Any

import graphviz

from autograd.viz.captions import Captions, body_rows, sign
from autograd.viz.layout import Direction
from autograd.viz.model import Node, Picture
from autograd.viz.style import DARK, LIGHT

_SHAPES = {
    "parameter": {"shape": "box", "style": "filled"},
    "input": {"shape": "octagon", "style": "filled", "margin": "0"},
    "constant": {"shape": "box", "style": "filled,rounded,dashed", "height": "0.2", "width": "0.3"},
    "operation": {"shape": "box", "style": "filled,rounded"},
    "result": {"shape": "box", "style": "filled,rounded", "peripheries": "2"},
    "group": {"shape": "box3d", "style": "filled"},
}
_FONT = "Helvetica,Arial,sans-serif"


def has_dot() -> bool:
    """Whether Graphviz' `dot` is installed."""
    return shutil.which("dot") is not None


def digraph(
    picture: Picture, direction: Direction = "LR", contributions: bool = False, formulas: bool = False
) -> Any:
    """The picture as a graphviz.Digraph; boxes and edges have the ids of the built-in drawing.

    >>> from autograd import Value
    >>> from autograd.viz.model import picture
    >>> print(digraph(picture(Value(1.0, label="x"))).source.splitlines()[0])
    digraph autograd {
    """
    graph = graphviz.Digraph("autograd")
    graph.attr(rankdir=direction, bgcolor="transparent", label=_lines(picture.notes), fontname=_FONT, fontsize="11")
    graph.attr("node", fontname=_FONT, fontsize="11", margin="0.1,0.05", height="0.3")
    graph.attr("edge", fontname=_FONT, fontsize="10", color=LIGHT["edge"][0], arrowsize="0.6")
    say = Captions(picture, contributions, formulas)
    for node in picture.nodes:
        fill, outline = LIGHT[node.kind]
        tooltip = _lines(say.node_title(node).splitlines())
        graph.node(
            node.id, _label(node), id=node.id, fillcolor=fill, color=outline, tooltip=tooltip,
            **{"class": node.kind}, **_SHAPES[node.kind],
        )  # fmt: skip
    for edge in picture.edges:
        title = _lines(say.edge_title(edge).splitlines())
        graph.edge(edge.tail, edge.head, _lines([say.edge(edge)]), id=edge.id, tooltip=title)
    return graph


def _label(node: Node) -> str:
    head = f"{sign(node)} {node.label}".strip()
    return _lines([line for line in (head, *(f"{key} {text}".strip() for _, key, text in body_rows(node))) if line])


def _lines(lines: list[str]) -> str:
    """Lines of any text as one DOT string that means just that text."""
    return str(graphviz.nohtml("\\n".join(graphviz.escape(line) for line in lines)))


def dot_svg(graph: Any) -> str:
    """Graphviz' own SVG of a digraph, with this project's colours for dark mode.

    Raises RuntimeError when `dot` is not on the PATH.
    """
    text = str(dot_bytes(graph, "svg").decode("utf-8"))
    start = text.index("<svg")
    end = text.index(">", start)
    return f'{text[start:end]} class="stepgrad"{text[end : end + 1]}<style>{_dark()}</style>{text[end + 1 :]}'


def dot_bytes(graph: Any, format: str) -> bytes:
    """The digraph as SVG, PNG or PDF. Raises RuntimeError when `dot` is not on the PATH."""
    if not has_dot():
        raise RuntimeError(f"{format} needs Graphviz' dot on the PATH: install Graphviz, or save as .svg or .html")
    if format == "png":
        graph.attr(dpi="144", bgcolor="white")
    return bytes(graph.pipe(format=format))


def _dark() -> str:
    rules = [f".stepgrad text{{fill:{DARK['text'][0]}}}.stepgrad .edge path{{stroke:{DARK['edge'][0]}}}"]
    for kind in _SHAPES:
        fill, outline = DARK[kind]
        shapes = ",".join(f".stepgrad .{kind} {shape}" for shape in ("path", "polygon", "polyline"))
        rules.append(f"{shapes}{{fill:{fill};stroke:{outline}}}")
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"
