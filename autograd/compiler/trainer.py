"""Trainer: a loss of Values and an optimiser's rule, compiled; whole epochs run without returning to Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler import native
from autograd.compiler.guards import TraceError
from autograd.compiler.trace import batch_mean, fresh, tracing
from autograd.compiler.update import Recorded, Update, record_rule
from autograd.value import Value


class ParamGroup(NamedTuple):
    """Parameters that follow one rule: `rule(p, g, state, **rates)` returns (new p, new state); states are dicts."""

    params: Sequence[Value]
    rule: Callable[..., tuple[Any, Mapping[str, Any]]]
    key: Any  # equal keys: the same rule
    rates: Mapping[str, float | Sequence[float]]  # numbers that the rule gets by name: one, or one for each step
    start: Mapping[str, float]  # the state of a parameter that has none yet

    def rows(self, steps: int) -> list[tuple[float, ...]]:
        """The rates of each step."""
        columns = [[x] * steps if isinstance(x, (int, float)) else list(x) for x in self.rates.values()]
        return list(zip(*columns, strict=True)) if columns else [()] * steps

    def recorded(self, alike: Sequence[str] = ()) -> Recorded:
        """The rule as formulas; `alike` are the states that are equal for all parameters now."""
        return record_rule(self.rule, list(self.start), alike, list(self.rates))

    def first(self, steps: int) -> "ParamGroup":
        """The same for these many steps only."""
        return self._replace(rates={name: x if isinstance(x, (int, float)) else list(x)[:steps]
                                    for name, x in self.rates.items()})


class Trainer:
    """The mean of `loss(sample)` over batches of samples, and its gradient, as native code that also trains.

    Arguments: `loss(sample)` gives the loss of one sample, a list of `features` numbers, in plain operations on
    `parameters` and other Values; it is run once, on recording Values. It may read `Trainer.batch_mean(x)`, and may
    return a pair (loss, {buffer: x}): in each step a rule for the buffer, a Value, gets the batch's mean of x where
    the rule for a parameter gets a derivative. `dtype`, "float64" or "float32", of all numbers.
    `threads` share the samples of a step where it is long enough: a million products or more, three million in a run,
    and no batch_mean. Ask for as many as there are free cores: a step waits for the slowest. The same run gives the
    same numbers every time, and with another count of threads others in the last bits.
    Raises TraceError where the loss takes a number out of the graph or decides something by comparing numbers,
    ValueError where a derivative can be computed in Python only, ImportError without NumPy and llvmlite.

    >>> w = Value(1.0)
    >>> trainer = Trainer(lambda sample: (w * sample[0] - sample[1]) ** 2, [w], features=2)
    >>> trainer.value_and_grad([[1.0, 3.0], [2.0, 2.0]])
    (2.0, [-2.0])
    """

    def __init__(
        self, loss: Callable[[list[Any]], Any], parameters: Iterable[Value], features: int, dtype: str = "float64",
        threads: int = 1,
    ) -> None:
        if native.lacking():
            raise ImportError(f"{native.lacking()} (pip install 'stepgrad[compile]')")
        from autograd.compiler.program import Program

        self.parameters, self.features = list(parameters), features
        tape, self.trained, self.constants = self._record(loss)
        self._recorded = repr(tape), self.trained, self.constants
        leaves, count = len(self.trained) + len(self.constants), len(self.parameters)
        self.program: Any = Program(tape, leaves, observers=range(count, len(self.trained)), dtype=dtype,
                                    threads=threads)
        self.index = {p: k for k, p in enumerate(self.trained)}
        self._reached = [any(found) for found in self.program.outputs]
        self._rules: dict[Any, Recorded] = {}
        self._cut: dict[int, tuple[Any, list[list[Value]]]] = {}
        self._arrays: dict[str, Any] = {}

    def _record(self, loss: Callable[[list[Any]], Any]) -> tuple[Any, list[Value], list[Value]]:
        """The loss as a tape, what rules may change, and the Values that are read anew at each run."""
        from autograd.compiler.fuse import tape_of

        with tracing(self.parameters) as trace:
            trace.of_batch = True
            inputs: list[Value] = [fresh(0.5) for _ in range(self.features)]
            output = loss(list(inputs))
            output, observed = output if isinstance(output, tuple) else (output, {})
            if not isinstance(output, Value):
                raise TraceError(f"the loss is {output!r}, a number that depends on nothing: return a Value")
            for x in (output, *observed.values()):
                trace.operand(x)
            if trace.guards:
                raise TraceError(
                    f"`{trace.guards[0].text}` compares numbers to decide what to do, and may come out otherwise for"
                    f" another sample or step: choose with where, maximum, relu or clamp\n  at {trace.guards[0].line}"
                )
        trained = [*self.parameters, *observed]
        known = set(trained)
        constants = [x for x in trace.live if x not in known]
        return tape_of(output, [*trained, *constants, *inputs], list(observed.values())), trained, constants

    def records(self, loss: Callable[[list[Any]], Any]) -> bool:
        """Whether running `loss` again records what was compiled: a plain number in it may be another by now.

        >>> w, power = Value(3.0), [2.0]
        >>> loss = lambda sample: (w - sample[0]) ** power[0]
        >>> trainer = Trainer(loss, [w], features=1)
        >>> power[0] = 4.0
        >>> trainer.records(loss), trainer.value_and_grad([[1.0]])[0]
        (False, 4.0)
        """
        tape, trained, constants = self._record(loss)
        return (repr(tape), trained, constants) == self._recorded

    @staticmethod
    def batch_mean(x: Any) -> Any:
        """The mean of `x` over the samples of the batch, for use inside the loss.

        >>> b = Value(1.0)
        >>> centred = Trainer(lambda sample: (sample[0] - Trainer.batch_mean(sample[0]) - b) ** 2, [b], features=1)
        >>> centred.value_and_grad([[2.0], [4.0]])
        (2.0, [2.0])
        """
        return batch_mean(x)

    @property
    def joint(self) -> bool:
        """Whether the loss of a sample depends on the others of its batch."""
        return bool(self.program.rows.joint)

    @staticmethod
    def group(
        params: Sequence[Value], rule: Any, key: Any, lr: float | Sequence[float], start: Mapping[str, float],
        **rates: float | Sequence[float],
    ) -> ParamGroup:
        """Parameters that follow one rule, for `run`; see ParamGroup.

        `lr` and further `rates` are what the rule takes by these names: a number, or one for each step.
        """
        return ParamGroup(params, rule, key, {"lr": lr, **rates}, start)

    def reached(self, p: Value) -> bool:
        """Whether the loss depends on the parameter."""
        return self._reached[self.index[p]]

    def value_and_grad(self, samples: Any) -> tuple[float, list[float]]:
        """The mean loss of samples, rows of numbers, and its derivatives with respect to the parameters."""
        self._read()
        loss, gradient = self.program.value_and_grad(self.table(samples))
        return loss, gradient[:len(self.parameters)].tolist()

    def table(self, samples: Any) -> Any:
        """Samples as the array that runs read without copying; make it once for many runs."""
        from autograd.compiler.arrays import table

        return table(samples, self.program.dtype)

    def run(
        self, samples: Any, batches: Sequence[Sequence[int]], groups: Sequence[ParamGroup],
        state: dict[Value, dict[str, float]],
    ) -> tuple[list[float], int]:
        """A step for each batch of row numbers: the loss of each, before its step, and how many steps were taken.

        `state` maps a parameter to its optimiser's numbers; it, and the parameters' `data` and `grad`, are left as
        eager steps leave them. A loss or gradient that is not finite ends the run before that step's update, and so
        does an update that would make a parameter nan or inf.
        """
        import numpy as np

        self._read()
        if not batches:
            return [], 0
        parts = [self._part(group, stretch, len(batches), state)
                 for group in groups for stretch in self._stretches(group.params)]
        losses = self.program.run(self.table(samples), [np.array(batch, np.int64) for batch in batches],
                                  [part.update for part in parts])
        done: int = self.program.done
        if done and not np.isfinite(self.program.parameters[:len(self.trained)]).all():
            return self.run(samples, batches[:done - 1], [group.first(done - 1) for group in groups], state)
        for p, x in zip(self.trained, self.program.parameters.tolist()):
            p.data = x
        for p, slope, reached in zip(self.parameters, self.program.gradient.tolist(), self._reached):
            if reached:
                p.grad = slope
        for part in parts if done else ():
            part.leave(done, state)
        return losses.tolist(), done

    def _read(self) -> None:
        self.program.parameters[:] = [p.data for p in (*self.trained, *self.constants)]

    def _stretches(self, params: Sequence[Value]) -> list[list[Value]]:
        """Those that the loss reaches, in stretches that lie side by side; cut once for each list."""
        known, parts = self._cut.get(id(params), (None, []))
        if known is not params:
            for p in sorted(filter(self.reached, params), key=self.index.__getitem__):
                if parts and self.index[parts[-1][-1]] + 1 == self.index[p]:
                    parts[-1].append(p)
                else:
                    parts.append([p])
            self._cut[id(params)] = params, parts
        return parts

    def _part(
        self, group: ParamGroup, params: list[Value], steps: int, state: Mapping[Value, Mapping[str, float]]
    ) -> "_Part":
        names = list(group.start)
        known = [state.get(p, group.start) for p in params]
        before = [x if x.keys() == group.start.keys() else {**group.start, **x} for x in known]
        columns = {name: [numbers[name] for numbers in before] for name in names}
        alike = tuple(name for name, column in columns.items() if column.count(column[0]) == len(column))
        key = group.key, alike, tuple(group.rates)
        if key not in self._rules:
            self._rules[key] = group.recorded(alike)
        rule, first = self._rules[key], self.index[params[0]]
        arrays = [self._array(name) for name in rule.own]
        for name, array in zip(rule.own, arrays):
            array[first:first + len(params)] = columns[name]
        common = {name: columns[name][0] for name in rule.common}
        rates = group.rows(steps)
        settings, _ = rule.settings(rates, common)
        update = Update(rule.rule, settings, arrays, first, len(params))
        return _Part(update, params, names, rule, rates, common)

    def _array(self, name: str) -> Any:
        """The numbers called `name` of all parameters' states."""
        if name not in self._arrays:
            self._arrays[name] = self.program.room(len(self.program.parameters))
        return self._arrays[name]


class _Part(NamedTuple):
    """An update, and what is needed to leave its states as eager steps leave them."""

    update: Update
    params: list[Value]
    names: list[str]
    rule: Recorded
    rates: list[tuple[float, ...]]
    common: dict[str, float]

    def leave(self, done: int, state: dict[Value, dict[str, float]]) -> None:
        """Write the states after `done` steps."""
        _, common = self.rule.settings(self.rates[:done], self.common)
        end = self.update.first + len(self.params)
        own = {name: array[self.update.first:end].tolist() for name, array in zip(self.rule.own, self.update.states)}
        columns = [own.get(name) or [common[name]] * len(self.params) for name in self.names]
        for p, numbers in zip(self.params, zip(*columns) if columns else [()] * len(self.params)):
            state[p] = dict(zip(self.names, numbers))
