// Searches and filters the table of sources. Without this file the table is complete all the same.
(() => {
  "use strict";

  const table = document.querySelector("table.sources-table");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];

  // On a phone the rows are laid out as cards; these roles keep them a table for a screen reader.
  table.setAttribute("role", "table");
  for (const group of [table.tHead, table.tBodies[0]]) group.setAttribute("role", "rowgroup");
  for (const row of table.rows) {
    row.setAttribute("role", "row");
    for (const cell of row.cells) {
      cell.setAttribute("role", cell.tagName === "TH" ? "columnheader" : "cell");
    }
  }

  const FILTERS = {
    kind: ["Kind", { claim: "claims", defect: "defects", technique: "techniques" }],
    article: ["Article", { s0: "S0", s1: "S1", s2: "S2", s3: "S3", s4: "S4" }],
    verdict: ["Verdict", {}],
    chapter: ["Settled in", {}],
  };

  const facts = rows.map((row) => {
    return {
      row,
      text: row.textContent.toLowerCase(),
      kind: [...row.classList].filter((c) => c.startsWith("kind-")).map((c) => c.slice(5)),
      article: [...row.classList].filter((c) => c.startsWith("article-")).map((c) => c.slice(8)),
      verdict: [row.querySelector(".verdict").textContent],
      chapter: [row.cells[3].textContent.trim().split(":")[0]],
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
  form.setAttribute("aria-label", "The table of sources");
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
  search.placeholder = "word, or D-57";
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
  const frame = table.closest(".pst-scrollable-table-container") || table;
  frame.before(form);

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
    count.textContent = shown ? `${shown} of ${rows.length} rows` : "No row has all of this.";
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
