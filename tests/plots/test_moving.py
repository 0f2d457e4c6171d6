"""Tests of pictures that move, and of transparent ones."""

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial import plots


def frames(count=4, height=6, width=10):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


@pytest.mark.parametrize("name", ["a.gif", "b.webp", "c.png", "d.APNG"])
def test_every_frame_is_there_in_order_and_for_its_time(tmp_path, name):
    given = [np.full((8, 8, 3), level, np.uint8) for level in (0, 80, 160, 240)]
    path = plots.save_animation(given, tmp_path / name, interval_ms=120, last_ms=600)
    with Image.open(path) as written:
        assert written.n_frames == 4
        assert written.info["loop"] == 0
        for k, frame in enumerate(given):
            written.seek(k)
            shown = np.asarray(written.convert("RGB")).astype(int)
            assert np.abs(shown - frame).max() <= 4  # WebP and palettes round
            assert written.info["duration"] == (600 if k == 3 else 120)


def test_an_animated_png_keeps_every_color(tmp_path):
    given = frames()
    with Image.open(plots.save_animation(given, tmp_path / "a.png")) as written:
        for k, frame in enumerate(given):
            written.seek(k)
            assert np.array_equal(np.asarray(written.convert("RGB")), frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "a.mp4"}, r"let it end in one of \.gif"),
        ({"path": "a"}, "does not say which kind"),
        ({"frames": frames(1)}, "two frames at least, got 1"),
        ({"frames": frames(2) + frames(1, 7)}, "must have one size"),
        ({"interval_ms": 0}, "interval_ms must be a whole number of at least 20"),
        ({"last_ms": 1}, "last_ms must be a whole number of at least 20"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, change, message):
    options = {"frames": frames(), "path": "a.gif", **change}
    with pytest.raises(ValueError, match=message):
        plots.save_animation(**options | {"path": tmp_path / options["path"]})
    assert not list(tmp_path.iterdir())


def transparent():
    """Red wholly opaque, red half so, and nothing."""
    images = torch.full((3, 4, 2, 2), -1.0)
    images[:, 0] = 1
    images[0, 3], images[1, 3], images[2, 3] = 1.0, 0.0, -1.0
    return images


def test_transparent_images_lie_on_white_in_a_tile():
    shown = plots.tile(transparent(), columns=3, gap=0)[0, ::2]
    assert shown.tolist() == [[255, 0, 0], [255, 128, 128], [255, 255, 255]]


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tiff"])
def test_formats_that_keep_opacity_do(tmp_path, name):
    path = plots.save_image_grid(transparent(), tmp_path / name, columns=3, scale=1)
    written = np.asarray(Image.open(path))
    assert written.shape == (2, 10, 4)
    assert written[0, [0, 4, 8], 3].tolist() == [255, 128, 0]
    assert written[0, [0, 4], 0].tolist() == [255, 255]
    assert (written[:, 2:4, 3] == 0).all()  # the gap


@pytest.mark.parametrize("name", ["a.jpg", "a.bmp", "a.gif"])
def test_other_formats_show_them_on_white(tmp_path, name):
    path = plots.save_image_grid(transparent()[2:], tmp_path / name, scale=8)
    assert (np.asarray(Image.open(path).convert("RGB")) >= 250).all()
