"""Modules made of modules: one after the other, or around a shortcut."""

from collections.abc import Iterator
from typing import Any

from nn.module import Module, Row


class Sequential(Module):
    """Modules one after the other, each fed with the outputs of the one before; `model[i]` is one of them,
    `model[i:j]` a Sequential of some, which share their parameters with it.

    Raises TypeError for what is not a Module.

    >>> import nn
    >>> model = Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> len(model), model[1], len(model.parameters())
    (3, Tanh(), 13)
    """

    def __init__(self, *members: Module) -> None:
        for member in members:
            if not isinstance(member, Module):
                raise TypeError(f"Sequential takes modules, such as nn.Tanh(), not {member!r}")
        # Drawn as linear0, tanh1, linear2: what each is, and where.
        self.members = [member.named(f"{type(member).__name__.lower()}{i}") for i, member in enumerate(members)]

    def batch(self, rows: list[Row]) -> list[Row]:
        for member in self.members:
            rows = member.run(rows)
        return rows

    def _members(self, kind: type) -> Iterator[tuple[str, Any]]:
        for name, x in super()._members(kind):  # "0.weight", as in PyTorch, without the list's name
            yield name.removeprefix("members."), x

    def __getitem__(self, i: int | slice) -> Module:
        return Sequential(*self.members[i]) if isinstance(i, slice) else self.members[i]

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.members)


class Residual(Module):
    """x + f(x): a shortcut around a module, on which gradients flow unchanged (He et al., 2016).

    Raises TypeError for what is not a Module, ValueError when f gives another number of outputs than it has inputs.

    >>> import nn
    >>> Residual(nn.ReLU())([-1.0, 2.0])
    [-1.0, 4.0]
    """

    def __init__(self, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"Residual takes a module, such as nn.Tanh(), not {module!r}")
        self.module = module

    def batch(self, rows: list[Row]) -> list[Row]:
        outputs = self.module.run(rows)
        for x, y in zip(rows, outputs):
            if len(x) != len(y):
                raise ValueError(f"Residual adds what comes out to what goes in, got {len(y)} outputs "
                                 f"for {len(x)} inputs")
        return [[a + b for a, b in zip(x, y)] for x, y in zip(rows, outputs)]
