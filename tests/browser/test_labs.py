"""The laboratories: the library's numbers, and what a reader can do with them."""

import json
from importlib.resources import files
from itertools import pairwise

import numpy
import pytest
import torch
from export_generator import folded
from torch.nn.functional import conv_transpose2d

from gan_tutorial import checkpoints, data, games, metrics, plots
from gan_tutorial.faults import FAULTS
from gan_tutorial.losses import LOSSES
from gan_tutorial.models.sampling import latent_codes
from gan_tutorial.repair import latent_search

PAGE = "book/laboratories.html"
LABORATORIES = [
    "toy-gan", "dirac-gan", "two-clouds", "football", "repaint", "repair-plane", "fault-atlas",
]  # fmt: skip


# --- The library's numbers --------------------------------------------------------------------

DIRACS = [
    {"loss": "non-saturating"},
    {"loss": "minimax", "alternate": False},
    {"loss": "non-saturating", "r1": 0.3, "momentum": 0.5},
    {"loss": "relativistic", "r1": 0.3, "r2": 0.2},
    {"loss": "relativistic", "noise": 0.7, "momentum": -0.5},
    {"loss": "minimax", "noise": 0.4, "alternate": False, "momentum": 0.9},
    {"loss": "wasserstein", "gp": 1.0},
    {"loss": "wasserstein", "gp": 10.0, "noise": 0.3, "alternate": False},
]

PLAY = """([start, steps, options]) => {
  const path = [start];
  for (let k = 0; k < steps; k++)
    path.push(ganDirac.step(path[k], path[k - 1] ?? path[k], options));
  return path;
}"""


@pytest.mark.parametrize("options", DIRACS, ids=lambda o: "-".join(map(str, o.values())))
@pytest.mark.parametrize("start", [(1.0, 1.0), (-2.0, 0.35)])
def test_dirac_gan_plays_what_the_library_plays(load, options, start):
    """Two hundred moves: both players' numbers, with every loss, penalty, order and momentum."""
    h = 0.05
    weights = {k: v for k, v in options.items() if k in ("r1", "r2", "gp", "noise")}
    game = games.dirac(LOSSES[options["loss"]], **weights)
    rule = games.gradient_descent(
        alternate=options.get("alternate", True), momentum=options.get("momentum", 0.0)
    )
    expected = games.play(game, rule, h=h, steps=200, start=start)
    path = torch.tensor(
        load("dirac-game.js").evaluate(PLAY, [start, 200, {"h": h, **options}]), dtype=torch.float64
    )
    assert (path[-1] - path[0]).norm() > 0.01, "the players have moved"
    torch.testing.assert_close(path, expected, atol=1e-9, rtol=0)


CLOUDS = [
    ("perfect", 0.0, 1.0, 0),
    ("moved", 0.8, 1.0, 0),
    ("narrow", 0.0, 0.2, 0),
    ("wide", -0.3, 2.5, 0),
    ("half copies", 0.0, 1.0, 24),
    ("copies", 0.0, 1.0, 48),
    ("one point", 0.5, 0.0, 0),
]


def measured(train, real, fake, k: int) -> dict[str, float]:
    """What the library finds in three clouds."""
    train, real, fake = (
        metrics.Features(torch.tensor(rows, dtype=torch.float64), "plane")
        for rows in (train, real, fake)
    )
    balls = metrics.manifold_report(real, fake, neighbors=k, spread=False)
    return {
        "FID": metrics.fid(real, fake, spread=False).value,
        "KID": metrics.kid(real, fake, subsets=1, subset_size=len(fake)).value,
        "precision": balls.precision,
        "recall": balls.recall,
        "density": balls.density,
        "coverage": balls.coverage,
        "memorization": metrics.memorization(train, real, fake).closer,
    }


@pytest.mark.parametrize(("name", "shift", "spread", "copies"), CLOUDS, ids=[c[0] for c in CLOUDS])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_two_clouds_measure_what_the_library_measures(load, name, shift, spread, copies, k):
    """Seven numbers of any clouds, copies and clouds without extent among them."""
    rng = torch.Generator().manual_seed(len(name) + k)
    train, real, fake = torch.randn(3, 48, 2, generator=rng, dtype=torch.float64)
    fake = spread * fake + shift
    fake[:copies] = train[:copies]
    sets = [cloud.tolist() for cloud in (train, real, fake)]
    ours = load("measures.js").evaluate("([sets, k]) => ganMeasures.measure(...sets, k)", [sets, k])
    assert ours == pytest.approx(measured(*sets, k), abs=1e-4)


