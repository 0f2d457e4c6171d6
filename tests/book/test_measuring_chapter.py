"""Chapter 4 settles what it promises to settle."""

import re

import nbformat

SETTLED = {
    *("S0-09", "S0-14", "S0-15", "S0-22", "S2-04", "S2-35", "S3-04", "S3-13"),
    *("D-13", "D-26", "T-44"),
}


def test_the_ledger_rows_on_evaluation_are_named(root):
    cells = nbformat.read(root / "book" / "04_measuring.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert set(re.findall(r"\b[STD]\d?-\d\d\b", text)) >= SETTLED
