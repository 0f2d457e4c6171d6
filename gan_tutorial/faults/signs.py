"""What gives a fault away: each function measures one number on an `Outcome`."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..gan import GAN, frozen
from ..losses import get_loss, logits_and_squared_norms
from ..metrics import share_above
from ..models.sampling import latent_codes, sample_generator
from .case import Case, Outcome
from .steps import HeadStart

__all__ = [
    "best_accuracy",
    "checkerboard",
    "company",
    "difference_from_healthy",
    "diversity",
    "fakes_called_real",
    "floor_of_d_loss",
    "generator_gradient",
    "gradient_at_the_start",
    "largest_d_loss",
    "leading_variance",
    "logit_gap",
    "logits",
    "memorized",
    "modes",
    "norm_behind_batch_norm",
    "outdone",
    "outside_the_range",
    "penalized_norm",
    "rare_share",
    "reals_called_fake",
    "shuffled_pixels",
    "squashed",
    "stopped_with",
    "stuck_d_loss",
    "verdict_jump",
    "weights_grown",
]

COUNT = 512  # samples of each kind that are looked at
# Above it a discriminator says "real"; for losses whose logits have no such place it is not used.
MIDDLE = {"minimax": 0.0, "non-saturating": 0.0, "hinge": 0.0, "least-squares": 0.5}


def _reals(outcome: Outcome) -> Tensor:
    return outcome.case.data[:COUNT]


def _fakes(outcome: Outcome) -> Tensor:
    return outcome.sample(COUNT, seed=1, averaged=False)


@torch.no_grad()
def logits(outcome: Outcome) -> tuple[Tensor, Tensor]:
    """Return the discriminator's logits of training samples and of fresh fakes."""
    discriminator = outcome.task.discriminator
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # a discriminator may draw noise
        return discriminator(_reals(outcome)), discriminator(_fakes(outcome))


def _later(outcome: Outcome, column: str, share: float = 0.5) -> Tensor:
    """Return the last part of a column of the history."""
    values = torch.from_numpy(outcome.history[column])
    return values[int(len(values) * (1 - share)) :]


# --- From the history ------------------------------------------------------------------------


def largest_d_loss(outcome: Outcome) -> float:
    """Return the largest absolute value of the discriminator's loss."""
    return float(torch.from_numpy(outcome.history["d_loss"]).abs().max())


def stuck_d_loss(outcome: Outcome) -> float:
    """Return how far D's loss was, at most, from its textbook value in the second half."""
    return float((_later(outcome, "d_loss") - get_loss(outcome.case.loss).equilibrium).abs().max())


def floor_of_d_loss(outcome: Outcome) -> float:
    """Return the smallest loss of the discriminator in the second half of the run."""
    return float(_later(outcome, "d_loss").min())


def stopped_with(words: str) -> Callable[[Outcome], float]:
    """Return a sign that is 1 if the run stopped with an error that contains these words."""

    def stopped(outcome: Outcome) -> float:
        return float(words in (outcome.stopped or ""))

    stopped.__doc__ = f"Return whether (1 or 0) the run stopped with an error that says {words!r}."
    return stopped


# --- From the discriminator ------------------------------------------------------------------


def fakes_called_real(outcome: Outcome) -> float:
    """Return the share of fresh fakes that the discriminator takes for real."""
    return float((logits(outcome)[1] > MIDDLE[outcome.case.loss]).double().mean())


def reals_called_fake(outcome: Outcome) -> float:
    """Return the share of training samples that the discriminator takes for fakes."""
    return float((logits(outcome)[0] < MIDDLE[outcome.case.loss]).double().mean())


def squashed(outcome: Outcome) -> float:
    """Return the share of the discriminator's outputs that lie in [0, 1]."""
    outputs = torch.cat(logits(outcome))
    return float(((outputs >= 0) & (outputs <= 1)).double().mean())


def logit_gap(outcome: Outcome) -> float:
    """Return how far the mean logit of training samples lies above that of fresh fakes."""
    real, fake = logits(outcome)
    return float(real.mean() - fake.mean())


def best_accuracy(outcome: Outcome) -> float:
    """Return the probability that a training sample gets a higher logit than a fresh fake."""
    return share_above(*logits(outcome))


