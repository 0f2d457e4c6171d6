import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial.models import UNetGenerator
from gan_tutorial.plots.curtain import curtain, hole_by_hole, live_repair

LAYERS = {"damaged": torch.rand(3, 3, 8, 8) * 2 - 1, "<b>fixed</b>": torch.zeros(3, 3, 8, 8)}


def test_the_page_holds_all_pictures_and_fetches_nothing():
    page = curtain(LAYERS, alt='Three "pictures"').data
    assert not re.search(r"https?://", page)
    assert not re.search(r"@[A-Z]+@", page)
    assert "Three &quot;pictures&quot;" in page
    assert "<option>&lt;b&gt;fixed&lt;/b&gt;</option>" in page
    content = re.search(r"base64,([^)]*)\)", page).group(1)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert sheet.shape == (16, 24, 3)  # a row for each version
    assert (sheet[8:] == 128).all()
    expected = ((LAYERS["damaged"][1] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    assert np.array_equal(sheet[:8, 8:16], expected)


def test_every_control_has_a_label_and_two_curtains_do_not_share_one():
    pages = [curtain(LAYERS, alt="x").data for _ in range(2)]
    assert len(re.findall("<label", pages[0])) == len(re.findall("<input|<select", pages[0])) == 4
    ids = [re.search(r'id="([^"]+)"', page).group(1) for page in pages]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("layers", "alt", "what"),
    [
        ({"a": LAYERS["damaged"]}, "x", "two versions"),
        (LAYERS, " ", "alt"),
        (LAYERS, None, "alt"),
        ({"a": torch.zeros(2, 1, 8, 8), "b": torch.zeros(3, 1, 8, 8)}, "x", "one shape"),
    ],
)
def test_bad_input_is_refused(layers, alt, what):
    with pytest.raises(ValueError, match=what):
        curtain(layers, alt=alt)


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf"), 2.5, None])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(ValueError, match="size must be a whole number of at least 1"):
        curtain(LAYERS, alt="x", size=size)


def test_the_live_hole_follows_its_sliders():
    generator = UNetGenerator(size=8, width=4, depth=1)
    images = LAYERS["damaged"]
    damaged, fixed, whole = hole_by_hole(generator, images[1], left=2, top=3, side=4)
    assert torch.equal(whole, images[1])
    assert (damaged[:, 3:7, 2:6] == 1).all()
    assert torch.equal(damaged[:, :3], whole[:, :3])
    assert torch.equal(fixed[:, :, 6:], whole[:, :, 6:])
    assert not torch.equal(fixed[:, 3:7, 2:6], whole[:, 3:7, 2:6])
    box = live_repair(generator, images)
    assert len(box.children) == 6
