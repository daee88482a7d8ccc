"""Dual numbers: a number and its derivative, carried forward together."""

from typing import Any

from autograd.primitive import Primitive
from autograd.record import partials_at
from autograd.replay.number import Arithmetic


class Dual(Arithmetic):
    """x + x' e with e^2 = 0: forward mode. Each step is the row's own partials, so no derivative is written here.

    Arguments: `value` and `tangent`, floats or numbers of any system, Dual itself for second derivatives.

    >>> from autograd import tanh
    >>> y = Dual(2.0, 1.0) * 3.0
    >>> y.value, y.tangent
    (6.0, 3.0)
    >>> x = Dual(Dual(2.0, 1.0), Dual(1.0, 0.0))
    >>> (x * x * x).tangent.tangent
    12.0
    """

    __slots__ = ("value", "tangent")

    def __init__(self, value: Any, tangent: Any = 0.0) -> None:
        self.value, self.tangent = value, tangent

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Dual":
        values = tuple([arg.value if isinstance(arg, Dual) else arg for arg in args])
        z = op.apply(values)
        tangent: Any = 0.0
        for arg, partial in zip(args, partials(op, values, z), strict=True):
            if isinstance(arg, Dual):
                tangent = tangent + partial * arg.tangent
        return Dual(z, tangent)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"


def partials(op: Primitive, values: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
    """The row's local derivatives in whatever system the operands are."""
    return partials_at(op, values, z) if z.__class__ is float else op.partials(*values, z)
