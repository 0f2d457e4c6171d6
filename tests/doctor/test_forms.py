import pytest
import torch
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as with_logits

from gan_tutorial.doctor.forms import GAMES, explain_form, known_loss
from gan_tutorial.losses import LOSSES

REAL = torch.randn(200, generator=torch.Generator().manual_seed(0)) + 2
FAKE = torch.randn(200, generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("loss", GAMES)
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_loss_itself_is_recognized_whole_and_halved(loss, scale):
    told = scale * GAMES[loss].discriminator(REAL, FAKE).item()
    assert explain_form(loss, REAL, FAKE, told) == (True, None)


def test_smoothed_labels_are_a_form_and_noisy_ones_a_mistake():
    y = torch.full_like(REAL, 0.9)
    told = (with_logits(REAL, y) + with_logits(FAKE, torch.zeros_like(FAKE))).item()
    assert explain_form("non-saturating", REAL, FAKE, told) == (True, None)
    wrong = (torch.arange(200) % 5 < 2).float()  # two in five
    told = (with_logits(REAL, 1 - wrong) + with_logits(FAKE, wrong)).item()
    known, finding = explain_form("non-saturating", REAL, FAKE, told)
    assert not known
    assert finding.fault == "label-noise"
    assert explain_form("non-saturating", REAL, FAKE, told, penalized=True) == (False, None)


@pytest.mark.parametrize("loss", [name for name, game in LOSSES.items() if game.labeled])
def test_fakes_with_the_label_of_reals(loss):
    term = LOSSES[loss].real_term
    told = (term(REAL).mean() + term(FAKE).mean()).item()
    for scale in (1.0, 0.5):
        known, finding = explain_form(loss, REAL, FAKE, scale * told)
        assert known
        assert finding.fault == "fakes-labeled-real"


def test_probabilities_are_right_before_one_cross_entropy_and_wrong_before_the_other():
    p, q = REAL.sigmoid(), FAKE.sigmoid()
    one, none = torch.ones_like(p), torch.zeros_like(q)
    right = (bce(p, one) + bce(q, none)).item()
    assert explain_form("non-saturating", p, q, right, bounded=True) == (True, None)
    twice = (with_logits(p, one) + with_logits(q, none)).item()
    assert explain_form("non-saturating", p, q, twice, bounded=True)[1].fault == "double-sigmoid"
    assert explain_form("hinge", p, q, 1.0, bounded=True)[1].fault == "double-sigmoid"
    squares = LOSSES["least-squares"].discriminator(p, q).item()
    assert explain_form("least-squares", p, q, squares, bounded=True) == (True, None)


def test_another_loss_is_not_recognized_and_not_named():
    assert explain_form("wasserstein", REAL, FAKE, 17.3) == (False, None)
    assert explain_form("relativistic", REAL, FAKE[:100], 0.3) == (False, None)


def test_zero_is_what_a_softmax_makes_of_one_number():
    assert explain_form("non-saturating", REAL, FAKE, 0.0)[1].fault == "softmax-of-one"


def test_losses_go_by_the_names_that_the_field_gives_them():
    assert [known_loss(name) for name in ("LSGAN", "WGAN_GP", "RaGAN", "hinge", None)] == [
        "least-squares",
        "wasserstein",
        "relativistic-average",
        "hinge",
        None,
    ]
    with pytest.raises(ValueError, match="Unknown loss 'crossentropy'"):
        known_loss("crossentropy")
