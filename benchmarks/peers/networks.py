"""One small network and its training step, written for each peer; W3 and W4 are two sizes of it.

Layers `activation(W x + b)`, the last one linear; the loss is the mean over a batch of a hinge (labels -1, 1) or of a
softmax cross-entropy (labels 0, 1, ...), plus `decay` times the sum of all squared parameters; plain gradient descent.
Every implementation starts from the same numbers and gives the losses of its steps, by which they are compared.
"""

import ctypes
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import autograd
from autograd import Value
from benchmarks.measure import Missing
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
def sample_loss(task: Task, parameters: Sequence[Any], inputs: Sequence[Any], label: Any) -> Any:
    """The loss of one sample; `label` is -1 or 1 for the hinge, a list of zeros and a one for the softmax."""
    weights = iter(parameters)
    values = list(inputs)
    for depth, (fan_in, fan_out) in enumerate(zip(task.sizes, task.sizes[1:])):
        sums = []
        for _ in range(fan_out):
            row = [next(weights) for _ in range(fan_in)]
            sums.append(autograd.dot(row, values) + next(weights))
        values = sums if depth == len(task.sizes) - 2 else [getattr(autograd, task.activation)(z) for z in sums]
    if task.loss == "hinge":
        loss = autograd.relu(1.0 - label * values[0])
    else:
        loss = autograd.log(autograd.sum([autograd.exp(z) for z in values])) - autograd.dot(label, values)
    if task.decay:
        loss = loss + task.decay * autograd.dot(parameters, parameters)
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
    program = Program(tape_of(loss, [*parameters, *inputs, *label]), len(parameters))
    program.parameters[:] = task.flat()
    samples = np.array([x + aim for x, aim in zip(task.inputs, aims)])
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


def numpy_by_hand(task: Task) -> Prepared:
    np = need("numpy")
    X, Y = np.array(task.inputs), np.array(task.labels)
    batches = {id(batch): np.array(batch) for batch in task.batches}
    layers = [[np.array(rows), np.array(biases)] for rows, biases in task.initial()]

    def step(batch: list[int]) -> float:
        chosen = batches[id(batch)]
        whole = len(chosen) == len(X)
        x, y = (X, Y) if whole else (X[chosen], Y[chosen])
        values = [x]
        for depth, (W, b) in enumerate(layers):
            z = values[-1] @ W.T + b
            if depth < len(layers) - 1:
                z = np.maximum(z, 0.0) if task.activation == "relu" else np.tanh(z)
            values.append(z)
        n, out = len(x), values[-1]
        if task.loss == "hinge":
            margin = 1.0 - y[:, None] * out
            loss = np.maximum(margin, 0.0).mean()
            delta = np.where(margin > 0, -y[:, None], 0.0) / n
        else:
            out = out - out.max(axis=1, keepdims=True)
            e = np.exp(out)
            total = e.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - out[np.arange(n), y]).mean()
            delta = e / total
            delta[np.arange(n), y] -= 1.0
            delta /= n
        if task.decay:
            loss += task.decay * sum((W * W).sum() + (b * b).sum() for W, b in layers)
        for depth in reversed(range(len(layers))):
            W, b = layers[depth]
            gW, gb = delta.T @ values[depth], delta.sum(axis=0)
            if depth:
                h = values[depth]
                delta = (delta @ W) * ((h > 0) if task.activation == "relu" else 1.0 - h * h)
            if task.decay:
                gW, gb = gW + 2 * task.decay * W, gb + 2 * task.decay * b
            layers[depth][0] = W - task.rate * gW
            layers[depth][1] = b - task.rate * gb
        return float(loss)

    return stepping(task, step, float)


def torch_eager(task: Task) -> Prepared:
    torch = need("torch")
    X, Y = torch.tensor(task.inputs, dtype=torch.float64), torch.tensor(task.labels)
    batches = {id(batch): torch.tensor(batch) for batch in task.batches}
    layers = [
        [torch.tensor(numbers, dtype=torch.float64).requires_grad_() for numbers in layer]
        for layer in task.initial()
    ]
    parameters = [p for layer in layers for p in layer]
    activation = getattr(torch, task.activation)

    def step(batch: list[int]) -> Any:
        chosen = batches[id(batch)]
        x, y = (X, Y) if len(chosen) == len(X) else (X[chosen], Y[chosen])
        for depth, (W, b) in enumerate(layers):
            x = torch.addmm(b, x, W.T)
            if depth < len(layers) - 1:
                x = activation(x)
        if task.loss == "hinge":
            loss = torch.relu(1.0 - y * x[:, 0]).mean()
        else:
            loss = torch.nn.functional.cross_entropy(x, y)
        if task.decay:
            loss = loss + task.decay * sum((p * p).sum() for p in parameters)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients):
                p.sub_(g, alpha=task.rate)
        return loss

    return stepping(task, step, lambda loss: float(loss.detach()))


