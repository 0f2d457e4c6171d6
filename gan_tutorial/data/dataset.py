"""A data set that is one tensor: batches are drawn from it by index."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .mixtures import Mixture
from .ranges import check_count

__all__ = ["Dataset", "Samples", "as_tensor", "sample_shape"]


class Dataset:
    """Samples held in memory, indexed into float batches.

    Parameters
    ----------
    name : str
        What plots and messages call it.
    samples : Tensor
        Images ``(N, C, H, W)``, either uint8 in 0..255 or float32 in [-1, 1]; or points
        ``(N, 2)``, float32.
    labels : Tensor of int64, shape (N,), optional
        The class of each sample.
    classes : tuple of str
        The names of the classes, in the order of the label numbers.
    factors : dict of str to Tensor, optional
        What each sample was drawn from, where it is known: tensors with N rows.
    density : Mixture, optional
        The exact distribution of the samples, where it is known.
    on_disk : bool
        Whether `samples` is a view of a file that may be larger than memory. Such samples stay
        where they are, and batches travel to the device one by one.
    source : str, optional
        Which of the library's data sets (`NAMES`) the samples were drawn from. It decides what
        fits them, such as the network that measures them; a name alone decides nothing, since a
        folder of pictures may have any.
    identity : str, optional
        A hash of the files that the samples were read from: what tells data of other content from
        the same data under another name.
    summary : str
        One line that says where the samples come from; may be empty.

    Attributes
    ----------
    name, labels, classes, factors, density, source, identity, summary
        As given.
    shape : tuple of int
        The shape of **one** sample, ``(1, 28, 28)`` or ``(2,)``: unlike that of a tensor of
        samples, ``(N, 1, 28, 28)``. `sample_shape` returns the same for both.
    device : torch.device
        Where batches come out.

    Notes
    -----
    Samples given as uint8 stay uint8, a quarter of the memory, and become float when indexed:
    0 is -1 and 255 is exactly 1.

    Examples
    --------
    >>> points = Dataset("three", torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
    >>> points[torch.tensor([2, 0])]
    tensor([[4., 5.],
            [0., 1.]])
    >>> Dataset("gray", torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1))[:].flatten()
    tensor([-1.,  1.])
    """

    def __init__(
        self,
        name: str,
        samples: Tensor,
        *,
        labels: Tensor | None = None,
        classes: tuple[str, ...] = (),
        factors: dict[str, Tensor] | None = None,
        density: Mixture | None = None,
        on_disk: bool = False,
        source: str | None = None,
        identity: str | None = None,
        summary: str = "",
    ):
        if samples.ndim not in (2, 4) or samples.dtype not in (torch.uint8, torch.float32):
            raise ValueError(
                "A data set holds images (N, C, H, W) or points (N, 2), of type uint8 or float32, "
                f"not a tensor of shape {tuple(samples.shape)} and type {samples.dtype}."
            )
        for what, rows in {"labels": labels, **(factors or {})}.items():
            if rows is not None and len(rows) != len(samples):
                raise ValueError(f"{what} has {len(rows)} rows for {len(samples)} samples.")
        self.name = name
        self.labels = labels
        self.classes = tuple(classes)
        self.factors = factors
        self.density = density
        self.source = source
        self.identity, self.summary = identity, summary
        self.device = samples.device
        self._samples = samples
        self._on_disk = on_disk

    def __len__(self) -> int:
        """Return N, the number of samples."""
        return len(self._samples)

    def __repr__(self) -> str:
        size = "x".join(str(side) for side in self.shape)
        return f"Dataset({self.name!r}, {len(self)} samples of {size})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, without the axis of the samples."""
        return tuple(self._samples.shape[1:])

    @property
    def rows_device(self) -> torch.device:
        """Where row numbers are looked up: beside the samples, which may be left on a disk."""
        return self._samples.device

    def __getitem__(self, index: Tensor | slice | int) -> Tensor:
        """Return samples as float32, on `device`: images in [-1, 1], or points.

        A tensor of row numbers (from 0) or a slice gives a batch; one number gives one sample,
        without the batch axis.
        """
        if isinstance(index, Tensor):
            index = index.to(self._samples.device)
        if isinstance(index, Tensor) and index.ndim == 1 and index.dtype != torch.bool:
            # Several times as fast as self._samples[index], which is made for any kind of index.
            rows = self._samples.index_select(0, index)
        else:
            rows = self._samples[index]
        rows = rows.to(self.device)
        if rows.dtype == torch.uint8:
            return rows.to(torch.float32).mul_(1 / 127.5).sub_(1)
        return rows if isinstance(index, Tensor) else rows.clone()

    def tensor(self) -> Tensor:
        """Return every sample as one float32 tensor."""
        return self[:]

    def to(self, device: torch.device | str) -> "Dataset":
        """Return this data set with its batches, labels and factors on `device`."""
        moved = self._replace(
            self._samples if self._on_disk else self._samples.to(device),
            lambda rows: rows.to(device),
        )
        moved.identity = self.identity
        moved.device = torch.device(device) if self._on_disk else moved._samples.device
        return moved

    def subset(self, index: Tensor | slice) -> "Dataset":
        """Return the samples at `index`, with their labels and factors, as a data set.

        A slice shares this data set's memory; an index tensor copies the rows it names.
        """
        if isinstance(index, Tensor):
            index = index.to(self._samples.device)
        part = self._replace(
            self._samples[index],
            lambda rows: rows[index.to(rows.device) if isinstance(index, Tensor) else index],
        )
        part.device = self.device
        part._on_disk = self._on_disk and isinstance(index, slice)
        return part

    def random_subset(self, count: int, seed: int = 0) -> "Dataset":
        """Return `count` samples drawn at random without replacement, in random order.

        The stored order is that of the files: the digits, for instance, stand there writer by
        writer. So two sets that are compared are drawn like this, and are no slices of it.

        Parameters
        ----------
        count : int
            How many, from 1 to N.
        seed : int
            Decides which. A smaller count draws the first of a larger one.

        Raises
        ------
        ValueError
            If there are fewer samples than that, or `count` is below 1.

        Examples
        --------
        >>> points = Dataset("three", torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
        >>> points.random_subset(2)
        Dataset('three', 2 samples of 2)
        """
        if check_count("count", count) > len(self):
            raise ValueError(
                f"A random subset of {count} needs as many samples, and {self.name!r} has "
                f"{len(self)}: ask for {len(self)} at most."
            )
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        return self.subset(order[:count])

    def map_images(self, change: Callable[[Tensor], Tensor]) -> "Dataset":
        """Return a data set whose images are ``change(images)``, applied some thousand at a time.

        Parameters
        ----------
        change : callable
            Takes float images ``(n, C, H, W)`` in [-1, 1] and returns as many in that range.

        Returns
        -------
        Dataset
            In the same number format: uint8 stays uint8.
        """
        parts = []
        for start in range(0, len(self), 4096):
            images = change(self[start : start + 4096])
            if self._samples.dtype == torch.uint8:
                images = images.add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
            parts.append(images)
        changed = self._replace(torch.cat(parts), lambda rows: rows)
        changed._on_disk = False
        return changed

    def _replace(self, samples: Tensor, change_rows: Callable[[Tensor], Tensor]) -> "Dataset":
        """Copy this data set with other samples, and everything else passed through a function."""
        return Dataset(
            self.name,
            samples,
            labels=None if self.labels is None else change_rows(self.labels),
            classes=self.classes,
            factors=self.factors and {k: change_rows(v) for k, v in self.factors.items()},
            density=self.density,
            on_disk=self._on_disk,
            source=self.source,
            summary=self.summary,
        )


