"""Everything that a notebook user meets has a text, a page and a picture: well formed, escaped, small and soon."""

import math
from xml.etree import ElementTree

import pytest

import nn
from autograd import Value
from autograd import sum as sum_of
from autograd.viz import explain, step_through, trace
from nn.history import History
from tests.viz.forms import MAKE, SVG, TABLES, words

LABELS = ['<u>&"\'', "\x00\ud800\x1b", "word " * 2_000, "]]></style></svg>"]
SAYS_LESS = [("drawing", "text/html"), ("value of a network", "text/html"), ("history", "image/svg+xml")]
NUMBERS = [0.5, 1e300, -1e-300, math.inf, -math.inf, math.nan]


def forms(thing):
    """The three forms, and the root of the picture."""
    bundle = thing._repr_mimebundle_()
    assert "could not be rendered" not in bundle["text/plain"] and "too large" not in bundle["text/plain"]
    return bundle["text/plain"], bundle["text/html"], ElementTree.fromstring(bundle["image/svg+xml"])


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("number", NUMBERS)
def test_each_has_three_forms_whatever_the_number(make, number):
    _, _, picture = forms(make("x", number))
    assert picture.tag == f"{SVG}svg" and picture.get("role") == "img"
    assert (picture.get("aria-label") or picture.find(f"{SVG}title").text).strip()
    assert not [text.text for text in picture.iter(f"{SVG}text") if "object at 0x" in (text.text or "")]


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("label", LABELS)
def test_each_is_well_formed_whatever_the_label(make, label):
    _, page, picture = forms(make(label, 0.5))
    assert "<u>" not in page and "</svg>" not in page and "]]>" not in page
    assert picture.find(f".//{SVG}u") is None and len(list(picture.iter(f"{SVG}style"))) == 1


@pytest.mark.parametrize("name", MAKE)
def test_the_label_is_there_to_be_read(name):
    shown = MAKE[name]('<u>&"', 0.5)
    for kind, form in shown._repr_mimebundle_().items():
        if kind != "text/plain" and (name, kind) not in SAYS_LESS:
            assert '<u>&"' in words(form, kind)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_table_says_the_same_word_for_word_as_page_and_as_picture(name, number):
    bundle = MAKE[name]("a label", number)._repr_mimebundle_()
    assert words(bundle["image/svg+xml"], "image/svg+xml") == words(bundle["text/html"], "text/html") != ""


def chain(length):
    v = Value(1.0)
    for _ in range(length):
        v = v * 0.5
    return v


def of_many_epochs():
    made = History()
    for epoch in range(100_000):
        made.append(epoch=epoch, loss=1.0 / (epoch + 1))
    return made


@pytest.mark.parametrize("make", [
    lambda: chain(100_000), lambda: trace(chain(10_000)), lambda: step_through(chain(10_000)),
    lambda: explain(chain(5_000), chain(1)), lambda: sum_of([Value(1.0) for _ in range(20_000)]), of_many_epochs,
    lambda: nn.Sequential(*(nn.Tanh() for _ in range(2_000))),
], ids=["value", "trace", "stepper", "explanation", "sum", "history", "module"])  # fmt: skip
def test_each_is_small_however_large_the_thing(make):
    for text in make()._repr_mimebundle_().values():
        assert len(text) < 200_000
