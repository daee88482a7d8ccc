"""W7: value, gradient and Hessian of the 100-dimensional Rosenbrock function, from the plain scalar loop."""

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import func
from benchmarks.measure import Contender, Workload
from benchmarks.peers import need
from benchmarks.peers.hips import hips

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]


def rosenbrock(x: Sequence[Any]) -> Any:
    """sum 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2 (H. H. Rosenbrock, 1960)."""
    total = 0.0
    for a, b in zip(x, x[1:]):
        total = total + 100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a)
    return total


def start(n: int) -> list[float]:
    return [-1.2 if k % 2 == 0 else 1.0 for k in range(n)]


def everything(x: list[Any]) -> tuple[Any, Any, Any]:
    value, gradient = func.value_and_grad(rosenbrock)(x)
    return value, gradient, func.hessian(rosenbrock)(x)


def flat(value: Any, gradient: Any, hessian: Any) -> list[float]:
    return [float(value), *map(float, gradient), *(float(h) for row in hessian for h in row)]


def stepgrad_eager(n: int) -> Prepared:
    x, result = start(n), [None]

    def run() -> None:
        result[0] = everything(x)

    return run, lambda: flat(*result[0])


def stepgrad_compiled(n: int) -> Prepared:
    numpy = need("numpy")
    compiled = autograd.compile(everything)
    x, result = numpy.array(start(n)), [None]

    def run() -> None:
        result[0] = compiled(x)

    return run, lambda: flat(*result[0])


def jax(n: int, vectorised: bool) -> Prepared:
    jax = need("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def by_vector(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        return jnp.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)

    f = by_vector if vectorised else rosenbrock
    compiled = jax.jit(lambda x: (f(x), jax.grad(f)(x), jax.hessian(f)(x)))
    x, result = jnp.array(start(n)), [None]

    def run() -> None:
        result[0] = jax.block_until_ready(compiled(x))

    return run, lambda: flat(*result[0])


def torch(n: int) -> Prepared:
    torch = need("torch")

    def f(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        return (100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2).sum()

    x, result = torch.tensor(start(n), dtype=torch.float64), [None]

    def run() -> None:
        result[0] = (f(x), torch.func.grad(f)(x), torch.func.hessian(f)(x))

    return run, lambda: flat(*result[0])


def casadi(n: int) -> Prepared:
    casadi = need("casadi")
    numpy = need("numpy")
    x = casadi.SX.sym("x", n)
    hessian, gradient = casadi.hessian(rosenbrock([x[k] for k in range(n)]), x)
    f = casadi.Function("f", [x], [rosenbrock([x[k] for k in range(n)]), gradient, hessian])
    point, result = numpy.array(start(n)), [None]

    def run() -> None:
        value, slope, curvature = f(point)
        result[0] = (value, slope.full(), curvature.full())

    return run, lambda: flat(result[0][0], result[0][1].ravel(), result[0][2])


def workloads(quick: bool) -> list[Workload]:
    n = 10 if quick else 100
    return [
        Workload(
            "W7",
            f"value, gradient and Hessian of the {n}-dimensional Rosenbrock function",
            "us",
            [
                Contender("stepgrad eager", lambda: stepgrad_eager(n)),
                Contender("HIPS autograd, vectorised source", lambda: hips("rosenbrock", x=start(n))),
                Contender("PyTorch torch.func, vectorised source", lambda: torch(n)),
                Contender("JAX jit, scalar-loop source", lambda: jax(n, vectorised=False)),
                Contender("JAX jit, vectorised source", lambda: jax(n, vectorised=True)),
                Contender("CasADi SX, dense result", lambda: casadi(n)),
                Contender("stepgrad compiled, scalar-loop source", lambda: stepgrad_compiled(n)),
            ],
        )
    ]
