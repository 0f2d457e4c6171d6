/* The laboratory of two clouds: spoil the fakes in one way after another, and see who notices. */
"use strict";
(function () {
  const { measure, moments, radii, random, drawn, matched, CLUMPS } = window.ganMeasures;
  const { make, key, button, select, slider, steer, under, drag, speaker, teller, onTheme,
    colors } = window.ganLabs;

  const COUNT = 48, EXTENT = 2, SIZE = 640;
  const SHAPES = { one: "one clump", three: "three clumps", ring: "a ring of six" };
  const MADE = { alike: "like the reals", blob: "one ellipse" };
  const DRAW = { balls: "balls of reals", fakes: "balls of fakes",
    ellipses: "ellipses", nothing: "points only" };
  const FAIR = { shape: "three", made: "alike", dropped: 0, copies: 0, noise: 0, spread: 1,
    outlier: "none", k: 3, show: "balls" };
  const NAMES = { FID: "FID", KID: "KID", precision: "precision", recall: "recall",
    density: "density", coverage: "coverage", memorization: "memorized" };

  window.ganLabs.start["two-clouds"] = function (bench) {
    const set = { ...FAIR };
    let seed = 0, shift = [0, 0], train, real, fake, floor, found;

    // --- The sets ---------------------------------------------------------------------------

    function compute() {
      const rng = random(seed), normals = () => rng.normals(COUNT);
      train = drawn(set.shape, normals());
      real = drawn(set.shape, normals());
      const other = drawn(set.shape, normals()); // new reals: the floor
      const made = normals(), noise = normals();
      const order = made.map((_, i) => [rng.uniform(), i]).sort((a, b) => a[0] - b[0]);
      const rank = []; // who becomes a copy, by chance
      order.forEach(([, i], place) => { rank[i] = place; });
      if (set.outlier === "one") real[0] = [1.7, -1.7];
      const kept = CLUMPS[set.shape].length - set.dropped;
      const base = set.made === "blob" ? matched(made, real) : drawn(set.shape, made, kept);
      const center = moments(base).center;
      fake = base.map((point, i) => {
        const source = rank[i] < Math.round(set.copies * COUNT)
          ? train[i] : point.map((v, k) => center[k] + set.spread * (v - center[k]));
        return source.map((v, k) => v + set.noise * noise[i][k] + shift[k]);
      });
      found = measure(train, real, fake, set.k);
      floor = measure(train, real, other, set.k);
      look();
    }

    // --- The picture ------------------------------------------------------------------------

    const canvas = make("canvas", { width: SIZE, height: SIZE, role: "img", "aria-label":
      "Two clouds of points in the plane, real ones as dots and fakes as crosses, with balls " +
      "around the points or ellipses around the clouds." });
    const x = (v) => SIZE / 2 * (1 + v / EXTENT), y = (v) => SIZE / 2 * (1 - v / EXTENT);
    const length = SIZE / 2 / EXTENT;

    function paint() {
      const c = colors(), context = canvas.getContext("2d");
      context.fillStyle = c.paper;
      context.fillRect(0, 0, SIZE, SIZE);
      if (set.show === "balls") balls(context, real, c.real);
      if (set.show === "fakes") balls(context, fake, c.fake);
      if (set.show === "ellipses") for (const [points, color, dashes] of [[real, c.real, []], [fake, c.fake, [12, 10]]])
        ellipse(context, moments(points), color, dashes);
      context.fillStyle = c.faint;
      for (const p of train) context.fillRect(x(p[0]) - 3, y(p[1]) - 3, 6, 6);
      context.fillStyle = c.real;
      for (const p of real) disk(context, p, 6 / length, true);
      context.strokeStyle = c.fake;
      context.lineWidth = 3;
      for (const [a, b] of fake) for (const sign of [-1, 1]) {
        context.beginPath();
        context.moveTo(x(a) - 6, y(b) - 6 * sign);
        context.lineTo(x(a) + 6, y(b) + 6 * sign);
        context.stroke();
      }
    }

    function disk(context, [a, b], radius, filled) {
      context.beginPath();
      context.arc(x(a), y(b), radius * length, 0, 2 * Math.PI);
      if (filled) context.fill();
      else context.stroke();
    }

    function balls(context, points, color) {
      context.fillStyle = context.strokeStyle = color;
      context.lineWidth = 1;
      radii(points, set.k).forEach((radius, i) => {
        context.globalAlpha = 0.07;
        disk(context, points[i], radius, true);
        context.globalAlpha = 0.35;
        disk(context, points[i], radius, false);
      });
      context.globalAlpha = 1;
    }

    function ellipse(context, { center, cov: [a, b, d] }, color, dashes) { // one and two deviations
      const half = (a + d) / 2, gap = Math.hypot((a - d) / 2, b), turn = Math.atan2(2 * b, a - d) / 2;
      context.strokeStyle = color;
      context.lineWidth = 3;
      context.setLineDash(dashes);
      for (const factor of [1, 2]) {
        context.beginPath();
        context.ellipse(x(center[0]), y(center[1]), factor * Math.sqrt(half + gap) * length,
          factor * Math.sqrt(Math.max(0, half - gap)) * length, -turn, 0, 2 * Math.PI);
        context.stroke();
      }
      context.setLineDash([]);
    }

    // --- The numbers ------------------------------------------------------------------------

    const digits = (v) => v.toFixed(2).replace(/^-(0\.00)$/, "$1").replace("-", "\u2212");
    const cells = {};
    const table = make("table", { class: "lab-table" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "measure"),
        make("th", { scope: "col" }, "fakes"), make("th", { scope: "col" }, "new reals"))),
      make("tbody", {}, ...Object.entries(NAMES).map(([name, shown]) => {
        cells[name] = [make("td"), make("td")];
        return make("tr", {}, make("th", { scope: "row" }, shown), ...cells[name]);
      })));
    const spoken = speaker(), [told, words] =
      teller("The fakes are moved by (\u22120.00, \u22120.00). Draw number 1000.");

    function look() { // bring all that is shown up to date
      paint();
      for (const name of Object.keys(NAMES))
        [found, floor].forEach((values, k) => { cells[name][k].textContent = digits(values[name]); });
      const [a, b] = moments(fake).center;
      knob.style.left = `${50 + 50 * a / EXTENT}%`;
      knob.style.top = `${50 - 50 * b / EXTENT}%`;
      words.textContent = `The fakes are moved by (${digits(shift[0])}, ${digits(shift[1])}). ` +
        `Draw number ${seed + 1}.`;
      spoken.say(`${words.textContent} ` + Object.entries(NAMES).map(([name, shown]) =>
        `${shown} ${digits(found[name])}`).join(", ") + ".");
    }

    // --- Controls ---------------------------------------------------------------------------

    const knob = make("span", { class: "lab-knob", tabindex: 0, role: "application", "aria-label":
      "The middle of the fakes: drag, or use the arrow keys" });
    const plane = make("div", { class: "lab-plane" }, canvas, knob);

    function move(a, b) {
      shift = [a, b].map((v) => Math.max(-1.9, Math.min(1.9, Math.round(100 * v) / 100)));
      compute();
    }
    let grip = null; // where the finger took hold, and the shift at that time
    const place = (event) => {
      const [right, down] = under(event, canvas);
      return [EXTENT * (2 * right - 1), EXTENT * (1 - 2 * down)];
    };
    drag(knob, (event) => {
      const now = place(event);
      move(...grip[1].map((v, k) => v + now[k] - grip[0][k]));
    }, (event) => { grip = [place(event), shift]; });
    steer(knob, "Tab to the ring; arrows move it, with Shift farther", {
      move: (x, y, far) => move(shift[0] + (far ? 0.5 : 0.05) * x, shift[1] + (far ? 0.5 : 0.05) * y),
    });

    const change = (name) => (value) => { set[name] = value; compute(); };
    const percent = (value) => `${Math.round(100 * value)}%`;
    const whole = (value) => String(value);
    const two = (value) => value.toFixed(2);
    const fields = {
      shape: select("Real points", SHAPES, set.shape, change("shape")),
      made: select("Fakes", MADE, set.made, change("made")),
      dropped: slider("Clumps missing", [0, 5, 1], set.dropped, whole, change("dropped")),
      copies: slider("Copies", [0, 1, 0.05], set.copies, percent, change("copies")),
      noise: slider("Noise", [0, 1, 0.02], set.noise, two, change("noise")),
      spread: slider("Spread", [0, 2, 0.05], set.spread, two, change("spread")),
      outlier: select("A real outlier", { none: "none", one: "one, far out" }, set.outlier,
        change("outlier")),
      k: slider("Neighbors k", [1, 8, 1], set.k, whole, change("k")),
      show: select("Show", DRAW, set.show, change("show")),
    };
    const use = (changes) => {
      Object.assign(set, FAIR, changes);
      shift = [0, 0];
      for (const [name, field] of Object.entries(fields)) field.set(set[name]);
      compute();
    };

    bench.append(
      make("div", { class: "lab-views" },
        plane,
        make("p", { class: "lab-legend" }, key("knob-sign", "\u25cb", "drag the fakes"),
          key("fake", "\u2715", "fakes"), key("real", "\u25cf", "held-out reals"),
          key("train", "\u25aa", "training points")),
        table),
      make("div", { class: "lab-controls" },
        told,
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Fakes to try" },
          button("Perfect", () => use({})),
          button("Fool FID", () => use({ shape: "ring", made: "blob", show: "ellipses" })),
          button("Drop clumps", () => use({ dropped: 2, show: "fakes" })),
          button("Copy", () => use({ copies: 1 })),
          button("Noise", () => use({ noise: 1, outlier: "one" })),
          button("New draw", () => { seed += 1; compute(); })),
        make("div", { class: "lab-fields" }, ...Object.values(fields))),
      spoken);
    onTheme(look);
    compute();
    return { set, use, move, shift: () => shift, sets: () => ({ train, real, fake }),
      found: () => found };
  };
})();
