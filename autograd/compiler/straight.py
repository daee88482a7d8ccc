"""Straight-line code: a tape as LLVM instructions, row after row, in functions of a few hundred rows.

Written as text and translated at LLVM's lowest level: together some 15 microseconds a row. One function for all rows
would take time that grows faster than its length, and optimisation finds little in a tape that the passes have seen.
Numbers that cross from one function to another go through a small workspace, whose places are used again once their
last reader has run.

    point    one point, one float per row; with the C library's functions the results are the eager engine's to the bit
    lanes    a block of samples, one vector per row; the functions are those of `mathematics.py`
"""

from collections.abc import Callable
from typing import NamedTuple

from autograd.compiler.llvm_rows import WRITTEN_OUT, Form, RowWriter, form
from autograd.compiler.tape import SAMPLE, Arg, Tape
from autograd.primitive import Primitive

ROWS_PER_FUNCTION = 256


def calls(tape: Tape) -> int:
    """How many rows are calls of functions."""
    return sum(op.name not in WRITTEN_OUT for op, _ in tape.rows)


class Writer(RowWriter):
    """Writes the rows of one tape, and the loads and stores between its functions."""

    def __init__(self, tape: Tape, shape: Form) -> None:
        super().__init__(shape)
        self.tape, self.first = tape, len(tape.kinds)
        self.constants: dict[str, str] = {}
        self._find_crossings()

    def _find_crossings(self) -> None:
        """Give a place in the workspace to every row that is read by another function, or after all of them."""
        first, size = self.first, ROWS_PER_FUNCTION
        crossing: set[Arg] = {arg for arg in self.tape.outputs if arg.__class__ is int and arg >= first}
        for at, (_, args) in enumerate(self.tape.rows):
            for arg in args:
                if arg.__class__ is int and first <= arg < first + at // size * size:
                    crossing.add(arg)
        self.place, self.places = shared_places(self.tape, crossing)

    def operand(self, arg: Arg, known: set[int], load: Callable[[int], str]) -> str:
        """The operand as LLVM writes it, loaded first if this function has not got it."""
        if isinstance(arg, float):
            key = arg.hex()
            if key not in self.constants:
                self.constants[key] = self.form.constant(arg)
            return self.constants[key]
        if arg not in known:
            known.add(arg)
            self.lines.append(load(arg))
        return f"%v{arg}"

    def parts(self) -> range:
        """Where each function's rows begin."""
        return range(0, len(self.tape.rows), ROWS_PER_FUNCTION)


