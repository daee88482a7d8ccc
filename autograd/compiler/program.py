"""Program: a recorded loss becomes native code that trains, from one step to whole epochs without returning to Python.

    tape = tape_of(loss, [*parameters, *inputs])      the loss of one sample
    program = Program(tape, count)                     `count` parameters come first among the tape's inputs
    program.parameters[:] = ...                        in the tape's order; updated in place
    loss, gradient = program.value_and_grad(samples)   samples: array (n, features); mean over them
    losses = program.run(samples, batches, [Update(lambda p, g, lr: (p - lr * g,), settings=[[0.1]] * len(batches))])

Sums over samples and pairs are added in another order than Python's, so results agree with the eager engine to
rounding: a few units in the last place times the square root of the number of terms. With dtype="float32" all numbers
are of single precision, parameters and the optimiser's state too: a unit is then 2**-24 instead of 2**-53.
"""

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler import driver, functions, kernels
from autograd.compiler.emit import SAMPLES
from autograd.compiler.formula import Formula, operations, slots
from autograd.compiler.functions import CONTIGUOUS, SHARED
from autograd.compiler.fuse import INPUT, PARAMETER, Rows, fuse
from autograd.compiler.instructions import Code, Memory
from autograd.compiler.layout import lay_out
from autograd.compiler.lower import Lowering
from autograd.compiler.native import Library, built, vector_bytes
from autograd.compiler.reverse import merge_slopes, reverse, split
from autograd.compiler.tape import Tape
from autograd.compiler.update import Update
from autograd.compiler.vectormath import symbols

Floats = NDArray[Any]  # float64 or float32
Ints = NDArray[np.int64]


