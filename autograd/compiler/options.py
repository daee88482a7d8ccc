"""The options of autograd.compile: what they may be, and what contradicts what."""

from typing import Any

from autograd.compiler.tape import Rounding
from autograd.ieee import float32

ROUNDING: dict[str, Rounding] = {"float64": float, "float32": float32}  # of every number, by `dtype`


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """The options, if they are right; raises ValueError for one that is not."""
    for name, allowed in {
        "reduce": (None, "mean", "sum"),
        "dtype": tuple(ROUNDING),
        "backend": ("auto", "llvm", "python", "jax"),
    }.items():
        if options[name] not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {options[name]!r}")
    axes = options["in_axes"]
    entries = axes if isinstance(axes, (list, tuple)) else [axes]
    if any(axis not in (0, None) for axis in entries):
        raise ValueError(f"in_axes must be 0 (the first axis counts the samples) or None (shared), got {axes!r}")
    if options["backend"] == "jax" and options["exact"]:
        raise ValueError("exact=True promises the eager engine's bits, which XLA does not give: use backend='llvm'")
    if options["reduce"] is not None and all(axis is None for axis in entries):
        raise ValueError(f"reduce={options['reduce']!r} needs samples: say with in_axes which arguments have them")
    static = options["static_argnums"]
    options["static_argnums"] = tuple(static) if isinstance(static, (list, tuple)) else (static,)
    if not all(isinstance(i, int) for i in options["static_argnums"]):
        raise ValueError(f"static_argnums is the number of an argument, counted from 0, or several, not {static!r}")
    for name in ("threads", "max_traces"):
        if not isinstance(options[name], int) or options[name] < 1:
            raise ValueError(f"{name} must be a whole number, at least 1, got {options[name]!r}")
    return options
