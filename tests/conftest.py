"""For everybody: one Hypothesis profile, the same examples in every run and no deadline on a busy machine; fixtures.

`pytest --hypothesis-profile=explore` looks for new counter-examples instead.
"""

import pytest
from hypothesis import settings

import autograd
from autograd.primitive import TABLE
from autograd.replay import systems

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("ci")


@pytest.fixture
def register():
    """`autograd.register` for the length of one test."""
    names = []

    def add(name, *args, **columns):
        names.append(name)
        return autograd.register(name, *args, **columns)

    yield add
    for name in set(names) & set(TABLE):
        autograd.unregister(name)


@pytest.fixture
def without_mpmath(monkeypatch):
    systems.high_precision.cache_clear()
    monkeypatch.setattr(systems.importlib.util, "find_spec", lambda name: None)
    yield
    systems.high_precision.cache_clear()
