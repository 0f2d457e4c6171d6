import pytest
import torch
from torch.nn.functional import softplus

from gan_tutorial import GAN, augment, data, fit, models
from gan_tutorial.models.build import can_build


def images(count=64, channels=3, side=16, seed=0):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", augment.DIFF_AUGMENT)
def test_shapes_stay_and_samples_get_numbers_of_their_own(name):
    torch.manual_seed(0)
    same = images(1).expand(64, -1, -1, -1)
    changed = augment.DiffAugment(name)(same)
    assert changed.shape == same.shape
    assert len({tuple(image.flatten().tolist()) for image in changed}) > 20


def test_translation_moves_whole_pictures_and_lets_zeros_in():
    torch.manual_seed(0)
    x = images(200, side=16) + 1  # no zeros of their own
    moved = augment.DiffAugment("translation")(x)
    seen = set()
    for before, after in zip(x, moved, strict=True):
        fits = []
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                expected = torch.zeros_like(before)
                expected[:, max(0, dy) : 16 + min(0, dy), max(0, dx) : 16 + min(0, dx)] = before[
                    :, max(0, -dy) : 16 + min(0, -dy), max(0, -dx) : 16 + min(0, -dx)
                ]
                if torch.equal(expected, after):
                    fits.append((dy, dx))
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 25  # every move of up to an eighth of the side


def test_cutout_takes_a_square_of_half_the_side_that_may_reach_over_the_edge():
    torch.manual_seed(0)
    x = images(400, side=8) + 1
    cut = augment.DiffAugment("cutout")(x)
    holes = cut == 0
    assert torch.equal(cut[~holes], x[~holes])
    sizes = set()
    for hole in holes:
        assert torch.equal(hole[0], hole[1])
        rows, columns = hole[0].any(1), hole[0].any(0)
        assert torch.equal(hole[0], rows[:, None] & columns[None])  # a rectangle
        for side in (rows, columns):
            assert (side.int().diff() != 0).sum() <= 2  # without gaps
        sizes.add((int(rows.sum()), int(columns.sum())))
    assert (4, 4) in sizes
    assert max(max(size) for size in sizes) == 4
    assert min(min(size) for size in sizes) >= 2  # its center lies in the picture


def test_flip_mirrors_about_every_second_picture_and_nothing_else():
    torch.manual_seed(0)
    x = images(400, side=8)
    flipped = augment.DiffAugment("flip")(x)
    same, mirrored = ((flipped == y).flatten(1).all(1) for y in (x, x.flip(3)))
    assert (same ^ mirrored).all()
    assert 150 < int(mirrored.sum()) < 250


def test_without_a_policy_it_is_that_of_the_paper():
    assert augment.DiffAugment().policy == ("color", "translation", "cutout")


@pytest.mark.parametrize(
    "change",
    [augment.DiffAugment("flip"), augment.DiffAugment("color", "cutout"), augment.Noise(0.25)],
    ids=repr,
)
def test_an_augmented_discriminator_is_built_again_from_its_configuration(change):
    network = models.Augmented(models.MLPDiscriminator((1, 8, 8), 4, 1), change)
    about = models.config_of(network)
    assert models.build(about).changes[0].__dict__ == change.__dict__
    assert models.config_of(models.build(about)) == about


@pytest.mark.parametrize(
    "text", ["mine", "DiffAugment()", "DiffAugment('blur')", "Noise(x)", "__import__('os')"]
)
def test_a_change_of_the_readers_own_is_not_built(text):
    network = models.config_of(models.MLPDiscriminator((1, 8, 8), 4, 1))
    about = {"kind": "Augmented", "changes": [text], "network": network}
    assert not can_build(about)
    with pytest.raises(ValueError, match=r"build it yourself|Unknown augmentation"):
        models.build(about)


def test_color_changes_brightness_and_keeps_the_order_of_gray_pixels():
    torch.manual_seed(0)
    x = images(500, channels=1)
    colored = augment.DiffAugment("color")(x)
    shift = colored.mean((1, 2, 3)) - x.mean((1, 2, 3))
    assert shift.abs().max() <= 0.5 + 1e-5
    assert shift.std() > 0.2
    contrast = colored.std((1, 2, 3)) / x.std((1, 2, 3))
    assert 0.5 - 1e-4 <= contrast.min() < 0.6
    assert 1.4 < contrast.max() <= 1.5 + 1e-4


def test_gradients_pass_twice_and_are_those_of_finite_differences():
    x = images(2, 2, 8).double().requires_grad_()

    def fixed(x):
        torch.manual_seed(3)
        return augment.DiffAugment()(x).square().sum()

    assert torch.autograd.gradcheck(fixed, (x,))
    assert torch.autograd.gradgradcheck(fixed, (x,))


def test_noise_has_the_deviation_it_is_told_and_can_be_cooled():
    torch.manual_seed(0)
    noise = augment.Noise(0.5)
    x = torch.zeros(20_000, 2)
    assert noise(x).std() == pytest.approx(0.5, rel=0.02)
    noise.std = 0.0
    assert torch.equal(noise(x), x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: augment.DiffAugment("rotation"), "color, translation, cutout"),
        (lambda: augment.DiffAugment()(torch.zeros(4, 2)), "shape"),
        (lambda: augment.Noise(-0.1), "negative"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_both_players_see_changed_samples():
    """The gradient of the generator passes through the change, and so does the real batch."""
    torch.manual_seed(0)
    seen = []

    def double(x):
        seen.append(len(x))
        return 2 * x

    bare = models.MLPDiscriminator((2,), 8, 1)
    wrapped = models.Augmented(bare, double)
    fake = torch.randn(5, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(softplus(-wrapped(fake)).mean(), fake)
    plain = (2 * fake.detach()).requires_grad_()
    (inner,) = torch.autograd.grad(softplus(-bare(plain)).mean(), plain)
    torch.testing.assert_close(gradient, 2 * inner)
    gan = GAN(models.MLPGenerator(2, (2,), 8, 1), wrapped, r1=0.1, r2=0.1)
    seen.clear()
    gan.step(torch.randn(6, 2))
    assert seen == [6] * 4  # reals and fakes, in the update of each player


def test_an_augmented_run_resumes_bit_for_bit_and_notices_another_change(tmp_path):
    digits = data.load("digits")

    def train(steps, change, out, resume=False):
        torch.manual_seed(0)
        gan = GAN.for_data(digits, width=8, wrap=lambda d: models.Augmented(d, change))
        fit(
            gan, digits, steps, batch_size=8, schedule="constant", out=out, resume=resume,
            progress=False,
        )  # fmt: skip
        return torch.cat([p.flatten() for p in gan.generator.parameters()])

    change = augment.DiffAugment("translation")
    whole = train(6, change, tmp_path / "whole")
    train(3, change, tmp_path / "parts")
    assert torch.equal(train(6, change, tmp_path / "parts", resume=True), whole)
    with pytest.raises(RuntimeError, match="cutout"):
        train(9, augment.DiffAugment("cutout"), tmp_path / "parts", resume=True)