@torch.no_grad()
def memorized(outcome: Outcome) -> float:
    """Return the probability that a training sample gets a higher logit than a held-out one."""
    discriminator, case = outcome.task.discriminator, outcome.case
    return share_above(discriminator(case.data[:COUNT]), discriminator(case.held_out[:COUNT]))


@torch.no_grad()
def shuffled_pixels(outcome: Outcome) -> float:
    """Return how much a shuffle of the pixels changes a sample's mean logit, in spreads."""
    discriminator, x = outcome.task.discriminator, _reals(outcome)
    generator = torch.Generator().manual_seed(0)
    orders = torch.rand(x.flatten(1).shape, generator=generator).argsort(1)
    shuffled = x.flatten(1).gather(1, orders).reshape(x.shape)
    before, after = (discriminator(part).reshape(len(x), -1).mean(1) for part in (x, shuffled))
    return float((before - after).abs().mean() / (torch.cat([before, after]).std() + 1e-12))


@torch.no_grad()
def verdict_jump(outcome: Outcome) -> float:
    """Return how much the verdict on the same fakes changes from D's update to G's, in spreads."""
    task = outcome.task
    (fake,) = task.generate(latent_codes(64, task.generator.latent_dim, seed=2))
    for_d = task.judge(outcome.case.data[:64], fake)[1]
    (for_g,) = task.judge(fake)
    return float((for_d.mean() - for_g.mean()).abs() / (for_g.std() + 1e-12))


def outdone(outcome: Outcome) -> float:
    """Return by how much a fresh discriminator tells fakes better than the one of the game.

    The fresh one learns from half of the samples and is judged on the other half; the one of the
    game is given the best of all thresholds on its logits.
    """
    from ..metrics import Features, two_sample_accuracy

    real, fake = _reals(outcome), _fakes(outcome)
    if not outcome.case.images:
        real, fake = Features(real, "points"), Features(fake, "points")
    fresh = two_sample_accuracy(real, fake, steps=300).value
    a, b = (part.flatten().sort().values for part in logits(outcome))
    cuts = torch.cat([a, b])
    right = (a[None] >= cuts[:, None]).double().mean(1) + (b[None] < cuts[:, None]).double().mean(1)
    return fresh - float(right.max()) / 2


def penalized_norm(outcome: Outcome) -> float:
    """Return the mean length of the critic's gradient between reals and fakes; 1 is wanted."""
    real, fake = _reals(outcome), _fakes(outcome)
    count = min(len(real), len(fake))
    u = torch.rand(count, *[1] * (real.dim() - 1), generator=torch.Generator().manual_seed(0))
    x = u * real[:count] + (1 - u) * fake[:count]
    ((_, squared),) = logits_and_squared_norms(outcome.task.discriminator, x)
    return float(squared.sqrt().mean())


def weights_grown(outcome: Outcome) -> float:
    """Return how many times larger the discriminator's weights are than at the start (RMS)."""
    return _rms(outcome.task.discriminator) / _rms(outcome.case.build().discriminator)


@torch.no_grad()
def _rms(network: nn.Module) -> float:
    weights = torch.cat([p.flatten() for p in network.parameters() if p.dim() > 1])
    return float(weights.square().mean().sqrt())


# --- From the generator ----------------------------------------------------------------------


def generator_gradient(outcome: Outcome) -> float:
    """Return the length of the gradient of the generator's loss over all its weights."""
    task = outcome.task
    fake = task.generator(latent_codes(256, task.generator.latent_dim, seed=2))
    with frozen(task.discriminator):
        real_logits = task.discriminator(outcome.case.data[:256]) if task.loss.paired else None
        loss = task.loss.generator(real_logits, task.discriminator(fake))
        gradients = torch.autograd.grad(loss, list(task.generator.parameters()))
    return float(torch.cat([g.flatten() for g in gradients]).norm())


def gradient_at_the_start(outcome: Outcome) -> float:
    """Return the length of the gradient of G's loss at the end of D's head start.

    The case is run again up to there; one without a head start is measured at the same step.
    """
    return generator_gradient(outcome.case.run(steps=HeadStart.head_start))


