"""Boxes: an interval per number, carried through an operation, and whether the operation is defined and smooth on it.

Only columns of the table are asked: `forward` for the image, `partials` for whether it is monotone there, `domain`,
`kink` and `pole` for where it ends. So a row that somebody registers is carried through like any other.
"""

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.primitive import Primitive

DISTANCE = 0.05  # from the ends of a domain, kinks and poles, in the units of the operands or of `kink` and `pole`
LARGEST = 1e6    # of numbers and local derivatives: a sum of a dozen of these still leaves a difference ten digits


class Box(NamedTuple):
    """All numbers between two, both included."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        return 0.5 * (self.low + self.high)

    @property
    def radius(self) -> float:
        return 0.5 * (self.high - self.low)


def image(op: Primitive, boxes: Sequence[Box], bound: float = LARGEST) -> Box | None:
    """The numbers that a row gives on a box of operands; None where it or a derivative is not finite and below `bound`.

    Computed in the corners and two points inside. That is exact where no partial changes sign, for then the extremes
    lie in corners; where one does, an extremum may lie in between, and the box is widened by its own width on either
    side.

    >>> from autograd.primitives import exp, log, sin
    >>> image(sin, [Box(0.0, 1.0)]) == (0.0, sin(1.0))
    True
    >>> image(log, [Box(-1.0, 1.0)]) is None, image(exp, [Box(20.0, 21.0)]) is None
    (True, True)
    """
    results, slopes = [], []
    for sample in _samples(boxes):
        try:
            z = op.forward(*sample)
            partials = op.partials(*sample, z)
            below = all(abs(number) <= bound for number in (z, *partials))  # also false for nan
        except Exception:  # Python's own functions raise where they have no value, and so may anybody's
            return None
        if not below:
            return None
        results.append(z)
        slopes.append(partials)
    monotone = all(min(slope) >= 0.0 or max(slope) <= 0.0 for slope in zip(*slopes, strict=True))
    found = _hull(results, widen=not monotone)
    return found if max(-found.low, found.high) <= bound else None


def admissible(
    op: Primitive, boxes: Sequence[Box], distance: float = DISTANCE, smooth: bool = True, bound: float = LARGEST
) -> bool:
    """Whether a row is defined on a whole box of operands, `distance` from its ends, poles and (if smooth) kinks.

    Its numbers and slopes are at most `bound`, and the operands too.
    """
    for i, box in enumerate(boxes):
        low, high = margins(op, i, distance, bound)
        if not max(low, -bound) <= box.low <= box.high <= min(high, bound):
            return False
    avoided = [op.pole, op.kink if smooth else None]
    clear = all(_clear(op, function, boxes, distance) for function in avoided if function)
    return clear and image(op, boxes, bound) is not None


def margins(op: Primitive, i: int, distance: float = DISTANCE, size: float = LARGEST) -> Box:
    """Where operand number `i` of a row may lie: its domain, less `distance` at each end, cut off at `size`.

    A domain that is narrower than eight times `distance` loses an eighth of its width at each end.

    >>> from autograd.primitives import asin, log
    >>> margins(log, 0, size=10.0), margins(asin, 0)
    (Box(low=0.05, high=10.0), Box(low=-0.95, high=0.95))
    """
    low, high = op.domain[0 if op.variadic else i]
    away = min(distance, (high - low) / 8.0)
    # A half-line far from zero is cut off at `size` from its end instead.
    low, high = max(low + away, min(-size, high - size)), min(high - away, max(size, low + size))
    return Box(low, high)


def round_numbers(allowed: Box) -> list[float]:
    """Round numbers in a range, then those near its low end, then its middle and quarters."""
    wanted = [1.0, 0.5, 2.0, 3.0, -1.0, *(allowed.low + k for k in (0.5, 1.0, 2.0))]
    wanted += [allowed.low + allowed.radius * k / 2.0 for k in (2, 1, 3)]
    return [x for x in wanted if allowed.low <= x <= allowed.high]


def _clear(op: Primitive, function: Callable[..., Any], boxes: Sequence[Box], distance: float) -> bool:
    """Whether a kink or pole function stays away from zero on a box: `distance`, or an eighth of what it reaches."""
    away = min(distance, _reach(op, function, len(boxes)) / 8.0)
    try:
        found = _hull([float(function(*sample)) for sample in _samples(boxes)], widen=True)
    except Exception:
        return False
    return found.low >= away > 0.0 or found.high <= -away < 0.0


@functools.cache
def _reach(op: Primitive, function: Callable[..., Any], n: int) -> float:
    """The greatest size of a kink or pole function among round numbers."""
    rounds = itertools.product(*[round_numbers(margins(op, i, size=10.0)) for i in range(n)])
    sizes = [0.0]
    for point in itertools.islice(rounds, 256):
        with contextlib.suppress(Exception):
            sizes.append(abs(float(function(*point))))
    return max(filter(math.isfinite, sizes))


def _hull(numbers: Sequence[float], widen: bool) -> Box:
    low, high = min(numbers), max(numbers)
    margin = high - low if widen else 0.0
    return Box(low - margin, high + margin)


def _samples(boxes: Sequence[Box]) -> Iterator[tuple[float, ...]]:
    """The corners of a box, its middle, and its point nearest to zero, where slopes may end; one point if it is one."""
    yield from itertools.product(*[(box.low, box.high) if box.low != box.high else (box.low,) for box in boxes])
    if any(box.low != box.high for box in boxes):
        yield tuple(box.middle for box in boxes)
        yield tuple(min(max(0.0, box.low), box.high) for box in boxes)
