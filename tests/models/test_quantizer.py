import math

import pytest
import torch

from gan_tutorial.models import VectorQuantizer, perplexity, straight_through


def quantizer(codes, dim, seed=0, **options):
    torch.manual_seed(seed)
    return VectorQuantizer(codes, dim, **options)


@pytest.mark.parametrize("learned", ["ema", "gradient"])
def test_the_nearest_code_is_the_nearest(learned):
    q = quantizer(7, 3, learned=learned)
    z = 2 * torch.randn(50, 3)
    assert torch.equal(q.nearest(z), torch.cdist(z, q.codebook).argmin(1))
    # a code is its own nearest, and comes back whole
    tokens = torch.arange(7).view(7, 1)
    assert torch.equal(q.nearest(q.vectors(tokens)[:, 0]), tokens[:, 0])


def test_the_gradient_passes_the_code_by():
    z = torch.randn(4, 3, requires_grad=True)
    e = torch.randn(4, 3, requires_grad=True)
    passed = straight_through(z, e)
    torch.testing.assert_close(passed, e)
    slopes = torch.randn(4, 3)
    (passed * slopes).sum().backward()
    torch.testing.assert_close(z.grad, slopes)
    assert e.grad is None


def test_codes_are_the_means_of_what_they_stand_for():
    """Of the same vectors again and again, whatever the decay."""
    q = quantizer(2, 1, decay=0.5)
    z = torch.tensor([[0.0], [0.2], [1.0], [1.1], [1.5]])
    q.revive(z[[0, 2]])  # all codes are dead at first
    for _ in range(40):
        q.follow(z, q.nearest(z))
    assert sorted(q.codebook.flatten().tolist()) == pytest.approx([0.1, 1.2])
    assert sorted(q.counts.tolist()) == pytest.approx([2.0, 3.0])


def test_one_follow_is_the_written_average():
    q = quantizer(2, 1, decay=0.75)
    q.revive(torch.tensor([[0.0], [4.0]]))  # each stands for one vector
    low = q.codebook.argmin().item()
    q.follow(torch.tensor([[1.0], [2.0]]), torch.tensor([low, low]))
    # N = .75 * 1 + .25 * 2, m = .75 * 0 + .25 * 3
    assert q.counts[low].item() == pytest.approx(1.25)
    assert q.codebook[low].item() == pytest.approx(0.75 / 1.25)
    assert q.codebook[1 - low].item() == pytest.approx(4.0)  # its mean does not move


@pytest.mark.parametrize("learned", ["ema", "gradient"])
def test_only_dead_codes_are_revived(learned):
    q = quantizer(4, 2, learned=learned)
    z = torch.randn(8, 2)
    q.revive(z)
    assert torch.equal(q.counts, torch.full((4,), 2.0))
    before = q.codebook.detach().clone()
    q.counts[1] = 0.01
    other = 10 + torch.randn(8, 2)
    q.revive(other)
    moved = (q.codebook != before).any(1)
    assert moved.tolist() == [False, True, False, False]
    assert torch.cdist(q.codebook[1:2], other).min() == 0


def test_perplexity():
    assert perplexity(torch.arange(6).repeat(3), 10).item() == pytest.approx(6)
    assert perplexity(torch.full((2, 3), 4), 10).item() == pytest.approx(1)
    uneven = torch.tensor([0, 0, 0, 1])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert perplexity(uneven, 2).item() == pytest.approx(math.exp(entropy))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codes": 0}, "at least 1"),
        ({"dim": 0}, "at least 1"),
        ({"learned": "magic"}, "choose ema, gradient"),
        ({"decay": 1.0}, r"lies in \[0, 1\)"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        VectorQuantizer(**options)
