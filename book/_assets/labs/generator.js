/* The shipped football generator in plain JavaScript: the numbers of the PyTorch network.

   `football-weights.js`, written when the book is built (tools/export_generator.py), holds the
   weights as 16-bit floats with batch norm folded in, one after the other: for each layer first
   weight[ky][kx][in][out], then bias[out]. Maps are stored pixel by pixel, channels last. */
"use strict";
(function () {
  function halves(base64) { // little-endian IEEE 754 half precision to numbers
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer), out = new Float32Array(bytes.length / 2);
    for (let i = 0; i < out.length; i++) {
      const bits = view.getUint16(2 * i, true);
      const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
      out[i] = sign * (exponent
        ? 2 ** (exponent - 15) * (1 + fraction / 1024)
        : 2 ** -14 * fraction / 1024);
    }
    return out;
  }

  class Generator {
    constructor({ latent, channels, data }) {
      const numbers = halves(data);
      this.latent = latent;
      this.layers = [];
      let start = 0;
      const take = (count) => numbers.subarray(start, (start += count));
      for (let l = 0, inputs = latent; l < channels.length; inputs = channels[l++])
        this.layers.push({ inputs, outputs: channels[l], w: take(16 * inputs * channels[l]),
          b: take(channels[l]) });
      this.size = 2 ** (channels.length + 1);
    }

    /* Map a latent code to size * size * 3 numbers in [-1, 1]. */
    forward(z) {
      return this.maps(z).pop();
    }

    /* The code, the map behind every layer, and last the picture. */
    maps(z) {
      const maps = [Float64Array.from(z)];
      this.layers.forEach((layer, l) => {
        const y = transposed(maps[l], layer, ...geometry(l)), last = l === this.layers.length - 1;
        for (let i = 0; i < y.length; i++) y[i] = last ? Math.tanh(y[i]) : Math.max(0, y[i]);
        maps.push(y);
      });
      return maps;
    }

    /* From the slope of a number in every value of the picture to its slope in the code. */
    backward(maps, slope) {
      const picture = maps[maps.length - 1];
      let g = slope.map((value, i) => value * (1 - picture[i] ** 2)); // tanh
      for (let l = this.layers.length - 1; l >= 0; l--)
        g = gathered(g, maps[l], this.layers[l], ...geometry(l), l > 0);
      return g;
    }
  }

  // The first layer makes a 4x4 map of one pixel, the others double the side.
  const geometry = (l) => (l === 0 ? [1, 1, 0] : [2 ** (l + 1), 2, 1]); // side, stride, padding

  const doubled = (side, stride, padding) => (side - 1) * stride - 2 * padding + 4;

  /* Visit every pair of an input and an output pixel that a 4x4 stamp connects: where their
     channels begin, and which of the 16 numbers of the stamp connects them. */
  function stamps(inputs, outputs, side, stride, padding, visit) {
    const wide = doubled(side, stride, padding);
    for (let iy = 0; iy < side; iy++)
      for (let ix = 0; ix < side; ix++)
        for (let k = 0; k < 16; k++) {
          const oy = iy * stride - padding + (k >> 2), ox = ix * stride - padding + (k & 3);
          if (oy >= 0 && ox >= 0 && oy < wide && ox < wide)
            visit((iy * side + ix) * inputs, (oy * wide + ox) * outputs, k);
        }
  }

  /* A transposed convolution with a 4x4 kernel: every input pixel adds its stamp to the output. */
  function transposed(x, { inputs, outputs, w, b }, ...sizes) {
    const y = new Float64Array(doubled(...sizes) ** 2 * outputs);
    for (let i = 0; i < y.length; i += outputs) y.set(b, i);
    stamps(inputs, outputs, ...sizes, (from, to, k) => {
      for (let c = 0; c < inputs; c++) {
        const value = x[from + c];
        if (value === 0) continue; // half of them are, behind a ReLU
        for (let o = 0, at = (k * inputs + c) * outputs; o < outputs; o++)
          y[to + o] += value * w[at + o];
      }
    });
    return y;
  }

  /* Its transpose: every input pixel collects what its stamp has touched. Behind a ReLU (`relu`)
     an input that is zero had no say. */
  function gathered(g, x, { inputs, outputs, w }, side, stride, padding, relu) {
    const out = new Float64Array(x.length);
    stamps(inputs, outputs, side, stride, padding, (from, to, k) => {
      for (let c = 0; c < inputs; c++) {
        if (relu && x[from + c] === 0) continue;
        let sum = 0;
        for (let o = 0, at = (k * inputs + c) * outputs; o < outputs; o++)
          sum += g[to + o] * w[at + o];
        out[from + c] += sum;
      }
    });
    return out;
  }

  /* A point on the spherical path between two codes, as in gan_tutorial.plots.interpolate: the
     direction turns evenly, and the length changes evenly. */
  function between(a, b, t) {
    const dot = (u, v) => u.reduce((sum, value, i) => sum + value * v[i], 0);
    const [na, nb] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
    const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (na * nb))));
    if (!(angle > 1e-3 && angle < Math.PI - 1e-3))
      return a.map((value, i) => (1 - t) * value + t * b[i]);
    const length = ((1 - t) * na + t * nb) / Math.sin(angle);
    const [p, q] = [Math.sin((1 - t) * angle) / na, Math.sin(t * angle) / nb];
    return a.map((value, i) => length * (p * value + q * b[i]));
  }

  window.ganGenerator = { Generator, between, halves };
})();
