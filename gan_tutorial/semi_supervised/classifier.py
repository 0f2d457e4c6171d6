r"""Semi-supervised learning: few labels, many pictures.

Labels reach a training in one way only. `hide_labels` chooses which samples keep theirs, and
returns two data sets: the labeled samples, and all samples without any label. A task is made from
the first and trained on the second: ``fit(task, few.unlabeled, steps)``. What was hidden is in
neither, so nothing can leak.
"""

import hashlib

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Dataset
from ..gan import recipe_for
from ..models import DCGANEncoder, MLPEncoder
from ..training import Task, adam

__all__ = ["AUGMENTATIONS", "TERMS", "Classifier", "augmented", "classifier_body", "entropy"]


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
