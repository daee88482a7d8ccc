"""draw: the bytes of small drawings, what collapsing shows, and that nothing hangs or raises where it must not."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import graphviz
import pytest

import autograd
from autograd import Value, scope
from autograd.viz import draw, explain, step_through, to_python, trace
from autograd.viz.display import MOST_BYTES
from autograd.viz.draw import Drawing
from autograd.viz.style import DARK, LIGHT
from autograd.viz.svg import svg
from tests.viz.expressions import readme_of_micrograd

SNAPSHOTS = Path(__file__).parent / "snapshots"
SVG = "{http://www.w3.org/2000/svg}"


def built_in(v, **options):
    return draw(v, engine="builtin", **options)


def neuron():
    """relu(w . x + b) in a scope, with numbers that are exact in binary."""
    with scope("neuron"):
        w = [Value(0.5, label="w1"), Value(-1.25, label="w2")]
        b = Value(0.75, label="b")
    x = [Value(2.0, label="x1"), Value(-1.0, label="x2")]
    with scope("neuron"):
        out = (autograd.dot(w, x) + b).relu()
    out.label = "out"
    return out


def network(widths, samples, seed=0):
    """A loss over some samples of a network whose nodes carry scopes, layer0/neuron0 and so on."""
    rng = random.Random(seed)
    weights = []
    for k, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        weights.append([])
        for j in range(fan_out):
            with scope(f"layer{k}"), scope(f"neuron{j}"):
                weights[-1].append([Value(rng.uniform(-1, 1), label="w") for _ in range(fan_in + 1)])
    loss = 0.0
    for _ in range(samples):
        x = [rng.gauss(0, 1) for _ in range(widths[0])]
        for k, layer in enumerate(weights):
            outputs = []
            for j, w in enumerate(layer):
                with scope(f"layer{k}"), scope(f"neuron{j}"):
                    outputs.append((autograd.dot(w[:-1], x) + w[-1]).relu())
            x = outputs
        loss = loss + (x[0] - 1.0) ** 2
    loss.label = "loss"
    return loss


def repeated():
    a = Value(3.0, label="a")
    b = a + a
    b.backward()
    return b


def readme(backward=True):
    *_, g = readme_of_micrograd()
    if backward:
        g.backward()
    return g


def loss():
    """The one that README.md draws, and shows."""
    x, w = Value(3.0, label="x"), Value(0.5, label="w")
    loss = (w * x - 1.0) ** 2 + 0.1 * w**2
    loss.label = "loss"
    loss.backward()
    return loss


DRAWINGS = {
    "loss": lambda: built_in(loss()),
    "readme": lambda: built_in(readme()),
    "readme-from-above-unknown-gradients": lambda: built_in(readme(backward=False), direction="TB"),
    "repeated": lambda: built_in(repeated()),
    "neuron": lambda: built_in(neuron()),
    "neuron-expanded": lambda: built_in(neuron(), expand="dot"),
    "network-collapsed": lambda: built_in(network([2, 3, 1], 4), collapse=True),
}


@pytest.mark.parametrize("formulas", [False, True])
def test_numbers_that_no_longer_fit_together_are_noted(formulas):
    x = Value(2.0, label="x")
    y = x * x + x
    y.label = "y"
    fresh = draw(y, formulas=formulas, engine="builtin")
    x.data = 5.0
    note = "v1 was 4 when it was computed and would be 25 now: a .data was changed after recording"
    assert fresh.picture.notes == []
    stale = draw(y, formulas=formulas, engine="builtin")
    assert stale.picture.notes == [note] and "would be 25" in stale.svg and note in stale.source
    assert "x = 2" not in stale.svg and "x = 5" not in stale.svg  # the edges from x to v1 say 2, and no reason
    renamed = draw(y, formulas=formulas, labels={y.args[0]: "square"})
    assert renamed.picture.notes == [note.replace("v1", "square")]


@pytest.mark.parametrize("name", DRAWINGS)
def test_small_drawings_are_the_same_to_the_byte(name):
    """After a wanted change: STEPGRAD_SNAPSHOTS=write pytest tests/viz/test_draw.py, and look at what changed."""
    path = SNAPSHOTS / f"{name}.svg"
    drawn = DRAWINGS[name]().svg.encode()
    if os.environ.get("STEPGRAD_SNAPSHOTS") == "write":
        path.write_bytes(drawn)
    assert drawn == path.read_bytes()


def test_another_process_draws_the_same():
    program = (
        "import hashlib, tests.viz.test_draw as t; from autograd.viz import draw\n"
        "texts = [t.built_in(t.network([3, 6, 6, 1], 12), collapse=c).svg for c in (None, True, 1, 'neuron')]\n"
        "texts += [draw(t.readme()).source, t.readme().to_latex(), t.readme().to_python(), str(t.readme().trace())]\n"
        "print(hashlib.sha256(''.join(texts).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": ""}, cwd=Path(__file__).parents[2],
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1 and seen != {""}


def parsed(drawing):
    return ElementTree.fromstring(drawing.svg)


def texts_of(drawing, kind):
    return [text.text for text in parsed(drawing).iter(f"{SVG}text") if text.get("class") == kind]


def test_every_node_and_edge_has_its_group():
    drawing = built_in(readme())
    groups = {g.get("id"): g for g in parsed(drawing).iter(f"{SVG}g") if g.get("id")}
    assert set(groups) == {n.id for n in drawing.picture.nodes} | {e.id for e in drawing.picture.edges}
    root = groups[drawing.picture.roots[0]]
    assert root.get("class") == "node result"
    texts = {text.get("class"): text.text for text in root.iter(f"{SVG}text")}
    assert texts["data"] == "24.7041" and texts["label"] == "g" and texts["grad"] == "1"
    assert "data 24.70408163265306" in root.find(f"{SVG}title").text
    grads = {node.label: node.grad for node in drawing.picture.nodes if node.label}
    assert round(grads["a"], 4) == 138.8338 and round(grads["b"], 4) == 645.5773


def test_a_tooltip_says_why_its_number_is_what_it_is():
    *_, g = readme_of_micrograd()
    g.backward()
    said = lambda drawing: {title.text for title in parsed(drawing).iter(f"{SVG}title")}
    titles = said(built_in(g))
    assert "operation v24 = 10/v22\ndata 0.20408163265306123\ngrad 1.0" in titles
    assert (
        "local derivative ∂v24/∂v22 = -0.004164931278633903\n"
        "since v24 = 10/v22 has ∂v24/∂v22 = -v24/v22 = -0.204082/49 ≈ -0.00416493\n"
        "contribution to the gradient: 1.0 × -0.004164931278633903 = -0.004164931278633903"
    ) in titles
    assert "10, a constant, is operand 1 of v24" in titles
    custom = built_in(g, labels={g.args[0].args[0]: "square"})
    assert "\nsince v24 = 10/square has ∂v24/∂square = -v24/square = " in "".join(said(custom))
    assert "since v24 = 10/v22 has" in built_in(g).source
    for told in said(built_in(neuron(), expand="dot")):
        assert "w1·x1" not in told  # its edges are those of its parts
    collapsed = said(built_in(network([2, 3, 1], 4), collapse="layer"))
    assert not any("since" in told for told in collapsed if "layer" in told)


def test_ids_can_have_a_prefix():
    text = svg(built_in(repeated()).picture, prefix="left-")
    assert 'id="left-n0"' in text and 'id="left-e1"' in text and 'id="n0"' not in text


def test_any_label_makes_well_formed_files(tmp_path):
    nasty = "<b>&\"'\\N ]]> 权重 \u0007" + "w" * 300
    x = Value(1.0, label=nasty)
    drawing = built_in(x * 2, labels={x: nasty})
    parsed(drawing)
    ElementTree.fromstring(drawing.save(tmp_path / "x.svg").read_bytes())
    assert drawing.save(tmp_path / "x.html").read_text(encoding="utf-8").count("<svg") == 1
    assert drawing.save(str(tmp_path / "x.dot")).read_text(encoding="utf-8") == drawing.source
    assert isinstance(drawing.to_dot(), graphviz.Digraph)


@pytest.mark.parametrize(("label", "shown"), [(5, "5"), (("w", 1), "('w', 1)"), ("a\ud800b", "a b")])
def test_a_label_of_any_kind_is_written(tmp_path, label, shown):
    v = Value(2.0)
    v.label = label
    loss = v * 3.0
    assert shown in texts_of(built_in(loss), "label")
    assert shown in texts_of(built_in(Value(1.0), labels=lambda value: label), "label")
    for made in (built_in(loss), step_through(loss), trace(loss), explain(loss, v)):
        for text in made._repr_mimebundle_().values():
            assert shown in text or shown.replace("'", "&#x27;") in text or made.__class__ is Drawing
            text.encode()
    step_through(loss).save_html(tmp_path / "sheet.html")
    program = to_python(loss)
    program.encode()
    namespace = {}
    exec(program, namespace)
    assert namespace["result"].data == 6.0


def test_edges_show_the_chain_rule_when_asked():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = (a * b) * 10.0

    def written(**options):
        return texts_of(built_in(c, **options), "partial")

    assert written() == ["−3", "2", "10"] == written(contributions=True)
    c.backward()
    assert written(contributions=True) == ["−3 · 10 = −30", "2 · 10 = 20", "10 · 1 = 10"]
    assert 'label="2 · 10 = 20"' in built_in(c, contributions=True).source


def test_edges_show_where_their_numbers_come_from_when_asked():
    *_, g = readme_of_micrograd()
    written = texts_of(built_in(g, formulas=True), "partial")
    assert {"2·v21 = −14", "−v24/v22 = −0.00416493", "3·b^2 = 12", "b = 2", "1/2 = 0.5", "1", "3"} <= set(written)
    assert 'label="2·v21 = −14"' in built_in(g, formulas=True).source
    x = [Value(float(k), label=f"a rather long name {k}") for k in range(3)]
    assert texts_of(built_in(autograd.logsumexp(x), formulas=True), "partial") == ["0.0900306", "0.244728", "0.665241"]
    assert texts_of(built_in(autograd.mean(x), formulas=True), "partial") == ["1/3 ≈ 0.333333"] * 3
    with pytest.raises(ValueError, match="formulas or for contributions, not for both"):
        draw(g, formulas=True, contributions=True)


def brightness(colour):
    """Relative luminance of #rrggbb, WCAG 2.1."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(palette):
    kinds = ("ground", "parameter", "input", "constant", "operation", "result", "group")
    grounds = [palette[kind][0] for kind in kinds]
    for text in (*palette["text"], palette["edge"][1]):
        for ground in grounds:
            bright, dark = sorted((brightness(text), brightness(ground)), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (text, ground)  # WCAG's AA


def test_a_legend_names_the_shapes_that_occur():
    words = texts_of(built_in(neuron(), legend=True), "note")
    assert words == ["input", "parameter", "operation", "result"]


def test_numbers_of_every_size_are_drawn():
    parts = [float("nan"), float("inf"), -float("inf"), 1e-300, 123456789.0, -0.0, 1 / 3]
    v = autograd.sum([Value(x) for x in parts])
    texts = {text.text for text in parsed(built_in(v)).iter(f"{SVG}text")}
    assert {"nan", "∞", "−∞", "1e−300", "1.23457e8", "0", "0.333333"} <= texts
    said = " ".join(parsed(built_in(v * -0.0 + -0.0)).itertext())
    assert not re.search(r"[-−]0(\.0)?(?![.\d])", said)


# ------------------------------------------------------------------------------------------- notebooks, files, mistakes


def test_a_notebook_gets_text_and_an_image_that_untrusted_views_show():
    drawing = built_in(repeated())
    bundle = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == "<Drawing of 2 nodes and 2 edges>"
    assert "<img " in bundle["text/html"] and "<script" not in bundle["text/html"]
    assert bundle["image/svg+xml"] == drawing._repr_svg_() == drawing.svg


def test_a_repr_never_raises_and_is_bounded(monkeypatch):
    drawing = built_in(repeated())
    drawing.__dict__["svg"] = "x" * (MOST_BYTES + 1)
    assert "too large" in drawing._repr_mimebundle_()["text/plain"] and drawing._repr_svg_() is None
    broken = built_in(repeated())
    broken.picture.nodes.clear()
    assert "could not be rendered" in broken._repr_mimebundle_()["text/plain"]


def test_a_value_is_a_card_until_it_is_asked_to_draw():
    v = Value(2.0, label="<x>") * 3
    assert "<img" not in v._repr_mimebundle_()["text/html"]
    assert repr(v.draw(engine="builtin")) == "<Drawing of 2 nodes and 1 edge>"


def test_dot_text_has_the_same_ids():
    source = built_in(readme()).source
    assert source.startswith("digraph autograd {") and "rankdir=LR" in source
    assert 'id=n3 ' in source and "id=e0 " in source and 'label="+ g\\ndata 24.7041\\ngrad 1"' in source
    assert source.count(" -> ") == len(built_in(readme()).picture.edges)


def test_without_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    assert draw(repeated()).engine == "builtin"
    with pytest.raises(RuntimeError, match=r"dot is not on the PATH: install Graphviz, or draw with engine='builtin'"):
        draw(repeated(), engine="dot")
    with pytest.raises(RuntimeError, match=r"png needs Graphviz' dot on the PATH"):
        draw(repeated()).save(tmp_path / "x.png")


@pytest.mark.skipif(not autograd.viz.dot.has_dot(), reason="Graphviz' dot is not installed")
def test_with_dot(tmp_path):
    drawing = draw(readme(), engine="dot")
    ids = {g.get("id") for g in ElementTree.fromstring(drawing.svg).iter(f"{SVG}g")}
    assert ids >= {n.id for n in drawing.picture.nodes} | {e.id for e in drawing.picture.edges}
    assert drawing.save(tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("options", "message"), [
    ({"direction": "up"}, "direction is 'LR' or 'TB', not 'up'"),
    ({"engine": "neato"}, "engine is 'auto', 'dot' or 'builtin', not 'neato'"),
    ({"max_nodes": 0}, "max_nodes must be at least 1"),
    ({"hops": -1}, "hops at least 0, got 200 and -1"),
    ({"collapse": "layer"}, "no scope has a part that starts with 'layer'; the graph has no scopes"),
    ({"collapse": 0}, "collapse is True, False, a depth of at least 1"),
    ({"around": Value(9.0)}, "is not in this graph"),
    ({"parameters": [Value(1.0)]}, "is not a leaf of this graph: parameters= takes leaves"),
    ({"expand": ["mul"]}, "'mul' has no inside"),
])  # fmt: skip
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        draw(repeated(), **options)


@pytest.mark.parametrize(("options", "message"), [
    ({"max_nodes": "9"}, "max_nodes is a whole number, not '9'"),
    ({"hops": 1.5}, r"hops is a whole number, not 1\.5"),
    ({"labels": "x"}, "labels is a dictionary or a function from a Value to its name, not 'x'"),
    ({"parameters": 3}, "parameters is leaves of the graph, not 3"),
    ({"expand": 3}, "expand is the names of operations, or True for all, not 3"),
])  # fmt: skip
def test_options_of_another_kind_are_named(options, message):
    with pytest.raises(TypeError, match=message):
        draw(repeated(), **options)


def test_an_unknown_ending_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.svg, \.html, \.dot, \.gv, \.png or \.pdf, not as 'x\.jpg'"):
        built_in(repeated()).save(tmp_path / "x.jpg")
