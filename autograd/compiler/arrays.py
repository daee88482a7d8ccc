"""Arrays as native code reads and writes them best: at the beginning of a cache line, with room behind their end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # float64 or float32
Ints = NDArray[np.int64]
LINE = 64  # bytes of a cache line, and of the widest vectors


def aligned(count: int, dtype: str = "float64") -> Floats:
    """`count` zeros that begin at a cache line, with room for four vectors behind them."""
    line = LINE // np.dtype(dtype).itemsize
    raw = np.zeros(count + 5 * line, dtype)
    skip = (-raw.ctypes.data // raw.itemsize) % line
    return raw[skip:skip + count + 4 * line]


def table(samples: Any, dtype: str = "float64") -> Floats:
    """Samples as native code reads them best: rows that begin at a cache line if they are long."""
    samples = np.asarray(samples, dtype)
    line = LINE // samples.itemsize
    if samples.ndim == 2 and samples.shape[1] > line and (samples.strides[0] % LINE or samples.ctypes.data % LINE):
        n, width = samples.shape
        pitch = -(-width // line) * line
        copy = aligned(n * pitch, dtype)[:n * pitch].reshape(n, pitch)[:, :width]
        copy[:] = samples
        return copy
    return samples if samples.ndim == 2 and samples.strides[1] == samples.itemsize else np.ascontiguousarray(samples)
