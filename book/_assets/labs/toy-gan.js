/* The laboratory of two players: two small networks trained in the page, one player at a time if wanted. */
"use strict";
(function () {
  const { normals, random } = window.ganNetworks, { EQUILIBRIUM } = window.ganGame;
  const { DATA, MOST, sample, covered } = window.ganPlane;
  const { Players, RECIPE, AHEAD } = window.ganPlayers;
  const { DEFAULTS, ALLOWED, RATES, query, understood } = window.ganToyLink;
  const { SHOWN, points, sight } = window.ganSight;
  const { plane, losses, distances } = window.ganToyPicture;
  const { make, key, button, select, slider, number, check, fold, teller, speaker, onTheme, still } =
    window.ganLabs;

  const COUNTED = 400, BUDGET = 40; // fakes that are counted; milliseconds of training for a picture
  const LOSSES = { relativistic: "relativistic", "non-saturating": "non-saturating",
    minimax: "saturating (minimax)", hinge: "hinge", wasserstein: "Wasserstein" };
  const PENALTIES = { "r1r2": "R1 and R2, \u03b3 = 0.1", gp: "gradient penalty, \u03bb = 1", none: "none" };
  // One change: with momentum all fakes run after the discriminator, and past it, together.
  const COLLAPSE = { ...RECIPE, beta1: "0.9" };

  window.ganLabs.start["toy-gan"] = function (bench, atOnce) {
    const set = { ...DEFAULTS }, trainer = new window.ganTrainer.Trainer();
    let players, real, codes, fakes, before, timer, preparing, spokenOf, running = false, noticed = -Infinity;

    // --- The game ---------------------------------------------------------------------------

    const some = (count) => (players.data.means.length ? count : 0); // a drawing may be empty
    function interrupt() {
      trainer.forget(), clearTimeout(timer);
      noticed = -Infinity;
    }

    function begin() {
      players = new Players(set);
      real = points(sample(players.data, some(SHOWN), players.rng));
      codes = normals(COUNTED, 2, players.rng);
      before = preparing = null;
    }

    function reset() {
      interrupt();
      begin();
      if (!players.ahead && some(1)) players.measure();
      look();
      if (players.ahead) ready(() => {});
      else if (running) wait();
    }

    // In the middle of a run. What is being trained at the moment is trained again.
    function change(changes) {
      interrupt();
      Object.assign(set, changes);
      players.apply(set);
      look();
      if (preparing) prepare();
      else if (running) wait();
    }

    function ready(action) { // do it once a pretrained start is reached
      if (!players.ahead) return action();
      const fresh = !preparing;
      preparing = action;
      if (fresh) prepare();
    }

    function prepare() {
      if (some(1)) trainer.train(players, set, AHEAD, BUDGET, () => {
        const action = preparing;
        if (!players.ahead) preparing = null, players.measure();
        look();
        if (players.ahead) timer = setTimeout(prepare, 0);
        else if (running) wait();
        else action();
      });
    }

    const modes = () => (players.data.clumps ? covered(players.data, fakes.a) : null);

    // --- What is seen and said ----------------------------------------------------------------

    const view = plane(), chart = losses(), far = distances();
    const spoken = speaker(), short = (v) => Math.abs(v) < 1e4 ? v.toFixed(3) : v.toExponential(2);
    const [told, words] = teller("Step 100000. D's loss \u22121000.000 (\u22120.000 when it can only " +
      "guess), G's loss \u22121000.000. 8 of 8 clumps reached; 100% of the fakes lie in one. " +
      "Divergence 0.000 (0.000 for as many new reals).");

    function account() {
      const { step, d, g, curve, floor } = players, count = modes(), last = curve.at(-1);
      const end = (list) => (list.length ? short(list.at(-1)) : "\u2013");
      const [from, of] = set.averaged ? [last?.average, "averaged fakes"] : [last?.now, "fakes"];
      return `Step ${step}. D's loss ${end(d)} (${EQUILIBRIUM[set.loss].toFixed(3)} when it can only ` +
        `guess), G's loss ${end(g)}.` + (count ? ` ${count.covered} of ${count.of} clumps reached; ` +
          `${Math.round(100 * count.near)}% of the ${of} lie in one.` : "") + (last && floor !== null
        ? ` Divergence ${from.toFixed(3)} (${floor.toFixed(3)} for as many new reals).` : "");
    }

    function look(seen = sight(players, set, { real, codes })) { // bring all that is shown up to date
      fakes = seen.fakes;
      if (!fakes.a.every(Number.isFinite)) {
        preparing = null;
        pause();
        words.textContent = `Step ${players.step}: the numbers have overflowed. Reset, with lower rates.`;
      } else {
        view.show({ seen, real, before });
        chart.show({ players, set });
        far.show({ players });
        if (performance.now() > noticed) words.textContent = players.ahead
          ? `Pretraining: ${AHEAD - players.ahead} of ${AHEAD} steps of the chapter's recipe.` : account();
      }
      if (!running || players.step !== spokenOf) spoken.say(words.textContent);
      spokenOf = players.step;
    }

    function notice(text) { // stays for a while
      noticed = performance.now() + 4000;
      words.textContent = text;
      spoken.say(text);
    }

    // --- Time ---------------------------------------------------------------------------------

    const empty = () => {
      if (some(1)) return false;
      pause();
      notice("There are no data. Draw something, or choose a shape.");
      return true;
    };

    function one(player) { // a single move, shown
      if (empty()) return;
      noticed = -Infinity;
      before = player === "G" ? fakes?.a : null;
      if (player === "D") players.discriminatorMoves();
      else players.generatorMoves();
      look();
    }

    function tick() {
      if (set.speed === "slow") {
        one(players.turn);
        if (running) wait();
      } else {
        before = null;
        trainer.train(players, set, Number(set.speed), BUDGET, (seen) => {
          if (running) wait();
          look(seen);
        }, { real, codes });
      }
    }

    // Whoever asked for less motion sees a picture a second; a worker need not wait for the page.
    const rest = () => (trainer.worker && set.speed === "10" ? 0 : 16);
    const wait = () => {
      timer = setTimeout(tick, set.speed === "slow" ? 800 : still() ? 1000 : rest());
    };

    function run() {
      if (running || empty()) return;
      running = true;
      play.textContent = "Pause";
      if (players.ahead) ready(() => {});
      else wait();
    }

    function pause() {
      trainer.forget();
      clearTimeout(timer);
      running = false;
      play.textContent = "Run";
      if (preparing) prepare();
    }

    function hurry() { // for who has not chosen a speed
      fields.speed.set(set.speed = "10");
      run();
    }

    const pen = window.ganToyPen(view, (drawing) => {
      fields.data.set("drawn");
      if (!drawing) pause();
      Object.assign(set, { data: "drawn", drawing });
      players.apply(set);
      real = points(sample(players.data, some(SHOWN), random(set.seed)));
      change({});
      if (!empty() && pen.full()) notice(`The drawing is full: ${MOST} points. Take some back.`);
    });

    // --- Controls -----------------------------------------------------------------------------
    const play = button("Run", () => (running ? (pause(), look()) : run()), { class: "lab-toggle" });
    const mover = (player, title) =>
      button(`${player} moves`, () => { pause(); ready(() => one(player)); }, { title });
    const afresh = (changes) => { Object.assign(set, changes); reset(); };
    const named = (list) => Object.fromEntries(list.map((value) => [value, value]));
    const choice = (text, name, options, act = change) => select(text, options, String(set[name]),
      (chosen) => act({ [name]: ALLOWED[name].find((value) => String(value) === chosen) }));
    const rate = (text, name) => {
      const field = slider(text, [0, RATES.length - 1, 1], RATES.indexOf(set[name]),
        (index) => String(RATES[index]), (index) => change({ [name]: RATES[index] }));
      const { set: place } = field;
      field.set = (value) => place(RATES.indexOf(value));
      return field;
    };
    const toggle = (text, name) => check(text, set[name], (on) => change({ [name]: on }));
    const fields = {
      data: choice("Data", "data", { ...Object.fromEntries(Object.entries(DATA).map(([k, d]) => [k, d.name])),
        drawn: "your drawing" }, ({ data }) => {
        if (data !== "drawn") pen.lay(false);
        afresh({ data, drawing: pen.text() });
      }),
      speed: choice("Speed", "speed", { slow: "slow motion: one move at a time", 1: "one step a picture",
        10: "up to ten steps a picture" }),
      loss: choice("Loss", "loss", LOSSES, (changes) => {
        players.d = [], players.g = []; // losses of another kind
        change(changes);
      }),
      penalty: choice("Penalty on D", "penalty", PENALTIES),
      dSteps: slider("Moves of D for one of G", [1, 5, 1], set.dSteps, String, (dSteps) => change({ dSteps })),
      optimizer: choice("Optimizer", "optimizer", { adam: "Adam", sgd: "SGD" }),
      lrG: rate("Learning rate of G", "lrG"),
      lrD: rate("Learning rate of D", "lrD"),
      beta1: choice("Adam's \u03b21", "beta1", named(ALLOWED.beta1)),
      layersG: choice("Hidden layers of G", "layersG", named(ALLOWED.layersG), afresh),
      unitsG: choice("Units of G", "unitsG", named(ALLOWED.unitsG), afresh),
      layersD: choice("Hidden layers of D", "layersD", named(ALLOWED.layersD), afresh),
      unitsD: choice("Units of D", "unitsD", named(ALLOWED.unitsD), afresh),
      start: choice("Start from", "start", { random: "random weights",
        pretrained: `${AHEAD} steps of the recipe` }, afresh),
      averaged: toggle("fakes of the averaged generator", "averaged"),
      grid: toggle("the generator's grid", "grid"),
      arrows: toggle("arrows: D's gradient", "arrows"),
      seed: number("Seed", [0, 9999], set.seed, (seed) => {
        pause();
        afresh({ seed });
      }, (sentence) => {
        pause();
        notice(`${sentence} It stays ${set.seed}.`);
      }),
    };
    const group = (title, ...names) =>
      fold(title, make("div", { class: "lab-fields" }, ...names.map((name) => fields[name])));

    function use(recipe) {
      Object.assign(set, recipe);
      if (set.data === "drawn") pen.use(set.drawing);
      else pen.lay(false);
      for (const [name, field] of Object.entries(fields)) field.set(set[name]);
      pause();
      reset();
      run();
    }

    const address = () => `${location.href.split("#")[0]}#toy-gan?${query(set)}`;
    async function copy() {
      history.replaceState(null, "", address());
      try {
        await navigator.clipboard.writeText(address());
        notice("The link to this laboratory, with these settings, is copied.");
      } catch { notice("The browser does not let the page copy: take the link from its address bar."); }
    }

    function restore(parameters) { // from a link
      const [settings, words] = understood(parameters);
      use(settings);
      if (still()) pause();
      if (words) notice(words);
    }

    const legend = (...entries) => make("p", { class: "lab-legend" }, ...entries);
    bench.append(
      make("div", { class: "lab-views" },
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Training" }, play,
          mover("D", "one update of the discriminator"), mover("G", "one update of the generator"),
          button("Reset", () => { pause(); reset(); })),
        pen.plane,
        legend(key("real", "\u25cf", "real"), key("fake", "\u2715", "fake"),
          key("generator", "\u2192", "where D's gradient sends a fake"),
          key("faint", "+ \u2212", "ground where D says real, fake"))),
      make("div", { class: "lab-controls" },
        told,
        make("div", { class: "lab-buttons", role: "group", "aria-label": "Recipes" },
          button("Cause mode collapse", () => use(COLLAPSE)),
          button("The chapter's recipe", () => use(RECIPE)), button("Copy link", copy)),
        make("div", { class: "lab-fields" }, fields.data, fields.speed),
        fold("Draw your own data", ...pen.tools),
        group("Game", "loss", "penalty", "dSteps"),
        group("Learning", "optimizer", "lrG", "lrD", "beta1"),
        group("Networks", "layersG", "unitsG", "layersD", "unitsD", "start"),
        group("Show", "averaged", "grid", "arrows", "seed")),
      make("div", { class: "lab-charts" },
        make("div", {}, chart, legend(key("discriminator", "\u2014", "D's loss"),
          key("generator", "- -", "G's loss"), key("faint", "\u2025", "D's loss when it can only guess"))),
        make("div", {}, far, legend(key("generator", "\u2014", "divergence of G from the data"),
          key("ink", "- -", "of its average"), key("faint", "\u2025", "of as many new reals")))),
      spoken);
    onTheme(() => look());
    if (atOnce) begin(), words.textContent = "Step 0."; // in a moment the worker has seen more
    else reset();
    return { set, step: () => players.step, game: () => players.game, players: () => players, modes, use,
      run, hurry, pause, running: () => running, address, restore, trainer };
  };
})();
