import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial.plots.explorer import class_explorer

# the gray level says class, row and column
LEVELS = torch.arange(2 * 3 * 3).view(2, 3, 3, 1, 1, 1) / 17 * 2 - 1
IMAGES = LEVELS.expand(2, 3, 3, 1, 4, 4)


def test_the_page_holds_all_pictures_in_order_and_fetches_nothing():
    page = class_explorer(IMAGES, ["<b>cat</b>", "dog"], alt='Two "classes"').data
    assert not re.search(r"https?://", page)
    assert not re.search(r"@[A-Z]+@", page)
    assert "Two &quot;classes&quot;" in page
    assert "<option>&lt;b&gt;cat&lt;/b&gt;</option><option>dog</option>" in page
    content = re.search(r"base64,([^)]*)\)", page).group(1)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L"), float)
    assert sheet.shape == (2 * 3 * 4, 3 * 4)  # a band of three rows for each class
    corners = sheet[::4, ::4].reshape(2, 3, 3)
    assert np.abs(corners - (LEVELS.view(2, 3, 3).numpy() + 1) * 127.5).max() <= 1


def test_every_control_has_a_label_and_two_figures_do_not_share_one():
    pages = [class_explorer(IMAGES, ["a", "b"], alt="x").data for _ in range(2)]
    assert len(re.findall("<label", pages[0])) == len(re.findall("<input|<select", pages[0])) == 3
    ids = [re.search(r'id="([^"]+)"', page).group(1) for page in pages]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("images", "classes", "alt", "what"),
    [
        (IMAGES, ["a"], "x", "1 classes"),
        (IMAGES[:, :2], ["a", "b"], "x", "square of codes"),
        (IMAGES[:, :1, :1], ["a", "b"], "x", "2 or more"),
        (IMAGES[0], ["a", "b"], "x", "square of codes"),
        (IMAGES, ["a", "b"], " ", "alt"),
    ],
)
def test_bad_input_is_refused(images, classes, alt, what):
    with pytest.raises(ValueError, match=what):
        class_explorer(images, classes, alt=alt)


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(ValueError, match="size must be a whole number of at least 1"):
        class_explorer(IMAGES, ["a", "b"], alt="x", size=size)
