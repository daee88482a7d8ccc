"""How the saved sheet looks in a real browser: all fits, light and dark, wide and narrow, in both languages."""

import re

import pytest

from autograd import Value, dot
from autograd.viz import draw, step_through
from autograd.viz.strings import STRINGS
from tests.viz.chromium import Sheet, english
from tests.viz.expressions import readme_of_micrograd


@pytest.mark.parametrize("width", [1280, 400])
def test_long_names_run_over_nothing(browser, tmp_path, width):
    xs = [Value(0.1 * i, label=f"the_weight_of_the_connection_number_{i}_in_the_second_layer") for i in range(6)]
    y = dot(xs, xs).tanh()
    y.label = "a_loss_with_a_rather_long_name_that_nobody_should_give"
    with Sheet(browser, step_through(y).save_html(tmp_path / "long.html"), width=width) as sheet:
        for place in (0, 1, 2, 3, 4):
            sheet.page.locator("input[type=range]").fill(str(place))
            assert sheet.overflow() <= 0


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_runs_over_its_frame(browser, tmp_path, width, language):
    _, _, g = readme_of_micrograd()
    with Sheet(browser, step_through(g, language).save_html(tmp_path / "g.html"), width=width) as sheet:
        for place in (0, 20, 25, 30, 58):
            sheet.page.locator("input[type=range]").fill(str(place))
            assert sheet.overflow() <= 0


def test_dark_mode_has_dark_paper_and_light_ink(browser, readme):
    _, path = readme
    brightness = {}
    for scheme in ("light", "dark"):
        with Sheet(browser, path, scheme=scheme) as sheet:
            brightness[scheme] = sheet.page.evaluate(
                """() => { const style = getComputedStyle(document.querySelector(".stepgrad-stepper"));
                    return [style.backgroundColor, style.color].map((c) => Number(c.match(/\\d+/)[0])); }"""
            )
    assert brightness["light"][0] > 200 > 60 > brightness["light"][1]
    assert brightness["dark"][0] < 60 < 200 < brightness["dark"][1]


def test_everything_on_the_chinese_sheet_is_chinese(browser, tmp_path):
    """What is written, spoken or under the mouse, at every step and after good and bad input; names stay names."""
    _, _, g = readme_of_micrograd()
    names = {"Python", "if", "English", "language", "relu", "neg", "add", "sub", "mul", "div", "pow", "Home", "End",
             "Esc"}  # fmt: skip
    with Sheet(browser, step_through(g, "zh").save_html(tmp_path / "x.html")) as sheet:
        assert sheet.page.title() == "g：一步一步看"
        for place in range(len(step_through(g))):
            sheet.page.locator("input[type=range]").fill(str(place))
            assert english(sheet, "main") <= names, place
        for text in ("", "12x", "1e999", "5"):
            sheet.type("a", text)
            assert english(sheet, "main") - names <= {"x", "inf"}, text
        sheet.page.locator("button.play").click()
        assert english(sheet, "main") <= names
        assert sheet.page.locator("html").get_attribute("lang") == "zh"
        sheet.page.locator("select.language").select_option("en")
        assert sheet.page.title() == "g, step by step"
        assert sheet.page.locator("html").get_attribute("lang") == "en"
        text = sheet.page.locator("main").inner_text()
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in text.replace("中文", ""))


def test_every_chinese_sentence_is_chinese():
    """No English word but what is typed as it stands."""
    calls = {"stepper", "draw", "collapse", "step_through", "autograd", "composite", "True"}
    code = calls | {"Python", "if", "inf", "Home", "End", "Esc"}
    for key, sentence in STRINGS["zh"].items():
        assert set(re.findall("[A-Za-z_]{2,}", re.sub(r"{\w+}", "", sentence))) <= code, key


