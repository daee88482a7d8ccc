"""W5: a GPT of scalars (1 layer, 16 wide, 4 heads), one Adam step on one name; the mean over many names."""

import math
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest import mock

import autograd
from benchmarks import gpt
from benchmarks.adam import BETA1, BETA2, EPSILON, RATE, adam, corrections
from benchmarks.gpt import Config, encode
from benchmarks.measure import Contender, Workload
from benchmarks.peers import need, slots
from nn.data import names

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]
COMPARED = 5  # steps whose losses are compared
CONFIG = Config()


def documents(count: int) -> list[list[int]]:
    """Every 17th name: all letters and lengths turn up early."""
    return [encode(name) for name in names()[::17][:count]]


def scalar_engine(count: int, ops: Any) -> Prepared:
    """The same code of scalars; `ops` holds Value, dot, sum, exp, log and relu."""
    sys.setrecursionlimit(1_000_000)  # for the peer, which recurses once per node
    parameters = [ops.Value(x) for x in CONFIG.flat(CONFIG.initial())]
    weights, docs = CONFIG.shaped(parameters), documents(count)
    m, v = [0.0] * len(parameters), [0.0] * len(parameters)

    def step(k: int) -> float:
        with mock.patch.object(gpt, "autograd", ops):
            found = gpt.loss(CONFIG, weights, docs[k % count])
        for p in parameters:
            p.grad = 0.0
        found.backward()
        now = corrections(k)
        for i, p in enumerate(parameters):
            p.data, m[i], v[i] = adam(p.data, p.grad, m[i], v[i], *now)
        return float(found.data)

    losses = [step(k) for k in range(COMPARED)]
    return (lambda: step(COMPARED)), lambda: losses


def stepgrad_compiled(count: int, figures: dict[str, float]) -> Prepared:
    """`count` steps a call; what tracing and compiling took is among the figures."""
    need("numpy")
    need("llvmlite")
    from benchmarks.gpt_training import Training

    training = Training(CONFIG, adam)
    runs = [training.step(letters, corrections(k)) for k, letters in enumerate(documents(count))]
    figures.setdefault("seconds to trace", training.tracing)
    figures.setdefault("seconds to compile", training.compiling)

    def train(runs: list[Any]) -> list[float]:
        return [run()[0] for run in runs]

    losses = train(runs[:COMPARED])
    return (lambda: train(runs)), lambda: losses


def torch_eager(count: int) -> Prepared:
    """Vectorised by hand over positions and heads."""
    torch = need("torch")
    functional = torch.nn.functional
    initial = CONFIG.initial()
    weights = {name: torch.tensor(initial[name], dtype=torch.float64, requires_grad=True) for name in initial}
    optimizer = torch.optim.Adam(weights.values(), lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
    docs = [torch.tensor(letters) for letters in documents(count)]
    heads, width = CONFIG.heads, CONFIG.width // CONFIG.heads

    def normalized(x: Any) -> Any:
        return x * (x.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()

    def step(k: int) -> Any:
        letters = docs[k % count]
        n = len(letters) - 1
        x = normalized(weights["tokens"][letters[:-1]] + weights["positions"][:n])
        residual, x = x, normalized(x)
        split = lambda name: (x @ weights[name].T).view(n, heads, width).transpose(0, 1)
        q, key, value = split("query"), split("key"), split("value")
        scores = q @ key.transpose(1, 2) / math.sqrt(width)
        scores = scores.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), -math.inf)
        attended = (scores.softmax(-1) @ value).transpose(0, 1).reshape(n, -1)
        x = residual + attended @ weights["output"].T
        x = x + torch.relu(normalized(x) @ weights["up"].T) @ weights["down"].T
        found = functional.cross_entropy(x @ weights["logits"].T, letters[1:])
        optimizer.zero_grad()
        found.backward()
        optimizer.step()
        return found

    losses = [float(step(k).detach()) for k in range(COMPARED)]
    return (lambda: step(COMPARED)), lambda: losses


