"""What the files of the built book say, each page by itself; nothing of it needs a browser."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
NOTEBOOKS = {path.relative_to(toc.ROOT).with_suffix(".html").as_posix() for path in toc.notebooks()}


@pytest.fixture(params=PAGES, scope="module")
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def text(html, name) -> str:
    path = html / name
    assert path.is_file(), f"_toc.yml lists {name}, the built book lacks it: say `make book`"
    return path.read_text(encoding="utf-8")


class _Head(HTMLParser):
    """Collect the title, the `meta` tags and the links of a page's head."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.meta: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.feed(text.split("</head>")[0])

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        if tag == "meta":
            name = attributes.get("name") or attributes.get("property") or ""
            self.meta.append((name, attributes.get("content") or ""))
        elif tag == "link":
            self.links[attributes.get("rel") or ""] = attributes.get("href") or ""


def test_page_says_who_it_is(html, name, text):
    """To search engines and to those who share it: title, words, address, picture; each once."""
    head = _Head(text)
    names = [what for what, _ in head.meta]
    once = ["viewport", "description", "og:title", "og:description", "og:url", "og:image"]
    assert {what: names.count(what) for what in once} == dict.fromkeys(once, 1)
    meta = dict(head.meta)
    assert len(meta["description"]) >= 40, meta["description"]
    assert head.links["canonical"] == meta["og:url"]
    assert meta["og:url"].endswith(f"/{name}")
    assert head.links["icon"].endswith("mark.svg")
    title = re.search(r"<title>\s*(.*?)\s*</title>", text, re.DOTALL)[1]
    assert title.endswith("GANs that run")
    picture = meta["og:image"].split("/_static/")[1]
    assert (html / "_static" / picture).is_file()


def test_page_is_complete_without_a_kernel(text):
    """Nothing in the page waits for a running Python: readers of the built book have none."""
    assert "application/vnd.jupyter.widget" not in text, (
        "an ipywidget was displayed while the book was built, and is dead there: show "
        "gan_tutorial.animation or a figure, and display the widget where there is a kernel only "
        "(chapter 2 does so for Colab)"
    )


def test_page_says_what_it_needs(name, text):
    """Time and hardware, Colab, download and source."""
    [needs] = re.findall(r'<p class="needs">(.*?)</p>', text, re.DOTALL)
    links = dict(re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', needs))
    offered = ["run in Colab", "download", "source"] if name in NOTEBOOKS else ["source"]
    assert list(links.values()) == offered
    assert ("no GPU" in needs) == ("notebook ran" in needs) == (name in NOTEBOOKS)


def test_page_leads_to_the_next(name, text):
    links = re.findall(r'<a class="right-next"\s+href="([^"]+)"', text)
    after = PAGES[PAGES.index(name) + 1 :][:1]
    assert len(links) == len(after)
    for link, page in zip(links, after, strict=True):
        assert link.split("/")[-1] == page.split("/")[-1]  # test_links follows it


def test_nothing_holds_back_the_jump_to_an_anchor(text):
    """A deferred script is run before the jump: MathJax, of a megabyte, is not waited for."""
    tags = re.findall(r"<script[^>]*(?:mathjax|formulas)[^>]*>", text)
    assert len(tags) == ('class="math' in text)
    for tag in tags:
        assert "async" in tag
        assert "defer" not in tag
        assert "formulas.js" in tag, "it loads the parts that the book uses, not all in one"


def test_scripts_do_not_hold_the_page_back(text):
    """The page waits for none of those that are files, and none is fetched ahead of its style."""
    waited = [tag for tag in re.findall(r"<script[^>]*\ssrc=[^>]*>", text)
              if not re.search(r"\b(?:defer|async)\b", tag)]  # fmt: skip
    assert not waited
    assert 'as="script"' not in text


def test_page_has_one_style(text):
    [style] = re.findall(r'<link[^>]*rel="stylesheet"[^>]*>', text)
    assert "_static/book.css?v=" in style


def test_pictures_say_how_large_they_are(text):
    article = text.partition("<article")[2].partition("</article>")[0]
    pictures = re.findall(r"<img\b[^>]*>", article)
    for picture in pictures:
        assert re.search(r'\swidth="\d+"', picture), picture[-200:]
        assert re.search(r'\sheight="\d+"', picture), picture[-200:]
    eager = [picture[-200:] for picture in pictures[1:] if 'loading="lazy"' not in picture]
    assert not eager


def test_ids_are_unique(text):
    ids = Counter(re.findall(r'<[^>]*\sid="([^"]+)"', text))
    assert not {name: count for name, count in ids.items() if count > 1}


def test_folds_have_names_of_their_own(text):
    names = re.findall(r'<p class="collapsed admonition-title">(.*?)</p>', text)
    assert not any("Show code cell" in name for name in names)
    assert "Toggle hidden content" not in text
    assert sum(name.startswith("Set-up of this chapter") for name in names) <= 1
    numbered = [name for name in names if name.startswith("Code for Fig.")]
    assert len(numbered) == len(set(numbered))


@pytest.mark.parametrize("name", sorted(NOTEBOOKS), indirect=True)
def test_chapter_begins_with_one_fold(text):
    article = text.partition("<article")[2]
    if "cell_input" not in article:
        pytest.skip("a notebook without code")
    folds = article.split("<details")[1:]
    assert "Set-up of this chapter" in folds[0]
    assert "import gan_tutorial" in re.sub(r"<[^>]*>", "", folds[0])


def test_the_address_of_the_book_leads_to_its_title_page(html):
    text = (html / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<title>\S.*</title>", text)
    assert 'lang="en"' in text
    assert f'url={PAGES[0]}"' in text
    assert f'<a href="{PAGES[0]}">' in text