Samples = Dataset | Tensor | np.ndarray  # whatever holds samples; `as_tensor` makes one of all


def sample_shape(data: Dataset | Tensor) -> tuple[int, ...]:
    """Return the shape of one sample of a data set or of a tensor (N, ...).

    Examples
    --------
    >>> points = torch.zeros(7, 2)
    >>> sample_shape(points), sample_shape(Dataset("seven", points))
    ((2,), (2,))
    """
    return tuple(data.shape) if isinstance(data, Dataset) else tuple(data.shape[1:])


def as_tensor(samples: Samples) -> Tensor:
    """Return samples as a tensor, in whichever form they come.

    What takes a tensor of samples passes it through here first, so that a data set or an array
    may be given instead.

    Parameters
    ----------
    samples : Dataset, Tensor or ndarray
        A data set gives all its samples, as float32; a tensor is returned as it is; of an array,
        numbers of float64, NumPy's usual kind, become float32, that of the library.

    Raises
    ------
    TypeError
        If it is anything else.

    Examples
    --------
    >>> as_tensor(np.zeros((3, 2))).dtype, as_tensor(np.zeros(3, np.uint8)).dtype
    (torch.float32, torch.uint8)
    """
    if isinstance(samples, Dataset):
        return samples.tensor()
    if isinstance(samples, Tensor):
        return samples
    if isinstance(samples, np.ndarray):
        # a copy: torch cannot hold arrays that are read-only, or stored backwards
        kind = np.float32 if samples.dtype == np.float64 else samples.dtype
        return torch.from_numpy(np.array(samples, dtype=kind))
    raise TypeError(
        f"Samples come as a Dataset, a tensor or a NumPy array, not as {type(samples).__name__}."
    )
