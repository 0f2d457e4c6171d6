r"""Autoencoders as tasks: plain, variational, and with a discriminator.

An encoder maps samples :math:`x` to codes :math:`z`, a decoder maps codes back. Decoders are
generators, :math:`G(z)`, and are called so here: whatever samples from a GAN's generator samples
from them too.
"""

import copy
import math

import torch
from torch import Tensor, nn

from .gan import GAN, frozen, recipe_for
from .likelihoods import LIKELIHOODS, Bernoulli, Gaussian, kl_to_prior, log_normal, reparametrize
from .models import DCGANEncoder, MLPEncoder, dcgan_pair, mlp_pair
from .sampling import latent_codes, sample_generator
from .task import Task

__all__ = ["VAE", "VAEGAN", "Autoencoder", "CodeSampler"]


# --- What all three have in common -----------------------------------------------------------


class _Coder:
    """What a task with an encoder and a generator can do besides training."""

    def encode(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Map samples to codes, and a distribution over codes to its mean.

        Parameters
        ----------
        x : Tensor, shape (N, *shape)
            Samples, in the range of the training data.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).

        Returns
        -------
        Tensor, shape (N, latent_dim), on the CPU
        """
        return self._run("encoder", x, averaged)

    def decode(self, z: Tensor, averaged: bool = True) -> Tensor:
        """Map codes (N, latent_dim) to samples (N, *shape), on the CPU."""
        return self._run("generator", z, averaged)

    def reconstruct(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Map samples (N, *shape) to codes and back, on the CPU."""
        return self.decode(self.encode(x, averaged), averaged)

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Decode `count` codes from N(0, I) to samples (count, *shape), on the CPU.

        The codes are those of `GAN.sample`: they depend on the seed alone.
        """
        codes = latent_codes(count, self.generator.latent_dim, seed)
        return sample_generator(self._network("generator", averaged), codes)

    def _network(self, name: str, averaged: bool) -> nn.Module:
        return self.average[name] if averaged else self.networks[name]

    def _run(self, name: str, inputs: Tensor, averaged: bool) -> Tensor:
        return _evaluated(self._network(name, averaged), inputs, self.device)


class _GaussianCoder(_Coder):
    r"""A `_Coder` whose encoder gives a Gaussian over codes, :math:`q(z \mid x)`."""

    def posterior(self, x: Tensor, averaged: bool = True) -> tuple[Tensor, Tensor]:
        r"""Return mean and log variance of :math:`q(z \mid x)`, each (N, latent_dim)."""
        mean, log_var = self._run("encoder", x, averaged).chunk(2, 1)
        return mean, log_var

    def encode(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Map samples (N, *shape) to the means of their codes (N, latent_dim), on the CPU."""
        return self.posterior(x, averaged)[0]

    def activity(self, x: Tensor, averaged: bool = True) -> Tensor:
        r"""How much each number of the code changes with the sample.

        The variance over samples of its mean, :math:`\mathrm{Var}_x \, E_{q(z \mid x)}[z_j]`
        (Burda, Grosse and Salakhutdinov 2016, section 5.2). A number that the decoder does not
        use has collapsed to the prior: its activity is near 0. For one in full use it is near 1.

        Returns
        -------
        Tensor, shape (latent_dim,)
        """
        return self.encode(x, averaged).var(0)

    def active_units(self, x: Tensor, threshold: float = 0.01, averaged: bool = True) -> int:
        """Count the numbers of the code with an `activity` above the threshold of the paper."""
        return int((self.activity(x, averaged) > threshold).sum())


@torch.no_grad()
def _evaluated(network, inputs: Tensor, device: torch.device, batch_size: int = 256) -> Tensor:
    """Apply a network in evaluation mode, some inputs at a time; the result is on the CPU."""
    was_training = network.training
    network.eval()
    parts = [network(part.to(device)).cpu() for part in inputs.split(batch_size)]
    network.train(was_training)
    return torch.cat(parts)


def _networks_for(data, network: str, latent_dim, width, outputs_per_code: int):
    """Make the networks of a GAN's recipe, and the encoder that mirrors its generator."""
    shape = tuple(data.shape)
    recipe = recipe_for(shape, network)
    latent_dim = latent_dim or recipe["latent_dim"]
    outputs = outputs_per_code * latent_dim
    if recipe["network"] == "mlp":
        width, depth = width or 128, recipe["generator_depth"]
        encoder = MLPEncoder(shape, outputs, width, depth)
        generator, discriminator = mlp_pair(shape, latent_dim, width, generator_depth=depth)
    else:
        channels, size, _ = shape
        width = width or recipe["width"]
        encoder = DCGANEncoder(outputs, size, channels, width)
        generator, discriminator = dcgan_pair(size, channels, latent_dim, width)
    return encoder, generator, discriminator


