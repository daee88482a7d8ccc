"""The film in a real browser, offline: what each frame shows is what was recorded."""

import math

import pytest

import nn
from autograd import Value, scope
from autograd.viz import Film
from autograd.viz.figures import figure
from autograd.viz.film_chart import curve
from nn.data import moons
from tests.viz.chromium import Sheet, english


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    data, new = moons(24, seed=1), moons(12, seed=2)
    model = nn.MLP(2, [4, 2], activation="tanh", seed=1)
    history = nn.fit(
        model, data.features, data.labels, epochs=6, batch_size=8, validation=(new.features, new.labels),
        callbacks=[nn.Filming(resolution=10)], progress=False,
    )  # fmt: skip
    made = nn.film(history)
    return made, made.save_html(tmp_path_factory.mktemp("film") / "film.html")


def test_every_frame_shows_what_was_recorded(browser, film):
    film, path = film
    marks = dict(zip([frame.iteration for frame in film.frames], curve(film).marks, strict=True))
    with Sheet(browser, path) as sheet:
        page = sheet.page
        sheet.press("Home")
        for frame in film.frames:
            assert page.locator(".counter").inner_text() == f"epoch {frame.iteration}"
            for number in ("loss", "validation loss"):
                shown = page.locator(f".numbers data[class='{number}']").get_attribute("value")
                assert float(shown) == frame.curves[number]
            here = page.locator(".chart .here").evaluate("one => [one.cx, one.cy].map((x) => x.baseVal.value)")
            assert here == pytest.approx(marks[frame.iteration], abs=0.01)
            classes = page.locator(".plane rect:not(.point)").evaluate_all("all => all.map((one) => one.classList[0])")
            assert classes == [f"k{int(cell)}" for row in frame.grid for cell in row]
            for kind in ("gradients", "activations"):
                heights = page.locator(f".{kind} svg").evaluate_all(
                    """all => all.map((one) =>
                        [...one.querySelectorAll("rect")].map((bar) => Number(bar.getAttribute("height"))))"""
                )
                counts = page.locator(f".{kind} .count").all_inner_texts()
                for layer, bars, count in zip(getattr(frame, kind).values(), heights, counts, strict=True):
                    assert sum(round(bar * bar, 6) for bar in bars) > 0
                    assert sum(bar > 0 for bar in bars) <= len(layer)
                    assert count == f"{len(layer)} numbers"
            sheet.press("ArrowRight")


def test_the_graph_changes_with_the_frame(browser, film):
    film, path = film
    with Sheet(browser, path) as sheet:
        texts = lambda: sheet.page.locator(".sample_graph .grad").all_text_contents()
        sheet.press("Home")
        first = texts()
        sheet.press("End")
        last = texts()
        assert len(first) == len(last) > 5
        assert first != last
        root = film.graph.nodes[-1]
        shown = sheet.page.locator(f"#{root.id} .data").text_content()
        assert float(shown) == pytest.approx(film.frames[-1].nodes[-1].data, abs=1e-4)  # four decimals are drawn


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_plays(browser, film, width, scheme):
    _, path = film
    with Sheet(browser, path, width=width, scheme=scheme, clock=True) as sheet:
        assert sheet.overflow() <= 0
        sheet.press("Home", " ")
        sheet.page.clock.run_for(600)
        assert sheet.page.locator(".counter").inner_text() == "epoch 3"


def test_chinese(browser, film):
    _, path = film
    with Sheet(browser, path) as sheet:
        sheet.page.locator("select.language").select_option("zh")
        assert sheet.page.locator("main h1").inner_text() == "训练的影片"
        assert sheet.page.locator(".counter").inner_text() == "轮次 6"
        assert sheet.page.title() == "训练的影片"
        names = {"layer", "neuron", "mean", "cross_entropy", "tanh", "dot"}
        assert english(sheet, "main") <= names | {"English", "language"}
        sheet.page.locator("select.language").select_option("en")
        assert {"loss", "epoch", "parameters", "edges", "class", "numbers"} <= english(sheet, "main")


def test_what_is_not_finite_is_told(browser, tmp_path):
    film = Film()
    for step, x in enumerate([0.5, math.inf]):
        w = [Value(1.0, label="w"), Value(2.0, label="v")]
        for one in w:
            one.scope = "layer0/neuron0"
        with scope("layer0/neuron0"):
            loss = w[0] * x + w[1] * 0.5
        film.record(step, {"loss": loss.data}, loss)
    with Sheet(browser, film.save_html(tmp_path / "film.html")) as sheet:
        assert sheet.page.locator(".gradients .count").inner_text() == "2 numbers, 1 of them not finite"
        sheet.press("Home")
        assert sheet.page.locator(".gradients .count").inner_text() == "2 numbers"


