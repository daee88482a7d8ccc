"""What all kernels are written with: loops, instruction words, loads and stores of vectors, whole or in part.

A kernel is a function of (instruction, columns). The instruction is a row of 64-bit words: the kernel's address, the
extents of its loops, then for each operand the address of its first element and its strides in bytes. The extent
SAMPLES stands for `columns`, the number of samples in flight.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from autograd.compiler.lanes import FORMATS, I1, I32, I64, Lanes, declared

KERNEL = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64])
SAMPLES = -1


def whole(number: int) -> Any:
    return ir.Constant(I64, number)


class Kernel:
    """A kernel under construction, for vectors of `width` numbers of type `dtype`."""

    def __init__(self, module: Any, name: str, width: int, dtype: str) -> None:
        function = ir.Function(module, KERNEL, name)
        self.b = ir.IRBuilder(function.append_basic_block())
        self.format = FORMATS[dtype]
        self.size, self.element = self.format.size, self.format.element
        self.words, self.columns = function.args
        self.of_width(width)

    def of_width(self, width: int) -> None:
        """From here on vectors have so many numbers; LLVM divides what is wider than the processor's."""
        self.width = width
        self.kind = ir.VectorType(self.element, width)
        self.zero = ir.Constant(self.kind, [0.0] * width)
        self.suffix = f"v{width}{self.format.suffix}"  # what LLVM calls such a vector
        self.step = width * self.size  # bytes

    def word(self, k: int) -> Any:
        return self.b.load(self.b.gep(self.words, [whole(k)]))

    def extent(self, k: int) -> Any:
        word = self.word(k)
        return self.b.select(self.b.icmp_signed("==", word, whole(SAMPLES)), self.columns, word)

    def offset(self, base: Any, index: Any, stride: Any) -> Any:
        return self.b.add(base, self.b.mul(index, stride))

    def repeat(
        self, count: Any, body: Callable[..., Sequence[Any] | None], carried: Sequence[Any] = (), step: int = 1
    ) -> list[Any]:
        """for i in range(0, count, step): carried = body(i, *carried); returns the last of them."""
        b = self.b
        entry = b.block
        head, loop, done = (b.append_basic_block() for _ in range(3))
        b.branch(head)
        b.position_at_end(head)
        i = b.phi(I64)
        i.add_incoming(whole(0), entry)
        phis = []
        for value in carried:
            phi = b.phi(value.type)
            phi.add_incoming(value, entry)
            phis.append(phi)
        b.cbranch(b.icmp_signed("<", i, count), loop, done)
        b.position_at_end(loop)
        new = body(i, *phis)
        i.add_incoming(b.add(i, whole(step)), b.block)
        for phi, value in zip(phis, (new or ()) if carried else ()):
            phi.add_incoming(value, b.block)
        b.branch(head)
        b.position_at_end(done)
        return phis

    def pointer(self, address: Any, kind: Any) -> Any:
        return self.b.inttoptr(address, kind.as_pointer())

    def mask(self, remaining: Any) -> Any:
        """The first `remaining` lanes."""
        lanes = ir.Constant(ir.VectorType(I64, self.width), list(range(self.width)))
        return self.b.icmp_signed("<", lanes, self.splat(remaining))

    def splat(self, scalar: Any) -> Any:
        kind = ir.VectorType(scalar.type, self.width)
        first = self.b.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.width), [0] * self.width)
        return self.b.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)

    def broadcast(self, address: Any) -> Any:
        return self.splat(self.number(address))

    def number(self, address: Any) -> Any:
        return self.b.load(self.pointer(address, self.element))

    def load(self, address: Any, mask: Any = None) -> Any:
        pointer = self.pointer(address, self.kind)
        if mask is None:
            return self.b.load(pointer, align=self.size)
        f = declared(self.b.module, f"llvm.masked.load.{self.suffix}.p0", self.kind,
                     [pointer.type, I32, mask.type, self.kind])
        return self.b.call(f, [pointer, ir.Constant(I32, self.size), mask, self.zero])

    def store(self, value: Any, address: Any, mask: Any = None) -> None:
        pointer = self.pointer(address, self.kind)
        if mask is None:
            self.b.store(value, pointer, align=self.size)
            return
        f = declared(self.b.module, f"llvm.masked.store.{self.suffix}.p0", ir.VoidType(),
                     [self.kind, pointer.type, I32, mask.type])
        self.b.call(f, [value, pointer, ir.Constant(I32, self.size), mask])

    def scattered(self, address: Any, stride: Any) -> Any:
        """The addresses of `width` elements a stride apart."""
        b = self.b
        lanes = ir.Constant(ir.VectorType(I64, self.width), list(range(self.width)))
        return b.inttoptr(b.add(self.splat(address), b.mul(lanes, self.splat(stride))),
                          ir.VectorType(self.element.as_pointer(), self.width))

    def gather(self, address: Any, stride: Any, mask: Any = None) -> Any:
        pointers, mask = self.scattered(address, stride), self.every_lane() if mask is None else mask
        f = declared(self.b.module, f"llvm.masked.gather.{self.suffix}.v{self.width}p0", self.kind,
                     [pointers.type, I32, mask.type, self.kind])
        return self.b.call(f, [pointers, ir.Constant(I32, self.size), mask, self.zero])

    def scatter(self, value: Any, address: Any, stride: Any, mask: Any = None) -> None:
        pointers, mask = self.scattered(address, stride), self.every_lane() if mask is None else mask
        f = declared(self.b.module, f"llvm.masked.scatter.{self.suffix}.v{self.width}p0", ir.VoidType(),
                     [self.kind, pointers.type, I32, mask.type])
        self.b.call(f, [value, pointers, ir.Constant(I32, self.size), mask])

    def every_lane(self) -> Any:
        return ir.Constant(ir.VectorType(I1, self.width), [1] * self.width)

    def lanes(self, value: Any) -> Lanes:
        return Lanes(self.b, value)

    def total(self, vector: Any, start: Any = None) -> Any:
        """The sum of the lanes, and of `start`."""
        add_up = declared(self.b.module, f"llvm.vector.reduce.fadd.{self.suffix}", self.element,
                          [self.element, self.kind])
        first = ir.Constant(self.element, 0.0) if start is None else start
        return self.b.call(add_up, [first, vector], fastmath=("reassoc",))

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return Lanes(self.b, a).times(Lanes(self.b, b), Lanes(self.b, c)).value

    def in_vectors(self, count: Any, body: Callable[[Any, Any, int], None], vectors: int = 1) -> None:
        """body(byte offset, mask, vectors) over `count` columns, by `vectors` vectors, by half as many, by one.

        The mask is None but for the last, incomplete vector.
        """
        b = self.b
        start = whole(0)
        for many in dict.fromkeys((vectors, min(vectors, 2), 1)):
            size = whole(many * self.width)
            times = b.sdiv(b.sub(count, start), size)
            begin = start

            def block(i: Any, begin: Any = begin, size: Any = size, many: int = many) -> None:
                body(b.mul(b.add(begin, b.mul(i, size)), whole(self.size)), None, many)

            self.repeat(times, block)
            start = b.add(start, b.mul(times, size))
        with b.if_then(b.icmp_signed("<", start, count)):
            body(b.mul(start, whole(self.size)), self.mask(b.sub(count, start)), 1)

    def finish(self) -> None:
        self.b.ret_void()
