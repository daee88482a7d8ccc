"""The native loop: steps, and within a step the blocks of samples, the instructions, the optimiser.

A plan is a row of 64-bit words, PLAN names them; code is a list of instructions' addresses. One step: the instructions
`before` run once, `first` for the first block of samples, `body` for every other, then `after` and `update`. A step
whose loss or gradient is not finite is the last, and updates nothing.

Several threads share a step's samples, each with a plan and memory of its own. One leads: it counts `turn` up when the
parameters are ready, every worker counts its `finished` up when its sums are, and `merge` adds these to the leader's.
"""

import functools
import os
from typing import Any

from llvmlite import ir

from autograd.compiler.arrays import LINE
from autograd.compiler.emit import KERNEL, Kernel, whole
from autograd.compiler.kernels import square
from autograd.compiler.lanes import DOUBLE, I32, I64, declared

PLAN = [
    "before", "before_count", "first", "first_count", "body", "body_count", "after", "after_count",
    "update", "update_count", "merge", "merge_count",
    "sums", "sums_count", "clear",           # the gradient and the loss; whether to set them to zero before a step
    "data", "data_row", "features",          # the samples: address, bytes per sample, numbers per sample
    "input", "input_row",                    # where they go, and bytes from one feature to the next
    "order", "begin", "end",                 # sample numbers; step k uses order[begin[k] : end[k]]
    "weight", "weights",                     # where the weight of a sample goes; one number per step
    "settings", "settings_from", "settings_count",  # numbers that change from step to step: to, from, how many
    "loss", "losses",                        # where the loss is found; a double per step is written
    "capacity", "batched",                   # samples in a block; 0 if a step is one sample and has no such axis
    "done",                                  # where the number of steps that went well is written
    "turn", "finished", "workers",           # counters of steps, each on a cache line; `workers` of them are waited for
]
AT = {name: k for k, name in enumerate(PLAN)}
OVER = (1 << 63) - 1  # the turn after the last: the caller sets it when `train` has returned
SPINS = 2000  # looks at a counter, some microseconds, before the processor is offered to others
YIELD = "sched_yield" if os.name == "posix" else "SwitchToThread"


def build(module: Any, width: int, dtype: str) -> None:
    """train(plan, steps), and what every other thread runs meanwhile: work(plan, steps)."""
    train(Loop(module, "train", width, dtype))
    work(Loop(module, "work", width, dtype))


def train(loop: "Loop") -> None:
    """Step after step until one goes wrong."""
    b = loop.b

    def step(i: Any, done: Any) -> list[Any]:
        before = b.block
        with b.if_then(b.icmp_signed("==", i, done)):
            now = lead(loop, i)
            inside = b.block
        after = b.phi(I64)
        after.add_incoming(done, before)
        after.add_incoming(now, inside)
        return [after]

    (done,) = loop.repeat(loop.columns, step, [whole(0)])
    b.store(done, b.inttoptr(loop.plan["done"], I64.as_pointer()))
    loop.finish()


def lead(loop: "Loop", i: Any) -> Any:
    """Step i; returns how many steps have gone well."""
    b, plan, following = loop.b, loop.plan, loop.b.add(i, whole(1))
    source = loop.offset(plan["settings_from"], b.mul(i, plan["settings_count"]), whole(loop.size))
    loop.copy(source, plan["settings"], plan["settings_count"])
    loop.announce(plan["turn"], following)
    loop.compute(i)

    def join(worker: Any) -> None:
        loop.wait(loop.offset(plan["finished"], worker, whole(LINE)), i)

    loop.repeat(plan["workers"], join)
    loop.run("merge")
    loop.run("after")
    loss = loop.number(plan["loss"])
    b.store(loss if loop.element == DOUBLE else b.fpext(loss, DOUBLE), loop.at(plan["losses"], i, DOUBLE))
    sound = loop.finite()
    with b.if_then(sound):
        loop.run("update")
    return b.select(sound, following, i)


def work(loop: "Loop") -> None:
    """A share of every step; once the run is over, what is left of it is passed over."""
    b = loop.b

    def step(i: Any) -> None:
        turn = loop.wait(loop.plan["turn"], i)
        with b.if_then(b.icmp_signed("!=", turn, whole(OVER))):
            loop.compute(i)
            loop.announce(loop.plan["finished"], b.add(i, whole(1)))

    loop.repeat(loop.columns, step)
    loop.finish()


