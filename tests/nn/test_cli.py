"""python -m nn: what it prints and writes, and that bad input is one line, exit code 2 and nothing else."""

import csv
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from nn.cli import main
from nn.compiled import Unsupported
from nn.data import FOLDER, moons
from nn.predictor import Predictor

ROOT = Path(__file__).parents[2]
FILES = ["history.json", "loss.svg", "model.safetensors", "prediction.svg", "report.html", "step.html"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_numbers_near_the_largest_float(here, capsys, task):
    """Their squares are beyond it."""
    targets = ["xy"[i % 2] if task == "classification" else f"{i * 1e299}" for i in range(40)]
    rows = [f"{(i % 7 - 3) * 1e300},{i % 5},{target}" for i, target in enumerate(targets)]
    (here / "huge.csv").write_text("\n".join(["a,b,k", *rows]))
    assert run("huge.csv", "--target", "k", "--epochs", 2, "--quiet") == 0
    assert "2e+300" in (here / "runs/huge/report.html").read_text(), "the spread of a, which is 2"


@pytest.mark.parametrize("seed", range(3))
def test_the_defaults_learn_a_sine(here, capsys, seed):
    """The textbooks' regression: four steps make an epoch, so a hundred epochs are too few."""
    rng = random.Random(1)
    xs = [rng.uniform(-3.0, 3.0) for _ in range(100)]
    (here / "sine.csv").write_text("\n".join(["x,y", *(f"{x},{math.sin(2 * x) + rng.gauss(0.0, 0.1)}" for x in xs)]))
    assert run("sine.csv", "--target", "y", "--quiet", "--seed", seed) == 0
    out = capsys.readouterr().out
    assert float(re.search(r"R² (-?[\d.]+)", out)[1]) > 0.7  # with 100 epochs it was 0.20 to 0.67
    assert "--epochs 500 --batch-size 16 --patience 100" in (here / "runs/sine/report.html").read_text()


def test_a_folder_may_be_called_as_the_included_data_are(here, capsys):
    (here / "iris").mkdir()
    assert run("iris", "--epochs", 1, "--quiet") == 0


def halves_csv():
    """A CSV file of two classes, with semicolons, a quote, a byte order mark and Windows' line ends."""
    rows = ["\ufeffx;\"y \"\"up\"\"\";id;half"]
    data = moons(60, noise=0.05, seed=1)
    rows += [f"{a};{b};row {i};{data.class_names[k]}" for i, ((a, b), k) in
             enumerate(zip(data.features, data.labels, strict=True))]
    return "\r\n".join(rows).encode()


@pytest.fixture
def halves(here):
    (here / "halves.csv").write_bytes(halves_csv())
    return here


def run(*words):
    return main([str(word) for word in words])


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# -------------------------------------------------------------------------------------------------------------- train


def test_without_arguments_it_learns_digits(here, capsys):
    pytest.importorskip("llvmlite")
    assert run() == 0
    out = capsys.readouterr().out
    assert out.startswith("data     digits: 1797 rows, 64 features, classification of 'digit': 0, 1, 2, ")
    assert "model    MLP 64 -> 64 -> 10, dropout 0.3, 4,810 parameters, each a Value\n" in out
    assert float(re.search(r"^test     loss [\d.]+, accuracy ([\d.]+) % \(\d+ of 359 right\)$", out, re.M)[1]) >= 97.0
    assert sorted(path.name for path in (here / "runs/digits").iterdir()) == FILES
    predictor = Predictor.load("runs/digits")
    assert "train digits --hidden 64 --activation relu --dropout 0.3 --optimizer adam --lr 0.003" in (
        predictor.notes["made by"])
    assert len(set(predictor.scales)) == 1, "the pixels of an image are standardised together"
    worst = (here / "runs/digits/report.html").read_text().partition("Hardest test rows")[2].partition("<section>")[0]
    assert worst.count('viewBox="0 0 8 8"') == 8


def test_without_native_code_it_learns_digits_with_a_smaller_network(here, capsys, monkeypatch):
    for name in {"llvmlite", "numpy", *(x for x in sys.modules if x.partition(".")[0] in ("llvmlite", "numpy"))}:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("nn.compiled.engine.WORTH", 0.0)
    assert run("--epochs", 1) == 0
    out = capsys.readouterr().out
    assert "model    MLP 64 -> 16 -> 10, 1,210 parameters, each a Value\n" in out
    (note,) = re.findall("^note     training runs eagerly, .*", out, re.M)
    assert note.endswith("install stepgrad[compile]")


def test_iris(here, capsys):
    assert run("iris") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == ("data     iris: 150 rows, 4 features, classification of 'species': "
                      "setosa, versicolor, virginica")
    assert out[1] == "split    96 rows to train, 24 to validate, 30 held out to test"
    assert out[2] == "model    MLP 4 -> 8 -> 3, 67 parameters, each a Value"
    accuracy = float(re.search(r"^test     loss [\d.]+, accuracy ([\d.]+) % \(\d+ of 30 right\)$", "\n".join(out),
                               re.M)[1])
    assert accuracy >= 93.0
    assert out[-1] == f"written  runs/iris/: {', '.join(FILES)}"
    assert sorted(path.name for path in (here / "runs/iris").iterdir()) == FILES


def test_two_runs_write_the_same_bytes_into_the_next_free_folder(here):
    for _ in range(2):
        assert run("iris", "--epochs", 3) == 0
    assert everything(here / "runs") == sorted(
        ["iris", "iris-2", *(f"{name}/{file}" for name in ("iris", "iris-2") for file in FILES)])
    for name in FILES:
        assert (here / "runs/iris" / name).read_bytes() == (here / "runs/iris-2" / name).read_bytes(), name
    assert run("iris", "--epochs", 3, "--seed", 1) == 0
    assert (here / "runs/iris-3/history.json").read_text() != (here / "runs/iris/history.json").read_text()


def test_no_extra_is_imported(tmp_path):
    """In a fresh interpreter: numpy and the like are not even looked for."""
    code = ("import sys; extras = {'numpy', 'matplotlib', 'safetensors', 'llvmlite', 'mpmath', 'hypothesis'}\n"
            "sys.modules.update(dict.fromkeys(extras))\n"  # importing one is an ImportError now
            "from nn.cli import main\nsys.exit(main(['iris', '--epochs', '1', '--out', sys.argv[1]]))")
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], cwd=ROOT, check=True, capture_output=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES


