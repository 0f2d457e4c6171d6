import pytest

from gan_tutorial.faults import healthy


def test_held_out_samples_are_not_in_the_training_data():
    case = healthy("digits")
    train = {tuple(x) for x in case.data.tensor().flatten(1).tolist()}
    held_out = {tuple(x) for x in case.held_out.tensor().flatten(1).tolist()}
    assert not train & held_out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"data": "cats"}, "no case for the data 'cats'.*ring"),
        ({"network": "transformer"}, "Unknown kind of network 'transformer'.*mlp"),
        ({"data": "ring", "network": "dcgan"}, "makes images"),
        ({"loss": "entropy"}, "Unknown loss 'entropy'.*hinge"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"width": float("nan")}, "width must be at least 1, got nan"),
    ],
)
def test_a_case_that_cannot_be_is_refused(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        healthy(**arguments)


def test_what_is_asked_for_is_what_one_gets():
    case = healthy("ring", steps=7, batch_size=1, width=3)
    assert (case.steps, case.training["batch_size"]) == (7, 1)
    assert case.build().discriminator.net[1].out_features == 3
