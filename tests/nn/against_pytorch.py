"""What PyTorch computes, case by case: activations, losses, layers, optimisers, schedules and clipping.

Every case gives two functions without arguments that return a list of numbers: `ours`, and `theirs`, which needs torch.
`pytorch.json` keeps theirs as they came out of torch 2.13, so that the comparison also runs where torch is not
installed; `python -m tests.nn.against_pytorch` writes it anew.
"""

import functools
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nn
from autograd import Value
from nn import functional as F

FROZEN = Path(__file__).parent / "pytorch.json"


class Case(NamedTuple):
    ours: Callable[[], list[float]]
    theirs: Callable[[], list[float]]


def gauss(*shape, seed=0):
    """Nested lists of normally distributed numbers."""
    rng = random.Random(seed)

    def fill(shape):
        return [fill(shape[1:]) for _ in range(shape[0])] if shape else rng.gauss(0.0, 1.5)

    return fill(shape)


def nested(f, x):
    return [nested(f, item) for item in x] if isinstance(x, list) else f(x)


def flat(x):
    return [number for item in x for number in flat(item)] if isinstance(x, list) else [x]


def ours(f, x, parameters=list):
    """The numbers in f(x), and the gradient of 1 y_0 + 2 y_1 + 3 y_2 + ... in every x and parameter."""
    values = nested(Value, x)
    ys = flat(f(values))
    for weight, y in enumerate(ys, start=1):
        if isinstance(y, Value):  # the loss of an ignored row is a plain 0
            (weight * y).backward()
    return [float(y) for y in ys] + [v.grad for v in flat(values)] + [p.grad for p in parameters()]


def theirs(f, x, parameters=list):
    import torch

    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    ys = f(tensor).flatten()
    (ys * torch.arange(1.0, len(ys) + 1.0, dtype=torch.float64)).sum().backward()
    return flat([ys.tolist(), tensor.grad.tolist(), [p.grad.tolist() for p in parameters()]])


def torch_functional(name):
    def call(*args, **options):
        import torch

        return getattr(torch.nn.functional, name)(*args, **options)

    return call


# ------------------------------------------------------------------------------------------- activations

LARGE = [[1e16, 1e16], [1e10, 1e10 + 1.0], [1e5, 1e5], [1e4, 9999.5], [1e308, 1e308], [1e308, -1e308]]
EXTREME = [-1000.0, -40.0, -1.0, -1e-3, 1e-3, 1.0, 40.0, 1000.0]


def activations():
    for name in "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "logsigmoid", "sigmoid", "tanh":
        f, g = getattr(F, name), torch_functional(name)
        if name == "softplus":  # torch's is the identity beyond a threshold of 20, which is off by 2e-9 there
            g = lambda xs: -torch_functional("logsigmoid")(-xs)
        yield name, Case(lambda f=f: ours(lambda xs: [f(x) for x in xs], gauss(6) + EXTREME),
                         lambda g=g: theirs(g, gauss(6) + EXTREME))
    for name, options in ("gelu", {"approximate": "tanh"}), ("softplus", {"beta": 0.5}):
        f, g = functools.partial(getattr(F, name), **options), functools.partial(torch_functional(name), **options)
        if name == "softplus":
            g = lambda xs: -2.0 * torch_functional("logsigmoid")(-0.5 * xs)
        yield f"{name}{options}", Case(lambda f=f: ours(lambda xs: [f(x) for x in xs], gauss(6) + EXTREME),
                                       lambda g=g: theirs(g, gauss(6) + EXTREME))
    for row in gauss(5), [1000.0, 1001.0, -1000.0], [1000.0, 1000.0], *LARGE:
        for name in "softmax", "log_softmax":
            f, g = getattr(F, name), torch_functional(name)
            yield f"{name} of {len(row)} from {row[0]:.6g}", Case(
                lambda f=f, row=row: ours(f, row), lambda g=g, row=row: theirs(lambda xs: g(xs, dim=0), row))


# ------------------------------------------------------------------------------------------------ losses

