"""The JAX back end: a tape in groups of equal rows, a step of array operations for each, for accelerators and more.

XLA takes most of a minute to compile a thousand scalar operations, and as long for a thousand array operations. So the
groups become data: a loop over steps, each of which picks operands by lists of places, applies one of the tape's
operations to them, and stores the results next to each other. The loop is compiled in a fraction of a second, whatever
the length of the tape. Samples are spread over all devices that JAX sees.

The numbers are those of the eager engine to XLA's accuracy: 4 units in the last place for each operation, and numbers
below 2.2e-308 (1.2e-38 in float32) are zero where XLA flushes them. A reduction adds the samples in XLA's order.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from autograd.compiler.groups import Group, grouped
from autograd.compiler.tape import SAMPLE, Tape
from autograd.primitive import TABLE, Primitive


def _comparison(compare: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: compare(x, y).astype(x.dtype)


def _larger(x: Any, y: Any) -> Any:
    return jnp.where((x > y) | (x != x), x, y)


def _smaller(x: Any, y: Any) -> Any:
    return jnp.where((x < y) | (x != x), x, y)


def _half_exp(x: Any) -> Any:
    """exp(x) / 2 without overflow on the way; XLA's exp(x + log(1/2)) in sinh and cosh is 300 ulp off at 710."""
    root = jnp.exp(0.5 * x)
    return 0.5 * root * root


# How jax.numpy says the plain operations of the table. What has no line here is called back, number by number.
FORMULAS: dict[str, Callable[..., Any]] = {
    "identity": lambda x: x,
    "neg": jnp.negative,
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": jnp.divide,
    "pow": lambda x, y: jnp.where(y == 2.0, x * x, jnp.power(x, y)),  # a square is x*x, rounded once
    "abs": jnp.abs,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "log2": jnp.log2,
    "log10": jnp.log10,
    "sqrt": jnp.sqrt,
    "cbrt": jnp.cbrt,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "tan": jnp.tan,
    "asin": jnp.arcsin,
    "acos": jnp.arccos,
    "atan": jnp.arctan,
    "atan2": jnp.arctan2,
    "sinh": lambda x: jnp.where(jnp.abs(x) > 20.0, jnp.copysign(_half_exp(jnp.abs(x)), x), jnp.sinh(x)),
    "cosh": lambda x: jnp.where(jnp.abs(x) > 20.0, _half_exp(jnp.abs(x)), jnp.cosh(x)),
    "tanh": jnp.tanh,
    "asinh": jnp.arcsinh,
    "acosh": jnp.arccosh,
    "atanh": jnp.arctanh,
    "hypot": jnp.hypot,
    "erf": jax.scipy.special.erf,
    "relu": lambda x: jnp.where(x <= 0.0, 0.0, x),
    "maximum": _larger,
    "minimum": _smaller,
    "clamp": lambda x, low, high: _smaller(_larger(x, low), high),
    "sign": jnp.sign,
    "where": lambda condition, x, y: jnp.where(condition != 0.0, x, y),
    "greater": _comparison(jnp.greater),
    "greater_equal": _comparison(jnp.greater_equal),
    "less": _comparison(jnp.less),
    "less_equal": _comparison(jnp.less_equal),
    "equal": _comparison(jnp.equal),
}


def formula(op: Primitive) -> Callable[..., Any]:
    """The operation on arrays; one of your own runs its forward function in Python, an exception giving nan."""
    if op.name in FORMULAS and TABLE[op.name] is op:
        return FORMULAS[op.name]

    def forward(*args: float) -> float:
        try:
            return float(op.forward(*map(float, args)))
        except Exception:
            return float("nan")

    def call(*args: Any) -> Any:
        whole = jax.ShapeDtypeStruct(jnp.broadcast_shapes(*(x.shape for x in args)), args[0].dtype)
        each = np.vectorize(forward, otypes=[whole.dtype])
        return jax.pure_callback(each, whole, *args)

    return call


def _of_the_first(count: int, f: Callable[..., Any]) -> Callable[..., Any]:
    """f of the first of its operands: a step brings as many as the operation that has most."""
    return lambda *operands: f(*operands[:count])


class Steps(NamedTuple):
    """Groups cut into steps of `width` rows each, as arrays with one entry per step.

    What a step computes beyond the end of its group falls on places that later steps overwrite.
    """

    code: Any  # which operation
    first: Any  # where the results begin
    varies: Any  # (steps, operands): from which table an operand comes
    places: Any  # (steps, operands, width): which rows of it
    width: int


