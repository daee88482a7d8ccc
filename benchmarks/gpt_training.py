"""The GPT of scalars compiled: one program for each length of name, all on the same parameters, trained in turns."""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value
from autograd.compiler.arrays import aligned
from autograd.compiler.fuse import tape_of
from autograd.compiler.program import Program
from autograd.compiler.update import Update
from benchmarks.adam import RATE, adam, corrections
from benchmarks.gpt import Config, Matrix, encode, loss, sample
from nn.data import names


class Training:
    """Steps of an optimiser, each on one name. What tracing and compiling took is kept, in seconds.

    Arguments: `rule(p, g, m, v, *settings)` gives the new p, m and v, as in `autograd.compiler.update`.
    """

    def __init__(self, config: Config, rule: Callable[..., Any]) -> None:
        start = config.flat(config.initial())
        self.config, self.rule = config, rule
        self.parameters = aligned(len(start))[: len(start)]
        self.parameters[:] = start
        self.state = [np.zeros(len(start) + 16) for _ in range(2)]
        self.programs: dict[int, Program] = {}
        self.tracing = self.compiling = 0.0
        self.rows = 0  # of all tapes

    def step(self, letters: list[int], settings: tuple[float, ...]) -> Callable[[], Any]:
        """One step on a name, ready to run: called, it trains and gives [loss]."""
        started, fresh, traced = time.perf_counter(), len(letters) not in self.programs, self.tracing
        row = [float(letter == j) for letter in letters for j in range(self.config.vocabulary)]
        update = Update(self.rule, [settings], states=self.state)
        run = self._program(len(letters)).prepare(np.array([row]), [np.array([0])], [update])
        if fresh:
            self.compiling += time.perf_counter() - started - (self.tracing - traced)
        return run

    def _program(self, length: int) -> Program:
        """The one for names of so many letters, made when first asked for."""
        if length not in self.programs:
            config, started = self.config, time.perf_counter()
            parameters = [Value(x) for x in self.parameters]
            letters = [[Value(0.0) for _ in range(config.vocabulary)] for _ in range(length)]
            root = loss(config, config.shaped(parameters), letters)
            tape = tape_of(root, [*parameters, *(x for letter in letters for x in letter)])
            self.tracing += time.perf_counter() - started
            self.rows += len(tape.rows)
            self.programs[length] = Program(tape, len(parameters), batched=False, parameters=self.parameters)
        return self.programs[length]

    def weights(self) -> dict[str, Matrix]:
        """The parameters as they are now."""
        return self.config.shaped(self.parameters.tolist())


def main() -> None:
    """Train on the list of names that nn has; print what tracing, compiling and a step take, and new names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpt", description=main.__doc__)
    parser.add_argument("--steps", type=int, default=20_000, help="one name each (default 20,000)")
    steps = parser.parse_args().steps
    known, draw = names(), random.Random(0)
    training = Training(Config(), adam)
    print(f"{len(training.parameters):,} parameters for {training.config.block} places (notebook 12: 4,064, for 8)")
    print(f"{steps:,} steps of Adam, on one of {len(known):,} names each")
    chosen = [encode(draw.choice(known)) for _ in range(steps)]
    runs = [training.step(name, (*corrections(k), RATE * (1.0 - k / steps))) for k, name in enumerate(chosen)]
    print(f"tracing    {training.tracing:.2f} s: {training.rows:,} rows, in {len(training.programs)} lengths of names")
    print(f"compiling  {training.compiling:.2f} s: the derivatives and their machine code", flush=True)
    started = time.perf_counter()
    losses = [run()[0] for run in runs]
    taken = time.perf_counter() - started
    part = max(1, steps // 20)
    print(f"training   {taken:.2f} s: {taken / steps * 1e6:.1f} us a step, loss from"
          f" {statistics.mean(losses[:part]):.2f} to {statistics.mean(losses[-part:]):.2f} (the first and last 5 %)")
    weights = training.weights()
    print("new names: ", ", ".join(sample(training.config, weights, draw) for _ in range(12)))
