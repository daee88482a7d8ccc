"""The sheet of a Stepper: its data for the script, and what is left where no script runs."""

import html
from typing import Any

from autograd.value import Value
from autograd.viz.glimpse import glimpse
from autograd.viz.javascript import key, program, unknown
from autograd.viz.model import Picture, picture
from autograd.viz.notation import Templates, printable, templates_of
from autograd.viz.page import ROOM, asset, document, image, interactive
from autograd.viz.stepper import MOST_DRAWN, Stepper
from autograd.viz.strings import STRINGS, in_language, phrases
from autograd.viz.svg import svg


def page(stepper: Stepper, max_nodes: int) -> str:
    """The whole file; ValueError when the graph has more than `max_nodes` nodes."""
    if len(stepper.order) > max_nodes:
        raise ValueError(too_large(stepper, max_nodes))
    title = phrases(stepper.language)["title"].format(root=stepper.names[stepper.root])
    return document(title, stepper.language, widget(stepper, max_nodes, title))


def too_large(stepper: Stepper, max_nodes: int) -> str:
    """Why there is no sheet, and the way out."""
    say = phrases(stepper.language)
    return say["too_large"].format(nodes=f"{len(stepper.order):,}", limit=f"{max_nodes:,}")


def widget(stepper: Stepper, max_nodes: int = MOST_DRAWN, heading: str = "") -> str:
    """The sheet as a piece of HTML: in a trusted notebook the script takes over, elsewhere it is drawing and text."""
    say = phrases(stepper.language)
    summary = say["steps_as_text"].format(n=f"{len(stepper):,}")
    steps = f"<details><summary>{summary}</summary>\n<pre>{html.escape(str(stepper))}</pre>\n</details>"
    if len(stepper.order) > max_nodes:
        return f"<p>{too_large(stepper, max_nodes)}</p>\n{steps}"
    drawn = picture(stepper.root, gradients=stepper.gradients)  # as at the last step
    rows = list(dict.fromkeys((node.op, len(node.args)) for node in stepper.computed if node.op is not None))
    strangers = unknown(rows)
    # the text first: a sanitizer that knows no images leaves their source, which is long
    picture_of = say["drawing"].format(root=stepper.names[stepper.root])
    graph = in_language(svg(drawn, stepper.direction, room=ROOM), stepper.language)
    fallback = f"{steps}\n{image(graph, picture_of, wide=True)}"
    table = asset("operations.js") + ("" if strangers else program(rows))
    scripts = [table, *map(asset, ("numbers.js", "drawing.js", "panel.js", "stepper.js"))]
    return interactive("stepper", fallback, sheet(stepper, drawn, ", ".join(strangers)), scripts, heading)


def drawing(stepper: Stepper) -> str:
    """The graph after the last step as SVG, small: see `glimpse`."""
    drawn, size = glimpse(stepper.root, stepper.gradients), len(stepper.order)
    if drawn.notes:
        small = phrases(stepper.language)["small"].format(nodes=f"{size:,}")
        drawn.notes = [small if size <= MOST_DRAWN else too_large(stepper, MOST_DRAWN)]
    return in_language(svg(drawn, stepper.direction), stepper.language)


def sheet(stepper: Stepper, drawn: Picture, strangers: str) -> dict[str, Any]:
    """Everything the script needs, as plain data. Nodes are numbered in the order of the stepper."""
    index = {node: i for i, node in enumerate(stepper.order)}
    edges = {(edge.head, edge.slot): edge for edge in drawn.edges}
    formulas: dict[Templates, int] = {}

    def entry(node: Value) -> dict[str, Any]:
        id = drawn.ids[node]
        into = [edges[id, slot] for slot in range(len(node.args))]
        return {
            "id": id,
            "name": stepper.names[node],
            "scope": printable(node.scope),
            "data": node.data,
            "row": key((node.op, len(node.args))) if node.op else "",
            "args": [[index[arg]] if isinstance(arg, Value) else arg for arg in node.args],
            "partials": node.partials,
            "edges": [edge.id for edge in into],
            "tails": [edge.tail for edge in into],
            "template": formulas.setdefault(templates_of(node), len(formulas)) if node.op else -1,
        }

    nodes = [entry(node) for node in stepper.order]
    return {
        "root": index[stepper.root],
        "language": stepper.language,
        "strings": STRINGS,
        "unknown": strangers,
        "nodes": nodes,
        "templates": [{"result": made.result, "partials": made.partials} for made in formulas],
        "computed": [index[node] for node in stepper.computed],
        "flows": [[index[node], edge] for node, edge in stepper.flows],
    }
