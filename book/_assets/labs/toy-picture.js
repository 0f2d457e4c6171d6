/* What the laboratory of two players shows: the plane, the losses, and how far the fakes are. */
"use strict";
(function () {
  const { EQUILIBRIUM, sigmoid } = window.ganGame;
  const { EXTENT } = window.ganPlane, { make, colors } = window.ganLabs;

  const { SHOWN, FIELD, FINE } = window.ganSight;

  const SIZE = 640, HEIGHT = 150, ARROWS = 48;
  const at = (v) => (v + EXTENT) / (2 * EXTENT) * SIZE;

  /* The plane. `show` is given what is seen of the players (sight.js), what of it to show (`grid`,
     `arrows`), the reals, and where the fakes were before a move. */
  function plane() {
    const canvas = make("canvas", { width: SIZE, height: SIZE, role: "img", "aria-label":
      "The plane: real points as dots, generated points as crosses with arrows where the " +
      "discriminator's gradient sends them, and plus and minus signs where it says real and fake." });
    const field = make("canvas", { width: FIELD, height: FIELD });

    function ground(context, c, values) {
      const image = field.getContext("2d").createImageData(FIELD, FIELD), [yes, even, no] = c.ground;
      values.forEach((value, i) => {
        const t = 2 * sigmoid(value) - 1, end = t > 0 ? yes : no;
        for (let k = 0; k < 3; k++)
          image.data[4 * i + k] = even[k] + Math.abs(t) * (end[k] - even[k]);
        image.data[4 * i + 3] = 255;
      });
      field.getContext("2d").putImageData(image, 0, 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(field, 0, 0, SIZE, SIZE);
      context.fillStyle = c.faint;
      context.font = "22px sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (let y = 2; y < FIELD; y += 4) // not by color alone
        for (let x = 2; x < FIELD; x += 4) {
          const p = sigmoid(values[y * FIELD + x]);
          if (Math.abs(p - 0.5) > 0.1)
            context.fillText(p > 0.5 ? "+" : "\u2212", (x + 0.5) * SIZE / FIELD, (y + 0.5) * SIZE / FIELD);
        }
    }

    function warped(context, c, a) { // where the generator takes a grid of codes
      context.strokeStyle = c.generator;
      context.lineWidth = 1.2;
      for (let from = 0; from < a.length; from += 2 * FINE) {
        context.beginPath();
        for (let i = from; i < from + 2 * FINE; i += 2) context.lineTo(at(a[i]), SIZE - at(a[i + 1]));
        context.stroke();
      }
    }

    canvas.show = ({ seen: { fakes, ground: values, grid, pull }, real, before }) => {
      const c = colors(), context = canvas.getContext("2d");
      ground(context, c, values);
      if (grid) warped(context, c, grid);
      context.fillStyle = c.real;
      for (let i = 0; i < real.n; i++) {
        context.beginPath();
        context.arc(at(real.a[2 * i]), SIZE - at(real.a[2 * i + 1]), 5, 0, 7);
        context.fill();
      }
      context.lineWidth = 2.5;
      for (let i = 0; i < SHOWN; i++) {
        const x = at(fakes.a[2 * i]), y = SIZE - at(fakes.a[2 * i + 1]);
        if (before) { // where the point was before this move of the generator
          context.strokeStyle = c.faint;
          context.beginPath();
          context.moveTo(at(before[2 * i]), SIZE - at(before[2 * i + 1]));
          context.lineTo(x, y);
          context.stroke();
        } else if (pull && i < ARROWS)
          arrow(context, c.generator, x, y, -SHOWN * pull[2 * i], SHOWN * pull[2 * i + 1]);
        context.strokeStyle = c.fake;
        context.beginPath();
        context.moveTo(x - 5, y - 5), context.lineTo(x + 5, y + 5);
        context.moveTo(x - 5, y + 5), context.lineTo(x + 5, y - 5);
        context.stroke();
      }
    };
    return canvas;
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

  /* Curves on a common scale. `draw` is given lines { values, places, color, dash, name }, and the
     lowest and highest value there is room for; places run from 0 to 1. */
  function chart(label) {
    const canvas = make("canvas", { width: SIZE, height: HEIGHT, role: "img", "aria-label": label });
    const left = 580; // names stand to the right of it

    canvas.draw = (lines, low, high) => {
      const c = colors(), context = canvas.getContext("2d");
      const y = (v) => Math.max(5, Math.min(145, 140 - 130 * (v - low) / (high - low)));
      context.fillStyle = c.paper;
      context.fillRect(0, 0, SIZE, HEIGHT);
      context.font = "20px sans-serif";
      context.textBaseline = "middle";
      context.textAlign = "left";
      for (const { values, places, color, dash } of lines) {
        context.strokeStyle = color;
        context.setLineDash(dash);
        context.lineWidth = 3;
        context.beginPath();
        values.forEach((v, i) => context.lineTo(left * places(i, values.length), y(v)));
        context.stroke();
      }
      context.setLineDash([]);
      // Where a line ends stands its name; two that would meet move apart.
      const named = lines.filter(({ name, values }) => name && values.length)
        .map((line) => ({ ...line, end: y(line.values.at(-1)) })).sort((a, b) => a.end - b.end);
      const [first, second] = named;
      const inside = (v, room) => Math.max(10 + room, Math.min(140 - room, v));
      const meet = second && second.end - first.end < 20;
      const middle = meet && inside((first.end + second.end) / 2, 10);
      named.forEach(({ name, color, end }, i) => {
        context.fillStyle = color;
        context.fillText(name, left + 8, meet ? middle + (i ? 10 : -10) : inside(end, 0));
      });
    };
    return canvas;
  }

  const even = (i, n) => i / Math.max(1, n - 1);

  /* The losses of both players over the last steps. */
  function losses() {
    const canvas = chart("The losses of both players over the last steps; the numbers are in the text.");
    canvas.show = ({ players: { d, g }, set }) => {
      const c = colors(), rest = EQUILIBRIUM[set.loss];
      // The few highest and lowest values are cut off, so that the others can be told apart.
      const all = [...d, ...g, rest].filter(Number.isFinite).sort((a, b) => a - b);
      const cut = Math.floor(all.length / 40);
      canvas.draw([{ values: [rest, rest], places: even, color: c.faint, dash: [2, 6] },
        { values: d, places: even, color: c.discriminator, dash: [], name: "D" },
        { values: g, places: even, color: c.generator, dash: [12, 7], name: "G" }],
      all[cut] - 0.1, all[all.length - 1 - cut] + 0.1);
    };
    return canvas;
  }

  /* How far the fakes are from the density of the data, from the first step to the last. */
  function distances() {
    const canvas = chart("The Jensen-Shannon divergence of fakes and data since the beginning, for the " +
      "generator and for its average; the numbers are in the text.");
    canvas.show = ({ players: { curve, floor, step } }) => {
      const c = colors(), places = (i) => curve[i].step / Math.max(1, step);
      canvas.draw([{ values: floor === null ? [] : [floor, floor], places: even, color: c.faint, dash: [2, 6] },
        { values: curve.map(({ now }) => now), places, color: c.generator, dash: [], name: "G" },
        { values: curve.map(({ average }) => average), places, color: c.ink, dash: [12, 7], name: "avg" }],
      0, Math.max(0.1, ...curve.map(({ now }) => now)));
    };
    return canvas;
  }

  window.ganToyPicture = { plane, losses, distances };
})();
