"""The steps are the engine's own: same order, same numbers to the last bit, and nobody's `.grad` is touched."""

import math
import re

import pytest

from autograd import Value, dot, func, logsumexp, mean, no_grad, pow, relu
from autograd.graph import backpropagate, topological_order
from autograd.primitive import TABLE
from autograd.viz.captions import sign
from autograd.viz.explain import explain
from autograd.viz.javascript import unknown
from autograd.viz.model import picture
from autograd.viz.notation import fill, names, templates
from autograd.viz.stepper import MOST_PRINTED, Stepper, step_through
from autograd.viz.strings import STRINGS
from nn.functional import cross_entropy
from tests.viz.expressions import random_graph, readme_of_micrograd


def ends(stepper):
    """Every node's gradient as its last step leaves it."""
    return {receiver(step): step.total for step in stepper if step.phase == "backward"}


def receiver(step):
    """Whose gradient grows: the operand's, or at the start the root's."""
    return step.node if step.operand is None else step.operand


@pytest.mark.parametrize("seed", range(25))
def test_the_sums_equal_the_engine_to_the_last_bit(seed):
    _, root = random_graph(seed)
    stepped = ends(step_through(root))
    root.backward()
    order = topological_order([root])
    assert len(stepped) == len(order)
    for node in order:
        assert stepped[node].hex() == node.grad.hex()


@pytest.mark.parametrize("seed", range(5))
def test_the_edges_come_in_the_order_of_the_engine(seed):
    """The engine, told to note each addition to a gradient, adds in the order of the steps."""
    _, root = random_graph(seed)
    noted = []

    class Noting(Value):
        def __init__(self, op, args, partials, number):
            self.op, self.args, self.partials, self.number, self.total = op, args, partials, number, 0.0

        @property
        def grad(self):
            return self.total

        @grad.setter
        def grad(self, total):
            self.total = total
            noted.append((self.number, total))

    twins, order = {}, topological_order([root])
    for number, node in enumerate(order):
        args = tuple(twins.get(arg, arg) if isinstance(arg, Value) else arg for arg in node.args)
        twins[node] = Noting(node.op, args, node.partials, number)
    backpropagate(twins[root], 1.0)
    number = {node: i for i, node in enumerate(order)}
    stepped = [(number[receiver(step)], step.total) for step in step_through(root) if step.phase == "backward"]
    assert noted[len(order) :] == stepped  # it begins by resetting all; no leaf has an old gradient to be added again


def test_no_grad_is_touched():
    a, b, g = readme_of_micrograd()
    a.grad = 7.0
    stepper = step_through(g)
    list(stepper)
    str(stepper)
    assert (a.grad, b.has_grad, g.has_grad) == (7.0, False, False)


def test_a_step_says_everything():
    a = Value(3.0, label="a")
    y = a * a
    y.label = "y"
    forward, start, first, second = step_through(y)
    assert (forward.phase, forward.node, forward.formula, forward.numbers) == ("forward", y, "a·a", "3·3")
    assert (start.phase, start.node, start.operand, start.total) == ("backward", y, None, 1.0)
    assert (first.edge, first.operand, first.local, first.upstream) == (0, a, 3.0, 1.0)
    assert (first.contribution, first.total, first.progress, first.finished) == (3.0, 3.0, "1 of 2", False)
    assert (second.edge, second.total, second.progress, second.finished) == (1, 6.0, "2 of 2", True)
    assert second.formula == "a"
    assert second.text == (
        "backward  ∂y/∂a += ∂y/∂y · ∂y/∂a#2 = 1 · 3 = 3,  since y = a·a has at its operand number 2 ∂y/∂a#2 = a = 3;"
        "  2 of 2: 3 + 3 = 6"
    )


