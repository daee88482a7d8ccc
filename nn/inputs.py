"""What people pass as data, as plain lists of floats that fit the model, or one clear error before any work."""

import math
import numbers
import warnings
from collections.abc import Callable
from typing import Any

from autograd import no_grad
from nn import checks
from nn import functional as F
from nn.module import Module

__all__ = ["Loss", "prepare", "default_loss", "as_rows", "as_targets", "as_classes", "weigh", "weights"]

Loss = Callable[[Any, Any], Any]


def prepare(model: Module, X: Any, y: Any, loss: Loss | None, name: str = "") -> tuple[Any, Any, Loss]:
    """Data as lists, checked against each other, the model and the loss; and the loss."""
    rows = as_rows(X, f"{name}X")
    targets = as_targets(y, len(rows), f"{name}y")
    mode = model.training
    outputs = model.eval()((rows * 2)[:2])  # two rows: BatchNorm1d may have no statistics but the batch's
    model.train(mode)
    width = len(outputs[0]) if isinstance(outputs[0], list | tuple) else 1
    loss = loss or default_loss(targets, width)
    if getattr(loss, "keywords", {}).get("reduction", "mean") != "mean":
        raise ValueError("fit weights its parts by their size, so it needs a loss with reduction='mean'")
    if of_classes(loss):
        targets = as_classes(targets, width, f"{name}y", ignored(loss))
    have = len(targets[0]) if isinstance(targets[0], list) else 1
    if have != width and loss in _ELEMENTWISE:
        advice = "they have to match for this loss; classes would be whole numbers from 0, with loss=F.cross_entropy"
        raise ValueError(f"the model gives {width} outputs a row, and {name}y has {have}: {advice}")
    if getattr(loss, "func", loss) not in _OF_ANY_NUMBER:
        _ask_for_every(targets, loss, outputs, f"{name}y")
    counted = [target for target, weight in zip(targets, weights(loss, targets)) if weight]
    if not counted:
        raise ValueError(f"every target in {name}y is ignored or of weight 0: there is nothing to learn from, or to "
                         "measure by")
    checks.loss_value(loss(outputs, (counted * 2)[:2]))
    return rows, targets, loss


def _ask_for_every(targets: list[Any], loss: Loss, outputs: list[Any], name: str) -> None:
    """Raise what the loss raises for any of the targets, and say for which: each distinct one is tried."""
    places: dict[str, int] = {}
    for i, target in enumerate(targets):
        places.setdefault(repr(target), i)
    distinct = list(places.values())

    def ask(some: list[int]) -> None:
        loss((outputs * len(some))[: len(some)], [targets[i] for i in some])

    with no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning for the first two will do
        for part in (distinct[i : i + 256] for i in range(0, len(distinct), 256)):
            try:
                ask(part)
            except (ValueError, LookupError):
                for i in part:
                    try:
                        ask([i, i])
                    except (ValueError, LookupError) as error:
                        raise ValueError(f"{name}[{i}] is {targets[i]}: {error}") from error


_OF_ANY_NUMBER: tuple[Any, ...] = (F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss)
_ELEMENTWISE = (*_OF_ANY_NUMBER, F.hinge_loss, F.binary_cross_entropy, F.binary_cross_entropy_with_logits)


def default_loss(targets: list[Any], outputs: int) -> Loss:
    """What fits the targets: whole numbers are classes (cross-entropy from logits), all else is a regression (MSE).

    Whole numbers are classes whether they come as 1 or as 1.0; for a single output, 0 and 1 only.

    >>> default_loss([0, 2, 1], outputs=3).__name__, default_loss([0.5, 1.0], outputs=1).__name__
    ('cross_entropy', 'mse_loss')
    """
    if any(isinstance(target, list) or target % 1 for target in targets):
        return F.mse_loss
    if outputs > 1:
        return F.cross_entropy
    return F.binary_cross_entropy_with_logits if set(targets) <= {0, 1} else F.mse_loss


def of_classes(loss: Loss) -> bool:
    """Whether its targets are classes, each with a weight."""
    return getattr(loss, "func", loss) in (F.cross_entropy, F.nll_loss)


def ignored(loss: Loss) -> int:
    """The class that counts for nothing."""
    return int(getattr(loss, "keywords", {}).get("ignore_index", -100))


def weights(loss: Loss, targets: list[Any]) -> list[float]:
    """How much each sample counts in a mean loss: 1, or the weight of its class, or 0 where that is ignored.

    >>> import functools
    >>> weights(functools.partial(F.cross_entropy, weight=[1.0, 3.0], ignore_index=-1), [0, 1, -1])
    [1.0, 3.0, 0.0]
    """
    if not of_classes(loss):
        return [1.0] * len(targets)
    by_class, nothing = getattr(loss, "keywords", {}).get("weight"), ignored(loss)
    return [0.0 if k == nothing else 1.0 if by_class is None else float(by_class[k]) for k in targets]


