"""The disk cache: bytes by the text they were made from.

An entry is a checksum and machine code, so whoever could write one could have it run: only a folder that is the user's
own, and that nobody else may write, is read. One that is cut short, altered, unreadable or another text's is made anew.
Nothing in it is unpickled or evaluated. If the folder cannot be used, so be it: all is made each time.

It lies in ~/.cache/stepgrad, or in stepgrad under $XDG_CACHE_HOME, or in $STEPGRAD_CACHE. It keeps to 64 MB: one write
in sixteen looks, and removes what has not been used for longest. All of it may be removed at any time, by hand too.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

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
    path = home / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.o"
    code = _read(path, key) if _private(home) else None
    if code is None:
        code = make()
        _write(path, _checksum(key, code) + code)
    return code


def _private(home: Path) -> bool:
    """Whether the folder is there, the user's, and writable by nobody else."""
    try:
        found = home.stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


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
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _private(path.parent):
            return
        if path.name.startswith("0"):  # one in sixteen, whatever the process
            _shrink(path.parent)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
    except OSError:
        pass


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
