"""The width estimate against the font itself: what the estimate fits into a box is not clipped there."""

import pytest

from autograd.viz.text import MONO, clip, short, width

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


@pytest.mark.parametrize(("x", "text"), [
    (0.0, "0"), (-0.0, "0"), (3.0, "3"), (-2.5, "−2.5"), (138.83381924198252, "138.8338"), (0.1, "0.1"),
    (1 / 3, "0.3333"), (0.00012346, "0.0001235"), (99999.5, "99999.5"), (100000.0, "1e5"), (-1.5e-20, "−1.5e−20"),
    (0.99999999, "1"), (1e-4, "0.0001"), (9.9999e-5, "1e−4"), (float("inf"), "∞"), (float("-inf"), "−∞"),
    (float("nan"), "nan"),
])  # fmt: skip
def test_short_numbers(x, text):
    assert short(x) == text


def test_short_numbers_with_other_precision():
    assert short(0.123456, 2) == "0.12" and short(1234567.0, 2) == "1.2e6"