def test_a_label_cannot_become_code(browser, tmp_path):
    x = Value(3.0, label="</script><img src=http://127.0.0.1:9/x onerror=alert(1)>{0}&")
    y = x * x
    y.label = "<b>y"
    with Sheet(browser, step_through(y).save_html(tmp_path / "x.html")) as sheet:
        sheet.press("End")
        assert sheet.numbers()[f"“{x.label}”"] == (3.0, 6.0)
        assert sheet.page.locator("main h1").inner_text() == "“<b>y”, step by step"


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_lies_on_the_drawing(browser, readme, width):
    """Scrolled to its end, the whole of the drawing is the topmost thing in its frame."""
    with Sheet(browser, readme[1], width=width) as sheet:
        sheet.press("End")
        assert sheet.page.locator("button.fit").is_visible()
        covered = sheet.page.locator(".drawing").evaluate("""box => {
            box.scrollTo(box.scrollWidth, box.scrollHeight);
            const { left, right, top, bottom } = box.getBoundingClientRect(), root = box.getRootNode();
            const found = [];
            for (let x = left + 3; x < right; x += 10) for (let y = top + 3; y < Math.min(bottom, innerHeight); y += 5)
                if (!box.contains(root.elementFromPoint(x, y))) found.push([x, y]);
            return found;
        }""")
        assert covered == []


@pytest.mark.parametrize("height", [900, 768])
def test_the_picture_and_the_numbers_of_a_step_are_seen_together(browser, readme, height):
    stepper, path = readme
    with Sheet(browser, path, height=height) as sheet:
        for place, step in enumerate(stepper):
            seen = sheet.page.locator(".drawing").evaluate(
                """(box) => {
                    const place = (one) => one.getBoundingClientRect(), frame = place(box), inside = (one) =>
                        place(one).left >= frame.left && place(one).right <= frame.right &&
                        place(one).top >= frame.top && place(one).bottom <= frame.bottom;
                    return [frame.top, place(box.getRootNode().querySelector(".panel")).bottom,
                        inside(box.querySelector(".node.now")), [...box.querySelectorAll(".giving")].every(inside)];
                }"""
            )
            assert seen[0] >= 0
            assert seen[1] <= height, f"step {place} is cut off"
            assert seen[2], f"the receiver of step {place} is out of sight"
            assert seen[3] or step.phase == "forward", f"the giver of step {place} is out of sight"
            sheet.press("ArrowRight")
        assert sheet.page.evaluate("scrollY") == 0


def test_the_step_stays_in_sight_when_the_window_changes(browser, readme):
    seen = """box => { const place = (one) => one.getBoundingClientRect(), frame = place(box), now = place(
        box.querySelector(".node.now")); return now.left >= frame.left && now.right <= frame.right; }"""
    with Sheet(browser, readme[1], width=2400, height=1400) as sheet:
        for place in (0, 20, 64):
            sheet.page.locator("input[type=range]").fill(str(place))
            for width in (500, 2400, 700):
                sheet.page.set_viewport_size({"width": width, "height": 900})
                sheet.page.wait_for_timeout(100)
                assert sheet.page.locator(".drawing").evaluate(seen), (place, width)


def test_on_a_phone_the_picture_stays_while_the_step_is_read(browser, readme):
    with Sheet(browser, readme[1], width=400, height=800) as sheet:
        sheet.press("End")
        sheet.page.locator("dd.sum").scroll_into_view_if_needed()
        frame, total = (sheet.page.locator(where).bounding_box() for where in (".drawing", "dd.sum"))
        assert frame["y"] >= 0
        assert frame["y"] + frame["height"] < total["y"]
        assert total["y"] + total["height"] < 801  # a frame is drawn on whole pixels


def test_names_from_right_to_left_leave_the_formulas_from_left_to_right(browser, tmp_path):
    weight, gain = Value(3.0, label="משקל"), Value(-2.0, label="قيمة")
    y = (weight * gain + 1.0).tanh() * weight
    y.label = "תוצאה"
    with Sheet(browser, step_through(y).save_html(tmp_path / "x.html")) as sheet:
        for _ in range(len(step_through(y))):
            ends = sheet.page.locator("dd > span:has(> data)").evaluate_all(
                "all => all.map((one) => [one, one.lastChild].map((part) => part.getBoundingClientRect().right))"
            )
            assert ends
            assert all(abs(line - number) < 1.0 for line, number in ends)  # the result stands at the end
            sheet.press("ArrowRight")


A4 = {"width": 718, "height": 1047}  # in pixels, without margins of 10 mm


