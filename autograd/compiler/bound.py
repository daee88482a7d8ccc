"""Bound: a program's instructions with the addresses of kernels and of one thread's memory."""

import functools
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.compiler import driver, functions, kernels
from autograd.compiler.arrays import Floats, Ints
from autograd.compiler.emit import SAMPLES
from autograd.compiler.formula import Formula, operations, slots
from autograd.compiler.functions import CONTIGUOUS, SHARED
from autograd.compiler.fuse import REDUCTION
from autograd.compiler.instructions import Code, Memory
from autograd.compiler.lower import Lowering
from autograd.compiler.native import Library, built
from autograd.compiler.once import once
from autograd.compiler.update import Update
from autograd.compiler.vectormath import symbols

if TYPE_CHECKING:
    from autograd.compiler.program import Program


@once
def fixed_kernels(width: int, dtype: str = "float64") -> Library:
    def build(module: Any) -> None:
        kernels.build(module, width, dtype)
        driver.build(module, width, dtype)

    return built(f"kernels {width} {dtype}", build)


def function_kernels(wanted: dict[str, tuple[tuple[Formula, ...], str]], width: int, dtype: str) -> dict[str, int]:
    """Addresses of the kernels of formulas, by name; those that no program before has asked for are built together."""
    missing = sorted(name for name in wanted if (width, dtype, name) not in _functions)

    def build(module: Any) -> None:
        for k, name in enumerate(missing):
            formulas, modes = wanted[name]
            functions.emit(module, f"f{k}", width, dtype, list(formulas), modes)

    if missing:
        called = {op for name in missing for formula in wanted[name][0] for op in operations(formula)}
        scalar = [found for op in called for found in symbols(op)]
        code = built("\n".join([f"functions {width} {dtype}", *missing]), build, scalar)
        _loaded.append(code)
        _functions.update({(width, dtype, name): code.address(f"f{k}") for k, name in enumerate(missing)})
    return {name: _functions[width, dtype, name] for name in wanted}


_loaded: list[Library] = []  # code stays where it is as long as addresses of it may be around
_functions: dict[tuple[int, str, str], int] = {}

class Bound:
    """Instructions with addresses, for one size of block; the gradient and the loss are summed up in `sums`."""

    def __init__(self, program: "Program", capacity: int, sums: Floats) -> None:
        self.program, self.width = program, program.width
        rows, layout, count = program.rows, program.layout, len(program.parameters)
        unit = program.unit
        row = unit * capacity
        self.capacity, self.sums = capacity, sums
        self.kept: list[Any] = []  # instructions hold addresses, which keep nothing alive
        self.shared = self.room(layout.shared_size)
        self.samples = self.room(layout.sample_size * capacity)
        for constant, value in rows.value.items():
            if layout.address[constant] >= 0:
                self.shared[layout.address[constant]] = value
        shared, sample, weights = self.shared.ctypes.data, self.samples.ctypes.data, program.parameters.ctypes.data
        memory = Memory(
            lambda at: (weights if at < count else shared) + unit * at, lambda at: sample + row * at, row,
            lambda pitch, n: self.room(pitch * (capacity if n == SAMPLES else n) // unit).ctypes.data, self.width, unit)
        self.memory = memory
        lowering = Lowering(rows, layout, memory)
        lowering.steps()
        gradient = sums.ctypes.data
        reductions = any(part for part, _ in program.outputs)
        for reduction in (True, False):
            lowering.outputs([parts[not reduction] for parts in program.outputs], lambda k: gradient + unit * k,
                             reduction, reductions)
        # A derivative that only `after` adds to has to start at zero.
        self.clear = reductions and any(shared and not per_sample for per_sample, shared in program.outputs)
        self.codes = {"before": lowering.before, "first": lowering.body.first, "body": lowering.body,
                      "after": lowering.after}
        self.arrays = dict(zip(self.codes, self.assembled(list(self.codes.values()))))
        self.updates: dict[Any, Ints] = {}
        self.merges: dict[int, Ints] = {}  # by the number of other threads
        self.now = self.room(0)  # the settings of the step that runs

    def room(self, count: int) -> Floats:
        array = self.program.room(count)
        self.kept.append(array)
        return array

    def assembled(self, codes: list[Code]) -> list[Ints]:
        """The addresses of the instructions, each with its kernel's address."""
        formulas = {name: f for code in codes for name, f in code.functions.items()}
        own = function_kernels(formulas, self.width, self.program.dtype)
        fixed = fixed_kernels(self.width, self.program.dtype)
        words: list[int] = []
        arrays = []
        for code in codes:
            starts = []
            for kernel, row in code.instructions:
                row[0] = own[kernel] if kernel in formulas else fixed.address(kernel)
                starts.append(len(words))
                words += row
            arrays.append(np.array(starts, np.int64))
        kept = np.array(words, np.int64)
        self.kept.append(kept)
        return [kept.ctypes.data + 8 * starts for starts in arrays]

    def merge(self, others: "list[Bound]") -> Ints:
        """Instructions that add to each sum over samples those of the program's other threads, one after the other."""
        count = len(others)
        if count not in self.merges:
            (self.merges[count],) = self.assembled([self._merging(others) if others else Code()])
        return self.merges[count]

    def _merging(self, others: "list[Bound]") -> Code:
        program, everyone, code = self.program, [self, *others], Code()
        total: Any = functools.reduce(operator.add, slots(len(everyone)))
        name = code.function((total,), CONTIGUOUS * (1 + len(everyone)))

        def add(arrays: list[Floats], first: int, count: int) -> None:
            places = [array.ctypes.data + program.unit * first for array in arrays]
            code.add(name, [1, 1, count, *(word for at in (places[0], *places) for word in (at, 0, 0, program.unit))])

        add([x.sums for x in everyone], 0, len(program.parameters) + 1)
        for _, members in program.layout.steps:  # each contiguous
            if program.rows.kind[members[0]] == REDUCTION:
                add([x.shared for x in everyone], program.layout.address[members[0]], len(members))
        return code

    def update(self, update: Update, settings: int, at: int) -> Ints:
        """An optimiser's rule as one instruction; its settings are found at address `at`."""
        program = self.program
        count = len(program.parameters) - update.first if update.count is None else update.count
        key = (update.rule, update.first, count, settings, at, *(x.ctypes.data for x in update.states))
        if key not in self.updates:
            formulas = update.rule(*slots(2 + len(update.states) + settings))
            results = [program.parameters, *update.states]
            if len(formulas) != len(results):
                raise ValueError(f"the rule returns {len(formulas)} numbers for a parameter and {len(update.states)}"
                                 " of state")
            operands = [program.parameters, program.gradient, *update.states]
            unit = program.unit
            addresses = [x.ctypes.data + unit * update.first for x in (*results, *operands)]
            words = [1, 1, count, *(word for address in addresses for word in (address, 0, 0, unit)),
                     *(word for k in range(settings) for word in (at + unit * k, 0, 0, 0))]
            code = Code()
            code.add(code.function(tuple(formulas), CONTIGUOUS * len(addresses) + SHARED * settings), words)
            (self.updates[key],) = self.assembled([code])
        return self.updates[key]
