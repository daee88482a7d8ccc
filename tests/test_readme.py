"""README.md keeps its promises: its Python blocks run, in order, and print what the text blocks after them say."""

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
LANGUAGES = {"python", "text", "sh"}


@dataclass
class Block:
    language: str
    line: int  # of its first line of content, from 1
    content: str


def blocks(markdown: str) -> list[Block]:
    """The fenced blocks of a document, in order."""
    found: list[Block] = []
    opened: tuple[str, int, list[str]] | None = None
    for number, line in enumerate(markdown.splitlines(), start=1):
        if opened is None:
            if line.lstrip().startswith("```"):
                opened = (line.strip().removeprefix("```"), number + 1, [])
        elif line.strip() == "```":
            language, first, content = opened
            found.append(Block(language, first, "".join(text + "\n" for text in content)))
            opened = None
        else:
            opened[2].append(line)
    assert opened is None, f"the block at line {opened[1] - 1} is never closed"
    return found


def check(markdown: str, filename: str) -> None:
    """Run the Python blocks in one namespace; a text block that comes right after one is what it prints."""
    namespace: dict[str, object] = {"__name__": "readme"}
    found = blocks(markdown)
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language != "python":
            continue
        # Empty lines in front give tracebacks the line numbers of the document.
        code = compile("\n" * (block.line - 1) + block.content, filename, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, namespace)
        if following is not None and following.language == "text" and _adjacent(markdown, block, following):
            assert printed.getvalue() == following.content, f"{filename}, line {block.line}"


def _adjacent(markdown: str, first: Block, second: Block) -> bool:
    end = first.line + first.content.count("\n")  # the line of the closing fence
    return not "".join(markdown.splitlines()[end:second.line - 2]).strip()


def test_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(README.read_text(encoding="utf-8"), str(README))


def test_every_picture_is_there_and_says_what_it_shows():
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", README.read_text(encoding="utf-8"))
    assert len(pictures) == 13
    assert all(told and (README.parent / path).is_file() for told, path in pictures)


def test_no_block_escapes():
    found = blocks(README.read_text(encoding="utf-8"))
    assert {block.language for block in found} <= LANGUAGES
    assert any(block.language == "python" for block in found)


@pytest.mark.parametrize("ending", ["-m nn", "-m pytest"])
def test_each_setup_command_is_one_block_of_one_line(ending):
    found = [block.content for block in blocks(README.read_text(encoding="utf-8"))
             if block.language == "sh" and block.content.rstrip().endswith(ending)]
    assert len(found) == 1, ".ci/run reads this command from README.md"
    assert re.fullmatch(r"python3 -m venv --without-pip \.venv && .*\n", found[0])


GOOD = "# T\n```python\nx = 1\n```\n```python\nprint(x + 1)\n```\n\n```text\n2\n```\nA picture:\n```text\n<->\n```\n"


@pytest.mark.parametrize(("change", "error", "message"), [
    (("2\n", "3\n"), AssertionError, "doc.md, line 6"),
    (("x = 1", "x = 1 / 0"), ZeroDivisionError, "division by zero"),
    (("<->\n```\n", "<->\n"), AssertionError, "the block at line 13 is never closed"),
])
def test_a_wrong_document_fails(change, error, message):
    check(GOOD, "doc.md")
    with pytest.raises(error, match=message):
        check(GOOD.replace(*change), "doc.md")
