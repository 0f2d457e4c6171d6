import math

import pytest
import torch
from torch import nn

from gan_tutorial import checkpoints, data, fit, masks
from gan_tutorial.models import MLPGenerator, PatchDiscriminator, UNetGenerator
from gan_tutorial.repair import Repair, complete, latent_search, recipe_for
from gan_tutorial.repair.task import POOL

PICTURES = data.load("soccer", count=64, image_size=16)


PLAIN = {"masks": "center", "warm_up": 0, "noise_dim": 0}


def task(**options) -> Repair:
    """A small task that begins with the game, without noise, on holes that are drawn at once."""
    torch.manual_seed(0)
    return Repair.for_data(PICTURES, **{**PLAIN, "width": 8, **options})


class Painter(nn.Module):
    """Draws one value everywhere."""

    noise_dim, shape = 0, (3, 16, 16)

    def __init__(self, value: float):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, known, masks, z=None):
        return self.value.expand_as(known)


@pytest.mark.parametrize("kind", masks.MASKS)
def test_known_pixels_never_change(kind):
    g = torch.Generator().manual_seed(5)
    for seed in range(5):
        images = torch.rand(8, 3, 16, 16, generator=g) * 2 - 1
        holes = masks.make(kind, 8, 16, seed=seed)
        hidden = masks.composite(images, torch.full_like(images, torch.nan), holes)
        torch.manual_seed(seed)
        for filled in (
            complete(UNetGenerator(size=16, width=4, noise_dim=2), hidden, holes, seed),
            *latent_search(MLPGenerator(3, (3, 16, 16), 8), hidden, holes, steps=2, starts=2)[0],
        ):
            known = holes.expand_as(images) == 1
            assert torch.equal(filled[known], images[known])
            assert filled.isfinite().all()


