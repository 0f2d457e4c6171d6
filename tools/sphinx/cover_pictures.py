"""The pictures on the cards of the title page, one a chapter, made anew with every build.

What can be computed in a moment is computed with the library; the others are plain drawings. Colors
are the book's, in tones that can be told from a light ground and from a dark one: it shows through.
"""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image
from sklearn.datasets import make_moons
from sklearn.semi_supervised import LabelSpreading

from gan_tutorial import data, games
from gan_tutorial.losses import LOSSES

REAL, FAKE, GENERATOR, DISCRIMINATOR, INK = "#2b8cc9", "#e06a1b", "#12a07c", "#b8659a", "#858c96"
WIDTH, HEIGHT = 640, 360  # pixels


def two_players(ax: Axes) -> None:
    """Draw how the two numbers of a Dirac-GAN move: they circle, or come home with R1."""
    for r1, color in ((0.0, FAKE), (0.6, GENERATOR)):
        game = games.dirac(LOSSES["non-saturating"], r1=r1)
        path = games.play(game, games.gradient_descent(), h=0.1, steps=330, start=(1.6, 0.0))
        ax.plot(*path.T, color=color, lw=2.5)
    ax.plot(0, 0, "o", color=REAL, ms=11)
    ax.set(xlim=(-2.6, 2.6), ylim=(-1.45, 1.45))


def two_clouds(ax: Axes) -> None:
    """Draw real points, how far each of them reaches, and fakes inside and outside of that."""
    random = np.random.default_rng(3)
    real = np.concatenate(
        [random.normal(c, 0.28, (16, 2)) for c in ((-2, 0.1), (0, 0.5), (2, -0.2))]
    )
    fake = np.concatenate(
        [random.normal(c, 0.28, (13, 2)) for c in ((-1.9, 0), (0.2, 0.4), (1, -1))]
    )
    distances = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)
    for point, radius in zip(real, distances[:, 3], strict=True):
        ax.add_patch(Circle(point, radius, color=REAL, alpha=0.13, lw=0))
    ax.plot(*real.T, "o", color=REAL, ms=6)
    ax.plot(*fake.T, "x", color=FAKE, ms=7, mew=2.2)
    ax.set(xlim=(-3.2, 3.2), ylim=(-1.9, 1.7))


def two_fits(ax: Axes) -> None:
    """Draw two peaks, the Gaussian that covers both, and the one that keeps to one of them."""
    x = np.linspace(-4, 4, 400)

    def normal(mean: float, std: float) -> np.ndarray:
        return np.exp(-(((x - mean) / std) ** 2) / 2) / std

    both = (normal(-1.6, 0.5) + normal(1.6, 0.5)) / 2
    ax.fill_between(x, both, color=REAL, alpha=0.3, lw=0)
    ax.plot(x, both, color=REAL, lw=2.5)
    ax.plot(x, normal(0, (1.6**2 + 0.5**2) ** 0.5), "--", color=DISCRIMINATOR, lw=3)
    ax.plot(x, normal(1.6, 0.5) / 1.6, color=FAKE, lw=3)
    ax.set(xlim=(-4, 4), ylim=(-0.08, 1.45))


def few_labels(ax: Axes) -> None:
    """Draw two moons, of which two points have labels, and how far these labels spread."""
    points, truth = make_moons(220, noise=0.06, random_state=0)
    given = np.full(len(truth), -1)
    named = [int(np.flatnonzero(truth == label)[7]) for label in (0, 1)]
    given[named] = truth[named]
    found = (
        LabelSpreading(kernel="knn", n_neighbors=7, alpha=0.99, max_iter=1000)
        .fit(points, given)
        .transduction_
    )
    for label, color in ((0, REAL), (1, FAKE)):
        ax.plot(*points[found == label].T, "o", color=color, alpha=0.55, ms=5)
        ax.plot(*points[named[label]], "o", color=color, ms=16, mec=INK, mew=2.5)
    ax.set(xlim=(-1.9, 2.9), ylim=(-0.85, 1.35))


