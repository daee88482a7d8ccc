"""A graph as a formula: TeX with no parenthesis missing and none too many.

How tightly an operation binds is not listed anywhere: it is read off its TeX in the table. A row whose TeX has a `+`
outside all brackets is a sum; an operand that stands beside a `\\cdot` must not be one.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from autograd.graph import topological_order
from autograd.primitive import TABLE, Primitive
from autograd.primitives import INV_SQRT_2PI, LN2, LN10, SQRT_HALF, TWO_OVER_SQRT_PI
from autograd.value import Value
from autograd.viz.expand import undisturbed
from autograd.viz.figures import shown
from autograd.viz.notation import names, printable, written
from autograd.viz.order import program_order, without_cycle
from autograd.viz.simplify import simplified

ANY, SUM, PRODUCT, FRACTION, POWER, ATOM = range(6)  # how tightly a formula binds, and how tightly its place asks
Formula = tuple[str, int]

_RUNS = re.compile(r"[^\x00-\x7f]+|.")  # of letters that TeX sets as text, and single ASCII characters

LONG = 160  # characters; a longer subexpression gets a name
SHORT = 12  # a shorter one is written out each time it is used
DEFINITIONS = 40  # lines; of more, those nearest to the result are written

_KNOWN = {
    LN2: r"\ln 2",
    LN10: r"\ln 10",
    SQRT_HALF: r"\frac{1}{\sqrt{2}}",
    INV_SQRT_2PI: r"\frac{1}{\sqrt{2 \pi}}",
    TWO_OVER_SQRT_PI: r"\frac{2}{\sqrt{\pi}}",
}
_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi",
    "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "ell",
}  # fmt: skip
_ESCAPED = {
    "\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim ", "<": "{<}", ">": "{>}",  # {<}: no HTML in Markdown
    **{c: "\\" + c for c in " _%$#&{}"}, **{c: rf"\text{{{c}}}" for c in "-'`"},
}  # fmt: skip


def to_latex(v: Value) -> str:
    r"""The formula that made `v`, in TeX; leaves by their labels, or as numbers where they have none.

    A subexpression that is used twice, or is long, is named as in every other view (its label, or v_1, v_2, ...) and
    defined on a line of its own, in an `aligned` environment; of very many, those nearest to the result are written.
    Raises TypeError when `v` is not a Value, ValueError when a cycle was made in its graph by hand.

    >>> x, w, b = Value(2.0, label="x"), Value(3.0, label="w1"), Value(1.0, label="bias")
    >>> to_latex((w * (x + b)).tanh() ** 2)
    '\\tanh\\left(w_{1} \\cdot \\left(x + \\mathrm{bias}\\right)\\right)^{2}'
    >>> to_latex(-(x - 1.0) / (x * x))
    '\\frac{-\\left(x - 1\\right)}{x \\cdot x}'
    """
    if not isinstance(v, Value):
        raise TypeError(f"to_latex writes Values, not {type(v).__name__} ({v!r:.60})")
    order = without_cycle(program_order([v]))
    called = tex_names(names(order))
    definitions, formula = _formulas(order, v, called)
    if not definitions:
        return formula
    lines = [rf"{name} &= {text} \\" for name, text in definitions[-DEFINITIONS:]]
    left = len(definitions) - len(lines)
    if left:
        lines.insert(0, rf"&\;\vdots \quad \text{{({left:,} more definitions)}} \\")
    return "\n".join([r"\begin{aligned}", *lines, f"{called[v]} &= {formula}", r"\end{aligned}"])


def _formulas(order: list[Value], root: Value, called: Mapping[Value, str]) -> tuple[list[tuple[str, str]], str]:
    """The named subexpressions, operands first, and what the root is in terms of them."""
    uses: dict[Value, int] = {}
    for node in order:
        for arg in node.args:
            if isinstance(arg, Value):
                uses[arg] = uses.get(arg, 0) + 1
    found: dict[Value, Formula] = {}
    definitions: list[tuple[str, str]] = []
    for node in order:
        if node.op is None:
            found[node] = (called[node], ATOM) if printable(node.label) else number_tex(node.data)
            continue
        text, binds = _applied(node.op, node.args, found)
        if node is not root and len(text) > (SHORT if uses[node] > 1 else LONG):
            definitions.append((called[node], text))
            text, binds = definitions[-1][0], ATOM
        found[node] = (text, binds)
    return definitions, found[root][0]


def _applied(op: Primitive, args: Iterable[Any], found: dict[Value, Formula]) -> Formula:
    return apply_tex(op, [found[arg] if isinstance(arg, Value) else number_tex(arg) for arg in args])


# ------------------------------------------------------------------------------------------------- one row of the table


def apply_tex(op: Primitive, operands: list[Formula]) -> Formula:
    """The row with these operands, each in parentheses where the row's TeX would take it apart."""
    parts, needs, binds = _shape(op, len(operands))
    if parts == ("", "") and len(needs) == 1:
        return operands[needs[0][0]]
    text = parts[0]
    for (slot, need, signed), part in zip(needs, parts[1:]):
        operand, tight = operands[slot]
        bare = tight >= need and not (signed and operand.startswith("-"))
        text += (operand if bare else rf"\left({operand}\right)") + part
    return text, binds


