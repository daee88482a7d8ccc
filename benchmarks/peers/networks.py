"""One small network and its training step, in plain scalar code; W3 and W4 are two sizes of it.

Layers `activation(W x + b)`, the last one linear; the loss is the mean over a batch of a hinge (labels -1, 1) or of a
softmax cross-entropy (labels 0, 1, ...), plus `decay` times the sum of all squared parameters; plain gradient descent.
Every implementation starts from the same numbers and gives the losses of its steps, by which they are compared. The
peers' are in `networks_arrays.py` and `networks_native.py`.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import autograd
from autograd import Value
from benchmarks.peers import need

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]
COMPARED = 10  # steps whose losses are compared


@dataclass
class Task:
    """Sizes, data and the batches of one epoch; `run()` of a contender is one epoch."""

    sizes: list[int]
    activation: str
    loss: str
    rate: float
    decay: float
    inputs: list[list[float]]
    labels: list[int]
    batches: list[list[int]]
    dtype: str = "float64"

    def initial(self) -> list[tuple[list[list[float]], list[float]]]:
        """Weights uniform within the root of 1/inputs, rows by outputs, and zero biases."""
        draw = random.Random(1)
        layers = []
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:]):
            bound = fan_in**-0.5
            rows = [[draw.uniform(-bound, bound) for _ in range(fan_in)] for _ in range(fan_out)]
            layers.append((rows, [0.0] * fan_out))
        return layers

    def flat(self) -> list[float]:
        """The same as one list: row by row the weights of a neuron, then its bias."""
        return [x for rows, biases in self.initial() for row, bias in zip(rows, biases) for x in (*row, bias)]


def stepping(task: Task, step: Callable[[list[int]], Any], number: Callable[[Any], float]) -> Prepared:
    """Compare the first steps, then time whole epochs."""
    losses = [number(step(batch)) for batch in (task.batches * COMPARED)[:COMPARED]]

    def run() -> Any:
        for batch in task.batches:
            last = step(batch)
        return number(last)

    return run, lambda: losses


# The plain scalar code that stepgrad runs, eager and compiled.
def sample_loss(task: Task, parameters: Sequence[Any], inputs: Sequence[Any], label: Any, ops: Any = autograd) -> Any:
    """The loss of one sample; `label` is -1 or 1 for the hinge, a list of zeros and a one for the softmax.

    `ops` holds dot, relu, tanh, exp, log and sum: of autograd, or of a peer that runs the same scalar code.
    """
    weights = iter(parameters)
    values = list(inputs)
    for depth, (fan_in, fan_out) in enumerate(zip(task.sizes, task.sizes[1:])):
        sums = []
        for _ in range(fan_out):
            row = [next(weights) for _ in range(fan_in)]
            sums.append(ops.dot(row, values) + next(weights))
        values = sums if depth == len(task.sizes) - 2 else [getattr(ops, task.activation)(z) for z in sums]
    if task.loss == "hinge":
        loss = ops.relu(1.0 - label * values[0])
    else:
        loss = ops.log(ops.sum([ops.exp(z) for z in values])) - ops.dot(label, values)
    if task.decay:
        loss = loss + task.decay * ops.dot(parameters, parameters)
    return loss


def targets(task: Task) -> list[list[float]]:
    """Labels as the numbers that the scalar code takes."""
    if task.loss == "hinge":
        return [[float(label)] for label in task.labels]
    return [[float(k == label) for k in range(task.sizes[-1])] for label in task.labels]


def stepgrad_eager(task: Task) -> Prepared:
    parameters = [Value(x) for x in task.flat()]
    aims = targets(task)

    def step(batch: list[int]) -> float:
        losses = [
            sample_loss(task, parameters, task.inputs[k], aims[k] if task.loss == "softmax" else aims[k][0])
            for k in batch
        ]
        loss = autograd.mean(losses)
        for p in parameters:
            p.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= task.rate * p.grad
        return float(loss)

    return stepping(task, step, float)


def stepgrad_compiled(task: Task, epochs: int) -> Prepared:
    """`epochs` epochs a call, in native code."""
    np = need("numpy")
    need("llvmlite")
    from autograd.compiler.fuse import tape_of
    from autograd.compiler.program import Program
    from autograd.compiler.update import Update

    aims = targets(task)
    parameters = [Value(x) for x in task.flat()]
    inputs = [Value(x) for x in task.inputs[0]]
    label = [Value(x) for x in aims[0]]
    loss = sample_loss(task, parameters, inputs, label if task.loss == "softmax" else label[0])
    program = Program(tape_of(loss, [*parameters, *inputs, *label]), len(parameters), dtype=task.dtype)
    program.parameters[:] = task.flat()
    samples = np.array([x + aim for x, aim in zip(task.inputs, aims)], task.dtype)
    batches = [np.array(batch) for batch in task.batches]
    many, compared = batches * epochs, (batches * COMPARED)[:COMPARED]

    def descend(p: Any, g: Any, rate: Any) -> tuple[Any, ...]:
        return (p - rate * g,)

    losses = list(program.run(samples, compared, [Update(descend, [[task.rate]] * len(compared))]))
    return program.prepare(samples, many, [Update(descend, [[task.rate]] * len(many))]), lambda: losses


def scalar_engine(task: Task, engine: Callable[[], Any]) -> Prepared:
    """micrograd and its like: + * ** relu tanh exp log, one node each."""
    make = engine()
    layers = [
        ([[make(w) for w in row] for row in rows], [make(b) for b in biases]) for rows, biases in task.initial()
    ]
    parameters = [x for rows, biases in layers for row, bias in zip(rows, biases) for x in (*row, bias)]

    def step(batch: list[int]) -> float:
        losses = []
        for k in batch:
            values: list[Any] = task.inputs[k]
            for depth, (rows, biases) in enumerate(layers):
                sums = [sum((w * x for w, x in zip(row, values)), b) for row, b in zip(rows, biases)]
                values = sums if depth == len(layers) - 1 else [getattr(z, task.activation)() for z in sums]
            if task.loss == "hinge":
                losses.append((1.0 + -task.labels[k] * values[0]).relu())
            else:
                losses.append(sum(z.exp() for z in values).log() - values[task.labels[k]])
        loss = sum(losses) * (1.0 / len(losses))
        if task.decay:
            loss = loss + task.decay * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= task.rate * p.grad
        return float(loss.data)

    return stepping(task, step, float)
