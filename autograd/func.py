"""Derivatives as functions: grad(f) is again a function of numbers, and can be differentiated again.

Every function here that takes `f` calls it with fresh Values in place of its differentiated argument, which may be a
number or a nested list, tuple or dictionary of numbers, and gives derivatives of the same shape. Called with Values,
they give Values: so `grad(grad(f))` is the second derivative.
"""

import contextlib
import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import context
from autograd.graph import adjoints, tangents, topological_order
from autograd.partials import as_graph, as_numbers
from autograd.primitive import is_module, number, shown
from autograd.primitives import identity
from autograd.tree import flatten, flatten_like
from autograd.value import Value

Argnums = int | tuple[int, ...]

__all__ = ["grad", "value_and_grad", "jacobian", "hessian", "Sparse", "hvp", "vjp", "jvp"]


def gradients(
    outputs: Sequence[Any], inputs: Sequence[Value], seeds: Sequence[Any], create_graph: bool, unreached: Any = 0.0
) -> list[Any]:
    """sum_k seeds[k] * d outputs[k] / d inputs[i], for each i: numbers, or Values with `create_graph`.

    An input that no path leads to has `unreached`.
    """
    at_outputs: dict[Any, Any] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        if isinstance(output, Value):  # a number does not depend on anything
            at_outputs[output] = at_outputs[output] + seed if output in at_outputs else seed
    order = topological_order(at_outputs, inputs=set(inputs))
    if create_graph:
        with _recording():
            found = adjoints(order, at_outputs, as_graph, _times)
    else:
        found = adjoints(order, at_outputs, as_numbers, operator.mul)
    if context.current.anomaly:
        for node in reversed(order):
            context.check_gradient(node, found.get(node, 0.0))
    slopes = [found.get(x, unreached) for x in inputs]
    return slopes if create_graph else [x._number() if isinstance(x, Value) else x for x in slopes]


def _recording() -> contextlib.AbstractContextManager[None]:
    """A derivative needs its graph, also inside `no_grad`."""
    return contextlib.nullcontext() if context.current.grad_enabled else context.enable_grad()


def _times(upstream: Any, partial: Any) -> Any:
    """upstream * partial, without a node for a factor of one."""
    if upstream.__class__ is float and upstream == 1.0:
        return partial
    if partial.__class__ is float and partial == 1.0:
        return upstream
    return upstream * partial


def derivative(outputs: Any, inputs: Any, grad_outputs: Any = None, create_graph: bool = False) -> tuple[Any, ...]:
    """The derivative of the sum of `outputs` with respect to each input, leaving every `.grad` alone.

    Arguments: `outputs` and `inputs` are a Value or a sequence of Values; `grad_outputs` weighs the outputs (all 1.0);
    with `create_graph` the derivatives are Values, to be differentiated again.
    Returns a tuple with one entry per input, as torch.autograd.grad does; an input that the outputs do not depend on
    has derivative 0.0.
    Raises TypeError when an input is not a Value, ValueError when `grad_outputs` has another length than `outputs`.

    >>> x = Value(3.0)
    >>> (dy,) = derivative(x * x * x, x, create_graph=True)
    >>> derivative(dy, x)
    (18.0,)
    """
    outputs = [outputs] if isinstance(outputs, Value) else list(outputs)
    inputs = list(inputs) if hasattr(inputs, "__iter__") else [inputs]
    for x in inputs:
        if not isinstance(x, Value):
            advice = ": pass model.parameters()" if is_module(x) else ""
            raise TypeError(f"grad differentiates with respect to Values, not {shown(x)}{advice}")
    if grad_outputs is None:
        seeds = [1.0] * len(outputs)
    else:
        seeds, _ = flatten(grad_outputs)
    if len(seeds) != len(outputs):
        raise ValueError(f"grad_outputs has {len(seeds)} weights for {len(outputs)} outputs: give one for each")
    found = gradients(outputs, inputs, seeds, create_graph)
    return tuple(Value(g) if create_graph and not isinstance(g, Value) else g for g in found)


