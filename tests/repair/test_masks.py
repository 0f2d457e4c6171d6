import math

import numpy as np
import pytest
import torch
from scipy.ndimage import label

from gan_tutorial import masks
from gan_tutorial.repair import mask_strokes

KINDS = sorted(masks.MASKS)
SIZES = (4, 8, 32, (20, 48))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_masks_are_ones_and_zeros_with_something_known_and_something_missing(kind, size):
    made = masks.make(kind, 50, size, seed=1)
    height, width = (size, size) if isinstance(size, int) else size
    assert made.shape == (50, 1, height, width)
    assert made.dtype == torch.float32
    assert masks.check_masks(made, torch.zeros(50, 3, height, width)) is made
    assert set(made.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_and_count_does_not(kind):
    torch.manual_seed(3)
    nine = masks.make(kind, 9, 32, seed=5)
    torch.manual_seed(4)  # the global random numbers are not used
    assert torch.equal(masks.make(kind, 9, 32, seed=5), nine)
    assert torch.equal(masks.make(kind, 4, 32, seed=5), nine[:4])
    if kind not in ("center", "outpainting"):
        assert not torch.equal(masks.make(kind, 9, 32, seed=6), nine)
        assert len(nine.flatten(1).unique(dim=0)) > 1


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("center", 324 / 1024, 324 / 1024),  # 18x18 of 32x32
        ("outpainting", 0.75, 0.75),
        ("half", 0.5, 0.5),
        ("dropout", 0.5, 0.5),
        ("boxes", 0.03, 0.6),
        ("strokes", 0.25, 0.45),
        ("scratches", 0.02, 0.2),
    ],
)
def test_shares_of_missing_pixels(kind, low, high):
    missing = 1 - masks.make(kind, 100, 32, seed=2).flatten(1).mean(1)
    assert missing.min() >= low
    assert missing.max() <= high


def test_options_set_the_shares():
    def missing(*arguments, **options):
        return 1 - masks.make(*arguments, **options).flatten(1).mean(1)

    assert missing("dropout", 5, 20, share=0.3).tolist() == pytest.approx([0.3] * 5)
    assert missing("center", 5, 20, side=0.3).tolist() == pytest.approx([36 / 400] * 5)
    assert missing("outpainting", 5, 20, side=0.3).tolist() == pytest.approx([364 / 400] * 5)
    strokes = missing("strokes", 20, 32, share=0.6)
    assert strokes.min() >= 0.6
    assert strokes.max() < 0.8
    few, many = (float(missing("scratches", 20, 64, lines=n).mean()) for n in (1, 4))
    assert many == pytest.approx(4 * few, rel=0.2)
    box = missing("boxes", 20, 32, number=(1, 1), side=(0.25, 0.25))
    assert box.tolist() == pytest.approx([1 / 16] * 20)


def test_the_center_is_in_the_middle_and_outpainting_is_the_rest():
    hole = 1 - masks.center(1, 32, side=0.5)[0, 0]
    assert torch.equal(hole, hole.flip(0))
    assert torch.equal(hole, hole.flip(1))
    assert torch.equal(hole, hole.T)
    assert torch.equal(masks.outpainting(1, 32, side=0.5)[0, 0], hole)


def test_every_half_comes_and_can_be_chosen():
    drawn = masks.half(40, (6, 8), seed=0)
    wanted = torch.cat([masks.half(1, (6, 8), missing=m) for m in ("left", "right")])
    assert len(drawn.unique(dim=0)) == 4
    left, right = wanted[:, 0]
    assert (left[:, :4] == 0).all()
    assert torch.equal(left, 1 - right)
    assert torch.equal(
        masks.half(1, (6, 8), missing="bottom")[0, 0, :, 0], torch.tensor([1.0, 1, 1, 0, 0, 0])
    )


def test_boxes_reach_every_pixel():
    missing = 1 - masks.boxes(400, 16, seed=0).mean(0)[0]
    assert missing.min() > 0
    assert missing[6:10, 6:10].mean() > missing[0, 0]