def _check_outputs(encoder: nn.Module, generator: nn.Module, per_code: int) -> None:
    wanted = per_code * generator.latent_dim
    if getattr(encoder, "outputs", wanted) != wanted:
        what = "one per number of the code" if per_code == 1 else "a mean and a log variance each"
        raise ValueError(
            f"The generator takes codes of {generator.latent_dim} numbers, so the encoder has to "
            f"give {wanted} ({what}), and it gives {encoder.outputs}."
        )


def _adam(network: nn.Module, lr: float, betas: tuple[float, float]) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr, tuple(map(float, betas)), fused=True)


# --- Autoencoder -----------------------------------------------------------------------------


class Autoencoder(_Coder, Task):
    r"""An encoder and a generator that give back what they are shown.

    One step lowers the mean squared error per pixel,
    :math:`\tfrac1D \| x - G(E(x)) \|^2`. Nothing is asked of the codes in between, so `sample`,
    which decodes codes from N(0, I), leaves the region that the decoder has learned: a plain
    autoencoder is no generative model. `CodeSampler` makes one of it.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples to codes (N, latent_dim).
    generator : nn.Module
        Maps codes to samples; has an attribute ``latent_dim``.
    code_penalty : float
        Weight of :math:`\tfrac12 \overline{z_j^2}`, which keeps codes small (Ghosh et al. 2020,
        equation 10); 0 is off.
    lr, betas, ema
        Learning rate and decay rates of Adam; decay of the average of the weights.

    Raises
    ------
    ValueError
        If the penalty is negative, or the encoder's codes do not fit the generator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> autoencoder = Autoencoder.for_data(digits, width=16)
    >>> history = fit(autoencoder, digits, steps=10, progress=False)
    >>> autoencoder.reconstruct(digits[:5]).shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        *,
        code_penalty: float = 0.0,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        ema: float = 0.995,
    ):
        if code_penalty < 0:
            raise ValueError(f"code_penalty must not be negative, got {code_penalty}.")
        _check_outputs(encoder, generator, 1)
        networks = {"encoder": encoder, "generator": generator}
        super().__init__(
            networks=networks,
            optimizers={name: _adam(network, lr, betas) for name, network in networks.items()},
            averaged=networks,
            ema=ema,
        )
        self.encoder, self.generator = encoder, generator
        self.code_penalty = code_penalty
        self._settings = {"lr": lr, "betas": list(betas), "code_penalty": code_penalty}

    @classmethod
    def for_data(cls, data, *, network: str = "auto", latent_dim=None, width=None, **options):
        """Make an autoencoder whose generator is that of `GAN.for_data`; same arguments."""
        return cls(*_networks_for(data, network, latent_dim, width, 1)[:2], **options)

    def config(self) -> dict:
        """Return every setting that shapes the training, as JSON-able data."""
        return {**super().config(), **self._settings}

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update encoder and generator once.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            ``loss``, and ``error``, the mean squared error per pixel.
        """
        z = self.fast["encoder"](batch)
        error = (batch - self.fast["generator"](z)).square().mean()
        loss = error + self.code_penalty * 0.5 * z.square().mean()
        self.update(loss, "encoder", "generator")
        return {"loss": loss.detach(), "error": error.detach()}


