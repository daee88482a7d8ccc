"""The saved sheet in a real browser, offline: its numbers are the engine's, its keys and clicks work, all fits."""

import math
import random

import pytest

from autograd import Value, dot, gelu, logsumexp, maximum
from autograd import sum as sum_of
from autograd.primitive import TABLE
from autograd.record import record
from autograd.viz import step_through
from autograd.viz.javascript import key, program, unknown
from autograd.viz.model import picture
from autograd.viz.notation import figure, fill, templates_of
from autograd.viz.page import asset
from tests.viz.chromium import Sheet, chromium
from tests.viz.expressions import random_graph, readme_of_micrograd


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    _, _, g = readme_of_micrograd()
    stepper = step_through(g)
    return stepper, stepper.save_html(tmp_path_factory.mktemp("readme") / "readme.html")


# ------------------------------------------------------------------------------------------------ the table, by number


def points(op, arity):
    """Operands inside the row's domain, and the special ones: zeros, ties, infinities, nan."""
    rng = random.Random(op.name)
    intervals = op.domain * arity if op.variadic else op.domain
    bounds = [(max(low, -3.0), min(high, 3.0 if low < 1.0 else 9.0)) for low, high in intervals]
    inside = [[rng.uniform(*ends) for ends in bounds] for _ in range(20)]
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -8.0, 1e-8, 40.0, -40.0, 800.0, math.inf, -math.inf, math.nan]
    return inside + [[x] * arity for x in special] + [[rng.choice(special) for _ in range(arity)] for _ in range(40)]


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


# ------------------------------------------------------------------------------------------------------- step by step


def test_every_step_shows_the_numbers_of_the_stepper(browser, readme):
    stepper, path = readme
    with Sheet(browser, path) as sheet:
        for step in stepper:
            panel = sheet.panel()
            if step.phase == "forward":
                assert panel["result"][1] == step.node.data
            else:
                assert panel["sum"][1] == step.total
            if step.operand is not None:
                assert [panel[role][1] for role in ("local", "upstream", "contribution")] == [
                    step.local, step.upstream, step.contribution]  # fmt: skip
                assert f"{step.count} of {step.expected} contributions" in panel["sum"][0]
                shown = panel["local"][2].replace("−", "-")
                assert step.formula in shown
                assert step.numbers in shown
                assert ("is 1 where it is true" in shown) == ("[" in step.formula)
                made = templates_of(step.node).result
                names = [stepper.names.get(arg, str(arg).removesuffix(".0")) for arg in step.node.args]
                written = panel["result"][2].replace("−", "-")
                assert written.startswith(f"{stepper.names[step.node]} = {fill(made, names, '')} = ")
                assert panel["result"][1] == step.node.data
            sheet.press("ArrowRight")


def test_after_the_last_step_the_gradients_are_the_engines(browser, readme):
    stepper, path = readme
    a, b, g = readme_of_micrograd()
    g.backward()
    with Sheet(browser, path) as sheet:
        sheet.press("End")
        numbers = sheet.numbers()
    assert (numbers["a"], numbers["b"], numbers["g"]) == ((a.data, a.grad), (b.data, b.grad), (g.data, 1.0))
    assert numbers == {name: (node.data, stepper.gradients[node]) for node, name in stepper.names.items()}


def test_keys_buttons_and_slider(browser, readme):
    stepper, path = readme
    with Sheet(browser, path, clock=True) as sheet:
        page = sheet.page
        counter, n = page.locator(".counter"), len(stepper)
        at = lambda i: counter.inner_text() == f"step {i} of {n}"
        assert at(1)
        sheet.press("ArrowRight", "ArrowRight")
        assert at(3)
        sheet.press("ArrowLeft")
        assert at(2)
        sheet.press("End", "ArrowRight")
        assert at(n)
        sheet.press("Home", "ArrowLeft")
        assert at(1)
        for button, place in [("last", n), ("previous", n - 1), ("first", 1), ("next", 2)]:
            page.locator(f"button.{button}").click()
            assert at(place), button
        page.locator("input[type=range]").fill("10")
        assert at(11)
        page.locator("h1").click()
        sheet.press(" ")
        page.clock.run_for(2500)
        assert at(13)
        sheet.press(" ")
        page.clock.run_for(5000)
        assert at(13)


