import json

import pytest
import torch

from gan_tutorial import GAN, data, fit
from gan_tutorial.training import SavedRun, keep_generator
from gan_tutorial.training.checkpoints import CheckpointError

SCORES = {2: 0.5, 4: 0.1, 6: float("nan"), 8: 0.3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that kept four generators on its way."""
    out = tmp_path_factory.mktemp("kept") / "run"
    points = data.load("ring")
    torch.manual_seed(0)
    gan = GAN.for_data(points, width=8)
    seen = {}

    def keep(run):
        if run.step in SCORES:
            keep_generator(run, KID=SCORES[run.step])
            seen[run.step] = run.task.sample(5)

    fit(gan, points, 9, device="cpu", progress=False, callbacks=keep, out=out, batch_size=8)
    seen[9] = gan.sample(5)
    return out, seen


def sampled(run):
    from gan_tutorial.models import latent_codes, sample_generator

    return sample_generator(run.generator, latent_codes(5, run.generator.latent_dim))


@pytest.mark.parametrize(
    ("which", "step"), [("best", 4), ("last", 9), (2, 2), ("6", 6), ("8", 8)], ids=str
)
def test_each_generator_is_found_as_it_was(folder, which, step):
    out, seen = folder
    run = SavedRun(out, which)
    assert run.config["step"] == step
    torch.testing.assert_close(sampled(run), seen[step], rtol=0, atol=1e-6)
    assert run.shape == (2,)
    assert run.step == 9  # the state is that of the end


def test_what_was_measured_is_kept_with_it(folder):
    out, _ = folder
    assert SavedRun(out).kept == {
        step: {"KID": None if step == 6 else score} for step, score in SCORES.items()
    }
    json.loads(
        (out / "kept" / "step_000006" / "config.json").read_text(), parse_constant=pytest.fail
    )


@pytest.mark.parametrize("which", [3, "7", "worst"], ids=str)
def test_what_was_not_kept_is_refused_and_what_was_is_listed(folder, which):
    with pytest.raises(CheckpointError, match="choose best, last, or one of the steps 2, 4, 6, 8"):
        _ = SavedRun(folder[0], which).generator


def test_a_run_that_kept_none_says_how_to(tmp_path):
    points = data.load("ring")
    fit(GAN.for_data(points, width=8), points, 2, device="cpu", progress=False, out=tmp_path / "r")
    with pytest.raises(CheckpointError, match="train with --keep-best"):
        _ = SavedRun(tmp_path / "r", "best").config
    assert SavedRun(tmp_path / "r").kept == {}