def test_a_table_of_ones_own(halves, capsys):
    assert run("halves.csv", "--target", "half", "--drop", "id", "--hidden", "6,4", "--activation", "relu",
               "--optimizer", "rmsprop", "--lr", 0.02, "--epochs", 40, "--batch-size", 8, "--seed", 3,
               "--out", "deep/er") == 0
    out = capsys.readouterr().out
    assert "halves.csv: 60 rows, 2 features, classification of 'half': lower, upper" in out
    assert "MLP 2 -> 6 -> 4 -> 2, 56 parameters" in out
    predictor = Predictor.load(halves / "deep/er")
    assert predictor.feature_names == ["x", 'y "up"']
    assert predictor.notes["made by"] == (
        "python -m nn train halves.csv --target half --drop id --hidden 6,4 --activation relu --optimizer rmsprop "
        "--lr 0.02 --epochs 40 --batch-size 8 --patience 20 --seed 3")
    history = json.loads((halves / "deep/er/history.json").read_text())
    assert history["rows"][-1]["loss"] < history["rows"][0]["loss"]
    assert set(history["rows"][0]["gradients"]) == {"layer0", "layer1", "layer2"}


def test_a_regression_is_detected_and_scored(here, capsys):
    rows = [f"{x},{3.0 * x + 1000.5}" for x in range(60)]
    (here / "line.csv").write_text("x,y\n" + "\n".join(rows))
    assert run("line.csv", "--target", "y", "--hidden", "none", "--epochs", 60, "--lr", 0.05) == 0
    out = capsys.readouterr().out
    assert "regression of 'y'" in out
    assert float(re.search(r"R² ([\d.]+)", out)[1]) > 0.99
    with (here / "line.csv").open() as file:
        prices = {float(row["x"]): float(row["y"]) for row in csv.DictReader(file)}
    predictor = Predictor.load("runs/line")
    error = math.sqrt(sum((predictor.predict([[x]])[0] - y) ** 2 for x, y in prices.items()) / len(prices))
    told = float(re.search(r"^test     root mean squared error ([\d.e-]+),", out, re.M)[1])
    assert error / 3 < told < 3 * error, "in the target's unit: the test rows are a part of all"
    capsys.readouterr()
    assert run("predict", "runs/line", "line.csv") == 0
    assert "the file has the answers: mean absolute error" in capsys.readouterr().out
    with (here / "line-predictions.csv").open() as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["x", "y", "predicted y"]
    assert float(table[30]["predicted y"]) == pytest.approx(1090.5, abs=5)  # after 60 epochs


