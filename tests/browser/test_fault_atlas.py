"""The atlas of faults: what the library says of each, and what a reader can do with them."""

from gan_tutorial.faults import FAULTS

CHOSEN = "f => f.lab.chosen()"


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
    page, figure = start(
        "fault-atlas", viewport={"width": 375, "height": 812}, own={"has_touch": True}
    )
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
