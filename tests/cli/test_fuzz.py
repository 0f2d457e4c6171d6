"""Damaged files and odd combinations of options: one sentence, never a traceback, nothing lost.

Everything runs in this process, with one seed a test, so that a failure can be had again by its
name.
"""

import io
import json
import random

import numpy as np
import pytest
from PIL import Image

from gan_tutorial.cli import main

TINY = ["--width", "4", "--batch-size", "4", "--device", "cpu", "--steps", "1"]
FILES, COMBINATIONS, EACH = 200, 200, 10


def picture(rng, mode="RGB", size=(12, 9)):
    shape = (size[1], size[0], len(mode)) if len(mode) > 1 else (size[1], size[0])
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def saved(image, kind):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def originals(rng):
    """Whole files of many kinds, with their endings."""
    color, gray, clear = picture(rng), picture(rng, "L"), picture(rng, "RGBA")
    deep = Image.fromarray(rng.integers(0, 65536, (9, 12)).astype(np.uint16))
    table = "step,d_loss,g_loss\n" + "".join(f"{k},{1 / (k + 1):.3f},0.7\n" for k in range(9))
    records = [{"step": k, "d_loss": 0.7} for k in range(5)]
    return [
        (saved(color, "PNG"), ".png"), (saved(clear, "PNG"), ".png"), (saved(deep, "PNG"), ".png"),
        (saved(color.convert("P"), "PNG"), ".png"), (saved(gray.convert("1"), "PNG"), ".png"),
        (saved(color, "JPEG"), ".jpg"), (saved(color.convert("CMYK"), "JPEG"), ".jpg"),
        (saved(color, "GIF"), ".gif"), (saved(clear, "TIFF"), ".tif"),
        (saved(deep, "TIFF"), ".tif"), (saved(color, "WEBP"), ".webp"),
        (saved(color, "BMP"), ".bmp"), (saved(gray, "PPM"), ".pgm"),
        (table.encode(), ".csv"), (json.dumps(records).encode(), ".json"),
    ]  # fmt: skip


def damaged(content, chance):
    """A file as a bad disk or a bad download leaves it."""
    content = bytearray(content)
    how = chance.randrange(8)
    place = chance.randrange(len(content))
    if how == 0:
        return bytes(content[:place])
    if how == 1:
        for _ in range(chance.randrange(1, 20)):
            content[chance.randrange(len(content))] = chance.randrange(256)
    elif how == 2:
        content[place:place] = chance.randbytes(chance.randrange(1, 50))
    elif how == 3:
        content[place : place + 30] = bytes(30)
    elif how == 4:
        del content[place : place + chance.randrange(1, 40)]
    elif how == 5:
        return chance.randbytes(chance.randrange(0, 200))
    elif how == 6:  # only the head
        content[chance.randrange(min(30, len(content)))] ^= 1 << chance.randrange(8)
    return bytes(content)


