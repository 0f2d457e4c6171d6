"""What a user sees in the first minutes: forecast, budget, pictures, and what is chosen."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial import checkpoints, data
from gan_tutorial.cli import chosen, main
from gan_tutorial.cli.forecast import Forecast, forecast
from gan_tutorial.cli.grids import Grids
from gan_tutorial.cli.kinds import kind_of
from gan_tutorial.cli.numbers import in_words
from gan_tutorial.cli.options import TrainOptions
from gan_tutorial.training import Run, SavedRun, speed

CPU = torch.device("cpu")
TINY = ["--width", "4", "--batch-size", "8", "--device", "cpu"]


def done(capsys, *arguments, status=0):
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == status, capsys.readouterr().err
    return capsys.readouterr().out


def weights(folder):
    return checkpoints.load_generator(folder).state_dict()


def pictures(folder, count=24, side=16):
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k in range(count):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(
            folder / f"{k}.png"
        )
    return folder


@pytest.fixture
def half_a_second(monkeypatch):
    """Let a step take half a second in every trial, whatever the machine is busy with."""
    monkeypatch.setattr(chosen, "seconds_per_step", lambda *_, **__: 0.5)


# --- The forecast ----------------------------------------------------------------------------


def test_the_time_is_told_before_training(tmp_path, capsys, half_a_second):
    said = done(capsys, "train", "ring", "--out", tmp_path / "run", "--steps", "40", *TINY)
    assert "Time: about 20 s for 40 steps at 0.5 s, by a trial." in said
    again = ["train", "ring", "--out", tmp_path / "run", "--resume"]
    assert "30 s for 60 steps" in done(capsys, *again, "--steps", "100")
    assert "Time:" not in done(capsys, *again, "--steps", "110")  # over before it is told


def test_a_run_with_a_forecast_is_the_run_without(tmp_path, capsys, monkeypatch):
    begin = ["train", "digits", "--steps", "24", *TINY]
    assert "by a trial" in done(capsys, *begin, "--out", tmp_path / "told")
    monkeypatch.setattr(chosen, "trial", lambda *_: None)
    assert "by a trial" not in done(capsys, *begin, "--out", tmp_path / "untold")
    told, untold = weights(tmp_path / "told"), weights(tmp_path / "untold")
    assert all(torch.equal(told[name], untold[name]) for name in told)


@pytest.mark.parametrize(
    ("seconds", "shape", "words"),
    [
        (2.0, (3, 64, 64), ["2 h 47 min for 5,000 steps", "--image-size 32 takes", "--budget 10m"]),
        (0.5, (1, 32, 32), ["42 min", "--image-size 16 takes"]),
        (0.5, (2,), ["42 min", "--budget 10m"]),
    ],
)
def test_what_would_be_shorter_is_named_where_it_is_long(seconds, shape, words):
    lines = forecast(5000, seconds, shape, CPU, TrainOptions(precision="fp32")).splitlines()
    assert len(lines) == 2
    assert all(word in "\n".join(lines) for word in words)
    assert ("--image-size" in lines[1]) == (len(shape) == 3)


def test_nothing_is_advised_where_it_is_short_or_limited():
    for left, options in ((100, TrainOptions()), (5000, TrainOptions(budget=600.0))):
        assert "Shorter" not in forecast(left, 2.0, (3, 64, 64), CPU, options)


@pytest.mark.parametrize("able", [True, False])
def test_rounding_is_advised_where_the_processor_can(monkeypatch, able):
    monkeypatch.setattr(speed, "has_bf16", lambda _: able)
    options = TrainOptions(precision="fp32")
    assert ("--precision bf16" in forecast(5000, 1.0, (3, 64, 64), CPU, options)) == able
    rounded = forecast(5000, 1.0, (3, 64, 64), CPU, replace(options, precision="bf16"))
    assert "--precision" not in rounded


def test_the_forecast_is_renewed_after_a_minute_and_ever_more_rarely():
    lines = []
    tell = Forecast(lines.append)
    for step in range(1, 1001):
        tell(SimpleNamespace(step=step, steps=1000, seconds=2.0 + step))
    assert [line.split(":")[0] for line in lines] == [
        f"Step {step:,} of 1,000" for step in (61, 121, 241, 481, 961)
    ]
    assert lines[0].endswith("about 16 min left.")
    assert lines[-1].endswith("about 40 s left.")


# --- The budget ------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400)])
def test_times_are_read_with_their_unit(text, seconds):
    from gan_tutorial.cli.numbers import duration

    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["10", "0s", "-5m", "ten minutes", "1d", "nan", "1e9h", ""])
def test_times_without_a_unit_or_out_of_range_are_refused(tmp_path, capsys, text):
    out = ["--out", str(tmp_path / "run"), f"--budget={text}"]
    message = failed(capsys, "train", "ring", *out)
    assert "argument --budget: takes a time such as 90s, 10m or 1.5h" in message
    assert not (tmp_path / "run").exists()


def test_times_are_said_to_two_digits():
    said = [in_words(seconds) for seconds in (0.4, 19, 44, 130, 3600, 9000, 40000)]
    assert said == ["0 s", "19 s", "40 s", "2 min", "1 h", "2 h 30 min", "11 h"]


def test_a_budget_chooses_the_steps_once_and_a_resumed_run_goes_the_same_way(
    tmp_path, capsys, monkeypatch, half_a_second
):
    begin = ["train", "digits", *TINY]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    done(capsys, *begin, "--out", whole, "--steps", "19")
    with monkeypatch.context() as patch:
        patch.setattr(Run, "stopping", lambda run, _: run.step == 7)
        said = done(capsys, *begin, "--out", parts, "--budget", "10s", status=130)
    assert "--budget 10 s: 19 steps in all, at 0.5 s each by a trial" in said
    assert SavedRun(parts).about["options"]["steps"] == 19
    monkeypatch.setattr(chosen, "seconds_per_step", lambda *_, **__: 0.01)  # a faster machine
    assert "19 of 19 steps done" in done(capsys, "train", "digits", "--out", parts, "--resume")
    assert all(torch.equal(weights(whole)[name], v) for name, v in weights(parts).items())


def test_steps_and_a_budget_are_refused_together_and_either_replaces_the_other(
    tmp_path, capsys, half_a_second
):
    begin = ["train", "ring", "--out", tmp_path / "run", *TINY]
    message = failed(capsys, *begin, "--steps", "5", "--budget", "10m")
    assert "give one of them, not both" in message
    done(capsys, *begin, "--budget", "3s")
    resume = ["train", "ring", "--out", tmp_path / "run", "--resume"]
    assert "8 of 8 steps done" in done(capsys, *resume, "--steps", "8")
    assert SavedRun(tmp_path / "run").about["options"]["budget"] is None


def test_a_budget_counts_what_was_trained_before():
    options = TrainOptions(budget=100.0)
    chosen_now, line = chosen.by_time(options, 0.5, done=50, spent=40.0)
    assert chosen_now.steps == 50 + 114
    assert "164 steps in all" in line
    with pytest.raises(ValueError, match=r"trained for 2 min already.*give more than 2 min"):
        chosen.by_time(options, 0.5, done=50, spent=101.0)
    with pytest.raises(ValueError, match="hold none"):
        chosen.by_time(options, 200.0)


# --- Pictures --------------------------------------------------------------------------------


def drawn(out):
    return sorted(path.name for path in (out / "samples").iterdir())


def test_grids_come_early_and_at_widening_intervals(tmp_path):
    samples = data.load("digits", count=70)
    task = SimpleNamespace(sample=lambda count: samples[:count])
    grids = Grids(kind_of(TrainOptions()), samples, tmp_path)
    for step in range(1, 101):
        grids(SimpleNamespace(step=step, steps=100, seconds=1.0 * step, task=task))
        if step == 5:  # the reals, and the first fakes, long before twenty seconds
            assert drawn(tmp_path) == ["real.png", "step_000005.png"]
    steps = [int(name[5:11]) for name in drawn(tmp_path)[1:]]
    assert steps == [5, 8, 12, 17, 26, 38, 57, 86, 100]
    again = Grids(kind_of(TrainOptions()), samples, tmp_path / "resumed")
    for step in range(60, 81):
        again(SimpleNamespace(step=step, steps=100, seconds=1.0 * step, task=task))
    assert drawn(tmp_path / "resumed") == ["real.png"]


def test_a_number_of_steps_between_grids_is_kept_to(tmp_path):
    samples = data.load("digits", count=10)
    task = SimpleNamespace(sample=lambda count: samples[:count])
    grids = Grids(kind_of(TrainOptions()), samples, tmp_path, every=4)
    for step in range(1, 11):
        grids(SimpleNamespace(step=step, steps=10, seconds=100.0 * step, task=task))
    assert [int(name[5:11]) for name in drawn(tmp_path)[1:]] == [4, 8, 10]


def test_an_interrupted_run_leaves_a_grid_of_where_it_stopped(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Run, "stopping", lambda run, _: run.step == 3)
    out = tmp_path / "run"
    done(capsys, "train", "digits", "--out", out, "--steps", "9", *TINY, status=130)
    assert drawn(out) == ["real.png", "step_000003.png"]


@pytest.mark.parametrize("task", ["repair", "translate"])
def test_where_grids_show_the_data_there_is_no_further_picture(tmp_path, capsys, task):
    begin = ["train", pictures(tmp_path / "p"), "--task", task, "--image-size", "16"]
    begin += ["--to", tmp_path / "p"] if task == "translate" else ["--warm-up", "0"]
    done(capsys, *begin, "--out", tmp_path / "run", "--steps", "2", *TINY)
    assert drawn(tmp_path / "run") == ["step_000002.png"]


# --- What is chosen --------------------------------------------------------------------------


def folder_of(count, side=32):
    return data.Dataset("own", torch.zeros(count, 3, side, side), identity="content")


@pytest.mark.parametrize(
    ("samples", "options", "expected"),
    [
        (folder_of(150), {}, ["translation", "cutout"]),
        (folder_of(1999), {}, ["translation", "cutout"]),
        (folder_of(2000), {}, ["none"]),
        (folder_of(150, 8), {}, ["none"]),  # fully connected
        (folder_of(150), {"network": "mlp"}, ["none"]),
        (folder_of(150), {"augment": ["flip"]}, ["flip"]),
        (folder_of(150), {"augment": ["none"]}, ["none"]),
        (folder_of(150), {"model": "vae"}, None),
        (data.Dataset("tensor", torch.zeros(150, 3, 32, 32)), {}, ["none"]),
        (data.Dataset("points", torch.zeros(150, 2), identity="content"), {}, ["none"]),
    ],
    ids=["150", "1999", "2000", "8x8", "mlp", "told", "told-none", "vae", "tensor", "points"],
)
def test_the_augmentation_is_chosen_by_the_number_of_pictures(samples, options, expected):
    found, line = chosen.by_data(TrainOptions(**options), samples, CPU, begun=False)
    assert found.augment == expected
    said = expected == ["translation", "cutout"]
    assert (f"{len(samples):,} pictures are few" in line) == said
    begun, line = chosen.by_data(TrainOptions(**options), samples, CPU, begun=True)
    assert begun.augment == (["none"] if said else expected)
    assert line == ""


@pytest.mark.parametrize(
    ("able", "side", "options", "expected"),
    [
        (True, 32, {}, "bf16"),
        (True, 64, {"conditional": True}, "bf16"),
        (False, 32, {}, "fp32"),
        (True, 16, {}, "fp32"),
        (True, 32, {"precision": "fp32"}, "fp32"),
        (False, 32, {"precision": "bf16"}, "bf16"),
        (True, 32, {"model": "vae"}, "fp32"),
        (True, 32, {"task": "repair"}, "fp32"),
    ],
)
def test_the_precision_is_chosen_by_the_processor(monkeypatch, able, side, options, expected):
    monkeypatch.setattr(speed, "has_bf16", lambda _: able)
    found, line = chosen.by_data(TrainOptions(**options), folder_of(5000, side), CPU, begun=False)
    assert found.precision == expected
    assert ("this processor has instructions" in line) == (
        expected == "bf16" and not options.get("precision")
    )


def test_what_was_chosen_is_said_in_one_line_kept_and_not_chosen_anew(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(speed, "has_bf16", lambda _: True)
    own, out = pictures(tmp_path / "p"), tmp_path / "run"
    said = done(capsys, "train", own, "--out", out, "--image-size", "32", "--steps", "2", *TINY)
    (line,) = [line for line in said.splitlines() if line.startswith("Chosen: ")]
    assert "24 pictures are few (--augment none is without" in line
    assert "precision bf16" in line
    monkeypatch.setattr(speed, "has_bf16", lambda _: False)  # another machine
    again = done(capsys, "train", own, "--out", out, "--resume", "--steps", "4")
    assert "Chosen" not in again
    options = SavedRun(out).about["options"]
    assert options["precision"] == "bf16"
    assert options["augment"] == ["translation", "cutout"]
    assert SavedRun(out).training["networks"]["discriminator"]["kind"] == "Augmented"
    without = ["--augment", "none", "--precision", "fp32"]
    said = done(
        capsys,
        *("train", own, "--out", tmp_path / "plain", "--image-size", "32", "--steps", "2"),
        *(*TINY, *without),
    )
    assert "Chosen" not in said
    kind = SavedRun(tmp_path / "plain").training["networks"]["discriminator"]["kind"]
    assert kind == "DCGANDiscriminator"
    message = failed(capsys, "train", own, "--out", tmp_path / "x", "--augment", "none", "flip")
    assert "leave out none, or flip" in message


def test_python_chooses_the_same_augmentation_for_a_folder(tmp_path, capsys):
    from gan_tutorial import GAN, fit

    own, out = pictures(tmp_path / "p"), tmp_path / "run"
    done(
        capsys,
        *("train", own, "--out", out, "--image-size", "16", "--steps", "3", "--width", "4"),
        *("--precision", "fp32", "--device", "cpu"),
    )
    with pytest.warns(UserWarning, match="fewer than 50"):
        samples = data.load(own, image_size=16)
    torch.manual_seed(0)
    gan = GAN.for_data(samples, width=4)
    assert repr(gan.discriminator.changes) == "(DiffAugment('translation', 'cutout'),)"
    fit(gan, samples, 3, device="cpu", progress=False)
    ours = gan.average["generator"].state_dict()
    assert all(torch.equal(ours[name], value) for name, value in weights(out).items())
    again = GAN.load(out)  # the augmented discriminator is built from the file
    assert repr(again.discriminator.changes) == repr(gan.discriminator.changes)
    assert not hasattr(GAN.for_data(samples, width=4, augment=()).discriminator, "changes")


def test_a_processor_is_asked_for_its_instructions(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        if hasattr(torch.cpu, name):
            monkeypatch.setattr(torch.cpu, name, lambda: False)
    if hasattr(torch.cpu, "_is_amx_tile_supported"):
        assert not speed.has_bf16(CPU)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
        assert speed.has_bf16(CPU)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    assert speed.has_bf16(torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    assert not speed.has_bf16(torch.device("cuda"))
    assert not speed.has_bf16(torch.device("mps"))