def diversity(outcome: Outcome) -> float:
    """Return the mean distance of two samples, as a share of that of two training samples."""
    fake, real = _fakes(outcome), _reals(outcome)
    return float(torch.pdist(fake.flatten(1)).mean() / torch.pdist(real.flatten(1)).mean())


def modes(outcome: Outcome) -> float:
    """Return the share of the mixture's modes in which a sample lies."""
    from ..metrics import mode_report

    found = mode_report(outcome.sample(2500, seed=1), outcome.case.held_out.density)
    return found.modes / len(found.counts)


def rare_share(outcome: Outcome, label: int = 0) -> float:
    """Return the share of the rare class (or mode) among the samples, over its share in the data.

    For mixtures a sample belongs to the nearest mode, for pictures to the class that the library's
    feature network names.
    """
    data = outcome.case.data
    expected = float((data.labels == label).double().mean())
    samples = outcome.sample(2500, seed=1)
    return float((_classes(outcome.case, samples) == label).double().mean()) / expected


def _classes(case: Case, samples: Tensor) -> Tensor:
    from ..metrics import extract, load_network
    from ..metrics.networks import NETWORK_OF

    if case.images:
        network = load_network(NETWORK_OF[case.data.name])
        pictures = interpolate(samples.clamp(-1, 1), network.shape[1:], mode="area")
        return extract(pictures, network).outputs["class"].argmax(1)
    return torch.cdist(samples, case.held_out.density.means).argmin(1)


def outside_the_range(outcome: Outcome) -> float:
    """Return how far the data's range is from [-1, 1], the range of a tanh."""
    low, high = outcome.case.data[:].aminmax()
    return float(torch.stack([(low + 1).abs(), (high - 1).abs()]).max())


def leading_variance(outcome: Outcome, directions: int = 3) -> float:
    """Return the share of the variance in the leading directions (three), before the last tanh."""
    before = _fakes(outcome).flatten(1).double().clamp(-1 + 1e-6, 1 - 1e-6).atanh()
    variances = torch.linalg.svdvals(before - before.mean(0)).square()
    return float(variances[:directions].sum() / variances.sum())


def checkerboard(outcome: Outcome, networks: int = 24) -> float:
    """Return the ratio of the most to the least active of the four kinds of pixels, untrained.

    Pixels are of one kind if their row and column numbers are both even, both odd, and so on; how
    active they are is their mean square over the pictures of so many fresh generators, away from
    the border. A single one has preferences of its own.
    """
    case, squares = outcome.case, torch.zeros(2, 2)
    for k in range(networks):
        generator = replace(case, seed=networks * case.seed + k).build().generator
        pictures = sample_generator(generator, latent_codes(32, generator.latent_dim, seed=2))
        inside = pictures[..., 2:-2, 2:-2].square().mean((0, 1))
        squares += torch.stack([inside[i::2, j::2].mean() for i in (0, 1) for j in (0, 1)]).view(
            2, 2
        )
    return float((squares.max() / squares.min()).sqrt())


def company(outcome: Outcome) -> float:
    """Return how much eight pictures change if they are drawn alone and not among 256."""
    among, alone = (outcome.sample(count, seed=3, averaged=False)[:8] for count in (256, 8))
    return float((among - alone).abs().mean())


@torch.no_grad()
def norm_behind_batch_norm(outcome: Outcome) -> float:
    """Return the mean standard deviation of channels behind batch norm, before its own scale."""
    seen = []

    def look(layer, inputs):
        variance = inputs[0].transpose(0, 1).flatten(1).var(1, correction=0)
        seen.append((variance / (variance + layer.eps)).sqrt().mean())

    network = outcome.task.generator
    hooks = [
        layer.register_forward_pre_hook(look)
        for layer in network.modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
    sample_generator(network, latent_codes(256, network.latent_dim, seed=2))
    for hook in hooks:
        hook.remove()
    return float(torch.stack(seen).mean())


def difference_from_healthy(outcome: Outcome) -> float:
    """Return the largest difference of a generator's weight from the same run without the fault."""
    if outcome.case.fault is None:
        return 0.0
    twin = replace(outcome.case, task=GAN, fault=None).run()
    pairs = zip(outcome.task.generator.parameters(), twin.task.generator.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)
