"""What a reader can do in the laboratory of two players."""

import pytest

# Where time is stopped the page trains by itself: a worker has a time of its own.
ALONE = "delete window.Worker;"
SET = "f => f.lab.set"
DRAWN = "f => f.lab.players().data.means"
PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}


def test_players_move_one_at_a_time(start):
    page, figure = start("toy-gan")
    words, canvas = figure.locator(".lab-words"), figure.locator("canvas").first
    picture = canvas.evaluate("c => c.toDataURL()")
    weights = "figure => [figure.lab.game().discriminator, figure.lab.game().generator]\
        .map((network) => network.layers[0].w[0])"
    judge, maker = figure.evaluate(weights)
    figure.get_by_role("button", name="D moves").press("Enter")
    assert "Step 0." in words.inner_text()
    assert canvas.evaluate("c => c.toDataURL()") != picture, "the ground has changed"
    moved, same = figure.evaluate(weights)
    assert (moved != judge, same != maker) == (True, False)
    figure.get_by_role("button", name="G moves").press("Enter")
    assert "Step 1." in words.inner_text()
    still, moved_too = figure.evaluate(weights)
    assert (still != moved, moved_too != maker) == (False, True)
    after = words.inner_text()
    figure.get_by_role("button", name="Reset").press("Enter")
    assert "Step 0." in words.inner_text()
    for player in "DG":
        figure.get_by_role("button", name=f"{player} moves").press("Enter")
    assert words.inner_text() == after, "the same seed gives the same numbers"
    page.get_by_label("Seed").fill("3")
    page.get_by_label("Seed").press("Tab")
    for player in "DG":
        figure.get_by_role("button", name=f"{player} moves").press("Enter")
    assert words.inner_text() != after


def test_training_runs_and_pauses_and_is_told_aloud(start, stop_time):
    page, figure = start("toy-gan", script=ALONE)
    stop_time(page)
    figure.get_by_role("button", name="Run").click()
    page.clock.run_for(160)
    figure.get_by_role("button", name="Pause").click()
    paused = figure.evaluate("f => f.lab.step()")
    assert paused >= 5
    page.clock.run_for(10_000)
    assert figure.evaluate("f => f.lab.step()") == paused
    spoken, words = figure.locator("[aria-live]"), figure.locator(".lab-words")
    assert spoken.inner_text() == words.inner_text() != ""


def test_every_setting_trains(start):
    """Each data set, loss and penalty can be chosen, and two moves later all is finite."""
    _, figure = start("toy-gan")
    for name in ("Data", "Loss", "Penalty on D", "Adam's \u03b21", "Optimizer", "Units of D"):
        box = figure.get_by_role("combobox", name=name)
        for value in box.locator("option").evaluate_all("list => list.map((o) => o.value)"):
            box.select_option(value)
            for player in "DG":
                figure.get_by_role("button", name=f"{player} moves").click()
            text = figure.locator(".lab-words").inner_text()
            assert "overflow" not in text
            assert "NaN" not in text


def test_collapse_can_be_caused(start, stop_time):
    """With the recipe for it, most of the eight clumps are empty, for two seeds of two."""
    page, figure = start("toy-gan", script=ALONE)
    stop_time(page)
    for seed in ("0", "1"):
        page.get_by_label("Seed").fill(seed)
        figure.get_by_role("combobox", name="Speed").select_option("10")
        figure.get_by_role("button", name="Cause mode collapse").click()
        page.clock.run_for(15 * 16)  # ten steps a picture, one picture in 16 ms
        assert figure.evaluate("f => f.lab.step()") == 150
        assert figure.evaluate("f => f.lab.modes().covered") <= 4
        figure.get_by_role("button", name="Pause").click()


def test_less_motion_for_who_asks_for_it(start, stop_time):
    page, figure = start("toy-gan", script=ALONE, reduced_motion="reduce")
    stop_time(page)
    figure.get_by_role("button", name="Run").click()
    for step in (0, 1, 2, 3):
        assert figure.evaluate("f => f.lab.step()") == step
        page.clock.run_for(1000)


