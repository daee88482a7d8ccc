"""Machine code: translated, kept on disk under what it depends on, loaded, found by name."""

import ctypes

import pytest

pytest.importorskip("llvmlite")

from autograd.compiler import cache, native

TEXT = "define i64 @answer() {\nret i64 42\n}\n;" + " " * native.SMALLEST


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def simple(module, number=42):
    from llvmlite import ir

    function = ir.Function(module, ir.FunctionType(ir.IntType(64), []), "answer")
    ir.IRBuilder(function.append_basic_block()).ret(ir.Constant(ir.IntType(64), number))


def answer(library):
    return ctypes.CFUNCTYPE(ctypes.c_int64)(library.address("answer"))()


@pytest.mark.parametrize("make", [lambda: native.compiled(TEXT, 0), lambda: native.built("simple", simple)])
def test_code_comes_from_the_disk_the_second_time(make, folder, monkeypatch):
    assert answer(make()) == 42
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(native, "_translated", lambda *_: pytest.fail("made again"))
    assert answer(make()) == 42


@pytest.mark.parametrize("what", ["host", "writers"])
def test_another_processor_version_or_compiler_is_another_entry(what, folder, monkeypatch):
    native.built("simple", simple)
    monkeypatch.setattr(native, what, lambda: "another")
    assert answer(native.built("simple", lambda module: simple(module, 43))) == 43
    assert len(list(folder.iterdir())) == 2


def test_text_is_its_own_key(folder):
    assert answer(native.compiled(TEXT, 0)) == 42
    assert answer(native.compiled(TEXT.replace("42", "43"), 0)) == 43
    assert answer(native.compiled(TEXT, 2)) == 42
    assert len(list(folder.iterdir())) == 3


def test_short_text_is_not_kept(folder):
    assert answer(native.compiled("define i64 @answer() {\nret i64 7\n}\n", 0)) == 7
    assert not folder.exists()


def test_what_code_calls_is_bound_when_it_is_loaded(folder):
    """Found on disk, it calls what is asked for now."""
    text = "declare i64 @other_of_test()\n" + TEXT.replace("ret i64 42", "%x = call i64 @other_of_test()\nret i64 %x")
    kept = [ctypes.CFUNCTYPE(ctypes.c_int64)(lambda n=n: n) for n in (1, 2)]
    for number, function in enumerate(kept, 1):
        library = native.compiled(text, 0, [("other_of_test", ctypes.cast(function, ctypes.c_void_p).value)])
        assert answer(library) == number
    assert len(list(folder.iterdir())) == 1


def test_a_missing_function_is_named():
    with pytest.raises(LookupError, match="no function nowhere"):
        native.compiled(TEXT, 0).address("nowhere")


def test_without_the_disk_all_is_made(folder, monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: None)
    assert [answer(native.compiled(TEXT, 0)) for _ in range(2)] == [42, 42]
