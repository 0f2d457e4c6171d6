/* Two networks against each other: the same numbers as gan_tutorial's `GAN`.

   A browser test trains these networks and the library's from the same weights on the same batches,
   and compares every weight. */
"use strict";
globalThis.ganParts ??= {};
ganParts.adversarial = function (scope) {
  const { batch } = scope.ganNetworks;

  // --- Losses on logits, in the order (real, fake): values and slopes, as in gan_tutorial.losses ---

  const sigmoid = (a) => 1 / (1 + Math.exp(-a));
  const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
  const relu = (a) => Math.max(a, 0), step = (a) => (a > 0 ? 1 : 0);
  // For each: the discriminator's terms for a real and a fake, and the generator's for a fake.
  const minimax = { real: [(a) => softplus(-a), (a) => -sigmoid(-a)], fake: [softplus, sigmoid] };
  const negative = [(a) => -a, () => -1], positive = [(a) => a, () => 1];
  const LOSSES = {
    "non-saturating": { ...minimax, generator: [(a) => softplus(-a), (a) => -sigmoid(-a)] },
    minimax: { ...minimax, generator: [(a) => -softplus(a), (a) => -sigmoid(a)] },
    hinge: { real: [(a) => relu(1 - a), (a) => -step(1 - a)],
      fake: [(a) => relu(1 + a), (a) => step(1 + a)], generator: negative },
    wasserstein: { real: negative, fake: positive, generator: negative },
    relativistic: { paired: [softplus, sigmoid] }, // of the difference a_f - a_r; G's: of a_r - a_f
  };
  const EQUILIBRIUM = { "non-saturating": 2 * Math.LN2, minimax: 2 * Math.LN2, hinge: 2,
    wasserstein: 0, relativistic: Math.LN2 };

  function discriminatorLoss(name, real, fake) {
    const loss = LOSSES[name], n = real.n, gr = batch(n, 1), gf = batch(n, 1);
    let value = 0;
    for (let i = 0; i < n; i++)
      if (loss.paired) {
        const [f, slope] = loss.paired, difference = fake.a[i] - real.a[i];
        value += f(difference) / n;
        gf.a[i] = slope(difference) / n;
        gr.a[i] = -gf.a[i];
      } else {
        value += (loss.real[0](real.a[i]) + loss.fake[0](fake.a[i])) / n;
        gr.a[i] = loss.real[1](real.a[i]) / n;
        gf.a[i] = loss.fake[1](fake.a[i]) / n;
      }
    return { value, gr, gf };
  }

  function generatorLoss(name, real, fake) {
    const loss = LOSSES[name], n = fake.n, g = batch(n, 1);
    let value = 0;
    for (let i = 0; i < n; i++) {
      const [f, slope] = loss.paired || loss.generator;
      const a = loss.paired ? real.a[i] - fake.a[i] : fake.a[i];
      value += f(a) / n;
      g.a[i] = (loss.paired ? -1 : 1) * slope(a) / n;
    }
    return { value, g };
  }

  // --- The game: one update of D, one of G; as GAN.discriminator_step and GAN.generator_step ------

  // gamma / 2 times the squared length of the gradient, and lambda (length - 1)^2
  const squared = (gamma) => [(s) => s / 2, () => gamma / 2];
  const length = (s) => Math.sqrt(s + 1e-12);
  const toOne = (lambda) =>
    [(s) => (length(s) - 1) ** 2, (s) => lambda * (length(s) - 1) / length(s)];

  class Game {
    /* options: loss, lrG, lrD, betas (null for plain descent), r1, r2, gp */
    constructor(generator, discriminator, options) {
      Object.assign(this, { generator, discriminator, ...options });
    }

    discriminatorStep(real, fake, u = null) {
      const D = this.discriminator, atReal = D.forward(real, "real"), atFake = D.forward(fake, "fake");
      const { value, gr, gf } = discriminatorLoss(this.loss, atReal.output, atFake.output);
      const out = { d_loss: value, real_logit: mean(atReal.output), fake_logit: mean(atFake.output) };
      for (const [name, pass, slopes] of [["r1", atReal, gr], ["r2", atFake, gf]]) {
        const penalty = D.learnLogits(pass, slopes, this[name] > 0 ? squared(this[name]) : null);
        if (this[name] > 0) out[name] = penalty;
      }
      if (this.gp > 0) { // between a real and a fake
        const between = batch(real.n, real.d);
        for (let i = 0; i < between.a.length; i++) {
          const share = u[Math.floor(i / real.d)];
          between.a[i] = share * real.a[i] + (1 - share) * fake.a[i];
        }
        out.gp = D.learnLogits(D.forward(between, "between"), batch(real.n, 1), toOne(this.gp));
      }
      D.descend(this.lrD, this.betas);
      return out;
    }

    generatorStep(real, codes) {
      const G = this.generator, made = G.forward(codes), { value, pull } = this.pull(real, made.output);
      G.back(made, pull);
      G.learn(made);
      G.descend(this.lrG, this.betas);
      return { g_loss: value };
    }

    /* The gradient of the generator's loss at every fake: fakes are drawn the other way. */
    pull(real, fake) {
      const D = this.discriminator, atFake = D.forward(fake, "fake");
      const atReal = LOSSES[this.loss].paired ? D.forward(real, "real").output : null;
      const { value, g } = generatorLoss(this.loss, atReal, atFake.output);
      return { value, pull: D.back(atFake, g) };
    }
  }

  function mean(x) {
    let sum = 0;
    for (const value of x.a) sum += value;
    return sum / x.n;
  }

  scope.ganGame = { Game, LOSSES: Object.keys(LOSSES), EQUILIBRIUM, sigmoid };
};
ganParts.adversarial(globalThis);
