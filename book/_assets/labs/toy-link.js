/* Settings of the laboratory of two players: what each may be, and how a link says them. */
"use strict";
(function () {
  const { RECIPE } = window.ganPlayers, { DATA, read } = window.ganPlane, { LOSSES } = window.ganGame;

  // How it is shown; not part of a recipe.
  const VIEW = { speed: "1", seed: 0, averaged: false, grid: false, arrows: true };
  const DEFAULTS = { ...RECIPE, ...VIEW };
  const RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 4e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5];
  const layers = [1, 2, 3, 4], units = [8, 16, 32, 64], yes = [true, false];
  const ALLOWED = {
    data: [...Object.keys(DATA), "drawn"], loss: LOSSES, penalty: ["r1r2", "gp", "none"],
    dSteps: [1, 2, 3, 4, 5], optimizer: ["adam", "sgd"], lrG: RATES, lrD: RATES,
    beta1: ["0", "0.5", "0.9"], layersG: layers, unitsG: units, layersD: layers, unitsD: units,
    start: ["random", "pretrained"], speed: ["slow", "1", "10"], averaged: yes, grid: yes, arrows: yes,
  };

  /* The value that a text stands for, or undefined if it is none. */
  function value(name, text) {
    if (name === "drawing") return read(text) ? text : undefined;
    if (name === "seed") return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
    return ALLOWED[name]?.find((allowed) => String(allowed) === text);
  }

  /* Only what differs from the chapter's recipe stands in a link. */
  function query(set) {
    const out = new URLSearchParams();
    for (const [name, usual] of Object.entries(DEFAULTS))
      if (set[name] !== usual && (name !== "drawing" || set.data === "drawn")) out.set(name, set[name]);
    return out.toString() || "data=ring";
  }

  /* [settings, what was refused and why]. */
  function understood(parameters) {
    const set = { ...DEFAULTS }, refused = [];
    for (const [name, text] of parameters) {
      const found = value(name, text);
      if (found !== undefined) set[name] = found;
      else refused.push(name in DEFAULTS ? `${name}=${text.slice(0, 20)}` : name.slice(0, 20));
    }
    if (set.data === "drawn" && !set.drawing) {
      refused.push("a drawing without points");
      set.data = DEFAULTS.data;
    }
    const words = refused.length
      ? `The link asks for ${refused.join(", ")}, which this laboratory does not know; the recipe's is used.`
      : "";
    return [set, words];
  }

  window.ganToyLink = { DEFAULTS, ALLOWED, RATES, query, understood };
})();
