"""Run the notebooks again and compare what they show with what is committed, to the last character.

    python notebooks/check.py                  all of them; at a difference, where it is, and exit status 1
    python notebooks/check.py --update         write what they show now; once more, and no byte changes
    python notebooks/check.py 02_*.ipynb       these only

Text, HTML and SVG are compared exactly, also the SVG that a notebook writes into pictures/ under its own name. Of a
raster picture only its size is: its bytes depend on fonts. (It is kept in 128 colours, which look the same and take a
third of the room.) Memory addresses read 0x..., and an error is its last line: a traceback is full of the paths of one
machine. A cell that is meant to fail has the tag `raises-exception`. Python in the text, which is where solutions are,
is run after the rest; if a block of `text` follows it, that is what it prints.
"""

import argparse
import base64
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from difflib import unified_diff
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
SECONDS = 120  # for one cell, before it counts as hanging; a whole notebook takes less than a minute

# The same for everybody: no Graphviz on the PATH (the built-in layout draws), no personal start-up files.
FIXED = {
    "PYTHONHASHSEED": "0",
    "PATH": "",
    "PYTHONPATH": str(HERE.parent),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
KERNEL = [
    "--InlineBackend.print_figure_kwargs={'bbox_inches': None}",  # cropping a figure would measure the fonts
    "--log-level=ERROR",
    "--InteractiveShell.colors=NoColor",
]

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
SOLUTION = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
PRIVATE = [str(path) for path in (HERE.parent, Path.home(), tempfile.gettempdir()) if len(str(path)) > 1]


class Untrue(Exception):
    """A notebook is not what it claims to be; the message says where."""


def execute(book: Any, folder: Path = HERE) -> Any:
    """The notebook with the outputs that it has now, in normal form. Raises Untrue where a cell fails."""
    book = nbformat.from_dict(book)  # a copy
    size = len(book.cells)
    texts = [cell for cell in book.cells if cell.cell_type == "markdown"]
    solutions = [found[1] for cell in texts for found in SOLUTION.finditer(cell.source)]
    book.cells += [nbformat.v4.new_code_cell(code) for code in solutions]
    place = {"metadata": {"path": str(folder)}}
    options = {"extra_arguments": KERNEL, "coalesce_streams": True, "record_timing": False}
    client = NotebookClient(book, timeout=SECONDS, kernel_name="python3", resources=place, **options)
    with tempfile.TemporaryDirectory() as profile:
        try:
            client.execute(env={**os.environ, **FIXED, "IPYTHONDIR": profile})
        except CellExecutionError as error:
            raise Untrue(f"a cell fails: {error.ename}: {error.evalue}\n{error}") from error
    printed = iter([stream(cell) for cell in book.cells[size:]])
    for cell in texts:
        cell.source = SOLUTION.sub(lambda found: with_printed(found, next(printed)), cell.source)
    del book.cells[size:]
    return normal(book)


def stream(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def with_printed(found: re.Match[str], printed: str) -> str:
    """A solution with what it prints now, if a block of text after it says what it prints."""
    return found[0] if found[2] is None else f"```python\n{found[1]}```\n\n```text\n{printed}```"


def normal(book: Any) -> Any:
    """The notebook without anything that is of one run or one machine."""
    cells = [normal_cell(cell, number) for number, cell in enumerate(book.cells, 1)]
    for count, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), 1):
        cell["execution_count"] = count
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def normal_cell(cell: Any, number: int) -> dict[str, Any]:
    tags = cell.metadata.get("tags", [])
    kept = {"id": f"cell-{number:02}", "cell_type": cell.cell_type, "source": cell.source.strip("\n")}
    kept["metadata"] = {"tags": sorted(tags)} if tags else {}
    if cell.cell_type == "code":
        kept["outputs"] = [normal_output(output) for output in cell.outputs]
    return kept


def normal_output(output: Any) -> Any:
    output = masked(output)
    if output["output_type"] == "error":
        output["traceback"] = [f"{output['ename']}: {output['evalue']}"]
    if "image/png" in output.get("data", ()):
        output["data"]["image/png"] = in_few_colours(output["data"]["image/png"])
    if "execution_count" in output:
        output["execution_count"] = None  # the cell has it
    return output


def in_few_colours(png: str) -> str:
    from PIL import Image  # matplotlib, which draws the pictures, brings it

    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    if picture.mode == "P":
        return png
    small = io.BytesIO()
    picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def masked(x: Any) -> Any:
    """The same with every memory address in a text as 0x..."""
    if isinstance(x, dict):
        return {name: masked(part) for name, part in x.items()}
    if isinstance(x, list):
        return [masked(part) for part in x]
    return ADDRESS.sub("0x...", x) if isinstance(x, str) else x


def lines(cell: Any) -> Iterator[str]:
    """What a cell shows, or its solutions are said to print, as lines that can be compared."""
    if cell.cell_type == "markdown":
        for found in SOLUTION.finditer(cell.source):
            if found[2] is not None:
                yield from ["[a solution]", *found[2].splitlines()]
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            yield from [f"[{output.name}]", *output.text.splitlines()]
        elif output.output_type == "error":
            yield f"[error] {output.ename}: {output.evalue}"
        else:
            for mime, content in sorted(output.data.items()):
                yield from [f"[{output.output_type}, {mime}]", *content_lines(mime, content)]


