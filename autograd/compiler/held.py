"""All the places on which a recording depends, looked at together: natively where that can be, else one by one."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.places import Kept, words


class Held(Sequence[Kept]):
    """The places, and whether all hold what they held.

    >>> from autograd.compiler.places import Place
    >>> names = {"rate": 2.0}
    >>> held = Held([Place.of(names, "rate")])
    >>> names["rate"] = 3.0
    >>> held.current(), [str(place) for place in held.moved()]
    (False, ['rate'])
    """

    def __init__(self, kept: list[Kept]) -> None:
        self._kept = kept

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

    @functools.cached_property
    def words(self) -> tuple[list[int], list[Any]] | None:
        """What native code looks at: see `places.words`."""
        return words(self._kept)

    @functools.cached_property
    def _unmoved(self) -> Callable[[], bool]:
        """The quick look, which does not know that equal numbers are as good as the same."""
        from autograd.compiler.calling import look

        return look(self.words) or bool
