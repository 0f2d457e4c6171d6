import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from gan_tutorial import plots, widgets
from gan_tutorial.plots import html

TEMPLATE = '<p id="@ID@" title="@ALT@">@WORDS@</p>'

IDS = """
import torch
from gan_tutorial import animations, curtain, widgets
layers = {"a": torch.zeros(2, 1, 4, 4), "b": torch.full((2, 1, 4, 4), %s)}
for page in (
    curtain.curtain(layers, alt="x"),
    curtain.curtain(layers, alt="x"),
    animations.animation(layers["b"][:, 0].numpy().clip(0, 1), alt="x"),
    widgets.descent_explorer(%s),
):
    print(page.data.split('id="' if ' id="' in page.data[:90] else 'player="')[1].split('"')[0])
"""


def ids(*values: float) -> list[str]:
    """What a fresh program calls its figures."""
    run = subprocess.run(
        [sys.executable, "-c", IDS % values], capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_ids_differ_between_programs_and_figures_and_come_again():
    """Two notebooks on one page must not share an id, and a second build must change nothing."""
    first, again, other = ids(0.5, 1.0), ids(0.5, 1.0), ids(0.25, 2.0)
    assert first == again
    assert len({*first, *other}) == 8
    assert [name.rsplit("-", 1)[0] for name in first[2:]] == ["player", "descent-explorer"]


def test_the_same_figure_shown_again_has_an_id_of_its_own():
    pages = [html.figure("note", TEMPLATE, alt="x", words="the same").data for _ in range(3)]
    names = [re.search('id="([^"]+)"', page)[1] for page in pages]
    assert names == [names[0], f"{names[0]}-2", f"{names[0]}-3"]


def test_fields_are_filled_once_and_what_is_put_in_is_left_alone():
    """A caption may speak of @PNG@ without a picture appearing in it."""
    page = html.figure("note", TEMPLATE, alt=html.text('"@WORDS@" & <b>'), words="@ALT@ @ID@").data
    assert 'title="&quot;@WORDS@&quot; &amp; &lt;b&gt;"' in page
    assert ">@ALT@ @ID@</p>" in page
    animated = plots.animation(np.zeros((2, 4, 4)), ["@PNG@", "@ID@"], alt="@WIDTH@").data
    assert animated.count("base64,") == 1
    assert ">@ID@</div>" in animated


def test_a_field_that_is_missing_is_an_error():
    with pytest.raises(KeyError, match="WORDS"):
        html.figure("note", TEMPLATE, alt="x")


@pytest.mark.parametrize("value", ["</script>", "<!-- <script>", 'a "quote" \\ and é'])
def test_nothing_in_a_script_ends_it(value):
    written = html.script([value])
    assert "<" not in written
    assert json.loads(written) == [value]


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1.5])
def test_sizes_and_counts_out_of_range_are_refused(value):
    frames, images, z = np.zeros((2, 4, 4)), torch.zeros(2, 1, 4, 4), torch.ones(2)
    for refused in (
        lambda: plots.animation(frames, alt="x", width=value),
        lambda: plots.animation(frames, alt="x", interval_ms=value),
        lambda: plots.animation(frames, alt="x", colors=value),
        lambda: plots.Recorder(lambda state: frames[0], every=value),
        lambda: plots.Recorder(lambda state: frames[0], steps=[1, value]),
        lambda: plots.tile(images, columns=value),
        lambda: plots.tile(images, scale=value),
        lambda: plots.tile(images, gap=-1 if value == 0 else value),
        lambda: plots.interpolate(z, z, steps=value),
    ):
        with pytest.raises(ValueError, match="must be a whole number"):
            refused()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_places_that_are_no_numbers_are_refused(value):
    points = torch.zeros(3, 2)
    for refused in (
        lambda: plots.samples_2d(points, extent=value),
        lambda: plots.samples_2d(points, center=value),
        lambda: widgets.descent_explorer(value),
        lambda: widgets.draw_descent(value, 1.0),
        lambda: widgets.draw_descent(0.0, value),
    ):
        with pytest.raises(ValueError, match=r"finite number|between 0 and 5"):
            refused()
