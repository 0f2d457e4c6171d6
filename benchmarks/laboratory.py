"""How fast do two players learn in a browser, and after how many steps do they look converged?

Prints, for the page's plain JavaScript and for its WebAssembly, the milliseconds of one step of the
chapter's recipe (the fastest of some rounds, which other programs disturb least), and for each seed
the first step, a multiple of 50, at which all clumps are reached and 75% of the fakes lie
in one. It needs a Chromium or Chrome, and playwright.

    python benchmarks/laboratory.py [--quick] [--json FILE]
"""

import shutil
import sys
from pathlib import Path

import report

SCRIPTS = Path(__file__).parents[1] / "book" / "_assets" / "labs"
NAMES = ("kernels.js", "networks.js", "adversarial.js", "plane-data.js", "players.js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SLOW = "const fast = ganKernels.Workspace; ganKernels.Workspace = class extends fast {\
 constructor(size) { super(size, false); } };"

SPEED = """([rounds, steps]) => {
  const set = { ...ganPlayers.RECIPE, seed: 0 }, players = new ganPlayers.Players(set), took = [];
  players.train(set, steps, Infinity);
  for (let k = 0; k < rounds; k++) {
    const began = performance.now();
    players.train(set, steps, Infinity);
    took.push((performance.now() - began) / steps);
  }
  return Math.min(...took);
}"""

CONVERGED = """(seed) => {
  const set = { ...ganPlayers.RECIPE, seed }, players = new ganPlayers.Players(set);
  const codes = ganNetworks.normals(400, 2, players.rng);
  while (players.step < 3000) {
    players.train(set, 50, Infinity);
    const found = ganPlane.covered(players.data, players.game.generator.map(codes).a);
    if (found.covered === found.of && found.near >= 0.75) return players.step;
  }
  return null;
}"""


def main() -> None:
    """Measure in the browser, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"No browser: none of {', '.join(BROWSERS)} is installed.")
    from playwright.sync_api import sync_playwright

    rows: list[dict] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for way in ("plain JavaScript", "WebAssembly"):
            page = browser.new_page()
            for name in NAMES:
                page.add_script_tag(path=SCRIPTS / name)
                if name == "kernels.js" and way != "WebAssembly":
                    page.add_script_tag(content=SLOW)
            milliseconds = page.evaluate(SPEED, [3, 5] if options.quick else [20, 20])
            rows.append({"way": way, "milliseconds": milliseconds})
            print(f"{way:20} {milliseconds:8.2f} ms a step")
        for seed in range(1 if options.quick else 5):
            steps = page.evaluate(CONVERGED, seed)
            rows.append({"seed": seed, "converged": steps})
            print(f"seed {seed:<15} {steps or 'more than 3000':>8} steps")
        browser.close()
    report.write("laboratory", rows, options.json)


if __name__ == "__main__":
    main()
