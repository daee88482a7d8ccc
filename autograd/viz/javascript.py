"""The table in JavaScript: what a browser needs to compute a sheet again when a leaf changes.

A partial, and the forward function of a composite row, is fed with Values, and the graph it makes is written out
statement by statement. Only the other forward functions are spelled by hand, in `assets/operations.js`. There, and
here, `O` computes and `P` differentiates; a row of any number of operands is written once for each number: "sum/3".
"""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autograd import context
from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.value import Value
from autograd.viz.notation import Name
from autograd.viz.page import asset

Row = tuple[Primitive, int]  # an operation and its number of operands


@functools.cache
def spelled() -> frozenset[str]:
    """The operations that `assets/operations.js` computes."""
    return frozenset(re.findall(r"^  (\w+)[:,]", asset("operations.js"), re.MULTILINE))


def unknown(rows: Iterable[Row]) -> list[str]:
    """The operations that JavaScript cannot be given, for `rows`: not spelled, or with rules that are no formulas."""
    strangers = []
    for row in rows:
        try:
            strangers += [op.name for op, _ in _with_inner([row]) if not op.composite and op.name not in spelled()]
        except Exception:  # a rule of somebody's own that looks at numbers
            strangers.append(row[0].name)
    return list(dict.fromkeys(strangers))


def program(rows: Iterable[Row]) -> str:
    """JavaScript that computes and differentiates these rows, to follow `assets/operations.js`.

    >>> from autograd.primitives import tanh
    >>> print(program([(tanh, 1)]))
    P["tanh/1"] = (x0, z) => {
      const t0 = O["mul/2"](z, z);
      const t1 = O["sub/2"](1, t0);
      return [t1];
    };
    """
    rows = list(dict.fromkeys(rows))
    written = [_function("O", (op, arity), _forward(op, arity)) for op, arity in _with_inner(rows) if op.composite]
    return "\n".join([*written, *(_function("P", row, _partials(*row)) for row in rows)])


def key(row: Row) -> str:
    """What `O` and `P` call a row."""
    return f"{row[0].name}/{row[1]}"


Formula = tuple[list[Value], Any]  # the names a function takes, and what it returns


def _operands(arity: int) -> list[Value]:
    return [Name(1.0, f"x{i}") for i in range(arity)]


def _forward(op: Primitive, arity: int) -> Formula:
    with context._setting(grad_enabled=True, anomaly=False, remember_lines=False, scope=""):
        operands = _operands(arity)
        return operands, op.forward(*operands)


def _partials(op: Primitive, arity: int) -> Formula:
    with context._setting(grad_enabled=True, anomaly=False, remember_lines=False, scope=""):
        operands = [*_operands(arity), Name(1.0, "z")]
        return operands, op.partials(*operands)


def _with_inner(rows: Iterable[Row]) -> list[Row]:
    """The rows, and all that their formulas mention, each once."""
    found: dict[Row, None] = {}
    waiting = list(rows)
    while waiting:
        row = waiting.pop()
        if row not in found:
            found[row] = None
            waiting += _mentioned(row)
    return list(found)


def _mentioned(row: Row) -> Iterator[Row]:
    formulas = [_partials(*row)] + ([_forward(*row)] if row[0].composite else [])
    for _, result in formulas:
        for node in topological_order(_values(result)):
            if node.op is not None:
                yield node.op, len(node.args)


def _values(result: Any) -> list[Value]:
    return [part for part in (result if isinstance(result, tuple) else (result,)) if isinstance(part, Value)]


def _function(table: str, row: Row, formula: Formula) -> str:
    operands, result = formula
    names: dict[Value, str] = {operand: operand.label for operand in operands}
    lines: list[str] = []
    for node in topological_order(_values(result)):
        if node.op is not None:
            names[node] = f"t{len(lines)}"
            call = f'O["{key((node.op, len(node.args)))}"]({_list(node.args, names)})'
            lines.append(f"  const {names[node]} = {call};")
    returned = f"[{_list(result, names)}]" if isinstance(result, tuple) else _list([result], names)
    head = f'{table}["{key(row)}"] = ({_list(operands, names)}) => {{'
    return "\n".join([head, *lines, f"  return {returned};", "};"])


def _list(parts: Sequence[Any], names: dict[Value, str]) -> str:
    return ", ".join(names[part] if isinstance(part, Value) else _number(part) for part in parts)


def _number(x: float) -> str:
    """A float as JavaScript writes it, to the last bit."""
    text = repr(float(x)).removesuffix(".0")
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)
