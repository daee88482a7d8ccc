"""Machine code: LLVM modules compiled for this processor, kept on disk as object code, and loaded."""

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
from llvmlite import binding as llvm
from llvmlite import ir


@functools.cache
def machine() -> Any:
    """The processor we run on, as LLVM's target."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True)


@functools.cache
def vector_bytes() -> int:
    """How wide this processor's vector registers are."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


@functools.cache
def versions() -> str:
    """What object code depends on besides its source: processor, LLVM, and the files that write the kernels."""
    digest = hashlib.sha256()
    for name in ("vectormath", "emit", "functions", "kernels", "driver", "native"):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    host = f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()} {llvm.get_process_triple()}"
    digest.update(f"{host} {llvmlite.__version__} {llvm.llvm_version_info}".encode())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where object code is kept: $STEPGRAD_CACHE, or the user's cache folder."""
    chosen = os.environ.get("STEPGRAD_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepgrad"


class Library:
    """Loaded machine code; `library[name]` is the address of a function."""

    def __init__(self, code: bytes) -> None:
        empty = llvm.parse_assembly("")
        self._engine = llvm.create_mcjit_compiler(empty, machine_for_engine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def __getitem__(self, name: str) -> int:
        address: int = self._engine.get_function_address(name)
        if not address:
            raise LookupError(f"the object code has no function {name}")
        return address


def machine_for_engine() -> Any:
    """An engine takes its target machine over, so each gets one of its own."""
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True)


def library(name: str, build: Callable[[Any], None]) -> Library:
    """The code that `build(module)` writes, from the disk cache if it is there and sound.

    `name` says what is built: the same name, processor and versions find the same code.
    """
    machine()
    key = hashlib.sha256(f"{name}\n{versions()}".encode()).hexdigest()
    path = cache_folder() / f"{key[:32]}.o"
    code = _read(path)
    if code is not None:
        try:
            return Library(code)
        except (RuntimeError, LookupError):
            pass  # not object code for this processor after all: build it again
    module = ir.Module(name="stepgrad")
    module.triple = llvm.get_process_triple()
    build(module)
    code = compiled(str(module))
    _write(path, code)
    return Library(code)


def compiled(text: str) -> bytes:
    """Optimised object code."""
    target = machine()
    module = llvm.parse_assembly(text)
    module.verify()
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = builder.getModulePassManager()
    passes.run(module, builder)
    code: bytes = target.emit_object(module)
    return code


def _read(path: Path) -> bytes | None:
    """The code in a cache entry, if it is whole: its checksum comes first."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, code = content[:32], content[32:]
    return code if hashlib.sha256(code).digest() == checksum else None


def _write(path: Path, code: bytes) -> None:
    """Write an entry whole or not at all; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(temporary, path)
    except OSError:
        pass