class Folded(torch.nn.Module):
    """The football generator with the 16-bit weights that the page has, in torch."""

    def __init__(self, generator):
        super().__init__()
        self.latent_dim = generator.latent_dim
        self.layers = torch.nn.ParameterList(p.float() for pair in folded(generator) for p in pair)

    def forward(self, z):
        x, layers = z[:, :, None, None], list(self.layers)
        for index in range(0, len(layers), 2):
            stride, padding = (1, 0) if index == 0 else (2, 1)
            weight, bias = layers[index : index + 2]
            x = conv_transpose2d(x, weight, bias, stride=stride, padding=padding)
            x = x.tanh() if index == len(layers) - 2 else x.relu()
        return x


def test_football_computes_what_the_library_computes(load):
    """The same 16-bit weights in torch give the same picture, and the shipped ones nearly so."""
    generator = checkpoints.load_generator(checkpoints.shipped("soccer64"))
    codes = latent_codes(3, generator.latent_dim, seed=3)
    x = Folded(generator)(codes).detach()
    page = load("generator.js", "football-weights.js")
    pictures = page.evaluate(
        "codes => { const g = new ganGenerator.Generator(ganFootball);"
        " return codes.map((z) => Array.from(g.forward(z))); }",
        codes.tolist(),
    )
    ours = torch.tensor(pictures).view(3, 64, 64, 3).permute(0, 3, 1, 2)
    torch.testing.assert_close(ours, x, atol=1e-4, rtol=0)
    assert (ours - generator(codes)).abs().max() < 2 / 255, "less than one step of a pixel"


HOLE = {"x": 10, "y": 24, "side": 20}
SEARCH = """([picture, z, hole, steps]) => {
  const search = new ganSearch.Search(
    new ganGenerator.Generator(ganFootball), picture, hole, z, 0.2);
  const first = Array.from(search.slope());
  for (let k = 0; k < steps; k++) search.step();
  return [first, search.error, Array.from(search.completed())];
}"""


def test_repair_computes_what_the_library_computes(load):
    """The slope of the error in the code by torch's autograd, then the library's own search."""
    generator = Folded(checkpoints.load_generator(checkpoints.shipped("soccer64")))
    ball = data.load("soccer", "test", image_size=64, count=1)[:]
    mask = torch.ones(1, 1, 64, 64)
    mask[..., HOLE["y"] : HOLE["y"] + 20, HOLE["x"] : HOLE["x"] + 20] = 0
    z = latent_codes(1, 64, seed=1).requires_grad_(True)
    near = torch.nn.functional.avg_pool2d(1 - mask, 7, 1, 3) * mask
    missed = (generator(z) - ball).abs().mean(1, keepdim=True)
    ((missed * near).sum() / near.sum() + 0.01 * z.square().mean()).backward()
    filled, errors = latent_search(generator, ball, mask, steps=6, lr=0.2, seed=1)

    page = load("generator.js", "football-weights.js", "search.js")
    pixels = ball[0].permute(1, 2, 0).flatten()
    arguments = [pixels.tolist(), z[0].tolist(), HOLE, 6]
    slope, error, completed = page.evaluate(SEARCH, arguments)
    completed = torch.tensor(completed).view(64, 64, 3).permute(2, 0, 1)
    assert z.grad.abs().max() > 1e-2, "a slope to speak of"
    torch.testing.assert_close(torch.tensor(slope), z.grad[0], atol=1e-4, rtol=0)
    assert error == pytest.approx(errors.item(), abs=1e-4)
    torch.testing.assert_close(completed, filled[0, 0], atol=1e-3, rtol=0)
    known = (mask[0] > 0.5).expand(3, -1, -1)
    assert torch.equal(completed[known], ball[0][known]), "known pixels stay as they are"
    assert (completed - ball[0])[~known].abs().max() > 0.1


