import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from gan_tutorial import checkpoints, data, fit, models
from gan_tutorial.semi_supervised import (
    Classifier,
    FewLabelsTask,
    SemiSupervisedGAN,
    augmented,
    classifier_body,
    entropy,
    hide_labels,
    linear_probe,
    recipe_for,
    spread_labels,
)

OPTIONS = {
    "supervised": {"unlabeled": "none"},
    "entropy": {"unlabeled": "entropy", "weight": 0.3},
    "pseudo": {"unlabeled": "pseudo", "threshold": 0.2},
    "pi-model": {"unlabeled": "pi-model", "noise": 0.1},
    "fixmatch": {"unlabeled": "fixmatch", "threshold": 0.2},
    "gan": {},
    "bad gan": {"generator_loss": "adversarial", "entropy_weight": 0.1, "noise": 0.1},
}


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def task_of(method, labeled, seed=0, **options):
    """A small task of one of the methods, on digits."""
    torch.manual_seed(seed)
    body = models.MLPEncoder((1, 8, 8), 16, 24, 1)
    options = {**OPTIONS[method], **options}
    if "gan" in method:
        return SemiSupervisedGAN(body, labeled, models.MLPGenerator(8, (1, 8, 8), 24, 1), **options)
    return Classifier(body, labeled, **options)


def trained(method, few, steps=12, **options):
    task = task_of(method, few.labeled, augment="shift", **options)
    fit(task, few.unlabeled, steps, batch_size=16, progress=False, device="cpu")
    return task


def weights(task):
    return {
        f"{name}.{key}": value.clone()
        for name, network in task.networks.items()
        for key, value in network.state_dict().items()
    }


