"""Wrong versions of the table's rules: the source of every rule, changed in one place at a time."""

import ast
import copy
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from autograd import primitives
from autograd.primitive import TABLE, Primitive


class Mutant(NamedTuple):
    """A rule of a row with one mistake in it."""

    row: str
    mistake: str
    source: str
    partials: Callable[..., tuple[Any, ...]]

    @property
    def place_was_zero(self) -> bool:
        """Whether the mistake is one of a partial that is written as 0.0."""
        kind, _, i = self.mistake.partition(" of partial ")
        rule = rules()[self.row].body
        return kind in ("sign", "factor") and isinstance(rule, ast.Tuple) and ast.unparse(rule.elts[int(i)]) == "0.0"


@functools.cache
def rules() -> dict[str, ast.Lambda]:
    """Each row's rule as it stands in primitives.py: the third argument of P(name, forward, partials, ...)."""
    tree = ast.parse(inspect.getsource(primitives))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) >= 3]
    found = {
        call.args[0].value: call.args[2]
        for call in calls
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[2], ast.Lambda)
    }
    return {name: found[name] for name in TABLE if name in found}


def mutants(op: Primitive, rule: ast.Lambda) -> Iterator[Mutant]:
    """Every mistake of the catalogue, made in every place of the rule where it can be made."""
    seen = {ast.unparse(rule)}
    for mistake, changed in itertools.chain(_in_the_result(rule), _in_a_term(rule), _in_the_operands(rule)):
        source = ast.unparse(ast.fix_missing_locations(changed))
        if source not in seen:
            seen.add(source)
            yield Mutant(op.name, mistake, source, eval(source, vars(primitives)))


def _in_the_result(rule: ast.Lambda) -> Iterator[tuple[str, ast.Lambda]]:
    """Sign, factor, loss, exchange of whole partials."""
    if not isinstance(rule.body, ast.Tuple):  # a rule for any number of operands
        for mistake, text in (
            ("sign", "tuple(-p for p in {})"),
            ("factor", "tuple(2.0 * p for p in {})"),
            ("first lost", "(lambda p: (0.0, *p[1:]))({})"),
            ("reversed", "{}[::-1]"),
        ):
            yield mistake, _lambda(rule, ast.parse(text.format(f"({ast.unparse(rule.body)})"), mode="eval").body)
        return
    partials = rule.body.elts
    for i, partial in enumerate(partials):
        if isinstance(partial, ast.Starred):  # the rest of them, by a function: its own rule has the mistakes
            continue
        for mistake, text in (("sign", "-({})"), ("factor", "2.0 * ({})"), ("offset", "({}) + 1.0"), ("lost", "0.0")):
            wrong = ast.parse(text.format(ast.unparse(partial)), mode="eval").body
            yield f"{mistake} of partial {i}", _lambda(rule, ast.Tuple([*partials[:i], wrong, *partials[i + 1 :]]))
    for i, j in itertools.combinations(range(len(partials)), 2):
        swapped = list(partials)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield f"partials {i} and {j} exchanged", _lambda(rule, ast.Tuple(swapped))


def _in_the_operands(rule: ast.Lambda) -> Iterator[tuple[str, ast.Lambda]]:
    """Two names taken for each other everywhere, the result's among them."""
    names = [arg.arg for arg in rule.args.args]
    for one, other in itertools.combinations(names, 2):
        changed = copy.deepcopy(rule)
        for node in ast.walk(changed.body):
            if isinstance(node, ast.Name) and node.id in (one, other):
                node.id = other if node.id == one else one
        yield f"{one} and {other} exchanged", changed


OPPOSITE: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Div: ast.Mult(),
}  # fmt: skip


def _in_a_term(rule: ast.Lambda) -> Iterator[tuple[str, ast.Lambda]]:
    """In every place of the formula: a dropped term, the opposite operator, a lost sign, a doubled constant ..."""
    for place, node in enumerate(ast.walk(rule.body)):
        for mistake, wrong in _mistakes(node):
            changed = copy.deepcopy(rule)
            target = [*ast.walk(changed.body)][place]
            changed.body = _Replace(target, wrong).visit(changed.body)
            yield f"{mistake} in {ast.unparse(node)}", changed


def _mistakes(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.BinOp) and type(node.op) in OPPOSITE:
        yield "left term dropped", node.right
        yield "right term dropped", node.left
        yield "opposite operator", ast.BinOp(node.left, OPPOSITE[type(node.op)], node.right)
    elif isinstance(node, ast.UnaryOp):
        yield "sign lost", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield "constant doubled", ast.Constant(2.0 * node.value if node.value else 1.0)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TABLE:
        yield "function dropped", node.args[-1]
        if len(node.args) == 2:
            yield "operands swapped", ast.Call(node.func, node.args[::-1], [])
        if node.func.id == "where":
            yield "branches swapped", ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, wrong: ast.expr) -> None:
        self.target, self.wrong = target, wrong

    def visit(self, node: ast.AST) -> Any:
        return copy.deepcopy(self.wrong) if node is self.target else super().visit(node)


def _lambda(rule: ast.Lambda, body: ast.expr) -> ast.Lambda:
    if isinstance(body, ast.Tuple):
        body.ctx = ast.Load()
    return ast.Lambda(rule.args, body)
