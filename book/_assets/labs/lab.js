/* Laboratories: a picture in the text that becomes an experiment when the reader starts it.

   The page holds <figure class="lab" data-lab="NAME"> with a picture. This script puts a button
   under it; only the button loads the laboratory's own scripts. They register a function in
   `ganLabs.start`, which is given the element to fill. */
"use strict";
(function () {
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const SCRIPTS = {
    "toy-gan": ["kernels.js", "networks.js", "adversarial.js", "plane-data.js", "players.js",
      "sight.js", "trainer.js", "toy-picture.js", "toy-link.js", "toy-pen.js", "toy-gan.js"],
    "dirac-gan": ["dirac-game.js", "dirac-gan.js"],
    "two-clouds": ["measures.js", "two-clouds.js"],
    football: ["kernels.js", "networks.js", "generator.js", "football-weights.js", "football.js"],
    repaint: ["kernels.js", "networks.js", "generator.js", "football-weights.js", "search.js",
      "repaint.js"],
    "repair-plane": ["repairs.js", "repair-plane.js"],
    "fault-atlas": ["faults.js", "fault-atlas.js"],
  };
  const loaded = {};

  function load(file) { // a script element, since pages on disk may not fetch
    loaded[file] ||= new Promise((done, failed) => {
      const script = make("script", { src: here + file });
      script.onload = done;
      script.onerror = () => failed(new Error(`${file} cannot be loaded`));
      script.async = false; // all are fetched together, and run in their order
      document.head.append(script);
    });
    return loaded[file];
  }

  async function start(figure, button, message, atOnce = false, focus = true) {
    button.disabled = true;
    message.textContent = "Loading ...";
    try {
      await Promise.all(SCRIPTS[figure.dataset.lab].map(load));
      const bench = make("div", { class: "lab-bench" });
      figure.lab = ganLabs.start[figure.dataset.lab](bench, atOnce);
      figure.querySelector(".lab-first")?.remove();
      figure.prepend(bench); // the caption stays below
      figure.classList.add("lab-running");
      for (const steered of bench.querySelectorAll("[data-keys]:not([hidden])")) bench.append(keys(steered));
      if (focus) bench.querySelector("button").focus();
      restOutOfSight(figure);
    } catch (error) {
      message.textContent = `The laboratory did not start: ${error.message}.`;
      button.disabled = button.parentElement.hidden = false;
    }
  }

  /* A link may ask for a laboratory and its settings: #toy-gan?loss=hinge&seed=3 */
  const wish = (figure) => {
    const [name, query] = location.hash.slice(1).split("?");
    return name === figure.dataset.lab && query ? new URLSearchParams(query) : null;
  };

  async function grant(figure, begin) {
    const settings = wish(figure);
    if (!settings) return;
    if (!figure.lab) await begin();
    figure.scrollIntoView({ block: "nearest" });
    figure.lab?.restore?.(settings);
  }

  /* What runs out of sight, further down the page or in another tab, rests until it is seen again. */
  function restOutOfSight(figure) {
    if (!figure.lab.running) return;
    let seen = true, resting = false;
    const decide = () => {
      const visible = seen && !document.hidden;
      if (!visible && figure.lab.running()) figure.lab.pause(), resting = true;
      else if (visible && resting) resting = false, figure.lab.run();
    };
    // A busy page tells several changes at once: the last one holds.
    new IntersectionObserver((told) => { seen = told.at(-1).isIntersecting; decide(); })
      .observe(figure.querySelector("canvas"));
    document.addEventListener("visibilitychange", decide);
  }

  // --- What laboratories are made of ---------------------------------------------------------
  //
  // A press is lost when what is pressed moves away before the finger is lifted. So a field acts at
  // every input, never at the `change` that fires when a press elsewhere takes the focus from it;
  // and what changes its text keeps the room of its longest one, in whatever font.

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) element[name] = value;
      else if (value !== false) element.setAttribute(name, value === true ? "" : value);
    element.append(...children);
    return element;
  }

  /* An entry of a legend: a sign in its color, and what it stands for. */
  const key = (kind, sign, text) =>
    make("span", { class: `lab-${kind}` }, make("b", { "aria-hidden": "true" }, sign), ` ${text}`);

  const button = (text, onclick, attributes = {}) =>
    make("button", { type: "button", onclick, ...attributes }, text);

  function select(text, options, chosen, change) { // options: { value: what the reader sees }
    const box = make("select", { oninput: () => change(box.value) });
    for (const [value, name] of Object.entries(options))
      box.append(make("option", { value, selected: value === chosen }, name));
    const label = make("label", {}, make("span", {}, text), box);
    label.set = (value) => { box.value = value; };
    return label;
  }

  /* A slider whose number is shown by `show` and handed on by `change`. */
  function slider(text, [min, max, step], value, show, change) {
    const room = Math.max(...[min, max, value].map((number) => show(number).length));
    const shown = make("output", { style: `min-width: ${room}ch` }, show(value));
    const input = make("input", { type: "range", min, max, step, value, "aria-label": text });
    const update = () => {
      shown.textContent = show(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.oninput = () => { update(); change(Number(input.value)); };
    const label = make("label", {}, make("span", {}, text, " ", shown), input);
    label.set = (number) => { input.value = number; update(); };
    update();
    return label;
  }

  /* A whole number; `refuse` is given a sentence about anything else. */
  function number(text, [min, max], value, change, refuse) {
    const input = make("input", { type: "number", min, max, step: 1, value });
    input.oninput = () => {
      const good = input.value !== "" && input.checkValidity();
      input.setAttribute("aria-invalid", String(!good));
      if (good) change(Number(input.value));
      else refuse(`${text}: a whole number from ${min} to ${max}.`);
    };
    const label = make("label", {}, make("span", {}, text), input);
    label.set = (number) => { input.value = number; };
    return label;
  }

  function check(text, on, change) {
    const box = make("input", { type: "checkbox", checked: on, oninput: () => change(box.checked) });
    const label = make("label", { class: "lab-check" }, box, make("span", {}, text));
    label.set = (value) => { box.checked = value; };
    return label;
  }

  /* Controls that the first look can do without. */
  const fold = (title, ...children) =>
    make("details", { class: "lab-fold" }, make("summary", {}, title), ...children);

  // --- By hand: the same for all laboratories ------------------------------------------------
  //
  // Arrow keys move, with Shift farther; Space or Enter does what a press would, and Backspace takes
  // it back. A finger or a mouse drags.

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  /* `move` is given a step to the right and up, and whether to go far; `says` is what the keys do. */
  function steer(element, says, { move, act, back }) {
    element.dataset.keys = says;
    element.onkeydown = (event) => {
      const by = ARROWS[event.key];
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (by) move(...by, event.shiftKey);
      else if (act && [" ", "Enter"].includes(event.key)) act();
      else if (back && ["Backspace", "Delete"].includes(event.key)) back();
      else return;
      event.preventDefault();
    };
  }

  const keys = (steered) => make("p", { class: "lab-keys" }, `Keys: ${steered.dataset.keys}.`);

  /* Where an event happened, as shares of an element from its left and upper edge. */
  function under(event, element) {
    const box = element.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  /* `began` where a finger takes hold, `moved` wherever it is dragged. */
  function drag(element, moved, began = () => {}) {
    element.onpointerdown = (event) => {
      element.setPointerCapture(event.pointerId);
      began(event);
    };
    element.onpointermove = (event) => {
      if (element.hasPointerCapture(event.pointerId)) moved(event);
    };
  }

  /* A paragraph that says how things stand: [what to show, where to write]. */
  function teller(longest) {
    const words = make("p", { class: "lab-words" });
    return [make("div", { class: "lab-told", "data-longest": longest }, words), words];
  }

  /* What is said aloud: at most one sentence in four seconds, the last one always. */
  function speaker() {
    const element = make("p", { class: "lab-spoken", role: "status", "aria-live": "polite" });
    let waiting = null, last = -Infinity;
    element.say = (text) => {
      clearTimeout(waiting);
      const speak = () => { last = performance.now(); element.textContent = text; };
      const rest = last + 4000 - performance.now();
      if (rest <= 0) speak();
      else waiting = setTimeout(speak, rest);
    };
    return element;
  }

  const isDark = () => document.documentElement.dataset.theme === "dark";
  const onTheme = (redraw) => new MutationObserver(redraw)
    .observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Real, fake, discriminator, generator: the colors of gan_tutorial.plots, lighter on dark ground.
  const colors = () => isDark()
    ? { real: "#56b4e9", fake: "#ff9a52", discriminator: "#e8a5ca", generator: "#3fd0a4",
      ink: "#e6e6e6", faint: "#8a8f98", paper: "#1b1d21", ground: [[20, 52, 84], [27, 29, 33], [92, 46, 14]] }
    : { real: "#0072b2", fake: "#c24e00", discriminator: "#a3487c", generator: "#00795a",
      ink: "#1a1a1a", faint: "#6b6f76", paper: "#ffffff", ground: [[173, 211, 238], [255, 255, 255], [250, 205, 170]] };

  window.ganLabs = { start: {}, make, key, button, select, slider, number, check, fold, steer, keys,
    under, drag, teller, speaker, onTheme, still, colors };

  const idle = () => new Promise(window.requestIdleCallback ?? setTimeout);
  const inView = (figure) => new Promise((done) => new IntersectionObserver((told, watch) => {
    if (told.at(-1).isIntersecting) watch.disconnect(), done();
  }).observe(figure));

  for (const figure of document.querySelectorAll("figure.lab")) {
    const message = make("span", { role: "status" }), atOnce = "atOnce" in figure.dataset;
    const go = button("Start the laboratory", () => start(figure, go, message));
    figure.append(make("p", { class: "lab-start", hidden: atOnce }, go, " ", message));
    const begin = (running = false) => start(figure, go, message, running, false);
    const whenLoaded = async () => {
      await idle();
      if (!atOnce || wish(figure)) return grant(figure, begin);
      await inView(figure);
      await idle();
      await begin(!still());
      if (!still()) figure.lab?.hurry();
    };
    addEventListener("load", whenLoaded);
    addEventListener("hashchange", () => grant(figure, begin));
  }
})();
