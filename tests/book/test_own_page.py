"""The script of the page on the reader's own pictures runs as it stands."""

import re
import shlex
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial.cli import main
from gan_tutorial.training import SavedRun

FEW = {"animate": ["--between", "1"], "show": ["--side", "2"], "project": ["--steps", "2"]}


@pytest.fixture(scope="module")
def page(request):
    return (request.config.rootpath / "book/own.md").read_text("utf-8")


@pytest.fixture(scope="module")
def script(page):
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    return code


@pytest.fixture(scope="module")
def commands(page):
    """What the page says to type on the run of its script."""
    return [shlex.split(line)[4:] for line in re.findall(r"^\$ python -m .*", page, re.M)]


@pytest.fixture
def folder(script, tmp_path, monkeypatch):
    """A hundred and fifty pictures and the page's script, shortened to three steps."""
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for k in range(150):
        levels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(levels).save(tmp_path / "pictures" / f"{k}.png")
    Image.fromarray(levels).save(tmp_path / "photo.png")
    short = script.replace("STEPS, SIZE = 2000, 32", "STEPS, SIZE = 3, 32")
    short = short.replace("run.step % 500", "run.step % 2")
    assert short.count("STEPS, SIZE = 3") == 1
    (tmp_path / "script.py").write_text(short)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ran(folder):
    """Run the script; return its names."""
    names = {"__name__": "__main__"}
    exec(compile((folder / "script.py").read_text(), "script.py", "exec"), names)
    return names


def test_the_script_trains_looks_and_saves(page, ran, folder, capsys):
    assert ran["pictures"].summary in page
    assert (folder / "step_2.png").is_file()
    (load,) = re.findall(r"`(GAN\.load\(.*?\))`\.", page)
    again = eval(load, ran)
    torch.testing.assert_close(again.sample(3), ran["gan"].sample(3))
    generator = SavedRun("run").load_into(ran["my_generator"]())
    assert generator.latent_dim == 64
    assert SavedRun("run", "last").shape == (3, 32, 32)


def test_every_command_of_the_page_works_on_the_run_of_its_script(ran, commands, capsys):
    trained = ran["gan"].average["generator"].state_dict()
    assert len(commands) >= 9
    for verb, *rest in commands:
        if verb == "export" and find_spec("onnx") is None:
            continue  # what it asks for is not a part of the library
        command = [verb, *rest, *FEW.get(verb, [])]
        if verb == "info":
            assert main(command) == 0
            assert "Sequential" in capsys.readouterr().out
            continue
        assert main(command) == 2
        assert "--network FILE.py:NAME" in capsys.readouterr().err
        assert main([*command, "--network", "script.py:my_generator"]) == 0, command
        out = capsys.readouterr().out
        assert ran["pictures"].summary not in out  # asked for a network only, and not run anew
    again = SavedRun("run").load_into(ran["my_generator"]())
    assert all(trained[name].equal(value) for name, value in again.state_dict().items())


def test_a_network_that_is_not_there_or_does_not_fit_is_refused(ran, folder, capsys):
    for wrong in ("script.py:nothing", "none.py:make", "make", "script.py:my_discriminator"):
        assert main(["sample", "run", "--network", wrong, "--out", "y.png"]) == 2
        assert not (folder / "y.png").exists()
    assert main(["evaluate", "pictures", "pictures", "--network", "script.py:my_generator"]) == 2
    assert "two folders have no generator" in capsys.readouterr().err


def test_the_script_is_short_and_fits_the_column(script):
    lines = [line for line in script.splitlines() if line.strip() and "import" not in line]
    assert len(lines) <= 50
    assert max(map(len, script.splitlines())) <= 79
