"""The Python back end: the tape as a Python function that can be read, and stepped through in a debugger.

No dependency, and the oracle of the other back ends: each line calls the table's own forward function, so its
results equal the eager engine's to the last bit.
"""

import itertools
import keyword
import linecache
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.tape import Arg, Tape
from autograd.ieee import divide
from autograd.primitive import TABLE, Primitive

_INFIX = {"add": "+", "sub": "-", "mul": "*"}  # where Python's own float arithmetic is the forward function
_serial = itertools.count(1)


def source(tape: Tape, inputs: Sequence[str], name: str = "compiled", title: str = "") -> str:
    """The Python function `name(inputs)` that computes the tape; it returns the tuple of outputs.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x, y = Value(2.0), Value(3.0)
    >>> print(source(record([(x * y + 1.0).tanh()], [x, y]), ["x", "y"]))
    def compiled(x, y):
        v2 = x * y
        v3 = v2 + 1.0
        v4 = tanh(v3)
        return (v4,)
    """
    called = _distinct(inputs)
    first = len(called)

    def shown(arg: Arg) -> str:
        if isinstance(arg, float):
            return repr(arg) if arg == arg and abs(arg) != float("inf") else f"({arg!r})"
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
        lines.append(f"    v{at} = {text}")
    outputs = "".join(f"{shown(arg)}, " for arg in tape.outputs)
    lines.append(f"    return ({outputs[:-1] if len(tape.outputs) == 1 else outputs[:-2]})")
    return "\n".join(lines)


def _function(op: Primitive) -> str:
    """What the source calls an operation; one that has been replaced since is told apart by its address."""
    if op.name == "div":
        return "divide"
    return op.name if TABLE.get(op.name) in (op, None) else f"{op.name}_{id(op):x}"


def _distinct(inputs: Sequence[str]) -> list[str]:
    """The names, made different from each other, from the rows' and from the functions'."""
    taken = {*TABLE, "divide", "nan", "inf"}
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
    tape: Tape, inputs: Sequence[str], name: str = "compiled", title: str = ""
) -> Callable[..., tuple[float, ...]]:
    """The function itself; a debugger that steps into it finds its lines.

    >>> from autograd.compiler.tape import record
    >>> from autograd.value import Value
    >>> x = Value(2.0)
    >>> function(record([x / 0.0], [x]), ["x"])(3.0)
    (inf,)
    """
    text = source(tape, inputs, name, title) + "\n"
    filename = f"<compiled {name} {next(_serial)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    space: dict[str, Any] = {"divide": divide, "nan": float("nan"), "inf": float("inf")}
    space |= {_function(op): op.forward for op, _ in tape.rows if op.name not in _INFIX}
    exec(compile(text, filename, "exec"), space)
    made: Callable[..., tuple[float, ...]] = space[name]
    return made
