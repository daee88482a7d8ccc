"""The safetensors format, and files that are whole or absent: an 8-byte length, a JSON header, raw numbers.

A model is plain numbers, so its file holds numbers and text and nothing that could run. The format is safetensors'
(https://huggingface.co/docs/safetensors): the length of the header as a little-endian 64-bit integer, the header,
then the tensors' bytes without a gap. It is short enough to be written here, so the core needs no library for it.
A SHA-256 of everything, kept among the header's metadata, makes a single changed bit visible.
"""

import contextlib
import functools
import glob
import hashlib
import json
import math
import os
import shutil
import struct
import sys
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

__all__ = ["FileError", "read_described", "read_tensors", "refusing", "remove_leftovers", "write_tensors",
           "write_atomically"]

TYPECODES: dict[str, Literal["d", "f"]] = {"F64": "d", "F32": "f"}  # what `array` calls safetensors' types
LARGEST_HEADER = 100_000_000  # the library's own limit, in bytes


class FileError(ValueError):
    """A file that is damaged, or is not what it is taken for; the message is one line that names it."""


def write_atomically(path: str | Path, content: bytes) -> None:
    """Make `path` hold `content`: a kill or a power cut at any moment leaves the old file, or the new one, whole.

    The bytes go to a neighbour first, reach the disk (fsync), and take the name in one step (rename).
    """
    path = Path(path)
    remove_leftovers(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@functools.cache
def remove_leftovers(path: Path) -> None:
    """Delete what processes that are no more were writing for `path` when they were killed; asked once by a process."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        process = left.name.removeprefix(f".{path.name}.").partition(".")[0]
        if process.isdigit() and not _alive(int(process)):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if os.name != "posix":  # elsewhere the question would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def _sync_folder(folder: Path) -> None:
    """Have the rename itself reach the disk, where a folder can be opened at all."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_tensors(path: str | Path, tensors: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Write `tensors` (name -> a number, or nested lists of equal length) and `metadata` to a safetensors file.

    Every number is kept to the last bit (F64). The file is replaced atomically.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "line.safetensors")
    ...     write_tensors(path, {"weight": [[2.0, 0.1]], "bias": 1.0}, {"made by": "a doctest"})
    ...     read_tensors(path)
    ({'weight': [[2.0, 0.1]], 'bias': 1.0}, {'made by': 'a doctest'})
    """
    numbers = array("d")
    header: dict[str, Any] = {}
    for name, tensor in tensors.items():
        start = 8 * len(numbers)
        shape = _append(tensor, numbers, name)
        header[name] = {"dtype": "F64", "shape": shape, "data_offsets": [start, 8 * len(numbers)]}
    data = _little_endian(numbers).tobytes()
    header["__metadata__"] = dict(metadata)
    header["__metadata__"]["sha256"] = _checksum(header, data)
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the numbers start at a multiple of 8 bytes
    write_atomically(path, struct.pack("<Q", len(text)) + text + data)


def read_tensors(path: str | Path, ours: bool = False) -> tuple[dict[str, Any], dict[str, str]]:
    """The tensors (nested lists) and the metadata of a safetensors file; with `ours=False` it may be another program's.

    Raises FileError, which names the file, when it cannot be read, is truncated or corrupted or of another format,
    or holds numbers other than F64 and F32; with `ours=True` also when it carries no checksum of `write_tensors`.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
    header, data = _split(content, path)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileError(f"{path} is damaged: its metadata is not a table of texts")
    sha256 = metadata.pop("sha256", None)
    if sha256 is None and ours:
        raise FileError(f"{path} was not written by stepgrad, or is damaged: it carries no SHA-256")
    if sha256 is not None and sha256 != _checksum({**header, "__metadata__": metadata}, data):
        raise FileError(f"{path} is damaged: its contents do not match the SHA-256 stored in it")
    return _tensors(header, data, path), metadata


