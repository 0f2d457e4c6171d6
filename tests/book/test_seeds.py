"""No sentence and no line of code of the source articles is in the repository."""

import check_seeds
import pytest

ARTICLE = """
# 一篇关于生成模型的虚构文章

这里是一个为了测试而写的句子，它只在这个文件里出现。

The quick generator draws a picture of every fox it has seen. Short one.

```python
import numpy as np
def draw(z, reuse=None):
    hidden = layers.dense(z, 77, activation=layers.leaky)  # a comment
    output = layers.dense(hidden, 991, activation=None)
    return output
```

$$
W = E_{x \\sim P_x(x)}[\\log (7 - D(x))]
$$

[7] Nobody, A. (2031). A Paper That Nobody Wrote. In Proceedings of Nowhere (pp. 1-2).
"""


@pytest.mark.parametrize(
    "text",
    [
        "他说：这里是一个为了测试而写的句子, 它只在这个 文件里出现。",
        "As they say, the quick generator draws\na picture of every fox it has seen!",
        "hidden=layers.dense(z, 77, activation = layers.leaky)",
        "W = E_{x \\sim P_x(x)} [\\log(7 - D(x))]",
        "[7] Nobody, A. (2031). A Paper That Nobody Wrote. In: Proceedings of Nowhere (pp. 1-2)",
    ],
)
def test_a_copy_is_found_whatever_its_spaces(text):
    assert check_seeds.traces([ARTICLE], text)


@pytest.mark.parametrize(
    "text",
    [
        "生成对抗网络，变分自编码器，判别器",
        "A generator draws pictures of foxes.",
        "import numpy as np",
        "A Paper That Nobody Wrote",
        "output = layers.dense(hidden, 992, activation=None)",
        "def draw(z, reuse=None):\n    return z",
    ],
)
def test_what_is_not_a_copy_passes(text):
    assert check_seeds.traces([ARTICLE], text, python=True) == []


def test_a_function_with_other_spaces_is_found():
    copy = (
        "def draw(z,reuse=None):\n"
        "        hidden = layers.dense(\n            z, 77, activation=layers.leaky)\n"
        "        output = layers.dense(\n            hidden, 991, activation=None)\n"
        "        return output\n"
    )
    assert check_seeds.traces([ARTICLE], copy, python=True)


def test_articles_are_looked_for_where_they_may_be(tmp_path, monkeypatch):
    monkeypatch.delenv("GAN_TUTORIAL_SEEDS", raising=False)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    assert check_seeds.folder(checkout) is None
    beside = tmp_path / "shared" / "seeds"
    beside.mkdir(parents=True)
    assert check_seeds.folder(checkout) is None, "an empty folder holds no articles"
    (beside / "000.txt").write_text("text")
    assert check_seeds.folder(checkout) == beside
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "000.txt").write_text("text")
    monkeypatch.setenv("GAN_TUTORIAL_SEEDS", str(elsewhere))
    assert check_seeds.folder(checkout) == elsewhere


def test_repository_holds_nothing_of_the_articles(root):
    place = check_seeds.folder(root)
    if place is None:
        pytest.skip("the articles are not here: name their folder in GAN_TUTORIAL_SEEDS")
    articles = [path.read_text(encoding="utf-8") for path in sorted(place.glob("*.txt"))]
    assert all(check_seeds.traces([article], article) for article in articles)
    found = {
        f"{path.relative_to(root)}: {trace[:80]}"
        for path in check_seeds.files(root)
        for trace in check_seeds.traces(articles, check_seeds.text_of(path), path.suffix == ".py")
    }
    assert found == set()
