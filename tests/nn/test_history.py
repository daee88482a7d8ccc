"""History: rows in, columns out."""

import json
import math
import re

import pytest

from nn.history import History


def run():
    history = History()
    history.append(epoch=1, loss=0.5, lr=0.1)
    history.append(epoch=2, loss=math.nan, lr=0.05)
    history.record(accuracy=0.75, norms={"layer1": 2.0})
    return history


def test_columns():
    history = run()
    assert history["lr"] == [0.1, 0.05]
    assert history["accuracy"] == [None, 0.75]
    assert history.validation_loss == []
    assert "norms" in history
    assert "loss2" not in history
    with pytest.raises(KeyError, match="'loss2' was not recorded; there are epoch, loss, lr, accuracy, norms"):
        history["loss2"]


def test_an_empty_history():
    assert History().loss == []
    assert repr(History()) == "History(empty)"
    with pytest.raises(ValueError, match="no epoch has ended yet"):
        History().record(accuracy=1.0)


def test_it_prints_as_a_table_of_its_numbers():
    history = run()
    history.stopped = "enough"
    assert str(history).splitlines() == [
        "epoch  loss    lr  accuracy",
        "    1   0.5   0.1         -",
        "    2   nan  0.05      0.75",
        "stopped: enough",
    ]


def test_it_survives_json():
    history, copy = run(), History()
    history.rows[-1]["loss"] = 0.1 + 0.2
    history.best_epoch = 1
    copy.load_state_dict(json.loads(json.dumps(history.state_dict())))
    assert copy == history
    assert copy.loss[-1] == 0.30000000000000004
    assert copy != History()


def test_a_notebook_shows_the_curves_and_a_short_table():
    history = run()
    history.rows[-1] |= {"loss": None, "validation_loss": 0.5, "<i>": 1.0}  # diverged, and validated from here on
    history.stopped = "<enough>"
    bundle = history._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert bundle["text/plain"] == repr(history)
    assert '<img src="data:image/svg+xml,' in bundle["text/html"]
    assert ">0.05</td>" in bundle["text/html"]
    assert "&lt;enough&gt;" in bundle["text/html"]
    assert "<i>" not in bundle["text/html"]
    assert bundle["image/svg+xml"].startswith("<svg")
    assert History()._repr_mimebundle_() == {"text/plain": "History(empty)"}


def test_the_curves_are_drawn_where_css_variables_are_unknown():
    """Inkscape, with which nbconvert makes a PDF, and librsvg: a colour stands before each variable."""
    drawn = run()._repr_mimebundle_()["image/svg+xml"]
    variables = re.findall(r"([\w-]+):var\(", drawn)
    assert variables and variables == re.findall(r"([\w-]+):#\w+;\1:var\(", drawn)


def test_what_a_notebook_shows_of_a_long_run_is_small_and_keeps_its_spikes():
    history = History()
    for epoch in range(1, 50_001):
        history.append(epoch=epoch, loss=9.0 if epoch == 31_415 else 1.0)
    bundle = history._repr_mimebundle_()
    assert ">49,984 more</td>" in bundle["text/html"]
    assert bundle["text/html"].count("<tr>") == 1 + 17
    assert len(bundle["text/html"]) < 40_000
    curve = re.search(r'class="curve"[^>]* d="M([^"]*)"', bundle["image/svg+xml"])[1]
    assert len({step.split()[1] for step in curve.split("L")}) == 2
