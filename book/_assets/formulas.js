// Formulas: MathJax is loaded, in the parts that the settings name, and sets a formula when it comes near
// the view, and after every few milliseconds the page has its turn. A chapter has hundreds of them:
// set at once, they would hold the page for a second on a phone.
//
// `bookFormulas.settled()` waits for those near the view, `bookFormulas.all()` sets all, for paper.
"use strict";
(() => {
  const NEAR = "800px 0px", SLICE = 8; // around the view; milliseconds
  const waiting = new Set(); // in view, and not yet set
  let begin, work = new Promise((done) => { begin = done; }), working = false;

  const unset = () => [...document.querySelectorAll(".math")]
    .filter((formula) => !formula.querySelector("mjx-container"));
  // What has waited longer than a press or a picture takes its turn now.
  const turn = () => new Promise((done) => {
    if (window.scheduler?.yield) scheduler.yield().then(done);
    else setTimeout(done);
  });

  async function set() {
    while (waiting.size) {
      const end = performance.now() + SLICE;
      while (waiting.size && performance.now() < end) {
        const [formula] = waiting;
        waiting.delete(formula);
        seen.unobserve(formula);
        if (!formula.querySelector("mjx-container")) await MathJax.typesetPromise([formula]);
      }
      await turn();
    }
    working = false;
  }

  const seen = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes)
      if (isIntersecting) waiting.add(target);
      else waiting.delete(target);
    if (working || !waiting.size) return;
    working = true;
    work = work.then(set);
  }, { rootMargin: NEAR });

  /* The observer has told of what is in view when a picture has been drawn. */
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

  async function settled() {
    await begun;
    await drawn();
    await work;
  }

  async function all() {
    await begun;
    await MathJax.typesetPromise(unset());
  }

  const begun = work;
  const startup = {
    typeset: false,
    ready() {
      MathJax.startup.defaultReady();
      const watch = () => {
        for (const formula of unset()) seen.observe(formula);
        begin();
      };
      if (document.readyState === "loading") addEventListener("DOMContentLoaded", watch);
      else watch();
    },
  };
  addEventListener("beforeprint", () => { // a browser's print does not wait for a promise
    if (window.MathJax?.typeset) MathJax.typeset(unset());
  });

  window.MathJax = { ...window.MathJax, startup };
  window.bookFormulas = { settled, all };
  const script = document.createElement("script");
  script.src = document.currentScript.src.replace(/formulas\.js.*$/, "mathjax/startup.js");
  document.head.append(script);
})();
