"""Pictures that a reader can move.

`descent_explorer` is one self-contained piece of HTML: all numbers are computed here, in Python,
and the page's own script only draws them, so it moves in a built page without a kernel and in any
notebook. `live_descent` computes while you drag and needs a running kernel; it works with
ipywidgets 7.7 and 8.
"""

import math
from typing import Any

import torch
from torch import Tensor

from ..theory.divergences import (
    gaussian,
    jensen_shannon,
    kl,
    optimal_discriminator,
    total_variation,
    wasserstein_1d,
)
from . import html
from .style import DISCRIMINATOR, FAKE, GENERATOR, REAL

__all__ = [
    "descent_explorer",
    "draw_descent",
    "generator_gradients",
    "live_descent",
]

STD = 0.5
MEAN_STEP = 0.125
MEANS = [MEAN_STEP * i for i in range(41)]
NOISES = [0.0, 0.5, 1.0]


def generator_gradients(p: Tensor, q: Tensor, grid: Tensor) -> dict[str, float]:
    r"""Return how strongly each generator loss pulls q along the axis, at the optimal D.

    Every fake moves together, so the pull is :math:`E_q[\ell'(a^*(x)) \, da^*/dx]` with
    :math:`a^* = \log (p / q)` held fixed: :math:`\ell(a) = -\mathrm{softplus}(a)` for the
    saturating (minimax) loss and :math:`\mathrm{softplus}(-a)` for the non-saturating one.

    Parameters
    ----------
    p, q : Tensor
        Positive densities of data and fakes, shape (n,).
    grid : Tensor
        The n equally spaced points they are given at.

    Returns
    -------
    dict
        ``{"saturating": ..., "non-saturating": ...}``, per unit of length.
    """
    cell = float(grid[1] - grid[0])
    (slope,) = torch.gradient(p.log() - q.log(), spacing=cell)
    d_star = optimal_discriminator(p, q)
    return {
        "saturating": float((-q * d_star * slope).sum() * cell),
        "non-saturating": float((-q * (1 - d_star) * slope).sum() * cell),
    }


def _descent_frames() -> dict[str, Any]:
    """Compute every picture and number that `descent_explorer` can show."""
    fine = torch.linspace(-9, 14, 4601, dtype=torch.float64)
    cell = float(fine[1] - fine[0])
    shown = torch.arange(-24, 57, dtype=torch.float64) * MEAN_STEP  # -3 to 7
    tables = []
    for noise in NOISES:
        std = math.hypot(STD, noise)
        p = gaussian(fine, 0.0, std)
        rows = []
        for mean in MEANS:
            q = gaussian(fine, mean, std)
            pull = generator_gradients(p, q, fine)
            d_star = optimal_discriminator(gaussian(shown, 0.0, std), gaussian(shown, mean, std))
            rows.append(
                {
                    "d": (1000 * d_star).round().int().tolist(),
                    "jsd": round(jensen_shannon(p, q, cell).item(), 4),
                    "kl": round(kl(q, p, cell).item(), 3),
                    "tv": round(total_variation(p, q, cell).item(), 4),
                    "w1": round(wasserstein_1d(p, q, cell).item(), 3),
                    "sat": round(pull["saturating"], 4),
                    "ns": round(pull["non-saturating"], 4),
                }
            )
        # q at the k-th mean is p shifted by k points, so one long curve holds them all.
        reach = torch.arange(-24 - 40, 57, dtype=torch.float64) * MEAN_STEP
        tables.append(
            {"density": (1000 * gaussian(reach, 0.0, std)).round().int().tolist(), "rows": rows}
        )
    return {"x0": -3.0, "step": MEAN_STEP, "points": len(shown), "tables": tables}


