"""What is made once and stays for ever: native code, and whatever else is known by its address.

`functools.cache` lets two threads make one thing at the same time, and forgets one of the two. Where only its address
had been kept, code then runs through freed memory.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

making = threading.RLock()  # one for all, since making one thing may take another; LLVM is for one thread at a time too


def once(make: Callable[P, T]) -> Callable[P, T]:
    """`make`, called once for each choice of arguments, by one thread alone; what it gives lives with the process.

    >>> thing = once(lambda key: object())
    >>> thing("a") is thing("a"), thing("a") is thing("b")
    (True, False)
    """
    made: dict[Any, T] = {}

    @functools.wraps(make)
    def found(*key: P.args, **_: P.kwargs) -> T:
        if key not in made:
            with making:
                if key not in made:
                    made[key] = make(*key)  # type: ignore[call-arg]
        return made[key]

    return found
