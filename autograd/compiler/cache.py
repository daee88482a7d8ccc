"""The disk cache: compiled object code by the text it was made from, the processor, and the versions of the makers.

An entry is a checksum and the code; one that is cut short, altered or unreadable is made anew. Nothing in it is
unpickled or evaluated. The folder is $STEPGRAD_CACHE, or the user's cache folder; if it cannot be written, so be it.
"""

import ctypes
import functools
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from autograd.compiler import mathematics
from autograd.primitives import Primitive

SMALLEST = 2000  # characters of text: less is compiled faster than it is found

_compiling = threading.RLock()  # LLVM's global state is not for two threads at once


def folder() -> Path:
    """Where entries are kept."""
    chosen = os.environ.get("STEPGRAD_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepgrad"


def entry(key: str, make: Callable[[], bytes]) -> bytes:
    """The bytes stored under `key` if they are there and sound, else those of `make()`, stored for the next time."""
    path = folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.o"
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if content[:32] == _checksum(key, content[32:]):
        return content[32:]
    code = make()
    _write(path, _checksum(key, code) + code)
    return code


def _checksum(key: str, code: bytes) -> bytes:
    """Of the code and of what it was made from: an entry under another's name is not taken either."""
    return hashlib.sha256(key.encode() + b"\0" + code).digest()


def _write(path: Path, content: bytes) -> None:
    """All or nothing: another process may be reading, or writing the same."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        pass


@functools.cache
def host() -> str:
    """What object code depends on besides its source: processor, system, LLVM."""
    import llvmlite
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features} {llvmlite.__version__}"


def _machine(level: int) -> Any:
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
    from llvmlite import binding as llvm

    def make() -> bytes:
        module = llvm.parse_assembly(text)
        module.verify()
        target = _machine(level)
        if level:
            builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=level))
            builder.getModulePassManager().run(module, builder)
        return bytes(target.emit_object(module))

    with _compiling:
        for name, at in symbols:
            llvm.add_symbol(name, at)
        key = f"{host()}\n{level}\n{text}"
        if len(text) < SMALLEST:
            return Library(make(), level)
        return Library(entry(key, make), level)


def operations(ops: Iterable[Primitive]) -> list[tuple[str, int]]:
    """The symbols of operations that code at one point calls."""
    return [(mathematics.symbol(op, "f64"), mathematics.address(op)) for op in ops]
