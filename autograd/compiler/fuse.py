"""Fuse: chains of sums and products become rows of pairs, before anything is differentiated.

A row of pairs is the sum of the products of its pairs, [(a, b), (c, d), ...] = a*b + c*d + ...; a bare addend x is the
pair (1, x), a subtraction a pair with -1, a division a product with a reciprocal. A sum or product that is used once is
written into the row that uses it: a dot product of any length is one row.
"""

import functools
from collections.abc import Sequence
from typing import Any

from autograd.compiler.formula import Formula, applied, specialised
from autograd.compiler.tape import PARAMETER, Tape, expansion, record
from autograd.primitive import TABLE, Primitive
from autograd.primitives import log_of_powers
from autograd.value import Value

CONSTANT, TRAINABLE, INPUT, PAIRS, REDUCTION, FUNCTION = range(6)  # the kinds of rows


class Rows:
    """A program: row k is a leaf, a sum of pairs of earlier rows, or a formula of earlier rows.

    `kind[k]` says which; `pairs[k]` is the flat list a, b, a, b, ... of row numbers; `formula[k]` and `args[k]` are a
    function row. `batched[k]`: one number per sample, instead of one for all. `needs[k]`: a trainable leaf is below it.
    `rule[k]` is (op, args) where a row's derivative is that of an operation it was expanded from, and `result[k]` the
    row that the rule takes for the operation's result where it is not k.
    `weight` is the row of a sample's weight, its share of the batch; `joint`: a sample's numbers depend on the others'.
    """

    def __init__(self) -> None:
        self.kind: list[int] = []
        self.pairs: list[list[int]] = []
        self.formula: list[Formula | None] = []
        self.args: list[tuple[int, ...]] = []
        self.batched: list[bool] = []
        self.needs: list[bool] = []
        self.value: dict[int, float] = {}
        self.rule: dict[int, tuple[Primitive, tuple[int, ...]]] = {}
        self.result: dict[int, int] = {}
        self.expanded: dict[tuple[str, tuple[int, ...]], int] = {}  # operations of many operands that are written out
        self.weight, self.joint = -1, False
        self._constants: dict[str, int] = {}
        self._products: dict[tuple[int, int], int] = {}
        self._shared: dict[tuple[Any, ...], int] = {}
        self.zero, self.one, self.minus_one = self.constant(0.0), self.constant(1.0), self.constant(-1.0)

    def __len__(self) -> int:
        return len(self.kind)

    def _append(self, kind: int, pairs: list[int], formula: Formula | None, args: tuple[int, ...]) -> int:
        self.kind.append(kind)
        self.pairs.append(pairs)
        self.formula.append(formula)
        self.args.append(args)
        return len(self.kind) - 1

    def leaf(self, kind: int, batched: bool = False) -> int:
        self.batched.append(batched)
        self.needs.append(kind == TRAINABLE)
        return self._append(kind, [], None, ())

    def constant(self, value: float) -> int:
        spelled = repr(value)  # tells -0.0 from 0.0, and finds nan again
        if spelled not in self._constants:
            self._constants[spelled] = self.leaf(CONSTANT)
            self.value[self._constants[spelled]] = value
        return self._constants[spelled]

    def sum(self, pairs: list[int]) -> int:
        """The row of these pairs; a single bare addend is that row itself, an equal product one row with the other."""
        if len(pairs) == 2:
            if pairs[0] == self.one:
                return pairs[1]
            product = min(pairs), max(pairs)
            if product in self._products:
                return self._products[product]
            self._products[product] = len(self.kind)
        flags, needs = [self.batched[x] for x in pairs], self.needs
        if any(flags) and not all(flags):
            pairs = self._hoisted(pairs, flags)
        self.batched.append(any(flags))
        self.needs.append(any(map(needs.__getitem__, pairs)))
        return self._append(PAIRS, pairs, None, ())

    def _hoisted(self, pairs: list[int], flags: list[bool]) -> list[int]:
        """Pairs that are the same for all samples become one addend, computed once."""
        per_sample: list[int] = []
        shared: list[int] = []
        for k in range(0, len(pairs), 2):
            (per_sample if flags[k] or flags[k + 1] else shared).extend(pairs[k:k + 2])
        if len(shared) > 2 or (shared and shared[0] != self.one):
            shared = [self.one, self.sum(shared)]
        return shared + per_sample

    def reduction(self, pairs: list[int]) -> int:
        """The row that adds up these pairs over all samples of a batch."""
        self.batched.append(False)
        self.needs.append(any(map(self.needs.__getitem__, pairs)))
        return self._append(REDUCTION, pairs, None, ())

    def function(self, formula: Formula, args: tuple[int, ...]) -> int:
        """The row of a formula; the same formula of the same rows is the same row."""
        known = self._shared.get((formula.key, args))
        if known is None:
            self.batched.append(any(self.batched[x] for x in args))
            self.needs.append(any(self.needs[x] for x in args))
            known = self._shared[formula.key, args] = self._append(FUNCTION, [], formula, args)
        return known

    def apply(self, op: Primitive, args: tuple[int, ...]) -> int:
        row = self.function(applied(op, len(args)), args)
        self.rule[row] = (op, args)
        return row


