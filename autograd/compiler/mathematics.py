"""The scalar functions of compiled code: where they are, and whether they are the ones Python uses.

Eager results come from Python's math module, which asks the C library. Compiled code asks it directly: by the address
of `tanh`, say, after a look whether it gives the eager forward function's numbers, bit for bit, at some awkward points.
Where it does not (hypot: Python has its own), and for operations that you registered, the code calls back into Python;
an exception in there gives nan.
"""

import ctypes
import ctypes.util
import functools
import math
import random
import struct
import sys
from collections.abc import Callable
from typing import Any

from autograd.compiler.once import once
from autograd.primitive import Primitive

PYTHONS_OWN = {"hypot"}  # equal to C's almost everywhere, so trying a few points would not tell

_named: dict[str, list[Primitive]] = {}
_kept: list[Any] = []  # callbacks live as long as the process: code may point at them


@functools.cache
def c_library() -> Any:
    """The C library's mathematics, as ctypes sees it."""
    if sys.platform == "win32":
        return ctypes.CDLL("ucrtbase")
    return ctypes.CDLL(ctypes.util.find_library("m"))


def symbol(op: Primitive, suffix: str) -> str:
    """What the function of `op` is called in compiled code: two operations of one name in turn are told apart."""
    ops = _named.setdefault(op.name, [])
    if op not in ops:
        ops.append(op)
    serial = ops.index(op)
    return f"stepgrad_{op.name}{f'.{serial}' if serial else ''}_{suffix}"


def joint_symbol(ops: tuple[Primitive, ...], suffix: str) -> str:
    """The same for one function that computes several operations."""
    return "_and_".join(symbol(op, suffix) for op in ops)


@once
def address(op: Primitive) -> int:
    """Where compiled code finds `op` as a C function of doubles."""
    count = len(op.operands)
    kind = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * count)
    if op.name not in PYTHONS_OWN:
        with_c = getattr(c_library(), op.name, None)
        if with_c is not None:
            at: int | None = ctypes.cast(with_c, ctypes.c_void_p).value
            if at is not None and _agrees(op, kind(at), count):
                return at
    callback = kind(_total(op))
    _kept.append(callback)
    return int(ctypes.cast(callback, ctypes.c_void_p).value or 0)


def _total(op: Primitive) -> Callable[..., float]:
    """The forward function for a caller that cannot pass an exception on: it becomes nan."""

    def forward(*args: float) -> float:
        try:
            return float(op.forward(*args))
        except Exception:
            return math.nan

    return forward


def _agrees(op: Primitive, function: Callable[..., float], count: int) -> bool:
    """Whether a C function gives the numbers of the table's, but for a power of 2, which the code treats itself."""
    rng = random.Random(0)
    special = [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-9, 1e-310, 1e300, 710.0, float("inf"), -float("inf"), float("nan")]
    points = [[x] * count for x in special] + [[rng.choice(special) for _ in range(count)] for _ in range(60)]
    points += [[rng.uniform(-4.0, 4.0) for _ in range(count)] for _ in range(60)]
    return all(_same(op.forward(*point), function(*point)) for point in points)


def _same(a: float, b: float) -> bool:
    return (a != a and b != b) or struct.pack("d", a) == struct.pack("d", b)
