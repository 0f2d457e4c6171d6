// "How far am I": which chapters the reader has marked as read, and which questions have been answered
// rightly. It stays in this browser, goes nowhere, and can be forgotten.
"use strict";
(() => {
  const KEY = "gan_tutorial.read", QUESTIONS = "gan_tutorial.questions";
  let read;
  try {
    read = new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch { // storage is switched off: then there are no marks
    return;
  }
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const pageOf = (link) => decodeURI(new URL(link.href).pathname).slice(decodeURI(root.pathname).length);

  function save() {
    try {
      localStorage.setItem(KEY, JSON.stringify([...read]));
    } catch { /* the marks last as long as the page */ }
    show();
  }

  function answered() { // the names of the questions whose answer has been found
    try {
      const kept = JSON.parse(localStorage.getItem(QUESTIONS) ?? "{}") ?? {};
      return Object.keys(kept).filter((name) => kept[name]?.right);
    } catch {
      return [];
    }
  }

  function forget() {
    read.clear();
    try {
      localStorage.removeItem(QUESTIONS);
    } catch { /* nothing is kept there */ }
    document.dispatchEvent(new CustomEvent("questions-forgotten"));
    save();
  }

  function make(tag, text, attributes = {}) {
    const element = document.createElement(tag);
    element.append(text);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  function show() {
    for (const link of document.querySelectorAll(
      ".bd-links a.reference.internal, .sd-card:has(.cover-picture) a"))
      link.closest(".sd-card, li").toggleAttribute("data-read", read.has(pageOf(link)));
    const found = new Set(answered());
    for (const mark of document.querySelectorAll(".mark-read")) {
      const done = read.has(mark.dataset.page);
      mark.querySelector("button").setAttribute("aria-pressed", String(done));
      mark.querySelector("button").textContent = done ? "\u2713 Read" : "Mark this chapter as read";
      const asked = [...document.querySelectorAll(".question")].map((question) => question.id);
      if (asked.length)
        mark.querySelector("span").textContent =
          ` Questions answered: ${asked.filter((name) => found.has(name)).length} of ${asked.length}.`;
    }
    const note = document.querySelector(".how-far");
    if (note) tell(note, found.size);
  }

  function tell(note, found) {
    const links = [...document.querySelectorAll(".sd-card:has(.cover-picture) a")];
    const left = links.filter((link) => !read.has(pageOf(link))), count = links.length - left.length;
    note.hidden = !count && !found;
    if (note.hidden) return;
    const asked = document.querySelector('meta[name="questions"]')?.content ?? found;
    const words = make("span", `You have read ${count} of ${links.length} chapters and answered ` +
      `${found} of ${asked} questions. `);
    if (left.length) {
      words.append("Next: ", make("a", left[0].textContent.trim() || titleOf(left[0]), { href: left[0].href }), ". ");
    }
    const button = make("button", "Forget my marks and answers", { type: "button" });
    button.onclick = forget;
    note.replaceChildren(words, button);
  }

  const titleOf = (link) => link.closest(".sd-card").querySelector(".sd-card-title").textContent.trim();

  for (const mark of document.querySelectorAll(".mark-read")) {
    const button = make("button", "", { type: "button" });
    button.onclick = () => {
      if (!read.delete(mark.dataset.page)) read.add(mark.dataset.page);
      save();
    };
    mark.append(button, make("span", ""));
  }
  document.addEventListener("question-answered", show);
  const way = document.querySelector(".sd-card:has(.cover-picture)")?.closest(".sd-container-fluid");
  way?.before(make("p", "", { class: "how-far", role: "status" }));
  show();
})();
