"""Random programs: from the choices that Hypothesis made to a graph that stays inside every domain.

A program is a list of rows (operation, places); a place is an index into the numbers so far (inputs first), or a
constant. Beside every number runs the box of what it can be while the inputs move by 1/64. An operation whose operands
are not where it is smooth gets one of them moved: an input that nothing has used yet simply takes another number, any
other operand is scaled and shifted.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter, Signature
from typing import Any

from autograd.primitive import Primitive
from autograd.primitives import add, mul
from autograd.testing.boxes import Box, admissible, image
from autograd.testing.homes import homes, largest

RADIUS = 1.0 / 64.0  # of the neighbourhood of the inputs
Place = int | float  # an index into the numbers so far, or a constant
Row = tuple[Primitive, tuple[Place, ...]]


def run(rows: Sequence[Row], *inputs: Any) -> Any:
    """The program's result, on numbers of any kind: its last number."""
    numbers = list(inputs)
    for op, places in rows:
        numbers.append(op.apply(tuple([numbers[p] if isinstance(p, int) else p for p in places])))
    return numbers[-1] if rows else numbers[0]


def build(
    inputs: Sequence[float], steps: Sequence[tuple[Primitive, Sequence[Any]]], max_nodes: int, smooth: bool
) -> tuple[Callable[..., Any], list[float]]:
    """The function that `steps` describe, and the inputs at which it is smooth.

    Each step is an operation and, for each operand: None for the newest number that nothing has used yet (the first
    input where all are used), an int for any earlier number (taken modulo how many there are), a float for a constant.
    """
    bound = max(largest(op, len(choices)) for op, choices in steps)
    program = _Program(inputs, smooth, bound)
    for op, choices in steps:
        rows = program.fit(op, program.places(choices))
        if len(program.rows) + len(rows) > max_nodes:
            break
        for row in rows:
            program.append(row)
    f = functools.partial(run, _needed(program.rows, len(inputs)))
    names = [f"x{i}" for i in range(len(inputs))]  # for the report of a gradient check
    f.__signature__ = Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in names])  # type: ignore[attr-defined]
    return f, program.inputs


class _Program:
    """A program under construction, and the box of each of its numbers; `bound` is on numbers and slopes."""

    def __init__(self, inputs: Sequence[float], smooth: bool, bound: float) -> None:
        self.inputs = list(inputs)
        self.rows: list[Row] = []
        self.boxes = [_around(x) for x in inputs]
        self.unused = list(reversed(range(len(inputs))))  # x0 is the first to be taken
        self.smooth, self.bound = smooth, bound

    def places(self, choices: Sequence[int | float | None]) -> list[Place]:
        """The places that the choices mean now; at least one of them is not a constant."""
        free = list(self.unused)
        places: list[Place] = []
        for choice in choices:
            if choice is None:
                places.append(free.pop() if free else 0)
            else:
                places.append(choice % len(self.boxes) if isinstance(choice, int) else choice)
        if all(isinstance(place, float) for place in places):
            places[0] = free.pop() if free else 0
        return places

    def fit(self, op: Primitive, places: list[Place]) -> list[Row]:
        """The rows that apply `op` to these places, or to places moved to where it is smooth."""
        for moved, before, inputs in self._moves(op, places):
            boxes = self._boxes(before, inputs)
            operands = [boxes[p] if isinstance(p, int) else Box(p, p) for p in moved]
            if admissible(op, operands, smooth=self.smooth, bound=self.bound):
                for i, x in inputs.items():
                    self.inputs[i], self.boxes[i] = x, _around(x)
                return [*before, (op, tuple(moved))]
        raise AssertionError(f"{op.name} does not fit its own home")  # every move to all of a home fits

    def append(self, row: Row) -> None:
        self.unused = [p for p in self.unused if p not in row[1]] + [len(self.boxes)]
        found = self._boxes([row], {})[-1]
        self.boxes.append(found)
        self.rows.append(row)

    def _moves(self, op: Primitive, places: list[Place]) -> Iterator[tuple[list[Place], list[Row], dict[int, float]]]:
        """Ways to change the operands, the mildest first: (places, rows needed before, inputs given new numbers)."""
        yield places, [], {}
        n = len(places)
        for home in homes(op, n):
            for chosen in [*((i,) for i in reversed(range(n))), tuple(range(n))] if n > 1 else [(0,)]:
                yield self._moved(places, home, chosen, free=True)
        yield self._moved(places, homes(op, n)[0], tuple(range(n)), free=False)

    def _moved(
        self, places: list[Place], home: list[Box], chosen: Sequence[int], free: bool
    ) -> tuple[list[Place], list[Row], dict[int, float]]:
        """The chosen operands moved home; `free` lets an input that nothing uses yet take another number."""
        moved, before, inputs = list(places), list[Row](), dict[int, float]()
        for i in chosen:
            place, target = places[i], home[i]
            if isinstance(place, float):
                moved[i] = target.middle
            elif free and place < len(self.inputs) and place in self.unused and places.count(place) == 1:
                inputs[place] = target.middle + (target.radius - RADIUS) * self.inputs[place] / 4.0
            else:
                moved[i] = self._shift(place, target, before)
        return moved, before, inputs

    def _shift(self, place: int, target: Box, before: list[Row]) -> int:
        """The place of `place * scale + offset`, which lies in `target`."""
        box, scale = self.boxes[place], 1.0
        while scale * box.radius > target.radius / 2.0:
            scale /= 2.0
        if scale < 1.0:
            before.append((mul, (place, scale)))
            place = len(self.boxes) + len(before) - 1
        offset = target.middle - scale * box.middle
        rounded = round(offset, 2)  # a short constant where that still hits the target
        before.append((add, (place, rounded if abs(rounded - offset) <= target.radius / 4.0 else offset)))
        return len(self.boxes) + len(before) - 1

    def _boxes(self, rows: Sequence[Row], inputs: dict[int, float]) -> list[Box]:
        """The boxes so far and those of `rows` after them."""
        boxes = [_around(inputs[i]) if i in inputs else box for i, box in enumerate(self.boxes)]
        for op, places in rows:
            found = image(op, [boxes[p] if isinstance(p, int) else Box(p, p) for p in places], self.bound)
            assert found is not None, f"{op.name} was applied where it is not finite"
            boxes.append(found)
        return boxes


def _around(x: float) -> Box:
    return Box(x - RADIUS, x + RADIUS)


def _needed(rows: Sequence[Row], inputs: int) -> list[Row]:
    """The rows that the last one depends on, with their places counted anew."""
    needed = {inputs + len(rows) - 1}
    for i in reversed(range(len(rows))):
        if inputs + i in needed:
            needed.update(p for p in rows[i][1] if isinstance(p, int))
    kept = [p for p in range(inputs + len(rows)) if p < inputs or p in needed]
    number = dict(zip(kept, itertools.count(), strict=False))
    return [
        (op, tuple(number[p] if isinstance(p, int) else p for p in places))
        for i, (op, places) in enumerate(rows)
        if inputs + i in needed
    ]
