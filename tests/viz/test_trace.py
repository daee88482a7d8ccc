"""The table of a computation."""

import pytest

from autograd import Value, mean
from autograd.viz import trace
from autograd.viz.text import columns
from autograd.viz.trace import COLUMNS, SHOWN
from tests.viz.expressions import readme_of_micrograd
from tests.viz.forms import read


def example():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b|*")
    c = a * b + a
    c.label = "c"
    return a, b, c


def test_rows_hold_the_numbers_of_the_graph():
    a, _, c = example()
    assert all(row.grad is None for row in trace(c))
    c.backward()
    rows = {row.name: row for row in trace(c)}
    assert rows["a"].data == 2.0 and rows["a"].grad == a.grad == -2.0 and rows["a"].operation == ""
    assert rows["c"].operation == "v1 + a" and rows["c"].numbers == "(-6) + 2" and rows["c"].data == -4.0
    assert rows["v1"].partials == (("a", -3.0), ("“b|*”", 2.0))
    assert rows["v1"].derivatives == ("∂v1/∂a = “b|*” = -3", "∂v1/∂“b|*” = a = 2")
    assert [row.step for row in trace(c)] == [1, 2, 3, 4]
    assert trace(c)[-1] == rows["c"] and trace(c)[1:3] == list(trace(c))[1:3]


def test_an_operand_used_twice_has_two_derivatives():
    x = Value(3.0, label="x")
    assert trace(x * x)[-1].partials == (("x", 3.0), ("x", 3.0))
    assert trace(x * x)[-1].cells()[5] == "∂v1/∂x = 3 + 3"
    assert trace(x - x)[-1].cells()[5] == "∂v1/∂x = 1 + (-1)"
    assert trace(Value(2.0, label="a") * -x)[-1].cells()[5] == "∂v2/∂a = v1 = -3, ∂v2/∂v1 = a = 2"


def test_a_derivative_says_where_its_number_comes_from():
    *_, g = readme_of_micrograd()
    told = {row.name: row.cells()[5] for row in trace(g)}
    assert told["v24"] == "∂v24/∂v22 = -v24/v22 = -0.204082/49 ≈ -0.00416493"
    assert told["v22"] == "∂v22/∂v21 = 2·v21 = 2·(-7) = -14" and told["v16"] == "∂v16/∂v15 = 3"
    x = [Value(0.5 * k, label=f"x{k}") for k in range(4)]
    assert trace(mean(x))[-1].cells()[5] == ", ".join(f"∂v1/∂x{k} = 0.25" for k in range(4))


def test_it_is_text_markdown_and_html():
    *_, c = example()
    shown = trace(c)
    header, line, *body = str(shown).splitlines()
    assert header.split("  ")[0] == "step" and set(line) == {"-", " "} and len(body) == 4
    assert "∂c/∂v1 = 1, ∂c/∂a = 1" in body[-1] and body[-1].endswith("?")
    markdown = shown.to_markdown().splitlines()
    assert len(markdown) == 6 and r"b\|\*" in shown.to_markdown()
    assert shown.to_html().count("<tr>") == 5 and shown.to_html().count("columnheader") == len(COLUMNS)
    assert set(shown._repr_mimebundle_()) == {"text/plain", "text/html", "text/markdown", "image/svg+xml"}
    assert repr(shown) == "<Trace of 4 rows>"


def test_columns_stand_one_below_the_other_with_wide_letters_too():
    x = Value(3.0, label="权重")
    y = x * Value(1.0, label="e\u0301\u0323") + Value(2.0, label="משקל")
    y.label = "和"
    lines = str(trace(y)).splitlines()
    starts = {columns(line[: line.rindex(" ")]) for line in lines if line.endswith("?")}
    assert len(starts) == 1


def test_a_long_trace_is_shown_from_both_ends():
    v = Value(0.5)
    for _ in range(5_000):
        v = v * 0.99
    shown = trace(v)
    assert len(shown) == 5_001
    lines = str(shown).splitlines()
    assert len(lines) == SHOWN + 3 and "4,801 more" in lines[2 + SHOWN // 2]
    assert lines[-1].startswith("5001")


def test_numbers_that_no_longer_fit_together_say_so():
    a, _, c = example()
    c.backward()
    assert trace(c).note == "" and "changed" not in str(trace(c))
    a.data -= 0.1 * a.grad
    note = "v1 was -6 when it was computed and would be -6.6 now: a .data was changed after recording"
    assert trace(c).note == note
    assert all(note in text for text in read(trace(c)))


def test_only_values_have_a_trace():
    with pytest.raises(TypeError, match="trace needs a Value, not str"):
        trace("x")
    assert Value(1.0).trace()[0].data == 1.0
