/* The two players of the laboratory: networks, data and what is remembered of a run. It trains in the
   page or in a worker: `pack` is all that the other one needs to go on. */
"use strict";
globalThis.ganParts ??= {};
ganParts.players = function (scope) {
  const { Network, batch, normals, random } = scope.ganNetworks;
  const { DATA, drawing, read, sample, masses, counts, jensenShannon } = scope.ganPlane;

  const BATCH = 128, KEPT = 300, COUNTED = 2000, EVERY = 10;
  const BETA2 = 0.9; // the same for every beta1, so that a change of one is a change of one
  const DECAY = 0.99; // of the averaged generator
  const AHEAD = 500; // steps of the recipe before a pretrained start
  const RECIPE = { data: "ring", drawing: "", loss: "relativistic", penalty: "r1r2", dSteps: 1,
    optimizer: "adam", lrG: 4e-3, lrD: 4e-3, beta1: "0", layersG: 3, unitsG: 64, layersD: 3,
    unitsD: 64, start: "random" };

  const sizes = (layers, units, outputs) => [2, ...Array(Number(layers)).fill(Number(units)), outputs];

  class Players {
    constructor(set) {
      this.rng = random(set.seed + 1);
      const network = (...size) => new Network(sizes(...size), this.rng);
      const generator = network(set.layersG, set.unitsG, 2);
      const discriminator = network(set.layersD, set.unitsD, 1);
      this.game = new scope.ganGame.Game(generator, discriminator, {});
      this.average = new Network(generator.sizes);
      this.ahead = set.start === "pretrained" ? AHEAD : 0;
      this.apply(set);
      this.begin();
    }

    begin() {
      Object.assign(this, { step: 0, moves: 0, d: [], g: [], curve: [], every: EVERY });
      this.average.unpack(this.game.generator.pack());
      this.game.generator.forget();
      this.game.discriminator.forget();
    }

    /* Settings take effect at once, in the middle of a run. What needs new networks is not among them. */
    apply(set) {
      const now = this.ahead ? { ...RECIPE, data: set.data, drawing: set.drawing } : set;
      const both = now.penalty === "r1r2" ? 0.1 : 0;
      Object.assign(this.game, { loss: now.loss, lrG: now.lrG, lrD: now.lrD,
        betas: now.optimizer === "adam" ? [Number(now.beta1), BETA2] : null,
        r1: both, r2: both, gp: now.penalty === "gp" ? 1 : 0 });
      this.dSteps = now.dSteps;
      const data = `${set.data} ${set.drawing}`;
      if (data !== this.named) {
        this.named = data;
        this.data = set.data === "drawn" ? drawing(read(set.drawing)) : DATA[set.data];
        this.density = this.floor = null;
      }
    }

    draw() {
      return { n: BATCH, d: 2, a: sample(this.data, BATCH, this.rng) };
    }

    get turn() {
      return this.moves < this.dSteps ? "D" : "G";
    }

    discriminatorMoves() {
      const { game, rng } = this, u = Array.from({ length: BATCH }, () => rng.uniform());
      const fake = game.generator.forward(normals(BATCH, 2, rng)).output;
      this.d.push(game.discriminatorStep(this.draw(), fake, u).d_loss);
      this.d.splice(0, this.d.length - KEPT);
      this.moves += 1;
    }

    generatorMoves() {
      const { game } = this;
      this.g.push(game.generatorStep(this.draw(), normals(BATCH, 2, this.rng)).g_loss);
      this.g.splice(0, this.g.length - KEPT);
      this.step += 1;
      this.moves = 0;
      // As gan_tutorial's average, which in the beginning forgets faster.
      this.average.follow(game.generator, Math.min(DECAY, this.step / (this.step + 9)));
      if (this.step % this.every === 0) this.measure();
      if (this.ahead && --this.ahead === 0) this.begin();
    }

    /* Steps, as many as are wanted and as the milliseconds allow; D has as many moves as it may. */
    train(set, steps, milliseconds) {
      this.apply(set);
      if (!this.ahead && !this.curve.length) this.measure();
      const end = performance.now() + milliseconds;
      for (let k = 0; k < steps && performance.now() < end; k++) {
        const ahead = this.ahead;
        while (this.turn === "D") this.discriminatorMoves();
        this.generatorMoves();
        if (ahead && !this.ahead) break; // the pretrained start is reached: settings change
      }
    }

    // --- How far the fakes are from the data ---------------------------------------------------

    /* The divergence of as many fakes, or reals, as there are codes, from the density of the data. */
    divergence(points) {
      this.density ??= masses(this.data);
      return jensenShannon(this.density, counts(points));
    }

    measure() {
      const codes = normals(COUNTED, 2, random(2014));
      this.floor ??= this.divergence(sample(this.data, COUNTED, random(2014))); // as many new reals
      this.curve.push({ step: this.step, now: this.divergence(this.game.generator.map(codes).a),
        average: this.divergence(this.average.map(codes).a) });
      if (this.curve.length > KEPT) { // half as many from now on
        this.every *= 2;
        this.curve = this.curve.filter(({ step }) => step % this.every === 0);
      }
    }

    // --- To another thread and back ------------------------------------------------------------

    networks() {
      return [this.game.generator, this.game.discriminator, this.average];
    }

    pack() {
      const { step, moves, d, g, curve, every, ahead, floor, named } = this;
      return { step, moves, d, g, curve, every, ahead, floor, named, rng: this.rng.state,
        networks: this.networks().map((network) => network.pack()) };
    }

    unpack({ networks, rng, named, floor, ...rest }) {
      Object.assign(this, rest);
      if (named === this.named) this.floor = floor;
      this.rng.state = rng;
      this.networks().forEach((network, i) => network.unpack(networks[i]));
    }
  }

  scope.ganPlayers = { Players, RECIPE, AHEAD, batch };
};
ganParts.players(globalThis);
