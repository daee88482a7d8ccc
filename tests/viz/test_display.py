"""What a notebook gets: every form bounded, a text always, an exception never."""

from html import unescape

import pytest

from autograd import Value
from autograd.viz import explain, step_through, trace
from autograd.viz.display import MOST_BYTES, markdown, mimebundle


class Broken:
    def __repr__(self):
        raise ValueError("half built")


def test_what_fails_is_told_and_the_rest_is_shown():
    bundle = mimebundle([1], {"text/html": lambda: 1 / 0, "text/markdown": lambda: "**1**"})
    assert bundle == {"text/plain": "[1], which could not be rendered: division by zero", "text/markdown": "**1**"}


def test_a_broken_repr_has_a_text_too():
    assert mimebundle(Broken(), {}) == {"text/plain": "<Broken>, which could not be rendered: half built"}


def test_what_is_too_large_is_left_out_with_advice():
    bundle = mimebundle([1], {"text/html": lambda: "é" * (MOST_BYTES // 2 + 1)}, "; save it")
    assert bundle == {"text/plain": "[1]: too large to show here; save it"}
    fits = "é" * (MOST_BYTES // 2)
    assert mimebundle([1], {"text/html": lambda: fits})["text/html"] == fits


@pytest.mark.parametrize("text", [
    "a_b_c", "_a_", "*a*", "`x`", "<b>x</b>", "&lt;", "[x](y)", "\\*", "a|b", "1 < 2 & 3 > 2", "![i](j)", "$x$",
])  # fmt: skip
def test_markdown_means_just_the_text(text):
    """Read by the Markdown parser that nbconvert brings along: no markup, and the reader sees the text."""
    (paragraph,) = pytest.importorskip("mistune").create_markdown(renderer="ast")(markdown(text))
    assert {part["type"] for part in paragraph["children"]} == {"text"}
    assert unescape("".join(part["raw"] for part in paragraph["children"])) == text


@pytest.mark.parametrize("view", [trace, step_through, lambda v: explain(v, v.args[0])])
def test_a_text_of_what_was_broken_since_is_no_exception(view):
    w = Value(2.0, label="w")
    shown = view(w * 3.0)
    w.data = None
    assert str(shown).startswith(f"{shown!r}, which could not be rendered: ")
    assert shown._repr_mimebundle_()["text/plain"].count("could not be rendered") == 1


def test_one_is_one():
    x = Value(2.0)
    assert repr(trace(x)) == "<Trace of 1 row>"
    assert repr(step_through(x)).startswith("<Stepper: 0 forward and 1 backward step of ")
    assert "the 1 node nearest to the result" in (x * 2.0 + x).draw(max_nodes=1).picture.notes[-1]