def aligned(count: int, dtype: str = "float64") -> Floats:
    """`count` zeros that begin at a cache line, with room for four vectors behind them."""
    line = LINE // np.dtype(dtype).itemsize
    raw = np.zeros(count + 5 * line, dtype)
    skip = (-raw.ctypes.data // raw.itemsize) % line
    return raw[skip:skip + count + 4 * line]


def table(samples: Any, dtype: str = "float64") -> Floats:
    """Samples as native code reads them best: rows that begin at a cache line if they are long."""
    samples = np.asarray(samples, dtype)
    line = LINE // samples.itemsize
    if samples.ndim == 2 and samples.shape[1] > line and (samples.strides[0] % LINE or samples.ctypes.data % LINE):
        n, width = samples.shape
        pitch = -(-width // line) * line
        copy = aligned(n * pitch, dtype)[:n * pitch].reshape(n, pitch)[:, :width]
        copy[:] = samples
        return copy
    return samples if samples.ndim == 2 and samples.strides[1] == samples.itemsize else np.ascontiguousarray(samples)


@functools.cache
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
LINE = 64  # bytes of a cache line, and of the widest vectors
start = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


class Program:
    """A loss and its gradient as native code, with the loop that trains it.

    Arguments: `tape`, its first output the loss; its first `count` inputs are parameters, the others the numbers of one
    sample. `observers` are parameters that the loss does not read, one for each further output of the tape: the mean of
    that over the batch takes the place of the parameter's derivative, for an update to use.
    `batched=False` for a loss that is not a mean over alike samples: a step then takes one row of data;
    `dtype`, "float64" or "float32", of all numbers; `parameters`, those of another program, to train them in turns.
    """

    def __init__(
        self, tape: Tape, count: int, batched: bool = True, observers: Sequence[int] = (), dtype: str = "float64",
        parameters: Floats | None = None,
    ) -> None:
        self.features, self.batched, self.dtype = len(tape.kinds) - count, batched, dtype
        self.parameters = self.room(count)[:count] if parameters is None else parameters
        if self.parameters.shape != (count,) or self.parameters.dtype != dtype:
            raise ValueError(f"the program has {count} parameters of {dtype}, it was given"
                             f" {self.parameters.shape[0]} of {self.parameters.dtype}")
        self.gradient = self.room(count + 1)  # and the loss behind it: both are sums over the samples
        self.done = 0  # steps of the last run that went well
        self.unit = np.dtype(dtype).itemsize
        self.width = vector_bytes() // self.unit
        self.rows = rows = Rows()
        wanted = [rows.leaf(PARAMETER) for _ in range(count)]
        inputs = [rows.leaf(INPUT, batched) for _ in range(self.features)]
        self.weight = rows.weight = rows.leaf(INPUT, batched)
        self.first_input = inputs[0] if inputs else self.weight
        root, *observed = fuse(tape, [*wanted, *inputs], rows)
        pairs, primal = reverse(rows, root, self.weight, wanted)
        for k, row in zip(observers, observed, strict=True):
            pairs[k] = [self.weight if rows.batched[row] else rows.one, row]
        merge_slopes(rows, primal, [*pairs, [self.weight, root]])
        self.outputs = [split(rows, found) for found in [*pairs, [self.weight, root]]]
        roots = [x for parts in self.outputs for part in parts for x in part]
        self.layout = lay_out(rows, primal, [*roots, rows.zero, rows.one, self.weight])
        self._bound: dict[int, _Bound] = {}

    def room(self, count: int) -> Floats:
        """Memory for `count` numbers."""
        return aligned(count, self.dtype)

    def bound(self, capacity: int) -> "_Bound":
        """The code for blocks of `capacity` samples."""
        if capacity not in self._bound:
            self._bound[capacity] = _Bound(self, capacity)
        return self._bound[capacity]

    def value_and_grad(self, samples: Floats) -> tuple[float, Floats]:
        """The mean loss of the samples (rows of `samples`) and its gradient."""
        n = len(samples)
        losses = self.run(samples, [np.arange(n)] if self.batched else [np.arange(1)])
        return float(losses[0]), self.gradient[:len(self.parameters)].copy()

    def run(self, samples: Any, batches: Sequence[Ints], updates: Sequence[Update] = ()) -> Floats:
        """Train: a step for each batch, an array of row numbers of `samples`; returns the loss of each step.

        A loss or gradient that is not finite ends the run before that step's update; its loss is the last returned.
        """
        return self.prepare(samples, batches, updates)()

    def prepare(self, samples: Any, batches: Sequence[Ints], updates: Sequence[Update] = ()) -> "Run":
        """The run of the same steps, to be called many times: a call costs about a microsecond besides its steps.

        Runs of one program share its memory: one at a time.
        Raises ValueError for samples of another width than the program's and for an empty batch, IndexError for
        batches that name samples which are not there.
        """
        samples = table(samples, self.dtype)
        if samples.ndim != 2 or samples.shape[1] != self.features:
            raise ValueError(f"samples have shape {samples.shape}, the program needs (any, {self.features})")
        sizes = np.array([len(batch) for batch in batches], np.int64)
        if not len(sizes) or not sizes.all():
            raise ValueError(f"a run needs batches of one sample or more, got sizes {sizes.tolist()}")
        order = np.ascontiguousarray(np.concatenate(batches), np.int64)
        if len(order) and not 0 <= order.min() <= order.max() < len(samples):
            raise IndexError(f"batches name samples {order.min()} to {order.max()}, there are {len(samples)}")
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        return Run(self.bound(self.capacity(int(sizes.max()))), samples, order, bounds, 1.0 / sizes, updates)

    def capacity(self, largest: int) -> int:
        """How many samples to compute side by side: blocks of one size, small enough for the caches."""
        if not self.batched:
            return 1
        if self.rows.joint:  # one block, so that what is summed over the samples is there before it is read
            return -(-largest // self.width) * self.width
        row = 512 if self.layout.sample_size > 160 else 1024  # bytes
        blocks = -(-largest * self.unit // row)
        return -(-largest // (blocks * self.width)) * self.width


class _Bound:
    """Instructions with addresses, for one size of block."""

    def __init__(self, program: Program, capacity: int) -> None:
        self.program, self.width = program, program.width
        rows, layout, count = program.rows, program.layout, len(program.parameters)
        unit = program.unit
        row = unit * capacity
        self.capacity = capacity
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
        gradient = program.gradient.ctypes.data
        reductions = any(part for part, _ in program.outputs)
        for reduction in (True, False):
            lowering.outputs([parts[not reduction] for parts in program.outputs], lambda k: gradient + unit * k,
                             reduction, reductions)
        # A derivative that only `after` adds to has to start at zero.
        self.clear = reductions and any(shared and not per_sample for per_sample, shared in program.outputs)
        self.codes = {"before": lowering.before, "first": lowering.first(), "body": lowering.body,
                      "after": lowering.after}
        self.arrays = self.assembled(list(self.codes.values()))
        self.updates: dict[Any, Ints] = {}
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


class Run:
    """Steps that are ready to go: called, it trains and returns the loss of each step."""

    def __init__(self, bound: _Bound, samples: Floats, order: Ints, bounds: Ints, weights: Floats,
                 updates: Sequence[Update]) -> None:
        self.program, layout, steps = bound.program, bound.program.layout, len(weights)
        program, self.steps = bound.program, steps
        place = bound.memory.sample if program.batched else bound.memory.shared
        dtype, unit = program.dtype, program.unit
        tables = [np.asarray(update.settings, dtype).reshape(steps, -1) for update in updates]
        settings = np.ascontiguousarray(np.concatenate([np.zeros((steps, 0), dtype), *tables], axis=1))
        if settings.shape[1] > len(bound.now):
            bound.now = bound.room(settings.shape[1])
        places = bound.now.ctypes.data + unit * np.cumsum([0, *(table.shape[1] for table in tables)])
        code = np.concatenate([np.zeros(0, np.int64), *(
            bound.update(update, table.shape[1], int(at)) for update, table, at in zip(updates, tables, places))])
        self.losses, self.done = np.empty(steps), ctypes.c_int64()
        bounds, weights = np.ascontiguousarray(bounds, np.int64), np.ascontiguousarray(weights, dtype)
        gradient = program.gradient.ctypes.data
        fields: dict[str, int] = {
            "sums": gradient, "sums_count": len(program.parameters) + 1, "clear": int(bound.clear),
            "data": samples.ctypes.data, "data_row": samples.strides[0], "features": program.features,
            "input": place(layout.address[program.first_input]), "input_row": bound.memory.row,
            "order": order.ctypes.data, "bounds": bounds.ctypes.data,
            "weight": place(layout.address[program.weight]), "weights": weights.ctypes.data,
            "settings": bound.now.ctypes.data, "settings_from": settings.ctypes.data,
            "settings_count": settings.shape[1], "loss": gradient + unit * len(program.parameters),
            "losses": self.losses.ctypes.data, "capacity": bound.capacity, "batched": int(program.batched),
            "done": ctypes.addressof(self.done),
        }
        for name, instructions in zip(("before", "first", "body", "after", "update"), [*bound.arrays, code]):
            fields[name], fields[f"{name}_count"] = instructions.ctypes.data, len(instructions)
        self.plan = np.zeros(len(driver.PLAN), np.int64)
        for name, word in fields.items():
            self.plan[driver.AT[name]] = word
        self._kept = bound, samples, order, bounds, weights, settings, code, updates  # the plan holds only addresses
        self._start = start(fixed_kernels(bound.width, dtype).address("train"))
        self._given = ctypes.c_void_p(self.plan.ctypes.data), ctypes.c_int64(steps)  # made once: a call may be short

    def __call__(self) -> Floats:
        self._start(*self._given)
        done = self.program.done = self.done.value
        return self.losses.copy() if done == self.steps else self.losses[:done + 1].copy()
