"""The file format: exact, readable by its library, and refused when a single bit is off."""

import json
import math
import os
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import tensorfile
from nn.tensorfile import FileError, read_tensors, write_atomically, write_tensors

TENSORS = {"layer.weight": [[1.5, -0.1, 5e-324], [math.inf, -0.0, 1e308]], "layer.bias": [0.1, 0.2], "scale": 3.0}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "model.safetensors"
    write_tensors(path, TENSORS, {"stepgrad": json.dumps({"classes": ["é", "b"]})})
    return path


def test_every_bit_comes_back(written):
    tensors, metadata = read_tensors(written)
    assert repr(tensors) == repr(TENSORS)  # repr: also the sign of -0.0
    assert json.loads(metadata["stepgrad"]) == {"classes": ["é", "b"]}


@given(st.lists(st.lists(st.floats(allow_nan=False), min_size=3, max_size=3), min_size=1))
def test_any_table_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "t.safetensors"
    write_tensors(path, {"t": rows}, {})
    assert repr(read_tensors(path)[0]["t"]) == repr(rows)


def test_the_library_reads_what_we_write_and_we_read_what_it_writes(written, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    safetensors = pytest.importorskip("safetensors")
    arrays = numpy.load_file(written)
    assert {name: array.tolist() for name, array in arrays.items()} == TENSORS
    with safetensors.safe_open(written, "np") as file:
        assert "stepgrad" in file.metadata()
    theirs = tmp_path / "theirs.safetensors"
    numpy.save_file({"a": arrays["layer.bias"].astype("f4"), "b": arrays["scale"]}, theirs)
    tensors, metadata = read_tensors(theirs)
    assert tensors["a"][0] == 0.10000000149011612
    assert tensors["b"] == 3.0
    assert metadata == {}
    numpy.save_file({"a": arrays["layer.bias"].astype("i4")}, theirs)
    with pytest.raises(FileError, match=r"theirs\.safetensors: tensor 'a' holds I32, expected F64 or F32"):
        read_tensors(theirs)


def test_a_file_without_our_checksum_is_not_ours(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(of({"a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}, bytes(8)))
    assert read_tensors(path) == ({"a": 0.0}, {})
    with pytest.raises(FileError, match=r"other\.safetensors was not written by stepgrad"):
        read_tensors(path, ours=True)


def test_every_truncation_is_refused(written):
    content = written.read_bytes()
    for length in range(len(content)):
        written.write_bytes(content[:length])
        with pytest.raises(FileError, match=r"model\.safetensors is (truncated|damaged|not a safetensors file)"):
            read_tensors(written)


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
def test_every_changed_bit_is_refused(written, bit):
    content = written.read_bytes()
    for at in range(len(content)):
        written.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
        with pytest.raises(FileError, match=r"model\.safetensors"):
            read_tensors(written, ours=True)


def of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(("content", "message"), [
    (b"", "is not a safetensors file (0 bytes)"),
    (b"PK\x03\x04 a zip file, or a pickle of torch", "is not a safetensors file"),
    (of(b"{]"), "is damaged: its header is not JSON"),
    (of(b"{" * 100_000), "is damaged: its header is not JSON"),
    (of(b"{\xff}"), "is damaged: its header is not JSON"),
    (of({"a": 3}), "tensor 'a' has no dtype, shape and offsets"),
    (of({"a": {"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]}}), "has no dtype, shape and offsets"),
    (of({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)), "shape [2], does not fill bytes"),
    (of({"a": {"dtype": "F64", "shape": [1], "data_offsets": [8, 16]}}, bytes(16)), "does not fill bytes 8 to 16"),
    (of({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}, bytes(8)), "is truncated: 16 bytes of numbers"),
    (of({"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}, bytes(9)), "1 bytes belong to no tensor"),
    (of({"__metadata__": {"x": 1}}), "its metadata is not a table of texts"),
])
def test_a_foreign_file_is_named(tmp_path, content, message):
    path = tmp_path / "foreign.bin"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_tensors(path)
    assert message in str(caught.value)
    assert "foreign.bin" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"cannot read .*none: No such file"):
        read_tensors(tmp_path / "none")


def test_ragged_rows_are_refused(tmp_path):
    with pytest.raises(ValueError, match="tensor 'w' is ragged"):
        write_tensors(tmp_path / "x", {"w": [[1.0], [1.0, 2.0]]}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_other(written, monkeypatch):
    before = written.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(written, b"half")
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]


def test_the_disk_has_the_bytes_before_the_name(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(tensorfile.os, "fsync", lambda handle: (calls.append("fsync"), fsync(handle)))
    monkeypatch.setattr(tensorfile.os, "replace", lambda a, b: (calls.append("replace"), replace(a, b)))
    write_atomically(tmp_path / "x", b"whole")
    assert calls[:2] == ["fsync", "replace"]
    assert (tmp_path / "x").read_bytes() == b"whole"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody can be asked whether a process lives")
def test_what_a_killed_process_left_is_deleted(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead, alive, other = (tmp_path / name for name in (
        f".m.{child.pid}.partial", f".m.{os.getppid()}.partial", f".n.{child.pid}.partial"))
    for left in (dead, alive, other):
        left.touch()
    write_atomically(tmp_path / "m", b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([alive, other, tmp_path / "m"])