def test_networks_are_chosen(start):
    _, figure = start("toy-gan")
    sizes = "f => [f.lab.game().generator.sizes, f.lab.game().discriminator.sizes]"
    assert figure.evaluate(sizes) == [[2, 64, 64, 64, 2], [2, 64, 64, 64, 1]]
    for name, value in (
        ("Hidden layers of G", "1"),
        ("Units of G", "16"),
        ("Hidden layers of D", "4"),
        ("Units of D", "8"),
    ):
        figure.get_by_role("combobox", name=name).select_option(value)
    assert figure.evaluate(sizes) == [[2, 16, 2], [2, 8, 8, 8, 8, 1]]
    figure.get_by_role("slider", name="Moves of D for one of G").press("End")
    assert figure.evaluate("f => f.lab.players().dSteps") == 5


def test_what_is_shown_can_be_chosen(start):
    """Grid, arrows and the averaged generator's fakes: each changes the picture, and back."""
    _, figure = start("toy-gan")
    figure.evaluate("f => f.lab.players().train(f.lab.set, 3, Infinity)")
    canvas = figure.locator("canvas").first
    figure.get_by_role("checkbox", name="the generator's grid").check()
    with_grid = canvas.evaluate("c => c.toDataURL()")
    seen = [with_grid]
    for name, on in (("arrows", False), ("averaged", True), ("the generator's grid", False)):
        figure.get_by_role("checkbox", name=name).set_checked(on)
        seen.append(canvas.evaluate("c => c.toDataURL()"))
    assert len(set(seen)) == len(seen)
    assert "averaged fakes" in figure.locator(".lab-words").inner_text()
    for name, on in (("arrows", True), ("averaged", False), ("the generator's grid", True)):
        figure.get_by_role("checkbox", name=name).set_checked(on)
    assert canvas.evaluate("c => c.toDataURL()") == with_grid


def test_divergence_is_drawn_and_said(start):
    _, figure = start("toy-gan")
    words, chart = figure.locator(".lab-words"), figure.locator(".lab-charts canvas").nth(1)
    before = chart.evaluate("c => c.toDataURL()")
    figure.evaluate("f => f.lab.players().train(f.lab.set, 20, Infinity)")
    figure.get_by_role("button", name="D moves").press("Enter")
    steps = [point["step"] for point in figure.evaluate("f => f.lab.players().curve")]
    assert steps == [0, 10, 20]
    now = figure.evaluate("f => f.lab.players().curve.at(-1).now")
    assert f"Divergence {now:.3f}" in words.inner_text()
    assert chart.evaluate("c => c.toDataURL()") != before


def test_data_are_drawn_with_a_mouse(start):
    page, figure = start("toy-gan")
    area = figure.locator(".lab-plane")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()

    def stroke():
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
        page.mouse.up()

    stroke()
    assert figure.evaluate(SET)["data"] == "ring", "a pen that is up draws nothing"
    figure.evaluate(
        "f => [...f.querySelectorAll('button')]\
        .find((b) => b.textContent === 'Clear').click()"
    )
    assert figure.evaluate(DRAWN) == []
    assert "Draw something" in figure.locator(".lab-words").inner_text()
    stroke()
    means = figure.evaluate(DRAWN)
    assert len(means) > 10
    assert max(abs(y) for _, y in means) < 0.05
    assert min(x for x, _ in means) == pytest.approx(-1.02, abs=0.08)
    assert max(x for x, _ in means) == pytest.approx(0.34, abs=0.12)
    assert figure.evaluate(SET)["data"] == "drawn"
    figure.get_by_role("button", name="G moves").press("Enter")
    assert "Step 1." in figure.locator(".lab-words").inner_text()
    stroke()
    assert len(figure.evaluate(DRAWN)) == 2 * len(means)
    figure.get_by_role("button", name="Take back").press("Enter")
    assert figure.evaluate(DRAWN) == means
    figure.get_by_role("button", name="Face").press("Enter")
    assert len(figure.evaluate(DRAWN)) == 188


