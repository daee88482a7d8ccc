"""W4: handwritten digits, 1,797 x 64, a 64-32-10 tanh network, softmax cross-entropy, gradient descent; one epoch."""

import random
from functools import partial

from benchmarks.measure import Contender, Workload
from benchmarks.peers import micrograd, networks, networks_arrays, networks_native, slots
from benchmarks.peers.networks import Task
from benchmarks.workloads.w3_moons import SINGLE
from nn.data import digits


def task(count: int, size: int, dtype: str = "float64") -> Task:
    data = digits()
    inputs = [[x / 16.0 for x in row] for row in data.features[:count]]
    order = list(range(count))
    random.Random(0).shuffle(order)
    batches = [order[first : first + size] for first in range(0, count, size)]
    return Task([64, 32, 10], "tanh", "softmax", 0.1, 0.0, inputs, data.labels[:count], batches, dtype)


def epoch(work: Task, epochs: int) -> list[Contender]:
    found = [
        Contender("PyTorch eager", partial(networks_arrays.torch_eager, work)),
        Contender("PyTorch nn.Module and optim.SGD", partial(networks_arrays.torch_module, work)),
        Contender("PyTorch torch.compile, whole step", partial(networks_arrays.torch_compile, work), quick=False),
        Contender("scikit-learn MLPClassifier", partial(networks_arrays.sklearn_classifier, work), compared=False),
        Contender("NumPy by hand", partial(networks_arrays.numpy_by_hand, work)),
        Contender("JAX jit step", partial(networks_arrays.jax_step, work)),
        Contender(f"JAX, {epochs} epochs inside lax.scan", partial(networks_arrays.jax_scan, work, epochs), epochs),
        Contender("plain C, -O3 -ffast-math", partial(networks_native.compiled_c, work, ["-ffast-math"])),
        Contender("stepgrad compiled, an epoch a call", partial(networks.stepgrad_compiled, work, 1)),
        Contender(
            f"stepgrad compiled, {epochs} epochs a call", partial(networks.stepgrad_compiled, work, epochs), epochs
        ),
    ]
    if work.dtype == "float32":
        for contender in found:
            contender.tolerance = SINGLE
    return found


def workloads(quick: bool) -> list[Workload]:
    count, epochs = (64, 2) if quick else (1_797, 10)
    found = []
    for size, dtype in ((32, "float64"), (count, "float64"), (32, "float32")):
        title = f"digits, {count:,} samples, batches of {size:,}, one epoch, {dtype}"
        found.append(Workload("W4", title, "ms", epoch(task(count, size, dtype), epochs)))
    batch = 4 if quick else 32
    few = task(batch, batch)
    share = batch / count  # of an epoch
    contenders = [
        Contender("micrograd", partial(networks.scalar_engine, few, micrograd.engine), share),
        Contender("slots and tuples", partial(networks.scalar_engine, few, lambda: slots.Value), share),
        Contender("stepgrad eager", partial(networks.stepgrad_eager, few), share),
        Contender("stepgrad compiled", partial(networks.stepgrad_compiled, few, 1), share),
    ]
    title = f"digits, one epoch, float64, {1 / share:.3g} times one batch of {batch}: the scalar engines"
    return [*found, Workload("W4", title, "ms", contenders)]