@pytest.mark.parametrize("width", [1280, 400])
def test_the_scrubber_stays_in_sight(browser, film, width):
    _, path = film
    with Sheet(browser, path, width=width, height=800) as sheet:
        assert sheet.page.locator(".loss_curve, .answers, .gradients, .activations").evaluate_all(
            "all => new Set(all.map((one) => one.offsetTop)).size") == (1 if width == 1280 else 4)
        sheet.page.locator("main > .hint").scroll_into_view_if_needed()
        assert sheet.page.evaluate("scrollY") > 0
        assert 0 <= sheet.page.locator("input[type=range]").bounding_box()["y"] < 120


def test_the_graph_is_not_cut_and_can_be_seen_whole(browser, film):
    _, path = film
    with Sheet(browser, path, width=400, height=700) as sheet:
        button, frame, drawn = (sheet.page.locator(where) for where in ("button.fit", ".drawing", ".drawing svg"))
        tall, before = int(float(drawn.get_attribute("height"))), drawn.bounding_box()
        assert before["height"] > tall - 1 and frame.evaluate("one => one.scrollHeight - one.clientHeight") == 0
        assert before["width"] > frame.bounding_box()["width"]
        heading, beside = sheet.page.locator(".sample_graph h2").bounding_box(), button.bounding_box()
        assert heading["x"] + heading["width"] <= beside["x"] or heading["y"] + heading["height"] <= beside["y"]
        button.click()
        inside, outside = drawn.bounding_box(), frame.bounding_box()
        assert outside["x"] <= inside["x"] < inside["x"] + inside["width"] <= outside["x"] + outside["width"]
        assert inside["height"] < 700 and button.get_attribute("aria-pressed") == "true"
        assert sheet.overflow() <= 0
        button.click()
        assert drawn.bounding_box()["width"] == before["width"]
        sheet.page.locator("select.language").select_option("zh")
        assert button.inner_text() == "显示全图"
    with Sheet(browser, path, width=2000, height=1500) as sheet:
        sheet.page.wait_for_timeout(100)
        assert not sheet.page.locator("button.fit").is_visible()  # all of it is in sight


def test_the_plane_has_axes_and_a_legend(browser, film):
    film, path = film
    with Sheet(browser, path) as sheet:
        left, right, bottom, top = [figure(bound, 3) for bound in film.bounds]
        ends = sheet.page.locator(".axes .ends").evaluate_all(
            "all => all.map((one) => [...one.children].map((end) => end.textContent))"
        )
        assert ends == [[top, "x₂", bottom], [left, "x₁", right]]
        assert sheet.page.locator(".legend").inner_text().split() == ["class", "0", "class", "1"]
        signs = sheet.page.locator(".legend .point").evaluate_all(
            "all => all.map((one) => [one.tagName, getComputedStyle(one).fill])"
        )
        assert len({form for form, _ in signs}) == len({colour for _, colour in signs}) == 2


def test_without_scripts_there_are_the_curve_the_graph_and_the_numbers(browser, film):
    _, path = film
    with Sheet(browser, path, scripts=False) as sheet:
        assert sheet.page.locator("img").count() == 2
        assert sheet.page.locator("h1").inner_text() == "A film of training"
        sheet.page.locator("summary").click()
        assert "validation loss" in sheet.page.locator("pre").inner_text()


def test_nothing_of_the_curves_is_clipped(browser, tmp_path):
    film = Film(unit="iteration")
    for i in range(40):
        film.record(i, {"loss": 10.0 ** (1 - i / 6), "a very long name of a curve that nobody needs": 1.0})
    with Sheet(browser, film.save_html(tmp_path / "film.html"), width=400) as sheet:
        outside = sheet.page.locator(".chart svg").evaluate(
            """svg => {
                const place = (one) => one.getBoundingClientRect(), frame = place(svg), out = (text) =>
                    text.left < frame.left || text.right > frame.right || text.bottom > frame.bottom;
                return [...svg.querySelectorAll("text")].filter((one) => out(place(one))).map((one) => one.textContent);
            }"""
        )
        assert outside == []
        assert sheet.overflow() <= 0
