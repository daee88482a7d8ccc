"""Passes: a shorter tape, the same numbers to the last bit.

    Simplified   while it is recorded: identities replaced, each by one line of RULES; operations on constants computed;
                 equal rows computed once
    alive        rows that no output needs dropped
    hoisted      rows that depend on parameters alone computed once, not once per sample

Only what holds for every float is folded, -0.0, infinities and nan included. Not here, though often seen elsewhere:
x + 0.0 => x (wrong for -0.0), x * 0.0 => 0.0 (wrong for inf and nan), x - x => 0.0 (the same), x / x => 1.0 (0/0),
(x + y) + z => x + (y + z) (rounds differently).
"""

import ast
import itertools
import struct
from typing import Any, NamedTuple

from autograd.compiler.tape import PARAMETER, SAMPLE, Arg, Draft, Rounding, Row, Tape, applied, depends, renumbered
from autograd.primitive import TABLE, Primitive

# A letter stands for any operand (the same letter for the same one), a number for that constant.
RULES = """
identity(x)         => x            by definition
detached(x)         => x            the same number; only its derivative differs, and derivatives are graph already
mul(x, 1.0)         => x            IEEE 754: the exact product is x
mul(1.0, x)         => x            the same
mul(x, -1.0)        => neg(x)       the exact product is -x, zeros included: 0 * -1 is -0
mul(-1.0, x)        => neg(x)       the same
mul(neg(x), neg(y)) => mul(x, y)    the sign of a product is exact
div(x, 1.0)         => x            the exact quotient is x
add(x, -0.0)        => x            -0 is the neutral element of IEEE addition: 0 + -0 is 0, -0 + -0 is -0
add(-0.0, x)        => x            the same
sub(x, 0.0)         => x            the same: x - 0 is x + -0
neg(neg(x))         => x            two flips of the sign bit
add(x, neg(y))      => sub(x, y)    IEEE 754 defines the difference so
add(neg(x), y)      => sub(y, x)    the same, and the sum commutes
sub(x, neg(y))      => add(x, y)    the same
abs(neg(x))         => abs(x)       both clear the sign bit
pow(x, 2.0)         => mul(x, x)    the definition in autograd.ieee
pow(x, 1.0)         => x            C's pow, Annex F
pow(x, 0.0)         => 1.0          the same, also for nan
where(1.0, x, y)    => x            by definition
where(0.0, x, y)    => y            by definition
where(c, x, x)      => x            by definition
"""

Pattern = Any  # a letter, a float, or (name of an operation, patterns)


class Rule(NamedTuple):
    text: str
    left: Pattern
    right: Pattern
    because: str


def _parse(line: str) -> Rule:
    """
    >>> _parse("mul(x, 1.0) => x   exact")[:3]
    ('mul(x, 1.0) => x', ('mul', ['x', 1.0]), 'x')
    """
    left, rest = line.split("=>")
    right, because = rest.strip().split("  ", 1)
    before, after = (_pattern(ast.parse(side.strip(), mode="eval").body) for side in (left, right))
    return Rule(f"{left.strip()} => {right}", before, after, because.strip())


def _pattern(node: ast.expr) -> Pattern:
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return node.func.id, [_pattern(arg) for arg in node.args]
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


rules = [_parse(line) for line in RULES.strip().splitlines()]


def _sight(rule: Rule) -> float | str | None:
    """What tells at a glance that the rule may fit: a constant or the operation of an operand. None where nothing does.

    >>> _sight(_parse("mul(x, 1.0) => x   exact")), _sight(_parse("neg(neg(x)) => x   exact"))
    (1.0, 'neg')
    >>> _sight(_parse("identity(x) => x   by definition"))
    """
    for part in rule.left[1]:
        if not isinstance(part, str):
            return part if isinstance(part, float) else str(part[0])
    return None


_BY_SIGHT: dict[str, dict[Any, list[Rule]]] = {}  # the rules of each operation
for _rule in rules:
    _BY_SIGHT.setdefault(_rule.left[0], {}).setdefault(_sight(_rule), []).append(_rule)
_LETTERS_ONLY = {name for name, by_sight in _BY_SIGHT.items() if None in by_sight}
_INNER = {part[0] for rule in rules for part in rule.left[1] if isinstance(part, tuple)}
COMMUTING = {"add", "mul"}  # to the last bit


