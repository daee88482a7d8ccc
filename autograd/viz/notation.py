"""Rules of the table as text: fed with named Values, a rule becomes a small graph, and the graph is read aloud.

Nothing here knows a derivative. `templates(op, ...)` applies a row to the names {0}, {1}, ... and {z}, so that one
text serves twice: with the operands' names, and with their numbers.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd import context
from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.primitives import LN2, LN10, mul
from autograd.value import Value
from autograd.viz.figures import inside
from autograd.viz.simplify import simplified

_JOINERS = "\u200c\u200d"
_IN_WORDS = "_.[]'′" + _JOINERS
LONGEST = 60  # characters of a name
MOST_OPERANDS = 8  # of a sum or dot, that are written out
_SIGN = {"mul": "·", "pow": "^"}  # where a formula is more readable than Python's spelling
_BINDS = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "identity": 3, "pow": 4}
_CONSTANTS = {LN2: "log(2)", LN10: "log(10)"}
_COMPARES = {"greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤", "equal": "="}  # [x > 0]: 1 or 0


class Name(Value):
    """An operand of a formula. It has no number: a rule that looks at one is no formula, and says so here."""

    __slots__ = ()

    def __float__(self) -> float:
        raise TypeError(f"{self.label} is a name: a rule is written with arithmetic and operations of autograd only")

    def __bool__(self) -> bool:
        return float(self) != 0.0

    def __lt__(self, other: Any) -> bool:
        return float(self) != 0.0

    __le__ = __gt__ = __ge__ = __lt__


class Templates(NamedTuple):
    """A row in words: `result` is how z is made, `partials[i]` the local derivative along operand i.

    The latter is empty where the rule is no formula: somebody's own operation, written with `math` or `if`.
    """

    result: str
    partials: tuple[str, ...]


@functools.lru_cache(maxsize=4096)
def templates(op: Primitive, constants: tuple[float | None, ...]) -> Templates:
    """The formulas of a row, with {0}, {1}, ... for the operands and {z} for the result.

    `constants[i]` is the i-th operand where it is a constant, and None where it is a node: the rule works constants
    out, and so x**3 has the derivative 3·x^2 that a reader knows. Where nothing but a number is left, as the 0.5 of
    x/2, the rule for any two operands says more: 1/2.

    >>> from autograd.primitives import div, tanh, pow
    >>> templates(tanh, (None,))
    Templates(result='tanh({0})', partials=('1 - {z}^2',))
    >>> templates(pow, (None, 3.0)).partials[0], templates(div, (None, 2.0)).partials[0]
    ('3·{0}^2', '1/{1}')
    """
    result, partials = _formulas(op, constants)
    _, anyones = _formulas(op, (None,) * len(constants))
    return Templates(result, tuple(one if "{" in one else other for one, other in zip(partials, anyones)))


def _formulas(op: Primitive, constants: tuple[float | None, ...]) -> tuple[str, tuple[str, ...]]:
    """The row fed with names: its result, its partials."""
    with context._setting(grad_enabled=True, anomaly=False, remember_lines=False, scope=""):
        args = tuple(Name(1.0, f"{{{i}}}") if c is None else c for i, c in enumerate(constants))
        try:
            partials = written(simplified(op.partials(*args, Name(1.0, "{z}"))))
        except Exception:
            partials = [""] * len(args)
    operands = [Text(f"{{{i}}}") if c is None else _text(c, {}) for i, c in enumerate(constants)]
    return _outermost(_apply(op, operands).text), tuple(partials)


def templates_of(node: Value) -> Templates:
    """The formulas of the row that made `node`, its own constants worked out."""
    assert node.op is not None
    return templates(node.op, tuple(None if isinstance(arg, Value) else arg for arg in node.args))


def fill(template: str, operands: Sequence[str], result: str) -> str:
    """The template with its names in; a lone number loses the parentheses it does not need.

    >>> fill("cos({0})", ["(-2)"], "z"), fill("{0} - {1}", ["1", "(-2)"], "z"), fill("{1}", ["3", "(-2)"], "z")
    ('cos(-2)', '1 - (-2)', '-2')
    """
    text = template.format(*operands, z=result)
    return _LONE.sub(r"\1\2", f"({text})")[1:-1]


_LONE = re.compile(r"(?<=[(\[,])( ?)\((-[^()]*)\)(?=[),]| [<>=≤≥])")


def written(formulas: Sequence[Any]) -> list[str]:
    """The graphs of some formulas as texts, operands by their labels, with no parenthesis that is not needed."""
    text: dict[Value, Text] = {}
    for node in topological_order([one for one in formulas if isinstance(one, Value)]):
        text[node] = Text(node.label) if node.op is None else _apply(node.op, [_text(arg, text) for arg in node.args])
    return [_outermost(_alone(one, text)) for one in formulas]


class Text(NamedTuple):
    """A formula, how tightly it binds, and the terms of a sum."""

    text: str
    binds: int = 9
    terms: tuple[str, ...] = ()


def _text(one: Any, known: Mapping[Value, Text]) -> Text:
    return known[one] if isinstance(one, Value) else Text(_CONSTANTS.get(one) or inside(one))


def _outermost(text: str) -> str:
    """-1/x, not (-1)/x."""
    return re.sub(r"^\((-[\d.]+)\)(?!\^)", r"\1", text)


def _alone(one: Any, known: Mapping[Value, Text]) -> str:
    """A whole formula: one that is the number 0.333333 says 1/3."""
    share = 0.0 if isinstance(one, Value) or not 1e-6 < one < 0.5 else 1.0 / one
    return f"1/{round(share)}" if share and 1.0 / round(share) == one else _text(one, known).text


def _apply(op: Primitive, operands: list[Text]) -> Text:
    name, texts = op.name, [operand.text for operand in operands]
    if name in _COMPARES:
        return Text(f"[{texts[0]} {_COMPARES[name]} {texts[1]}]")
    if name == "dot":
        half = len(operands) // 2
        pairs = [_apply(mul, list(pair)).text for pair in zip(operands[:half], operands[half:])]
        return Text(" + ".join(abbreviated(pairs)) or "0", _BINDS["add"])
    if name == "cross_entropy":  # the target is the first operand, and one of the others as well
        return Text(f"logsumexp({', '.join(abbreviated(texts[1:]))}) - {texts[0]}", _BINDS["sub"])
    if name not in _BINDS:
        return Text(f"{name}({', '.join(abbreviated(texts))})")
    binds, sign = _BINDS[name], _SIGN.get(name, op.symbol or "")
    if len(operands) == 1:
        return Text(sign + _bracketed(operands[0], binds), binds)
    left = _bracketed(operands[0], binds + (name == "pow"))
    right = _bracketed(operands[1], binds + (name in ("sub", "div")))
    if name == "add":
        terms = tuple(abbreviated([*(operands[0].terms or [left]), right]))
        return Text(" + ".join(terms), binds, terms)
    return Text(f"{left} {sign} {right}" if binds == 1 else left + sign + right, binds)


def _bracketed(operand: Text, least: int) -> str:
    return operand.text if operand.binds >= least else f"({operand.text})"


def abbreviated(operands: Sequence[str]) -> Sequence[str]:
    """The operands; of very many, the first and the last."""
    if len(operands) <= MOST_OPERANDS:
        return operands
    return [*operands[: MOST_OPERANDS - 2], "…", operands[-1]]


def printable(label: object) -> str:
    """Any label as one line of text that every file may hold: no control characters, no half of a surrogate pair.

    Joiners stay: scripts and emoji need them. A label of which nothing can be seen is none.

    >>> printable(5), printable(None), printable(" one\\nline")
    ('5', '', 'one line')
    """
    text = "" if label is None else unicodedata.normalize("NFC", str(label))
    if text.isidentifier() or not text:  # as most are: nothing in it to replace
        return text
    text = " ".join("".join(c if c.isprintable() or c in _JOINERS else " " for c in text).split())
    return text if text.strip(_JOINERS) else ""


def in_formula(name: str) -> str:
    """A name as it stands in a formula: quoted where it is no word, isolated where it runs from right to left.

    >>> in_formula("w_1"), in_formula("one two"), in_formula("x-1")
    ('w_1', '“one two”', '“x-1”')
    >>> in_formula("משקל") == "\u2068משקל\u2069"  # or else it would turn what stands beside it around
    True
    """
    word = all(c.isalnum() or c in _IN_WORDS or unicodedata.category(c)[0] == "M" for c in name)
    text = name if word and not name[:1].isdigit() and name not in ("nan", "inf") else f"“{name}”"
    turns = any(unicodedata.bidirectional(c) in ("R", "AL") for c in name)
    return f"\u2068{text}\u2069" if turns else text


def clipped(name: str) -> str:
    """The name; of a very long one, its beginning."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def names(order: Iterable[Any], taken: Callable[[Any], str] = lambda node: printable(node.label)) -> dict[Any, str]:
    """A name for every node, no two alike: its label, cut where it is very long, or v1, v2, ... in the order given.

    >>> a = Value(1.0, label="a")
    >>> list(names([a, a + a, Value(2.0, label="a")]).values())
    ['a', 'v1', 'a_2']
    """
    order = list(order)
    asked = {node: clipped(taken(node)) for node in order}
    used = set(asked.values())
    found: dict[Any, str] = {}
    given: set[str] = set()
    unnamed = 0
    for node in order:
        name = asked[node]
        if not name:
            unnamed += 1
            while f"v{unnamed}" in used:
                unnamed += 1
            name = f"v{unnamed}"
        elif name in given:
            twin = 2
            while f"{name}_{twin}" in used:
                twin += 1
            name = f"{name}_{twin}"
        used.add(name)
        given.add(name)
        found[node] = name
    return found


def slope_of(node: Value, edge: int, called: Mapping[Value, str]) -> str:
    """The symbol of a local derivative. Of an operand taken twice there are two, and ∂z/∂x is neither, but their sum.

    >>> x = Value(3.0)
    >>> y = x * x
    >>> slope_of(y, 0, {x: "x", y: "y"}), slope_of(y, 1, {x: "x", y: "y"})
    ('∂y/∂x#1', '∂y/∂x#2')
    """
    return f"∂{called[node]}/∂{called[node.args[edge]]}{place_of(node, edge)}"


def place_of(node: Value, edge: int) -> str:
    """Which operand an edge leads to, where the node alone does not say it: `#2`, or else nothing."""
    return f"#{edge + 1}" if node.args.count(node.args[edge]) > 1 else ""  # == is identity
