"""W3: micrograd's demo, a 2-16-16-1 ReLU network on two moons, max-margin loss and L2; one full-batch step."""

from functools import partial

from benchmarks.measure import Contender, Workload
from benchmarks.peers import micrograd, networks, networks_arrays, networks_native, slots
from benchmarks.peers.hips import hips
from benchmarks.peers.networks import COMPARED, Task
from nn.data import moons

SINGLE = 1e-3  # float32: 24 bits, sums of 10,000 terms in any order, ten steps


def task(count: int, dtype: str = "float64") -> Task:
    data = moons(count, noise=0.1, seed=0)
    labels = [1 if label else -1 for label in data.labels]
    return Task([2, 16, 16, 1], "relu", "hinge", 0.05, 1e-4, data.features, labels, [list(range(count))], dtype)


def arrays(work: Task, steps: int) -> list[Contender]:
    """The peers that compute with arrays, C, and stepgrad compiled."""
    found = [
        Contender("PyTorch eager", partial(networks_arrays.torch_eager, work)),
        Contender("PyTorch torch.compile, whole step", partial(networks_arrays.torch_compile, work), quick=False),
        Contender("NumPy by hand", partial(networks_arrays.numpy_by_hand, work)),
        Contender("JAX jit step", partial(networks_arrays.jax_step, work)),
        Contender(f"JAX, {steps} steps inside lax.scan", partial(networks_arrays.jax_scan, work, steps), steps),
        Contender("plain C, -O3", partial(networks_native.compiled_c, work, [])),
        Contender("plain C, -O3 -ffast-math", partial(networks_native.compiled_c, work, ["-ffast-math"])),
        Contender("stepgrad compiled, a step a call", partial(networks.stepgrad_compiled, work, 1)),
        Contender(f"stepgrad compiled, {steps} a call", partial(networks.stepgrad_compiled, work, steps), steps),
    ]
    if work.dtype == "float32":
        for contender in found:
            contender.tolerance = SINGLE
    return found


def scalars(work: Task) -> list[Contender]:
    """The peers that compute number by number, and HIPS autograd."""
    undecayed = Task(**{**vars(work), "decay": 0.0})
    remote = {"layers": work.initial(), "inputs": work.inputs, "labels": work.labels, "rate": work.rate}
    return [
        Contender("micrograd", partial(networks.scalar_engine, work, micrograd.engine)),
        Contender("slots and tuples", partial(networks.scalar_engine, work, lambda: slots.Value)),
        Contender("stepgrad eager", partial(networks.stepgrad_eager, work)),
        Contender("HIPS autograd, vectorised by hand",
                  partial(hips, "hinge", **remote, decay=work.decay, compared=COMPARED)),
        Contender("CasADi SX, generated C for each sample, no L2", partial(networks_native.casadi_c, undecayed),
                  compared=False),
    ]  # fmt: skip


def workloads(quick: bool) -> list[Workload]:
    found = []
    for count, dtype in ((20, "float64"), (20, "float32")) if quick else (
        (100, "float64"), (10_000, "float64"), (10_000, "float32"),
    ):  # fmt: skip
        work = task(count, dtype)
        contenders = arrays(work, 2 if quick else max(1, 10_000 // count))
        if count <= 100 and dtype == "float64":
            contenders = [*scalars(work), *contenders]
        found.append(Workload("W3", f"two moons, n={count:,}, one training step, {dtype}", "us", contenders))
    return found
