import numpy as np
import torch

from gan_tutorial import check


def test_two_logits_may_be_an_array_or_a_list():
    assert check("3.7", lambda a: np.stack([np.zeros(len(a)), a.numpy()], 1))
    assert check("3.7", lambda a: [[0.0, x] for x in a.tolist()])
    assert check("3.7", lambda a: torch.stack([-a / 2, a / 2], 1))
    assert not check("3.7", lambda a: [[x, 0.0] for x in a.tolist()])
    assert not check("3.7", lambda a: [0.0, 1.0])
    assert not check("3.7", lambda a: np.stack([-a.numpy(), a.numpy()], 1))
