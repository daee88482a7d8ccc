"""The interpreter: a native loop over the rows of a tape, for tapes too long to translate one by one.

It is compiled once, for all tapes (and kept on disk): a switch with one case per operation, each written by the same
`RowWriter` that writes straight-line code, so that the two give the same bits. It needs a few nanoseconds a row to find
the case, and no time to prepare; over a block of samples, which each case works through, finding costs nothing.

A program is the tape as 32-bit words, five to a row: operation, result, operands. Numbers stand in one workspace:
inputs, constants, then rows, whose places are used again after their last reader. Two rows that one function computes,
the sine and the cosine of a number, are done at once: their words are operation, first result, operand, second result.
"""

import array
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler import native
from autograd.compiler.llvm_rows import Form, RowWriter, form
from autograd.compiler.mathematics import symbol
from autograd.compiler.once import once
from autograd.compiler.tape import Tape
from autograd.compiler.vector_functions import TOGETHER, Ops
from autograd.primitive import TABLE

WORDS = 5
Pair = tuple[int, int]
UNREAD, KEPT, NONE = -1, -2, -3  # in place of the row that reads a number last; in place of a number


class Encoded(NamedTuple):
    """A tape for the interpreter: the words of its rows, its constants, and where things stand."""

    words: "array.array[int]"
    constants: list[float]
    outputs: list[int]
    places: int

    @property
    def instructions(self) -> int:
        return len(self.words) // WORDS


def plain(tape: Tape) -> tuple[Ops, ...]:
    """The cases to have: the operations of the table that are not written with others, then the tape's own."""
    ops = [op for op in TABLE.values() if not op.composite]
    return tuple((op,) for op in dict.fromkeys(ops + [op for op, _ in tape.rows]))


def joined(tape: Tape, pairs: Iterable[Pair]) -> tuple[Ops, ...]:
    """The cases for the tape's own operations, and for the pairs of rows that one function can compute."""
    found: set[Ops] = {(op,) for op in {op for op, _ in tape.rows}}
    found |= {operations(tape, pair) for pair in pairs}
    return tuple(sorted(found, key=lambda case: [symbol(op, "") for op in case]))


def pairs(tape: Tape) -> list[Pair]:
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


def operations(tape: Tape, rows: Iterable[int]) -> Ops:
    """The operations of the rows with these numbers."""
    return tuple(tape.rows[row - len(tape.kinds)][0] for row in rows)


def encode(
    tape: Tape, cases: Sequence[Ops], inputs: Sequence[int] | None = None, pairs: Sequence[Pair] = ()
) -> Encoded:
    """The tape as words for an interpreter of these cases; input number i stands at inputs[i], or at i.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> tape = record([(x * 3.0).exp()], [x])
    >>> found = encode(tape, plain(tape))
    >>> found.constants, found.outputs, found.places, len(found.words)
    ([3.0], [2], 3, 10)
    """
    first = len(tape.kinds)
    case = {ops: k for k, ops in enumerate(cases)}
    operands = _operands(tape)
    place, places = _places(operands, [*(inputs or range(first))], {min(pair): pair for pair in pairs})
    words = np.empty((len(tape.rows), WORDS), np.int32)
    words[:, 0] = [case[op,] for op, _ in tape.rows]
    words[:, 1] = place[first : first + len(words)]
    words[:, 2:] = place[operands.table]
    both = np.array(pairs, int).reshape(-1, 2)
    at = both.min(axis=1) - first
    words[at, 0] = [case[operations(tape, pair)] for pair in pairs]
    words[at, 1], words[at, 3] = place[both.T]
    words = np.delete(words, both.max(axis=1) - first, axis=0)
    outputs = place[operands.outputs].tolist()
    return Encoded(array.array("i", words.tobytes()), operands.constants.tolist(), outputs, places)


class _Operands(NamedTuple):
    """A tape's operands in arrays. Constants have the numbers after the rows', and what is no operand has the last."""

    table: Any  # a line for every row
    outputs: Any
    constants: Any