def read_described(path: str | Path, key: str, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors in a file of ours, and the JSON object in its metadata under `key`, which makes it a `kind`.

    Raises FileError, which names the file, for anything else.
    """
    tensors, metadata = read_tensors(path, ours=True)
    if key not in metadata:
        raise FileError(f"{path} is not {kind}: it has no {key}")
    with refusing(path, f"is damaged: its {key} cannot be read"):
        described = json.loads(metadata[key])
        if not isinstance(described, dict):
            raise TypeError(f"it is no JSON object, but {described!r}"[:80])
    return tensors, described


@contextlib.contextmanager
def refusing(path: str | Path, problem: str) -> Iterator[None]:
    """Turn what goes wrong inside, when text from a file is not what it should be, into a FileError that names it."""
    try:
        yield
    except FileError:
        raise
    except KeyError as error:
        raise FileError(f"{path} {problem}: it does not say {error}") from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise FileError(f"{path} {problem}: {error}") from error


def _split(content: bytes, path: Path) -> tuple[dict[str, Any], bytes]:
    """The header and the bytes after it."""
    length = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else -1
    if length < 2 or length > LARGEST_HEADER or content[8:9] != b"{":
        raise FileError(f"{path} is not a safetensors file ({len(content)} bytes)")
    if len(content) < 8 + length:
        raise FileError(f"{path} is truncated: a header of {length} bytes was announced, {len(content) - 8} are there")
    try:
        header = json.loads(content[8 : 8 + length].decode())
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is damaged: its header is not JSON ({error})") from error
    return header, content[8 + length :]


def _tensors(header: dict[str, Any], data: bytes, path: Path) -> dict[str, Any]:
    tensors: dict[str, Any] = {}
    end = 0
    for name, entry in sorted(header.items(), key=_start):
        try:
            dtype, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
            whole = all(isinstance(size, int) and size >= 0 for size in (start, stop, *shape))
        except (TypeError, KeyError, ValueError):
            whole = False
        if not whole:
            raise FileError(f"{path} is damaged: tensor {name!r} has no dtype, shape and offsets")
        if dtype not in TYPECODES:
            raise FileError(f"{path}: tensor {name!r} holds {dtype}, expected F64 or F32")
        numbers: array[float] = array(TYPECODES[dtype])
        if start != end or stop - start != math.prod(shape) * numbers.itemsize:
            raise FileError(f"{path} is damaged: tensor {name!r}, shape {shape}, does not fill bytes {start} to {stop}")
        if stop > len(data):
            raise FileError(f"{path} is truncated: {stop} bytes of numbers were announced, {len(data)} are there")
        numbers.frombytes(data[start:stop])
        tensors[name] = _nested(_little_endian(numbers).tolist(), shape)
        end = stop
    if end != len(data):
        raise FileError(f"{path} is damaged: {len(data) - end} bytes belong to no tensor")
    return {name: tensors[name] for name in header}


def _start(item: tuple[str, Any]) -> int:
    try:
        return int(item[1]["data_offsets"][0])
    except (TypeError, KeyError, ValueError, IndexError):
        return 0  # found wanting when it is read


def _checksum(header: dict[str, Any], data: bytes) -> str:
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + data).hexdigest()


def _little_endian(numbers: "array[float]") -> "array[float]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _append(tensor: Any, numbers: "array[float]", name: str) -> list[int]:
    """Add the numbers of nested lists to `numbers`, last index fastest; their shape."""
    if not isinstance(tensor, list | tuple):
        numbers.append(tensor)
        return []
    shapes = [_append(part, numbers, name) for part in tensor]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"tensor {name!r} is ragged: its parts have shapes {shapes}")
    return [len(tensor), *(shapes[0] if shapes else [])]


def _nested(numbers: list[float], shape: list[int]) -> Any:
    if not shape:
        return numbers[0]
    size = math.prod(shape[1:])
    return [_nested(numbers[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]