def test_a_click_on_a_node_shows_its_gradient_finished(browser, readme):
    stepper, path = readme
    drawn = picture(stepper.root)
    with Sheet(browser, path) as sheet:
        for node, name in list(stepper.names.items())[::3]:
            sheet.page.locator(f"#{drawn.ids[node]}").click()
            assert sheet.panel()["sum"][1] == stepper.gradients[node]
            group = sheet.page.locator(f"#{drawn.ids[node]}")
            assert "now" in group.get_attribute("class").split()
            assert "finished" in group.get_attribute("class").split()
            if node is not stepper.root:
                assert sheet.page.locator(".verdict").inner_text() == f"The gradient of {name} is finished."


def test_a_click_on_an_edge_shows_where_its_number_comes_from(browser, readme):
    stepper, path = readme
    drawn = picture(stepper.root)
    with Sheet(browser, path) as sheet:
        for edge in drawn.edges[::4]:
            if drawn.node(edge.tail).kind != "constant":
                sheet.page.locator(f"#{edge.id} .partial").click()
                assert sheet.panel()["local"][1] == edge.partial
                assert "now" in sheet.page.locator(f"#{edge.id}").get_attribute("class").split()


def test_the_drawing_tells_what_is_known_so_far(browser, readme):
    stepper, path = readme
    drawn = picture(stepper.root)
    with Sheet(browser, path) as sheet:
        grads = lambda: sheet.page.locator(".drawing .grad").all_text_contents()
        sheet.press("Home")
        assert set(grads()) == {"?"}
        sheet.press("End")
        assert "?" not in grads()
        b = next(node for node, name in stepper.names.items() if name == "b")
        assert sheet.page.locator(f"#{drawn.ids[b]} .grad").text_content() == "645.577"


def test_a_tooltip_says_what_its_box_says(browser, tmp_path):
    x = Value(3.0, label="x")
    y = x * x * 2.0
    y.label = "y"
    drawn = picture(y)
    with Sheet(browser, step_through(y).save_html(tmp_path / "y.html")) as sheet:
        title = lambda id: sheet.page.locator(f"#{id} > title").text_content()
        box, edge = drawn.ids[x], next(edge.id for edge in drawn.edges if edge.tail == drawn.ids[x])
        assert title(box) == "input x\ndata 3\ngrad ?"
        sheet.press("End")
        assert title(box) == "input x\ndata 3\ngrad 12"
        sheet.page.get_by_role("textbox", name="x").fill("0.1")
        assert title(box) == "input x\ndata 0.1\ngrad 0.4"
        assert title(drawn.ids[y]) == f"result y = mul\ndata {0.1 * 0.1 * 2.0}\ngrad 1"
        assert title(edge) == "∂v1/∂x = 0.1"


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
            sheet.page.get_by_role("textbox", name=name, exact=True).fill(text)
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
                sheet.page.get_by_role("textbox", name=name, exact=True).fill(str(value))
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
                if (input) { input.value = value; input.dispatchEvent(new Event("input", { bubbles: true })); }
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
        sheet.page.get_by_role("textbox", name="a", exact=True).fill("-3.123456789")
        found = sheet.page.locator(".node:not(.constant)").evaluate_all(
            """groups => groups.flatMap((group) => [...group.querySelectorAll(".data, .grad")].map((text) => {
                const key = text.previousElementSibling.getBBox();
                return [parseFloat(getComputedStyle(text).fontSize), text.getBBox().x - key.x - key.width];
            }))"""
        )
        assert min(size for size, _ in found) >= 9.0
        assert min(gap for _, gap in found) > 0.0
        half = sheet.page.locator(".node", has=sheet.page.locator(".name", has_text="v23"))
        assert half.locator(".data").text_content() in ("300.882", "300.88", "300.9")  # of 300.8816, by the font


def test_the_script_writes_numbers_as_the_drawing_does(browser):
    rng = random.Random(0)
    numbers = [rng.choice([1, -1]) * 10.0 ** rng.uniform(-12, 12) for _ in range(300)]
    numbers += [0.0, -0.0, 1.0, 99999.0, 1e5, 99999.99999, 0.99999, 1e-4, 9.99999e-5, math.inf, -math.inf, math.nan]
    page = browser.new_page()
    written = page.evaluate(f"(xs) => {{ {asset('page.js')}; return xs.map((x) => shown(x)); }}", numbers)
    page.close()
    assert written == [figure(x) for x in numbers]


