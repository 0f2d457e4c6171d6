/* The football laboratory: walk through the latent space of the shipped generator. */
"use strict";
(function () {
  const { Generator, between } = window.ganGenerator;
  const { make, button, slider, steer, under, drag, teller, speaker } = window.ganLabs;
  const { random } = window.ganNetworks;
  const REACH = 4; // how far the sliders go; a latent code of 64 numbers has a length of about 8

  window.ganLabs.start.football = function (bench) {
    const { directions } = window.ganFootball, generator = new Generator(window.ganFootball);
    const rng = random(7), size = generator.size;
    const code = () => Array.from({ length: generator.latent }, rng.normal);
    let from = code(), to = code(), share = 0, walk = directions.map(() => 0), due = false;

    const canvas = make("canvas", { width: size, height: size, class: "lab-picture", role: "img",
      "aria-label": "The generated football." });
    const spoken = speaker(), tell = (length) => `The code's length is ${length.toFixed(1)}; most ` +
      `of those that the generator saw in training measure 7 to 9.` +
      `${length > 10 ? " This one is far out." : ""}`;
    const [told, words] = teller(tell(20));

    function latent() {
      const start = between(from, to, share);
      return start.map((value, i) => value + directions.reduce((sum, d, k) => sum + walk[k] * d[i], 0));
    }

    function paint() {
      const z = latent(), x = generator.forward(z), context = canvas.getContext("2d");
      const image = context.createImageData(size, size);
      for (let i = 0; i < size * size; i++) {
        for (let k = 0; k < 3; k++) image.data[4 * i + k] = 127.5 * (x[3 * i + k] + 1);
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, 0, 0);
      const length = Math.sqrt(z.reduce((sum, value) => sum + value * value, 0));
      words.textContent = tell(length);
      spoken.say(words.textContent);
    }

    function look() { // at most one picture a frame, however fast the reader drags
      if (due) return;
      due = true;
      requestAnimationFrame(() => { due = false; paint(); });
    }

    // --- Controls -----------------------------------------------------------------------------

    const shown = (value) => value.toFixed(2);
    const sliders = directions.map((_, k) => slider(`Direction ${k + 1}`, [-REACH, REACH, 0.05], 0,
      shown, (value) => { walk[k] = value; follow(); }));
    const path = slider("From ball A to ball B", [0, 1, 0.01], 0, shown,
      (value) => { share = value; look(); });

    const knob = make("span", { class: "lab-knob" });
    const pad = make("div", { class: "lab-pad", tabindex: 0, role: "application", "aria-label":
      "Plane of directions 1 and 2: drag, or use the arrow keys" }, knob);
    function follow() { // bring the pad to where the sliders are
      knob.style.left = `${50 + 50 * walk[0] / REACH}%`;
      knob.style.top = `${50 - 50 * walk[1] / REACH}%`;
      look();
    }
    function move(a, b) {
      [a, b].forEach((value, k) => {
        walk[k] = Math.max(-REACH, Math.min(REACH, value));
        sliders[k].set(walk[k]);
      });
      follow();
    }
    const follows = (event) => {
      const [right, down] = under(event, pad);
      move(REACH * (2 * right - 1), REACH * (1 - 2 * down));
    };
    drag(pad, follows, follows);
    steer(pad, "Tab to the pad; arrows move the point, with Shift farther", {
      move: (x, y, far) => move(walk[0] + (far ? 1 : 0.25) * x, walk[1] + (far ? 1 : 0.25) * y),
    });

    function home() {
      walk = walk.map(() => 0);
      share = 0;
      sliders.forEach((s) => s.set(0));
      path.set(0);
      follow();
    }

    bench.append(
      make("div", { class: "lab-views" }, canvas),
      make("div", { class: "lab-controls" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Balls" },
          button("New ball A", () => { from = code(); home(); }),
          button("New ball B", () => { to = code(); look(); }),
          button("Back to A", home)),
        told,
        make("div", { class: "lab-fields" }, path),
        make("p", {}, "Drag in the plane of directions 1 and 2:"), pad,
        make("div", { class: "lab-fields" }, ...sliders)),
      spoken);
    follow();
    paint();
    return { latent, generator, move };
  };
})();
