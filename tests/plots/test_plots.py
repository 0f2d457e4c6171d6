"""Tests of gan_tutorial.plots."""

import io
import math
import subprocess
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from gan_tutorial import plots

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def images(n=6, channels=1, size=8):
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_importing_plots_does_not_import_matplotlib():
    code = (
        "import sys, gan_tutorial.plots\n"
        "print(*sorted({'matplotlib', 'PIL', 'IPython', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- Images ----------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_tile_puts_every_image_where_it_belongs(channels):
    given = images(5, channels)
    picture = plots.tile(given, columns=3, scale=2, gap=1)
    assert picture.shape == (2 * 16 + 1, 3 * 16 + 2, 3)
    for index in range(5):
        top, left = index // 3 * 17, index % 3 * 17
        shown = torch.from_numpy(picture[top : top + 16 : 2, left : left + 16 : 2].copy())
        back = shown.permute(2, 0, 1).float() / 127.5 - 1
        torch.testing.assert_close(back, given[index].expand(3, -1, -1), atol=1 / 127, rtol=0)
    assert (picture[17:, 34:] == 255).all()  # the sixth place stays white
    assert (picture[16] == 255).all()  # and so does the gap


def test_black_and_white_are_the_ends_of_the_range():
    picture = plots.tile(torch.tensor([-1.0, 1.0]).reshape(2, 1, 1, 1), columns=2, gap=0)
    assert picture[..., 0].tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (torch.zeros(3, 8, 8), "shape"),
        (torch.zeros(3, 2, 8, 8), "shape"),
        (torch.zeros(0, 1, 8, 8), "shape"),
        (torch.full((3, 1, 8, 8), 1.5), r"\[-1, 1\]"),
        (torch.full((3, 1, 8, 8), math.nan), r"\[-1, 1\]"),
    ],
)
@pytest.mark.parametrize("draw", [plots.tile, plots.image_grid])
def test_what_is_no_batch_of_images_is_refused(draw, bad, words):
    with pytest.raises(ValueError, match=words):
        draw(bad)


def test_other_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="tensor"):
        plots.tile(np.zeros((1, 1, 8, 8)))
    with pytest.raises(ValueError, match="columns"):
        plots.tile(images(), columns=0)
    with pytest.raises(ValueError, match="2 labels for 6 images"):
        plots.image_grid(images(), labels=["a", "b"])


def test_image_grid_draws_labels_and_title():
    ax = plots.image_grid(images(), columns=3, labels=range(6), title="six")
    assert ax.get_title() == "six"
    assert [text.get_text() for text in ax.texts] == list("012345")


def test_saved_grid_is_the_tiled_picture(tmp_path):
    path = plots.save_image_grid(images(4, 3), tmp_path / "grid.png", columns=2, scale=3)
    np.testing.assert_array_equal(
        np.asarray(Image.open(path)), plots.tile(images(4, 3), 2, scale=3, gap=2)
    )
    assert [p.name for p in tmp_path.iterdir()] == ["grid.png"]


def test_failed_saving_keeps_the_previous_file(tmp_path, monkeypatch):
    path = plots.save_image_grid(images(), tmp_path / "new folder" / "grid.png")
    before = path.read_bytes()

    def full_disk(self, file, **options):
        file.write(b"half a picture")
        raise OSError("no space left")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(OSError, match="no space"):
        plots.save_image_grid(-images(), path)
    assert path.read_bytes() == before


# --- Points and curves -----------------------------------------------------------------------


def test_samples_are_drawn_in_the_colors_of_their_players():
    real, fake = torch.zeros(5, 2), torch.ones(7, 2)
    ax = plots.samples_2d(real, fake, discriminator=lambda points: points[:, :1], extent=2)
    drawn = {c.get_label(): c for c in ax.collections if c.get_label() in ("real", "generated")}
    np.testing.assert_allclose(drawn["real"].get_offsets(), real)
    np.testing.assert_allclose(drawn["generated"].get_offsets(), fake)
    to_rgb = mpl.colors.to_rgb
    assert to_rgb(drawn["real"].get_facecolor()[0, :3]) == to_rgb(plots.REAL)
    assert to_rgb(drawn["generated"].get_facecolor()[0, :3]) == to_rgb(plots.FAKE)


def test_ground_has_x_to_the_right_and_y_upwards():
    steep = plots.samples_2d(discriminator=lambda p: 50 * (p[:, 0] - 0.5), extent=2)
    line = steep.collections[-1].get_paths()[0].vertices  # the logit is zero here
    np.testing.assert_allclose(line[:, 0], 0.5, atol=0.02)
    shifted = plots.samples_2d(discriminator=lambda p: 50 * p[:, 1], extent=2, center=-50.0)
    line = shifted.collections[-1].get_paths()[0].vertices
    np.testing.assert_allclose(line[:, 1], -1.0, atol=0.02)


def test_density_has_x_to_the_right_and_y_upwards():
    density = SimpleNamespace(
        means=torch.tensor([[1.0, -0.5]]),
        log_prob=lambda p: -50 * ((p - torch.tensor([1.0, -0.5])) ** 2).sum(1),
    )
    (image,) = plots.samples_2d(density=density).images
    row, column = np.unravel_index(image.get_array().argmax(), image.get_array().shape)
    assert np.linspace(-1.25, 1.25, 160)[column] == pytest.approx(1.0, abs=0.02)
    assert np.linspace(-1.25, 1.25, 160)[row] == pytest.approx(-0.5, abs=0.02)


