"""No press is lost in a laboratory: not after typing, not while it runs, not in any font."""

import pytest

GO = {"toy-gan": "Run", "two-clouds": "New draw", "football": "New ball A", "repaint": "Search"}
LABORATORIES = [*GO]
PHONE = {"width": 375, "height": 812}

# How often each button was told that it was pressed.
COUNT = """figure => {
  figure.presses = new Map();
  figure.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    figure.presses.set(button, 1 + (figure.presses.get(button) ?? 0));
  }, true);
}"""
PRESSES = "button => button.closest('figure.lab').presses.get(button) ?? 0"
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"

# Where each control stands in the laboratory.
PLACES = """figure => [...figure.querySelectorAll("button, select, input")].map((control) => {
  const box = control.getBoundingClientRect(), home = figure.getBoundingClientRect();
  return [control.getAttribute("aria-label") ?? control.textContent.slice(0, 20),
    ...[box.left - home.left, box.top - home.top].map(Math.round)];
}).filter(([name]) => name !== "Start the laboratory")"""


def use(field) -> None:
    """Change what a field says, as a reader does, and leave the focus in it."""
    field.focus()
    kind = field.evaluate("f => f.tagName === 'SELECT' ? 'select' : f.type")
    if kind == "select":
        values = field.locator("option").evaluate_all("list => list.map((o) => o.value)")
        now = values.index(field.input_value())
        field.select_option(values[(now + 1) % len(values)])
    elif kind == "number":
        field.fill(str((int(field.input_value() or 0) + 1) % 10))
    else:
        atop = field.evaluate("f => f.value === f.max")
        field.press("Home" if atop else "End")


def press(page, button) -> None:
    """Press with a finger: down, and up again when the page has answered to that."""
    button.scroll_into_view_if_needed()
    page.evaluate(SETTLED)
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    page.mouse.down()
    page.evaluate(SETTLED)
    page.mouse.up()


@pytest.mark.parametrize("name", LABORATORIES)
def test_a_press_after_any_field_counts(start, name):
    """The press that takes the focus away from a field is a press: each field, and each button."""
    page, figure = start(name)
    figure.evaluate(COUNT)
    fields = figure.locator("select, input").all()
    buttons = figure.locator(".lab-bench button").all()
    assert len(fields) >= 2
    assert len(buttons) >= 3
    pairs = list(zip(fields, (len(fields) * buttons), strict=False))
    if typed := figure.locator("input[type=number]").all():
        pairs += [(field, button) for field in typed for button in buttons]
    else:
        pairs += list(zip(len(buttons) * fields, buttons, strict=False))
    for field, button in pairs:
        use(field)
        before = button.evaluate(PRESSES)
        press(page, button)
        said = f"{button.inner_text()} after {field.evaluate('f => f.outerHTML')}"
        assert button.evaluate(PRESSES) == before + 1, said


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", LABORATORIES)
def test_controls_stay_where_they_are(start, name, viewport):
    """Whatever is said, and whatever the sliders show, nothing moves under the finger."""
    page, figure = start(name, viewport=viewport)
    places = figure.evaluate(PLACES)
    words = figure.locator(".lab-words")
    now = [words.element_handle(), words.inner_text()]
    figure.get_by_role("button", name=GO[name]).click()
    page.wait_for_function("([words, before]) => words.innerText !== before", arg=now)
    assert (seen := figure.evaluate(PLACES)) == named_as(places, seen)
    for slider in figure.locator("input[type=range]").all():
        for end in ("Home", "End"):
            slider.press(end)
            page.evaluate(SETTLED)
            assert (seen := figure.evaluate(PLACES)) == named_as(places, seen)
    words.evaluate("w => { w.textContent = ''; }")
    assert (seen := figure.evaluate(PLACES)) == named_as(places, seen)


def named_as(places, now) -> list:
    """The places of before under the names of now: a button may say Pause in place of Run."""
    return [[name, *place] for (_, *place), (name, *_) in zip(places, now, strict=True)]


def test_a_seed_counts_while_it_is_typed(start):
    """Without leaving the field; and what is no seed is said, and starts nothing."""
    page, figure = start("toy-gan")
    seed, words = page.get_by_label("Seed"), figure.locator(".lab-words")
    first = "f => f.lab.game().generator.layers[0].w[0]"
    zero = figure.evaluate(first)
    seed.fill("3")
    three = figure.evaluate(first)
    assert three != zero
    for wrong in ("", "-1", "1.5", "10000"):
        seed.fill(wrong)
        assert "a whole number from 0 to 9999. It stays 3." in words.inner_text()
        assert seed.get_attribute("aria-invalid") == "true"
        assert figure.evaluate("f => f.lab.set.seed") == 3
    seed.fill("0")
    assert seed.get_attribute("aria-invalid") == "false"
    assert figure.evaluate(first) == zero
    seed.fill("9999")
    figure.get_by_role("button", name="The chapter's recipe").click()
    page.wait_for_function("f => f.lab.step() >= 3", arg=figure.element_handle())
    assert figure.evaluate("f => f.lab.set.seed") == 9999
