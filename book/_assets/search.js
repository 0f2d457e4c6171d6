// The search page: ranks the sections of all pages, which stand in search-data.js, and shows where
// they say it. Headings count most, the whole phrase more than its words, rare words more than others.
"use strict";
(() => {
  const SHOWN = 30, AROUND = 90;
  const COMMON = new Set(("a an and are as at be by can do does for from how i if in is it my of on or " +
    "that the this to what when where which why with you").split(" "));
  const form = document.querySelector(".book-search"), field = form.querySelector("input");
  const list = document.getElementById("search-results");
  const summary = document.getElementById("search-summary");

  const sections = window.bookSearch.flatMap(([page, title, parts]) =>
    parts.map(([anchor, heading, text], index) => ({ page, title, anchor, heading, text,
      first: index === 0 })));

  const plain = (text) => text.toLowerCase().normalize("NFKC");
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  /* The words of a query. One in Chinese is looked for anywhere, others where a word begins; a plural
     finds its singular. */
  function wordsOf(query) {
    const all = plain(query).match(/\p{Script=Han}+|[\p{L}\p{N}_'\u2019.]*[\p{L}\p{N}_]/gu) ?? [];
    const rare = all.filter((word) => !COMMON.has(word));
    return (rare.length ? rare : all).map((word) => {
      const stem = word.length > 4 && word.endsWith("s") && !word.endsWith("ss")
        ? word.slice(0, -1) : word;
      const begin = /\p{Script=Han}/u.test(word) ? "" : "(?<![\\p{L}\\p{N}])";
      return { word, pattern: new RegExp(begin + escaped(stem), "giu"),
        whole: new RegExp(`${begin}${escaped(stem)}s?(?![\\p{L}\\p{N}])`, "iu") };
    });
  }

  const count = (text, pattern) => (text.match(pattern) ?? []).length;

  function rank(query) {
    const words = wordsOf(query), phrase = plain(query).trim();
    if (!words.length) return { words, found: [] };
    const counts = sections.map((s) => words.map(({ pattern }) =>
      [count(s.heading, pattern), count(s.text, pattern)]));
    const rarity = words.map((_, k) => Math.log(1 + sections.length /
      (1 + counts.filter((c) => c[k][0] + c[k][1]).length)));
    const scored = sections.map((section, index) => {
      let score = 0, missing = 0;
      words.forEach(({ whole }, k) => {
        const [inHeading, inText] = counts[index][k];
        if (!inHeading && !inText) missing += 1;
        const length = 1 + section.text.length / 3000;
        score += rarity[k] * ((inHeading ? (whole.test(section.heading) ? 8 : 4) : 0) +
          2 * inText / (inText + 1.5 * length) + (whole.test(section.text) ? 0.5 : 0));
      });
      const heading = plain(section.heading);
      if (heading.split(" \u00b7 ").includes(phrase)) score += 40;
      else if (heading.includes(phrase)) score += 15;
      if (phrase.includes(" ") && plain(section.text).includes(phrase)) score += 4;
      if (section.anchor.startsWith("fault-")) score *= 1.2; // a card says all about one mistake
      return { section, score, missing };
    }).filter(({ missing }) => missing < words.length);
    const complete = scored.filter(({ missing }) => !missing);
    const found = complete.length ? complete : scored;
    return { words, found: found.sort((a, b) => b.score - a.score).map(({ section }) => section) };
  }

  function marked(text, words) { // the text as nodes, with the words marked
    const pattern = new RegExp(words.map((w) => w.pattern.source).join("|"), "giu"), nodes = [];
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      nodes.push(text.slice(at, match.index), mark);
      at = match.index + match[0].length;
    }
    return [...nodes, text.slice(at)];
  }

  function snippet(text, words) { // from where the first of them stands
    const places = words.map(({ pattern }) => text.search(pattern)).filter((place) => place >= 0);
    const place = places.length ? Math.min(...places) : 0;
    const from = place > AROUND ? text.indexOf(" ", place - AROUND) + 1 : 0;
    const to = Math.min(text.length, Math.max(from + 2.5 * AROUND, place + AROUND));
    return `${from ? "\u2026 " : ""}${text.slice(from, to)}${to < text.length ? " \u2026" : ""}`;
  }

  function show(query) {
    const { words, found } = rank(query);
    summary.textContent = !query.trim() ? "" : !found.length
      ? `Nothing was found for \u201c${query}\u201d.`
      : `${found.length} ${found.length === 1 ? "place" : "places"}` +
        (found.length > SHOWN ? `, of which the first ${SHOWN} are shown.` : ".");
    list.replaceChildren(...found.slice(0, SHOWN).map((section) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = section.page + (section.first ? "" : `#${section.anchor}`);
      link.append(...marked(section.heading || section.title, words));
      const where = document.createElement("span"), words_ = document.createElement("p");
      where.className = "search-where";
      where.textContent = section.first ? "" : section.title;
      words_.append(...marked(snippet(section.text, words), words));
      item.append(link, " ", where, words_);
      return item;
    }));
  }

  const asked = new URLSearchParams(location.search).get("q") ?? "";
  field.value = asked;
  field.focus();
  show(asked);
  field.addEventListener("input", () => show(field.value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
    show(field.value);
  });
})();
