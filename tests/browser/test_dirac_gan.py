"""The live Dirac-GAN: the library's numbers, and what a reader can do with them."""

import pytest
import torch
from whole_pages import LATER

from gan_tutorial import games
from gan_tutorial.losses import LOSSES

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
    page.evaluate(LATER)
    assert figure.evaluate("f => f.lab.shown()") == paused
    figure.get_by_role("button", name="Whole path").press("Enter")
    assert figure.evaluate("f => f.lab.shown()") == 600
