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

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.arrays import Floats, Ints, aligned, table
from autograd.compiler.bound import Bound
from autograd.compiler.fuse import INPUT, TRAINABLE, Rows, fuse
from autograd.compiler.layout import lay_out
from autograd.compiler.native import vector_bytes
from autograd.compiler.reverse import merge_slopes, reverse, split
from autograd.compiler.run import Run, shares
from autograd.compiler.tape import Tape
from autograd.compiler.update import Update

WORTH_SHARING = 1_000_000  # products in a step: what threads save on fewer, they lose meeting after it
WORTH_WAKING = 3_000_000  # products in a run: fewer are done before another thread is awake


class Program:
    """A loss and its gradient as native code, with the loop that trains it.

    Arguments: `tape`, its first output the loss; its first `count` inputs are parameters, the others the numbers of one
    sample. `observers` are parameters that the loss does not read, one for each further output of the tape: the mean of
    that over the batch takes the place of the parameter's derivative, for an update to use.
    `batched=False` for a loss that is not a mean over alike samples: a step then takes one row of data;
    `dtype`, "float64" or "float32", of all numbers; `parameters`, those of another program, to train them in turns;
    `threads` share the samples of a step in fixed parts, and their sums are added in a fixed order: the results are the
    same in every run with as many. Steps of less than a million products, runs of less than three million, steps
    without a batch, and those whose samples read sums over the batch take one thread.
    """

    def __init__(
        self, tape: Tape, count: int, batched: bool = True, observers: Sequence[int] = (), dtype: str = "float64",
        parameters: Floats | None = None, threads: int = 1,
    ) -> None:
        if threads < 1:
            raise ValueError(f"a program needs one thread or more, got threads={threads}")
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
        wanted = [rows.leaf(TRAINABLE) for _ in range(count)]
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
        self.threads = threads if batched and not rows.joint else 1
        self._bound: dict[tuple[int, int], Bound] = {}

    def room(self, count: int) -> Floats:
        """Memory for `count` numbers."""
        return aligned(count, self.dtype)

    def bound(self, capacity: int, thread: int = 0) -> Bound:
        """The code of a thread for blocks of `capacity` samples; the first thread's sums are the program's."""
        key = capacity, thread
        if key not in self._bound:
            sums = self.room(len(self.gradient)) if thread else self.gradient
            self._bound[key] = Bound(self, capacity, sums)
        return self._bound[key]

    @functools.cached_property
    def products(self) -> int:
        """Products of one sample, about: what the work of a step is measured by."""
        rows = self.rows
        computed = [rows.pairs[row] for _, members in self.layout.steps for row in members]
        return sum(map(len, [*computed, *(per_sample for per_sample, _ in self.outputs)])) // 2

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
        parts = shares(sizes, self.sharing(sizes), self.width, self.dtype)
        capacity = self.capacity(max(part.longest for part in parts))
        bounds = [self.bound(capacity, thread) for thread in range(len(parts))]
        return Run(bounds, parts, samples, order, updates)

    def sharing(self, sizes: Ints) -> int:
        """How many threads pay for steps of these sizes."""
        worth = sizes.max() * self.products >= WORTH_SHARING and sizes.sum() * self.products >= WORTH_WAKING
        return self.threads if worth else 1

    def capacity(self, largest: int) -> int:
        """How many samples to compute side by side: blocks of one size, small enough for the caches."""
        if not self.batched:
            return 1
        if self.rows.joint:  # one block, so that what is summed over the samples is there before it is read
            return -(-largest // self.width) * self.width
        row = 512 if self.layout.sample_size > 160 else 1024  # bytes
        blocks = -(-largest * self.unit // row)
        return -(-largest // (blocks * self.width)) * self.width
