/* The repair laboratory: a hole to drag, and a search among the codes of the football generator. */
"use strict";
(function () {
  const { Generator } = window.ganGenerator, { Search, composite, inside } = window.ganSearch;
  const { make, button, select, slider, steer, under, drag, teller, speaker, still } = window.ganLabs;
  const { random } = window.ganNetworks;
  const LOOKS = 32, STEPS = 150, RATE = 0.2;

  const KINDS = {
    drawn: "a real ball",
    made: "a generated ball",
  };

  window.ganLabs.start.repaint = function (bench) {
    const generator = new Generator(window.ganFootball), size = generator.size;
    const rng = random(4), code = () => Array.from({ length: generator.latent }, rng.normal);
    const drawn = window.ganFootball.drawn.map((text) =>
      Float64Array.from(atob(text), (c) => c.charCodeAt(0) / 127.5 - 1));
    const hole = { x: 20, y: 20, side: 24 };
    let kind = "drawn", turn = 0, picture = drawn[0], search = null, looked = 0, timer = null;
    let painted = -Infinity;

    // --- What is shown --------------------------------------------------------------------------

    const view = (label) => make("canvas",
      { width: size, height: size, class: "lab-picture", role: "img", "aria-label": label });
    const damaged = view("The picture with the hole."), result = view("The completed picture.");
    const truth = view("The picture as it was before the hole.");
    const box = make("span", { class: "lab-hole" });
    const frame = make("div", { class: "lab-frame", tabindex: 0, role: "application" }, damaged, box);
    const answer = make("figure", { hidden: true }, truth,
      make("figcaption", {}, "What was there"));
    const spoken = speaker(), [told, words] = teller(
      missing(`Step ${STEPS} of ${STEPS}, from the best of ${LOOKS} codes.`, "100.0%", "100.0%"));

    function show(canvas, pixels, hidden) {
      const context = canvas.getContext("2d"), image = context.createImageData(size, size);
      for (let i = 0; i < size * size; i++) {
        const x = i % size, y = Math.floor(i / size), gone = hidden && inside(hole, x, y);
        for (let k = 0; k < 3; k++)
          image.data[4 * i + k] = gone ? ((x + y) % 4 < 2 ? 96 : 150) : 127.5 * (pixels[3 * i + k] + 1);
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    }

    function paint() {
      painted = performance.now();
      show(damaged, picture, true);
      if (search) show(result, search.completed());
      else show(result, picture, true);
      show(truth, picture);
      const share = (value) => `${100 * value / size}%`;
      Object.assign(box.style, { left: share(hole.x), top: share(hole.y), width: share(hole.side),
        height: share(hole.side) });
      frame.setAttribute("aria-label", `Hole of ${hole.side} by ${hole.side} pixels at column ` +
        `${hole.x}, row ${hole.y}: drag it, or use the arrow keys`);
      words.textContent = tell();
      spoken.say(words.textContent);
    }

    function tell() {
      if (!search) return "Predict: what will stand in the hole? Then search.";
      const state = looked < LOOKS ? `Code ${looked} of ${LOOKS}, drawn at random.`
        : search.steps < STEPS ? `Step ${search.steps} of ${STEPS}, from the best of ${LOOKS} codes.`
          : "Done.";
      return missing(state, percent(search.error), percent(missed()));
    }

    function missing(state, beside, inHole) {
      return `${state} The known pixels beside the hole are missed by ${beside} of the range from ` +
        `black to white; the missing ones, which the search never sees, by ${inHole}.`;
    }

    const percent = (difference) => `${(50 * difference).toFixed(1)}%`; // of a range of two

    function missed() { // mean absolute error in the hole
      let sum = 0;
      for (let y = hole.y; y < hole.y + hole.side; y++)
        for (let i = 3 * (y * size + hole.x), end = i + 3 * hole.side; i < end; i++)
          sum += search.off(i);
      return sum / (3 * hole.side ** 2);
    }

    // --- The search -----------------------------------------------------------------------------

    function advance() {
      if (looked < LOOKS) { // begin with the best of some random codes
        const other = new Search(generator, picture, hole, code(), RATE);
        looked += 1;
        if (!search || other.error < search.error) search = other;
      } else search.step();
    }

    function tick() {
      advance();
      const done = looked >= LOOKS && search.steps >= STEPS;
      if (done) stop();
      // Whoever asked for less motion sees a new picture every second.
      if (done || !still() || performance.now() > painted + 1000) paint();
      if (timer) timer = setTimeout(tick, 0);
    }

    function stop() {
      clearTimeout(timer);
      timer = null;
      go.textContent = "Search";
    }

    function run() {
      if (search && looked >= LOOKS && search.steps >= STEPS) forget(); // once more, elsewhere
      go.textContent = "Pause";
      timer = setTimeout(tick, 0);
    }

    function forget() {
      stop();
      search = null;
      looked = 0;
    }

    function fresh() { // another picture
      forget();
      answer.hidden = true;
      reveal.setAttribute("aria-expanded", "false");
      picture = kind === "drawn" ? drawn[turn++ % drawn.length] : generator.forward(code());
      paint();
    }

    // --- The hole -------------------------------------------------------------------------------

    function place(x, y) {
      const limit = (value) => Math.max(0, Math.min(size - hole.side, Math.round(value)));
      [x, y] = [limit(x), limit(y)];
      if (x === hole.x && y === hole.y) return;
      Object.assign(hole, { x, y });
      forget();
      paint();
    }

    const follows = (event) =>
      place(...under(event, frame).map((share) => size * share - hole.side / 2));
    drag(box, follows);
    frame.onclick = (event) => { if (event.target !== box) follows(event); };
    steer(frame, "Tab to the picture; arrows move the hole, with Shift farther", {
      move: (x, y, far) => place(hole.x + (far ? 8 : 2) * x, hole.y - (far ? 8 : 2) * y),
    });

    const sides = slider("Side of the hole", [8, 48, 2], hole.side, (value) => `${value} pixels`,
      (value) => {
        const [x, y] = [hole.x + (hole.side - value) / 2, hole.y + (hole.side - value) / 2];
        hole.side = value;
        hole.x = -1; // place it anew, and forget what was found
        place(x, y);
      });

    // --- Controls -------------------------------------------------------------------------------

    const go = button("Search", () => (timer ? (stop(), paint()) : run()), { class: "lab-toggle" });
    const reveal = button("What was there", () => {
      answer.hidden = !answer.hidden;
      reveal.setAttribute("aria-expanded", String(!answer.hidden));
    }, { "aria-expanded": "false" });
    bench.append(
      make("div", { class: "lab-views lab-row" },
        make("figure", {}, frame, make("figcaption", {}, "What is known: drag the hole")),
        make("figure", {}, result, make("figcaption", {}, "Completed")),
        answer),
      make("div", { class: "lab-controls" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Search" },
          go, button("Another start", () => { forget(); run(); }), reveal,
          button("Another ball", fresh)),
        told,
        make("div", { class: "lab-fields" },
          select("Picture", KINDS, kind, (value) => { kind = value; fresh(); }), sides)),
      spoken);
    fresh();
    return { generator, hole, search: () => search, picture: () => picture, running: () => !!timer,
      completed: () => composite(picture, search.drawn, hole, size) };
  };
})();
