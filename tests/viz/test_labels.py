"""Any label, in every view: no exception, no two nodes alike, nothing beside its box."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.viz import draw, explain, step_through, to_latex, to_python, trace
from autograd.viz.latex import tex_names
from autograd.viz.notation import LONGEST, in_formula, names
from autograd.viz.order import program_order
from autograd.viz.svg import HEAD, PAD
from autograd.viz.text import width

NASTY = [
    "", "   ", "\n", "\u200b", "\u200d", "one\ntwo", "w" * 500, "a very long label with many words " * 9, "😀", "𝔴",
    "\U0001f469\u200d\U0001f467" * 30, "משקל", "وزن 1", "\u202eabc", "é", "e\u0301", "w1", "w_1", "w_{1}", "alpha",
    "<b>&\"'`", "$x$", "\\frac{1}{2}", "{0}", "%s", "a|b", "*bold*", "_", "0", "-1", "(−2)", "nan", "∞", "x = y",
    "权重", "\ud800", "\x00", "]]>", "</script>", 5, None,
]  # fmt: skip
labels = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
SVG = "{http://www.w3.org/2000/svg}"


def labelled(given):
    a, b, c, d, e = (Value(0.5 + k, label=label) for k, label in enumerate(given[:5]))
    h = ag.dot([a, b], [c, d]) * a + e
    h.label = given[5]
    return (h * h).tanh() + b, a


@given(st.lists(labels, min_size=6, max_size=6))
def test_no_label_breaks_a_view_and_no_two_nodes_look_alike(told):
    root, a = labelled(told)
    order = program_order([root])
    called = names(order)
    for name in called.values():
        assert name.strip() == name != "" and name.replace("\u200d", "").isprintable() and len(name) <= LONGEST + 4
    for found in (called, tex_names(called)):
        assert len(set(found.values())) == len(order)
    for shown in (trace(root), explain(root, a), step_through(root), draw(root, engine="builtin")):
        for text in shown._repr_mimebundle_().values():
            text.encode()
            assert "could not be rendered" not in text
    assert [row.name for row in trace(root)] == [in_formula(called[node]) for node in order]
    assert to_latex(root)
    program = {}
    exec(to_python(root), program)
    assert program["result"].data == root.data
    draw(root).source.encode()


@given(st.lists(labels, min_size=6, max_size=6), st.sampled_from(["LR", "TB"]))
def test_what_is_written_in_a_box_fits_into_it(told, direction):
    root, _ = labelled(told)
    drawing = ElementTree.fromstring(draw(root, engine="builtin", direction=direction).svg)
    for group in drawing.iter(f"{SVG}g"):
        shape = next((part for part in group if (part.get("class") or "") == "shape"), None)
        if shape is None:
            continue
        xs = [float(shape.get("x")), float(shape.get("x")) + float(shape.get("width"))] if shape.get("x") else [
            float(point.split(",")[0]) for point in shape.get("points").split()
        ]  # fmt: skip
        sign = next((text for text in group if text.get("class") == "op"), None)
        for text in group:
            if text.get("class") in ("label", "name"):
                bold = text.get("class") == "label"
                start = float(text.get("x"))
                assert start + width(text.text, HEAD, bold=bold) <= max(xs) - PAD + 0.1
                assert sign is None or float(sign.get("x")) + width(sign.text, HEAD, bold=True) < start
