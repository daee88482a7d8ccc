"""A real browser with the network off. Every request that a page tries is written down, also one that would fail."""

import contextlib
import re
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextlib.contextmanager
def chromium():
    """The browser, or a skip that says how to get one."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright to test pages in a browser")
    with sync_api.sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, NAMES)), playwright.chromium.executable_path)
        if not Path(found).exists():
            pytest.skip("no Chromium: apt-get install chromium, or python -m playwright install chromium")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


class Sheet:
    """A page opened offline, what it asked for, and what it complained about."""

    def __init__(self, browser, path, width=1280, height=900, scheme="light", scripts=True, clock=False):
        self.context = browser.new_context(
            offline=True, viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=scripts
        )
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        if clock:
            self.page.clock.install(time=0)
        self.url = Path(path).as_uri()
        self.page.goto(self.url)
        if clock:
            self.page.clock.pause_at(3600)  # from here on time passes only when a test says so

    def __enter__(self):
        return self

    def __exit__(self, *error):
        asked = [url for url in self.requests if url != self.url and not url.startswith("data:")]
        complaints = self.complaints
        self.context.close()
        if error[0] is None:
            assert not asked, f"the page asked for {asked}"
            assert not complaints, f"the browser complained: {complaints}"

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def panel(self):
        """The step on show: role -> (note, full number, formula)."""
        return {
            role: (note, float(number), formula)
            for role, note, number, formula in self.page.locator("dl").evaluate(
                """list => [...list.querySelectorAll("dd")].map((line) => [line.className,
                    line.querySelector("small")?.textContent ?? "", line.querySelector("data")?.value ?? "nan",
                    line.firstElementChild.textContent])"""
            )
        }

    def type(self, name, text, leave="Enter"):
        """What a reader types into the field of a leaf, and the key with which the field is finished."""
        field = self.page.get_by_role("textbox", name=name, exact=True)
        field.fill(text)
        field.press(leave)

    def numbers(self):
        """The table: name -> (value, gradient), None for what is not known yet."""
        known = lambda text: None if text is None else float(text)
        return {
            name: (known(data), known(gradient))
            for name, data, gradient in self.page.locator("tbody").evaluate(
                """body => [...body.rows].map((row) => {
                    const find = (what) => row.querySelector(what)?.title ?? null;
                    const data = find(".data input:not([aria-invalid=true])") ?? find(".data data");
                    return [row.querySelector("th").textContent, data, find(".gradient data")];
                })"""
            )
        }

    def overflow(self):
        """How many pixels the page is wider than its window, and any panel than its frame."""
        return self.page.evaluate(
            """() => {
                const roots = [...document.querySelectorAll("*")].map((host) => host.shadowRoot).filter(Boolean);
                const framed = "main, header, nav, .panel, dd, .sheet, td, th";
                const frames = roots.flatMap((root) => [...root.querySelectorAll(framed)]);
                return Math.max(document.documentElement.scrollWidth - innerWidth,
                    ...frames.map((frame) => frame.scrollWidth - frame.clientWidth));
            }"""
        )


def english(sheet, where):
    """The Latin words of two letters or more that a reader of that part meets: written, spoken, or under the mouse."""
    found = sheet.page.locator(where).evaluate(
        """(part) => {
            const texts = [document.title], inside = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
            while (inside.nextNode())
                if (inside.currentNode.parentNode.tagName !== "style") texts.push(inside.currentNode.data);
            for (const one of part.querySelectorAll("[title], [aria-label]")) texts.push(one.title, one.ariaLabel);
            return texts.join("\\n");
        }"""
    )
    return set(re.findall("[A-Za-z_]{2,}", found))
