"""Run by another Python, which has HIPS autograd and not stepgrad: reads questions as lines of JSON, answers so.

The first names a workload and its arguments, and is answered by its numbers; each later one asks for a count of runs
and is answered by the seconds they took.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import autograd.numpy as np

import autograd  # HIPS autograd here, not stepgrad

Work = tuple[Callable[[], Any], Callable[[], list[float]]]


def expression(a: float, b: float) -> Work:
    def f(p: Any) -> Any:
        a, b = p
        c = a + b
        d = a * b + b**3
        c = c + c + 1
        c = c + 1 + c + (-a)
        d = d + d * 2 + np.maximum(b + a, 0.0)
        d = d + 3 * d + np.maximum(b - a, 0.0)
        e = c - d
        f = e**2
        return f / 2.0 + 10.0 / f

    both = autograd.value_and_grad(f)

    def answer() -> list[float]:
        value, slopes = both((a, b))
        return [float(value), *map(float, slopes)]

    return lambda: both((a, b)), answer


def throughput(shape: str, nodes: int) -> Work:
    sys.setrecursionlimit(10_000_000)

    def chain(p: Any) -> Any:
        x, w, b = p
        for _ in range(nodes // 3):
            x = np.tanh(x * w + b)
        return x

    def wide(p: Any) -> Any:
        total = 0.0
        for k in range(nodes // 2):
            total = total + p[k % 10] * p[(k + 3) % 10]
        return total

    both = autograd.value_and_grad(chain if shape == "chain" else wide)
    point = (0.5, 0.9, 0.1) if shape == "chain" else tuple(0.1 * k for k in range(10))

    def answer() -> list[float]:
        value, slopes = both(point)
        return [float(value), *map(float, slopes)]

    return lambda: both(point), answer


def hinge(layers: Any, inputs: Any, labels: Any, rate: float, decay: float, compared: int) -> Work:
    """W3, vectorised by hand."""
    X, Y = np.array(inputs), np.array(labels)

    def loss(layers: Any) -> Any:
        x = X
        for depth, (W, b) in enumerate(layers):
            x = np.dot(x, W.T) + b
            if depth < len(layers) - 1:
                x = np.maximum(x, 0.0)
        found = np.mean(np.maximum(1.0 - Y * x[:, 0], 0.0))
        return found + decay * sum(np.sum(p * p) for layer in layers for p in layer)

    both = autograd.value_and_grad(loss)
    state = [[[np.array(rows), np.array(biases)] for rows, biases in layers]]

    def step() -> float:
        value, slopes = both(state[0])
        state[0] = [[p - rate * g for p, g in zip(*pair)] for pair in zip(state[0], slopes)]
        return float(value)

    losses = [step() for _ in range(compared)]
    return step, lambda: losses


def rosenbrock(x: list[float]) -> Work:
    """W7, vectorised."""
    point = np.array(x)

    def f(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        return np.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)

    gradient, hessian = autograd.grad(f), autograd.hessian(f)

    def run() -> Any:
        return f(point), gradient(point), hessian(point)

    def answer() -> list[float]:
        value, slope, curvature = run()
        return [float(value), *slope.tolist(), *curvature.ravel().tolist()]

    return run, answer


def main() -> None:
    first = json.loads(sys.stdin.readline())
    run, answer = globals()[first["workload"]](**first["arguments"])
    print(json.dumps(answer()), flush=True)
    for line in sys.stdin:
        count = json.loads(line)["count"]
        started = time.perf_counter()
        for _ in range(count):
            run()
        print(json.dumps(time.perf_counter() - started), flush=True)


main()
