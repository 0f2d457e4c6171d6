"""The search page finds what a reader looks for, from a folder as from a server."""

import pytest

FIRST = [
    ("mode collapse", "Mode collapse", "08_pitfalls.html#fault-mode-collapse"),
    ("NaN", "NaN", "faq.html#a-loss-became-nan"),
    ("\u5224\u522b\u5668", "discriminator", "glossary.html#term-discriminator"),
    ("Wasserstein distance", "Wasserstein", "glossary.html#term-Wasserstein-distance"),
]


@pytest.fixture(params=["folder", "server"])
def search(visit, site, request):
    """Return a function that asks for words; it checks that nothing goes wrong."""

    def ask(words):
        home = site if request.param == "server" else None
        seen = visit(f"search.html?q={words}", home)
        seen.page.locator("#search-summary").filter(has_text=".").wait_for()
        assert not seen.errors
        assert not seen.failed
        assert not seen.elsewhere
        return seen.page

    return ask


@pytest.mark.parametrize(("words", "heading", "address"), FIRST, ids=[w for w, *_ in FIRST])
def test_the_best_place_comes_first(search, words, heading, address):
    link = search(words).locator("#search-results li a").first
    assert heading in link.inner_text()
    assert link.get_attribute("href").endswith(address)


def test_snippets_are_text_of_the_book_with_the_words_marked(search):
    results = search("discriminator").locator("#search-results li")
    assert results.count() > 5
    texts = results.all_inner_texts()
    for chrome in ("Skip to main content", "Link to this", "Show code", "run in Colab", "Contents"):
        assert not any(chrome in text for text in texts)
    assert results.locator("mark").count() >= results.count()


def test_what_is_not_there_is_said(search):
    page = search("xylophone")
    assert "Nothing was found" in page.locator("#search-summary").inner_text()
    assert page.locator("#search-results li").count() == 0


def test_results_follow_the_typing_and_lead_on(search):
    page = search("xylophone")
    page.get_by_label("Words in English or Chinese").fill("latent space")
    link = page.locator("#search-results li a").first
    link.wait_for()
    link.click()
    page.wait_for_url("**/book/glossary.html#term-latent-space")