def ended_well(capsys, *arguments):
    """Run a command; it ends with 0, or with 2 and one sentence."""
    capsys.readouterr()
    status = main([str(argument) for argument in arguments])
    err = capsys.readouterr().err
    assert status in (0, 2), (arguments, status, err)
    assert "Traceback" not in err, (arguments, err)
    if status == 2:
        *_, last = err.splitlines()
        assert last.startswith("error: "), (arguments, err)
        assert len(last) < 3000, arguments
        assert "[Errno" not in last, (arguments, last)
        assert last.count("error: ") == 1
    return status


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of pictures, a run of a GAN, and a run of repair."""
    folder = tmp_path_factory.mktemp("fuzz")
    rng = np.random.default_rng(0)
    (folder / "good").mkdir()
    for k in range(60):
        picture(rng).save(folder / "good" / f"{k}.png")
    small = [*TINY, "--image-size", "8"]
    assert main(["train", str(folder / "good"), "--out", str(folder / "run"), *small]) == 0
    repair = ["--task", "repair", "--warm-up", "0"]
    assert (
        main(["train", str(folder / "good"), "--out", str(folder / "mend"), *repair, *small]) == 0
    )
    return folder


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FILES // EACH))
@pytest.mark.filterwarnings("ignore")
def test_damaged_files(place, tmp_path, capsys, seed):
    chance, rng = random.Random(seed), np.random.default_rng(seed)
    for k in range(EACH):
        content, suffix = chance.choice(originals(rng))
        path = tmp_path / f"{k}{suffix}"
        path.write_bytes(damaged(content, chance))
        before = path.read_bytes()
        out = tmp_path / f"{k}-out.png"
        if suffix in (".csv", ".json"):
            ended_well(capsys, "doctor", path, *chance.choice([[], ["--loss", "hinge"]]))
        else:
            ended_well(capsys, "repair", place / "mend", path, "--box", "1,2,3,4", "--out", out)
            good = place / "good" / "0.png"
            ended_well(capsys, "repair", place / "mend", good, "--mask", path, "--out", out)
            album = tmp_path / f"album{k}"
            album.mkdir()
            path.rename(album / path.name)
            begin = ["train", album, "--out", tmp_path / f"run{k}", "--image-size", "8", *TINY]
            ended_well(capsys, *begin, *chance.choice([[], ["--on-error", "skip"]]))
            path = album / path.name
        assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.filterwarnings("ignore")
def test_damaged_runs(place, tmp_path, capsys, seed):
    import shutil

    chance = random.Random(seed)
    for k in range(EACH):
        run = tmp_path / f"run{k}"
        shutil.copytree(place / "run", run)
        path = chance.choice([p for p in run.iterdir() if p.is_file()])
        path.write_bytes(damaged(path.read_bytes(), chance))
        ended_well(capsys, "info", run)
        ended_well(capsys, "sample", run, "--count", "2", "--out", tmp_path / "x.png")
        ended_well(capsys, "doctor", run)
        ended_well(capsys, "train", place / "good", "--out", run, "--resume", "--steps", "2")


VALUES = {
    "--task": ["generate", "semi", "repair"], "--model": ["gan", "vae", "ae", "vae-gan"],
    "--labels": ["5", "10", "10000"], "--image-size": ["4", "7", "8", "16"],
    "--channels": ["1", "3", "2"], "--network": ["auto", "mlp", "dcgan"],
    "--latent-dim": ["0", "1", "3"], "--loss": ["hinge", "minimax", "wasserstein", "mse"],
    "--lr": ["1e-3", "0", "1e30", "nan"], "--r1": ["0", "1"], "--r2": ["0.5", "-1"],
    "--masks": ["center", "half", "none"], "--l1": ["0", "5"], "--warm-up": ["0", "1"],
    "--schedule": ["constant", "linear", "no"], "--precision": ["fp32", "bf16"],
    "--seed": ["0", "7", "-1"], "--on-error": ["skip", "raise"], "--levels": ["255", "0"],
    "--validation": ["0", "0.2", "0.9"], "--freeze-d": ["0", "1", "9"], "--save-every": ["1", "x"],
    "--augment": ["translation", "flip", "none", "zoom"], "--doctor": [], "--data-changed": [],
    "--budget": ["1s", "1"], "--keep-best": [], "--capture": [],
    "--adversarial": ["0", "1"], "--diversity": ["0", "1"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(COMBINATIONS // EACH))
@pytest.mark.filterwarnings("ignore")
def test_combinations_of_options(place, tmp_path, capsys, seed):
    chance = random.Random(1000 + seed)
    kept, ends = contents(place), []
    for k in range(EACH):
        data = chance.choice(
            ["digits", "ring", place / "good", place / "good", place / "run", "no"]
        )
        out = chance.choice(
            [tmp_path / f"run{k}", tmp_path / "again", place / "good", place / "run"]
        )
        options = []
        for flag in chance.sample(sorted(VALUES), chance.randrange(0, 5)):
            options += [flag, *([chance.choice(VALUES[flag])] if VALUES[flag] else [])]
        options += chance.choice([[], [], ["--resume"], ["--from", str(place / "run")]])
        if out == place / "run":
            options = [each for each in options if each != "--resume"]
        ends.append(ended_well(capsys, "train", data, "--out", out, *TINY, *options))
        run = chance.choice([out, place / "run", place / "mend", tmp_path / "none"])
        verb = chance.choice(
            [
                ["info", run], ["sample", run, "--count", "3", "--out", tmp_path / f"{k}.gif"],
                ["sample", run, "--count", "2", "--files", tmp_path / f"s{k % 3}"],
                ["evaluate", run, "--count", "20", "--features", "pixels"],
                ["evaluate", run, "--data", "digits", "--count", "20"],
                ["evaluate", place / "good", place / "good", "--image-size", "8"],
                ["doctor", run], ["doctor", run, "--data", place / "good"],
                ["repair", run, place / "good" / "1.png", "--box", "1,1,4,4", "--out",
                 tmp_path / f"{k}.tif"],
            ]
        )  # fmt: skip
        ends.append(ended_well(capsys, *verb))
        assert kept == {path: path.read_bytes() for path in kept}, "a file was changed"
    assert set(ends) == {0, 2}  # what is possible was done, and what is not was refused