def test_football_walks_as_the_library_does(load):
    a, b = latent_codes(2, 64, seed=1)
    expected = plots.interpolate(a, 1.5 * b, steps=5)
    page = load("generator.js")
    ours = page.evaluate(
        "([a, b]) => [0, .25, .5, .75, 1].map((t) => ganGenerator.between(a, b, t))",
        [a.tolist(), (1.5 * b).tolist()],
    )
    torch.testing.assert_close(torch.tensor(ours), expected, atol=1e-4, rtol=0)


def test_halves_are_read_as_they_were_written(load):
    import base64

    values = torch.tensor([0.0, 1.0, -2.5, 65504.0, 6e-8, -3e-5, 0.333]).half()
    text = base64.b64encode(values.numpy().tobytes()).decode()
    read = load("generator.js").evaluate("text => Array.from(ganGenerator.halves(text))", text)
    assert read == values.tolist()


# --- What a reader can do ---------------------------------------------------------------------


def test_dirac_gan_is_dragged_and_changed(start):
    """By mouse and by keys; the path follows every control, and each button is a game."""
    page, figure = start("dirac-gan")
    knob, words = figure.locator(".lab-knob"), figure.locator(".lab-words")
    canvas = figure.locator("canvas").first
    begin, end = "f => f.lab.start()", "f => f.lab.path().at(-1)"
    assert figure.evaluate(begin) == [1, 1]
    knob.press("ArrowLeft")
    knob.press("Shift+ArrowDown")
    assert figure.evaluate(begin) == pytest.approx([0.9, 0.5])
    knob.scroll_into_view_if_needed()
    area, handle = canvas.bounding_box(), knob.bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(area["x"] + 0.2 * area["width"], area["y"] + 0.3 * area["height"], steps=3)
    page.mouse.up()
    assert figure.evaluate(begin) == pytest.approx([-1.5, 1.0], abs=0.06)
    canvas.click(position={"x": 0.7 * area["width"], "y": 0.3 * area["height"]})
    assert figure.evaluate(begin) == pytest.approx([1.0, 1.0], abs=0.06)

    ends = [figure.evaluate(end)]
    for name, key in (
        ("Noise \u03c4", "PageUp"),
        ("Step size h", "Home"),
        ("Momentum \u03b2", "End"),
    ):
        figure.get_by_role("slider", name=name).press(key)
        ends.append(figure.evaluate(end))
    for name, value in (("Penalty on D", "r1"), ("Loss", "minimax"), ("Who moves", "simultaneous")):
        figure.get_by_role("combobox", name=name).select_option(value)
        ends.append(figure.evaluate(end))
    figure.get_by_role("slider", name="Weight of the penalty").press("End")
    ends.append(figure.evaluate(end))
    assert len(set(map(tuple, ends))) == len(ends), "every control changes the path"

    page.evaluate("f => f.lab.move(1, 1)", figure.element_handle())
    for name, verdict in (
        ("Plain", "neither"),
        ("R1", "have arrived"),
        ("WGAN-GP", "neither"),
        ("Momentum .9", "leaving"),
    ):
        figure.get_by_role("button", name=name, exact=True).click()
        assert verdict in words.inner_text(), name


def test_dirac_gan_plays_and_pauses(start):
    page, figure = start("dirac-gan")
    figure.get_by_role("button", name="One step").press("Enter")
    assert figure.evaluate("f => f.lab.shown()") == 1
    figure.get_by_role("button", name="Play").press("Enter")
    page.wait_for_function("f => f.lab.shown() >= 9", arg=figure.element_handle())
    figure.get_by_role("button", name="Pause").press("Enter")
    paused = figure.evaluate("f => f.lab.shown()")
    page.wait_for_timeout(200)
    assert figure.evaluate("f => f.lab.shown()") == paused
    figure.get_by_role("button", name="Whole path").press("Enter")
    assert figure.evaluate("f => f.lab.shown()") == 600


