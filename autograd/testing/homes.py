"""Homes: where an operation is smooth, found by looking. Columns say where it ends; nobody must fill them in."""

import functools
import itertools
import random
from collections.abc import Iterator, Sequence
from math import inf

from autograd.primitive import Primitive
from autograd.testing.boxes import DISTANCE, LARGEST, Box, admissible, margins, round_numbers

RADII = (2.0**-3, 2.0**-6, 2.0**-9)  # of the boxes that are tried
BOUNDS = (LARGEST, 1e9, 1e12, 1e15)  # on numbers and slopes: the first is taken at which there is a home
ROUND, SCATTERED = 4096, 1024  # operands that are tried


def homes(op: Primitive, n: int) -> list[list[Box]]:
    """One or two small boxes of `n` operands in which a row is defined and smooth, of the roundest numbers.

    Raises ValueError when there is none.
    """
    return _found(op, n)[1]


def largest(op: Primitive, n: int) -> float:
    """How large its numbers and slopes may be: 1e6, or more where it has none below that."""
    return _found(op, n)[0]


def nearest(op: Primitive, point: Sequence[float], distance: float, size: float) -> tuple[float, ...]:
    """The point, if the row is smooth there, or the first halfway nearer to one where it is."""
    bound, [home, *_] = _found(op, len(point), (0.0,), distance, size)
    bound, target = max(bound, size), [box.middle for box in home]
    for _ in range(64):
        if admissible(op, [Box(x, x) for x in point], distance, bound=bound):
            return tuple(point)
        point = [x + 0.5 * (to - x) for x, to in zip(point, target, strict=True)]
    return tuple(target)


def _found(
    op: Primitive, n: int, radii: tuple[float, ...] = RADII, distance: float = DISTANCE, size: float = 10.0
) -> tuple[float, list[list[Box]]]:
    """The bound on its numbers, and the homes."""
    found = _search(op, n, radii, distance, size)
    if found is None:
        raise ValueError(
            f"found no operands at which {op.name} is finite and smooth: correct its domain, kink or pole, or"
            f" leave it out of `ops` ({_described(op, n)})"
        )
    return found


@functools.cache
def _search(
    op: Primitive, n: int, radii: tuple[float, ...], distance: float, size: float
) -> tuple[float, list[list[Box]]] | None:
    ranges = [margins(op, i, distance, size) for i in range(n)]
    centres = [*_centres(op, ranges)]
    for bound, radius in itertools.product(BOUNDS, radii):
        boxes = ([*map(_around, centre, itertools.repeat(radius), ranges)] for centre in centres)
        found = list(itertools.islice((b for b in boxes if admissible(op, b, distance, bound=bound)), 2))
        if found:
            return bound, found
    return None


def _around(x: float, radius: float, allowed: Box) -> Box:
    radius = min(radius, allowed.radius / 8.0)
    return Box(x - radius, x + radius)


def _centres(op: Primitive, ranges: Sequence[Box]) -> Iterator[tuple[float, ...]]:
    """Round numbers, then scattered ones."""
    yield from itertools.islice(itertools.product(*map(round_numbers, ranges)), ROUND)
    chance = random.Random(0)
    for _ in range(SCATTERED):
        yield tuple([_scattered(*op.domain[0 if op.variadic else i], chance) for i in range(len(ranges))])


def _scattered(low: float, high: float, chance: random.Random) -> float:
    """Anywhere in an interval; in a half-line 1/1000 to 10,000 from its end, and that far from zero in the whole."""
    if high - low < inf:
        return chance.uniform(low, high)
    away = float(f"{10.0 ** chance.uniform(-3.0, 4.0):.2g}")
    return low + away if low > -inf else high - away if high < inf else chance.choice((-away, away))


def _described(op: Primitive, n: int) -> str:
    """What the row says at the first of the operands that were tried."""
    point = next(_centres(op, [margins(op, i, size=10.0) for i in range(n)]))
    try:
        z = op.forward(*point)
        told = f"it gives {z} with the derivatives {op.partials(*point, z)}"
        told += "".join(f", its {name} is {float(column(*point))}"
                        for name, column in (("kink", op.kink), ("pole", op.pole)) if column)  # fmt: skip
    except Exception as error:
        told = f"it raises {type(error).__name__}: {error}"
    return f"at {', '.join(map(str, point))} {told}"