def descent_explorer(start: float = 2.0) -> Any:
    """Return a figure in which the reader drags the fakes toward the data.

    Data are N(0, .5^2) and fakes N(m, .5^2), both blurred by instance noise if the reader asks for
    it. The figure shows both densities, the optimal discriminator, JSD, KL, TV and W1, and the pull
    that the saturating and the non-saturating loss exert on the fakes.

    Parameters
    ----------
    start : float
        Mean of the fakes at first, between 0 and 5.

    Returns
    -------
    IPython.display.HTML
        Self-contained, about 60 kB, nothing fetched from elsewhere.

    Raises
    ------
    ValueError
        If `start` is out of range.
    """
    if not 0 <= start <= MEANS[-1]:
        raise ValueError(f"start must lie between 0 and {MEANS[-1]:g}, got {start}.")
    return html.figure(
        "descent-explorer",
        _PAGE,
        data=html.script(_descent_frames()),
        start=round(start / MEAN_STEP),
        last=len(MEANS) - 1,
        real=REAL,
        fake=FAKE,
        disc=DISCRIMINATOR,
        gen=GENERATOR,
    )


_PAGE = """
<div id="@ID@" style="@FRAME@;border:1px solid #ccc;padding:.8em;max-width:44em;font-size:.9em;
 line-height:1.5">
<svg viewBox="0 0 640 230" style="width:100%;height:auto;display:block" role="img"
 aria-label="Densities of data and fakes and the optimal discriminator; the numbers are below">
<line x1="30" x2="625" y1="200" y2="200" stroke="#1a1a1a"/><g data-ticks></g>
<line x1="30" x2="625" y1="110" y2="110" stroke="#999" stroke-dasharray="2 5"/>
<text x="632" y="24" font-size="12" fill="#8a3d6b" text-anchor="end">1</text>
<text x="632" y="106" font-size="12" fill="#8a3d6b" text-anchor="end">1/2</text>
<path data-p fill="@REAL@" fill-opacity=".25" stroke="@REAL@" stroke-width="2"/>
<path data-q fill="@FAKE@" fill-opacity=".25" stroke="@FAKE@" stroke-width="2"/>
<path data-d fill="none" stroke="@DISC@" stroke-width="3"/>
</svg>
<p style="margin:.2em 0"><b style="color:@REAL@">data</b>, <b style="color:#a84a00">fakes</b>,
<b style="color:#8a3d6b">optimal discriminator D*</b> (right scale, 0 to 1)</p>
<label style="display:flex;align-items:center;gap:.8em;margin:.4em 0">mean of the fakes
<input data-mean type="range" min="0" max="@LAST@" step="1" value="@START@"
 style="flex:1;min-width:0"> <b data-value style="width:3.5em"></b></label>
<form onsubmit="return false" style="margin:.4em 0">instance noise:
<label style="margin-left:.6em"><input type="radio" name="@ID@n" value="0" checked> none</label>
<label style="margin-left:.6em"><input type="radio" name="@ID@n" value="1"> 0.5</label>
<label style="margin-left:.6em"><input type="radio" name="@ID@n" value="2"> 1.0</label></form>
<svg viewBox="0 0 640 118" style="width:100%;height:auto;display:block" role="img"
 aria-label="Bars: Jensen-Shannon divergence, total variation, Wasserstein distance and the pull of
 the two generator losses; the numbers are below"><g data-bars></g></svg>
<p data-words aria-live="polite" style="margin:.4em 0"></p>
<noscript>This figure needs JavaScript.</noscript>
</div>
<script>
for (const box of document.querySelectorAll('[id="@ID@"]')) {
  if (box.dataset.ready) continue;
  box.dataset.ready = "yes";
  const data = @DATA@;
  const get = (name) => box.querySelector("[data-" + name + "]");
  const x = (i) => 30 + 595 * i / (data.points - 1);
  const svg = (tag, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  for (let v = -3; v <= 7; v++)
    get("ticks").append(svg("text", {x: x((v - data.x0) / data.step), y: 218, "font-size": 12,
      "text-anchor": "middle", fill: "#1a1a1a"}, v));
  const path = (values, scale) =>
    values.map((v, i) => (i ? "L" : "M") + x(i).toFixed(1) + " " + (200 - scale * v).toFixed(1))
      .join("");
  const closed = (values, scale) => path(values, scale) + "L625 200L30 200Z";
  const bars = [["JSD / log 2", (r) => r.jsd / Math.LN2, 1, "#555"],
    ["total variation", (r) => r.tv, 1, "#555"], ["W1 (full bar: 5)", (r) => r.w1, 5, "#555"],
    ["pull, saturating (full bar: 2)", (r) => r.sat, 2, "@GEN@"],
    ["pull, non-saturating (full bar: 20)", (r) => r.ns, 20, "@GEN@"]];
  function draw() {
    const k = Number(get("mean").value);
    const table = data.tables[Number(box.querySelector("input:checked").value)];
    const row = table.rows[k];
    const p = table.density.slice(40, 40 + data.points);
    const q = table.density.slice(40 - k, 40 - k + data.points);
    const top = 180 / 800;
    get("p").setAttribute("d", closed(p, top));
    get("q").setAttribute("d", closed(q, top));
    get("d").setAttribute("d", path(row.d, 180 / 1000));
    const group = get("bars");
    group.replaceChildren();
    bars.forEach(([name, value, full, color], i) => {
      const y = 4 + 23 * i, share = Math.min(1, Math.abs(value(row)) / full);
      group.append(svg("text", {x: 225, y: y + 13, "font-size": 13, "text-anchor": "end",
        fill: "#1a1a1a"}, name));
      group.append(svg("rect", {x: 235, y: y, width: 320, height: 16, fill: "#eee"}));
      group.append(svg("rect", {x: 235, y: y, width: 320 * share, height: 16, fill: color}));
      group.append(svg("text", {x: 635, y: y + 13, "font-size": 13, "text-anchor": "end",
        fill: "#1a1a1a"}, value(row).toFixed(4)));
    });
    get("value").textContent = (k * data.step).toFixed(3);
    get("words").textContent = "JSD = " + row.jsd.toFixed(4) +
      " of at most 0.6931 nats; KL(q‖p) = " + row.kl.toFixed(2) +
      "; the saturating loss pulls with " + row.sat.toFixed(4) +
      ", the non-saturating one with " + row.ns.toFixed(4) + ".";
  }
  box.addEventListener("input", draw);
  draw();
}
</script>
"""


