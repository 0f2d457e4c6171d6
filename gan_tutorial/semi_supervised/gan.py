"""The K+1 GAN: a classifier that is also the discriminator."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Dataset
from ..gan import frozen, recipe_for
from ..losses import get_loss
from ..models import DCGANEncoder, DCGANGenerator, MLPEncoder, MLPGenerator
from ..models.sampling import latent_codes, sample_generator
from ..training import distributed
from .classifier import Classifier, _share_right, entropy
from .labels import FewLabels

__all__ = ["SemiSupervisedGAN"]


# --- The K+1 classes of Salimans et al. ------------------------------------------------------


class SemiSupervisedGAN(Classifier):
    r"""A GAN whose discriminator is the classifier (Salimans et al. 2016, section 5).

    The discriminator tells K classes of reals and one of fakes apart. With the logit of the fakes
    held at 0 it needs only the K class logits :math:`l_k(x)`, and with
    :math:`Z(x) = \sum_k e^{l_k(x)}` it takes :math:`x` for real with probability

    .. math:: D(x) = \frac{Z(x)}{Z(x) + 1} = \sigma(\log Z(x)).

    So the logit of an ordinary GAN is :math:`a(x) = \log Z(x)`, and the discriminator's loss is
    the cross-entropy of the labeled samples plus `weight` times the non-saturating
    :math:`L_D` with that logit. The generator matches the mean features of real samples
    (section 3.1 there), or plays the usual game.

    Parameters
    ----------
    body, labeled
        As for `Classifier`.
    generator : nn.Module
        Maps latent codes to samples; has an attribute ``latent_dim``.
    generator_loss : {"features", "adversarial"}
        "features" is :math:`\tfrac1F \sum_j | E f_j(x) - E f_j(G(z)) |` for the F features of
        the body; "adversarial" is the non-saturating :math:`L_G`.
    weight : float
        Weight of :math:`L_D` beside the cross-entropy of the labeled samples.
    entropy_weight : float
        Weight of the entropy of the predictions for unlabeled samples (Dai et al. 2017, equation
        3; it makes the features that G matches say more about the class); 0 is off.
    noise : float
        Standard deviation of Gaussian noise on everything the body sees while it is trained.
    generator_lr : float, optional
        Another learning rate for the generator.
    **options
        ``augment``, ``body_lr``, ``betas`` and ``ema``, as for `Classifier`.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> few = hide_labels(digits, 50)
    >>> gan = SemiSupervisedGAN.for_data(few)
    >>> history = fit(gan, few.unlabeled, steps=10, progress=False)
    >>> gan.sample(5).shape, gan.predict(digits[:5]).shape
    (torch.Size([5, 1, 8, 8]), torch.Size([5, 10]))
    """

    def __init__(
        self,
        body: nn.Module,
        labeled: Dataset,
        generator: nn.Module,
        *,
        generator_loss: str = "features",
        weight: float = 1.0,
        entropy_weight: float = 0.0,
        noise: float = 0.0,
        lr: float = 1e-3,
        generator_lr: float | None = None,
        **options,
    ):
        if generator_loss not in ("features", "adversarial"):
            raise ValueError(
                f"Unknown loss of the generator {generator_loss!r}; choose 'features' or "
                "'adversarial'."
            )
        for name, value in (("entropy_weight", entropy_weight), ("noise", noise)):
            if value < 0:
                raise ValueError(f"{name} must not be negative, got {value}.")
        for name in ("unlabeled", "threshold", "ramp"):
            if name in options:
                raise ValueError(f"{name} is a setting of Classifier; a GAN has no use for it.")
        super().__init__(body, labeled, weight=weight, lr=lr, generator=generator, **options)
        if generator_lr is not None:
            self.optimizers["generator"].param_groups[0]["lr"] = generator_lr
        self.generator = generator
        self.game = get_loss("non-saturating")
        self.generator_loss, self.entropy_weight, self.noise = generator_loss, entropy_weight, noise
        for name in ("unlabeled", "threshold", "ramp"):
            del self.settings[name]
        self.settings |= {
            "generator_loss": generator_loss, "entropy_weight": entropy_weight, "noise": noise,
            "generator_lr": generator_lr,
        }  # fmt: skip

    @classmethod
    def for_data(cls, few: FewLabels, *, network="auto", latent_dim=None, width=None, **options):
        """Make a semi-supervised GAN with the book's recipe for this kind of data.

        The settings are those that ``benchmarks/semi.py --search`` found on validation splits.

        Parameters
        ----------
        few : FewLabels
            Points, or images.
        network : {"auto", "mlp", "dcgan"}
            Fully connected or convolutional; "auto" is a convolutional generator where it can
            make such images, and a convolutional body for images from 16x16 on.
        latent_dim, width : int, optional
            Length of the latent code, and width of the networks, instead of the recipe's.
        **options
            Further arguments, instead of the recipe's.
        """
        shape = tuple(few.labeled.shape)
        recipe = recipe_for(shape, network)
        latent_dim = latent_dim or recipe["latent_dim"]
        if recipe["network"] == "mlp":
            body = MLPEncoder(shape, 128, width or 128, depth=2)
        else:
            body = DCGANEncoder(8 * (width or 16), shape[1], shape[0], width or 16, norm="none")
        images, side = len(shape) == 3, shape[-1]
        if network != "mlp" and images and side == shape[1] >= 8 and side & (side - 1) == 0:
            # batch norm in the generator matters more here than the kind of layers
            generator = DCGANGenerator(latent_dim, side, shape[0], width or 16)
        else:
            generator = MLPGenerator(latent_dim, shape, width or 128, depth=2)
        recipe_options = {"lr": 2e-3, "noise": 0.3, "entropy_weight": 0.3}
        if images:
            recipe_options["augment"] = "shift"
        return cls(body, few.labeled, generator, **{**recipe_options, **options})

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator once, then the generator.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)
            Samples without labels; as many labeled samples and fakes are drawn.

        Returns
        -------
        dict of str to Tensor
            ``supervised_loss``, ``train_accuracy``, ``d_loss``, ``g_loss``, and ``entropy`` where
            it has a weight.
        """
        self.steps += 1
        real = self.changed(batch)
        scalars = self.discriminator_step(real)
        scalars |= self.generator_step(real)
        return {name: value.detach() for name, value in scalars.items()}

    def discriminator_step(self, real: Tensor) -> dict[str, Tensor]:
        """Update body and head: classes of labeled samples, and reals against fakes."""
        x, y = self.labeled_batch(len(real))
        with torch.no_grad():
            fake = self.generate(len(real))
        _, (labeled, of_real, of_fake) = self.logits(*map(self.noisy, (x, real, fake)))
        supervised = functional.cross_entropy(labeled, y)
        # log Z is the logit of "real"
        d_loss = self.game.discriminator(of_real.logsumexp(1), of_fake.logsumexp(1))
        scalars = {
            "supervised_loss": supervised,
            "train_accuracy": _share_right(labeled, y),
            "d_loss": d_loss,
        }
        total = supervised + self.weight * d_loss
        if self.entropy_weight:
            scalars["entropy"] = entropy(of_real).mean()
            total = total + self.entropy_weight * scalars["entropy"]
        self.update(total, "body", "head")
        return scalars

    def generator_step(self, real: Tensor) -> dict[str, Tensor]:
        """Update G: give fakes the mean features of reals, or make D take them for reals."""
        fake = self.generate(len(real))
        with frozen(self.networks["body"]), frozen(self.networks["head"]):
            if self.generator_loss == "features":
                with torch.no_grad():
                    (of_real,) = self.forward("body", [self.noisy(real)])
                (of_fake,) = self.forward("body", [self.noisy(fake)])
                gap = of_fake.mean(0) - of_real.mean(0)
                # Of several processes each sees a part of the batch: the value is that of the
                # mean gap over all of them, and so is the gradient, once it is averaged.
                gap = gap + (distributed.average(gap.detach()) - gap.detach())
                loss = gap.abs().mean()
            else:
                _, (logits,) = self.logits(self.noisy(fake))
                loss = self.game.generator(None, logits.logsumexp(1))
            self.update(loss, "generator")
        return {"g_loss": loss}

    def noisy(self, x: Tensor) -> Tensor:
        """Add Gaussian noise, as the setting says."""
        if not self.noise:
            return x
        return x + self.noise * self.random(torch.randn, len(x), *x.shape[1:])

    def generate(self, count: int) -> Tensor:
        """Return `count` fakes."""
        z = self.random(torch.randn, count, self.generator.latent_dim)
        return self.forward("generator", [z])[0]

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU; see `GAN.sample`."""
        codes = latent_codes(count, self.generator.latent_dim, seed)
        return sample_generator(self._network("generator", averaged), codes)
