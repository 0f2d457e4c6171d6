"""The printable edition."""

import pytest
from print_book import article, print_book
from pypdf import PdfReader

PAGES = ["book/intro.html", "book/03_code.html", "book/laboratories.html", "book/notation.html"]


@pytest.fixture(scope="module")
def pdf(html, executable, tmp_path_factory):
    out = tmp_path_factory.mktemp("print") / "book.pdf"
    print_book(html, PAGES, out)
    return PdfReader(out)


def places(pdf) -> dict[str, int]:
    """Return the index of the sheet on which each printed page begins."""
    return {
        name.split("book/")[1]: pdf.get_destination_page_number(place)
        for name, place in pdf.named_destinations.items()
        if name.startswith("/top:")
    }


def test_chapters_follow_each_other_on_new_sheets(pdf):
    starts = places(pdf)
    assert sorted(starts, key=starts.get) == [
        "03_code.html",
        "laboratories.html",
        "notation.html",
    ]
    assert len(pdf.pages) > starts["notation.html"] > starts["03_code.html"] + 5
    for name, title in (("03_code", "The code"), ("notation", "Notation")):
        assert title in pdf.pages[starts[f"{name}.html"]].extract_text()[:40]


def test_no_sheet_is_blank(pdf):
    """Every sheet has a picture or more text than its number, or a box of code has got lost."""
    blank = [
        number
        for number, page in enumerate(pdf.pages, 1)
        if len(page.extract_text().strip()) < 20 and not len(page.images)
    ]
    assert not blank


def test_fonts_are_in_the_file(pdf):
    """What is set in a font that the file lacks looks different on each machine."""
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            if font["/Subtype"] == "/Type3":
                continue  # its glyphs are programs of the file
            inner = font.get("/DescendantFonts", [font])[0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & descriptor.keys(), inner["/BaseFont"]


def test_list_of_chapters_has_the_numbers_of_their_sheets(pdf):
    lines = "\n".join(page.extract_text() for page in pdf.pages[:6])
    for name, title in (("03_code", "3. The code"), ("laboratories", "Laboratories")):
        number = places(pdf)[f"{name}.html"] + 1
        assert any(
            line.startswith(title) and line.split()[-1] == str(number) for line in lines.split("\n")
        ), title


def test_links_stay_in_the_file_or_lead_to_the_web(pdf):
    inside = 0
    for page in pdf.pages:
        for note in page.get("/Annots", []):
            note = note.get_object()
            if note.get("/Subtype") != "/Link":
                continue
            address = note.get("/A", {}).get("/URI")
            inside += address is None
            assert address is None or address.startswith(("http://", "https://", "mailto:"))
    assert inside > 10


def test_page_that_is_not_built_is_named(html, executable, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.html is not built"):
        print_book(html, ["book/nowhere.html"], tmp_path / "book.pdf")


def test_page_without_an_article_is_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>nothing</p>")
    with pytest.raises(ValueError, match="has no article"):
        article(page)
