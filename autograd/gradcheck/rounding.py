"""How much rounding a correct gradient may carry: the graph evaluated with a bound on the error beside each number."""

import math
import operator
from collections.abc import Sequence
from typing import Any

from autograd.graph import adjoints, topological_order
from autograd.primitive import Primitive
from autograd.record import partials_at
from autograd.replay import evaluate
from autograd.replay.dual import partials
from autograd.replay.number import Arithmetic
from autograd.value import Value

CANCELLED = 1e-8  # of its terms: a sum that is less has lost half its digits


class Rounded(Arithmetic):
    """A float and how far it may be from the exact result: running error analysis, to first order.

    `size` is that of the absolute terms that make it up, where they cancel to less than half their digits: 2 for the
    1 - z * z that is all but 0. Products multiply it. A sum that keeps more than that has its own size, or the terms of
    a long recurrence would grow without end.

    An operation hands on its operands' errors times its local derivatives, and adds two units in the last place of its
    own. Source: J. H. Wilkinson, Error analysis revisited (1986); N. J. Higham, Accuracy and Stability of Numerical
    Algorithms, section 3.3.

    >>> (Rounded(1.0) - Rounded(0.9999999999)).error < 1e-15
    True
    """

    __slots__ = ("value", "error", "size")

    def __init__(self, value: float, error: float = 0.0, size: float | None = None) -> None:
        self.value, self.error, self.size = value, error, abs(value) if size is None else size

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Rounded":
        operands = [arg if isinstance(arg, Rounded) else Rounded(arg) for arg in args]
        values = tuple(x.value for x in operands)
        z = op.forward(*values)
        slopes = partials(op, values, z)
        error = 0.0 if exact(op, values, slopes, z) else 2.0 * math.ulp(z)
        for x, partial in zip(operands, slopes):
            if x.error and (partial or op.kink is None):  # what is not chosen hands on nothing, not even infinity
                error += abs(partial) * x.error
        return Rounded(z, error + internal(op, operands), terms(op, [x.size for x in operands], slopes, z))


def terms(op: Primitive, sizes: Sequence[float], slopes: tuple[float, ...], z: float) -> float:
    """The size of a result by the sizes of its operands: they add up in a sum, and where one of several is chosen."""
    if op.symbol == "*":
        return math.prod(sizes)
    added = op.symbol in ("+", "-") or (op.kink is not None and all(abs(slope) in (0.0, 1.0) for slope in slopes))
    total = sum(size for size, slope in zip(sizes, slopes) if slope) if added else 0.0
    return total if abs(z) < CANCELLED * total else abs(z)


def exact(op: Primitive, values: tuple[float, ...], slopes: tuple[float, ...], z: float) -> bool:
    """Whether nothing was rounded: a jump between constants, a sum that is zero, sums and products of whole numbers."""
    jump = op.kink is not None and not any(slopes)
    whole = all(x % 1 == 0.0 for x in (*values, z))
    return jump or (op.symbol in ("+", "-") and z == 0.0) or (op.symbol in ("+", "-", "*") and whole)


def internal(op: Primitive, operands: Sequence[Rounded]) -> float:
    """The rounding inside a row that is written with other rows: gelu(-5) cancels in 1 + erf."""
    if not op.composite:
        return 0.0
    try:
        result = op.forward(*operands)
    except TypeError:  # written with comparisons: take it for one operation
        return 0.0
    return result.error if isinstance(result, Rounded) else 0.0


def local(op: Primitive, operands: Sequence[Rounded], z: Rounded) -> tuple[Rounded, ...]:
    """The row's local derivatives, with the rounding of the operands and of the rule: 1 - z*z cancels."""
    try:
        found = op.partials(*[Rounded(x.value, x.error) for x in (*operands, z)])  # their own terms are not the rule's
    except TypeError:  # a rule for floats only: math.cos(x)
        numbers = partials_at(op, [x.value for x in operands], z.value)
        found = tuple(Rounded(p, 2.0 * math.ulp(p)) for p in map(float, numbers))
    return tuple(p if isinstance(p, Rounded) else Rounded(float(p)) for p in found)


def rounding(output: Value, inputs: Sequence[Value]) -> list[tuple[float, float]]:
    """For each input, the rounding in d output / d input, and the sum of its absolute terms: its condition."""
    numbers = evaluate([output], Rounded, {})
    order = topological_order([output])

    def with_errors(node: Value) -> tuple[Rounded, ...]:
        if node.op is None:
            return ()
        return local(node.op, [Rounded(a) if a.__class__ is float else numbers[a] for a in node.args], numbers[node])

    found = adjoints(order, {output: Rounded(1.0)}, with_errors, operator.mul)
    return [(found[x].error, found[x].size) if x in found else (0.0, 0.0) for x in inputs]
