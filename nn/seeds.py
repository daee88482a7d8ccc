"""Where random numbers come from."""

import operator
import random


def generator(seed: int | random.Random | None) -> random.Random:
    """A seed's own generator, or Python's global one without a seed, as in micrograd; a generator is itself.

    Raises TypeError for a seed that is no whole number.

    >>> generator(1).random() == random.Random(1).random()
    True
    """
    if seed is None:
        return random.random.__self__  # type: ignore[attr-defined, no-any-return]  # the module cannot be copied
    if isinstance(seed, random.Random):
        return seed
    try:
        return random.Random(operator.index(seed))
    except TypeError:
        raise TypeError(f"seed is a whole number (or a random.Random), not {seed!r}") from None
