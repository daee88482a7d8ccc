"""Which engine runs the epochs of a training: the eager one of `nn.steps`, or the compiled one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nn.compiled import compiled

if TYPE_CHECKING:
    from nn.training import Training


class Engine:
    """The choice between the engines. A resumed run goes on with the one it had: they differ in the last bits."""

    def __init__(self, name: str, dtype: str) -> None:
        if name not in ("auto", "eager", "compiled"):
            raise ValueError(f"engine is 'auto', 'eager' or 'compiled', got {name!r}")
        if dtype not in ("float64", "float32"):
            raise ValueError(f"dtype is 'float64' or 'float32', got {dtype!r}")
        if name == "eager" and dtype == "float32":
            raise ValueError("dtype='float32' needs engine='compiled' or 'auto': eager numbers are Python's, float64")
        self.name, self.dtype = name, dtype

    def choose(self, training: "Training", epochs: int) -> Any:
        """The compiled engine for this training, or None for the eager one."""
        insist = self.name == "compiled"
        chosen = None if self.name == "eager" else compiled(training, epochs, insist, self.dtype)
        self.name = "compiled" if chosen else "eager"
        return chosen

    def state_dict(self) -> dict[str, str]:
        """The engine in use."""
        return {"name": self.name}

    def load_state_dict(self, state: Mapping[str, str]) -> None:
        """Go on with that engine. Raises ValueError where the other one was asked for."""
        if self.name not in ("auto", state["name"]):
            raise ValueError(f"cannot resume with engine={self.name!r} what was trained with {state['name']!r}: "
                             "the numbers would differ in the last bits; use that engine, or 'auto'")
        self.name = state["name"]
