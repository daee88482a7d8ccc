"""gradient_property: one line that makes a property-based test of a gradient."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.gradcheck import GradcheckError, GradcheckReport, Verdict, gradcheck
from autograd.primitive import Primitive
from autograd.testing.expression import Expression
from autograd.testing.strategies import numbers, points

Range = tuple[float, float]


def gradient_property(f: Callable[..., Any] | None = None, domain: Range | Sequence[Range] | None = None) -> Any:
    """A test that checks the gradient of `f` wherever Hypothesis looks in its domain.

    Arguments: `f` takes numbers or Values and gives a Value; `domain` is an interval (low, high) for all of its
    arguments, (-10, 10) unless given, or a list of one for each. Where `f` is an operation, your own for instance, and
    no domain is given, its `points` are taken.
    Returns a function of no arguments for pytest to collect, so give it a name that begins with `test`; without `f`, a
    decorator that makes one of f. There is no deadline. Hypothesis's own decorators apply, above this one:
    `@settings(max_examples=500, deadline=None)`.
    Raises ValueError when the intervals are not as many as the arguments; the test raises GradcheckError, with the
    simplest point that Hypothesis finds, the right derivative and the operation to blame; and when there is a
    derivative that could not be decided at any point, for then nothing has been tested.

    >>> test_logistic = gradient_property(lambda x: 1.0 / (1.0 + (-x).exp()), domain=(-5.0, 5.0))
    >>> test_logistic()
    >>> @gradient_property(domain=[(0.1, 10.0), (-2.0, 2.0)])
    ... def test_power(x, y):
    ...     return x**y
    >>> test_power()
    """
    if f is None:
        return lambda f: gradient_property(f, domain)
    if isinstance(f, Primitive) and domain is None:
        inputs: st.SearchStrategy[tuple[float, ...]] = points(f)
    else:
        inputs = st.tuples(*(numbers(low, high) for low, high in _intervals(f, domain or (-10.0, 10.0))))
    call = _applied(f) if isinstance(f, Primitive) and f.variadic else f
    reports: list[GradcheckReport] = []

    def check(point: tuple[float, ...]) -> None:
        __tracebackhide__ = True  # pytest shows the report, not us
        expression = Expression(call, point)  # what the plugin shows if the next line fails
        reports.append(gradcheck(expression.f, expression.inputs))

    _name_after(f, check)
    examples = settings(deadline=None)(given(point=inputs)(check))  # a check takes as long as f takes

    def test(*self: Any) -> None:  # self: it may stand in a class
        __tracebackhide__ = True
        reports.clear()
        examples()
        _assert_decided(reports)

    _name_after(f, test)
    test.__dict__ = examples.__dict__  # one and the same: what @settings, @example and @seed write there is obeyed
    test.__dict__.pop("_hypothesis_internal_settings_applied", None)  # by us, not by you: you may
    test.is_gradient_property = True  # type: ignore[attr-defined]  # for the plugin
    return test


def _applied(op: Primitive) -> Callable[..., Any]:
    return lambda *xs: op.apply(xs)


def _name_after(f: Callable[..., Any], test: Callable[..., None]) -> None:
    name = f.name if isinstance(f, Primitive) else getattr(f, "__name__", "f")
    name = name if name.startswith("test") else f"test_gradient_of_{name.strip('<>')}"
    test.__name__ = test.__qualname__ = name
    test.__doc__, test.__module__ = f.__doc__, f.__module__
    code = getattr(f.partials if isinstance(f, Primitive) else f, "__code__", None)
    if code is not None:  # so that pytest shows f, whose second line it takes for the one that failed
        first = code.co_firstlineno - (code.co_name == "<lambda>")
        test.__code__ = test.__code__.replace(co_filename=code.co_filename, co_firstlineno=first)


def _assert_decided(reports: Sequence[GradcheckReport]) -> None:
    """Raise if a derivative was INCONCLUSIVE wherever it was looked at."""
    __tracebackhide__ = True
    rows = [(f"d {row.output} / d {row.input}", row.verdict) for report in reports for row in report.rows]
    decided = {derivative for derivative, verdict in rows if verdict is Verdict.PASS}
    undecided = [derivative for derivative, _ in rows if derivative not in decided]
    if undecided:
        note = (
            f"nothing is tested: at none of the {len(reports)} points that were tried was {undecided[0]} decided."
            " Give a domain where f is smooth and its numbers are of moderate size"
        )
        raise GradcheckError(dataclasses.replace(reports[-1], notes=(*reports[-1].notes, note)))


def _intervals(f: Callable[..., Any], domain: Range | Sequence[Range]) -> list[Range]:
    """One interval for each argument of `f` that has no default."""
    if isinstance(f, Primitive):
        count, any_number = max(1, len(f.operands)), f.variadic
    else:
        taken = [p for p in inspect.signature(f).parameters.values() if p.default is p.empty]
        count, any_number = len(taken), any(p.kind is p.VAR_POSITIONAL for p in taken)
    if isinstance(domain[0], (int, float)):
        return [domain] * count  # type: ignore[list-item]
    intervals = [*domain]
    if len(intervals) != count and not any_number:
        raise ValueError(f"the domain has {len(intervals)} intervals for {count} arguments: give one for each")
    return intervals
