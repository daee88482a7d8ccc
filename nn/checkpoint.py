"""Checkpoints: everything a training run is made of, so that a resumed run continues to the last bit.

A checkpoint is a safetensors file with the model's numbers; what else the run consists of (the optimiser's state, the
generators of random numbers, the schedule, the callbacks, the history) is JSON in its header. Python writes a float as
the shortest text that reads back as the same float, so no bit is lost there either.
"""

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.module import Module
from nn.saving import from_tensors, to_tensors
from nn.tensorfile import FileError, read_tensors, write_tensors

__all__ = ["Checkpoint", "Shuffle", "fingerprint", "generators"]


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: a model, the `state_dict` of every one of `parts`, and the `facts` of its run.

    A resumed run must have the same facts: the data, the batch size, ...
    """

    model: Module
    parts: Mapping[str, Any]
    facts: Mapping[str, Any]

    def save(self, path: str | Path) -> None:
        """Write everything to a file, replaced in one step."""
        state = {
            "facts": dict(self.facts),
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "generators": [generator.getstate() for generator in generators(self.model)],
        }
        write_tensors(path, to_tensors(self.model.state_dict()), {"stepgrad.checkpoint": json.dumps(state)})

    def load(self, path: str | Path) -> None:
        """Put model and parts into the state that was saved.

        Raises FileError for a damaged file, or one that is not a checkpoint, and ValueError when a fact is another
        than it was: the run would not be the same.
        """
        tensors, metadata = read_tensors(path, ours=True)
        if "stepgrad.checkpoint" not in metadata:
            raise FileError(f"{path} is not a checkpoint of a training run")
        state = json.loads(metadata["stepgrad.checkpoint"])
        for name, fact in self.facts.items():
            before = state["facts"].get(name)
            if before != fact:
                raise ValueError(f"cannot resume from {path}: {name} was {before!r} and is {fact!r} now; "
                                 "use what it was, or start again with resume=False")
        self.model.load_state_dict(from_tensors(tensors, self.model.state_dict(), path))
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        for generator, numbers in zip(generators(self.model), state["generators"], strict=True):
            set_generator(generator, numbers)


def generators(model: Module) -> list[random.Random]:
    """The generators of random numbers inside a model (Dropout has one), each once."""
    found = [x for module in model.modules() for x in vars(module).values() if isinstance(x, random.Random)]
    return list(dict.fromkeys(found))


def set_generator(generator: random.Random, state: Any) -> None:
    """`setstate` from what JSON made of `getstate`."""
    version, internal, gauss = state
    generator.setstate((version, tuple(internal), gauss))


class Shuffle:
    """The order of the samples: a new permutation per epoch, from a generator of its own."""

    def __init__(self, samples: int, seed: int) -> None:
        self.samples, self.rng = samples, random.Random(seed)

    def __call__(self) -> list[int]:
        order = list(range(self.samples))
        self.rng.shuffle(order)
        return order

    def state_dict(self) -> dict[str, Any]:
        """The generator's state."""
        return {"rng": self.rng.getstate()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from that state."""
        set_generator(self.rng, state["rng"])


def fingerprint(*data: Any) -> str:
    """A short name for these data: equal data have equal ones."""
    return hashlib.sha256(repr(data).encode()).hexdigest()[:16]