def tape_of(output: Value, inputs: Sequence[Value], others: Sequence[Value] = ()) -> Tape:
    """The graph of `output`, and of `others`, as a tape that keeps composite operations whole: a dot is one row here.

    Operands come before their node from left to right, about as they were written: neighbours in the program are
    neighbours on the tape.
    """
    numbers: dict[Any, int | float] = {x: k for k, x in enumerate(inputs)}
    rows: list[Any] = []
    first = len(inputs)
    outputs = [output, *others]
    stack: list[Any] = outputs[::-1]
    while stack:
        node = stack.pop()
        if node is None:
            node = stack.pop()
            if node not in numbers:
                numbers[node] = first + len(rows)
                rows.append((node.op, tuple([arg if arg.__class__ is float else numbers[arg] for arg in node.args])))
        elif node not in numbers:
            if node.op is None:
                numbers[node] = node.data
                continue
            stack.append(node)
            stack.append(None)
            for arg in reversed(node.args):
                if arg.__class__ is not float:
                    stack.append(arg)
    return Tape((PARAMETER,) * first, rows, [numbers[x] for x in outputs])


def fuse(tape: Tape, leaves: Sequence[int], rows: Rows) -> list[int]:
    """Append a tape to `rows`, its inputs being the rows `leaves`; returns the rows of its outputs."""
    fuser = _Fuser(tape, leaves, rows)
    return [fuser.row(output) for output in tape.outputs]


