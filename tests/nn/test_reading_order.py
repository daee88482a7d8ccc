"""nn/README.md says where to begin, and leaves no file out."""

import re
from pathlib import Path

import nn

FOLDER = Path(nn.__file__).parent


def test_every_file_has_its_place():
    told = set(re.findall(r"`([\w/]+\.py)`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py") if not path.name.startswith("__")}
    short = {name if name in told else name.rpartition("/")[2] for name in there}  # `cli/` is followed by bare names
    assert short == told
