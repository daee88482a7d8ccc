"""The tape: a recorded graph as a flat list of numbered rows, the form that every pass and back end reads.

    inputs   0 .. n-1       their kinds: PARAMETER (one number for all samples) or SAMPLE (one per sample)
    rows     n, n+1, ...    (operation, operands): an int is the number of an earlier row or input, a float a constant
    outputs                 row numbers, or floats for outputs that are constant

Rows of composite operations (sigmoid, dot, logsumexp) are written out in the plain ones they are made of, by running
their own forward formula once on fresh nodes: a back end needs only the operations whose forward is a function of
floats.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.graph import NO_OPERAND, topological_order
from autograd.primitive import TABLE, Primitive
from autograd.value import Value

PARAMETER, SAMPLE = "parameter", "sample"

Arg = int | float  # the number of a row or an input; a constant
Row = tuple[Primitive, tuple[Arg, ...]]
Rounding = Callable[[float], float]  # `float`, or `ieee.float32`: what a number becomes in the precision asked for


class Tape(NamedTuple):
    """A straight-line program; see the head of this file."""

    kinds: tuple[str, ...]
    rows: list[Row]
    outputs: list[Arg]

    def __repr__(self) -> str:
        first = len(self.kinds)
        lines = [f"v{i} = {kind}" for i, kind in enumerate(self.kinds)]
        lines += [f"v{first + k} = {op.name}({', '.join(map(_shown, args))})" for k, (op, args) in enumerate(self.rows)]
        return "\n".join([*lines, f"return {', '.join(map(_shown, self.outputs))}"])


def _shown(arg: Arg) -> str:
    return repr(arg) if arg.__class__ is float else f"v{arg}"


class Draft:
    """The rows of a tape that is being recorded, after `first` inputs."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.rows: list[Row] = []

    def add(self, op: Primitive, args: tuple[Arg, ...]) -> Arg:
        """What stands for op(args) in the rows that follow: the number of a new row."""
        self.rows.append((op, args))
        return self.first + len(self.rows) - 1


def record(
    outputs: Iterable[Any], inputs: Sequence[Value], kinds: Sequence[str] | None = None,
    draft: Callable[[int], Draft] = Draft,
) -> Tape:
    """The tape that computes `outputs` (Values or floats) from `inputs` (Values, all parameters unless `kinds` says).

    A leaf that is not among the inputs is a constant; nothing below an input is looked at. Another kind of `draft` may
    make rows simpler as they are recorded.

    >>> x, y = Value(2.0), Value(3.0)
    >>> record([x * y + 1.0], [x, y])
    v0 = parameter
    v1 = parameter
    v2 = mul(v0, v1)
    v3 = add(v2, 1.0)
    return v3
    """
    outputs = list(outputs)
    numbers: dict[Any, Arg] = {x: i for i, x in enumerate(inputs)}
    order = topological_order((y for y in outputs if isinstance(y, Value)), inputs=set(inputs))
    found = draft(len(inputs))
    _append(order, numbers, found)
    kinds = tuple(kinds) if kinds is not None else (PARAMETER,) * len(inputs)
    return Tape(kinds, found.rows, [numbers[y] if isinstance(y, Value) else float(y) for y in outputs])


def _append(order: list[Any], numbers: dict[Any, Arg], draft: Draft) -> None:
    """Number the nodes of `order` and add their rows."""
    for node in order:
        if node in numbers:
            continue
        op = node.op
        if op is None:
            numbers[node] = node.data
            continue
        x, y = node.x, node.y
        if y is NO_OPERAND:
            args: tuple[Arg, ...] = (numbers[x],)
        elif y is None:
            args = tuple([arg if arg.__class__ is float else numbers[arg] for arg in x])
        else:
            args = x if x.__class__ is float else numbers[x], y if y.__class__ is float else numbers[y]
        numbers[node] = inlined(expansion(op, len(args)), args, draft)[0] if op.composite else draft.add(op, args)


@functools.cache
def expansion(op: Primitive | str, count: int) -> Tape:
    """The composite operation `op` (or the one of that name) of `count` operands as a tape of plain rows.

    >>> expansion("logaddexp", 2).rows[-1][0]
    <operation where>
    """
    if isinstance(op, str):
        return expansion(TABLE[op], count)
    inputs = [Value(0.5) for _ in range(count)]  # any point will do: the formula has no branches
    return record([op.forward(*inputs)], inputs)


def inlined(body: Tape, args: Iterable[Arg], draft: Draft) -> tuple[Arg, ...]:
    """Add the rows of `body` with its inputs replaced by `args`; what stands for its outputs."""
    numbers = [*args]
    for op, operands in body.rows:
        numbers.append(draft.add(op, renumbered(operands, numbers)))
    return renumbered(body.outputs, numbers)


def evaluate(tape: Tape, inputs: Sequence[float], rounded: Rounding = float) -> list[float]:
    """The outputs at one point, row by row with the table's own forward functions: the plainest interpreter.

    Every number, constants too, is `rounded`.

    >>> x = Value(2.0)
    >>> evaluate(record([x * x, 1.0], [x]), [3.0])
    [9.0, 1.0]
    """
    values = [*map(rounded, inputs)]
    for op, args in tape.rows:
        values.append(applied(op, renumbered(args, values), rounded))
    return [*map(rounded, renumbered(tape.outputs, values))]


def applied(op: Primitive, operands: Iterable[float], rounded: Rounding = float) -> float:
    """The number of one operation; of a composite, every row that it is made of is rounded.

    >>> from autograd.ieee import float32
    >>> applied(TABLE["sum"], [16777216.0, 1.0, 1.0]), applied(TABLE["sum"], [16777216.0, 1.0, 1.0], float32)
    (16777218.0, 16777216.0)
    """
    given = [*map(rounded, operands)]
    if op.composite and rounded is not float:
        return evaluate(expansion(op, len(given)), given, rounded)[0]
    return rounded(op.forward(*given))


def depends(tape: Tape, on: str) -> list[bool]:
    """For every number of the tape, whether it depends on an input of kind `on`."""
    found = [kind == on for kind in tape.kinds]
    for _, args in tape.rows:
        found.append(any(found[arg] for arg in args if arg.__class__ is not float))  # type: ignore[index]
    return found


def renumbered(args: Iterable[Arg], numbers: Mapping[Arg, Arg] | Sequence[Arg]) -> tuple[Arg, ...]:
    """The operands by their new numbers."""
    return tuple([arg if arg.__class__ is float else numbers[arg] for arg in args])  # type: ignore[index]