def _operands(tape: Tape) -> _Operands:
    every = [*[arg for _, args in tape.rows for arg in args], *tape.outputs]
    numbers = np.array(every, float)
    constant = np.array([arg.__class__ is float for arg in every], bool)
    bits, which = np.unique(numbers[constant].view(np.int64), return_inverse=True)  # 0.0 == -0.0, and nan != nan
    behind = len(tape.kinds) + len(tape.rows)
    numbers[constant] = behind + which
    sizes = np.array([len(args) for _, args in tape.rows], int)
    table = np.full((len(sizes), WORDS - 2), behind + len(bits))
    table[np.arange(WORDS - 2) < sizes[:, None]] = numbers[: sizes.sum()]
    return _Operands(table, numbers[sizes.sum() :].astype(int), bits.view(float))


def _places(operands: _Operands, inputs: list[int], joint: dict[int, Pair]) -> tuple[Any, int]:
    """The place of every number, and how many there are; `joint` rows, by the first of them, are computed at once."""
    table, outputs, constants = operands
    first, end = len(inputs), len(inputs) + len(table)
    rows = np.arange(first, end)[:, None]
    last = np.full(end + len(constants) + 1, UNREAD)
    last[table] = rows  # the last of several assignments stays
    last[:first] = last[end:] = last[outputs] = KEPT
    read_last = np.where(last[table] == rows, table, NONE)
    unread = {*np.flatnonzero(last == UNREAD).tolist()}
    place = [*inputs, *[NONE] * len(table), *range(first, first + len(constants)), 0]
    fresh = itertools.count(first + len(constants))
    free: list[int] = []
    for at, x, y, w in zip(range(first, end), *read_last.T.tolist()):
        if x != NONE:
            free.append(place[x])
        if y != NONE and y != x:
            free.append(place[y])
        if w != NONE and w != x and w != y:
            free.append(place[w])
        if place[at] == NONE:  # else it was computed together with an earlier row
            for row in joint.get(at, (at,)):
                place[row] = free.pop() if free else next(fresh)
        if at in unread:
            free.append(place[at])
    return np.array(place), next(fresh)


def text(cases: Sequence[Ops], shape: Form, block: int) -> tuple[str, list[Ops]]:
    """LLVM text of `interpret(number* work, i32* words, i64 rows)`, and the functions it calls."""
    writer = RowWriter(shape)
    t, e = shape.t, shape.element
    lines = writer.lines
    lines.append(
        f"define void @interpret({e}* %work, i32* %words, i64 %rows) {{\nentry:\nbr label %next\n"
        "next:\n%row = phi i64 [ 0, %entry ]" + "".join(f", [ %row.n, %end{k} ]" for k in range(len(cases)))
    )
    lines.append(
        "%more = icmp slt i64 %row, %rows\nbr i1 %more, label %go, label %done\ndone:\nret void\n"
        f"go:\n%row.n = add i64 %row, 1\n%offset = mul i64 %row, {WORDS}\n"
        "%at = getelementptr i32, i32* %words, i64 %offset\n%op = load i32, i32* %at"
    )
    for k in range(4):
        lines.append(
            f"%w{k} = getelementptr i32, i32* %at, i64 {k + 1}\n%n{k} = load i32, i32* %w{k}\n"
            f"%l{k} = sext i32 %n{k} to i64\n%o{k} = mul i64 %l{k}, {block}\n"
            f"%b{k} = getelementptr {e}, {e}* %work, i64 %o{k}"
        )
    lines.append("switch i32 %op, label %done [")
    lines.extend(f"i32 {k}, label %case{k}" for k in range(len(cases)))
    lines.append("]")
    for k, case in enumerate(cases):
        lines.append(
            f"case{k}:\nbr label %loop{k}\nloop{k}:\n%i{k} = phi i64 [ 0, %case{k} ], [ %i{k}.n, %loop{k} ]"
        )
        operands = []
        for j in range(len(case[0].operands)):
            lines.append(
                f"%p{k}.{j} = getelementptr {e}, {e}* %b{j + 1}, i64 %i{k}\n"
                f"%q{k}.{j} = bitcast {e}* %p{k}.{j} to {t}*\n%x{k}.{j} = load {t}, {t}* %q{k}.{j}"
            )
            operands.append(f"%x{k}.{j}")
        for j, value in enumerate(writer.rows(k, case, operands)):
            lines.append(
                f"%r{k}.{j} = getelementptr {e}, {e}* %b{2 * j}, i64 %i{k}\n"
                f"%s{k}.{j} = bitcast {e}* %r{k}.{j} to {t}*\nstore {t} {value}, {t}* %s{k}.{j}"
            )
        lines.append(
            f"%i{k}.n = add i64 %i{k}, {shape.lanes}\n"
            f"%m{k} = icmp slt i64 %i{k}.n, {block}\nbr i1 %m{k}, label %loop{k}, label %end{k}\n"
            f"end{k}:\nbr label %next"
        )
    lines.append("}")
    return writer.finished(), [*writer.functions]