def test_it_is_a_sequence():
    _, _, g = readme_of_micrograd()
    stepper = step_through(g)
    order = topological_order([g])
    edges = sum(isinstance(arg, Value) for node in order for arg in node.args)
    assert len(stepper) == len(list(stepper)) == sum(node.op is not None for node in order) + 1 + edges
    assert stepper[-1] == stepper[len(stepper) - 1]
    assert [step.phase for step in stepper[24:27]] == ["forward", "backward", "backward"]
    with pytest.raises(IndexError, match="there is no step 65: these are steps 0 to 64"):
        stepper[65]


def test_a_forward_step_comes_after_its_operands():
    _, root = random_graph(3)
    seen = set()
    for step in step_through(root):
        if step.phase == "forward":
            assert all(arg in seen for arg in step.node.args if isinstance(arg, Value) and arg.op)
            seen.add(step.node)


def test_a_leaf_has_one_step():
    (step,) = step_through(Value(2.0, label="x"))
    assert step.text == "backward  ∂x/∂x = 1"


def test_constants_are_worked_out():
    x = Value(3.0, label="x")
    assert step_through(x**3)[-1].formula == "3·x^2"
    assert step_through(2.0 * x)[-1].formula == "2"


def test_a_number_alone_is_no_rule():
    """Of x/2, working the constant out leaves 0.5, and nobody can say why; 1/y says it."""
    x = Value(3.0, label="x")
    for y, formula in [(x / 2.0, "1/2"), (2.0 * x, "2"), (x + 1.0, "1"), (5.0 - x, "-1"), (-x, "-1")]:
        assert step_through(y)[-1].formula == formula
    assert "since v1 = x/2 has ∂v1/∂x = 1/2 = 0.5" in step_through(x / 2.0)[-1].text


def test_fused_operations_say_what_they_are_made_of():
    x = [Value(value, label=f"x{k}") for k, value in enumerate((2.0, 1.0, -1.0))]
    w = [Value(value, label=f"w{k}") for k, value in enumerate((0.5, -1.25, 3.0))]
    made = step_through(dot(w, x))[0].text
    assert made == "forward   v1 = w0·x0 + w1·x1 + w2·x2 = 0.5·2 + (-1.25)·1 + 3·(-1) = -3.25"
    assert step_through(cross_entropy(x, 1))[-2].text.split(",  since ")[1] == (
        "v1 = logsumexp(x0, x1, x2) - x1 has at its operand number 3 ∂v1/∂x1#3 = exp(x1)/(exp(x0) + exp(x1) + exp(x2))"
        " = exp(1)/(exp(2) + exp(1) + exp(-1)) ≈ 0.259496;  2 of 2: -1 + 0.259496 = -0.740504"
    )
    y = Value(3.0, label="y")
    assert "∂v1/∂x0 = y·x0^(y - 1) = 3·2^(3 - 1) = 12" in step_through(x[0] ** y)[2].text
    assert "∂v1/∂x0 = 1/3 ≈ 0.333333" in step_through(mean(x))[2].text


def test_no_grad_does_not_reach_the_formulas():
    x = Value(3.0, label="x")
    y = x.atanh()
    with no_grad():
        assert step_through(y)[-1].formula == "1/(1 - x^2)"


def test_long_operations_are_abbreviated():
    xs = [Value(float(i), label=f"x{i}") for i in range(40)]
    assert step_through(logsumexp(xs))[0].formula == "logsumexp(x0, x1, x2, x3, x4, x5, …, x39)"
    assert step_through(dot(xs, xs))[-1].total == 78.0


def test_printing_is_bounded():
    y = x = Value(1.0)
    for _ in range(300):
        y = y + x
    text = str(step_through(y)).splitlines()
    assert len(text) == MOST_PRINTED + 1
    assert text[-1] == "... 701 more steps: iterate over the stepper to see them"
    assert str(step_through(y, "zh")).endswith("…… 还有 701 步：对 stepper 循环即可看到")


def test_chinese():
    a = Value(3.0, label="a")
    assert step_through(a * a, "zh")[-1].text == (
        "反向        ∂v1/∂a += ∂v1/∂v1 · ∂v1/∂a#2 = 1 · 3 = 3，因为 v1 = a·a，所以在第 2 个操作数处 ∂v1/∂a#2 = a = 3；"
        "第 2 份，共 2 份：3 + 3 = 6"
    )


