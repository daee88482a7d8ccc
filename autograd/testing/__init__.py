"""Property-based tests of gradients: Hypothesis strategies, ready-made properties, a pytest plugin.

>>> from hypothesis import given
>>> from autograd.testing import expressions
>>> @given(expressions(n_inputs=2))
... def test_no_gradient_is_nan(e):
...     e.root.backward()
...     assert all(x.grad == x.grad for x in e.values)
>>> test_no_gradient_is_nan()
"""

from typing import TYPE_CHECKING, Any

from autograd.testing.expression import Expression as Expression
from autograd.testing.numerical import TaylorTest as TaylorTest
from autograd.testing.numerical import numerical_grad as numerical_grad
from autograd.testing.numerical import taylor_test as taylor_test

if TYPE_CHECKING:
    from autograd.testing.property import gradient_property as gradient_property
    from autograd.testing.strategies import expressions as expressions
    from autograd.testing.strategies import numbers as numbers
    from autograd.testing.strategies import points as points
    from autograd.testing.strategies import values as values

_NEEDS_HYPOTHESIS = {
    "expressions": "strategies",
    "numbers": "strategies",
    "points": "strategies",
    "values": "strategies",
    "gradient_property": "property",
}


def __getattr__(name: str) -> Any:
    """Hypothesis is loaded when one of its names is first asked for, so that the rest works without it."""
    if name not in _NEEDS_HYPOTHESIS:
        raise AttributeError(f"module 'autograd.testing' has no attribute {name!r}")
    import importlib
    import importlib.util

    if importlib.util.find_spec("hypothesis") is None:
        raise ImportError(f"autograd.testing.{name} needs Hypothesis: pip install hypothesis")
    return getattr(importlib.import_module(f"autograd.testing.{_NEEDS_HYPOTHESIS[name]}"), name)