def one_clump(ax: Axes) -> None:
    """Draw a ring of eight clumps and fakes that know one of them."""
    real = data.ring(std=0.09).sample(280, seed=0).numpy()
    fake = np.random.default_rng(0).normal((0.72, 0.7), 0.07, (60, 2))
    ax.plot(*real.T, "o", color=REAL, alpha=0.6, ms=4.5)
    ax.plot(*fake.T, "x", color=FAKE, ms=8, mew=2)
    ax.set(xlim=(-2.3, 2.3), ylim=(-1.3, 1.3))


def growing_swing(ax: Axes) -> None:
    """Draw a player of the bilinear game, which swings ever wider with simultaneous steps."""
    rule = games.gradient_descent(alternate=False)
    path = games.play(games.bilinear(), rule, h=0.14, steps=330, start=(0.15, 0.0))[:, 0]
    ax.axhline(0, color=INK, lw=1.5)
    ax.plot(path, color=DISCRIMINATOR, lw=3)
    high = int(path.abs().gt(1.5).nonzero()[0])
    ax.plot(high, path[high], "o", ms=24, mec=FAKE, mfc="none", mew=4)
    ax.set(xlim=(-8, 338), ylim=(-4.2, 4.2))


def races(ax: Axes) -> None:
    """Draw how far a Dirac-GAN is from rest, on a logarithmic scale, by the weight of R1."""
    for r1, color in ((0.0, INK), (0.1, REAL), (0.3, DISCRIMINATOR), (1.0, GENERATOR)):
        game = games.dirac(LOSSES["relativistic"], r1=r1)
        path = games.play(game, games.gradient_descent(), h=0.1, steps=400, start=(1.0, 0.0))
        ax.plot(path.norm(dim=1).log10(), color=color, lw=3.2)
    ax.set(xlim=(-6, 406), ylim=(-3.2, 0.6))


def many_machines(ax: Axes) -> None:
    """Draw one square, four and sixteen: one program on ever more processors."""
    for left, rows in ((-2.9, 1), (-1.1, 2), (1.0, 4)):
        side, gap = 1.9 / max(rows, 2), 0.08
        for i in range(rows):
            for j in range(rows):
                corner = (left + j * side, (i - rows / 2) * side)
                box = Rectangle(corner, side - gap, side - gap)
                box.set(color=(REAL, GENERATOR, FAKE)[rows // 2], lw=0)
                ax.add_patch(box)
    ax.set(xlim=(-3.3, 3.3), ylim=(-1.5, 1.5))


def claims(ax: Axes) -> None:
    """Draw lines of a text, each with a tick or a cross."""
    for k, (long, good) in enumerate(((3.2, True), (2.3, False), (2.9, True), (2.0, False))):
        y = 1.05 - 0.7 * k
        color = GENERATOR if good else FAKE
        tick = ([0, 0.14, 0.42], [0, -0.17, 0.2]) if good else ([0, 0.36], [-0.17, 0.17])
        ax.plot(np.array(tick[0]) - 2.3, np.array(tick[1]) + y, color=color, lw=5)
        if not good:
            ax.plot([-2.3, -1.94], [y + 0.17, y - 0.17], color=color, lw=5)
        ax.plot([-1.5, -1.5 + long], [y, y], color=INK, lw=7, alpha=0.6, solid_capstyle="round")
    ax.set(xlim=(-3.2, 3.2), ylim=(-1.75, 1.75))


def draw(picture) -> bytes:
    """Return the PNG of one of the drawings above, on a transparent ground."""
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    picture(ax)
    ax.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, transparent=True)
    small = io.BytesIO()
    with Image.open(buffer) as drawn:
        drawn.quantize(64, method=Image.Quantize.FASTOCTREE).save(small, "PNG", optimize=True)
    return small.getvalue()


DRAWINGS = {
    "two-players": two_players,
    "two-clouds": two_clouds,
    "two-fits": two_fits,
    "few-labels": few_labels,
    "one-clump": one_clump,
    "growing-swing": growing_swing,
    "races": races,
    "many-machines": many_machines,
    "claims": claims,
}
