"""A call: its arguments as numbers, one list of them, or one list per sample."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.compiler.containers import check_array, kind_of_dict
from autograd.compiler.shapes import NUMBER, AsIs, Shape, exact_keys, put_together, take_apart
from autograd.compiler.tape import PARAMETER, SAMPLE


class Call:
    """One call of a compiled function.

    `shape` is that of the arguments of one sample; `numbers` are its inputs in order, each a float, or for an input
    that differs between the samples a column: a sequence of one float per sample. `samples` is their number, 0
    without `in_axes`.
    """

    def __init__(self, args: tuple[Any, ...], in_axes: Any, static: Sequence[int]) -> None:
        self.numbers: list[Any] = []
        self.samples = 0
        self.batched = in_axes is not None
        try:
            self._read(args, in_axes, static)
        except RecursionError:
            raise ValueError("an argument holds itself, or lists in lists without end: pass a tree") from None

    def _read(self, args: tuple[Any, ...], in_axes: Any, static: Sequence[int]) -> None:
        if not self.batched and not static:
            self.shape = take_apart(args, self.numbers)
            self.kinds: Sequence[str] = (PARAMETER,) * len(self.numbers)
            return
        beyond = [i for i in static if not 0 <= i < len(args)]
        if beyond:
            raise ValueError(f"static_argnums names argument {beyond[0]}, the call has {len(args)}, counted from 0")
        axes = per_argument(in_axes, len(args), static)
        self.samples = samples_of(args, axes) if self.batched else 0
        kinds: list[str] = []
        shapes = []
        for i, (arg, axis) in enumerate(zip(args, axes, strict=True)):
            if i in static:
                shapes.append(_static(arg, i))
            elif axis is None:
                shapes.append(take_apart(arg, self.numbers))
            else:
                shapes.append(self._samples_apart(arg, f"argument {i}"))
            kinds += [PARAMETER if axis is None else SAMPLE] * (len(self.numbers) - len(kinds))
        self.shape = ("tuple", tuple(shapes))
        self.kinds = tuple(kinds)

    def _samples_apart(self, x: Any, name: str) -> Shape:
        """As take_apart, for an argument whose arrays and lists count the samples along their first axis."""
        if isinstance(x, dict):
            parts = tuple([self._samples_apart(item, f"{name}[{key!r}]") for key, item in x.items()])
            return "dict", tuple(x), parts, kind_of_dict(x), exact_keys(x)
        if isinstance(x, tuple):
            parts = tuple([self._samples_apart(item, f"{name}[{i}]") for i, item in enumerate(x)])
            return ("tuple" if type(x) is tuple else type(x)), parts
        if hasattr(x, "dtype") and x.dtype != object:
            check_array(x, name)
            columns = x.reshape(len(x), -1)
            self.numbers.extend(columns[:, i] for i in range(columns.shape[1]))
            return NUMBER if x.ndim == 1 else ("array", x.shape[1:])
        rows: list[list[float]] = []
        shapes = {take_apart(sample, rows.append([]) or rows[-1]) for sample in x}  # type: ignore[func-returns-value]
        if len(shapes) != 1:
            raise ValueError(f"the samples of {name} differ in shape: {' and '.join(map(repr, list(shapes)[:2]))}")
        self.numbers.extend(map(list, zip(*rows)))
        return shapes.pop()

    def sample(self, at: int) -> list[float]:
        """The numbers of sample number `at`."""
        if not self.batched:
            return self.numbers
        return [float(x[at]) if kind == SAMPLE else x for x, kind in zip(self.numbers, self.kinds)]


def per_argument(in_axes: Any, count: int, static: Sequence[int]) -> Sequence[int | None]:
    """The entry of `in_axes` for each argument."""
    entries = in_axes if isinstance(in_axes, (list, tuple)) else (in_axes,) * count
    if len(entries) != count:
        raise ValueError(f"in_axes has {len(entries)} entries, the call {count} arguments: give one for each")
    return [None if i in static else axis for i, axis in enumerate(entries)]


def samples_of(args: Sequence[Any], axes: Sequence[int | None]) -> int:
    """How many samples a batch has: every array or list in it that counts them has as many."""
    found = 0
    parts = [_counting(f"argument {i}", x) for i, (x, axis) in enumerate(zip(args, axes)) if axis is not None]
    for name, x in itertools.chain(*parts):
        if not hasattr(x, "__len__") or getattr(x, "shape", None) == ():
            raise TypeError(f"{name} has in_axes=0, so it must be an array or a list of samples, not {x!r}")
        if found and len(x) != found:
            raise ValueError(f"{name} has {len(x)} samples, the arguments before it {found}: give equally many")
        found = len(x)
        if not found:
            raise ValueError(f"{name} has no samples: a batch needs at least one")
    return found


def _counting(name: str, x: Any) -> Iterator[tuple[str, Any]]:
    """The arrays and lists in an argument that count the samples."""
    if isinstance(x, dict):
        for key, item in x.items():
            yield from _counting(f"{name}[{key!r}]", item)
    elif isinstance(x, tuple):
        for i, item in enumerate(x):
            yield from _counting(f"{name}[{i}]", item)
    else:
        yield name, x


def _static(arg: Any, i: int) -> Shape:
    try:
        hash(arg)
    except TypeError:
        raise TypeError(f"argument {i} is in static_argnums, so it must be hashable, not {arg!r}") from None
    return "as is", AsIs(arg)


def stacked(shape: tuple[int, ...], items: Sequence[Any]) -> Any:
    """An array result of a batch: columns, one per element, as an array with the samples along the first axis."""
    import numpy as np

    columns = np.array(items)
    return np.moveaxis(columns.reshape(*shape, columns.shape[1]), -1, 0)


def rebuilt(shape: Shape, numbers: Iterator[Any], columns: bool) -> Any:
    """The result of a call, from its numbers or, where each is a column of a batch, its columns."""
    build: Callable[..., Any] | None = stacked if columns else None
    return put_together(shape, numbers, build)
