import pytest
import torch
from torch import nn

from gan_tutorial.doctor.outputs import Verdicts, answer_of, looks_bounded


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 1, 1, 1), (5, 1, 3, 4), (5, 1, 7)])
def test_one_number_for_each_sample_or_patch(shape):
    x = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
    for answer in (x, (x, torch.zeros(5, 9)), {"logits": x}, [x.half()]):
        assert torch.equal(answer_of(answer, 5), x.reshape(5, -1))


@pytest.mark.parametrize(
    "answer", [torch.zeros(5, 10), torch.zeros(()), torch.zeros(4), None, (), "yes"], ids=range(6)
)
def test_other_answers_are_not_read(answer):
    assert answer_of(answer, 5) is None


def test_verdicts_are_averages_of_patches_and_logits_of_probabilities():
    patches = nn.Conv2d(1, 1, 2)
    x = torch.randn(4, 1, 3, 3)
    assert torch.allclose(Verdicts(patches)(x), patches(x).flatten(1).mean(1))
    squashed = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    y = torch.randn(4, 2)
    expected = squashed[0](y).squeeze(1)
    assert torch.allclose(Verdicts(squashed, bounded=True)(y), expected, atol=1e-4)
    with pytest.raises(ValueError, match="none of the forms"):
        Verdicts(nn.Linear(2, 3))(y)


@pytest.mark.parametrize("weight", [1e-4, 1.0, 30.0])
def test_a_sigmoid_is_seen_whatever_the_weights(weight):
    linear, y = nn.Linear(2, 1), torch.randn(64, 2)
    with torch.no_grad():
        linear.weight.fill_(weight)
        linear.bias.zero_()
    assert not looks_bounded(linear, y)
    assert looks_bounded(nn.Sequential(linear, nn.Sigmoid()), y)
