"""Footballs drawn and repaired in the page: the library's numbers, and what a reader does."""

import base64

import pytest
import torch
from export_generator import folded
from torch.nn.functional import conv_transpose2d

from gan_tutorial import checkpoints, data, plots
from gan_tutorial.models.sampling import latent_codes
from gan_tutorial.repair import latent_search


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
    values = torch.tensor([0.0, 1.0, -2.5, 65504.0, 6e-8, -3e-5, 0.333]).half()
    text = base64.b64encode(values.numpy().tobytes()).decode()
    read = load("generator.js").evaluate("text => Array.from(ganGenerator.halves(text))", text)
    assert read == values.tolist()


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