class CodeSampler:
    """A density fitted to the codes of a trained task: it makes a sampler of an autoencoder.

    Ghosh et al. (2020) fit it after training, and call it ex-post density estimation. It also
    serves a `VAE` whose codes, taken together, do not follow the prior.

    Parameters
    ----------
    task : Autoencoder, VAE or VAEGAN
        What encodes and decodes.
    data : Dataset or Tensor
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
    >>> from gan_tutorial import data
    >>> digits = data.load("digits")
    >>> sampler = CodeSampler(Autoencoder.for_data(digits, width=16), digits, components=2)
    >>> sampler.sample(5).shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(self, task: _Coder, data, components: int = 10, seed: int = 0):
        from sklearn.mixture import GaussianMixture

        if not 1 <= components <= len(data) or len(data) < 2:
            raise ValueError(
                f"A density of {components} components cannot be fitted to {len(data)} codes: "
                "give at least two samples, and as many as components."
            )
        self.task = task
        codes = task.encode(data[:]).double().numpy()
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


# --- Variational autoencoder -----------------------------------------------------------------


class VAE(_GaussianCoder, Task):
    r"""A variational autoencoder (Kingma and Welling 2014).

    Codes are drawn from the prior :math:`p(z) = N(0, I)`, samples from :math:`p(x \mid z)`, whose
    mean is :math:`G(z)`. The encoder gives mean and log variance of
    :math:`q(z \mid x) = N(\mu(x), \sigma^2(x))`. One step raises, for both networks together,

    .. math:: \mathrm{ELBO}(x) = E_{q(z \mid x)} \log p(x \mid z) - \beta \, KL(q(z \mid x) \| p(z))

    which for :math:`\beta = 1` is :math:`\log p(x) - KL(q(z \mid x) \| p(z \mid x))`: a lower
    bound of the log likelihood.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples to (N, 2 * latent_dim): means, then log variances.
    generator : nn.Module
        The decoder: maps codes to samples; has an attribute ``latent_dim``.
    likelihood : {"gaussian", "bernoulli"}
        What :math:`p(x \mid z)` is: see `Gaussian` and `Bernoulli`.
    std : float, optional
        Standard deviation of the Gaussian likelihood; learned by default.
    beta : float
        Weight of the divergence (Higgins et al. 2017). Only with 1 is a bound being raised.
    lr, betas, ema
        Learning rate and decay rates of Adam; decay of the average of the weights. The logarithm
        of a learned `std` takes steps ten times as large.

    Raises
    ------
    ValueError
        If a setting is out of range, the likelihood is unknown, or the encoder's outputs do not
        fit the generator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> vae = VAE.for_data(digits, width=16)
    >>> history = fit(vae, digits, steps=10, progress=False)
    >>> vae.sample(5).shape, vae.elbo(digits[:3]).shape
    (torch.Size([5, 1, 8, 8]), torch.Size([3]))
    """

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        *,
        likelihood: str = "gaussian",
        std: float | None = None,
        beta: float = 1.0,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        ema: float = 0.995,
    ):
        if likelihood not in LIKELIHOODS:
            raise ValueError(
                f"Unknown likelihood {likelihood!r}; choose one of {', '.join(LIKELIHOODS)}."
            )
        if std is not None and likelihood != "gaussian":
            raise ValueError("Only the Gaussian likelihood has a std.")
        if beta < 0:
            raise ValueError(f"The weight beta must not be negative, got {beta}.")
        _check_outputs(encoder, generator, 2)
        self.likelihood = Gaussian(std) if likelihood == "gaussian" else Bernoulli()
        self.likelihood.decoder(generator)  # refuses a generator that does not fit
        networks = {"encoder": encoder, "generator": generator, "likelihood": self.likelihood}
        optimizers = {name: _adam(networks[name], lr, betas) for name in ("encoder", "generator")}
        if any(p.requires_grad for p in self.likelihood.parameters()):
            optimizers["likelihood"] = _adam(self.likelihood, 10 * lr, betas)
        super().__init__(networks, optimizers, averaged=networks, ema=ema)
        self.encoder, self.generator = encoder, generator
        self.beta = beta
        self._settings = {
            "likelihood": likelihood, "std": std, "beta": beta, "lr": lr, "betas": list(betas),
        }  # fmt: skip

    @classmethod
    def for_data(cls, data, *, network: str = "auto", latent_dim=None, width=None, **options):
        """Make a VAE whose generator is that of `GAN.for_data`; same arguments."""
        return cls(*_networks_for(data, network, latent_dim, width, 2)[:2], **options)

    def config(self) -> dict:
        """Return every setting that shapes the training, as JSON-able data."""
        return {**super().config(), **self._settings}

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update encoder, generator and a learned `std` once, all by the same loss.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            See `objective`.
        """
        scalars = self.objective(batch, self.random(torch.randn, len(batch), self.latent_dim))
        self.update(scalars["loss"], *self.optimizers)
        return {name: value.detach() for name, value in scalars.items()}

    def objective(self, x: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """Compute what a step minimizes, from samples and standard normal noise (n, latent_dim).

        Returns
        -------
        dict of str to Tensor
            ``loss``, the negative ELBO; ``log_likelihood`` and ``kl``, its two parts. All are
            means over the batch, in nats per sample.
        """
        mean, log_var = self.fast["encoder"](x).chunk(2, 1)
        z = reparametrize(mean, log_var, noise)  # z ~ q(z | x)
        log_likelihood = self.likelihood(x, self._output(z)).mean()
        kl = kl_to_prior(mean, log_var).mean()
        return {
            "loss": self.beta * kl - log_likelihood,
            "log_likelihood": log_likelihood,
            "kl": kl,
        }

    def _output(self, z: Tensor) -> Tensor:
        """Decode with gradients. Logits are taken before the last layer, so in float32 always."""
        decoder = self.likelihood.decoder(self.generator)
        return self.fast["generator"](z) if decoder is self.generator else decoder(z)

    @property
    def latent_dim(self) -> int:
        """Length of the code."""
        return self.generator.latent_dim

    @property
    def std(self) -> float | None:
        """Standard deviation of a pixel around its mean, or None for a Bernoulli likelihood."""
        log_std = getattr(self.average["likelihood"], "log_std", None)
        return None if log_std is None else float(log_std.exp())

    def log_likelihood(self, x: Tensor, z: Tensor, averaged: bool = True) -> Tensor:
        """Return log p(x | z) in nats, shape (N,), of samples and a code for each."""
        likelihood = self._network("likelihood", averaged)
        generator = self._network("generator", averaged)
        was_training = generator.training
        generator.eval()
        decoder = likelihood.decoder(generator)
        with torch.no_grad():
            parts = [
                likelihood(some_x.to(self.device), decoder(some_z.to(self.device))).cpu()
                for some_x, some_z in zip(x.split(256), z.split(256), strict=True)
            ]
        generator.train(was_training)
        return torch.cat(parts)

    def elbo(
        self, x: Tensor, samples: int = 16, seed: int = 0, noise=None, averaged: bool = True
    ) -> Tensor:
        r"""Evidence lower bound of each sample, in nats: the divergence exactly, the rest drawn.

        Parameters
        ----------
        x : Tensor, shape (N, *shape)
            Samples.
        samples : int
            Codes drawn from :math:`q(z \mid x)` for each.
        seed : int
            Decides which.
        noise : Tensor, shape (samples, latent_dim) or (samples, N, latent_dim), optional
            Standard normal numbers to use instead, or the points of a quadrature.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).

        Returns
        -------
        Tensor, shape (N,), on the CPU
        """
        mean, log_var = self.posterior(x, averaged)
        noise = _noise(mean, samples, seed) if noise is None else noise
        codes = (reparametrize(mean, log_var, part) for part in noise)
        terms = torch.stack([self.log_likelihood(x, z, averaged) for z in codes])
        return terms.mean(0) - kl_to_prior(mean, log_var)

    def iwae(
        self, x: Tensor, samples: int = 64, seed: int = 0, noise=None, averaged: bool = True
    ) -> Tensor:
        r"""Importance-weighted bound of each sample's log likelihood, in nats.

        .. math:: \log \frac1K \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k \mid x)}, \quad z_k \sim q

        In the mean over draws it rises with :math:`K` towards :math:`\log p(x)`, and for K = 1 it
        is the ELBO (Burda, Grosse and Salakhutdinov 2016, equation 8 and theorem 1). Arguments and
        result are those of `elbo`.
        """
        mean, log_var = self.posterior(x, averaged)
        noise = _noise(mean, samples, seed) if noise is None else noise
        log_weights = []
        for part in noise:
            z = reparametrize(mean, log_var, part)
            joint = self.log_likelihood(x, z, averaged) + log_normal(z, 0.0, 0.0)
            log_weights.append(joint - log_normal(z, mean, log_var))
        return torch.stack(log_weights).logsumexp(0) - math.log(len(log_weights))

    def sample(
        self, count: int, seed: int = 0, averaged: bool = True, pixel_noise: bool = False
    ) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Decides the latent codes, as for `GAN.sample`.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).
        pixel_noise : bool
            Whether to draw from p(x | z), as the model says, or to return its mean, as nearly
            everybody does.
        """
        means = super().sample(count, seed, averaged)
        if not pixel_noise:
            return means
        noise = latent_codes(count, means[0].numel(), -1 - seed).view_as(means)
        likelihood = copy.deepcopy(self._network("likelihood", averaged)).cpu()
        with torch.no_grad():
            return likelihood.draw(means, noise)


def _noise(like: Tensor, samples: int, seed: int):
    """Yield `samples` times standard normal numbers of the shape and type of `like`."""
    if samples < 1:
        raise ValueError(f"A bound takes at least 1 sample of the code, got {samples}.")
    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples):
        yield torch.randn(like.shape, generator=generator, dtype=like.dtype)


# --- VAE and GAN together --------------------------------------------------------------------


class VAEGAN(_GaussianCoder, GAN):
    r"""A VAE whose likelihood is measured in the features of a discriminator.

    Larsen et al. (2016): in place of pixels, a sample :math:`x` and its reconstruction
    :math:`\tilde x = G(z)`, :math:`z \sim q(z \mid x)`, are compared by the discriminator's last
    hidden layer :math:`f`, and the generator also plays the adversarial game. A step updates the
    discriminator as in a GAN, and then

    .. math::

        L_E = \beta \, KL(q(z \mid x) \| p(z)) + S, \qquad
        L_G = S + w \, L_{adv}, \qquad
        S = \tfrac12 \| f(x) - f(\tilde x) \|^2

    Of the fakes of a batch every other one comes from the prior, the rest are reconstructions. The
    adversarial loss does not reach the encoder, and nothing but the game reaches the
    discriminator.

    Parameters
    ----------
    encoder, generator, discriminator : nn.Module
        As for `VAE` and `GAN`. The discriminator keeps its layers in a sequence ``net``.
    beta : float
        Weight of the divergence.
    adversarial : float
        Weight :math:`w` of the adversarial loss: the paper's :math:`1 / \gamma`.
    lr : float or (float, float)
        Learning rate, or one for encoder and generator and one for the discriminator.
    **options
        Further arguments of `GAN`, but `d_steps` and `reuse_fakes`.

    Raises
    ------
    ValueError
        If a setting is out of range, or networks do not fit together.
    """

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        beta: float = 1.0,
        adversarial: float = 1.0,
        **options,
    ):
        for name, value in (("beta", beta), ("adversarial", adversarial)):
            if value < 0:
                raise ValueError(f"The weight {name} must not be negative, got {value}.")
        for name in ("d_steps", "reuse_fakes"):
            if name in options:
                raise ValueError(f"A VAE-GAN updates every network once a step: leave out {name}.")
        _check_outputs(encoder, generator, 2)
        super().__init__(generator, discriminator, **options)
        lr, betas = self._settings["lr"][0], self._settings["betas"]
        self.networks["encoder"] = self.fast["encoder"] = self.encoder = encoder
        self.optimizers["encoder"] = _adam(encoder, lr, betas)
        self.average["encoder"] = copy.deepcopy(encoder).requires_grad_(False).eval()
        self.features = _hidden_layers(discriminator)
        self.beta, self.adversarial = beta, adversarial
        self._settings |= {"beta": beta, "adversarial": adversarial}

    @classmethod
    def for_data(cls, data, *, network: str = "auto", latent_dim=None, width=None, **options):
        """Make a VAE-GAN whose GAN is that of `GAN.for_data`; same arguments.

        The features of a discriminator with gradient penalties are flat, so that at `beta` = 1
        the divergence would outweigh the similarity: the recipe has 0.1, and `adversarial` = 5.
        """
        networks = _networks_for(data, network, latent_dim, width, 2)
        recipe = recipe_for(tuple(data.shape), network)["options"]
        return cls(*networks, **{**recipe, "beta": 0.1, "adversarial": 5.0, **options})

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator, then encoder and generator together.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            What a GAN's step returns, and ``similarity`` (S) and ``kl``, means over the batch.
        """
        mean, log_var = self.fast["encoder"](batch).chunk(2, 1)
        z = reparametrize(mean, log_var, self.latent(len(batch)))  # z ~ q(z | x)
        codes = z.detach().clone()
        codes[1::2] = self.latent(len(batch))[1::2]  # every other fake comes from the prior
        fake = self.fast["generator"](codes)
        scalars = self.discriminator_step(batch.detach(), fake.detach())

        with frozen(self.discriminator):
            differences = self.features(batch) - self.features(self.fast["generator"](z))
            similarity = 0.5 * differences.flatten(1).square().sum(1).mean()
            kl = kl_to_prior(mean, log_var).mean()
            real_logits = self.fast["discriminator"](batch) if self.loss.paired else None
            g_loss = self.loss.generator(real_logits, self.fast["discriminator"](fake))
            # KL does not depend on G, nor the game on E: one loss serves both
            loss = self.beta * kl + similarity + self.adversarial * g_loss
            self.update(loss, "encoder", "generator")
        parts = {"g_loss": g_loss, "similarity": similarity, "kl": kl}
        return scalars | {name: value.detach() for name, value in parts.items()}


def _hidden_layers(discriminator: nn.Module) -> nn.Sequential:
    """Return a discriminator's layers up to the last one that has weights."""
    layers = list(getattr(discriminator, "net", ()))
    weighted = [i for i, layer in enumerate(layers) if any(True for _ in layer.parameters())]
    if len(weighted) < 2:
        raise ValueError(
            "A VAE-GAN compares samples by the discriminator's last hidden layer, so the "
            "discriminator needs a sequence of layers `net` with at least one hidden layer."
        )
    return nn.Sequential(*layers[: weighted[-1]])
