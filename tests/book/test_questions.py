"""The directive for questions in the page: what it reads, what it refuses, what it writes."""

import io
import re
from fractions import Fraction

import pytest
from questions import NUMBER, mix, parse
from sphinx.application import Sphinx

CHOICE = "Which?\n\n- [ ] a\n  - Not a.\n- [x] b\n  - It is b."
COUNT = "How many?\n\n- [x] 0.75\n  - So.\n- [ ] 1/4\n  - No.\n- [ ] another\n  - Count."
ORDER = "In which order?\n\n1. a\n   - First.\n2. b\n   - Second.\n3. c\n   - Third."


WRONG = [
    (CHOICE, "riddle", None, "choice, number, order, not 'riddle'"),
    (CHOICE.partition("\n\n")[2], "choice", None, "begins with what it asks"),
    ("Which?\n\n- [x] a\n  - Yes.", "choice", None, "at least two answers"),
    (ORDER.partition("\n3.")[0], "order", None, "three things to order"),
    (CHOICE.replace("[x]", "[ ]"), "choice", None, "not exactly one"),
    (CHOICE.replace("[ ]", "[x]"), "choice", None, "not exactly one"),
    (CHOICE.replace("  - Not a.\n", ""), "choice", None, "has no reason"),
    (f"{CHOICE}\n\nAnd more.", "choice", None, "'And more.': move it above"),
    (ORDER, "choice", None, "begins with - [ ] or - [x], not as '1. a'"),
    (CHOICE, "order", None, "begins with 1., not as"),
    (CHOICE, "number", None, "last words for any other number"),
    (COUNT.partition("\n- [ ] another")[0], "number", None, "last words"),
    (COUNT, "number", "a lot", ":within: is a number such as 0.01, not 'a lot'"),
    (COUNT, "number", "0.5", "1/4 counts as 0.75"),
]


@pytest.mark.parametrize(
    ("text", "kind", "within", "complaint"), WRONG, ids=[complaint for *_, complaint in WRONG]
)
def test_a_question_that_cannot_be_asked_is_refused_in_a_sentence(text, kind, within, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)) as refusal:
        parse(text, kind, within)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_a_question_is_read():
    question = parse(COUNT, "number")
    assert question.stem == "How many?"
    assert question.within == Fraction(5, 1000)
    assert [answer.value for answer in question.answers] == [Fraction(3, 4), Fraction(1, 4), None]
    assert parse(COUNT, "number", "0.1").within == Fraction(1, 10)
    assert parse(ORDER, "order").answers[2].reason == "Third."
    long = parse(CHOICE.replace("Not a.", "Not a,\n    by far.").replace("] a", "] a\n  b"))
    assert long.answers[0].text == "a b"
    assert long.answers[0].reason == "Not a,\nby far."
    assert [bool(NUMBER.fullmatch(text)) for text in ("-12", "1/4", "0.5", ".5", "x")] == [
        *[True] * 3,
        *[False] * 2,
    ]


@pytest.mark.parametrize("name", ["a", "b", "c", "code-q-step"])
def test_an_order_is_mixed_and_always_the_same(name):
    mixed, again = list(range(4)), list(range(4))
    mix(mixed, name)
    mix(again, name)
    assert mixed == again
    assert mixed != [0, 1, 2, 3]
    assert sorted(mixed) == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a page with three questions, and one with mistakes; return both and the warnings."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "conf.py").write_text(
        "extensions = ['myst_parser', 'questions']\n"
        "myst_enable_extensions = ['colon_fence', 'dollarmath']\nhtml_theme = 'basic'\n"
        # of a second program in the same process, which is none of this page's business
        "suppress_warnings = ['app.add_node', 'app.add_directive', 'app.add_role']\n"
    )
    directives = [
        f":::{{question}}\n:name: q-choice\n\n{CHOICE.replace('] b', '] $b$')}\n:::",
        f":::{{question}} number\n:name: q-number\n\n{COUNT}\n:::",
        f":::{{question}} order\n:name: q-order\n\n{ORDER}\n:::",
    ]
    (folder / "index.md").write_text("# Page\n\n" + "\n\n".join(directives) + "\n")
    wrong = [f":::{{question}}\n\n{CHOICE}\n:::", ":::{question} riddle\n:name: q\n\nWhich?\n:::"]
    (folder / "wrong.md").write_text("---\norphan: true\n---\n# Wrong\n\n" + "\n\n".join(wrong))
    said = io.StringIO()
    app = Sphinx(folder, folder, folder / "out", folder / "trees", "html",
                 status=None, warning=said, freshenv=True)  # fmt: skip
    app.build()
    page = (folder / "out" / "index.html").read_text(encoding="utf-8")
    return page, said.getvalue()


def test_a_page_can_be_read_without_a_script(built):
    page, _ = built
    assert page.count('<div class="question"') == 3
    assert page.count("<fieldset><legend>") == 3
    assert page.count("<summary>Answer</summary>") == 3
    assert "<input" not in page.partition('<div class="question"')[2].partition("sphinxsidebar")[0]
    assert re.search(r'id="q-choice" data-kind="choice"', page)
    assert re.search(r'id="q-number" data-kind="number" data-within="0.005"', page)
    assert '<li data-value="0.75" data-right>' in page
    assert '<li data-value="0.25">' in page
    assert "<strong>Right.</strong> It is b." in re.sub(r"</?p>", "", page)
    mixed = re.findall(r'<li data-place="(\d)"', page.partition('id="q-order"')[2])
    assert sorted(mixed) == ["1", "2", "3"] != mixed
    assert '<meta name="questions" content="3" />' in page
    assert "questions.js" in page


def test_wrong_input_is_a_warning_of_the_build(built):
    _, said = built
    warnings = [line for line in said.splitlines() if "WARNING" in line]
    assert len(warnings) == 2
    assert "A question needs a :name:" in warnings[0]
    assert "not 'riddle'" in warnings[1]