def weigh(loss: Loss, targets: list[Any]) -> float:
    """How much the mean loss of these samples counts beside that of others.

    >>> weigh(F.mse_loss, [0.5, 1.0]), weigh(F.cross_entropy, [0, 1, -100])
    (2.0, 2.0)
    """
    return math.fsum(weights(loss, targets))


def as_rows(X: Any, name: str = "X") -> list[list[float]]:
    """`X` as n rows of d floats: from lists, NumPy arrays, and anything else with `__array__`.

    Raises ValueError for no rows, ragged rows and numbers that are not finite, TypeError for what is not a number.

    >>> as_rows([(1, 2), (3, 4)])
    [[1.0, 2.0], [3.0, 4.0]]
    >>> as_rows([[1, 2], [3]])
    Traceback (most recent call last):
    ValueError: X is ragged: row 1 has 1 number, row 0 has 2
    """
    rows = _listed(X, name)
    if not rows:
        raise ValueError(f"{name} is empty: pass at least one row")
    table = []
    for i, row in enumerate(rows):
        if not (hasattr(row, "__len__") or hasattr(row, "__array__")) or isinstance(row, str):
            raise ValueError(f"{name} is a list of rows, one per sample, but entry {i} is {row!r}: "
                             f"write [[x] for x in {name}] if each sample is a single number")
        table.append([x if type(x) is float and math.isfinite(x) else _number(x, f"{name}, row {i}, column {j}")
                      for j, x in enumerate(_listed(row, name))])
        if len(table[i]) != len(table[0]):
            count = len(table[i])
            raise ValueError(f"{name} is ragged: row {i} has {count} number{'s' * (count != 1)}, "
                             f"row 0 has {len(table[0])}")
    if not table[0]:
        raise ValueError(f"the rows of {name} are empty: pass at least one number per sample")
    return table


def as_targets(y: Any, rows: int, name: str = "y") -> list[Any]:
    """`y` as one target per row: a number (whole ones stay int), or a list of two floats or more.

    Raises ValueError for another number of targets, ragged ones and numbers that are not finite.

    >>> as_targets([0, 1.5], rows=2)
    [0, 1.5]
    >>> as_targets([[0], [1]], rows=2)
    [0, 1]
    """
    targets = _listed(y, name)
    if len(targets) != rows:
        raise ValueError(f"{name} has {len(targets)} targets for {rows} rows: pass one per row")
    if any(isinstance(target, list | tuple) for target in targets):
        table = as_rows(targets, name)
        if len(table[0]) > 1:
            return table
        targets = [target[0] for target in targets]  # a column of numbers, as NumPy has it
    found = [_number(target, f"{name}[{i}]") for i, target in enumerate(targets)]
    return [int(t) if isinstance(t, numbers.Integral) else x for t, x in zip(targets, found)]


def as_classes(targets: list[Any], outputs: int, name: str = "y", ignored: int = -100) -> list[int]:
    """`targets` as classes 0 to outputs-1, or the one that is ignored.

    >>> as_classes([0, 3], outputs=3)
    Traceback (most recent call last):
    ValueError: y[1] is class 3, but the model has 3 outputs: classes go from 0 to 2
    """
    for i, target in enumerate(targets):
        if isinstance(target, list) or target != int(target):
            raise ValueError(f"{name}[{i}] is {target}, not a class: this loss takes whole numbers from 0, not shares")
        if not 0 <= target < outputs and target != ignored:
            raise ValueError(f"{name}[{i}] is class {int(target)}, but the model has {outputs} "
                             f"output{'s' * (outputs != 1)}: classes go from 0 to {outputs - 1}")
    return [int(target) for target in targets]


def _listed(data: Any, name: str) -> list[Any]:
    """`data` as a list; an array, or a table that can become one, says for itself what is in it."""
    data = _plain(data)
    if isinstance(data, str | bytes | dict) or not hasattr(data, "__iter__"):
        raise TypeError(f"{name} is a list or an array of numbers, got {type(data).__name__}")
    return list(data)


def _plain(data: Any) -> Any:
    """What an array holds; asked first for its list, in which a masked array has None where a number is missing."""
    if not isinstance(data, list | tuple | numbers.Real) and not hasattr(data, "tolist") and hasattr(data, "__array__"):
        data = data.__array__()
    return data.tolist() if hasattr(data, "tolist") else data


def _number(x: Any, where: str) -> float:
    x = _plain(x)
    if x is None:
        raise TypeError(f"{where} is None: not a number, it is missing: leave the sample out or fill the gap in")
    if not isinstance(x, numbers.Real):
        raise TypeError(f"{where} is {x!r}: not a number")
    try:
        found = float(x)
    except OverflowError:
        raise ValueError(f"{where} is a whole number beyond 1.8e308, the largest float: scale the data") from None
    if not math.isfinite(found):
        raise ValueError(f"{where} is {found}: data must be finite, leave the sample out or fill the gap in")
    return found
