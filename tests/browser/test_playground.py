"""The page of `show` in a real browser: what stands large is what the plane holds at that place."""

import io

import pytest
import torch
from PIL import Image

from gan_tutorial.plots.playground import playground

SIDE = 3
# Two planes whose pictures are flat, each with a gray of its own, far enough apart to tell.
GRAYS = {"Plane 1": [20 * k + 10 for k in range(9)], "Plane 2": [250 - 20 * k for k in range(9)]}


@pytest.fixture
def page(visit, tmp_path):
    planes = {
        name: torch.tensor(grays, dtype=torch.float32).view(9, 1, 1, 1).expand(9, 1, 8, 8) / 127.5
        - 1
        for name, grays in GRAYS.items()
    }
    (tmp_path / "show.html").write_text(
        playground(planes, SIDE, title="Grays", about=["Nine grays."])
    )
    seen = visit("show.html", tmp_path.as_uri())
    yield seen.page
    assert not seen.errors
    assert not seen.elsewhere  # it holds all it needs


def shown(page) -> int:
    """Return the gray in the middle of the large picture."""
    picture = Image.open(io.BytesIO(page.locator("#one").screenshot())).convert("L")
    return picture.getpixel((picture.width // 2, picture.height // 2))


def test_arrow_keys_walk_over_the_plane_and_stop_at_its_edge(page):
    page.locator("#pad").focus()
    assert shown(page) == GRAYS["Plane 1"][4]  # it begins in the middle
    for key, place in (("ArrowRight", 5), ("ArrowDown", 8), ("ArrowDown", 8), ("ArrowLeft", 7)):
        page.keyboard.press(key)
        assert shown(page) == GRAYS["Plane 1"][place]
    assert page.locator("#where").inner_text() == "Plane 1: column 2 and row 3 of 3."


def test_pointer_drags_to_what_lies_under_it(page):
    box = page.locator("#pad").bounding_box()

    def at(column, row):
        x = box["x"] + (column + 0.5) * box["width"] / SIDE
        return x, box["y"] + (row + 0.5) * box["height"] / SIDE

    page.mouse.move(*at(0, 0))
    assert shown(page) == GRAYS["Plane 1"][4]  # without a press it only passes over
    page.mouse.down()
    assert shown(page) == GRAYS["Plane 1"][0]
    page.mouse.move(*at(2, 0))
    assert shown(page) == GRAYS["Plane 1"][2]
    page.mouse.move(box["x"] + 3 * box["width"], box["y"] + box["height"] / 2)  # outside
    assert shown(page) == GRAYS["Plane 1"][5]
    page.mouse.up()


def test_another_plane_keeps_the_place(page):
    page.get_by_role("button", name="Next plane").click()
    assert shown(page) == GRAYS["Plane 2"][4]
    assert page.get_by_label("Plane", exact=True).input_value() == "1"
    page.get_by_label("Plane", exact=True).select_option("Plane 1")
    assert shown(page) == GRAYS["Plane 1"][4]


@pytest.mark.parametrize("width", [375, 1280])
def test_page_fits_and_its_controls_are_large_enough_for_a_thumb(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in page.locator("button, select").all():
        assert control.bounding_box()["height"] >= 44
