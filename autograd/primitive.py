"""Primitive: one row of the table of operations, a forward function and its partial derivatives in plain arithmetic.

The columns of a row

  name       what the function, the method of `Value`, the drawing and a pickle call it.
  forward    z = f(x, y, ...) on floats, by IEEE 754. Where it is itself written with rows of this table
             (`composite=True`), it gives the same formula as a graph when fed Values.
  partials   (x, y, ..., z) -> (dz/dx, dz/dy, ...). Only arithmetic and rows of this table: no `math.`, no `if`, so
             that the same text gives a number from floats, more graph from Values, and a formula from names. The
             result z is an argument too, since many derivatives are shortest in it: exp' = z, tanh' = 1 - z*z.
  symbol     how Python writes it between or before its operands: `+`. Functions have none.
  tex        the same in TeX: {0}, {1} stand for the operands, {args} for all of them; or a function of their texts.
  domain     an open interval per operand inside which the row is defined, and smooth but for `kink` and `pole`.
  kink       zero where the function is defined but not differentiable; a gradient there is a choice, written down
             in `partials`: relu'(0) = 0, abs'(0) = 0, maximum shares a tie equally (PyTorch's choices).
  pole       zero where the function itself runs to infinity.
  numpy      NumPy's name where it differs, so that np.arctan(v) finds the row.
  pack       turns the arguments of a call into the operands: defaults, keywords, lists of numbers.
"""

import numbers
import operator
from collections.abc import Callable
from math import inf
from typing import Any

TABLE: "dict[str, Primitive]" = {}  # filled by autograd.primitives, and by `register`
Interval = tuple[float, float]
REAL = (-inf, inf)


class Primitive:
    """One row of the table. Call it with numbers and it computes; with Values and it is recorded.

    >>> from autograd import mul
    >>> mul(3, 4)
    12.0
    >>> mul.partials(3.0, 4.0, 12.0)
    (4.0, 3.0)
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        partials: Callable[..., tuple[Any, ...]],
        *,
        symbol: str | None = None,
        tex: str | Callable[..., str] | None = None,
        domain: tuple[Interval, ...] | None = None,
        kink: Callable[..., Any] | None = None,
        pole: Callable[..., Any] | None = None,
        numpy: str | None = None,
        pack: Callable[..., tuple[Any, ...]] | None = None,
        composite: bool = False,
    ) -> None:
        if name in TABLE:
            raise ValueError(f"there is already an operation called {name!r}: choose another name")
        code = partials.__code__
        self.name, self.forward, self.partials = name, forward, partials
        self.variadic = bool(code.co_flags & 0x04)  # the rule is written lambda *operands
        self.least = code.co_argcount if self.variadic else code.co_argcount - 1  # operands that it must have
        self.operands = () if self.variadic else code.co_varnames[: code.co_argcount - 1]
        self.symbol, self.numpy, self.pack, self.composite = symbol, numpy, pack, composite
        self.tex = tex or r"\operatorname{{" + name.replace("_", r"\_") + r"}}\left({args}\right)"
        self.domain = domain or (REAL,) * max(1, len(self.operands))
        self.kink, self.pole = kink, pole
        TABLE[name] = self

    def __call__(self, *args: Any, **named: Any) -> Any:
        if self.pack is not None:
            args = self.pack(*args, **named)
        elif named:
            raise TypeError(f"{self.name} takes no named operands, got {', '.join(named)}")
        for arg in args:
            if arg.__class__ is not float:
                return self.apply(args)
        return self.forward(*args)

    def apply(self, args: tuple[Any, ...]) -> Any:
        """Apply to operands of any kind: one that has `__autograd__(op, args)` says what to do, numbers compute."""
        if not self.variadic and len(args) != len(self.operands):
            raise TypeError(f"{self.name} takes {len(self.operands)} operands, got {len(args)}")
        kind, record = object, None
        for arg in args:  # the most special kind decides: a tracing Value over a Value
            if arg.__class__ is not kind and hasattr(arg, "__autograd__") and issubclass(arg.__class__, kind):
                kind, record = arg.__class__, arg.__autograd__
        if record is None:
            return self.forward(*[number(arg) for arg in args])
        return record(self, args)

    def to_tex(self, *operands: str) -> str:
        """The row in TeX, with these texts for its operands.

        >>> from autograd import exp
        >>> exp.to_tex("x")
        'e^{x}'
        """
        return self.tex(*operands) if callable(self.tex) else self.tex.format(*operands, args=", ".join(operands))

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], "Primitive"], tuple[str]]:
        return find, (self.name,)


def find(name: str) -> Primitive:
    """The row called `name`; a pickled graph asks for its operations by name."""
    if name not in TABLE:
        raise LookupError(f"no operation is called {name!r}: register it before loading a graph that uses it")
    return TABLE[name]


def number(x: Any) -> float:
    """`x` as a float, or a TypeError that says what to do instead.

    >>> number(True), number(10**400)
    (1.0, inf)
    """
    if isinstance(x, (float, int, numbers.Real)):  # in this order: the last question costs ten times the others
        try:
            return float(x)
        except OverflowError:  # an int beyond the floats rounds to infinity, as IEEE 754 rounds
            return inf if operator.gt(x, 0) else -inf
    if is_module(x):
        advice = "call it, or differentiate by its parameters: autograd.grad(loss, model.parameters())"
    elif isinstance(x, str) or x is None:
        advice = "convert it with float(...) first" if isinstance(x, str) else "is a return statement missing?"
    elif isinstance(x, complex):
        advice = "use its .real and .imag"
    elif hasattr(x, "__autograd__"):
        advice = "it is a node already; .detach() gives its number as a new leaf"
    elif hasattr(x, "__len__") or hasattr(x, "shape"):
        advice = "apply the operation to each of its elements"
    else:
        advice = "pass a Value, float or int"
    raise TypeError(f"Value arithmetic needs Values or real numbers, not {shown(x)}: {advice}")


def shown(x: Any) -> str:
    """`x` in a message: its type and, in one short line, the beginning of its repr.

    >>> shown([1.0])
    'list ([1.0])'
    """
    whole = repr(x)
    short = whole if len(whole) <= 40 and "\n" not in whole else whole.partition("\n")[0][:37] + "..."
    return f"{type(x).__name__} ({short})"


def is_module(x: Any) -> bool:
    """Whether `x` is a Module: an object whose class has `parameters()`."""
    return callable(getattr(type(x), "parameters", None))
