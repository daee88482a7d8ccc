"""Program: a recorded loss becomes native code that trains, from one step to whole epochs without returning to Python.

    tape = tape_of(loss, [*parameters, *inputs])      the loss of one sample
    program = Program(tape, count)                     `count` parameters come first among the tape's inputs
    program.parameters[:] = ...                        float64, in the tape's order; updated in place
    loss, gradient = program.value_and_grad(samples)   samples: array (n, features); mean over them
    losses = program.run(samples, batches, rule, settings)

`rule(parameter, gradient, *state, *settings)` is one step of an optimiser, plain arithmetic giving (parameter, *state).
Sums over samples and pairs are added in another order than Python's, so results agree with the eager engine to
rounding: a few units in the last place times the square root of the number of terms.
"""

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler import driver, functions, kernels
from autograd.compiler.emit import WORDS
from autograd.compiler.formula import Formula, slots
from autograd.compiler.fuse import INPUT, PARAMETER, Rows, fuse
from autograd.compiler.layout import lay_out
from autograd.compiler.lower import Code, Lowering, Memory
from autograd.compiler.native import Library, library, vector_bytes
from autograd.compiler.reverse import reverse, split
from autograd.compiler.tape import Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rule = Callable[..., tuple[Any, ...]]


def aligned(count: int) -> Floats:
    """`count` zeros that begin at a cache line, with room for a vector behind them."""
    raw = np.zeros(count + 24)
    skip = (-raw.ctypes.data // 8) % 8
    return raw[skip:skip + count + 8]


@functools.cache
def fixed_kernels(width: int) -> Library:
    def build(module: Any) -> None:
        kernels.build(module, width)
        driver.build(module, width)

    return library(f"kernels {width}", build)


@functools.cache
def function_kernels(wanted: tuple[tuple[str, tuple[Formula, ...], str], ...], width: int) -> dict[str, int]:
    """Addresses of the kernels of formulas, (name, formulas, modes) each."""

    def build(module: Any) -> None:
        for k, (_, formulas, modes) in enumerate(wanted):
            functions.emit(module, f"f{k}", width, list(formulas), modes)

    code = library(f"functions {width}\n" + "\n".join(name for name, _, _ in wanted), build)
    _loaded.append(code)
    return {name: code[f"f{k}"] for k, (name, _, _) in enumerate(wanted)}


_loaded: list[Library] = []  # code stays where it is as long as addresses of it may be around
start = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


class Program:
    """A loss and its gradient as native code, with the loop that trains it.

    Arguments: `tape`, one output; its first `count` inputs are parameters, the others the numbers of one sample.
    `batched=False` for a loss that is not a mean over alike samples: a step then takes one row of data.
    """

    def __init__(self, tape: Tape, count: int, batched: bool = True) -> None:
        self.features, self.batched = len(tape.kinds) - count, batched
        self.parameters: Floats = aligned(count)[:count]
        self.gradient: Floats = aligned(count + 1)  # and the loss behind it: both are sums over the samples
        self.states: dict[int, Floats] = {}
        self.width = vector_bytes() // 8
        self.rows = rows = Rows()
        wanted = [rows.leaf(PARAMETER) for _ in range(count)]
        inputs = [rows.leaf(INPUT, batched) for _ in range(self.features)]
        self.weight = rows.leaf(INPUT, batched)
        self.first_input = inputs[0] if inputs else self.weight
        (root,) = fuse(tape, [*wanted, *inputs], rows)
        pairs, primal = reverse(rows, root, self.weight, wanted)
        self.outputs = [split(rows, found) for found in [*pairs, [self.weight, root]]]
        roots = [x for parts in self.outputs for part in parts for x in part]
        self.layout = lay_out(rows, primal, [*roots, rows.zero, rows.one, self.weight])
        self._bound: dict[int, _Bound] = {}

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

    def run(self, samples: Floats, batches: Sequence[Ints], rule: Rule | None = None, settings: Any = None,
            states: int = 0) -> Floats:
        """Train: a step for each batch, an array of row numbers of `samples`; returns the loss of each step.

        Arguments: `rule`, see the head of this file, with `states` numbers of state per parameter, zero at first and
        kept between calls; `settings`, array (steps, s), its numbers that change from step to step.
        """
        samples = np.ascontiguousarray(samples, np.float64)
        if samples.ndim != 2 or samples.shape[1] != self.features:
            raise ValueError(f"samples have shape {samples.shape}, the program needs (any, {self.features})")
        sizes = np.array([len(batch) for batch in batches], np.int64)
        order = np.ascontiguousarray(np.concatenate(batches), np.int64)
        if len(order) and not 0 <= order.min() <= order.max() < len(samples):
            raise IndexError(f"batches name samples {order.min()} to {order.max()}, there are {len(samples)}")
        largest = int(sizes.max())
        capacity = min(-(-largest // self.width) * self.width, 64) if self.batched else 1
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        settings = np.ascontiguousarray(np.zeros((len(sizes), 0)) if settings is None else settings, np.float64)
        return self.bound(capacity).train(samples, order, bounds, 1.0 / sizes, rule, settings, states)


class _Bound:
    """Instructions with addresses, for one size of block."""

    def __init__(self, program: Program, capacity: int) -> None:
        self.program, self.width = program, program.width
        rows, layout, count = program.rows, program.layout, len(program.parameters)
        row = 8 * capacity
        self.capacity = capacity
        self.kept: list[Floats] = []  # instructions hold addresses, which keep nothing alive
        self.shared = self.room(layout.shared_size)
        self.samples = self.room(layout.sample_size * capacity)
        for constant, value in rows.value.items():
            if layout.address[constant] >= 0:
                self.shared[layout.address[constant]] = value
        shared, sample, weights = self.shared.ctypes.data, self.samples.ctypes.data, program.parameters.ctypes.data
        memory = Memory(
            lambda at: (weights if at < count else shared) + 8 * at, lambda at: sample + row * at, row,
            lambda pitch: self.room(pitch * capacity // 8).ctypes.data, self.width)
        self.memory = memory
        lowering = Lowering(rows, layout, memory)
        lowering.steps()
        gradient = program.gradient.ctypes.data
        reductions = any(part for part, _ in program.outputs)
        for reduction in (True, False):
            lowering.outputs([parts[not reduction] for parts in program.outputs], lambda k: gradient + 8 * k, reduction,
                             reductions)
        self.codes = {"before": lowering.before, "body": lowering.body, "after": lowering.after}
        self.arrays = self.assembled(list(self.codes.values()))
        self.updates: dict[Any, Ints] = {}
        self.settings: dict[int, Floats] = {}

    def settings_at(self, count: int) -> Floats:
        """Where the numbers of this step are for an optimiser with `count` settings."""
        if count not in self.settings:
            self.settings[count] = aligned(count)
        return self.settings[count]

    def room(self, count: int) -> Floats:
        array = aligned(count)
        self.kept.append(array)
        return array

    def assembled(self, codes: list[Code]) -> list[Ints]:
        """The instructions as words, each with its kernel's address."""
        formulas = {name: f for code in codes for name, f in code.functions.items()}
        own = function_kernels(tuple((name, *formulas[name]) for name in sorted(formulas)), self.width)
        fixed = fixed_kernels(self.width)
        known: dict[str, int] = {}
        arrays = []
        for code in codes:
            words = np.zeros((len(code.instructions), WORDS), np.int64)
            for k, (kernel, row) in enumerate(code.instructions):
                if kernel not in known:
                    known[kernel] = own[kernel] if kernel in formulas else fixed[kernel]
                words[k] = row
                words[k, 0] = known[kernel]
            arrays.append(words)
        return arrays

    def update(self, rule: Rule, states: int, settings: int, at: Floats) -> Ints:
        """The optimiser's rule as one instruction over all parameters."""
        key = (rule, states, settings)
        if key not in self.updates:
            program = self.program
            count = len(program.parameters)
            formulas = rule(*slots(2 + states + settings))
            while len(program.states) < states:
                program.states[len(program.states)] = aligned(count)
            moving = [program.parameters, *(program.states[k] for k in range(states))]
            if len(formulas) != len(moving):
                raise ValueError(f"the rule returns {len(formulas)} numbers for a parameter and {states} of state")
            operands = [program.parameters, program.gradient, *moving[1:]]
            code = Code()
            modes = "c" * (len(moving) + len(operands)) + "b" * settings
            addresses = [x.ctypes.data for x in (*moving, *operands)]
            words = [1, 1, count, *(w for address in addresses for w in (address, 0, 0, 8)),
                     *(w for k in range(settings) for w in (at.ctypes.data + 8 * k, 0, 0, 0))]
            code.add(code.function(tuple(formulas), modes), words)
            (self.updates[key],) = self.assembled([code])
        return self.updates[key]

    def train(self, samples: Floats, order: Ints, bounds: Ints, weights: Floats, rule: Rule | None, settings: Floats,
              states: int) -> Floats:
        program, layout = self.program, self.program.layout
        steps = len(weights)
        place = self.memory.sample if program.batched else self.memory.shared
        losses, now = np.empty(steps), np.zeros(max(1, settings.shape[1]))
        bounds, weights = np.ascontiguousarray(bounds, np.int64), np.ascontiguousarray(weights, np.float64)
        update = np.zeros((0, WORDS), np.int64)
        if rule is not None:
            now = self.settings_at(settings.shape[1])
            update = self.update(rule, states, settings.shape[1], now)
        plan = np.zeros(len(driver.PLAN), np.int64)
        fields: dict[str, int] = {
            "cleared": program.gradient.ctypes.data, "cleared_count": len(program.parameters) + 1,
            "data": samples.ctypes.data, "data_row": samples.strides[0], "features": program.features,
            "input": place(layout.address[program.first_input]), "input_row": self.memory.row,
            "order": order.ctypes.data, "bounds": bounds.ctypes.data,
            "weight": place(layout.address[program.weight]), "weights": weights.ctypes.data,
            "settings": now.ctypes.data, "settings_from": settings.ctypes.data, "settings_count": settings.shape[1],
            "loss": program.gradient.ctypes.data + 8 * len(program.parameters), "losses": losses.ctypes.data,
            "capacity": self.capacity, "batched": int(program.batched),
        }
        for name, code in zip(("before", "body", "after", "update"), [*self.arrays, update]):
            fields[name], fields[f"{name}_count"] = code.ctypes.data, len(code)
        for name, word in fields.items():
            plan[driver.AT[name]] = word
        start(fixed_kernels(self.width)["train"])(plan.ctypes.data, steps)
        return losses
