"""Who may import whom. The tables below are the architecture; a new arrow fails with a message that names it."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

import autograd

ROOT = Path(__file__).parent.parent

# A module or folder of autograd/ -> what it stands on: it may import that, and all that lies below it.
STANDS_ON = {
    "ieee":       [],
    "primitive":  ["ieee"],
    "primitives": ["primitive"],
    "graph":      ["primitives"],
    "context":    ["graph"],
    "archive":    ["graph"],
    "value":      ["context", "archive"],
    "record":     ["value"],
    "registry":   ["record"],
    "tree":       [],
    "partials":   ["value"],
    "func":       ["record", "tree", "partials"],
    "replay":     ["func"],
    "gradcheck":  ["replay"],
    "testing":    ["gradcheck"],
    "viz":        ["func"],
    "compiler":   ["func"],
}

# The exceptions, upwards: allowed inside a function only, so that nothing is loaded before it is asked for.
UPWARDS = {
    ("value", "viz"): "drawing is also a method of Value",
    ("gradcheck", "viz"): "a report shows itself in a notebook",
    ("testing", "viz"): "the pytest plugin draws the graph of a failing test",
}

# From outside the standard library; a part without a row has only that. What `import autograd` loads may use these
# inside a function only, because none of them need be installed.
OUTSIDE = {
    "value":     {"numpy"},
    "replay":    {"mpmath"},
    "testing":   {"hypothesis", "pytest", "matplotlib"},
    "viz":       {"graphviz", "IPython"},
    "compiler":  {"numpy", "llvmlite", "jax"},
    "nn":        {"tqdm", "numpy", "matplotlib", "safetensors", "jax"},
}

# What nn may import besides the names that autograd/__init__.py exports.
PUBLIC_SUBPACKAGES = {"func", "testing", "viz"}


@dataclass(frozen=True)
class Import:
    line: int
    module: str        # absolute, "autograd.value"
    name: str | None   # "Value" in `from autograd.value import Value`
    deferred: bool     # inside a function


def imports(source: str, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import in a file, wherever it stands, with relative ones resolved."""
    package = module.split(".") if is_package else module.split(".")[:-1]

    def walk(node: ast.AST, deferred: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(child.lineno, alias.name, None, deferred)
            elif isinstance(child, ast.ImportFrom):
                base = package[:len(package) - child.level + 1] if child.level else []
                origin = ".".join([*base, *(child.module or "").split(".")]).strip(".")
                for alias in child.names:
                    yield Import(child.lineno, origin, alias.name, deferred)
            yield from walk(child, deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    yield from walk(ast.parse(source), deferred=False)


def below(part: str) -> list[str]:
    """The parts that lie under this one, the nearest first.

    >>> below("graph")
    ['primitives', 'primitive', 'ieee']
    """
    return list(dict.fromkeys(name for under in STANDS_ON[part] for name in (under, *below(under))))


def wrong_in_autograd(source: str, module: str, is_package: bool = False) -> list[str]:
    """The arrows in one file of autograd/ that the tables do not allow, one message each."""
    part = module.split(".")[1] if "." in module else "__init__"
    if part == "__init__":
        allowed = list(STANDS_ON)
    elif part in STANDS_ON:
        allowed = [part, *below(part)]
    else:
        return [f"autograd/{part} has no layer: give it a row in STANDS_ON"]
    wrong = []
    for found in imports(source, module, is_package):
        top, *rest = found.module.split(".")
        if top != "autograd":
            wrong += _wrong_outside(found, part, module)
            continue
        # `from autograd import value` means the module; `from autograd import Value` means the package's face.
        target = rest[0] if rest else found.name if found.name in STANDS_ON else "__init__"
        if target in allowed or ((part, target) in UPWARDS and found.deferred):
            continue
        hint = ("allowed inside a function only" if (part, target) in UPWARDS
                else "import from the module that defines it" if target == "__init__"
                else f"{part} may import {', '.join(allowed[1:]) or 'nothing'}")
        wrong.append(f"{module}, line {found.line}: new arrow {part} -> {target} ({hint})")
    return wrong


def wrong_in_nn(source: str, module: str, is_package: bool = False) -> list[str]:
    """What one file of nn/ uses of autograd that is not public, and foreign packages, one message each."""
    nodes = list(ast.walk(ast.parse(source)))
    called = {alias.asname or "autograd" for node in nodes if isinstance(node, ast.Import)
              for alias in node.names if alias.name == "autograd"}
    wrong = []
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called:
            wrong += _wrong_name(node.attr, f"{module}, line {node.lineno}")
    for found in imports(source, module, is_package):
        top, *rest = found.module.split(".")
        where = f"{module}, line {found.line}"
        if top == "nn":
            continue
        if top != "autograd":
            wrong += _wrong_outside(found, "nn", module)
        elif not rest and found.name is not None:
            wrong += _wrong_name(found.name, where)
        elif rest and (len(rest) > 1 or rest[0] not in PUBLIC_SUBPACKAGES):
            wrong.append(f"{where}: new arrow nn -> {found.module} (nn uses only autograd's public names)")
        elif rest and found.name is not None and found.name.startswith("_"):
            wrong.append(f"{where}: new arrow nn -> {found.module}.{found.name} (a private name)")
    return wrong


def exported() -> set[str]:
    """autograd's public names: its __all__, or else every name without an underscore that is not a module."""
    names = getattr(autograd, "__all__", None) or [
        name for name, thing in vars(autograd).items() if name[0] != "_" and not isinstance(thing, ModuleType)]
    return set(names)


def _wrong_name(name: str, where: str) -> list[str]:
    if name in exported() or name in PUBLIC_SUBPACKAGES or name == "__version__":
        return []
    return [f"{where}: new arrow nn -> autograd.{name} (autograd/__init__.py does not export it)"]


def _wrong_outside(found: Import, part: str, module: str) -> list[str]:
    top = found.module.split(".")[0]
    if top in sys.stdlib_module_names:
        return []
    if top not in OUTSIDE.get(part, ()):
        return [f"{module}, line {found.line}: new arrow {part} -> {top} (outside the standard library, see OUTSIDE)"]
    if part in below("testing") and not found.deferred:
        return [f"{module}, line {found.line}: new arrow {part} -> {top} (allowed inside a function only)"]
    return []


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def named(path: Path) -> tuple[str, bool]:
    """The module in a file, and whether it is a package's __init__.

    >>> named(ROOT / "autograd" / "viz" / "__init__.py")
    ('autograd.viz', True)
    """
    parts = path.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return ".".join(parts[:-1] if is_package else parts), is_package


@pytest.mark.parametrize("path", files("autograd"), ids=lambda path: named(path)[0])
def test_arrows_in_autograd(path):
    wrong = wrong_in_autograd(path.read_text(encoding="utf-8"), *named(path))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", files("nn"), ids=lambda path: named(path)[0])
def test_nn_uses_only_public_names(path):
    wrong = wrong_in_nn(path.read_text(encoding="utf-8"), *named(path))
    assert not wrong, "\n".join(wrong)


# ------------------------------------------------------------------------------------------- the walker itself can fail


@pytest.mark.parametrize(("module", "source", "message"), [
    ("autograd.graph", "from autograd.value import Value", "autograd.graph, line 1: new arrow graph -> value"),
    ("autograd.graph", "from autograd import value",
     "new arrow graph -> value (graph may import primitives, primitive, ieee)"),
    ("autograd.graph", "from .value import Value", "new arrow graph -> value"),
    ("autograd.graph", "from . import value", "new arrow graph -> value"),
    ("autograd.graph", "def f():\n    import autograd.value", "autograd.graph, line 2: new arrow graph -> value"),
    ("autograd.graph", "if True:\n    from autograd.func import grad", "line 2: new arrow graph -> func"),
    ("autograd.ieee", "from autograd.primitives import add", "new arrow ieee -> primitives (ieee may import nothing)"),
    ("autograd.primitives", "import numpy", "new arrow primitives -> numpy (outside the standard library"),
    ("autograd.func", "from autograd import Value", "new arrow func -> __init__ (import from the module that"),
    ("autograd.value", "from autograd.viz import draw", "new arrow value -> viz (allowed inside a function only)"),
    ("autograd.viz.svg", "from autograd.compiler import trace", "new arrow viz -> compiler"),
    ("autograd.viz.svg", "from ..compiler import trace", "new arrow viz -> compiler"),
    ("autograd.compiler.tape", "from autograd.viz import draw", "new arrow compiler -> viz"),
    ("autograd.value", "import nn", "new arrow value -> nn"),
    ("autograd.value", "import numpy as np", "new arrow value -> numpy (allowed inside a function only)"),
    ("autograd.extras", "", "autograd/extras has no layer: give it a row in STANDS_ON"),
])
def test_a_new_arrow_in_autograd_is_named(module, source, message):
    (wrong,) = wrong_in_autograd(source, module)
    assert message in wrong


@pytest.mark.parametrize(("module", "source"), [
    ("autograd.func", "from autograd.value import Value\nfrom autograd import graph\nfrom . import ieee\nimport math"),
    ("autograd.value", "class Value:\n    def draw(self):\n        from autograd.viz import draw"),
    ("autograd.viz.svg", "from .layout import layers\nfrom ..func import grad\nfrom . import svg\nimport graphviz"),
    ("autograd.value", "def f():\n    import numpy as np"),
    ("autograd.testing.plugin", "import pytest\nfrom autograd.gradcheck import gradcheck"),
    ("autograd", "from autograd.viz import draw\nfrom .compiler import compile"),
])
def test_arrows_that_are_fine(module, source):
    assert wrong_in_autograd(source, module, is_package=module == "autograd") == []


@pytest.mark.parametrize(("source", "message"), [
    ("from autograd.value import Value", "nn.layers, line 1: new arrow nn -> autograd.value"),
    ("import autograd.graph", "new arrow nn -> autograd.graph (nn uses only autograd's public names)"),
    ("from autograd.compiler import trace", "new arrow nn -> autograd.compiler"),
    ("from autograd import primitives", "new arrow nn -> autograd.primitives (autograd/__init__.py does not"),
    ("import autograd\nautograd._hidden", "nn.layers, line 2: new arrow nn -> autograd._hidden"),
    ("import autograd as ag\nag._hidden", "nn.layers, line 2: new arrow nn -> autograd._hidden"),
    ("from autograd.func import _hidden", "new arrow nn -> autograd.func._hidden (a private name)"),
    ("import torch", "new arrow nn -> torch (outside the standard library, see OUTSIDE)"),
])
def test_a_new_arrow_in_nn_is_named(source, message):
    (wrong,) = wrong_in_nn(source, "nn.layers")
    assert message in wrong


def test_what_nn_may_do():
    source = "import autograd\nautograd.Value\nfrom autograd import Value, func\nfrom . import data\nimport nn.init"
    assert wrong_in_nn(source, "nn.layers") == []
