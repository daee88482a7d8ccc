"""The local derivatives of a node: the numbers that were recorded, or graph that can be differentiated again.

None stands for an edge along which an operation is flat between its jumps: a comparison, a sign, a condition. Nothing
flows there, whatever is upstream, be it infinite: 0.0 times that would be nan.
"""

import functools
from typing import Any

from autograd.ieee import Ieee
from autograd.primitive import Primitive
from autograd.value import Value


def as_numbers(node: Value) -> tuple[Any, ...]:
    """The local derivatives recorded when the node was made."""
    return node.partials if node.op is None or node.op.kink is None else _but_flat(node.op, node.partials)


def as_graph(node: Value) -> tuple[Any, ...]:
    """The rule of the table fed with Values: local derivatives that can be differentiated again."""
    op, args = node.op, node.args
    if op is None or not args:
        return ()
    try:
        partials = op.partials(*args, node)
    except ZeroDivisionError:  # of constants only: Values divide by IEEE 754 themselves
        constants = (Ieee(arg) if arg.__class__ is float else arg for arg in args)
        partials = tuple(float(p) if isinstance(p, Ieee) else p for p in op.partials(*constants, node))
    if type(node) is Value:  # a node that is being compiled has no number yet that could have changed
        _check_unchanged(node, partials)
    return partials if op.kink is None else _but_flat(op, partials)


def _check_unchanged(node: Value, partials: tuple[Any, ...]) -> None:
    assert node.op is not None
    for arg, partial, recorded in zip(node.args, partials, node.partials, strict=True):
        number = partial.data if isinstance(partial, Value) else partial
        if isinstance(arg, Value) and number != recorded and number == number:
            raise RuntimeError(
                f"the derivative of {node.op.name} was {recorded} when it was recorded and is {number} now: a `.data`"
                " was changed in between. Differentiate before the update, or compute the output again after it"
            )


def _but_flat(op: Primitive, partials: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same, with None along the flat edges."""
    flat = _flat(op, len(partials)) if op.kink is not None else ()
    return tuple([None if k in flat else partial for k, partial in enumerate(partials)]) if flat else partials


@functools.cache
def _flat(op: Primitive, count: int) -> tuple[int, ...]:
    """The operands along which the operation is flat between its jumps: a comparison, a sign, a condition.

    >>> from autograd.primitives import relu, where
    >>> _flat(where, 3), _flat(relu, 1)
    ((0,), ())
    """
    try:
        partials = op.partials(*[_Anything()] * (count + 1))
    except TypeError:  # a rule that asks which number it is given
        return ()
    return tuple([k for k, partial in enumerate(partials) if partial.__class__ is float and partial == 0.0])


class _Anything:
    """Stands for any number: what a rule computes from it is no constant."""

    __bool__ = None  # nor a reason to decide something

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "_Anything":
        return self

    def _computed(self, *others: Any) -> "_Anything":
        return self

    __neg__ = __abs__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _computed
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _computed