def jax_parts(task: Task) -> tuple[Any, Any, Any, Any, Any]:
    jax = need("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    X, Y = jnp.array(task.inputs), jnp.array(task.labels)
    layers = [(jnp.array(rows), jnp.array(biases)) for rows, biases in task.initial()]
    activation = jax.nn.relu if task.activation == "relu" else jnp.tanh

    def loss(layers: Any, x: Any, y: Any) -> Any:
        for depth, (W, b) in enumerate(layers):
            x = x @ W.T + b
            if depth < len(layers) - 1:
                x = activation(x)
        if task.loss == "hinge":
            found = jax.nn.relu(1.0 - y * x[:, 0]).mean()
        else:
            found = (jax.nn.logsumexp(x, axis=1) - jnp.take_along_axis(x, y[:, None], axis=1)[:, 0]).mean()
        if task.decay:
            found = found + task.decay * sum((p * p).sum() for layer in layers for p in layer)
        return found

    def step(layers: Any, x: Any, y: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(layers, x, y)
        return jax.tree.map(lambda p, g: p - task.rate * g, layers, gradients), value

    return jax, step, layers, X, Y


def jax_step(task: Task) -> Prepared:
    jax, step, layers, X, Y = jax_parts(task)
    batches = {id(batch): (X, Y) if len(batch) == len(X) else (X[jax.numpy.array(batch)], Y[jax.numpy.array(batch)])
               for batch in task.batches}
    compiled = jax.jit(step)
    state = [layers]

    def one(batch: list[int]) -> Any:
        state[0], loss = compiled(state[0], *batches[id(batch)])
        return loss

    return stepping(task, one, float)


def jax_scan(task: Task, epochs: int) -> Prepared:
    """Epochs inside lax.scan; batches of equal size only, so a short last batch is left out for it."""
    jax, step, layers, X, Y = jax_parts(task)
    np = need("numpy")
    full = [batch for batch in task.batches if len(batch) == len(task.batches[0])]
    order = np.array(full)

    @jax.jit
    def many(layers: Any) -> Any:
        def body(state: Any, chosen: Any) -> Any:
            return step(state, X[chosen], Y[chosen]) if len(full) > 1 else step(state, X, Y)

        return jax.lax.scan(body, layers, jax.numpy.concatenate([jax.numpy.array(order)] * epochs))

    state, losses = layers, []
    one = jax.jit(step)
    for batch in (full * COMPARED)[:COMPARED]:
        chosen = jax.numpy.array(batch)
        state, loss = one(state, X[chosen], Y[chosen])
        losses.append(float(loss))
    kept = [state]

    def run() -> None:
        kept[0], found = many(kept[0])
        found.block_until_ready()

    return run, lambda: losses


def sklearn_classifier(task: Task) -> Prepared:
    """scikit-learn's own loop over the same batches; its losses are its own business, its speed is what is compared."""
    need("sklearn")
    import warnings

    import numpy as np
    from sklearn.neural_network import MLPClassifier

    size = len(task.batches[0])
    model = MLPClassifier(
        task.sizes[1:-1], activation=task.activation, solver="sgd", alpha=0.0, batch_size=size,
        learning_rate_init=task.rate, momentum=0.0, max_iter=1, shuffle=False, random_state=0, warm_start=True,
    )
    X, Y = np.array(task.inputs), np.array(task.labels)

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch a call is never "converged"
            model.fit(X, Y)

    run()
    return run, list


C_SOURCE = Path(__file__).with_name("network.c")


def compiled_c(task: Task, flags: Sequence[str]) -> Prepared:
    """The plain C of network.c, compiled on the spot."""
    np = need("numpy")
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise Missing("no C compiler is installed")
    folder = tempfile.mkdtemp(prefix="stepgrad-benchmark-")
    try:
        library = Path(folder) / "network.so"
        subprocess.run(
            [compiler, "-O3", "-march=native", *flags, "-shared", "-fPIC", str(C_SOURCE), "-o", str(library), "-lm"],
            check=True,
        )
        code = ctypes.CDLL(str(library))
    finally:
        shutil.rmtree(folder)
    code.step.restype = ctypes.c_double
    parameters = np.array(task.flat())
    sizes = np.array(task.sizes, np.int64)
    # One array (feature, sample) per batch: the inner loops run over samples.
    data = {
        id(batch): (np.ascontiguousarray(np.array(task.inputs)[batch].T), np.array(task.labels, np.int64)[batch])
        for batch in task.batches
    }
    room = np.zeros(4 * sum(task.sizes) * max(map(len, task.batches)) + len(parameters))

    def pointer(array: Any) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def step(batch: list[int]) -> float:
        x, y = data[id(batch)]
        return float(
            code.step(
                pointer(sizes), ctypes.c_long(len(sizes)), ctypes.c_int(task.activation == "tanh"),
                ctypes.c_int(task.loss == "softmax"), pointer(parameters), ctypes.c_long(len(parameters)), pointer(x),
                pointer(y), ctypes.c_long(len(batch)), ctypes.c_double(task.rate), ctypes.c_double(task.decay),
                pointer(room),
            )
        )  # fmt: skip

    return stepping(task, step, float)
