import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import cross_entropy

from gan_tutorial import GAN, augment, checkpoints, data, fit, losses, models
from gan_tutorial.conditional import ConditionalGAN, recipe_for
from gan_tutorial.data import Dataset
from gan_tutorial.doctor import Doctor

CLASSES = ("a", "b", "c")


def networks(kind=models.ProjectionDiscriminator, seed=0):
    torch.manual_seed(seed)
    g, d = models.mlp_pair((2,), latent_dim=5, width=8, depth=1)
    return models.ConditionalGenerator(g, CLASSES, 2), kind(d, 3)


def auxiliary(seed=0):
    return networks(models.AuxiliaryDiscriminator, seed)


def samples(count=96):
    torch.manual_seed(5)
    labels = torch.arange(count) % 3
    points = torch.randn(count, 2) + 3 * nn.functional.one_hot(labels, 3)[:, :2]
    return Dataset("mine", points, labels=labels, classes=CLASSES)


def batch(count=16):
    points = samples(count)
    return points[:], points.labels


def snapshot(network):
    return [p.detach().clone() for p in network.parameters()]


def test_ten_steps_equal_plain_pytorch():
    (g, d), (plain_g, plain_d) = networks(), networks()
    task = ConditionalGAN(g, d, loss="non-saturating", lr=1e-2, betas=(0.5, 0.999))
    task.seed(7)
    opt_g = torch.optim.Adam(plain_g.parameters(), 1e-2, (0.5, 0.999))
    opt_d = torch.optim.Adam(plain_d.parameters(), 1e-2, (0.5, 0.999))
    noise = torch.Generator().manual_seed(7)
    x, y = batch(80)
    for real, labels in zip(x.chunk(10), y.chunk(10), strict=True):
        task.step((real.clone(), labels))

        fake = plain_g(torch.randn(8, 3, generator=noise), labels).detach()
        opt_d.zero_grad()
        d_loss = bce(plain_d(real, labels), torch.ones(8))
        (d_loss + bce(plain_d(fake, labels), torch.zeros(8))).backward()
        opt_d.step()

        opt_g.zero_grad()
        fake = plain_g(torch.randn(8, 3, generator=noise), labels)
        bce(plain_d(fake, labels), torch.ones(8)).backward()
        opt_g.step()
    for ours, plain in zip(
        snapshot(g) + snapshot(d), snapshot(plain_g) + snapshot(plain_d), strict=True
    ):
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("make", [networks, auxiliary])
def test_the_update_of_d_descends_the_written_objective(make, known):
    g, d = make()
    judge = d if known else models.Augmented(d)  # one pass for reals and fakes, or two
    weight = 0.7 if make is auxiliary else 0.0
    options = {"r1": 0.3, "r2": 0.6, "auxiliary": weight}
    task = ConditionalGAN(g, judge, loss="relativistic", **options)
    task.optimizers["discriminator"] = torch.optim.SGD(d.parameters(), lr=1.0)
    x, y = batch()
    task.seed(3)
    fake = g(task.latent(16), y).detach()
    task.seed(3)

    def slopes(x):
        found = []
        for sample, label in zip(x, y, strict=True):
            sample = sample.clone().requires_grad_()
            logit = d(sample[None], label[None])
            found.append(torch.autograd.grad(logit.sum(), sample, create_graph=True)[0])
        return torch.stack(found).square().sum(1).mean()

    objective = losses.get_loss("relativistic").discriminator(d(x, y), d(fake, y))
    objective = objective + 0.5 * 0.3 * slopes(x) + 0.5 * 0.6 * slopes(fake)
    if weight:
        of_classes = cross_entropy(d.classify(x), y) + cross_entropy(d.classify(fake), y)
        objective = objective + weight * of_classes
    gradients = torch.autograd.grad(objective, list(d.parameters()))
    before = snapshot(d)
    scalars = task.judge_better(x, y)
    for old, new, gradient in zip(before, snapshot(d), gradients, strict=True):
        torch.testing.assert_close(new, old - gradient, rtol=1e-3, atol=1e-6)
    assert scalars["r1"].item() == pytest.approx(slopes_of(before, d, slopes, x) / 2, rel=1e-4)
    assert ("d_class_loss" in scalars) == bool(weight)