def test_what_if_says_what_is_not_a_number(browser, readme):
    _, path = readme
    with Sheet(browser, path) as sheet:
        before = sheet.numbers()["g"]
        field = sheet.page.get_by_role("textbox", name="a", exact=True)
        field.fill("two")
        assert sheet.page.locator(".problem").inner_text() == "two is not a number"
        assert sheet.numbers()["g"] == before
        sheet.press("ArrowLeft", "Home")  # in a field the keys belong to the field
        assert sheet.page.locator(".counter").inner_text().startswith("step 1 of")
        field.fill("inf")
        assert sheet.page.locator(".problem").inner_text() == ""
        assert math.isinf(sheet.numbers()["v1"][0])


def test_what_if_reads_numbers_as_the_page_writes_them(browser, tmp_path):
    x = Value(3.0, label="x")
    with Sheet(browser, step_through(x * 1.0).save_html(tmp_path / "x.html")) as sheet:
        field, problem = sheet.page.get_by_role("textbox", name="x"), sheet.page.locator(".problem")
        computed = lambda: float(sheet.page.locator(".data data").get_attribute("value"))
        for text, number in [("−2.5", -2.5), ("∞", math.inf), ("−∞", -math.inf), ("-Infinity", -math.inf),
                             (" +1e−3 ", 1e-3), (".5", 0.5), ("2.", 2.0)]:  # fmt: skip
            field.fill(text)
            assert problem.inner_text() == "", text
            assert computed() == number, text
        field.fill("NaN")
        assert math.isnan(computed())
        field.fill("7")
        for text in ("0x10", "1e", ".", "1 2", "0b1"):
            field.fill(text)
            assert problem.inner_text() == f"{text} is not a number"
        for text in ("", "  "):
            field.fill(text)
            assert problem.inner_text() == "The field of x is empty: type a number."
        assert computed() == 7.0


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
        sheet.page.get_by_role("textbox", name="x").fill("10")
        assert sheet.numbers()["v1"][0] == 5.0


# ---------------------------------------------------------------------------------------------------- how it looks


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


def test_english_and_chinese(browser, tmp_path):
    x = Value(3.0, label="x")
    with Sheet(browser, step_through(x * x, "zh").save_html(tmp_path / "x.html")) as sheet:
        sheet.press("End")
        assert "x 的梯度已经算完" in sheet.page.locator(".verdict").inner_text()
        assert sheet.page.locator("html").get_attribute("lang") == "zh"
        sheet.page.locator("select.language").select_option("en")
        assert sheet.page.locator(".verdict").inner_text() == "The gradient of x is finished."
        assert sheet.page.locator("html").get_attribute("lang") == "en"
        text = sheet.page.locator("main").inner_text()
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in text.replace("中文", ""))


def test_a_label_cannot_become_code(browser, tmp_path):
    x = Value(3.0, label="</script><img src=http://127.0.0.1:9/x onerror=alert(1)>{0}&amp;")
    y = x * x
    y.label = "<b>y"
    with Sheet(browser, step_through(y).save_html(tmp_path / "x.html")) as sheet:
        sheet.press("End")
        assert sheet.numbers()[x.label] == (3.0, 6.0)
        assert sheet.page.locator("h1").inner_text() == "<b>y, step by step"


@pytest.mark.parametrize("seed", range(3))
def test_random_graphs_in_the_browser(browser, tmp_path, seed):
    _, root = random_graph(seed, size=15)
    stepper = step_through(root)
    with Sheet(browser, stepper.save_html(tmp_path / "r.html")) as sheet:
        sheet.press("End")
        assert sheet.numbers() == {name: (v.data, stepper.gradients[v]) for v, name in stepper.names.items()}


def test_a_request_would_be_noticed(browser, tmp_path):
    """The check that every test here ends with can fail."""
    path = tmp_path / "asking.html"
    path.write_text("<!DOCTYPE html><img src='http://127.0.0.1:9/pixel.png'>", encoding="utf-8")
    with pytest.raises(AssertionError, match="pixel"), Sheet(browser, path) as sheet:
        sheet.page.wait_for_load_state()


def test_the_policy_of_the_file_stops_a_request_before_it_is_made(browser, readme, tmp_path):
    _, path = readme
    smuggled = tmp_path / "smuggled.html"
    page = path.read_text(encoding="utf-8")
    smuggled.write_text(page.replace("<body>", "<body><img src='http://127.0.0.1:9/pixel.png'>"), encoding="utf-8")
    sheet = Sheet(browser, smuggled)
    sheet.page.wait_for_load_state()
    assert any("Content Security Policy" in complaint for complaint in sheet.complaints)
    sheet.context.close()
