"""The printable edition."""

import re

import pytest
from print_book import article, print_book


def test_pages_become_one_pdf(html, executable, tmp_path):
    out = tmp_path / "book.pdf"
    print_book(html, ["book/intro.html", "book/notation.html"], out)
    content = out.read_bytes()
    assert content.startswith(b"%PDF")
    sheets = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 4 <= sheets <= 20
    assert b"/Outlines" in content


def test_page_that_is_not_built_is_named(html, executable, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.html is not built"):
        print_book(html, ["book/nowhere.html"], tmp_path / "book.pdf")


def test_page_without_an_article_is_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>nothing</p>")
    with pytest.raises(ValueError, match="has no article"):
        article(page)
