"""The peers: how to find them, and the scalar engine written for comparison."""

import importlib
from typing import Any

from benchmarks.measure import Missing


def need(module: str) -> Any:
    """The module, or Missing: peers are optional."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise Missing(f"{module.partition('.')[0]} is not installed") from None