def equal(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def relabeled(dataset, labels):
    return data.Dataset(dataset.name, dataset.tensor(), labels=labels, classes=dataset.classes)


# --- Which labels are seen -------------------------------------------------------------------


@pytest.mark.parametrize("count", [10, 20, 37, 100])
def test_every_class_gets_its_share_of_labels(digits, count):
    few = hide_labels(digits, count, seed=3)
    counts = few.labeled.labels.bincount(minlength=10)
    assert counts.sum() == count == len(few.labeled)
    assert counts.max() - counts.min() <= 1
    assert len(few.rows.unique()) == count
    assert torch.equal(few.labeled[:], digits[few.rows])
    assert torch.equal(few.labeled.labels, digits.labels[few.rows])


def test_the_seed_decides_and_more_labels_contain_the_fewer(digits):
    few, more = hide_labels(digits, 20, seed=1), hide_labels(digits, 57, seed=1)
    assert set(few.rows.tolist()) < set(more.rows.tolist())
    assert torch.equal(few.rows, hide_labels(digits, 20, seed=1).rows)
    assert not torch.equal(few.rows, hide_labels(digits, 20, seed=2).rows)


def test_what_is_handed_on_has_no_other_label_and_no_factor():
    balls = data.load("soccer", count=60, image_size=16, kinds="all")
    few = hide_labels(balls, 10)
    assert few.unlabeled.labels is None
    assert few.unlabeled.factors is None  # one of them is the kind
    assert few.labeled.factors is None
    assert few.unlabeled.classes == ()
    assert torch.equal(few.unlabeled[:], balls[:])
    # the labels are copies: nothing leads from them to the tensor of all labels
    assert few.labeled.labels.untyped_storage().nbytes() == 10 * 8


@pytest.mark.parametrize("method", OPTIONS)
def test_labels_outside_the_labeled_set_cannot_influence_training(digits, method):
    """Permute them, or erase them: every weight comes out the same, bit for bit."""
    few = hide_labels(digits, 30, seed=0)
    hidden = torch.ones(len(digits), dtype=torch.bool)
    hidden[few.rows] = False
    permuted, erased = digits.labels.clone(), digits.labels.clone()
    order = torch.randperm(int(hidden.sum()), generator=torch.Generator().manual_seed(1))
    permuted[hidden] = digits.labels[hidden][order]
    erased[hidden] = -1
    assert (permuted != digits.labels).sum() > 800

    same_rows = relabeled(digits, permuted)
    few_permuted = type(few)(same_rows.subset(few.rows), relabeled(same_rows, None), few.rows)
    few_erased = hide_labels(relabeled(digits, erased), 30, seed=0)
    assert torch.equal(few_erased.rows, few.rows)  # the only ones that can be chosen
    reference = weights(trained(method, few))
    assert equal(reference, weights(trained(method, few_permuted)))
    assert equal(reference, weights(trained(method, few_erased)))


@pytest.mark.parametrize("method", OPTIONS)
def test_labels_inside_the_labeled_set_do_influence_training(digits, method):
    few = hide_labels(digits, 30, seed=0)
    other = few.labeled.labels.roll(1)
    changed = type(few)(relabeled(few.labeled, other), few.unlabeled, few.rows)
    assert not equal(weights(trained(method, few)), weights(trained(method, changed)))


@pytest.mark.parametrize("method", OPTIONS)
def test_unlabeled_samples_matter_where_they_should(digits, method):
    few = hide_labels(digits, 30, seed=0)
    fewer = type(few)(few.labeled, few.unlabeled.subset(slice(0, 400)), few.rows)
    same = equal(weights(trained(method, few)), weights(trained(method, fewer)))
    assert same == (method == "supervised")


@pytest.mark.parametrize(
    ("labels", "count", "message"),
    [
        (None, 10, "has no labels to choose from"),
        ("known", 9, "9 labels cannot show 10 classes"),
        ("known", 1197, "119 labels of class 0 were asked for, and there are 118"),
    ],
)
def test_impossible_choices_are_refused(digits, labels, count, message):
    dataset = digits if labels else relabeled(digits, None)
    with pytest.raises(ValueError, match=message):
        hide_labels(dataset, count)


# --- The K + 1 classes -----------------------------------------------------------------------


def test_logsumexp_is_the_logit_of_real_among_k_plus_one_classes():
    logits = 3 * torch.randn(50, 10, dtype=torch.float64)
    with_fake = torch.cat([logits, torch.zeros(50, 1, dtype=torch.float64)], dim=1)
    of_fake = with_fake.softmax(1)[:, -1]
    z = logits.exp().sum(1)
    torch.testing.assert_close(1 - of_fake, z / (z + 1))
    torch.testing.assert_close(logits.logsumexp(1).sigmoid(), z / (z + 1))
    # given "real", the class probabilities are those of K classes
    torch.testing.assert_close(
        with_fake.softmax(1)[:, :-1] / (1 - of_fake)[:, None], logits.softmax(1)
    )


def test_the_discriminator_descends_the_loss_of_k_plus_one_classes(digits):
    """Its gradient is that of cross-entropies over K + 1 logits, the last of which is 0."""
    gan = task_of("gan", hide_labels(digits, 30).labeled, weight=0.7, lr=1.0)
    gan.optimizers = {n: torch.optim.SGD(gan.networks[n].parameters(), 1.0) for n in gan.optimizers}
    network = copy.deepcopy(nn.Sequential(gan.networks["body"], gan.networks["head"]))
    real = digits[:16]
    gan.seed(5)
    x, y = gan.labeled_batch(16)
    with torch.no_grad():
        fake = gan.generate(16)

    def cross_entropy(samples, of_class):
        logits = functional.pad(network(samples), (0, 1))
        return -logits.log_softmax(1)[:, of_class].logsumexp(1).mean()

    fakes, reals = cross_entropy(fake, [10]), cross_entropy(real, list(range(10)))
    loss = functional.cross_entropy(network(x), y) + 0.7 * (reals + fakes)
    expected = torch.autograd.grad(loss, list(network.parameters()))
    before = [p.detach().clone() for p in network.parameters()]
    gan.seed(5)
    gan.discriminator_step(real)
    after = [*gan.networks["body"].parameters(), *gan.networks["head"].parameters()]
    for old, new, gradient in zip(before, after, expected, strict=True):
        torch.testing.assert_close(old - new, gradient, atol=1e-6, rtol=1e-4)


def test_the_generator_moves_its_mean_features_to_those_of_reals(digits):
    gan = task_of("gan", hide_labels(digits, 30).labeled, lr=3e-3)
    real = digits[:64]
    before = weights(gan)
    gaps = [gan.generator_step(real)["g_loss"].item() for _ in range(150)]
    assert sum(gaps[-10:]) < 0.5 * sum(gaps[:10])
    after = weights(gan)
    for name in before:
        assert torch.equal(before[name], after[name]) != name.startswith("generator")


@pytest.mark.parametrize("loss", ["features", "squared features"])
def test_the_distance_of_mean_features_is_as_said(digits, loss):
    gan = task_of("gan", hide_labels(digits, 30).labeled, generator_loss=loss)
    real, fake = digits[:16], digits[100:116]
    gan.generate = lambda count: fake + 0 * sum(p.sum() for p in gan.generator.parameters())
    body = gan.networks["body"]
    gap = (body(real).mean(0) - body(fake).mean(0)).detach()
    expected = {"features": gap.abs().mean(), "squared features": (gap**2).mean()}[loss]
    assert gan.generator_step(real)["g_loss"].item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("loss", ["features", "squared features"])
def test_a_perfect_generator_gets_no_gradient_from_features(digits, loss):
    gan = task_of("gan", hide_labels(digits, 30).labeled, generator_loss=loss)
    real = digits[:16]
    gan.generate = lambda count: real + 0 * sum(p.sum() for p in gan.generator.parameters())
    assert gan.generator_step(real)["g_loss"].item() == 0


# --- The other terms -------------------------------------------------------------------------


def test_entropy_is_largest_where_nothing_is_known():
    torch.testing.assert_close(entropy(torch.zeros(2, 8)), torch.full((2,), 8.0).log())
    assert entropy(torch.tensor([[50.0, 0.0, 0.0]])).item() < 1e-6
    p = torch.tensor([[0.5, 0.25, 0.25]])
    assert entropy(p.log()).item() == pytest.approx(1.5 * torch.tensor(2.0).log().item())


def test_pseudo_labels_count_only_where_the_network_is_sure(digits):
    task = task_of("pseudo", hide_labels(digits, 30).labeled, threshold=0.9)
    unsure, sure = torch.tensor([[1.0, 0.0, 0.5]]), torch.tensor([[4.0, 0.0, 0.5]])
    assert task.unlabeled_loss(unsure) == 0
    expected = functional.cross_entropy(sure, torch.tensor([0]))
    torch.testing.assert_close(task.unlabeled_loss(sure), expected)
    torch.testing.assert_close(task.unlabeled_loss(torch.cat([sure, unsure])), expected / 2)


def test_the_weight_of_the_unlabeled_term_rises(digits):
    few = hide_labels(digits, 30)
    results = {}
    for method, ramp in (("supervised", 1), ("entropy", 1), ("entropy", 10**9)):
        task = task_of(method, few.labeled, ramp=ramp)
        fit(task, few.unlabeled, 3, batch_size=16, progress=False, device="cpu")
        results[method, ramp] = torch.cat([w.flatten() for w in weights(task).values()])
    plain = results["supervised", 1]
    torch.testing.assert_close(results["entropy", 10**9], plain, atol=1e-4, rtol=0)
    assert (results["entropy", 1] - plain).abs().max() > 1e-3


def test_more_labels_teach_more_and_unlabeled_ones_help(digits):
    held_out = data.load("digits", "validation")
    accuracy = {}
    for method, count in (("supervised", 20), ("supervised", 200), ("pseudo", 200)):
        few = hide_labels(digits, count, seed=0)
        torch.manual_seed(0)
        task = Classifier(classifier_body(digits, 64, 64), few.labeled, **OPTIONS[method])
        fit(task, few.unlabeled, 150, progress=False, device="cpu")
        accuracy[method, count] = task.accuracy(held_out)
    assert accuracy["supervised", 20] > 0.4
    assert accuracy["supervised", 200] > accuracy["supervised", 20] + 0.1
    assert accuracy["pseudo", 200] > 0.85


# --- Augmentation ----------------------------------------------------------------------------


def test_shifts_move_an_image_by_whole_pixels():
    image = torch.arange(256.0).reshape(1, 1, 16, 16)
    u = torch.tensor([[0.999, 0.0, 0.9, 0.9, 0.9]])  # two pixels up, two to the right
    moved = augmented(image, "shift", u)
    assert torch.equal(moved[0, 0, :14, 2:], image[0, 0, 2:, :14])
    still = torch.tensor([[0.5, 0.5, 0.9, 0.9, 0.9]])
    assert torch.equal(augmented(image, "shift", still), image)
    assert torch.equal(augmented(image, "none", u), image)


def test_flips_reach_all_eight_positions_of_a_square():
    image = torch.randn(1, 2, 8, 8)
    u = torch.tensor([[0.5, 0.5, a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]).float()
    seen = augmented(image.expand(8, -1, -1, -1), "shift-flip", u.clamp(max=0.9))
    turns = [image.rot90(k, (2, 3)) for k in range(4)]
    expected = [*turns, *(turn.flip(3) for turn in turns)]
    for one in expected:
        assert any(torch.equal(one[0], other) for other in seen)
    assert len({tuple(other.flatten().tolist()) for other in seen}) == 8


# --- A task like the others ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["pseudo", "bad gan"])
def test_a_resumed_run_equals_one_without_a_break(digits, method, tmp_path):
    few = hide_labels(digits, 30)
    options = {"batch_size": 16, "progress": False, "device": "cpu", "out": tmp_path}
    whole = trained(method, few, steps=9)
    task = task_of(method, few.labeled, augment="shift")
    fit(task, few.unlabeled, 4, **options)
    resumed = task_of(method, few.labeled, seed=1, augment="shift")
    fit(resumed, few.unlabeled, 9, resume=True, **options)
    assert equal(weights(whole), weights(resumed))
    assert whole.steps_done == resumed.steps_done == 9


def test_a_run_is_not_resumed_with_other_labels(digits, tmp_path):
    options = {"batch_size": 16, "progress": False, "device": "cpu", "out": tmp_path}
    few = hide_labels(digits, 30, seed=0)
    fit(task_of("gan", few.labeled), few.unlabeled, 2, **options)
    other = hide_labels(digits, 30, seed=1)
    with pytest.raises(checkpoints.CheckpointError, match="digest"):
        fit(task_of("gan", other.labeled), other.unlabeled, 4, resume=True, **options)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_convolutional_networks_for_larger_pictures(precision):
    balls = data.load("soccer", count=60, image_size=16, kinds="all")
    few = hide_labels(balls, 10)
    body = classifier_body(balls, features=8, width=4)
    gan = SemiSupervisedGAN(
        body, few.labeled, models.DCGANGenerator(4, 16, 3, 4), augment="shift-flip"
    )
    history = fit(
        gan, few.unlabeled, 10, batch_size=8, precision=precision, progress=False, device="cpu"
    )
    assert {"supervised_loss", "d_loss", "g_loss", "train_accuracy"} <= set(history.columns)
    assert gan.features(balls[:7]).shape == (7, 8)
    assert gan.class_logits(balls[:7]).shape == (7, 5)
    assert gan.sample(3).shape == (3, 3, 16, 16)
    right = gan.predict(balls) == balls.labels
    assert gan.accuracy(balls) == pytest.approx(right.float().mean().item())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unlabeled": "hope"}, "Unknown term 'hope'"),
        ({"augment": "rotate"}, "Unknown augmentation 'rotate'"),
        ({"weight": -1}, "weight must not be negative"),
        ({"threshold": 1.5}, "threshold must lie in"),
        ({"ramp": 0}, "ramp be at least 1"),
        ({"generator_loss": "wasserstein"}, "Unknown loss of the generator"),
        ({"noise": -0.1}, "noise must not be negative"),
        ({"entropy_weight": -0.1}, "entropy_weight must not be negative"),
        *(
            ({name: math.nan}, f"{name}.*nan")
            for name in ("weight", "threshold", "ramp", "noise", "entropy_weight")
        ),
        ({"body_lr": math.nan}, "learning rate"),
        ({"generator_lr": math.nan}, "learning rate"),
    ],
)
def test_settings_out_of_range_are_refused(digits, options, message):
    method = "supervised" if {"unlabeled", "threshold", "ramp"} & set(options) else "gan"
    with pytest.raises(ValueError, match=message):
        task_of(method, hide_labels(digits, 10).labeled, **options)