def test_clouds_show_what_the_chapter_answers(start):
    """The fold "What one sees", line by line, in the draw that the figure begins with."""
    _, figure = start("two-clouds")

    def after(changes, shift=0.0):
        return figure.evaluate(
            "(f, [changes, shift]) => { f.lab.use(changes); f.lab.move(shift, 0);"
            " return f.lab.found(); }",
            [changes, shift],
        )

    fair = after({})
    near, far, farther = (after({}, shift) for shift in (0.1, 1, 2))
    assert near["precision"] < fair["precision"] - 0.03
    assert near["FID"] < fair["FID"] + 0.01
    assert farther["FID"] > 3 * far["FID"]
    assert farther["KID"] > 3 * far["KID"]
    assert farther["precision"] > far["precision"] - 0.05
    one_missing, one_left = after({"dropped": 1}), after({"dropped": 2})
    assert one_missing["precision"] >= fair["precision"]
    assert max(one_missing["recall"], one_missing["coverage"]) < 0.7
    assert one_left["density"] > 1.05
    fooled = after({"shape": "ring", "made": "blob"})
    assert fooled["recall"] == 1
    assert max(fooled[name] for name in ("precision", "density", "coverage")) < 0.5
    assert abs(fooled["KID"]) < 0.15
    copied = after({"copies": 1, "noise": 0.14})
    assert abs(copied["memorization"] - 0.5) < 0.05
    assert all(abs(copied[n] - fair[n]) < 0.1 for n in ("FID", "precision", "recall", "coverage"))
    vouched, alone = (after({"noise": 1, "outlier": outlier}) for outlier in ("one", "none"))
    assert alone["precision"] < vouched["precision"] - 0.05
    assert vouched["density"] - alone["density"] < vouched["precision"] - alone["precision"]


def test_clouds_are_dragged_and_spoiled(start):
    """By mouse and by keys; what is shown is what the library measures, whatever one does."""
    page, figure = start("two-clouds")
    knob, canvas = figure.locator(".lab-knob"), figure.locator("canvas")
    seen = []

    def compare():
        sets, found, k, shown = figure.evaluate(
            "f => [f.lab.sets(), f.lab.found(), f.lab.set.k,"
            " [...f.querySelectorAll('td:nth-child(2)')].map((cell) => cell.textContent)]"
        )
        expected = measured(sets["train"], sets["real"], sets["fake"], k)
        assert found == pytest.approx(expected, abs=1e-4)
        numbers = [float(text.replace("\u2212", "-")) for text in shown]
        assert numbers == pytest.approx(list(expected.values()), abs=0.0051)
        seen.append(sets["fake"])
        return expected

    fair = compare()
    knob.press("ArrowRight")
    knob.press("Shift+ArrowUp")
    assert figure.evaluate("f => f.lab.shift()") == pytest.approx([0.05, 0.5])
    assert compare()["FID"] > fair["FID"] + 0.1
    knob.scroll_into_view_if_needed()
    area, handle = canvas.bounding_box(), knob.bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + area["width"] / 4, y, steps=3)
    page.mouse.up()
    assert figure.evaluate("f => f.lab.shift()") == pytest.approx([1.05, 0.5], abs=0.03)
    assert compare()["precision"] < 0.5

    figure.get_by_role("button", name="Perfect").click()
    assert compare() == fair
    for name, key in (
        ("Clumps missing", "ArrowRight"),
        ("Copies", "PageUp"),
        ("Noise", "PageUp"),
        ("Spread", "Home"),
        ("Neighbors k", "End"),
    ):
        figure.get_by_role("slider", name=name).press(key)
        compare()
    for name, value in (("Real points", "ring"), ("Fakes", "blob"), ("A real outlier", "one")):
        figure.get_by_role("combobox", name=name).select_option(value)
        compare()
    changed = sum(a != b for a, b in pairwise(seen))
    assert changed >= len(seen) - 2, "every control but k moves the fakes or what they are held to"

    figure.get_by_role("button", name="Fool FID").click()
    fooled = compare()
    assert abs(fooled["FID"]) < 1e-9
    assert fooled["precision"] < 0.9
    figure.get_by_role("button", name="Copy").click()
    assert compare()["memorization"] == 1
    figure.get_by_role("button", name="Drop clumps").click()
    assert compare()["recall"] < 0.5 < fair["recall"]
    figure.get_by_role("button", name="Noise").click()
    noisy = compare()
    assert noisy["precision"] > noisy["density"]
    assert noisy["memorization"] < 0.5
    before = figure.evaluate("f => f.lab.sets()")
    figure.get_by_role("button", name="New draw").click()
    compare()
    assert figure.evaluate("f => f.lab.sets()") != before
    pictures = set()
    for value in ("balls", "fakes", "ellipses", "nothing"):
        figure.get_by_role("combobox", name="Show").select_option(value)
        pictures.add(canvas.evaluate("c => c.toDataURL()"))
    assert len(pictures) == 4


