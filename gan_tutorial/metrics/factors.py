"""Are all rotations, sizes and lights produced? Distributions of what a network estimates."""

from torch import Tensor

from .features import Features
from .pairs import check_pair
from .results import Measurement, jackknife

__all__ = ["factor_distances"]


def factor_distances(real: Features, fake: Features) -> dict[str, Measurement]:
    r"""Compare the distributions of the factors that a network estimates from the pictures.

    For each factor, the Kolmogorov-Smirnov distance :math:`\sup_t |F(t) - F'(t)|` between the
    distributions of its estimates in the two sets, averaged over the factor's coordinates. The
    estimates of both sets have the same errors as long as generated pictures look like real
    ones, so that these errors do not count.

    Parameters
    ----------
    real, fake : Features
        From one network with heads other than ``class``; 'soccer' estimates light, radius,
        center, ground and black panels.

    Returns
    -------
    dict of str to Measurement
        By the names of the heads: 0 where the distributions agree, 1 where they do not overlap,
        with the jackknife's standard error. Finite samples of one distribution are above 0:
        compare with the floor.

    Raises
    ------
    ValueError
        If the network estimates no factors, or the two sets cannot be compared.

    Examples
    --------
    >>> import torch
    >>> small, large = torch.rand(100, 1), torch.rand(100, 1) + 2
    >>> sets = [Features(x, "mine", {"radius": x}) for x in (small, large)]
    >>> factor_distances(*sets)["radius"].value
    1.0
    """
    check_pair(real, fake)
    names = [name for name in real.outputs if name != "class"]
    if not names:
        raise ValueError(
            f"The network {real.extractor} estimates no factors: use one that does, such as "
            "'soccer'."
        )
    found = {}
    for name in names:
        x, y = real.outputs[name], fake.outputs[name]
        if not (x.isfinite().all() and y.isfinite().all()):
            raise ValueError(f"The estimates of {name} are not finite.")
        found[name] = Measurement(
            metric=f"distance of {name}",
            value=_distance(x, y),
            extractor=real.extractor,
            real=len(x),
            fake=len(y),
            spread=float(jackknife(_distance, x, y)),
            spread_of="standard error",
        )
    return found


def _distance(x: Tensor, y: Tensor) -> float:
    from scipy.stats import ks_2samp

    columns = zip(x.flatten(1).T.numpy(), y.flatten(1).T.numpy(), strict=True)
    values = [ks_2samp(a, b, method="asymp").statistic for a, b in columns]
    return float(sum(values) / len(values))
