"""The mutation proof holds, and can fail."""

import pytest

from autograd import Value
from autograd.primitive import TABLE
from tests import mutate
from tests.mutants import mutants, rules


def test_every_row_has_a_rule_to_corrupt_and_many_ways_to():
    own = {name for name, op in TABLE.items() if op.partials.__module__ == "autograd.primitives"}
    assert set(rules()) == own
    assert all(len([*mutants(TABLE[name], rule)]) >= 4 for name, rule in rules().items())


def test_every_mutant_is_caught_or_explained(capsys):
    assert mutate.main([]) == 0
    told = capsys.readouterr().out
    assert "= 100.0 %" in told
    assert "caught by gradcheck: " in told
    assert "unnamed" not in told  # each FAIL named the operation


def test_a_blind_suite_scores_nothing(monkeypatch, capsys):
    monkeypatch.setattr(mutate, "caught_by", lambda op: "")
    assert mutate.main(["tanh"]) == 1
    told = capsys.readouterr().out
    assert "MISSED: tanh, sign of partial 0\n    lambda x, z: (-(1.0 - z * z),)" in told
    assert "score: 0 / " in told


def test_an_equivalent_mutant_without_a_reason_is_missed(monkeypatch, capsys):
    monkeypatch.delitem(mutate.EQUIVALENT, ("relu", "x and z exchanged"))
    assert mutate.main(["relu"]) == 1
    assert "MISSED: relu, x and z exchanged" in capsys.readouterr().out


def test_an_unknown_row(capsys):
    assert mutate.main(["tahn"]) == 2
    assert "no rule to corrupt is called tahn" in capsys.readouterr().out


def test_rows_are_whole_again_afterwards():
    before = {name: op.partials for name, op in TABLE.items()}
    mutate.main(["mul", "pow"])
    assert {name: op.partials for name, op in TABLE.items()} == before


@pytest.mark.parametrize("name", ["sum", "dot", "mean"])
@pytest.mark.parametrize("count", [2, 4])
def test_a_rule_that_forgets_an_operand_is_refused(name, count, monkeypatch):
    """The chain rule pairs operands with partials: one that is missing would be a gradient that is silently zero."""
    right = TABLE[name].partials
    monkeypatch.setattr(TABLE[name], "partials", lambda *a: right(*a)[:-1])
    with pytest.raises(ValueError, match=f"the rule of {name} gave {count - 1} derivatives for {count} operands"):
        TABLE[name].apply(tuple(map(Value, range(count))))