X, Y = gauss(4, 3, seed=1), gauss(4, 3, seed=2)
LOGITS = [*gauss(3, 3, seed=3), [1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 1000.0]]
CLASSES, BITS = [2, 0, 1, 0, 0], nested(lambda y: float(y > 0.0), gauss(5, 3, seed=4))
PROBABILITIES = nested(lambda x: 0.5 + 0.12 * x, gauss(5, 3, seed=5))
EDGES = [0.0, 1e-300, 1e-20, 5e-13, 2e-12, 1.0 - 1e-11, 1.0 - 2.0**-53, 1.0]
WEIGHT, SHARES = [0.5, 2.0, 1.5], nested(abs, gauss(5, 3, seed=6))


def losses():
    listed = [
        ("mse_loss", X, Y, {}), ("l1_loss", X, Y, {}), ("huber_loss", X, Y, {}), ("huber_loss", X, Y, {"delta": 0.4}),
        ("smooth_l1_loss", X, Y, {}), ("smooth_l1_loss", X, Y, {"beta": 0.3}), ("smooth_l1_loss", X, Y, {"beta": 0.0}),
        ("binary_cross_entropy", PROBABILITIES, BITS, {}),
        ("binary_cross_entropy", [EDGES] * 3, [[y] * len(EDGES) for y in (0.0, 1.0, 0.3)], {}),
        ("binary_cross_entropy_with_logits", LOGITS, BITS, {}),
        ("binary_cross_entropy_with_logits", LOGITS, BITS, {"pos_weight": 2.5}),
        ("cross_entropy", LOGITS, CLASSES, {}), ("cross_entropy", LOGITS, CLASSES, {"weight": WEIGHT}),
        ("cross_entropy", LOGITS, CLASSES, {"label_smoothing": 0.1}),
        ("cross_entropy", LOGITS, CLASSES, {"weight": WEIGHT, "label_smoothing": 0.1}),
        ("cross_entropy", LARGE, [0, 1, 0, 1, 0, 0], {}),
        ("binary_cross_entropy", PROBABILITIES, BITS, {"weight": WEIGHT}),
        ("binary_cross_entropy_with_logits", LOGITS, BITS, {"weight": WEIGHT, "pos_weight": [0.5, 3.0, 1.0]}),
        ("binary_cross_entropy_with_logits", LOGITS, BITS, {"weight": SHARES}),
        ("cross_entropy", LOGITS, [2, -100, 1, 0, -100], {}),
        ("cross_entropy", LOGITS, [2, 1, 1, 0, 0], {"ignore_index": 1, "weight": WEIGHT, "label_smoothing": 0.1}),
        ("nll_loss", X, [2, -100, 1, 0], {"weight": WEIGHT}),
        ("nll_loss", X, CLASSES[:4], {}), ("nll_loss", X, CLASSES[:4], {"weight": WEIGHT}),
    ]
    for name, x, y, options in listed:
        for reduction in "mean", "sum", "none":
            def mine(values, name=name, y=y, options=options, reduction=reduction):
                return getattr(F, name)(values, y, reduction=reduction, **options)

            def torchs(tensor, name=name, y=y, options=options, reduction=reduction):
                import torch

                classes = name in ("cross_entropy", "nll_loss")
                target = torch.tensor(y, dtype=torch.int64 if classes else tensor.dtype)
                given = {key: torch.tensor(x, dtype=tensor.dtype) if key in ("weight", "pos_weight") else x
                         for key, x in options.items()}
                return torch_functional(name)(tensor, target, reduction=reduction, **given)

            words = ", ".join(f"{key}={x}" for key, x in options.items())
            words += ", some ignored" if -100 in y else ""
            words += "at the edges" if x[0] is EDGES else "of large logits" if x is LARGE else ""
            yield f"{name}({words}) {reduction}", Case(functools.partial(ours, mine, x),
                                                       functools.partial(theirs, torchs, x))


# ------------------------------------------------------------------------------------------------ layers


