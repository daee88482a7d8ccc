"""One's own operation: a row added to the table from outside."""

import inspect
import keyword
import unicodedata
from collections.abc import Callable
from math import inf
from typing import Any

from autograd.graph import topological_order
from autograd.primitive import TABLE, Primitive
from autograd.record import install
from autograd.value import Value

_own: set[str] = set()


def register(
    name: str, forward: Callable[..., Any], partials: Callable[..., tuple[Any, ...]], **columns: Any
) -> Primitive:
    """Add your own operation to the table: at once a function, a method of Value, drawn, checked and compiled.

    Arguments: `forward(x, y, ...)` gives the number; `partials(x, y, ..., z)` the tuple of partial derivatives,
    written with arithmetic and operations of `autograd` only; `columns` are those of `autograd.primitive` (domain,
    kink, pole, tex, pack, composite). An operation of your own is replaced when its name is registered again, so that
    a notebook's cell can be run twice.
    Raises ValueError when the name is taken, or is a keyword or no Python identifier, when `partials` gives another
    number of derivatives than there are operands, or the domain another number of intervals; TypeError when it gives no
    tuple, when a function takes other operands than the others, or when `partials` uses `math.cos` and the like, whose
    result is a number and not graph: every second derivative would be wrong.

    >>> cube = register("cube", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
    >>> x = Value(2.0)
    >>> cube(x).backward(); x.grad
    12.0
    >>> unregister("cube")
    """
    if name in _own:
        unregister(name)
    _check_name(name)
    _check_columns(name, forward, partials, columns)
    op = Primitive(name, _real(name, forward), partials, **columns)
    try:
        _check(op)
    except BaseException:
        del TABLE[name]
        raise
    _own.add(name)
    install(op)
    return op


def unregister(name: str) -> None:
    """Take an operation of your own out of the table again; nodes that used it keep it.

    Raises LookupError when no operation of that name was registered.
    """
    if name not in _own:
        raise LookupError(f"no operation {name!r} was registered")
    _own.remove(name)
    op = TABLE.pop(name)
    for method in {name, op.numpy or name}:
        if hasattr(Value, method):
            delattr(Value, method)


def _check_name(name: Any) -> None:
    """Can the operation be written `name(x)` and `x.name()`?"""
    if not isinstance(name, str):
        raise TypeError(f"an operation is named by a string, not {name!r}")
    read = unicodedata.normalize("NFKC", name)  # what Python makes of an identifier
    if not name.isidentifier():
        reason = "it is not a Python identifier: letters, digits and _, no digit first"
    elif keyword.iskeyword(name):
        reason = f"it is a keyword of Python; {name}_ would do"
    elif read != name:
        reason = f"Python reads it as {read!r}, take that"
    elif hasattr(Value, name):
        reason = f"Value has something of that name already; my_{name} would do"
    elif name in TABLE:
        reason = f"there is such an operation already; my_{name} would do"
    else:
        return
    raise ValueError(f"{name!r} cannot name an operation: {reason}")


def _check_columns(name: str, forward: Any, partials: Any, columns: dict[str, Any]) -> None:
    """Do all columns speak of the same operands?"""
    known = [p.name for p in inspect.signature(Primitive).parameters.values() if p.kind is p.KEYWORD_ONLY]
    unknown = [column for column in columns if column not in known]
    if unknown:
        raise TypeError(f"{name} has no column {unknown[0]!r}: there are {', '.join(known)}")
    if not hasattr(partials, "__code__"):
        raise TypeError(f"the partials of {name} must be a function such as lambda x, z: (...,), not {partials!r}")
    code = partials.__code__
    variadic = code.co_flags & inspect.CO_VARARGS
    operands = ["*operands"] if variadic else [*code.co_varnames[: code.co_argcount]][:-1]
    if not operands:
        raise TypeError(f"the partials of {name} take the operands and then the result: lambda x, z: (...,)")
    for column, f in {"forward": forward, "kink": columns.get("kink"), "pole": columns.get("pole")}.items():
        if f is not None and not variadic and not _takes(f, len(operands)):
            raise TypeError(
                f"{name} has the operands {', '.join(operands)} by its partials, but its {column} does not take"
                f" {len(operands)} number{'s' * (len(operands) > 1)}"
            )
    domain = columns.get("domain")
    if domain is not None and not (_is_intervals(domain) and len(domain) == len(operands)):
        raise ValueError(
            f"the domain of {name} must be an interval for each of {', '.join(operands)}, such as"
            f" {((0.0, inf),) * len(operands)}, not {domain!r}"
        )


def _takes(f: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(f).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a function of C that does not tell
        return True
    return True


def _is_intervals(domain: Any) -> bool:
    try:
        return all(low < high for low, high in domain)
    except TypeError:
        return False


def _real(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward`, where Python leaves the real numbers ((-8.0) ** 0.5 is complex) nan, as IEEE 754 has it."""

    def real(*operands: Any) -> Any:
        z = forward(*operands)
        return float("nan") if isinstance(z, complex) else z

    real.__name__, real.__doc__ = name, forward.__doc__
    return real


def _check(op: Primitive) -> None:
    """One evaluation inside the domain: does the rule give one derivative for each operand?"""
    if op.variadic:
        return
    point = [0.3 * max(low, -1.0) + 0.7 * min(high, max(low, -1.0) + 2.0) for low, high in op.domain]
    try:
        found = op.partials(*point, op.forward(*point))
    except Exception:
        return  # undefined here, or wrong: gradcheck will tell at points that matter
    if not isinstance(found, tuple):
        raise TypeError(f"the partials of {op.name} must be a tuple, not {found!r}: write ({found!r},) for one operand")
    if len(found) != len(op.operands):
        raise ValueError(f"{op.name} has {len(op.operands)} operands, but partials gives {len(found)} derivatives")
    _check_graph(op, point)


def _check_graph(op: Primitive, point: list[float]) -> None:
    """Does the rule give graph from Values? Beside the point, its nodes must be worth what the rule gives there."""
    operands = [*map(Value, point), Value(op.forward(*point))]
    beside = [x + 2.0**-10 * (k + 1) * (abs(x) or 1.0) for k, x in enumerate(point)]
    try:
        recorded = op.partials(*operands)
        numbers = [*beside, op.forward(*beside)]
        wanted = [float(x) for x in op.partials(*numbers)]
        for operand, moved in zip(operands, numbers):
            operand.data = moved
        for node in topological_order([y for y in recorded if isinstance(y, Value)]):
            if node.op is not None:
                node.data = node.op.forward(*[arg if arg.__class__ is float else arg.data for arg in node.args])
        found = [float(y) for y in recorded]
    except Exception:
        return  # as above
    for k, (x, y) in enumerate(zip(wanted, found)):
        if abs(x - y) > 1e-9 * abs(x):
            raise TypeError(
                f"the derivative of {op.name} with respect to {op.operands[k]} leaves the graph: beside {point} it is"
                f" {x}, its recorded operations give {y}. Write it with operations of autograd, or with one that you"
                " register for it: autograd.cos(x), since math.cos(x) of a Value is a number"
            )