def test_every_sentence_has_both_languages():
    assert len({tuple(STRINGS[language]) for language in STRINGS}) == 1
    for key, text in STRINGS["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", STRINGS["zh"][key])), key


def test_a_deep_graph_is_fine():
    y = x = Value(1.0)
    for _ in range(50_000):
        y = y * 1.0
    assert step_through(y)[-1].operand is x


def test_a_large_graph_is_refused_with_the_way_out(tmp_path):
    y = x = Value(1.0)
    for _ in range(1000):
        y = y + x
    with pytest.raises(ValueError, match=r"This graph has 1,001 nodes; a sheet shows at most 300.*smaller expression"):
        step_through(y).save_html(tmp_path / "x.html")
    bundle = step_through(y)._repr_mimebundle_()
    assert "text/html" in bundle
    assert "1,001 nodes" in bundle["text/html"]


def test_what_is_not_a_value_is_refused():
    with pytest.raises(TypeError, match=r"step_through shows how a Value was made, not float \(3.0\)"):
        step_through(3.0)
    for language in ("fr", ["en"]):
        message = re.escape(f"there is no language {language!r}: choose one of 'en', 'zh'")
        with pytest.raises(ValueError, match=message):
            step_through(Value(1.0), language=language)
    with pytest.raises(ValueError, match="direction is 'LR' or 'TB', not 'up'"):
        Value(1.0).step_through(direction="up")


def test_numbers_that_no_longer_fit_together_are_refused():
    w = Value(3.0, label="w")
    y = w * 2.0
    y.label = "y"
    w.data = 2.5
    with pytest.raises(ValueError, match=r"y was 6 when it was computed and would be 5 now: a `.data` was changed"):
        step_through(y)


def test_nan_and_infinity_have_steps():
    x = Value(0.0, label="x")
    assert math.isnan(step_through(x.log() * 0.0)[-1].total)
    assert "1/0 = ∞" in step_through(x.log())[-1].text


@pytest.mark.parametrize("seed", range(20))
def test_what_is_printed_is_true_as_it_is_printed(seed):
    """Read by Python as it stands, the line is true where it says `=`, and true to six digits where it says `≈`."""
    stepper = step_through(random_graph(seed)[1])
    read = 0
    for step in stepper:
        for equation in re.split(r",  since |;  \d+ of \d+: ", step.text):
            *_, worked, sign, result = re.split(r" ([=≈]) (?![^\[]*\])", f" = {equation}")
            if not re.search(r"∂|v\d", worked) and worked:
                told, result = eval(as_python(worked), {}, TABLE), float(result)
                assert math.isclose(told, result, rel_tol=1e-9) == (sign == "="), equation
                size = max(float(x) for x in re.findall(r"[\d.]+(?:e-?\d+)?", worked))  # operands are rounded, too
                assert math.isclose(told, result, rel_tol=2e-5, abs_tol=2e-5 * size), equation
                read += 1
    assert read > len(stepper)


def test_names_are_unique():
    twins = [Value(1.0, label="x"), Value(2.0, label="x"), Value(3.0, label="x_2"), Value(4.0), Value(5.0, label="v1")]
    assert list(names(twins).values()) == ["x", "x_3", "x_2", "v2", "v1"]


# ------------------------------------------------------------------------------- the formulas are the rules, read aloud


