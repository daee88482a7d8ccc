"""The style sheet of a drawing: the palette of Okabe and Ito, which the colour-blind can tell apart, light and dark."""

SANS = "'Helvetica Neue',Helvetica,Arial,'DejaVu Sans','Noto Sans CJK SC',sans-serif"
MONOSPACE = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Courier New',monospace"

# role -> (fill, outline) of a box; Okabe, Ito 2008: blue 0072B2, orange E69F00, green 009E73, purple CC79A7
LIGHT = {
    "ground": ("#ffffff", "#ffffff"),
    "parameter": ("#fff3dc", "#b87800"),
    "input": ("#e0f0fa", "#0072b2"),
    "constant": ("#f6f6f6", "#8a8a8a"),
    "operation": ("#ffffff", "#5c6670"),
    "result": ("#dff5ee", "#007a59"),
    "group": ("#f8ebf3", "#a3517f"),
    "text": ("#1b1f23", "#59636e"),  # of a label and a number; of what explains it
    "edge": ("#7b8794", "#384049"),  # the line; the number on it
    "now": ("#ffe08a", "#d55e00"),
}
DARK = {
    "ground": ("#14181d", "#14181d"),
    "parameter": ("#3b2d10", "#e69f00"),
    "input": ("#0f2c40", "#56b4e9"),
    "constant": ("#1f242a", "#7f8a96"),
    "operation": ("#1d232a", "#8d99a6"),
    "result": ("#0d3328", "#2fc79b"),
    "group": ("#35202c", "#dd94bb"),
    "text": ("#eef1f4", "#a2adb8"),
    "edge": ("#7b8794", "#d5dbe1"),
    "now": ("#6b4a00", "#ff9a4d"),
}


def css() -> str:
    """The rules, once for light and once for a reader who prefers dark."""
    fixed = (
        f".stepgrad text{{font-family:{SANS};font-size:13px}}"
        f".stepgrad .data,.stepgrad .grad,.stepgrad .count{{font-family:{MONOSPACE};font-size:12px}}"
        ".stepgrad .label,.stepgrad .op{font-weight:700}.stepgrad .key{font-size:10px}.stepgrad .note{font-size:11px}"
        ".stepgrad .partial{font-size:10.5px}.stepgrad .line{fill:none;stroke-width:1.3}"
        ".stepgrad .shape{stroke-width:1.4}.stepgrad .constant .shape{stroke-dasharray:3 2}"
        ".stepgrad .constant .line{stroke-dasharray:3 3}.stepgrad .ring{fill:none;stroke-width:1}"
        ".stepgrad .dim{opacity:.3}.stepgrad .now .shape{stroke-width:2.8}.stepgrad .now .line{stroke-width:2.8}"
    )
    return f"{fixed}{_colours(LIGHT)}@media (prefers-color-scheme:dark){{{_colours(DARK)}}}"


def _colours(palette: dict[str, tuple[str, str]]) -> str:
    (text, faint), (line, number), (light, strong) = palette["text"], palette["edge"], palette["now"]
    ground = palette["ground"][0]
    rules = [
        f".stepgrad .ground,.stepgrad .plate{{fill:{ground}}}",
        f".stepgrad text{{fill:{text}}}.stepgrad .key,.stepgrad .note{{fill:{faint}}}",
        f".stepgrad .name,.stepgrad .unknown{{fill:{faint}}}",
        f".stepgrad .line{{stroke:{line}}}.stepgrad .head{{fill:{line}}}.stepgrad .partial{{fill:{number}}}",
    ]
    for kind in ("parameter", "input", "constant", "operation", "result", "group"):
        fill, outline = palette[kind]
        rules.append(f".stepgrad .{kind} .shape,.stepgrad .{kind} .sheet{{fill:{fill};stroke:{outline}}}")
    rules += [
        f".stepgrad .result .ring{{stroke:{palette['result'][1]}}}",
        f".stepgrad .bar{{fill:{palette['parameter'][1]}}}",
        f".stepgrad .now .shape{{fill:{light};stroke:{strong}}}",
        f".stepgrad .now .line{{stroke:{strong}}}",
        f".stepgrad .now .head,.stepgrad .now .partial{{fill:{strong}}}",
    ]
    return "".join(rules)
