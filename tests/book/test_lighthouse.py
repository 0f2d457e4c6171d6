"""The tool that has Lighthouse grade the built book: what it makes of a report, what it refuses."""

import urllib.request

import lighthouse
import pytest


def report(**scores):
    """Return a report as Lighthouse writes it, with one finding a category."""
    audits = {
        f"{name}-audit": {
            "title": f"What {name} asks",
            "score": score,
            "details": {"items": [{"node": {"selector": "main > p"}}, {"url": "a.js"}]},
        }
        for name, score in scores.items()
    }
    categories = {
        name: {"score": score, "auditRefs": [{"id": f"{name}-audit", "weight": 1}]}
        for name, score in scores.items()
    }
    return {"categories": categories, "audits": audits}


PERFECT = {"performance": 1, "accessibility": 1, "best-practices": 1, "seo": 1}


def test_points_are_of_a_hundred():
    points = lighthouse.scores(report(**{**PERFECT, "seo": 0.92, "performance": None}))
    assert points == {**dict.fromkeys(PERFECT, 100), "seo": 92, "performance": None}


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, []),
        ({"accessibility": 0.99}, ["accessibility"]),
        ({"best-practices": 0.95}, []),
        ({"best-practices": 0.94, "seo": None}, ["best-practices", "seo"]),
        ({"performance": 0.2}, []),  # the machine's, too
    ],
    ids=["perfect", "accessibility", "at its aim", "two", "slow"],
)
def test_what_misses_its_aim(change, missed):
    assert lighthouse.below(lighthouse.scores(report(**{**PERFECT, **change}))) == missed


def test_findings_name_their_places():
    (line,) = lighthouse.findings(report(**{**PERFECT, "seo": 0.5}), "seo")
    assert line == "  seo: What seo asks (main > p; a.js)"
    assert lighthouse.findings(report(**PERFECT), "seo") == []


def test_a_folder_is_served(tmp_path):
    (tmp_path / "a.html").write_text("here")
    with lighthouse.served(tmp_path) as home, urllib.request.urlopen(f"{home}/a.html") as answer:
        assert answer.read() == b"here"


def test_what_is_missing_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(lighthouse.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="needs Node"):
        lighthouse.needed()
    monkeypatch.setattr(lighthouse.shutil, "which", lambda name: name if name == "npx" else None)
    with pytest.raises(FileNotFoundError, match="needs a browser, one of chromium"):
        lighthouse.needed()
    monkeypatch.setattr(lighthouse, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["lighthouse.py"])
    assert lighthouse.main() == 1
    assert "book/intro.html is not built: say `make book` first." in capsys.readouterr().err
