"""The formula on the page is the number: what `to_latex` writes is evaluated again, by other rules."""

import math
import os
import random
import re
from pathlib import Path

import pytest

import autograd
from autograd import Value, maximum, primitives, tanh
from autograd.primitive import TABLE
from autograd.viz import derivative_table, partial_latex, to_latex
from autograd.viz.latex import DEFINITIONS, number_tex, tex_name


def meaning(tex, **names):
    """The number that a formula means, by Python's own precedence: \\frac{a}{b} becomes frac(a)(b), and so on."""
    text = re.sub(
        r"\\begin\{cases\} (.*?) & \\text\{if \} (.*?) \\\\ (.*?) & \\text\{otherwise\} \\end\{cases\}",
        r"((\1) if (\2) else (\3))", tex,
    )  # fmt: skip
    text = re.sub(r"_\{([0-9]+)\}", r"\1", text)
    for old, new in [
        (r"\left|", "abs("), (r"\right|", ")"), (r"\left[", "float("), (r"\right]", ")"), (r"\left(", "("),
        (r"\right)", ")"), (r"\sqrt[3]", "cbrt"), (r"\cdot", "*"), (r"\ge", ">="), (r"\le", "<="), (" = ", " == "),
        (r"\ln 2", "log(2)"), (r"\ln 10", "log(10)"), (r"\ln", "log"), ("^", "**"), (r"\_", "_"), (r" \pi", " * pi"),
        (r"\arc", "a"), ("{ar", "{a"),
    ]:  # fmt: skip
        text = text.replace(old, new)
    text = re.sub(r"\\operatorname\{(\w+)\}", r"\1", text).replace("\\", "").replace("{", "(").replace("}", ")")
    known = {name: op for name, op in TABLE.items() if name not in ("sum", "pow")}
    known.update(
        frac=lambda a: lambda b: a / b, e=math.e, pi=math.pi, sigma=TABLE["sigmoid"], max=max, min=min, abs=abs,
        infty=math.inf, alpha=None,
    )  # fmt: skip
    return float(eval(text, {**known, **names}))


def point(op):
    """Operands inside the domain, away from its ends, from each other and from 0."""
    count = len(op.operands) or 4
    ends = [op.domain[k if len(op.domain) > 1 else 0] for k in range(count)]
    return [
        (low + high) / 2 + 0.1 + 0.07 * k if math.isfinite(low + high) else max(low, -1.0) + 1.31 + 0.41 * k
        for k, (low, high) in enumerate(ends)
    ]


LETTERS = "xyuv"


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_every_row_and_its_derivatives_mean_their_numbers(op):
    xs = point(op)
    named = dict(zip(LETTERS, xs))
    node = op.apply(tuple(Value(x, label=name) for name, x in named.items()))
    # Rounding alone: the formula is evaluated in another order, with e**x for exp(x).
    assert meaning(to_latex(node), **named) == pytest.approx(node.data, rel=1e-12, abs=1e-12)
    for i, recorded in enumerate(node.partials):
        formula = partial_latex(op, i, tuple(named))
        assert meaning(formula, z=node.data, **named) == pytest.approx(recorded, rel=1e-12, abs=1e-12), formula


def arithmetic(seed):
    """A random expression of the operators that need parentheses, with sharing."""
    rng = random.Random(seed)
    leaves = {name: Value(rng.uniform(0.5, 2.0), label=name) for name in "abcd"}
    pool = list(leaves.values())
    for _ in range(12):
        x, y = rng.choice(pool[-5:]), rng.choice([*pool[-5:], Value(1.5)])
        far = x if abs(x.data) > 0.01 else x + 2.0  # from zero, where Python's own division would stop
        made = [x + y, x - y, x * y, y / far, -x, abs(far) ** rng.choice([2.0, -1.0, y.tanh()]), x.tanh().exp()]
        pool.append(rng.choice(made))
    return pool[-1], {name: value.data for name, value in leaves.items()}


@pytest.mark.parametrize("seed", range(40))
def test_parentheses_are_where_the_number_needs_them(seed):
    node, names = arithmetic(seed)
    tex = to_latex(node)
    if "aligned" in tex:
        *lines, last = [line.removesuffix(r" \\") for line in tex.splitlines()[1:-1]]
        for line in lines:
            name, formula = line.split(" &= ")
            names[name.replace("_{", "").replace("}", "")] = meaning(formula, **names)
        tex = last.split(" &= ")[1]
    # Constants are written with six digits, here only exact ones; the rest is rounding.
    assert meaning(tex, **names) == pytest.approx(node.data, rel=1e-9)


