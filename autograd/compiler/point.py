"""One point: a tape as native code that takes a list of numbers and gives one."""

import ctypes
from collections.abc import Sequence

from autograd.compiler import interpreter, joining, native, straight
from autograd.compiler.tape import Tape

LONG = 4000  # rows: from here on the interpreter, which is slower, and ready at once


class NativePoint:
    """A tape at one point: numbers in, outputs out. Short tapes are translated, long ones interpreted."""

    def __init__(self, tape: Tape, dtype: str) -> None:
        self.program = 0
        if len(tape.rows) >= LONG and dtype == "float64":
            places, library = self._interpreted(tape)
        else:
            text, places, functions = straight.point(tape, dtype)
            library = native.compiled(text, 0, native.operations(functions))
        self.run = library.function("point", *[ctypes.c_void_p] * 4)
        self.address = library.address("point")
        self.sizes = len(tape.kinds), len(tape.outputs), places
        self.types = [ctypes.c_double * max(1, size) for size in self.sizes]

    def _interpreted(self, tape: Tape) -> tuple[int, native.Library]:
        cases = joining.plain(tape)
        code = interpreter.encode(tape, cases)
        constants = (ctypes.c_double * max(1, len(code.constants)))(*code.constants)
        head = [
            code.instructions, len(tape.kinds), len(code.constants), len(tape.outputs),
            ctypes.addressof(constants), code.words.buffer_info()[0], *code.outputs,
        ]  # fmt: skip
        words = (ctypes.c_int64 * len(head))(*head)
        self.program = ctypes.addressof(words)
        self.kept = code, constants, words
        return code.places, interpreter.at_points(cases)

    def __call__(self, numbers: Sequence[float]) -> list[float]:
        given, made, work = self.types
        out = made()
        self.run(given(*numbers), out, work(), self.program)
        return list(out)[: self.sizes[1]]
