"""The native loop: steps, and within a step the blocks of samples, the instructions, the optimiser.

A plan is a row of 64-bit words, PLAN names them; code is a list of instructions' addresses. One step: the instructions
`before` run once, `first` for the first block of samples, `body` for every other, then `after` and `update`. A step
whose loss or gradient is not finite is the last, and updates nothing.
"""

import functools
from typing import Any

from llvmlite import ir

from autograd.compiler.emit import KERNEL, Kernel, whole
from autograd.compiler.kernels import square
from autograd.compiler.lanes import DOUBLE, I64

PLAN = [
    "before", "before_count", "first", "first_count", "body", "body_count", "after", "after_count",
    "update", "update_count",
    "sums", "sums_count", "clear",           # the gradient and the loss; whether to set them to zero before a step
    "data", "data_row", "features",          # the samples: address, bytes per sample, numbers per sample
    "input", "input_row",                    # where they go, and bytes from one feature to the next
    "order", "bounds",                       # sample numbers; step k uses order[bounds[k] : bounds[k+1]]
    "weight", "weights",                     # where the weight of a sample goes; one number per step
    "settings", "settings_from", "settings_count",  # numbers that change from step to step: to, from, how many
    "loss", "losses",                        # where the loss is found; a double per step is written
    "capacity", "batched",                   # samples in a block; 0 if a step is one sample and has no such axis
    "done",                                  # where the number of steps that went well is written
]
AT = {name: k for k, name in enumerate(PLAN)}


def build(module: Any, width: int, dtype: str) -> None:
    """train(plan, steps)."""
    k = Kernel(module, "train", width, dtype)
    b, steps = k.b, k.columns
    word = {name: k.word(at) for name, at in AT.items()}

    def run(code: str, columns: Any) -> None:
        def execute(i: Any) -> None:
            instruction = b.inttoptr(b.load(at(word[code], i, I64)), I64.as_pointer())
            b.call(b.inttoptr(b.load(instruction), KERNEL.as_pointer()), [instruction, columns])

        k.repeat(word[f"{code}_count"], execute)

    def at(base: Any, index: Any, kind: Any = k.element) -> Any:
        return k.pointer(k.offset(base, index, whole(k.size if kind is k.element else 8)), kind)

    def copy(source: Any, target: Any, count: Any) -> None:
        k.repeat(count, lambda i: b.store(b.load(at(source, i)), at(target, i)))

    def gather(begin: Any, count: Any, weight: Any) -> None:
        """Up to `capacity` samples, transposed; the last is repeated to fill a vector, with weight 0."""
        last = b.sub(count, whole(1))

        def group(i: Any) -> None:
            first = b.mul(i, whole(width))
            sources = []
            for lane in range(width):
                index = b.add(first, whole(lane))
                index = b.select(b.icmp_signed("<", index, last), index, last)
                sample = b.load(at(word["order"], b.add(begin, index), I64))
                sources.append(k.offset(word["data"], sample, word["data_row"]))
            square(k, sources, word["features"], k.offset(word["input"], first, whole(k.size)), word["input_row"])
            live = b.select(k.mask(b.sub(count, first)), k.splat(weight), k.zero)
            k.store(live, k.offset(word["weight"], first, whole(k.size)))

        k.repeat(b.sdiv(b.add(count, whole(width - 1)), whole(width)), group)

    quads = b.sdiv(b.add(word["sums_count"], whole(4 * width - 1)), whole(4 * width))

    def four(j: Any) -> list[Any]:
        """The places of four vectors of the sums; behind their end is room."""
        place = k.offset(word["sums"], j, whole(4 * k.step))
        return [b.add(place, whole(x * k.step)) for x in range(4)]

    def clear(j: Any) -> None:
        for place in four(j):
            k.store(k.zero, place)

    def finite() -> Any:
        """Whether the loss and the gradient are finite: 0 * x is 0 but for nan and inf."""
        def add(j: Any, *sums: Any) -> list[Any]:
            return [k.fma(k.load(place), k.zero, total) for place, total in zip(four(j), sums)]

        first, *others = k.repeat(quads, add, [k.zero] * 4)  # four sums, so that one need not wait for another
        total = functools.reduce(b.fadd, others, first)
        return b.fcmp_ordered("==", k.total(total), ir.Constant(k.element, 0.0))

    def compute(i: Any) -> Any:
        k.repeat(b.mul(quads, word["clear"]), clear)
        copy(k.offset(word["settings_from"], b.mul(i, word["settings_count"]), whole(k.size)), word["settings"],
             word["settings_count"])
        begin, end = (b.load(at(word["bounds"], b.add(i, whole(n)), I64)) for n in (0, 1))
        weight = b.load(at(word["weights"], i))
        with b.if_else(b.icmp_signed("!=", word["batched"], whole(0))) as (blocks, single):
            with blocks:
                run("before", whole(0))
                capacity = word["capacity"]

                def block(j: Any) -> None:
                    first = b.add(begin, b.mul(j, capacity))
                    left = b.sub(end, first)
                    count = b.select(b.icmp_signed("<", left, capacity), left, capacity)
                    gather(first, count, weight)
                    vectors = b.sdiv(b.add(count, whole(width - 1)), whole(width))
                    columns = b.mul(vectors, whole(width))
                    with b.if_else(b.icmp_signed("==", j, whole(0))) as (start, more):
                        with start:
                            run("first", columns)
                        with more:
                            run("body", columns)

                samples = b.sub(end, begin)
                k.repeat(b.sdiv(b.add(samples, b.sub(capacity, whole(1))), capacity), block)
            with single:
                sample = b.load(at(word["order"], begin, I64))
                copy(k.offset(word["data"], sample, word["data_row"]), word["input"], word["features"])
                b.store(weight, k.pointer(word["weight"], k.element))
                run("before", whole(0))
        run("after", whole(0))
        loss = k.number(word["loss"])
        b.store(loss if k.element == DOUBLE else b.fpext(loss, DOUBLE), at(word["losses"], i, DOUBLE))
        sound = finite()
        with b.if_then(sound):
            run("update", whole(0))
        return b.select(sound, b.add(i, whole(1)), i)

    def step(i: Any, done: Any) -> list[Any]:
        before = b.block
        with b.if_then(b.icmp_signed("==", i, done)):
            now = compute(i)
            inside = b.block
        after = b.phi(I64)
        after.add_incoming(done, before)
        after.add_incoming(now, inside)
        return [after]

    (done,) = k.repeat(steps, step, [whole(0)])
    b.store(done, b.inttoptr(word["done"], I64.as_pointer()))
    k.finish()
