"""The page to play with."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial.cli import main
from gan_tutorial.plots.playground import plane_codes, playground


def planes_of(page):
    return json.loads(re.search(r"const planes = (.*), side = \d+;", page)[1])


@pytest.mark.parametrize("side", [2, 5])
def test_a_plane_has_its_corners_and_codes_of_usual_length(side):
    corners = torch.randn(4, 64, generator=torch.Generator().manual_seed(0))
    codes = plane_codes(corners, side).view(side, side, -1)
    torch.testing.assert_close(codes[[0, 0, -1, -1], [0, -1, 0, -1]], corners)
    lengths = codes.norm(dim=2)
    assert 0.8 * corners.norm(dim=1).min() < lengths.min()
    assert lengths.max() < 1.2 * corners.norm(dim=1).max()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_small_pictures_are_in_the_page_as_they_are(channels):
    levels = torch.randint(0, 256, (9, channels, 8, 6), generator=torch.Generator().manual_seed(0))
    if channels == 4:
        levels[:, 3] = 255
    page = playground({"A </script> B": levels / 127.5 - 1}, 3, title="<x>", about=["a & b"])
    (plane,) = planes_of(page)
    assert plane["name"] == "A </script> B"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(plane["sheet"].split(",")[1]))))
    assert sheet.shape == (24, 18, 3)
    shown = sheet[8:16, 6:12].transpose(2, 0, 1)  # the fifth
    assert np.array_equal(shown, levels[4, :3].expand(3, -1, -1).numpy())
    assert page.count("</script>") == 1
    assert "&lt;x&gt;" in page
    assert not re.search(r"@[A-Z]+@|https?:", page)


def test_refusals():
    with pytest.raises(ValueError, match="no plane"):
        playground({}, 3, title="", about=[])
    with pytest.raises(ValueError, match="holds 8 pictures"):
        playground({"a": torch.zeros(8, 1, 4, 4)}, 3, title="", about=[])


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["digits"], ["Plane 1", "Plane 2", "Plane 3", "Plane 4"]),
        (["digits", "--conditional"], [f"Plane {k + 1}, {k}" for k in range(10)]),
    ],
)
def test_a_run_is_shown(tmp_path, capsys, options, names):
    run = str(tmp_path / "run")
    tiny = ["--width", "4", "--batch-size", "8", "--device", "cpu", "--steps", "2"]
    assert main(["train", *options, "--out", run, *tiny]) == 0
    assert main(["show", run, "--side", "3", "--truncation", "0.7"]) == 0
    page = (tmp_path / "run" / "show.html").read_text()
    assert [plane["name"] for plane in planes_of(page)] == names
    assert "Codes are scaled by 0.7" in page
    for wrong, message in (
        (["--out", str(tmp_path / "a.png")], "end in .html"),
        (["--side", "1"], "whole number"),
    ):
        status = main(["show", run, *wrong])
        assert status == 2
        assert message in capsys.readouterr().err