def test_whole_numbers_are_classes_unless_one_says_otherwise(here, capsys):
    rows = [f"{x},{x % 3}" for x in range(60)]
    (here / "k.csv").write_text("x,k\n" + "\n".join(rows))
    assert run("k.csv", "--target", "k", "--epochs", 1) == 0
    assert "classification of 'k': 0, 1, 2" in capsys.readouterr().out
    assert run("k.csv", "--target", "k", "--epochs", 1, "--task", "regression") == 0
    assert "regression of 'k'" in capsys.readouterr().out


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_the_engines_agree(here, capsys, engine):
    pytest.importorskip("llvmlite")
    assert run("iris", "--engine", engine, "--epochs", 20, "--out", engine) == 0
    test = re.search("test .*", capsys.readouterr().out)[0]
    assert run("iris", "--epochs", 20, "--out", "auto") == 0
    assert re.search("test .*", capsys.readouterr().out)[0] == test
    same = (here / engine / "model.safetensors").read_bytes() == (here / "auto/model.safetensors").read_bytes()
    assert same or engine == "compiled", "little to do: auto is eager, with and without extras"


def test_what_cannot_be_compiled_is_a_note_or_one_line(here, capsys, monkeypatch):
    def refuse(training, dtype, insist):
        raise Unsupported("no compiler\nhere")

    monkeypatch.setattr("nn.compiled.engine.Compiled", refuse)
    monkeypatch.setattr("nn.compiled.engine.WORTH", 0.0)
    assert run("iris", "--epochs", 1, "--out", "a") == 0
    assert re.search("^note     training runs eagerly, .*: no compiler here$", capsys.readouterr().out, re.M)
    assert run("iris", "--epochs", 1, "--out", "b", "--engine", "compiled") == 2
    assert capsys.readouterr().err == "python -m nn: no compiler here\n"
    assert not (here / "b").exists()


@pytest.mark.parametrize(("data", "lr", "why"), [
    ("line.csv", 1e200, "epoch 1: step 2: the loss is inf"), ("line.csv", 3, r"its loss is [\de+.,]{1,9} at best"),
    ("iris", 1e5, r"its loss is [\de+.,]{1,9} at best"), ("iris", 1e300, "epoch 1: step 2: the loss is nan"),
])
def test_a_run_that_diverges_says_so(here, capsys, data, lr, why):
    (here / "line.csv").write_text("x,y\n" + "\n".join(f"{x},{3.5 * x}" for x in range(60)))
    words = ["--target", "y", "--hidden", "none"] if data == "line.csv" else ["--activation", "relu"]
    assert run(data, *words, "--optimizer", "sgd", "--lr", lr, "--epochs", 3) == 2
    captured = capsys.readouterr()
    (message,) = captured.err.splitlines()
    assert re.fullmatch(rf"python -m nn: training diverged \({why}; a guess has a loss of 1\.\d+\): "
                        rf"try a smaller --lr than {re.escape(f'{lr:g}')}", message)
    assert max(map(len, captured.out.splitlines())) < 120
    assert everything(here) == ["line.csv"]