def slopes_of(weights, d, slopes, x):
    """Measure slopes with the weights as they were."""
    with torch.no_grad():
        for p, old in zip(d.parameters(), weights, strict=True):
            p.copy_(old)
    return slopes(x).item()


def test_the_generator_of_an_auxiliary_gan_is_taught_the_class():
    g, d = auxiliary()
    task = ConditionalGAN(g, d, loss="hinge", auxiliary=0.5)
    task.optimizers["generator"] = torch.optim.SGD(g.parameters(), lr=1.0)
    x, y = batch()
    task.seed(3)
    fake = g(task.latent(16), y)
    task.seed(3)
    objective = -d(fake, y).mean() + 0.5 * cross_entropy(d.classify(fake), y)
    gradients = torch.autograd.grad(objective, list(g.parameters()))
    before = snapshot(g)
    scalars = task.generate_better(x, y)
    for old, new, gradient in zip(before, snapshot(g), gradients, strict=True):
        torch.testing.assert_close(new, old - gradient, rtol=1e-4, atol=1e-6)
    assert scalars["g_class_loss"] == pytest.approx(
        cross_entropy(d.classify(fake), y).item(), rel=1e-5
    )


@pytest.mark.parametrize("name", losses.LOSSES)
@pytest.mark.parametrize("make", [networks, auxiliary])
def test_every_loss_and_penalty_moves_both_players(name, make):
    options = {"auxiliary": 1.0} if make is auxiliary else {}
    task = ConditionalGAN(*make(), loss=name, r1=0.1, r2=0.1, gp=0.1, d_steps=2, **options)
    g, d = snapshot(task.generator), snapshot(task.discriminator)
    scalars = task.step(batch(32))
    assert {"r1", "r2", "gp"} <= set(scalars)
    assert all(value.isfinite() for value in scalars.values())
    for before, network in ((g, task.generator), (d, task.discriminator)):
        after = snapshot(network)
        assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(p.requires_grad for p in task.discriminator.parameters())


def test_every_update_of_d_gets_its_own_reals_with_their_labels():
    task, seen = ConditionalGAN(*networks(), d_steps=3), []
    task.judge_better = lambda real, labels: seen.append((real, labels)) or {}
    x, y = batch(12)
    task.step((x, y))
    assert [len(real) for real, _ in seen] == [4, 4, 4]
    assert torch.equal(torch.cat([labels for _, labels in seen]), y)


def test_samples_and_labels_stay_together():
    points = samples()
    task = ConditionalGAN(*networks())
    rows = torch.tensor([5, 0, 77])
    x, y = task.take(points, rows)
    assert torch.equal(x, points[rows])
    assert torch.equal(y, points.labels[rows])


@pytest.mark.parametrize("make", [networks, auxiliary])
def test_a_resumed_run_is_the_whole_run_bit_for_bit(make, tmp_path):
    def run(folder, steps, resume=False):
        g, d = make()
        task = ConditionalGAN(
            g,
            models.Augmented(d, augment.Noise(0.1)),
            r1=0.1,
            penalty_every=3,
            auxiliary=1.0 if make is auxiliary else 0.0,
        )
        options = {"batch_size": 8, "log_every": 3, "progress": False, "device": "cpu"}
        fit(task, samples(), steps, out=folder, resume=resume, **options)
        return task

    run(tmp_path / "parts", 7)
    parts, whole = run(tmp_path / "parts", 12, resume=True), run(tmp_path / "whole", 12)
    for one, other in ((parts.networks, whole.networks), (parts.average, whole.average)):
        for name in one:
            for a, b in zip(snapshot(one[name]), snapshot(other[name]), strict=True):
                assert torch.equal(a, b)
    exported = checkpoints.load_generator(tmp_path / "parts")
    assert exported.classes == CLASSES
    codes = models.latent_codes(4, exported.latent_dim)
    found = models.sample_generator(exported, codes, labels=torch.full((4,), 1))
    assert torch.equal(found, parts.sample(4, label="b"))


