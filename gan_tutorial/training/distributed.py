"""Several processes that train one model together, started by ``torchrun``.

Every process holds a copy of the networks and works on its own share of each batch. Between the
backward pass and the optimizer's step the gradients are averaged over the processes, in one flat
message, so all copies stay equal. Nothing is wrapped, so a penalty that differentiates twice
needs no special care.

All processes draw the same random numbers, for the whole batch, and each takes its share. A run on
N processes is therefore the run on one, up to rounding; only batch norm, which looks at the
samples a process holds, can tell the difference.
"""

import datetime
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn

__all__ = [
    "any_process",
    "average",
    "average_gradients",
    "average_numbers",
    "copy_from_first",
    "gather",
    "is_first",
    "joined",
    "rank",
    "share",
    "synchronize_batch_norm",
    "wait",
    "world_size",
]


@contextmanager
def joined(device: str = "auto", timeout: float = 600.0) -> Iterator[str]:
    """Join the other processes for the time of a ``with`` block, if ``torchrun`` started several.

    Parameters
    ----------
    device : str
        What the processes train on: "auto", "cpu" or "cuda". Each process of a machine takes the
        GPU of its own number.
    timeout : float
        Seconds after which a process that waits for another gives up with an error.

    Yields
    ------
    str
        The device of this process.

    Notes
    -----
    Join once, and do all training inside: processes of ``torchrun`` that have left cannot find
    each other again, and wait until the timeout.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield device
        return
    gpu = torch.cuda.is_available() and device in ("auto", "cuda")
    if gpu:
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    backend = "nccl" if gpu else "gloo"
    dist.init_process_group(backend, timeout=datetime.timedelta(seconds=timeout))
    try:
        yield device if gpu else "cpu"
    finally:
        dist.destroy_process_group()


def world_size() -> int:
    """Return the number of processes; 1 if this one is alone."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return this process's number, from 0."""
    return dist.get_rank() if world_size() > 1 else 0


def is_first() -> bool:
    """Return whether this is the process that writes files and messages."""
    return rank() == 0


def wait() -> None:
    """Wait until every process is here."""
    if world_size() > 1:
        dist.barrier()


def share(whole: Tensor, groups: int = 1) -> Tensor:
    """Return this process's rows of a tensor that all processes hold.

    Parameters
    ----------
    whole : Tensor, shape (groups * n, ...)
        `groups` batches of n rows each.
    groups : int
        Every batch is divided on its own.

    Returns
    -------
    Tensor, shape (groups * n / world_size, ...)

    Raises
    ------
    ValueError
        If n is not a multiple of the number of processes.
    """
    processes = world_size()
    if processes == 1:
        return whole
    size = len(whole) // groups
    if size % processes:
        raise ValueError(
            f"A batch of {size} cannot be divided equally among {processes} processes: choose a "
            "batch size that is a multiple of their number."
        )
    parts = whole.reshape(groups, processes, size // processes, *whole.shape[1:])
    return parts[:, rank()].reshape(-1, *whole.shape[1:])


def gather(part: Tensor) -> Tensor:
    """Return the rows of all processes, in the order of their numbers: what `share` divides."""
    if world_size() == 1:
        return part
    parts = [torch.empty_like(part) for _ in range(world_size())]
    dist.all_gather(parts, part.contiguous())
    return torch.cat(parts)


def average(value: Tensor) -> Tensor:
    """Return the mean over the processes of a tensor that each of them has."""
    if world_size() > 1:
        value = value.clone()
        dist.all_reduce(value)
        value /= world_size()
    return value


def average_numbers(numbers: dict[str, float], device: torch.device) -> dict[str, float]:
    """Return the mean over the processes of each number; all must have the same names."""
    if world_size() == 1 or not numbers:
        return numbers
    means = average(torch.tensor(list(numbers.values()), device=device))
    return dict(zip(numbers, means.tolist(), strict=True))


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over the processes, in one message."""
    if world_size() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = average(torch.cat([gradient.flatten() for gradient in gradients]))
    for gradient, mean in zip(
        gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True
    ):
        gradient.copy_(mean.view_as(gradient))


def copy_from_first(networks: Iterable[nn.Module]) -> None:
    """Give every process the weights and buffers of the first one."""
    if world_size() > 1:
        for network in networks:
            for tensor in (*network.parameters(), *network.buffers()):
                dist.broadcast(tensor.detach(), src=0)


def any_process(flag: bool, device: torch.device) -> bool:
    """Return whether the flag is true in any process."""
    if world_size() == 1:
        return flag
    flags = torch.tensor(float(flag), device=device)
    dist.all_reduce(flags, dist.ReduceOp.MAX)
    return bool(flags)


def synchronize_batch_norm(network: nn.Module) -> nn.Module:
    """Let batch norm see the whole batch, where torch can: on GPUs.

    On CPUs batch norm goes on normalizing over the samples of its own process, so that a run on
    several of them differs from a run on one.
    """
    on_gpu = all(p.device.type == "cuda" for p in network.parameters())
    if world_size() > 1 and on_gpu:
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return network
