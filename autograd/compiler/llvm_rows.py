"""Rows as LLVM text: what each operation of the table is in LLVM's words, in one number or in a vector of them.

The plain operations are instructions, the table INSTRUCTIONS below; every other is a call of a function, whose symbol
`mathematics.py` gives. Whoever writes a program out of rows (`straight.py`, `interpreter.py`) has a `RowWriter`.
"""

import struct
from typing import NamedTuple

from autograd.compiler.mathematics import joint_symbol, symbol
from autograd.ieee import float32
from autograd.primitive import Primitive

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

WRITTEN_OUT = {*INSTRUCTIONS, "clamp", "sign"}  # the last two in several instructions


class Form(NamedTuple):
    """How a number is written: its LLVM type, the suffix of intrinsics, the element type, the lanes of a vector."""

    t: str
    s: str
    element: str
    lanes: int

    def constant(self, x: float) -> str:
        if self.element == "float":
            x = float32(x)
        bits = f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"
        return bits if self.lanes == 1 else f"<{', '.join([f'{self.element} {bits}'] * self.lanes)}>"


def form(dtype: str, lanes: int = 1) -> Form:
    """
    >>> form("float32").t, form("float64", 8).t
    ('float', '<8 x double>')
    """
    element, suffix = ("float", "f32") if dtype == "float32" else ("double", "f64")
    if lanes == 1:
        return Form(element, suffix, element, 1)
    return Form(f"<{lanes} x {element}>", f"v{lanes}{suffix}", element, lanes)


def results_of(ops: tuple[Primitive, ...], t: str) -> str:
    """The type of what the function of these operations returns: a number or vector, of several a structure."""
    return t if len(ops) == 1 else f"{{ {', '.join([t] * len(ops))} }}"


class RowWriter:
    """Writes rows: `lines` grows, `functions` are those called so far: the operations that one call computes."""

    def __init__(self, shape: Form) -> None:
        self.form = shape
        self.called = form("float64") if shape.lanes == 1 else shape  # what functions are called with
        self.lines: list[str] = []
        self.functions: dict[tuple[Primitive, ...], None] = {}
        one = "i1" if shape.lanes == 1 else f"<{shape.lanes} x i1>"
        self.blanks = {"t": shape.t, "s": shape.s, "i1": one, "zero": shape.constant(0.0), "one": shape.constant(1.0)}
        left = {"x": "{0}", "y": "{1}", "w": "{2}", "z": "{z}"}
        self.instructions = {name: text.format(**self.blanks, **left) for name, text in INSTRUCTIONS.items()}

    def row(self, at: int | str, op: Primitive, operands: list[str]) -> None:
        """z = op(operands), z being number `at`."""
        name = op.name
        if name == "pow":  # a square is x*x, rounded once
            self._call(f"v{at}.p", op, operands)
            self.lines.append(
                f"%v{at}.s = fmul {self.form.t} {operands[0]}, {operands[0]}\n"
                f"%v{at}.c = fcmp oeq {self.form.t} {operands[1]}, {self.form.constant(2.0)}\n"
                f"%v{at} = select {self.blanks['i1']} %v{at}.c, {self.form.t} %v{at}.s, {self.form.t} %v{at}.p"
            )
        elif name == "clamp":
            x, low, high = operands
            self._instruction(f"v{at}.l", "maximum", [x, low])
            self._instruction(f"v{at}", "minimum", [f"%v{at}.l", high])
        elif name == "sign":
            self._instruction(f"v{at}.n", "less", [operands[0], self.blanks["zero"]])
            self._instruction(f"v{at}.q", "greater", [operands[0], self.blanks["zero"]])
            self._instruction(f"v{at}.d", "sub", [f"%v{at}.q", f"%v{at}.n"])
            self._instruction(f"v{at}.z", "add", [operands[0], self.blanks["zero"]])
            self._instruction(f"v{at}", "where", [f"%v{at}.d", f"%v{at}.d", f"%v{at}.z"])
        elif name in INSTRUCTIONS:
            self._instruction(f"v{at}", name, operands)
        else:
            self._call(f"v{at}", op, operands)

    def _instruction(self, z: str, name: str, operands: list[str]) -> None:
        self.lines.append(self.instructions[name].format(*operands, z=z))

    def _call(self, z: str, op: Primitive, operands: list[str]) -> None:
        self.functions[(op,)] = None
        t = self.called.t
        if t != self.form.t:  # the C library's functions are asked in double precision
            for k, x in enumerate(operands):
                self.lines.append(f"%{z}.{k} = fpext {self.form.t} {x} to {t}")
            wide = ", ".join(f"{t} %{z}.{k}" for k in range(len(operands)))
            self.lines.append(f"%{z}.w = call {t} @{symbol(op, self.called.s)}({wide})")
            self.lines.append(f"%{z} = fptrunc {t} %{z}.w to {self.form.t}")
            return
        self.lines.append(f"%{z} = call {t} @{symbol(op, self.called.s)}({', '.join(f'{t} {x}' for x in operands)})")

    def rows(self, at: int | str, ops: tuple[Primitive, ...], operands: list[str]) -> list[str]:
        """Rows of the same operands, several by one call; how their numbers are written."""
        if len(ops) == 1:
            if ops[0].name == "identity":
                return operands
            self.row(at, ops[0], operands)
            return [f"%v{at}"]
        self.functions[ops] = None
        results = results_of(ops, self.form.t)
        given = ", ".join(f"{self.form.t} {x}" for x in operands)
        self.lines.append(f"%v{at} = call {results} @{joint_symbol(ops, self.form.s)}({given})")
        for k in range(len(ops)):
            self.lines.append(f"%v{at}.{k} = extractvalue {results} %v{at}, {k}")
        return [f"%v{at}.{k}" for k in range(len(ops))]

    def finished(self) -> str:
        """All lines, and the declarations of what they call."""
        t, called = self.form.t, self.called.t
        for ops in self.functions:
            operands = ", ".join([called] * len(ops[0].operands))
            self.lines.append(f"declare {results_of(ops, called)} @{joint_symbol(ops, self.called.s)}({operands})")
        self.lines += [f"declare {t} @llvm.{name}.{self.form.s}({t})" for name in ("fabs", "sqrt")]
        return "\n".join(self.lines) + "\n"
