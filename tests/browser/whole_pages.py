"""What is asked of a page as a whole, on a desk and on a phone, in one look at it."""

from importlib.resources import files

PHONE = {"width": 375, "height": 812}

# All that is folded away is opened at once, so that it is judged as well.
UNFOLD = """() => {
  const still = document.createElement("style");
  still.textContent = "* { transition: none !important; animation: none !important; }";
  document.head.append(still);
  for (const part of document.querySelectorAll("details")) part.open = true;
  for (const part of document.querySelectorAll(".toggle-hidden"))
    part.classList.remove("toggle-hidden");
}"""

DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

# Twenty pictures later, in any time that takes.
LATER = """async () => {
  for (let k = 0; k < 20; k++) await new Promise(requestAnimationFrame);
}"""

COMPLAINTS = """async () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const whole = (i) => { i.loading = "eager"; return i.decode().catch(() => {}); };
  await Promise.all([...document.images].map(whole));
  return {
    wrong: all("mjx-merror, [data-mjx-error]").map((f) => f.textContent),
    unset: all("article .math").filter((f) => !f.querySelector("mjx-container"))
      .map((f) => f.textContent.slice(0, 80)),
    broken: [...document.images].filter((i) => !i.complete || !i.naturalWidth).map((i) => i.src),
  };
}"""

# --- Whether everyone can read it -----------------------------------------------------------------

# The contrast of a text depends on its color and size and on what lies beneath it: of all texts
# that have these in common, in the light and in the dark, axe judges two. Formulas are alike, and
# so are the words of a program: what none of the chosen texts is in becomes one plain piece.
CHOOSE = """() => {
  const known = new Map(), counts = new Map();
  const ground = (e) => {
    if (!e) return "";
    if (!known.has(e)) {
      const { backgroundColor: color, backgroundImage: image, opacity } = getComputedStyle(e);
      const below = /^rgb\\(/.test(color) && opacity === "1" ? "" : ground(e.parentElement);
      known.set(e, [below, color, image, opacity].join());
    }
    return known.get(e);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || e.closest("mjx-container") || !e.checkVisibility())
      continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(e);
    const look = [color, fontSize, fontWeight, textShadow, ground(e)].join();
    const count = counts.get(look) ?? 0;
    counts.set(look, count + 1);
    if (count < 2) e.dataset.judged = "";
  }
  return counts.size;
}"""
SIMPLIFY = """() => {
  const formulas = [...document.querySelectorAll("mjx-container")].map((formula) =>
    [formula, formula.getBoundingClientRect()]);
  for (const [formula, { width, height }] of formulas.slice(2)) {
    const plain = document.createElement("span");
    plain.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
    plain.textContent = "x";
    formula.replaceChildren(plain);
  }
  for (const e of document.querySelectorAll("mjx-container")) e.dataset.judged = "";
  for (const code of document.querySelectorAll("pre"))
    if (!code.querySelector("[data-judged], a, button")) code.replaceChildren(code.textContent);
}"""
JUDGE = """async (options) => {
  const rules = [{ id: "color-contrast", selector: "[data-judged]" }];
  axe.configure({ rules });
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false,
    ...options });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((n) => [id, n.html, `${id}: ${n.target.join(" ")}: ${n.failureSummary}`]));
}"""
THEME = "theme => document.documentElement.dataset.theme === theme"


def judge(page) -> dict[str, list[str]]:
    """Return what axe-core finds serious or critical, in the light and (colors only) in the dark.

    The page is another one afterwards: what is alike in it is simplified.
    """
    found = {}
    for theme in ("light", "dark"):
        turn(page, theme)
        assert page.evaluate(CHOOSE) > 5, "a page has texts of several looks"
    page.evaluate(SIMPLIFY)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    for theme, options in (("dark", {"runOnly": ["color-contrast"]}), ("light", {})):
        turn(page, theme)
        found[theme] = [words for _, _, words in page.evaluate(JUDGE, options)]
    return found


def turn(page, theme: str) -> None:
    """Let the reader's system be light or dark from now on."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(THEME, arg=theme)


# --- Whether a phone shows it ---------------------------------------------------------------------

# As wide as in DejaVu, whatever fonts this machine has, and as readers may set it (WCAG 1.4.12).
WIDE = "* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"

TOO_WIDE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const scrolls = (e) => getComputedStyle(e).overflowX !== "visible";
  const reaches = (e) => e.getBoundingClientRect().right > innerWidth + 1;
  const free = (e) => {
    for (let p = e.parentElement; !p.matches("article"); p = p.parentElement)
      if (scrolls(p)) return false;
    return true;
  };
  return [...document.querySelectorAll("article *")].filter((e) => reaches(e) && free(e))
    .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5).concat(["(the whole page)"]);
}"""

ON_A_PHONE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const width = (e) => e.getBoundingClientRect().width;
  const start = (e) => e.outerHTML.slice(0, 120);
  return {
    figures: all("article img").filter((i) => !i.closest("[data-player]") && width(i) > 360)
      .map((i) => i.src.slice(-60)),
    silent: all("article *").filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowX) &&
        e.clientWidth && e.scrollWidth > e.clientWidth + 2 &&
        !e.closest(".goes-on, svg, [data-player]") && !e.querySelector(".goes-on")).map(start),
    wrapped: all("article :is(.cell_input, .highlight) pre")
      .filter((e) => getComputedStyle(e).whiteSpace !== "pre").map(start),
    tables: all("article table:not(.sources-table)").filter((t) => width(t) > 360 &&
      getComputedStyle(t.querySelector("tbody tr > :first-child")).position !== "sticky")
      .map(start),
    links: all("article .needs a").filter((a) => !width(a)).map(start),
    covered: all("article div.math > .eqno").filter((number) => width(number) &&
      number.parentElement.querySelector("mjx-math")?.getBoundingClientRect().right >
        number.getBoundingClientRect().left + 1).map((number) => number.textContent),
  };
}"""


def on_a_phone(page) -> dict[str, list[str]]:
    """Return what does not fit, on an unfolded page, by its kind."""
    page.set_viewport_size(PHONE)
    page.evaluate(DRAWN)  # what scrolls has been told so
    found = page.evaluate(ON_A_PHONE)
    found["usual letters"] = page.evaluate(TOO_WIDE)
    style = page.add_style_tag(content=WIDE)
    found["wide letters"] = page.evaluate(TOO_WIDE)
    style.evaluate("style => style.remove()")
    return found


def look(seen) -> dict:
    """Return all that is found out about a page, which is open on a desk and complete."""
    page = seen.page
    loaded = sorted(seen.loaded)  # without the pictures that are further down
    found = page.evaluate(COMPLAINTS) | {"loaded": loaded}
    found |= {name: list(getattr(seen, name)) for name in ("elsewhere", "failed", "errors")}
    page.evaluate(UNFOLD)
    found |= on_a_phone(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    return found | judge(page)
