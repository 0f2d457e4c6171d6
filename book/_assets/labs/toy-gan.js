/* The toy GAN laboratory: two small networks trained in the page, one player at a time if wanted. */
"use strict";
(function () {
  const { Network, Game, EQUILIBRIUM, batch, normals, random, sigmoid } = window.ganNetworks;
  const { make, key, button, select, slider, number, teller, speaker, onTheme, still, colors } =
    window.ganLabs;

  const BATCH = 128, SHOWN = 160, ARROWS = 48, COUNTED = 400, FIELD = 32, EXTENT = 1.7;
  const SIZES = { generator: [2, 64, 64, 64, 2], discriminator: [2, 64, 64, 64, 1] };

  // --- Data: where the real points come from --------------------------------------------------

  const ring = Array.from({ length: 8 }, (_, k) =>
    [Math.cos(k * Math.PI / 4), Math.sin(k * Math.PI / 4)]);
  const grid = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y]));
  const clusters = (means, std) => ({
    means, std, draw: (rng) => means[rng.integer(means.length)].map((m) => m + std * rng.normal()),
  });
  const curve = (at, std) => { // points at equal distances along a curve, with noise around them
    const steps = Array.from({ length: 1001 }, (_, i) => at(i / 1000)), along = [0];
    for (let i = 1; i < steps.length; i++)
      along.push(along[i - 1] + Math.hypot(steps[i][0] - steps[i - 1][0], steps[i][1] - steps[i - 1][1]));
    return { draw: (rng) => {
      const place = rng.uniform() * along[1000];
      return steps[along.findIndex((length) => length >= place)].map((m) => m + std * rng.normal());
    } };
  };
  const moon = (t) => [Math.cos(Math.PI * t), Math.sin(Math.PI * t)];
  const DATA = {
    ring: { name: "ring of eight", ...clusters(ring, 0.1) },
    grid: { name: "grid of nine", ...clusters(grid, 0.08) },
    moons: { name: "two moons", draw: (rng) => {
      const [x, y] = moon(rng.uniform()), noise = () => 0.06 * rng.normal();
      return rng.uniform() < 0.5
        ? [0.85 * (x - 0.5) + noise(), 0.85 * (y - 0.25) + noise()]
        : [0.85 * (0.5 - x) + noise(), 0.85 * (0.25 - y) + noise()];
    } },
    roll: { name: "swiss roll", ...curve((t) => {
      const radius = 0.2 + t, angle = 3 * Math.PI * t;
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    }, 0.03) },
    line: { name: "line", ...curve((t) => [2.4 * t - 1.2, 1.2 * t - 0.6], 0.03) },
  };
  const LOSSES = { relativistic: "relativistic", "non-saturating": "non-saturating",
    minimax: "saturating (minimax)", hinge: "hinge", wasserstein: "Wasserstein" };
  const PENALTIES = { "r1r2": "R1 and R2, \u03b3 = 0.1", gp: "gradient penalty, \u03bb = 1", none: "none" };
  const RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 4e-3, 5e-3, 1e-2, 2e-2];
  const RECIPE = { data: "ring", loss: "relativistic", penalty: "r1r2", lrG: 4e-3, lrD: 4e-3,
    beta1: "0" };
  // One change: with momentum all fakes run after the discriminator, and past it, together.
  const COLLAPSE = { ...RECIPE, beta1: "0.9" };
  const BETA2 = 0.9; // the same for every beta1, so that a change of one is a change of one

  window.ganLabs.start["toy-gan"] = function (bench) {
    const set = { ...RECIPE, seed: 0, speed: "1" };
    let rng, game, real, codes, fakes, before, step, turn, history, timer = null, spokenOf;

    // --- The game ---------------------------------------------------------------------------

    function reset() {
      rng = random(set.seed + 1);
      game = new Game(new Network(SIZES.generator, rng), new Network(SIZES.discriminator, rng), {});
      real = draw(SHOWN);
      codes = normals(COUNTED, 2, rng);
      step = 0;
      turn = "D";
      history = { d: [], g: [] };
      before = null;
      apply();
      look();
    }

    function apply() { // settings take effect at once, in the middle of a run
      Object.assign(game, { loss: set.loss, lrG: set.lrG, lrD: set.lrD,
        betas: [Number(set.beta1), BETA2],
        r1: set.penalty === "r1r2" ? 0.1 : 0, r2: set.penalty === "r1r2" ? 0.1 : 0,
        gp: set.penalty === "gp" ? 1 : 0 });
    }

    function draw(count) {
      const points = batch(count, 2);
      for (let i = 0; i < count; i++) points.a.set(DATA[set.data].draw(rng), 2 * i);
      return points;
    }

    function discriminatorMoves() {
      const u = Array.from({ length: BATCH }, () => rng.uniform());
      const fake = game.generator.forward(normals(BATCH, 2, rng)).output;
      const { d_loss } = game.discriminatorStep(draw(BATCH), fake, u);
      history.d.push(d_loss);
      turn = "G";
    }

    function generatorMoves() {
      const { g_loss } = game.generatorStep(draw(BATCH), normals(BATCH, 2, rng));
      history.g.push(g_loss);
      step += 1;
      turn = "D";
    }

    const healthy = () => fakes.a.every(Number.isFinite);

    /* As gan_tutorial.metrics.mode_report: a mode is covered by a point within three deviations. */
    function modes() {
      const { means, std } = DATA[set.data];
      if (!means) return null;
      const hit = new Set();
      let near = 0;
      for (let i = 0; i < COUNTED; i++) {
        const distance = means.map(([x, y]) => Math.hypot(fakes.a[2 * i] - x, fakes.a[2 * i + 1] - y));
        const nearest = distance.indexOf(Math.min(...distance));
        if (distance[nearest] <= 3 * std) hit.add(nearest), near++;
      }
      return { covered: hit.size, of: means.length, near: near / COUNTED };
    }

    // --- The picture --------------------------------------------------------------------------

    const canvas = make("canvas", { width: 640, height: 640, role: "img", "aria-label":
      "The plane: real points as dots, generated points as crosses with arrows where the " +
      "discriminator's gradient sends them, and plus and minus signs where it says real and fake." });
    const field = make("canvas", { width: FIELD, height: FIELD });
    const chart = make("canvas", { width: 640, height: 150, role: "img", "aria-label":
      "The losses of both players over the last steps; the numbers are in the text below." });
    const at = (v) => (v + EXTENT) / (2 * EXTENT) * 640;

    function verdicts(points) { // logits at points, from where reals and fakes are on average
      const out = game.discriminator.forward(points).output;
      if (set.loss === "relativistic" || set.loss === "wasserstein") { // their zero means nothing
        const mean = (p) => game.discriminator.forward(p).output.a.reduce((s, v) => s + v) / p.n;
        const level = (mean(real) + mean(fakes)) / 2;
        for (let i = 0; i < out.n; i++) out.a[i] -= level;
      }
      return out.a;
    }

    function paintGround(context, c) {
      const points = batch(FIELD * FIELD, 2);
      for (let y = 0, i = 0; y < FIELD; y++)
        for (let x = 0; x < FIELD; x++, i += 2) {
          points.a[i] = EXTENT * (2 * (x + 0.5) / FIELD - 1);
          points.a[i + 1] = EXTENT * (1 - 2 * (y + 0.5) / FIELD);
        }
      const values = verdicts(points), image = field.getContext("2d").createImageData(FIELD, FIELD);
      const [yes, even, no] = c.ground;
      values.forEach((value, i) => {
        const t = 2 * sigmoid(value) - 1, end = t > 0 ? yes : no;
        for (let k = 0; k < 3; k++)
          image.data[4 * i + k] = even[k] + Math.abs(t) * (end[k] - even[k]);
        image.data[4 * i + 3] = 255;
      });
      field.getContext("2d").putImageData(image, 0, 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(field, 0, 0, 640, 640);
      context.fillStyle = c.faint;
      context.font = "22px sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (let y = 2; y < FIELD; y += 4) // not by color alone
        for (let x = 2; x < FIELD; x += 4) {
          const p = sigmoid(values[y * FIELD + x]);
          if (Math.abs(p - 0.5) > 0.1)
            context.fillText(p > 0.5 ? "+" : "\u2212", (x + 0.5) * 640 / FIELD, (y + 0.5) * 640 / FIELD);
        }
    }

    function paint() {
      const c = colors(), context = canvas.getContext("2d");
      paintGround(context, c);
      context.fillStyle = c.real;
      for (let i = 0; i < SHOWN; i++) {
        context.beginPath();
        context.arc(at(real.a[2 * i]), 640 - at(real.a[2 * i + 1]), 5, 0, 7);
        context.fill();
      }
      const some = batch(SHOWN, 2);
      some.a.set(fakes.a.subarray(0, 2 * SHOWN));
      const { pull } = game.pull(real, some);
      context.lineWidth = 2.5;
      for (let i = 0; i < SHOWN; i++) {
        const x = at(some.a[2 * i]), y = 640 - at(some.a[2 * i + 1]);
        if (before) { // where the point was before this move of the generator
          context.strokeStyle = c.faint;
          context.beginPath();
          context.moveTo(at(before.a[2 * i]), 640 - at(before.a[2 * i + 1]));
          context.lineTo(x, y);
          context.stroke();
        } else if (i < ARROWS) {
          const gx = -SHOWN * pull.a[2 * i], gy = -SHOWN * pull.a[2 * i + 1];
          arrow(context, c.generator, x, y, gx, -gy);
        }
        context.strokeStyle = c.fake;
        context.beginPath();
        context.moveTo(x - 5, y - 5), context.lineTo(x + 5, y + 5);
        context.moveTo(x - 5, y + 5), context.lineTo(x + 5, y - 5);
        context.stroke();
      }
    }

    function arrow(context, color, x, y, gx, gy) { // a slope of one is 32 pixels, at most 80
      const length = Math.hypot(gx, gy), scale = 32 * Math.min(1, 2.5 / length);
      const [dx, dy] = [gx * scale, gy * scale], size = Math.hypot(dx, dy);
      if (!(size > 2)) return;
      const [ux, uy] = [dx / size * 8, dy / size * 8];
      context.strokeStyle = color;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      context.lineTo(x + dx - ux - uy / 2, y + dy - uy + ux / 2);
      context.moveTo(x + dx, y + dy);
      context.lineTo(x + dx - ux + uy / 2, y + dy - uy - ux / 2);
      context.stroke();
    }

    function paintChart() {
      const c = colors(), context = chart.getContext("2d"), d = history.d.slice(-300);
      const g = history.g.slice(-300), rest = EQUILIBRIUM[set.loss];
      // The few highest and lowest values are cut off, so that the others can be told apart.
      const all = [...d, ...g, rest].filter(Number.isFinite).sort((a, b) => a - b);
      const cut = Math.floor(all.length / 40);
      const [low, high] = [all[cut] - 0.1, all[all.length - 1 - cut] + 0.1];
      const y = (v) => Math.max(5, Math.min(145, 140 - 130 * (v - low) / (high - low)));
      context.fillStyle = c.paper;
      context.fillRect(0, 0, 640, 150);
      const line = (values, color, dash, name) => {
        context.strokeStyle = context.fillStyle = color;
        context.setLineDash(dash);
        context.lineWidth = 3;
        context.beginPath();
        values.forEach((v, i) => context.lineTo(580 * i / Math.max(1, values.length - 1), y(v)));
        context.stroke();
        context.font = "20px sans-serif";
        context.textBaseline = "middle";
        context.textAlign = "left";
        if (name && values.length) context.fillText(name, 588, end(name));
      };
      // Where a line ends stands its name; two that would meet move apart.
      const last = (values) => y(values[values.length - 1]);
      const end = (name) => {
        const [own, other] = name === "D" ? [last(d), last(g)] : [last(g), last(d)];
        const apart = d.length && g.length ? Math.max(0, 20 - Math.abs(own - other)) / 2 : 0;
        const above = own < other || (own === other && name === "D");
        return Math.max(10, Math.min(140, own + (above ? -apart : apart)));
      };
      line([rest, rest], c.faint, [2, 6], "");
      line(d, c.discriminator, [], "D");
      line(g, c.generator, [12, 7], "G");
      context.setLineDash([]);
    }

    const spoken = speaker(), short = (v) => Math.abs(v) < 1e4 ? v.toFixed(3) : v.toExponential(2);
    const [told, words] = teller("Step 100000. D's loss \u22121000.000 (\u22120.000 when it can only " +
      "guess), G's loss \u22121000.000. 8 of 8 clumps reached; 100% of the fakes lie in one.");

    function look() { // bring all that is shown up to date
      fakes = game.generator.forward(codes).output;
      const last = (list) => (list.length ? short(list[list.length - 1]) : "\u2013");
      if (!healthy()) {
        pause();
        words.textContent = `Step ${step}: the numbers have overflowed. Reset, with lower rates.`;
      } else {
        paint();
        paintChart();
        const count = modes();
        words.textContent = `Step ${step}. D's loss ${last(history.d)} ` +
          `(${EQUILIBRIUM[set.loss].toFixed(3)} when it can only guess), G's loss ${last(history.g)}.` +
          (count ? ` ${count.covered} of ${count.of} clumps reached; ` +
            `${Math.round(100 * count.near)}% of the fakes lie in one.` : "");
      }
      if (!timer || step !== spokenOf) spoken.say(words.textContent);
      spokenOf = step;
    }

    // --- Time ---------------------------------------------------------------------------------

    function one(player) { // a single move, shown
      before = null;
      if (player === "D") discriminatorMoves();
      else {
        const old = batch(COUNTED, 2);
        old.a.set(fakes.a);
        generatorMoves();
        before = old;
      }
      look();
    }

    function tick() {
      if (!timer) return;
      if (set.speed === "slow") one(turn);
      else {
        before = null;
        const end = performance.now() + 40;
        for (let k = 0; k < Number(set.speed) && performance.now() < end; k++) {
          if (turn === "G") generatorMoves();
          discriminatorMoves();
          generatorMoves();
        }
        look();
      }
      if (timer) wait();
    }

    // Whoever asked for less motion sees a new picture every second, not thirty.
    const wait = () => {
      timer = setTimeout(tick, set.speed === "slow" ? 800 : still() ? 1000 : 16);
    };

    /* As many steps a picture as there is time for: for who has not chosen a speed. */
    function hurry() {
      set.speed = "10";
      fields.speed.set(set.speed);
      run();
    }

    function run() {
      if (timer) return;
      play.textContent = "Pause";
      wait();
    }

    function pause() {
      clearTimeout(timer);
      timer = null;
      play.textContent = "Run";
    }

    // --- Controls -----------------------------------------------------------------------------

    const rate = (index) => RATES[index].toString();
    const play = button("Run", () => (timer ? (pause(), look()) : run()), { class: "lab-toggle" });
    const moves = [
      button("D moves", () => { pause(); one("D"); }, { title: "one update of the discriminator" }),
      button("G moves", () => { pause(); one("G"); }, { title: "one update of the generator" }),
    ];
    const afresh = (name) => (value) => { set[name] = value; reset(); };
    const change = (name) => (value) => { set[name] = value; apply(); look(); };
    const fields = {
      data: select("Data", Object.fromEntries(Object.entries(DATA).map(([k, d]) => [k, d.name])),
        set.data, afresh("data")),
      loss: select("Loss", LOSSES, set.loss, (value) => {
        set.loss = value;
        history = { d: [], g: [] }; // losses of another kind
        apply();
        look();
      }),
      penalty: select("Penalty on D", PENALTIES, set.penalty, change("penalty")),
      beta1: select("Adam's \u03b21", { 0: "0", 0.5: "0.5", 0.9: "0.9" }, set.beta1, change("beta1")),
      lrG: slider("Learning rate of G", [0, RATES.length - 1, 1], RATES.indexOf(set.lrG), rate,
        (index) => change("lrG")(RATES[index])),
      lrD: slider("Learning rate of D", [0, RATES.length - 1, 1], RATES.indexOf(set.lrD), rate,
        (index) => change("lrD")(RATES[index])),
      speed: select("Speed", { slow: "slow motion: one move at a time", 1: "one step a picture",
        10: "up to ten steps a picture" }, set.speed, (value) => { set.speed = value; }),
      seed: number("Seed", [0, 9999], set.seed, (value) => {
        set.seed = value;
        pause();
        reset();
      }, (sentence) => {
        pause();
        words.textContent = `${sentence} It stays ${set.seed}.`;
        spoken.say(words.textContent);
      }),
    };

    function use(recipe) {
      Object.assign(set, recipe);
      for (const name of ["data", "loss", "penalty", "beta1"]) fields[name].set(set[name]);
      for (const name of ["lrG", "lrD"]) fields[name].set(RATES.indexOf(set[name]));
      pause();
      reset();
      run();
    }

    bench.append(
      make("div", { class: "lab-views" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Training" },
          play, ...moves, button("Reset", () => { pause(); reset(); })),
        canvas,
        make("p", { class: "lab-legend" }, key("real", "\u25cf", "real"), key("fake", "\u2715", "fake"),
          key("generator", "\u2192", "where D's gradient sends a fake"),
          key("faint", "+ \u2212", "ground where D says real, fake")),
        chart, make("p", { class: "lab-legend" }, key("discriminator", "\u2014", "D's loss"),
          key("generator", "- -", "G's loss"),
          key("faint", "\u2025", "D's loss when it can only guess"))),
      make("div", { class: "lab-controls" },
        told,
        make("div", { class: "lab-fields" }, ...Object.values(fields)),
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Recipes" },
          button("Cause mode collapse", () => use(COLLAPSE)),
          button("The chapter's recipe", () => use(RECIPE)))),
      spoken);
    onTheme(() => look());
    reset();
    return { set, step: () => step, game: () => game, modes, use, run, hurry, pause, running: () => Boolean(timer) };
  };
})();