def shared_places(tape: Tape, wanted: set[Arg]) -> tuple[dict[Arg, int], int]:
    """A place for each of the wanted rows, used again after its last reader, and the number of places.

    Rows of one function count as simultaneous: a place is free for the functions after its last reader's.
    """
    first, size = len(tape.kinds), ROWS_PER_FUNCTION
    last = {arg: int(arg - first) // size for arg in wanted}
    for at, (_, args) in enumerate(tape.rows):
        for arg in args:
            if arg in last and arg.__class__ is int:
                last[arg] = at // size
    last |= {arg: len(tape.rows) for arg in tape.outputs if arg in wanted}
    ending: dict[int, list[int]] = {}
    place: dict[Arg, int] = {}
    free: list[int] = []
    count = part = 0
    for arg in sorted(wanted):
        while part < int(arg - first) // size:
            free += ending.pop(part, [])
            part += 1
        if free:
            place[arg] = free.pop()
        else:
            place[arg], count = count, count + 1
        ending.setdefault(last[arg], []).append(place[arg])
    return place, count


def point(tape: Tape, dtype: str) -> tuple[str, int, list[Primitive]]:
    """(text, size of the workspace, functions it calls) of `point(double* in, double* out, number* work, i64*)`.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> print(point(record([x * x], [x]), "float64")[0])  # doctest: +ELLIPSIS
    define internal fastcc void @part0(double* %in, double* %out, double* %work) {
    %p0 = getelementptr double, double* %in, i64 0
    %v0 = load double, double* %p0
    %v1 = fmul double %v0, %v0
    ...
    """
    writer = Writer(tape, form(dtype))
    t, single = writer.form.t, dtype == "float32"
    arguments = f"double* %in, double* %out, {t}* %work"

    def load(arg: int) -> str:
        if arg >= writer.first:
            at = f"%p{arg} = getelementptr {t}, {t}* %work, i64 {writer.place[arg]}\n"
            return f"{at}%v{arg} = load {t}, {t}* %p{arg}"
        at = f"%p{arg} = getelementptr double, double* %in, i64 {arg}\n"
        if single:
            return f"{at}%d{arg} = load double, double* %p{arg}\n%v{arg} = fptrunc double %d{arg} to float"
        return f"{at}%v{arg} = load double, double* %p{arg}"

    def store(arg: int, where: int) -> str:
        return (
            f"%s{arg} = getelementptr {t}, {t}* %work, i64 {where}\n"
            f"store {t} %v{arg}, {t}* %s{arg}"
        )

    for part, begin in enumerate(writer.parts()):
        writer.lines.append(f"define internal fastcc void @part{part}({arguments}) {{")
        _rows(writer, begin, load, store)
        writer.lines.append("ret void\n}")
    writer.lines.append(f"define void @point({arguments}, i64* %unused) {{")
    writer.lines += [f"call fastcc void @part{part}({arguments})" for part in range(len(writer.parts()))]
    known: set[int] = set()
    for k, arg in enumerate(tape.outputs):
        x = writer.operand(arg, known, load)
        if single:
            writer.lines.append(f"%o{k}.d = fpext float {x} to double")
            x = f"%o{k}.d"
        writer.lines.append(f"%o{k} = getelementptr double, double* %out, i64 {k}\nstore double {x}, double* %o{k}")
    writer.lines.append("ret void\n}")
    return writer.finished(), writer.places, [op for (op,) in writer.functions]


def _rows(writer: Writer, begin: int, load: Callable[[int], str], store: Callable[[int, int], str]) -> None:
    """One function's rows, those that cross stored."""
    known: set[int] = set()
    for at, (op, args) in enumerate(writer.tape.rows[begin : begin + ROWS_PER_FUNCTION], writer.first + begin):
        writer.row(at, op, [writer.operand(arg, known, load) for arg in args])
        known.add(at)
        if at in writer.place:
            writer.lines.append(store(at, writer.place[at]))


class Lanes(NamedTuple):
    """The text of `body(number* parameters, number* work, i64*)`, and where it reads and writes samples."""

    text: str
    functions: list[tuple[Primitive, ...]]  # what it calls
    blocks: int  # of the workspace, each one number for every sample of a block; sample inputs come first, in order
    outputs: list[int]  # the block of each output; -1 where it is a constant or a parameter


def lanes(tape: Tape, dtype: str, width: int, block: int) -> Lanes:
    """Code for `block` samples at a time, `width` of them in a vector.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> w, x = Value(2.0), Value(3.0)
    >>> made = lanes(record([w * x], [w, x], ["parameter", "sample"]), "float64", 8, 64)
    >>> made.blocks, made.outputs, [line for line in made.text.splitlines() if "fmul" in line]
    (2, [1], ['%v2 = fmul <8 x double> %v0, %v1'])
    """
    writer = Writer(tape, form(dtype, width))
    t, e = writer.form.t, writer.form.element
    samples = [i for i, kind in enumerate(tape.kinds) if kind == SAMPLE]
    parameters = [i for i, kind in enumerate(tape.kinds) if kind != SAMPLE]
    place: dict[Arg, int] = {arg: k for k, arg in enumerate(samples)}
    place |= {arg: len(samples) + k for arg, k in writer.place.items()}
    splat = {arg: k for k, arg in enumerate(parameters)}
    alike = f"<{width} x i32> zeroinitializer"

    def address(name: str, where: int) -> str:
        return (
            f"%{name}.b = getelementptr {e}, {e}* %work, i64 {where * block}\n"
            f"%{name}.e = getelementptr {e}, {e}* %{name}.b, i64 %i\n"
            f"%{name} = bitcast {e}* %{name}.e to {t}*\n"
        )

    def load(arg: int) -> str:
        if arg in place:
            return address(f"p{arg}", place[arg]) + f"%v{arg} = load {t}, {t}* %p{arg}, align 64"
        return (
            f"%p{arg} = getelementptr {e}, {e}* %parameters, i64 {splat[arg]}\n%e{arg} = load {e}, {e}* %p{arg}\n"
            f"%l{arg} = insertelement {t} undef, {e} %e{arg}, i32 0\n"
            f"%v{arg} = shufflevector {t} %l{arg}, {t} undef, {alike}"
        )

    def store(arg: int, where: int) -> str:
        return address(f"s{arg}", len(samples) + where) + f"store {t} %v{arg}, {t}* %s{arg}, align 64"

    arguments = f"{e}* %parameters, {e}* %work"
    for part, begin in enumerate(writer.parts()):
        writer.lines.append(
            f"define internal fastcc void @part{part}({arguments}) {{\nentry:\nbr label %loop\nloop:\n"
            "%i = phi i64 [ 0, %entry ], [ %next, %loop ]"
        )
        _rows(writer, begin, load, store)
        writer.lines.append(
            f"%next = add i64 %i, {width}\n%more = icmp ult i64 %next, {block}\n"
            "br i1 %more, label %loop, label %done\ndone:\nret void\n}"
        )
    writer.lines.append(f"define void @body({arguments}, i64* %unused) {{")
    writer.lines += [f"call fastcc void @part{part}({arguments})" for part in range(len(writer.parts()))]
    writer.lines.append("ret void\n}")
    outputs = [place.get(arg, -1) if arg.__class__ is int else -1 for arg in tape.outputs]
    return Lanes(writer.finished(), [*writer.functions], len(samples) + writer.places, outputs)
