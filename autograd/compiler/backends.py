"""The back ends: a recording as a program that runs.

    interpreted   row by row, for calls beyond max_traces
    python        the generated Python function, `python_source`; sample by sample
    llvm          native code, `straight`, if llvmlite and NumPy are installed
"""

import array
import functools
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.calls import Call, rebuilt
from autograd.compiler.python_source import function
from autograd.compiler.recording import Recording
from autograd.compiler.tape import evaluate


class Program:
    """A recording made ready to run by one back end."""

    def __init__(self, recording: Recording, options: dict[str, Any], interpreted: bool = False) -> None:
        self.recording = recording
        self.reduce: str | None = options["reduce"]
        self.single = options["dtype"] == "float32"
        tape = recording.tape
        self.native: Any = None
        if interpreted:
            self.point: Callable[[Sequence[float]], Sequence[float]] = functools.partial(evaluate, tape)
        else:
            made = function(tape, recording.names)
            self.point = lambda numbers: made(*numbers)

    def run(self, call: Call) -> list[Any] | None:
        """The numbers of the result (columns, in a batch that is not reduced); None where another trace is needed."""
        live = [x.data for x in self.recording.live]
        if call.batched:
            return self._batch(call, live)
        *results, held = self.point(self._rounded([*call.numbers, *live]))
        return self._rounded(results) if held == 1.0 else None

    def _rounded(self, numbers: Sequence[float]) -> list[float]:
        return array.array("f", numbers).tolist() if self.single else list(numbers)

    def _batch(self, call: Call, live: list[float]) -> list[Any] | None:
        rows = []
        for at in range(call.samples):
            *results, held = self.point(self._rounded([*call.sample(at), *live]))
            if held != 1.0:
                self._check_agreement(call, live)
                return None
            rows.append(results)
        columns = [list(column) for column in zip(*rows)]
        if self.reduce is None:
            return [_column(column, self.single) for column in columns]
        totals = [functools.reduce(float.__add__, column) for column in columns]
        return self._rounded([x / call.samples for x in totals] if self.reduce == "mean" else totals)

    def _check_agreement(self, call: Call, live: list[float]) -> None:
        """After a guard failed somewhere in the batch: raise unless sample 0 too should take another branch."""
        for at in range(call.samples):
            outcomes = evaluate(self.recording.decisions, [*call.sample(at), *live])
            for guard, outcome in zip(self.recording.guards, outcomes):
                if outcome != guard.expected:
                    if at == 0:
                        return
                    raise guard.in_a_batch(at)

    def undecided(self) -> Exception:
        """The error for a program whose guards fail for the very call that it was traced with."""
        return min(self.recording.guards, key=lambda guard: guard.margin).undecided()

    def result(self, numbers: list[Any], call: Call) -> Any:
        """What the function returns, from the numbers that `run` gave."""
        return rebuilt(self.recording.result, iter(numbers), call.batched and self.reduce is None)


def _column(column: list[float], single: bool) -> Any:
    if importlib.util.find_spec("numpy") is None:
        return array.array("f", column).tolist() if single else column
    import numpy as np

    return np.array(column, dtype=np.float32 if single else np.float64)
