"""Value: a number that remembers how it was made."""

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autograd import context
from autograd.archive import Ancestors, restore
from autograd.graph import backpropagate
from autograd.ieee import Ieee
from autograd.primitives import TABLE, Primitive, number, on_floats


class Value:
    """A real number and the operation that made it: a node of the computation graph.

    Arguments: `data`, a real number; `label`, a name for drawings and messages.
    Raises TypeError when `data` is not a real number.

    `data` is the number and `grad` the derivative of the last `backward()`'s root with respect to it (0.0 until one
    has reached it). `op` is the row of the table that made the node, None for a leaf; `args` are its operands in
    order, a float among them being a constant; `partials` are the local derivatives, recorded when the node was
    made, so that changing a parameter's `data` later does not falsify them.

    >>> x, w = Value(2.0), Value(-3.0)
    >>> y = (x * w).tanh()
    >>> y.backward()
    >>> round(y.data, 6), round(x.grad, 6)
    (-0.999988, -7.4e-05)
    """

    __slots__ = ("data", "grad", "op", "args", "partials", "label", "scope", "__weakref__")
    grad: float
    label: str
    scope: str

    def __init__(self, data: float, label: str = "") -> None:
        self.data = data if data.__class__ is float else number(data)
        self.op: Primitive | None = None
        self.args: tuple[Any, ...] = ()
        self.partials: tuple[float, ...] = ()
        if label:
            self.label = label
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

    def zero_grad(self) -> None:
        """Forget the gradient: it reads 0.0 again, and is drawn as unknown."""
        with contextlib.suppress(AttributeError):
            del self.grad

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass (or an assignment) has given this node a gradient."""
        try:
            Value.grad.__get__(self)  # type: ignore[misc, attr-defined]
        except AttributeError:
            return False
        return True

    def detach(self) -> "Value":
        """The same number as a new leaf: no gradient flows back through it."""
        return Value(self.data)

    def item(self) -> float:
        """The number, as PyTorch spells it."""
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

    def step_through(self, language: str = "en") -> Any:
        """The forward and the backward pass one step at a time: see `autograd.viz.step_through`."""
        from autograd.viz import step_through

        return step_through(self, language)

    def explain(self, wrt: "Value", k: int = 10) -> Any:
        """d self / d wrt as a sum over paths, the `k` largest written out: see `autograd.viz.explain`."""
        from autograd.viz import explain

        return explain(self, wrt, k)

    # Most nodes never get a gradient, a label or a scope: a slot that nobody filled costs nothing and reads as this.
    def __getattr__(self, name: str) -> Any:
        if name in _UNFILLED:
            return _UNFILLED[name]
        raise AttributeError(f"Value has no attribute {name!r}: it is neither a field nor an operation of the table")

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> "Value":
        return record(op, args)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """NumPy's functions on Values: np.exp(v) is a Value, and an array times v an array of Values."""
        import numpy as np

        inputs = tuple(x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in inputs)
        op = _BY_NUMPY_NAME.get(ufunc.__name__)
        if method == "__call__" and op is not None and not options and not any(_is_array(x) for x in inputs):
            return op(*inputs)
        return getattr(ufunc, method)(*(np.array(x, dtype=object) for x in inputs), **options)

    # ==, != and hash are identity: a Value can be in a set, and equal numbers are different nodes.
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    if TYPE_CHECKING:  # the operators are made from the table, below; a type checker is told of them here

        def __add__(self, other: Any) -> "Value": ...

        def __neg__(self) -> "Value": ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__
        __pow__ = __rpow__ = __add__
        __pos__ = __abs__ = __neg__

    def __lt__(self, other: Any) -> bool:
        return self.data < _data(other)

    def __le__(self, other: Any) -> bool:
        return self.data <= _data(other)

    def __gt__(self, other: Any) -> bool:
        return self.data > _data(other)

    def __ge__(self, other: Any) -> bool:
        return self.data >= _data(other)

    def __bool__(self) -> bool:
        return self.data != 0.0

    def __float__(self) -> float:
        return float(self.data)

    def __int__(self) -> int:
        return int(self.data)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data!r}, grad={self.grad!r}{label})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(repr(self))}</code>"

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


_UNFILLED = {"grad": 0.0, "label": "", "scope": ""}
_ONLY_FLOATS = frozenset({float})
_new = object.__new__


def record(op: Primitive, args: tuple[Any, ...]) -> Value:
    """Apply `op` and make the node: its number, its operands, its local derivatives."""
    data = [arg.data if isinstance(arg, Value) else arg for arg in args]
    if not _ONLY_FLOATS.issuperset(map(type, data)):
        args = tuple([arg if isinstance(arg, Value) else number(arg) for arg in args])
        data = [arg.data if isinstance(arg, Value) else arg for arg in args]
    z = op.forward(*data)
    node = _new(Value)
    node.data = z
    node.op = op
    node.args = args
    node.partials = partials_at(op, data, z)
    if context.open_contexts:
        context.annotate(node)
    return node


