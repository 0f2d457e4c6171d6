"""What every instrument returns, and how it says how sure it is."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Measurement", "jackknife"]

PIXELS = "pixels"  # stands where an extractor's name stands if there is none


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number, with what one has to know to compare it with another.

    Numbers can be compared if they have the same `metric`, `extractor` and sample sizes.

    Attributes
    ----------
    metric : str
        What was measured.
    value : float
        The result; ``float(measurement)`` returns it.
    extractor : str
        The feature network, or "pixels".
    real, fake : int
        How many real and generated samples went in; 0 where the metric looks at one side only.
    spread : float or None
        How uncertain the value is, as `spread_of` says; None if that is not known.
    spread_of : str
        What `spread` is.

    Examples
    --------
    >>> sizes = {"real": 300, "fake": 300}
    >>> print(Measurement(metric="FID", value=8.512, extractor="digits", spread=0.42, **sizes))
    FID 8.51 ± 0.42 (digits, 300 real, 300 generated)
    """

    metric: str
    value: float
    extractor: str
    real: int
    fake: int
    spread: float | None = None
    spread_of: str = ""

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        spread = "" if self.spread is None else f" ± {self.spread:.2g}"
        sizes = [f"{n} {what}" for n, what in ((self.real, "real"), (self.fake, "generated")) if n]
        return f"{self.metric} {self.value:.3g}{spread} ({', '.join([self.extractor, *sizes])})"


def jackknife(
    statistic: Callable[..., float | tuple[float, ...]],
    *sets: Tensor,
    groups: int = 10,
    seed: int = 0,
) -> Tensor:
    r"""Estimate the standard error of a statistic of independent sets of samples.

    A tenth of one set is left out at a time, each tenth once; the statistic's variance over these
    is multiplied by :math:`(g - 1)^2 / g` for `g` groups (Efron and Tibshirani 1993, chapter 11,
    equation 11.5 for groups), and the variances of the sets add up. Unlike the bootstrap it never
    shows a sample twice, which distances between sets would take for a loss of diversity.

    Parameters
    ----------
    statistic : callable
        Takes as many tensors as there are sets, and returns a number, or several.
    *sets : Tensor
        Samples along the first axis, at least two in each.
    groups : int
        Into how many parts each set is divided.
    seed : int
        Decides which samples share a group.

    Returns
    -------
    Tensor of float64
        The standard error, or one for each number.

    Examples
    --------
    For a mean with one sample a group it is the textbook's s / sqrt(n):

    >>> x = torch.tensor([1.0, 2.0, 3.0, 6.0])
    >>> jackknife(lambda rows: float(rows.mean()), x, groups=4)
    tensor(1.0801, dtype=torch.float64)
    >>> x.std() / 2
    tensor(1.0801)
    """
    generator = torch.Generator().manual_seed(seed)
    variance = torch.zeros((), dtype=torch.float64)
    for which, rows in enumerate(sets):
        order = torch.randperm(len(rows), generator=generator).to(rows.device)
        count = min(groups, len(rows))
        values = []
        for left_out in range(count):
            keep = torch.arange(len(rows), device=rows.device) % count != left_out
            reduced = [*sets]
            reduced[which] = rows[order[keep]]
            values.append(statistic(*reduced))
        # var() divides by g - 1, so that (g - 1)^2 / g of it is (g - 1) / g of the sum of squares
        found = torch.tensor(values, dtype=torch.float64)
        variance = variance + (count - 1) ** 2 / count * found.var(dim=0)
    return variance.sqrt()
