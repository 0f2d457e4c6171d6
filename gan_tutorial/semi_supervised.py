r"""Semi-supervised learning: few labels, many pictures.

Labels reach a training in one way only. `hide_labels` chooses which samples keep theirs, and
returns two data sets: the labeled samples, and all samples without any label. A task is made from
the first and trained on the second: ``fit(task, few.unlabeled, steps)``. What was hidden is in
neither, so nothing can leak.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import distributed
from .data import Dataset
from .gan import frozen, recipe_for
from .losses import get_loss
from .models import DCGANEncoder, DCGANGenerator, MLPEncoder, MLPGenerator
from .sampling import latent_codes, sample_generator
from .task import Task, adam

__all__ = [
    "AUGMENTATIONS",
    "Classifier",
    "FewLabels",
    "SemiSupervisedGAN",
    "augmented",
    "classifier_body",
    "hide_labels",
    "linear_probe",
    "spread_labels",
]


# --- Which labels are seen -------------------------------------------------------------------


@dataclass(frozen=True)
class FewLabels:
    """A data set of which few labels are known; `hide_labels` makes it.

    Attributes
    ----------
    labeled : Dataset
        The samples whose labels are known, with them.
    unlabeled : Dataset
        All samples, the labeled ones too, without labels and without factors.
    rows : Tensor of int64, shape (labels,)
        Which samples of the data set the labeled ones are.
    """

    labeled: Dataset
    unlabeled: Dataset
    rows: Tensor


def hide_labels(data: Dataset, count: int, seed: int = 0) -> FewLabels:
    """Choose `count` samples, as many of each class, and hide the labels of all others.

    With one seed, the samples of a smaller `count` are among those of a larger one. If `count` is
    no multiple of the number of classes, some classes get one more than the others.

    Parameters
    ----------
    data : Dataset
        Samples with labels. The label -1 means that it is not known: such a sample is never
        chosen.
    count : int
        Labels to keep, over all classes.
    seed : int
        Decides which.

    Returns
    -------
    FewLabels

    Raises
    ------
    ValueError
        If there are no labels, or not enough of a class, or fewer asked for than classes.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> few = hide_labels(data.load("digits"), 20, seed=0)
    >>> few.labeled.labels.bincount()
    tensor([2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    >>> few.unlabeled, few.unlabeled.labels is None
    (Dataset('digits', 1197 samples of 1x8x8), True)
    """
    if data.labels is None:
        raise ValueError(f"The data set {data.name!r} has no labels to choose from.")
    classes = len(data.classes) or int(data.labels.max()) + 1
    if count < classes:
        raise ValueError(f"{count} labels cannot show {classes} classes: ask for one of each.")
    generator = torch.Generator().manual_seed(seed)
    labels = data.labels.cpu()
    order = torch.randperm(len(labels), generator=generator)
    extra = torch.randperm(classes, generator=generator)[: count % classes]
    chosen = []
    for k in range(classes):
        wanted = count // classes + int(k in extra)
        rows = order[labels[order] == k][:wanted]
        if len(rows) < wanted:
            name = data.classes[k] if data.classes else str(k)
            raise ValueError(
                f"{wanted} labels of class {name} were asked for, and there are {len(rows)}."
            )
        chosen.append(rows)
    rows = torch.cat(chosen).sort().values
    part = data.subset(rows)
    return FewLabels(
        labeled=Dataset(data.name, part._samples, labels=part.labels, classes=data.classes),
        unlabeled=Dataset(data.name, data._samples, on_disk=data._on_disk).to(data.device),
        rows=rows,
    )


# --- Changes that keep the class -------------------------------------------------------------

AUGMENTATIONS = ("none", "shift", "shift-flip")


def augmented(images: Tensor, kind: str, u: Tensor) -> Tensor:
    """Change each image in a way that keeps its class.

    Parameters
    ----------
    images : Tensor, shape (n, C, H, W)
    kind : {"none", "shift", "shift-flip"}
        "shift" moves an image by up to one eighth of its side in each direction (pixels that
        come into view repeat the edge); "shift-flip" also mirrors it and, if it is square, turns
        it by multiples of 90 degrees.
    u : Tensor, shape (n, 5)
        Uniform random numbers in [0, 1), which decide what happens to each image.

    Returns
    -------
    Tensor, shape (n, C, H, W)
    """
    if kind == "none":
        return images
    n, _, height, width = images.shape
    most = max(1, height // 8)
    padded = functional.pad(images, (most,) * 4, mode="replicate")
    down, right = (u[:, :2] * (2 * most + 1)).long().unbind(1)
    rows = down[:, None] + torch.arange(height, device=images.device)
    columns = right[:, None] + torch.arange(width, device=images.device)
    each = torch.arange(n, device=images.device)[:, None, None]
    images = padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if kind == "shift-flip":
        yes = (u[:, 2:] < 0.5)[:, :, None, None, None]
        images = torch.where(yes[:, 0], images.flip(2), images)
        images = torch.where(yes[:, 1], images.flip(3), images)
        if height == width:
            images = torch.where(yes[:, 2], images.mT, images)
    return images


# --- Networks --------------------------------------------------------------------------------


def classifier_body(data: Dataset, features: int = 128, width: int | None = None) -> nn.Module:
    """Make a network from samples (N, *shape) to features (N, features) for this kind of data.

    Fully connected for points and small images, convolutional for images from 16x16 on.
    """
    shape = tuple(data.shape)
    if recipe_for(shape)["network"] == "mlp":
        return MLPEncoder(shape, features, width or 128, depth=2)
    return DCGANEncoder(features, shape[1], shape[0], width or 32, norm="none")


def _head(features: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(features, outputs))


# --- A classifier, with or without unlabeled samples -----------------------------------------

TERMS = ("none", "entropy", "pseudo")


class Classifier(Task):
    r"""A classifier of few labeled samples, which may also look at unlabeled ones.

    One step lowers the cross-entropy of the labeled samples plus `weight` times one of

    - ``"none"``: nothing;
    - ``"entropy"``: the entropy of the predictions for unlabeled samples,
      :math:`-\sum_k p_k(x) \log p_k(x)` (Grandvalet and Bengio 2005);
    - ``"pseudo"``: the cross-entropy of unlabeled samples with the classes that the network
      itself takes them for, if it is surer than `threshold` (Lee 2013).

    Parameters
    ----------
    body : nn.Module
        Maps samples to features; has an attribute ``outputs``, their number.
    labeled : Dataset
        The samples whose labels are known: ``hide_labels(...).labeled``.
    unlabeled : {"none", "entropy", "pseudo"}
        What is done with the batches that `fit` passes.
    weight : float
        Weight of that term. It rises from 0 over the first `ramp` steps.
    threshold : float
        Probability from which a prediction serves as a label.
    ramp : int
        Steps over which the weight rises.
    augment : {"none", "shift", "shift-flip"}
        How samples are changed before the network sees them; see `augmented`.
    lr, betas, ema
        Learning rate and decay rates of Adam; decay of the average of the weights.
    body_lr : float, optional
        Another learning rate for the body, for instance for one that is trained already.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range, or `labeled` has no labels.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> few = hide_labels(digits, 50)
    >>> classifier = Classifier(classifier_body(digits), few.labeled, unlabeled="entropy")
    >>> history = fit(classifier, few.unlabeled, steps=10, progress=False)
    >>> classifier.predict(digits[:5]).shape
    torch.Size([5, 10])
    """

    counts = ("steps",)

    def __init__(
        self,
        body: nn.Module,
        labeled: Dataset,
        *,
        unlabeled: str = "none",
        weight: float = 1.0,
        threshold: float = 0.95,
        ramp: int = 1,
        augment: str = "none",
        lr: float = 1e-3,
        body_lr: float | None = None,
        betas: tuple[float, float] = (0.5, 0.999),
        ema: float = 0.99,
        **networks: nn.Module,
    ):
        if unlabeled not in TERMS:
            raise ValueError(f"Unknown term {unlabeled!r}; choose one of {', '.join(TERMS)}.")
        if augment not in AUGMENTATIONS:
            raise ValueError(
                f"Unknown augmentation {augment!r}; choose one of {', '.join(AUGMENTATIONS)}."
            )
        if labeled.labels is None:
            raise ValueError("labeled has no labels: give hide_labels(...).labeled.")
        if weight < 0 or ramp < 1 or not 0 <= threshold <= 1:
            raise ValueError(
                "weight must not be negative, ramp at least 1 and threshold in [0, 1]; "
                f"got {weight}, {ramp} and {threshold}."
            )
        betas = tuple(map(float, betas))
        classes = len(labeled.classes) or int(labeled.labels.max()) + 1
        networks = {"body": body, "head": _head(body.outputs, classes), **networks}
        rates = {"body": body_lr or lr}
        super().__init__(
            networks=networks,
            optimizers={
                name: adam(network, rates.get(name, lr), betas)
                for name, network in networks.items()
            },
            averaged=networks,
            ema=ema,
        )
        self.classes = labeled.classes or tuple(map(str, range(classes)))
        self.labeled = labeled
        self.unlabeled, self.weight, self.threshold = unlabeled, weight, threshold
        self.ramp, self.augment = ramp, augment
        self.steps = 0
        self.settings = {
            "unlabeled": unlabeled, "weight": weight, "threshold": threshold, "ramp": ramp,
            "augment": augment, "lr": lr, "body_lr": body_lr, "betas": list(betas),
            "labeled": {"count": len(labeled), "digest": _digest(labeled)},
        }  # fmt: skip

    def to(self, device: torch.device) -> "Classifier":
        """Move everything, the labeled samples included, to `device`."""
        super().to(device)
        self.labeled = self.labeled.to(device)
        return self

    def labeled_batch(self, count: int) -> tuple[Tensor, Tensor]:
        """Draw `count` labeled samples, with replacement, and their labels."""
        u = self.random(torch.rand, count)
        rows = (u * len(self.labeled)).long().clamp_(max=len(self.labeled) - 1)
        return self.changed(self.labeled[rows]), self.labeled.labels[rows]

    def changed(self, batch: Tensor) -> Tensor:
        """Return a batch augmented, as the setting says."""
        if self.augment == "none":
            return batch
        return augmented(batch, self.augment, self.random(torch.rand, len(batch), 5))

    def logits(self, *batches: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the features and the class logits of batches of samples."""
        features = self.forward("body", batches)
        return features, self.forward("head", features)

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the classifier once, with as many labeled samples as `batch` has.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)
            Samples without labels.

        Returns
        -------
        dict of str to Tensor
            ``supervised_loss``, ``train_accuracy``, and ``unlabeled_loss`` where there is one.
        """
        self.steps += 1
        x, y = self.labeled_batch(len(batch))
        batches = [x] if self.unlabeled == "none" else [x, self.changed(batch)]
        logits = self.logits(*batches)[1]
        loss = functional.cross_entropy(logits[0], y)
        scalars = {"supervised_loss": loss, "train_accuracy": _share_right(logits[0], y)}
        total = loss
        if self.unlabeled != "none":
            scalars["unlabeled_loss"] = self.unlabeled_loss(logits[1])
            total = (
                total + self.weight * min(1.0, self.steps / self.ramp) * (scalars["unlabeled_loss"])
            )
        self.update(total, "body", "head")
        return {name: value.detach() for name, value in scalars.items()}

    def unlabeled_loss(self, logits: Tensor) -> Tensor:
        """Return the entropy of the predictions, or their distance from themselves made hard."""
        if self.unlabeled == "entropy":
            return entropy(logits).mean()
        sure, guess = logits.detach().softmax(1).max(1)
        losses = functional.cross_entropy(logits, guess, reduction="none")
        return (losses * (sure >= self.threshold)).mean()

    def features(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Return the features of samples, shape (N, body.outputs), on the CPU."""
        return _run((self._network("body", averaged),), x, self.device)

    def predict(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Return the class logits of samples, shape (N, classes), on the CPU."""
        networks = self._network("body", averaged), self._network("head", averaged)
        return _run(networks, x, self.device)

    def accuracy(self, data: Dataset, averaged: bool = True) -> float:
        """Return the share of the samples of `data` whose class is recognized."""
        return _share_right(self.predict(data[:], averaged), data.labels.cpu()).item()

    def _network(self, name: str, averaged: bool) -> nn.Module:
        return self.average[name] if averaged else self.networks[name]


def entropy(logits: Tensor) -> Tensor:
    """Return the entropy in nats, (N,), of the class probabilities of logits (N, K)."""
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


def _share_right(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(1) == labels).float().mean()


def _digest(labeled: Dataset) -> str:
    """Name a labeled set, so that a run is not resumed with another one."""
    content = labeled._samples.cpu().contiguous().numpy().tobytes()
    content += labeled.labels.cpu().contiguous().numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


@torch.no_grad()
def _run(networks, x: Tensor, device: torch.device, batch_size: int = 512) -> Tensor:
    """Pass samples through networks in evaluation mode, some at a time; the result on the CPU."""
    modes = [network.training for network in networks]
    parts = []
    for part in x.split(batch_size):
        part = part.to(device)
        for network in networks:
            part = network.eval()(part)
        parts.append(part.float().cpu())
    for network, mode in zip(networks, modes, strict=True):
        network.train(mode)
    return torch.cat(parts)


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


# --- Methods that train no network -----------------------------------------------------------


def linear_probe(features: Tensor, labels: Tensor, C: float = 1.0):
    """Fit a linear classifier to features; return a function from features to class numbers.

    Parameters
    ----------
    features : Tensor, shape (n, F)
    labels : Tensor of int64, shape (n,)
    C : float
        Inverse strength of the penalty on the weights, of features with unit variance.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
    probe.fit(features.double().numpy(), labels.numpy())
    return lambda new: torch.from_numpy(probe.predict(new.double().numpy()))


def spread_labels(
    few: FewLabels, new: Tensor, neighbors: int = 7, alpha: float = 0.2, features=None
) -> Tensor:
    """Let labels spread over the graph of nearest neighbors; return the classes of new samples.

    Zhou et al. (2004), as in scikit-learn's ``LabelSpreading``. A new sample takes the class of
    its nearest neighbors among the samples; where no label has arrived, the first class.

    Parameters
    ----------
    few : FewLabels
        Samples, some of them labeled.
    new : Tensor, shape (n, *shape)
        What to classify.
    neighbors : int
        Edges from each sample.
    alpha : float
        In (0, 1): how much a sample takes from its neighbors.
    features : callable, optional
        What to measure distances of; the pixels by default.

    Returns
    -------
    Tensor of int64, shape (n,)
    """
    from sklearn.semi_supervised import LabelSpreading

    features = features or (lambda x: x.flatten(1))
    labels = torch.full((len(few.unlabeled),), -1)
    labels[few.rows] = few.labeled.labels.cpu()
    spreading = LabelSpreading(kernel="knn", n_neighbors=neighbors, alpha=alpha, max_iter=100)
    with np.errstate(invalid="ignore"):  # 0/0 where no label has arrived
        spreading.fit(features(few.unlabeled[:]).double().numpy(), labels.numpy())
        classes = spreading.predict(features(new).double().numpy())
    return torch.from_numpy(classes)
