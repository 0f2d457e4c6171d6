// What is wider than the column can be scrolled, by keyboard, too. On a narrow screen it shows that it
// goes on, tables become cards or keep their first column in view, and figures can be enlarged.
"use strict";
(() => {
  const LONG = 40; // characters: a table with such a cell is easier to read as cards
  const article = document.querySelector("article");
  if (!article) return;

  // --- Whatever scrolls sideways fades out where it goes on -------------------------------------

  // What scrolls can be reached, and so scrolled, by keyboard. All boxes are measured, then changed: in
  // turn, every change would lay out the page again. What is folded away is measured when it is seen.
  const update = (boxes) => {
    const shown = boxes.filter((box) => box.checkVisibility?.() ?? true);
    const wide = (part) => part.scrollWidth > part.clientWidth + 1;
    const found = shown.map((box) => [box, box.scrollWidth - box.clientWidth - box.scrollLeft > 2,
      box.matches("div.math") ? [...box.querySelectorAll("mjx-container")].map((f) => [f, wide(f)])
        : [[box, wide(box) || box.scrollHeight > box.clientHeight + 1]]]);
    for (const [box, more, parts] of found) {
      box.classList.toggle("goes-on", more);
      for (const [part, scrolls] of parts)
        if (scrolls) part.tabIndex = 0;
        else if (part.tabIndex === 0) part.tabIndex = -1;
    }
  };
  const scrollers = [...article.querySelectorAll(
    "pre, .pst-scrollable-table-container, div.math, .cell_output .output")];
  const changed = (changes) => update(changes.map((change) => change.target));
  const seen = new IntersectionObserver(changed);
  const grown = new ResizeObserver(changed); // for instance when a formula has been set
  for (const box of scrollers) {
    seen.observe(box);
    grown.observe(box);
    box.addEventListener("scroll", () => update([box]), { passive: true });
  }
  addEventListener("resize", () => update(scrollers));

  // --- Tables -----------------------------------------------------------------------------------

  for (const table of article.querySelectorAll("table:not(.sources-table)")) {
    const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const simple = rows.every((row) => [...row.cells].every((cell) => cell.colSpan === 1 &&
      cell.rowSpan === 1)) && table.tHead?.rows.length === 1;
    const long = rows.some((row) => [...row.cells].some((cell) => cell.textContent.length > LONG));
    table.classList.add(simple && long && names.length > 2 ? "as-cards" : "first-stays");
    if (!table.classList.contains("as-cards")) continue;
    for (const row of rows)
      [...row.cells].forEach((cell, k) => {
        if (names[k]) cell.setAttribute("data-label", names[k]);
        const shows = cell.textContent.trim() || cell.querySelector("img, .math");
        cell.classList.toggle("says-nothing", !shows);
      });
  }

  // --- Figures ----------------------------------------------------------------------------------

  const view = document.createElement("dialog");
  view.className = "enlarged";
  view.setAttribute("aria-label", "The figure, enlarged");
  const shut = document.createElement("button");
  shut.type = "button";
  shut.textContent = "Close";
  shut.onclick = () => view.close();
  const pane = document.createElement("div");
  view.append(shut, pane);
  document.body.append(view);

  for (const picture of article.querySelectorAll(".cell_output img, section > figure img")) {
    if (picture.closest("[data-player], .sd-card, .lab")) continue;
    const open = document.createElement("button");
    open.type = "button";
    open.className = "enlarge";
    open.textContent = "Enlarge";
    open.onclick = () => {
      const copy = picture.cloneNode();
      copy.loading = "eager";
      pane.replaceChildren(copy);
      view.showModal();
    };
    picture.after(open);
  }
})();
