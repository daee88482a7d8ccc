"""Which rows of a tape one instruction of the interpreter computes.

    sin(x), cos(x)     in batches, where one function computes both for little more than the price of one
    (x + y) * z        since a number that is read once need not leave its register: finding the instruction, loads and
                       stores cost more than the arithmetic
"""

from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.mathematics import symbol
from autograd.compiler.passes import COMMUTING
from autograd.compiler.tape import Tape
from autograd.compiler.vector_functions import TOGETHER, Ops
from autograd.primitive import TABLE, Primitive

ARITHMETIC = "neg", "add", "sub", "mul"  # what derivatives are mostly made of: there is a case for each two of them
NONE = -1  # in place of a row's number
ALONE, FIRST, SECOND, BOTH = range(4)  # a row; a row whose first or second operand is another row; two rows


class Case(NamedTuple):
    """What an instruction computes: `ops` of the same operands, of which number `slot` is what `inner` computes."""

    ops: Ops
    inner: Primitive | None = None
    slot: int = 0

    @property
    def operands(self) -> int:
        """How many it reads: those of `inner` stand where its result would."""
        outer = len(self.ops[0].operands)
        return outer if self.inner is None else outer - 1 + len(self.inner.operands)


class Joined(NamedTuple):
    """The cases that a tape needs, and its rows by their places in the tape."""

    cases: tuple[Case, ...]
    kept: Any  # rows that have an instruction, ascending
    case: Any  # the number of its case
    pairs: Any  # rows that one function computes, two to a line
    inner: Any  # rows that are computed in another one, and are nowhere else


def plain(tape: Tape) -> tuple[Case, ...]:
    """The cases for one point: of any tape the same, but for operations that you registered.

    The operations of the table that are not written with others, the tape's own, and arithmetic in arithmetic.
    """
    ops = [op for op in TABLE.values() if not op.composite] + [op for op, _ in tape.rows]
    arithmetic = [TABLE[name] for name in ARITHMETIC]
    nested = [
        Case((outer,), inner, slot)
        for outer in arithmetic
        for inner in arithmetic
        for slot in range(1 if outer.name in COMMUTING else len(outer.operands))
    ]
    return (*[Case((op,)) for op in dict.fromkeys(ops)], *nested)


def joined(tape: Tape, table: Any, outputs: Any, together: list[tuple[int, int]]) -> Joined:
    """The fewest instructions for a tape, and the cases that they need; these pairs of rows are computed `together`.

    `table` has three operands for every row: numbers of inputs, rows and constants, the last of which is no operand.
    Where a row is computed in another one, its operands are put there in place of its result.
    """
    first = len(tape.kinds)
    ops = sorted({op for op, _ in tape.rows}, key=lambda op: symbol(op, ""))
    number = {op: k for k, op in enumerate(ops)}
    op = np.array([number[op] for op, _ in tape.rows], int)
    arithmetic, commuting = (np.array([op.name in names for op in ops], bool)[op] for names in (ARITHMETIC, COMMUTING))
    both = np.array(together, int).reshape(-1, 2) - first
    outer, inner = _nested(table, outputs, first, arithmetic)
    where = _put_in(table, outer, inner, first, commuting)

    what = np.array([op, np.zeros_like(op), np.full_like(op, ALONE)])
    what[:, outer] = op[outer], op[inner], where
    what[:, both.min(axis=1)] = op[both[:, 0]], op[both[:, 1]], np.full(len(both), BOTH)
    kept = np.delete(np.arange(len(op)), np.append(inner, both.max(axis=1)))
    shape = len(ops), len(ops), BOTH + 1
    found, case = np.unique(np.ravel_multi_index(what[:, kept], shape), return_inverse=True)
    cases = tuple(_case(ops[p], ops[q], how) for p, q, how in zip(*np.unravel_index(found, shape)))
    return Joined(cases, kept, case, both, inner)


def _case(op: Primitive, other: Primitive, how: int) -> Case:
    if how == ALONE:
        return Case((op,))
    return Case((op, other)) if how == BOTH else Case((op,), other, int(how == SECOND))


def _nested(table: Any, outputs: Any, first: int, arithmetic: Any) -> tuple[Any, Any]:
    """Rows of arithmetic, and in each another that it alone reads, and once."""
    end = first + len(table)
    once = np.bincount(np.append(table, outputs), minlength=end) == 1
    once[:first] = once[end:] = False
    once[first:end] &= arithmetic
    could = np.where(once[table] & arithmetic[:, None], table - first, NONE)[:, :2]
    able = np.flatnonzero((could != NONE).any(axis=1))
    inside: dict[int, int] = {}
    for at, x, y in zip(able.tolist(), *could[able].T.tolist()):
        if x != NONE and x not in inside:
            inside[at] = x
        elif y != NONE and y not in inside:
            inside[at] = y
    return np.array([*inside], int), np.array([*inside.values()], int)


def _put_in(table: Any, outer: Any, inner: Any, first: int, commuting: Any) -> Any:
    """Put the operands of inner rows where outer ones read the results; whether that is their FIRST or SECOND operand.

    What commutes reads it first: half as many cases.
    """
    x, y, none = table[outer].T
    a, b, _ = table[inner].T
    second = y == inner + first
    y = np.where(second & commuting[outer], x, y)
    second &= ~commuting[outer]
    table[outer] = np.where(second, (x, a, b), np.where(b == none, (a, y, none), (a, b, y))).T
    table[inner] = none[:, None]
    return np.where(second, SECOND, FIRST)


def pairs(tape: Tape) -> list[tuple[int, int]]:
    """Rows that one function can compute, by their numbers.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> pairs(record([x.sin() + x * x.cos()], [x]))
    [(3, 1)]
    """
    names = {name for pair in TOGETHER for name in pair}
    rows = {(op.name, args): at for at, (op, args) in enumerate(tape.rows, len(tape.kinds)) if op.name in names}
    others = dict(TOGETHER.keys())
    return [
        (at, rows[others[name], args]) for (name, args), at in rows.items() if (others.get(name), args) in rows
    ]