class _Call:
    """One call f(*args) with the differentiated argument replaced by fresh Values."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], argnums: Argnums = 0, named: dict[str, Any] | None = None
    ) -> None:
        several = isinstance(argnums, tuple)
        places = argnums if isinstance(argnums, tuple) else (argnums,)
        for place in places:
            if not -len(args) <= place < len(args):
                raise ValueError(f"argnums={place}, but the function was called with {len(args)} arguments")
        given, self.rebuild = flatten(tuple(args[place] for place in places) if several else args[places[0]])
        # Called with Values: the caller may differentiate the result, so it must be graph.
        self.nested = any(isinstance(x, Value) for arg in args for x in flatten(arg)[0])
        with _recording():
            # A fresh node, so that f's own use of the same Value outside this argument is not differentiated.
            self.inputs = [identity(x) if isinstance(x, Value) else Value(x) for x in given]
            fresh = self.rebuild(self.inputs)
            replaced = list(args)
            for place, value in zip(places, fresh if several else (fresh,)):
                replaced[place] = value
            self.output = f(*replaced, **(named or {}))
        for x in flatten(self.output)[0]:
            if not isinstance(x, Value):
                number(x)  # what depends on nothing must be a number

    def gradients(self, output: Any, create_graph: bool = False, unreached: Any = 0.0) -> list[Any]:
        return gradients([output], self.inputs, [1.0], create_graph or self.nested, unreached)

    def plain(self, x: Any) -> Any:
        """A result for the caller: a Value if he brought Values, else a number."""
        return x if self.nested or not isinstance(x, Value) else x._number()

    def scalar(self) -> Any:
        leaves, _ = flatten(self.output)
        if len(leaves) != 1 or leaves[0] is not self.output:
            raise TypeError(f"grad needs a function that returns one number, not {self.output!r}: use jacobian")
        return self.output


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that gives the gradient of `f` with respect to its argument number `argnums`, or to a tuple of them.

    Raises TypeError when `f` returns more than one number.

    >>> f = lambda x: x**3
    >>> grad(f)(2.0), grad(grad(f))(2.0), grad(grad(grad(f)))(2.0)
    (12.0, 12.0, 6.0)
    >>> grad(lambda w: w["a"] * w["b"])({"a": 2.0, "b": 5.0})
    {'a': 5.0, 'b': 2.0}
    """

    @functools.wraps(f)
    def gradient(*args: Any, **named: Any) -> Any:
        return value_and_grad(f, argnums)(*args, **named)[1]

    return gradient


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives f's value and its gradient, from one evaluation.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """

    @functools.wraps(f)
    def both(*args: Any, **named: Any) -> tuple[Any, Any]:
        call = _Call(f, args, argnums, named)
        output = call.scalar()
        return call.plain(output), call.rebuild(call.gradients(output))

    return both


class Pattern:
    """Where the entries of a sparse matrix are: number k in row rows[k], column columns[k], of a matrix of `shape`."""

    __slots__ = ("rows", "columns", "shape")

    def __init__(self, rows: tuple[int, ...], columns: tuple[int, ...], shape: tuple[int, int]) -> None:
        self.rows, self.columns, self.shape = rows, columns, shape

    def __repr__(self) -> str:
        return f"Pattern({len(self.rows)} of {self.shape[0]} x {self.shape[1]})"


class Sparse(NamedTuple):
    """A matrix of derivatives without those that no path of the graph leads to, which are zero.

    For SciPy: `scipy.sparse.coo_matrix((H.values, (H.pattern.rows, H.pattern.columns)), H.pattern.shape)`.
    """

    values: Any  # a list of numbers; a list of columns, one entry per sample, from a compiled batch
    pattern: Pattern

    def dense(self) -> list[list[Any]]:
        """The whole matrix, a list of rows.

        >>> hessian(lambda x: x[0] ** 3 + x[1] ** 2, sparse=True)([2.0, 5.0]).dense()
        [[12.0, 0.0], [0.0, 2.0]]
        """
        rows, columns = self.pattern.shape
        whole: list[list[Any]] = [[0.0] * columns for _ in range(rows)]
        for row, column, x in zip(self.pattern.rows, self.pattern.columns, self.values, strict=True):
            whole[row][column] = x
        return whole


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, sparse: bool = False) -> Callable[..., Any]:
    """The function that gives, in the shape of f's outputs, the gradient of each output: J[i][j] = df_i / dx_j.

    With `sparse` it gives a Sparse: only the entries that a path of the graph leads to, outputs and inputs numbered
    from left to right.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    >>> jacobian(lambda x: [x[1] * 3.0, x[0]], sparse=True)([2.0, 3.0])
    Sparse(values=[3.0, 1.0], pattern=Pattern(2 of 2 x 2))
    """

    @functools.wraps(f)
    def matrix(*args: Any, **named: Any) -> Any:
        call = _Call(f, args, argnums, named)
        outputs, rebuild = flatten(call.output)
        if sparse:
            return _sparse(call, outputs)
        return rebuild([call.rebuild(call.gradients(output)) for output in outputs])

    return matrix


