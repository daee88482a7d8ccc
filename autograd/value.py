"""Value: a number that remembers how it was made."""

from typing import TYPE_CHECKING, Any, Literal

from autograd import context
from autograd.archive import Ancestors, restore
from autograd.graph import NO_OPERAND, backpropagate
from autograd.primitive import Primitive, number

UNKNOWN = float("0.0")  # the gradient before a backward pass: the number zero, told apart by being this very object
LONGEST_FIELD = 80  # characters of a label that `repr` writes
BY_NUMPY_NAME: dict[str, Primitive] = {}  # filled with the methods, in autograd.record


def _text(slot: str) -> property:
    """A field that most nodes lack: a slot that nobody filled costs nothing, and reads as "".

    Not a `__getattr__` that knows what it reads as: with one in its class Python takes four times as long to read any
    field of any node.
    """
    return property(lambda self: getattr(self, slot, ""), lambda self, text: setattr(self, slot, text))


class Value:
    """A real number and the operation that made it: a node of the computation graph.

    Arguments: `data`, a real number; `label`, a name for drawings and messages.
    Raises TypeError when `data` is not a real number.

    `data` is the number and `grad` the derivative of the last `backward()`'s root with respect to it (0.0 until one
    has reached it). `op` is the row of the table that made the node, None for a leaf; `args` are its operands in
    order, a float among them being a constant; `partials` are the local derivatives, recorded when the node was
    made, so that changing a parameter's `data` later does not falsify them. Both are kept in the fields x, y, dx, dy:
    see `autograd.graph.Node`.

    >>> x, w = Value(2.0), Value(-3.0)
    >>> y = (x * w).tanh()
    >>> y.backward()
    >>> round(y.data, 6), round(x.grad, 6)
    (-0.999988, -7.4e-05)
    """

    __slots__ = ("data", "grad", "op", "x", "y", "dx", "dy", "_label", "_scope", "__weakref__")
    grad: float
    x: Any
    y: Any
    dx: Any
    dy: float

    label: Any = _text("_label")
    scope: Any = _text("_scope")

    def __init__(self, data: float, label: str = "") -> None:
        self.data = data if data.__class__ is float else number(data)
        self.grad = UNKNOWN
        self.op: Primitive | None = None
        self.x, self.y, self.dx = (), None, ()
        if label:
            self.label = f"{label}"  # a text as it is, anything else as a text
        if context.open_contexts:
            context.annotate(self)

    def backward(self, gradient: float = 1.0) -> None:
        """Add d self / d leaf, times `gradient`, to the `grad` of every leaf below; interior nodes get theirs anew.

        >>> a = Value(3.0)
        >>> (a + a).backward()
        >>> a.grad
        2.0
        """
        order = backpropagate(self, number(gradient))
        if context.current.anomaly:
            context.check_backward(order)

    @property
    def args(self) -> tuple[Any, ...]:
        """The operands in order; a float among them is a constant."""
        x, y = self.x, self.y
        return x if y is None else (x,) if y is NO_OPERAND else (x, y)

    @args.setter
    def args(self, args: tuple[Any, ...]) -> None:
        if len(args) in (1, 2):
            self.x, self.y = (*args, NO_OPERAND)[:2]
        else:
            self.x, self.y = args, None

    @property
    def partials(self) -> tuple[float, ...]:
        """The local derivatives recorded with the node, one for each operand."""
        return self.dx if self.y is None else (self.dx,) if self.y is NO_OPERAND else (self.dx, self.dy)

    @partials.setter
    def partials(self, partials: tuple[float, ...]) -> None:
        if self.y is None:
            self.dx = partials
        elif self.y is NO_OPERAND:
            (self.dx,) = partials
        else:
            self.dx, self.dy = partials

    def zero_grad(self) -> None:
        """Forget the gradient: it reads 0.0 again, and is drawn as unknown."""
        self.grad = UNKNOWN

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass (or an assignment) has given this node a gradient."""
        return self.grad is not UNKNOWN

    def detach(self) -> "Value":
        """The same number as a new leaf: no gradient flows back through it."""
        return Value(self.data)

    def item(self) -> float:
        """The number, as PyTorch spells it."""
        return self.data

    def _number(self) -> Any:
        """The number without its graph; of a Value that is being compiled, what stands for the number."""
        return self.data

    def draw(self, **options: Any) -> Any:
        """The computation graph of this Value as a picture: see `autograd.viz.draw` for the options."""
        from autograd.viz import draw

        return draw(self, **options)

    def to_latex(self) -> str:
        """The formula of this Value in TeX: see `autograd.viz.to_latex`."""
        from autograd.viz import to_latex

        return to_latex(self)

    def to_python(self) -> str:
        """A Python program that computes this Value again: see `autograd.viz.to_python`."""
        from autograd.viz import to_python

        return to_python(self)

    def trace(self) -> Any:
        """How this Value was computed, operation by operation, as a table: see `autograd.viz.trace`."""
        from autograd.viz import trace

        return trace(self)

    def step_through(self, language: str = "en", direction: Literal["LR", "TB"] = "LR") -> Any:
        """The forward and the backward pass one step at a time: see `autograd.viz.step_through`."""
        from autograd.viz import step_through

        return step_through(self, language, direction)

    def explain(self, wrt: "Value", k: int = 10) -> Any:
        """d self / d wrt as a sum over paths, the `k` largest written out: see `autograd.viz.explain`."""
        from autograd.viz import explain

        return explain(self, wrt, k)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """NumPy's functions on Values: np.exp(v) is a Value, and an array times v an array of Values."""
        import numpy as np

        scalars = np.ndarray, np.generic  # NumPy's own, which would ask NumPy again what to do with a Value
        inputs = tuple(x.item() if isinstance(x, scalars) and x.ndim == 0 else x for x in inputs)
        op = BY_NUMPY_NAME.get(ufunc.__name__)
        if method == "__call__" and op is not None and not options and not any(is_array(x) for x in inputs):
            return op(*inputs)
        return getattr(ufunc, method)(*(np.array(x, dtype=object) for x in inputs), **options)

    # ==, != and hash are identity: a Value can be in a set, and equal numbers are different nodes.
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    if TYPE_CHECKING:  # the methods are made from the table, in autograd.record; a type checker is told of them here

        def __getattr__(self, name: str) -> Any: ...

        def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Value": ...

        def __add__(self, other: Any) -> "Value": ...

        def __neg__(self) -> "Value": ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__
        __pow__ = __rpow__ = __add__
        __pos__ = __abs__ = __neg__

    def __lt__(self, other: Any) -> bool:
        if context.open_contexts:
            _read(self, other)
        return self.data < _data(other)

    def __le__(self, other: Any) -> bool:
        if context.open_contexts:
            _read(self, other)
        return self.data <= _data(other)

    def __gt__(self, other: Any) -> bool:
        if context.open_contexts:
            _read(self, other)
        return self.data > _data(other)

    def __ge__(self, other: Any) -> bool:
        if context.open_contexts:
            _read(self, other)
        return self.data >= _data(other)

    def __bool__(self) -> bool:
        if context.open_contexts:
            _read(self)
        return self.data != 0.0

    def __float__(self) -> float:
        if context.open_contexts:
            _read(self)
        return float(self.data)

    def __int__(self) -> int:
        if context.open_contexts:
            _read(self)
        return int(self.data)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = _brief(self, "label")
        named = f", label={label}" if label not in ("''", "None") else ""
        return f"Value(data={_brief(self, 'data')}, grad={_brief(self, 'grad')}{named})"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """For notebooks: the number, the gradient, and the operation with its operands; as an image, the graph."""
        from autograd.viz import card, mimebundle, sketch

        return mimebundle(self, {"text/html": lambda: card(self), "image/svg+xml": lambda: sketch(self)})

    def __reduce__(self) -> tuple[Any, ...]:
        named = {name: getattr(self, name) for name in ("label", "scope") if getattr(self, name)}
        if self.has_grad:
            named["grad"] = self.grad
        return restore, (Ancestors(self), type(self), self.data, self.op, self.args, self.partials, named)

    # micrograd's names
    @property
    def _prev(self) -> set["Value"]:
        return {arg for arg in self.args if isinstance(arg, Value)}

    @property
    def _op(self) -> str:
        return "" if self.op is None else self.op.symbol or self.op.name


def _brief(v: Value, field: str) -> str:
    """What a field holds, for `repr`: short, and never an exception, whatever somebody has put there."""
    try:
        text = repr(getattr(v, field))
    except Exception as error:
        return f"<{type(error).__name__}>"
    return text if len(text) <= LONGEST_FIELD else f"{text[:LONGEST_FIELD]}…"


def _read(*values: Any) -> None:
    for x in values:
        if isinstance(x, Value):
            context.read(x)


def _data(x: Any) -> float:
    return x.data if isinstance(x, Value) else number(x)


def is_array(x: Any) -> bool:
    """Whether `x` is an array of some library, of at least one dimension."""
    return getattr(x, "shape", ()) != () and hasattr(x, "__array_ufunc__")
