"""The few kernels that run rows of pairs: sums of products over affine nests, and a transposition.

Instruction words of a contraction out[i, r, c] = init[i, r, c] + sum over k of A[i, r, k, c] * B[i, r, k, c]:

    1 .. 4    extents of i, r, k, c          5 .. 8     out: address, strides of i, r, c
    9 .. 13   A: address, strides of i, r, k, c         14 .. 18   B: the same
    19 .. 22  init: address, strides of i, r, c

    contract_sv   c runs along the vectors; A is a scalar, B a vector that the rows share: a matrix product
    contract_ss   the same, each row with a B of its own
    contract_vv   A and B both vectors
    dot_s, dot_v  k runs along the vectors and is summed at the end; A is a scalar or a vector
    nest          everything scalar, for what is left
    transpose     out[k, c] = A[c, k]: words 1, 2 the extents of k, c; 3, 4 out and its stride; 5, 6 A and its stride
"""

from typing import Any

from llvmlite import ir

from autograd.compiler.emit import Kernel, whole
from autograd.compiler.lanes import I32


def tile(size: int) -> tuple[int, int]:
    """Rows and vectors of `size` bytes that are summed at once: 32 registers of AVX-512 and NEON hold 4 x 4 sums,
    16 of AVX2 4 x 3."""
    return (4, 4) if size != 32 else (4, 3)


def build(module: Any, width: int, dtype: str) -> None:
    """All of them."""
    contraction(module, "contract_sv", width, dtype, a_vector=False, shared=True)
    contraction(module, "contract_ss", width, dtype, a_vector=False, shared=False)
    contraction(module, "contract_vv", width, dtype, a_vector=True, shared=False)
    dot(module, "dot_s", width, dtype, a_vector=False)
    dot(module, "dot_v", width, dtype, a_vector=True)
    nest(module, "nest", width, dtype)
    transpose(module, "transpose", width, dtype)


def contraction(module: Any, name: str, width: int, dtype: str, a_vector: bool, shared: bool) -> None:
    """c along the vectors: a tile of rows and vectors is summed at once, in registers; `shared`: one b for all rows."""
    k = Kernel(module, name, width, dtype)
    b = k.b
    n0, n1, nk, nc = k.word(1), k.word(2), k.extent(3), k.extent(4)
    out, out0, out1 = (k.word(w) for w in (5, 6, 7))
    a, a0, a1, ak = (k.word(w) for w in (9, 10, 11, 12))
    v, v0, v1, vk = (k.word(w) for w in (14, 15, 16, 17))
    init, init0, init1, init_c = (k.word(w) for w in (19, 20, 21, 22))
    init_vector = b.icmp_signed("!=", init_c, whole(0))
    most_rows, most_vectors = tile(k.step) if shared else (2, 4)  # without a vector to share, as many sums hide latency

    def initial(address: Any, offset: Any, vectors: int, mask: Any) -> list[Any]:
        with b.if_else(init_vector) as (then, otherwise):
            with then:
                loaded = [k.load(b.add(b.add(address, offset), whole(x * k.step)), mask) for x in range(vectors)]
                then_block = b.block
            with otherwise:
                spread = k.broadcast(address)
                else_block = b.block
        merged = []
        for value in loaded:
            phi = b.phi(k.kind)
            phi.add_incoming(value, then_block)
            phi.add_incoming(spread, else_block)
            merged.append(phi)
        return merged

    def block(i: Any, first: Any, rows: int, offset: Any, mask: Any, vectors: int) -> None:
        """`rows` rows from `first` on, `vectors` vectors at `offset`."""
        index = [b.add(first, whole(r)) for r in range(rows)]
        at_init = [k.offset(k.offset(init, i, init0), r, init1) for r in index]
        sums = [total for address in at_init for total in initial(address, offset, vectors, mask)]
        at_a = [k.offset(k.offset(a, i, a0), r, a1) for r in index]
        at_v = [b.add(k.offset(k.offset(v, i, v0), r, v1), offset) for r in (index[:1] if shared else index)]
        if a_vector:
            at_a = [b.add(address, offset) for address in at_a]

        def step(j: Any, *sums: Any) -> list[Any]:
            shift_a, shift_v = b.mul(j, ak), b.mul(j, vk)

            def vectors_at(address: Any, shift: Any) -> list[Any]:
                return [k.load(b.add(b.add(address, shift), whole(x * k.step)), mask) for x in range(vectors)]

            new = []
            row_v = vectors_at(at_v[0], shift_v)
            for r in range(rows):
                if r and not shared:
                    row_v = vectors_at(at_v[r], shift_v)
                if a_vector:
                    row_a = vectors_at(at_a[r], shift_a)
                else:
                    row_a = [k.broadcast(b.add(at_a[r], shift_a))] * vectors
                new += [k.fma(row_a[x], row_v[x], sums[r * vectors + x]) for x in range(vectors)]
            return new

        sums = k.repeat(nk, step, sums)
        for r in range(rows):
            address = b.add(k.offset(k.offset(out, i, out0), index[r], out1), offset)
            for x in range(vectors):
                k.store(sums[r * vectors + x], b.add(address, whole(x * k.step)), mask)

    def columns(i: Any) -> None:
        def down(offset: Any, mask: Any, vectors: int) -> None:
            in_rows(k, n1, most_rows, lambda first, rows: block(i, first, rows, offset, mask, vectors))

        k.in_vectors(nc, down, most_vectors)

    k.repeat(n0, columns)
    k.finish()


