"""For everybody: one Hypothesis profile, the same examples in every run and no deadline on a busy machine; `register`.

`pytest --hypothesis-profile=explore` looks for new counter-examples instead.
"""

import pytest
from hypothesis import settings

import autograd
from autograd.primitives import TABLE

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