@pytest.mark.parametrize("name", ["body_lr", "generator_lr"])
def test_a_learning_rate_of_zero_is_a_value(digits, name):
    few = hide_labels(digits, 30)
    task = task_of("gan", few.labeled, **{name: 0.0})
    frozen = {"body_lr": "body", "generator_lr": "generator"}[name]
    before = weights(task)
    fit(task, few.unlabeled, 3, batch_size=16, progress=False, device="cpu")
    after = weights(task)
    trained_ones = {key for key in before if not torch.equal(before[key], after[key])}
    assert trained_ones
    assert not any(key.startswith(frozen) for key in trained_ones)


@pytest.mark.parametrize("value", [0, -4, math.nan])
def test_sizes_of_zero_are_refused_and_not_replaced(digits, value):
    few = hide_labels(digits, 30)
    for make in (
        lambda: SemiSupervisedGAN.for_data(few, latent_dim=value),
        lambda: SemiSupervisedGAN.for_data(few, width=value),
        lambda: classifier_body(digits, width=value),
        lambda: classifier_body(digits, features=value),
    ):
        with pytest.raises(ValueError, match="must be a whole number of at least 1"):
            make()


def test_a_gan_is_no_classifier_with_options_taken_away(digits):
    gan = task_of("gan", hide_labels(digits, 30).labeled)
    assert isinstance(gan, FewLabelsTask)
    assert not isinstance(gan, Classifier)
    assert not {"unlabeled", "threshold", "ramp"} & set(gan.settings)
    with pytest.raises(TypeError, match="ramp"):
        task_of("gan", hide_labels(digits, 30).labeled, ramp=5)


