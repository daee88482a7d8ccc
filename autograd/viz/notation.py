"""Rules of the table as text: fed with named Values, a rule becomes a small graph, and the graph is read aloud.

Nothing here knows a derivative. `templates(op, ...)` applies a row to the names {0}, {1}, ... and {z}, so that one
text serves twice: with the operands' names, and with their numbers.
"""

import functools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd import context
from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.record import record
from autograd.value import Value

MOST_OPERANDS = 8  # of a sum or dot, that are written out
_SIGN = {"mul": "·", "pow": "^"}  # where a formula is more readable than Python's spelling
_BINDS = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "identity": 3, "pow": 4}
_ATOM = 9
_COMPARES = {"greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤", "equal": "="}  # [x > 0]: 1 or 0


def shown(x: float, digits: int = 6) -> str:
    """A number as every view writes it: six significant digits, which is what a reader compares, and no -0.

    >>> shown(-0.70710678), shown(1.5e-9), shown(2.0), shown(1234567.0), shown(-math.inf)
    ('-0.707107', '1.5e-9', '2', '1.23457e6', '-∞')
    """
    text = format(x + 0.0, f".{digits}g").replace("inf", "∞")
    decimal, e, power = text.partition("e")
    return f"{decimal}e{int(power)}" if e else text


def figure(x: float, digits: int = 6) -> str:
    """The same in a drawing: with a true minus sign.

    >>> figure(-1.5e-9)
    '−1.5e−9'
    """
    return minus(shown(x, digits))


def minus(text: str) -> str:
    """A text of numbers and signs with true minus signs."""
    return text.replace("-", "−")


def inside(x: float) -> str:
    """A number as it stands inside a formula: a negative one in parentheses."""
    text = shown(x)
    return f"({text})" if text[0] == "-" else text


def rounded(x: float) -> float:
    """The number that a reader reads where `x` is written.

    >>> rounded(1 / 3)
    0.333333
    """
    return float(format(x, ".6g"))


def relation(told: Callable[[], float], result: float) -> str:
    """`=` where what a reader reads is true as it stands, `≈` where it is so only for the numbers before rounding.

    `told` computes, from `rounded` numbers, what is to equal the result. A rule of somebody's own may refuse such
    numbers; then it is a matter of the result alone.

    >>> relation(lambda: 0.1 + 0.2, 0.1 + 0.2), relation(lambda: rounded(1 / 3) * 3.0, 1.0)
    ('=', '≈')
    """
    try:
        read = told()
    except Exception:
        read = result
    unknown = read != read and result != result  # nan = nan, on paper
    return "=" if unknown or math.isclose(read, rounded(result), rel_tol=1e-9) else "≈"


def equation(name: str, formula: str, worked: str, told: Callable[[], float], result: float) -> str:
    """A name, the formula for it, the same in numbers, and their result, in one line; what is equal is written once.

    >>> equation("∂z/∂x", "1/y", "1/3", lambda: 1 / 3, 1 / 3), equation("∂z/∂x", "y", "3", lambda: 3.0, 3.0)
    ('∂z/∂x = 1/y = 1/3 ≈ 0.333333', '∂z/∂x = y = 3')
    """
    number = shown(result)
    parts = [name, *(side for side in dict.fromkeys([formula, worked]) if side != number)]
    return f"{' = '.join(filter(None, parts))} {relation(told, result) if worked in parts else '='} {number}"


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
    Templates(result='tanh({0})', partials=('1 - {z}·{z}',))
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
            partials = tuple(map(written, op.partials(*args, Name(1.0, "{z}"))))
        except Exception:
            partials = ("",) * len(args)
        return written(record(op, args)), partials


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


def written(formula: "Value | float") -> str:
    """The graph of a formula as text, operands by their labels, with no parenthesis that is not needed."""
    if not isinstance(formula, Value):
        return shown(formula)
    text: dict[Value, tuple[str, int]] = {}
    for node in topological_order([formula]):
        text[node] = (node.label, _ATOM) if node.op is None else _apply(node, text)
    return re.sub(r"^\((-[\d.]+)\)(?!\^)", r"\1", text[formula][0])  # -1/x, not (-1)/x


def _apply(node: Value, text: dict[Value, tuple[str, int]]) -> tuple[str, int]:
    assert node.op is not None
    name, operands = node.op.name, [text[a] if isinstance(a, Value) else (inside(a), _ATOM) for a in node.args]
    if name in _COMPARES:
        return f"[{operands[0][0]} {_COMPARES[name]} {operands[1][0]}]", _ATOM
    if name not in _BINDS:
        return f"{name}({', '.join(_abbreviated([t for t, _ in operands]))})", _ATOM
    binds, sign = _BINDS[name], _SIGN.get(name, node.op.symbol or "")
    if len(operands) == 1:
        return sign + _bracketed(operands[0], binds), binds
    left = _bracketed(operands[0], binds + (name == "pow"))
    right = _bracketed(operands[1], binds + (name in ("sub", "div")))
    return (f"{left} {sign} {right}" if binds == 1 else left + sign + right), binds


def _bracketed(operand: tuple[str, int], least: int) -> str:
    text, binds = operand
    return text if binds >= least else f"({text})"


def _abbreviated(operands: list[str]) -> list[str]:
    if len(operands) <= MOST_OPERANDS:
        return operands
    return [*operands[: MOST_OPERANDS - 2], "…", operands[-1]]


def printable(label: object) -> str:
    """Any label as one line of text that every file may hold: no control characters, no half of a surrogate pair.

    >>> printable(5), printable(None), printable("one\\nline")
    ('5', '', 'one line')
    """
    text = "" if label is None else str(label)
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def names(order: Iterable[Any], taken: Callable[[Any], str] = lambda node: printable(node.label)) -> dict[Any, str]:
    """A name for every node, no two alike: its label, or v1, v2, ... in the order given.

    >>> a = Value(1.0, label="a")
    >>> list(names([a, a + a, Value(2.0, label="a")]).values())
    ['a', 'v1', 'a_2']
    """
    order = list(order)
    used = {taken(node) for node in order}
    found: dict[Any, str] = {}
    given: set[str] = set()
    unnamed = 0
    for node in order:
        name = taken(node)
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