def test_boxes_that_would_cover_everything_leave_something_known():
    many = masks.boxes(20, 4, seed=0, number=(60, 60), side=(0.5, 0.8))
    assert (many.flatten(1).sum(1) >= 1).all()


def test_dropped_pixels_are_independent_of_place():
    missing = 1 - masks.dropout(2000, 8, seed=0, share=0.25).mean(0)
    # 2,000 draws of a share of 1/4 have a standard deviation of .0097
    assert (missing - 0.25).abs().max() < 5 * 0.0097


def test_a_pen_covers_what_is_within_its_radius():
    # independent: the distance to a segment, sampled finely along it
    for start, end, radius in (
        ((2.0, 3.0), (9.0, 12.0), 2.0),
        ((4.0, 1.0), (4.0, 14.0), 0.5),
        ((1.0, 8.5), (10.5, 8.5), 0.75),
        ((5.0, 5.0), (5.0, 5.0), 3.0),
    ):
        sheet = mask_strokes._Sheet(12, 16)
        sheet.draw([start, end], radius)
        missing = ~mask_strokes._known(sheet.covered())
        t = torch.linspace(0, 1, 2001)[:, None]
        along = (1 - t) * torch.tensor(start) + t * torch.tensor(end)
        pixels = torch.cartesian_prod(torch.arange(12.0), torch.arange(16.0))
        distance = torch.cdist(pixels, along).amin(1).view(12, 16)
        sure = (distance - radius).abs() > 0.3  # of a pixel
        assert torch.equal(missing[sure], (distance <= radius)[sure])
        assert missing.any()


def test_strokes_and_scratches_hang_together_and_are_as_many_as_they_were():
    """The shares are those of the same lines with exact edges, 200 masks of 32x32."""
    for kind, share, pieces in (("strokes", 0.277, 8), ("scratches", 0.082, 24)):
        missing = 1 - masks.make(kind, 200, 32, seed=1)
        assert float(missing.mean()) == pytest.approx(share, abs=0.006)
        assert max(label(hole[0], np.ones((3, 3)))[1] for hole in missing.numpy()) <= pieces


@pytest.mark.parametrize("kind", KINDS)
def test_masks_of_bool_are_the_same_masks(kind):
    slim = masks.make(kind, 5, (8, 12), seed=2, dtype=torch.bool)
    assert slim.dtype == torch.bool
    assert torch.equal(slim.float(), masks.make(kind, 5, (8, 12), seed=2))


def test_known_pixels_are_unchanged_bit_for_bit():
    generator = torch.Generator().manual_seed(0)
    for kind in KINDS:
        mask = masks.make(kind, 6, 16, seed=7)
        picture = torch.randn(6, 3, 16, 16, generator=generator)
        filled = torch.full_like(picture, torch.nan)
        known = mask.expand_as(picture) == 1
        result = masks.composite(picture, filled, mask)
        assert torch.equal(result[known], picture[known])
        assert result[~known].isnan().all()
        # and what stood in the hole leaves no trace, not even a NaN
        damaged = torch.where(known, picture, torch.nan)
        assert torch.equal(
            masks.composite(damaged, torch.zeros_like(picture), mask)[known], picture[known]
        )


def test_one_mask_serves_a_whole_batch():
    picture, mask = torch.randn(4, 1, 8, 8), masks.center(1, 8)
    result = masks.composite(picture, torch.zeros_like(picture), mask)
    assert torch.equal(result, picture * mask)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(2, 1, 8, 8), "no hole"),
        (torch.zeros(2, 1, 8, 8), "covers everything"),
        (torch.cat([masks.center(1, 8), torch.ones(1, 1, 8, 8)]), "Mask 1 has no hole"),
        (
            torch.full((2, 1, 8, 8), 0.5),
            "1 where a pixel is known, 0 where it is missing, and this one has other",
        ),
        (masks.center(2, 9), "same N, H and W"),
        (masks.center(3, 8), "same N, H and W"),
        (masks.center(2, 8)[:, 0], "same N, H and W"),
    ],
)
def test_masks_that_make_no_sense_are_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        masks.check_masks(mask, torch.zeros(2, 3, 8, 8))


