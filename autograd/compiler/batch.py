"""Batches: a tape run over many samples, a block of them at a time, by native code.

    once      rows of parameters alone, at one point
    each      the rest, in vectors over a block of samples, block after block; threads share the blocks,
              where there is work enough: the same shares for the same number of samples, so the same sums
    results   a column per output, or with a reduction 64 running sums per output (128 in float32), which are added at
              the end: as many on every machine, however wide its vectors are

Functions are accurate to about one ulp (`vectormath`), or the eager engine's own with `exact`. A reduced sum of n terms
is off by at most (n / 64 + 8) * 2**-53 times the sum of their magnitudes (float32: (n / 128 + 8) * 2**-24).
"""

import ctypes
import functools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from autograd.compiler import interpreter, native, straight
from autograd.compiler.batch_loop import block_loop
from autograd.compiler.llvm_rows import form
from autograd.compiler.options import ROUNDING
from autograd.compiler.passes import hoisted
from autograd.compiler.tape import SAMPLE, Tape
from autograd.compiler.vector_functions import Ops, vector_function

BLOCK = 512  # bytes of a block of samples, a number for each: eight of the widest vectors
SIDE_BY_SIDE = 2  # vectors that the interpreter computes at once: while one waits for a result, the other goes on
SHARE = 150_000  # rows times samples for a thread, at least: about 40 us of work, what waking it costs
# Straight-line code is as fast as the interpreter in plain arithmetic, with 16 vector registers. But it takes
# time to make, and puts them all away around a call of a function. So the interpreter has the tapes of
LONG = 3000  # rows and more, where it is ready at once;
CALLS = 1 / 14  # calls a row and more, where it is faster too: level at 0.05, a third ahead at 0.1 (measured, AVX2)


