/* Fully connected networks in plain JavaScript, and random numbers that a seed decides.

   A batch is { n, d, a }: n rows of d numbers in a Float64Array. Whatever a pass through a network
   needs is made once for each number of rows, and used again. */
"use strict";
globalThis.ganParts ??= {};
ganParts.networks = function (scope) {
  const { Workspace, SLOPE } = scope.ganKernels;
  const CHUNK = 128; // rows at a time, where no gradient is asked for

  // --- Random numbers --------------------------------------------------------------------------

  function random(seed) {
    const uniform = () => { // mulberry32
      out.state = (out.state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(out.state ^ (out.state >>> 15), 1 | out.state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () => // Box and Muller
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const out = { state: seed >>> 0, uniform, normal, integer: (n) => Math.floor(uniform() * n) };
    return out;
  }

  const batch = (n, d) => ({ n, d, a: new Float64Array(n * d) });

  function normals(n, d, rng) {
    const out = batch(n, d);
    for (let i = 0; i < out.a.length; i++) out.a[i] = rng.normal();
    return out;
  }

  // --- A network: linear layers with leaky ReLUs between them ------------------------------------

  class Network {
    constructor(sizes, rng = null) {
      this.room = new Workspace(8 << 20);
      this.sizes = sizes;
      this.passes = {};
      this.updates = 0; // by Adam
      this.layers = sizes.slice(1).map((outputs, l) => {
        const inputs = sizes[l], std = Math.sqrt(2 / (1 + SLOPE * SLOPE) / inputs); // He et al. (2015)
        const [weight, bias] = [() => this.room.array(inputs * outputs), () => this.room.array(outputs)];
        const layer = { inputs, outputs, w: weight(), b: bias(), gw: weight(), gb: bias(), // gradients
          mw: weight(), mb: bias(), vw: weight(), vb: bias(), // Adam's moments
          turned: weight() }; // W transposed: rows for inputs, where torch and `w` have them for outputs
        if (rng) for (let i = 0; i < layer.w.length; i++) layer.w[i] = std * rng.normal();
        return layer;
      });
      this.turn();
    }

    static from(weights) { // [[w, b], ...], each w a list of rows
      const network = new Network([weights[0][0][0].length, ...weights.map(([w]) => w.length)]);
      weights.forEach(([w, b], l) => {
        network.layers[l].w.set(w.flat());
        network.layers[l].b.set(b);
      });
      network.turn();
      return network;
    }

    weights() {
      return this.layers.map(({ w, b, inputs }) =>
        [Array.from(b, (_, o) => Array.from(w.slice(o * inputs, (o + 1) * inputs))), Array.from(b)]);
    }

    turn() {
      for (const { w, turned, inputs, outputs } of this.layers)
        for (let o = 0, k = 0; o < outputs; o++)
          for (let i = 0; i < inputs; i++, k++) turned[i * outputs + o] = w[k];
    }

    /* Room for `n` rows on their way: `name` keeps apart what is needed at the same time. */
    pass(n, name) {
      const rows = (d) => ({ n, d, a: this.room.array(n * d) });
      return this.passes[`${name} ${n}`] ??= {
        n, values: this.sizes.map(rows), // the input, and what every layer puts out
        deltas: this.layers.map((layer) => rows(layer.outputs)), // gradients of every layer's sums
        slopes: rows(this.sizes[0]), // the gradient at the input
        along: this.sizes.map(rows), mixed: this.layers.map((layer) => rows(layer.inputs)),
      };
    }

    /* y = x W^T, without the bias: row by row of `x`, into `y`, which is zero or holds the bias. */
    through(layer, x, y) {
      this.room.multiply(y, x, layer.turned, y.length / layer.outputs, layer.inputs, layer.outputs,
        layer.inputs, 1);
    }

    forward(x, name = "") { // keeps what `back` needs
      const pass = this.pass(x.n, name);
      pass.values[0].a.set(x.a);
      this.layers.forEach((layer, l) => {
        const y = pass.values[l + 1].a;
        for (let at = 0; at < y.length; at += layer.outputs) y.set(layer.b, at);
        this.through(layer, pass.values[l].a, y);
        if (l < this.layers.length - 1) this.room.bend(y, y);
      });
      pass.output = pass.values[this.layers.length];
      return pass;
    }

    /* What the network makes of any number of rows, as a batch of its own. */
    map(x) {
      const last = this.sizes[this.layers.length], out = batch(x.n, last), part = batch(CHUNK, x.d);
      for (let at = 0; at < x.n; at += CHUNK) {
        part.a.set(x.a.subarray(at * x.d, (at + CHUNK) * x.d));
        const made = this.forward(part, "look").output.a;
        out.a.set(made.subarray(0, Math.min(CHUNK, x.n - at) * last), at * last);
      }
      return out;
    }

    /* From the gradient of the output to that of the input; the gradient of every layer's sums is
       kept in `pass.deltas`. */
    back(pass, gradient) {
      let l = this.layers.length - 1;
      pass.deltas[l].a.set(gradient.a);
      for (; l >= 0; l--) {
        const { w, inputs, outputs } = this.layers[l], to = l ? pass.deltas[l - 1].a : pass.slopes.a;
        to.fill(0);
        this.room.multiply(to, pass.deltas[l].a, w, pass.n, outputs, inputs, outputs, 1);
        if (l) this.room.bend(to, pass.values[l].a);
      }
      return pass.slopes;
    }

    /* Add the weights' gradients to what they hold, after `back`: those of a layer are the products
       of its deltas with `inputs`, and each row of deltas counts `shares` times in the bias. */
    learn(pass, inputs = pass.values, shares = null) {
      this.layers.forEach((layer, l) => {
        const g = pass.deltas[l].a, { outputs, gb } = layer;
        this.room.multiply(layer.gw, g, inputs[l].a, outputs, pass.n, layer.inputs, 1, outputs);
        for (let r = 0, k = 0; r < pass.n; r++)
          for (let o = 0, share = shares ? shares.a[r] : 1; o < outputs; o++, k++) gb[o] += share * g[k];
      });
    }

    /* For a network whose output is one logit a: add the gradients of the sum of slopes[r] a(x_r),
       and of the mean of a penalty on the squared length s of each logit's gradient at its point.
       `penalty` is [value, slope], functions of s; the mean of the values is returned.

       That gradient is a product of matrices, w^T ... M_2 W_2 M_1 W_1 with M for the leaky ReLUs. Its
       part behind W_l is delta_l, in a logit as in the penalty. In front of it stand, in a logit, what
       comes into the layer, and in the penalty the vector that begins with 2 slope(s) grad a / n and
       runs through the same matrices forwards. So one product serves both. */
    learnLogits(pass, slopes, penalty = null) {
      const ones = batch(pass.n, 1), { along, mixed, values, n } = pass;
      const g = this.back(pass, { a: ones.a.fill(1) }), d = g.d;
      let total = 0;
      if (penalty)
        for (let r = 0; r < n; r++) {
          let square = 0;
          for (let i = r * d; i < (r + 1) * d; i++) square += g.a[i] ** 2;
          total += penalty[0](square) / n;
          const factor = 2 * penalty[1](square) / n;
          for (let i = r * d; i < (r + 1) * d; i++) along[0].a[i] = factor * g.a[i];
        }
      this.layers.forEach((layer, l) => {
        const m = mixed[l].a, v = values[l].a, u = along[l].a;
        for (let r = 0, k = 0; r < n; r++)
          for (let i = 0, share = slopes.a[r]; i < layer.inputs; i++, k++)
            m[k] = share * v[k] + (penalty ? u[k] : 0);
        if (penalty && l < this.layers.length - 1) {
          this.through(layer, u, along[l + 1].a.fill(0));
          this.room.bend(along[l + 1].a, values[l + 1].a);
        }
      });
      this.learn(pass, mixed, slopes);
      return total;
    }

    /* Descend along the gradients, which are then zero: Adam, or plain descent without `betas`. */
    descend(lr, betas) {
      const [beta1, beta2] = betas ?? [0, 0], t = betas ? ++this.updates : 0;
      const size = lr / (1 - beta1 ** t), root = Math.sqrt(1 - beta2 ** t);
      for (const { w, gw, mw, vw, b, gb, mb, vb } of this.layers)
        for (const [p, g, m, v] of [[w, gw, mw, vw], [b, gb, mb, vb]])
          for (let i = 0; i < p.length; i++) {
            if (betas) {
              m[i] = beta1 * m[i] + (1 - beta1) * g[i];
              v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
              p[i] -= size * m[i] / (Math.sqrt(v[i]) / root + 1e-8);
            } else p[i] -= lr * g[i];
            g[i] = 0;
          }
      this.turn();
    }

    /* Move a little toward another network of the same sizes, of which this one is the average. */
    follow(other, decay) {
      this.layers.forEach((layer, l) => {
        for (const name of ["w", "b"])
          for (let i = 0, mean = layer[name], now = other.layers[l][name]; i < mean.length; i++)
            mean[i] += (1 - decay) * (now[i] - mean[i]);
      });
      this.turn();
    }

    forget() { // how Adam came here
      this.updates = 0;
      for (const { mw, mb, vw, vb } of this.layers) for (const a of [mw, mb, vw, vb]) a.fill(0);
    }

    // --- To another thread and back: weights and Adam's moments ----------------------------------

    arrays() {
      return this.layers.flatMap(({ w, b, mw, mb, vw, vb }) => [w, b, mw, mb, vw, vb]);
    }

    pack() {
      const arrays = this.arrays(), out = new Float64Array(1 + arrays.reduce((n, a) => n + a.length, 0));
      out[0] = this.updates;
      arrays.reduce((at, a) => (out.set(a, at), at + a.length), 1);
      return out;
    }

    unpack(packed) {
      this.updates = packed[0];
      this.arrays().reduce((at, a) => (a.set(packed.subarray(at, at + a.length)), at + a.length), 1);
      this.turn();
    }
  }

  scope.ganNetworks = { Network, batch, normals, random };
};
ganParts.networks(globalThis);