@lru_cache(maxsize=1024)
def _shape(op: Primitive, count: int) -> tuple[tuple[str, ...], tuple[tuple[int, int, bool], ...], int]:
    """The row's TeX between its operands; per place: which operand, how tight, whether a sign before it; its own."""
    first = 0xE000  # private characters stand for the operands
    text = op.to_tex(*(chr(first + slot) for slot in range(count)))
    places = [k for k, letter in enumerate(text) if first <= ord(letter) < first + count]
    needs = tuple((ord(text[k]) - first, *_need(text[:k].rstrip(), text[k + 1 :].lstrip())) for k in places)
    cuts = [0, *(k + 1 for k in places)]
    parts = tuple(text[start:end] for start, end in zip(cuts, [*places, len(text)]))
    return parts, needs, _binding(text)


def _need(before: str, after: str) -> tuple[int, bool]:
    signed = before.endswith(("+", "-", r"\cdot"))
    if after.startswith("^"):
        return ATOM, signed
    if before.endswith((r"\cdot", "-")) or after.startswith(r"\cdot"):
        return PRODUCT, signed
    return (SUM if signed or after.startswith(("+", "-")) else ANY), signed


def _binding(text: str) -> int:
    """How tightly a formula binds, by the operators it has outside all brackets."""
    depth, outside = 0, ""
    for token in re.findall(r"\\[a-zA-Z]+|\\?.", text):
        if token in ("{", r"\left", r"\begin"):
            depth += 1
        elif token in ("}", r"\right", r"\end"):
            depth -= 1
        elif depth == 0:
            outside += token
    if "+" in outside or "-" in outside:
        return SUM
    if r"\cdot" in outside:
        return PRODUCT
    return POWER if "^" in outside else FRACTION if text.endswith("}") else ATOM


def number_tex(x: float) -> Formula:
    """A number with at most six significant digits; ln 2 and its like by their names.

    >>> number_tex(2.0), number_tex(-1.5e-9)
    (('2', 5), ('-1.5 \\\\cdot 10^{-9}', 2))
    """
    if abs(x) in _KNOWN:
        return ("-" if x < 0 else "") + _KNOWN[abs(x)], PRODUCT
    digits, e, power = shown(x).replace("nan", r"\mathrm{nan}").replace("∞", r"\infty").partition("e")
    if e:
        return rf"{digits} \cdot 10^{{{power}}}", PRODUCT
    return digits, PRODUCT if digits.startswith("-") else ATOM


def tex_names(called: Mapping[Value, str]) -> dict[Value, str]:
    r"""Every node's name in TeX, no two alike: w1 and w_1 would both be w_{1}, and so the second one is spelled out.

    >>> print(*tex_names({Value(1.0): "w1", Value(2.0): "w_1"}).values())
    w_{1} \mathrm{w\_1}
    """
    used: dict[str, Value] = {}
    for node, name in called.items():
        tex = tex_name(name)
        used[_upright(name) if tex in used else tex] = node
    return {node: tex for tex, node in used.items()}


