"""All the places on which a recording depends, looked at together: natively where that can be, else one by one.

    def f(x):
        if s.scale is None:
            s.scale = 2.0           f leaves 2.0 where None was when it was traced
        s.count += 1                and another number at each trace
        return x * s.scale

What a function leaves somewhere is expected there. A later trace that changes it, of another path of this function or
of another one, moves the expectation along: else two that both count would make each other stale for ever. What
changes it outside of a trace moves nothing, and is noticed. If the function, traced anew for that, changes it once
more, as it does the count but not the scale, then that is its own affair: each look would end in another trace.
"""

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograd.compiler.places import Kept, words


class Held(Sequence[Kept]):
    """The places, and whether all hold what they held; `left` are those that the function itself has changed.

    >>> from autograd.compiler.places import Place
    >>> names = {"rate": 2.0, "count": 1}
    >>> held = Held([Place.of(names, "rate")], left={"its count": Place.of(names, "count")})
    >>> with following():
    ...     names["count"] += 1
    >>> held.current()
    True
    >>> names["rate"] = 3.0
    >>> held.current(), [str(place) for place in held.moved()]
    (False, ['rate'])
    """

    def __init__(self, kept: list[Kept], left: Mapping[Any, Kept] = MappingProxyType({})) -> None:
        self._kept, self._left = [*left.values(), *kept], list(left)
        if left:
            _leaving.append(weakref.ref(self, _leaving.remove))

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, i: Any) -> Any:
        return self._kept[i]

    def current(self) -> bool:
        """Whether everything is where it was."""
        return self._unmoved() or all(place.holds() for place in self._kept)

    def moved(self) -> list[Kept]:
        """The places that hold something else."""
        return [place for place in self._kept if not place.holds()]

    def as_left(self) -> set[int]:
        """Which of the places that were left are as they were left."""
        return {i for i in range(len(self._left)) if self._kept[i].holds()}

    def left_and_moved(self) -> set[Any]:
        """Under what those places were found that the function has left, and that hold something else now."""
        return {at for at, place in zip(self._left, self._kept) if not place.holds()}

    def follow(self, followed: set[int]) -> None:
        """Expect what is now at these places."""
        if not all(self._kept[i].holds() for i in followed):
            self._kept = [place.now() if i in followed else place for i, place in enumerate(self._kept)]
            for looked in ("words", "_unmoved"):
                vars(self).pop(looked, None)

    @functools.cached_property
    def words(self) -> tuple[list[int], list[Any]] | None:
        """What native code looks at: see `places.words`."""
        return words(self._kept)

    @functools.cached_property
    def _unmoved(self) -> Callable[[], bool]:
        """The quick look, which does not know that equal numbers are as good as the same."""
        from autograd.compiler.calling import look

        return look(self.words) or bool


_leaving: list[weakref.ref[Held]] = []  # those with places that were left


@contextlib.contextmanager
def following() -> Iterator[None]:
    """While a function runs that may change again what was left: who expected the old then expects the new."""
    expecting = [(held, held.as_left()) for ref in list(_leaving) if (held := ref())]
    try:
        yield
    finally:
        for held, places in expecting:
            held.follow(places)
