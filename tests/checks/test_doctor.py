import torch

from gan_tutorial import check


def test_each_kind_of_logit_has_a_margin_of_its_own():
    assert check("9.2", lambda real, fake: torch.relu(1 - real) + torch.relu(1 + fake))
    assert not check("9.2", lambda real, fake: max(0.0, 2 - real + fake))
    assert not check("9.2", lambda real, fake: max(0.0, 1 - real, 1 + fake))


def test_the_log_has_one_name():
    assert check("9.5", " Tiny-Data. ")
    assert "FAULTS" in check("9.5", "overfitting").sentence