def jax_parts(count: int) -> Any:
    """Names padded to the block, so that one compiled program serves all."""
    jax = need("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    longest = CONFIG.block
    heads, width = CONFIG.heads, CONFIG.width // CONFIG.heads
    docs = documents(count)
    letters = jnp.array([d[:-1] + [0] * (longest - len(d) + 1) for d in docs])
    targets = jnp.array([d[1:] + [0] * (longest - len(d) + 1) for d in docs])
    used = jnp.array([[float(k < len(d) - 1) for k in range(longest)] for d in docs])
    weights = {name: jnp.array(matrix) for name, matrix in CONFIG.initial().items()}
    causal = jnp.tril(jnp.ones((longest, longest), bool))

    def normalized(x: Any) -> Any:
        return x * (jnp.mean(x * x, -1, keepdims=True) + 1e-5) ** -0.5

    def objective(w: Any, letters: Any, targets: Any, used: Any) -> Any:
        x = normalized(w["tokens"][letters] + w["positions"])
        residual, x = x, normalized(x)
        split = lambda name: (x @ w[name].T).reshape(longest, heads, width).transpose(1, 0, 2)
        q, key, value = split("query"), split("key"), split("value")
        scores = jnp.where(causal, q @ key.transpose(0, 2, 1) / math.sqrt(width), -jnp.inf)
        attended = (jax.nn.softmax(scores, -1) @ value).transpose(1, 0, 2).reshape(longest, -1)
        x = residual + attended @ w["output"].T
        x = x + jax.nn.relu(normalized(x) @ w["up"].T) @ w["down"].T
        logits = x @ w["logits"].T
        surprise = jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, targets[:, None], -1)[:, 0]
        return (surprise * used).sum() / used.sum()

    def step(state: Any, data: Any) -> Any:
        w, m, v, t = state
        found, g = jax.value_and_grad(objective)(w, *data)
        now = (1.0 / (1.0 - BETA1 ** (t + 1.0)), 1.0 / (1.0 - BETA2 ** (t + 1.0)))
        moved = jax.tree.map(lambda p, g, m, v: adam(p, g, m, v, *now), w, g, m, v)
        part = lambda k: jax.tree.map(lambda three: three[k], moved, is_leaf=lambda x: isinstance(x, tuple))
        return (part(0), part(1), part(2), t + 1.0), found

    zeros = jax.tree.map(jnp.zeros_like, weights)
    return jax, step, (weights, zeros, zeros, jnp.array(0.0)), (letters, targets, used)


def jax_step(count: int) -> Prepared:
    jax, step, state, data = jax_parts(count)
    compiled = jax.jit(step)
    documents = [tuple(array[k] for array in data) for k in range(count)]
    kept, losses = [state], []
    for k in range(COMPARED):
        kept[0], found = compiled(kept[0], documents[k])
        losses.append(float(found))

    def run() -> None:
        kept[0], found = compiled(kept[0], documents[0])
        found.block_until_ready()

    return run, lambda: losses


def jax_scan(count: int) -> Prepared:
    jax, step, state, data = jax_parts(count)
    many = jax.jit(lambda state, data: jax.lax.scan(step, state, data))
    _, losses = many(state, tuple(array[:COMPARED] for array in data))
    kept = [state]

    def run() -> None:
        kept[0], found = many(kept[0], data)
        found.block_until_ready()

    return run, lambda: [float(x) for x in losses]


def workloads(quick: bool) -> list[Workload]:
    count = 6 if quick else 300
    figures: dict[str, float] = {}
    return [
        Workload(
            "W5",
            f"a GPT of scalars, one Adam step on one name, mean over {count} names, float64",
            "us",
            [
                Contender("slots and tuples", partial(scalar_engine, count, slots)),
                Contender("stepgrad eager", partial(scalar_engine, count, autograd)),
                Contender("PyTorch eager, vectorised by hand", partial(torch_eager, count)),
                Contender("JAX jit step, vectorised by hand", partial(jax_step, count)),
                Contender(f"JAX, {count} steps inside lax.scan", partial(jax_scan, count), count),
                Contender("stepgrad compiled", partial(stepgrad_compiled, count, figures), count),
            ],
            figures,
        )
    ]
