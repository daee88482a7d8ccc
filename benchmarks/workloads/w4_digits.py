"""W4: handwritten digits, 1,797 x 64, a 64-32-10 tanh network, softmax cross-entropy, gradient descent; one epoch."""

import random
from functools import partial

from benchmarks.measure import Contender, Workload
from benchmarks.peers import micrograd, networks, slots
from benchmarks.peers.networks import Task
from nn.data import digits


def task(count: int, size: int) -> Task:
    data = digits()
    inputs = [[x / 16.0 for x in row] for row in data.features[:count]]
    order = list(range(count))
    random.Random(0).shuffle(order)
    batches = [order[first : first + size] for first in range(0, count, size)]
    return Task([64, 32, 10], "tanh", "softmax", 0.1, 0.0, inputs, data.labels[:count], batches)


def workloads(quick: bool) -> list[Workload]:
    count = 64 if quick else 1_797
    found = []
    for size in (32, count):
        work = task(count, size)
        epochs = 2 if quick else 10
        title = f"digits, {count:,} samples, batches of {size:,}, one epoch, float64"
        contenders = [
            Contender("PyTorch eager", partial(networks.torch_eager, work)),
            Contender("scikit-learn MLPClassifier", partial(networks.sklearn_classifier, work), compared=False),
            Contender("NumPy by hand", partial(networks.numpy_by_hand, work)),
            Contender("JAX jit step", partial(networks.jax_step, work)),
            Contender(f"JAX, {epochs} epochs inside lax.scan", partial(networks.jax_scan, work, epochs), epochs),
            Contender("plain C, -O3 -ffast-math", partial(networks.compiled_c, work, ["-ffast-math"])),
            Contender("stepgrad compiled, an epoch a call", partial(networks.stepgrad_compiled, work, 1)),
            Contender(
                f"stepgrad compiled, {epochs} epochs a call", partial(networks.stepgrad_compiled, work, epochs), epochs
            ),
        ]
        found.append(Workload("W4", title, "ms", contenders))
    few = task(32, 32)
    found.append(
        Workload(
            "W4",
            "digits, one batch of 32 samples, float64: the scalar engines, an epoch is 57 times as much",
            "ms",
            [
                Contender("micrograd", partial(networks.scalar_engine, few, micrograd.engine)),
                Contender("slots and tuples", partial(networks.scalar_engine, few, lambda: slots.Value)),
                Contender("stepgrad eager", partial(networks.stepgrad_eager, few)),
                Contender("stepgrad compiled", partial(networks.stepgrad_compiled, few, 1)),
            ],
        )
    )
    return found
