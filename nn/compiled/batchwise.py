"""What a program of one sample cannot know by itself: Dropout's masks, and BatchNorm1d's means over the batch.

A mask becomes an input of the sample, drawn for each step in the order in which the eager engine draws it, from the
same generator. A mean over the batch becomes `Trainer.batch_mean`, and the running statistics follow it in each step.
"""

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd import Trainer, Value
from nn.checkpoint import generators
from nn.module import Module, Row, _spread
from nn.normalization import BatchNorm1d, Dropout

__all__ = ["ONLY_DROPOUT", "Masks", "Statistics", "Unsupported", "one_for_all", "sees_batches", "undisturbed"]


class Unsupported(TypeError):
    """This training cannot be compiled; the message says why."""


ONLY_DROPOUT = ("nn.Dropout's are the only random numbers that native code has anew in each step: use it, or"
                " engine='eager'")


@dataclass
class Draws:
    """The masks that one generator makes: for each of its sites in the forward pass a Dropout and a number of units.

    `by_row`: a forward pass of one row meets all sites before the next row begins; else a site sees all rows at once.
    """

    rng: random.Random
    sites: list[tuple[Dropout, int]]
    by_row: bool

    def draw(self, parts: Sequence[Sequence[int]]) -> Any:
        """The masks of all samples, part by part, from the generator's next numbers."""
        import numpy as np

        version, (*key, position), gauss = self.rng.getstate()
        twin = np.random.RandomState()  # the same algorithm, the same numbers, many at once
        twin.set_state({"bit_generator": "MT19937", "state": {"key": np.array(key, np.uint32), "pos": position}})
        sizes = [size for _, size in self.sites]
        if self.by_row or len(sizes) == 1:
            numbers = twin.random_sample((sum(map(len, parts)), sum(sizes)))
        else:
            numbers = np.concatenate([
                np.concatenate([twin.random_sample((len(part), size)) for size in sizes], axis=1) for part in parts])
        state: Any = twin.get_state(legacy=False)["state"]
        self.rng.setstate((version, (*state["key"].tolist(), state["pos"]), gauss))
        least = np.repeat([module.p for module, _ in self.sites], sizes)
        scale = np.repeat([module.scale for module, _ in self.sites], sizes)
        return np.where(numbers >= least, scale, 0.0)


class Masks:
    """The masks of a model's Dropouts as `width` more numbers of every sample.

    `rows` are two rows of data, to see in which order a forward pass meets the Dropouts.
    Raises Unsupported where other modules draw random numbers, and for an order that is neither of the two.
    """

    def __init__(self, model: Module, rows: list[Row]) -> None:
        calls: list[tuple[Dropout, int, int]] = []  # module, rows, units

        def watched(module: Dropout) -> Any:
            def batch(rows: list[Row]) -> list[Row]:
                calls.append((module, len(rows), len(rows[0])))
                return type(module).batch(module, rows)

            return batch

        with undisturbed(model), replaced(model, {Dropout: {"batch": watched}}):
            before = {rng: rng.getstate() for rng in generators(model)}
            model(rows)
            drawing = [rng for rng in before if rng.getstate() != before[rng]]
            self.draws = [_draws(rng, before[rng], [call for call in calls if call[0].rng is rng], len(rows))
                          for rng in drawing]
        self.width = sum(size for draws in self.draws for _, size in draws.sites)

    def draw(self, parts: Sequence[Sequence[int]]) -> Any:
        """An array, samples x width: the masks of all samples of these parts, in their order."""
        import numpy as np

        return np.concatenate([draws.draw(parts) for draws in self.draws], axis=1)

    def state(self) -> list[Any]:
        """Where the generators are."""
        return [draws.rng.getstate() for draws in self.draws]

    def rewind(self, state: list[Any]) -> None:
        """Bring the generators back to where they were."""
        for draws, before in zip(self.draws, state):
            draws.rng.setstate(before)

    def handed_out(self, numbers: Sequence[Any]) -> Any:
        """For `replaced`: Dropouts that take their masks from these inputs of the sample, site by site."""
        waiting: dict[Dropout, list[Row]] = {}
        at = 0
        for draws in self.draws:
            for module, size in draws.sites:
                waiting.setdefault(module, []).append(list(numbers[at:at + size]))
                at += size

        def mask(module: Dropout) -> Any:
            def given(size: int) -> Row:
                if not waiting.get(module) or len(waiting[module][0]) != size:
                    raise Unsupported("this model uses its Dropouts in another way for one row than for two")
                return waiting[module].pop(0)

            return given

        return {"_mask": mask}


def _draws(rng: random.Random, before: Any, calls: list[tuple[Dropout, int, int]], rows: int) -> Draws:
    """How the calls of Dropouts by a forward pass of `rows` rows brought the generator from `before` to where it is."""
    twin = random.Random()
    twin.setstate(before)
    for _ in range(sum(count * units for _, count, units in calls)):
        twin.random()
    if type(rng) is not random.Random or twin.getstate() != rng.getstate():
        raise Unsupported("a module of this model draws random numbers in each step, and is no Dropout:"
                          f" {ONLY_DROPOUT}")
    sites = [(module, units) for module, _, units in calls]
    seen = {count for _, count, _ in calls}
    if seen == {rows}:
        return Draws(rng, sites, by_row=False)
    period = len(sites) // rows
    if seen == {1} and sites == sites[:period] * rows:
        return Draws(rng, sites[:period], by_row=True)
    raise Unsupported("Dropouts that share one generator draw for single rows here and for batches there")


