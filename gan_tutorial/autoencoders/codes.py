"""A density on codes, which makes a sampler of whatever encodes and decodes."""

import torch
from torch import Tensor

from ..data import Samples, as_tensor
from ..models.sampling import latent_codes
from .coder import Coder

__all__ = ["CodeSampler"]


class CodeSampler:
    """A density fitted to the codes of a trained task: it makes a sampler of an autoencoder.

    Ghosh et al. (2020) fit it after training, and call it ex-post density estimation. It also
    serves a `VAE` whose codes, taken together, do not follow the prior.

    Parameters
    ----------
    task : Autoencoder, VAE or VAEGAN
        What encodes and decodes.
    data : Dataset, Tensor or ndarray
        The samples whose codes to look at.
    components : int
        1 for a Gaussian, more for a mixture, each with a full covariance matrix.
    seed : int
        The fit of a mixture (expectation maximization) depends on it.

    Raises
    ------
    ValueError
        If there are fewer samples than components, or fewer than two.

    Examples
    --------
    >>> from gan_tutorial import Autoencoder, data
    >>> digits = data.load("digits")
    >>> sampler = CodeSampler(Autoencoder.for_data(digits, width=16), digits, components=2)
    >>> sampler.sample(5).shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(self, task: Coder, data: Samples, components: int = 10, seed: int = 0):
        from sklearn.mixture import GaussianMixture

        if not 1 <= components <= len(data) or len(data) < 2:
            raise ValueError(
                f"A density of {components} components cannot be fitted to {len(data)} codes: "
                "give at least two samples, and as many as components."
            )
        self.task = task
        codes = task.encode(as_tensor(data)).double().numpy()
        # a floor of a millionth of the variance: numbers that do not vary would have none
        floor = 1e-6 * codes.var() + 1e-12
        fitted = GaussianMixture(components, reg_covar=floor, random_state=seed).fit(codes)
        self.weights = torch.from_numpy(fitted.weights_)
        self.means = torch.from_numpy(fitted.means_)
        self.roots = torch.linalg.cholesky(torch.from_numpy(fitted.covariances_))

    def codes(self, count: int, seed: int = 0) -> Tensor:
        """Draw codes (count, latent_dim); the first do not depend on `count`."""
        numbers = latent_codes(count, 1 + self.means.shape[1], seed).double()
        uniform = torch.special.ndtr(numbers[:, 0])
        chosen = torch.searchsorted(self.weights.cumsum(0), uniform).clamp(max=len(self.means) - 1)
        spread = torch.einsum("nij,nj->ni", self.roots[chosen], numbers[:, 1:])
        return (self.means[chosen] + spread).float()

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decode drawn codes to samples (count, *shape), on the CPU."""
        return self.task.decode(self.codes(count, seed))
