/* Products of matrices and what goes with them, fast: WebAssembly with two numbers at a time, or plain JavaScript where a
   browser has none. Both compute in double precision and add in the same order: the numbers are the same.

   A matrix is a Float64Array, row by row. The program for WebAssembly has two functions; they are written out
   below, instruction by instruction, so that nothing needs to be compiled before the page is served. */
"use strict";
globalThis.ganParts ??= {};
ganParts.kernels = function (scope) {
  const SLOPE = 0.2; // of the leaky ReLU, as in gan_tutorial.models.mlp
  const ROWS = 4, COLUMNS = 4; // computed at a time: as many sums as there are registers for

  // --- Instructions ----------------------------------------------------------------------------

  const I32 = 0x7f, V128 = 0x7b;
  const leb = (n) => (n < 128 ? [n] : [n % 128 + 128, ...leb(Math.floor(n / 128))]); // LEB128, n >= 0
  const simd = (n) => [0xfd, ...leb(n)];
  let names; // of the parameters and variables of the function that is being written
  const get = (name) => [0x20, names.indexOf(name)], set = (name) => [0x21, names.indexOf(name)];
  const constant = (n) => [0x41, n]; // 0 <= n < 64
  const [ADD, SUB, MULTIPLY] = [0x6a, 0x6b, 0x6c];
  const step = (name, by, operation = ADD) =>
    [...get(name), ...(typeof by === "string" ? get(by) : constant(by)), operation, ...set(name)];
  const put = (name, from) => [...get(from), ...set(name)];
  const loop = (counter, by, ...body) => // do ... while ((counter -= by) != 0)
    [0x03, 0x40, ...body.flat(), ...step(counter, by, SUB), ...get(counter), 0x0d, 0, 0x0b];
  const load = (at, offset) => [...get(at), ...simd(0x00), 3, ...leb(offset)]; // two numbers
  const twice = (at) => [...get(at), ...simd(0x0a), 3, 0]; // one number, in both places
  const store = (at, offset, value) => [...get(at), ...value, ...simd(0x0b), 3, ...leb(offset)];
  const [times, plus, above, choose] = [0xf2, 0xf0, 0x4a, 0x52].map(simd);
  const both = (number) => { // the same number in both places
    const eight = [...new Uint8Array(new Float64Array([number]).buffer)];
    return [...simd(0x0c), ...eight, ...eight];
  };

  function written(parameters, counters, vectors, body) {
    names = [...parameters, ...counters, ...vectors];
    const code = [2, counters.length, I32, vectors.length, V128, ...body(), 0x0b];
    return { type: [0x60, parameters.length, parameters.map(() => I32), 0], code };
  }

  // --- C += A B. Addresses and steps are in bytes: A[r, k] lies at a + r aRow + k aStep ---------

  const rows = [0, 1, 2, 3], halves = [0, 1];
  const each = (write) => rows.flatMap((r) => halves.flatMap((h) => write(r, h, `sum${r}${h}`)));
  const from = (first, stride, base) => // addresses of four rows, one stride apart
    rows.flatMap((r) => (r ? [...get(`${first}${r - 1}`), ...get(stride), ADD, ...set(`${first}${r}`)]
      : put(`${first}0`, base)));
  const multiply = written(
    ["c", "a", "b", "rows", "inner", "columns", "aRow", "aStep"],
    ["width", "left", "k", "at", "to", ...rows.flatMap((r) => [`a${r}`, `c${r}`])],
    ["value", ...halves.map((h) => `b${h}`), ...each((r, h, sum) => [sum])],
    () => [
      ...get("columns"), ...constant(8), MULTIPLY, ...set("width"),
      ...loop("rows", ROWS,
        put("left", "columns"), put("to", "b"), from("c", "width", "c"),
        loop("left", COLUMNS,
          put("k", "inner"), put("at", "to"), from("a", "aRow", "a"),
          each((r, h, sum) => [...load(`c${r}`, 16 * h), ...set(sum)]),
          loop("k", 1,
            halves.flatMap((h) => [...load("at", 16 * h), ...set(`b${h}`)]),
            rows.flatMap((r) => [...twice(`a${r}`), ...set("value"),
              ...halves.flatMap((h) => [...get(`sum${r}${h}`), ...get("value"), ...get(`b${h}`),
                ...times, ...plus, ...set(`sum${r}${h}`)]),
              ...step(`a${r}`, "aStep")]),
            step("at", "width")),
          each((r, h, sum) => store(`c${r}`, 16 * h, get(sum))),
          rows.flatMap((r) => step(`c${r}`, 8 * COLUMNS)), step("to", 8 * COLUMNS)),
        rows.flatMap(() => [...step("a", "aRow"), ...step("c", "width")])),
    ]);

  // --- Times the slope wherever another number, `b`, is not above zero ---------------------------

  const bend = written(["a", "b", "count"], [], [], () =>
    loop("count", 2,
      store("a", 0, [...load("a", 0), ...both(1), ...both(SLOPE), ...load("b", 0), ...both(0),
        ...above, ...choose, ...times]),
      step("a", 16), step("b", 16)));

  // --- The module ------------------------------------------------------------------------------

  const functions = { multiply, bend };
  const list = (items) => [items.length, ...items];
  const text = (word) => list(Array.from(word, (c) => c.charCodeAt(0)));
  const sized = (content) => [...leb(content.length), ...content];
  const section = (id, content) => [id, ...sized(content.flat(4))];
  const all = Object.values(functions);
  const bytes = new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // "\0asm", version 1
    ...section(1, list(all.map(({ type }) => type))),
    ...section(2, [1, text("m"), text("m"), 2, 0, 1]), // the memory is given
    ...section(3, list(all.map((_, i) => i))), // each function is of its own type
    ...section(7, list(Object.keys(functions).map((name, i) => [text(name), 0, i]))), // handed out
    ...section(10, list(all.map(({ code }) => sized(code)))),
  ]);

  /* The program, or null where WebAssembly is missing, has no vectors, or is forbidden. */
  function compiled() {
    try {
      return new WebAssembly.Module(bytes);
    } catch {
      return null;
    }
  }
  const program = compiled();

  // --- The same in plain JavaScript, for any shape ---------------------------------------------

  function plain(c, a, b, rows, inner, columns, aRow, aStep) {
    for (let r = 0, to = 0; r < rows; r++, to += columns) {
      let k = 0, from = r * aRow, t = 0;
      for (; k + 3 < inner; k += 4, from += 4 * aStep, t += 4 * columns) { // C is touched once for four
        const a0 = a[from], a1 = a[from + aStep], a2 = a[from + 2 * aStep], a3 = a[from + 3 * aStep];
        for (let j = to, i = t; j < to + columns; j++, i++)
          c[j] = c[j] + a0 * b[i] + a1 * b[i + columns] + a2 * b[i + 2 * columns] +
            a3 * b[i + 3 * columns];
      }
      for (; k < inner; k++, from += aStep)
        for (let j = to, value = a[from]; j < to + columns; j++, t++) c[j] += value * b[t];
    }
  }

  // --- Memory ----------------------------------------------------------------------------------

  /* A place for matrices, of a fixed number of bytes; it goes when its matrices are forgotten. */
  class Workspace {
    constructor(size = 24 << 20, fast = true) {
      this.top = 0;
      if (fast && program) {
        const memory = new WebAssembly.Memory({ initial: size >> 16 });
        this.buffer = memory.buffer;
        this.fast = new WebAssembly.Instance(program, { m: { m: memory } }).exports;
      } else this.buffer = new ArrayBuffer(size);
    }

    array(length) {
      const at = this.top;
      this.top += 16 * Math.ceil(length / 2);
      if (this.top > this.buffer.byteLength)
        throw new RangeError("The networks are too large for their workspace.");
      return new Float64Array(this.buffer, at, length);
    }

    /* C += A B. C has `rows` by `columns`, B `inner` by `columns` numbers; A[r, k] is
       a[r * aRow + k * aStep], so that a transposed A needs no copy. All three lie in here. */
    multiply(c, a, b, rows, inner, columns, aRow, aStep) {
      if (this.fast && rows % ROWS === 0 && columns % COLUMNS === 0)
        this.fast.multiply(c.byteOffset, a.byteOffset, b.byteOffset, rows, inner, columns, 8 * aRow, 8 * aStep);
      else plain(c, a, b, rows, inner, columns, aRow, aStep);
    }

    /* Through the leaky ReLU: a value counts SLOPE times where `before` is not above zero. */
    bend(values, before) {
      const n = values.length;
      if (this.fast && n % 2 === 0) this.fast.bend(values.byteOffset, before.byteOffset, n);
      else for (let i = 0; i < n; i++) if (!(before[i] > 0)) values[i] *= SLOPE;
    }
  }

  scope.ganKernels = { Workspace, SLOPE, fast: Boolean(program) };
};
ganParts.kernels(globalThis);
