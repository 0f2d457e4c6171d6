"""The generative adversarial network as a task: two networks, two losses, one step."""

from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from .data import sample_shape
from .losses import AdversarialLoss, get_loss, gradient_penalty, logits_and_squared_norms
from .models import dcgan_pair, mlp_pair
from .models.sampling import latent_codes, sample_generator
from .training import Recipe, Task, adam, speed

__all__ = ["GAN", "AdversarialTask", "frozen", "recipe_for"]


@contextmanager
def frozen(network: nn.Module):
    """Let gradients flow through `network` to its input, but compute none for its weights."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


class AdversarialTask(Task):
    r"""A generator and a discriminator, how the discriminator learns, and how samples are drawn.

    What the generator learns from, and when, is left to the subclass: see `GAN` and `VAEGAN`.

    Parameters
    ----------
    generator, discriminator, loss, lr, betas, r1, r2, gp, penalty_every, ema
        As for `GAN`.
    """

    counts = ("d_updates",)
    d_steps, reuse_fakes = 1, False  # one update each, in its own turn, where nothing else is said

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        loss: str | AdversarialLoss = "relativistic",
        lr: float | tuple[float, float] = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        r1: float = 0.0,
        r2: float = 0.0,
        gp: float = 0.0,
        penalty_every: int = 1,
        ema: float = 0.999,
    ):
        for name, value in (("r1", r1), ("r2", r2), ("gp", gp)):
            if value < 0:
                raise ValueError(f"The penalty weight {name} must not be negative, got {value}.")
        if penalty_every < 1:
            raise ValueError(f"penalty_every must be at least 1, got {penalty_every}.")
        batch_norm = any(
            isinstance(module, nn.modules.batchnorm._BatchNorm)
            for module in discriminator.modules()
        )
        if batch_norm and (r1 or r2 or gp):
            raise ValueError(
                "A gradient penalty needs a gradient per sample, and batch norm in the "
                "discriminator mixes the samples: use norm='none' or 'spectral', or no penalty."
            )
        lr_g, lr_d = lr if isinstance(lr, tuple | list) else (lr, lr)
        betas = tuple(float(beta) for beta in betas)
        super().__init__(
            networks={"generator": generator, "discriminator": discriminator},
            optimizers={
                "generator": adam(generator, lr_g, betas),
                "discriminator": adam(discriminator, lr_d, betas),
            },
            averaged=("generator",),
            ema=ema,
        )
        self.generator, self.discriminator = generator, discriminator
        self.loss = get_loss(loss)
        self.r1, self.r2, self.gp, self.penalty_every = r1, r2, gp, penalty_every
        self.d_updates = 0
        self.settings = {
            "loss": self.loss.name, "lr": [lr_g, lr_d], "betas": list(betas), "r1": r1, "r2": r2,
            "gp": gp, "penalty_every": penalty_every,
        }  # fmt: skip

    def generate(self, *codes: Tensor) -> list[Tensor]:
        """Map batches of latent codes to samples, :math:`G(z)`, as fast as `fit` was told to."""
        return self.forward("generator", codes)

    def judge(self, *batches: Tensor) -> list[Tensor]:
        """Map batches of samples to logits, :math:`D(x)`, as fast as `fit` was told to."""
        return self.forward("discriminator", batches)

    def judge_slopes(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        r"""Map samples to logits, and find the slopes that are penalized, in float32.

        Returns
        -------
        real_logits, fake_logits : Tensor, shape (N,) or (N, 1)
        norms : dict of str to Tensor, shape (N,)
            :math:`\|\nabla_x a(x)\|^2` of the reals as ``r1`` and of the fakes as ``r2``, where
            these have a weight.
        """
        network = self.discriminator
        if self.r1 > 0 and self.r2 > 0 and speed.one_by_one(network):
            logits, norms = logits_and_squared_norms(network, torch.cat([real, fake]))
            sizes = [len(real), len(fake)]
            return *logits.split(sizes), dict(zip(("r1", "r2"), norms.split(sizes), strict=True))
        logits, norms = {}, {}
        for name, gamma, x in (("r1", self.r1, real), ("r2", self.r2, fake)):
            if gamma > 0:
                logits[name], norms[name] = logits_and_squared_norms(network, x)
            else:
                logits[name] = network(x)
        return logits["r1"], logits["r2"], norms

    def discriminator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """One update of D: tell these reals from as many fakes, fresh ones by default."""
        if fake is None:
            with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
                (fake,) = self.generate(self.latent(len(real)))
        penalize = self.d_updates % self.penalty_every == 0
        self.d_updates += 1
        if penalize and (self.r1 > 0 or self.r2 > 0):
            real_logits, fake_logits, norms = self.judge_slopes(real, fake)
        else:
            real_logits, fake_logits = self.judge(real, fake)
        loss = self.loss.discriminator(real_logits, fake_logits)
        scalars = {
            "d_loss": loss,
            "real_logit": real_logits.mean(),
            "fake_logit": fake_logits.mean(),
        }

        total = loss
        if penalize:
            for name, gamma in (("r1", self.r1), ("r2", self.r2)):
                if gamma > 0:
                    scalars[name] = 0.5 * norms[name].mean()
                    total = total + self.penalty_every * gamma * scalars[name]
            if self.gp > 0:
                u = self.random(torch.rand, len(real))
                scalars["gp"] = gradient_penalty(self.discriminator, real, fake, u)
                total = total + self.penalty_every * self.gp * scalars["gp"]
        self.update(total, "discriminator")
        return {name: value.detach() for name, value in scalars.items()}

    def latent(self, count: int) -> Tensor:
        """Draw `count` latent codes from N(0, I) with the task's own random numbers."""
        return self.random(torch.randn, count, self.generator.latent_dim)

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Decides the latent codes; the same seed gives the same codes at every stage of a
            training, so that one can watch samples change.
        averaged : bool
            Use the average of the generator's weights (True) or the latest weights (False).
        """
        network = self.average["generator"] if averaged else self.generator
        return sample_generator(network, latent_codes(count, self.generator.latent_dim, seed))


class GAN(AdversarialTask):
    r"""A generator and a discriminator, trained in turn.

    One `step` is one round of Algorithm 1 of Goodfellow et al. (2014): `d_steps` updates of the
    discriminator, each on a fresh batch, then one of the generator.

    Parameters
    ----------
    generator : nn.Module
        Maps latent codes (N, latent_dim) to samples; has an attribute ``latent_dim``.
    discriminator : nn.Module
        Maps samples to logits, (N,) or (N, 1).
    loss : str or AdversarialLoss
        One of `gan_tutorial.losses.LOSSES`, or another, such as
        ``gan_tutorial.losses.smoothed(0.9)``.
    lr : float or (float, float)
        Learning rate, or one for the generator and one for the discriminator.
    betas : (float, float)
        Decay rates of Adam's two moments.
    r1, r2 : float
        Weights :math:`\gamma` of the penalties on real and on generated samples; 0 is off.
    gp : float
        Weight of the WGAN gradient penalty (10 in Gulrajani et al. 2017); 0 is off.
    penalty_every : int
        Penalties are computed in every `penalty_every`-th update of the discriminator, with a
        weight as many times larger: the same mean, less work (Karras et al. 2020, section 3.1).
    d_steps : int
        Updates of the discriminator for one of the generator.
    reuse_fakes : bool
        Whether the generator's update takes up the fakes that the discriminator has just seen, as
        many published programs do, instead of drawing new latent codes. It saves one pass through
        the generator per step. Results differ as they do between two seeds.
    ema : float
        Decay of the average of the generator's weights, from which samples are drawn.

    Raises
    ------
    ValueError
        If a weight is negative, a count is not positive, the loss is unknown, or a gradient
        penalty meets batch norm in the discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit, models
    >>> gan = GAN(*models.mlp_pair((2,)), r1=0.1, r2=0.1)
    >>> history = fit(gan, data.ring().sample(1000, seed=0), steps=20, progress=False)
    >>> gan.sample(5).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        d_steps: int = 1,
        reuse_fakes: bool = False,
        **options: Any,
    ):
        if d_steps < 1:
            raise ValueError(f"d_steps must be at least 1, got {d_steps}.")
        super().__init__(generator, discriminator, **options)
        self.d_steps = self.batches_per_step = d_steps
        self.reuse_fakes = reuse_fakes
        self.settings |= {"d_steps": d_steps, "reuse_fakes": reuse_fakes}

    @classmethod
    def for_data(
        cls, data, *, network: str = "auto", latent_dim=None, width=None, wrap=None, **options
    ):
        """Make a GAN with the book's recipe for this kind of data.

        Parameters
        ----------
        data : Dataset
            Points, or square images.
        network : {"auto", "mlp", "dcgan"}
            Fully connected or convolutional; "auto" is convolutional for images from 16x16 on.
        latent_dim, width : int, optional
            Length of the latent code, and width of the networks, instead of the recipe's.
        wrap : callable, optional
            Takes the recipe's discriminator and returns the one to train, for instance one of
            `gan_tutorial.models.Augmented`.
        **options
            Further arguments of `GAN`, instead of the recipe's.

        Examples
        --------
        >>> from gan_tutorial import augment, data, models
        >>> def augmented(discriminator):
        ...     return models.Augmented(discriminator, augment.DiffAugment("translation"))
        >>> gan = GAN.for_data(data.load("digits"), wrap=augmented)
        """
        shape = sample_shape(data)
        recipe = recipe_for(shape, network)
        latent_dim = latent_dim or recipe["latent_dim"]
        if recipe["network"] == "mlp":
            generator, discriminator = mlp_pair(
                shape, latent_dim, width or 128, generator_depth=recipe["generator_depth"]
            )
        else:
            generator, discriminator = dcgan_pair(
                shape[1], shape[0], latent_dim, width or recipe["width"]
            )
        if wrap is not None:
            discriminator = wrap(discriminator)
        return cls(generator, discriminator, **{**recipe["options"], **options})

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator `d_steps` times, then the generator once.

        Parameters
        ----------
        batch : Tensor, shape (d_steps * n, ...)
            Real samples: `d_steps` batches of n, one for each update.

        Returns
        -------
        dict of str to Tensor
            ``d_loss`` and ``g_loss`` (without penalties), ``real_logit`` and ``fake_logit`` (mean
            logits before the discriminator's update), and ``r1``, ``r2`` or ``gp`` when computed.
        """
        reals = batch.chunk(self.d_steps)
        fakes = self.fakes(len(reals), len(reals[0]))
        for real, fake in zip(reals, fakes, strict=True):
            scalars = self.discriminator_step(real, fake.detach())
        return scalars | self.generator_step(real, fake if self.reuse_fakes else None)

    def fakes(self, batches: int, count: int) -> list[Tensor]:
        """Generate fakes for so many updates of D; G stays as it is in the meantime."""
        *codes, last = [self.latent(count) for _ in range(batches)]
        with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
            fakes = self.generate(*codes)
        with torch.set_grad_enabled(self.reuse_fakes):
            return fakes + self.generate(last)

    def generator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """One update of G: make fakes, fresh ones by default, that D takes for reals."""
        (fake,) = self.generate(self.latent(len(real))) if fake is None else (fake,)
        with frozen(self.discriminator):
            (fake_logits,) = self.judge(fake)
            # Only a paired loss looks at the reals again.
            (real_logits,) = self.judge(real.detach()) if self.loss.paired else (None,)
            loss = self.loss.generator(real_logits, fake_logits)
            self.update(loss, "generator")
        return {"g_loss": loss.detach()}


# The book's recipes by kind of data: the relativistic paired loss with both gradient penalties
# (Huang et al. 2024). A deep generator is what separates the modes of points: to jump from one
# mode to the next it must be steep, and every layer multiplies slopes.
_OPTIONS = {"loss": "relativistic", "betas": (0.0, 0.9)}


class _Recipe(Recipe):
    """A bridge until all who read a recipe use its attributes."""

    def __getitem__(self, name: str) -> Any:
        return self.networks[name] if name in self.networks else getattr(self, name)

    def keys(self) -> list[str]:
        return [*self.networks, "options", "steps", "batch_size"]


POINTS = _Recipe(
    networks={"network": "mlp", "latent_dim": 2, "width": 128, "generator_depth": 8},
    options={**_OPTIONS, "lr": 1.5e-3, "r1": 0.1, "r2": 0.1, "ema": 0.995},
    steps=3000,
    batch_size=256,
)
SMALL_IMAGES = _Recipe(
    networks={"network": "mlp", "latent_dim": 32, "width": 128, "generator_depth": 5},
    options={**_OPTIONS, "lr": 2e-3, "r1": 0.5, "r2": 0.5, "ema": 0.995},
    steps=4000,
)
IMAGES = _Recipe(
    networks={"network": "dcgan", "latent_dim": 64, "width": 32},
    options={**_OPTIONS, "lr": 1e-3, "r1": 0.1, "r2": 0.1, "penalty_every": 4, "ema": 0.995},
    steps=5000,
)


def recipe_for(shape: tuple[int, ...], network: str = "auto") -> Recipe:
    """Return the book's recipe for samples of this shape.

    Parameters
    ----------
    shape : tuple of int
        ``(2,)`` for points, ``(C, H, W)`` for images.
    network : {"auto", "mlp", "dcgan"}
        Fully connected or convolutional; "auto" is convolutional for images from 16x16 on.

    Returns
    -------
    Recipe
        Its `networks` say which ``network`` ("mlp" or "dcgan"), ``latent_dim``, ``width`` and, for
        "mlp", ``generator_depth``; its `options` are those of `GAN`.

    Raises
    ------
    ValueError
        If the kind of network is unknown, or a DCGAN cannot make such samples.
    """
    if network not in ("auto", "mlp", "dcgan"):
        raise ValueError(f"Unknown kind of network {network!r}; choose one of auto, mlp, dcgan.")
    points = len(shape) == 1
    if network == "auto":
        network = "mlp" if points or shape[-1] < 16 else "dcgan"
    if network == "dcgan":
        if points:
            raise ValueError("A DCGAN makes images, and this data set holds points: use 'mlp'.")
        if shape[1] != shape[2]:
            raise ValueError(f"A DCGAN makes square images, and these are {shape[1]}x{shape[2]}.")
        return IMAGES
    return POINTS if points else SMALL_IMAGES
