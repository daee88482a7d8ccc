"""How wide a text will be."""

import bisect
import unicodedata

# Widths of ASCII 32..126 in hundredths of the font size: DejaVu Sans, which is at least as wide, letter by letter, as
# the Helvetica, Arial or Segoe that a reader may have instead. What fits here fits there.
_WIDTHS = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34,
    84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99,
    69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52,
    39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
]  # fmt: skip
BOLD = 13.5  # no letter of DejaVu Sans Bold is wider than the regular one by more
MONO = 0.605  # one character of DejaVu Sans Mono, Menlo, Consolas or Courier


def width(text: str, size: float, bold: bool = False) -> float:
    """An upper estimate of the width of `text`, in pixels, at this font size.

    >>> round(width("label", 10), 1), width("梯度", 10)
    (24.2, 20.0)
    """
    return (sum(map(_advance, text)) + (BOLD * len(text) if bold else 0)) / 100.0 * size


def _advance(letter: str) -> int:
    code = ord(letter)
    if 32 <= code < 127:
        return _WIDTHS[code - 32]
    if unicodedata.east_asian_width(letter) in "WF":
        return 100
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":  # joiners
        return 0
    return 85 if letter.islower() else 100


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes.

    >>> columns("grad"), columns("梯度")
    (4, 4)
    """
    return sum(
        0 if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf" else
        2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )  # fmt: skip


def clip(text: str, size: float, most: float, bold: bool = False) -> str:
    """`text` cut to `most` pixels, with an ellipsis where something is missing.

    >>> clip("a very long label", 10, 50)
    'a very l…'
    """
    if width(text, size, bold) <= most:
        return text
    fits = bisect.bisect_right(range(1, len(text)), most, key=lambda n: width(text[:n] + "…", size, bold))
    return text[:fits].rstrip() + "…"


def wrapped(text: str, size: float, most: float, bold: bool = False) -> list[str]:
    """`text` in lines of at most `most` pixels, broken between words; inside a word only where it alone is wider.

    >>> wrapped("one two supercalifragilistic", 10, 60)
    ['one two', 'supercalifra', 'gilistic']
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size, bold) <= most:
            lines[-1] = longer
            continue
        lines += [""] * bool(lines[-1])
        for letter in word:
            if lines[-1] and width(lines[-1] + letter, size, bold) > most:
                lines.append("")
            lines[-1] += letter
    return lines
