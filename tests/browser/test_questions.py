"""Questions in the page: answered by mouse, keyboard and finger, remembered, printed."""

import pytest

CHAPTER = "book/02_minimax.html"
PHONE = {"width": 375, "height": 812}
KEPT = "localStorage.getItem('gan_tutorial.questions')"


def said(question) -> str:
    return " ".join(question.locator(".question-said :is(p, li):visible").all_inner_texts())


@pytest.fixture(scope="module")
def chapter(visit_for_all):
    """Open the chapter once for the tests that leave no answers behind."""
    return visit_for_all(CHAPTER)


@pytest.fixture
def page(chapter):
    """Return its page, with all answers forgotten."""
    chapter.page.evaluate(
        "localStorage.clear(); document.dispatchEvent(new Event('questions-forgotten'))"
    )
    yield chapter.page
    assert not chapter.errors
    assert not chapter.elsewhere


def test_every_wrong_answer_has_its_reason_and_the_right_one_too(page):
    question = page.locator("#minimax-q-farther")
    assert said(question) == ""
    heard = []
    for radio in question.get_by_role("radio").all():
        radio.check()
        assert said(question) == "", "what is said belongs to what was checked"
        question.get_by_role("button").click()
        heard.append(said(question))
    assert len(set(heard)) == 4
    assert [text.startswith("Right.") for text in heard] == [False, False, True, False]
    assert "one unit farther" in heard[2]


def test_by_keyboard_alone(page):
    question = page.locator("#minimax-q-nearer")
    question.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert said(question).startswith("Right.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.keyboard.press("Space")
    assert said(question).startswith("Not so.")


def test_without_an_answer_one_is_asked_for(page):
    for name, words in (("farther", "Choose one"), ("ratio", "Type a number")):
        question = page.locator(f"#minimax-q-{name}")
        question.get_by_role("button").click()
        assert words in said(question)
    assert page.evaluate(KEPT) is None


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("0.75", "Right."),
        ("3/4", "Right."),
        (" ,75 ", "Right."),
        ("0.25", "Not so. That is"),
        ("3", "Not so. That is the ratio"),
        ("0.4", "Not so. Put"),
        ("\u22122", "Not so. Put"),
        ("three quarters", "Type a number"),
        ("1/0", "Type a number"),
    ],
)
def test_a_number_may_be_written_in_its_ways(page, typed, heard):
    question = page.locator("#minimax-q-ratio")
    field = question.get_by_role("textbox")
    field.fill(typed)
    field.press("Enter")
    assert said(question).startswith(heard)


def test_things_are_put_in_order_by_their_arrows(visit):
    page = visit("book/01_principles.html", viewport=PHONE, has_touch=True).page
    question = page.locator("#principles-q-round")
    places = "e => [...e.querySelectorAll('[data-place]')].map((i) => i.dataset.place).join('')"
    before = question.evaluate(places)
    check = question.get_by_role("button", name="Check")
    check.tap()
    assert said(question).startswith("Not yet.")
    assert question.evaluate(places) == before != "1234"
    for place in "123":
        item = question.locator(f"[data-place='{place}']")
        while question.evaluate(places).index(place) > int(place) - 1:
            item.get_by_role("button", name="Move up").tap()
            assert "Now at place" in said(question)
    assert question.evaluate(places) == "1234"
    check.tap()
    assert said(question).startswith("Right.")
    assert question.locator(".question-said li:visible").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    boxes = [button.bounding_box() for button in question.get_by_role("button").all()]
    assert min(box["height"] for box in boxes) >= 36, "as large as a finger"


def test_answers_are_remembered_counted_and_forgotten(visit):
    seen = visit(CHAPTER)
    page = seen.page
    question = page.locator("#minimax-q-ratio")
    total = page.locator(".question").count()
    question.get_by_role("textbox").fill("0.75")
    question.get_by_role("button").click()
    page.locator("#minimax-q-farther").get_by_role("radio").first.check()
    page.locator("#minimax-q-farther").get_by_role("button").click()
    assert f"Questions answered: 1 of {total}." in page.locator(".mark-read").inner_text()
    page.reload()
    assert question.get_by_role("textbox").input_value() == "0.75"
    assert said(question).startswith("Right.")
    assert said(page.locator("#minimax-q-farther")).startswith("Not so.")
    page.goto(f"{seen.home}/book/intro.html")
    note = page.locator(".how-far")
    count = int(page.locator("meta[name=questions]").get_attribute("content"))
    assert count >= 40
    assert f"answered 1 of {count} questions" in note.inner_text()
    note.get_by_role("button", name="Forget").click()
    assert not note.is_visible()
    page.goto(f"{seen.home}/{CHAPTER}")
    assert question.get_by_role("textbox").input_value() == ""
    assert said(question) == ""
    assert not seen.errors


def test_without_storage_questions_answer_all_the_same(browser, html):
    page = browser.new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off'); } })"
    )
    page.goto((html / CHAPTER).as_uri())
    question = page.locator("#minimax-q-farther")
    question.get_by_role("radio").nth(2).check()
    question.get_by_role("button").click()
    assert said(question).startswith("Right.")
    page.close()


def test_who_listens_hears_question_answers_and_reason(page):
    question = page.locator("#minimax-q-farther")
    group = page.get_by_role("group", name="Data are uniform on")
    assert group.get_by_role("radio").count() == 4
    assert question.get_by_role("radio", name="total variation").count() == 1
    assert question.get_by_role("status").count() == 1
    field = page.locator("#minimax-q-ratio").get_by_role("textbox", name="Your answer")
    assert field.count() == 1
    order = page.locator(".question").filter(has=page.get_by_role("button", name="Move up"))
    assert order.count() == 0, "this chapter puts nothing in order"


def test_on_paper_the_answers_stand_below(page):
    page.emulate_media(media="print")
    try:
        for name in ("farther", "ratio"):
            question = page.locator(f"#minimax-q-{name}")
            reasons = question.locator(".question-said li")
            assert all(reason.is_visible() for reason in reasons.all())
            assert question.locator(":is(button, input):visible").count() == 0
    finally:
        page.emulate_media(media="screen")


def test_without_a_script_the_answers_are_a_fold(browser, html):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((html / CHAPTER).as_uri())
    question = page.locator("#minimax-q-farther")
    assert question.locator(".question-choices li").count() == 4
    reason = question.locator(".question-said li").nth(2)
    assert not reason.is_visible()
    question.get_by_text("Answer", exact=True).click()
    assert reason.is_visible()
    assert reason.inner_text().startswith("Right.")
    context.close()
