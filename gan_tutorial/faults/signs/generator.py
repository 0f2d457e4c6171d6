"""Signs of the generator: its gradients, its layers, and how it draws."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ...gan import GAN, frozen
from ...models import batch_norms
from ...models.sampling import sample_generator
from ..case import Outcome
from ..steps import HeadStart
from .looks import codes, drawn

__all__ = [
    "checkerboard",
    "dependence_on_the_batch",
    "difference_from_healthy",
    "generator_gradient",
    "gradient_at_the_start",
    "norm_behind_batch_norm",
]


def generator_gradient(outcome: Outcome) -> float:
    """Return the length of the gradient of the generator's loss over all its weights."""
    task = outcome.task
    fake = task.generator(codes(task.generator, 256))
    with frozen(task.discriminator):
        real = drawn(outcome.case.data, 256)
        real_logits = task.discriminator(real) if task.loss.paired else None
        loss = task.loss.generator(real_logits, task.discriminator(fake))
        gradients = torch.autograd.grad(loss, list(task.generator.parameters()))
    return float(torch.cat([g.flatten() for g in gradients]).norm())


def gradient_at_the_start(outcome: Outcome) -> float:
    """Return the length of the gradient of G's loss at the end of D's head start.

    The case is run again up to there; one without a head start is measured at the same step.
    """
    return generator_gradient(outcome.case.run(steps=HeadStart.head_start))


def checkerboard(outcome: Outcome, networks: int = 24) -> float:
    """Return the ratio of the most to the least active of the four kinds of pixels, untrained.

    Pixels are of one kind if their row and column numbers are both even, both odd, and so on; how
    active they are is their mean square over the pictures of so many fresh generators, away from
    the border. A single one has preferences of its own.
    """
    case, squares = outcome.case, torch.zeros(2, 2)
    for k in range(networks):
        generator = replace(case, seed=networks * case.seed + k).build().generator
        pictures = sample_generator(generator, codes(generator, 32))
        inside = pictures[..., 2:-2, 2:-2].square().mean((0, 1))
        squares += torch.stack([inside[i::2, j::2].mean() for i in (0, 1) for j in (0, 1)]).view(
            2, 2
        )
    return float((squares.max() / squares.min()).sqrt())


def dependence_on_the_batch(outcome: Outcome) -> float:
    """Return how much eight pictures change if they are drawn alone and not among 256."""
    among, alone = (outcome.sample(count, seed=3, averaged=False)[:8] for count in (256, 8))
    return float((among - alone).abs().mean())


@torch.no_grad()
def norm_behind_batch_norm(outcome: Outcome) -> float:
    """Return the mean standard deviation of channels behind batch norm, before its own scale."""
    seen: list[Tensor] = []

    def look(layer: Any, inputs: tuple[Tensor, ...]) -> None:
        variance = inputs[0].transpose(0, 1).flatten(1).var(1, correction=0)
        seen.append((variance / (variance + layer.eps)).sqrt().mean())

    network = outcome.task.generator
    hooks = [layer.register_forward_pre_hook(look) for layer in batch_norms(network)]
    sample_generator(network, codes(network, 256))
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
