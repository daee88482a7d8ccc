"""The saved sheet in a real browser, offline: every step shows the stepper's numbers, its keys and clicks work."""

import re

import pytest

from autograd import Value
from autograd.viz import step_through
from autograd.viz.figures import figure
from autograd.viz.model import picture
from autograd.viz.strings import STRINGS
from tests.viz.chromium import Sheet
from tests.viz.expressions import random_graph, readme_of_micrograd


def test_every_step_says_what_the_stepper_says(browser, readme):
    """The numbers to the last bit, and every equation as the printed step has it, with its `=` or `≈`."""
    stepper, path = readme
    with Sheet(browser, path) as sheet:
        for step in stepper:
            panel = sheet.panel()
            told = {role: formula.replace("−", "-") for role, (_, _, formula) in panel.items()}
            if step.phase == "forward":
                assert panel["operation"][1] == step.node.data
                assert told["operation"] in step.text
                noted = [s.text for s in stepper if s.operand is not None and s.node is step.node]
                assert told["noted"] == "".join(slope for slope in re.findall("∂[^∂]+∂[^∂]+", told["noted"]))
                for slope, text in zip(re.findall("∂[^∂]+∂[^∂]+", told["noted"]), noted, strict=True):
                    assert f"has {slope}" in text  # on the way back it says the same
            elif step.operand is None:
                assert panel["gradient"][1] == step.total
            else:
                numbers = [panel[role][1] for role in ("local", "upstream", "contribution", "sum")]
                assert numbers == [step.local, step.upstream, step.contribution, step.total]
                assert step.formula in told["local"]
                assert told["local"] in step.text
                assert told["contribution"] in step.text
                assert told["sum"].partition(" = ")[2] in step.text or step.expected == 1
                assert f"{step.count} of {step.expected} contributions." in panel["sum"][0]
                assert ("is 1 where it is true" in panel["local"][0]) == ("[" in step.formula)
                assert panel["operation"][1] == step.node.data
                assert told["operation"] in next(s.text for s in stepper if s.node is step.node)
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
        page.locator("main h1").click()
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
            role = "gradient" if node is stepper.root else "sum"
            assert sheet.panel()[role][1] == stepper.gradients[node]
            group = sheet.page.locator(f"#{drawn.ids[node]}")
            assert "now" in group.get_attribute("class").split()
            assert "finished" in group.get_attribute("class").split()
            if node is not stepper.root:
                assert sheet.panel()["sum"][0].endswith(f"The gradient of {name} is finished.")


def test_a_click_on_an_edge_shows_where_its_number_comes_from(browser, readme):
    stepper, path = readme
    drawn = picture(stepper.root)
    flows = {(drawn.ids[node], edge): node.args[edge] for node, edge in stepper.flows}
    with Sheet(browser, path) as sheet:
        for edge in drawn.edges:
            if drawn.node(edge.tail).kind != "constant":
                sheet.page.locator(f"#{edge.id} .partial").click()
                head = next(node for node, id in drawn.ids.items() if id == edge.head)
                z, x = stepper.names[head], stepper.names[flows[edge.head, edge.slot]]
                said = sheet.page.locator(".panel header p").inner_text()
                assert said == f"Along the edge from {z} to its operand {x}."
                assert sheet.panel()["local"][1] == edge.partial
                assert "now" in sheet.page.locator(f"#{edge.id}").get_attribute("class").split()


def test_a_number_is_unknown_until_its_step(browser, readme):
    """Forward, a number and its local derivatives appear with their node; backward, gradients edge by edge."""
    stepper, path = readme
    drawn = picture(stepper.root)
    data, gradients = {node: node.data for node in stepper.order if node.op is None}, {}
    with Sheet(browser, path) as sheet:
        for step in stepper:
            if step.phase == "forward":
                data[step.node] = step.node.data
            else:
                gradients[step.node if step.operand is None else step.operand] = step.total
            assert sheet.numbers() == {n: (data.get(v), gradients.get(v)) for v, n in stepper.names.items()}
            written = sheet.page.locator(".drawing").evaluate(
                """box => [Object.fromEntries([...box.querySelectorAll(".node")].map((node) => [node.id,
                    [".data", ".grad"].map((line) => node.querySelector(line)?.textContent)])),
                    [...box.querySelectorAll(".edge .partial")].filter((one) =>
                        getComputedStyle(one).visibility === "visible").map((one) => one.parentNode.id)]"""
            )
            for node in stepper.order:
                assert [text != "?" for text in written[0][drawn.ids[node]]] == [node in data, node in gradients]
            heads = {drawn.ids[node] for node in data}
            with_numbers = [edge for edge in drawn.edges if drawn.node(edge.tail).kind != "constant"]
            assert set(written[1]) == {edge.id for edge in with_numbers if edge.head in heads}
            sheet.press("ArrowRight")
        b = next(node for node, name in stepper.names.items() if name == "b")
        assert sheet.page.locator(f"#{drawn.ids[b]} .grad").text_content() == "645.577"


