/* Fully connected GANs in plain JavaScript: the same numbers as gan_tutorial's `GAN`.

   A batch is { n, d, a }: n rows of d numbers in a Float64Array. A browser test trains these networks
   and the library's from the same weights on the same batches and compares every weight. */
"use strict";
(function () {
  const SLOPE = 0.2; // of the leaky ReLU, as in gan_tutorial.models.mlp

  // --- Random numbers that a seed decides ----------------------------------------------------

  function random(seed) {
    let state = seed >>> 0;
    const uniform = () => { // mulberry32
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () => // Box and Muller
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return { uniform, normal, integer: (n) => Math.floor(uniform() * n) };
  }

  const batch = (n, d) => ({ n, d, a: new Float64Array(n * d) });

  function normals(n, d, rng) {
    const out = batch(n, d);
    for (let i = 0; i < out.a.length; i++) out.a[i] = rng.normal();
    return out;
  }

  // --- One layer: y = x W^T + b, W of shape (outputs, inputs) as in torch ------------------------

  function linear(x, layer) {
    const { w, b, inputs, outputs } = layer, y = batch(x.n, outputs), a = x.a;
    for (let r = 0; r < x.n; r++) {
      const from = r * inputs, to = r * outputs;
      let o = 0;
      for (; o + 3 < outputs; o += 4) { // four sums at a time: none waits for another
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = o * inputs;
        for (let i = 0; i < inputs; i++, k++) {
          const value = a[from + i];
          s0 += value * w[k];
          s1 += value * w[k + inputs];
          s2 += value * w[k + 2 * inputs];
          s3 += value * w[k + 3 * inputs];
        }
        y.a[to + o] = s0, y.a[to + o + 1] = s1, y.a[to + o + 2] = s2, y.a[to + o + 3] = s3;
      }
      for (; o < outputs; o++) {
        let sum = 0;
        for (let i = 0, k = o * inputs; i < inputs; i++, k++) sum += a[from + i] * w[k];
        y.a[to + o] = sum;
      }
      if (b) for (o = 0; o < outputs; o++) y.a[to + o] += b[o];
    }
    return y;
  }

  // Four rows or columns at a time: what is summed is read and written once for the four.

  function linearBack(g, layer) { // gradient of the outputs to gradient of the inputs: g W
    const { w, inputs, outputs } = layer, out = batch(g.n, inputs), a = g.a, sum = out.a;
    for (let r = 0; r < g.n; r++) {
      const from = r * outputs, to = r * inputs;
      let o = 0;
      for (; o + 3 < outputs; o += 4) {
        const v0 = a[from + o], v1 = a[from + o + 1], v2 = a[from + o + 2], v3 = a[from + o + 3];
        for (let i = 0, k = o * inputs; i < inputs; i++, k++)
          sum[to + i] += v0 * w[k] + v1 * w[k + inputs] + v2 * w[k + 2 * inputs] +
            v3 * w[k + 3 * inputs];
      }
      for (; o < outputs; o++)
        for (let i = 0, k = o * inputs, value = a[from + o]; i < inputs; i++, k++)
          sum[to + i] += value * w[k];
    }
    return out;
  }

  function addOuter(gw, g, x) { // gw += g^T x
    const { n, d: outputs, a } = g, inputs = x.d, b = x.a;
    let r = 0;
    for (; r + 3 < n; r += 4)
      for (let o = 0; o < outputs; o++) {
        const at = r * outputs + o, v0 = a[at], v1 = a[at + outputs], v2 = a[at + 2 * outputs];
        const v3 = a[at + 3 * outputs];
        for (let i = 0, k = o * inputs, t = r * inputs; i < inputs; i++, k++, t++)
          gw[k] += v0 * b[t] + v1 * b[t + inputs] + v2 * b[t + 2 * inputs] + v3 * b[t + 3 * inputs];
      }
    for (; r < n; r++)
      for (let o = 0; o < outputs; o++)
        for (let i = 0, k = o * inputs, t = r * inputs, value = a[r * outputs + o]; i < inputs;
          i++, k++, t++)
          gw[k] += value * b[t];
  }

  const masked = (g, before) => { // through the leaky ReLU, given what went into it
    for (let i = 0; i < g.a.length; i++) if (before.a[i] <= 0) g.a[i] *= SLOPE;
    return g;
  };

  // --- A network: linear layers with leaky ReLUs between them ------------------------------------

  class Network {
    constructor(sizes, rng) {
      this.layers = [];
      for (let l = 1; l < sizes.length; l++) {
        const [inputs, outputs] = [sizes[l - 1], sizes[l]];
        const std = Math.sqrt(2 / (1 + SLOPE * SLOPE) / inputs); // He et al. (2015)
        const w = Float64Array.from({ length: inputs * outputs }, () => std * rng.normal());
        this.layers.push(layer(w, new Float64Array(outputs), inputs, outputs));
      }
    }

    static from(weights) { // [[w, b], ...], each w a list of rows
      const network = new Network([], null);
      network.layers = weights.map(([w, b]) =>
        layer(Float64Array.from(w.flat()), Float64Array.from(b), w[0].length, w.length));
      return network;
    }

    weights() {
      return this.layers.map(({ w, b, inputs }) =>
        [Array.from(b, (_, o) => Array.from(w.slice(o * inputs, (o + 1) * inputs))), Array.from(b)]);
    }

    forward(x) { // keeps what `backward` needs
      const inputs = [], sums = [];
      let h = x;
      this.layers.forEach((layer, l) => {
        inputs.push(h);
        h = linear(h, layer);
        sums.push(h);
        if (l < this.layers.length - 1) {
          const y = batch(h.n, h.d);
          for (let i = 0; i < h.a.length; i++) y.a[i] = h.a[i] > 0 ? h.a[i] : SLOPE * h.a[i];
          h = y;
        }
      });
      return { output: h, inputs, sums };
    }

    /* From the gradient of the output to that of the input; `learn` adds up the weights' gradients,
       `keep` collects the gradient of every layer's sums. */
    backward(pass, gradient, learn = true, keep = null) {
      let g = gradient;
      for (let l = this.layers.length - 1; l >= 0; l--) {
        if (l < this.layers.length - 1) g = masked(g, pass.sums[l]);
        if (keep) keep[l] = g;
        if (learn) {
          addOuter(this.layers[l].gw, g, pass.inputs[l]);
          for (let r = 0; r < g.n; r++)
            for (let o = 0; o < g.d; o++) this.layers[l].gb[o] += g.a[r * g.d + o];
        }
        g = linearBack(g, this.layers[l]);
      }
      return g;
    }

    /* The gradient of every row's logit at its point, and with it a penalty that depends on that
       gradient's length: `slope(length squared)` is the derivative of the penalty by the square.
       With leaky ReLUs the gradient is a product of matrices, W_1^T M_1 W_2^T M_2 ... w; so the
       penalty's own derivative runs through the layers once more, forwards. */
    penalty(pass, value, slope) {
      const n = pass.output.n, ones = batch(n, 1), deltas = [];
      ones.a.fill(1);
      const g = this.backward(pass, ones, false, deltas);
      let total = 0;
      let u = batch(n, g.d);
      for (let r = 0; r < n; r++) {
        let square = 0;
        for (let i = 0; i < g.d; i++) square += g.a[r * g.d + i] ** 2;
        total += value(square) / n;
        const factor = 2 * slope(square) / n;
        for (let i = 0; i < g.d; i++) u.a[r * g.d + i] = factor * g.a[r * g.d + i];
      }
      this.layers.forEach((layer, l) => {
        addOuter(layer.gw, deltas[l], u);
        if (l < this.layers.length - 1)
          u = masked(linear(u, { ...layer, b: null }), pass.sums[l]);
      });
      return total;
    }

    adam(lr, [beta1, beta2]) {
      this.t = (this.t || 0) + 1;
      const size = lr / (1 - beta1 ** this.t), root = Math.sqrt(1 - beta2 ** this.t);
      for (const layer of this.layers)
        for (const [p, g, m, v] of [[layer.w, layer.gw, layer.mw, layer.vw],
          [layer.b, layer.gb, layer.mb, layer.vb]])
          for (let i = 0; i < p.length; i++) {
            m[i] = beta1 * m[i] + (1 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
            p[i] -= size * m[i] / (Math.sqrt(v[i]) / root + 1e-8);
            g[i] = 0;
          }
    }
  }

  function layer(w, b, inputs, outputs) {
    const zeros = (like) => new Float64Array(like.length);
    return { w, b, inputs, outputs, gw: zeros(w), gb: zeros(b), mw: zeros(w), vw: zeros(w),
      mb: zeros(b), vb: zeros(b) };
  }

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

  class Game {
    /* options: loss, lrG, lrD, betas, r1, r2, gp */
    constructor(generator, discriminator, options) {
      Object.assign(this, { generator, discriminator, ...options });
    }

    discriminatorStep(real, fake, u = null) {
      const D = this.discriminator, atReal = D.forward(real), atFake = D.forward(fake);
      const { value, gr, gf } = discriminatorLoss(this.loss, atReal.output, atFake.output);
      D.backward(atReal, gr);
      D.backward(atFake, gf);
      const out = { d_loss: value, real_logit: mean(atReal.output), fake_logit: mean(atFake.output) };
      // gamma / 2 times the mean squared length of the gradient
      for (const [name, pass] of [["r1", atReal], ["r2", atFake]])
        if (this[name] > 0)
          out[name] = D.penalty(pass, (s) => s / 2, () => this[name] / 2);
      if (this.gp > 0) { // (length - 1)^2 between a real and a fake
        const between = batch(real.n, real.d);
        for (let i = 0; i < between.a.length; i++) {
          const share = u[Math.floor(i / real.d)];
          between.a[i] = share * real.a[i] + (1 - share) * fake.a[i];
        }
        const length = (s) => Math.sqrt(s + 1e-12);
        out.gp = D.penalty(D.forward(between), (s) => (length(s) - 1) ** 2,
          (s) => this.gp * (length(s) - 1) / length(s));
      }
      D.adam(this.lrD, this.betas);
      return out;
    }

    generatorStep(real, codes) {
      const made = this.generator.forward(codes);
      const { value, pull } = this.pull(real, made.output);
      this.generator.backward(made, pull);
      this.generator.adam(this.lrG, this.betas);
      return { g_loss: value };
    }

    /* The gradient of the generator's loss at every fake: fakes are drawn the other way. */
    pull(real, fake) {
      const D = this.discriminator, atFake = D.forward(fake);
      const atReal = LOSSES[this.loss].paired ? D.forward(real).output : null;
      const { value, g } = generatorLoss(this.loss, atReal, atFake.output);
      return { value, pull: D.backward(atFake, g, false) };
    }
  }

  function mean(x) {
    let sum = 0;
    for (const value of x.a) sum += value;
    return sum / x.n;
  }

  window.ganNetworks = { Network, Game, EQUILIBRIUM, batch, normals, random, sigmoid };
})();
