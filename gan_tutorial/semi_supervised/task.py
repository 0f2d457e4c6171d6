"""What every task with few labels shares: the labeled samples, and a network that names classes."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset, Samples, as_tensor
from ..models.evaluating import evaluating
from ..training import Task, adam
from .augmentations import AUGMENTATIONS, augmented
from .labels import labels_of

__all__ = ["FewLabelsTask", "entropy", "share_right"]


class FewLabelsTask(Task):
    r"""A task whose networks ``body`` and ``head`` tell classes apart, from few labeled samples.

    A subclass writes `step`: what is learned from the labeled samples, and from those without
    labels that `fit` passes. `Classifier` and `SemiSupervisedGAN` are two.

    Parameters
    ----------
    body : nn.Module
        Maps samples to features; has an attribute ``outputs``, their number.
    labeled : Dataset
        The samples whose labels are known: ``hide_labels(...).labeled``.
    weight : float
        Weight of what the samples without labels add to the loss; 0 or more.
    augment : {"none", "shift", "shift-flip"}
        How samples are changed before the network sees them; see `augmented`.
    noise : float
        Standard deviation of Gaussian noise on what the network sees while it is trained; 0 or
        more.
    lr, betas, ema
        Learning rate and decay rates of Adam; decay of the average of the weights.
    body_lr : float, optional
        Another learning rate for the body, for instance for one that is trained already; with 0
        it stays as it is.
    networks : dict of str to nn.Module, optional
        Further networks by name, which are trained and averaged like the body.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range, or `labeled` has no labels.
    """

    def __init__(
        self,
        body: nn.Module,
        labeled: Dataset,
        *,
        weight: float = 1.0,
        augment: str = "none",
        noise: float = 0.0,
        lr: float = 1e-3,
        body_lr: float | None = None,
        betas: tuple[float, float] = (0.5, 0.999),
        ema: float = 0.99,
        networks: Mapping[str, nn.Module] | None = None,
    ):
        if augment not in AUGMENTATIONS:
            raise ValueError(
                f"Unknown augmentation {augment!r}; choose one of {', '.join(AUGMENTATIONS)}."
            )
        if labeled.labels is None:
            raise ValueError("labeled has no labels: give hide_labels(...).labeled.")
        for name, value in (("weight", weight), ("noise", noise)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must not be negative, nor infinite; got {value}.")
        betas = (float(betas[0]), float(betas[1]))
        classes = len(labeled.classes) or int(labeled.labels.max()) + 1
        networks = {"body": body, "head": _head(body.outputs, classes), **(networks or {})}
        rates = {} if body_lr is None else {"body": body_lr}
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
        self.labeled, self.labels = labeled, labeled.labels
        self.weight, self.augment, self.noise = weight, augment, noise
        self.settings = {
            "weight": weight, "augment": augment, "noise": noise, "lr": lr, "body_lr": body_lr,
            "betas": list(betas),
            "labeled": {"count": len(labeled), "digest": _digest(labeled)},
        }  # fmt: skip

    def to(self, device: torch.device) -> "FewLabelsTask":
        """Move everything, the labeled samples included, to `device`."""
        super().to(device)
        self.labeled, self.labels = self.labeled.to(device), self.labels.to(device)
        return self

    # --- For a step: the latest weights, with gradients ---

    def labeled_batch(self, count: int) -> tuple[Tensor, Tensor]:
        """Draw `count` labeled samples, with replacement, and their labels."""
        u = self.random(torch.rand, count)
        rows = (u * len(self.labeled)).long().clamp_(max=len(self.labeled) - 1)
        return self.changed(self.labeled[rows]), self.labels[rows]

    def changed(self, batch: Tensor) -> Tensor:
        """Return a batch augmented, as the setting says."""
        if self.augment == "none":
            return batch
        return augmented(batch, self.augment, self.random(torch.rand, len(batch), 5))

    def noisy(self, batch: Tensor) -> Tensor:
        """Return a batch with Gaussian noise, as the setting says."""
        if not self.noise:
            return batch
        return batch + self.noise * self.random(torch.randn, len(batch), *batch.shape[1:])

    def logits(self, *batches: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the features and the class logits of batches of samples."""
        features = self.forward("body", batches)
        return features, self.forward("head", features)

    # --- Of the trained network: evaluation mode, without gradients, on the CPU ---

    def features(self, x: Samples, averaged: bool = True) -> Tensor:
        """Return the features of samples, shape (N, body.outputs), on the CPU."""
        return _run((self._network("body", averaged),), as_tensor(x), self.device)

    def class_logits(self, x: Samples, averaged: bool = True) -> Tensor:
        r"""Return the logits :math:`l_k(x)` of samples, shape (N, classes), on the CPU.

        Parameters
        ----------
        x : Dataset, Tensor or ndarray, shape (N, \*shape)
            Samples, in the range of the training data.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).
        """
        networks = self._network("body", averaged), self._network("head", averaged)
        return _run(networks, as_tensor(x), self.device)

    def probabilities(self, x: Samples, averaged: bool = True) -> Tensor:
        """Return the probability of each class, shape (N, classes); arguments as `class_logits`."""
        return self.class_logits(x, averaged).softmax(1)

    def predict(self, x: Samples, averaged: bool = True) -> Tensor:
        """Return the most probable class of each sample; arguments as `class_logits`.

        Returns
        -------
        Tensor of int64, shape (N,), on the CPU
            Positions in `classes`.
        """
        return self.class_logits(x, averaged).argmax(1)

    def accuracy(self, data: Dataset, averaged: bool = True) -> float:
        """Return the share of the samples of `data` whose class is recognized.

        Raises
        ------
        ValueError
            If `data` has no labels.
        """
        return share_right(self.class_logits(data, averaged), labels_of(data)).item()

    def _network(self, name: str, averaged: bool) -> Any:
        return self.average[name] if averaged else self.networks[name]


def entropy(logits: Tensor) -> Tensor:
    """Return the entropy in nats, (N,), of the class probabilities of logits (N, K)."""
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


def share_right(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of the samples whose largest logit is that of their label."""
    return (logits.argmax(1) == labels).float().mean()


def _head(features: Any, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(features, outputs))


def _digest(labeled: Dataset) -> str:
    """Name a labeled set, so that a run is not resumed with another one."""
    content = labeled._samples.cpu().contiguous().numpy().tobytes()
    content += labels_of(labeled).contiguous().numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


@torch.no_grad()
def _run(
    networks: Sequence[nn.Module], x: Tensor, device: torch.device, batch_size: int = 512
) -> Tensor:
    """Pass samples through networks in evaluation mode, some at a time; the result on the CPU."""
    parts = []
    with evaluating(*networks):
        for part in x.split(batch_size):
            part = part.to(device)
            for network in networks:
                part = network(part)
            parts.append(part.float().cpu())
    return torch.cat(parts)
