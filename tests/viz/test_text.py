"""The width estimate against the font itself: what the estimate fits into a box is not clipped there."""

import pytest

from autograd.viz.text import MONO, clip, width

PRINTABLE = [chr(code) for code in range(32, 127)]


def advance(font, letter):
    """The width of a letter in hundredths of the font size, from the font file that Matplotlib brings along."""
    from matplotlib.ft2font import FT2Font, LoadFlags

    face = FT2Font(font)
    face.set_size(100, 72)
    return face.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536


@pytest.fixture
def fonts():
    matplotlib = pytest.importorskip("matplotlib")
    folder = matplotlib.get_data_path() + "/fonts/ttf/"
    return lambda style: folder + f"DejaVuSans{style}.ttf"


@pytest.mark.parametrize("letters", [PRINTABLE, list("−×÷∂αβγ…‖∇·²ʸ∞éß")], ids=["ascii", "others"])
def test_no_letter_is_wider_than_its_estimate(fonts, letters):
    for letter in letters:
        # Half a hundredth: the widths in the table are rounded to whole hundredths.
        assert advance(fonts(""), letter) <= width(letter, 100.0) + 0.5, letter
        assert advance(fonts("-Bold"), letter) <= width(letter, 100.0, bold=True) + 0.5, letter
        assert advance(fonts("Mono"), letter) <= 100.0 * MONO, letter


def test_the_estimate_is_not_wasteful(fonts):
    text = "a label of the usual kind, 24.7041"  # regular: bold is estimated by its widest letter
    assert width(text, 100.0) <= 1.02 * sum(advance(fonts(""), letter) for letter in text)


def test_clipping_keeps_within_the_limit():
    for text in ("short", "a very long label that goes on", "权重矩阵的第一行"):
        cut = clip(text, 13.0, 60.0, bold=True)
        assert width(cut, 13.0, bold=True) <= 60.0
        assert cut == text or cut.endswith("…")
    assert clip("WWW", 13.0, 1.0) == "…"
