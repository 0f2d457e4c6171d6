"""The script of the page on the reader's own pictures runs as it stands."""

import re

import numpy as np
import pytest
from PIL import Image

from gan_tutorial.cli import main
from gan_tutorial.training import SavedRun


@pytest.fixture(scope="module")
def script(request):
    root = request.config.rootpath
    (code,) = re.findall(r"```python\n(.*?)```", (root / "book/own.md").read_text("utf-8"), re.S)
    return code


def test_the_script_trains_watches_and_saves(script, tmp_path, monkeypatch, capsys):
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for k in range(60):
        levels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(levels).save(tmp_path / "pictures" / f"{k}.png")
    monkeypatch.chdir(tmp_path)
    short = script.replace("STEPS, SIZE = 2000, 32", "STEPS, SIZE = 3, 32")
    short = short.replace("run.step % 500", "run.step % 2")
    assert short.count("STEPS, SIZE = 3") == 1
    names = {"__name__": "script"}
    exec(compile(short, "own.md", "exec"), names)
    assert "60 pictures in pictures" in capsys.readouterr().out
    assert (tmp_path / "step_2.png").is_file()
    assert names["again"].sample(3).equal(names["gan"].sample(3))

    assert main(["info", "run"]) == 0
    assert "Sequential" in capsys.readouterr().out
    assert main(["sample", "run", "--out", "x.png"]) == 2
    assert "sample --network FILE.py:NAME" in capsys.readouterr().err
    made = script[script.index("def up") : script.index("def down")]
    lines = "\n".join(f"    {line}" for line in made.splitlines())
    (tmp_path / "mine.py").write_text(
        f"from torch import nn\n\ndef make():\n{lines}\n    return generator\n"
    )
    assert main(["sample", "run", "--network", "mine.py:make", "--out", "x.png"]) == 0
    generator = SavedRun("run").load_into(names["generator"])
    assert generator.latent_dim == 64
    for wrong in ("mine.py:nothing", "none.py:make", "make"):
        assert main(["sample", "run", "--network", wrong, "--out", "y.png"]) == 2


def test_the_script_is_short_and_fits_the_column(script):
    lines = [line for line in script.splitlines() if line.strip() and "import" not in line]
    assert len(lines) <= 50
    assert max(map(len, script.splitlines())) <= 79
