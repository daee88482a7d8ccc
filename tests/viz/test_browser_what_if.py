"""What if, in a real browser: every operation of the table gives the engine's numbers, bad input leaves the sheet."""

import math
import random

import pytest

from autograd import Value, dot, gelu, logsumexp, maximum
from autograd import sum as sum_of
from autograd.primitive import TABLE
from autograd.record import record
from autograd.viz import step_through
from autograd.viz.figures import figure
from autograd.viz.javascript import key, program, unknown
from autograd.viz.page import asset
from tests.viz.chromium import Sheet

# ------------------------------------------------------------------------------------------------ the table, by number


def points(op, arity):
    """Operands inside the row's domain, and the special ones: zeros, ties, infinities, nan."""
    rng = random.Random(op.name)
    intervals = op.domain * arity if op.variadic else op.domain
    bounds = [(max(low, -3.0), min(high, 3.0 if low < 1.0 else 9.0)) for low, high in intervals]
    inside = [[rng.uniform(*ends) for ends in bounds] for _ in range(20)]
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -8.0, 1e-8, 40.0, -40.0, 800.0, math.inf, -math.inf, math.nan]
    special += [1e200, -1e200, 1e300, 1e-200, -1e-300, 5e-324, 1e16 + 2.0, 1.0 - 2.0**-53, 1.0 + 2.0**-52]
    return inside + [[x] * arity for x in special] + [[rng.choice(special) for _ in range(arity)] for _ in range(80)]


def arity_of(op):
    return len(op.operands) or (4 if op.name == "dot" else 3)


@pytest.fixture(scope="module")
def computed(browser):
    """What JavaScript makes of every row at its points: name -> [(result, local derivatives), ...]."""
    rows = [(op, arity_of(op)) for op in TABLE.values()]
    asked = [[op.name, key((op, arity)), points(op, arity)] for op, arity in rows]
    code = asset("operations.js") + program(rows)
    page = browser.new_page()
    answers = page.evaluate(
        f"""(asked) => {{ {code}; return asked.map(([name, row, points]) => [name, points.map((x) => {{
            const z = O[row](...x); return [z, P[row](...x, z)]; }})]); }}""",
        asked,
    )
    page.close()
    return dict(answers)


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_javascript_computes_every_row_as_the_engine_does(computed, op):
    for operands, (z, partials) in zip(points(op, arity_of(op)), computed[op.name], strict=True):
        node = record(op, tuple(map(Value, operands)))
        # Two libraries' last digits differ, and 1 - z*z loses as many as z is close to 1: hence the absolute part.
        assert z == pytest.approx(node.data, rel=1e-12, abs=1e-12, nan_ok=True), operands
        assert partials == pytest.approx(node.partials, rel=1e-12, abs=1e-12, nan_ok=True), (operands, z)


def test_what_erf_leaves_of_one_is_the_engines(browser):
    """1 - erf(x) has fewer digits the larger x is; the last rounding of erf must be the engine's for these to agree."""
    xs = [k / 64 for k in range(-5 * 64, 372)]  # up to 5.8, where 1 - erf(x) is two roundings of 1
    page = browser.new_page()
    code = f"{asset('operations.js')}; {program([(TABLE['erf'], 1), (TABLE['gelu'], 1)])}"
    left, gelus = page.evaluate(
        f'(xs) => {{ {code}; return [xs.map((x) => 1 - O["erf/1"](x)), xs.map((x) => O["gelu/1"](x))]; }}', xs
    )
    page.close()
    # One rounding of erf is worth 1e-12 of 1 - erf(x) from x = 2.8 on: there erf must be the same to the last bit.
    assert left == pytest.approx([1.0 - math.erf(x) for x in xs], rel=1e-12, abs=0.0)
    assert gelus == pytest.approx([gelu(Value(x)).data for x in xs], rel=1e-12, abs=0.0)


def test_every_row_can_be_computed_in_the_browser():
    assert unknown((op, arity_of(op)) for op in TABLE.values()) == []


# ----------------------------------------------------------------------------------------------------------- what if?


