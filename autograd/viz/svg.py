"""A picture and its layout as SVG text: one file, no scripts, no fonts to fetch, light and dark.

Every box is `<g id="n3" class="node operation">` and every edge `<g id="e5" class="edge">`, so that a script or a
stepper can find and highlight them: put the class `now`, `seen` or `dim` on the group. The numbers of a box are
`<text class="data">` and `<text class="grad">`, its name is a `label`, or the `name` it was given for want of one; the
full digits are in its `<title>`, which a browser shows under the mouse.
"""

from html import escape

from autograd.viz.captions import Captions, body_rows, sign, summary
from autograd.viz.frame import framed, px
from autograd.viz.layers import Link
from autograd.viz.layout import ARROW, Direction, Point, layout
from autograd.viz.model import Node, Picture
from autograd.viz.text import MONO, clip, width, wrapped

HEAD, NUMBER, KEY, EDGE = 13.0, 12.0, 10.0, 10.5  # font sizes
LINE, PAD = 17.0, 9.0
NARROWEST = 72.0  # of a box with a number and a gradient
WIDEST = 190.0  # of a label, in pixels; the whole of it is in the tooltip
LEGEND = {kind: kind for kind in ("input", "parameter", "constant", "operation", "result")}
LEGEND |= {"group": "several", "cut": "left out: operands, uses"}


def svg(
    picture: Picture,
    direction: Direction = "LR",
    prefix: str = "",
    contributions: bool = False,
    legend: bool = False,
    room: int = 0,
    formulas: bool = False,
) -> str:
    """The picture, laid out and drawn.

    `prefix` goes before every id, for several drawings in one page; `room` is how many characters of a number a box
    has place for at least, where a script will write others.

    >>> from autograd import Value
    >>> from autograd.viz.model import picture
    >>> text = svg(picture(Value(2.0, label="a") * 3))
    >>> text.startswith("<svg"), 'id="n2" class="node result"' in text
    (True, True)
    """
    number = {node.id: k for k, node in enumerate(picture.nodes)}
    known = {node.id: node for node in picture.nodes}
    faces = [_Face(node, room) for node in picture.nodes]
    say = Captions(picture, contributions, formulas)
    texts = [say.edge(edge) for edge in picture.edges]
    labels = [(width(text, EDGE) + 6.0, EDGE + 4.0) if text else (0.0, 0.0) for text in texts]
    links = [Link(number[e.tail], number[e.head], e.slot, label) for e, label in zip(picture.edges, labels)]
    placed = layout([face.size for face in faces], links, direction)
    lines = []
    for edge, text, path, at in zip(picture.edges, texts, placed.paths, placed.labels):
        weight = " constant" if known[edge.tail].kind == "constant" else ""
        group = f'<g id="{prefix}{edge.id}" class="edge{weight}"><title>{escape(say.edge_title(edge))}</title>'
        lines += [group, *_edge(text, path, at, direction)]
    for node, face, at in zip(picture.nodes, faces, placed.boxes):
        lines += face.draw(node, say.node_title(node), at, prefix)
    seen = {node.kind for node in picture.nodes} | {"cut" for node in picture.nodes if any(node.cut)}
    kinds = [kind for kind in LEGEND if kind in seen] if legend else []
    return _framed(lines, _title(picture), picture.notes, kinds, (placed.width, placed.height))


def _framed(lines: list[str], title: str, notes: list[str], kinds: list[str], size: Point) -> str:
    """The whole file: the ground, the drawing in the middle, the legend and the notes below it."""
    told = [line for note in notes for line in wrapped(note, KEY + 1, max(size[0], 300.0) - 24.0)]
    key, key_width = _legend(kinds, size[1] + 8.0)
    wide = max([size[0], key_width, *(width(note, KEY + 1) + 24.0 for note in told)])
    top = size[1] + (30.0 if kinds else 0.0)
    tall = top + (16.0 * len(told) + 8.0 if told else 0.0)
    texts = [
        f'<text class="note" x="12" y="{px(top + 8 + 16 * k)}">{escape(note)}</text>' for k, note in enumerate(told)
    ]
    drawn = [f'<g transform="translate({px((wide - size[0]) / 2)} 0)">', *lines, "</g>"]
    return framed([*drawn, *key, *texts], title, wide, tall)


def _legend(kinds: list[str], y: float) -> tuple[list[str], float]:
    """A small box and a word for each kind, in one line, and how long the line is."""
    lines, x = [], 14.0
    for kind in kinds:
        dots = f'<text class="note" x="{px(x + 7)}" y="{px(y + 9)}">…</text>'
        lines.append(dots if kind == "cut" else f'<g class="node {kind}">{_shape(kind, x, y, 22.0, 14.0)}</g>')
        lines.append(f'<text class="note" x="{px(x + 30)}" y="{px(y + 11)}">{LEGEND[kind]}</text>')
        x += 30.0 + width(LEGEND[kind], KEY + 1) + 18.0
    return lines, x if kinds else 0.0


def _title(picture: Picture) -> str:
    root = picture.node(picture.roots[0]) if picture.roots else None
    made = f" of {root.label or sign(root) or 'a value'}" if root is not None else ""
    return f"Computation graph{made}: {summary(picture)}"