def test_football_follows_mouse_and_keys(start):
    page, figure = start("football")
    canvas, pad = figure.locator("canvas"), figure.locator(".lab-pad")

    def picture():
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return canvas.evaluate("c => c.toDataURL()")

    seen = [picture()]
    pad.press("ArrowRight")
    seen.append(picture())
    assert figure.get_by_role("slider", name="Direction 1").input_value() == "0.25"
    pad.click(position={"x": 10, "y": 10})
    seen.append(picture())
    figure.get_by_role("slider", name="Direction 4").press("End")
    seen.append(picture())
    figure.get_by_role("button", name="Back to A").click()
    assert picture() == seen[0]
    figure.get_by_role("slider", name="From ball A to ball B").press("End")
    seen.append(picture())
    figure.get_by_role("button", name="New ball A").click()
    seen.append(picture())
    assert len(set(seen)) == len(seen), "every action changes the picture"


def test_hole_is_dragged_and_repaired(start):
    """By mouse and by keys; known pixels stay, and the search comes nearer to them."""
    page, figure = start("repaint")
    frame, words = figure.locator(".lab-frame"), figure.locator(".lab-words")
    handle = figure.element_handle()
    hole = "f => [f.lab.hole.x, f.lab.hole.y, f.lab.hole.side]"
    assert figure.evaluate(hole) == [20, 20, 24]
    frame.press("ArrowRight")
    frame.press("Shift+ArrowUp")
    assert figure.evaluate(hole) == [22, 12, 24]
    frame.scroll_into_view_if_needed()
    area = frame.bounding_box()
    pixel = area["width"] / 64
    page.mouse.move(area["x"] + 34 * pixel, area["y"] + 24 * pixel)
    page.mouse.down()
    page.mouse.move(area["x"] + 30 * pixel, area["y"] + 30 * pixel, steps=3)
    page.mouse.up()
    assert figure.evaluate(hole) == [18, 18, 24]
    frame.click(position={"x": 2, "y": 2})
    assert figure.evaluate(hole) == [0, 0, 24]
    figure.get_by_role("slider", name="Side of the hole").press("ArrowLeft")
    assert figure.evaluate(hole) == [1, 1, 22]

    assert "Predict" in words.inner_text()
    figure.get_by_role("button", name="Search").press("Enter")
    page.wait_for_function("f => f.lab.search()?.steps >= 1", arg=handle)
    before = figure.evaluate("f => f.lab.search().error")
    # Pressed from within the page: from here the search could be over before the press arrives.
    page.wait_for_function(
        "f => f.lab.search().steps >= 15 && [...f.querySelectorAll('button')]\
        .find((b) => b.textContent === 'Pause').click() === undefined",
        arg=handle,
    )
    assert figure.evaluate("f => f.lab.search().error") < before
    assert "of 150" in words.inner_text()
    wrong = """f => f.lab.completed().filter((value, i) => {
      const { x, y, side } = f.lab.hole, column = Math.floor(i / 3) % 64, row = Math.floor(i / 192);
      const missing = column >= x && column < x + side && row >= y && row < y + side;
      return (value === f.lab.picture()[i]) === missing;
    }).length"""
    assert figure.evaluate(wrong) <= 5, "known pixels are copied, missing ones are drawn"

    answer = figure.locator(".lab-row figure").nth(2)
    assert not answer.is_visible()
    figure.get_by_role("button", name="What was there").press("Enter")
    assert answer.is_visible()
    picture = figure.evaluate("f => f.lab.picture().join()")
    figure.get_by_role("combobox", name="Picture").select_option("made")
    assert figure.evaluate("f => f.lab.picture().join()") != picture
    assert not answer.is_visible()
    assert figure.evaluate("f => f.lab.search()") is None


CHOSEN = "f => f.lab.chosen()"


