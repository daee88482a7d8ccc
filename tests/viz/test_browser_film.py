"""The film in a real browser, offline: what each frame shows is what was recorded."""

import pytest

import nn
from nn.data import moons
from tests.viz.chromium import Sheet


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
    with Sheet(browser, path) as sheet:
        page = sheet.page
        sheet.press("Home")
        for frame in film.frames:
            assert page.locator(".counter").inner_text() == f"epoch {frame.iteration}"
            for number in ("loss", "validation loss"):
                shown = page.locator(f".numbers data[class='{number}']").get_attribute("value")
                assert float(shown) == frame.curves[number]
            classes = page.locator(".plane rect:not(.point)").evaluate_all("all => all.map((one) => one.classList[0])")
            assert classes == [f"k{int(cell)}" for row in frame.grid for cell in row]
            for kind in ("gradients", "activations"):
                heights = page.locator(f".{kind} svg").evaluate_all(
                    """all => all.map((one) =>
                        [...one.querySelectorAll("rect")].map((bar) => Number(bar.getAttribute("height"))))"""
                )
                for layer, bars in zip(getattr(frame, kind).values(), heights, strict=True):
                    assert sum(round(bar * bar, 6) for bar in bars) > 0
                    assert sum(bar > 0 for bar in bars) <= len(layer)
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
        assert sheet.page.locator("h1").inner_text() == "训练的影片"
        assert sheet.page.locator(".counter").inner_text() == "轮次 6"


def test_without_scripts_there_are_the_curve_the_graph_and_the_numbers(browser, film):
    _, path = film
    with Sheet(browser, path, scripts=False) as sheet:
        assert sheet.page.locator("img").count() == 2
        sheet.page.locator("summary").click()
        assert "validation loss" in sheet.page.locator("pre").inner_text()
