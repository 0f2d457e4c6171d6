"""Pictures of key pages in `_build/screenshots`, for a person to look at."""

import pytest

PHONE = {"width": 375, "height": 812}
DESK = {"width": 1280, "height": 900}

SHOTS = [
    ("cover", "book/intro.html", "light", DESK, None),
    ("cover-dark", "book/intro.html", "dark", DESK, None),
    ("cover-phone", "book/intro.html", "light", PHONE, ".sd-row"),
    ("principles", "book/01_principles.html", "light", DESK, "#a-better-run"),
    ("principles-dark", "book/01_principles.html", "dark", DESK, "#a-better-run"),
    ("minimax-phone", "book/02_minimax.html", "light", PHONE, "[id^=descent-explorer]"),
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
    ("status-phone", "book/status.html", "light", PHONE, None),
    ("bibliography-dark", "book/bibliography.html", "dark", DESK, None),
]


@pytest.mark.parametrize(("shot", "name", "theme", "viewport", "place"), SHOTS)
def test_screenshot(visit, root, shot, name, theme, viewport, place):
    page = visit(name, theme=theme, viewport=viewport).page
    if place:
        page.locator(place).first.evaluate("place => place.scrollIntoView({ behavior: 'instant' })")
    folder = root / "_build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    picture = page.screenshot(path=folder / f"{shot}.png")
    assert len(picture) > 10_000, "an empty page"