def test_plane_shows_the_numbers_of_the_benchmark(start, root):
    """Every method with the means of its rows, and who is ahead of it on both axes."""
    text = (root / "benchmarks" / "results" / "repair.json").read_text(encoding="utf-8")
    rows = [row for row in json.loads(text)["rows"] if row["data"] == "soccer" and row["psnr"]]
    page, figure = start("repair-plane")
    shown = figure.evaluate("f => f.lab.rows")
    assert {row["name"] for row in shown} == {row["method"] for row in rows}
    for row in shown:
        own = [r for r in rows if r["method"] == row["name"]]
        assert len(row["seeds"]) == len(own)
        keys = {"psnr": "psnr", "texture": "fid", "content": "fid_content", "seam": "seam"}
        for ours, theirs in {**keys, "gradient": "gradient_ratio"}.items():
            assert row[ours] == pytest.approx(numpy.mean([r[theirs] for r in own]), abs=1e-4)
        better = {
            other["name"]
            for other in shown
            if other["psnr"] > row["psnr"] and other["texture"] < row["texture"]
        }
        found = page.evaluate("row => ganPlane.ahead(ganRepairs.rows, row).map((r) => r.name)", row)
        assert set(found) == better
    best = min(shown, key=lambda row: row["texture"])["name"]
    assert figure.evaluate(CHOSEN) == best
    assert best in figure.locator(".lab-words").inner_text()


def test_plane_follows_mouse_finger_and_keys(start):
    page, figure = start("repair-plane")
    page.wait_for_function("f => f.lab.ready()", arg=figure.element_handle())
    plane, words = figure.locator(".lab-chart"), figure.locator(".lab-words")
    repaired = figure.locator(".lab-three canvas").nth(1)
    seen = [figure.evaluate(CHOSEN)]
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        plane.press(key)
        seen.append(figure.evaluate(CHOSEN))
        assert words.inner_text().startswith(seen[-1])
    psnr = "f => f.lab.rows.find((row) => row.name === f.lab.chosen()).psnr"
    most = "f => Math.max(...f.lab.rows.map((row) => row.psnr))"
    for _ in range(15):
        plane.press("ArrowLeft")
    assert figure.evaluate(psnr) == figure.evaluate(most)
    assert len(set(seen)) >= 3

    plane.scroll_into_view_if_needed()
    area = plane.bounding_box()
    dragged = set()
    for k in range(1, 20):
        page.mouse.move(area["x"] + k * area["width"] / 20, area["y"] + area["height"] / 2)
        dragged.add(figure.evaluate(CHOSEN))
    assert len(dragged) >= 3

    figure.get_by_role("button", name="All methods").press("Enter")
    assert figure.evaluate("f => f.lab.view()") == "all"
    pictures = set()
    for name in ("nearest training picture", "PCA regression", "harmonic"):
        figure.get_by_role("combobox", name="Method").select_option(label=name)
        assert figure.evaluate(CHOSEN) == name
        pictures.add(repaired.evaluate("c => c.toDataURL()"))
    assert len(pictures) == 3
    assert "Ahead of it on both axes" in words.inner_text()
    before = repaired.evaluate("c => c.toDataURL()")
    figure.get_by_role("slider", name="Picture").press("End")
    assert figure.evaluate("f => f.lab.picture()") == 5
    assert repaired.evaluate("c => c.toDataURL()") != before
    figure.get_by_role("button", name="The best").press("Enter")
    assert figure.evaluate("f => f.lab.view()") == "networks"
    assert "The best in texture" in words.inner_text()


def test_plane_can_be_tapped_on_a_phone(start):
    page, figure = start(
        "repair-plane", viewport={"width": 375, "height": 812}, has_touch=True, is_mobile=True
    )
    plane = figure.locator(".lab-chart")
    plane.scroll_into_view_if_needed()
    area = plane.bounding_box()
    chosen = set()
    for share in (0.2, 0.5, 0.85):
        page.touchscreen.tap(area["x"] + share * area["width"], area["y"] + area["height"] / 2)
        chosen.add(figure.evaluate(CHOSEN))
    assert len(chosen) >= 2


BROKEN = "f => f.lab.broken().filter(Boolean).length"