@pytest.mark.parametrize("method", ["supervised", "gan"])
def test_classes_probabilities_and_logits_say_the_same(digits, method):
    task = trained(method, hide_labels(digits, 30))
    classes, logits = task.predict(digits[:40]), task.class_logits(digits[:40])
    assert classes.shape == (40,)
    assert classes.dtype == torch.int64
    assert torch.equal(classes, logits.argmax(1))
    torch.testing.assert_close(task.probabilities(digits[:40]), logits.softmax(1))
    latest = task.predict(digits[:40], averaged=False)
    assert torch.equal(latest, task.class_logits(digits[:40], averaged=False).argmax(1))


def test_samples_may_come_as_a_data_set_a_tensor_or_an_array(digits):
    few = hide_labels(digits, 30)
    task, some = task_of("supervised", few.labeled), digits.subset(slice(0, 50))
    for ask in (
        task.features,
        task.class_logits,
        task.probabilities,
        task.predict,
        lambda x: spread_labels(few, x),
    ):
        wanted = ask(some[:])
        assert torch.equal(ask(some), wanted)
        assert torch.equal(ask(some[:].numpy().astype(np.float64)), wanted)


@pytest.mark.parametrize(
    ("shape", "network", "body", "generator", "steps"),
    [
        ((2,), "auto", "mlp", "mlp", 1000),
        ((1, 8, 8), "auto", "mlp", "dcgan", 1000),
        ((1, 8, 8), "mlp", "mlp", "mlp", 1000),
        ((3, 32, 32), "auto", "dcgan", "dcgan", 3000),
        ((3, 32, 32), "mlp", "mlp", "mlp", 1000),
        ((1, 6, 6), "auto", "mlp", "mlp", 1000),
    ],
)
def test_the_recipe_says_what_is_made_and_for_how_long(shape, network, body, generator, steps):
    recipe = recipe_for(shape, network)
    assert (recipe.networks["body"], recipe.networks["generator"]) == (body, generator)
    assert (recipe.steps, recipe.batch_size) == (steps, 64)
    assert ("augment" in recipe.options) == (len(shape) == 3)
    labels = torch.arange(20) % 2
    few = hide_labels(data.Dataset("mine", torch.zeros(20, *shape), labels=labels), 4)
    gan = SemiSupervisedGAN.for_data(few, network=network)
    assert gan.recipe == recipe
    made = type(gan.networks["body"]).__name__, type(gan.generator).__name__
    kinds = {"mlp": ("MLPEncoder", "MLPGenerator"), "dcgan": ("DCGANEncoder", "DCGANGenerator")}
    assert made == (kinds[body][0], kinds[generator][1])


