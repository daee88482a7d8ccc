"""How a number is written, in every view, and which sign may stand between numbers so written."""

import math
from collections.abc import Callable


def shown(x: float, digits: int = 6) -> str:
    """A number as every view writes it: six significant digits, which is what a reader compares, and no -0.

    >>> shown(-0.70710678), shown(1.5e-9), shown(2.0), shown(1234567.0), shown(-math.inf)
    ('-0.707107', '1.5e-9', '2', '1.23457e6', '-∞')
    """
    text = format(x + 0.0, f".{digits}g").replace("inf", "∞")
    decimal, e, power = text.partition("e")
    return f"{decimal}e{int(power)}" if e else text


def figure(x: float, digits: int = 6) -> str:
    """The same in a drawing: with a true minus sign.

    >>> figure(-1.5e-9)
    '−1.5e−9'
    """
    return minus(shown(x, digits))


def minus(text: str) -> str:
    """A text of numbers and signs with true minus signs."""
    return text.replace("-", "−")


def inside(x: float) -> str:
    """A number as it stands inside a formula: a negative one in parentheses."""
    text = shown(x)
    return f"({text})" if text[0] == "-" else text


def rounded(x: float) -> float:
    """The number that a reader reads where `x` is written.

    >>> rounded(1 / 3)
    0.333333
    """
    return float(format(x, ".6g"))


def relation(told: Callable[[], float], result: float) -> str:
    """`=` where what a reader reads is true as it stands, `≈` where it is so only for the numbers before rounding.

    `told` computes, from `rounded` numbers, what is to equal the result. A rule of somebody's own may refuse such
    numbers; then it is a matter of the result alone.

    >>> relation(lambda: 0.1 + 0.2, 0.1 + 0.2), relation(lambda: rounded(1 / 3) * 3.0, 1.0)
    ('=', '≈')
    """
    try:
        read = told()
    except Exception:
        read = result
    unknown = read != read and result != result  # nan = nan, on paper
    return "=" if unknown or math.isclose(read, rounded(result), rel_tol=1e-9) else "≈"


def equation(name: str, formula: str, worked: str, told: Callable[[], float], result: float) -> str:
    """A name, the formula for it, the same in numbers, and their result, in one line; what is equal is written once.

    >>> equation("∂z/∂x", "1/y", "1/3", lambda: 1 / 3, 1 / 3), equation("∂z/∂x", "y", "3", lambda: 3.0, 3.0)
    ('∂z/∂x = 1/y = 1/3 ≈ 0.333333', '∂z/∂x = y = 3')
    """
    number = shown(result)
    parts = [name, *(side for side in dict.fromkeys([formula, worked]) if side != number)]
    return f"{' = '.join(filter(None, parts))} {relation(told, result) if worked in parts else '='} {number}"
