"""Hypothesis strategies: numbers, points where an operation is smooth, and random graphs kept inside every domain.

    >>> from hypothesis import given
    >>> @given(expressions(n_inputs=2))
    ... def test_twice_the_seed_is_twice_the_gradient(e):
    ...     e.root.backward(1.0)
    ...     once = [x.grad for x in e.values]
    ...     e.root.backward(1.0)
    ...     assert [x.grad for x in e.values] == [2.0 * g for g in once]
    >>> test_twice_the_seed_is_twice_the_gradient()
"""

import functools
import math
import sys
from collections.abc import Sequence
from math import inf, nan
from typing import Any

from hypothesis import strategies as st

from autograd.primitive import TABLE, Primitive
from autograd.testing.boxes import DISTANCE, margins
from autograd.testing.expression import Expression, lists_of
from autograd.testing.homes import nearest
from autograd.testing.programs import build
from autograd.value import Value

# Where floats themselves are special: signed zeros, the ends, the least normal and subnormal, 1 and its neighbour.
SPECIAL = (0.0, -0.0, 1.0, -1.0, inf, -inf, nan, sys.float_info.max, sys.float_info.min, 5e-324, 1.0 + 2.0**-52)


def numbers(
    min_value: float = -10.0, max_value: float = 10.0, special: bool | Sequence[float] = False
) -> st.SearchStrategy[float]:
    """Floats between the bounds, both included; none but zero itself is nearer to zero than 1e-6, if zero is between.

    A numerical derivative at 1e-200 needs a step that is lost beside any other number. `special` brings such numbers.
    Between bounds that are below 1 it is a millionth of the larger.

    Arguments: `special=True` adds signed zeros, infinities, nan and the like, whatever the bounds; a sequence adds
    those points.
    Raises ValueError when the bounds are not a finite interval.

    >>> from hypothesis import find
    >>> find(numbers(2.0, 8.0), lambda x: x > 5.0)
    6.0
    """
    if not (math.isfinite(min_value) and math.isfinite(max_value) and min_value <= max_value):
        raise ValueError(f"numbers needs a finite interval, not [{min_value}, {max_value}]: use min_value <= max_value")
    plain = st.floats(min_value, max_value, allow_subnormal=False)
    if min_value <= 0.0 <= max_value:
        least = 1e-6 * min(1.0, max(-min_value, max_value))
        plain = plain.map(lambda x: x if abs(x) >= least else 0.0)
    points = SPECIAL if special is True else tuple(special or ())
    return st.one_of(plain, st.sampled_from(points)) if points else plain


def values(
    min_value: float = -10.0, max_value: float = 10.0, special: bool | Sequence[float] = False
) -> st.SearchStrategy[Value]:
    """Fresh leaves whose number is drawn from `numbers` of the same arguments.

    >>> from hypothesis import find
    >>> find(values(0.0, 4.0), lambda v: v > 1.0)
    Value(data=2.0, grad=0.0)
    """
    return numbers(min_value, max_value, special).map(Value)


def points(
    op: Primitive | str, distance: float = DISTANCE, size: float = 10.0, max_operands: int = 4
) -> st.SearchStrategy[tuple[float, ...]]:
    """Operands of a row, inside its domain and away from its kinks and poles: there it is defined and smooth.

    Arguments: `op`, a row or its name, your own included; `distance`, how far operands stay from the ends of the
    domain, and the row's `kink` and `pole` functions from zero; `size`, the bound where the domain has none;
    `max_operands`, for a row that takes any number of them.
    Returns tuples for `op.apply(point)`. Nothing is drawn and thrown away: a point where the row is not smooth is moved
    towards one where it is, which is looked for further out than `size` if need be.
    Raises LookupError for an unknown name, ValueError when the domain has no room for that distance, or the row was
    found to be smooth nowhere.

    >>> from autograd.primitives import log
    >>> from hypothesis import find
    >>> find(points(log), lambda point: True)
    (1.0,)
    """
    op = find_row(op)

    @functools.cache
    def of_size(n: int) -> st.SearchStrategy[tuple[float, ...]]:
        return st.tuples(*(numbers(*margins(op, i, distance, size)) for i in range(n)))

    return arities(op, max_operands).flatmap(of_size).map(lambda point: nearest(op, point, distance, size))


