"""An output folder that is whole or absent: written beside its place, and moved there at the end."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nn.dataset import DataError
from nn.tensorfile import remove_leftovers

__all__ = ["Folder", "check_out", "free", "output_folder"]

MARK = "model.safetensors"  # what a folder of ours has


class Folder:
    """Where to write for now (`path`), and the name that it will have."""

    def __init__(self, path: Path, name: Path) -> None:
        self.path, self.name = path, name


@contextlib.contextmanager
def output_folder(out: str | None, default: Path, force: bool = False) -> Iterator[Folder]:
    """A new folder to write into; it gets its name when the block ends well, and vanishes when it does not.

    Without `out` the name is `default`, or the next free `default-2`, `default-3`, ... A folder `out` that exists and
    is not empty is refused before any work; with `force` an earlier run's is replaced at the end, in one step.
    """
    check_out(out, force)
    name = Path(out) if out else free(default)
    made = _make_parents(name.parent)
    remove_leftovers(name)
    path = Path(tempfile.mkdtemp(prefix=f".{name.name}.{os.getpid()}.", suffix=".partial", dir=name.parent))
    try:
        path.chmod(0o777 & ~_umask())
        folder = Folder(path, name)
        yield folder
        folder.name = _move(path, name, default if not out else None)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise


def check_out(out: str | None, force: bool) -> None:
    """Raise DataError where the folder `out` is taken: by a file, by another's files, or by a run without `force`."""
    name = Path(out or "")
    if out and name.exists() and not name.is_dir():
        raise DataError(f"{name} exists and is a file: choose another --out")
    if out and name.is_dir() and any(name.iterdir()):
        if not force:
            raise DataError(f"{name} exists and is not empty: choose another --out, or replace it with --force")
        if not (name / MARK).exists():
            raise DataError(f"{name} exists and is not from an earlier run (it has no {MARK}): choose another --out")


def free(default: Path, suffix: str = "") -> Path:
    """The first of `default`, `default-2`, `default-3`, ..., each with the suffix, that is not there."""
    name, count = default.with_name(default.name + suffix), 1
    while name.exists():
        count += 1
        name = default.with_name(f"{default.name}-{count}{suffix}")
    return name


def _move(path: Path, name: Path, default: Path | None) -> Path:
    """Give the folder its name. Where another run took it meanwhile, a default takes the next one."""
    while True:
        try:
            if name.is_dir() and any(name.iterdir()) and default is None:
                _swap(path, name)
            else:
                os.rename(path, name)
            return name
        except OSError:
            if default is None or not name.exists():
                raise
            name = free(default)


def _swap(path: Path, name: Path) -> None:
    """Put `path` in the place of an earlier folder, which is deleted last."""
    old = path.with_name(path.name + ".old")
    os.rename(name, old)
    try:
        os.rename(path, name)
    except OSError:
        os.rename(old, name)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folder; the ones that were not there, the innermost first."""
    made = []
    while not folder.exists():
        made.append(folder)
        folder = folder.parent
    for new in reversed(made):
        new.mkdir(exist_ok=True)
    return made


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
