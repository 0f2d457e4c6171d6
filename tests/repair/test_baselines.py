import pytest
import torch

from gan_tutorial import data, inpainting, masks

PICTURES = data.load("soccer", "test", count=6)[:]
TRAINING = data.load("soccer", count=200)[:]
SMALL, SMALL_TRAINING = PICTURES[..., 8:24, 8:24], TRAINING[..., 8:24, 8:24]
FILLS = {
    **inpainting.BASELINES,
    "nearest": lambda x, m: inpainting.nearest(x, m, SMALL_TRAINING),
    "pca": inpainting.PCARegression(20).fit(SMALL_TRAINING),
}


@pytest.mark.parametrize("kind", masks.MASKS)
@pytest.mark.parametrize("name", FILLS)
def test_known_pixels_are_kept_and_holes_are_not_looked_at(name, kind):
    holes = masks.make(kind, 6, 16, seed=1)
    hidden = masks.composite(SMALL, torch.full_like(SMALL, torch.nan), holes)
    filled = FILLS[name](hidden, holes)
    known = holes.expand_as(SMALL) == 1
    assert torch.equal(filled[known], SMALL[known])
    assert filled.isfinite().all()
    assert filled.abs().max() <= 1 + 1e-6


def test_harmonic_solves_laplaces_equation():
    holes = masks.boxes(3, 16, seed=2)
    x = torch.rand(3, 2, 16, 16, dtype=torch.float64)
    u = inpainting.harmonic(x, holes)
    # the mean of those neighbors that there are, written with padded shifts
    ones = torch.nn.functional.pad(torch.ones_like(u), (1, 1, 1, 1))
    padded = torch.nn.functional.pad(u, (1, 1, 1, 1))
    total, number = 0, 0
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        part = (..., slice(rows, rows + 16), slice(columns, columns + 16))
        total, number = total + padded[part], number + ones[part]
    missing = (holes == 0).expand_as(u)
    assert (u - total / number)[missing].abs().max() < 1e-10


def test_harmonic_continues_a_slope_exactly_and_biharmonic_a_saddle():
    side = torch.linspace(-1, 1, 17, dtype=torch.float64)
    y, x = torch.meshgrid(side, side, indexing="ij")
    hole = torch.ones(1, 1, 17, 17)
    hole[..., 6:11, 5:12] = 0
    slope, saddle = (0.3 * x + 0.5 * y)[None, None], (x * y)[None, None]
    assert torch.allclose(inpainting.harmonic(slope, hole), slope, atol=1e-9)
    assert torch.allclose(inpainting.biharmonic(saddle, hole), saddle, atol=1e-6)


def test_patches_continue_a_pattern_that_repeats():
    stripes = (torch.arange(32) // 2 % 2 * 2 - 1.0).expand(1, 1, 32, 32)
    hole = masks.center(1, 32, side=0.3)
    assert torch.equal(inpainting.patches(stripes, hole), stripes)
    assert not torch.equal(inpainting.mean(stripes, hole), stripes)


def test_nearest_finds_the_picture_itself_and_ignores_the_hole():
    hole = masks.center(1, 32)
    wanted = TRAINING[[17, 3]]
    damaged = masks.composite(wanted, torch.ones_like(wanted), hole)
    assert torch.equal(inpainting.nearest(damaged, hole, TRAINING), wanted)


def test_pca_regression_is_the_conditional_mean_of_its_gaussian():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(300, 5, generator=g) @ torch.randn(5, 16, generator=g) * 0.05
    x = (x + 0.02 * torch.randn(300, 16, generator=g)).view(-1, 1, 4, 4)
    fill = inpainting.PCARegression(4).fit(x)
    mask = masks.dropout(1, 4, seed=3)
    covariance = fill.loadings @ fill.loadings.T + fill.noise * torch.eye(16)
    here = mask.flatten() == 1
    test = x[:7].double().flatten(1)
    weights = torch.linalg.solve(covariance[here][:, here], covariance[here][:, ~here])
    expected = fill.mu[~here] + (test[:, here] - fill.mu[here]) @ weights
    assert torch.allclose(fill(x[:7], mask).flatten(1)[:, ~here].double(), expected, atol=1e-5)


def test_bad_input_is_refused_in_one_sentence():
    mask = masks.center(1, 32)
    with pytest.raises(ValueError, match="no hole"):
        inpainting.mean(PICTURES, torch.ones(1, 1, 32, 32))
    with pytest.raises(ValueError, match="covers everything"):
        inpainting.harmonic(PICTURES, torch.zeros(1, 1, 32, 32))
    with pytest.raises(ValueError, match="odd side"):
        inpainting.patches(PICTURES, mask, side=4)
    with pytest.raises(ValueError, match="training pictures"):
        inpainting.nearest(PICTURES, mask, TRAINING[:, :1])
    with pytest.raises(ValueError, match="training pictures"):
        inpainting.PCARegression(2).fit(TRAINING[:, :, :8, :8])(PICTURES, mask)


@pytest.mark.parametrize("value", [0, -3, 4, float("nan"), 5.0, float("inf")])
def test_sides_and_counts_out_of_range_are_refused(value):
    mask = masks.center(1, 32)
    if value != 4:
        with pytest.raises(ValueError, match="components must be a whole number"):
            inpainting.PCARegression(value)
        with pytest.raises(ValueError, match="batch_size must be a whole number"):
            inpainting.nearest(PICTURES, mask, PICTURES, batch_size=value)
    with pytest.raises(ValueError, match="patch"):
        inpainting.patches(PICTURES, mask, side=value)


def test_a_regression_learns_from_pictures():
    with pytest.raises(ValueError, match="at least one"):
        inpainting.PCARegression(2).fit(PICTURES[:0])
