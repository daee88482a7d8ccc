"""Reproducer: a recorded graph as a program that runs in a new Python, operations of one's own included."""

from collections.abc import Sequence
from pathlib import Path

from autograd import primitives
from autograd.graph import topological_order
from autograd.primitive import Primitive
from autograd.testing.expression import listed, to_lambda
from autograd.value import Value


def reproducer(root: Value, leaves: Sequence[Value]) -> str:
    """A program that makes the graph below `root` again, as an `Expression` called e, and differentiates it.

    An operation of your own is registered again by running the file that did so, and looked up by its name.

    >>> x = Value(0.5)
    >>> print(reproducer(x.tanh() * x, [x]))
    from autograd import *
    from autograd.testing import Expression
    <BLANKLINE>
    e = Expression(lambda x0: (v0 := tanh(x0), v0 * x0)[-1], (0.5,))
    e.root.backward()
    """
    order = topological_order([root])
    own = {node.op.name: node.op for node in order if node.op is not None and not _is_exported(node.op)}
    registered: dict[str, list[str]] = {}
    for name, op in sorted(own.items()):
        registered.setdefault(_registration(op), []).append(name)
    lines = ["import runpy", ""] if any(how.startswith("runpy") for how in registered) else []
    lines += ["from autograd import *"]
    lines += ["from autograd.primitive import find"] if own else []
    lines += ["from autograd.testing import Expression", ""]
    lines += [f"{how}  # registers {', '.join(names)}" for how, names in registered.items()]
    lines += [f'{name} = find("{name}")' for name in own]
    lines += [f"e = Expression({to_lambda(root, leaves)}, {listed([leaf.data for leaf in leaves])})"]
    lines += ["e.root.backward()"] if set(leaves) & set(order) else []
    return "\n".join(lines)


def _is_exported(op: Primitive) -> bool:
    return getattr(primitives, op.name, None) is op


def _registration(op: Primitive) -> str:
    """What registers an operation of one's own, judged by where its rule is written."""
    rule, code = op.partials, op.partials.__code__
    file = Path(code.co_filename)
    scope, local, _ = rule.__qualname__.rpartition(".<locals>")
    if local or not file.exists():
        return f"# first do as {scope or 'you'} did, at {file}:{code.co_firstlineno}:"
    if "." in rule.__module__ and (file.parent / "__init__.py").exists():
        return f"import {rule.__module__}"
    return f"runpy.run_path({str(file)!r})"
