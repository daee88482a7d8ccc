"""The rounding in a gradient, measured: the same graph evaluated a few times with other last digits."""

import operator
import random
from collections.abc import Sequence
from math import ulp
from typing import Any

from autograd.gradcheck.rounding import exact
from autograd.graph import adjoints, topological_order
from autograd.primitive import Primitive
from autograd.replay import evaluate
from autograd.replay.dual import partials
from autograd.replay.number import Arithmetic
from autograd.value import Value

SAMPLES = 8  # all of them on the same side of the true spread by chance: 1 in 128


class Jittered(Arithmetic):
    """A float whose every operation is off by two units in the last place, up or down by chance.

    Unlike a bound, which must add up absolute values, it knows that one error reaches the result along several paths
    and may cancel there: a contracting recurrence forgets its errors. Source: J. Vignes, A stochastic arithmetic for
    reliable scientific computation, Mathematics and Computers in Simulation 35 (1993).
    """

    __slots__ = ("value", "chance")

    def __init__(self, value: float, chance: random.Random) -> None:
        self.value, self.chance = value, chance

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Jittered":
        values = tuple(arg.value if isinstance(arg, Jittered) else arg for arg in args)
        z = self.inside(op, args) if op.composite else op.forward(*values)
        if z and not exact(op, values, partials(op, values, z), z):
            z += self.chance.choice((-2.0, 2.0)) * ulp(z)
        return Jittered(z, self.chance)

    def inside(self, op: Primitive, args: tuple[Any, ...]) -> float:
        """A row written with other rows jitters inside too."""
        try:
            result = op.forward(*[arg if isinstance(arg, Jittered) else Jittered(arg, self.chance) for arg in args])
        except TypeError:  # written with comparisons
            result = op.forward(*[arg.value if isinstance(arg, Jittered) else arg for arg in args])
        return float(result.value if isinstance(result, Jittered) else result)


def spread(output: Value, inputs: Sequence[Value]) -> list[float]:
    """For each input, how far apart the samples of d output / d input lie."""
    samples = [_gradient(output, inputs, random.Random(seed)) for seed in range(SAMPLES)]
    return [max(column) - min(column) for column in zip(*samples)]


def _gradient(output: Value, inputs: Sequence[Value], chance: random.Random) -> list[float]:
    numbers = evaluate([output], lambda x: Jittered(x, chance), {})

    def rule(node: Value) -> tuple[Any, ...]:
        args = [Jittered(arg, chance) if arg.__class__ is float else numbers[arg] for arg in node.args]
        try:
            return node.op.partials(*args, numbers[node]) if node.op else ()
        except TypeError:  # a rule for floats only
            return tuple(Jittered(partial, chance) for partial in node.partials)

    found = adjoints(topological_order([output]), {output: Jittered(1.0, chance)}, rule, operator.mul)
    return [found[x].value if x in found else 0.0 for x in inputs]
