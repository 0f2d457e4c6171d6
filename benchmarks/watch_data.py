"""The data of `watch_scripts`: for each kind of script one set for tuning, one for the result."""

import torch
from torch.nn.functional import interpolate

from gan_tutorial import data as datasets


def nine(count, seed):
    """Nine spots in the plane, with the number of each one's part."""
    rng = torch.Generator().manual_seed(seed)
    noise = torch.randn(count, 2, generator=rng)
    kind = torch.randint(9, (count,), generator=rng)
    x = torch.stack([kind % 3, kind // 3], 1).float() - 1
    return x + 0.05 * noise, kind


def shapes(count, seed):
    """Pictures of 8x8: discs, rings and crosses of many sizes, places and strengths."""
    rng = torch.Generator().manual_seed(seed)
    kind = torch.randint(3, (count,), generator=rng)
    u = torch.rand(count, 4, 1, 1, generator=rng)
    at = torch.arange(8.0) - 3.5
    x, y = at[None, None] - (2 * u[:, 0] - 1), at[None, :, None] - (2 * u[:, 1] - 1)
    r, size = (x.square() + y.square()).sqrt(), 1.6 + 1.4 * u[:, 2]
    disc, ring = torch.sigmoid(3 * (size - r)), torch.exp(-2 * (r - size).square())
    arm = torch.maximum(torch.exp(-2 * x.square()), torch.exp(-2 * y.square()))
    cross = arm * torch.sigmoid(3 * (size - torch.maximum(x.abs(), y.abs())))
    which = kind[:, None, None]
    picture = torch.where(which == 0, disc, torch.where(which == 1, ring, cross))
    return (2 * (0.6 + 0.4 * u[:, 3]) * picture - 1)[:, None], kind


def load(name, seed=0):
    """Return training samples with their classes, and held-out ones with theirs."""
    if name == "shapes":
        return *shapes(3000, seed), *shapes(1000, seed + 1)
    if name == "nine":
        return *nine(3000, seed), *nine(1000, seed + 1)
    parts = []
    for split in ("train", "validation"):
        if name == "footballs":
            x = datasets.load("soccer", split, count=1000, image_size=16, ground="grass")[:]
            x, y = interpolate(x, size=8, mode="area"), torch.zeros(len(x), dtype=torch.long)
        else:
            found = datasets.load(name, split, **({} if name == "digits" else {"count": 3000}))
            x, y = found[:], found.labels
            y = torch.zeros(len(x), dtype=torch.long) if y is None else y
        parts += [x, y]
    return tuple(parts)
