"""One HTML file that needs nothing else: text, data, style and script inside, and no request to anywhere."""

import functools
import hashlib
import html
import importlib.resources
import json
import math
import urllib.parse
from typing import Any

from autograd.viz.display import in_any_file

ROOM = 6  # characters of a number in every box: a script will write other numbers than the drawing began with


@functools.cache
def asset(name: str) -> str:
    """The text of a file in `assets/`."""
    return importlib.resources.files("autograd.viz").joinpath("assets", name).read_text(encoding="utf-8")


def image(svg: str, description: str, wide: bool = False) -> str:
    """A drawing that is seen even where scripts and inline SVG are stripped. `decodeURIComponent` gives it back.

    A `wide` one keeps its size and is scrolled, so that it stays readable; another shrinks to the page.
    """
    source = "data:image/svg+xml," + urllib.parse.quote(in_any_file(svg), safe=" ()*,-./:;=@_!~'")
    drawn = f'<img src="{source}" alt="{html.escape(description)}" style="max-width:{"none" if wide else "100%"}">'
    return f'<div style="overflow-x:auto">{drawn}</div>' if wide else drawn


def plain(data: Any) -> Any:
    """`data` with the numbers JSON does not know as strings; JavaScript's `Number` reads them back."""
    if isinstance(data, dict):
        return {key: plain(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [plain(item) for item in data]
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if data != data else "Infinity" if data > 0 else "-Infinity"
    return data


def json_text(data: Any) -> str:
    """`data` as JSON that cannot end the element, or the comment, it stands in.

    >>> json_text({"name": "</script>", "x": float("-inf")})
    '{"name":"\\\\u003c/script\\\\u003e","x":"-Infinity"}'
    """
    text = json.dumps(plain(data), ensure_ascii=False, separators=(",", ":"))
    return in_any_file(text.replace("<", "\\u003c").replace(">", "\\u003e"))


def interactive(kind: str, fallback: str, data: Any, scripts: list[str], heading: str) -> str:
    """A piece of HTML that starts as `fallback` and is taken over by its script where scripts run.

    The last of `scripts` defines `start(host, data, style)`, which draws into the shadow root of its host: the
    style of a notebook does not reach in there, nor this style out. Data and code stand in HTML comments, as once for
    browsers without scripts: a sanitizer that takes the tags away and leaves their content, nbconvert's, takes comments
    away too. With a `heading` it is a whole page, and without one a part of a notebook.
    """
    if heading:
        fallback = f"<h1>{html.escape(heading)}</h1>\n{fallback}"
    style, content = json_text(asset("page.css") + asset(f"{kind}.css")), json_text(data)
    id = hashlib.sha256(content.encode()).hexdigest()[:12]  # one page may hold several, and one several times
    taking_over = (
        f"for (const host of document.querySelectorAll(\".stepgrad-{kind}[data-id='{id}']:not([data-live])\")) {{\n"
        '  host.dataset.live = "";\n'
        "  const data = host.querySelector(\"script[type='application/json']\").textContent.slice(4, -3);\n"
        f"  start(host, JSON.parse(data), {style});\n"
        "}"
    )
    code = "\n".join(['(() => {\n"use strict";', asset("page.js"), *scripts, taking_over, "})();"])
    return (
        f'<div class="stepgrad-{kind}" data-id="{id}"{" data-page" if heading else ""}>\n{in_any_file(fallback)}\n'
        f'<script type="application/json"><!--{content}--></script>\n'
        f"<script><!--\n{code}\n//--></script>\n</div>"
    )


def document(title: str, language: str, body: str) -> str:
    """The whole file. Its policy forbids every request, should a label smuggle one in."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    unscripted = (
        "body { margin: 0; font-family: system-ui, sans-serif } [data-page]:not([data-live]) { padding: 12px 16px }"
        " h1 { font-size: 1.3rem } @media print { img { max-width: 100% !important; max-height: 92vh } }"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{html.escape(title)}</title>\n<style>{unscripted}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
