"""A recorded graph evaluated again, in floats or in any other number system.

A number system is a class whose objects answer `__autograd__(op, args)`. Rows that are written with other rows need
nothing more; the rest a system gives as a small table, from a row's name to a function on its own bare numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

from autograd.graph import topological_order
from autograd.primitive import TABLE, Primitive
from autograd.value import Value


class Unsupported(TypeError):
    """This operation has no meaning, or no rule, in this number system."""


def replay(outputs: Any, number: Callable[[float], Any], inputs: Mapping[Value, Any] | None = None) -> Any:
    """What `outputs` would have been, had the leaves been other numbers.

    Arguments: `outputs`, a Value or a sequence of Values; `number` makes a number of the system from a float, and is
    applied to every leaf; `inputs` gives some nodes another number than that.
    Returns one number, or a list of them. No function of yours runs: a branch that Python took stays taken.
    Raises Unsupported when a row cannot be evaluated in that system.

    >>> from autograd.replay import Rational
    >>> x = Value(3.0)
    >>> y = x * x + 1.0 / x
    >>> replay(y, float, {x: 2.0})
    4.5
    >>> replay(y, Rational).value
    Fraction(28, 3)
    """
    roots = [outputs] if isinstance(outputs, Value) else list(outputs)
    numbers = evaluate(roots, number, inputs or {})
    found = [numbers[root] if isinstance(root, Value) else number(root) for root in roots]
    return found[0] if isinstance(outputs, Value) else found


def evaluate(
    roots: Sequence[Any], number: Callable[[float], Any], inputs: Mapping[Value, Any]
) -> dict[Value, Any]:
    """Every node that `roots` depend on, operands first, with its number in the other system."""
    numbers = dict(inputs)
    for node in topological_order([root for root in roots if isinstance(root, Value)], inputs=inputs):
        if node not in numbers:
            if node.op is None:
                numbers[node] = number(node.data)
            else:
                args = tuple(arg if arg.__class__ is float else numbers[arg] for arg in node.args)
                numbers[node] = node.op.apply(args)
    return numbers


class Arithmetic:
    """Python's operators on numbers of another system: each is the row of the table."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return TABLE["add"].apply((self, other))

    def __radd__(self, other: Any) -> Any:
        return TABLE["add"].apply((other, self))

    def __sub__(self, other: Any) -> Any:
        return TABLE["sub"].apply((self, other))

    def __rsub__(self, other: Any) -> Any:
        return TABLE["sub"].apply((other, self))

    def __mul__(self, other: Any) -> Any:
        return TABLE["mul"].apply((self, other))

    def __rmul__(self, other: Any) -> Any:
        return TABLE["mul"].apply((other, self))

    def __truediv__(self, other: Any) -> Any:
        return TABLE["div"].apply((self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return TABLE["div"].apply((other, self))

    def __pow__(self, other: Any) -> Any:
        return TABLE["pow"].apply((self, other))

    def __rpow__(self, other: Any) -> Any:
        return TABLE["pow"].apply((other, self))

    def __neg__(self) -> Any:
        return TABLE["neg"].apply((self,))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return TABLE["abs"].apply((self,))


class Number(Arithmetic):
    """A number of a system that has `rules` on bare numbers, here in its wrapping: `value` is the bare one."""

    __slots__ = ("value",)
    system: ClassVar[str]
    rules: ClassVar[Mapping[str, Callable[..., Any]]]

    def __init__(self, value: Any) -> None:
        self.value = self.lift(value)

    @classmethod
    def lift(cls, x: Any) -> Any:
        """A float as a bare number, exactly."""
        raise NotImplementedError

    def __autograd__(self, op: Primitive, args: tuple[Any, ...]) -> Self:
        kind = type(self)
        operands = [arg if isinstance(arg, kind) else kind(arg) for arg in args]
        if op.name in self.rules:
            return kind(self.rules[op.name](*[x.value for x in operands]))
        try:
            result = op.forward(*operands)  # written with other rows, or with comparisons only
        except (Unsupported, ArithmeticError):
            raise
        except Exception as error:  # math.tanh of this number, or whatever else a user's function knows of floats only
            raise Unsupported(f"{op.name} cannot be evaluated in {self.system}") from error
        return result if isinstance(result, kind) else kind(result)

    def compare(self, other: Any) -> tuple[Any, Any]:
        """What stands for the two numbers in a comparison."""
        return self.value, other.value if isinstance(other, Number) else self.lift(other)

    def __lt__(self, other: Any) -> bool:
        x, y = self.compare(other)
        return bool(x < y)

    def __le__(self, other: Any) -> bool:
        x, y = self.compare(other)
        return bool(x <= y)

    def __gt__(self, other: Any) -> bool:
        x, y = self.compare(other)
        return bool(x > y)

    def __ge__(self, other: Any) -> bool:
        x, y = self.compare(other)
        return bool(x >= y)

    def __eq__(self, other: object) -> bool:
        x, y = self.compare(other)
        return bool(x == y)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return self != 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"
