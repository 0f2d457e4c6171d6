import pytest
import torch

from gan_tutorial.translation import FakeHistory


def numbers(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None]


def test_without_a_history_fakes_come_back():
    fakes = numbers(1, 2, 3)
    assert torch.equal(FakeHistory(0, (1,)).exchange(fakes, torch.rand(3)), fakes)


def test_until_it_is_full_fakes_come_back_and_are_stored():
    history = FakeHistory(5, (1,))
    for fakes in (numbers(1, 2), numbers(3, 4)):
        assert torch.equal(history.exchange(fakes, torch.zeros(7)), fakes)
    assert history.filled == 4
    assert torch.equal(history.stored[:4], numbers(1, 2, 3, 4))


def test_a_full_one_exchanges_where_it_is_told_to():
    history = FakeHistory(3, (1,))
    history.exchange(numbers(1, 2, 3), torch.zeros(6))
    # the second is exchanged; places are taken in the order of the last three numbers: 2, 0, 1
    shown = history.exchange(numbers(7, 8), torch.tensor([0.9, 0.1, 0.5, 0.8, 0.2]))
    assert torch.equal(shown, numbers(7, 1))
    assert torch.equal(history.stored, numbers(8, 2, 3))


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 8])
def test_no_fake_is_lost_or_shown_twice(batch):
    """Whatever the random numbers, those stored and those shown are those that came."""
    history, came, shown, count = FakeHistory(5, (1,)), [], [], 0
    for _ in range(20):
        fakes = torch.arange(count, count + batch)[:, None].float()
        count += batch
        came += fakes.flatten().tolist()
        before = sorted(history.stored[: history.filled].flatten().tolist())
        was_full = history.filled == 5
        out = history.exchange(fakes, torch.rand(batch + 5))
        after = history.stored[: history.filled].flatten().tolist()
        if was_full:  # before that, fakes are both stored and shown
            both = sorted([*out.flatten().tolist(), *after])
            assert both == sorted([*fakes.flatten().tolist(), *before])
        shown += out.flatten().tolist()
    assert set(shown) <= set(came)


def test_half_of_a_batch_is_older():
    history = FakeHistory(50, (1,))
    history.exchange(torch.zeros(50, 1), torch.rand(100))
    older = [
        (history.exchange(torch.full((20, 1), k + 1.0), torch.rand(70)) != k + 1).float().mean()
        for k in range(200)
    ]
    assert torch.stack(older).mean() == pytest.approx(0.5, abs=0.03)