class _Fuser:
    def __init__(self, tape: Tape, leaves: Sequence[int], rows: Rows) -> None:
        self.rows, self.done = rows, dict(enumerate(leaves))
        self.pending: dict[int, list[int]] = {}  # sums and products that no row has been made for yet
        first = len(tape.kinds)
        uses = [0] * (first + len(tape.rows))
        for _, args in tape.rows:
            for arg in args:
                if arg.__class__ is int:
                    uses[arg] += 1
        for k, (op, args) in enumerate(tape.rows, first):
            self._visit(k, op, args)
            if uses[k] > 1 and k in self.pending:
                self.row(k)

    def _visit(self, k: int, op: Primitive, args: tuple[Any, ...]) -> None:
        name, rows = op.name, self.rows
        if name == "mul":
            self.pending[k] = [self.row(args[0]), self.row(args[1])]
        elif name == "add":
            first, second = self.terms(args[0]), self.terms(args[1])
            if len(first) < len(second):
                first, second = second, first
            first += second
            self.pending[k] = first
        elif name == "sub":
            self.pending[k] = self.terms(args[0]) + self.negated(args[1])
        elif name == "neg":
            self.pending[k] = self.negated(args[0])
        elif name == "div":
            self.pending[k] = [self.row(args[0]), self.reciprocal(args[1])]
        elif name == "identity":
            self.pending[k] = self.terms(args[0])
        elif name == "pow" and args[1].__class__ is float and args[1] == 2.0:
            self.pending[k] = [self.row(args[0])] * 2
        elif name == "sum":
            self.pending[k] = [x for arg in args for x in self.terms(arg)] or [rows.zero, rows.zero]
        elif name == "mean":
            share = rows.constant(1.0 / len(args))
            self.pending[k] = [x for arg in args for x in (share, self.row(arg))]
        elif name == "dot":
            half = len(args) // 2
            self.pending[k] = [self.row(x) for pair in zip(args[:half], args[half:]) for x in pair]
        elif name == "batch_mean":
            rows.joint = True
            self.done[k] = rows.reduction([rows.weight, self.row(args[0])])
        elif name == "pow" and args[1].__class__ is float and args[1] in (0.5, -0.5, -1.0, 3.0):
            base = self.row(args[0])
            self.done[k] = rows.function(specialised(op, args[1])[0], (base,))
            rows.rule[self.done[k]] = op, (base, rows.constant(args[1]))
        elif name == "cross_entropy":
            target, *logits = map(self.row, args)
            self.pending[k] = self.cross_entropy(target, tuple(logits))
        elif op.variadic:
            self.done[k] = self.expanded(op, tuple(map(self.row, args)))
        else:
            self.done[k] = rows.apply(op, tuple(map(self.row, args)))

    def row(self, x: Any) -> int:
        """The row of entry `x` of the tape, or of the constant `x`."""
        if x.__class__ is not int:
            return self.rows.constant(x)
        row = self.done.get(x)
        if row is None:
            row = self.done[x] = self.rows.sum(self.pending.pop(x))
        return row

    def terms(self, x: Any) -> list[int]:
        """The pairs of `x`, if nothing else uses them; else the bare addend."""
        if x.__class__ is int and x in self.pending:
            return self.pending.pop(x)
        return [self.rows.one, self.row(x)]

    def negated(self, x: Any) -> list[int]:
        value, pairs = self.rows.value, self.pending.get(x, []) if x.__class__ is int else []
        if pairs and all(map(value.__contains__, pairs[::2])):  # -(c*x) = (-c)*x exactly
            del self.pending[x]
            return [y for a, b in zip(pairs[::2], pairs[1::2]) for y in (self.rows.constant(-value[a]), b)]
        return [self.rows.minus_one, self.row(x)]

    def reciprocal(self, x: Any) -> int:
        if x.__class__ is not int:
            return self.rows.constant(TABLE["div"](1.0, x))
        return self.rows.apply(TABLE["div"], (self.rows.one, self.row(x)))

    def expanded(self, op: Primitive, args: tuple[int, ...]) -> int:
        """A composite operation of many operands: its forward formula as rows, its derivative the table's."""
        rows, key = self.rows, (op.name, args)
        if key not in rows.expanded:
            (inner,) = fuse(expansion(op.name, len(args)), args, rows)
            # A row of its own, so that the rule is attached to nothing else.
            rows.expanded[key] = rows.function(applied(TABLE["identity"], 1), (inner,))
            rows.rule[rows.expanded[key]] = (op, args)
        return rows.expanded[key]


    def cross_entropy(self, target: int, logits: tuple[int, ...]) -> list[int]:
        """ln sum e^(x - m), one row for all the classes that a sample may have, less target - m; m is held still.

        The derivative of the first is logsumexp's, whose rule takes m for its result just as well: it cancels.
        """
        rows, key = self.rows, ("cross_entropy", logits)
        if key not in rows.expanded:
            shift, rest = fuse(powers_tape(len(logits)), logits, rows)
            rest = rows.function(applied(TABLE["identity"], 1), (rest,))
            rows.rule[rest], rows.result[rest] = (TABLE["logsumexp"], logits), shift
            rows.expanded[key] = rest
        rest = rows.expanded[key]
        margin = rows.function(applied(TABLE["sub"], 2), (target, rows.result[rest]))
        rows.rule[margin] = TABLE["identity"], (target,)
        return [rows.one, rest, rows.minus_one, margin]


@functools.cache
def powers_tape(n: int) -> Tape:
    """The maximum m of n numbers and ln sum e^(x - m), as a tape."""
    inputs = [Value(0.5) for _ in range(n)]
    return record(log_of_powers(inputs), inputs)


@functools.cache
def partials_tape(op: Primitive, n: int) -> Tape:
    """The partial derivatives of a composite operation of `n` operands, as a tape of (operands..., result)."""
    inputs = [Value(0.5) for _ in range(n + 1)]
    return record(op.partials(*inputs), inputs)