def in_rows(k: Kernel, count: Any, most: int, body: Any) -> None:
    """body(first, rows) over all rows, `most` at a time, then what is left two by two and one by one."""
    b, start, rows = k.b, whole(0), most
    while rows:
        times = b.sdiv(b.sub(count, start), whole(rows))

        def step(i: Any, begin: Any = start, rows: int = rows) -> None:
            body(b.add(begin, b.mul(i, whole(rows))), rows)

        k.repeat(times, step)
        start = b.add(start, b.mul(times, whole(rows)))
        rows //= 2


def dot(module: Any, name: str, width: int, dtype: str, a_vector: bool) -> None:
    """k along the vectors: a sum for every lane, added up at the end; four rows at once."""
    k = Kernel(module, name, width, dtype)
    b = k.b
    n0, n1, nk = k.word(1), k.word(2), k.extent(3)
    out, out0, out1 = (k.word(w) for w in (5, 6, 7))
    a, a0, a1 = (k.word(w) for w in (9, 10, 11))
    v, v0, v1 = (k.word(w) for w in (14, 15, 16))
    init, init0, init1 = (k.word(w) for w in (19, 20, 21))

    def block(i: Any, first: Any, rows: int) -> None:
        index = [b.add(first, whole(r)) for r in range(rows)]
        at_a = [k.offset(k.offset(a, i, a0), r, a1) for r in index]
        at_v = [k.offset(k.offset(v, i, v0), r, v1) for r in index]
        scalars = None if a_vector else [k.broadcast(address) for address in at_a]

        def step(offset: Any, mask: Any, sums: Any) -> list[Any]:
            return [
                k.fma(k.load(b.add(at_a[r], offset), mask) if scalars is None else scalars[r],
                      k.load(b.add(at_v[r], offset), mask), sums[r])
                for r in range(rows)
            ]

        times = b.sdiv(nk, whole(width))
        sums = k.repeat(times, lambda j, *sums: step(b.mul(j, whole(k.step)), None, sums), [k.zero] * rows)
        done = b.mul(times, whole(width))
        before = b.block
        with b.if_then(b.icmp_signed("<", done, nk)):
            more = step(b.mul(done, whole(k.size)), k.mask(b.sub(nk, done)), sums)
            inside = b.block
        for r in range(rows):
            total = b.phi(k.kind)
            total.add_incoming(sums[r], before)
            total.add_incoming(more[r], inside)
            sums[r] = total
        for r in range(rows):
            start = k.number(k.offset(k.offset(init, i, init0), index[r], init1))
            target = k.pointer(k.offset(k.offset(out, i, out0), index[r], out1), k.element)
            b.store(k.total(sums[r], start), target)

    k.repeat(n0, lambda i: in_rows(k, n1, 4, lambda first, rows: block(i, first, rows)))
    k.finish()


