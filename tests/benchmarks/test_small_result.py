"""What the book says of few pictures is what was measured."""

import json
import re

ORDER = ("default", "without augmentation", "FastGAN's ingredients", "mixture of Gaussians")


def test_the_page_of_own_pictures_tells_the_committed_distances(root):
    result = json.loads((root / "benchmarks" / "results" / "small.json").read_text())
    text = (root / "book" / "own.md").read_text()
    told = " ".join(text[text.index("What is that worth?") :].split())
    found = re.findall(r"(\d\.\d\d) and (\d\.\d\d)", told)[: len(ORDER)]
    rows = {row["method"]: row for row in result["rows"]}
    for method, values in zip(ORDER, found, strict=True):
        row = rows[method]
        assert values == tuple(f"{row[f'kid_{space}']:.2f}" for space in ("natural", "pixels"))
    one, other = (rows[name] for name in (ORDER[0], ORDER[2]))
    for space in ("natural", "pixels"):  # one training cannot tell the two apart
        errors = sum(row[f"kid_{space}_error"] ** 2 for row in (one, other)) ** 0.5
        assert abs(one[f"kid_{space}"] - other[f"kid_{space}"]) < 2 * errors


def test_every_training_took_ten_minutes_and_was_made_once(root):
    rows = json.loads((root / "benchmarks" / "results" / "small.json").read_text())["rows"]
    trained = [row for row in rows if row["minutes"]]
    assert len(trained) == 3 == len({row["method"] for row in trained})
    assert all(0.9 < row["seconds"] / 600 < 1.1 for row in trained)