class Loop(Kernel):
    """A function of (plan, steps) under construction."""

    def __init__(self, module: Any, name: str, width: int, dtype: str) -> None:
        super().__init__(module, name, width, dtype)
        self.plan = {name: self.word(at) for name, at in AT.items()}
        self.quads = self.b.sdiv(self.b.add(self.plan["sums_count"], whole(4 * width - 1)), whole(4 * width))

    def run(self, code: str, columns: Any = None) -> None:
        b = self.b

        def execute(i: Any) -> None:
            instruction = b.inttoptr(b.load(self.at(self.plan[code], i, I64)), I64.as_pointer())
            kernel = b.inttoptr(b.load(instruction), KERNEL.as_pointer())
            b.call(kernel, [instruction, whole(0) if columns is None else columns])

        self.repeat(self.plan[f"{code}_count"], execute)

    def at(self, base: Any, index: Any, kind: Any = None) -> Any:
        size = self.size if kind is None else 8
        return self.pointer(self.offset(base, index, whole(size)), self.element if kind is None else kind)

    def copy(self, source: Any, target: Any, count: Any) -> None:
        self.repeat(count, lambda i: self.b.store(self.b.load(self.at(source, i)), self.at(target, i)))

    # Counters that threads share

    def announce(self, counter: Any, number: Any) -> None:
        """Set the counter: whoever sees it sees all that was written before."""
        self.b.store_atomic(number, self.pointer(counter, I64), "release", 8)

    def wait(self, counter: Any, i: Any) -> Any:
        """The counter, once it is past i."""
        b = self.b
        head, done = b.append_basic_block(), b.append_basic_block()
        entry = b.branch(head).parent
        b.position_at_end(head)
        looks = b.phi(I64)
        looks.add_incoming(whole(0), entry)
        found = b.load_atomic(self.pointer(counter, I64), "acquire", 8)
        more = b.add(looks, whole(1))
        with b.if_then(b.icmp_signed(">", more, whole(SPINS))):
            b.call(declared(b.module, YIELD, I32, []), [])
        looks.add_incoming(more, b.block)
        b.cbranch(b.icmp_signed(">", found, i), done, head)
        b.position_at_end(done)
        return found

    # A step's samples

    def compute(self, i: Any) -> None:
        """The sums over this thread's samples of step i."""
        b, plan = self.b, self.plan
        self.repeat(b.mul(self.quads, plan["clear"]), self.clear)
        begin, end = (b.load(self.at(plan[name], i, I64)) for name in ("begin", "end"))
        weight = b.load(self.at(plan["weights"], i))
        with b.if_else(b.icmp_signed("!=", plan["batched"], whole(0))) as (blocks, single):
            with blocks:
                self.run("before")
                self.blocks(begin, end, weight)
            with single:
                sample = b.load(self.at(plan["order"], begin, I64))
                self.copy(self.offset(plan["data"], sample, plan["data_row"]), plan["input"], plan["features"])
                b.store(weight, self.pointer(plan["weight"], self.element))
                self.run("before")

    def blocks(self, begin: Any, end: Any, weight: Any) -> None:
        b, capacity, width = self.b, self.plan["capacity"], self.width

        def block(j: Any) -> None:
            first = b.add(begin, b.mul(j, capacity))
            left = b.sub(end, first)
            count = b.select(b.icmp_signed("<", left, capacity), left, capacity)
            self.fetch(first, count, weight)
            columns = b.mul(b.sdiv(b.add(count, whole(width - 1)), whole(width)), whole(width))
            with b.if_else(b.icmp_signed("==", j, whole(0))) as (start, more):
                with start:
                    self.run("first", columns)
                with more:
                    self.run("body", columns)

        samples = b.sub(end, begin)
        self.repeat(b.sdiv(b.add(samples, b.sub(capacity, whole(1))), capacity), block)

    def fetch(self, begin: Any, count: Any, weight: Any) -> None:
        """Up to `capacity` samples, transposed; the last is repeated to fill a vector, with weight 0."""
        b, plan, width = self.b, self.plan, self.width
        last = b.sub(count, whole(1))

        def group(i: Any) -> None:
            first = b.mul(i, whole(width))
            sources = []
            for lane in range(width):
                index = b.add(first, whole(lane))
                index = b.select(b.icmp_signed("<", index, last), index, last)
                sample = b.load(self.at(plan["order"], b.add(begin, index), I64))
                sources.append(self.offset(plan["data"], sample, plan["data_row"]))
            square(self, sources, plan["features"], self.offset(plan["input"], first, whole(self.size)),
                   plan["input_row"])
            live = b.select(self.mask(b.sub(count, first)), self.splat(weight), self.zero)
            self.store(live, self.offset(plan["weight"], first, whole(self.size)))

        self.repeat(b.sdiv(b.add(count, whole(width - 1)), whole(width)), group)

    # The gradient and the loss

    def four(self, j: Any) -> list[Any]:
        """The places of four vectors of the sums; behind their end is room."""
        place = self.offset(self.plan["sums"], j, whole(4 * self.step))
        return [self.b.add(place, whole(x * self.step)) for x in range(4)]

    def clear(self, j: Any) -> None:
        for place in self.four(j):
            self.store(self.zero, place)

    def finite(self) -> Any:
        """Whether the loss and the gradient are finite: 0 * x is 0 but for nan and inf."""
        def add(j: Any, *sums: Any) -> list[Any]:
            return [self.fma(self.load(place), self.zero, total) for place, total in zip(self.four(j), sums)]

        first, *others = self.repeat(self.quads, add, [self.zero] * 4)  # four sums: one need not wait for another
        total = functools.reduce(self.b.fadd, others, first)
        return self.b.fcmp_ordered("==", self.total(total), ir.Constant(self.element, 0.0))
