"""Native code: LLVM text or modules, compiled for this processor, kept on disk as object code, and loaded."""

import ctypes
import functools
import hashlib
import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from autograd.compiler import cache, mathematics
from autograd.compiler.once import making
from autograd.primitive import Primitive

SMALLEST = 2000  # characters of text: less is compiled faster than it is found on disk


@functools.cache
def lacking() -> str:
    """Why no native code can be made here: what is not installed, or cannot be loaded. Empty where it can."""
    missing = [name for name in ("llvmlite", "numpy") if importlib.util.find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    try:
        host()
        import numpy  # noqa: F401
    except Exception as error:  # whatever an installation that is broken raises
        return f"llvmlite or numpy cannot be loaded ({type(error).__name__}: {error})"
    return ""


@functools.cache
def host() -> str:
    """What object code depends on besides its source: processor, system, LLVM."""
    import llvmlite
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    versions = llvmlite.__version__, llvm.llvm_version_info
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features} {versions}"


@functools.cache
def writers() -> str:
    """A digest of the files that write code: the compiler's, and the table whose formulas they write."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in [*sorted(here.glob("*.py")), here.parent / "primitive.py", here.parent / "primitives.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def vector_bytes() -> int:
    """How wide this processor's vector registers are."""
    from llvmlite import binding as llvm

    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


def _machine(level: int) -> Any:
    """This processor as LLVM's target; an engine takes it over, so each needs one of its own."""
    from llvmlite import binding as llvm

    host()
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=level, jit=True)


class Library:
    """Code in memory. Functions are asked for by name; they live as long as this."""

    def __init__(self, code: bytes, level: int) -> None:
        from llvmlite import binding as llvm

        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(level))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        found = int(self._engine.get_function_address(name))
        if not found:
            raise LookupError(f"the code has no function {name}")
        return found

    def function(self, name: str, *kinds: Any) -> Any:
        """As a ctypes function that returns nothing; it keeps this alive."""
        made: Any = ctypes.CFUNCTYPE(None, *kinds)(self.address(name))
        made.library = self
        return made


def compiled(text: str, level: int, symbols: Iterable[tuple[str, int]] = ()) -> Library:
    """The machine code of LLVM text, translated at optimisation level 0 (fast) to 3; `symbols` are what it may call."""
    def make() -> bytes:
        return _translated(text, level)

    key = f"{host()}\n{level}\n{text}"
    return _loaded(make if len(text) < SMALLEST else lambda: cache.entry(key, make), level, symbols)


def built(name: str, build: Callable[[Any], None], symbols: Iterable[tuple[str, int]] = ()) -> Library:
    """The machine code of what `build(module)` writes; under one name the compiler's present files write one thing."""
    from llvmlite import ir

    def make() -> bytes:
        module = ir.Module(name="stepgrad")
        build(module)
        return _translated(str(module), 3)

    return _loaded(lambda: cache.entry(f"{host()}\n{writers()}\n{name}", make), 3, symbols)


def _loaded(code: Callable[[], bytes], level: int, symbols: Iterable[tuple[str, int]]) -> Library:
    from llvmlite import binding as llvm

    with making:
        for name, at in symbols:
            llvm.add_symbol(name, at)
        return Library(code(), level)


def _translated(text: str, level: int) -> bytes:
    """Object code."""
    from llvmlite import binding as llvm

    host()
    module = llvm.parse_assembly(text)
    module.verify()
    target = _machine(level)
    if level:
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=level))
        builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))


def operations(ops: Iterable[Primitive]) -> list[tuple[str, int]]:
    """The symbols of operations that code at one point calls."""
    return [(mathematics.symbol(op, "f64"), mathematics.address(op)) for op in ops]
