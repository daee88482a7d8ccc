"""Formulas: what a row of the table says, written down instead of computed.

Feeding a rule of the table with `Formula`s gives a small expression tree over numbered slots. The compiler lowers it
to one kernel, so that a local derivative such as 1 - z*z is one instruction, and no rule is restated here.
"""

import functools
from typing import Any, NoReturn

from autograd.compiler.guards import TraceError
from autograd.context import _calling_line
from autograd.primitive import TABLE, Primitive


class Formula:
    """An expression over slots: `op` applied to `args` (Formulas and floats), or slot number `slot`.

    >>> x, z = slots(2)
    >>> TABLE["tanh"].partials(x, z)[0]
    sub(1.0, mul($1, $1))
    """

    __slots__ = ("op", "args", "slot", "key")

    def __init__(self, op: Primitive | None, args: tuple[Any, ...] = (), slot: int = -1) -> None:
        self.op, self.args, self.slot = op, args, slot
        self.key = f"${slot}" if op is None else f"{op.name}({', '.join(map(key, args))})"

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Formula":
        return Formula(op, tuple(arg if isinstance(arg, Formula) else float(arg) for arg in args))

    def __repr__(self) -> str:
        return self.key

    def _undecided(self, *others: object) -> NoReturn:
        raise TraceError(
            "a rule compares numbers to decide what to do, and is the same for all parameters and steps: choose with"
            f" where, maximum, relu or clamp\n  at {_calling_line()}"
        )

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _undecided
    __hash__ = object.__hash__


def _operator(name: str, reflected: bool) -> Any:
    op = TABLE[name]
    if reflected:
        return lambda self, other: self.__autograd__(op, (other, self))
    return lambda self, *other: self.__autograd__(op, (self, *other))


for _name, _methods in {
    "add": ("__add__", "__radd__"), "sub": ("__sub__", "__rsub__"), "mul": ("__mul__", "__rmul__"),
    "div": ("__truediv__", "__rtruediv__"), "pow": ("__pow__", "__rpow__"), "neg": ("__neg__",), "abs": ("__abs__",),
}.items():
    for _reflected, _method in enumerate(_methods):
        setattr(Formula, _method, _operator(_name, bool(_reflected)))


def key(x: Any) -> str:
    """How a Formula or a constant is spelled in a key: equal keys compute the same number."""
    return x.key if isinstance(x, Formula) else repr(float(x))


def slots(n: int) -> list[Formula]:
    return [Formula(None, (), k) for k in range(n)]


@functools.cache
def applied(op: Primitive, n: int) -> Formula:
    """The operation itself, of `n` slots."""
    return Formula(op, tuple(slots(n)))


def used_slots(formula: Formula) -> list[int]:
    """The slots that a formula reads, ascending."""
    found: set[int] = set()
    stack: list[Any] = [formula]
    while stack:
        node = stack.pop()
        if isinstance(node, Formula):
            found.add(node.slot)
            stack.extend(node.args)
    return sorted(found - {-1})


def renumbered(formula: Any, names: dict[int, Any]) -> Any:
    """The formula with every slot k replaced by names[k], a formula or a constant."""
    if not isinstance(formula, Formula):
        return formula
    if formula.op is None:
        return names[formula.slot]
    args = tuple(renumbered(arg, names) for arg in formula.args)
    if not any(isinstance(arg, Formula) for arg in args):
        return float(formula.op(*args))  # of constants only
    return Formula(formula.op, args)


def written_out(formula: Any) -> Any:
    """The formula in plain operations: composite ones are replaced by their own forward formula.

    >>> x, = slots(1)
    >>> written_out(TABLE["softplus"](x)).op.composite
    False
    """
    if not isinstance(formula, Formula) or formula.op is None:
        return formula
    args = tuple(map(written_out, formula.args))
    if formula.op.composite:
        return written_out(formula.op.forward(*args))
    return Formula(formula.op, args)


def operations(formula: Any) -> set[Primitive]:
    """Those that occur in a formula."""
    if not isinstance(formula, Formula) or formula.op is None:
        return set()
    return {formula.op}.union(*map(operations, formula.args))


# A local derivative: a constant, or (slots read, formula over them); the formula None is that one slot itself.
Local = float | tuple[tuple[int, ...], Formula | None]


@functools.cache
def local_derivatives(op: Primitive, n: int) -> tuple[Local, ...]:
    """d op / d operand, for each of `n` operands; slot `n` is the result."""
    found: list[Local] = []
    try:
        partials = op.partials(*slots(n), Formula(None, (), n))
    except TypeError as error:
        raise ValueError(f"the derivative of {op.name} cannot be compiled ({error}): write it with operations of"
                         " autograd") from error
    for partial in partials:
        if not isinstance(partial, Formula):
            found.append(float(partial))
        elif partial.op is None:
            found.append(((partial.slot,), None))
        else:
            read = used_slots(partial)
            names = dict(zip(read, slots(len(read)), strict=True))
            found.append((tuple(read), renumbered(partial, names)) if read else (float(_constant(partial))))
    return tuple(found)


def specialised(op: Primitive, exponent: float) -> tuple[Formula, Formula]:
    """x ** exponent and its derivative as formulas of x alone, the exponent written into them."""
    x = slots(1)[0]
    (read, slope), _ = local_derivatives(op, 2)  # type: ignore[misc]
    names = {k: exponent if slot == 1 else x for k, slot in enumerate(read)}
    return Formula(op, (x, exponent)), renumbered(slope, names)


def _constant(formula: Any) -> float:
    if not isinstance(formula, Formula):
        return float(formula)
    assert formula.op is not None
    return float(formula.op(*map(_constant, formula.args)))