def test_a_run_that_breaks_late_keeps_its_best_weights(here, capsys, monkeypatch):
    fit = nn.fit

    def breaking(*arguments, **options):
        def check(training):
            if training.epoch == 9:  # the next step meets an infinite weight
                training.model.parameters()[0].data = 1e200

        return fit(*arguments, **{**options, "callbacks": [*options["callbacks"], check]})

    monkeypatch.setattr(nn, "fit", breaking)
    (here / "line.csv").write_text("x,y\n" + "\n".join(f"{x},{3.5 * x}" for x in range(60)))
    assert run("line.csv", "--target", "y", "--hidden", "none", "--lr", 0.1) == 0
    out = capsys.readouterr().out
    assert re.search("^trained  9 epochs, the best was [1-9]: root mean squared error", out, re.M)
    assert "stopped  epoch 10: step 1: the loss is inf\n" in out


# --------------------------------------------------------------------------------------------------- predict, inspect


SKY = '"light ""sky"" blue"'  # in quotes, and a quote in it
SHOP = "\ufeff;size;colour;price\r\n" + "\r\n".join(  # as a spreadsheet writes it
    f"{i};{i % 9};{('red', 'blue', SKY)[i % 3]};{1000 * (i % 9) + 5000 * (i % 3)}.5" for i in range(60))


def test_texts_are_categories(here, capsys):
    (here / "shop.csv").write_bytes(SHOP.encode())
    assert run("shop.csv", "--target", "price", "--epochs", 80, "--lr", 0.05) == 0
    out = capsys.readouterr().out
    assert "shop.csv: 60 rows, 3 features (5 numbers: one per text), regression of 'price'" in out
    assert re.search("^note     looks like the number of the row, .*: 'column 1'; leave it out with --drop 'column 1'$",
                     out, re.M)
    assert float(re.search(r"R² ([\d.]+)", out)[1]) > 0.97
    page = (here / "runs/shop/report.html").read_text()
    assert "light &quot;sky&quot; blue" in page
    (here / "new.csv").write_text("colour,size,column 1,price\nred,2,3,\nblue,4,5,9000.5\n")
    capsys.readouterr()
    assert run("predict", "runs/shop", "new.csv") == 0
    assert re.search("^the file has the answers to 1 of 2 rows: mean absolute error [\\d.,]+$", capsys.readouterr().out,
                     re.M)
    with (here / "new-predictions.csv").open() as file:
        first, second = csv.DictReader(file)
    assert float(first["predicted price"]) == pytest.approx(2000.5, abs=1500)
    assert float(second["predicted price"]) == pytest.approx(9000.5, abs=1500)
    assert run("inspect", "runs/shop") == 0
    assert re.search(r'^  colour    one of blue, light "sky" blue, red$', capsys.readouterr().out, re.M)


def test_a_text_that_training_did_not_have_is_refused(here, capsys):
    (here / "shop.csv").write_bytes(SHOP.encode())
    assert run("shop.csv", "--target", "price", "--drop", "column 1", "--epochs", 1) == 0
    (here / "new.csv").write_text("size,colour\n1,red\n2,green\n")
    capsys.readouterr()
    assert run("predict", "runs/shop", "new.csv") == 2
    assert capsys.readouterr().err == ("python -m nn: new.csv, row 2 (line 3), column 'colour': 'green' is none of the "
                                       "texts known from training; it is one of 'blue', 'light \"sky\" blue', 'red'\n")
    (here / "new.csv").write_text("x\n1\n")
    assert run("predict", "runs/shop", "new.csv") == 2
    assert "new.csv lacks the columns 'size', 'colour'; it has 'x'" in capsys.readouterr().err


def test_rows_with_gaps_and_files_without_names(here, capsys):
    rows = [f"{i % 7},{'' if i % 10 == 0 else i},{'ab'[i % 2]}" for i in range(60)]
    (here / "gaps.csv").write_text("\n".join(["x,y,k", *rows]))
    assert run("gaps.csv", "--target", "k") == 2
    assert "Of 60 rows, 6 lack 'y': fill them in, leave such rows out (--skip-empty), or the columns (--drop y)" in (
        capsys.readouterr().err)
    assert run("gaps.csv", "--target", "k", "--skip-empty", "--epochs", 1) == 0
    assert "skipped  6 of 60 rows, in which a cell is empty" in capsys.readouterr().out
    (here / "bare.csv").write_text("\n".join(row for row in rows if ",," not in row))
    assert run("bare.csv", "--target", "column 3") == 2
    assert "say which it is with --no-header or --header" in capsys.readouterr().err
    assert run("bare.csv", "--no-header", "--target", "column 3", "--epochs", 1) == 0
    assert "classification of 'column 3': a, b" in capsys.readouterr().out
    assert "--no-header" in Predictor.load("runs/bare").notes["made by"]
    assert run("predict", "runs/bare", "bare.csv", "--no-header") == 0


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "halves.csv").write_bytes(halves_csv())
    words = ["--target", "half", "--drop", "id", "--epochs", 60, "--out", folder / "model"]
    assert run(folder / "halves.csv", *words) == 0
    return folder


