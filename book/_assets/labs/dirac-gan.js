/* The Dirac-GAN laboratory: choose the loss, the penalty and the noise, drag the start, see the path. */
"use strict";
(function () {
  const { gradients, step } = window.ganDirac;
  const { make, key, button, select, slider, steer, under, drag, speaker, onTheme, still, colors } =
    window.ganLabs;

  const STEPS = 600, EXTENT = 2.5, FAR = 1e3, KEPT = 0.99, SIZE = 640, LINE = 170;
  const LOSSES = { "non-saturating": "non-saturating", minimax: "minimax",
    relativistic: "relativistic", wasserstein: "Wasserstein" };
  const PENALTIES = { none: "none", r1: "R1", "r1r2": "R1 and R2", gp: "WGAN-GP" };
  const ORDERS = { alternating: "D first, then G", simultaneous: "both at once" };
  const PLAIN = { loss: "non-saturating", penalty: "none", order: "alternating",
    h: 0.1, weight: 0.3, noise: 0, momentum: 0 };

  window.ganLabs.start["dirac-gan"] = function (bench) {
    const set = { ...PLAIN };
    let start = [1, 1], path, averages, shown = STEPS, timer = null;

    // --- The game ---------------------------------------------------------------------------

    const options = () => ({
      loss: set.loss, h: set.h, momentum: set.momentum, alternate: set.order === "alternating",
      noise: set.noise, r1: set.penalty.startsWith("r1") ? set.weight : 0,
      r2: set.penalty === "r1r2" ? set.weight : 0, gp: set.penalty === "gp" ? set.weight : 0,
    });

    function compute() { // the whole path, at every change; it ends early if the players leave
      path = [start];
      averages = [start];
      while (path.length <= STEPS && distance(path.at(-1)) < FAR) {
        path.push(step(path.at(-1), path.at(-2) ?? path.at(-1), options()));
        averages.push(path.at(-1).map((v, k) => KEPT * averages.at(-1)[k] + (1 - KEPT) * v));
      }
      look();
    }

    const distance = ([theta, phi]) => Math.hypot(theta, phi);
    const last = () => Math.min(shown, path.length - 1);

    // --- The pictures -----------------------------------------------------------------------

    const canvas = make("canvas", { width: SIZE, height: SIZE, role: "img", "aria-label":
      "The plane of both players: where the fakes are, to the right, and the discriminator's " +
      "slope, upward; arrows show where the players want to go, a line where they went." });
    const line = make("canvas", { width: SIZE, height: LINE, role: "img", "aria-label":
      "The game itself: data at 0, fakes at theta, and the logit, a straight line of slope phi." });
    const x = (v) => SIZE / 2 * (1 + v / EXTENT), y = (v) => SIZE / 2 * (1 - v / EXTENT);

    function paint() {
      const c = colors(), context = canvas.getContext("2d");
      context.fillStyle = c.paper;
      context.fillRect(0, 0, SIZE, SIZE);
      context.strokeStyle = c.faint;
      context.lineWidth = 1.5;
      stroke(context, [[x(-EXTENT), y(0)], [x(EXTENT), y(0)]]);
      stroke(context, [[x(0), y(-EXTENT)], [x(0), y(EXTENT)]]);
      for (let i = -5; i <= 5; i++)
        for (let j = -5; j <= 5; j++) arrow(context, 0.45 * i, 0.45 * j);
      const end = last(), points = path.slice(0, end + 1).map((p) => [x(p[0]), y(p[1])]);
      context.strokeStyle = c.ink;
      context.lineWidth = 2.5;
      for (let k = 0; k < end; k += 20) { // darker with time
        context.globalAlpha = 0.2 + 0.8 * (k + 20) / (end + 20);
        stroke(context, points.slice(k, k + 21));
      }
      context.globalAlpha = 1;
      dot(context, averages[end], c.generator, true);
      dot(context, path[end], c.fake, false);
      write(context, c, "\u03b8: where the fakes are \u2192", "right", SIZE - 10, SIZE - 14);
      write(context, c, "\u2191 \u03c6: D's slope", "left", 10, 30);
    }

    function write(context, c, text, side, left, base) { // on paper, not on arrows
      context.font = "24px sans-serif";
      context.textAlign = side;
      const { width } = context.measureText(text);
      context.fillStyle = c.paper;
      context.fillRect(side === "left" ? left - 6 : left - width - 6, base - 24, width + 12, 34);
      context.fillStyle = c.ink;
      context.fillText(text, left, base);
    }

    function stroke(context, points) {
      context.beginPath();
      for (const point of points) context.lineTo(...point);
      context.stroke();
    }

    function arrow(context, theta, phi) { // where both want to go; long slopes are cut
      const [g, d] = gradients([theta, phi], options()), length = Math.hypot(g, d);
      if (length < 1e-9) return;
      const scale = Math.min(1, 0.8 / length) * 28, ux = -g / length, uy = d / length;
      const [dx, dy] = [ux * length * scale, uy * length * scale];
      const tip = [x(theta) + dx / 2, y(phi) + dy / 2];
      stroke(context, [[x(theta) - dx / 2, y(phi) - dy / 2], tip]);
      stroke(context, [[tip[0] - 6 * ux - 4 * uy, tip[1] - 6 * uy + 4 * ux], tip,
        [tip[0] - 6 * ux + 4 * uy, tip[1] - 6 * uy - 4 * ux]]);
    }

    function dot(context, [theta, phi], color, square) {
      context.fillStyle = color;
      context.beginPath();
      if (square) context.rect(x(theta) - 8, y(phi) - 8, 16, 16);
      else context.arc(x(theta), y(phi), 9, 0, 7);
      context.fill();
    }

    function paintLine() {
      const c = colors(), context = line.getContext("2d"), middle = LINE / 2;
      const [theta, phi] = path[last()];
      context.fillStyle = c.paper;
      context.fillRect(0, 0, SIZE, LINE);
      context.strokeStyle = c.faint;
      context.lineWidth = 1.5;
      stroke(context, [[0, middle], [SIZE, middle]]);
      context.strokeStyle = c.discriminator;
      context.lineWidth = 4;
      stroke(context, [-EXTENT, EXTENT].map((v) => [x(v), middle - phi * v * 28]));
      context.fillStyle = c.real;
      context.beginPath();
      context.arc(x(0), middle, 10, 0, 7);
      context.fill();
      context.strokeStyle = c.fake;
      for (const sign of [-1, 1])
        stroke(context, [[x(theta) - 10, middle - 10 * sign], [x(theta) + 10, middle + 10 * sign]]);
    }

    const words = make("p", { class: "lab-words" }), spoken = speaker();

    function look() { // bring all that is shown up to date
      paint();
      paintLine();
      const end = last(), [from, to] = [distance(start), distance(path[end])];
      const left = path.length <= STEPS && end === path.length - 1;
      const verdict = left || to > 2 * from ? "They are leaving."
        : to < 0.05 * from ? "They have arrived." : "They have neither arrived nor left.";
      words.textContent = left
        ? `After ${end} steps the players are more than ${FAR} away. They are leaving.`
        : `After ${end} steps: \u03b8 = ${number(path[end][0])}, \u03c6 = ${number(path[end][1])}, ` +
          `${number(to)} from the equilibrium (at the start ${number(from)}); the average is ` +
          `${number(distance(averages[end]))} away. ${end === STEPS ? verdict : ""}`;
      knob.style.left = `${50 + 50 * start[0] / EXTENT}%`;
      knob.style.top = `${50 - 50 * start[1] / EXTENT}%`;
      if (!timer) spoken.say(words.textContent);
    }

    const number = (v) => v.toFixed(2).replace(/^-(0\.00)$/, "$1").replace("-", "\u2212");

    // --- Time -------------------------------------------------------------------------------

    function tick() {
      shown = Math.min(path.length - 1, shown + (still() ? 60 : 2));
      if (shown >= path.length - 1) pause();
      else timer = setTimeout(tick, still() ? 1000 : 16);
      look();
    }

    function run() {
      if (shown >= path.length - 1) shown = 0;
      play.textContent = "Pause";
      timer = setTimeout(tick, 0);
    }

    function pause() {
      clearTimeout(timer);
      timer = null;
      play.textContent = "Play";
    }

    const go = (count) => { pause(); shown = count; look(); };
    const play = button("Play", () => (timer ? (pause(), look()) : run()));

    // --- Controls ---------------------------------------------------------------------------

    const knob = make("span", { class: "lab-knob", tabindex: 0, role: "application", "aria-label":
      "Where the players start: drag, or use the arrow keys" });
    const plane = make("div", { class: "lab-plane" }, canvas, knob);

    function move(theta, phi) {
      start = [theta, phi].map((v) => Math.max(-2.4, Math.min(2.4, Math.round(20 * v) / 20)));
      compute();
    }
    const moveTo = (event) => {
      const [right, down] = under(event, canvas);
      move(EXTENT * (2 * right - 1), EXTENT * (1 - 2 * down));
    };
    drag(knob, moveTo);
    canvas.onclick = moveTo;
    steer(knob, "Tab to the ring; arrows move it, with Shift farther", {
      move: (x, y, far) => move(start[0] + (far ? 0.5 : 0.1) * x, start[1] + (far ? 0.5 : 0.1) * y),
    });

    const change = (name) => (value) => { set[name] = value; compute(); };
    const two = (value) => value.toFixed(2);
    const fields = {
      loss: select("Loss", LOSSES, set.loss, change("loss")),
      penalty: select("Penalty on D", PENALTIES, set.penalty, change("penalty")),
      weight: slider("Weight of the penalty", [0, 3, 0.05], set.weight, two, change("weight")),
      noise: slider("Noise \u03c4", [0, 1.5, 0.05], set.noise, two, change("noise")),
      h: slider("Step size h", [0.01, 0.5, 0.01], set.h, two, change("h")),
      momentum: slider("Momentum \u03b2", [-0.5, 0.9, 0.1], set.momentum, two, change("momentum")),
      order: select("Who moves", ORDERS, set.order, change("order")),
    };
    const use = (changes) => {
      Object.assign(set, PLAIN, changes);
      for (const [name, field] of Object.entries(fields)) field.set(set[name]);
      compute();
    };

    bench.append(
      make("div", { class: "lab-views" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Time" }, play,
          button("One step", () => go(shown >= path.length - 1 ? 1 : shown + 1)),
          button("Whole path", () => go(STEPS))),
        plane,
        make("p", { class: "lab-legend" }, key("knob-sign", "\u25cb", "start: drag it"),
          key("fake", "\u25cf", "the players"), key("generator", "\u25a0", "their moving average")),
        line,
        make("p", { class: "lab-legend" }, key("real", "\u25cf", "all data, at 0"),
          key("fake", "\u2715", "all fakes, at \u03b8"), key("discriminator", "\u2014", "logit \u03c6x"))),
      make("div", { class: "lab-controls" },
        words,
        make("div", { class: "lab-fields" }, ...Object.values(fields)),
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Games to try" },
          button("Plain", () => use({})),
          button("R1", () => use({ penalty: "r1" })),
          button("WGAN-GP", () => use({ loss: "wasserstein", penalty: "gp", weight: 1 })),
          button("Momentum .9", () => use({ momentum: 0.9 })))),
      spoken);
    onTheme(look);
    compute();
    return { set, use, move, start: () => start, path: () => path, shown: last };
  };
})();