def test_data_are_drawn_with_keys_and_without_any_there_is_no_game(start):
    _, figure = start("toy-gan")
    figure.get_by_role("button", name="Clear").press("Enter")
    for name in ("Run", "D moves"):
        figure.get_by_role("button", name=name).press("Enter")
        assert not figure.evaluate("f => f.lab.running()")
        assert "There are no data" in figure.locator(".lab-words").inner_text()
    brush = figure.locator(".lab-knob")
    for key in (" ", "ArrowRight", " ", "Shift+ArrowUp", "Enter"):
        brush.press(key)
    means = figure.evaluate(DRAWN)
    expected = [[0, 0], [0.07, 0], [0.07, 0.35]]
    assert [x for mean in means for x in mean] == pytest.approx(
        [x for mean in expected for x in mean], abs=0.03
    )
    brush.press("Backspace")
    assert figure.evaluate(DRAWN) == means[:2]


def test_data_are_drawn_with_a_thumb(start):
    """A pen that is down draws; one that is up leaves the finger to the page."""
    page, figure = start("toy-gan", **PHONE)
    area = figure.locator(".lab-plane")
    action = "p => getComputedStyle(p).touchAction"
    assert area.evaluate(action) == "auto"
    figure.get_by_role("button", name="Draw", exact=True).tap()
    assert area.evaluate(action) == "none"
    before = figure.evaluate(DRAWN)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    *same, new = figure.evaluate(DRAWN)
    assert same == before
    assert new == pytest.approx([0.85, 0.85], abs=0.06)
    figure.get_by_role("button", name="Draw", exact=True).tap()
    assert area.evaluate(action) == "auto"


CHANGES = "data=grid&loss=hinge&dSteps=2&optimizer=sgd&lrG=0.05&unitsD=16&grid=true&seed=7"


def test_a_link_restores_the_settings(start, visit):
    """The one that the button makes: settings and drawing, in a page that is opened anew."""
    page, figure = start("toy-gan")
    figure.evaluate("(f, q) => { f.lab.restore(new URLSearchParams(q)); f.lab.pause(); }", CHANGES)
    figure.get_by_role("button", name="Cross").press("Enter")
    chosen = figure.evaluate(SET)
    assert (chosen["data"], chosen["loss"], chosen["seed"]) == ("drawn", "hinge", 7)
    figure.get_by_role("button", name="Copy link").press("Enter")
    page.wait_for_function("location.hash !== ''")
    address = page.url
    assert address == figure.evaluate("f => f.lab.address()")
    home, _, rest = address.partition("book/laboratories.html")
    seen = visit(f"book/laboratories.html{rest}", home.rstrip("/"), reduced_motion="reduce")
    again = seen.page.locator("figure.lab[data-lab=toy-gan]")
    seen.page.wait_for_function("f => f.lab", arg=again.element_handle())
    assert again.evaluate(SET) == chosen
    assert not again.evaluate("f => f.lab.running()"), "who wants less motion presses Run"
    assert not seen.errors


def test_a_link_asks_for_what_there_is(start):
    """What is not known is named, and the recipe's is used."""
    _, figure = start("toy-gan", reduced_motion="reduce")
    usual = figure.evaluate(SET)
    restore = "(f, q) => f.lab.restore(new URLSearchParams(q))"
    figure.evaluate(restore, "loss=foo&seed=-1&color=red&data=drawn&drawing=!!&lrD=0.002")
    assert figure.evaluate(SET) == {**usual, "lrD": 0.002}
    said = figure.locator(".lab-words").inner_text()
    for name in ("loss=foo", "seed=-1", "color", "drawing=!!", "a drawing without points"):
        assert name in said


def test_pretrained_start_is_waited_for(start, stop_time):
    page, figure = start("toy-gan", script=ALONE)
    stop_time(page)
    small = "unitsG=8&unitsD=8&layersG=1&layersD=1&start=pretrained"
    figure.evaluate("(f, q) => { f.lab.restore(new URLSearchParams(q)); f.lab.pause(); }", small)
    page.clock.run_for(5_000)
    assert figure.evaluate("f => [f.lab.players().ahead, f.lab.step()]") == [0, 0]
    figure.get_by_role("button", name="G moves").press("Enter")
    assert figure.evaluate("f => f.lab.step()") == 1