# A block of samples. The program: rows, then the address of the words.
BODY = """
define void @body(T* %parameters, T* %work, i64* %program) {
  %rows = load i64, i64* %program
  %words.at = getelementptr i64, i64* %program, i64 1
  %words.word = load i64, i64* %words.at
  %words = inttoptr i64 %words.word to i32*
  call void @interpret(T* %work, i32* %words, i64 %rows)
  ret void
}
"""

# One point: copy the inputs in, run, copy the outputs out. The program: rows, inputs and constants, outputs, then their
# places, then the address of the constants and of the words.
POINT = """
define void @point(double* %in, double* %out, double* %work, i64* %program) {
  %rows = load i64, i64* %program
  %ins.at = getelementptr i64, i64* %program, i64 1
  %ins = load i64, i64* %ins.at
  %constants.at = getelementptr i64, i64* %program, i64 2
  %constants = load i64, i64* %constants.at
  %outs.at = getelementptr i64, i64* %program, i64 3
  %outs = load i64, i64* %outs.at
  %from.at = getelementptr i64, i64* %program, i64 4
  %from = load i64, i64* %from.at
  %words.at = getelementptr i64, i64* %program, i64 5
  %words.word = load i64, i64* %words.at
  %places = getelementptr i64, i64* %program, i64 6
  %known = inttoptr i64 %from to double*
  %words = inttoptr i64 %words.word to i32*
  %after = getelementptr double, double* %work, i64 %ins
  call void @copy(double* %work, double* %in, i64 %ins)
  call void @copy(double* %after, double* %known, i64 %constants)
  call void @interpret(double* %work, i32* %words, i64 %rows)
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %i.next, %body ]
  %more = icmp slt i64 %i, %outs
  br i1 %more, label %body, label %done
body:
  %place.at = getelementptr i64, i64* %places, i64 %i
  %place = load i64, i64* %place.at
  %source = getelementptr double, double* %work, i64 %place
  %x = load double, double* %source
  %target = getelementptr double, double* %out, i64 %i
  store double %x, double* %target
  %i.next = add i64 %i, 1
  br label %loop
done:
  ret void
}

define internal void @copy(double* %to, double* %from, i64 %n) {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %i.next, %body ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %body, label %done
body:
  %source = getelementptr double, double* %from, i64 %i
  %x = load double, double* %source
  %target = getelementptr double, double* %to, i64 %i
  store double %x, double* %target
  %i.next = add i64 %i, 1
  br label %loop
done:
  ret void
}
"""


@once
def at_points(cases: tuple[Ops, ...]) -> native.Library:
    """The interpreter for one point."""
    code, functions = text(cases, form("float64"), 1)
    return native.compiled(code + POINT, 2, native.operations(op for (op,) in functions))