class Simplified(Draft):
    """Rows that are simplified as they are recorded, so that each is looked at once.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> record([(x * 1.0 + 3.0) * (x + 3.0)], [x], draft=Simplified)
    v0 = parameter
    v1 = add(v0, 3.0)
    v2 = mul(v1, v1)
    return v2
    """

    def __init__(self, first: int, rounded: Rounding = float) -> None:
        super().__init__(first)
        self.rounded = rounded  # constants that are computed here are what the program would compute
        self.known: dict[Any, int] = {}  # the rows, by what they compute
        self.inner: dict[Arg | None, str] = {}  # those that a rule may look into, and their operations

    def add(self, op: Primitive, args: tuple[Arg, ...]) -> Arg:
        """The number of the row that computes op(args), a new one if need be; or a constant."""
        name, row = op.name, (op, args)
        constants = args[0].__class__ is float or args[-1].__class__ is float or len(args) > 2
        if name in _BY_SIGHT and (constants or name in _LETTERS_ONLY or not self.inner.keys().isdisjoint(args)):
            found = self.folded(name, args)
            if found is not None:
                return self.add(*found) if isinstance(found, tuple) else found  # a row again, perhaps simpler still
        computed: Any = row
        if constants:
            if int not in map(type, args):
                return applied(op, args, self.rounded)
            computed = op, tuple([_bits(arg) if arg.__class__ is float else arg for arg in args])
        elif name in COMMUTING and args[0] > args[1]:
            computed = op, args[::-1]
        new = self.first + len(self.rows)
        number = self.known.setdefault(computed, new)
        if number == new:
            self.rows.append(row)
            if name in _INNER:
                self.inner[new] = name
        return number

    def folded(self, name: str, args: tuple[Arg, ...]) -> Arg | Row | None:
        """What the first rule that fits makes of the row, or None."""
        by_sight = _BY_SIGHT[name]
        for arg in (None, *args):
            seen = arg if arg.__class__ is float else self.inner.get(arg)
            for rule in by_sight.get(seen, ()):
                bound: dict[str, Arg] = {}
                if all(map(self.fits, rule.left[1], args, itertools.repeat(bound))):
                    return _build(rule.right, bound)
        return None

    def fits(self, pattern: Pattern, arg: Arg, bound: dict[str, Arg]) -> bool:
        """Whether the operand is what the pattern says; its letters are `bound`."""
        if isinstance(pattern, str):
            other = bound.setdefault(pattern, arg)
            return other is arg or key(other) == key(arg)
        if isinstance(pattern, float):
            return key(arg) == key(pattern)
        if isinstance(arg, float) or arg < self.first:
            return False
        op, args = self.rows[arg - self.first]
        return op.name == pattern[0] and all(self.fits(p, a, bound) for p, a in zip(pattern[1], args))


def _build(pattern: Pattern, bound: dict[str, Arg]) -> Arg | Row:
    if isinstance(pattern, tuple):
        return TABLE[pattern[0]], tuple([bound[letter] for letter in pattern[1]])
    return bound[pattern] if isinstance(pattern, str) else pattern


_bits = struct.Struct("d").pack


def key(arg: Arg) -> Arg | bytes:
    """`arg` for comparing: a constant becomes its bits, since 1 == 1.0 and 0.0 == -0.0 in Python, and nan != nan."""
    return _bits(arg) if arg.__class__ is float else arg


def alive(tape: Tape) -> Tape:
    """The tape without the rows that no output depends on."""
    first = len(tape.kinds)
    needed = [False] * (first + len(tape.rows))
    for arg in tape.outputs:
        if arg.__class__ is int:
            needed[arg] = True
    for at in range(len(tape.rows) - 1, -1, -1):
        if needed[first + at]:
            for arg in tape.rows[at][1]:
                if arg.__class__ is int:
                    needed[arg] = True
    return tape if all(needed[first:]) else _kept(tape, needed)


def _kept(tape: Tape, needed: list[bool]) -> Tape:
    first = len(tape.kinds)
    numbers: list[Any] = list(range(first))
    rows: list[Row] = []
    for at, (op, args) in enumerate(tape.rows, first):
        numbers.append(first + len(rows))
        if needed[at]:
            rows.append((op, renumbered(args, numbers)))
    return Tape(tape.kinds, rows, [*renumbered(tape.outputs, numbers)])


def hoisted(tape: Tape) -> tuple[Tape, Tape]:
    """(once, each): what depends on parameters alone, and the rest, which takes the results as further parameters.

    The inputs of `once` are the parameters of `tape`; those of `each` are the inputs of `tape`, then the outputs of
    `once`, in order.
    """
    if PARAMETER not in tape.kinds:  # and rows of constants alone are folded
        return Tape((), [], []), tape
    varies = depends(tape, SAMPLE)
    first = len(tape.kinds)
    parameters = [i for i, kind in enumerate(tape.kinds) if kind == PARAMETER]
    used = [arg for (_, args), own in zip(tape.rows, varies[first:]) if own for arg in args]
    wanted = dict.fromkeys(arg for arg in [*used, *tape.outputs] if isinstance(arg, int))  # a constant 5.0 == row 5
    results = [arg for arg in wanted if arg >= first and not varies[arg]]
    in_once: dict[Arg, Arg] = {old: new for new, old in enumerate(parameters)}
    in_each: dict[Arg, Arg] = {i: i for i in range(first)}
    in_each |= {old: first + k for k, old in enumerate(results)}
    once: list[Row] = []
    each: list[Row] = []
    for at, (op, args) in enumerate(tape.rows, first):
        rows, numbers, begin = (each, in_each, first + len(results)) if varies[at] else (once, in_once, len(parameters))
        numbers[at] = begin + len(rows)
        rows.append((op, renumbered(args, numbers)))
    return (
        Tape((PARAMETER,) * len(parameters), once, [in_once[arg] for arg in results]),
        Tape(tape.kinds + (PARAMETER,) * len(results), each, [*renumbered(tape.outputs, in_each)]),
    )