def nest(module: Any, name: str, width: int, dtype: str) -> None:
    """One product at a time."""
    k = Kernel(module, name, width, dtype)
    b = k.b
    n0, n1, nk, nc = k.word(1), k.word(2), k.word(3), k.extent(4)
    words = [k.word(w) for w in range(23)]

    def element(i: Any, r: Any, c: Any) -> None:
        def at(w: int, i_r_c: tuple[int, int, int]) -> Any:
            address = words[w]
            for index, stride in zip((i, r, c), i_r_c):
                address = k.offset(address, index, words[stride])
            return address

        at_a, at_v = at(9, (10, 11, 13)), at(14, (15, 16, 18))
        (total,) = k.repeat(nk, lambda j, total: [b.fadd(total, b.fmul(
            k.number(k.offset(at_a, j, words[12])), k.number(k.offset(at_v, j, words[17]))))],
            [k.number(at(19, (20, 21, 22)))])
        b.store(total, k.pointer(at(5, (6, 7, 8)), k.element))

    k.repeat(n0, lambda i: k.repeat(n1, lambda r: k.repeat(nc, lambda c: element(i, r, c)) and None) and None)
    k.finish()


def transposed(k: Kernel, vectors: list[Any]) -> list[Any]:
    """The columns of a square of vectors: blocks off the diagonal change places, of 1, 2, 4, ... elements."""
    b, width, distance = k.b, k.width, 1
    while distance < width:
        low = [x if not x & distance else x - distance + width for x in range(width)]
        high = [x + distance if not x & distance else x + width for x in range(width)]
        for i in range(width):
            if not i & distance:
                first, second = vectors[i], vectors[i + distance]
                for place, lanes in ((i, low), (i + distance, high)):
                    order = ir.Constant(ir.VectorType(I32, width), lanes)
                    vectors[place] = b.shuffle_vector(first, second, order)
        distance *= 2
    return vectors


def square(k: Kernel, sources: list[Any], count: Any, target: Any, stride: Any) -> None:
    """Store the transpose of rows of `count` elements: element j of all `sources` goes to target + j*stride."""
    b, width = k.b, k.width
    times = b.sdiv(count, whole(width))

    def full(j: Any) -> None:
        shift = b.mul(j, whole(k.step))
        columns = transposed(k, [k.load(b.add(source, shift)) for source in sources])
        for x, column in enumerate(columns):
            k.store(column, k.offset(target, b.add(b.mul(j, whole(width)), whole(x)), stride))

    k.repeat(times, full)
    done = b.mul(times, whole(width))
    with b.if_then(b.icmp_signed("<", done, count)):
        mask, shift = k.mask(b.sub(count, done)), b.mul(done, whole(k.size))
        columns = transposed(k, [k.load(b.add(source, shift), mask) for source in sources])
        for x, column in enumerate(columns):
            at = b.add(done, whole(x))
            with b.if_then(b.icmp_signed("<", at, count)):
                k.store(column, k.offset(target, at, stride))


def transpose(module: Any, name: str, width: int, dtype: str) -> None:
    """Square by square. Rows past the last are read from it again: the columns of `out` are whole vectors."""
    k = Kernel(module, name, width, dtype)
    b = k.b
    nk, nc = k.extent(1), k.word(2)
    out, out_k, a, a_c = (k.word(w) for w in (3, 4, 5, 6))

    def group(i: Any) -> None:
        first = b.mul(i, whole(width))
        rows = [b.add(first, whole(x)) for x in range(width)]
        last = b.sub(nc, whole(1))
        sources = [k.offset(a, b.select(b.icmp_signed("<", r, last), r, last), a_c) for r in rows]
        square(k, sources, nk, b.add(out, b.mul(first, whole(k.size))), out_k)

    k.repeat(b.sdiv(b.add(nc, whole(width - 1)), whole(width)), group)
    k.finish()