@pytest.fixture
def trained(once, halves):
    shutil.copytree(once / "model", halves / "model")
    return halves


def test_predict_writes_the_rows_with_their_answers(trained, capsys):
    (trained / "new.csv").write_text('y "up",note,x\n1.0,"a, ""b""",0.0\n-0.5,é,1.0\n', encoding="utf-8")
    assert run("predict", "model", "new.csv", "--out", "answers.csv") == 0
    assert capsys.readouterr().out == "predicted 'half' for 2 rows: answers.csv\n"
    with (trained / "answers.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ['y "up"', "note", "x", "predicted half", "probability lower", "probability upper"]
    assert [row[:4] for row in rows] == [["1.0", 'a, "b"', "0.0", "upper"], ["-0.5", "é", "1.0", "lower"]]
    assert all(float(row[4]) + float(row[5]) == pytest.approx(1.0, abs=2e-6) for row in rows)  # six digits each


def test_predict_compares_where_the_answers_are_there(trained, capsys):
    assert run("predict", "model/model.safetensors", "halves.csv") == 0
    assert re.search(r"the file has the answers: accuracy \d+\.\d % \(\d+ of 60 right\)", capsys.readouterr().out)
    assert run("predict", "model", "halves-predictions.csv") == 2
    assert "already has a column 'predicted half'" in capsys.readouterr().err


@pytest.mark.parametrize(("model", "content", "message"), [
    ("model", "x,half\n1,upper\n", "new.csv has no column 'y \"up\"'; its columns are 'x', 'half'"),
    ("model", 'x,"y ""up"""\n1,?\n', "new.csv, row 1 (line 2), column 'y \"up\"': '?' is not a number"),
    ("model", "", "new.csv is empty"),
    ("none", "x\n1\n", "cannot read none: No such file or directory"),
    ("halves.csv", "x\n1\n", "halves.csv is not a safetensors file"),
    (".", "x\n1\n", "cannot read model.safetensors: No such file or directory"),
])
def test_predict_refuses_in_one_line(trained, capsys, model, content, message):
    (trained / "new.csv").write_text(content)
    before = everything(trained)
    assert run("predict", model, "new.csv") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m nn: {message}")
    assert everything(trained) == before


@pytest.mark.parametrize(("out", "message"), [
    ("halves.csv", "--out halves.csv would replace the data: choose another file"),
    ("none/answers.csv", "cannot write none/answers.csv: No such file or directory"),
    ("model", "cannot write model: Is a directory"),
    ("model/model.safetensors", "--out model/model.safetensors would replace the model: choose another file"),
    ("notes.txt", "notes.txt exists: choose another --out, or replace it with --force"),
])
def test_predictions_are_not_written_anywhere(trained, capsys, out, message):
    (trained / "notes.txt").write_text("mine")
    before = everything(trained)
    assert run("predict", "model", "halves.csv", "--out", out) == 2
    assert capsys.readouterr().err == f"python -m nn: {message}\n"
    assert everything(trained) == before


def test_earlier_predictions_are_replaced_only_by_force(trained, capsys):
    for name in ("halves-predictions.csv", "halves-predictions-2.csv"):
        assert run("predict", "model", "halves.csv") == 0
        assert f"rows: {name}\n" in capsys.readouterr().out
    before = (trained / "halves-predictions.csv").read_text()
    (trained / "halves-predictions-2.csv").write_text("old")
    assert run("predict", "model", "halves.csv", "--out", "halves-predictions-2.csv", "--force") == 0
    assert (trained / "halves-predictions-2.csv").read_text() == before
    assert run("predict", "model", "halves.csv", "--out", "halves.csv", "--force") == 2


def test_predict_gives_no_advice_that_it_cannot_take(trained, capsys):
    for cell in ("red", "NA"):
        (trained / "new.csv").write_text(f'x,"y ""up"""\n1,{cell}\n')
        assert run("predict", "model", "new.csv") == 2
        assert "--" not in capsys.readouterr().err


def test_three_rows_are_too_few(here, capsys):
    (here / "few.csv").write_text("x,kind\n1,a\n2,b\n3,a\n")
    assert run("few.csv", "--target", "kind") == 2
    assert "3 rows are too few to train, validate and test with: some class has" in capsys.readouterr().err


def test_lines_may_end_as_old_spreadsheets_end_them(here, capsys):
    (here / "old.csv").write_bytes(b"x,y\r" + b"\r".join(b"%d,%d" % (i, i % 2) for i in range(30)) + b"\r")
    assert run("old.csv", "--target", "y", "--epochs", 1) == 0
    assert "30 rows, 1 feature, classification of 'y': 0, 1" in capsys.readouterr().out


def test_a_taken_folder_is_refused_before_the_data_are_read(here, capsys):
    (here / "out").mkdir()
    (here / "out" / "mine").touch()
    assert run("none.csv", "--target", "y", "--out", "out") == 2
    assert "out exists and is not empty" in capsys.readouterr().err


def test_inspect_prints_the_model(trained, capsys):
    assert run("inspect", "model") == 0
    out = capsys.readouterr().out
    assert "layer0: Layer(2 -> 8, tanh)  24 parameters" in out
    assert "predicts 'half', one of lower, upper, from" in out
    assert re.search(r'y "up"  mean 0\.\d+, standard deviation', out)
    assert "made by  python -m nn train halves.csv" in out
    assert "layers.0" not in out
    assert run("inspect", "model", "--weights") == 0
    assert re.search(r"^layers\.1\.neurons\.1\.w\.7 = -?\d", capsys.readouterr().out, re.M)


# ----------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(("content", "words", "message"), [
    (b"x,kind\n1,a\n2,b\n", ["--target", "sort"], "data.csv has no column 'sort'; its columns are 'x', 'kind'"),
    (b"x,kind\n1,a\n2,b\n", [], "say which column of data.csv to predict, with --target COLUMN; its columns are"),
    (b"x,kind\n1,a\nzwei,b\n", ["--target", "kind"],
     "data.csv, row 2 (line 3), column 'x': 'zwei' is not a number; drop the column (--drop x) if it is no quantity"),
    (b"x,kind\n1,a\n,b\n", ["--target", "kind"], "data.csv, row 2 (line 3), column 'x': the cell is empty"),
    (b"", ["--target", "kind"], "data.csv is empty"),
    (b"x,kind\n", ["--target", "kind"], "data.csv has column names and no samples"),
    (b"x,kind\n1,a\n2,a\n", ["--target", "kind"], "data.csv, column 'kind': only one class, 'a'"),
    (b"x,y\n1,2.5\n2,2.5\n", ["--target", "y"], "data.csv, column 'y': every row has 2.5"),
    (b"x,kind\n1,caf\xe9\n", ["--target", "kind"], "data.csv is not UTF-8 text"),
    (b"x,kind\n1,a\n2,b\n", ["--target", "kind"], "2 rows are too few to train"),
    (None, ["--target", "kind"], "cannot read data.csv: No such file or directory"),
])
def test_a_bad_table_is_one_line_and_leaves_nothing(here, capsys, content, words, message):
    if content is not None:
        (here / "data.csv").write_bytes(content)
    before = everything(here)
    assert run("data.csv", *words) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith(f"python -m nn: {message}")
    assert captured.out == ""
    assert everything(here) == before


