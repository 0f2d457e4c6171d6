/* The plane of repairs: error against texture distance, a picture at each point, drag over it. */
"use strict";
(function () {
  const { make, button, select, slider, steer, under, teller, speaker, onTheme, colors } =
    window.ganLabs;

  const SIZE = [680, 520], THUMB = 54, SIDE = 32, MARGIN = { left: 76, right: 40, top: 34, bottom: 62 };
  const VIEWS = {
    networks: { text: "Networks only", psnr: [22.9, 18.9], texture: [0.0022, 0.1] },
    all: { text: "All methods", psnr: [22.8, 9.2], texture: [0.0016, 25] },
  };

  /* Which rows are ahead of a row on both axes, in their means. */
  const ahead = (rows, row) =>
    rows.filter((other) => other.psnr > row.psnr && other.texture < row.texture);

  window.ganPlane = { ahead };

  window.ganLabs.start["repair-plane"] = function (bench) {
    const { rows, sheet, pictures, real } = window.ganRepairs;
    const best = rows.findIndex((row) => row.best);
    let view = "networks", chosen = best, picture = 0, ready = false;
    const image = new Image();
    image.onload = () => { ready = true; look(); };
    image.src = sheet;

    // --- The plane ------------------------------------------------------------------------------

    const canvas = make("canvas", { width: SIZE[0], height: SIZE[1], "aria-hidden": "true" });
    const plane = make("div", { class: "lab-plane lab-chart", tabindex: 0, role: "application",
      "aria-label": "Error against texture distance: drag over it, or use the arrow keys" }, canvas);
    const shown = () => rows.map((_, i) => i).filter((i) => view === "all" || rows[i].network);

    function x(psnr) {
      const [from, to] = VIEWS[view].psnr;
      return MARGIN.left + (SIZE[0] - MARGIN.left - MARGIN.right) * (psnr - from) / (to - from);
    }
    function y(texture) {
      const [from, to] = VIEWS[view].texture.map(Math.log);
      return SIZE[1] - MARGIN.bottom
        - (SIZE[1] - MARGIN.top - MARGIN.bottom) * (Math.log(texture) - from) / (to - from);
    }

    function stamp(context, row, left, top, side) { // row 0: damaged, 1: original, then the methods
      context.imageSmoothingEnabled = false;
      if (ready)
        context.drawImage(image, SIDE * picture, SIDE * row, SIDE, SIDE, left, top, side, side);
    }

    function paint() {
      const c = colors(), context = canvas.getContext("2d");
      context.fillStyle = c.paper;
      context.fillRect(0, 0, ...SIZE);
      context.font = "19px sans-serif";
      context.lineWidth = 1;
      axes(context, c);
      const order = shown().filter((i) => i !== chosen);
      for (const i of order) mark(context, c, i, view === "all" ? 0.6 * THUMB : THUMB);
      mark(context, c, chosen, 1.25 * THUMB);
    }

    function axes(context, c) {
      const [bottom, right] = [SIZE[1] - MARGIN.bottom, SIZE[0] - MARGIN.right];
      context.fillStyle = c.ink;
      context.strokeStyle = c.faint;
      context.textAlign = "center";
      for (let db = Math.ceil(VIEWS[view].psnr[1]); db <= VIEWS[view].psnr[0]; db += view === "all" ? 2 : 1) {
        context.globalAlpha = 0.35;
        stroke(context, x(db), MARGIN.top, x(db), bottom);
        context.globalAlpha = 1;
        context.fillText(db, x(db), bottom + 24);
      }
      context.fillText("PSNR in the hole (dB): less error to the left", (MARGIN.left + right) / 2,
        SIZE[1] - 10);
      context.textAlign = "right";
      for (const tick of [0.005, 0.01, 0.02, 0.05, 0.1, 1, 10]) {
        if (tick < VIEWS[view].texture[0] || tick > VIEWS[view].texture[1]) continue;
        context.globalAlpha = 0.35;
        stroke(context, MARGIN.left, y(tick), right, y(tick));
        context.globalAlpha = 1;
        context.fillText(tick, MARGIN.left - 8, y(tick) + 6);
      }
      context.textAlign = "left";
      context.fillText("texture distance: more real below", 8, 20);
      context.setLineDash([6, 5]);
      context.strokeStyle = c.real;
      stroke(context, MARGIN.left, y(real), right, y(real));
      context.setLineDash([]);
      context.textAlign = "right";
      context.fillStyle = c.real;
      context.fillText("two sets of real pictures", right, y(real) + 20);
    }

    function stroke(context, ...ends) {
      context.beginPath();
      context.moveTo(ends[0], ends[1]);
      context.lineTo(ends[2], ends[3]);
      context.stroke();
    }

    function mark(context, c, i, side) {
      const row = rows[i], color = row.game ? c.generator : row.network ? c.ink : c.faint;
      context.fillStyle = color;
      for (const [psnr, texture] of row.seeds) { // the runs, one a seed
        context.beginPath();
        context.arc(x(psnr), y(texture), 4, 0, 7);
        context.fill();
      }
      if (!row.pictured) side *= 0.5; // an empty frame
      const [left, top] = [x(row.psnr) - side / 2, y(row.texture) - side / 2];
      if (row.pictured) stamp(context, 2 + i, left, top, side);
      context.strokeStyle = i === chosen ? c.fake : color;
      context.lineWidth = i === chosen ? 5 : 2.5;
      context.strokeRect(left, top, side, side);
      context.lineWidth = 1;
    }

    // --- What is said ---------------------------------------------------------------------------

    const large = (label) => make("canvas",
      { width: 128, height: 128, class: "lab-picture", role: "img", "aria-label": label });
    const [damaged, repaired, original] = [large("damaged"), large("repaired"), large("original")];
    const digits = (value) => (value >= 1 ? value.toFixed(1) : value.toPrecision(2));

    function tell(row) {
      const better = ahead(rows, row).map((other) => other.name);
      const less = rows.filter((other) => other.psnr > row.psnr).map((other) => other.name);
      const rank = row.best ? `The best in texture. Less error: ${less.join("; ") || "none"}.`
        : better.length ? `Ahead of it on both axes: ${better.slice(0, 2).join("; ")}` +
          (better.length > 2 ? ` and ${better.length - 2} more.` : ".")
          : "No row is ahead of it on both axes.";
      return `${row.name}: ${row.psnr.toFixed(1)} dB, texture distance ${digits(row.texture)}, ` +
        `content distance ${digits(row.content)}, seam ${row.seam.toFixed(2)}, gradient ratio ` +
        `${row.gradient.toFixed(2)}` +
        (row.network ? `; ${Math.round(row.seconds)} s of one core, ${row.seeds.length} seeds. ` : ". ")
        + rank + (row.pictured ? "" : " Its pictures were not kept.");
    }
    const texts = rows.map(tell);
    const longest = texts.reduce((a, b) => (b.length > a.length ? b : a));
    const [told, words] = teller(longest), spoken = speaker();

    function look() {
      paint();
      [[damaged, 0], [repaired, 2 + chosen], [original, 1]].forEach(([where, row]) =>
        stamp(where.getContext("2d"), row, 0, 0, 128));
      repaired.setAttribute("aria-label", `Picture ${picture + 1}, repaired by ${rows[chosen].name}`);
      words.textContent = texts[chosen];
      spoken.say(words.textContent);
      method.set(String(chosen));
    }

    function choose(i) {
      if (i === chosen) return;
      chosen = i;
      if (!rows[i].network) change("all");
      else look();
    }

    function change(name) {
      view = name;
      if (view === "networks" && !rows[chosen].network) chosen = best;
      zoom.textContent = VIEWS[view === "all" ? "networks" : "all"].text;
      look();
    }

    // --- By mouse, finger and keys --------------------------------------------------------------

    function nearest(event) {
      const [px, py] = under(event, canvas).map((share, k) => SIZE[k] * share);
      const far = (i) => Math.hypot(x(rows[i].psnr) - px, y(rows[i].texture) - py);
      return shown().reduce((a, b) => (far(b) < far(a) ? b : a));
    }
    plane.onpointerdown = (event) => choose(nearest(event));
    plane.onpointermove = (event) => choose(nearest(event));
    steer(plane, "Tab to the plane; arrows go to the next point, with Shift to the last", {
      move: (right, up, far) => {
        const [key, sign] = right ? ["psnr", -right] : ["texture", up];
        const order = shown().sort((a, b) => sign * (rows[a][key] - rows[b][key]));
        choose(far ? order.at(-1) : order[Math.min(order.length - 1, order.indexOf(chosen) + 1)]);
      },
    });

    const zoom = button(VIEWS.all.text, () => change(view === "all" ? "networks" : "all"),
      { class: "lab-toggle", style: "min-width: 9em" });
    const names = Object.fromEntries(rows.map((row, i) => [i, row.name]));
    const method = select("Method", names, String(chosen), (value) => choose(Number(value)));
    const which = slider("Picture", [1, pictures, 1], 1, (value) => `${value} of ${pictures}`,
      (value) => { picture = value - 1; look(); });
    const figure = (content, text) => make("figure", {}, content, text);
    const key = (kind, text) =>
      make("span", { class: kind }, make("b", { "aria-hidden": "true" }, "\u25a0"), ` ${text}`);
    bench.append(
      make("div", { class: "lab-views" }, plane,
        make("p", { class: "lab-legend" }, key("", "L1 alone"), key("lab-generator", "with the game"),
          key("lab-fake", "chosen")),
        make("div", { class: "lab-row lab-three" },
          figure(damaged, make("figcaption", {}, "damaged")), figure(repaired, make("figcaption", {}, "repaired")),
          figure(original, make("figcaption", {}, "original")))),
      make("div", { class: "lab-controls" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "What the plane shows" },
          zoom, button("The best", () => { change("networks"); choose(best); })),
        told,
        make("div", { class: "lab-fields" }, method, which)),
      spoken);
    onTheme(look);
    look();
    return { rows, choose, chosen: () => rows[chosen].name, view: () => view, ready: () => ready,
      picture: () => picture };
  };
})();