def test_the_whole_drawing_is_on_one_sheet_of_paper_and_from_above_in_readable_type(browser, tmp_path):
    _, _, g = readme_of_micrograd()
    sizes = {}
    for direction in ("LR", "TB"):
        drawing = draw(g, direction=direction, engine="builtin").save(tmp_path / "d.html")
        for page in (step_through(g, direction=direction).save_html(tmp_path / "g.html"), drawing):
            with Sheet(browser, page, **A4) as sheet:
                sheet.page.emulate_media(media="print")
                drawn = sheet.page.locator("svg")
                box, scale = drawn.bounding_box(), drawn.evaluate("svg => svg.getScreenCTM().a")
                assert box["width"] <= A4["width"] and box["height"] < A4["height"]
                assert box["height"] == pytest.approx(scale * float(drawn.get_attribute("height")), rel=0.01)
                sizes[direction, page.name] = 12 * scale
    assert min(sizes["TB", name] for name in ("g.html", "d.html")) > 7.0 > 1.8 * sizes["LR", "g.html"]


def test_from_above_the_step_stays_in_sight(browser, tmp_path):
    _, _, g = readme_of_micrograd()
    stepper = step_through(g, direction="TB")
    with Sheet(browser, stepper.save_html(tmp_path / "g.html")) as sheet:
        for place in range(0, len(stepper), 7):
            sheet.page.locator("input[type=range]").fill(str(place))
            frame, now = (sheet.page.locator(where).bounding_box() for where in (".drawing", ".node.now"))
            assert frame["y"] <= now["y"] and now["y"] + now["height"] <= frame["y"] + frame["height"]


def test_on_paper_there_is_what_is_on_show_and_nothing_to_press(browser, readme):
    with Sheet(browser, readme[1], width=700) as sheet:
        sheet.press("End")
        sheet.page.emulate_media(media="print")
        frame, drawn = (sheet.page.locator(where).bounding_box() for where in (".drawing", ".drawing svg"))
        assert frame["x"] <= drawn["x"]
        assert drawn["x"] + drawn["width"] <= frame["x"] + frame["width"]
        assert drawn["y"] + drawn["height"] <= frame["y"] + frame["height"]
        shown = sheet.page.locator("button, select, input[type=range]").filter(visible=True).all_inner_texts()
        assert shown == sheet.page.locator("tbody th").all_inner_texts()  # the names
        assert sheet.page.locator(".counter").inner_text() == "step 65 of 65"
        assert sheet.overflow() <= 0


@pytest.mark.parametrize("width", [1280, 400])
def test_the_whole_drawing_on_demand_and_its_full_size_again(browser, readme, width):
    with Sheet(browser, readme[1], width=width) as sheet:
        button, frame, drawn = (sheet.page.locator(where) for where in ("button.fit", ".drawing", ".drawing svg"))
        before = drawn.bounding_box()
        assert before["width"] > frame.bounding_box()["width"]
        button.click()
        inside, outside = drawn.bounding_box(), frame.bounding_box()
        assert outside["x"] <= inside["x"]
        assert inside["x"] + inside["width"] <= outside["x"] + outside["width"]
        assert outside["y"] <= inside["y"] < inside["y"] + inside["height"] <= outside["y"] + outside["height"]
        assert inside["width"] > 0.9 * outside["width"]
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert drawn.bounding_box()["width"] == before["width"]


@pytest.mark.parametrize("width", [1280, 400])
def test_every_number_of_the_table_is_on_one_line_and_whole(browser, tmp_path, width):
    xs = [Value(-0.00912983, label="weight_0"), Value(-1.23457e-11, label="weight_1"), Value(-123456.7, label="w")]
    y = (xs[0] * xs[1] * xs[2]).sin() * -0.000333333
    with Sheet(browser, step_through(y).save_html(tmp_path / "x.html"), width=width) as sheet:
        sheet.press("End")
        lines = sheet.page.locator("td data").evaluate_all("all => all.map((one) => one.getClientRects().length)")
        assert set(lines) == {1}
        cut = sheet.page.locator("td input").evaluate_all("all => all.map((one) => one.scrollWidth - one.clientWidth)")
        assert max(cut) <= 0
