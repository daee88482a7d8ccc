"""One table, three ways to write it."""

from xml.etree import ElementTree

import pytest

from autograd.viz.table import Table, both_ends
from autograd.viz.table_svg import GAP, PAD, READABLE, WIDEST
from autograd.viz.text import columns
from tests.viz.forms import SVG, words


def table(**options):
    rows = [["a", "1", "  x = <y>\n= 2"], ["权重", "-23.5", "a long formula " * 20]]
    return Table(["name", "value", "made"], rows, "lrl", **options)


def texts(drawn):
    return [
        (text.text, float(text.get("x")), float(text.get("y")), text.get("text-anchor"), text.get("style"))
        for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")
    ]


def test_words_stand_on_the_left_and_numbers_on_the_right():
    lines = Table(["name", "value"], [["a", "1"], ["权重", "-23.5"]], "lr").text(rule=True).splitlines()
    assert lines == ["name  value", "----  -----", "a         1", "权重  -23.5"]
    assert {columns(line) for line in lines} == {11}
    found = texts(table().svg("x"))
    ends = {x for text, x, _, anchor, _ in found if anchor == "end"}
    assert len(ends) == 1 and [text for text, _, _, anchor, _ in found if anchor] == ["value", "1", "-23.5"]
    assert table().html().count("text-align:right") == 3


def test_caption_notes_and_another_table_follow_one_another():
    shown = table(caption="above", notes=["one", "two"], below=Table(caption="alone", below=table()))
    for kind, form in (("text/html", shown.html()), ("image/svg+xml", shown.svg("x"))):
        read = words(form, kind)
        assert read.startswith("above name value made a 1 x = <y> = 2") and "one two alone name value" in read
    assert shown.text().splitlines()[-2:] == ["one", "two"]


def test_a_cell_is_indented_and_may_have_lines():
    assert "\u00a0\u00a0x = &lt;y&gt;<div>\u00a0\u00a0= 2</div>" in table().html()
    (_, flush, *_), _, _, (_, x, y, *_), (_, left, below, *_) = texts(table().svg("x"))[2:7]
    assert x == left > flush and below > y


def test_a_colour_is_that_of_a_whole_cell():
    shown = Table(["verdict"], [["PASS"], ["PASSED"]], "l", colours={"PASS": "#123456"})
    assert shown.html().count("#123456") == 1
    assert [style for *_, style in texts(shown.svg("x"))] == [None, "fill:#123456;font-weight:700", None]


def test_words_go_on_in_the_next_line_and_the_drawing_is_as_wide_as_it_must_be():
    drawn = ElementTree.fromstring(table().svg("x"))
    assert float(drawn.get("width")) < 2 * PAD + 200 + WIDEST + 2 * GAP
    assert float(ElementTree.fromstring(Table(["a"], [["b"]], "l").svg("x")).get("width")) == READABLE + 2 * PAD
    assert drawn.find(f"{SVG}title").text == "x"


@pytest.mark.parametrize("most", [10, 11, 200])
def test_a_long_table_is_shown_from_both_ends(most):
    looked_at = []
    rows = both_ends(range(1000), most, lambda n: looked_at.append(n) or [str(n), "", ""])
    half = most // 2
    assert [row[0] for row in rows] == [*map(str, range(half)), "…", *map(str, range(1000 - half, 1000))]
    assert rows[half] == ("…", f"{1000 - 2 * half} more", "") and len(looked_at) == 2 * half


def test_a_short_one_and_one_of_a_single_column():
    assert both_ends([1, 2], 2, lambda n: [str(n)]) == [["1"], ["2"]]
    assert both_ends([1, 2, 3], 2, lambda n: [str(n)]) == [["1"], ("…",), ["3"]]
