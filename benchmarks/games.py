"""How fast does each update rule contract (or expand) each two-parameter game?

Prints one row per game and rule: the factor by which the distance to the equilibrium changes per
step, measured by playing, beside the spectral radius of the rule's matrix at the equilibrium.

    python benchmarks/games.py [--quick] [--json FILE]
"""

import math
from itertools import pairwise

import report
import torch

from gan_tutorial import games
from gan_tutorial.losses import LOSSES

H = 0.1
RULES = (
    games.gradient_descent(),
    games.gradient_descent(alternate=True),
    games.extragradient(),
    games.optimistic(),
    *(
        games.gradient_descent(alternate=alternate, momentum=momentum, nesterov=nesterov)
        for momentum, nesterov in (
            (0.5, False),
            (0.5, True),
            (0.9, True),
            (-0.3, False),
            (-0.5, False),
        )
        for alternate in (False, True)
    ),
)
NON_SATURATING = LOSSES["non-saturating"]
GAMES = (
    games.bilinear(),
    games.quadratic(0.5),
    games.dirac(NON_SATURATING),
    games.dirac(NON_SATURATING, name="Dirac-GAN, R1 0.3", r1=0.3),
    games.dirac(NON_SATURATING, name="Dirac-GAN, instance noise 0.7", noise=0.7),
)


def last_iterate(game: games.Game, rule: games.Rule, steps: int) -> dict:
    """Measure one rule on one game and put the eigenvalue beside it.

    A game with curved gradients is measured where its linearization holds: between 1e-60 and 1e-10,
    which float64 resolves. With noise the gradient is a sum of terms of order one that cancel down
    to 1e-16, so only seven powers of ten are left.
    """
    theory = games.spectral_radius(game, rule, H)
    decades, low = (7, 1e-11) if "noise" in game.name else (50, 1e-60)
    start = low if theory > 1 else low * 10**decades
    most = decades * math.log(10) / abs(math.log(theory)) if abs(theory - 1) > 1e-6 else math.inf
    path = games.play(game, rule, h=H, steps=int(min(steps, most)), start=(start, start))
    return _row(game, rule.name, games.measured_rate(path), theory)


def averaged(game: games.Game, steps: int) -> list[dict]:
    """Measure what averaging does to a rotating path: a power of t, and a fixed factor."""
    rule = games.gradient_descent(alternate=True)
    path = games.play(game, rule, h=H, steps=steps)
    distance = games.running_mean(path).norm(dim=1)
    # Tops of the waves: where the distance is largest in each of eight stretches of equal ratio.
    edges = torch.logspace(math.log10(steps / 16), math.log10(steps), 9).long()
    times = torch.stack([a + distance[a:b].argmax() for a, b in pairwise(edges)])
    tops, times = distance[times], (times + 1).double()
    design = torch.stack([times.log(), torch.ones_like(times)], dim=1)
    slope = torch.linalg.lstsq(design, tops.log().unsqueeze(1)).solution[0].item()

    decay = 0.99
    turn = torch.linalg.eigvals(rule.matrix(game.jacobian(), H)).angle().abs().max().item()
    shrink = (1 - decay) / abs(1 - decay * complex(math.cos(turn), -math.sin(turn)))
    average = games.moving_average(path, decay)[-steps // 2 :]
    wave = path[-steps // 2 :]
    measured = (average.square().mean() / wave.square().mean()).sqrt().item()
    return [
        _row(game, "alternating, running mean (exponent of t)", slope, -1.0),
        _row(game, f"alternating, moving average {decay:g} (final radius ratio)", measured, shrink),
    ]


def _row(game: games.Game, method: str, measured: float, theory: float) -> dict:
    return {"game": game.name, "method": method, "measured": measured, "theory": theory}


def main() -> None:
    """Run every game with every rule, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    steps = 400 if options.quick else 4000

    rows = [last_iterate(game, rule, steps) for game in GAMES for rule in RULES]
    rows += averaged(GAMES[0], steps)
    print(f"{'game':30} {'method':52} {'measured':>10} {'theory':>10} {'difference':>10}")
    for row in rows:
        difference = row["measured"] - row["theory"]
        print(
            f"{row['game']:30} {row['method']:52} {row['measured']:10.6f} {row['theory']:10.6f} "
            f"{difference:10.1e}"
        )
    report.write("games", rows, options.json)


if __name__ == "__main__":
    main()
