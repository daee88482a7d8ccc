"""W3: micrograd's demo, a 2-16-16-1 ReLU network on two moons, max-margin loss and L2; one full-batch step."""

from functools import partial

from benchmarks.measure import Contender, Workload
from benchmarks.peers import micrograd, networks, slots
from benchmarks.peers.networks import Task
from nn.data import moons


def task(count: int) -> Task:
    data = moons(count, noise=0.1, seed=0)
    labels = [1 if label else -1 for label in data.labels]
    return Task([2, 16, 16, 1], "relu", "hinge", 0.05, 1e-4, data.features, labels, [list(range(count))])


def workloads(quick: bool) -> list[Workload]:
    found = []
    for count in (20,) if quick else (100, 10_000):
        work = task(count)
        steps = 2 if quick else max(1, 10_000 // count)
        contenders = [
            Contender("PyTorch eager", partial(networks.torch_eager, work)),
            Contender("NumPy by hand", partial(networks.numpy_by_hand, work)),
            Contender("JAX jit step", partial(networks.jax_step, work)),
            Contender(f"JAX, {steps} steps inside lax.scan", partial(networks.jax_scan, work, steps), steps),
            Contender("plain C, -O3", partial(networks.compiled_c, work, [])),
            Contender("plain C, -O3 -ffast-math", partial(networks.compiled_c, work, ["-ffast-math"])),
            Contender("stepgrad compiled, a step a call", partial(networks.stepgrad_compiled, work, 1)),
            Contender(f"stepgrad compiled, {steps} a call", partial(networks.stepgrad_compiled, work, steps), steps),
        ]
        if count <= 100:
            contenders = [
                Contender("micrograd", partial(networks.scalar_engine, work, micrograd.engine)),
                Contender("slots and tuples", partial(networks.scalar_engine, work, lambda: slots.Value)),
                Contender("stepgrad eager", partial(networks.stepgrad_eager, work)),
                *contenders,
            ]
        found.append(Workload("W3", f"two moons, n={count:,}, one training step, float64", "us", contenders))
    return found