def _sparse(call: _Call, outputs: list[Any]) -> Sparse:
    found = [
        (i, j, x)
        for i, output in enumerate(outputs)
        for j, x in enumerate(call.gradients(output, unreached=None))
        if x is not None
    ]
    rows, columns, values = zip(*found) if found else ((), (), ())
    return Sparse(list(values), Pattern(rows, columns, (len(outputs), len(call.inputs))))


def hessian(f: Callable[..., Any], argnums: Argnums = 0, sparse: bool = False) -> Callable[..., Any]:
    """The function that gives the matrix of second derivatives, H[i][j] = d^2 f / dx_i dx_j.

    Exact: the gradient is recorded as a graph and differentiated again. With `sparse` it gives a Sparse, without the
    second derivatives that no path of the graph leads to.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    >>> hessian(lambda x: x[0] ** 2 * x[1], sparse=True)([3.0, 5.0]).values
    [10.0, 6.0, 6.0]
    """
    return jacobian(grad(f, argnums), argnums, sparse)


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(f(*primals), pull), where pull(u) is the vector-Jacobian product u.J, one entry per primal (torch.func.vjp).

    >>> y, pull = vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> y, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    call = _Call(lambda packed: f(*packed), [tuple(primals)])
    outputs, rebuild = flatten(call.output)

    def pull(cotangents: Any) -> tuple[Any, ...]:
        weights = flatten_like(cotangents, call.output)
        if len(weights) != len(outputs):
            raise ValueError(f"vjp got {len(weights)} cotangents for {len(outputs)} outputs: give one for each")
        nested = call.nested or any(isinstance(u, Value) for u in weights)
        return tuple(call.rebuild(gradients(outputs, call.inputs, weights, nested)))

    return rebuild([call.plain(y) for y in outputs]), pull


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents_in: Sequence[Any]) -> tuple[Any, Any]:
    """(f(*primals), J.v): the derivative along `tangents_in`, by one forward sweep (torch.func.jvp).

    Raises ValueError when primals and tangents differ in shape.

    >>> jvp(lambda a, b: a * b, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    call = _Call(lambda packed: f(*packed), [tuple(primals)])
    outputs, rebuild = flatten(call.output)
    directions = flatten_like(tuple(tangents_in), tuple(primals))
    if len(directions) != len(call.inputs):
        raise ValueError(f"jvp got {len(directions)} tangents for {len(call.inputs)} primals: give one for each")
    order = topological_order([y for y in outputs if isinstance(y, Value)], inputs=set(call.inputs))
    nested = call.nested or any(isinstance(v, Value) for v in directions)
    with _recording():
        partials = as_graph if nested else as_numbers
        found = tangents(order, dict(zip(call.inputs, directions, strict=True)), partials)
    slopes = (found.get(y, 0.0) for y in outputs)
    return rebuild([call.plain(y) for y in outputs]), rebuild([y if nested else call.plain(y) for y in slopes])


def hvp(f: Callable[..., Any], inputs: Any, v: Any) -> tuple[Any, Any]:
    """(f(inputs), H.v) without forming H: the gradient of grad f . v (torch.autograd.functional.hvp).

    >>> hvp(lambda x: x[0] ** 2 * x[1], [3.0, 5.0], [1.0, 0.0])
    (45.0, [10.0, 6.0])
    """
    call = _Call(f, [inputs])
    output = call.scalar()
    weights = flatten_like(v, inputs)
    if len(weights) != len(call.inputs):
        raise ValueError(f"hvp got a direction of {len(weights)} for {len(call.inputs)} inputs: give one for each")
    slopes = call.gradients(output, create_graph=True)
    return call.plain(output), call.rebuild(gradients(slopes, call.inputs, weights, call.nested))
