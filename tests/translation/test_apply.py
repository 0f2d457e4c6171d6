import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial.models import Translator, UNetGenerator
from gan_tutorial.translation import translate, translate_picture


def translator(factor=1, channels=3, size=16):
    return Translator(UNetGenerator(channels, size, 4, 2, mask_input=False), factor)


class Negative(Translator):
    """A translator whose result is known."""

    def forward(self, x):
        x = -x
        return x.repeat_interleave(self.factor, 2).repeat_interleave(self.factor, 3)


def negative(factor=1, channels=3, size=16):
    return Negative(UNetGenerator(channels, size, 4, 2, mask_input=False), factor)


def picture(mode, size=(20, 30)):
    rng = np.random.default_rng(0)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize("side", [(16, 16), (17, 16), (13, 30), (3, 5), (1, 1)])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_pictures_of_any_size_come_back_that_many_times_as_large(side, factor):
    x = torch.rand(3, 3, *side) * 2 - 1
    g = translator(factor)
    made = translate(g, x, batch_size=2)
    assert made.shape == (3, 3, side[0] * factor, side[1] * factor)
    if side == (16, 16):
        torch.testing.assert_close(made, g(x).detach(), rtol=1e-4, atol=1e-5)
    flipped = negative(factor)
    expected = (-x).repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    assert torch.equal(translate(flipped, x), expected)


def test_training_mode_is_put_back():
    g = translator()
    g.train()
    translate(g, torch.zeros(1, 3, 16, 16))
    assert g.training


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_picture_keeps_its_proportions_and_its_transparency(mode):
    before = picture(mode)
    after = translate_picture(before, negative(), size=20)
    assert after.size == (20, 30)
    assert after.mode == ("RGBA" if "A" in mode else "RGB")
    colors = np.asarray(before.convert("RGB") if "A" not in mode else drop_alpha(before))
    assert np.array_equal(np.asarray(after)[..., :3], 255 - colors)
    if "A" in mode:
        assert after.getchannel("A").tobytes() == before.getchannel("A").tobytes()


def drop_alpha(image):
    """Colors as they stand in the file, whatever the transparency."""
    levels = np.asarray(image)[..., :-1]
    return Image.fromarray(np.repeat(levels, 3, 2) if levels.shape[2] == 1 else levels)


def test_the_shorter_side_is_the_one_trained_on_unless_told():
    assert translate_picture(picture("RGB"), negative()).size == (16, 24)
    assert translate_picture(picture("RGB", (64, 32)), negative()).size == (32, 16)
    assert translate_picture(picture("RGB"), negative(), size=40).size == (40, 60)
    assert translate_picture(picture("RGB"), negative(factor=2)).size == (40, 60)
    assert translate_picture(picture("RGB"), negative(factor=2), size=10).size == (20, 30)
    assert translate_picture(picture("RGB", (400, 1)), negative(), size=1).size == (400, 1)


def test_gray():
    after = translate_picture(picture("L"), negative(channels=1), size=20)
    assert after.mode == "L"
    assert np.array_equal(np.asarray(after), 255 - np.asarray(picture("L")))
    with pytest.raises(ValueError, match="this one has color"):
        translate_picture(picture("RGB"), negative(channels=1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: translate(translator(), torch.zeros(1, 1, 8, 8)), r"\(N, 3, H, W\)"),
        (lambda: translate(translator(), torch.zeros(3, 8, 8)), r"\(N, 3, H, W\)"),
        (lambda: translate(translator(), torch.zeros(1, 3, 8, 8), 0), "batch_size"),
        (lambda: translate_picture(picture("RGB"), negative(), 0), "size must be"),
        (lambda: translate_picture(picture("RGB").convert("CMYK"), negative()), "not CMYK"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
