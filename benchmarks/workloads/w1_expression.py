"""W1: one small graph, micrograd's README expression, built and differentiated."""

import struct
from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import func
from benchmarks.measure import Contender, Workload
from benchmarks.peers import need, slots
from benchmarks.peers.hips import hips

A, B = -4.0, 2.0
kept_alive: list[Any] = []
Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]


def expression(a: Any, b: Any, relu: Callable[[Any], Any]) -> Any:
    """micrograd's README expression, in whatever numbers a and b are."""
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + relu(b + a)
    d = d + 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def tape(make: Callable[[float], Any]) -> Prepared:
    """Engines whose numbers have .data, .grad, .relu() and backward()."""
    result: list[float] = []

    def run() -> None:
        a, b = make(A), make(B)
        g = expression(a, b, lambda x: x.relu())
        g.backward()
        result[:] = [g.data, a.grad, b.grad]

    return run, lambda: result


def function(f: Callable[..., Any], flatten: Callable[[Any], Sequence[float]]) -> Prepared:
    result: list[Any] = [None]

    def run() -> None:
        result[0] = f(A, B)

    return run, lambda: flatten(result[0])


def micrograd() -> Prepared:
    return tape(need("micrograd.engine").Value)


def stepgrad_compiled() -> Prepared:
    compiled = autograd.compile(func.value_and_grad(lambda p: expression(p[0], p[1], autograd.relu)))
    result: list[Any] = [None]
    point = [A, B]

    def run() -> None:
        result[0] = compiled(point)

    return run, lambda: [result[0][0], *result[0][1]]


def torch() -> Prepared:
    torch = need("torch")

    def run() -> None:
        a = torch.tensor(A, dtype=torch.float64, requires_grad=True)
        b = torch.tensor(B, dtype=torch.float64, requires_grad=True)
        g = expression(a, b, torch.relu)
        g.backward()
        result[:] = [g.item(), a.grad.item(), b.grad.item()]

    result: list[float] = []
    return run, lambda: result


def jax() -> Prepared:
    jax = need("jax")
    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(jax.value_and_grad(lambda a, b: expression(a, b, jax.nn.relu), argnums=(0, 1)))

    def call(a: float, b: float) -> Any:
        value, grads = compiled(a, b)
        return value.block_until_ready(), grads

    return function(call, lambda r: [float(r[0]), *map(float, r[1])])


def casadi() -> Prepared:
    casadi = need("casadi")
    a, b = casadi.SX.sym("a"), casadi.SX.sym("b")
    g = expression(a, b, lambda x: casadi.fmax(x, 0))
    f = casadi.Function("f", [a, b], [g, casadi.jacobian(g, a), casadi.jacobian(g, b)])
    return function(f, lambda r: [float(x) for x in r])


def casadi_buffer() -> Prepared:
    casadi = need("casadi")
    a, b = casadi.SX.sym("a"), casadi.SX.sym("b")
    g = expression(a, b, lambda x: casadi.fmax(x, 0))
    f = casadi.Function("f", [a, b], [casadi.vertcat(g, casadi.jacobian(g, a), casadi.jacobian(g, b))])
    buffer, evaluate = f.buffer()
    inputs = [bytearray(struct.pack("d", A)), bytearray(struct.pack("d", B))]
    output = bytearray(24)
    buffer.set_arg(0, memoryview(inputs[0]))
    buffer.set_arg(1, memoryview(inputs[1]))
    buffer.set_res(0, memoryview(output))
    kept_alive.extend([f, buffer, inputs, output])  # the interface holds bare addresses
    return evaluate, lambda: struct.unpack("3d", output)


def workloads(quick: bool) -> list[Workload]:
    return [
        Workload(
            "W1",
            "one small graph, value and gradient",
            "us",
            [
                Contender("micrograd", micrograd),
                Contender("slots and tuples", lambda: tape(slots.Value)),
                Contender("stepgrad eager", lambda: tape(autograd.Value)),
                Contender("PyTorch eager", torch),
                Contender("HIPS autograd", lambda: hips("expression", a=A, b=B)),
                Contender("JAX jit, warm call", jax),
                Contender("CasADi, called from Python", casadi),
                Contender("CasADi, buffer interface", casadi_buffer),
                Contender("stepgrad compiled, called from Python", stepgrad_compiled),
            ],
        )
    ]
