import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_tutorial import masks
from gan_tutorial.models import UNetGenerator
from gan_tutorial.repair.pictures import _regions, box_mask, read_mask, read_original, retouch

MODES = ("L", "LA", "RGB", "RGBA")


def noise(mode: str, size: tuple[int, int], seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0], len(mode)) if len(mode) > 1 else (size[1], size[0])
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def generator(channels: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return UNetGenerator(channels, 16, width=4, depth=2, noise_dim=2)


class Painter(nn.Module):
    """Draws one value everywhere, and keeps what it is shown."""

    noise_dim, shape = 0, (3, 16, 16)

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(1.0))
        self.shown = []

    def forward(self, known, masks, z=None):
        self.shown.append((known, masks))
        return self.value.expand_as(known)


@pytest.mark.parametrize("seed", range(20))
def test_known_pixels_mode_size_and_transparency_never_change(seed):
    """Random pictures of random sizes and modes, random masks of all kinds."""
    rng = np.random.default_rng(seed)
    size = tuple(int(side) for side in rng.integers(4, 90, 2))
    mode = MODES[seed % 4]
    kind = sorted(masks.MASKS)[seed % len(masks.MASKS)]
    picture = noise(mode, size, seed)
    missing = masks.make(kind, 1, (size[1], size[0]), seed=seed)[0, 0].numpy() == 0
    before = np.array(picture)
    fixed = retouch(picture, missing, generator(), seed=seed)
    after = np.array(fixed)
    assert (fixed.mode, fixed.size) == (mode, size)
    assert np.array_equal(after[~missing], before[~missing])
    assert np.array_equal(np.array(picture), before)  # the picture given is not changed
    if "A" in mode:
        assert np.array_equal(after[..., -1], before[..., -1])
    assert (after[missing] != before[missing]).any() or missing.sum() < 20


def test_at_the_generators_own_size_the_result_is_the_networks(monkeypatch):
    from gan_tutorial.repair import complete

    picture = noise("RGB", (16, 16))
    missing = box_mask((3, 4, 9, 9), (16, 16))
    g = generator()
    x = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
    mask = torch.from_numpy(~missing)[None, None].float()
    expected = complete(g, x, mask, seed=0)[0].add(1).mul(127.5).round().byte()
    found = torch.from_numpy(np.array(retouch(picture, missing, g))).permute(2, 0, 1)
    assert (found.int() - expected.int()).abs().max() <= 1


def test_what_stands_in_the_hole_is_not_looked_at():
    missing = box_mask((30, 20, 25, 31), (80, 70))
    blank, noisy = noise("RGB", (80, 70)), noise("RGB", (80, 70))
    levels = np.array(noisy)
    levels[missing] = 255 - levels[missing]
    g = generator()
    first = retouch(blank, missing, g)
    second = retouch(Image.fromarray(levels), missing, g)
    assert np.array_equal(np.array(first), np.array(second))


def test_the_region_around_a_hole_is_shown_at_the_generators_size():
    painter = Painter()
    levels = np.zeros((100, 120, 3), np.uint8)
    levels[20:60, 30:70] = 200  # all that the region of 32 around a hole of 18 sees
    fixed = retouch(Image.fromarray(levels), box_mask((41, 31, 18, 18), (120, 100)), painter)
    ((known, mask),) = painter.shown
    assert known.shape == (1, 3, 16, 16)
    assert mask.shape == (1, 1, 16, 16)
    inside = known[(mask == 1).expand_as(known)]
    assert torch.allclose(inside, torch.tensor(200 / 127.5 - 1), atol=1e-4)
    assert np.array(fixed)[40, 50].tolist() == [255] * 3
    # where the hole is, and how large
    assert 9 <= (mask[0, 0] == 0).sum().sqrt() <= 11
    assert mask[0, 0, 8, 8] == 0


def test_several_holes_are_each_repaired_in_a_region_of_their_own():
    painter = Painter()
    missing = box_mask((5, 5, 10, 10), (200, 100)) | box_mask((150, 60, 20, 12), (200, 100))
    fixed = np.array(retouch(noise("RGB", (200, 100)), missing, painter))
    assert len(painter.shown) == 2
    assert (fixed[missing] == 255).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["boxes", "strokes", "scratches", "dropout"])
def test_each_missing_pixel_lies_in_exactly_one_region(kind, seed):
    missing = masks.make(kind, 1, (70, 110), seed=seed)[0, 0].numpy() == 0
    count = np.zeros(missing.shape, int)
    for part, here in _regions(missing, 16):
        assert here.shape == missing[part].shape
        assert not missing[part].all()  # there is something to go by
        count[part] += here
    assert np.array_equal(count, missing.astype(int))