class Batch:
    """A tape ready for batches: `batch(numbers, samples)` gives a column, or with `reduce` a float, per output."""

    def __init__(self, tape: Tape, point: Callable[[Tape], Any], options: dict[str, Any]) -> None:
        single = options["dtype"] == "float32"
        self.once_tape, each = hoisted(tape)
        self.once = point(self.once_tape)
        self.tape, self.reduce, self.threads = each, options["reduce"], options["threads"]
        self.element = "float" if single else "double"
        self.width = native.vector_bytes() // (4 if single else 8)
        self.block = BLOCK // (4 if single else 8)
        self.loop = block_loop(self.element, self.block)
        self.dtype, self.exact = options["dtype"], options["exact"]
        self.rounded = ROUNDING[self.dtype]
        self.program = 0
        self.constants: Any = []
        if len(each.rows) < LONG and straight.calls(each) <= CALLS * len(each.rows):
            self._translate()
        else:
            self._encode()
        self.body = self.library.address("body")
        self._plan(len(tape.kinds))

    def _translate(self) -> None:
        """Straight-line code."""
        code = straight.lanes(self.tape, self.dtype, self.width, self.block)
        self.library = native.compiled(code.text, 0, self._functions(code.functions, self.width))
        self.blocks, self.places = code.blocks, code.outputs

    def _encode(self) -> None:
        """Words for the interpreter; parameters and constants stand in the workspace, once for each sample."""
        import numpy as np

        kinds = self.tape.kinds
        order = sorted(range(len(kinds)), key=lambda i: kinds[i] != SAMPLE)  # inputs of samples first
        code = interpreter.encode(self.tape, inputs=[order.index(i) for i in range(len(kinds))])
        self.words = code.words
        self.constants = np.array(code.constants, self.dtype)
        self.head = (ctypes.c_int64 * 2)(code.instructions, code.words.buffer_info()[0])
        self.program = ctypes.addressof(self.head)
        self.blocks = code.places
        self.places = [
            place if arg.__class__ is int and (arg >= len(kinds) or kinds[arg] == SAMPLE) else -1
            for arg, place in zip(self.tape.outputs, code.outputs)
        ]
        width = SIDE_BY_SIDE * self.width
        text, functions = interpreter.text(code.cases, form(self.dtype, width), self.block)
        body = interpreter.BODY.replace("T*", f"{self.element}*")
        self.library = native.compiled(text + body, 2, self._functions(functions, width))

    def _functions(self, wanted: Iterable[Ops], width: int) -> list[tuple[str, int]]:
        """The functions of these operations, of vectors of so many numbers."""
        self.called = [vector_function(ops, self.element, width, self.exact) for ops in wanted]
        return [(symbol, at) for symbol, _, at in self.called]

    def _plan(self, inputs: int) -> None:
        """Where the numbers of a call go: found once, since a call may be short."""
        import numpy as np

        kinds = self.tape.kinds
        self.shared = [i for i in range(inputs) if kinds[i] != SAMPLE]
        self.columns = [i for i in range(inputs) if kinds[i] == SAMPLE]
        order = [i for i, kind in enumerate(kinds) if kind != SAMPLE]
        self.varying = [k for k, place in enumerate(self.places) if place >= 0]
        self.wanted = np.array([self.places[k] for k in self.varying], np.int64)
        # Outputs that no sample changes: constants, or known numbers by their position among the parameters.
        self.fixed = [
            (k, arg if isinstance(arg, float) else order.index(arg))
            for k, (arg, place) in enumerate(zip(self.tape.outputs, self.places))
            if place < 0
        ]

    def __call__(self, numbers: Sequence[Any], samples: int) -> list[Any]:
        import numpy as np

        shared = [numbers[i] for i in self.shared]
        known = [*shared, *self.once(shared)] if self.once_tape.outputs else shared
        found = self._run([self._column(numbers[i]) for i in self.columns], np.array(known, self.dtype), samples)
        if not self.fixed:
            return found
        results: list[Any] = [None] * len(self.places)
        for k, result in zip(self.varying, found):
            results[k] = result
        for k, source in self.fixed:
            x = source if isinstance(source, float) else known[source]
            results[k] = np.full(samples, x, self.dtype) if self.reduce is None else self._reduced(x, samples)
        return results

    def _column(self, x: Any) -> Any:
        """A column as an array whose stride counts whole numbers."""
        import numpy as np

        x = np.asarray(x, self.dtype)
        return np.ascontiguousarray(x) if x.strides[0] % x.itemsize else x

    def _reduced(self, x: float, samples: int) -> float:
        """The sum or mean of equal numbers."""
        x = self.rounded(x)
        return self.rounded(x * samples) if self.reduce == "sum" else x

    def _run(self, columns: list[Any], parameters: Any, samples: int) -> list[Any]:
        """The outputs that depend on the sample: an array per output, or its sum or mean."""
        import numpy as np

        reducing = self.reduce is not None
        paying = len(self.tape.rows) * samples // SHARE
        parts = _parts(samples, self.block, min(self.threads, paying))
        starts = np.array([_address(x) for x in columns], np.int64)
        strides = np.array([x.strides[0] // x.itemsize for x in columns], np.int64)
        shape = len(parts) if reducing else 1, len(self.varying), self.block if reducing else samples
        results = np.zeros(shape, self.dtype)

        def work(part: int) -> None:
            begin, end = parts[part]
            workspace, kept = self._workspace(len(columns), parameters)
            first = _address(results) + (part * results.strides[0] if reducing else 0)
            targets = first + np.arange(len(self.varying), dtype=np.int64) * results.strides[1]
            self.loop(
                self.body, begin, end, len(columns), _address(starts), _address(strides), _address(parameters),
                workspace, len(self.varying), _address(self.wanted), _address(targets), int(reducing), self.program,
            )  # fmt: skip
            del kept

        if len(parts) == 1:
            work(0)
        else:
            list(_pool(len(parts)).map(work, range(len(parts))))
        if not reducing:
            return list(results[0])
        totals = results.sum(axis=(0, 2), dtype=self.dtype)
        return (totals / samples if self.reduce == "mean" else totals).tolist()  # type: ignore[no-any-return]

    def _workspace(self, columns: int, parameters: Any) -> tuple[int, Any]:
        """The address of a new workspace, at the start of a cache line, and what keeps it."""
        import numpy as np

        memory = np.empty(self.blocks * self.block + 64, self.dtype)
        skipped = -_address(memory) % 64 // memory.itemsize
        if self.program:  # the interpreter finds parameters and constants here, after the columns
            known = np.concatenate([parameters, self.constants])
            begin = skipped + columns * self.block
            memory[begin : begin + len(known) * self.block].reshape(-1, self.block)[:] = known[:, None]
        return _address(memory) + skipped * memory.itemsize, memory


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that wait for the next call: starting them costs as much as a small batch."""
    return ThreadPoolExecutor(threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has none of them


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _parts(samples: int, block: int, threads: int) -> list[tuple[int, int]]:
    """The samples of each thread, whole blocks."""
    blocks = -(-samples // block)
    count = max(1, min(threads, blocks))
    edges = [min(samples, blocks * k // count * block) for k in range(count + 1)]
    return list(zip(edges, edges[1:]))
