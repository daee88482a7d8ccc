"""The browser, and the sheet of micrograd's README, once for each file of tests."""

import pytest

from autograd.viz import step_through
from tests.viz.chromium import chromium
from tests.viz.expressions import readme_of_micrograd


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    _, _, g = readme_of_micrograd()
    stepper = step_through(g)
    return stepper, stepper.save_html(tmp_path_factory.mktemp("readme") / "readme.html")
