"""Fakes of earlier steps: a discriminator that is shown them cannot forget."""

import torch
from torch import Tensor

__all__ = ["FakeHistory"]


class FakeHistory:
    """A store of fakes, of which half of each batch is replaced (Shrivastava et al. 2017).

    Until it is full, fakes are stored and come back as they are. Afterwards each of a batch is,
    with a chance of one half, exchanged for one that is stored. The discriminator so sees fakes of
    about the last `size` / (batch / 2) steps.

    Parameters
    ----------
    size : int
        How many fakes it holds (50 in Zhu et al. 2017); 0 for none. Of a batch that is larger,
        only so many take part.
    shape : tuple of int
        Of one fake.

    Attributes
    ----------
    stored : Tensor, shape (size, *shape)
        Zeros where nothing has been stored.
    filled : int
        How many are.
    """

    def __init__(self, size: int, shape: tuple[int, ...]):
        self.size, self.filled = size, 0
        self.stored = torch.zeros(size, *shape)

    def exchange(self, fakes: Tensor, u: Tensor) -> Tensor:
        """Store fakes, and return as many, some of them older.

        Parameters
        ----------
        fakes : Tensor, shape (n, *shape)
        u : Tensor, shape (n + size,)
            Random numbers from [0, 1): whether each is exchanged, and for which.

        Returns
        -------
        Tensor, shape (n, *shape)
        """
        fakes = fakes.detach()
        if self.size == 0:
            return fakes
        shown = fakes.clone()
        room = min(self.size - self.filled, len(fakes))
        self.stored[self.filled : self.filled + room] = fakes[:room].to(self.stored.dtype)
        self.filled += room
        late = shown[room:][: self.size]  # the part of the batch that found no room; a view
        if len(late):
            new = fakes[room:][: self.size]
            places = u[len(fakes) :].argsort()[: len(late)]  # all different
            old = self.stored[places]
            swap = (u[room : room + len(late)] < 0.5).view(-1, *[1] * (fakes.dim() - 1))
            late.copy_(torch.where(swap, old, new))
            self.stored[places] = torch.where(swap, new, old)
        return shown
