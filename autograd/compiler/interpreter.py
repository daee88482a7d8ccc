"""The interpreter: a native loop over the rows of a tape, for tapes too long to translate one by one.

It is compiled once, for all tapes (and kept on disk): a switch with one case per operation, each written by the same
`RowWriter` that writes straight-line code, so that the two give the same bits. It needs a few nanoseconds a row to find
the case, and no time to prepare; over a block of samples, which each case works through, finding costs little, and some
cases compute two rows (`joining.py`).

A program is made of 32-bit words, five to an instruction: case, result, operands; a second result is the fourth word.
Numbers stand in one workspace: inputs, constants, then rows, whose places are used again after their last reader.
"""

import array
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler import native
from autograd.compiler.joining import NONE, Case, Joined, joined, pairs
from autograd.compiler.llvm_rows import Form, RowWriter, form
from autograd.compiler.once import once
from autograd.compiler.tape import Tape
from autograd.compiler.vector_functions import Ops

WORDS = 5
UNREAD, KEPT = -2, -3  # in place of the row that reads a number last


class Encoded(NamedTuple):
    """A tape for the interpreter: the words of its rows, its constants, and where things stand."""

    words: "array.array[int]"
    cases: tuple[Case, ...]
    constants: list[float]
    outputs: list[int]
    places: int

    @property
    def instructions(self) -> int:
        return len(self.words) // WORDS


def encode(tape: Tape, cases: tuple[Case, ...] = (), inputs: Sequence[int] | None = None) -> Encoded:
    """The tape as words for an interpreter of these cases; without them, of those that it is shortest with.

    Input number i stands at inputs[i], or at i.

    >>> from autograd.compiler.joining import plain
    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> tape = record([(x * 3.0 + x).exp()], [x])
    >>> found = encode(tape, plain(tape))
    >>> found.constants, found.outputs, found.places, found.instructions
    ([3.0], [2], 3, 2)
    """
    first = len(tape.kinds)
    operands = _operands(tape)
    done = joined(tape, operands.table, operands.outputs, [] if cases else pairs(tape))
    cases = cases or done.cases
    number = {case: k for k, case in enumerate(cases)}
    place, places = _places(operands, [*(inputs or range(first))], done)
    words = np.empty((len(tape.rows), WORDS), np.int32)
    words[done.kept, 0] = np.array([number[case] for case in done.cases], int)[done.case]
    words[:, 1] = place[first : first + len(words)]
    words[:, 2:] = place[operands.table]
    at = done.pairs.min(axis=1)
    words[at, 1], words[at, 3] = place[done.pairs.T + first]
    words = words[done.kept]
    outputs = place[operands.outputs].tolist()
    return Encoded(array.array("i", words.tobytes()), cases, operands.constants.tolist(), outputs, places)


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


def _places(operands: _Operands, inputs: list[int], done: Joined) -> tuple[Any, int]:
    """The place of every number, and how many there are."""
    table, outputs, constants = operands
    first, end = len(inputs), len(inputs) + len(table)
    rows = np.arange(first, end)[:, None]
    last = np.full(end + len(constants) + 1, UNREAD)
    last[table] = rows  # the last of several assignments stays
    last[:first] = last[end:] = last[outputs] = last[first + done.inner] = KEPT
    read_last = np.where(last[table] == rows, table, NONE)
    unread = {*np.flatnonzero(last == UNREAD).tolist()}
    place = [*inputs, *[NONE] * len(table), *range(first, first + len(constants)), 0]
    for at in done.inner.tolist():
        place[first + at] = 0  # it has none
    together = {min(pair): pair for pair in (first + done.pairs).tolist()}
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
            for row in together.get(at, (at,)):
                place[row] = free.pop() if free else next(fresh)
        if at in unread:
            free.append(place[at])
    return np.array(place), next(fresh)


def text(cases: Sequence[Case], shape: Form, block: int) -> tuple[str, list[Ops]]:
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
    for k, done in enumerate(cases):
        lines.append(
            f"case{k}:\nbr label %loop{k}\nloop{k}:\n%i{k} = phi i64 [ 0, %case{k} ], [ %i{k}.n, %loop{k} ]"
        )
        operands = []
        for j in range(done.operands):
            lines.append(
                f"%p{k}.{j} = getelementptr {e}, {e}* %b{j + 1}, i64 %i{k}\n"
                f"%q{k}.{j} = bitcast {e}* %p{k}.{j} to {t}*\n%x{k}.{j} = load {t}, {t}* %q{k}.{j}"
            )
            operands.append(f"%x{k}.{j}")
        if done.inner is not None:
            read = slice(done.slot, done.slot + len(done.inner.operands))
            operands[read] = writer.rows(f"{k}.inner", (done.inner,), operands[read])
        for j, value in enumerate(writer.rows(k, done.ops, operands)):
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
def at_points(cases: tuple[Case, ...]) -> native.Library:
    """The interpreter for one point."""
    code, functions = text(cases, form("float64"), 1)
    return native.compiled(code + POINT, 2, native.operations(op for (op,) in functions))
