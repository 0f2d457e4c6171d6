/* Trains the two players beside the page, in a worker, so that the page never waits; where a browser
   refuses workers, in the page itself. The numbers are the same.

   A page on disk may not load a worker from a file: it is made of the text of the parts that are here. */
"use strict";
(function () {
  const PARTS = ["kernels", "networks", "adversarial", "planeData", "players", "sight"];

  /* In the worker: keeps the networks, as long as they have the same sizes. */
  function worked(scope) {
    let players, shape;
    scope.onmessage = ({ data: { ticket, set, state, steps, milliseconds, shown } }) => {
      const { layersG, unitsG, layersD, unitsD } = set;
      if (shape !== (shape = [layersG, unitsG, layersD, unitsD].join()))
        players = new scope.ganPlayers.Players({ ...set, start: "random" });
      players.unpack(state);
      players.train(set, steps, milliseconds);
      const trained = players.pack(), seen = shown && scope.ganSight.sight(players, set, shown);
      scope.postMessage({ ticket, trained, seen }, trained.networks.map((array) => array.buffer));
    };
  }

  class Trainer {
    constructor() {
      this.ticket = 0;
      try {
        const text = PARTS.map((name) => `(${ganParts[name]})(self);`).join("\n");
        const source = `"use strict";\n${text}\n(${worked})(self);`;
        const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        this.worker = new Worker(address);
        this.worker.onmessage = ({ data }) => {
          if (data.ticket === this.ticket) this.answer(data);
        };
        this.worker.onerror = () => { // it cannot work: what was asked for is done here
          this.worker = null;
          this.again?.();
        };
      } catch {
        this.worker = null; // workers are refused
      }
    }

    /* Train, and call `done` with what is then seen of `shown`, reals and codes: later, unless `forget`
       is called first, or at once without a worker. */
    train(players, set, steps, milliseconds, done, shown = null) {
      const here = () => {
        players.train(set, steps, milliseconds);
        done(shown && window.ganSight.sight(players, set, shown));
      };
      if (!this.worker) return here();
      const state = players.pack(), ticket = ++this.ticket;
      this.answer = ({ trained, seen }) => { players.unpack(trained); done(seen); };
      this.again = here;
      this.worker.postMessage({ ticket, set, state, steps, milliseconds, shown },
        state.networks.map((array) => array.buffer));
    }

    forget() { // what is on its way is not wanted any more
      this.ticket += 1;
      this.again = null;
    }
  }

  window.ganTrainer = { Trainer };
})();
