"""One Hypothesis profile for everybody: the same examples in every run, and no deadline on a busy machine.

`pytest --hypothesis-profile=explore` looks for new counter-examples instead.
"""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("ci")