@pytest.mark.parametrize(("words", "message"), [
    (["--hidden", "8,x"], "argument --hidden: '8,x' is not a list of sizes like 16,16"),
    (["--epochs", "0"], "argument --epochs: '0' is not a whole number above 0"),
    (["--lr", "-1"], "argument --lr: '-1' is not a number above 0"),
    (["--dropout", "1"], "argument --dropout: '1' is not a share from 0 to below 1"),
    (["--lr", "nan"], "argument --lr: 'nan' is not a number above 0"),
    (["--activation", "swish"], "argument --activation: invalid choice: 'swish'"),
    (["--nonsense"], "unrecognized arguments: --nonsense"),
])
def test_a_bad_option_ends_with_code_2(here, capsys, words, message):
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert everything(here) == []


def test_iris_has_its_own_target(here, capsys):
    assert run("iris", "--target", "sepal_length") == 2
    assert "iris is included, with its target" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------------ output folders


def test_an_existing_folder_is_not_touched(here, capsys):
    (here / "mine").mkdir()
    (here / "mine/thesis.txt").write_text("years of work")
    assert run("iris", "--epochs", 1, "--out", "mine") == 2
    assert "mine exists and is not empty: choose another --out, or replace it with --force" in capsys.readouterr().err
    assert run("iris", "--epochs", 1, "--out", "mine", "--force") == 2
    assert "mine exists and is not from an earlier run (it has no model.safetensors)" in capsys.readouterr().err
    assert run("iris", "--epochs", 1, "--out", "mine/thesis.txt") == 2
    assert "mine/thesis.txt exists and is a file" in capsys.readouterr().err
    assert run("iris", "--epochs", 1, "--out", "mine/thesis.txt/run") == 2
    assert everything(here) == ["mine", "mine/thesis.txt"]


