"""What a module consists of: a line for itself, its own parameters and each module inside it."""

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nn.module import Module


class Line(NamedTuple):
    """One module, or the parameters in one attribute. `parameters` is 0 for a module that was counted further up."""

    depth: int
    name: str
    what: str
    parameters: int

    def __str__(self) -> str:
        size = f"  {self.parameters} parameter{'s' * (self.parameters != 1)}" if self.parameters else ""
        return "  " * self.depth + (f"{self.name}: " if self.name and self.depth else "") + self.what + size

    def cells(self) -> tuple[str, str, str]:
        """The name, further in for every module around it; the module; its parameters."""
        return "    " * self.depth + self.name, self.what, f"{self.parameters:,}"


def outline(module: "Module") -> list[Line]:
    """The lines of `module` and of what is inside it and says more than its holder.

    A module that gives an `extra_repr` speaks for what is inside it: a layer need not list its neurons. One that is
    reached again, under another name, says whose it is, and is not counted again.

    >>> import nn
    >>> shared = nn.Linear(2, 2)
    >>> print(*outline(nn.Sequential(shared, nn.Tanh(), shared)), sep="\\n")
    Sequential()  6 parameters
      linear0: Linear(2 -> 2)  6 parameters
      tanh1: Tanh()
      2: Linear(2 -> 2), the same as linear0
    """
    return _lines(module, 0, module._name, "the whole", {})


def _lines(module: "Module", depth: int, name: str, path: str, seen: "dict[Module, str]") -> list[Line]:
    """`path` is what a later line calls this module by; `seen`, what each module above is called."""
    what = f"{type(module).__name__}({module.extra_repr()})"
    if module in seen:
        return [Line(depth, name, f"{what}, the same as {seen[module]}", 0)]
    seen[module] = path
    lines = [Line(depth, name, what, len(module.parameters()))]
    if module.extra_repr():
        return lines
    for attribute, count in Counter(held.attribute for held in module._own()).items():
        lines.append(Line(depth + 1, attribute, "Value" + "s" * (count > 1), count))
    for attribute, child in module._children():
        called = attribute if child in seen else child._name or attribute
        lines += _lines(child, depth + 1, called, f"{path}.{called}" if depth else called, seen)
    return lines
