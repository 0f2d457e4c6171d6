// Searches and filters the tables of claims. Without this file they are complete all the same.
(() => {
  "use strict";

  const tables = [...document.querySelectorAll("table.sources-table")];
  if (!tables.length) return;
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  // What a filter has emptied is hidden whole: the table with its frame, and the heading over it.
  const topics = tables.map((table) => ({
    rows: [...table.tBodies[0].rows],
    section: table.closest("section"),
  }));

  // On a phone the rows are laid out as cards; these roles keep them a table for a screen reader.
  for (const table of tables) {
    table.setAttribute("role", "table");
    for (const group of [table.tHead, table.tBodies[0]]) group.setAttribute("role", "rowgroup");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      for (const cell of row.cells) {
        cell.setAttribute("role", cell.tagName === "TH" ? "columnheader" : "cell");
      }
    }
  }

  const FILTERS = {
    kind: ["Kind", { claim: "claims", defect: "mistakes in programs and formulas", technique: "techniques" }],
    article: [
      "Article",
      { s0: "footballs", s1: "better images", s2: "synthesis and repair", s3: "few labels", s4: "GAN and VAE" },
    ],
    verdict: ["Verdict", {}],
    chapter: ["Shown in", {}],
  };

  const facts = rows.map((row) => {
    return {
      row,
      text: `${row.textContent} ${row.id}`.toLowerCase(),
      kind: [...row.classList].filter((c) => c.startsWith("kind-")).map((c) => c.slice(5)),
      article: [...row.classList].filter((c) => c.startsWith("article-")).map((c) => c.slice(8)),
      verdict: [row.querySelector(".verdict").textContent],
      chapter: [row.cells[2].querySelector("a").textContent.trim().split(":")[0]],
    };
  });
  for (const name of ["verdict", "chapter"]) {
    const known = [...new Set(facts.flatMap((fact) => fact[name]))];
    if (name === "chapter") {
      // chapters in reading order, then the pages without a number
      known.sort((a, b) => (parseFloat(a) || 99) - (parseFloat(b) || 99));
    }
    FILTERS[name][1] = Object.fromEntries(known.map((word) => [word, word]));
  }

  const form = document.createElement("form");
  form.className = "sources-search";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "The claims");
  form.addEventListener("submit", (event) => event.preventDefault());

  const field = (name, control) => {
    const label = document.createElement("label");
    const caption = document.createElement("span");
    caption.textContent = name;
    label.append(caption, control);
    form.append(label);
    return control;
  };

  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "momentum";
  field("Search", search);

  const selects = {};
  for (const [name, [title, options]] of Object.entries(FILTERS)) {
    const select = document.createElement("select");
    select.name = name;
    select.append(new Option("all", ""));
    for (const [value, text] of Object.entries(options)) select.append(new Option(text, value));
    selects[name] = field(title, select);
  }

  const reset = document.createElement("button");
  reset.type = "button";
  reset.textContent = "Show all";
  const count = document.createElement("p");
  count.className = "sources-count";
  count.setAttribute("role", "status");
  form.append(reset, count);
  topics[0].section.before(form);

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const fact of facts) {
      const fits =
        words.every((word) => fact.text.includes(word)) &&
        Object.entries(selects).every(
          ([name, select]) => !select.value || fact[name].includes(select.value),
        );
      fact.row.hidden = !fits;
      shown += fits;
    }
    for (const topic of topics) topic.section.hidden = topic.rows.every((row) => row.hidden);
    count.textContent = shown ? `${shown} of ${rows.length}` : "None has all of this.";
    reset.disabled = shown === rows.length && !search.value;
  };

  const clear = () => {
    search.value = "";
    for (const select of Object.values(selects)) select.value = "";
    show();
  };

  search.addEventListener("input", show);
  for (const select of Object.values(selects)) select.addEventListener("input", show);
  reset.addEventListener("click", () => {
    clear();
    search.focus();
  });

  // A label in a chapter leads to its row, also when a filter has hidden it.
  const follow = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.hidden) {
      clear();
      row.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", follow);
  show();
})();
