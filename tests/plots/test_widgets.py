import json
import math
import re

import pytest
import torch

from gan_tutorial import widgets
from gan_tutorial.theory.divergences import gaussian, jensen_shannon

GRID = torch.linspace(-12, 12, 4801, dtype=torch.float64)
CELL = 0.005


def embedded(page: str) -> dict:
    return json.loads(re.search(r"const data = (\{.*\});\n", page).group(1))


def test_explorer_embeds_the_numbers_of_the_library():
    data = embedded(widgets.descent_explorer().data)
    for noise, table in zip(widgets.NOISES, data["tables"], strict=True):
        std = math.hypot(0.5, noise)
        row = table["rows"][16]  # mean 2
        p, q = gaussian(GRID, 0.0, std), gaussian(GRID, 2.0, std)
        assert row["jsd"] == pytest.approx(jensen_shannon(p, q, CELL).item(), abs=1e-4)
        assert row["kl"] == pytest.approx(4 / (2 * std**2), abs=1e-3)
        assert row["w1"] == pytest.approx(2, abs=1e-3)
        # half-way between two equal Gaussians the optimal discriminator is undecided
        assert row["d"][24 + 8] == 500
        # the curve that the page slides along: p itself, then p two units to the right
        peak = 1000 / (std * math.sqrt(2 * math.pi))
        assert table["density"][40 + 24] == pytest.approx(peak, abs=1)
        assert table["density"][40 - 16 + 24 + 16] == pytest.approx(peak, abs=1)


def test_pull_of_the_losses_on_equal_gaussians():
    mean, std = 1.5, 0.5
    p, q = gaussian(GRID, 0.0, std), gaussian(GRID, mean, std)
    pull = widgets.generator_gradients(p, q, GRID)
    # a* has slope -mean / std^2, and E_q[D*] + E_q[1 - D*] = 1
    assert sum(pull.values()) == pytest.approx(mean / std**2, rel=1e-4)
    ahead = jensen_shannon(p, gaussian(GRID, mean + 1e-3, std), CELL)
    behind = jensen_shannon(p, gaussian(GRID, mean - 1e-3, std), CELL)
    assert pull["saturating"] == pytest.approx((ahead - behind).item() / 1e-3, rel=1e-3)


def test_explorer_fetches_nothing_and_can_stand_twice_on_a_page():
    first, second = widgets.descent_explorer().data, widgets.descent_explorer(start=5).data
    for page in (first, second):
        assert "@" not in page.replace("@media", "")
        assert not re.search(r"(src|href)\s*=|import\s*\(|fetch\s*\(", page)
        assert len(page) < 80_000
    ids = [re.search(r'<div id="([^"]+)"', page).group(1) for page in (first, second)]
    assert ids[0] != ids[1]
    assert 'value="40"' in second


def test_explorer_refuses_a_start_off_its_slider():
    with pytest.raises(ValueError, match="between 0 and 5, got 6"):
        widgets.descent_explorer(start=6)


def test_live_version_follows_its_sliders(monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    pytest.importorskip("ipywidgets")
    seen = []
    monkeypatch.setattr(widgets, "draw_descent", lambda mean, std: seen.append((mean, std)))
    box = widgets.live_descent()
    box.children[0].value = -1.0
    assert seen == [(2.0, 0.5), (-1.0, 0.5)]
    plt.close("all")


def test_live_figure_names_the_divergences(monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    widgets.draw_descent(2.0, 0.5)
    title = plt.gcf().axes[0].get_title()
    plt.close("all")
    p, q = gaussian(GRID, 0.0, 0.5), gaussian(GRID, 2.0, 0.5)
    assert f"JSD {jensen_shannon(p, q, CELL):.3f}" in title
    assert "KL(q, p) 8.00" in title
