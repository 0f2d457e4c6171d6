"""What the tests of pictures share."""

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Close what a test has drawn, so that the next one can count its own figures."""
    yield
    plt.close("all")
