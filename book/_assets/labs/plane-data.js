/* Points in the plane to learn from: mixtures of equal Gaussians, of which the density is known; and
   how far a set of points is from such a density. */
"use strict";
globalThis.ganParts ??= {};
ganParts.planeData = function (scope) {
  const EXTENT = 1.7; // the plane that is shown reaches from -EXTENT to EXTENT
  const CELLS = 24; // on a side, where points are counted
  const MOST = 400; // means of a drawing

  // --- Mixtures: { name, means, std }; `clumps` where the means are far enough apart to count -----

  const turn = (k, of) => [Math.cos(2 * Math.PI * k / of), Math.sin(2 * Math.PI * k / of)];
  const ring = Array.from({ length: 8 }, (_, k) => turn(k, 8));
  const grid = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y]));

  /* Means at equal distances along a curve, which `at` follows as t goes from 0 to 1. */
  function along(at, count = 200) {
    const path = Array.from({ length: 1001 }, (_, i) => at(i / 1000)), far = [0];
    for (let i = 1; i < path.length; i++)
      far.push(far[i - 1] + Math.hypot(path[i][0] - path[i - 1][0], path[i][1] - path[i - 1][1]));
    let i = 0;
    return Array.from({ length: count }, (_, k) => {
      while (far[i] < (k + 0.5) / count * far[1000]) i++;
      return path[i];
    });
  }
  const moon = (sign) => along((t) => [sign * 0.85 * (Math.cos(Math.PI * t) - 0.5),
    sign * 0.85 * (Math.sin(Math.PI * t) - 0.25)], 100);
  const roll = (t) => [(0.2 + t) * Math.cos(3 * Math.PI * t), (0.2 + t) * Math.sin(3 * Math.PI * t)];
  const DATA = {
    ring: { name: "ring of eight", means: ring, std: 0.1, clumps: true },
    grid: { name: "grid of nine", means: grid, std: 0.08, clumps: true },
    moons: { name: "two moons", means: [...moon(1), ...moon(-1)], std: 0.06 },
    roll: { name: "swiss roll", means: along(roll), std: 0.03 },
    line: { name: "line", means: along((t) => [2.4 * t - 1.2, 1.2 * t - 0.6]), std: 0.03 },
  };

  // Drawings to begin with.
  const heart = (t) => { // a well-known curve
    const cos = (times) => Math.cos(2 * Math.PI * times * t), sin = Math.sin(2 * Math.PI * t);
    return [1.15 * sin ** 3, 0.15 + 0.94 * cos(1) - 0.36 * cos(2) - 0.14 * cos(3) - 0.07 * cos(4)];
  };
  const circle = (x, y, r) => (t) => { const [c, s] = turn(t, 1); return [x + r * c, y + r * s]; };
  const smile = (t) => turn(1.15 + 0.7 * t, 2).map((v) => 0.6 * v);
  const stroke = ([a, b], [c, d]) => (t) => [a + t * (c - a), b + t * (d - b)];
  const DRAWINGS = {
    heart: { name: "Heart", means: along(heart, 120) },
    face: { name: "Face", means: [...along(circle(0, 0, 1.2), 120), ...along(circle(-0.42, 0.4, 0.1), 16),
      ...along(circle(0.42, 0.4, 0.1), 16), ...along(smile, 36)] },
    cross: { name: "Cross", means: [...along(stroke([-1.1, -1.1], [1.1, 1.1]), 60),
      ...along(stroke([-1.1, 1.1], [1.1, -1.1]), 60)] },
  };
  const drawing = (means) => ({ name: "your drawing", means, std: 0.05 });

  /* A drawing as text for a link, and back: two characters a mean, each a place among 64. */
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const rounded = (v) => Math.max(0, Math.min(63, Math.round((v / EXTENT + 1) * 31.5)));
  const written = (means) => means.flat().map((v) => LETTERS[rounded(v)]).join("");
  function read(text) { // null if it is not such a text
    const places = Array.from(text, (letter) => LETTERS.indexOf(letter));
    if (places.includes(-1) || places.length % 2 || places.length > 2 * MOST) return null;
    const values = places.map((place) => EXTENT * (place / 31.5 - 1));
    return Array.from({ length: values.length / 2 }, (_, i) => values.slice(2 * i, 2 * i + 2));
  }

  function sample({ means, std }, count, rng) { // a Float64Array, point by point
    const points = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      const mean = means[rng.integer(means.length)];
      for (let k = 0; k < 2; k++) points[2 * i + k] = mean[k] + std * rng.normal();
    }
    return points;
  }

  // --- How far points are from a density -------------------------------------------------------
  //
  // Both are counted in the cells of the plane and, as one more cell, outside of it. What a mixture has
  // in a cell is known exactly; what the points have there is their share.

  /* The normal distribution function, to 1e-7: Abramowitz and Stegun (1964), 7.1.26. */
  function below(z) {
    const x = Math.abs(z) / Math.SQRT2, t = 1 / (1 + 0.3275911 * x);
    const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 +
      t * 1.061405429)))) * Math.exp(-x * x) / 2;
    return z < 0 ? tail : 1 - tail;
  }

  const EDGES = Array.from({ length: CELLS + 1 }, (_, i) => EXTENT * (2 * i / CELLS - 1));

  function masses({ means, std }) {
    const out = new Float64Array(CELLS * CELLS + 1);
    const shares = (mean) => { // of one Gaussian, along one axis
      const values = EDGES.map((edge) => below((edge - mean) / std));
      return values.slice(1).map((value, i) => value - values[i]);
    };
    for (const [x, y] of means) {
      const across = shares(x), up = shares(y);
      for (let j = 0, cell = 0; j < CELLS; j++)
        for (let i = 0; i < CELLS; i++, cell++) out[cell] += across[i] * up[j] / means.length;
    }
    out[CELLS * CELLS] = Math.max(0, 1 - out.reduce((a, b) => a + b, 0));
    return out;
  }

  function counts(points) { // the share of the points in each cell
    const out = new Float64Array(CELLS * CELLS + 1), n = points.length / 2;
    const place = (v) => Math.floor((v / EXTENT + 1) / 2 * CELLS);
    for (let k = 0; k < n; k++) {
      const i = place(points[2 * k]), j = place(points[2 * k + 1]);
      const inside = i >= 0 && j >= 0 && i < CELLS && j < CELLS;
      out[inside ? j * CELLS + i : CELLS * CELLS] += 1 / n;
    }
    return out;
  }

  /* The Jensen-Shannon divergence of two lists of shares, in nats: from 0 to log 2. */
  function jensenShannon(p, q) {
    const half = (a, b) => (a > 0 ? a * Math.log(2 * a / (a + b)) / 2 : 0);
    return p.reduce((sum, value, i) => sum + half(value, q[i]) + half(q[i], value), 0);
  }

  /* The share of clumps with a point within three deviations, and of points that lie there, as
     gan_tutorial.metrics.mode_report counts them. */
  function covered({ means, std }, points) {
    const hit = new Set(), n = points.length / 2;
    let near = 0;
    for (let i = 0; i < n; i++) {
      const distances = means.map(([x, y]) => Math.hypot(points[2 * i] - x, points[2 * i + 1] - y));
      const nearest = distances.indexOf(Math.min(...distances));
      if (distances[nearest] <= 3 * std) hit.add(nearest), near++;
    }
    return { covered: hit.size, of: means.length, near: near / n };
  }

  scope.ganPlane = { EXTENT, MOST, DATA, DRAWINGS, drawing, written, read, sample, masses, counts,
    jensenShannon, covered };
};
ganParts.planeData(globalThis);
