"""A GPT of scalars: one layer, every number a Value, in plain Python.

The transformer of Vaswani et al., "Attention Is All You Need" (2017), decoder only, in today's smallest form: token
and position embeddings, root-mean-square normalisation (Zhang and Sennrich, 2019), causal attention with several
heads, a perceptron with ReLU, residual connections. It reads the letters of a name and guesses the next one.

Notebook 12 builds its sibling, of the same width and heads, for shorter names: 8 places and not 16, so that the table
of positions has 128 numbers fewer, 4,064 in all; and it normalises before the scores, not after the embedding.

    python -m benchmarks.gpt        trains it, compiled, and lets it invent names
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import autograd

Vector = list[Any]
Matrix = list[Vector]


@dataclass(frozen=True)
class Config:
    """Sizes: `width` numbers a token, `heads` of width/heads each, names of at most `block` letters."""

    vocabulary: int = 27  # the letters a to z, and the boundary between names
    width: int = 16
    heads: int = 4
    block: int = 16

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Rows and columns of every weight matrix; a matrix maps a vector of `columns` numbers to `rows`."""
        w = self.width
        return {
            "tokens": (self.vocabulary, w),
            "positions": (self.block, w),
            "query": (w, w),
            "key": (w, w),
            "value": (w, w),
            "output": (w, w),
            "up": (4 * w, w),
            "down": (w, 4 * w),
            "logits": (self.vocabulary, w),
        }

    def initial(self, seed: int = 0) -> dict[str, list[list[float]]]:
        """Normal numbers of standard deviation 0.08; 4,192 of them at the default sizes."""
        draw = random.Random(seed)
        return {
            name: [[draw.gauss(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
            for name, (rows, columns) in self.shapes().items()
        }


    @staticmethod
    def flat(weights: "dict[str, Matrix]") -> Vector:
        """All numbers, matrix by matrix and row by row."""
        return [x for matrix in weights.values() for row in matrix for x in row]

    def shaped(self, numbers: Sequence[Any]) -> "dict[str, Matrix]":
        """The inverse of `flat`."""
        stream = iter(numbers)
        return {
            name: [[next(stream) for _ in range(columns)] for _ in range(rows)]
            for name, (rows, columns) in self.shapes().items()
        }


def linear(matrix: Matrix, x: Vector) -> Vector:
    return [autograd.dot(row, x) for row in matrix]


def normalized(x: Vector) -> Vector:
    """x divided by the root of its mean square."""
    scale = (autograd.dot(x, x) / len(x) + 1e-5) ** -0.5
    return [element * scale for element in x]


def softmax(logits: Vector) -> Vector:
    """exp(x_i) / sum exp(x); the logits of this small model stay far from overflow, so nothing is subtracted."""
    powers = [autograd.exp(x) for x in logits]
    total = 1.0 / autograd.sum(powers)
    return [p * total for p in powers]


def embedded(matrix: Matrix, letter: "int | Vector") -> Vector:
    """The row of `matrix` for a letter: its number, or a vector of zeros with a one in its place."""
    if isinstance(letter, int):
        return matrix[letter]
    return [autograd.dot(letter, column) for column in zip(*matrix)]


def logits(config: Config, weights: dict[str, Matrix], letters: "Sequence[int | Vector]") -> list[Vector]:
    """For each position the scores of all letters that may come next, from the letters up to it."""
    size = config.width // config.heads
    keys: list[Vector] = []
    values: list[Vector] = []
    scores = []
    for position, letter in enumerate(letters):
        x = [t + p for t, p in zip(embedded(weights["tokens"], letter), weights["positions"][position])]
        x = normalized(x)

        residual, x = x, normalized(x)
        query = linear(weights["query"], x)
        keys.append(linear(weights["key"], x))
        values.append(linear(weights["value"], x))
        attended: Vector = []
        for first in range(0, config.width, size):
            part = slice(first, first + size)
            weight = softmax([autograd.dot(query[part], key[part]) / math.sqrt(size) for key in keys])
            for column in range(first, first + size):
                attended.append(autograd.dot(weight, [value[column] for value in values]))
        x = [r + y for r, y in zip(residual, linear(weights["output"], attended))]

        residual, x = x, normalized(x)
        hidden = [autograd.relu(h) for h in linear(weights["up"], x)]
        x = [r + y for r, y in zip(residual, linear(weights["down"], hidden))]
        scores.append(linear(weights["logits"], x))
    return scores


def loss(config: Config, weights: dict[str, Matrix], letters: "Sequence[int | Vector]") -> Any:
    """The mean of -log p(next letter) over the letters of a name; `letters` begins and ends with the boundary.

    A compiled loss takes vectors of zeros and a one for letters, so that one program serves all names of a length.
    """
    scores = logits(config, weights, letters[:-1])
    surprises = [
        autograd.log(autograd.sum([autograd.exp(x) for x in row]))
        - (row[target] if isinstance(target, int) else autograd.dot(target, row))
        for row, target in zip(scores, letters[1:])
    ]
    return autograd.sum(surprises) / len(surprises)


def encode(name: str) -> list[int]:
    """Letters as numbers, 0 the boundary.

    >>> encode("ada")
    [0, 1, 4, 1, 0]
    """
    return [0] + [ord(letter) - ord("a") + 1 for letter in name] + [0]


def sample(config: Config, weights: dict[str, Matrix], draw: random.Random, temperature: float = 0.7) -> str:
    """A new name, letter by letter."""
    letters = [0]
    while len(letters) <= config.block - 1:
        with autograd.no_grad():
            row = [float(x) / temperature for x in logits(config, weights, letters)[-1]]
        highest = max(row)
        letter = draw.choices(range(config.vocabulary), [math.exp(x - highest) for x in row])[0]
        if letter == 0:
            break
        letters.append(letter)
    return "".join(chr(ord("a") + letter - 1) for letter in letters[1:])


if __name__ == "__main__":
    from benchmarks.gpt_training import main

    main()
