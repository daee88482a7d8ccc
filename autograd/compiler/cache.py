"""The disk cache: bytes by the text they were made from.

An entry is a checksum and machine code, so whoever could write one could have it run: only a folder that is the user's
own, and that nobody else may write, is read. One that is cut short, altered, unreadable or another text's is made anew.
Nothing in it is unpickled or evaluated. If the folder cannot be used, all is made each time, and a warning says why.

It lies in ~/.cache/stepgrad, or in stepgrad under $XDG_CACHE_HOME, or in $STEPGRAD_CACHE. It keeps to 64 MB: one write
in sixteen looks, and removes what has not been used for longest. All of it may be removed at any time, by hand too.
"""

import contextlib
import functools
import hashlib
import os
import re
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from autograd.context import _calling_line

CHECKSUM = 32  # bytes
MOST = 64 * 2**20  # bytes of all entries
_ENTRY = re.compile(r"[0-9a-f]{40}\.o(\..*)?")  # those that a process left half written, too


def folder() -> Path | None:
    """Where entries are kept: $STEPGRAD_CACHE, or stepgrad in the user's cache folder; None for a user without home."""
    chosen = os.environ.get("STEPGRAD_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepgrad"
    except RuntimeError:  # no $HOME, and the system does not know the user, as in many containers
        return None


def entry(key: str, make: Callable[[], bytes]) -> bytes:
    """The bytes stored under `key` if they are there and sound, else those of `make()`, stored for the next time."""
    home = folder()
    if home is None:
        return make()
    refusal = _refusal(home)
    if refusal:
        _say(home, refusal)
        return make()
    path = home / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.o"
    code = _read(path, key)
    if code is None:
        code = make()
        _write(path, _checksum(key, code) + code)
    return code


def _refusal(home: Path) -> str:
    """Why the folder cannot be used; empty where it is there now, the user's, and writable by nobody else."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = home.stat()
    except FileExistsError:
        return "it is no folder"
    except OSError as error:
        return str(error.strerror)
    if not hasattr(os, "getuid"):
        return ""
    if found.st_uid != os.getuid():
        return "it is another user's"
    return "others may write there" if found.st_mode & 0o022 else ""


@functools.cache
def _say(home: Path, why: str) -> None:
    """Warn, once, at the line of the call."""
    said = f"{home} is not used, so that every process compiles again: {why} ($STEPGRAD_CACHE names another folder)"
    warnings.warn_explicit(said, RuntimeWarning, *_calling_line())


def _checksum(key: str, code: bytes) -> bytes:
    """Of the code and of what it was made from: an entry under another's name is not taken either."""
    return hashlib.sha256(key.encode() + b"\0" + code).digest()


def _read(path: Path, key: str) -> bytes | None:
    """The code of an entry, if it is whole."""
    try:
        if not path.is_file():  # reading a pipe would wait for ever
            return None
        content = path.read_bytes()
    except OSError:
        return None
    checksum, code = content[:CHECKSUM], content[CHECKSUM:]
    if checksum != _checksum(key, code):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used just now
    return code


def _write(path: Path, content: bytes) -> None:
    """All or nothing: another process may be reading, or writing the same."""
    try:
        if path.name.startswith("0"):  # one in sixteen, whatever the process
            _shrink(path.parent)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
    except FileNotFoundError:  # another process has removed it, to make room
        pass
    except OSError as error:
        _say(path.parent, str(error.strerror))


def _shrink(home: Path) -> None:
    """Remove the entries that were not used for longest, until the others are MOST bytes."""
    found = []
    for path in home.iterdir():
        if _ENTRY.fullmatch(path.name):
            with contextlib.suppress(OSError):  # another process was faster, here and below
                about = path.stat(follow_symlinks=False)
                found.append((about.st_mtime_ns, about.st_size, path))
    total = 0
    for _, size, path in sorted(found, reverse=True):
        total += size
        if total > MOST:
            with contextlib.suppress(OSError):
                path.unlink()
