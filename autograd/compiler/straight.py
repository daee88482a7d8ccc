"""Straight-line code: a tape as LLVM instructions, row after row, in functions of a few hundred rows.

Written as text and translated at LLVM's lowest level: together some 15 microseconds a row. One function for all rows
would take time that grows faster than its length, and optimisation finds little in a tape that the passes have seen.
Numbers that cross from one function to another go through a small workspace, whose places are used again once their
last reader has run.

    point    one point, one float per row; with the C library's functions the results are the eager engine's to the bit
    lanes    a block of samples, one vector per row; the functions are those of `mathematics.py`
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from autograd.compiler.mathematics import symbol
from autograd.compiler.tape import SAMPLE, Arg, Tape
from autograd.primitive import Primitive

ROWS_PER_FUNCTION = 256

_COMPARE = "%{z}.c = fcmp {how} {t} {x}, {y}\n%{z} = select {i1} %{z}.c, {t} {one}, {t} {zero}"

# How LLVM says the plain operations of the table: z = f(x, y, w). What has no line here is a call of a function.
INSTRUCTIONS = {
    "neg": "%{z} = fneg {t} {x}",
    "add": "%{z} = fadd {t} {x}, {y}",
    "sub": "%{z} = fsub {t} {x}, {y}",
    "mul": "%{z} = fmul {t} {x}, {y}",
    "div": "%{z} = fdiv {t} {x}, {y}",
    "abs": "%{z} = call {t} @llvm.fabs.{s}({t} {x})",
    "sqrt": "%{z} = call {t} @llvm.sqrt.{s}({t} {x})",
    "relu": "%{z}.c = fcmp ole {t} {x}, {zero}\n%{z} = select {i1} %{z}.c, {t} {zero}, {t} {x}",
    "where": "%{z}.c = fcmp une {t} {x}, {zero}\n%{z} = select {i1} %{z}.c, {t} {y}, {t} {w}",
    "maximum": "%{z}.a = fcmp ogt {t} {x}, {y}\n%{z}.b = fcmp uno {t} {x}, {x}\n%{z}.c = or {i1} %{z}.a, %{z}.b\n"
    "%{z} = select {i1} %{z}.c, {t} {x}, {t} {y}",
    "minimum": "%{z}.a = fcmp olt {t} {x}, {y}\n%{z}.b = fcmp uno {t} {x}, {x}\n%{z}.c = or {i1} %{z}.a, %{z}.b\n"
    "%{z} = select {i1} %{z}.c, {t} {x}, {t} {y}",
} | {
    name: _COMPARE.replace("{how}", how)
    for name, how in zip(
        ["greater", "greater_equal", "less", "less_equal", "equal"], ["ogt", "oge", "olt", "ole", "oeq"], strict=True
    )
}

_WRITTEN_OUT = {*INSTRUCTIONS, "clamp", "sign"}  # the last two in several instructions


class Form(NamedTuple):
    """How a number is written: its LLVM type, the suffix of intrinsics, the element type, the lanes of a vector."""

    t: str
    s: str
    element: str
    lanes: int

    def constant(self, x: float) -> str:
        if self.element == "float":
            x = rounded(x)
        bits = f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"
        return bits if self.lanes == 1 else f"<{', '.join([f'{self.element} {bits}'] * self.lanes)}>"


def calls(tape: Tape) -> int:
    """How many rows are calls of functions."""
    return sum(op.name not in _WRITTEN_OUT for op, _ in tape.rows)


def rounded(x: float) -> float:
    """x in single precision; beyond its range infinite."""
    try:
        return float(struct.unpack("f", struct.pack("f", x))[0])
    except OverflowError:
        return float("inf") if x > 0.0 else float("-inf")


def form(dtype: str, lanes: int = 1) -> Form:
    """
    >>> form("float32").t, form("float64", 8).t
    ('float', '<8 x double>')
    """
    element, suffix = ("float", "f32") if dtype == "float32" else ("double", "f64")
    if lanes == 1:
        return Form(element, suffix, element, 1)
    return Form(f"<{lanes} x {element}>", f"v{lanes}{suffix}", element, lanes)


class Writer:
    """Writes one tape as LLVM text."""

    def __init__(self, tape: Tape, shape: Form) -> None:
        self.tape, self.form = tape, shape
        self.called = form("float64") if shape.lanes == 1 else shape  # what functions are called with
        self.first = len(tape.kinds)
        self.lines: list[str] = []
        self.functions: dict[Primitive, int] = {}  # called, and with how many operands
        one = "i1" if shape.lanes == 1 else f"<{shape.lanes} x i1>"
        self.words = {"t": shape.t, "s": shape.s, "i1": one, "zero": shape.constant(0.0), "one": shape.constant(1.0)}
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

    def row(self, at: int, op: Primitive, operands: list[str]) -> None:
        """z = op(operands), z being number `at`."""
        name = op.name
        if name == "pow":  # a square is x*x, rounded once
            self._call(f"v{at}.p", op, operands)
            self.lines.append(
                f"%v{at}.s = fmul {self.form.t} {operands[0]}, {operands[0]}\n"
                f"%v{at}.c = fcmp oeq {self.form.t} {operands[1]}, {self.form.constant(2.0)}\n"
                f"%v{at} = select {self.words['i1']} %v{at}.c, {self.form.t} %v{at}.s, {self.form.t} %v{at}.p"
            )
        elif name == "clamp":
            x, low, high = operands
            self._instruction(f"v{at}.l", "maximum", [x, low])
            self._instruction(f"v{at}", "minimum", [f"%v{at}.l", high])
        elif name == "sign":
            self._instruction(f"v{at}.n", "less", [operands[0], self.words["zero"]])
            self._instruction(f"v{at}.q", "greater", [operands[0], self.words["zero"]])
            self._instruction(f"v{at}.d", "sub", [f"%v{at}.q", f"%v{at}.n"])
            self._instruction(f"v{at}.z", "add", [operands[0], self.words["zero"]])
            self._instruction(f"v{at}", "where", [f"%v{at}.d", f"%v{at}.d", f"%v{at}.z"])
        elif name in INSTRUCTIONS:
            self._instruction(f"v{at}", name, operands)
        else:
            self._call(f"v{at}", op, operands)

    def _instruction(self, z: str, name: str, operands: list[str]) -> None:
        self.lines.append(INSTRUCTIONS[name].format(z=z, **dict(zip("xyw", operands)), **self.words))

    def _call(self, z: str, op: Primitive, operands: list[str]) -> None:
        self.functions[op] = len(operands)
        t = self.called.t
        if t != self.form.t:  # the C library's functions are asked in double precision
            for k, x in enumerate(operands):
                self.lines.append(f"%{z}.{k} = fpext {self.form.t} {x} to {t}")
            wide = ", ".join(f"{t} %{z}.{k}" for k in range(len(operands)))
            self.lines.append(f"%{z}.w = call {t} @{symbol(op, self.called.s)}({wide})")
            self.lines.append(f"%{z} = fptrunc {t} %{z}.w to {self.form.t}")
            return
        self.lines.append(f"%{z} = call {t} @{symbol(op, self.called.s)}({', '.join(f'{t} {x}' for x in operands)})")

    def finished(self) -> str:
        t, called = self.form.t, self.called.t
        for op, count in self.functions.items():
            self.lines.append(f"declare {called} @{symbol(op, self.called.s)}({', '.join([called] * count)})")
        self.lines += [f"declare {t} @llvm.{name}.{self.form.s}({t})" for name in ("fabs", "sqrt")]
        return "\n".join(self.lines) + "\n"

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


def point(tape: Tape, dtype: str) -> tuple[str, int, dict[Primitive, int]]:
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
    return writer.finished(), writer.places, writer.functions


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
    functions: dict[Primitive, int]  # the operations it calls, with their numbers of operands
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
    return Lanes(writer.finished(), writer.functions, len(samples) + writer.places, outputs)
