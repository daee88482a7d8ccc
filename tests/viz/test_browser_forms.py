"""The pictures of everything that a notebook user meets, as a browser draws them."""

import pytest

from tests.viz.chromium import Sheet
from tests.viz.forms import MAKE, TABLES

BOXES = """picture => {
    const whole = picture.getBoundingClientRect();
    return [...picture.querySelectorAll("text")].map((text) => {
        const box = text.getBoundingClientRect();
        return [text.textContent, box.left - whole.left, box.top - whole.top, box.right - whole.left,
                box.bottom - whole.top, whole.right - box.right, whole.bottom - box.bottom];
    });
}"""
GROUND = """picture => {
    const ground = picture.querySelector(".ground");
    return ground ? getComputedStyle(ground).fill : getComputedStyle(picture).backgroundColor;
}"""


def opened(browser, folder, thing, **options):
    path = folder / "form.html"
    picture = thing._repr_mimebundle_()["image/svg+xml"]
    path.write_text(f"<!doctype html><meta charset=utf-8>{picture}", encoding="utf-8")
    return Sheet(browser, path, **options)


@pytest.mark.parametrize("name", MAKE)
def test_nothing_is_cut_off(browser, tmp_path, name):
    thing = MAKE[name]("a label of a user, " * 4, 1.23456789e-123)
    with opened(browser, tmp_path, thing, width=4000, height=2000) as sheet:
        for text, left, top, _, _, right, bottom in sheet.page.locator("svg").evaluate(BOXES):
            assert min(left, top, right, bottom) >= 0.0, text


@pytest.mark.parametrize("name", TABLES)
def test_no_two_cells_of_a_table_overlap(browser, tmp_path, name):
    thing = MAKE[name]("a label of a user, " * 4, 1.23456789e-123)
    with opened(browser, tmp_path, thing, width=4000, height=2000) as sheet:
        boxes = sheet.page.locator("svg").evaluate(BOXES)
    for k, (text, left, top, right, bottom, *_) in enumerate(boxes):
        for other, x, y, end, foot, *_ in boxes[:k]:
            assert x >= right - 0.1 or end <= left + 0.1 or min(bottom, foot) - max(top, y) < 4.0, (text, other)


@pytest.mark.parametrize("name", ["value", "trace", "film", "history"])  # one of each way to draw
def test_it_is_dark_where_a_reader_prefers_dark_and_fits_a_narrow_window(browser, tmp_path, name):
    grounds = []
    for scheme in ("light", "dark"):
        with opened(browser, tmp_path, MAKE[name]("x", 0.5), width=400, scheme=scheme) as sheet:
            assert sheet.page.evaluate("document.documentElement.scrollWidth") <= 400
            grounds.append(sheet.page.locator("svg").evaluate(GROUND))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 25, 31)" if name == "history" else "rgb(20, 24, 29)"]