def live_descent() -> Any:
    """Return sliders for the fakes' mean and width, and the figure that follows them.

    Needs a running kernel (Jupyter, Colab). Unlike `descent_explorer` it lets the width of the
    fakes differ from that of the data.

    Returns
    -------
    ipywidgets.VBox
        Two sliders above one figure.
    """
    import ipywidgets

    mean = ipywidgets.FloatSlider(value=2.0, min=-4, max=4, step=0.1, description="fakes' mean")
    std = ipywidgets.FloatSlider(value=0.5, min=0.3, max=2, step=0.1, description="fakes' std")
    figure = ipywidgets.interactive_output(draw_descent, {"mean": mean, "std": std})
    return ipywidgets.VBox([mean, std, figure])


def draw_descent(mean: float, std: float) -> None:
    """Draw data N(0, .5^2), fakes N(mean, std^2), D* and, as the title, what separates them.

    Raises
    ------
    ValueError
        If `std` is not above 0, or one of the two is no finite number.
    """
    if not (0 < std < math.inf and -math.inf < mean < math.inf):
        raise ValueError(f"mean and std must be finite numbers, std above 0, got {mean} and {std}.")
    import matplotlib.pyplot as plt

    grid = torch.linspace(-12, 12, 4801, dtype=torch.float64)
    cell = float(grid[1] - grid[0])
    # A floor keeps the logarithms finite in the far tails, where a density is below 1e-300.
    p = gaussian(grid, 0.0, STD).clamp_min(1e-290)
    q = gaussian(grid, mean, std).clamp_min(1e-290)
    pull = generator_gradients(p, q, grid)
    _, left = plt.subplots()
    left.fill_between(grid, p, color=REAL, alpha=0.3, label="data $p$")
    left.fill_between(grid, q, color=FAKE, alpha=0.3, label="fakes $q$")
    left.set(xlim=(-5, 5), xlabel="x", ylabel="density")
    right = left.twinx()
    right.plot(grid, optimal_discriminator(p, q), color=DISCRIMINATOR, label="$D^*$")
    right.set(ylim=(0, 1.02), ylabel="$D^*(x)$")
    left.set_title(
        f"JSD {jensen_shannon(p, q, cell):.3f}   KL(q, p) {kl(q, p, cell):.2f}   "
        f"W1 {wasserstein_1d(p, q, cell):.2f}   pull: saturating {pull['saturating']:.3f}, "
        f"non-saturating {pull['non-saturating']:.3f}"
    )
    left.legend(loc="upper left", frameon=False)
    plt.show()
