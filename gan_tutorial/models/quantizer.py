r"""The codebook of a tokenizer: vectors are replaced by the nearest of a list."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

__all__ = ["LEARNED", "VectorQuantizer", "perplexity", "straight_through"]

LEARNED = ("ema", "gradient")
TINY = 1e-8  # keeps the mean of a code that was never met finite; it is revived before it is used


def straight_through(z: Tensor, e: Tensor) -> Tensor:
    """Return `e`, with the gradient of `z`: what is not differentiable is passed by."""
    return z + (e - z).detach()


def perplexity(tokens: Tensor, codes: int) -> Tensor:
    r"""Return :math:`\exp(-\sum_k p_k \log p_k)` of how often each token occurs.

    It is the number of codes, if they are used equally often, and 1, if there is only one.

    Parameters
    ----------
    tokens : Tensor of int64, any shape
    codes : int
        How many there are to choose from.

    Examples
    --------
    >>> perplexity(torch.tensor([0, 1, 2, 3, 0, 1, 2, 3]), codes=16)
    tensor(4.)
    """
    share = torch.bincount(tokens.flatten(), minlength=codes).float() / tokens.numel()
    return torch.special.entr(share).sum().exp()


class VectorQuantizer(nn.Module):
    r"""The codebook: vectors :math:`e_k` that follow what they stand for.

    Learned by averages, a code is the mean of the vectors that were nearest to it lately
    (van den Oord et al. 2017, appendix A.1): with :math:`n_k` of them in a batch,

    .. math:: N_k \leftarrow \gamma N_k + (1 - \gamma) n_k, \quad
        m_k \leftarrow \gamma m_k + (1 - \gamma) \sum z_e, \quad e_k = m_k / N_k .

    Learned by the gradient, it is a parameter, and only :math:`N_k` is kept up.

    Parameters
    ----------
    codes, dim : int
        How many vectors, and how many numbers each has; 1 or more.
    learned : {"ema", "gradient"}
        By averages or by the gradient.
    decay : float
        The :math:`\gamma` of the averages, in [0, 1).

    Attributes
    ----------
    codebook : Tensor, shape (codes, dim)
    counts : Tensor, shape (codes,)
        The :math:`N_k`; 0 until `follow` or `revive` sets them.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> quantizer = VectorQuantizer(codes=2, dim=1)
    >>> quantizer.revive(torch.tensor([[0.0], [1.0]]))
    >>> tokens = quantizer.nearest(torch.tensor([[0.2], [0.9]]))
    >>> quantizer.vectors(tokens).flatten()
    tensor([0., 1.])
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, codes: int = 256, dim: int = 16, learned: str = "ema", decay: float = 0.99):
        super().__init__()
        if codes < 1 or dim < 1:
            raise ValueError(f"codes and dim must be at least 1, got {codes} and {dim}.")
        if learned not in LEARNED:
            raise ValueError(f"Unknown way {learned!r} to learn a codebook; choose ema, gradient.")
        if not 0 <= decay < 1:
            raise ValueError(f"The decay of the codebook's averages lies in [0, 1), got {decay}.")
        self.codes, self.dim, self.learned, self.decay = codes, dim, learned, decay
        start = torch.randn(codes, dim)
        if learned == "gradient":
            self.codebook = nn.Parameter(start)
        else:
            self.register_buffer("codebook", start)
            self.register_buffer("sums", torch.zeros(codes, dim))
        self.register_buffer("counts", torch.zeros(codes))

    def nearest(self, z: Tensor) -> Tensor:
        """Map vectors (n, dim) to the tokens (n,) of the nearest codes."""
        z, e = z.float(), self.codebook.float()
        # |z - e|^2 without |z|^2, which is the same for every code
        return (e.square().sum(1) - 2 * z @ e.T).argmin(1)

    def vectors(self, tokens: Tensor) -> Tensor:
        """Map tokens, of any shape, to codes, (*shape, dim)."""
        return self.codebook[tokens]

    @torch.no_grad()
    def follow(self, z: Tensor, tokens: Tensor) -> None:
        """Move the averages towards vectors (n, dim) and the tokens (n,) that they got."""
        chosen = one_hot(tokens, self.codes).float()  # (n, codes)
        self.counts.lerp_(chosen.sum(0), 1 - self.decay)
        if self.learned == "ema":
            self.sums.lerp_(chosen.T @ z.float(), 1 - self.decay)
            means = self.sums / self.counts.clamp(min=TINY)[:, None]
            self.codebook.copy_(torch.where(self.counts[:, None] > TINY, means, self.codebook))

    @torch.no_grad()
    def revive(
        self, z: Tensor, generator: torch.Generator | None = None, least: float = 0.05
    ) -> None:
        """Give codes that are hardly used the places of vectors that were just met.

        A code is dead if it stands for fewer vectors than `least` times an equal share. In the
        beginning all are: the first batch lays out the codebook (Dhariwal et al. 2020 restart
        unused codes in this way).

        Parameters
        ----------
        z : Tensor, shape (n, dim)
            A batch.
        generator : torch.Generator, optional
            Decides which vectors.
        least : float
            0 revives nothing but codes that were never used.
        """
        share = len(z) / self.codes
        dead = self.counts <= least * share
        order = torch.randperm(len(z), generator=generator, device=z.device)
        rows = order[torch.arange(self.codes, device=z.device) % len(z)]
        self.codebook.copy_(torch.where(dead[:, None], z[rows].float(), self.codebook))
        self.counts.copy_(torch.where(dead, share, self.counts))
        if self.learned == "ema":
            self.sums.copy_(
                torch.where(dead[:, None], self.codebook * self.counts[:, None], self.sums)
            )
