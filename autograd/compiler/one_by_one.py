"""A batch with Values in it, or inside a trace: the function of each sample, one by one, as graph."""

import functools
import importlib.util
import operator
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.calls import rebuilt, samples_of
from autograd.compiler.shapes import results


def one_by_one(f: Callable[..., Any], args: Sequence[Any], axes: Sequence[int | None], reduce: str | None) -> Any:
    """What the compiled function gives for this batch, with graph in place of numbers.

    >>> from autograd import Value
    >>> one_by_one(lambda w, x: w * x, (Value(2.0), [1.0, 3.0]), (None, 0), "sum")
    Value(data=8.0, grad=0.0)
    """
    count = samples_of(args, axes)
    rows: list[list[Any]] = []
    shapes: list[Any] = []
    for i in range(count):
        rows.append([])
        sample = (arg if axis is None else _sample(arg, i) for arg, axis in zip(args, axes))
        shapes.append(results(f(*sample), rows[-1], constants=(float, int)))
        if shapes[-1] != shapes[0]:
            raise ValueError(f"the results of samples 0 and {i} differ in shape: {shapes[0]} and {shapes[-1]}")
    columns = [_column(column) for column in zip(*rows)]
    if reduce is None:
        return rebuilt(shapes[0], iter(columns), True)
    totals = [functools.reduce(operator.add, column) for column in columns]
    return rebuilt(shapes[0], iter([x / count for x in totals] if reduce == "mean" else totals), False)


def _sample(arg: Any, i: int) -> Any:
    """Sample number i of an argument whose arrays and lists count the samples along their first axis."""
    if isinstance(arg, dict):
        return {key: _sample(item, i) for key, item in arg.items()}
    if isinstance(arg, tuple):
        parts = [_sample(item, i) for item in arg]
        return tuple.__new__(type(arg), parts)
    found = arg[i]
    return found.item() if getattr(found, "shape", None) == () else found


def _column(column: Sequence[Any]) -> Any:
    if importlib.util.find_spec("numpy") is None:
        return list(column)
    import numpy as np

    found = np.empty(len(column), dtype=object)
    found[:] = column
    return found
