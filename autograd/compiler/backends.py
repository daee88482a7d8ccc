"""The back ends: a recording as a program that runs.

    interpreted   row by row, for calls beyond max_traces
    python        the generated Python function, `python_source`; sample by sample
    llvm          native code, `straight`, if llvmlite and NumPy are installed
    jax           array operations on groups of equal rows, `jax_program`, if JAX is installed and asked for
"""

import array
import functools
import importlib.util
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autograd.compiler import calling, native
from autograd.compiler.calls import Call, rebuilt
from autograd.compiler.options import ROUNDING
from autograd.compiler.python_source import function
from autograd.compiler.recording import Recording
from autograd.compiler.tape import Tape, evaluate
from autograd.context import _calling_line
from autograd.primitive import TABLE

if TYPE_CHECKING:
    from autograd.compiler.batch import Batch
    from autograd.compiler.jax_program import JaxProgram
    from autograd.compiler.point import NativePoint


@functools.cache
def with_llvm() -> bool:
    """Whether native code can be made here; says so, once, if not."""
    if native.lacking():
        said = f"{native.lacking()}: compiled functions run as Python, slower (pip install 'stepgrad[compile]')"
        warnings.warn_explicit(said, RuntimeWarning, *_calling_line())
    return not native.lacking()


class Program:
    """A recording made ready to run by one back end."""

    def __init__(self, recording: Recording, options: dict[str, Any], interpreted: bool = False) -> None:
        self.recording = recording
        self.reduce: str | None = options["reduce"]
        self.single = options["dtype"] == "float32"
        self.rounded = ROUNDING[options["dtype"]]
        self.batch: Batch | JaxProgram | None = None
        self.native: NativePoint | None = None
        self.point: Callable[[Sequence[float]], Sequence[float]] | None = None
        self._builtin: Callable[..., Any] | None = None
        self._looks: Any = None  # at these places
        tape = recording.tape
        if interpreted:
            self.point = functools.partial(evaluate, tape, rounded=self.rounded)
        elif options["backend"] == "jax":
            self._make_jax(tape, options)
        elif options["backend"] == "llvm" or (options["backend"] == "auto" and with_llvm()):
            self._make_native(tape, options)
        else:
            made = function(tape, recording.names, rounded=self.rounded)
            self.point = lambda numbers: made(*numbers)

    def _make_native(self, tape: Tape, options: dict[str, Any]) -> None:
        if native.lacking():
            raise ImportError(f"backend='llvm': {native.lacking()} (pip install 'stepgrad[compile]')")
        from autograd.compiler.batch import Batch
        from autograd.compiler.point import NativePoint

        make = functools.partial(NativePoint, dtype=options["dtype"])
        if options["in_axes"] is None:
            self.point = self.native = make(tape)
        else:
            self.batch = Batch(with_refusal(tape), make, options)

    def _make_jax(self, tape: Tape, options: dict[str, Any]) -> None:
        if importlib.util.find_spec("jax") is None:
            raise ImportError("backend='jax' needs jax: pip install 'stepgrad[jax]'")
        from autograd.compiler.jax_program import JaxProgram

        if options["in_axes"] is None:
            self.point = JaxProgram(tape, options["dtype"], self.reduce)
        else:
            self.batch = JaxProgram(with_refusal(tape), options["dtype"], self.reduce)

    def builtin(self, call: Call, otherwise: Callable[..., Any]) -> Callable[..., Any] | None:
        """The whole call as one builtin function, if it is numbers, lists and tuples that go in."""
        recording = self.recording
        if self.native is not None and self._looks is not recording.held.words:
            self._looks = recording.held.words
            self._builtin = calling.builtin(
                call.shape, recording.live, recording.held, recording.result, self.native, otherwise
            )
        return self._builtin

    def run(self, call: Call) -> list[Any] | None:
        """The numbers of the result (columns, in a batch that is not reduced); None where another trace is needed."""
        live = [x.data for x in self.recording.live]
        if call.batched:
            found = self._batch(call, live)
            if found is None:
                self._check_agreement(call, live)
            return found
        *results, held = self._at([*call.numbers, *live])
        return results if held == 1.0 else None

    def _at(self, numbers: list[float]) -> Sequence[float]:
        assert self.point is not None
        return self.point(self._rounded(numbers))

    def _rounded(self, numbers: Sequence[float]) -> list[float]:
        return array.array("f", numbers).tolist() if self.single else list(numbers)

    def _batch(self, call: Call, live: list[float]) -> list[Any] | None:
        if self.batch is not None:
            return self._native_batch(call, live)
        rows = []
        for at in range(call.samples):
            *results, held = self._at([*call.sample(at), *live])
            if held != 1.0:
                return None
            rows.append(results)
        columns = [list(column) for column in zip(*rows)]
        if self.reduce is None:
            return [_column(column, self.single) for column in columns]
        totals = [functools.reduce(float.__add__, column) for column in columns]
        return self._rounded([x / call.samples for x in totals] if self.reduce == "mean" else totals)

    def _native_batch(self, call: Call, live: list[float]) -> list[Any] | None:
        import numpy as np

        assert self.batch is not None
        *results, refusal = self.batch([*call.numbers, *live], call.samples)
        return None if np.any(refusal) else results

    def _check_agreement(self, call: Call, live: list[float]) -> None:
        """After a guard failed somewhere in the batch: raise unless sample 0 too should take another branch."""
        for at in range(call.samples):
            outcomes = evaluate(self.recording.decisions, [*call.sample(at), *live], self.rounded)
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


def with_refusal(tape: Tape) -> Tape:
    """The tape of a batch, its verdict turned round: 0.0 where all guards hold, so that a sum over samples is exact.

    A sum of ones is not: in single precision it ends at 2**24.
    """
    *results, verdict = tape.outputs
    if isinstance(verdict, float):
        return tape._replace(outputs=[*results, 1.0 - verdict])
    rows = [*tape.rows, (TABLE["sub"], (1.0, verdict))]
    return tape._replace(rows=rows, outputs=[*results, len(tape.kinds) + len(tape.rows)])


def _column(column: list[float], single: bool) -> Any:
    if importlib.util.find_spec("numpy") is None:
        return array.array("f", column).tolist() if single else column
    import numpy as np

    return np.array(column, dtype=np.float32 if single else np.float64)