def test_one_changed_word_moves_the_recipe_to_mnist():
    networks = recipe_for((1, 28, 28)).networks
    assert (networks["body"], networks["generator"]) == ("dcgan", "dcgan")


def test_what_was_chosen_instead_of_the_recipe_is_in_the_task_s_own(digits):
    few = hide_labels(digits, 30)
    gan = SemiSupervisedGAN.for_data(few, width=6, latent_dim=5, noise=0.0)
    assert gan.recipe.networks["body_width"] == gan.recipe.networks["generator_width"] == 6
    assert gan.recipe.networks["latent_dim"] == gan.generator.latent_dim == 5
    assert gan.recipe.options["noise"] == gan.noise == 0.0
    assert gan.recipe.options["entropy_weight"] == 0.3


def test_a_task_refuses_data_without_labels(digits):
    with pytest.raises(ValueError, match="has no labels"):
        task_of("gan", hide_labels(digits, 10).labeled).accuracy(hide_labels(digits, 10).unlabeled)
    with pytest.raises(ValueError, match=r"give hide_labels\(\.\.\.\)\.labeled"):
        Classifier(classifier_body(digits), hide_labels(digits, 10).unlabeled)


# --- Without a network -----------------------------------------------------------------------


def test_a_linear_probe_finds_classes_that_a_plane_separates():
    features = torch.randn(200, 5) * torch.tensor([1.0, 100.0, 1.0, 0.01, 1.0])
    labels = (features[:, 3] > 0).long()  # the smallest feature decides
    predict = linear_probe(features[:100], labels[:100])
    assert (predict(features[100:]) == labels[100:]).float().mean() > 0.85


def test_labels_spread_along_two_moons():
    from sklearn.datasets import make_moons

    points, labels = make_moons(400, noise=0.05, random_state=0)
    moons = data.Dataset("moons", torch.tensor(points).float(), labels=torch.tensor(labels))
    few = hide_labels(moons, 2, seed=0)
    classes = spread_labels(few, moons[:], neighbors=7, alpha=0.9)
    assert (classes == moons.labels).float().mean() > 0.98
    # of a feature that is constant nothing can be told: neighbors are arbitrary
    nearest = torch.cdist(moons[:], few.labeled[:]).argmin(1)
    alone = (few.labeled.labels[nearest] == moons.labels).float().mean()
    assert alone < 0.95  # the nearest label is not enough: it took the unlabeled points