def steps(groups: Sequence[Group], ops: Sequence[Primitive]) -> Steps:
    """The width is the power of two that costs least, where a step costs its width and about eight rows more."""
    sizes = [len(group.operands[0].places) for group in groups]
    width = min((1 << k for k in range(11)), key=lambda width: (width + 8) * sum(-(-size // width) for size in sizes))
    count = max((len(group.operands) for group in groups), default=1)
    cuts = [(group, at) for group, size in zip(groups, sizes) for at in range(0, size, width)]
    made = Steps(
        np.array([ops.index(group.op) for group, _ in cuts], np.int32),
        np.array([group.first + at for group, at in cuts], np.int32),
        np.zeros((len(cuts), count), bool),
        np.zeros((len(cuts), count, width), np.int32),
        width,
    )
    for step, (group, at) in enumerate(cuts):
        for k, (varies, places) in enumerate(group.operands):
            made.varies[step, k] = varies
            part = places[at : at + width]
            made.places[step, k, : len(part)] = part
    return made


class JaxProgram:
    """A tape as one jitted function; `program(numbers, samples)` gives a column, or reduced a float, per output.

    Without samples, `program(numbers)` gives a list of floats.
    """

    def __init__(self, tape: Tape, dtype: str, reduce: str | None) -> None:
        self.dtype, self.reduce = np.dtype(dtype), reduce
        self.plan = plan = grouped(tape)
        self.shared = [i for i, kind in enumerate(tape.kinds) if kind != SAMPLE]
        self.columns = [i for i, kind in enumerate(tape.kinds) if kind == SAMPLE]
        ops = list(dict.fromkeys(group.op for group in plan.groups))
        self.formulas = [_of_the_first(len(op.operands), formula(op)) for op in ops]
        self.steps = [steps([group for group in plan.groups if group.varies == own], ops) for own in (False, True)]
        self.wanted = [np.array([at for own, at in plan.outputs if own == table], np.int32) for table in (False, True)]
        devices = jax.devices()
        self.mesh = jax.sharding.Mesh(np.array(devices), ("samples",)) if len(devices) > 1 else None
        self.run = jax.jit(self._evaluate)

    def __call__(self, numbers: Sequence[Any], samples: int = 0) -> list[Any]:
        with _precision(self.dtype):
            shared = np.array([numbers[i] for i in self.shared], self.dtype)
            columns, counted = self._spread([numbers[i] for i in self.columns], samples)
            fixed, varying = map(np.array, self.run(shared, columns, counted))
        rows = iter(fixed), iter(varying)
        if not samples:
            return fixed.tolist()  # type: ignore[no-any-return]
        return [self._result(next(rows[own]), own, samples) for own, _ in self.plan.outputs]

    def _spread(self, columns: list[Any], samples: int) -> tuple[Any, Any]:
        """The columns as one array, and which samples count: devices get equally many, the last one again."""
        devices = self.mesh.size if self.mesh else 1
        padded = -(-samples // devices) * devices
        table = np.empty((len(columns), padded), self.dtype)
        for row, column in zip(table, columns):
            row[:samples] = column
        if samples:
            table[:, samples:] = table[:, samples - 1 : samples]
        return self._placed(table, None, "samples"), self._placed(np.arange(padded) < samples, "samples")

    def _placed(self, array: Any, *axes: str | None) -> Any:
        """The array with its axis of samples over all devices."""
        if self.mesh is None or not array.size:
            return array
        return jax.device_put(array, jax.sharding.NamedSharding(self.mesh, jax.sharding.PartitionSpec(*axes)))

    def _result(self, found: Any, varies: bool, samples: int) -> Any:
        if self.reduce is None:
            return found[:samples] if varies else np.full(samples, found, self.dtype)
        if varies:
            return float(found) / samples if self.reduce == "mean" else float(found)
        return float(found) if self.reduce == "mean" else float(found) * samples

    def _evaluate(self, shared: Any, columns: Any, counted: Any) -> tuple[Any, Any]:
        """Both tables, step after step; JAX records this once for a number of samples."""
        constants = jnp.array(self.plan.constants, self.dtype)
        known = jnp.concatenate([shared, constants])[:, None]
        fixed = self._swept(False, known, known)
        varying = self._swept(True, columns, fixed)
        results = varying[self.wanted[True]]
        if self.reduce is not None:
            results = jnp.where(counted, results, 0.0).sum(axis=1)
        return fixed[self.wanted[False], 0], results

    def _swept(self, which: bool, known: Any, shared: Any) -> Any:
        """A table that begins with what is known, after all its steps."""
        *words, width = self.steps[which]
        room = self.plan.sizes[which] - len(known) + width
        table = jnp.concatenate([known, jnp.zeros((room, known.shape[1]), self.dtype)])
        if not len(words[0]) or not table.size:
            return table

        def step(table: Any, words: Any) -> tuple[Any, None]:
            code, first, varies, places = words
            operands = [jnp.take(table, row, axis=0, mode="clip") for row in places]
            if which:
                others = [jnp.take(shared, row, axis=0, mode="clip") for row in places]
                operands = [jnp.where(own, x, y) for own, x, y in zip(varies, operands, others)]
            found = jax.lax.switch(code, self.formulas, *operands)
            return jax.lax.dynamic_update_slice(table, found, (first, jnp.int32(0))), None

        return jax.lax.scan(step, table, tuple(words))[0]


def _precision(dtype: Any) -> contextlib.AbstractContextManager[Any]:
    """JAX computes in float32 unless told otherwise, here for our calls alone."""
    if dtype != np.float64:
        return contextlib.nullcontext()
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)  # type: ignore[no-any-return]
    from jax.experimental import enable_x64  # before 0.8

    return enable_x64()  # type: ignore[no-any-return]
