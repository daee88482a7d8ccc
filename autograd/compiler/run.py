"""Run: the plans of many steps, one for each thread, ready to be called."""

import ctypes
import os
import weakref
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from autograd.compiler import driver
from autograd.compiler.arrays import LINE, Floats, Ints, aligned
from autograd.compiler.bound import Bound, fixed_kernels
from autograd.compiler.update import Update

if TYPE_CHECKING:
    from autograd.compiler.program import Program

start = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


@dataclass
class Share:
    """One thread's part of every step: samples order[begin[k] : end[k]], each with weight weights[k]."""

    begin: Ints
    end: Ints
    weights: Floats

    @property
    def longest(self) -> int:
        return int((self.end - self.begin).max())


def shares(sizes: Ints, threads: int, width: int, dtype: str = "float64") -> list[Share]:
    """The samples of steps of these sizes in even parts of whole vectors; they weigh 1 / size.

    A thread for which there are no samples gets the last one, with weight 0.

    >>> for share in shares(np.array([9, 2]), threads=2, width=4):
    ...     print(share.begin, share.end, share.weights.round(2))
    [0 9] [ 8 11] [0.11 0.5 ]
    [ 8 10] [ 9 11] [0.11 0.  ]
    """
    ends = np.cumsum(sizes)
    part = -(-sizes // (threads * width)) * width
    found = []
    for thread in range(threads):
        begin, end = ends - sizes + thread * part, ends - sizes + (thread + 1) * part
        weights = np.where(begin < ends, 1.0 / sizes, 0.0).astype(dtype)
        found.append(Share(np.minimum(begin, ends - 1), np.minimum(end, ends), weights))
    return found


class Run:
    """Steps that are ready to go: called, it trains and returns the loss of each step."""

    def __init__(self, bounds: list[Bound], parts: list[Share], samples: Floats, order: Ints,
                 updates: Sequence[Update]) -> None:
        leader, self.steps = bounds[0], len(parts[0].begin)
        self.program = program = leader.program
        self.losses, self.done = np.empty(self.steps), ctypes.c_int64()
        self.counters = aligned(len(bounds) * LINE // 8, "int64")  # the turn, and the steps of each worker
        self._kept = [bounds, parts, samples, order]  # plans hold addresses, which keep nothing alive
        counters = self.counters.ctypes.data
        common = {
            "sums_count": len(program.parameters) + 1, "batched": int(program.batched), "order": order.ctypes.data,
            "data": samples.ctypes.data, "data_row": samples.strides[0], "features": program.features,
            "turn": counters,
        }
        self.plans = [written({**common, **own(bound, part), "finished": counters + LINE * worker})
                      for worker, (bound, part) in enumerate(zip(bounds, parts))]
        self.plans[0] = written({**common, **own(leader, parts[0]), **self._leading(bounds, updates)})
        kernels = fixed_kernels(leader.width, program.dtype)
        self._train, self._work = start(kernels.address("train")), start(kernels.address("work"))
        self._given = [(ctypes.c_void_p(plan.ctypes.data), ctypes.c_int64(self.steps)) for plan in self.plans]
        self._working: list[Future[None]] = []

    def _leading(self, bounds: list[Bound], updates: Sequence[Update]) -> dict[str, int]:
        """What the first thread does besides its share: it sets, merges, reports and updates."""
        leader, workers = bounds[0], bounds[1:]
        dtype, unit = self.program.dtype, self.program.unit
        tables = [np.asarray(update.settings, dtype).reshape(self.steps, -1) for update in updates]
        settings = np.ascontiguousarray(np.concatenate([np.zeros((self.steps, 0), dtype), *tables], axis=1))
        if settings.shape[1] > len(leader.now):
            leader.now = leader.room(settings.shape[1])
        places = leader.now.ctypes.data + unit * np.cumsum([0, *(table.shape[1] for table in tables)])
        code = np.concatenate([np.zeros(0, np.int64), *(
            leader.update(update, table.shape[1], int(at)) for update, table, at in zip(updates, tables, places))])
        self._kept += [settings, code, updates]
        return {
            "settings": leader.now.ctypes.data, "settings_from": settings.ctypes.data,
            "settings_count": settings.shape[1], "losses": self.losses.ctypes.data,
            "loss": leader.sums.ctypes.data + unit * len(self.program.parameters),
            "done": ctypes.addressof(self.done),
            "finished": self.counters.ctypes.data + LINE, "workers": len(workers),
            **listed("merge", leader.merge(workers)), **listed("after", leader.arrays["after"]),
            **listed("update", code),
        }

    def __call__(self) -> Floats:
        if len(self._given) == 1:
            self._train(*self._given[0])
        else:
            self._together()
        done = self.program.done = self.done.value
        return self.losses.copy() if done == self.steps else self.losses[:done + 1].copy()

    def _together(self) -> None:
        """The first thread leads; the others have done their share of a step before it ends one."""
        for worker in self._working:
            worker.result()  # of the last call: it counted its last step before it was on its way out
        self._working, self.counters[:] = [], 0
        try:
            for given in self._given[1:]:
                self._working.append(helpers(self.program).submit(self._help, *given))
            self._train(*self._given[0])
        finally:
            self.counters[0] = driver.OVER  # also where a step went wrong, or not every thread could be started

    def _help(self, plan: ctypes.c_void_p, steps: ctypes.c_int64) -> None:
        self._work(plan, steps)  # a method, which keeps all that the plan points at


def own(bound: Bound, part: Share) -> dict[str, int]:
    """What each thread has of its own: memory, the code for it, samples."""
    program, memory = bound.program, bound.memory
    layout, place = program.layout, memory.sample if program.batched else memory.shared
    return {
        "sums": bound.sums.ctypes.data, "clear": int(bound.clear), "capacity": bound.capacity,
        "input": place(layout.address[program.first_input]), "input_row": memory.row,
        "weight": place(layout.address[program.weight]), "weights": part.weights.ctypes.data,
        "begin": part.begin.ctypes.data, "end": part.end.ctypes.data,
        **listed("before", bound.arrays["before"]), **listed("first", bound.arrays["first"]),
        **listed("body", bound.arrays["body"]),
    }


def listed(name: str, instructions: Ints) -> dict[str, int]:
    """The plan's words for code."""
    return {name: instructions.ctypes.data, f"{name}_count": len(instructions)}


def written(words: dict[str, int]) -> Ints:
    """The plan: see driver.PLAN."""
    return np.array([words.get(name, 0) for name in driver.PLAN], np.int64)


def helpers(program: "Program") -> ThreadPoolExecutor:
    """The threads besides the caller's, for this program alone: all have to run at once."""
    if program not in _helpers:
        _helpers[program] = ThreadPoolExecutor(program.threads - 1, "stepgrad")
    return _helpers[program]


_helpers: "weakref.WeakKeyDictionary[Program, ThreadPoolExecutor]" = weakref.WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.clear)  # a forked process has none of them
