"""gradient_property: one line that makes a property-based test of a gradient."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from autograd.gradcheck import gradcheck
from autograd.testing.expression import Expression
from autograd.testing.strategies import numbers

Range = tuple[float, float]


def gradient_property(f: Callable[..., Any] | None = None, domain: Range | Sequence[Range] = (-10.0, 10.0)) -> Any:
    """A test that checks the gradient of `f` wherever Hypothesis looks in its domain.

    Arguments: `f` takes numbers or Values and gives a Value; `domain` is an interval (low, high) for all of its
    arguments, or a list of one for each.
    Returns a function of no arguments for pytest to collect; without `f`, a decorator that makes one of f.
    Raises ValueError when the intervals are not as many as the arguments; the test raises GradcheckError, with the
    simplest point that Hypothesis finds, the right derivative and the operation to blame.

    >>> test_logistic = gradient_property(lambda x: 1.0 / (1.0 + (-x).exp()), domain=(-5.0, 5.0))
    >>> test_logistic()
    >>> @gradient_property(domain=[(0.1, 10.0), (-2.0, 2.0)])
    ... def test_power(x, y):
    ...     return x**y
    >>> test_power()
    """
    if f is None:
        return lambda f: gradient_property(f, domain)
    intervals = _intervals(f, domain)
    name = getattr(f, "__name__", "f")

    def check(point: tuple[float, ...]) -> None:
        __tracebackhide__ = True  # pytest shows the report, not us
        expression = Expression(f, point)  # what the plugin shows if the next line fails
        gradcheck(expression.f, expression.inputs)

    check.__name__ = check.__qualname__ = name if name.startswith("test") else f"test_gradient_of_{name.strip('<>')}"
    check.__doc__, check.__module__ = f.__doc__, f.__module__
    return given(point=st.tuples(*(numbers(low, high) for low, high in intervals)))(check)


def _intervals(f: Callable[..., Any], domain: Range | Sequence[Range]) -> list[Range]:
    """One interval for each argument of `f` that has no default."""
    taken = [p for p in inspect.signature(f).parameters.values() if p.default is p.empty]
    if isinstance(domain[0], (int, float)):
        return [domain] * len(taken)  # type: ignore[list-item]
    intervals = [*domain]
    if len(intervals) != len(taken) and not any(p.kind is p.VAR_POSITIONAL for p in taken):
        raise ValueError(f"the domain has {len(intervals)} intervals for {len(taken)} arguments: give one for each")
    return intervals
