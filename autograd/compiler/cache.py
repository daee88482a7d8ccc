"""The disk cache: bytes by the text they were made from.

An entry is a checksum and machine code, so whoever could write one could have it run: only a folder that is the user's
own, and that nobody else may write, is read. One that is cut short, altered, unreadable or another text's is made anew.
Nothing in it is unpickled or evaluated. If the folder cannot be used, so be it: all is made each time.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

CHECKSUM = 32  # bytes


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
    return code if checksum == _checksum(key, code) else None


def _write(path: Path, content: bytes) -> None:
    """All or nothing: another process may be reading, or writing the same."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _private(path.parent):
            return
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
    except OSError:
        pass
