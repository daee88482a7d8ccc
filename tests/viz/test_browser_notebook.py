"""The same sheet in a notebook: exported and trusted, and where scripts and inline SVG are stripped."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from autograd import Value, tanh
from autograd.viz import Film, draw, explain, step_through
from nn.history import History
from tests.viz.chromium import Sheet
from tests.viz.expressions import readme_of_micrograd
from tests.viz.forms import MAKE, TABLES, words

nbformat = pytest.importorskip("nbformat", reason="pip install 'stepgrad[notebooks]' to test notebooks")
nbconvert = pytest.importorskip("nbconvert", reason="pip install 'stepgrad[notebooks]' to test notebooks")


def export(*shown, **options):
    """A notebook with one cell for each thing shown, as nbconvert writes it; its own libraries left out."""
    v4 = nbformat.v4
    cells = [
        v4.new_code_cell("...", outputs=[v4.new_output("display_data", data=one._repr_mimebundle_())]) for one in shown
    ]
    exporter = nbconvert.HTMLExporter(template_name="basic", **options)
    body, _ = exporter.from_notebook_node(v4.new_notebook(cells=cells))
    return f"<!DOCTYPE html><meta charset=utf-8><title>notebook</title>{body}"


KEPT = {"img": ("src", "alt", "style"), "div": ("class",)} | dict.fromkeys(
    ["p", "b", "details", "summary", "pre", "table", "thead", "tbody", "tr", "th", "td"], ()
)


class Sanitizer(HTMLParser):
    """What an untrusted view leaves of an output: no script, style or inline SVG, images with their data."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.kept, self.dropping = [], ""

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "style", "svg"):
            self.dropping = self.dropping or tag
        elif not self.dropping and tag in KEPT:
            allowed = "".join(f' {name}="{value}"' for name, value in attributes if name in KEPT[tag])
            self.kept.append(f"<{tag}{allowed}>")

    def handle_endtag(self, tag):
        if tag == self.dropping:
            self.dropping = ""
        elif not self.dropping and tag in KEPT:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data):
        self.kept += [] if self.dropping else [data]

    def handle_entityref(self, name):
        self.handle_data(f"&{name};")

    def handle_charref(self, name):
        self.handle_data(f"&#{name};")


def sanitized(fragment):
    sanitizer = Sanitizer()
    sanitizer.feed(fragment)
    return "<!DOCTYPE html><meta charset=utf-8>" + "".join(sanitizer.kept)


def test_a_trusted_notebook_with_several_sheets(browser, tmp_path):
    _, _, g = readme_of_micrograd()
    x = Value(0.5, label="x")
    sheets = [step_through(g), step_through(tanh(x)), step_through(tanh(x))]
    path = tmp_path / "notebook.html"
    path.write_text(export(*sheets), encoding="utf-8")
    with Sheet(browser, path) as sheet:
        hosts = sheet.page.locator(".stepgrad-stepper[data-live]")
        assert hosts.count() == 3
        assert sheet.page.locator("img:visible").count() == 0  # the sheet has taken over
        for number, stepper in enumerate(sheets):
            host = hosts.nth(number)
            host.locator("button.last").click()
            for row, (value, gradient) in _rows(host).items():
                node = next(node for node, name in stepper.names.items() if name == row)
                assert (value, gradient) == (node.data, stepper.gradients[node])
        hosts.nth(1).get_by_role("textbox", name="x").fill("0.25")
        sheet.press("Enter")
        assert _rows(hosts.nth(1))["v1"][0] == pytest.approx(tanh(0.25), rel=1e-12)
        assert _rows(hosts.nth(2))["v1"][0] == tanh(0.5)
        hosts.nth(1).locator("button.first").click()
        sheet.press("ArrowRight")  # keys belong to the sheet that has the focus
        assert [hosts.nth(i).locator(".counter").inner_text()[:6] for i in (1, 2)] == ["step 2", "step 3"]


