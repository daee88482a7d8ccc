"""Module: something with parameters that turns rows of numbers into rows of numbers."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

from autograd import Value, scope
from nn.outline import Line, outline

MOST_LINES = 200  # of the table in a notebook, which scrolls

Row = list[Any]  # of Values or floats


class Undecayed(Value):
    """A parameter that no weight decay shrinks, whatever the optimiser is told: PReLU's slope."""

    __slots__ = ()


class Held(NamedTuple):
    """A leaf Value inside a module: a parameter or a buffer."""

    name: str  # "layers.0.neurons.1.w.2"
    owner: "Module"
    attribute: str  # "w"
    value: Value


class Module:
    """What every network, and every part of one, can do.

    To make your own, put Values and Modules (or lists of them) into attributes and write `forward(row)`, which takes
    a list of numbers and returns a list of numbers, or one number. Every leaf Value found in an attribute is a
    parameter, unless the attribute is listed in `buffers` or its name starts with an underscore.

    A module is called with one row, or with a batch, which is a list of rows, and answers in kind; a row of a single
    number comes back as that number, as from micrograd's layers.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x[0] + self.offset
    >>> line = Line()
    >>> line([3.0]).data, [y.data for y in line([[3.0], [4.0]])]
    (7.0, [7.0, 9.0])
    >>> line.state_dict()
    {'slope': 2.0, 'offset': 1.0}
    """

    buffers: ClassVar[tuple[str, ...]] = ()  # attributes that are saved, but not trained
    undecayed: ClassVar[tuple[str, ...]] = ("b", "bias")  # attributes that `weights()` leaves out
    training = True
    _name = ""  # given by the module that holds this one
    _arguments: tuple[tuple[Any, ...], dict[str, Any]]  # what it was built from, so that a file can describe it

    def __new__(cls, *args: Any, **named: Any) -> Self:
        module = super().__new__(cls)
        object.__setattr__(module, "_arguments", (args, named))
        return module

    def forward(self, row: Row) -> Any:
        """The outputs for one row. Every module defines this, or `batch` where the rows depend on each other."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, row) that returns its outputs")

    def batch(self, rows: list[Row]) -> list[Row]:
        """The outputs for several rows, each a list."""
        return [as_row(self.forward(row)) for row in rows]

    def __call__(self, x: Any) -> Any:
        one = not is_batch(x)
        outputs = [row[0] if len(row) == 1 else row for row in self.run([as_row(x)] if one else list(map(as_row, x)))]
        return outputs[0] if one else outputs

    def run(self, rows: list[Row]) -> list[Row]:
        """`batch`, with its nodes drawn under this module's name: what a module calls on those inside it."""
        if not self._name:
            return self.batch(rows)
        with scope(self._name):
            return self.batch(rows)

    # ------------------------------------------------------------------------------------------- what is inside

    def __setattr__(self, name: str, x: Any) -> None:
        """Name the modules that come in: `self.layers = [...]` makes them layer0, layer1, ..."""
        if isinstance(x, Module):
            inside = {name: x}
        elif isinstance(x, (list, tuple)):
            inside = {f"{name.removesuffix('s')}{i}": item for i, item in enumerate(x) if isinstance(item, Module)}
        else:
            inside = x if isinstance(x, dict) else {}
        if not name.startswith("_"):
            for inner, module in inside.items():
                if isinstance(module, Module):
                    module.named(str(inner))
        object.__setattr__(self, name, x)

    def named(self, name: str) -> Self:
        """This module, its nodes and parameters drawn under `name` from now on unless it has a name already."""
        if not self._name:
            object.__setattr__(self, "_name", name)
            for p in self.parameters():
                p.scope = f"{name}/{p.scope}" if p.scope else name
        return self

    def _members(self, kind: type) -> Iterator[tuple[str, Any]]:
        """(name, item) for every item of this kind in a public attribute, lists and dictionaries searched."""
        for name, x in vars(self).items():
            if not name.startswith("_"):
                yield from _spread(name, x, kind)

    def children(self) -> Iterator["Module"]:
        """The modules directly inside this one."""
        return (x for _, x in self._children())

    def _children(self) -> Iterator[tuple[str, "Module"]]:
        """(dotted name, module), a shared one under each of its names."""
        return self._members(Module)

    def own_parameters(self) -> list[Value]:
        """The parameters that are this module's and not of one inside it."""
        return [h.value for h in self._own()]

    def _own(self) -> Iterator[Held]:
        first = itertools.takewhile(lambda h: h.owner is self, self._held())
        return (h for h in first if h.attribute not in self.buffers)

    def named_modules(self, prefix: str = "", seen: set["Module"] | None = None) -> Iterator[tuple[str, "Module"]]:
        """(dotted name, module) for this module, called `prefix`, and all inside it, but for those already `seen`."""
        seen = set() if seen is None else seen
        if self in seen:
            return
        seen.add(self)
        yield prefix, self
        for name, module in self._children():
            yield from module.named_modules(_joined(prefix, name), seen)

    def modules(self) -> Iterator["Module"]:
        """This module and all inside it."""
        return (module for _, module in self.named_modules())

    def _held(self) -> Iterator[Held]:
        """Every leaf Value inside, once."""
        seen = set()
        for prefix, module in self.named_modules():
            for name, x in module._members(Value):
                if x.op is None and x not in seen:
                    seen.add(x)
                    yield Held(_joined(prefix, name), module, name.partition(".")[0], x)

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(dotted name, Value) for every parameter: `layers.0.neurons.1.w.2`. A shared one comes once."""
        return ((h.name, h.value) for h in self._held() if h.attribute not in h.owner.buffers)

    def parameters(self) -> list[Value]:
        """Every Value to be trained, in the order of `named_parameters`."""
        return [p for _, p in self.named_parameters()]

    def weights(self) -> list[Value]:
        """The parameters that regularisation shrinks: no biases, no slopes, no scales of a batch normalisation."""
        return [h.value for h in self._held()
                if h.attribute not in h.owner.buffers + h.owner.undecayed and not isinstance(h.value, Undecayed)]

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter. `backward()` adds to gradients, so each step starts with this."""
        for p in self.parameters():
            p.zero_grad()

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all inside it to training (Dropout drops, BatchNorm1d uses the batch's statistics)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation: the same as `train(False)`."""
        return self.train(False)

    # -------------------------------------------------------------------------------------------- saving, loading

    def state_dict(self) -> dict[str, float]:
        """The number in every parameter and buffer, by dotted name."""
        return {h.name: h.value.data for h in self._held()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Put the numbers of a `state_dict` back; nothing changes unless all of them fit.

        Raises ValueError when a name is missing or unknown, TypeError when something is not a number.
        """
        held = {h.name: h.value for h in self._held()}
        missing, unknown = [name for name in held if name not in state], [name for name in state if name not in held]
        if missing or unknown:
            raise ValueError(f"this state belongs to another {type(self).__name__}: {_listed('missing', missing)}, "
                             f"{_listed('unknown', unknown)}; build the module with the sizes it was saved with")
        numbers = {}
        for name in held:
            try:
                numbers[name] = Value(state[name]).data
            except TypeError as error:
                raise TypeError(f"state_dict entry {name!r}: {error}") from None
        for name, value in held.items():
            value.data = numbers[name]

    # ------------------------------------------------------------------------------------------------- appearance

    def extra_repr(self) -> str:
        """What stands in the parentheses of the repr: sizes and options."""
        return ""

    def __repr__(self) -> str:
        """One line a module: `layer0: Layer(3 -> 4, relu)  16 parameters`.

        >>> import nn
        >>> nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        Sequential()  33 parameters
          linear0: Linear(2 -> 8)  24 parameters
          tanh1: Tanh()
          linear2: Linear(8 -> 1)  9 parameters
        """
        return "\n".join(map(str, outline(self)))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """For notebooks: a table of the modules inside and their numbers of parameters."""
        from autograd import viz

        def table(most: int) -> viz.Table:
            lines = viz.both_ends(outline(self), most, Line.cells)
            return viz.Table(("name", "module", "parameters"), lines, "llr")

        image = lambda: table(viz.PICTURED).svg(str(outline(self)[0]))
        return viz.mimebundle(self, {"text/html": lambda: table(MOST_LINES).html(), "image/svg+xml": image})


def is_batch(x: Any) -> bool:
    """Whether `x` is a list of rows, not one row.

    >>> is_batch([1.0, 2.0]), is_batch([[1.0, 2.0]])
    (False, True)
    """
    if hasattr(x, "shape"):
        return len(x.shape) > 1
    return isinstance(x, (list, tuple)) and len(x) > 0 and (isinstance(x[0], (list, tuple)) or bool(shape(x[0])))


def shape(x: Any) -> tuple[int, ...]:
    """The shape of an array, and () for what has none."""
    return getattr(x, "shape", ())


def as_row(x: Any) -> Row:
    """`x` as a list of numbers: a number becomes a row of one, an array a list.

    >>> as_row(2.0), as_row((1.0, 2.0))
    ([2.0], [1.0, 2.0])
    """
    if isinstance(x, list):
        return x
    if shape(x):
        return list(x.tolist())
    return list(x) if isinstance(x, tuple) else [x]


def _spread(name: str, x: Any, kind: type) -> Iterator[tuple[str, Any]]:
    if isinstance(x, kind):
        yield name, x
    elif isinstance(x, (list, tuple, dict)):
        for key, item in x.items() if isinstance(x, dict) else enumerate(x):
            if isinstance(item, kind):
                yield f"{name}.{key}", item
            elif isinstance(item, (list, tuple, dict)):
                yield from _spread(f"{name}.{key}", item, kind)


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _listed(word: str, names: list[str]) -> str:
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} {word}" + (f" ({shown})" if names else "")
