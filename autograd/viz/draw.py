"""draw: a computation graph as a picture that can be saved, or shown in a notebook."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from autograd.value import Value
from autograd.viz.captions import summary
from autograd.viz.display import mimebundle
from autograd.viz.dot import digraph, dot_bytes, dot_svg, has_dot
from autograd.viz.layout import Direction, directed
from autograd.viz.model import Labels, Picture, picture
from autograd.viz.notation import in_formula
from autograd.viz.page import image
from autograd.viz.passes import passes_note, unexplained
from autograd.viz.stale import stale_note
from autograd.viz.svg import svg
from autograd.viz.view import view

Engine = Literal["auto", "dot", "builtin"]
MOST_FOR_DOT = 400  # nodes; beyond that dot takes its time, and "auto" does not wait


class Drawing:
    """A drawn graph: `.svg` and `.source` (DOT) are its texts, `.save(path)` writes it, a notebook shows it.

    `picture` is what is drawn, as plain data. The numbers are those of the moment `draw` was called.
    """

    def __init__(
        self,
        picture: Picture,
        direction: Direction = "LR",
        engine: Engine = "auto",
        contributions: bool = False,
        legend: bool = False,
        formulas: bool = False,
    ) -> None:
        self.picture, self.direction, self.legend = picture, direction, legend
        self.contributions, self.formulas = contributions, formulas
        use_dot = engine == "dot" or (engine == "auto" and has_dot() and len(picture.nodes) <= MOST_FOR_DOT)
        self.engine: Literal["dot", "builtin"] = "dot" if use_dot else "builtin"

    @cached_property
    def svg(self) -> str:
        """The drawing as SVG text."""
        if self.engine == "dot":
            return dot_svg(self.to_dot())
        return svg(self.picture, self.direction, "", self.contributions, self.legend, formulas=self.formulas)

    @property
    def source(self) -> str:
        """The drawing as DOT text, for Graphviz."""
        return str(self.to_dot().source)

    def to_dot(self) -> Any:
        """The drawing as a graphviz.Digraph, to be styled further.

        A notebook shows that one through Graphviz's own `dot`, and without it a traceback; the Drawing needs no `dot`.
        """
        return digraph(self.picture, self.direction, self.contributions, self.formulas)

    def save(self, path: str | Path) -> Path:
        """Write the drawing, in the format that the ending asks for: .svg, .html, .dot; .png and .pdf through `dot`.

        Returns the path. Raises ValueError for another ending, RuntimeError for PNG or PDF without `dot`.
        """
        path = Path(path)
        ending = path.suffix.lower()
        if ending in (".png", ".pdf"):
            path.write_bytes(dot_bytes(self.to_dot(), ending[1:]))
            return path
        texts = {".svg": "svg", ".html": "html", ".dot": "source", ".gv": "source"}
        if ending not in texts:
            raise ValueError(f"a drawing is saved as {', '.join(texts)}, .png or .pdf, not as {path.name!r}")
        path.write_text(getattr(self, texts[ending]), encoding="utf-8", newline="\n")
        return path

    @property
    def html(self) -> str:
        """The drawing as one page that needs nothing else."""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Computation graph</title>'
            '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
            "<style>body{margin:0}main{overflow:auto;padding:12px}"
            "@media screen{svg{max-width:none!important}}@media print{svg{max-height:96vh}}</style></head>\n"
            f"<body><main>\n{self.svg}</main></body></html>\n"
        )

    def __repr__(self) -> str:
        return f"<Drawing of {summary(self.picture)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """For notebooks: an image that also an untrusted view shows, and the text. Never an exception."""
        forms = {"text/html": self._image, "image/svg+xml": lambda: self.svg}
        return mimebundle(self, forms, "; collapse it, or .save('graph.svg')")

    def _image(self) -> str:
        """In a notebook a wide graph is scrolled, so that it stays readable."""
        return image(self.svg, repr(self), wide=True)

    def _repr_svg_(self) -> str | None:
        return self._repr_mimebundle_().get("image/svg+xml")


def draw(
    v: Any,
    *,
    direction: Direction = "LR",
    collapse: bool | int | str | None = None,
    expand: Any = (),
    around: Any = None,
    hops: int = 2,
    max_nodes: int = 200,
    labels: Labels = None,
    parameters: Value | Iterable[Value] = (),
    formulas: bool = False,
    contributions: bool = False,
    legend: bool = False,
    engine: Engine = "auto",
) -> Drawing:
    """The computation graph of `v`: every number with its gradient, every edge with its local derivative.

    Arguments: `v`, a Value or several;
    `direction`, the way the data flows: "LR" or "TB";
    `collapse`, what is drawn as one box: a depth (1: the outermost scopes), the beginning of a scope's name ("layer",
    "neuron"), True for whatever makes a picture that can be taken in at a glance, False for nothing; None collapses
    only a graph of more than `max_nodes` nodes;
    `expand`, names of composite operations ("dot", "sigmoid", ...), or True for all, to be drawn as their inside;
    `around` and `hops`, a Value (or several) and how many edges away from it to look;
    `max_nodes`, how many nodes are drawn at most (a constant is none), or boxes; the picture says what was left out;
    `labels`, a dictionary or a function from a Value to the name it is drawn with;
    `parameters`, a leaf or several, to be shown as parameters besides those made in a scope;
    `formulas`, whether an edge says the rule that its local derivative comes from, where it is not too long: 2·x = 6;
    `contributions`, whether an edge says what it adds to the gradient: local derivative times upstream gradient;
    `legend`, whether to name the shapes below the drawing (built-in engine only);
    `engine`, "dot", "builtin", or "auto": Graphviz' dot where it is on the PATH.

    Returns a Drawing. A gradient is "?" until a backward pass has reached the node.
    Raises TypeError when `v` is not a Value or an option is of another kind; ValueError for options that name nothing
    in the graph; RuntimeError when `dot` is asked for and not there.

    >>> from autograd import Value
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> drawing = draw(a * b + a, engine="builtin")
    >>> drawing
    <Drawing of 4 nodes and 4 edges>
    >>> [edge.partial for edge in drawing.picture.edges]
    [3.0, 2.0, 1.0, 1.0]
    """
    _check(direction, engine, hops, max_nodes, labels, expand, parameters)
    if formulas and contributions:
        raise ValueError("an edge has room for formulas or for contributions, not for both: choose one")
    whole = picture(v, expand=expand, labels=labels, parameters=parameters)
    doubts = [] if whole.notes else _doubts(whole)  # of a cut graph not all operands and consumers are known
    shown = view(whole, collapse, around, hops, max_nodes)
    shown.notes += doubts
    return Drawing(shown, direction, engine, contributions, legend, formulas)


def _doubts(whole: Picture) -> list[str]:
    """What a reader must know of numbers that do not fit together; gradients that do not are marked."""
    called = {value: in_formula(whole.node(id).label) for value, id in whole.ids.items()}
    roots = [value for value, id in whole.ids.items() if id in whole.roots]
    found = unexplained(list(called), roots)
    for value in found:
        whole.node(whole.ids[value]).unexplained = True
    told = passes_note(found, called)
    return [note for note in (stale_note(called), told and f"grad*: {told}") if note]


def _check(
    direction: Any, engine: Any, hops: Any, max_nodes: Any, labels: Any, expand: Any, parameters: Any
) -> None:
    directed(direction)
    if engine not in ("auto", "dot", "builtin"):
        raise ValueError(f"engine is 'auto', 'dot' or 'builtin', not {engine!r}")
    if engine == "dot" and not has_dot():
        raise RuntimeError("Graphviz' dot is not on the PATH: install Graphviz, or draw with engine='builtin'")
    for name, n in (("hops", hops), ("max_nodes", max_nodes)):
        if not isinstance(n, int):
            raise TypeError(f"{name} is a whole number, not {n!r}")
    if not (labels is None or callable(labels) or isinstance(labels, Mapping)):
        raise TypeError(f"labels is a dictionary or a function from a Value to its name, not {labels!r}")
    if not isinstance(expand, Iterable | bool):
        raise TypeError(f"expand is the names of operations, or True for all, not {expand!r}")
    if not isinstance(parameters, Iterable | Value):
        raise TypeError(f"parameters is leaves of the graph, not {parameters!r}")
