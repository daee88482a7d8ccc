"""Reverse mode on fused rows: the finished list of an adjoint's pairs is the adjoint's row.

    y = a*b + c*d        the adjoint of a collects the pair (g, b), that of b the pair (g, a), with g the adjoint of y
    z = tanh(x)          the adjoint of x collects (g, d), with d the row 1 - z*z, the table's own partial derivative

No row is made for a product or a sum, so a gradient costs about what fusing costs.
"""

from collections.abc import Collection, Iterable, Sequence

from autograd.compiler.formula import Formula, local_derivatives, renumbered, slots, specialised
from autograd.compiler.fuse import FUNCTION, PAIRS, REDUCTION, Rows, fuse, partials_tape
from autograd.primitive import TABLE


def reverse(rows: Rows, root: int, seed: int, wanted: Sequence[int]) -> tuple[list[list[int]], dict[int, int]]:
    """Append the rows of d root / d wanted, times the row `seed`.

    Returns the pairs of each wanted row's derivative (an output is always a row of its own, also where it is read),
    and for every adjoint row the row whose adjoint it is.
    """
    pairs_of, needs, kind = rows.pairs, rows.needs, rows.kind
    collected: dict[int, list[int]] = {root: [rows.one, seed]}
    primal: dict[int, int] = {}
    keep = set(wanted)
    for row in range(root, -1, -1):
        if row not in collected or row in keep or not needs[row]:
            continue
        before = len(kind)
        found = collected.pop(row)
        if not rows.batched[row]:
            per_sample, found = split(rows, found)
            if per_sample:
                total = rows.reduction(per_sample)
                primal[total] = row
                found = [rows.one, total, *found]
        g = rows.sum(found)
        if len(kind) > before:
            primal[g] = row
        if row in rows.rule or kind[row] == FUNCTION:
            _through_rule(rows, row, g, collected)
        elif kind[row] in (PAIRS, REDUCTION):
            pairs = pairs_of[row]
            for k in range(0, len(pairs), 2):
                a, b = pairs[k], pairs[k + 1]
                if needs[a]:
                    if a in collected:
                        collected[a] += (b, g)
                    else:
                        collected[a] = [b, g]
                if needs[b]:
                    if b in collected:
                        collected[b] += (a, g)
                    else:
                        collected[b] = [a, g]
    return [collected.get(x, []) for x in wanted], primal


def merge_slopes(rows: Rows, primal: Collection[int], outputs: Iterable[list[int]]) -> None:
    """Turn adjoints g * f'(...), where nothing else reads the slope f', into one function row of g and f's operands."""
    uses = [0] * len(rows)
    for row in range(len(rows)):
        for x in rows.pairs[row] or rows.args[row]:
            uses[x] += 1
    for found in outputs:
        for x in found:
            uses[x] += 1
    for row in primal:
        if rows.kind[row] == PAIRS and len(rows.pairs[row]) == 2:
            slope = next((x for x in rows.pairs[row] if rows.kind[x] == FUNCTION and uses[x] == 1
                          and x not in rows.rule), None)
            if slope is not None:
                a, b = rows.pairs[row]
                formula, args = rows.formula[slope], rows.args[slope]
                *inner, last = slots(len(args) + 1)
                rows.kind[row], rows.pairs[row] = FUNCTION, []
                rows.formula[row] = Formula(TABLE["mul"], (renumbered(formula, dict(enumerate(inner))), last))
                rows.args[row] = (*args, b if slope == a else a)


def split(rows: Rows, pairs: list[int]) -> tuple[list[int], list[int]]:
    """The pairs with an operand that differs from sample to sample, and the others."""
    per_sample: list[int] = []
    shared: list[int] = []
    for a, b in zip(pairs[::2], pairs[1::2]):
        (per_sample if rows.batched[a] or rows.batched[b] else shared).extend((a, b))
    return per_sample, shared


def _through_rule(rows: Rows, row: int, g: int, collected: dict[int, list[int]]) -> None:
    """Hand the adjoint `g` of an operation's row on to its operands."""
    op, args = rows.rule[row]
    operands = (*args, rows.result.get(row, row))
    if op.name == "pow" and (formula := rows.formula[row]) is not None and len(rows.args[row]) == 1:
        slope = rows.function(specialised(op, formula.args[1])[1], args[:1])
        collected.setdefault(args[0], []).extend((slope, g))
        return
    if op.variadic:
        partials = fuse(partials_tape(op, len(args)), operands, rows)
        for arg, partial in zip(args, partials):
            if rows.needs[arg]:
                collected.setdefault(arg, []).extend((partial, g))
        return
    for arg, local in zip(args, local_derivatives(op, len(args))):
        if not rows.needs[arg] or local == 0.0:
            continue
        if isinstance(local, float):
            partial = rows.constant(local)
        else:
            read, formula = local
            names = tuple(operands[k] for k in read)
            partial = names[0] if formula is None else rows.function(formula, names)
        collected.setdefault(arg, []).extend((partial, g))
