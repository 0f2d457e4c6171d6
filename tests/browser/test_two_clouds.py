"""The two clouds: the library's numbers, and what a reader can do with them."""

from itertools import pairwise

import pytest
import torch

from gan_tutorial import metrics

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
