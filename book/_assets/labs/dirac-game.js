/* The Dirac-GAN as numbers: what gan_tutorial's `games.dirac` and `games.gradient_descent` compute.

   All data lie at 0, all fakes at theta, and the logit of a point x is phi x. Tested against the
   library in tests/browser/test_dirac_gan.py. */
"use strict";
(function () {
  const sigmoid = (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)));

  /* Slopes of each loss in its logits: of L_D in a real and in a fake one, of L_G in a fake one.
     `a` is a real logit, `b` a fake one; only the paired loss looks at both. */
  const LOSSES = {
    "non-saturating": {
      real: (a) => -sigmoid(-a), fake: (a, b) => sigmoid(b), generator: (a, b) => -sigmoid(-b) },
    minimax: {
      real: (a) => -sigmoid(-a), fake: (a, b) => sigmoid(b), generator: (a, b) => -sigmoid(b) },
    wasserstein: { real: () => -1, fake: () => 1, generator: () => -1 },
    relativistic: {
      real: (a, b) => -sigmoid(b - a), fake: (a, b) => sigmoid(b - a),
      generator: (a, b) => -sigmoid(a - b) },
  };

  // Nine points that stand in for a Gaussian: quantiles at 1/18, 3/18, ..., scaled to variance 1.
  const half = [0, 0.28221614706250825, 0.5894557978497783, 0.9674215661017009, 1.5932188180230503];
  const quantiles = [...half.slice(1).map((q) => -q).reverse(), ...half];
  const deviation = Math.sqrt(quantiles.reduce((sum, q) => sum + q * q, 0) / quantiles.length);
  const NOISE = quantiles.map((q) => q / deviation);

  /* The gradient of each player's cost in its own number.
     options: loss; r1, r2, gp (weights of the penalties); noise (its standard deviation). */
  function gradients([theta, phi], { loss, r1 = 0, r2 = 0, gp = 0, noise = 0 }) {
    const slope = LOSSES[loss], points = noise ? NOISE.map((n) => noise * n) : [0];
    let first = 0, second = 0;
    for (const x of points) // each real point with each fake one
      for (const shift of points) {
        const y = theta + shift, a = phi * x, b = phi * y;
        first += slope.generator(a, b) * phi;
        second += slope.real(a, b) * x + slope.fake(a, b) * y;
      }
    const pairs = points.length ** 2;
    const penalty = (r1 + r2) * phi + 2 * gp * (Math.abs(phi) - 1) * Math.sign(phi);
    return [first / pairs, second / pairs + penalty];
  }

  /* One move of both players with step size h and heavy-ball momentum; `now` and `before` are
     positions. The discriminator moves first; if they alternate, the generator answers its move. */
  function step(now, before, options) {
    const { h, momentum = 0, alternate = true } = options;
    const drift = now.map((value, k) => momentum * (value - before[k]));
    const slopes = gradients(now, options);
    const phi = now[1] + drift[1] - h * slopes[1];
    const slope = alternate ? gradients([now[0], phi], options)[0] : slopes[0];
    return [now[0] + drift[0] - h * slope, phi];
  }

  window.ganDirac = { LOSSES: Object.keys(LOSSES), gradients, step };
})();