def arities(op: Primitive, max_operands: int = 4) -> st.SearchStrategy[int]:
    """How many operands a call of this row may have."""
    if not op.variadic:
        return st.just(len(op.operands))
    lists = max(1, lists_of(op))
    least = max(1, op.least // lists)
    return st.integers(least, max(least, max_operands // lists)).map(lambda n: n * lists)


def find_row(op: Primitive | str) -> Primitive:
    if isinstance(op, Primitive):
        return op
    if op not in TABLE:
        raise LookupError(f"no operation is called {op!r}: register it first, or take one of autograd.primitive.TABLE")
    return TABLE[op]


def expressions(
    n_inputs: int = 2,
    max_nodes: int = 12,
    ops: Sequence[Primitive | str] | None = None,
    share: float = 0.3,
    smooth: bool = True,
) -> st.SearchStrategy[Expression]:
    """Random graphs: finite, below 1e6 in size, inside every domain, for all inputs within 1/64 of the drawn ones.

    Below 1e6 unless one of `ops` has its numbers, slopes or whole domain beyond that: then below a power of 1000 more.

    Arguments: `n_inputs`, how many numbers the function takes; `max_nodes`, the most operations in the graph; `ops`,
    the rows to choose from or their names (all of the table, your own included); `share`, the chance that an operand is
    any earlier node, used before or not, instead of the newest unused one: 0.0 gives trees; `smooth` keeps every kink
    out of that neighbourhood too.
    Returns an `Expression`: `.f`, `.inputs`, `.root`, and a repr that is Python.
    Raises ValueError for a count below one, a share outside 0 ... 1 or an empty `ops`.

    An operand outside a row's domain is moved inside: an input takes another number, another node is multiplied and
    added to, which counts as nodes. Nothing is drawn and thrown away, so there is no limit on rejected examples to run
    into; deleting any operation leaves a graph as valid as before, which is why a failing one shrinks to very few.

    >>> from hypothesis import find
    >>> find(expressions(n_inputs=1, ops=["mul", "sin"]), lambda e: "sin" in repr(e))
    Expression(lambda x0: sin(x0), (0.0,))
    """
    if n_inputs < 1 or max_nodes < 1:
        raise ValueError(f"a graph needs n_inputs >= 1 and max_nodes >= 1, got {n_inputs} and {max_nodes}")
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share is a probability between 0 and 1, got {share}")
    if ops is not None and not ops:
        raise ValueError("expressions needs at least one operation to choose from: ops is empty")
    chosen = None if ops is None else [find_row(op) for op in ops]

    def programs() -> st.SearchStrategy[Expression]:
        rows = st.lists(_steps(chosen or list(TABLE.values()), share), min_size=1, max_size=max_nodes)
        return st.tuples(st.tuples(*[_INPUT] * n_inputs), rows).map(
            lambda drawn: Expression(*build(drawn[0], drawn[1], max_nodes, smooth))
        )

    return st.deferred(programs)  # the table is read when the first example is drawn: later rows are in


# Short numbers: they keep the repr readable, and none is so small that its square underflows.
_INPUT = st.integers(-192, 192).map(lambda k: k / 64.0)


def _steps(ops: list[Primitive], share: float) -> st.SearchStrategy[Any]:
    """One operation and where its operands come from: the newest unused number (None), any, or a constant."""
    newest, any_earlier = st.none(), st.integers(0, 2**16)
    constant = st.integers(-16, 16).map(lambda k: k / 4.0)
    place = st.integers(0, 99).flatmap(
        lambda chance: constant if chance >= 95 else any_earlier if chance >= 95.0 * (1.0 - share) else newest
    )

    @functools.cache
    def places(n: int) -> st.SearchStrategy[Any]:
        return st.tuples(*[place] * n)

    steps = {op: st.tuples(st.just(op), arities(op).flatmap(places)) for op in ops}  # each strategy is made once
    return st.sampled_from(ops).flatmap(steps.__getitem__)
