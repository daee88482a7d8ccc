"""Composite operations as what they are made of, and that in its turn."""

import math
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from autograd import context
from autograd.graph import adjoints
from autograd.primitive import TABLE, Primitive
from autograd.primitives import add, less, where
from autograd.value import Value
from autograd.viz.order import program_order


@dataclass(slots=True)
class Cell:
    """A node on its way into the picture: a recorded Value, or one inside an expanded operation."""

    value: Value
    op: Primitive | None
    args: tuple[Any, ...]
    partials: tuple[float, ...]
    grad: float | None
    scope: str


def to_expand(expand: Any) -> Collection[str]:
    composite = [name for name, op in TABLE.items() if op.composite]
    if expand is True:
        return composite
    names = [expand] if isinstance(expand, str) else list(expand or ())
    for name in names:
        if name not in composite:
            raise ValueError(f"{name!r} has no inside to expand; these have: {', '.join(composite)}")
    return names


def cells(
    order: list[Value], expand: Collection[str], gradients: Mapping[Value, float] | None = None
) -> Iterable[Cell]:
    """The nodes in order, those to be expanded replaced by their inside, and that by its own."""
    own = lambda v: v.grad if v.has_grad else None
    known = own if gradients is None else gradients.get
    stack = [Cell(v, v.op, v.args, v.partials, known(v), v.scope) for v in reversed(order)]
    while stack:
        cell = stack.pop()
        inside = _inside(cell) if cell.op is not None and cell.op.name in expand else []
        if inside:
            stack.extend(reversed(inside))
        else:
            yield cell


def _inside(cell: Cell) -> list[Cell]:
    """The forward function of a composite row, fed with Values: the same number as a graph, with gradients."""
    assert cell.op is not None
    with undisturbed():
        fresh = [Value(arg.data) if isinstance(arg, Value) else arg for arg in cell.args]
        result = cell.op.forward(*fresh)
    if not isinstance(result, Value) or not result.args:
        return []
    outside: dict[Any, Any] = {new: old for new, old in zip(fresh, cell.args) if isinstance(new, Value)}
    outside[result] = cell.value
    order = program_order([result])
    for v in order:
        if v is not result and v not in outside and (told := _told(v)) is not v:
            outside[v] = outside.get(told, told)
    known = cell.grad is not None
    flow = adjoints(order, {result: cell.grad}, lambda v: v.partials, lambda g, partial: g * partial) if known else {}
    made, used = [], {cell.value}
    for v in reversed(order):
        if v.args and outside.get(v, v) in used and (v is result or v not in outside):
            args = tuple(outside.get(arg, arg) if isinstance(arg, Value) else arg for arg in v.args)
            used.update(arg for arg in args if isinstance(arg, Value))
            made.append(Cell(outside.get(v, v), v.op, args, v.partials, flow.get(v), cell.scope))
    return made[::-1]


def _told(v: Value) -> Any:
    """What a reader is told in the place of `v`, which is that number: a sum begins with its first term, 0 + x => x,
    and a guard that has nothing to guard against lets it through, where(|x| < inf, x, 0) => x for a finite x.
    """
    if v.op is add and v.args[0] == 0.0:
        return v.args[1]
    if v.op is where and isinstance(v.args[0], Value):
        condition, x, _ = v.args
        if condition.op is less and condition.args[1] == math.inf and condition.data:
            return x
    return v


def undisturbed() -> AbstractContextManager[None]:
    """Inside the block nodes are recorded plainly, whatever contexts the caller has opened."""
    return context._setting(grad_enabled=True, anomaly=False, remember_lines=False, scope="")
