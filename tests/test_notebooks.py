"""The checker of the course: a changed digit is caught, an update is idempotent. CI runs it on the course itself."""

import base64
import importlib.util
import io
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="pip install 'stepgrad[notebooks]' to test notebooks")
pytest.importorskip("nbclient", reason="pip install 'stepgrad[notebooks]' to test notebooks")
pytest.importorskip("ipykernel", reason="pip install 'stepgrad[notebooks]' to test notebooks")

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
spec = importlib.util.spec_from_file_location("check", NOTEBOOKS / "check.py")
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)


def notebook(*sources, tags=()):
    v4 = nbformat.v4
    cells = [v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    return v4.new_notebook(cells=[v4.new_markdown_cell("# A title"), *cells], metadata={"of": "this machine"})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A small notebook with everything that has to be normalised, updated once."""
    path = tmp_path_factory.mktemp("course") / "tiny.ipynb"
    sources = [
        "from autograd import Value\nv = Value(0.1) * 3\nprint(v.data)\nobject()",
        "import os\nprint(os.environ['PATH'] + os.environ['PYTHONHASHSEED'])\nv.draw()",
        "raise ValueError('as meant')",
    ]
    book = notebook(*sources)
    book.cells[-1].metadata.tags = ["raises-exception"]
    nbformat.write(book, path)
    assert check.check(path, update=True)
    return path


@pytest.fixture(scope="module")
def now(written):
    """What a second update makes of it."""
    before = written.read_bytes()
    assert not check.check(written, update=True)
    assert written.read_bytes() == before
    return nbformat.read(written, as_version=4)


def test_an_update_is_in_normal_form_and_a_second_one_changes_no_byte(written, now):
    content = written.read_text(encoding="utf-8")
    check.compare(content, now)
    assert "object at 0x..." in content and '"0\\n"' in content
    assert [cell.get("execution_count") for cell in now.cells] == [None, 1, 2, 3]
    assert now.cells[-1].outputs[0].traceback == ["ValueError: as meant"]
    for trace in ("this machine", str(written.parent), "iopub", "ipykernel_"):
        assert trace not in content


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("0.30000000000000004", "0.30000000000000005", r"cell 2, line 2.*\n  committed: 0.30000000000000005\n  now: "),
        ('"ValueError: as meant"', '"ValueError: as mended"', "not as --update writes it"),
        ('"evalue": "as meant"', '"evalue": "as mended"', "cell 4, line 1 of its output:\n  committed: .*mended"),
        ('"execution_count": 2', '"execution_count": 7', "not as --update writes it"),
        ('"id": "cell-02"', '"id": "cell-2"', "not as --update writes it"),
    ],
)
def test_a_changed_character_is_caught(written, now, old, new, where):
    content = written.read_text(encoding="utf-8")
    assert old in content
    with pytest.raises(check.Untrue, match=where):
        check.compare(content.replace(old, new, 1), now)


def test_a_changed_digit_in_a_drawing_is_caught(written, now):
    content = written.read_text(encoding="utf-8")
    with pytest.raises(check.Untrue, match=r"cell 3, line .* of its output:\n  committed: .*0\.31"):
        check.compare(content.replace(">0.3<", ">0.31<"), now)


def test_a_missing_output_is_caught(written, now):
    fewer = nbformat.read(written, as_version=4)
    fewer.cells[-1].outputs = []
    with pytest.raises(check.Untrue, match=r"cell 4, line 1 of its output:\n  committed: None\n  now: .*as meant"):
        check.compare(check.text(fewer), now)


def test_a_cell_that_fails_unasked_is_reported(tmp_path):
    path = tmp_path / "failing.ipynb"
    nbformat.write(notebook("1 / 0"), path)
    with pytest.raises(check.Untrue, match="ZeroDivisionError: division by zero"):
        check.check(path)


def test_a_solution_in_the_text_is_run_with_what_the_notebook_has(tmp_path):
    path = tmp_path / "solved.ipynb"
    solution = "<details>\n\n```python\nassert answer == 43, answer\n```\n\n</details>"
    book = notebook("answer = 42")
    book.cells.append(nbformat.v4.new_markdown_cell(solution))
    nbformat.write(book, path)
    with pytest.raises(check.Untrue, match="AssertionError: 42"):
        check.check(path)


def test_what_a_solution_prints_is_kept_in_a_block_of_text_after_it(tmp_path):
    path = tmp_path / "printing.ipynb"
    book = notebook("answer = 42")
    solutions = ["```python\nprint(answer)\n```", "```python\nprint(answer + 1)\n```\n\n```text\n```\n\nas promised"]
    book.cells += [nbformat.v4.new_markdown_cell("\n\n".join(solutions))]
    nbformat.write(book, path)
    assert check.check(path, update=True) and not check.check(path, update=True) and not check.check(path)
    content = path.read_text(encoding="utf-8")
    assert nbformat.reads(content, as_version=4).cells[-1].source.endswith("```text\n43\n```\n\nas promised")
    path.write_text(content.replace('"43\\n"', '"44\\n"'), encoding="utf-8")
    with pytest.raises(check.Untrue, match=r"cell 3, line 2 of its output:\n  committed: 44\n  now:       43"):
        check.check(path)


def test_a_path_of_this_machine_is_reported():
    with pytest.raises(check.Untrue, match="a path of this machine"):
        check.refuse_private(f"saved as {NOTEBOOKS}/film.html")


DRAWS = "from autograd import Value\nv = Value(0.1) * 3\nv.draw().save('pictures/drawn.svg')"


@pytest.fixture
def drawn(tmp_path):
    """A notebook that writes a picture beside itself, and that picture."""
    path, kept = tmp_path / "drawn.ipynb", tmp_path / "pictures" / "drawn.svg"
    kept.parent.mkdir()
    nbformat.write(notebook(DRAWS), path)
    assert check.check(path, update=True)
    return path, kept


def test_a_changed_digit_in_a_picture_beside_the_notebook_is_caught_and_left_as_it_is(drawn):
    path, kept = drawn
    true = kept.read_bytes()
    assert not check.check(path) and kept.read_bytes() == true
    false = true.replace(b">0.3<", b">0.31<", 1)
    kept.write_bytes(false)
    with pytest.raises(check.Untrue, match=r"pictures/drawn\.svg, line .*:\n  committed: .*0\.31"):
        check.check(path)
    assert kept.read_bytes() == false
    assert check.check(path, update=True) and kept.read_bytes() == true
    assert not check.check(path, update=True)


def test_a_missing_picture_is_caught_and_not_made(drawn):
    path, kept = drawn
    kept.unlink()
    with pytest.raises(check.Untrue, match=r"pictures/drawn\.svg is missing"):
        check.check(path)
    assert not kept.exists()


def test_a_picture_that_no_cell_draws_is_caught(drawn):
    path, kept = drawn
    other = kept.with_suffix(".png")
    other.write_bytes(base64.b64decode(picture(640, 480)))
    with pytest.raises(check.Untrue, match=r"pictures/drawn\.png is of no cell"):
        check.check(path)
    assert other.exists()


def test_a_path_in_a_picture_is_reported(tmp_path):
    path = tmp_path / "private.ipynb"
    (tmp_path / "pictures").mkdir()
    writes = "import os\nwith open('pictures/private.svg', 'w') as file:\n    file.write('<svg>' + os.getcwd())"
    nbformat.write(notebook(writes, "0;"), path)
    with pytest.raises(check.Untrue, match="a path of this machine"):
        check.check(path, update=True)


def picture(width, height):
    return base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)).decode()


def shows(png):
    data = {"image/png": png, "text/plain": "<Figure>"}
    book = notebook("plot()")
    book.cells[1].outputs = [nbformat.v4.new_output("display_data", data=data)]
    return book


def test_a_raster_picture_counts_by_its_size():
    one, other = shows(picture(640, 480)), shows(picture(640, 481))
    assert check.difference(one, shows(picture(640, 480) + "AAAA")) == ""
    files = [{"a.png": base64.b64decode(picture(*size))} for size in ((640, 480), (640, 481))]
    assert check.changed_pictures(files[0], {"a.png": files[0]["a.png"] + b"A"}) == ""
    assert "a.png, line 1:\n  committed: 640 x 480" in check.changed_pictures(*files)
    assert "committed: 640 x 480 pixels\n  now:       640 x 481 pixels" in check.difference(one, other)


def test_a_raster_picture_is_kept_in_few_colours_once():
    image = pytest.importorskip("PIL.Image", reason="pip install 'stepgrad[plots]' to test pictures")
    content = io.BytesIO()
    image.linear_gradient("L").convert("RGBA").save(content, "png")
    small = check.in_few_colours(base64.b64encode(content.getvalue()).decode())
    found = image.open(io.BytesIO(base64.b64decode(small)))
    assert found.size == (256, 256) and len(found.convert("RGB").getcolors()) == 128
    assert check.in_few_colours(small) == small


def test_a_difference_in_a_long_line_is_shown_where_it_is():
    found = check.excerpt("a" * 900 + "b", "a" * 900 + "c")
    assert found == f"  committed: ...{'a' * 40}b\n  now:       ...{'a' * 40}c"