def test_it_learns_which_class_is_where():
    """Three far clumps, one a class: what is asked for lies nearest to its own clump."""
    torch.manual_seed(0)
    labels = torch.arange(600) % 3
    centers = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    points = centers[labels] + 0.1 * torch.randn(600, 2)
    clumps = Dataset("clumps", points, labels=labels, classes=CLASSES)
    task = ConditionalGAN.for_data(clumps, width=32, latent_dim=2)
    fit(task, clumps, 250, batch_size=64, progress=False, device="cpu")
    for k in range(3):
        nearest = torch.cdist(task.sample(200, label=k), centers).argmin(1)
        assert (nearest == k).float().mean() > 0.9


def test_recipes_by_kind_of_data():
    digits = data.load("digits")
    task = ConditionalGAN.for_data(digits, embedding=3, latent_dim=7)
    plain = GAN.for_data(digits)
    assert (task.generator.latent_dim, task.generator.network.latent_dim) == (7, 10)
    assert (task.r1, task.recipe.steps) == (plain.r1, plain.recipe.steps)
    assert task.settings["class_counts"]["3"] == 122
    balls = data.load("soccer", count=60, kinds=("football", "band"))
    task = ConditionalGAN.for_data(balls, condition="auxiliary", width=4)
    assert isinstance(task.generator.network, models.DCGANGenerator)
    assert (task.auxiliary, task.classes) == (1.0, ("football", "band"))
    with pytest.raises(ValueError, match="projection, auxiliary"):
        recipe_for((2,), condition="hope")
    for option in ("embedding", "latent_dim", "width"):
        with pytest.raises(ValueError, match=f"{option} must be .*at least 1, got 0"):
            ConditionalGAN.for_data(digits, **{option: 0})


def test_refusals():
    with pytest.raises(ValueError, match="AuxiliaryDiscriminator"):
        ConditionalGAN(*networks(), auxiliary=1.0)
    g, d = networks()
    with pytest.raises(ValueError, match="AuxiliaryDiscriminator"):
        ConditionalGAN(g, models.Augmented(d), auxiliary=1.0)
    for weight in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="auxiliary must be"):
            ConditionalGAN(*auxiliary(), auxiliary=weight)
    with pytest.raises(ValueError, match="d_steps"):
        ConditionalGAN(*networks(), d_steps=0)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (torch.zeros(9, 2), "no labels"),
        (Dataset("mine", torch.zeros(9, 2)), "no labels"),
        (Dataset("mine", torch.zeros(9, 2), labels=torch.arange(9)), "from 0 to 8"),
        (Dataset("mine", torch.zeros(9, 2), labels=-torch.ones(9).long()), "from -1 to -1"),
    ],
)
def test_data_that_do_not_fit_are_refused_before_anything_is_written(other, message, tmp_path):
    task = ConditionalGAN(*networks())
    with pytest.raises(ValueError, match=message):
        fit(task, other, 2, batch_size=4, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_samples_of_a_class_have_the_codes_of_every_other():
    task = ConditionalGAN(*networks())
    every = task.sample(6)
    assert torch.equal(task.sample(6, label=[0, 1, 2, 0, 1, 2]), every)
    assert torch.equal(task.sample(6, label="a")[[0, 3]], every[[0, 3]])
    assert torch.equal(task.sample(6, label=1)[[1, 4]], every[[1, 4]])
    for label, message in (
        ("d", "no class 'd'"),
        (3, "from 0 to 2, got 3"),
        (-1, "from 0 to 2"),
        ([0, 1], "as many labels"),
    ):
        with pytest.raises(ValueError, match=message):
            task.sample(6, label=label)


def test_the_doctor_and_captured_steps_decline():
    task = ConditionalGAN(*networks())
    with pytest.raises(TypeError, match="without conditions"):
        fit(task, samples(), 2, batch_size=4, callbacks=[Doctor()], progress=False)
    assert task.phase() is None
