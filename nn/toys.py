"""Toy sets: labelled points in the plane, the same ones for the same seed."""

import math
from collections.abc import Callable

from nn.dataset import Dataset
from nn.seeds import generator

__all__ = ["moons", "circles", "spirals", "xor", "blobs"]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two interleaving half circles: n points x 2, labels 0 (the upper one) and 1 (the lower one), in turn.

    `noise` is the standard deviation added to both coordinates. The shape is scikit-learn's `make_moons`.
    Raises ValueError for n < 2, or a noise that is negative or not finite.

    >>> [[round(c, 3) for c in p] for p in moons(4, noise=0.0).features]
    [[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [2.0, 0.5]]
    """
    def point(label: int, t: float) -> tuple[float, float]:
        x, y = math.cos(math.pi * t), math.sin(math.pi * t)
        return (x, y) if label == 0 else (1.0 - x, 0.5 - y)

    return _plane("moons", point, ["upper", "lower"], n, noise, seed)


def circles(n: int = 100, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """A circle inside another: n points x 2, labels 0 (outer, radius 1) and 1 (inner, radius `factor`), in turn.

    `noise` is the standard deviation added to both coordinates. The shape is scikit-learn's `make_circles`.
    Raises ValueError for n < 2, a noise that is negative or not finite, or unless 0 < factor < 1.

    >>> [[round(c, 3) for c in p] for p in circles(4, noise=0.0).features]
    [[1.0, 0.0], [0.5, 0.0], [-1.0, 0.0], [-0.5, 0.0]]
    """
    if not 0.0 < factor < 1.0:
        raise ValueError(f"circles needs a factor between 0 and 1 exclusive, got {factor}")

    def point(label: int, t: float) -> tuple[float, float]:
        radius = factor if label else 1.0
        return radius * math.cos(2.0 * math.pi * t), radius * math.sin(2.0 * math.pi * t)

    return _plane("circles", point, ["outer", "inner"], n, noise, seed, closed=True)


def spirals(n: int = 100, noise: float = 0.03, turns: float = 1.0, classes: int = 2, seed: int = 0) -> Dataset:
    """Arms that wind out of the origin: n points x 2, labels 0 to classes-1, in turn.

    An arm goes from radius 0.1 to 1 in `turns` turns (Archimedes' spiral); the arms are copies, evenly rotated. `noise`
    is the standard deviation added to both coordinates.
    Raises ValueError for n < classes, classes < 2, or a noise or turns that is negative or not finite.

    >>> [[round(c, 3) for c in p] for p in spirals(4, noise=0.0, turns=0.25).features]
    [[0.1, 0.0], [-0.1, 0.0], [0.0, 1.0], [-0.0, -1.0]]
    """
    if classes < 2:
        raise ValueError(f"spirals needs at least 2 classes, got {classes}")
    _check_finite("spirals", "turns", turns)

    def point(label: int, t: float) -> tuple[float, float]:
        radius, angle = 0.1 + 0.9 * t, 2.0 * math.pi * (turns * t + label / classes)
        return radius * math.cos(angle), radius * math.sin(angle)

    return _plane("spirals", point, [f"arm {label}" for label in range(classes)], n, noise, seed)


def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Exclusive or: n points x 2 about the corners (a, b) of the unit square, in turn, with label a xor b.

    `noise` is the standard deviation added to both coordinates; `xor(4, noise=0.0)` is the truth table itself.
    Raises ValueError for n < 4, or a noise that is negative or not finite.

    >>> table = xor(4, noise=0.0)
    >>> table.features, table.labels
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    _check_size("xor", n, 4)
    _check_finite("xor", "noise", noise)
    rng = generator(seed)
    corners = [(i // 2 % 2, i % 2) for i in range(n)]
    features = [[rng.gauss(a, noise), rng.gauss(b, noise)] for a, b in corners]
    return Dataset(features, [a ^ b for a, b in corners], ["x", "y"], ["equal", "different"])


def blobs(n: int = 100, classes: int = 3, noise: float = 0.5, seed: int = 0) -> Dataset:
    """Round clouds about centres on a circle of radius 2: n points x 2, labels 0 to classes-1, in turn.

    `noise` is the standard deviation of a cloud in both coordinates (a normal distribution).
    Raises ValueError for n < classes, classes < 2, or a noise that is negative or not finite.

    >>> [[round(c, 3) + 0.0 for c in p] for p in blobs(4, classes=4, noise=0.0).features]
    [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]
    """
    if classes < 2:
        raise ValueError(f"blobs needs at least 2 classes, got {classes}")

    def point(label: int, t: float) -> tuple[float, float]:
        angle = 2.0 * math.pi * label / classes
        return 2.0 * math.cos(angle), 2.0 * math.sin(angle)

    return _plane("blobs", point, [f"blob {label}" for label in range(classes)], n, noise, seed)


def _plane(
    name: str, point: Callable[[int, float], tuple[float, float]], class_names: list[str],
    n: int, noise: float, seed: int, closed: bool = False,
) -> Dataset:
    """Points `point(label, t)` plus Gaussian noise, with t evenly spaced in [0, 1], or in [0, 1) on a closed curve."""
    classes = len(class_names)
    _check_size(name, n, classes)
    _check_finite(name, "noise", noise)
    rng = generator(seed)
    features: list[list[float]] = []
    labels = [i % classes for i in range(n)]
    for i, label in enumerate(labels):
        size = (n - label + classes - 1) // classes  # how many points have this label
        x, y = point(label, i // classes / (size if closed else max(size - 1, 1)))
        features.append([rng.gauss(x, noise), rng.gauss(y, noise)])
    return Dataset(features, labels, ["x", "y"], class_names)


def _check_size(name: str, n: int, least: int) -> None:
    if n < least:
        raise ValueError(f"{name} needs at least {least} points, got {n}")


def _check_finite(name: str, argument: str, value: float) -> None:
    if not 0.0 <= value < math.inf:
        raise ValueError(f"{name} needs a finite {argument} of at least 0, got {value}")