def test_masks_of_any_type_become_float():
    mask = masks.center(1, 8)
    assert torch.equal(masks.check_masks(mask.bool(), torch.zeros(2, 3, 8, 8)), mask)


def test_composite_refuses_pictures_of_different_shapes():
    with pytest.raises(ValueError, match="must be equal"):
        masks.composite(torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8), masks.center(1, 8))


@pytest.mark.parametrize(
    ("kind", "arguments", "options", "message"),
    [
        ("circle", (1, 8), {}, "Unknown kind of mask 'circle'"),
        ("center", (0, 8), {}, "at least 1, got 0"),
        ("strokes", (1, 3), {}, "in pixels, must be a whole number of at least 4, got 3"),
        ("dropout", (1, (8, 2)), {}, "got 2"),
        ("center", (1, 8), {"side": 1.0}, "share of the picture's"),
        ("half", (1, 8), {"missing": "middle"}, "any, left, right, top, bottom"),
        ("boxes", (1, 8), {"number": (3, 1)}, "most boxes in a mask must be .* at least 3, got 1"),
        ("boxes", (1, 8), {"number": (0, 1)}, "fewest boxes"),
        ("boxes", (1, 8), {"number": (1, math.inf)}, "most boxes"),
        ("boxes", (1, 8), {"number": (math.nan, 2)}, "fewest boxes"),
        ("boxes", (1, 8), {"side": (math.nan, 0.5)}, "side is a range"),
        ("boxes", (1, 8), {"side": (0.2, math.nan)}, "side is a range"),
        ("center", (math.nan, 8), {}, "number of masks must be a whole number"),
        ("center", (2.5, 8), {}, "number of masks must be a whole number"),
        ("center", (1, (8, math.nan)), {}, "in pixels"),
        ("center", (1, 8, -1), {}, "seed"),
        ("strokes", (1, 8, 2**63), {}, "seed"),
        ("center", (1, 8), {"side": math.nan}, "share of the picture's"),
        ("outpainting", (1, 8), {"side": 0.0}, "share of the picture's"),
        ("dropout", (1, 8), {"share": math.nan}, r"\(0, 0.8\]"),
        ("strokes", (1, 8), {"share": math.nan}, r"\(0, 0.8\]"),
        ("strokes", (1, 8), {"share": -math.inf}, r"\(0, 0.8\]"),
        ("scratches", (1, 8), {"lines": math.nan}, "from 1 to 4"),
        ("scratches", (1, 8), {"lines": 1.5}, "from 1 to 4"),
        ("boxes", (1, 8), {"side": (0.5, 1.0)}, "side is a range"),
        ("dropout", (1, 8), {"share": 0.0}, r"\(0, 0.8\]"),
        ("strokes", (1, 8), {"share": 0.9}, r"\(0, 0.8\]"),
        ("scratches", (1, 8), {"lines": 0}, "from 1 to 4, got 0"),
        ("scratches", (1, 64), {"lines": 8}, "from 1 to 7, got 8"),
    ],
)
def test_refusals(kind, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        masks.make(kind, *arguments, **options)


def test_what_is_missing_and_what_is_known_are_told_apart():
    """True where a pixel is missing becomes 0 there, and back; scikit-image has it that way."""
    missing = np.zeros((2, 4, 6), bool)
    missing[0, 1, 2] = missing[1, 3] = True
    made = masks.from_missing(missing)
    assert made.shape == (2, 1, 4, 6)
    assert made.dtype == torch.float32
    assert made[0, 0, 1, 2] == 0
    assert made[0].sum() == 23
    assert np.array_equal(masks.to_missing(made), missing)
    assert torch.equal(masks.from_missing(torch.from_numpy(missing[0])), made[:1])
    assert np.array_equal(masks.to_missing(made.bool()), missing)


@pytest.mark.parametrize("missing", [np.zeros((4, 4)), torch.zeros(4, 4), np.zeros(4, bool)])
def test_what_is_missing_must_be_said_by_true_and_false(missing):
    with pytest.raises(ValueError, match="True and False"):
        masks.from_missing(missing)