def test_examples_that_a_reader_expects():
    a, b, c = (Value(2.0, label=name) for name in "abc")
    assert to_latex((a + b) * c) == r"\left(a + b\right) \cdot c"
    assert to_latex(a + b * c) == r"a + b \cdot c"
    assert to_latex(a - (b - c)) == r"a - \left(b - c\right)"
    assert to_latex(a - b - c) == r"a - b - c"
    assert to_latex(-(a * b)) == r"-a \cdot b"
    assert to_latex(a + -b) == r"a + \left(-b\right)"
    assert to_latex((-a) ** 2) == r"\left(-a\right)^{2}"
    assert to_latex(-(a**2)) == r"-a^{2}"
    assert to_latex((a**b) ** c) == r"\left(a^{b}\right)^{c}"
    assert to_latex(a ** (b + c)) == r"a^{b + c}"
    assert to_latex((a / b) ** c) == r"\left(\frac{a}{b}\right)^{c}"
    assert to_latex(-3.0 * a) == r"-3 \cdot a"
    assert to_latex(a * -3.0) == r"a \cdot \left(-3\right)"
    assert to_latex((a * b).exp()) == r"e^{a \cdot b}"
    assert to_latex(primitives.dot([a, b], [c, a + b])) == r"a \cdot c + b \cdot \left(a + b\right)"
    assert to_latex(primitives.mean([a, b]) ** 2) == r"\left(\frac{a + b}{2}\right)^{2}"
    assert to_latex(maximum(a, 0.5)) == r"\max\left(a, 0.5\right)"


def test_shared_subexpressions_are_named_once():
    x = Value(0.5, label="x")
    h = (x * 3 + 1).tanh()
    h.label = "hidden"
    assert to_latex(h * h + h) == "\n".join([
        r"\begin{aligned}",
        r"\mathrm{hidden} &= \tanh\left(x \cdot 3 + 1\right) \\",
        r"v_{4} &= \mathrm{hidden} \cdot \mathrm{hidden} + \mathrm{hidden}",
        r"\end{aligned}",
    ])  # fmt: skip


def test_a_huge_graph_is_written_from_the_result_back():
    v = Value(1.0, label="x")
    for _ in range(20_000):
        v = (v * 0.5 + 1.0).tanh()
    text = to_latex(v)
    assert len(text.splitlines()) == DEFINITIONS + 4 and "more definitions" in text


def test_names_and_numbers():
    assert tex_name("w_1") == tex_name("w1") == "w_{1}"
    assert tex_name("50%_off") == r"\mathrm{50\%\_off}"
    assert tex_name("权重2") == r"\text{权重}_{2}"
    assert number_tex(math.nan)[0] == r"\mathrm{nan}" and number_tex(-math.inf)[0] == r"-\infty"
    assert number_tex(-0.0) == number_tex(0.0) == ("0", number_tex(1.0)[1]) and number_tex(1e9)[0] == r"1 \cdot 10^{9}"
    assert to_latex(Value(0.1) + 0.2) == "0.1 + 0.2"


def test_a_registered_operation_is_written_by_its_name(register):
    twice = register("latex_twice_example", lambda x: 2.0 * x, lambda x, z: (2.0,))
    assert to_latex(twice(Value(1.0, label="x"))) == r"\operatorname{latex\_twice\_example}\left(x\right)"
    assert "| `latex_twice_example` |" in derivative_table()


def test_the_table_of_derivatives_has_every_row():
    lines = derivative_table().splitlines()
    assert len(lines) == 2 + len(TABLE)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in lines)
    assert r"| `tanh` | $\tanh\left(x\right)$ | $\frac{\partial z}{\partial x} = 1 - z^{2}$ |" in lines


def test_the_docs_have_the_table_of_today():
    """After a new row: STEPGRAD_SNAPSHOTS=write pytest tests/viz/test_latex.py."""
    path = Path(autograd.viz.__file__).with_name("derivatives.md")
    head, _, table = path.read_text(encoding="utf-8").partition("| operation |")
    if os.environ.get("STEPGRAD_SNAPSHOTS") == "write":
        path.write_text(head + derivative_table(), encoding="utf-8")
    assert f"| operation |{table}" == derivative_table()


def test_a_partial_with_a_constant_is_worked_out():
    assert partial_latex(TABLE["pow"], 0, ("x", 3.0)) == r"3 \cdot x^{2}"
    assert partial_latex(tanh, 0, (r"a + b",), "t") == "1 - t^{2}"
    assert partial_latex(TABLE["mul"], 0, ("a", "b + c")) == "b + c"
    assert partial_latex(TABLE["mean"], 1, ("a", "b", "c")) == r"\frac{1}{3}"
    assert partial_latex(TABLE["sin"], 0, ("a + b",)) == r"\cos\left(a + b\right)"


def test_only_values_have_a_formula():
    with pytest.raises(TypeError, match=r"to_latex writes Values, not float \(3.0\)"):
        to_latex(3.0)