def test_a_long_scratch_is_repaired_in_pieces_from_what_lies_beside_it():
    painter = Painter()
    missing = box_mask((0, 40, 200, 4), (200, 100))
    fixed = np.array(retouch(noise("RGB", (200, 100)), missing, painter))
    assert (fixed[missing] == 255).all()
    assert len(painter.shown) > 10
    # a thick hole is one piece
    assert len(list(_regions(box_mask((50, 30, 40, 40), (200, 100)), 16))) == 1


def test_a_gray_picture_is_repaired_by_a_generator_of_color_and_not_the_other_way_round():
    missing = box_mask((2, 2, 5, 5), (20, 20))
    assert retouch(noise("L", (20, 20)), missing, generator(3)).mode == "L"
    with pytest.raises(ValueError, match="gray"):
        retouch(noise("RGB", (20, 20)), missing, generator(1))


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        (np.zeros((20, 20), bool), "empty"),
        (np.ones((20, 20), bool), "covers everything"),
        (np.ones((20, 21), bool), "21x20 and the picture 20x20"),
    ],
)
def test_masks_that_make_no_sense_are_refused(missing, what):
    with pytest.raises(ValueError, match=what):
        retouch(noise("RGB", (20, 20)), missing, generator())


@pytest.mark.parametrize(
    ("box", "what"),
    [
        ((0, 0, 0, 5), "empty"),
        ((0, 0, 5, -5), "empty"),
        ((15, 0, 6, 5), "does not lie"),
        ((-1, 0, 6, 5), "does not lie"),
        ((float("nan"), 0, 6, 5), "box's left must be a whole number"),
        ((0, float("inf"), 6, 5), "box's top must be a whole number"),
        ((0, 0, 2.5, 5), "box's width must be a whole number"),
        ((0, 0, 5, None), "box's height must be a whole number"),
    ],
)
def test_boxes_that_make_no_sense_are_refused(box, what):
    with pytest.raises(ValueError, match=what):
        box_mask(box, (20, 20))


def test_a_mask_is_white_where_pixels_are_missing(tmp_path):
    levels = np.zeros((6, 8), np.uint8)
    levels[2:4, 3:5] = 255
    for name, mask in {
        "gray": Image.fromarray(levels),
        "color": Image.fromarray(levels).convert("RGB"),
        "bits": Image.fromarray(levels).convert("1"),
        "palette": Image.fromarray(levels).convert("P"),
    }.items():
        mask.save(tmp_path / f"{name}.png")
        assert np.array_equal(read_mask(tmp_path / f"{name}.png", (8, 6)), levels > 0)
    clear = Image.new("RGBA", (8, 6), (255, 255, 255, 0))
    clear.save(tmp_path / "clear.png")
    assert not read_mask(tmp_path / "clear.png", (8, 6)).any()
    with pytest.raises(ValueError, match="8x6 and the picture 9x6"):
        read_mask(tmp_path / "gray.png", (9, 6))


def test_pictures_of_every_mode_can_be_read_or_are_refused(tmp_path):
    picture = noise("RGB", (9, 7))
    for mode, expected in {"L": "L", "P": "RGB", "1": "L", "RGBA": "RGBA", "LA": "LA"}.items():
        picture.convert(mode).save(tmp_path / "x.png")
        assert read_original(tmp_path / "x.png").mode == expected
    picture.convert("CMYK").save(tmp_path / "x.tif")
    with pytest.raises(ValueError, match="is CMYK, and to make RGB of it would change every"):
        read_original(tmp_path / "x.tif")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ValueError, match="8 bits"):
        read_original(tmp_path / "deep.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(ValueError, match="not a picture"):
        read_original(tmp_path / "text.png")
    picture.save(tmp_path / "cut.png")
    content = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="cannot be read"):
        read_original(tmp_path / "cut.png")
    with pytest.raises(ValueError, match="no picture"):
        read_original(tmp_path / "nowhere.png")


@pytest.mark.parametrize("seed", [-1, float("nan"), 0.5, 2**63])
def test_a_seed_out_of_range_is_refused(seed):
    picture, missing = Image.new("RGB", (20, 20)), box_mask((2, 2, 5, 5), (20, 20))
    with pytest.raises(ValueError, match="seed must be a whole number"):
        retouch(picture, missing, Painter(), seed)