def numbers_into(module, seed=7):
    """Put the same random numbers into our module and into torch's, whose parameters come in the same order."""
    rng = random.Random(seed)
    if isinstance(module, nn.Module):
        for p in module.parameters():
            p.data = rng.gauss(0.0, 1.0)
    else:
        import torch

        with torch.no_grad():
            for linear in module.modules():
                if isinstance(linear, torch.nn.Linear):  # a row of weights, then that neuron's bias
                    for row, k in zip(linear.weight, range(linear.out_features), strict=True):
                        for i in range(linear.in_features):
                            row[i] = rng.gauss(0.0, 1.0)
                        if linear.bias is not None:
                            linear.bias[k] = rng.gauss(0.0, 1.0)
                elif not list(linear.children()):
                    for p in linear.parameters():
                        for i in range(len(p)):
                            p[i] = rng.gauss(0.0, 1.0)
    return module


def gradients_in_our_order(module):
    """torch's gradients in the order of our parameters."""
    import torch

    found = []
    for part in module.modules():
        if isinstance(part, torch.nn.Linear):
            biases = part.bias.grad.reshape(-1, 1) if part.bias is not None else [[]] * part.out_features
            found += [torch.cat([w, torch.tensor(b) if b == [] else b]) for w, b in zip(part.weight.grad, biases)]
        elif not list(part.children()):
            found += [p.grad for p in part.parameters()]
    return found


def layers():
    def in_torch(build):
        import torch

        return build(torch.nn).to(torch.float64)

    def shortcut(t):
        class Shortcut(t.Module):
            def __init__(self):
                super().__init__()
                self.f = t.Linear(3, 3)

            def forward(self, x):
                return x + self.f(x)

        return Shortcut()

    listed = {
        "Linear": (lambda: nn.Linear(3, 2), lambda t: t.Linear(3, 2)),
        "Linear without bias": (lambda: nn.Linear(in_features=3, out_features=2, bias=False),
                                lambda t: t.Linear(in_features=3, out_features=2, bias=False)),
        "Sequential, its middle": (
            lambda: nn.Sequential(nn.Tanh(), nn.Linear(3, 3), nn.GELU(approximate="tanh"), nn.Linear(3, 1))[1:3],
            lambda t: t.Sequential(t.Tanh(), t.Linear(3, 3), t.GELU(approximate="tanh"), t.Linear(3, 1))[1:3]),
        "Linear, ReLU": (lambda: nn.Layer(3, 4), lambda t: t.Sequential(t.Linear(3, 4), t.ReLU())),
        "MLP": (lambda: nn.MLP(3, [4, 4, 1], activation="tanh"),
                lambda t: t.Sequential(t.Linear(3, 4), t.Tanh(), t.Linear(4, 4), t.Tanh(), t.Linear(4, 1))),
        "MLP to probabilities": (lambda: nn.MLP(3, [4, 2], activation="gelu", output="softmax"),
                                 lambda t: t.Sequential(t.Linear(3, 4), t.GELU(), t.Linear(4, 2), t.Softmax(dim=1))),
        "PReLU": (nn.PReLU, lambda t: t.PReLU()),
        "PReLU by input": (lambda: nn.PReLU(3), lambda t: t.PReLU(3)),
        "LeakyReLU": (lambda: nn.LeakyReLU(0.2), lambda t: t.LeakyReLU(0.2)),
        "ELU": (lambda: nn.ELU(0.7), lambda t: t.ELU(0.7)),
        "LogSoftmax": (nn.LogSoftmax, lambda t: t.LogSoftmax(dim=1)),
        "Residual": (lambda: nn.Residual(nn.Linear(3, 3)), shortcut),
        "Dropout in eval": (lambda: nn.Dropout(0.5).eval(), lambda t: t.Dropout(0.5).eval()),
        "BatchNorm1d": (lambda: nn.BatchNorm1d(3), lambda t: t.BatchNorm1d(3)),
        "BatchNorm1d plain": (lambda: nn.BatchNorm1d(3, eps=1e-3, affine=False, track_running_stats=False).eval(),
                              lambda t: t.BatchNorm1d(3, eps=1e-3, affine=False, track_running_stats=False).eval()),
        "BatchNorm1d in a network": (
            lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)),
            lambda t: t.Sequential(t.Linear(3, 4), t.BatchNorm1d(4), t.Tanh(), t.Linear(4, 2))),
    }
    for name, (mine, torchs) in listed.items():
        def run_ours(mine=mine):
            module = numbers_into(mine())
            return ours(module, X, module.parameters)

        def run_theirs(torchs=torchs):
            module = numbers_into(in_torch(torchs))
            return theirs(module, X) + [x for g in gradients_in_our_order(module) for x in g.tolist()]

        yield name, Case(run_ours, run_theirs)
    for momentum in 0.1, 0.4, None:
        yield f"BatchNorm1d running, momentum={momentum}", Case(
            lambda momentum=momentum: batch_norm_ours(momentum), lambda momentum=momentum: batch_norm_theirs(momentum))


