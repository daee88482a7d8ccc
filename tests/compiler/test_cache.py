"""The disk cache: found again when sound, made anew when not, never needed, and nobody else's."""

import errno
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
from autograd.compiler import cache

CODE = bytes(range(0, 256, 3))
posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions are POSIX's")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def made():
    """How often code was really made."""
    return []


def found(made, key="key", code=CODE):
    return cache.entry(key, lambda: made.append(key) or code)


def test_found_again(folder, made):
    assert [found(made) for _ in range(3)] == [CODE] * 3
    assert made == ["key"]
    assert found(made, "another", b"other") == b"other"
    assert found(made) == CODE
    assert made == ["key", "another"]
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("damage", [
    lambda data: b"",
    lambda data: data[:20],
    lambda data: data[:32],
    lambda data: data[:-10],
    lambda data: data + b"\0",
    lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
    lambda data: data[:-1] + bytes([data[-1] ^ 128]),
    lambda data: bytes([data[0] ^ 1]) + data[1:],
    lambda data: b"not code at all" * 100,
    lambda data: hashlib.sha256(data[32:]).digest() + data[32:],  # whole, but of another text
    lambda data: hashlib.sha256(b"another\0" + data[32:]).digest() + data[32:],
])  # fmt: skip
def test_a_damaged_or_foreign_entry_is_made_anew(folder, made, damage):
    found(made)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert found(made) == CODE
    assert made == ["key", "key"]
    assert path.read_bytes() == whole
    assert list(folder.iterdir()) == [path]  # nothing is left of writing it


def test_every_single_flipped_bit_is_noticed(folder, made):
    found(made)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
        assert found(made) == CODE
    assert len(made) == 1 + len(whole)


def test_an_entry_renamed_to_another_key_is_not_taken(folder, made):
    found(made, "one", b"code of one")
    (one,) = folder.iterdir()
    found(made, "two", b"code of two")
    (two,) = [path for path in folder.iterdir() if path != one]
    os.replace(one, two)
    assert found(made, "two", b"code of two") == b"code of two"
    assert made == ["one", "two", "two"]


@posix
def test_the_folder_is_private(folder, made):
    found(made)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    folder.chmod(0o777)  # now anyone may put code there: it is neither read nor written
    with pytest.warns(RuntimeWarning, match="others may write there"):
        assert [found(made), found(made, "new")] == [CODE] * 2
    assert made == ["key", "key", "new"]
    assert len(list(folder.iterdir())) == 1


@posix
def test_another_users_folder_is_not_read(folder, made, monkeypatch):
    found(made)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.warns(RuntimeWarning, match="it is another user's"):
        assert found(made) == CODE
    assert made == ["key", "key"]


def a_file(folder):
    folder.write_text("a file where the folder should be")


def in_a_file(folder):
    folder.parent.joinpath("file").write_text("a file where the folder should lie")
    return folder.parent / "file" / "cache"


def open_to_all(folder):
    folder.mkdir()
    folder.chmod(0o777)


@pytest.mark.parametrize(("spoil", "why"), [
    (a_file, "it is no folder"),
    (in_a_file, os.strerror(errno.ENOTDIR)),
    pytest.param(open_to_all, "others may write there", marks=posix),
])  # fmt: skip
def test_a_folder_that_cannot_be_used_is_said_once(folder, made, monkeypatch, spoil, why):
    folder = spoil(folder) or folder
    monkeypatch.setenv("STEPGRAD_CACHE", str(folder))
    message = rf"{re.escape(str(folder))} is not used.*again: {why} .*STEPGRAD_CACHE"
    with pytest.warns(RuntimeWarning, match=message) as said:
        assert [found(made, key) for key in "aba"] == [CODE] * 3
    assert made == ["a", "b", "a"]
    assert [warning.filename for warning in said] == [__file__]


