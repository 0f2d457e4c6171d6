/* Repair by search, in plain JavaScript: the numbers of gan_tutorial.repair.latent_search.

   A picture is size * size * 3 numbers in [-1, 1], pixel by pixel. A hole is a square { x, y, side }. */
"use strict";
(function () {
  const WINDOW = 7, PRIOR = 0.01, BETAS = [0.9, 0.999], EPSILON = 1e-8;

  const inside = ({ x, y, side }, column, row) =>
    column >= x && column < x + side && row >= y && row < y + side;

  /* How much each known pixel counts: the share of missing ones in a window around it. */
  function weights(hole, size) {
    const out = new Float64Array(size * size), reach = WINDOW >> 1;
    const common = (from, at) => // how many of the window's rows (or columns) the hole has
      Math.max(0, Math.min(from + hole.side, at + reach + 1) - Math.max(from, at - reach));
    let sum = 0;
    for (let row = 0, i = 0; row < size; row++)
      for (let column = 0; column < size; column++, i++)
        if (!inside(hole, column, row))
          sum += out[i] = common(hole.x, column) * common(hole.y, row) / WINDOW ** 2;
    return out.map((value) => value / sum);
  }

  /* Known pixels as they are, missing ones as drawn. */
  function composite(known, drawn, hole, size) {
    return Float64Array.from(known, (value, i) => {
      const pixel = Math.floor(i / 3);
      return inside(hole, pixel % size, Math.floor(pixel / size)) ? drawn[i] : value;
    });
  }

  /* Adam, from the code `z`, on the distance to what is known. The pixels of `picture` in the hole
     are never looked at. */
  class Search {
    constructor(generator, picture, hole, z, rate) {
      Object.assign(this, { generator, picture, hole, rate, steps: 0 });
      this.weights = weights(hole, generator.size);
      this.z = Float64Array.from(z);
      this.m = new Float64Array(z.length);
      this.v = new Float64Array(z.length);
      this.look();
    }

    look() {
      this.maps = this.generator.maps(this.z);
      this.drawn = this.maps[this.maps.length - 1];
      this.error = this.weights.reduce((sum, w, i) => sum + (w && w * (this.off(3 * i) +
        this.off(3 * i + 1) + this.off(3 * i + 2)) / 3), 0);
    }

    off(i) {
      return Math.abs(this.drawn[i] - this.picture[i]);
    }

    slope() {
      const { z, drawn, picture } = this;
      const g = drawn.map((value, i) =>
        this.weights[Math.floor(i / 3)] * Math.sign(value - picture[i]) / 3);
      return this.generator.backward(this.maps, g).map((value, i) =>
        value + 2 * PRIOR * z[i] / z.length);
    }

    step() {
      const { z, m, v } = this, [b1, b2] = BETAS, t = ++this.steps;
      this.slope().forEach((g, i) => {
        m[i] = b1 * m[i] + (1 - b1) * g;
        v[i] = b2 * v[i] + (1 - b2) * g * g;
        z[i] -= this.rate * (m[i] / (1 - b1 ** t)) / (Math.sqrt(v[i] / (1 - b2 ** t)) + EPSILON);
      });
      this.look();
    }

    completed() {
      return composite(this.picture, this.drawn, this.hole, this.generator.size);
    }
  }

  window.ganSearch = { Search, composite, inside, weights };
})();
