"""History: rows in, columns out."""

import json
import math

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
