/* Draw your own data: with a mouse, a finger or the keyboard. */
"use strict";
(function () {
  const { EXTENT, MOST, DRAWINGS, written, read } = window.ganPlane;
  const { make, button, steer, keys, under } = window.ganLabs;
  const APART = 0.07; // of the dabs of a stroke

  /* `canvas` is the plane; `drawn` is called with the drawing, as text, when it has changed. */
  window.ganToyPen = function (canvas, drawn) {
    let means = DRAWINGS.heart.means, down = false, last = null, brush = [0, 0], strokes = [];

    const knob = make("span", { class: "lab-knob", tabindex: 0, role: "application", hidden: true,
      "aria-label": "The brush: arrow keys move it, Space puts points there, Backspace takes them back" });
    const plane = make("div", { class: "lab-plane" }, canvas, knob);

    function place([x, y]) {
      brush = [x, y].map((v) => Math.max(-EXTENT, Math.min(EXTENT, v)));
      knob.style.left = `${50 * (1 + brush[0] / EXTENT)}%`;
      knob.style.top = `${50 * (1 - brush[1] / EXTENT)}%`;
    }

    const tell = () => drawn(written(means));
    function dab(points, begins) {
      const room = points.slice(0, MOST - means.length);
      if (begins || !strokes.length) strokes.push(0);
      strokes[strokes.length - 1] += room.length;
      means = [...means, ...room];
      tell();
    }

    function back() { // the last stroke, or of a shape to begin with its last points
      const count = strokes.pop() ?? 10;
      means = means.slice(0, Math.max(0, means.length - count));
      tell();
    }

    function begin(next) {
      [means, strokes] = [next, []];
      tell();
    }

    const where = (event) => {
      const [right, up] = under(event, canvas);
      return [EXTENT * (2 * right - 1), EXTENT * (1 - 2 * up)];
    };
    plane.onpointerdown = (event) => {
      if (!down || !event.isPrimary) return;
      plane.setPointerCapture(event.pointerId);
      last = where(event);
      place(last);
      dab([last], true);
    };
    plane.onpointermove = (event) => {
      if (!down || !last || !plane.hasPointerCapture(event.pointerId)) return;
      const to = where(event), far = Math.hypot(to[0] - last[0], to[1] - last[1]);
      const count = Math.floor(far / APART), from = last;
      if (!count) return;
      const points = Array.from({ length: count }, (_, i) =>
        [0, 1].map((k) => from[k] + (i + 1) * APART / far * (to[k] - from[k])));
      last = points.at(-1);
      place(last);
      dab(points, false);
    };
    plane.onpointerup = plane.onpointercancel = () => { last = null; };
    steer(knob, "Tab to the ring; arrows move it, with Shift farther; Space puts points there, " +
      "Backspace takes them back", {
      move: (x, y, far) => place([brush[0] + (far ? 0.35 : APART) * x, brush[1] + (far ? 0.35 : APART) * y]),
      act: () => dab([brush], true), back,
    });

    function lay(now) { // a pen that is down takes the finger, with which one would scroll
      down = now;
      knob.hidden = !down;
      plane.classList.toggle("lab-drawing", down);
      pen.setAttribute("aria-pressed", String(down));
    }
    const pen = button("Draw", () => {
      lay(!down);
      if (down) tell();
    }, { "aria-pressed": "false" });
    place([0, 0]);

    const tools = [
      make("div", { class: "lab-buttons", role: "group", "aria-label": "Drawing" }, pen,
        button("Take back", back), button("Clear", () => { lay(true); begin([]); }),
        ...Object.values(DRAWINGS).map(({ name, means: shape }) => button(name, () => begin(shape)))),
      make("p", {}, "Press Draw, then draw on the plane; press it again to scroll there with a finger."),
      keys(knob),
    ];
    return { plane, tools, lay, text: () => written(means), count: () => means.length,
      full: () => means.length >= MOST, use: (text) => { [means, strokes] = [read(text), []]; } };
  };
})();
