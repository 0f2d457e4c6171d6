/* The atlas of faults: a tile for each, healthy or broken, and what the chosen one looks like. */
"use strict";
(function () {
  const { make, button, key, select, teller, speaker, onTheme, colors } = window.ganLabs;

  const SIDE = 16; // pixels of a picture in the sheet
  const TILE = [96, 64], LARGE = [672, 224], CHART = [672, 150];
  const MARGIN = { left: 92, right: 24, top: 14, bottom: 58 };
  const REACH = 1.9; // how far points are shown, from the middle

  const digits = (value) => value === 0 || Math.abs(value) >= 0.01
    ? String(Number(value.toPrecision(3))) : value.toExponential(0);
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

  /* Whether a value of the sign is on the side of the threshold where the fault is. */
  const shows = (fault, value) =>
    fault.above ? value > fault.threshold : value < fault.threshold;

  window.ganAtlas = { shows, median };

  window.ganLabs.start["fault-atlas"] = function (bench) {
    const { faults, families, sheet } = window.ganFaults;
    const broken = faults.map(() => false);
    let chosen = 0, ready = false;
    const image = new Image();
    image.onload = () => { ready = true; paintAll(); };
    image.src = sheet;

    // --- Samples --------------------------------------------------------------------------------

    function paint(canvas, i, columns, rows) {
      const context = canvas.getContext("2d"), c = colors(), fault = faults[i];
      const [width, height] = [canvas.width, canvas.height];
      context.fillStyle = fault.strip === null ? c.paper : "#000";
      context.fillRect(0, 0, width, height);
      context.imageSmoothingEnabled = false;
      if (fault.strip === null) return scatter(context, c, broken[i] ? fault.brokenPoints
        : fault.healthyPoints, broken[i] ? c.fake : c.real, width, height);
      if (!ready) return;
      const side = Math.min(width / columns, height / rows);
      const top = fault.strip + (broken[i] ? SIDE : 0);
      for (let k = 0; k < columns * rows; k++)
        context.drawImage(image, SIDE * k, top, SIDE, SIDE,
          (k % columns) * side, Math.floor(k / columns) * side, side - 1, side - 1);
    }

    function scatter(context, c, points, color, width, height) {
      if (!points.length) { // they are not numbers, or were not kept
        context.fillStyle = c.ink;
        context.font = `${Math.round(height / 6)}px sans-serif`;
        context.textAlign = "center";
        context.fillText("no samples", width / 2, height / 2);
        return;
      }
      const scale = height / (2 * REACH), size = Math.max(1.5, height / 60);
      context.fillStyle = color;
      for (const [x, y] of points)
        context.fillRect(width / 2 + scale * x - size / 2, height / 2 - scale * y - size / 2, size, size);
    }

    // --- The sign on every seed -----------------------------------------------------------------

    function chart(canvas, fault) {
      const context = canvas.getContext("2d"), c = colors(), [width, height] = CHART;
      const values = [...fault.healthy, ...fault.broken, fault.threshold];
      const least = Math.min(...values), most = Math.max(...values);
      const log = least > 0 && most > 50 * least, change = log ? Math.log10 : (x) => x;
      const [from, to] = [change(least), change(most)], pad = 0.06 * (to - from) || 0.5;
      const x = (value) => MARGIN.left + (width - MARGIN.left - MARGIN.right)
        * (change(value) - from + pad) / (to - from + 2 * pad);
      const bottom = height - MARGIN.bottom, row = (k) => MARGIN.top + (bottom - MARGIN.top) * (k ? 0.75 : 0.25);
      context.fillStyle = c.paper;
      context.fillRect(0, 0, width, height);
      context.font = "19px sans-serif";
      context.lineWidth = 2;
      context.strokeStyle = c.faint;
      line(context, MARGIN.left, bottom, width - MARGIN.right, bottom);
      context.setLineDash([7, 5]);
      context.strokeStyle = c.ink;
      line(context, x(fault.threshold), MARGIN.top - 8, x(fault.threshold), bottom);
      context.setLineDash([]);
      [["healthy", fault.healthy, c.real], ["broken", fault.broken, c.fake]].forEach(([name, own, color], k) => {
        context.globalAlpha = k === Number(broken[chosen]) ? 1 : 0.5;
        context.fillStyle = color;
        context.textAlign = "right";
        context.fillText(name, MARGIN.left - 12, row(k) + 7);
        for (const value of own) {
          context.beginPath();
          context.arc(x(value), row(k), 7, 0, 7);
          context.fill();
        }
      });
      context.globalAlpha = 1;
      context.fillStyle = c.ink;
      context.textAlign = "center";
      const ends = least === most ? [least] : [least, most];
      for (const end of ends) context.fillText(digits(end), x(end), bottom + 22);
      context.fillText(log ? "value of the sign (logarithmic)" : "value of the sign",
        (MARGIN.left + width - MARGIN.right) / 2, height - 8);
    }

    function line(context, ...ends) {
      context.beginPath();
      context.moveTo(ends[0], ends[1]);
      context.lineTo(ends[2], ends[3]);
      context.stroke();
    }

    // --- What is said ---------------------------------------------------------------------------

    function tell(i, sick) {
      const fault = faults[i], value = (sick ? fault.broken : fault.healthy)[0];
      const verdict = shows(fault, value) ? "the sign shows" : "the sign does not show";
      const fid = fault.fid[sick ? 1 : 0];
      return `${fault.title}. ${sick ? fault.what : "A healthy run: nothing is planted."} ` +
        `Its sign, ${fault.measure}: ${digits(value)} on the first seed; ${verdict}, which it does ` +
        `${fault.above ? "above" : "below"} ${digits(fault.threshold)}. ` +
        `FID ${fid === null ? "cannot be computed" : digits(fid)} (median). ` +
        (sick ? `Why: ${fault.why} Cure: ${fault.cure}` : "Predict what breaking it does, then break it.");
    }
    const texts = faults.flatMap((_, i) => [tell(i, false), tell(i, true)]);
    const longest = texts.reduce((a, b) => (b.length > a.length ? b : a));
    const [told, words] = teller(longest), spoken = speaker();

    const large = make("canvas", { width: LARGE[0], height: LARGE[1], role: "img" });
    const dots = make("canvas", { width: CHART[0], height: CHART[1], "aria-hidden": "true" });
    const tiles = faults.map((fault, i) => {
      const canvas = make("canvas", { width: TILE[0], height: TILE[1], "aria-hidden": "true" });
      const tile = button("", () => choose(i), { class: "lab-tile", "aria-pressed": "false" });
      tile.append(canvas, make("span", {}, fault.title));
      tile.canvas = canvas;
      return tile;
    });
    const grid = make("div", { class: "lab-tiles", role: "group",
      "aria-label": "The faults: press one, or move with the arrow keys" }, ...tiles);

    function paintTile(i) {
      paint(tiles[i].canvas, i, 3, 2);
      tiles[i].classList.toggle("lab-broken", broken[i]);
      tiles[i].setAttribute("aria-pressed", String(i === chosen));
    }

    function look() {
      const sick = broken[chosen];
      paint(large, chosen, 6, 2);
      chart(dots, faults[chosen]);
      large.setAttribute("aria-label", `Samples of the ${sick ? "broken" : "healthy"} run: ${faults[chosen].title}`);
      one.textContent = sick ? "Heal it" : "Break it";
      all.textContent = broken.every(Boolean) ? "Heal all" : "Break all";
      words.textContent = tell(chosen, sick);
      spoken.say(words.textContent);
      which.set(String(chosen));
    }

    function paintAll() {
      faults.forEach((_, i) => paintTile(i));
      look();
    }

    function choose(i) {
      const before = chosen;
      chosen = i;
      paintTile(before);
      paintTile(i);
      look();
    }

    function toggle(sick, ...which) {
      for (const i of which) broken[i] = sick, paintTile(i);
      look();
    }

    grid.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      choose((chosen + step + faults.length) % faults.length);
      tiles[chosen].focus();
    };

    const one = button("Break it", () => toggle(!broken[chosen], chosen), { class: "lab-toggle" });
    const all = button("Break all", () => toggle(!broken.every(Boolean), ...faults.keys()),
      { class: "lab-toggle" });
    const which = select("Fault", Object.fromEntries(faults.map((fault, i) =>
      [i, `${fault.title} (${families[fault.family]})`])), "0", (value) => choose(Number(value)));
    bench.append(
      make("div", { class: "lab-views" }, large,
        make("p", { class: "lab-legend" }, key("real", "\u25cf", "healthy"), key("fake", "\u25cf", "broken"),
          make("span", {}, "dashed: the threshold; a dot is a seed")),
        dots),
      make("div", { class: "lab-controls" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Break and heal" }, one, all),
        make("div", { class: "lab-fields" }, which), told),
      grid, spoken);
    onTheme(paintAll);
    paintAll();
    return { faults, choose, toggle, chosen: () => faults[chosen].name, broken: () => [...broken],
      ready: () => ready };
  };
})();