def test_atlas_breaks_and_heals_runs(start):
    """One run by its button, all by theirs; the samples, the words and the sign follow."""
    page, figure = start("fault-atlas")
    page.wait_for_function("f => f.lab.ready()", arg=figure.element_handle())
    large, words = figure.locator(".lab-views canvas").first, figure.locator(".lab-words")
    dots = figure.locator(".lab-views canvas").nth(1)
    looks = [c.evaluate("c => c.toDataURL()") for c in (large, dots)]
    fault = FAULTS[figure.evaluate(CHOSEN)]
    assert fault.why not in words.inner_text()
    figure.get_by_role("button", name="Break it").press("Enter")
    assert figure.evaluate(BROKEN) == 1
    for sentence in (fault.title, fault.what, fault.why, fault.cure):
        assert sentence in words.inner_text()
    for canvas, before in zip((large, dots), looks, strict=True):
        assert canvas.evaluate("c => c.toDataURL()") != before
    figure.get_by_role("button", name="Heal it").press("Enter")
    assert [c.evaluate("c => c.toDataURL()") for c in (large, dots)] == looks
    figure.get_by_role("button", name="Break all").press("Enter")
    assert figure.evaluate(BROKEN) == len(FAULTS)
    figure.get_by_role("button", name="Heal all").press("Enter")
    assert figure.evaluate(BROKEN) == 0


def test_atlas_says_of_every_run_whether_its_sign_shows(start):
    page, figure = start("fault-atlas")
    words, box = figure.locator(".lab-words"), figure.get_by_role("combobox", name="Fault")
    figure.get_by_role("button", name="Break all").press("Enter")
    for index, fault in enumerate(FAULTS.values()):
        box.select_option(str(index))
        assert figure.evaluate(CHOSEN) == fault.name
        value = figure.evaluate(f"f => f.lab.faults[{index}].broken[0]")
        assert ("the sign shows" in words.inner_text()) == fault.shows(value)
        shows = page.evaluate(f"ganAtlas.shows(ganFaults.faults[{index}], {value})")
        assert shows == fault.shows(value)


def test_atlas_follows_keys_and_fingers(start):
    page, figure = start("fault-atlas", viewport={"width": 375, "height": 812}, has_touch=True)
    tiles = figure.locator(".lab-tile")
    assert tiles.count() == len(FAULTS)
    names = list(FAULTS)
    tiles.nth(3).tap()
    assert figure.evaluate(CHOSEN) == names[3]
    tiles.nth(3).press("ArrowRight")
    assert figure.evaluate(CHOSEN) == names[4]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert figure.evaluate(CHOSEN) == names[2]
    pressed = tiles.evaluate_all("all => all.map((t) => t.getAttribute('aria-pressed'))")
    assert [k for k, value in enumerate(pressed) if value == "true"] == [2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", LABORATORIES)
def test_started_laboratory_is_accessible(start, name, theme):
    page, figure = start(name, theme=theme)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    result = page.evaluate("figure => axe.run(figure, { preload: false })", figure.element_handle())
    found = [v for v in result["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]


@pytest.mark.parametrize("name", LABORATORIES)
def test_started_laboratory_fits_a_phone(start, name):
    page, _ = start(name, viewport={"width": 375, "height": 812})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("toy-gan", "book/01_principles.html"),
        ("dirac-gan", "book/02_minimax.html"),
        ("two-clouds", "book/04_measuring.html"),
        ("football", "book/03_code.html"),
        ("repaint", "book/05_repair.html"),
        ("repair-plane", "book/05_repair.html"),
        ("fault-atlas", "book/08_pitfalls.html"),
    ],
)
def test_laboratory_stands_in_its_chapter(start, name, page):
    _, figure = start(name, page)
    assert figure.locator("canvas").first.is_visible()


def test_without_javascript_and_on_paper_there_is_a_picture(browser, html, start):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{html.as_uri()}/{PAGE}")
    assert page.locator("figure.lab img").count() == len(LABORATORIES)
    assert all(picture.is_visible() for picture in page.locator("figure.lab img").all())
    assert page.locator("figure.lab button").count() == 0
    context.close()

    page, figure = start("toy-gan")
    assert not figure.locator("img").is_visible()
    page.emulate_media(media="print")
    assert figure.locator("img").is_visible()
    assert not figure.locator(".lab-bench").is_visible()
