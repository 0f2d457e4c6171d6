"""The Pi-model and FixMatch: two views of a sample should be of one class."""

import pytest
import torch
from torch.nn import functional

from gan_tutorial import data, fit, models
from gan_tutorial.semi_supervised import Classifier, covered, hide_labels
from gan_tutorial.semi_supervised.classifier import TERMS


@pytest.fixture(scope="module")
def few():
    return hide_labels(data.load("digits"), 30)


def classifier(few, term, **options):
    torch.manual_seed(0)
    return Classifier(
        models.MLPEncoder((1, 8, 8), 16, 24, 1), few.labeled, unlabeled=term, **options
    )


# --- The terms -------------------------------------------------------------------------------


def test_the_pi_model_measures_how_far_two_predictions_are_apart(few):
    task = classifier(few, "pi-model")
    sure, other = torch.tensor([[50.0, 0.0, 0.0]]), torch.tensor([[0.0, 50.0, 0.0]])
    even = torch.zeros(1, 3)
    assert task.unlabeled_loss(sure, sure) == 0
    torch.testing.assert_close(task.unlabeled_loss(sure, other), torch.tensor(2.0))
    # (1 - 1/3)^2 + 2 (1/3)^2 = 2/3
    torch.testing.assert_close(task.unlabeled_loss(sure, even), torch.tensor(2 / 3))


def test_both_views_of_the_pi_model_learn(few):
    task = classifier(few, "pi-model")
    first, second = (torch.randn(5, 3, requires_grad=True) for _ in range(2))
    task.unlabeled_loss(first, second).backward()
    assert first.grad.abs().sum() > 0
    assert second.grad.abs().sum() > 0


def test_without_a_change_the_pi_model_learns_from_labels_only(few):
    """Two equal views agree, so every weight is that of the supervised classifier."""
    results = []
    for term in ("none", "pi-model"):
        task = classifier(few, term)
        fit(task, few.unlabeled, 5, batch_size=16, progress=False, device="cpu")
        results.append(torch.cat([p.flatten() for p in task.networks["body"].parameters()]))
    torch.testing.assert_close(*results)


def test_fixmatch_takes_the_class_from_the_weak_view_and_teaches_the_strong_one(few):
    task = classifier(few, "fixmatch", threshold=0.9)
    weak = torch.tensor([[4.0, 0.0, 0.5], [1.0, 0.0, 0.5]], requires_grad=True)  # sure, unsure
    strong = torch.randn(2, 3, requires_grad=True)
    loss = task.unlabeled_loss(weak, strong)
    expected = functional.cross_entropy(strong[:1], torch.tensor([0])) / 2
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert weak.grad is None
    assert strong.grad[0].abs().sum() > 0
    assert strong.grad[1].abs().sum() == 0


# --- The views -------------------------------------------------------------------------------


def test_how_often_the_network_sees_a_sample(few):
    seen = {term: len(classifier(few, term).views(few.unlabeled[:4])) for term in TERMS}
    assert seen == {"none": 0, "entropy": 1, "pseudo": 1, "pi-model": 2, "fixmatch": 2}


def test_the_weak_view_is_shifted_and_the_strong_one_covered_and_noisy(few):
    batch = torch.rand(200, 1, 8, 8) * 0.5 + 0.25  # nowhere gray
    weak, strong = classifier(few, "fixmatch").views(batch)
    assert torch.equal(weak, batch)
    sizes = (strong == 0).flatten(1).sum(1)  # less at the edges
    assert (sizes.min(), sizes.max()) == (2 * 2, 4 * 4)
    assert torch.equal(strong[strong != 0], batch[strong != 0])
    task = classifier(few, "fixmatch", augment="shift", noise=0.1)
    weak, strong = task.views(batch)
    assert not torch.equal(weak, batch)
    for moved, image in zip(weak, batch, strict=True):  # the same pixels, elsewhere
        assert set(moved.flatten().tolist()) <= set(image.flatten().tolist())
    assert (strong == 0).sum() == 0  # noise lies on what is covered, too


def test_points_have_nothing_to_cover():
    points = data.load("ring", count=60)
    task = Classifier(
        models.MLPEncoder((2,), 16, 24, 1), hide_labels(points, 8).labeled,
        unlabeled="fixmatch", noise=0.1,
    )  # fmt: skip
    weak, strong = task.views(points[:7])
    assert torch.equal(weak, points[:7])
    assert 0 < (strong - weak).std() < 0.2


def test_a_place_of_half_the_sides_is_covered_and_may_reach_over_the_edge():
    images = torch.ones(4, 3, 8, 12)
    changed = covered(images, torch.tensor([[0.25, 0.25], [0.0, 0.0], [0.999, 0.999], [0.5, 0.5]]))
    assert (changed[0, :, :4, :6] == 0).all()
    assert (changed == 0).flatten(1).sum(1).tolist() == [72, 3 * 2 * 3, 3 * 3 * 4, 72]
    assert (changed[1, :, :2, :3] == 0).all()
    assert (changed[2, :, 5:, 8:] == 0).all()
    assert (images == 1).all()


# --- What it is good for ----------------------------------------------------------------------


@pytest.mark.parametrize(("term", "options"), [("pi-model", {}), ("fixmatch", {"threshold": 0.8})])
def test_consistency_helps_where_labels_are_few(term, options):
    digits, held_out = data.load("digits"), data.load("digits", "validation")
    few = hide_labels(digits, 50)
    accuracy = {}
    for name, more in (("none", {}), (term, options)):
        torch.manual_seed(0)
        task = Classifier(
            models.MLPEncoder((1, 8, 8), 64, 64, 2), few.labeled, unlabeled=name,
            augment="shift", lr=3e-3 if term == "fixmatch" else 1e-3, ramp=150, **more,
        )  # fmt: skip
        fit(task, few.unlabeled, 400, progress=False, device="cpu")
        accuracy[name] = task.accuracy(held_out)
    assert accuracy[term] > accuracy["none"] + 0.01
