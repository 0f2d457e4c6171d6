import re
from collections import Counter

import pytest

from gan_tutorial import check


def verdict(a, b):
    if max(a) < min(b):
        return " Holds."
    return "FAILS" if max(b) < min(a) else "undecided"


def test_words_in_any_case():
    assert check("13.3", verdict)
    faults = [["Pages"], "venue, year and pages", ("VENUE", "pages"), "fused"]
    assert check("13.1", faults)
    assert not check("13.1", [*faults[:3], []])
    assert not check("13.1", [*faults[:3], "color"])


def test_equal_numbers_decide_nothing():
    assert not check("13.3", lambda a, b: "holds" if max(a) <= min(b) else verdict(a, b))


@pytest.mark.parametrize(
    ("fields", "right"), [("doi|eprint|url", True), ("doi|url", False), ("url|eprint", False)]
)
def test_addresses_of_all_kinds_count(fields, right):
    def doubles(text):
        found = re.findall(rf"(?:{fields})\s*=\s*\{{(.*?)\}}", text)
        return [address for address, times in Counter(found).items() if times > 1]

    assert bool(check("13.4", doubles)) is right
