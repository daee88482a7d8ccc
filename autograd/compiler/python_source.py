"""The Python back end: the tape as a Python program that can be read and run, and stepped through in a debugger.

No dependency, and the oracle of the other back ends: each line calls the table's own forward function, so its
results equal the eager engine's to the last bit. In single precision each line rounds what it computes, as hardware
does: of + - * / and sqrt a rounded result of double precision is the nearest one.
"""

import itertools
import keyword
import linecache
import weakref
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any

from autograd import primitives
from autograd.compiler.tape import Arg, Rounding, Tape
from autograd.ieee import float32
from autograd.primitive import TABLE, Primitive

_INFIX = {"add": "+", "sub": "-", "mul": "*"}  # where Python's own float arithmetic is the forward function
_WRITTEN = {*_INFIX, "neg"}
_serial = itertools.count(1)


def source(
    tape: Tape, inputs: Sequence[str], name: str = "compiled", title: str = "", rounded: Rounding = float
) -> str:
    """A program: its imports, and the function `name(inputs)` that computes the tape, a tuple of outputs.

    Every number is `rounded`, but for the inputs.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x, y = Value(2.0), Value(3.0)
    >>> print(source(record([(x * y + 1.0).tanh()], [x, y]), ["x", "y"]))
    from autograd import tanh
    <BLANKLINE>
    def compiled(x, y):
        v2 = x * y
        v3 = v2 + 1.0
        v4 = tanh(v3)
        return (v4,)
    """
    return "\n".join([*_imports(tape, rounded), *_definition(tape, inputs, name, title, rounded)])


def _imports(tape: Tape, rounded: Rounding) -> list[str]:
    """The lines that bring what the function calls, and an empty one."""
    ops = [op for op in dict.fromkeys(op for op, _ in tape.rows) if op.name not in _WRITTEN]
    ready = [op for op in ops if vars(primitives).get(op.name) is op]
    numbers = [abs(arg) for args in (tape.outputs, *(args for _, args in tape.rows)) for arg in args]
    special = [name for name, met in (("inf", inf in numbers), ("nan", any(x != x for x in numbers))) if met]
    lines = []
    if special:
        lines.append(f"from math import {', '.join(special)}")
    if ready:
        lines.append(f"from autograd import {', '.join(sorted(op.name for op in ready))}")
    if len(ready) < len(ops):
        lines.append("from autograd.primitive import find")
        lines += [_found(op) for op in ops if op not in ready]
    if rounded is not float:
        lines.append("from autograd.ieee import float32")
    return [*lines, ""] if lines else []


def _found(op: Primitive) -> str:
    """The line that finds an operation of one's own."""
    if TABLE.get(op.name, op) is op:
        return f"{_function(op)} = find({op.name!r})"
    return f"# {_function(op)}: what {op.name} was when this was traced; it has been registered anew since"


def _definition(tape: Tape, inputs: Sequence[str], name: str, title: str, rounded: Rounding) -> list[str]:
    """The lines of the function."""
    called = _distinct(inputs)
    first = len(called)

    def shown(arg: Arg) -> str:
        if isinstance(arg, float):
            text = repr(arg) if arg == arg and abs(arg) != inf else f"({arg!r})"
            return text if rounded(arg) == arg or arg != arg else f"float32({text})"
        return called[arg] if arg < first else f"v{arg}"

    lines = [f"def {name}({', '.join(called)}):"]
    if title:
        lines.append(f'    """{title}"""')
    for at, (op, args) in enumerate(tape.rows, first):
        operands = [shown(arg) for arg in args]
        if op.name in _INFIX:
            text = f" {_INFIX[op.name]} ".join(f"({x})" if x.startswith("-") else x for x in operands)
        elif op.name == "neg":
            text = f"-{operands[0]}"
        else:
            text = f"{_function(op)}({', '.join(operands)})"
        lines.append(f"    v{at} = {text if rounded is float else f'float32({text})'}")
    outputs = "".join(f"{shown(arg)}, " for arg in tape.outputs)
    return [*lines, f"    return ({outputs[:-1] if len(tape.outputs) == 1 else outputs[:-2]})"]


def _function(op: Primitive) -> str:
    """What the source calls an operation; one that has been replaced since is told apart by its address."""
    return op.name if TABLE.get(op.name) in (op, None) and op.name != "float32" else f"{op.name}_{id(op):x}"


def _distinct(inputs: Sequence[str]) -> list[str]:
    """The names, made different from each other, from the rows' and from the functions'."""
    taken = {*TABLE, "TABLE", "nan", "inf", "float32"}
    called = []
    for name in inputs:
        like_a_row = name[0] == "v" and name[1:].isdigit()
        if like_a_row or keyword.iskeyword(name) or name in taken:
            name = f"{name}_"
        unique, count = name, itertools.count(2)
        while unique in taken:
            unique = f"{name}_{next(count)}"
        taken.add(unique)
        called.append(unique)
    return called


def function(
    tape: Tape, inputs: Sequence[str], name: str = "compiled", title: str = "", rounded: Rounding = float
) -> Callable[..., tuple[float, ...]]:
    """The function itself; a debugger that steps into it finds its lines.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> function(record([x / 0.0], [x]), ["x"])(3.0)
    (inf,)
    """
    text = "\n".join(_definition(tape, inputs, name, title, rounded)) + "\n"
    filename = f"<compiled {name} {next(_serial)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    space: dict[str, Any] = {"nan": nan, "inf": inf, "float32": float32}
    space |= {_function(op): op.forward for op, _ in tape.rows if op.name not in _WRITTEN}
    exec(compile(text, filename, "exec"), space)
    made: Callable[..., tuple[float, ...]] = space[name]
    weakref.finalize(made, linecache.cache.pop, filename, None)  # its lines go with it
    return made
