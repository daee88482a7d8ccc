"""What people pass to `fit` besides data: one clear error before any work where it cannot train the model."""

import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograd import Value
from nn import optim
from nn.checkpoint import read_checkpoint
from nn.module import Module
from nn.normalization import BatchNorm1d
from nn.optim.optimizer import named


def counts(**counts: Any) -> None:
    """Raise ValueError unless all are whole numbers of at least 1."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or count < 1:
            raise ValueError(f"{name} is a whole number of at least 1, got {count!r}")


def limits(**limits: Any) -> None:
    """Raise ValueError unless all are None, or numbers above 0."""
    for name, limit in limits.items():
        if limit is not None and not (isinstance(limit, numbers.Real) and float(limit) > 0.0):
            raise ValueError(f"{name} is a number above 0, got {limit!r}")


def module(model: Any) -> None:
    """Raise TypeError unless it is a Module."""
    if not isinstance(model, Module):
        raise TypeError(f"fit trains a Module, such as nn.MLP(2, [8, 1]), not {model!r}")


def loss_function(loss: Any) -> None:
    """Raise TypeError unless it can be called."""
    if loss is not None and not callable(loss):
        raise TypeError("loss= takes a function of outputs and targets, such as nn.functional.cross_entropy, not "
                        f"{loss!r}")


def loss_value(loss: Any) -> Any:
    """The loss of a batch, or TypeError where nothing can go backward from it."""
    if not isinstance(loss, Value):
        raise TypeError(f"a loss is one number made of the model's outputs, a Value, and this one returned {loss!r}")
    return loss


def pair(validation: Any) -> None:
    """Raise TypeError unless it is a pair."""
    if validation is not None and not (isinstance(validation, (tuple, list)) and len(validation) == 2):
        raise TypeError("validation= takes a pair of inputs and targets, (X, y)")


def optimizer_of(model: Module, optimizer: Any) -> None:
    """Raise before any work if `optimizer` cannot train `model` inside fit."""
    if isinstance(optimizer, type) or not hasattr(optimizer, "param_groups"):
        shown = optimizer.__name__ if isinstance(optimizer, type) else repr(optimizer)
        raise TypeError(f"optimizer= takes an optimizer over the model's parameters, such as "
                        f"nn.optim.Adam(model.parameters(), lr=0.01), not {shown}")
    if isinstance(optimizer, optim.Newton):
        raise ValueError("Newton asks for the loss again and again within a step, which fit does not give it: call "
                         "optimizer.step(closure) in a loop of your own")
    own = set(model.parameters())
    if not any(p in own for group in optimizer.param_groups for p in group["params"]):
        raise ValueError("the optimizer holds none of the model's parameters: make it with model.parameters()")


def kept(model: Module, optimizer: Any) -> None:
    """Raise ValueError where a checkpoint would not keep a parameter that is trained."""
    own = set(model.parameters())
    for p in (p for group in optimizer.param_groups for p in group["params"]):
        if p not in own:
            raise ValueError(f"the optimizer has a parameter that is not the model's ({named(p)}), and a "
                             "checkpoint keeps the model's only: make it an attribute of the model")


def batches_of(model: Module, count: int, size: int) -> None:
    """Raise before any work if batch normalisation would meet a batch of one row in training."""
    if any(isinstance(module, BatchNorm1d) for module in model.modules()) and (size == 1 or count % size == 1):
        raise ValueError(f"{count} rows in batches of {size} leave a batch of one row, and BatchNorm1d has no variance"
                         " of one: choose another batch_size")


def schedules_of(optimizer: Any, schedule: Any) -> list[Any]:
    """No schedule, one or several of this optimiser as a list. Raises TypeError or ValueError for anything else."""
    found = list(schedule) if isinstance(schedule, list | tuple) else [] if schedule is None else [schedule]
    for one in found:
        if not (hasattr(one, "step") and hasattr(one, "optimizer")):
            raise TypeError(f"schedule= takes one of nn.optim.lr_scheduler, or a list of them, not {one!r}")
        if one.optimizer is not optimizer:
            raise ValueError("the schedule belongs to another optimizer than the one that trains: "
                             "make it with the optimizer that is given to fit")
    return found


def checkpoint_file(checkpoint: str | Path | None, resume: bool) -> None:
    """Raise unless there is a folder for the file, a file to resume from is named, and none but ours is replaced."""
    if resume and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=, the file to continue from")
    if checkpoint is not None and not Path(checkpoint).parent.is_dir():
        raise FileNotFoundError(f"checkpoint={str(checkpoint)!r}: there is no folder {str(Path(checkpoint).parent)!r}")
    if checkpoint is not None and Path(checkpoint).is_dir():
        raise IsADirectoryError(f"checkpoint={str(checkpoint)!r} is a folder: name a file in it")
    if checkpoint is not None and Path(checkpoint).exists() and Path(checkpoint).stat().st_size:
        read_checkpoint(checkpoint)  # an empty file may have been made for us


def callback_list(callbacks: Any) -> list[Any]:
    """One callback or several as a list. Raises TypeError for what cannot be called."""
    listed = [callbacks] if callable(callbacks) else callbacks
    if not hasattr(listed, "__iter__") or isinstance(listed, str | Mapping):
        raise TypeError(f"callbacks= takes functions of the Training, not {callbacks!r}")
    listed = list(listed)
    for callback in listed:
        if not callable(callback) or isinstance(callback, type):
            raise TypeError(f"callbacks= takes functions of the Training, such as nn.EarlyStopping(), not {callback!r}")
    return listed