def content_lines(mime: str, content: Any) -> list[str]:
    if mime == "image/png":
        return [pixels(base64.b64decode(content))]
    return ["a picture"] if mime == "image/jpeg" else str(content).splitlines()


def pixels(png: bytes) -> str:
    head = png[:24]  # signature, length and name of a chunk, then width and height
    return f"{int.from_bytes(head[16:20], 'big')} x {int.from_bytes(head[20:], 'big')} pixels"


def difference(committed: Any, now: Any) -> str:
    """The first cell whose outputs differ, and where in it; empty when there is none."""
    for number, (one, other) in enumerate(zip(committed.cells, now.cells), 1):
        if found := first_difference(list(lines(one)), list(lines(other)), " of its output"):
            return f"cell {number}, line {found}"
    return ""


def first_difference(old: list[str], new: list[str], of: str = "") -> str:
    """The number of the first line that differs, and both; empty when there is none."""
    for number, (was, is_now) in enumerate(zip_longest(old, new), 1):
        if was != is_now:
            return f"{number}{of}:\n{excerpt(was, is_now)}"
    return ""


def excerpt(was: str | None, is_now: str | None) -> str:
    """Two lines from a little before where they part."""
    if was is None or is_now is None:
        return f"  committed: {was!r:.100}\n  now:       {is_now!r:.100}"
    same = next((k for k, (a, b) in enumerate(zip(was, is_now)) if a != b), min(len(was), len(is_now)))
    start = max(0, same - 40)
    dots = "..." if start else ""
    return f"  committed: {dots}{was[start : same + 60]}\n  now:       {dots}{is_now[start : same + 60]}"


def text(book: Any) -> str:
    return str(nbformat.writes(book)) + "\n"


def compare(before: str, now: Any) -> None:
    """Raise Untrue where the text of a notebook file is not what it shows now, as --update writes it."""
    if found := difference(nbformat.reads(before, as_version=4), now):
        raise Untrue(found)
    tidy = text(normal(nbformat.reads(before, as_version=4)))
    if before != tidy:
        changes = list(unified_diff(before.splitlines(), tidy.splitlines(), lineterm="", n=0))[2:8]
        raise Untrue("its outputs are true, but the file is not as --update writes it:\n" + "\n".join(changes))


def refuse_private(content: str) -> None:
    told = next((path for path in PRIVATE if path in content), None)
    if told:
        raise Untrue(f"it shows {told}, a path of this machine")


def pictures(path: Path) -> dict[str, bytes]:
    """The pictures that a notebook keeps beside itself, in files of its own name."""
    return {kept.name: kept.read_bytes() for kept in sorted((path.parent / "pictures").glob(f"{path.stem}.*"))}


def put(wanted: dict[str, bytes], path: Path) -> None:
    """Make these the pictures of a notebook."""
    there, folder = pictures(path), path.parent / "pictures"
    for name in there.keys() - wanted.keys():
        (folder / name).unlink()
    for name, content in wanted.items():
        if there.get(name) != content:
            (folder / name).write_bytes(content)


def changed_pictures(committed: dict[str, bytes], now: dict[str, bytes]) -> str:
    """The first picture that differs, and where in it; empty when there is none."""
    for name in sorted({*committed, *now}):
        if name not in committed or name not in now:
            return f"pictures/{name} is " + ("missing" if name in now else "of no cell")
        if found := first_difference(picture_lines(name, committed[name]), picture_lines(name, now[name])):
            return f"pictures/{name}, line {found}"
    return ""


def picture_lines(name: str, content: bytes) -> list[str]:
    return [pixels(content)] if name.endswith(".png") else content.decode().splitlines()


def check(path: Path, update: bool = False) -> bool:
    """Run the notebook. Returns whether --update changed a file; raises Untrue where a file is not true."""
    before, kept = path.read_text(encoding="utf-8"), pictures(path)
    put({}, path)  # so that what is there afterwards was drawn now
    try:
        now = execute(nbformat.reads(before, as_version=4), path.parent)
        drawn = pictures(path)
    finally:
        put(kept, path)
    after = text(now)
    for content in (after, *(drawing.decode(errors="replace") for drawing in drawn.values())):
        refuse_private(content)
    if not update:
        compare(before, now)
        if found := changed_pictures(kept, drawn):
            raise Untrue(found)
        return False
    put(drawn, path)
    if after != before:
        path.write_text(after, encoding="utf-8", newline="\n")
    return after != before or drawn != kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write what the notebooks show now")
    parser.add_argument("files", nargs="*", type=Path, help="notebooks (default: all beside this script)")
    options = parser.parse_args()
    failures = 0
    for path in options.files or sorted(HERE.glob("*.ipynb")):
        try:
            changed = check(path.resolve(), options.update)
            print(f"{path.name}: {'written' if changed else 'unchanged' if options.update else 'true'}", flush=True)
        except Untrue as error:
            failures += 1
            print(f"{path.name}: {error}", flush=True)
    if failures:
        print("A notebook is not true. If what it shows now is right: python notebooks/check.py --update")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
