"""How a thing shows itself in a notebook: in several forms, none of them too large, and never an exception."""

import re
from collections.abc import Callable, Mapping

MOST_BYTES = 2_000_000  # of one form
_UNKNOWN = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def in_any_file(text: str) -> str:
    r"""The text without what neither XML nor UTF-8 can hold: control characters, halves of surrogate pairs.

    >>> in_any_file("one\0two")
    'one�two'
    """
    return _UNKNOWN.sub("\ufffd", text)


def markdown(text: str) -> str:
    r"""A text as Markdown that means just that text.

    >>> print(markdown("<b> a_1*|$"))
    &lt;b> a\_1\*\|\$
    """
    return re.sub(r"([\\|*_$`\[\]])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))


def in_words(thing: object, write: Callable[[], str]) -> str:
    """What `__str__` returns: the text, or where it cannot be written the `repr` and why.

    >>> in_words([1, 2], lambda: 1 / 0)
    '[1, 2], which could not be rendered: division by zero'
    """
    try:
        return write()
    except Exception as error:
        return f"{thing!r}, which could not be rendered: {error}"


def mimebundle(thing: object, forms: Mapping[str, Callable[[], str]], advice: str = "") -> dict[str, str]:
    """What `_repr_mimebundle_` returns: each form that can be written and is not too large, and always a text.

    Arguments: `forms`, from a MIME type to what writes it; "text/plain" is `repr(thing)` unless given; `advice`, the
    way out, added to the text where something is too large.

    >>> mimebundle([1, 2], {"text/html": lambda: "<b>1, 2</b>"})
    {'text/plain': '[1, 2]', 'text/html': '<b>1, 2</b>'}
    >>> mimebundle([1, 2], {"text/html": lambda: 1 / 0})
    {'text/plain': '[1, 2], which could not be rendered: division by zero'}
    """
    shown: dict[str, str] = {"text/plain": f"<{type(thing).__name__}>"}
    left_out = ""
    for kind, write in {"text/plain": lambda: repr(thing), **forms}.items():
        try:
            text = in_any_file(write())
        except Exception as error:
            left_out = f", which could not be rendered: {error}"
        else:
            if len(text.encode()) <= MOST_BYTES:
                shown[kind] = text
            else:
                left_out = f": too large to show here{advice}"
    shown["text/plain"] += left_out
    return shown
