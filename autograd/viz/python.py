"""A graph as a Python program that rebuilds it: the same operations in the same order, and so the same number."""

import builtins
import json
import keyword
import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from autograd import primitives
from autograd.primitive import Primitive
from autograd.value import Value
from autograd.viz.notation import names
from autograd.viz.order import program_order, without_cycle

LINE = 72  # characters of an expression; a longer one gets a name
LONGEST = 60  # characters of a name
DEEP = 12  # parentheses within parentheses; Python's own parser stops at 200

_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}  # Python's precedence, by symbol
_UNARY, _ATOM = 3, 5
Text = tuple[str, int, int]  # the expression, how tightly it binds, how deep it is


def to_python(v: Value) -> str:
    """A Python program that builds `v` again and calls it `result`.

    Leaves, labelled nodes, subexpressions used twice and long ones get a line of their own, and the name that they have
    in every other view: their label, or v1, v2, ... The program's
    `result.data` is `v.data` to the last bit, as long as no `.data` was changed since `v` was computed.
    Raises TypeError when `v` is not a Value, ValueError when a cycle was made in its graph by hand.

    >>> a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    >>> print(to_python((a + b) * b.tanh()))
    import autograd as ag
    from autograd import Value
    <BLANKLINE>
    a = Value(-4.0, label="a")
    b = Value(2.0, label="b")
    result = (a + b) * ag.tanh(b)
    <BLANKLINE>
    """
    if not isinstance(v, Value):
        raise TypeError(f"to_python writes Values, not {type(v).__name__} ({v!r:.60})")
    order = without_cycle(program_order([v]))
    uses: dict[Value, int] = {}
    for node in order:
        for arg in node.args:
            if isinstance(arg, Value):
                uses[arg] = uses.get(arg, 0) + 1
    called = _identifiers(names(order))
    found: dict[Value, Text] = {}
    lines: list[str] = []
    for node in order:
        text = _written(node, found)
        long = len(text[0]) > LINE or text[2] > DEEP
        if node.op is None or node is v or node.label or uses[node] > 1 or long:
            name = "result" if node is v else called[node]
            lines.append(f"{name} = {text[0]}")
            text = (name, _ATOM, 0)
        found[node] = text
    return "\n".join([*_imports(order), "", *lines, ""])


def _imports(order: Iterable[Value]) -> list[str]:
    """What the program needs: this package, the names of inf and nan, and operations registered from outside."""
    order = list(order)
    lines = ["import autograd as ag", "from autograd import Value"]
    numbers = [node.data for node in order if node.op is None]
    numbers += [arg for node in order for arg in node.args if not isinstance(arg, Value)]
    if not all(map(math.isfinite, numbers)):
        lines.insert(0, "from math import inf, nan")
    foreign = sorted({node.op.name for node in order if node.op is not None and not _is_public(node.op)})
    if foreign:
        lines.append("from autograd.primitive import find")
    return lines


def _is_public(op: Primitive) -> bool:
    return getattr(primitives, op.name, None) is op


def _identifiers(called: Mapping[Value, str]) -> dict[Value, str]:
    """A Python name for every node, no two alike and none that Python or the program needs: its name, made one."""
    used = {"result", "ag", "Value", "find", "inf", "nan", *keyword.kwlist, *dir(builtins)}
    found = {}
    for node, name in called.items():
        free = name = _identifier(name)
        twin = 1
        while free in used:
            twin += 1
            free = f"{name}_{twin}"
        used.add(free)
        found[node] = free
    return found


def _identifier(name: str) -> str:
    """The name as Python's parser normalises it, so that two are alike here if they are there; _ for other characters.

    >>> _identifier("w 1"), _identifier("x²"), _identifier("ﬁt"), _identifier("2nd")
    ('w_1', 'x2', 'fit', 'v_2nd')
    """
    letters = unicodedata.normalize("NFKC", name)[:LONGEST]
    text = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in letters)
    return text if text.isidentifier() and not text.startswith("__") else f"v_{text}"


def _written(node: Value, found: dict[Value, Text]) -> Text:
    if node.op is None:
        return f"Value({node.data!r}{f', label={_quoted(node.label)}' if node.label else ''})", _ATOM, 0
    operands = [found[arg] if isinstance(arg, Value) else _number(arg) for arg in node.args]
    deep = 1 + max((depth for _, _, depth in operands), default=0)
    symbol = node.op.symbol
    if symbol and len(operands) == 1:
        text, binds, _ = operands[0]
        return symbol + _bracketed(text, binds, _ATOM if text[0] in "+-" else _UNARY), _UNARY, deep
    if symbol and len(operands) == 2:
        binds = _BINDS[symbol]
        power = symbol == "**"  # groups to the right, and takes a sign only on its right
        left = _bracketed(*operands[0][:2], binds + power)
        right = _bracketed(*operands[1][:2], _UNARY if power else binds + 1)
        return f"{left} {symbol} {right}", binds, deep
    return _call(node.op, node.args, [text for text, _, _ in operands]), _ATOM, deep


def _quoted(label: object) -> str:
    """The label as a literal; what no file can hold, half of a surrogate pair, as its escape."""
    return json.dumps(str(label), ensure_ascii=False).encode(errors="backslashreplace").decode()


def _call(op: Primitive, args: tuple[Any, ...], texts: list[str]) -> str:
    """A call of the row; one that packs lists gets them as it takes them."""
    name = f"ag.{op.name}" if _is_public(op) else f"find({op.name!r})"
    if not op.variadic:
        return f"{name}({', '.join(texts)})"
    half = len(args) // 2
    if _packs(op, args, args):
        return f"{name}([{', '.join(texts)}])"
    if _packs(op, args, args[:half], args[half:]):
        return f"{name}([{', '.join(texts[:half])}], [{', '.join(texts[half:])}])"
    if op.pack is None:
        return f"{name}({', '.join(texts)})"
    return f"{name}.apply(({', '.join(texts)},))"


def _packs(op: Primitive, args: tuple[Any, ...], *given: Any) -> bool:
    """Whether a call with `given` has just these operands."""
    try:
        return op.pack is not None and tuple(op.pack(*given)) == args
    except (TypeError, ValueError):
        return False


def _number(x: float) -> Text:
    return repr(x), _UNARY if math.copysign(1.0, x) < 0 else _ATOM, 0


def _bracketed(text: str, binds: int, least: int) -> str:
    return text if binds >= least else f"({text})"
