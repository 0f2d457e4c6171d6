"""From latent codes to samples."""

import torch
from torch import Tensor, nn

__all__ = ["latent_codes", "sample_generator"]


def latent_codes(count: int, latent_dim: int, seed: int = 0) -> Tensor:
    """Draw `count` latent codes from N(0, I), shape (count, latent_dim), on the CPU.

    The same seed gives the same codes on every device, and the first codes do not depend on
    `count`.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randn(latent_dim, generator=generator) for _ in range(count)])


@torch.no_grad()
def sample_generator(
    generator: nn.Module, codes: Tensor, batch_size: int = 256, labels: Tensor | None = None
) -> Tensor:
    """Map latent codes (N, latent_dim) to samples (N, *shape) on the CPU, in evaluation mode.

    A conditional generator, which has ``classes``, makes the classes that `labels` (N,) say, or
    else one after the other in turn.
    """
    inputs = [codes]
    if (classes := getattr(generator, "classes", None)) is not None:
        in_turn = torch.arange(len(codes)) % len(classes)
        inputs.append(in_turn if labels is None else labels)
    device = next(generator.parameters()).device
    was_training = generator.training
    generator.eval()
    parts = [
        generator(*(part.to(device) for part in rows)).float().cpu()
        for rows in zip(*(each.split(batch_size) for each in inputs), strict=True)
    ]
    generator.train(was_training)
    return torch.cat(parts)