def tex_name(name: str) -> str:
    r"""A label in TeX: one letter in italics, a word upright, a number at the end as an index, Greek by name.

    >>> print(tex_name("w12"), tex_name("loss"), tex_name("x_3"), tex_name("alpha"))
    w_{12} \mathrm{loss} x_{3} \alpha
    """
    match = re.fullmatch(r"(.*?[^0-9_])_?([0-9]+)", name)
    head, index = match.groups() if match else (name, "")
    if head.lower() in _GREEK:
        body = "\\" + head if head.islower() else rf"\mathrm{{{head}}}"
    elif len(head) == 1 and head.isascii() and head.isalpha():
        body = head
    else:
        body = _upright(head)
    return f"{body}_{{{index}}}" if index else body


def _upright(name: str) -> str:
    """A name as it is spelled."""
    runs = [_ESCAPED.get(run, run) if run.isascii() else rf"\text{{{run}}}" for run in _RUNS.findall(name)]
    return runs[0] if len(runs) == 1 and not name.isascii() else rf"\mathrm{{{''.join(runs)}}}"


# ---------------------------------------------------------------------------------------------------------- derivatives


def partial_latex(op: Primitive, i: int, operands: tuple[str | float, ...] | None = None, result: str = "z") -> str:
    r"""The derivative of a row along its operand number `i`, in TeX, from the rule of the table.

    Arguments: `operands`, the TeX of each operand, or its number where it is a constant; by default the names in the
    rule; `result`, the TeX of the result.

    >>> from autograd.primitives import div, pow, tanh
    >>> partial_latex(tanh, 0), partial_latex(div, 1), partial_latex(pow, 0, ("x", 3.0))
    ('1 - z^{2}', '\\frac{-z}{y}', '3 \\cdot x^{2}')
    """
    given = operands or _operand_names(op)
    with undisturbed():
        args: list[Any] = [Value(1.0) if isinstance(one, str) else one for one in given]
        z = Value(1.0)
        (partial,) = simplified([op.partials(*args, z)[i]])
    found = {arg: (one, _binding(one)) for arg, one in zip(args, given) if isinstance(one, str)}
    found[z] = (result, ATOM)
    if not isinstance(partial, Value):
        one, _, share = written([float(partial)])[0].partition("/")
        return rf"\frac{{{one}}}{{{share}}}" if share else number_tex(float(partial))[0]
    for node in topological_order([partial]):
        if node not in found:
            assert node.op is not None
            found[node] = _applied(node.op, node.args, found)
    return found[partial][0]


def _operand_names(op: Primitive) -> tuple[str, ...]:
    if op.variadic:
        return tuple(f"x_{{{k}}}" for k in range(1, 5))
    single = {"condition": "c", "negative_slope": r"\alpha", "alpha": r"\alpha", "min": "a", "max": "b"}
    return tuple(single.get(name, name) for name in op.operands)


def derivative_table() -> str:
    """All operations with their derivatives as a Markdown table, made from the rows of the table, for the docs.

    >>> print("\\n".join(derivative_table().splitlines()[:3]))
    | operation | z | derivatives |
    |---|---|---|
    | `identity` | $x$ | $\\frac{\\partial z}{\\partial x} = 1$ |
    """
    lines = ["| operation | z | derivatives |", "|---|---|---|"]
    for op in TABLE.values():
        operands = _operand_names(op)
        z, _ = apply_tex(op, [(name, ATOM) for name in operands])
        partials = [
            rf"$\frac{{\partial z}}{{\partial {name}}} = {partial_latex(op, i)}$" for i, name in enumerate(operands)
        ]
        lines.append("| " + " | ".join([f"`{op.name}`", f"${z}$".replace("|", r"\vert "), ", ".join(partials)]) + " |")
    return "\n".join(lines) + "\n"
