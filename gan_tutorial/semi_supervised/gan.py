"""The K+1 GAN: a classifier that is also the discriminator."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Dataset
from ..data.ranges import check_count
from ..gan import frozen
from ..gan import recipe_for as gan_recipe_for
from ..losses import get_loss
from ..models import DCGANEncoder, DCGANGenerator, MLPEncoder, MLPGenerator, size_of
from ..models.sampling import latent_codes, sample_generator
from ..training import Recipe, adam, distributed
from .labels import FewLabels
from .task import FewLabelsTask, entropy, share_right

__all__ = ["SemiSupervisedGAN", "recipe_for"]

GENERATOR_LOSSES = ("features", "squared features", "adversarial")
WIDTHS = {"mlp": 128, "dcgan": 16}  # units of a layer, or channels of the largest map


class SemiSupervisedGAN(FewLabelsTask):
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
        As for `FewLabelsTask`.
    generator : nn.Module
        Maps latent codes to samples; has an attribute ``latent_dim``.
    generator_loss : {"features", "squared features", "adversarial"}
        "features" is :math:`\tfrac1F \sum_j | E f_j(x) - E f_j(G(z)) |` for the F features of
        the body, and "squared features" the mean of the squares, as in the paper; "adversarial"
        is the non-saturating :math:`L_G`.
    weight : float
        Weight of :math:`L_D` beside the cross-entropy of the labeled samples, 0 or more.
    entropy_weight : float
        Weight of the entropy of the predictions for unlabeled samples (Dai et al. 2017, equation
        3; it makes the features that G matches say more about the class); 0 is off.
    generator_lr : float, optional
        Another learning rate for the generator; with 0 it stays as it is.
    **options
        ``augment``, ``noise``, ``lr``, ``body_lr``, ``betas`` and ``ema``, as for `FewLabelsTask`.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> from gan_tutorial.semi_supervised import hide_labels
    >>> digits = data.load("digits")
    >>> few = hide_labels(digits, 50)
    >>> gan = SemiSupervisedGAN.for_data(few)
    >>> history = fit(gan, few.unlabeled, steps=10, progress=False)
    >>> gan.sample(5).shape, gan.predict(digits[:5]).shape
    (torch.Size([5, 1, 8, 8]), torch.Size([5]))
    """

    def __init__(
        self,
        body: nn.Module,
        labeled: Dataset,
        generator: nn.Module,
        *,
        generator_loss: str = "features",
        entropy_weight: float = 0.0,
        generator_lr: float | None = None,
        **options: Any,
    ):
        if generator_loss not in GENERATOR_LOSSES:
            raise ValueError(
                f"Unknown loss of the generator {generator_loss!r}; choose one of "
                f"{', '.join(GENERATOR_LOSSES)}."
            )
        if not 0 <= entropy_weight < math.inf:
            raise ValueError(
                f"entropy_weight must not be negative, nor infinite; got {entropy_weight}."
            )
        super().__init__(body, labeled, networks={"generator": generator}, **options)
        if generator_lr is not None:
            betas = self.optimizers["generator"].defaults["betas"]
            self.optimizers["generator"] = adam(generator, generator_lr, betas)
        self.generator: Any = generator  # it has an attribute latent_dim
        self.game = get_loss("non-saturating")
        self.generator_loss, self.entropy_weight = generator_loss, entropy_weight
        self.settings |= {
            "generator_loss": generator_loss, "entropy_weight": entropy_weight,
            "generator_lr": generator_lr,
        }  # fmt: skip

    @classmethod
    def for_data(
        cls,
        few: FewLabels,
        *,
        network: str = "auto",
        latent_dim: int | None = None,
        width: int | None = None,
        **options: Any,
    ) -> "SemiSupervisedGAN":
        """Make a semi-supervised GAN with the book's recipe for this kind of data.

        The settings were found on validation splits, before ``benchmarks/semi.py`` searched for
        those of its own table.

        Parameters
        ----------
        few : FewLabels
            Points, or images.
        network : {"auto", "mlp", "dcgan"}
            See `recipe_for`.
        latent_dim, width : int, optional
            Length of the latent code, and width of the networks, instead of the recipe's; 1 or
            more.
        **options
            Further arguments, instead of the recipe's.
        """
        for name, value in (("latent_dim", latent_dim), ("width", width)):
            if value is not None:
                check_count(name, value)
        shape = few.labeled.shape
        recipe = recipe_for(shape, network).changed(
            {"latent_dim": latent_dim, "body_width": width, "generator_width": width}, options
        )
        made = recipe.networks
        width, code = made["body_width"], made["latent_dim"]
        if made["body"] == "mlp":
            body: nn.Module = MLPEncoder(shape, 128, width, depth=2)
        else:
            body = DCGANEncoder(8 * width, size_of(shape), shape[0], width, norm="none")
        width = made["generator_width"]
        if made["generator"] == "mlp":
            generator: nn.Module = MLPGenerator(code, shape, width, depth=2)
        else:
            generator = DCGANGenerator(code, size_of(shape), shape[0], width)
        task = cls(body, few.labeled, generator, **recipe.options)
        task.recipe = recipe
        return task

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
            "train_accuracy": share_right(labeled, y),
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
            if self.generator_loss != "adversarial":
                with torch.no_grad():
                    (of_real,) = self.forward("body", [self.noisy(real)])
                (of_fake,) = self.forward("body", [self.noisy(fake)])
                gap = of_fake.mean(0) - of_real.mean(0)
                # Of several processes each sees a part of the batch: the value is that of the
                # mean gap over all of them, and so is the gradient, once it is averaged.
                gap = gap + (distributed.average(gap.detach()) - gap.detach())
                loss = (gap.abs() if self.generator_loss == "features" else gap.square()).mean()
            else:
                _, (logits,) = self.logits(self.noisy(fake))
                loss = self.game.generator(None, logits.logsumexp(1))
            self.update(loss, "generator")
        return {"g_loss": loss}

    def generate(self, count: int) -> Tensor:
        """Return `count` fakes."""
        z = self.random(torch.randn, count, self.generator.latent_dim)
        return self.forward("generator", [z])[0]

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU; see `GAN.sample`."""
        codes = latent_codes(count, self.generator.latent_dim, seed)
        return sample_generator(self._network("generator", averaged), codes)


def recipe_for(shape: tuple[int, ...], network: str = "auto") -> Recipe:
    """Return the book's recipe for a semi-supervised GAN of samples of this shape.

    Parameters
    ----------
    shape : tuple of int
        ``(2,)`` for points, ``(C, H, W)`` for images.
    network : {"auto", "mlp", "dcgan"}
        Fully connected or convolutional; "auto" is a convolutional generator where it can make
        such images, and a convolutional body for images from 16x16 on.

    Returns
    -------
    Recipe
        Its `networks` say which ``body`` and ``generator`` ("mlp" or "dcgan"), ``body_width``,
        ``generator_width`` and ``latent_dim``; its `options` are those of `SemiSupervisedGAN`.

    Raises
    ------
    ValueError
        If the kind of network is unknown, or a DCGAN cannot make such samples.
    """
    if network == "style":
        raise ValueError(
            "A style network is for GANs that only generate: choose one of auto, mlp, dcgan."
        )
    game = gan_recipe_for(shape, network).networks
    images = len(shape) == 3
    possible = images and shape[1] == shape[2] >= 8
    # batch norm in the generator matters more here than the kind of layers
    generator = "dcgan" if possible and network != "mlp" else "mlp"
    return Recipe(
        networks={
            "body": game["network"],
            "body_width": WIDTHS[game["network"]],
            "generator": generator,
            "generator_width": WIDTHS[generator],
            "latent_dim": game["latent_dim"],
        },
        options={
            "lr": 2e-3,
            "noise": 0.3,
            "entropy_weight": 0.3,
            **({"augment": "shift"} if images else {}),
        },
        steps=1000 if game["network"] == "mlp" else 3000,
        batch_size=64,
    )