def _rows(host):
    return {
        name: (float(data), float(gradient))
        for name, data, gradient in host.locator("tbody").evaluate(
            """body => [...body.rows].map((row) => [row.querySelector("th").textContent,
                (row.querySelector(".data input") ?? row.querySelector(".data data")).title,
                row.querySelector(".gradient data").title])"""
        )
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_untrusted_view_has_the_drawing_and_the_steps(browser, tmp_path, scheme):
    _, _, g = readme_of_micrograd()
    stepper = step_through(g)
    path = tmp_path / "untrusted.html"
    path.write_text(sanitized(stepper._repr_mimebundle_()["text/html"]), encoding="utf-8")
    assert "script" not in path.read_text(encoding="utf-8")
    with Sheet(browser, path, scheme=scheme, scripts=False) as sheet:
        image = sheet.page.locator("img")
        assert image.bounding_box()["width"] > 600
        assert image.get_attribute("alt") == "The computation graph of g"
        assert image.screenshot() != sheet.page.locator("summary").screenshot()
        assert not sheet.page.locator("pre").is_visible()
        sheet.page.locator("summary").click()
        assert sheet.page.locator("pre").inner_text().strip() == str(stepper).strip()


def test_a_page_without_scripts_has_a_heading_and_a_drawing_that_is_scrolled_and_printed_whole(browser, tmp_path):
    path = step_through(readme_of_micrograd()[2]).save_html(tmp_path / "sheet.html")
    with Sheet(browser, path, width=400, scripts=False) as sheet:
        assert sheet.page.locator("h1").inner_text() == "g, step by step"
        assert sheet.page.locator("img").bounding_box()["height"] > 400
        assert sheet.overflow() <= 0
        sheet.page.emulate_media(media="print")
        assert sheet.page.locator("img").bounding_box()["width"] <= 400


def trained():
    history = History()
    for epoch in range(1, 31):
        history.append(epoch=epoch, loss=1 / epoch)
    return history


@pytest.mark.parametrize("make", [
    lambda: step_through(tanh(Value(0.5))), lambda: draw(tanh(Value(0.5)), engine="builtin"), trained,
], ids=["stepper", "drawing", "history"])  # fmt: skip
def test_the_drawing_of_the_untrusted_view_is_really_drawn(browser, tmp_path, make):
    """An image that cannot be read has no natural size."""
    path = tmp_path / "untrusted.html"
    path.write_text(sanitized(make()._repr_mimebundle_()["text/html"]), encoding="utf-8")
    with Sheet(browser, path) as sheet:
        assert sheet.page.locator("img").evaluate("image => image.complete && image.naturalWidth") > 100


@pytest.mark.parametrize("strip", [False, True])
def test_a_sanitized_export_keeps_the_steps_and_no_code(browser, tmp_path, strip):
    """nbconvert's own sanitizer knows neither images nor <details>. It writes their tags out, or strips them away."""
    stepper = step_through(tanh(Value(0.5, label="x")))
    path = tmp_path / "sanitized.html"
    sanitizer = pytest.importorskip("nbconvert.preprocessors.sanitize").SanitizeHTML(enabled=True, strip=True)
    options = {"preprocessors": [sanitizer]} if strip else {"sanitize_html": True}
    path.write_text(export(stepper, **options), encoding="utf-8")
    with Sheet(browser, path, scripts=False) as sheet:
        shown = sheet.page.locator(".output_html").inner_text()
        if strip:  # <pre> too
            assert shown.split() == ["The", "3", "steps", "as", "text", *str(stepper).split()]
        else:
            summary, _, _ = shown.partition(str(stepper).strip())
            assert summary.strip() == "<details><summary>The 3 steps as text</summary>"
        assert not {"function", "const", "document", "u003c", "templates"} & set(re.findall(r"\w+", shown))
        assert sheet.page.locator("script, img").count() == 0


@pytest.mark.parametrize("name", [*TABLES, "value", "history"])
def test_a_sanitized_export_shows_tables_as_tables(browser, tmp_path, name):
    """It writes out the one tag that it adds itself, and the source of an image."""
    shown = MAKE[name]("a label", 0.5)
    path = tmp_path / "sanitized.html"
    path.write_text(export(shown, sanitize_html=True), encoding="utf-8")
    with Sheet(browser, path, scripts=False) as sheet:
        output = sheet.page.locator(".output_html")
        read = " ".join(re.sub("<img [^>]*>|</?tbody>", "", words(output.inner_html(), "text/html")).split())
        assert read == words(shown._repr_mimebundle_()["text/html"], "text/html")
        assert output.locator("td").count() > 4 and "<" not in read


def filmed(language="en"):
    film, w = Film(unit="epoch", language=language), Value(1.0, label="w")
    for epoch in range(3):
        loss = (w * 2.0 - 1.0) ** 2
        film.record(epoch, {"loss": loss.data}, loss)
        w.data -= 0.1
    return film


def test_a_sanitized_export_of_a_film_keeps_its_table_and_no_code(browser, tmp_path):
    path = tmp_path / "sanitized.html"
    path.write_text(export(filmed(), sanitize_html=True), encoding="utf-8")
    with Sheet(browser, path, scripts=False) as sheet:
        shown = sheet.page.locator(".output_html").inner_text()
        assert "epoch  loss\n    0     1\n    1  0.64\n    2  0.36" in shown
        assert not {"function", "const", "document", "u003c", "iteration"} & set(re.findall(r"\w+", shown))


@pytest.mark.parametrize("make", [lambda: step_through(tanh(Value(0.5, label="x")), "zh"), lambda: filmed("zh")])
def test_the_untrusted_view_speaks_chinese(browser, tmp_path, make):
    """The words of the page and in the drawing; the names of curves and operations stay."""
    path = tmp_path / "untrusted.html"
    path.write_text(sanitized(make()._repr_mimebundle_()["text/html"]), encoding="utf-8")
    with Sheet(browser, path, scripts=False) as sheet:
        assert re.findall("[A-Za-z]{2,}", sheet.page.locator("summary").inner_text()) == []
        images = sheet.page.locator("img").evaluate_all("all => all.map((one) => [one.alt, one.src])")
        for alt, source in images:
            assert re.findall("[A-Za-z]{2,}", alt) == []
            words = re.findall(r"<text[^>]*>([^<]*)</text>", unquote(source))
            assert set(re.findall("[A-Za-z]{2,}", " ".join(words))) <= {"tanh"}


def test_an_explanation_in_a_notebook(browser, tmp_path):
    a, _, g = readme_of_micrograd()
    path = tmp_path / "explained.html"
    path.write_text(export(explain(g, a)), encoding="utf-8")
    with Sheet(browser, path) as sheet:
        assert explain(g, a).line in sheet.page.locator("body").inner_text()
        assert sheet.page.locator("tbody").first.locator("tr").count() == 12
