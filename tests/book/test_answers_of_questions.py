"""The questions in the pages: that there are enough, and that their answers are right."""

import itertools
import math
import re
from collections import Counter

import nbformat
import pytest
import toc
import torch
from questions import Question, parse
from torch.nn.functional import softplus

from gan_tutorial import losses, metrics
from gan_tutorial.autoencoders import likelihoods
from gan_tutorial.distillation import gaussian_denoiser
from gan_tutorial.models import FlowSampler
from gan_tutorial.repair import masks
from gan_tutorial.theory import divergences, games

DIRECTIVE = re.compile(
    r"^:::\{question\} *(\w*)\n((?::[\w-]+:[^\n]*\n)*)(.*?)\n:::$", re.DOTALL | re.MULTILINE
)


def questions_of(path) -> dict[str, Question]:
    """Return the questions of a notebook by name."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for kind, options, body in DIRECTIVE.findall(cell.source):
            given = dict(re.findall(r"^:([\w-]+): *(.*)$", options, re.MULTILINE))
            assert given["name"] not in found
            found[given["name"]] = parse(body, kind or "choice", given.get("within"))
        assert cell.source.count("{question}") == len(DIRECTIVE.findall(cell.source))
    return found


BOOK = {path.stem: questions_of(path) for path in toc.notebooks()}
ALL = {name: question for found in BOOK.values() for name, question in found.items()}


def test_every_chapter_asks():
    assert len(ALL) == sum(map(len, BOOK.values())), "no two have one name"
    assert len(ALL) >= 40
    assert all(len(BOOK[path.stem]) >= 6 for path in toc.notebooks()[:6])


def test_right_answers_are_not_known_by_their_place():
    asked = [question for question in ALL.values() if question.kind == "choice"]
    places = Counter(
        [answer.right for answer in question.answers].index(True) for question in asked
    )
    assert set(places) == {0, 1, 2, 3}
    assert max(places.values()) < 0.5 * len(asked)


# --- Numbers, computed --------------------------------------------------------------------------


def logit_of_half() -> float:
    return float(losses.get_loss("non-saturating").discriminator(*torch.zeros(2, 1)))


def best_discriminator(ratio: float, share: float) -> float:
    y = torch.linspace(0.0005, 0.9995, 2000, dtype=torch.float64)
    payoff = share * ratio * y.log() + (1 - share) * (1 - y).log()
    return float(y[payoff.argmax()])


def lost_clump() -> float:
    p = torch.full((8,), 1 / 8, dtype=torch.float64)
    q = torch.cat([torch.full((7,), 1 / 7, dtype=torch.float64), torch.zeros(1)])
    return float(divergences.kl(q, p, 1.0))


def slopes(logit: float) -> float:
    a = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    sizes = [
        float(torch.autograd.grad(losses.get_loss(name).generator(a, a), a)[0])
        for name in ("non-saturating", "minimax")
    ]
    return sizes[0] / sizes[1]


def two_steps_together() -> float:
    path = games.play(games.bilinear(), games.gradient_descent(), h=0.1, steps=2, start=(1.0, 0.0))
    return float(path[-1].norm())


def heavy_ball(beta: float, h: float = 1e-3) -> float:
    rule = games.gradient_descent(alternate=True, momentum=beta)
    return (games.spectral_radius(games.bilinear(), rule, h) ** 2 - 1) / h**2


def real_part_with_r1(gamma: float) -> float:
    jacobian = torch.tensor([[0, -0.5], [0.5, gamma]], dtype=torch.float64)
    return float(torch.linalg.eigvals(jacobian).real.min())


def transposed(n: int) -> int:
    return torch.nn.ConvTranspose2d(1, 1, 4, 2, 1)(torch.zeros(1, 1, n, n)).shape[-1]


def frechet() -> float:
    mean = (1 - 4) ** 2
    return mean + 2**2 + 6**2 - 2 * math.sqrt(2**2 * 6**2)


def loss_of_threes() -> float:
    logits = torch.zeros(1, 3)
    return float(logits.logsumexp(1).sigmoid())


def elbo(evidence: float, gap: float) -> float:
    return evidence - gap


def one_step(z: float, mean: float, std: float) -> float:
    return FlowSampler(gaussian_denoiser(mean, std), steps=1)(torch.tensor([[z, z]]))[0, 0].item()


def lowest_by_chance(runs: int, others: int) -> float:
    return 1 / math.comb(runs + others, runs)


PIXEL = torch.tensor([1.0, 1.0, 1.0, -1.0])

NUMBERS = {
    "principles-q-logit": lambda: torch.zeros(()).sigmoid(),
    "principles-q-sum": lambda: softplus(torch.tensor(0.0)) * 2,
    "principles-q-judge": lambda: 0.1 * 1 + 0.9 * 0.5,
    "minimax-q-half": logit_of_half,
    "minimax-q-ratio": lambda: best_discriminator(3, 0.5),
    "minimax-q-share": lambda: best_discriminator(3, 0.25),
    "minimax-q-steeper": lambda: slopes(math.log(0.01 / 0.99)),
    "minimax-q-left-out": lost_clump,
    "minimax-q-leaves": two_steps_together,
    "minimax-q-momentum": lambda: heavy_ball(0.5),
    "minimax-q-real-part": lambda: real_part_with_r1(0.6),
    "code-q-young": lambda: max(1 - 0.99, 9 / (1 + 9)),
    "code-q-doubles": lambda: transposed(7),
    "code-q-last-axis": lambda: torch.nn.Linear(1, 1)(torch.zeros(10, 8, 8, 1)).numel() / 10,
    "code-q-momenta": lambda: 1 - 0.99,
    "measuring-q-frechet": frechet,
    "measuring-q-density": lambda: 6 / (2 * 4),
    "measuring-q-four-times": lambda: (2 / 2000) / (2 / 500),
    "repair-q-known": lambda: masks.composite(
        torch.full((1, 1, 1, 1), 0.4), torch.full((1, 1, 1, 1), 0.9), torch.ones(1, 1, 1, 1)
    ),
    "repair-q-mean": lambda: min(
        torch.linspace(-1, 1, 201), key=lambda x: (x - PIXEL).square().mean()
    ),
    "repair-q-draw": lambda: (PIXEL[:, None] - PIXEL).square().mean(),
    "vae-q-variance": lambda: 3**2 + 4**2,
    "vae-q-bound": lambda: elbo(-10, 2),
    "vae-q-price": lambda: 2 * 0.5**2,
    "vae-q-threshold": lambda: sum(v > 0.5**2 for v in (4, 1, 0.3, 0.04)),
    "semi-q-three": loss_of_threes,
    "semi-q-single": lambda: torch.tensor([-5.0]).softmax(0),
    "improving-q-luck": lambda: lowest_by_chance(2, 4),
    "improving-q-gap": lambda: (1.8 - 0.3) / 0.5,
    "disc-q-median": lambda: min(
        range(101), key=lambda guess: 0.6 * abs(guess - 0) + 0.4 * abs(guess - 100)
    ),
    "disc-q-projection": lambda: torch.tensor([1.0, 2.0]) @ torch.tensor([0.0, 0.5]) + 1,
    "disc-q-orders": lambda: len(list(itertools.permutations("rgb"))),
    "disc-q-one": lambda: one_step(2.0, 3.0, 0.5),
    "scaling-q-rounds": lambda: (torch.tensor(1.0, dtype=torch.bfloat16) + 0.001).float(),
    "scaling-q-root": lambda: math.sqrt(576 / 64),
    "scaling-q-roof": lambda: min(100, 20 * 2),
}


@pytest.mark.parametrize("name", [name for name, q in ALL.items() if q.kind == "number"])
def test_a_number_is_what_one_computes(name):
    question, computed = ALL[name], float(NUMBERS[name]())
    assert abs(computed - float(question.right.value)) <= min(0.005, float(question.within)) + 1e-9
    assert not any(
        abs(computed - float(answer.value)) <= float(question.within)
        for answer in question.answers
        if answer.value is not None and not answer.right
    )


# --- Facts: what a choice says can be computed, too ---------------------------------------------


def uniform(left: float):
    grid = torch.arange(-1, 6, 0.01, dtype=torch.float64)
    density = ((grid >= left - 1e-9) & (grid < left + 1 - 1e-9)).double()
    return density / (density.sum() * 0.01)


def test_moving_apart_changes_one_distance():
    data, near, far = uniform(0), uniform(2), uniform(3)
    for distance in (divergences.jensen_shannon, divergences.total_variation):
        assert distance(data, near, 0.01) == pytest.approx(distance(data, far, 0.01))
    moved = divergences.wasserstein_1d(data, far, 0.01) - divergences.wasserstein_1d(
        data, near, 0.01
    )
    assert moved == pytest.approx(1, abs=0.01)


def test_what_brings_alternating_players_nearer():
    play = {"h": 0.1, "steps": 2000, "start": (1.0, 0.0)}
    bilinear, alternate = games.bilinear(), games.gradient_descent(alternate=True)
    path = games.play(bilinear, alternate, **play)
    decayed = games.play(bilinear, alternate, decay=lambda t: 1 / math.sqrt(1 + t), **play)
    assert path[-1].norm() > 0.9
    assert decayed[-1].norm() > 0.9
    assert games.running_mean(path)[-1].norm() < 0.05
    heavy = games.gradient_descent(alternate=True, momentum=0.5)
    assert games.spectral_radius(bilinear, heavy, 0.1) > 1


def test_kernel_of_five_reaches_unevenly():
    ones = torch.ones(1, 1, 7), torch.ones(1, 1, 5)
    assert set(torch.conv_transpose1d(*ones, stride=2)[0, 0, 4:-4].tolist()) == {2, 3}


def test_a_generator_whose_fakes_are_detached_never_changes():
    G, D = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    optimizer, before = torch.optim.Adam(G.parameters()), G.weight.clone()
    softplus(-D(G(torch.randn(8, 2)).detach())).mean().backward()
    optimizer.step()
    assert torch.equal(G.weight, before)


def test_threes_have_precision_and_no_recall():
    generator = torch.Generator().manual_seed(0)
    reals = torch.randn(300, 2, generator=generator) + 20 * torch.arange(300)[:, None].remainder(10)
    threes = torch.randn(300, 2, generator=generator) + 60
    report = metrics.manifold_report(
        metrics.Features(reals, "plane", 2), metrics.Features(threes, "plane", 2)
    )
    assert float(report.precision) > 0.8
    assert float(report.recall) < 0.2


def test_a_guess_with_the_mode_seeking_order_takes_one_hump():
    grid = torch.arange(-24, 24, 0.01, dtype=torch.float64)
    humps = (divergences.gaussian(grid, -4, 0.3) + divergences.gaussian(grid, 4, 0.3)) / 2
    guesses = {"one": (4, 0.3), "both": (0, 4.0), "between": (0, 0.3)}
    costs = {
        name: float(divergences.kl(divergences.gaussian(grid, *guess), humps + 1e-300, 0.01))
        for name, guess in guesses.items()
    }
    assert min(costs, key=costs.get) == "one"
    assert max(costs, key=costs.get) == "between"


def test_the_outside_draw_is_as_random_as_before():
    noise = torch.randn(100_000, 1, generator=torch.Generator().manual_seed(0))
    mean = torch.tensor([[2.0]], requires_grad=True)
    log_var = torch.tensor([[math.log(9.0)]], requires_grad=True)
    z = likelihoods.reparametrize(mean, log_var, noise)
    assert float(z.detach().std()) == pytest.approx(3, rel=0.01)
    z.square().mean().backward()  # E z^2 = mean^2 + variance
    assert float(mean.grad) == pytest.approx(4, rel=0.02)
    assert float(log_var.grad) == pytest.approx(9, rel=0.02)
