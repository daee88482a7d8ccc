"""Update: an optimiser's rule as one kernel over many parameters, with what is the same for all of them computed once.

A rule is plain arithmetic on one parameter, its gradient and its state. Recorded on slots it is a formula per number it
returns. Rates, such as the learning rate, and the count of steps are the same for every parameter: whatever depends on
them alone, such as Adam's 1 - beta ** step, is worked out in Python for each step, and enters the kernel as a setting.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd.compiler.formula import Formula, renumbered, slots, used_slots

Rule = Callable[..., tuple[Any, ...]]


@dataclass
class Update:
    """What happens to parameters `first` to `first + count` in each step.

    `rule(parameter, gradient, *state, *settings)` gives (parameter, *state); `states` are arrays with a number for
    every parameter of the program, updated in place; `settings` has a row of numbers for every step.
    """

    rule: Rule
    settings: Sequence[Sequence[float]] = ()
    states: Sequence[Any] = ()
    first: int = 0
    count: int | None = None


@dataclass
class Recorded:
    """A rule on named states, split: `formulas` for each parameter, `shared` formulas and states for all at once.

    Slots of the formulas: parameter, gradient, the states in `own`, then the results of `shared`. Slots of `shared` and
    of `next_states`: the rates, then the states in `common`.
    """

    own: list[str]
    common: list[str]
    formulas: tuple[Any, ...]
    shared: list[Formula] = field(default_factory=list)
    next_states: list[Any] = field(default_factory=list)

    def rule(self, *operands: Any) -> tuple[Any, ...]:
        names = dict(enumerate(operands))
        return tuple(renumbered(formula, names) for formula in self.formulas)

    def settings(
        self, rates: Sequence[Sequence[float]], start: Mapping[str, float]
    ) -> tuple[list[list[float]], dict[str, float]]:
        """The shared numbers of each step, from its rates, and the common states after the last."""
        table, now = [], [start[name] for name in self.common]
        for row in rates:
            operands = [*row, *now]
            table.append([computed(formula, operands) for formula in self.shared])
            now = [computed(formula, operands) for formula in self.next_states]
        return table, dict(zip(self.common, now))


def computed(formula: Any, operands: Sequence[float]) -> float:
    """A formula's number, by the table's own forward functions."""
    if not isinstance(formula, Formula):
        return float(formula)
    if formula.op is None:
        return operands[formula.slot]
    return float(formula.op.forward(*[computed(arg, operands) for arg in formula.args]))


def record_rule(
    rule: Callable[..., tuple[Any, Mapping[str, Any]]], names: Sequence[str], alike: Sequence[str],
    rates: Sequence[str] = ("lr",),
) -> Recorded:
    """Record `rule(p, g, state, **rates)`, which returns (new p, new state), and split it.

    Arguments: `names`, the states; `alike`, those that are equal for all parameters now; `rates`, the rates' names.
    """
    p, g, *others = slots(2 + len(rates) + len(names))
    slot = {name: 2 + len(rates) + k for k, name in enumerate(names)}
    new_p, new_state = rule(p, g, dict(zip(names, others[len(rates):])), **dict(zip(rates, others)))
    free = range(2, 2 + len(rates))  # what a number that is the same for all parameters may depend on
    common = _common([name for name in names if name in alike], slot, free, new_state)
    own = [name for name in names if name not in common]
    numbers = {at: k for k, at in enumerate([*free, *map(slot.get, common)])}
    found = Recorded(own, common, ())
    places = {at: k for k, at in enumerate([0, 1, *map(slot.get, own)])}
    known: dict[str, Formula] = {}

    def split(formula: Any) -> Any:
        """The formula for one parameter, its parts that are the same for all replaced by slots."""
        if not isinstance(formula, Formula):
            return formula
        if set(used_slots(formula)) <= set(numbers):
            if formula.key not in known:
                known[formula.key] = Formula(None, (), 2 + len(own) + len(known))
                found.shared.append(renumbered(formula, dict(enumerate_slots(numbers))))
            return known[formula.key]
        if formula.op is None:
            return Formula(None, (), places[formula.slot])
        return Formula(formula.op, tuple(map(split, formula.args)))

    found.formulas = tuple(split(x) for x in (new_p, *(new_state[name] for name in own)))
    found.next_states = [renumbered(new_state[name], dict(enumerate_slots(numbers))) for name in common]
    return found


def enumerate_slots(numbers: Mapping[int, int]) -> Any:
    return ((old, Formula(None, (), new)) for old, new in numbers.items())


def _common(
    candidates: list[str], slot: Mapping[str, int], free: Iterable[int], new_state: Mapping[str, Any]
) -> list[str]:
    """The states that stay alike: their next value depends on the rates and on one another only."""
    while True:
        allowed = {*free, *map(slot.get, candidates)}
        kept = [name for name in candidates
                if not isinstance(new_state[name], Formula) or set(used_slots(new_state[name])) <= allowed]
        if kept == candidates:
            return kept
        candidates = kept
