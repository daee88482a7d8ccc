"""What a notebook gets: every form bounded, a text always, an exception never."""

from autograd.viz.display import MOST_BYTES, mimebundle


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