def check_what_if(sheet, rebuilt):
    """All numbers after the last step against the engine's on a graph built from the new values."""
    for name, node, gradient in rebuilt:
        data, grad = sheet.numbers()[name]
        assert data == pytest.approx(node.data, rel=1e-12, abs=1e-12)
        assert grad == pytest.approx(gradient, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("changes", [{"a": "3.25"}, {"b": "-0.1"}, {"a": "1e-3", "b": "7"}, {"a": " -2 "}])
def test_what_if_equals_the_engine(browser, readme, changes):
    stepper, path = readme
    new = {}
    for node, name in stepper.names.items():
        operands = [new[arg] if isinstance(arg, Value) else arg for arg in node.args]
        new[node] = node.op(*operands) if node.op else Value(float(changes.get(name, node.data)))
    new[stepper.root].backward()
    with Sheet(browser, path) as sheet:
        sheet.press("End")
        for name, text in changes.items():
            sheet.type(name, text)
        numbers = sheet.numbers()
        for node, name in stepper.names.items():
            assert numbers[name] == pytest.approx((new[node].data, new[node].grad), rel=1e-12, abs=1e-12)
        sheet.page.locator("button.reset").click()
        assert sheet.numbers() == {n: (v.data, stepper.gradients[v]) for v, n in stepper.names.items()}


def test_what_if_for_fused_and_kinked_operations(browser, tmp_path):
    def make(values):
        x, y, z = (Value(value, label=name) for value, name in zip(values, "xyz"))
        loss = logsumexp([x, y, z]) + dot([x, y], [y, z]) + gelu(x) * maximum(x, y) + y.erf() + abs(z).cbrt()
        loss.label = "loss"
        return [x, y, z, loss]

    path = step_through(make([0.5, -1.5, 2.0])[-1]).save_html(tmp_path / "fused.html")
    for values in ([1.0, 1.0, -3.0], [0.0, -2.0, 8.0], [-700.0, 0.25, 1.0]):
        nodes = make(values)
        nodes[-1].backward()
        with Sheet(browser, path) as sheet:
            sheet.press("End")
            for name, value in zip("xyz", values):
                sheet.type(name, str(value))
            check_what_if(sheet, [(node.label, node, node.grad) for node in nodes])


def test_what_if_equals_the_engine_for_every_row(browser, tmp_path):
    """The result and every gradient of one node of each operation, at a point that the page was not made at."""

    def make(place):
        leaves = {
            f"{op.name}_{k}": Value(x, label=f"{op.name}_{k}")
            for op in TABLE.values()
            for k, x in enumerate(points(op, arity_of(op))[place])
        }
        made = [record(op, tuple(leaves[f"{op.name}_{k}"] for k in range(arity_of(op)))) for op in TABLE.values()]
        for op, node in zip(TABLE.values(), made):
            node.label = op.name
        return [*leaves.values(), *made], sum_of(made)

    path = step_through(make(0)[1]).save_html(tmp_path / "all.html")
    nodes, total = make(1)
    total.backward()
    with Sheet(browser, path) as sheet:
        sheet.press("End")
        sheet.page.locator("tbody").evaluate(
            """(body, values) => { for (const row of body.rows) {
                const input = row.querySelector("input"), value = values[row.querySelector("th").textContent];
                if (input) { input.value = value; input.dispatchEvent(new Event("change")); }
            } }""",
            {leaf.label: repr(leaf.data) for leaf in nodes if leaf.op is None},
        )  # typed one by one it would take many times as long
        numbers = sheet.numbers()
        assert {node.label: numbers[node.label] for node in nodes} == {
            node.label: pytest.approx((node.data, node.grad), rel=1e-12, abs=1e-12) for node in nodes
        }


def test_what_if_stays_readable_in_the_drawing(browser, readme):
    """Longer numbers have fewer digits where they would not fit; nothing is set smaller than a reader can read."""
    with Sheet(browser, readme[1]) as sheet:
        sheet.press("End")
        sheet.type("a", "-3.123456789")
        found = sheet.page.locator(".node:not(.constant)").evaluate_all(
            """groups => groups.flatMap((group) => [...group.querySelectorAll(".data, .grad")].map((text) => {
                const key = text.previousElementSibling.getBBox();
                return [parseFloat(getComputedStyle(text).fontSize), text.getBBox().x - key.x - key.width];
            }))"""
        )
        assert min(size for size, _ in found) >= 9.0
        assert min(gap for _, gap in found) > 0.0
        half = sheet.page.locator(".node", has=sheet.page.locator(".name", has_text="v23"))
        assert half.locator(".data").text_content() == "300.882"


def test_the_same_number_is_the_same_in_every_box(browser, readme):
    """v24 is so small that g = v23 + v24 has the number of v23: a sum that shrank by a rounding would be a riddle."""
    with Sheet(browser, readme[1]) as sheet:
        sheet.press("End")
        sheet.type("a", "8")
        box = lambda name: sheet.page.locator(".node", has=sheet.page.get_by_text(name, exact=True)).locator(".data")
        assert box("v23").text_content() == box("g").text_content() == "42924.5"


@pytest.mark.parametrize("width", [1280, 1000, 400])
def test_no_number_is_cut_in_its_field(browser, tmp_path, width):
    """A number cut at its exponent is another number."""
    w, x = Value(-1.23456789e-200, label="w"), Value(2.0, label="x")
    with Sheet(browser, step_through(w * x).save_html(tmp_path / "w.html"), width=width) as sheet:
        cut = "inputs => inputs.map((one) => one.scrollWidth - one.clientWidth)"
        fields = sheet.page.locator("td.data input")
        assert fields.evaluate_all(cut) == [0, 0]
        sheet.type("x", "-9.87654321e-123", leave="Tab")
        assert fields.nth(1).input_value() == "−9.87654e−123"
        assert fields.evaluate_all(cut) == [0, 0]
        sheet.type("x", "1", leave="Tab")
        sizes = fields.evaluate_all("inputs => inputs.map((one) => parseFloat(getComputedStyle(one).fontSize))")
        assert min(sizes) >= 9.0 and sizes[1] >= 12.0, sizes
        sheet.page.set_viewport_size({"width": 700, "height": 900})
        sheet.page.set_viewport_size({"width": 330, "height": 900})
        sheet.page.wait_for_timeout(100)
        assert fields.evaluate_all(cut) == [0, 0]


def test_the_script_writes_numbers_as_the_drawing_does(browser):
    rng = random.Random(0)
    numbers = [rng.choice([1, -1]) * 10.0 ** rng.uniform(-12, 12) for _ in range(300)]
    numbers += [0.0, -0.0, 1.0, 99999.0, 1e5, 99999.99999, 0.99999, 1e-4, 9.99999e-5, math.inf, -math.inf, math.nan]
    page = browser.new_page()
    written = page.evaluate(f"(xs) => {{ {asset('page.js')}; return xs.map((x) => shown(x)); }}", numbers)
    page.close()
    assert written == [figure(x) for x in numbers]


BAD = {
    "two": "a keeps its value: two is not a number.",
    "0x10": "a keeps its value: 0x10 is not a number.",
    "1e": "a keeps its value: 1e is not a number.",
    "1 2": "a keeps its value: 1 2 is not a number.",
    ".": "a keeps its value: . is not a number.",
    "": "a keeps its value: the field is empty. Type a number.",
    "  ": "a keeps its value: the field is empty. Type a number.",
    "1e999": "a keeps its value: 1e999 is larger than any float, 1.8e308. If you mean infinity, type inf.",
    "1" * 400 + "x": f"a keeps its value: {'1' * 29}… is not a number.",
    "9" * 400: f"a keeps its value: {'9' * 29}… is larger than any float, 1.8e308. If you mean infinity, type inf.",
    "-1e400": "a keeps its value: -1e400 is larger than any float, 1.8e308. If you mean infinity, type inf.",
}


@pytest.mark.parametrize("leave", ["Enter", "Tab"])
def test_bad_input_leaves_the_sheet_and_says_what_is_wrong(browser, readme, leave):
    with Sheet(browser, readme[1]) as sheet:
        field, said = sheet.page.get_by_role("textbox", name="a", exact=True), sheet.page.get_by_role("status")
        sheet.press("End")
        sheet.type("b", "3")
        before = sheet.numbers()
        for text, told in BAD.items():
            sheet.type("a", text, leave)
            assert said.inner_text() == told
            assert field.get_attribute("aria-invalid") == "true"
            after = sheet.numbers()
            assert after.pop("a")[0] is None
            assert after.items() <= before.items()
            sheet.type("a", "-4", leave)
            assert said.inner_text().startswith("With these values g is ")
            assert sheet.numbers() == before


@pytest.mark.parametrize("leave", ["Enter", "Tab"])
def test_enter_and_leaving_the_field_both_apply(browser, readme, leave):
    stepper, path = readme
    with Sheet(browser, path) as sheet:
        sheet.page.get_by_role("textbox", name="a", exact=True).fill("5")
        sheet.press("ArrowLeft", "Home")  # in a field the keys belong to the field
        assert sheet.page.locator(".counter").inner_text().startswith("step 1 of")
        assert sheet.page.get_by_role("status").inner_text() == ""
        sheet.press(leave)
        assert sheet.numbers()["v1"][0] == 7.0
        assert sheet.page.get_by_role("status").inner_text() == "With these values g is 23762; it was 24.7041."
        sheet.page.locator("select.language").select_option("zh")
        assert sheet.page.get_by_role("status").inner_text() == "用这些数值，g 是 23762；原来是 24.7041。"
        sheet.page.locator("button.reset").click()
        assert sheet.page.get_by_role("status").inner_text() == ""
        sheet.press("End")
        assert sheet.numbers() == {n: (v.data, stepper.gradients[v]) for v, n in stepper.names.items()}


def test_escape_brings_the_value_back(browser, readme):
    stepper, path = readme
    with Sheet(browser, path) as sheet:
        sheet.press("End")
        field, said = sheet.page.get_by_role("textbox", name="a", exact=True), sheet.page.get_by_role("status")
        as_it_was = sheet.numbers()
        field.fill("5")
        sheet.press("Escape")
        assert (field.input_value(), said.inner_text()) == ("−4", "")
        assert sheet.numbers() == as_it_was
        sheet.press("ArrowLeft")  # the keys belong to the sheet again
        assert sheet.page.locator(".counter").inner_text() == f"step {len(stepper) - 1} of {len(stepper)}"
        sheet.press("End")
        sheet.type("a", "five")
        assert said.inner_text() == "a keeps its value: five is not a number."
        sheet.press("Escape")
        assert (field.input_value(), said.inner_text(), field.get_attribute("aria-invalid")) == ("−4", "", "false")
        assert sheet.numbers() == as_it_was
        sheet.type("a", "5")
        told = said.inner_text()
        field.fill("6")
        sheet.press("Escape")
        assert (field.input_value(), said.inner_text()) == ("5", told)
        sheet.type("a", "-4")  # and after it a field hears again
        assert sheet.numbers() == as_it_was


def test_a_field_is_as_short_as_other_numbers_until_it_is_edited(browser, tmp_path):
    x = Value(-1 / 3, label="x")
    with Sheet(browser, step_through(x * 3.0).save_html(tmp_path / "x.html"), width=400) as sheet:
        field, title = sheet.page.get_by_role("textbox", name="x"), sheet.page.locator("main h1")
        assert field.input_value() == "−0.333333"
        assert field.get_attribute("title") == str(-1 / 3)
        field.focus()
        assert field.input_value() == str(-1 / 3)
        title.click()
        assert field.input_value() == "−0.333333"
        assert sheet.page.get_by_role("status").inner_text() == ""  # to look is not to change
        sheet.type("x", "0.12345678912")
        assert field.input_value() == "0.12345678912"
        title.click()
        assert field.input_value() == "0.123457"
        assert sheet.numbers()["x"][0] == 0.12345678912
        assert field.evaluate("field => field.scrollWidth - field.clientWidth") <= 0
        sheet.page.locator("button.reset").click()
        assert field.input_value() == "−0.333333"


def test_what_if_reads_numbers_as_the_page_writes_them(browser, tmp_path):
    x = Value(3.0, label="x")
    with Sheet(browser, step_through(x * 1.0).save_html(tmp_path / "x.html")) as sheet:
        computed = lambda: float(sheet.page.locator(".data data").get_attribute("value"))
        for text, number in [("−2.5", -2.5), ("∞", math.inf), ("−∞", -math.inf), ("-Infinity", -math.inf),
                             (" +1e−3 ", 1e-3), (".5", 0.5), ("2.", 2.0), ("inf", math.inf)]:  # fmt: skip
            sheet.type("x", text)
            assert computed() == number, text
        sheet.type("x", "NaN")
        assert math.isnan(computed())


def test_an_operation_the_browser_does_not_know(browser, tmp_path, register):
    halved = register("halved_for_the_browser", lambda x: x / 2.0, lambda x, z: (0.5,))
    composite = register("halved_composite", lambda x: x / 2.0, lambda x, z: (0.5,), composite=True)
    x = Value(3.0, label="x")
    with Sheet(browser, step_through(halved(x)).save_html(tmp_path / "a.html")) as sheet:
        assert "the browser does not know halved_for_the_browser" in sheet.page.locator(".what-if").inner_text()
        assert sheet.page.locator("table input").count() == 0
        sheet.press("End")
        assert sheet.numbers()["x"] == (3.0, 0.5)
    with Sheet(browser, step_through(composite(x)).save_html(tmp_path / "b.html")) as sheet:
        sheet.type("x", "10")
        assert sheet.numbers()["v1"][0] == 5.0
