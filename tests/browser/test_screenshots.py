"""Pictures of key pages in `_build/screenshots`, for a person to look at."""

import pytest

PHONE = {"width": 375, "height": 812}
DESK = {"width": 1280, "height": 900}

SHOTS = [
    ("cover", "book/intro.html", "light", DESK, None),
    ("cover-dark", "book/intro.html", "dark", DESK, None),
    ("cover-phone", "book/intro.html", "light", PHONE, None),
    ("cover-phone-dark", "book/intro.html", "dark", PHONE, None),
    ("cards-phone", "book/intro.html", "light", PHONE, ".sd-row"),
    ("principles", "book/01_principles.html", "light", DESK, "#a-better-run"),
    ("principles-dark", "book/01_principles.html", "dark", DESK, "#a-better-run"),
    ("minimax", "book/02_minimax.html", "light", DESK, "[id^=descent-explorer]"),
    ("minimax-dark", "book/02_minimax.html", "dark", DESK, "[id^=descent-explorer]"),
    ("minimax-phone", "book/02_minimax.html", "light", PHONE, "[id^=descent-explorer]"),
    ("minimax-phone-dark", "book/02_minimax.html", "dark", PHONE, "[id^=descent-explorer]"),
    ("code", "book/03_code.html", "light", DESK, "#footballs"),
    ("code-phone-dark", "book/03_code.html", "dark", PHONE, "#the-bug-clinic"),
    ("measuring", "book/04_measuring.html", "light", DESK, "figure.lab"),
    ("measuring-phone-dark", "book/04_measuring.html", "dark", PHONE, "#who-notices"),
    ("repair-dark", "book/05_repair.html", "dark", DESK, "#the-second-route-search-among-codes"),
    ("repair-plane", "book/05_repair.html", "light", DESK, "[data-lab=repair-plane]"),
    ("repair-plane-phone-dark", "book/05_repair.html", "dark", PHONE, "[data-lab=repair-plane]"),
    ("vae", "book/06_vae.html", "light", DESK, "figure:has(img)"),
    ("atlas", "book/08_pitfalls.html", "light", DESK, "[data-lab=fault-atlas]"),
    ("atlas-phone-dark", "book/08_pitfalls.html", "dark", PHONE, "[data-lab=fault-atlas]"),
    ("doctor", "book/09_doctor.html", "light", DESK, "#fig-doctor-confusion"),
    ("scaling-dark", "book/12_scaling.html", "dark", DESK, "figure:has(img)"),
    ("laboratories", "book/laboratories.html", "light", DESK, "figure.lab"),
    ("laboratories-dark", "book/laboratories.html", "dark", DESK, "figure.lab"),
    ("laboratories-phone", "book/laboratories.html", "light", PHONE, "figure.lab"),
    ("laboratories-phone-dark", "book/laboratories.html", "dark", PHONE, "figure.lab"),
    ("status-phone", "book/status.html", "light", PHONE, None),
    ("bibliography-dark", "book/bibliography.html", "dark", DESK, None),
]


# What comes into view is set then.
SET = """() => ![...document.querySelectorAll(".math:not(:has(mjx-container))")].some((formula) => {
  const { top, bottom, width } = formula.getBoundingClientRect();
  return width && bottom > 0 && top < innerHeight;
})"""


@pytest.mark.parametrize("name", dict.fromkeys(name for _, name, *_ in SHOTS))
def test_screenshots(visit, root, name):
    folder = root / "_build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page = visit(name).page
    for shot, where, theme, viewport, place in SHOTS:
        if where != name:
            continue
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=theme)
        page.locator(place or "body").first.evaluate(
            "place => place.scrollIntoView({ behavior: 'instant' })"
        )
        page.wait_for_function(SET)
        picture = page.screenshot(path=folder / f"{shot}.png")
        assert len(picture) > 10_000, f"{shot} is an empty page"
