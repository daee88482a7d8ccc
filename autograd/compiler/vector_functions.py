"""Vector functions: what the code of a batch calls for an operation that is no instruction, made on first use.

The routines are those of `vectormath`. Operations that share most of their work are one function with several results:
a derivative wants the cosine of just those numbers whose sine the value wants.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from autograd.compiler import native
from autograd.compiler.lanes import FORMATS, Lanes
from autograd.compiler.mathematics import joint_symbol
from autograd.compiler.once import once
from autograd.compiler.vectormath import circular, lane_by_lane, operation
from autograd.primitive import Primitive

Ops = tuple[Primitive, ...]  # one operation, or several of the same operand

TOGETHER: dict[tuple[str, str], Callable[[Lanes], list[Lanes]]] = {("sin", "cos"): lambda x: circular(x, "sin", "cos")}


@once
def vector_function(ops: Ops, element: str, width: int, exact: bool) -> tuple[str, Any, int]:
    """The symbol of a function of vectors, its library, and its address. With `exact` it asks the scalar functions."""
    form = FORMATS["float64" if element == "double" else "float32"]
    kind, operands = ir.VectorType(form.element, width), len(ops[0].operands)
    name = joint_symbol(ops, f"v{width}{form.suffix}")

    def build(module: Any) -> None:
        """The results of several operations are a structure."""
        result = kind if len(ops) == 1 else ir.LiteralStructType([kind] * len(ops))
        function = ir.Function(module, ir.FunctionType(result, [kind] * operands), name)
        builder = ir.IRBuilder(function.append_basic_block())
        found = values(ops, [Lanes(builder, x) for x in function.args], exact)
        if len(ops) == 1:
            builder.ret(found[0].value)
        else:
            builder.ret(functools.reduce(
                lambda whole, k: builder.insert_value(whole, found[k].value, k), range(len(ops)),
                ir.Constant(result, ir.Undefined)))

    library = native.built(f"{name} of {operands}{' exact' * exact}", build, native.operations(ops))
    return name, library, library.address(name)


def values(ops: Ops, args: Sequence[Lanes], exact: bool) -> list[Lanes]:
    """The instructions that compute them."""
    if len(ops) > 1 and not exact:
        return TOGETHER[ops[0].name, ops[1].name](*args)
    return [lane_by_lane(op, *args) if exact else operation(op, *args) for op in ops]
