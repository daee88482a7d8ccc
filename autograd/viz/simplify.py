"""A rule of the table as a mathematician writes it: without the cases and the care that a computer needs.

The rules of the table guard against 0·∞ at single points, start their sums at zero, and arrange products and powers so
that nothing overflows or cancels. For a reader, these are the same formulas:

    [a = 0]                                      is  0, where the formula is not told for that point alone
    0 + a,  0·a,  where(0, a, b)                 is  a,  0,  b
    a^1,  a·a,  a·b·b,  a/b/b                    is  a,  a^2,  a·b^2,  a/b^2
    hypot(a, b)^2,  (1 - a)·(1 + a),  0.5/a      is  a^2 + b^2,  1 - a^2,  1/(2·a)
    exp(a - t)/(exp(b - t) + exp(c - t))         is  exp(a)/(exp(b) + exp(c))
"""

import functools
from collections.abc import Sequence
from typing import Any

from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.primitives import add, div, exp, mul, pow, sub
from autograd.record import record
from autograd.value import Value


def simplified(formulas: Sequence[Any]) -> list[Any]:
    """The graphs of `formulas`, which share their names, rewritten; a number stays that number.

    >>> from autograd.viz.notation import Name, written
    >>> x, y, t = (Name(1.0, name) for name in "xyt")
    >>> u, v = (x - t).exp(), (y - t).exp()
    >>> written(simplified([0.0 + x * x, u / (0.0 + u + v)]))
    ['x^2', 'exp(x)/(exp(x) + exp(y))']
    """
    new: dict[Value, Any] = {}
    wholes: dict[Value, _Whole] = {}
    for node in topological_order([one for one in formulas if isinstance(one, Value)]):
        new[node] = node if node.op is None else _simple(node.op, [_in(new, arg) for arg in node.args], wholes)
    return [_in(new, one) for one in formulas]


def _in(new: dict[Value, Any], one: Any) -> Any:
    return new[one] if isinstance(one, Value) else one


def _simple(op: Primitive, args: list[Any], wholes: "dict[Value, _Whole]") -> Any:
    """One application, its operands simplified already."""
    match op.name, args:
        case "equal", [_, 0.0]:
            return 0.0
        case "add", [0.0, a] | [a, 0.0]:
            return a
        case "mul", [0.0, _] | [_, 0.0]:
            return 0.0
        case "pow", [a, 1.0]:
            return a
        case "where", [0.0, _, b]:
            return b
        case "mul", [a, b] if a is b:
            return _square(a)
        case "mul", [Value(op=Primitive(name="mul"), args=[a, b]), c] if b is c:
            return record(mul, (a, _square(b)))
        case "mul", [
            Value(op=Primitive(name="sub"), args=[1.0, a]),
            Value(op=Primitive(name="add"), args=[1.0, b]),
        ] if a is b:
            return record(sub, (1.0, _square(a)))
        case "div", [0.5, a]:
            return record(div, (1.0, record(mul, (2.0, a))))
        case "div", [Value(op=Primitive(name="div"), args=[a, b]), c] if _alike(b, c):
            return record(div, (a, _square(b)))
        case "div", [Value() as a, Value() as whole] if _shift(a) is not None:
            if whole not in wholes:
                wholes[whole] = _without_shift(whole)
            shift, plain = wholes[whole]
            if shift is _shift(a):
                return record(div, (_power(a), plain))
    return record(op, tuple(args)) if any(isinstance(arg, Value) for arg in args) else op.forward(*args)


def _square(a: Any) -> Value:
    match a:
        case Value(op=Primitive(name="hypot"), args=[x, y]):
            return record(add, (_square(x), _square(y)))
    return record(pow, (a, 2.0))


def _alike(one: Any, other: Any) -> bool:
    """Whether two nodes are the same, or are made alike of the same ones."""
    if not isinstance(one, Value) or not isinstance(other, Value):
        return False
    return one is other or (one.op is not None and (one.op, one.args) == (other.op, other.args))


_Whole = tuple[Any, Any]  # what all powers of a sum are shifted by, or None; their sum without it


def _without_shift(whole: Value) -> _Whole:
    terms = [whole]
    while terms[-1].op is add:
        terms[-1:] = reversed(terms[-1].args)
    shifts = {_shift(term) for term in terms}
    if len(shifts) > 1 or None in shifts:
        return None, whole
    powers = [_power(term) for term in reversed(terms)]
    return shifts.pop(), functools.reduce(lambda one, other: record(add, (one, other)), powers)


def _shift(term: Any) -> Any:
    """t, of e^(x - t); None of anything else."""
    match term:
        case Value(op=Primitive(name="exp"), args=[Value(op=Primitive(name="sub"), args=[_, Value() as t])]):
            return t
    return None


def _power(term: Value) -> Value:
    """e^x, of e^(x - t)."""
    return record(exp, (term.args[0].args[0],))
