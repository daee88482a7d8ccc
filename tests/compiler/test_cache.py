"""The disk cache: found again when sound, rebuilt when not, never needed."""

import os
from pathlib import Path

import pytest

import autograd
from autograd.compiler import cache

pytest.importorskip("llvmlite")

TEXT = "define void @f(double* %x) {\nstore double 42.0, double* %x\nret void\n}\n;" + " " * cache.SMALLEST


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def answer(text=TEXT):
    import ctypes

    x = ctypes.c_double(0.0)
    cache.compiled(text, 0).function("f", ctypes.c_void_p)(ctypes.byref(x))
    return x.value


def counted(monkeypatch):
    """How often code is really made: entries that are not there are written."""
    written = []
    write = cache._write
    monkeypatch.setattr(cache, "_write", lambda path, code: written.append(path) or write(path, code))
    return written


def test_found_again(folder, monkeypatch):
    written = counted(monkeypatch)
    assert [answer(), answer(), answer()] == [42.0] * 3
    assert len(written) == 1
    assert [p.name for p in folder.iterdir()] == [written[0].name]
    assert answer(TEXT.replace("42.0", "43.0")) == 43.0
    assert len(written) == 2


@pytest.mark.parametrize("damage", [
    lambda data: b"",
    lambda data: data[:-10],
    lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
    lambda data: bytes([data[0] ^ 1]) + data[1:],
    lambda data: b"not code at all" * 100,
    lambda data: __import__("hashlib").sha256(data[32:]).digest() + data[32:],  # whole, but made from another text
])  # fmt: skip
def test_a_damaged_entry_is_made_anew(folder, monkeypatch, damage):
    answer()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    written = counted(monkeypatch)
    assert answer() == 42.0
    assert written == [path]
    assert path.read_bytes() == whole


def test_another_processor_or_version_is_another_entry(folder, monkeypatch):
    answer()
    monkeypatch.setattr(cache, "host", lambda: "another machine")
    assert cache.entry(f"{cache.host()}\n0\n{TEXT}", lambda: b"fresh") == b"fresh"
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_no_error(folder, monkeypatch):
    folder.write_text("a file where the folder should be")
    assert answer() == 42.0


def test_where_it_is(monkeypatch):
    monkeypatch.delenv("STEPGRAD_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "some")
    assert cache.folder() == Path(os.sep, "some", "stepgrad")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.folder() == Path.home() / ".cache" / "stepgrad"


def test_compiled_functions_use_it(folder):
    def f(x):
        for k in range(60):
            x = x * x + 0.125 * k
        return x

    a = autograd.compile(f, backend="llvm")(0.5)
    files = sorted(folder.iterdir())
    b = autograd.compile(f, backend="llvm")(0.5)
    assert a == b == f(0.5)
    assert sorted(folder.iterdir()) == files != []