def test_a_full_disk_is_said_once_and_leaves_nothing(folder, made, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(RuntimeWarning, match=os.strerror(errno.ENOSPC)) as said:
        assert [found(made) for _ in range(2)] == [CODE] * 2
    assert len(said) == 1
    assert list(folder.iterdir()) == []


def test_what_another_process_has_removed_is_not_the_folder_s_fault(folder, made, monkeypatch, recwarn):
    def removed(temporary, _):
        os.unlink(temporary)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(os, "replace", removed)
    assert found(made) == CODE
    assert not recwarn


def fill(folder, count, size=1000):
    """Entries that were used one after the other, the oldest first."""
    folder.mkdir(mode=0o700)
    paths = [folder / f"{k:040x}.o" for k in range(count)]
    for k, path in enumerate(paths):
        path.write_bytes(bytes(size))
        os.utime(path, (1e9 + k, 1e9 + k))
    return paths


def test_what_was_not_used_for_longest_goes(folder, monkeypatch):
    paths = fill(folder, 10)
    abandoned, others = folder / f"{paths[0].name}.half", folder / "notes.o"
    abandoned.write_bytes(bytes(1000))
    os.utime(abandoned, (0, 0))
    others.write_bytes(bytes(5000))  # none of ours: neither counted nor removed
    os.utime(others, (0, 0))
    monkeypatch.setattr(cache, "MOST", 4500)
    cache._shrink(folder)
    assert sorted(folder.iterdir()) == [*paths[6:], others]
    cache._shrink(folder)
    assert sorted(folder.iterdir()) == [*paths[6:], others]


def test_reading_is_a_use(folder, made, monkeypatch):
    found(made)
    (path,) = folder.iterdir()
    os.utime(path, (0, 0))
    assert found(made) == CODE
    assert path.stat().st_mtime > 1e9


def test_it_stays_small_by_itself(folder, made, monkeypatch):
    monkeypatch.setattr(cache, "MOST", 3000)
    for k in range(400):
        found(made, str(k))
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3000 + 100 * len(CODE)
    assert found(made, "399") == CODE
    assert len(made) == 400


@posix
def test_a_folder_that_others_may_write_is_left_alone(folder, made, monkeypatch):
    paths = fill(folder, 3)
    folder.chmod(0o777)
    monkeypatch.setattr(cache, "MOST", 0)
    with pytest.warns(RuntimeWarning, match="others may write there"):
        assert [found(made, str(k)) for k in range(40)] == [CODE] * 40
    assert sorted(folder.iterdir()) == paths


def test_processes_may_shrink_it_together(folder):
    """Whatever one has removed under another's hands: no error, and the right bytes."""
    text = """
import hashlib, sys
from autograd.compiler import cache
cache.MOST = 20_000
for k in range(300):
    key = str(k * int(sys.argv[1]) % 97)
    code = hashlib.sha256(key.encode()).digest() * 30
    assert cache.entry(key, lambda: code) == code
    cache._shrink(cache.folder())
"""
    running = [subprocess.Popen([sys.executable, "-c", text, str(step)], stderr=subprocess.PIPE) for step in (1, 3, 5)]
    assert [process.communicate()[1] for process in running] == [b""] * 3


def test_where_it_is(monkeypatch):
    monkeypatch.delenv("STEPGRAD_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "some")
    assert cache.folder() == Path(os.sep, "some", "stepgrad")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.folder() == Path.home() / ".cache" / "stepgrad"


def test_a_user_without_a_home_has_no_cache(made, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("STEPGRAD_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache.folder() is None
    assert found(made) == found(made) == CODE
    assert made == ["key", "key"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX's")
def test_what_is_no_file_is_not_read(folder, made):
    found(made)
    (path,) = folder.iterdir()
    path.unlink()
    os.mkfifo(path)
    assert found(made) == CODE
    assert path.is_file()
    assert made == ["key", "key"]


def test_compiled_functions_use_it(folder):
    pytest.importorskip("llvmlite")

    def f(x):
        for k in range(60):
            x = x * x + 0.125 * k
        return x

    a = autograd.compile(f, backend="llvm")(0.5)
    files = sorted(folder.iterdir())
    b = autograd.compile(f, backend="llvm")(0.5)
    assert a == b == f(0.5)
    assert sorted(folder.iterdir()) == files != []


TRAINING = """
from autograd import Value
from autograd.compiler import native
from autograd.compiler.trainer import Trainer
made = []
translated = native._translated
native._translated = lambda text, level: made.append(level) or translated(text, level)
w = Value(0.5)
print(Trainer(lambda sample: (w * sample[0]).tanh(), [w], 1).value_and_grad([[1.0]]), len(made))
"""


def test_another_process_finds_what_one_has_made(folder):
    """Training's kernels come from the disk the second time, and from a damaged file never."""
    pytest.importorskip("llvmlite")
    pytest.importorskip("numpy")

    def run():
        done = subprocess.run([sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True)
        numbers, _, count = done.stdout.strip().rpartition(" ")
        return numbers, int(count)

    numbers, made = run()
    assert made == len(list(folder.iterdir())) > 0
    assert run() == (numbers, 0)
    for path in folder.iterdir():
        content = path.read_bytes()
        path.write_bytes(content[:len(content) // 2])
    assert run() == (numbers, made)