def test_points_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 2\)"):
        plots.samples_2d(torch.zeros(4, 3))
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.samples_2d()


def test_curves_take_the_steps_from_the_history():
    history = {"step": [10, 20], "d_loss": [1.0, 2.0], "g_loss": [3.0, 4.0], "seconds": [0, 1]}
    lines = plots.curves(history).get_lines()
    assert [line.get_label() for line in lines] == ["discriminator's loss", "generator's loss"]
    np.testing.assert_array_equal(lines[1].get_xydata(), [[10, 3], [20, 4]])
    with pytest.raises(KeyError, match="no column 'fid'"):
        plots.curves(history, ["fid"])


# --- Interpolation ---------------------------------------------------------------------------


def test_interpolation_paths():
    z0, z1 = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 1.0])
    straight = plots.interpolate(z0, z1, 5, "linear")
    round_ = plots.interpolate(z0, z1, 5, "spherical")
    for path in (straight, round_):
        torch.testing.assert_close(path[0], z0)
        torch.testing.assert_close(path[-1], z1)
    torch.testing.assert_close(straight[2], (z0 + z1) / 2)
    torch.testing.assert_close(round_.norm(dim=1), torch.linspace(3, 1, 5))
    angles = torch.atan2(round_[:, 1], round_[:, 0])
    torch.testing.assert_close(angles, torch.linspace(0, math.pi / 2, 5))


def test_parallel_and_opposite_codes_have_a_path():
    z = torch.tensor([1.0, 1.0])
    for other in (z, 2 * z, -z, 0 * z):
        assert plots.interpolate(z, other).isfinite().all()


@pytest.mark.parametrize(
    ("z0", "z1", "options", "words"),
    [
        (torch.zeros(2), torch.zeros(3), {}, "one size"),
        (torch.zeros(1, 2), torch.zeros(1, 2), {}, "vectors"),
        (torch.ones(2), torch.ones(2), {"steps": 1}, "steps"),
        (torch.ones(2), torch.ones(2), {"path": "scenic"}, "path"),
    ],
)
def test_bad_interpolations_are_refused(z0, z1, options, words):
    with pytest.raises(ValueError, match=words):
        plots.interpolate(z0, z1, **options)


def test_interpolation_draws_with_a_generator_and_leaves_its_mode():
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 64),
        torch.nn.Dropout(0.5),
        torch.nn.Tanh(),
        torch.nn.Unflatten(1, (1, 8, 8)),
    )
    pictures = [
        plots.interpolation(net, torch.ones(4), -torch.ones(4), 3, "linear").images[0].get_array()
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*pictures)  # no dropout while drawing
    assert net.training


def test_interpolation_takes_the_averaged_generator_of_a_task():
    flat = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.Unflatten(1, (1, 8, 8)))
    torch.nn.init.zeros_(flat[0].weight)
    torch.nn.init.ones_(flat[0].bias)
    task = SimpleNamespace(generator=torch.nn.Identity(), average={"generator": flat})
    ax = plots.interpolation(task, torch.ones(4), torch.zeros(4), 3)
    assert (ax.images[0].get_array() == 255).all()
    white = plots.interpolation(
        lambda z: torch.ones(len(z), 1, 8, 8), torch.ones(4), torch.zeros(4)
    )
    assert (white.images[0].get_array() == 255).all()


# --- Style -----------------------------------------------------------------------------------


def test_style_is_opaque_and_starts_with_the_colors_of_real_and_fake():
    with mpl.rc_context():
        plots.use_style()
        colors = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
        assert colors[:2] == [plots.REAL, plots.FAKE]
        for name in ("figure.facecolor", "axes.facecolor", "savefig.facecolor"):
            assert mpl.colors.to_rgba(mpl.rcParams[name]) == (1, 1, 1, 1)


def shown_in_a_notebook(monkeypatch, figure):
    """Return what a notebook gets of a figure as SVG, once the style is set there."""
    formatters = DisplayFormatter().formatters
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters=formatters))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    with mpl.rc_context():
        plots.use_style()
        return formatters["image/svg+xml"](figure())


def test_light_figures_are_vectors_in_a_notebook(monkeypatch):
    """As large on the page as their PNG, and the same file for the same figure."""

    def figure():
        zigzag = [1.0, 2.0] * 15
        return plots.curves({"d_loss": zigzag, "g_loss": zigzag[::-1]}).figure

    svg = shown_in_a_notebook(monkeypatch, figure)
    root = ElementTree.fromstring(svg)
    with mpl.rc_context():
        plots.use_style()
        buffer = io.BytesIO()
        figure().savefig(buffer, format="png", bbox_inches="tight")
    for name, pixels in zip(("width", "height"), Image.open(buffer).size, strict=True):
        assert float(root.get(name).removesuffix("px")) == pytest.approx(pixels, abs=2)
    assert shown_in_a_notebook(monkeypatch, figure) == svg


def test_figures_with_images_or_many_points_are_not(monkeypatch):
    def crowd():
        _, ax = plt.subplots()
        ax.scatter(range(5000), range(5000))
        return ax.figure

    assert shown_in_a_notebook(monkeypatch, crowd) is None
    grid = plots.image_grid(torch.zeros(4, 1, 8, 8)).figure
    assert shown_in_a_notebook(monkeypatch, lambda: grid) is None