BATCHES = [gauss(5, 3, seed=s) for s in (11, 12, 13)]


def batch_norm_ours(momentum):
    """Three batches in training, the running statistics after them, then a batch in evaluation with its gradients."""
    norm = numbers_into(nn.BatchNorm1d(3, momentum=momentum))
    for batch in BATCHES:
        norm(batch)
    running = [v.data for v in [*norm.running_mean, *norm.running_var, norm.num_batches_tracked]]
    norm.eval()
    return running + ours(norm, X, norm.parameters)


def batch_norm_theirs(momentum):
    import torch

    norm = numbers_into(torch.nn.BatchNorm1d(3, momentum=momentum).to(torch.float64))
    for batch in BATCHES:
        norm(torch.tensor(batch, dtype=torch.float64))
    running = [*norm.running_mean.tolist(), *norm.running_var.tolist(), float(norm.num_batches_tracked)]
    norm.eval()
    return running + theirs(norm, X, norm.parameters)


# ------------------------------------------------------------------------------- optimisers and schedules

OPTIMISERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.1, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "nesterov": True, "weight_decay": 0.05, "maximize": True}),
    ("SGD", {}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.01, "eps": 1e-6}),
    ("Adagrad", {"lr": 0.3, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adagrad", {"lr": 0.01, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-5, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.5}),
    ("RMSprop", {"lr": 0.02, "centered": True, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True, "eps": 1e-3, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-6}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.01, "maximize": True}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.05, "betas": (0.7, 0.9), "amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.1, "maximize": True}),
]
START = [2.0, -1.5, 0.7]


def bowl(x, y, z):
    """Smooth, bounded slopes, coupled: the same text for our Values and for torch's tensors."""
    return 0.5 * x * x + 0.3 * x * y + y * y + (z * z + 1.0) ** 0.5 + 0.2 * (x * z).tanh()


def path_ours(name, options, steps=100, prepare=lambda optimizer: lambda k: None):
    xs = [Value(x) for x in START]
    optimizer = getattr(nn.optim, name)(xs, **options)
    after_step = prepare(optimizer)
    path = []
    for k in range(steps):
        optimizer.zero_grad()
        bowl(*xs).backward()
        optimizer.step()
        after_step(k)
        path += [x.data for x in xs]
    return path


def path_theirs(name, options, steps=100, prepare=lambda optimizer: lambda k: None):
    import torch

    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizer = getattr(torch.optim, name)(xs, **options)
    after_step = prepare(optimizer)
    path = []
    for k in range(steps):
        optimizer.zero_grad()
        bowl(*xs).backward()
        optimizer.step()
        after_step(k)
        path += [x.item() for x in xs]
    return path


def optimisers():
    for name, options in OPTIMISERS:
        words = ", ".join(f"{key}={x}" for key, x in options.items())
        yield f"{name}({words})", Case(lambda name=name, options=options: path_ours(name, options),
                                       lambda name=name, options=options: path_theirs(name, options))


SCHEDULES = [
    [("StepLR", {"step_size": 7})], [("StepLR", {"step_size": 3, "gamma": 0.5})], [("ExponentialLR", {"gamma": 0.95})],
    [("CosineAnnealingLR", {"T_max": 10})], [("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01})],
    [("CosineAnnealingLR", {"T_max": 1, "eta_min": 0.01})],
    [("LinearLR", {})], [("LinearLR", {"start_factor": 0.1, "total_iters": 8})],
    [("LinearLR", {"start_factor": 1.0, "end_factor": 0.2, "total_iters": 6})],
    [("LinearLR", {"start_factor": 0.1, "total_iters": 5}), ("ExponentialLR", {"gamma": 0.9})],
    [("LinearLR", {"start_factor": 0.1, "total_iters": 5}), ("CosineAnnealingLR", {"T_max": 12})],
]
METRICS = [1.0, 0.9, 0.9, 0.8999, 0.95, 0.9, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
PLATEAUS = [
    {"patience": 1}, {"patience": 0, "factor": 0.5, "cooldown": 2}, {"patience": 2, "mode": "max", "factor": 0.3},
    {"patience": 1, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 0.02},
    {"patience": 0, "mode": "max", "threshold_mode": "abs", "threshold": 0.01, "eps": 1e-3},
    {"patience": 0, "min_lr": [0.01, 0.05]},
]


def rates(optim, parameters, schedules, epochs=30):
    """The rates of two groups, epoch by epoch."""
    optimizer = optim.SGD([{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 0.3}], lr=0.1)
    running = [getattr(optim.lr_scheduler, name)(optimizer, **options) for name, options in schedules]
    found = []
    for k in range(epochs):
        optimizer.step()
        found += [group["lr"] for group in optimizer.param_groups]
        for schedule in running:
            schedule.step(*([METRICS[k % len(METRICS)]] if schedules[0][0] == "ReduceLROnPlateau" else []))
    return found


def schedules():
    def theirs(listed):
        import torch

        return rates(torch.optim, [torch.zeros(1, requires_grad=True) for _ in range(2)], listed)

    for listed in SCHEDULES + [[("ReduceLROnPlateau", options)] for options in PLATEAUS]:
        words = [f"{name}({', '.join(f'{key}={x}' for key, x in options.items())})" for name, options in listed]
        yield " and ".join(words), Case(lambda listed=listed: rates(nn.optim, [Value(0.0), Value(0.0)], listed),
                          lambda listed=listed: theirs(listed))


# ----------------------------------------------------------------------------------------------- clipping

GRADIENTS = [[3.0, -4.0, 0.0], [0.25, -0.5], [0.0, 0.0], [5.0], [1.0, math.nan], [math.inf, 1.0, -2.0], []]
ORDERS = [2.0, 1.0, 0.5, 3.0, math.inf, -math.inf, 0.0, -1.0]


def clipped(clip, leaf, gradients, *options):
    """What a clipping function returns, and the gradients it leaves."""
    leaves = [leaf(g) for g in gradients]
    norm = clip(leaves, *options)
    return [*([] if norm is None else [float(norm)]), *(float(p.grad) for p in leaves)]


def leaf_ours(gradient):
    leaf = Value(0.0)
    leaf.grad = gradient
    return leaf


def leaf_theirs(gradient):
    import torch

    leaf = torch.zeros((), dtype=torch.float64, requires_grad=True)
    leaf.grad = torch.tensor(gradient, dtype=torch.float64)
    return leaf


def clipping():
    listed = [("clip_grad_norm_", g, (most, order)) for g in GRADIENTS for order in ORDERS for most in (1.0, 0.0)]
    for name, g, options in listed + [("clip_grad_value_", g, (most,)) for g in GRADIENTS[:-1] for most in (2.0, 0.0)]:
        def torchs(name=name, g=g, options=options):
            import torch

            return clipped(getattr(torch.nn.utils, name), leaf_theirs, g, *options)

        yield f"{name}({g}, {options})", Case(
            lambda name=name, g=g, options=options: clipped(getattr(nn.utils, name), leaf_ours, g, *options), torchs)


GROUPS = {"activations": activations, "losses": losses, "layers": layers, "optimisers": optimisers,
          "schedules": schedules, "clipping": clipping}
CASES = {f"{group}: {name}": case for group, cases in GROUPS.items() for name, case in cases()}


def kept(name, numbers):
    """What the file keeps of a case: of a path, the points after 1, 2, 10, 50 and 100 steps."""
    if name.startswith("optimisers"):
        return [x for k in (1, 2, 10, 50, 100) for x in numbers[3 * k - 3 : 3 * k]]
    return numbers


if __name__ == "__main__":
    figures = {name: kept(name, case.theirs()) for name, case in CASES.items()}
    FROZEN.write_text("{\n" + ",\n".join(f"{json.dumps(n)}: {json.dumps(f)}" for n, f in figures.items()) + "\n}\n")
