"""W6: a random graph of N scalar operations, value and gradient, at one point and at 1,024."""

import functools
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import autograd
from autograd import func
from benchmarks.measure import Contender, Workload
from benchmarks.peers import need

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]
INPUTS = 8


@functools.cache  # what is measured is not how long it takes to think of it
def program(size: int, seed: int = 0) -> list[tuple[str, int, int]]:
    """Rows (operation, operand, operand): operands are inputs or earlier rows, recent ones more often."""
    draw = random.Random(seed)
    rows: list[tuple[str, int, int]] = []
    for k in range(size):
        recent = max(0, INPUTS + k - 64)
        operands = [draw.randrange(recent, INPUTS + k) for _ in range(2)]
        rows.append((draw.choice(["add", "mul", "tanh", "sin", "exp", "sub"]), *operands))  # type: ignore[arg-type]
    return rows


def evaluate(rows: list[tuple[str, int, int]], x: Sequence[Any], tanh: Any, sin: Any, exp: Any) -> Any:
    """The program in any kind of numbers; every row is squashed or scaled so that nothing overflows."""
    values = list(x)
    for operation, i, j in rows:
        a, b = values[i], values[j]
        if operation == "add":
            values.append(0.5 * (a + b))
        elif operation == "sub":
            values.append(a - 0.5 * b)
        elif operation == "mul":
            values.append(sin(a * b))
        elif operation == "tanh":
            values.append(tanh(a))
        elif operation == "sin":
            values.append(sin(a))
        else:
            values.append(exp(-(a * a)))
    total = values[-1]
    for value in values[-16:-1]:
        total = total + value
    return total


def points(count: int) -> list[list[float]]:
    draw = random.Random(1)
    return [[draw.uniform(-1.0, 1.0) for _ in range(INPUTS)] for _ in range(count)]


def ours(rows: list[tuple[str, int, int]]) -> Callable[[Any], Any]:
    return lambda x: evaluate(rows, x, autograd.tanh, autograd.sin, autograd.exp)


def stepgrad_eager(size: int) -> Prepared:
    both = func.value_and_grad(ours(program(size)))
    (x,), result = points(1), [None]

    def run() -> None:
        result[0] = both(x)

    return run, lambda: [result[0][0], *result[0][1]]


def stepgrad_point(size: int) -> Prepared:
    numpy = need("numpy")
    compiled = autograd.compile(func.value_and_grad(ours(program(size))))
    x, result = numpy.array(points(1)[0]), [None]

    def run() -> None:
        result[0] = compiled(x)

    return run, lambda: [float(result[0][0]), *map(float, result[0][1])]


def stepgrad_batch(size: int, samples: int) -> Prepared:
    numpy = need("numpy")
    compiled = autograd.compile(func.value_and_grad(ours(program(size))), in_axes=0)
    x, result = numpy.array(points(samples)), [None]

    def run() -> None:
        result[0] = compiled(x)

    return run, lambda: [*result[0][0], *numpy.ravel(result[0][1])]


def casadi(size: int, samples: int) -> Prepared:
    casadi = need("casadi")
    numpy = need("numpy")
    x = casadi.SX.sym("x", INPUTS)
    y = evaluate(program(size), [x[k] for k in range(INPUTS)], casadi.tanh, casadi.sin, casadi.exp)
    f = casadi.Function("f", [x], [y, casadi.gradient(y, x)])
    if samples > 1:
        f = f.map(samples)
    where, result = numpy.array(points(samples)).T, [None]

    def run() -> None:
        result[0] = f(where)

    return run, lambda: [*result[0][0].full().ravel(), *result[0][1].full().ravel()]


def jax(size: int, samples: int) -> Prepared:
    jax = need("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    f = jax.value_and_grad(lambda x: evaluate(program(size), [x[k] for k in range(INPUTS)], jnp.tanh, jnp.sin, jnp.exp))
    compiled = jax.jit(f if samples == 1 else jax.vmap(f))
    x = jnp.array(points(samples)[0] if samples == 1 else points(samples))
    result = [None]

    def run() -> None:
        result[0] = jax.block_until_ready(compiled(x))

    return run, lambda: [*jnp.ravel(result[0][0]).tolist(), *jnp.ravel(jnp.asarray(result[0][1]).T).tolist()]


def torch(size: int, samples: int) -> Prepared:
    torch = need("torch")
    x = torch.tensor(points(samples), dtype=torch.float64).T.contiguous().requires_grad_()
    rows, result = program(size), [None]

    def run() -> None:
        x.grad = None
        y = evaluate(rows, list(x), torch.tanh, torch.sin, torch.exp)
        y.sum().backward()
        result[0] = (y.detach(), x.grad)

    return run, lambda: [*result[0][0].ravel().tolist(), *result[0][1].ravel().tolist()]


def workloads(quick: bool) -> list[Workload]:
    """Sizes that a peer cannot compile or run in seconds are left out for it.

    JAX's compiled graph of 1,000 operations took 20 ms a point when this was written: 1,024 points are not tried.
    """
    found = []
    for size in (30, 100) if quick else (1_000, 10_000, 100_000):
        samples = 16 if quick else 1_024
        point = [
            Contender("stepgrad eager", partial(stepgrad_eager, size), size),
            Contender("stepgrad compiled", partial(stepgrad_point, size), size),
        ]
        batch = [Contender("stepgrad compiled", partial(stepgrad_batch, size, samples), size * samples)]
        for name, peer, largest, largest_batch in (
            ("PyTorch", torch, 1_000, 1_000),
            ("JAX jit", jax, 1_000, 100),
            ("CasADi SX", casadi, 10_000, 10_000),
        ):
            if size <= largest:
                point.insert(-1, Contender(name, partial(peer, size, 1), size))
            if size <= largest_batch:
                batch.insert(-1, Contender(name, partial(peer, size, samples), size * samples))
        title = f"a random graph of {size:,} operations, value and gradient"
        found.append(Workload("W6", f"{title} at one point, per operation", "ns", point))
        found.append(Workload("W6", f"{title} at {samples:,} points, per operation and point", "ns", batch))
    return found
