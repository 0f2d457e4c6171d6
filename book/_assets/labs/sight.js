/* What is seen of the two players: fakes, the discriminator's verdicts, its gradient, the generator's
   grid. It is computed where they are trained, beside the page, and only drawn in the page. */
"use strict";
globalThis.ganParts ??= {};
ganParts.sight = function (scope) {
  const { EXTENT } = scope.ganPlane;

  const SHOWN = 160, FIELD = 32; // fakes that are drawn; cells of the ground along an edge
  const LINES = 15, FAR = 2.4; // of the grid of latent codes, and how far out it reaches
  const points = (list) => ({ n: list.length / 2, d: 2, a: Float64Array.from(list) });

  // The middle of every cell of the ground, and the latent grid: rows of codes, first along one axis.
  const middles = points(Array.from({ length: FIELD * FIELD }, (_, i) => [
    EXTENT * (2 * (i % FIELD + 0.5) / FIELD - 1),
    EXTENT * (1 - 2 * (Math.floor(i / FIELD) + 0.5) / FIELD)]).flat());
  const FINE = 3 * (LINES - 1) + 1, place = (i, of) => FAR * (2 * i / (of - 1) - 1);
  const lattice = points([0, 1].flatMap((axis) => Array.from({ length: LINES * FINE }, (_, i) => {
    const code = [place(i % FINE, FINE), place(Math.floor(i / FINE), LINES)];
    return axis ? code.reverse() : code;
  })).flat());

  function verdicts(D, real, fakes, loss) { // logits, from where reals and fakes are on average
    const values = D.map(middles).a;
    if (loss === "relativistic" || loss === "wasserstein") { // their zero means nothing
      const mean = (batch) => D.map(batch).a.reduce((s, v) => s + v) / batch.n;
      const level = real.n ? (mean(real) + mean(fakes)) / 2 : mean(fakes);
      for (let i = 0; i < values.length; i++) values[i] -= level;
    }
    return values;
  }

  /* Of the players, with these settings: the fakes of `codes`, and what D says of them and the reals. */
  function sight({ game, average }, { averaged, grid, arrows, loss }, { real, codes }) {
    const generator = averaged ? average : game.generator, fakes = generator.map(codes);
    return { fakes, ground: verdicts(game.discriminator, real, fakes, loss),
      grid: grid ? generator.map(lattice).a : null,
      pull: arrows && real.n ? game.pull(real, points(fakes.a.subarray(0, 2 * SHOWN))).pull.a : null };
  }

  scope.ganSight = { SHOWN, FIELD, FINE, points, sight };
};
ganParts.sight(globalThis);
