"""Texts of traced numbers: to be printed, never to be read back.

    def f(x):
        print(f"{x:.2f}")                   shows <traced 2.00>, once
        return x * float(f"{x:.2f}")        would be x * 2.0 at every later call

The second is an error at its line: the text does not look like a number, alone it can only be shown, and
`recording.py` refuses it in a result. What is not noticed: to compare a longer text, `"2" in f"x = {x}"`.
"""

from typing import NoReturn

from autograd import context
from autograd.compiler.guards import left_the_graph


class Text(str):
    """A text of a traced number. As a part of a longer one it is plain text, which no parser takes for a number.

    >>> print(f"x = {Text('2.0')}")
    x = <traced 2.0>
    >>> float(f" {Text('2.0')}")
    Traceback (most recent call last):
    ValueError: could not convert string to float: ' <traced 2.0>'
    """

    __slots__ = ()

    def __new__(cls, number: str) -> "Text":
        return super().__new__(cls, f"<traced {number}>")

    def _read(self, *others: object) -> NoReturn:
        raise left_the_graph(f"reading the text {str(self)!r}", context._calling_line())

    __float__ = __int__ = _read
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _read
    __hash__ = __len__ = __getitem__ = __iter__ = _read