class _Face:
    """What is written in a box, and how big that makes it."""

    def __init__(self, node: Node, room: int) -> None:
        self.sign, self.kind = sign(node), "name" if node.given else "label"
        self.label = clip(node.label, HEAD, WIDEST, bold=not node.given)
        self.rows = body_rows(node)
        header = width(self.sign, HEAD, bold=True) + width(self.label, HEAD, bold=not node.given)
        header += 8.0 if self.sign and self.label else 0.0
        rows = [
            width(key, KEY) + 8.0 + max(len(text), room) * NUMBER * MONO if key else len(text) * NUMBER * MONO
            for _, key, text in self.rows
        ]
        lines = len(self.rows) + bool(self.sign or self.label)
        least = 0.0 if node.kind == "constant" else NARROWEST - 2 * PAD
        self.size = (max([header, least, *rows]) + 2 * PAD, lines * LINE + (6.0 if node.kind == "constant" else 9.0))

    def draw(self, node: Node, title: str, at: Point, prefix: str) -> list[str]:
        wide, tall = self.size
        left, top = at[0] - wide / 2, at[1] - tall / 2
        lines = [f'<g id="{prefix}{node.id}" class="node {node.kind}"><title>{escape(title)}</title>']
        lines.append(_shape(node.kind, left, top, wide, tall))
        y = top + (3.0 if node.kind == "constant" else 4.5) + LINE * 0.74
        if self.sign or self.label:
            x = left + PAD
            if self.sign:
                lines.append(f'<text class="op" x="{px(x)}" y="{px(y)}">{escape(self.sign)}</text>')
                x += width(self.sign, HEAD, bold=True) + 8.0
            if self.label:
                lines.append(f'<text class="{self.kind}" x="{px(x)}" y="{px(y)}">{escape(self.label)}</text>')
            y += LINE
        for kind, key, text in self.rows:
            unknown = " unknown" if text == "?" else ""
            if key:
                lines.append(f'<text class="key" x="{px(left + PAD)}" y="{px(y)}">{escape(key)}</text>')
            x, anchor = (left + wide - PAD, "end") if key else (at[0], "middle")
            place = f'x="{px(x)}" text-anchor="{anchor}"'
            lines.append(f'<text class="{kind}{unknown}" {place} y="{px(y)}">{escape(text)}</text>')
            y += LINE
        return [*lines, "</g>"]


def _shape(kind: str, x: float, y: float, w: float, h: float) -> str:
    """Each kind has its own outline, so that colour is never needed to tell them apart."""
    at, box = f'x="{px(x)}" y="{px(y)}"', f'width="{px(w)}" height="{px(h)}"'
    if kind == "parameter":  # square corners and a bar
        return f'<rect class="shape" {at} {box}/><rect class="bar" {at} width="4" height="{px(h)}"/>'
    if kind == "input":  # cut corners
        r, b, c = x + w, y + h, min(9.0, h / 3)
        points = [(x + c, y), (r - c, y), (r, y + c), (r, b - c), (r - c, b), (x + c, b), (x, b - c), (x, y + c)]
        return '<polygon class="shape" points="' + " ".join(f"{px(a)},{px(b)}" for a, b in points) + '"/>'
    if kind == "constant":  # a dashed pill
        return f'<rect class="shape" {at} {box} rx="{px(h / 2)}"/>'
    if kind == "result":  # a double outline
        inner = f'x="{px(x + 3)}" y="{px(y + 3)}" width="{px(w - 6)}" height="{px(h - 6)}" rx="6"'
        return f'<rect class="shape" {at} {box} rx="9"/><rect class="ring" {inner}/>'
    if kind == "group":  # a stack of sheets
        return (
            f'<rect class="sheet" x="{px(x + 5)}" y="{px(y - 5)}" {box} rx="9"/>'
            f'<rect class="shape" {at} {box} rx="9"/>'
        )
    return f'<rect class="shape" {at} {box} rx="9"/>'


def _edge(text: str, path: list[Point], at: Point, direction: Direction) -> list[str]:
    lines = [f'<path class="line" d="{_curve(path, direction)}"/>', _arrow(path, direction)]
    if text:
        wide = width(text, EDGE) + 6.0
        corner = f'x="{px(at[0] - wide / 2)}" y="{px(at[1] - 7.2)}"'
        lines.append(f'<rect class="plate" {corner} width="{px(wide)}" height="14.4" rx="4"/>')
        middle = f'x="{px(at[0])}" y="{px(at[1] + 3.7)}" text-anchor="middle"'
        lines.append(f'<text class="partial" {middle}>{escape(text)}</text>')
    return [*lines, "</g>"]


def _curve(path: list[Point], direction: Direction) -> str:
    """A path that runs along the flow at each point: straight, or an S between two of them."""
    parts = [f"M{px(path[0][0])} {px(path[0][1])}"]
    for (x, y), (u, v) in zip(path, path[1:]):
        if abs(x - u) < 0.05 or abs(y - v) < 0.05:
            parts.append(f"L{px(u)} {px(v)}")
        elif direction == "LR":
            parts.append(f"C{px((x + u) / 2)} {px(y)} {px((x + u) / 2)} {px(v)} {px(u)} {px(v)}")
        else:
            parts.append(f"C{px(x)} {px((y + v) / 2)} {px(u)} {px((y + v) / 2)} {px(u)} {px(v)}")
    return "".join(parts)


def _arrow(path: list[Point], direction: Direction) -> str:
    (u, v), (x, y) = path[-2:]
    if direction == "LR":
        back = ARROW if u < x else -ARROW
        points = [(x, y), (x - back, y - 3), (x - back, y + 3)]
    else:
        back = ARROW if v < y else -ARROW
        points = [(x, y), (x - 3, y - back), (x + 3, y - back)]
    return '<polygon class="head" points="' + " ".join(f"{px(a)},{px(b)}" for a, b in points) + '"/>'
