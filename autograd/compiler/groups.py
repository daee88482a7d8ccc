"""Groups: the rows of a tape by depth and kind, for back ends that run many equal rows as one array operation.

    depth    inputs and constants have none; a row is one deeper than its deepest operand: none reads its neighbours
    kind     the operation, and of each operand whether it differs between the samples

Numbers stand in two tables: `shared`, one number each (parameters, constants, and rows of these alone), and `samples`,
one for every sample. A group's results stand next to each other; its operands are picked by lists of places.
"""

from typing import NamedTuple

from autograd.compiler.tape import SAMPLE, Arg, Tape, depends
from autograd.primitive import Primitive


class Picked(NamedTuple):
    """Operands from one table: of the samples, or shared."""

    varies: bool
    places: list[int]


class Group(NamedTuple):
    """Equal rows of one depth; their results begin at place `first` of their table."""

    op: Primitive
    varies: bool
    first: int
    operands: list[Picked]


class Groups(NamedTuple):
    """A tape in groups: parameters and then constants begin the shared table, the inputs of samples the other."""

    constants: list[float]
    groups: list[Group]
    outputs: list[tuple[bool, int]]  # the table and place of each
    sizes: tuple[int, int]  # of the tables: shared, samples


def grouped(tape: Tape) -> Groups:
    """
    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> w, x, y = Value(2.0), Value(3.0), Value(4.0)
    >>> found = grouped(record([w * x + w * y], [w, x, y], ["parameter", "sample", "sample"]))
    >>> for group in found.groups: print(group.op.name, group.first, *(list(operand) for operand in group.operands))
    mul 2 [False, [0, 0]] [True, [1, 0]]
    add 4 [True, [3]] [True, [2]]
    """
    varies = depends(tape, SAMPLE)
    where: dict[Arg | str, tuple[bool, int]] = {}
    sizes = [0, 0]

    def take(name: Arg | str, own: bool) -> None:
        where[name] = own, sizes[own]
        sizes[own] += 1

    for i in range(len(tape.kinds)):
        take(i, varies[i])
    every = [*(arg for _, args in tape.rows for arg in args), *tape.outputs]
    constants = list(dict.fromkeys(arg.hex() for arg in every if isinstance(arg, float)))
    for text in constants:
        take(text, False)
    groups: list[Group] = []
    for rows in _by_depth_and_kind(tape, varies):
        (op, _), own = tape.rows[rows[0]], varies[len(tape.kinds) + rows[0]]
        found = [[where[_name(arg)] for arg in operands] for operands in zip(*(tape.rows[row][1] for row in rows))]
        operands = [Picked(places[0][0], [place for _, place in places]) for places in found]
        groups.append(Group(op, own, sizes[own], operands))
        for row in rows:
            take(len(tape.kinds) + row, own)
    outputs = [where[_name(arg)] for arg in tape.outputs]
    return Groups([float.fromhex(text) for text in constants], groups, outputs, (sizes[0], sizes[1]))


def _name(arg: Arg) -> Arg | str:
    """A constant by its digits: 0.0 == -0.0 and 1 == 1.0 in Python, and nan != nan."""
    return arg.hex() if isinstance(arg, float) else arg


def _by_depth_and_kind(tape: Tape, varies: list[bool]) -> list[list[int]]:
    """The numbers of the rows of each group, the groups in an order in which they can run."""
    depth = [0] * len(tape.kinds)
    found: dict[tuple[int, Primitive, tuple[bool, ...]], list[int]] = {}
    for row, (op, args) in enumerate(tape.rows):
        depth.append(1 + max([depth[arg] for arg in args if isinstance(arg, int)], default=0))
        kind = tuple([isinstance(arg, int) and varies[arg] for arg in args])
        found.setdefault((depth[-1], op, kind), []).append(row)
    return [rows for _, rows in sorted(found.items(), key=lambda item: item[0][0])]
