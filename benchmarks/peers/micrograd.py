"""micrograd's Value with the operations that its lecture adds: tanh, exp, log, as closures like its own."""

import math
from collections.abc import Callable
from typing import Any

from benchmarks.peers import need


def engine() -> Any:
    """The class from PyPI, extended in place, so that no operation of its own gets slower."""
    value = need("micrograd.engine").Value

    def method(name: str, forward: Callable[[float], float], slope: Callable[[float, float], float]) -> None:
        def apply(self: Any) -> Any:
            out = value(forward(self.data), (self,), name)

            def backward() -> None:
                self.grad += slope(self.data, out.data) * out.grad

            out._backward = backward
            return out

        setattr(value, name, apply)

    method("tanh", math.tanh, lambda x, z: 1.0 - z * z)
    method("exp", math.exp, lambda x, z: z)
    method("log", math.log, lambda x, z: 1.0 / x)
    return value