def test_a_click_on_a_constant_shows_where_it_is_used_and_says_why_nothing_flows_there(browser, readme):
    stepper, path = readme
    drawn = picture(stepper.root)
    edges = [edge for edge in drawn.edges if drawn.node(edge.tail).kind == "constant"]
    assert len(edges) == 8
    with Sheet(browser, path) as sheet:
        sheet.press("End")
        for edge in edges:
            for id in (edge.tail, edge.id):
                sheet.press("End")
                sheet.page.locator(f"#{id}").evaluate("one => one.dispatchEvent(new MouseEvent('click'))")
                z = next(name for node, name in stepper.names.items() if drawn.ids[node] == edge.head)
                c = figure(drawn.node(edge.tail).data)
                assert sheet.page.locator(".panel header p").inner_text() == (
                    f"{z} is computed from its operands. {c} is a constant, operand {edge.slot + 1} of {z}:"
                    " no gradient flows to it."
                )
        sheet.press("ArrowRight")
        assert "constant" not in sheet.page.locator(".panel header p").inner_text()


def test_the_backward_pass_says_that_it_is_one_alone(browser, tmp_path):
    """Whatever two passes have left in x.grad."""
    x = Value(3.0, label="x")
    y = x * 2.0
    y.backward()
    y.backward()
    with Sheet(browser, step_through(y).save_html(tmp_path / "y.html")) as sheet:
        sheet.press("ArrowRight")
        assert sheet.panel()["gradient"][0].startswith("of this pass alone: every other gradient begins at 0")
        sheet.press("End")
        assert sheet.numbers()["x"] == (3.0, 2.0)


def test_a_finger_hits_an_edge_beside_its_line(browser, readme):
    stepper, path = readme
    drawn = picture(stepper.root)
    edge = next(edge for edge in drawn.edges if drawn.node(edge.head).op == "relu")
    with Sheet(browser, path) as sheet:
        line = sheet.page.locator(f"#{edge.id} .line")
        x, y = line.evaluate("""line => { const end = line.getPointAtLength(line.getTotalLength() - 14);
            const at = end.matrixTransform(line.getScreenCTM()); return [at.x, at.y + 4]; }""")
        sheet.page.mouse.click(x, y)
        assert sheet.panel()["local"][1] == edge.partial
        assert "now" in sheet.page.locator(f"#{edge.id}").get_attribute("class").split()


def test_the_keyboard_alone_reaches_every_gradient(browser, readme):
    stepper, path = readme
    with Sheet(browser, path) as sheet:
        for node, name in list(stepper.names.items())[::6]:
            sheet.page.get_by_role("button", name=name, exact=True).focus()
            sheet.press("Enter")
            role = "gradient" if node is stepper.root else "sum"
            assert sheet.panel()[role][1] == stepper.gradients[node]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_operand_taken_twice_grows_in_one_place_at_a_time(browser, tmp_path, language):
    """y = x·x grows 6 times as fast as x = 3, and each of its two edges says 3: of what, the sheet must say."""
    x = Value(3.0, label="x")
    y = x * x + x
    y.label = "y"
    say = STRINGS[language]
    once, twice = say["local_note"].format(x="x", z="y"), say["local_note_of"].format(x="x", z="v1")
    stepper = step_through(y, language)
    drawn = picture(y)
    with Sheet(browser, stepper.save_html(tmp_path / "y.html")) as sheet:
        told = []
        for place, step in enumerate(stepper):
            sheet.page.locator("input[type=range]").fill(str(place))
            if step.operand is x:
                panel = sheet.panel()
                told.append((panel["local"][0], panel["local"][2], panel["contribution"][2]))
        head = drawn.ids[y.args[0]]
        tips = [sheet.page.locator(f"#{edge.id} > title").text_content() for edge in drawn.edges if edge.head == head]
    assert told == [
        (once, "∂y/∂x = 1", "∂y/∂y · ∂y/∂x = 1 · 1 = 1"),
        (twice, "∂v1/∂x#1 = x = 3", "∂y/∂v1 · ∂v1/∂x#1 = 1 · 3 = 3"),
        (twice, "∂v1/∂x#2 = x = 3", "∂y/∂v1 · ∂v1/∂x#2 = 1 · 3 = 3"),
    ]
    assert tips == ["∂v1/∂x#1 = 3", "∂v1/∂x#2 = 3"]


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
        sheet.type("x", "0.1")
        assert title(box) == "input x\ndata 0.1\ngrad 0.4"
        assert title(drawn.ids[y]) == f"result y = mul\ndata {0.1 * 0.1 * 2.0}\ngrad 1"
        assert title(edge) == "∂v1/∂x#1 = 0.1"
        constant = next(edge.id for edge in drawn.edges if drawn.node(edge.tail).kind == "constant")
        assert title(constant) == "2, a constant, is operand 2 of y"
        sheet.page.locator("select.language").select_option("zh")
        assert title(constant) == "常数 2 是 y 的第 2 个操作数"


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
