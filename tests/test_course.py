"""What every lesson of the course has, and in which form. That its outputs are true is what notebooks/check.py says."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="pip install 'stepgrad[notebooks]' to test notebooks")

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
BOOKS = {path.stem: nbformat.read(path, as_version=4) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}


def prose(book):
    return "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("name", BOOKS)
def test_a_lesson_says_what_it_is_for_and_ends_with_three_exercises_and_the_next_lesson(name):
    text, names = prose(BOOKS[name]), list(BOOKS)
    assert re.match(rf"# {int(name[:2])} · .*\n\n\*\*After this notebook you can\*\*\n\n- ", text)
    exercises = text.split("\n## Exercises\n")[1]
    assert re.findall(r"^\*\*(\d)\.\*\* ", exercises, re.MULTILINE) == ["1", "2", "3"]
    assert exercises.count("<details><summary>Solution</summary>") == exercises.count("</details>") == 3
    assert "### Something to try" in text
    if name != names[-1]:
        assert f"({names[names.index(name) + 1]}.ipynb)" in exercises.split("**Next:**")[1]


@pytest.mark.parametrize("name", BOOKS)
def test_links_between_lessons_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)]+)\)", prose(BOOKS[name])):
        assert target.startswith("https://") or (NOTEBOOKS / target).is_file(), target


@pytest.mark.parametrize("name", BOOKS)
def test_a_lesson_keeps_one_picture_in_its_own_name_and_the_readme_shows_and_describes_it(name):
    code = [cell.source for cell in BOOKS[name].cells if cell.cell_type == "code"]
    (kept,) = {found for source in code for found in re.findall(r'"(pictures/[^"]+)"', source)}
    assert Path(kept).stem == name and (NOTEBOOKS / kept).is_file()
    readme = (NOTEBOOKS.parent / "README.md").read_text("utf-8")
    (alt,) = re.findall(rf"!\[(.*)\]\(notebooks/{re.escape(kept)}\)", readme)
    assert len(alt) > 20, "what would somebody see who cannot see it?"


def brought_by(extra):
    """The packages that `pip install 'stepgrad[extra]'` brings."""
    extras = tomllib.loads((NOTEBOOKS.parent / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for requirement in extras[extra]:
        if of_ours := re.match(r"stepgrad\[(.*)\]", requirement):
            for other in of_ours[1].split(","):
                yield from brought_by(other)
        else:
            yield re.match(r"[\w-]+", requirement)[0]


def test_the_extra_brings_what_the_course_imports():
    code = [cell.source for book in BOOKS.values() for cell in book.cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(ast.parse(source))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    needed = {name.split(".")[0] for name in imported} - sys.stdlib_module_names - {"autograd", "nn"}
    assert {"matplotlib", "hypothesis"} <= needed
    assert needed <= {"IPython", *brought_by("notebooks")}  # IPython comes with ipykernel


# Each is set by MathJax and by KaTeX, and can be read as it stands where neither runs. A backslash before punctuation
# (a thin space, a norm) is eaten by some Markdown before a formula is found; layout by \left or \boxed reads badly.
TEX = re.compile(
    r"\\(alpha|approx|beta|cdot|cos|cosh|delta|displaystyle|frac|gamma|lambda|leftarrow|ln|mathrm|max|mu|odot|partial|Phi"
    r"|sigma|sin|sqrt|sum|tanh|text|varepsilon)(?![A-Za-z])"
)


def formulas(text):
    without_code = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    return re.findall(r"\$\$.+?\$\$|\$[^$]+\$", without_code, re.DOTALL)


@pytest.mark.parametrize("name", BOOKS)
def test_formulas_are_in_the_tex_that_every_renderer_knows(name):
    texts = [prose(BOOKS[name])]
    for cell in BOOKS[name].cells:
        shown = [output.data for output in cell.get("outputs", ()) if "data" in output]
        texts += [data[mime] for data in shown for mime in ("text/latex", "text/markdown") if mime in data]
    found = [formula for text in texts for formula in formulas(text)]
    assert len(found) > 5
    for formula in found:
        assert "\\" not in TEX.sub("", formula), formula
        assert formula.count("{") == formula.count("}"), formula
        assert not re.search(r"<\S", formula), f"HTML would read a tag in {formula}"


# Where each subject of the course is at home: a lesson, and words of its text or its code.
HOMES = [
    ("04", "gradient_descent(f, 10.0, lr=0.1, num_iterations=25)"),
    ("04", "maximize=True"),
    ("04", "**1.0 oscillates.**"),
    ("04", "**1.1 diverges.**"),
    ("04", "tol=1e-6"),
    ("02", "dy}{du} \\cdot \\frac{du}{dx}"),
    ("02", "L.explain(x)"),
    ("03", "a.step_through()"),
    ("05", "back through the activation"),
    ("05", "z^l = W^l a^{l-1} + b^l"),
    ("05", "elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh"),
    ("05", "prelu"),
    ("07", 'F.mse_loss, "MAE": F.l1_loss, "Huber": F.huber_loss'),
    ("07", "F.hinge_loss(z, 1.0)"),
    ("07", "binary_cross_entropy_with_logits(z, 1.0)"),
    ("07", "## The double softmax"),
    ("07", "F.log_softmax(z)"),
    ("06", "**mini-batch** gradient descent"),
    ("06", "CosineAnnealingLR"),
    ("06", "**gradient accumulation**"),
    ("04", "momentum=0.85, nesterov=nesterov"),
    ("04", "optim.Adagrad"),
    ("04", "optim.RMSprop"),
    ("04", "optim.Adam(p, lr=lr)"),
    ("04", "damped=False"),
    ("09", "nn.optim.AdamW"),
    ("08", "## Initial weights (1): not zeros"),
    ("08", "xavier_normal_"),
    ("08", "xavier_uniform_"),
    ("08", "calculate_gain"),
    ("08", "kaiming_normal_"),
    ("08", "nn.stats.gradient_flow"),
    ("05", "nn.stats.dead_units(layer"),
    ("08", "nn.BatchNorm1d(WIDTH)"),
    ("08", "nn.Residual("),
    ("08", "clip_grad_norm_"),
    ("08", "clip_grad_value_"),
    ("09", "l1_penalty"),
    ("09", "l2_penalty"),
    ("09", "nn.Dropout"),
    ("09", "nn.EarlyStopping"),
    ("09", "validation=validation"),
]


@pytest.mark.parametrize(("number", "words"), HOMES)
def test_every_subject_is_at_home_in_one_lesson(number, words):
    homes = [name[:2] for name, book in BOOKS.items() if any(words in cell.source for cell in book.cells)]
    assert homes == [number]


# A lesson sets a term in bold, or in a heading, where it teaches it; any other only mentions it, and says where it was.
TERMS = {
    "02": ["topological order"],
    "04": ["local minimum", "gradient ascent", "momentum", "AdaGrad", "RMSprop", "Adam", "Newton", "Nesterov"],
    "05": ["PReLU", "saturated", "dead"],
    "06": ["mini-batch", "schedule", "gradient accumulation", "decision boundary", "confusion matrix"],
    "07": ["Huber", "cross-entropy", "hinge", "double softmax"],
    "08": [
        "vanishing gradients", "exploding gradients", "break the symmetry", "gain", "batch normalisation",
        "residual connections", "clipping",
    ],
    "09": ["overfitting", "weight decay", "dropout", "early stopping", "validation"],
    "10": ["Taylor test"],
    "11": ["tape", "guard"],
    "12": ["attention"],
}


@pytest.mark.parametrize(("number", "term"), [(number, term) for number, terms in TERMS.items() for term in terms])
def test_every_term_is_taught_in_one_lesson(number, term):
    def teaches(book):
        return re.search(rf"\b{term}(e?s)?\b", " ".join(taught(prose(book)).split()), re.IGNORECASE)

    assert [name[:2] for name, book in BOOKS.items() if teaches(book)] == [number]


def taught(text):
    """What stands in bold or in a heading."""
    without_code = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return "\n".join(re.findall(r"\*\*[^*]+\*\*|^#+ .*$", without_code, re.MULTILINE))