def partials_at(op: Primitive, data: Sequence[float], z: float) -> tuple[float, ...]:
    """The local derivatives; where a float division by zero stops the rule, once more by IEEE 754."""
    try:
        return op.partials(*data, z)
    except ZeroDivisionError:
        return tuple(map(float, op.partials(*map(Ieee, data), Ieee(z))))


# `record` written out for one operand and for two: the hot path of the eager engine.
def _unary(op: Primitive) -> Callable[[Value], Value]:
    forward, partials = on_floats(op.forward), on_floats(op.partials)

    def method(self: Value) -> Value:
        x = self.data
        z = forward(x)
        node = _new(Value)
        try:
            node.partials = partials(x, z)
        except ZeroDivisionError:
            node.partials = partials_at(op, [x], z)
        node.data = z
        node.op = op
        node.args = (self,)
        if context.open_contexts:
            context.annotate(node)
        return node

    return method


def _binary(op: Primitive) -> Callable[[Value, Any], Value]:
    forward, partials = on_floats(op.forward), on_floats(op.partials)

    def method(self: Value, other: Any) -> Any:  # a Value, or NotImplemented
        x = self.data
        if isinstance(other, Value):
            y = other.data
        elif other.__class__ is float:
            y = other
        elif other.__class__ is int:
            y = other = number(other)
        else:
            y = other = _constant(other)
            if y is NotImplemented:
                return NotImplemented
        z = forward(x, y)
        node = _new(Value)
        try:
            node.partials = partials(x, y, z)
        except ZeroDivisionError:
            node.partials = partials_at(op, [x, y], z)
        node.data = z
        node.op = op
        node.args = (self, other)
        if context.open_contexts:
            context.annotate(node)
        return node

    return method


def _reflected(op: Primitive) -> Callable[[Value, Any], Value]:
    """The same with the constant on the left: 2.0 - v."""
    forward, partials = on_floats(op.forward), on_floats(op.partials)

    def method(self: Value, other: Any) -> Any:
        x = other if other.__class__ is float else _constant(other)
        if x is NotImplemented:
            return NotImplemented
        y = self.data
        z = forward(x, y)
        node = _new(Value)
        try:
            node.partials = partials(x, y, z)
        except ZeroDivisionError:
            node.partials = partials_at(op, [x, y], z)
        node.data = z
        node.op = op
        node.args = (x, self)
        if context.open_contexts:
            context.annotate(node)
        return node

    return method


def _constant(other: Any) -> Any:
    """An operand as a float, or NotImplemented."""
    if not isinstance(other, (int, float)) and _answers_itself(other):
        return NotImplemented
    return number(other)


def _answers_itself(other: Any) -> bool:
    """Whether Python should ask `other` instead: an array, or another number system that records."""
    return _is_array(other) or (hasattr(other, "__autograd__") and not isinstance(other, Value))


def _is_array(x: Any) -> bool:
    return getattr(x, "shape", ()) != () and hasattr(x, "__array_ufunc__")


def _data(x: Any) -> float:
    return x.data if isinstance(x, Value) else number(x)


# What Python calls the operators; the second name takes the operands in the other order: 2.0 - v.
_OPERATORS = {
    "add": ("__add__", "__radd__"),
    "sub": ("__sub__", "__rsub__"),
    "mul": ("__mul__", "__rmul__"),
    "div": ("__truediv__", "__rtruediv__"),
    "pow": ("__pow__", "__rpow__"),
    "neg": ("__neg__",),
    "identity": ("__pos__",),
    "abs": ("__abs__",),
}
_BY_NUMPY_NAME: dict[str, Primitive] = {}


def install(op: Primitive) -> None:
    """Make a row a method of Value, under its name, NumPy's, and Python's operator."""
    _BY_NUMPY_NAME[op.numpy or op.name] = op
    if op.variadic:
        return  # sum, dot: functions of lists, not of one Value
    if len(op.operands) == 1:
        method: Any = _unary(op)
    elif len(op.operands) == 2 and op.pack is None:
        method = _binary(op)
    else:

        def method(self: Value, *args: Any, **named: Any) -> Value:
            return op(self, *args, **named)  # type: ignore[no-any-return]

    method.__name__, method.__doc__ = op.name, f"The operation {op.name} of the table, applied to this Value."
    for name in {op.name, op.numpy or op.name}:
        setattr(Value, name, method)
    direct, *reflected = _OPERATORS.get(op.name, ("",))
    if direct:
        setattr(Value, direct, method)
    for twin in reflected:
        setattr(Value, twin, _reflected(op))


for _row in TABLE.values():
    install(_row)
