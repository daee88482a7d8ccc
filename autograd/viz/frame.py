"""What every drawing begins and ends with: its size, what it is called, its colours, its ground."""

from collections.abc import Iterable
from html import escape

from autograd.viz.style import css


def framed(lines: Iterable[str], title: str, wide: float, tall: float, kind: str = "", style: str = "") -> str:
    """The lines of SVG as a whole file. `title` is what a reader hears who cannot see it; `kind`, a class for `style`.

    >>> framed(['<text y="9">hello</text>'], "a greeting", 40, 12).splitlines()[1]
    '<title>a greeting</title>'
    """
    box = f'width="{px(wide)}" height="{px(tall)}"'
    classes = f"stepgrad {kind}".strip()
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{classes}" role="img" {box}'
        f' viewBox="0 0 {px(wide)} {px(tall)}" style="max-width:100%;height:auto">',
        f"<title>{escape(title)}</title>",
        f"<style>{css()}{style}</style>",
        f'<rect class="ground" {box} rx="6"/>',
        *lines, "</svg>", "",
    ])  # fmt: skip


def px(x: float) -> str:
    """A coordinate: tenths of a pixel, no trailing zeros, no minus zero.

    >>> px(12.04), px(3.14), px(-0.01)
    ('12', '3.1', '0')
    """
    text = f"{x:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