def test_an_l1_step_is_adam_on_the_mean_absolute_error():
    mine, theirs = task(adversarial=0.0), task(adversarial=0.0)
    x = PICTURES[:8]
    mine.seed(3)
    theirs.seed(3)
    holes = theirs.damage(8)
    optimizer = torch.optim.Adam(theirs.generator.parameters(), 1e-3, (0.5, 0.99))
    loss = (theirs.generator(x * holes, holes) - x).abs().mean()
    (10 * loss).backward()
    optimizer.step()
    scalars = mine.step(x.clone())
    assert float(scalars["l1"]) == pytest.approx(loss.item(), rel=1e-6)
    assert "d_loss" not in scalars
    for a, b in zip(mine.generator.parameters(), theirs.generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_the_discriminator_judges_finished_pictures():
    """It never sees what the generator draws over known pixels."""
    seen = []

    class Witness(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            seen.append(x.detach().clone())
            return x.flatten(1).sum(1) * self.w

    repair = Repair(Painter(0.5), Witness(), masks="half")
    x = PICTURES[:4]
    repair.seed(1)
    holes = repair.damage(4)
    repair.seed(1)
    repair.step(x)
    real, fake = seen[:2]
    assert torch.equal(real, x)
    assert torch.equal(fake, masks.composite(x, torch.full_like(x, 0.5), holes))


def test_a_discriminator_may_be_shown_the_mask():
    seen = []

    class Witness(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            seen.append(x.detach().clone())
            return x.flatten(1).sum(1) * self.w

    repair = Repair(Painter(0.5), Witness(), masks="half", show_mask=True)
    repair.seed(1)
    holes = repair.damage(4)
    repair.seed(1)
    repair.step(PICTURES[:4])
    assert all(torch.equal(x[:, 3:], holes) for x in seen)
    assert len(seen) == 4  # clean and repaired, in the move of either player


def test_hole_error_counts_missing_pixels_only():
    repair = Repair(Painter(0.0), PatchDiscriminator(width=4), adversarial=0.0, masks="center")
    x = torch.full((4, 3, 16, 16), 0.25)
    x[:, :, 8, 8] = 1.0  # in the hole of 9x9
    scalars = repair.step(x)
    assert float(scalars["hole_l1"]) == pytest.approx((80 * 0.25 + 1) / 81)
    assert float(scalars["l1"]) == pytest.approx((255 * 0.25 + 1) / 256)


def test_a_constant_painter_learns_the_median():
    x = torch.tensor([-0.5, 0.2, 0.8]).view(3, 1, 1, 1).expand(3, 3, 16, 16)
    repair = Repair(Painter(-0.9), PatchDiscriminator(width=4), adversarial=0.0, lr=0.02)
    fit(repair, x, 300, batch_size=3, schedule="linear", progress=False)
    assert repair.generator.value.item() == pytest.approx(0.2, abs=0.03)


def test_the_game_begins_after_the_warm_up():
    repair = task(warm_up=3, r1=1.0, penalty_every=1)
    before = [p.clone() for p in repair.discriminator.parameters()]
    for _ in range(3):
        assert "d_loss" not in repair.step(PICTURES[:4])
        repair.finish_step()
    same = zip(before, repair.discriminator.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in same)
    scalars = repair.step(PICTURES[:4])
    assert {"d_loss", "g_loss", "real_logit", "fake_logit", "r1", "l1", "hole_l1"} <= set(scalars)
    moved = zip(before, repair.discriminator.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in moved)


def test_a_resumed_run_equals_one_long_run(tmp_path):
    options = {"batch_size": 8, "schedule": "constant", "progress": False}
    whole, first, second = (task(warm_up=2, noise_dim=2, diversity=1.0) for _ in range(3))
    fit(whole, PICTURES, 6, **options)
    fit(first, PICTURES, 3, out=tmp_path, **options)
    fit(second, PICTURES, 6, out=tmp_path, resume=True, **options)
    assert second.steps_done == 6
    for name in whole.networks:
        pairs = zip(
            whole.networks[name].parameters(), second.networks[name].parameters(), strict=True
        )
        for a, b in pairs:
            torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_a_run_exports_a_generator_that_loads(tmp_path):
    repair = task(noise_dim=2)
    fit(repair, PICTURES, 2, batch_size=8, out=tmp_path, progress=False)
    loaded = checkpoints.load_generator(tmp_path)
    x, holes = PICTURES[:3], masks.center(3, 16)
    mine = repair.complete(x, holes, seed=4)
    torch.testing.assert_close(complete(loaded, x, holes, seed=4), mine, rtol=0, atol=1e-5)
    assert (complete(loaded, x, holes, seed=5) - mine).abs().max() > 1e-4


def test_r1_is_the_slope_of_the_mean_verdict():
    """For a discriminator whose patches all return w . x, the slope is w whatever their number."""

    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.full((3, 16, 16), 0.1))

        def forward(self, x):
            return (x * self.w).flatten(1).sum(1)[:, None, None].expand(-1, 4, 4)

    repair = Repair(Painter(0.0), Linear(), r1=1.0, penalty_every=1)
    scalars = repair.step(PICTURES[:4])
    assert float(scalars["r1"]) == pytest.approx(0.5 * 0.01 * 3 * 256, rel=1e-5)


def test_diversity_measures_how_far_completions_lie_apart():
    class Shifter(Painter):
        noise_dim = 1

        def forward(self, known, masks, z=None):
            return self.value * z.view(-1, 1, 1, 1).expand_as(known)

    repair = Repair(Shifter(0.3), PatchDiscriminator(width=4), diversity=1.0, l1=0.0)
    scalars = repair.step(PICTURES[:4])
    assert float(scalars["diversity"]) == pytest.approx(0.3, rel=1e-5)
    assert repair.generator.value.item() != pytest.approx(0.3)


def test_latent_search_finds_the_code_of_a_linear_generator():
    class Linear(nn.Module):
        latent_dim = 2

        def __init__(self):
            super().__init__()
            g = torch.Generator().manual_seed(0)
            self.w = nn.Parameter(0.2 * torch.randn(2, 256, generator=g))

        def forward(self, z):
            return (z @ self.w).view(-1, 1, 16, 16)

    generator = Linear()
    codes = torch.tensor([[1.0, -0.5], [0.3, 0.8]])
    x = generator(codes).detach()
    filled, errors = latent_search(
        generator, x, masks.center(2, 16), starts=3, steps=400, prior=0.0, lr=0.03
    )
    assert filled.shape == (3, 2, 1, 16, 16)
    assert (filled[0] - x).abs().max() < 0.05
    assert (errors.diff(dim=0) >= 0).all()  # the best first
    assert generator.w.grad is None


def test_recipes_fit_their_pictures():
    for channels, side in ((1, 8), (1, 28), (3, 32), (3, 64), (3, 128)):
        recipe = recipe_for((channels, side, side), width=4)
        g = UNetGenerator(**recipe.networks["generator"])
        assert (
            g(torch.zeros(1, channels, side, side), torch.ones(1, 1, side, side)).shape[2] == side
        )
        assert side / g.multiple >= 4


def test_the_recipe_is_chosen_once_and_held_by_the_task():
    repair = Repair.for_data(PICTURES, width=4)
    recipe = recipe_for((3, 16, 16), width=4)
    assert repair.recipe == recipe
    assert (recipe.steps, recipe.batch_size, recipe.schedule) == (3000, 32, "hold-cosine")
    assert repair.settings["masks"] == ["center", "boxes", "strokes"]
    assert (repair.warm_up, repair.diversity, repair.generator.noise_dim) == (1200, 0.5, 8)
    assert len(repair.pool) == 3 * POOL
    assert repair.pool.dtype == torch.bool


def test_a_tensor_of_pictures_has_the_recipe_of_its_pictures():
    """A tensor's first dimension is their number."""
    options = {"width": 4, "masks": "center"}
    of_tensor = Repair.for_data(PICTURES[:5], **options)
    assert of_tensor.config() == Repair.for_data(PICTURES, **options).config()
    assert of_tensor.recipe == Repair.for_data(PICTURES, **options).recipe


def test_zero_is_a_value_and_none_is_not_given():
    repair = task(noise_dim=0, warm_up=0, l1=0, r1=0, adversarial=0.0)
    assert (repair.generator.noise_dim, repair.diversity) == (0, 0.0)
    assert (repair.warm_up, repair.l1, repair.r1, repair.adversarial) == (0, 0, 0, 0.0)
    given = task(width=None, noise_dim=None, warm_up=None, l1=None)
    assert (given.generator.noise_dim, given.diversity, given.warm_up) == (8, 0.5, 1200)
    assert given.generator.config["width"] == 32
    assert given.l1 == 10.0
    with pytest.raises(ValueError, match="width must be at least 1"):
        task(width=0)


def test_a_discriminator_that_is_shown_the_mask_is_in_the_recipe():
    repair = task(show_mask=True)
    assert repair.recipe.networks["discriminator"]["channels"] == 4
    repair.step(PICTURES[:2])


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(4), nn.SyncBatchNorm(4), nn.LazyBatchNorm2d()])
def test_a_penalty_on_each_pictures_slope_refuses_batch_norm(norm):
    """As in `GAN`: with it a logit is no function of one picture."""
    discriminator = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(norm), nn.Conv2d(4, 1, 3))
    discriminator(torch.zeros(2, 3, 16, 16)) if isinstance(norm, nn.BatchNorm2d) else None
    with pytest.raises(ValueError, match="batch norm in the discriminator mixes"):
        Repair(Painter(0.0), discriminator, r1=0.1)
    if type(norm) is nn.BatchNorm2d:
        Repair(Painter(0.0), discriminator, r1=0.0).step(PICTURES[:4])


