"""What a program hands over as data: taken as it is, or refused with the line to write."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data import Dataset as TorchDataset

from .dataset import Dataset
from .others import collected, gives_rows

__all__ = ["as_samples", "check_range"]


def as_samples(data: Any) -> Dataset | Tensor:
    """Return data in a form that can be trained on, or say what to write.

    Parameters
    ----------
    data : Dataset, Tensor, ndarray, TensorDataset, or another data set
        Images (N, C, H, W) or points (N, 2). Bytes are scaled to [-1, 1], fractions of any kind
        become float32, and of a TensorDataset the second tensor, if it holds whole numbers, is
        the labels. A data set that gives its samples by number, of torch, torchvision or Hugging
        Face, is read once (`others.collected`): give what comes out here to both ``for_data`` and
        `fit`, and it is not read twice.

    Returns
    -------
    Dataset or Tensor
        Data sets and float32 tensors as they are.

    Raises
    ------
    TypeError
        If it is anything else, such as a DataLoader or a list of files.
    ValueError
        If the axes are in another order, or values are NaN or infinite.

    Examples
    --------
    >>> as_samples(np.zeros((5, 1, 8, 8), np.uint8))
    Dataset('tensor', 5 samples of 1x8x8)
    """
    if isinstance(data, Dataset):
        return data
    labels = None
    if isinstance(data, TensorDataset):
        data, *others = data.tensors
        if others and others[0].dim() == 1 and others[0].dtype == torch.int64:
            labels = others[0]
    if isinstance(data, np.ndarray):
        data = torch.from_numpy(np.ascontiguousarray(data))
    if not isinstance(data, Tensor):
        if isinstance(data, DataLoader) or not gives_rows(data):
            raise TypeError(_other_kind(data))
        found = collected(data)
        if isinstance(found, Dataset):
            return found
        data = found
    data = data.detach()
    _check_axes(data)
    if data.dtype.is_floating_point:
        data = data.float()
    if data.dtype not in (torch.uint8, torch.float32):
        raise ValueError(
            f"Samples are float32, or bytes from 0 to 255, not {data.dtype}: write data.float(), "
            "scaled to [-1, 1]."
        )
    if data.dtype != torch.uint8:
        _check_finite(data)
    if (data.dtype == torch.uint8 and data.dim() == 4) or labels is not None:
        classes = () if labels is None else tuple(map(str, range(int(labels.max()) + 1)))
        return Dataset("tensor", data, labels=labels, classes=classes)
    return data.float() if data.dtype == torch.uint8 else data


def _other_kind(data: Any) -> str:
    """Say what to write for what is no tensor."""
    if isinstance(data, DataLoader):
        return (
            "Batches are drawn here, so give the samples and not a DataLoader: write "
            "torch.cat([batch[0] for batch in loader]), or batch for batch[0] if there are no "
            "labels."
        )
    if isinstance(data, TorchDataset):
        return (
            "This data set has no length or gives no samples by number, and batches are drawn "
            "here by number: write torch.stack([item[0] for item in dataset]), scaled to [-1, 1]."
        )
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        return f"Give samples, not a name: write data.load({str(data)!r})."
    return (
        f"Samples come as a Dataset, a tensor or a NumPy array, not as {type(data).__name__}: "
        "write torch.stack(samples) for a list of tensors."
    )


def _check_axes(data: Tensor) -> None:
    """Refuse images whose channels come last, or are left out."""
    shape = tuple(data.shape)
    if data.dim() == 4 and shape[1] not in (1, 3, 4) and shape[3] in (1, 3, 4):
        raise ValueError(
            f"Images are (N, C, H, W), and these are {shape}, with the channels last: write "
            "data.permute(0, 3, 1, 2)."
        )
    if data.dim() == 3:
        raise ValueError(
            f"Images are (N, C, H, W): the first axis counts the samples, the second the channels, "
            f"and these are {shape}. Write data.unsqueeze(1) if they are gray pictures."
        )


def _check_finite(data: Tensor) -> None:
    """Refuse NaN and infinity, which a training would only spread."""
    good = data.flatten(1).isfinite().all(1) if data.dim() > 1 else data.isfinite()
    if not good.all():
        raise ValueError(
            f"Of {len(data):,} samples {int((~good).sum()):,} hold NaN or infinity: leave them out "
            "by data[data.flatten(1).isfinite().all(1)]."
        )


def check_range(data: Dataset | Tensor) -> None:
    """Refuse images in another range than [-1, 1], which the library's networks make.

    Raises
    ------
    ValueError
        The message holds the line to write.

    Examples
    --------
    >>> check_range(torch.rand(100, 1, 8, 8))
    Traceback (most recent call last):
    ...
    ValueError: Images lie in [-1, 1], and these in [0, 1]: write 2 * data - 1.
    """
    if isinstance(data, Dataset) or data.dim() != 4 or len(data) == 0:
        return
    low, high = data.min().item(), data.max().item()
    if high > 1.05 or low < -1.05:
        line = f"2 * (data - {low:.4g}) / {high - low:.4g} - 1"
        if 0 <= low and 2 < high <= 255:
            line = "data / 127.5 - 1"
        raise ValueError(
            f"Images lie in [-1, 1], and these in [{low:.4g}, {high:.4g}]: write {line}."
        )
    if low >= 0 and high > 0.5 and data[:256].std() > 0.05:
        raise ValueError("Images lie in [-1, 1], and these in [0, 1]: write 2 * data - 1.")
