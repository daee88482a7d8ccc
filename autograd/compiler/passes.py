"""Passes: tape in, shorter tape out, the same numbers to the last bit.

    folded    identities replaced, operations on constants computed; every rule is one line of RULES
    shared    equal rows computed once
    alive     rows that no output needs dropped
    hoisted   rows that depend on parameters alone computed once, not once per sample

Only what holds for every float is folded, -0.0, infinities and nan included. Not here, though often seen elsewhere:
x + 0.0 => x (wrong for -0.0), x * 0.0 => 0.0 (wrong for inf and nan), x - x => 0.0 (the same), x / x => 1.0 (0/0),
(x + y) + z => x + (y + z) (rounds differently).
"""

import ast
from typing import Any, NamedTuple

from autograd.compiler.tape import PARAMETER, SAMPLE, Arg, Row, Tape, depends, rewritten
from autograd.primitive import TABLE

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


def _sight(rule: Rule) -> Any:
    """What tells at a glance that the rule may fit: its operation, with a constant or the operation of an operand.

    >>> _sight(_parse("mul(x, 1.0) => x   exact")), _sight(_parse("neg(neg(x)) => x   exact"))
    (('mul', 1.0), ('neg', 'neg'))
    >>> _sight(_parse("identity(x) => x   by definition"))
    'identity'
    """
    for part in rule.left[1]:
        if not isinstance(part, str):
            return rule.left[0], part if isinstance(part, float) else part[0]
    return rule.left[0]


_BY_SIGHT: dict[Any, list[Rule]] = {}
for _rule in rules:
    _BY_SIGHT.setdefault(_sight(_rule), []).append(_rule)
_RULED = {rule.left[0] for rule in rules}
_INNER = {part[0] for rule in rules for part in rule.left[1] if isinstance(part, tuple)}


def optimised(tape: Tape) -> Tape:
    """All passes that keep one tape one tape.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> optimised(record([(x * 1.0 + 3.0) * (x + 3.0)], [x]))
    v0 = parameter
    v1 = add(v0, 3.0)
    v2 = mul(v1, v1)
    return v2
    """
    return alive(shared(folded(tape)))


def folded(tape: Tape) -> Tape:
    """The tape with RULES applied and rows of constants computed."""
    first = len(tape.kinds)
    numbers: list[Any] = list(range(first))
    rows: list[Row] = []
    inner: dict[Arg, str] = {}  # the rows that a rule may look into, and their operations
    for op, args in tape.rows:
        args = tuple([arg if arg.__class__ is float else numbers[arg] for arg in args])  # type: ignore[index]
        found: Any = None
        while op.name in _RULED and isinstance(found := _simpler(op.name, args, rows, first, inner), tuple):
            op, args = found  # a row again, perhaps simpler still
            found = None
        if found is None and args[-1].__class__ is float and set(map(type, args)) == {float}:
            found = op.forward(*args)
        if found is None:
            found = first + len(rows)
            rows.append((op, args))
            if op.name in _INNER:
                inner[found] = op.name
        numbers.append(found)
    return rewritten(tape, rows, numbers)


def _simpler(name: str, args: tuple[Arg, ...], rows: list[Row], first: int, inner: dict[Arg, str]) -> Arg | Row | None:
    """What the first rule that fits makes of the row, or None."""
    candidates = _BY_SIGHT.get(name, [])
    for arg in args:
        seen = arg if arg.__class__ is float else inner.get(arg)
        if seen is not None:
            candidates = candidates + _BY_SIGHT.get((name, seen), [])
    for rule in candidates:
        bound: dict[str, Arg] = {}
        if all(_fits(part, arg, bound, rows, first) for part, arg in zip(rule.left[1], args)):
            return _build(rule.right, bound)
    return None


def _fits(pattern: Pattern, arg: Arg, bound: dict[str, Arg], rows: list[Row], first: int) -> bool:
    if isinstance(pattern, str):
        other = bound.setdefault(pattern, arg)
        return other is arg or key(other) == key(arg)
    if isinstance(pattern, float):
        return key(arg) == key(pattern)
    if isinstance(arg, float) or arg < first:
        return False
    op, args = rows[arg - first]
    return op.name == pattern[0] and all(_fits(p, a, bound, rows, first) for p, a in zip(pattern[1], args))


def _build(pattern: Pattern, bound: dict[str, Arg]) -> Arg | Row:
    if isinstance(pattern, tuple):
        return TABLE[pattern[0]], tuple([bound[letter] for letter in pattern[1]])
    return bound[pattern] if isinstance(pattern, str) else pattern


def key(arg: Arg) -> Arg | str:
    """`arg` for comparing: a constant becomes text, since 1 == 1.0 and 0.0 == -0.0 in Python, and nan != nan."""
    return arg.hex() if isinstance(arg, float) else arg


_COMMUTING = {"add", "mul"}  # to the last bit


def shared(tape: Tape) -> Tape:
    """The tape without repeated rows: f(x, y), ..., f(x, y) => one row; x + y and y + x are the same."""
    first = len(tape.kinds)
    numbers: list[Any] = list(range(first))
    known: dict[Any, int] = {}
    rows: list[Row] = []
    for op, args in tape.rows:
        args = tuple([arg if arg.__class__ is float else numbers[arg] for arg in args])  # type: ignore[index]
        which: tuple[Any, ...] = args
        if float in map(type, args):
            which = tuple([key(arg) for arg in args])
        elif op.name in _COMMUTING and args[0] > args[1]:
            which = args[::-1]
        row = known.setdefault((op, which), first + len(rows))
        if row == first + len(rows):
            rows.append((op, args))
        numbers.append(row)
    return rewritten(tape, rows, numbers)


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
            rows.append((op, tuple([arg if arg.__class__ is float else numbers[arg] for arg in args])))  # type: ignore[index]
    return rewritten(tape, rows, numbers)


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
        rows.append((op, tuple([arg if isinstance(arg, float) else numbers[arg] for arg in args])))
    outputs = [arg if arg.__class__ is float else in_each[arg] for arg in tape.outputs]
    return (
        Tape((PARAMETER,) * len(parameters), once, [in_once[arg] for arg in results]),
        Tape(tape.kinds + (PARAMETER,) * len(results), each, outputs),
    )
