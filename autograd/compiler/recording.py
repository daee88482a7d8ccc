"""A recording: one run of a function as a tape, with all that is needed to run it again for another call."""

import functools
import operator
import sys
from collections.abc import Callable, Collection, Iterator, MappingView, Sequence
from typing import Any, NamedTuple

from autograd.compiler.arguments import check_unchanged, number_names
from autograd.compiler.guards import Guard, TraceError, left_the_graph
from autograd.compiler.held import Held, following
from autograd.compiler.passes import Simplified, alive
from autograd.compiler.search import closed_over, reached
from autograd.compiler.shapes import Shape, classes, fixed_parts, passed_as_is, put_together, results
from autograd.compiler.tape import PARAMETER, Rounding, Tape, record
from autograd.compiler.trace import fresh, tracing
from autograd.compiler.traced import Traced, function_runs
from autograd.context import Line
from autograd.value import Value


class Recording(NamedTuple):
    """`tape` computes, from the numbers of a call and then `live`, the outputs and last whether all guards held."""

    tape: Tape
    names: list[str]  # of the inputs
    live: list[Value]  # made before the trace: their numbers are read at each call
    held: Held  # all else that the function depends on
    guards: list[Guard]
    decisions: Tape  # the outcomes of the guards, one by one
    result: Shape


def recorded(
    f: Callable[..., Any], shape: Shape, numbers: Sequence[float], kinds: Sequence[str],
    constants: tuple[type, ...] = (), rounded: Rounding = float, counted: Collection[Any] = (), again: bool = True,
) -> Recording:
    """Run `f` once on arguments of this shape; `numbers`, and those computed from them, `rounded`, decide its branches.

    An output that is a plain number of a type in `constants` is an output of the tape, else part of the result's shape.
    What f changes is watched as f leaves it, but for the places `counted`, which an earlier trace had left already.
    Where f has imported a module of one's own, it is run `again`: what it takes from there can be watched then.
    Raises TraceError where f does something that cannot be recorded.
    """
    given = [*(part.thing for part in passed_as_is(shape)), *classes(shape)]
    older, before = reached(f, *given)
    called = number_names(f, shape)
    with following(), tracing(older, rounded) as trace:
        inputs = [fresh(x, name) for x, name in zip(numbers, called, strict=True)]
        values: list[Any] = []
        args = put_together(shape, iter(inputs))
        result = results(f(*args), values, constants)
        function_runs(False)
        check_unchanged(f, args, put_together(shape, iter(inputs)))
        for part in fixed_parts(result):
            _check_part(part, trace.shown)
        for value in values:
            trace.operand(value)
        trace.check_strangers(older)
        live = list(trace.live)
        everything = [*inputs, *live]
        kinds = [*kinds, *(PARAMETER,) * len(live)]
        agreed = [decision.equal(guard.expected) for decision, guard in zip(trace.decisions, trace.guards, strict=True)]
        verdict = functools.reduce(operator.mul, agreed, 1.0)
        draft = functools.partial(Simplified, rounded=rounded)
        whole = record([verdict, *values, *trace.decisions], everything, kinds, draft)
    verdict, *outputs = whole.outputs
    tape = alive(whole._replace(outputs=[*outputs[: len(values)], verdict]))
    decisions = alive(whole._replace(outputs=outputs[len(values) :], rows=whole.rows if trace.guards else []))
    called += [x.label if x.label.isidentifier() else f"p{i}" for i, x in enumerate(live)]
    held = Held([*before.values()])
    moved = held.moved()
    if any(place.container is sys.modules for place in moved) and again:
        kinds = kinds[: len(inputs)]
        return recorded(f, shape, numbers, kinds, constants, rounded, counted, False)  # now its module is seen
    if moved:
        values, after = reached(f, *given)
        if set(values) <= set(older):  # else it is traced again, with the Values that it has put somewhere as inputs
            changed = {at for at in after if at not in before or not before[at].holds()}
            left = {at: after[at] for at in after if at in changed and at not in counted}
            held = Held([part for place in before.values() for part in place.unchanged()], left)
    return Recording(tape, called, live, held, trace.guards, decisions, result)


def _check_part(x: Any, shown: dict[str, Line]) -> None:
    """Raise where a part of the result would be this call's for ever: a text of a number, a set of numbers."""
    if isinstance(x, (int, type(None))):
        return  # keys, of which there may be very many
    if isinstance(x, str):
        for text, line in shown.items():
            if text in str.__str__(x):
                raise left_the_graph(f"the text {str.__str__(x)!r} in the result", line)
    elif isinstance(x, (Iterator, MappingView)) or any(isinstance(value, Traced) for value in closed_over(x)):
        raise TraceError(
            f"the result has a {type(x).__name__}, which a compiled function cannot make anew at each call: return"
            " numbers in lists, tuples, dicts and arrays"
        )
