"""Random scalar functions and awkward points for the compiler's tests."""

import math
import random
import struct
from collections.abc import Callable
from typing import Any

import autograd
from autograd.compiler.passes import Simplified, alive
from autograd.compiler.tape import Tape, inlined
from autograd.primitive import TABLE, Primitive

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, math.inf, -math.inf, math.nan, 1e-320, 1e308, -1e308, 710.0, 3.0, 1e-9]

# Everything that is smooth enough to stay finite for a while when composed at random.
UNARY = ["neg", "abs", "sin", "cos", "tanh", "atan", "asinh", "sigmoid", "relu", "softplus", "gelu", "erf", "silu"]
BINARY = ["add", "sub", "mul", "mul", "add", "div", "maximum", "minimum", "hypot", "atan2", "logaddexp"]


def same(a: float, b: float) -> bool:
    """Equal to the last bit; all nans are one number."""
    return (a != a and b != b) or struct.pack("d", a) == struct.pack("d", b)


def simplified(tape: Tape) -> Tape:
    """The tape as it would have been recorded by the passes."""
    draft = Simplified(len(tape.kinds))
    outputs = inlined(tape, range(draft.first), draft)
    return Tape(tape.kinds, draft.rows, [*outputs])


def optimised(tape: Tape) -> Tape:
    """All passes that keep one tape one tape."""
    return alive(simplified(tape))


def random_function(seed: int, operations: int, inputs: int) -> Callable[[list[Any]], Any]:
    """A function of a list of `inputs` numbers made of `operations` random rows of the table."""
    rng = random.Random(seed)
    plan = []
    for k in range(operations):
        name = rng.choice(UNARY + BINARY)
        recent = range(max(0, inputs + k - 8), inputs + k)
        operands: list[Any] = [rng.choice(recent) if rng.random() < 0.8 else rng.randrange(inputs) for _ in range(2)]
        constant = rng.choice([1.0, 0.5, 2.0, -1.5] + [0.0] * (name != "div"))  # x/0: its rule has no graph
        plan.append((TABLE[name], operands, constant if rng.random() < 0.2 else None))

    def f(xs: list[Any]) -> Any:
        values = list(xs)
        for op, (a, b), constant in plan:
            if len(op.operands) == 1:
                values.append(op(values[a]))
            else:
                values.append(op(values[a], values[b] if constant is None else constant))
        return values[-1] + values[-2] * 0.25

    return f


def random_layers(seed: int, parameters: int, inputs: int) -> Callable[[list[Any], list[Any]], Any]:
    """loss(parameters, sample): products of small matrices of both, and of what became of them, at random.

    Rows that repeat, transposes, weights that were computed, penalties deeper than the network: what decides how
    rows are laid out and which kernels run them.
    """

    def loss(ps: list[Any], xs: list[Any]) -> Any:
        rng = random.Random(seed)

        def fresh(rows: int, columns: int) -> Any:
            first = rng.randrange(parameters)
            return [[ps[(first + i * columns + j) % parameters] for j in range(columns)] for i in range(rows)]

        def size() -> int:
            return rng.choice([1, 2, 3, 4, 5, 8])

        pool = [[xs], [[x] for x in xs], fresh(size(), size()), fresh(size(), size())]
        for _ in range(rng.randint(2, 8)):
            a = [row[:8] for row in rng.choice(pool)[:8]]
            made = rng.choice(["product", "product", "by rows", "repeated", "deep", "prefixes", "transposed", "added"])
            fitting = [b for b in pool if len(b) == len(a[0])] or [fresh(len(a[0]), size())]
            if made == "product":
                columns = list(zip(*rng.choice(fitting)))
                a = [[autograd.dot(row, column) for column in columns] for row in a]
            elif made == "by rows":
                b = fresh(size(), len(a[0]))
                a = [[autograd.dot(row, other) for other in b] for row in a]
            elif made == "repeated":
                a = [rng.choice(a)] * size()
            elif made == "deep":
                for _ in range(rng.choice([1, 2, 9])):
                    a = [[autograd.tanh(x) for x in row] for row in a]
            elif made == "prefixes":
                a = [[autograd.dot(row[:j], row[:j]) for j in range(1, len(row) + 1)] for row in a]
            elif made == "transposed":
                a = [list(column) for column in zip(*a)]
            else:
                a = [[x + y for x, y in zip(*rows)] for rows in zip(a, fresh(len(a), len(a[0])))]
            pool.append(a)
        ends = [x for matrix in pool[4:] for row in matrix for x in row]
        return autograd.sum([autograd.tanh(x) * (0.1 + 0.1 * (k % 7)) for k, x in enumerate(ends)])

    return loss


def counts(op: Primitive) -> list[int]:
    """With how many operands to try an operation."""
    if not op.variadic:
        return [len(op.operands)]
    return [2, 4] if op.name == "dot" else [count for count in (1, 2, 3) if count >= op.least]


def points(count: int, seed: int = 0) -> list[list[float]]:
    """Points with special numbers in every place, and ordinary ones."""
    rng = random.Random(seed)
    tuples = [[x] * count for x in SPECIAL] + [[rng.choice(SPECIAL) for _ in range(count)] for _ in range(40)]
    return tuples + [[rng.uniform(-3.0, 3.0) for _ in range(count)] for _ in range(20)]
