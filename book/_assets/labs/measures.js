/* The instruments of chapter 4 for points in the plane: what gan_tutorial.metrics computes.

   A set is a list of points [x, y]. Tested against the library in tests/browser/test_two_clouds.py. */
"use strict";
(function () {
  const distance = (p, q) => Math.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2);
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const mean = (list) => sum(list) / list.length;

  /* Mean and covariance [xx, xy, yy], divided by n - 1. */
  function moments(set) {
    const center = [0, 1].map((k) => mean(set.map((p) => p[k])));
    const part = (j, k) =>
      sum(set.map((p) => (p[j] - center[j]) * (p[k] - center[k]))) / (set.length - 1);
    return { center, cov: [part(0, 0), part(0, 1), part(1, 1)] };
  }

  /* FID: |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)). A 2 x 2 matrix M with eigenvalues a, b >= 0 has
     tr M^(1/2) = sqrt(a) + sqrt(b) = sqrt(tr M + 2 sqrt(det M)). */
  function fid(real, fake) {
    const [one, two] = [moments(real), moments(fake)];
    const [a, b, c] = one.cov, [d, e, f] = two.cov;
    const trace = a * d + 2 * b * e + c * f;
    const det = Math.max(0, a * c - b * b) * Math.max(0, d * f - e * e);
    const root = Math.sqrt(Math.max(0, trace + 2 * Math.sqrt(det)));
    return distance(one.center, two.center) ** 2 + a + c + d + f - 2 * root;
  }

  /* KID: the kernel (x . y / 2 + 1)^3, without the pairs of a point with itself. */
  function kid(real, fake) {
    const kernel = (p, q) => ((p[0] * q[0] + p[1] * q[1]) / 2 + 1) ** 3;
    const total = (a, b) => sum(a.map((p) => sum(b.map((q) => kernel(p, q)))));
    const within = (a) => (total(a, a) - sum(a.map((p) => kernel(p, p)))) / (a.length * (a.length - 1));
    return within(real) + within(fake) - 2 * total(real, fake) / (real.length * fake.length);
  }

  /* From each point to its k-th nearest other one: the radius of its ball. */
  const radii = (set, k) =>
    set.map((p) => set.map((q) => distance(p, q)).sort((a, b) => a - b)[k]);

  /* Precision and density count balls around reals, recall balls around fakes; coverage counts the
     balls around reals that hold a fake. */
  function manifold(real, fake, k) {
    const inReal = radii(real, k), inFake = radii(fake, k);
    const hits = fake.map((q) => sum(real.map((p, i) => Number(distance(p, q) < inReal[i]))));
    return {
      precision: mean(hits.map((n) => Number(n > 0))),
      recall: mean(real.map((p) => Number(fake.some((q, j) => distance(p, q) < inFake[j])))),
      density: mean(hits) / k,
      coverage: mean(real.map((p, i) => Number(fake.some((q) => distance(p, q) < inReal[i])))),
    };
  }

  /* How likely a fake is nearer to its nearest training point than a real one is to its own. */
  function memorization(train, real, fake) {
    const nearest = (set) => set.map((p) => Math.min(...train.map((q) => distance(p, q))));
    const usual = nearest(real);
    return mean(nearest(fake).map((d) => mean(usual.map((u) => (u > d ? 1 : u === d ? 0.5 : 0)))));
  }

  const measure = (train, real, fake, k) => ({
    FID: fid(real, fake), KID: kid(real, fake), ...manifold(real, fake, k),
    memorization: memorization(train, real, fake),
  });

  // --- Sets to measure ------------------------------------------------------------------------

  /* Random numbers from a seed (mulberry32), and normal ones from them (Box and Muller). */
  function random(seed) {
    let state = Math.imul(seed + 1, 0x9e3779b9) >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return { uniform, normal, normals: (n) => Array.from({ length: n }, () => [normal(), normal()]) };
  }

  const CLUMPS = { one: [[0, 0]], three: [0, 1, 2].map((k) => around(k / 3)),
    ring: [0, 1, 2, 3, 4, 5].map((k) => around(k / 6)) };
  const WIDTH = { one: 0.5, three: 0.22, ring: 0.14 };
  function around(turn) {
    const angle = 2 * Math.PI * (turn + 0.25);
    return [Math.cos(angle), Math.sin(angle)];
  }

  /* Points of a shape in which only the first `kept` clumps are made, as many in each. */
  function drawn(shape, normals, kept = Infinity) {
    const clumps = CLUMPS[shape].slice(0, Math.max(1, kept));
    return normals.map((z, i) => clumps[i % clumps.length].map((c, k) => c + WIDTH[shape] * z[k]));
  }

  /* Move, turn and stretch a set so that its mean and covariance are those of another. */
  function matched(set, other) {
    const root = ([a, b, c]) => { // of a covariance, by Cholesky: [[p, 0], [q, r]]
      const p = Math.sqrt(a), q = b / p;
      return [p, q, Math.sqrt(c - q * q)];
    };
    const [one, two] = [moments(set), moments(other)];
    const [p, q, r] = root(one.cov), [s, t, u] = root(two.cov);
    return set.map(([x, y]) => {
      const v = (x - one.center[0]) / p, w = (y - one.center[1] - q * v) / r;
      return [two.center[0] + s * v, two.center[1] + t * v + u * w];
    });
  }

  window.ganMeasures = { measure, moments, radii, random, drawn, matched, CLUMPS };
})();
