"""Systems of linear equations over lists of floats, small enough to read: what Newton's method needs."""

import math
import operator
from collections.abc import Sequence

Matrix = list[list[float]]


def cholesky(matrix: Matrix, damping: float = 0.0) -> Matrix | None:
    """The rows of the lower triangular L with L L^T = matrix + damping I; None when that is not positive definite.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    [[2.0], [1.0, 2.0]]
    >>> cholesky([[1.0, 2.0], [2.0, 1.0]]) is None
    True
    """
    least = 1e-14 * max((abs(x) for row in matrix for x in row), default=0.0)  # below it, a pivot is rounding
    factor: Matrix = []
    for i, row in enumerate(matrix):
        new: list[float] = []
        for j in range(i):
            new.append((row[j] - dot(new, factor[j])) / factor[j][j])
        pivot = row[i] + damping - dot(new, new)
        if not pivot > least:
            return None
        factor.append([*new, math.sqrt(pivot)])
    return factor


def solve_cholesky(factor: Matrix, right: Sequence[float]) -> list[float]:
    """The x with L L^T x = right: forward through L, then backward through its transpose.

    >>> solve_cholesky([[2.0], [1.0, 2.0]], [8.0, 12.0])
    [1.0, 2.0]
    """
    middle: list[float] = []
    for row, b in zip(factor, right):
        middle.append((b - dot(row, middle)) / row[-1])
    x = middle
    for i in reversed(range(len(factor))):
        x[i] /= factor[i][i]
        for j in range(i):
            x[j] -= factor[i][j] * x[i]
    return x


def solve(matrix: Matrix, right: Sequence[float]) -> list[float]:
    """The x with matrix x = right, by Gaussian elimination with the largest pivot of each column.

    Raises ValueError when the matrix is singular.

    >>> solve([[0.0, 2.0], [1.0, 1.0]], [4.0, 3.0])
    [1.0, 2.0]
    """
    rows = [[*row, b] for row, b in zip(matrix, right)]
    n = len(rows)
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        if rows[i][i] == 0.0:
            raise ValueError("the Hessian is singular, and Newton's step not defined: use damped=True")
        for k in range(i + 1, n):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [x - factor * y for x, y in zip(rows[k], rows[i])]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (rows[i][n] - dot(rows[i][i + 1 : n], x[i + 1 :])) / rows[i][i]
    return x


def dot(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The sum of products over the shorter of the two."""
    return math.fsum(map(operator.mul, xs, ys))