BAD = (-1, math.nan, math.inf, -math.inf, "1", None)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize(
    "name", ["l1", "adversarial", "diversity", "r1", "lr", "warm_up", "penalty_every", "mask_seed"]
)
def test_numbers_out_of_range_or_none_at_all_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be a .*, got "):
        Repair(Painter(0.0), PatchDiscriminator(width=4), **{name: value})


@pytest.mark.parametrize("value", [*BAD, 1.0])
def test_decays_are_refused(value):
    network = Painter(0.0), PatchDiscriminator(width=4)
    with pytest.raises(ValueError, match="betas must be a number of at least 0 and below 1"):
        Repair(*network, betas=(0.5, value))
    if isinstance(value, float):
        with pytest.raises(ValueError, match="ema"):
            Repair(*network, ema=value)
        with pytest.raises(ValueError, match="learning rate"):
            Repair(*network, lr=(1e-3, -value if value > 0 else value))


@pytest.mark.parametrize("value", [0, -1, math.nan, 2.5, math.inf])
@pytest.mark.parametrize("name", ["starts", "steps", "window"])
def test_counts_of_a_search_are_refused(name, value):
    generator, images = MLPGenerator(3, (3, 16, 16), 8), PICTURES[:2]
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        latent_search(generator, images, masks.center(1, 16), **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", math.nan), ("prior", math.nan), ("lr", -1.0), ("prior", math.inf), ("seed", -1)],
)
def test_numbers_of_a_search_are_refused(name, value):
    generator, images = MLPGenerator(3, (3, 16, 16), 8), PICTURES[:2]
    with pytest.raises(ValueError, match=f"{name} must be"):
        latent_search(generator, images, masks.center(1, 16), **{name: value})
    with pytest.raises(ValueError, match="window must be odd"):
        latent_search(generator, images, masks.center(1, 16), window=4)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: task(l1=-1.0), "l1 must be a finite number of at least 0, got -1.0"),
        (lambda: task(masks=[]), "names no kind"),
        (lambda: complete(Painter(0.0), PICTURES[:2], masks.center(1, 16), -1), "seed"),
        (lambda: complete(Painter(0.0), PICTURES[:2], masks.center(1, 16), 0, 0), "batch_size"),
        (lambda: task(diversity=1.0), "needs noise"),
        (lambda: task(masks="circles"), "circles"),
        (lambda: task(loss="magic"), "Unknown loss"),
        (lambda: task(warm_up=-1), "at least 0"),
        (lambda: recipe_for((2,)), "holds"),
        (lambda: recipe_for((3, 30, 30)), "multiple of 4"),
        (lambda: recipe_for((3, 32, 16)), "square"),
        (lambda: complete(Painter(0.0), PICTURES[:2], torch.zeros(1, 1, 16, 16)), "everything"),
        (lambda: complete(Painter(0.0), PICTURES[:2], torch.ones(1, 1, 16, 16)), "no hole"),
        (lambda: complete(Painter(0.0), PICTURES[:2], torch.ones(1, 1, 8, 8)), "same N"),
    ],
)
def test_bad_input_gets_one_sentence(make, what):
    with pytest.raises(ValueError, match=what):
        make()


def test_equilibrium_of_an_undecided_discriminator():
    repair = task()
    for p in repair.discriminator.parameters():
        nn.init.zeros_(p)
    scalars = repair.step(PICTURES[:4])
    assert float(scalars["d_loss"]) == pytest.approx(math.log(2))