@dataclass
class Statistics:
    """The running statistics of a model's batch normalisations, which follow the batches' own."""

    observed: dict[Any, Any] = field(default_factory=dict)  # a running number -> that of the batch
    modules: list[BatchNorm1d] = field(default_factory=list)

    def one_row(self) -> Any:
        """For `replaced`: batch normalisations for which one row stands for all of the batch."""
        def statistics(module: BatchNorm1d) -> Any:
            return _over_batch

        def track(module: BatchNorm1d) -> Any:
            def observe(means: Row, variances: Row, n: int) -> None:
                if module in self.modules:
                    raise Unsupported("a BatchNorm1d that a forward pass meets twice has two batches to follow")
                self.modules.append(module)
                self.observed |= dict(zip([*module.running_mean, *module.running_var], [*means, *variances]))

            return observe

        return {"_statistics": statistics, "_track": track}

    def groups(self, sizes: Sequence[int]) -> list[Any]:
        """The rules by which the running statistics follow batches of these sizes."""
        found = []
        for module in self.modules:
            count = int(module.num_batches_tracked.data)
            shares = [1.0 / (count + k) if module.momentum is None else module.momentum
                      for k in range(1, len(sizes) + 1)]
            unbiased = [n / (n - 1) for n in sizes]
            found += [Trainer.group(module.running_mean, follow, "follow", shares, {}, factor=1.0),
                      Trainer.group(module.running_var, follow, "follow", shares, {}, factor=unbiased)]
        return found

    def count(self, batches: int) -> None:
        """So many batches have been followed."""
        for module in self.modules:
            module.num_batches_tracked.data += batches


def _over_batch(rows: list[Row]) -> tuple[Row, Row]:
    """BatchNorm1d's statistics of a row that stands for all."""
    (row,) = rows
    means = [Trainer.batch_mean(x) for x in row]
    return means, [Trainer.batch_mean((x - m) ** 2) for x, m in zip(row, means)]


def follow(running: Any, observed: Any, state: Any, lr: Any, factor: Any) -> Any:
    """A running number moves towards the observed one by the share `lr`."""
    return (1.0 - lr) * running + lr * (observed * factor), state


def sees_batches(model: Module) -> bool:
    """Whether a module of one's own is called with whole batches, so that a row's outputs may depend on the others."""
    methods = [getattr(module, name) for module in model.modules() for name in ("__call__", "run", "batch")]
    return not all(method.__module__.startswith("nn.") for method in methods)


@contextlib.contextmanager
def one_for_all(model: Module, masks: Masks, statistics: Statistics, numbers: Sequence[Any]) -> Iterator[None]:
    """While this lasts, the model takes one row for all of a batch, and masks from `numbers`."""
    with nothing_kept(model), replaced(model, {Dropout: masks.handed_out(numbers), BatchNorm1d: statistics.one_row()}):
        yield


@contextlib.contextmanager
def replaced(model: Module, methods: dict[type, dict[str, Any]]) -> Iterator[None]:
    """While this lasts, modules of these types have other methods: name -> a function of the module that makes one."""
    changed: list[tuple[Module, str]] = []
    try:
        for module in model.modules():
            for kind, others in methods.items():
                for name, make in others.items() if isinstance(module, kind) else ():
                    vars(module)[name] = make(module)
                    changed.append((module, name))
        yield
    finally:
        for module, name in changed:
            del vars(module)[name]


@contextlib.contextmanager
def undisturbed(model: Module) -> Iterator[None]:
    """Put the model's numbers, attributes and generators back at the end."""
    numbers = {x: x.data for module in model.modules() for _, x in module._members(Value)}
    states = [(rng, rng.getstate()) for rng in generators(model)]
    holders: list[Any] = [vars(module) for module in model.modules()]
    holders += [x for attributes in holders for x in attributes.values() if type(x) in (list, dict)]
    before = [holder.copy() for holder in holders]
    try:
        yield
    finally:
        for holder, held in zip(holders, before):
            holder.clear()
            (holder.extend if isinstance(holder, list) else holder.update)(held)
        for x, data in numbers.items():
            x.data = data
        for rng, state in states:
            rng.setstate(state)


@contextlib.contextmanager
def nothing_kept(model: Module) -> Iterator[None]:
    """Raise Unsupported where the model puts Values into its attributes meanwhile."""
    before = _in_attributes(model)
    yield
    for at, name in _in_attributes(model).items():
        if at not in before:
            raise Unsupported(f"{name} keeps numbers of the forward pass, which native code does not leave there")


def _in_attributes(model: Module) -> dict[int, str]:
    """Where Values are: their ids, and the attributes that hold them."""
    return {id(x): f"{type(module).__name__}.{name}" for module in model.modules()
            for name, held in vars(module).items() for _, x in _spread(name, held, Value)}
