// What a link leads to, seen before one follows it: an equation, a figure, a citation, a word.
// By mouse and by keyboard it opens beside the link; by touch the first tap opens it, and the link in
// it, or a second tap, goes there. Escape closes it.
"use strict";
(() => {
  const WAIT = 250; // milliseconds for which the mouse rests on a link
  const root = document.documentElement.dataset.content_root;
  const home = new URL(root, location.href).href;
  const data = new URL("_static/preview-data.js", home).href;
  const KINDS = "div.math, div.citation, figure, dt, .admonition, table";
  let box = null, owner = null, timer = null, loading = null, touched = false;

  const load = () => (loading ||= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = data;
    script.onload = () => done(window.bookPreviews);
    script.onerror = failed;
    document.head.append(script);
  }));

  /* A copy of what stands on this page, without names, which are unique in a page. */
  function copyOf(id) {
    const named = document.getElementById(id);
    if (!named || named.matches("section")) return null;
    const target = named.matches(KINDS) ? named : named.closest(KINDS);
    if (!target || target.querySelector("[data-player], canvas")) return null;
    const copy = target.cloneNode(true);
    for (const part of [copy, ...copy.querySelectorAll("[id]")]) part.removeAttribute("id");
    for (const part of copy.querySelectorAll(".headerlink, .eqno, script, .toggle-button, .copybtn"))
      part.remove();
    copy.classList.remove("toggle-hidden", "dropdown");
    return copy;
  }

  async function contentOf(link) {
    const url = new URL(link.href), id = decodeURIComponent(url.hash.slice(1));
    if (!id) return null;
    if (url.pathname === location.pathname) return copyOf(id);
    if (!url.href.startsWith(home)) return null;
    const key = decodeURI(url.pathname).slice(decodeURI(new URL(home).pathname).length) + `#${id}`;
    const html = (await load())[key];
    if (!html) return null;
    const part = document.createElement("div");
    part.innerHTML = html.replaceAll("{root}", root);
    return part;
  }

  function close() {
    clearTimeout(timer);
    box?.remove();
    owner?.removeAttribute("aria-describedby");
    box = owner = null;
  }

  function place(link) { // below the link, or above it where there is no room
    const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    box.style.left = `${Math.max(8, Math.min(at.left, wide - box.offsetWidth - 8)) + scrollX}px`;
    const below = at.bottom + box.offsetHeight + 8 < innerHeight || at.top < box.offsetHeight + 8;
    box.style.top = `${(below ? at.bottom + 4 : at.top - box.offsetHeight - 4) + scrollY}px`;
  }

  async function open(link, withLink) {
    if (owner === link) return;
    close();
    owner = link;
    const content = await contentOf(link).catch(() => null);
    if (owner !== link) return; // the mouse has gone on
    if (!content) { owner = null; return; }
    box = document.createElement("div");
    box.id = "preview";
    box.className = "preview bd-content";
    box.setAttribute("role", "tooltip");
    box.append(content);
    if (withLink) {
      const go = document.createElement("a");
      go.href = link.href;
      go.textContent = "Go there";
      go.className = "preview-go";
      box.append(go);
    }
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", later);
    document.body.append(box);
    link.setAttribute("aria-describedby", "preview");
    place(link);
    if (box.textContent.includes("\\(") || box.textContent.includes("\\[")) { // not yet set
      await window.MathJax?.typesetPromise?.([box]);
      if (owner === link) place(link);
    }
  }

  const later = () => { clearTimeout(timer); timer = setTimeout(close, WAIT); };
  const linkAt = (event) => {
    const link = event.target.closest?.("article a[href]");
    return link && !link.matches(".headerlink, .sd-stretched-link") && link.hash ? link : null;
  };

  document.addEventListener("pointerover", (event) => {
    const link = event.pointerType === "mouse" && linkAt(event);
    if (!link) return;
    clearTimeout(timer);
    timer = setTimeout(() => open(link, false), WAIT);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType === "mouse" && linkAt(event)) later();
  });
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType !== "mouse";
    if (box && !box.contains(event.target) && !owner?.contains(event.target)) close();
  });
  document.addEventListener("focusin", (event) => {
    if (touched || (box && box.contains(event.target))) return;
    const link = linkAt(event);
    if (link && link.matches(":focus-visible")) open(link, false);
    else close();
  });
  document.addEventListener("keydown", (event) => {
    touched = false;
    if (event.key === "Escape") close();
  });
  document.addEventListener("click", (event) => {
    const link = touched && linkAt(event);
    if (!link || owner === link) return; // a second tap follows the link
    event.preventDefault();
    open(link, true).then(() => { if (!box) location.href = link.href; });
  });
})();
