"""The plane of repairs: the benchmark's numbers, and what a reader can do with them."""

import json

import numpy
import pytest

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
        "repair-plane",
        viewport={"width": 375, "height": 812},
        own={"has_touch": True, "is_mobile": True},
    )
    plane = figure.locator(".lab-chart")
    plane.scroll_into_view_if_needed()
    area = plane.bounding_box()
    chosen = set()
    for share in (0.2, 0.5, 0.85):
        page.touchscreen.tap(area["x"] + share * area["width"], area["y"] + area["height"] / 2)
        chosen.add(figure.evaluate(CHOSEN))
    assert len(chosen) >= 2
