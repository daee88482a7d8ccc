"""Graphs that the explaining tests share."""

import random

from autograd import Value, relu, sigmoid, tanh


def readme_of_micrograd():
    """The expression in micrograd's README, its two leaves and its result."""
    a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.label = "g"
    return a, b, g


def random_graph(seed, size=30):
    """A graph with shared nodes, twin operands and constants; every leaf reaches the result."""
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2.0, 2.0)) for _ in range(4)]
    nodes = list(leaves)
    for _ in range(size):
        x, y = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice([
            lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x + x, lambda x, y: tanh(x),
            lambda x, y: sigmoid(x) * y, lambda x, y: relu(x), lambda x, y: x * rng.uniform(-1, 1),
            lambda x, y: x / 3.0, lambda x, y: (x * x).sin(),
        ])(x, y))  # fmt: skip
    root = nodes[-1]
    for node in nodes[:-1]:
        root = root + node * 0.125
    return leaves, root
