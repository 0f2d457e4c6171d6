// Questions in the page (tools/sphinx/questions.py): choices get their buttons, a number its field, an
// order its arrows, and each answer its reason. What was answered stays in this browser.
"use strict";
(() => {
  const KEY = "gan_tutorial.questions";
  const WORDS = {
    check: "Check", again: "Try again", field: "Your answer", up: "Move up", down: "Move down",
    choose: "Choose one of the answers first.",
    type: "Type a number first, such as 0.5, -2 or 1/4.",
    letter: (k) => `Answer ${String.fromCharCode(65 + k)}`,
    place: (k, n) => `Now at place ${k} of ${n}.`,
    order: "Right.", misplaced: (k) => `Not yet. Up to place ${k - 1} it is right; at place ${k} belongs:`,
    first: "Not yet. The first one is another:",
  };

  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch { /* storage is switched off: the answers last as long as the page */ }

  function keep(name, answer, right) {
    kept[name] = { answer, right: right || Boolean(kept[name]?.right) };
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch { /* as above */ }
    document.dispatchEvent(new CustomEvent("question-answered"));
  }

  function make(tag, text = "", attributes = {}) {
    const element = document.createElement(tag);
    element.append(text);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // --- The three kinds: how one answers, what the answer is, and which reasons it gets -----------

  function choice(box, reasons) {
    const items = [...box.querySelectorAll(".question-choices > li")];
    const inputs = items.map((item, k) => {
      const label = item.firstElementChild, formula = label.textContent.match(/^\s*\\\((.*)\\\)\s*$/s);
      const input = make("input", "", { type: "radio", name: box.id, value: k });
      if (formula || !label.textContent.trim()) // a formula alone is no name for who listens
        input.setAttribute("aria-label", formula?.[1] ?? WORDS.letter(k));
      label.prepend(input);
      return input;
    });
    return {
      read: () => { const k = inputs.findIndex((i) => i.checked); return k < 0 ? null : k; },
      write: (k) => inputs.forEach((input, j) => { input.checked = j === k; }),
      judge: (k) => ({ right: reasons[k]?.hasAttribute("data-right"), show: [reasons[k]] }),
      missing: WORDS.choose,
    };
  }

  function number(box, reasons) {
    const label = make("label", `${WORDS.field} `, { class: "question-number" });
    const input = make("input", "", { type: "text", autocomplete: "off", size: 10 });
    label.append(input);
    box.querySelector("fieldset").append(label);
    const value = (text) => {
      const parts = text.trim().replace(/[\u2212\u2013]/g, "-").replace(",", ".").split("/");
      if (parts.length > 2 || parts.some((part) => !part.trim())) return NaN;
      return parts.map(Number).reduce((a, b) => a / b);
    };
    const within = Number(box.dataset.within) * (1 + 1e-9);
    const off = (text, reason) => Math.abs(value(text) - Number(reason.dataset.value ?? NaN));
    return {
      read: () => (Number.isFinite(value(input.value)) ? input.value.trim() : null),
      write: (text) => { input.value = text ?? ""; },
      judge: (text) => {
        const near = reasons.filter((reason) => off(text, reason) <= within);
        const found = near.find((reason) => reason.hasAttribute("data-right")) ??
          near.sort((a, b) => off(text, a) - off(text, b))[0] ?? reasons.at(-1);
        return { right: found.hasAttribute("data-right"), show: [found] };
      },
      missing: WORDS.type,
    };
  }

  function order(box, reasons, said) {
    const list = box.querySelector(".question-choices");
    const items = () => [...list.children];
    const begin = items();
    const places = () => items().map((item) => Number(item.dataset.place));
    for (const item of begin) {
      const words = item.firstElementChild;
      words.id = `${box.id}-${item.dataset.place}`;
      for (const [name, sign, step] of [["up", "\u2191", -1], ["down", "\u2193", 1]]) {
        const button = make("button", sign, { type: "button", "aria-label": WORDS[name],
          "aria-describedby": words.id });
        button.onclick = () => {
          const other = items()[items().indexOf(item) + step];
          if (other) (step < 0 ? other.before(item) : other.after(item));
          button.focus();
          said(WORDS.place(items().indexOf(item) + 1, begin.length));
        };
        item.append(button);
      }
    }
    return {
      read: places,
      write: (order) => {
        const at = (item) => (order ? order.indexOf(Number(item.dataset.place)) : begin.indexOf(item));
        list.append(...items().sort((a, b) => at(a) - at(b)));
      },
      judge: (order) => {
        const wrong = order.findIndex((place, k) => place !== k + 1);
        if (wrong < 0) return { right: true, show: reasons, words: WORDS.order };
        const words = wrong ? WORDS.misplaced(wrong + 1) : WORDS.first;
        return { right: false, show: [reasons[wrong]], words };
      },
    };
  }

  // --- What they share ----------------------------------------------------------------------------

  const KINDS = { choice, number, order };
  for (const box of document.querySelectorAll(".question")) {
    const fold = box.querySelector(".question-answers");
    const region = fold.querySelector(".question-said");
    const reasons = [...region.querySelectorAll("li")];
    const words = make("p", "", { class: "question-words" });
    const check = make("button", WORDS.check, { type: "submit" });
    const show = (shown, text = "", verdict = "") => {
      reasons.forEach((reason) => reason.classList.toggle("shown", shown.includes(reason)));
      words.textContent = text;
      box.dataset.verdict = verdict;
      check.textContent = verdict === "wrong" ? WORDS.again : WORDS.check;
    };
    const { read, write, judge, missing } = KINDS[box.dataset.kind](box, reasons, (text) => show([], text));
    const tell = (answer) => {
      const { right, show: shown, words: text } = judge(answer);
      show(shown, text, right ? "right" : "wrong");
      return right;
    };
    const form = make("form", "", { class: "question-form" });
    const field = box.querySelector("fieldset");
    field.before(form);
    form.append(field, check);
    form.onsubmit = (event) => {
      event.preventDefault();
      const answer = read();
      if (answer === null) return show([], missing);
      keep(box.id, answer, tell(answer));
    };
    form.oninput = () => show([]); // what is said belongs to the answer that was checked
    region.prepend(words);
    region.setAttribute("role", "status");
    fold.open = true;
    box.classList.add("live");

    const restore = () => {
      const answer = kept[box.id]?.answer ?? null;
      try {
        write(answer);
        if (answer !== null) tell(answer);
        else show([]);
      } catch { /* an answer to an older question of this name */
        show([]);
      }
    };
    restore();
    document.addEventListener("questions-forgotten", () => { kept = {}; restore(); });
  }
})();