def as_python(text):
    for ours, pythons in (("·", "*"), ("^", "**"), (" = ", " == "), ("≥", ">="), ("≤", "<="), ("[", "("), ("]", ")")):
        text = text.replace(ours, pythons)
    return text


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_a_formula_computes_what_the_rule_computes(op):
    """The text, read by Python as it stands, gives the rule's numbers. Six digits are printed, so 1e-5."""
    arity = 4 if op.variadic else len(op.operands)
    point = [0.3, 0.7, 0.9, 0.4][:arity] if op.name != "acosh" else [1.3]
    z = op.forward(*point)
    operands = [f"x{i}" for i in range(arity)]
    known = {**TABLE, **dict(zip(operands, point)), "z": z, "logsumexp": TABLE["logsumexp"].forward}
    made = templates(op, (None,) * arity)
    for template, partial in zip(made.partials, op.partials(*point, z), strict=True):
        got = eval(as_python(fill(template, operands, "z")), {}, known)
        assert got == pytest.approx(partial, rel=1e-5)
    if not op.variadic:
        assert eval(as_python(fill(made.result, operands, "z")), {}, known) == pytest.approx(z, rel=1e-12)


def test_what_is_said_of_a_name_is_said_of_the_learners_own_node():
    """Nodes called x, y and z, as in any textbook's rule: no sentence means others by these letters."""
    x, y = Value(2.0, label="x"), Value(-4.0, label="y")
    z = y / x * x.relu()
    z.label = "z"
    stepper = step_through(z)
    operands = {(stepper.names[node], stepper.names[arg]) for node in stepper.order for arg in node.args}
    root = {("z", name) for name in stepper.names.values()}
    for over, under in re.findall(r"∂(\w+)/∂(\w+)", str(stepper) + str(STRINGS)):
        assert (over, under) in operands | root
    for words in STRINGS.values():
        assert not any(re.search(r"(?<![\w{])[xyz](?![\w}])", sentence) for sentence in words.values())
    signs = re.findall(r'class="op"[^>]*>([^<]*)<', z.draw(engine="builtin").svg)
    assert sorted(signs) == sorted(["÷", "relu", "×"])
    for node in picture(x**y + -x + abs(y) + +x).nodes:
        assert sign(node) == node.op or not any(map(str.isalpha, sign(node)))


def test_a_rule_that_is_no_formula_is_not_shown_as_one(register):
    """An operation of one's own, written with if: its numbers are right, and no formula is told for them."""
    ramp = register("ramp_by_if", lambda x: x if x > 0 else 0.0, lambda x, z: (1.0 if x > 0 else 0.0,))
    stepper = step_through(ramp(Value(2.0, label="x")))
    assert (stepper[-1].local, stepper[-1].formula) == (1.0, "")
    assert stepper[-1].text.endswith("since v1 = ramp_by_if(x) has ∂v1/∂x = 1")
    assert unknown([(ramp, 1)]) == ["ramp_by_if"]
    assert "text/html" in stepper._repr_mimebundle_()


def test_parentheses_where_needed_only():
    assert templates(pow, (None, None)).partials[0] == "{1}·{0}^({1} - 1)"
    assert templates(TABLE["div"], (None, None)).partials == ("1/{1}", "-{z}/{1}")
    assert fill("relu({0})", ["(-2)"], "z") == "relu(-2)"
    assert fill("{0}^2", ["(-2)"], "z") == "(-2)^2"
    assert fill("[{0} > 0]", ["(-2)"], "z") == "[-2 > 0]"
    assert templates(TABLE["acos"], (None,)).partials == ("-1/sqrt(1 - {0}^2)",)


def test_stepper_repr_is_short():
    assert repr(step_through(relu(Value(2.0)))) == (
        "<Stepper: 1 forward and 2 backward steps of Value(data=2.0, grad=0.0)>"
    )
    assert isinstance(step_through(Value(1.0)), Stepper)


def test_second_derivatives_can_be_stepped_through():
    x = Value(2.0, label="x")
    hidden = func.grad(lambda t: t**3)(x)
    assert ends(step_through(hidden))[x] == pytest.approx(12.0, rel=1e-15)  # the same two products, in another order


def test_the_methods_of_value():
    a, b, g = readme_of_micrograd()
    assert str(g.step_through()) == str(step_through(g))
    assert g.explain(b).line == explain(g, b).line
    assert g.explain(a, k=1).left_out > 0
