"""Tests of gan_tutorial.animation."""

import base64
import io
import json
import re
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from gan_tutorial import plots

mpl.use("Agg")


def frames(n=7, height=20, width=30):
    return [np.full((height, width), k / n) for k in range(n)]


def sprite(page):
    data = re.search(r"base64,([^\"]+)\"", page.data).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_frames_are_packed_in_order():
    sheet = sprite(plots.animation(frames(), alt="gray"))
    assert sheet.shape == (3 * 20, 3 * 30, 3)
    for k in range(7):
        top, left = k // 3 * 20, k % 3 * 30
        assert (abs(sheet[top : top + 20, left : left + 30].astype(int) - k / 7 * 255) <= 3).all()


def test_without_scripts_the_last_frame_is_in_the_window():
    page = plots.animation(frames(), alt="gray").data
    x, y = re.search(r"transform:translate\(([-\d.]+)%,([-\d.]+)%\)", page).groups()
    assert (float(x), float(y)) == (0.0, pytest.approx(-200 / 3, abs=1e-3))  # 7th of 3 x 3
    assert 'role="group" aria-label="Animation controls" style="display:none' in page


def test_with_scripts_it_rests_on_the_last_frame_and_plays_from_the_first():
    page = plots.animation(frames(), ["one", *"23456", "seven"], alt="gray").data
    script = page.split("<script>")[1]
    calls = re.findall(r"^ *(show\(.*\));$", script, re.M)
    assert calls[-1] == "show(last)"  # the last thing that is done when the page loads
    assert "if (+slider.value === last) show(0);" in script
    assert re.search(r'"beforeprint".*show\(last\)', script)
    assert re.search(r'"afterprint".*show\(shown\)', script)
    assert re.search(r"<div data-caption[^>]*>seven</div>", page)


def test_several_players_on_a_page_have_different_names():
    pages = [plots.animation(frames(), alt="gray").data for _ in range(2)]
    names = {re.search(r'data-player="([^"]+)"', page).group(1) for page in pages}
    assert len(names) == 2


def test_text_is_escaped_and_nothing_is_fetched():
    page = plots.animation(
        frames(2), ['<b>"1"</b>', "</script><b>2"], alt='a "ring" of <dots>'
    ).data
    assert 'alt="a &quot;ring&quot; of &lt;dots&gt;"' in page
    assert page.count("</script>") == 1
    captions = json.loads(re.search(r"captions = (\[.*?\]), last", page).group(1))
    assert captions == ['<b>"1"</b>', "</script><b>2"]
    assert "http" not in page
    assert not re.search(r"@[A-Z]+@", page)


def test_figures_make_frames_and_are_closed():
    import matplotlib.pyplot as plt

    figures = []
    for k in range(12):
        figure, ax = plt.subplots(figsize=(2, 2), dpi=100)
        ax.plot([0, k], color=plots.FAKE)
        figures.append(figure)
    page = plots.animation(figures, alt="a line that rises")
    assert not plt.get_fignums()
    sheet = sprite(page)
    assert sheet.shape == (600, 800, 3)
    assert (sheet[0, 0] == 255).all()  # white paper stays white in the common palette
    assert len(page.data) < 60_000


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ([], {"alt": "x"}, "no frame"),
        (frames(2), {"alt": " "}, "alt is empty"),
        (frames(2), {"alt": "x", "captions": ["1"]}, "1 captions for 2 frames"),
        ([np.zeros((2, 2)), np.zeros((3, 2))], {"alt": "x"}, "one size"),
        ([np.full((2, 2), 2.0)], {"alt": "x"}, r"\[0, 1\]"),
        ([np.zeros((2, 2, 4))], {"alt": "x"}, "shape"),
    ],
)
def test_bad_animations_are_refused(given, options, words):
    with pytest.raises(ValueError, match=words):
        plots.animation(given, **options)


def test_recorder_keeps_the_steps_it_was_asked_for():
    recorder = plots.Recorder(lambda state: np.zeros((4, 4)), steps=[1, 4])
    for step in range(1, 6):
        recorder(SimpleNamespace(step=step))
    assert recorder.captions == ["step 1", "step 4"]
    assert "step 4" in recorder.animation(alt="black").data