def test_force_replaces_an_earlier_run_at_the_end_only(here, monkeypatch):
    assert run("iris", "--epochs", 1, "--out", "a") == 0
    before = (here / "a/report.html").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("nn.cli.train.page", lambda *arguments: (_ for _ in ()).throw(OSError("disk full")))
        assert run("iris", "--epochs", 2, "--out", "a", "--force") == 2
    assert (here / "a/report.html").read_bytes() == before
    assert run("iris", "--epochs", 2, "--out", "a", "--force") == 0
    assert (here / "a/report.html").read_bytes() != before
    assert everything(here) == ["a", *(f"a/{name}" for name in FILES)]


def test_an_empty_folder_may_be_filled_and_is_readable_by_others(here):
    (here / "a").mkdir()
    assert run("iris", "--epochs", 1, "--out", "a") == 0
    mask = os.umask(0)
    os.umask(mask)
    assert (here / "a").stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_is_one_line_and_leaves_nothing(here):
    process = subprocess.Popen(
        [sys.executable, "-m", "nn", "digits", "--epochs", "1000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a shell's background jobs ignore it
    for line in process.stdout:
        if line.startswith("model"):
            break
    assert everything(here) != [], "the folder is being written"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err.split("\n")[-2] == "python -m nn: interrupted; nothing was written"
    assert process.returncode == 130
    assert everything(here) == []


@pytest.mark.parametrize(("words", "said"), [
    (["--help"], ["python -m nn data.csv --target species", "predict", "inspect", "--out"]),
    (["train", "--help"], ["--hidden", "--activation", "relu", "--optimizer", "adamw", "(default: 16)"]),
    (["predict", "--help"], ["with the predictions", "--out FILE"]),
    (["inspect", "--help"], ["--weights"]),
])
def test_help(capsys, words, said):
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(word in out for word in said)
    assert max(map(len, out.splitlines())) <= 110


def test_the_vendored_table_works_as_a_file_too(here, capsys):
    assert run(FOLDER / "iris.csv", "--target", "species", "--epochs", 2) == 0
    assert "classification of 'species'" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_ends_it_without_a_word(here):
    process = subprocess.Popen([sys.executable, "-m", "nn", "iris", "--epochs", "2", "--quiet"], cwd=here, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 141)
    process.stderr.close()
    assert everything(here) == []


def test_numbers_beyond_the_floats_are_one_line_and_leave_nothing(here, capsys):
    (here / "huge.csv").write_text("x,y\n" + "\n".join(f"1.{i % 7}e308,{i / 7}" for i in range(30)))
    assert run("huge.csv", "--target", "y") == 2
    assert "a number grew beyond what a float can hold: look for huge cells" in capsys.readouterr().err
    assert everything(here) == ["huge.csv"]
