"""Checkpoints: everything a training run is made of, so that a resumed run continues to the last bit.

A checkpoint is a safetensors file with the model's numbers; what else the run consists of (the optimiser's state, the
generators of random numbers, the schedule, the callbacks, the history) is JSON in its header. Python writes a float as
the shortest text that reads back as the same float, so no bit is lost there either.
"""

import functools
import hashlib
import inspect
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.module import Module
from nn.saving import from_tensors, to_tensors
from nn.seeds import generator
from nn.tensorfile import FileError, read_described, write_tensors

__all__ = ["Checkpoint", "Shuffle", "described", "fingerprint", "generators", "read_checkpoint"]


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: a model, the `state_dict` of every one of `parts`, and the `facts` of its run.

    A resumed run must have the same facts: the data, the batch size, the optimiser's options, ... `probe` computes a
    number from model and loss; that it comes out as it was shows what no name tells, such as another lambda.
    """

    model: Module
    parts: Mapping[str, Any]
    facts: Mapping[str, Any]
    probe: Callable[[], float]

    def save(self, path: str | Path) -> None:
        """Write everything to a file, replaced in one step."""
        states = [rng.getstate() for rng in generators(self.model)]
        state = {
            "facts": dict(self.facts),
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "generators": states,
            "probe": self._probe(states),
        }
        write_tensors(path, to_tensors(self.model.state_dict()), {"stepgrad.checkpoint": json.dumps(state)})

    def load(self, path: str | Path) -> None:
        """Put model and parts into the state that was saved.

        Raises FileError for a damaged file, or one that is not a checkpoint, and ValueError when a fact, or what the
        model computes, is another than it was: the run would not be the same. The model is then as it was before.
        """
        tensors, state = read_checkpoint(path)
        for name, fact in self.facts.items():
            self._compare(path, name, state["facts"].get(name), fact)
        weights = self.model.state_dict()
        self.model.load_state_dict(from_tensors(tensors, weights, path))
        probed = self._probe(state["generators"])
        if not math.isclose(probed, state["probe"], rel_tol=1e-9, abs_tol=1e-12):  # rounding differs by machine
            self.model.load_state_dict(weights)
            self._compare(path, "what the model and the loss compute for the same rows", state["probe"], probed)
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])

    def _compare(self, path: str | Path, name: str, before: Any, now: Any) -> None:
        if before != now:
            raise ValueError(f"cannot resume from {path}: {name} was {before!r} and is {now!r} now; "
                             "use what it was, or start again with resume=False")

    def _probe(self, states: list[Any]) -> float:
        """The probe, from these states of the generators, which it leaves as they are."""
        self._set_generators(states)
        probed = self.probe()
        self._set_generators(states)
        return probed

    def _set_generators(self, states: list[Any]) -> None:
        for rng, state in zip(generators(self.model), states, strict=True):
            set_generator(rng, state)


def read_checkpoint(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and the state in a checkpoint. Raises FileError, which names the file, for anything else."""
    tensors, state = read_described(path, "stepgrad.checkpoint", "a checkpoint of a training run")
    if not {"facts", "parts", "generators", "probe"} <= set(state):
        raise FileError(f"{path} is damaged: it holds a part of a checkpoint only")
    return tensors, state


def generators(model: Module) -> list[random.Random]:
    """The generators of random numbers inside a model (Dropout has one), each once."""
    return list(dict.fromkeys(x for module in model.modules() for x in _inside(list(vars(module).values()))))


def _inside(x: Any) -> Iterator[random.Random]:
    """The generators in lists and dictionaries."""
    if isinstance(x, random.Random):
        yield x
    elif isinstance(x, list | tuple | dict):
        for item in x.values() if isinstance(x, dict) else x:
            yield from _inside(item)


def set_generator(rng: random.Random, state: Any) -> None:
    """`setstate` from what JSON made of `getstate`."""
    version, internal, gauss = state
    rng.setstate((version, tuple(internal), gauss))


class Shuffle:
    """The order of the samples: a new permutation per epoch, from a generator of its own."""

    def __init__(self, samples: int, seed: int | None) -> None:
        self.samples, self.rng = samples, generator(random.getrandbits(64) if seed is None else seed)

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


def described(x: Any) -> str:
    """A loss, a schedule or a callback by its name and its options, where it keeps them under their names.

    >>> import functools, nn
    >>> described(nn.EarlyStopping(3))
    "EarlyStopping(patience=3, min_delta=0.0, monitor='validation_loss', restore_best=True)"
    >>> described(functools.partial(nn.functional.huber_loss, delta=0.5)), described(nn.functional.mse_loss)
    ('huber_loss(delta=0.5)', 'mse_loss')
    """
    if hasattr(x, "__name__"):
        return str(x.__name__)
    if isinstance(x, functools.partial):
        name, options = described(x.func), x.keywords
    else:
        known = [name for name in inspect.signature(type(x)).parameters if name != "optimizer"]
        name, options = type(x).__name__, {key: vars(x)[key] for key in known if key in vars(x)}
    return f"{name}({', '.join(f'{key}={option!r}' for key, option in options.items())})"
