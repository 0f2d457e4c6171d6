r"""A classifier of few labeled samples, which may also look at samples without labels."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Dataset, sample_shape
from ..data.streams import check_count
from ..gan import recipe_for as gan_recipe_for
from ..models import DCGANEncoder, MLPEncoder
from .augmentations import covered
from .task import FewLabelsTask, entropy, share_right

__all__ = ["TERMS", "Classifier", "classifier_body"]

TERMS = ("none", "entropy", "pseudo", "pi-model", "fixmatch")


def classifier_body(
    data: Dataset | Tensor, features: int = 128, width: int | None = None
) -> nn.Module:
    """Make a network from samples (N, *shape) to features (N, features) for this kind of data.

    Fully connected for points and small images, convolutional for images from 16x16 on.

    Parameters
    ----------
    data : Dataset or Tensor (N, *shape)
        Samples such as it will see.
    features : int
        How many, 1 or more.
    width : int, optional
        Width of the layers, 1 or more; by default 128 units, or 32 channels in the first layer.
    """
    shape = sample_shape(data)
    check_count(features, "features")
    if width is not None:
        check_count(width, "width")
    if gan_recipe_for(shape).networks["network"] == "mlp":
        return MLPEncoder(shape, features, 128 if width is None else width, depth=2)
    return DCGANEncoder(features, shape[1], shape[0], 32 if width is None else width, norm="none")


class Classifier(FewLabelsTask):
    r"""A classifier of few labeled samples, which may also look at unlabeled ones.

    One step lowers the cross-entropy of the labeled samples plus `weight` times one of

    - ``"none"``: nothing;
    - ``"entropy"``: the entropy of the predictions for unlabeled samples,
      :math:`-\sum_k p_k(x) \log p_k(x)` (Grandvalet and Bengio 2005);
    - ``"pseudo"``: the cross-entropy of unlabeled samples with the classes that the network
      itself takes them for, if it is surer than `threshold` (Lee 2013);
    - ``"pi-model"``: the squared distance between the probabilities of the classes for two views
      of the same sample, :math:`\lVert p(x') - p(x'') \rVert^2`, each changed and noisy in its
      own way (Laine and Aila 2017);
    - ``"fixmatch"``: the cross-entropy of a sample that is changed strongly with the class that
      the network takes it for when it is changed weakly, if it is surer than `threshold` (Sohn et
      al. 2020). Weakly is `augment`; strongly is `augment`, `covered` and `noise`.

    Parameters
    ----------
    body : nn.Module
        Maps samples to features; has an attribute ``outputs``, their number.
    labeled : Dataset
        The samples whose labels are known: ``hide_labels(...).labeled``.
    unlabeled : {"none", "entropy", "pseudo", "pi-model", "fixmatch"}
        What is done with the batches that `fit` passes.
    weight : float
        Weight of that term, 0 or more. It rises from 0 over the first `ramp` steps.
    threshold : float
        Probability from which a prediction serves as a label, in [0, 1].
    ramp : int
        Steps over which the weight rises, 1 or more.
    **options
        ``augment``, ``noise``, ``lr``, ``body_lr``, ``betas`` and ``ema``, as for `FewLabelsTask`.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range, or `labeled` has no labels.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> from gan_tutorial.semi_supervised import hide_labels
    >>> digits = data.load("digits")
    >>> few = hide_labels(digits, 50)
    >>> classifier = Classifier(classifier_body(digits), few.labeled, unlabeled="entropy")
    >>> history = fit(classifier, few.unlabeled, steps=10, progress=False)
    >>> classifier.predict(digits[:5]).shape, classifier.probabilities(digits[:5]).shape
    (torch.Size([5]), torch.Size([5, 10]))
    """

    def __init__(
        self,
        body: nn.Module,
        labeled: Dataset,
        *,
        unlabeled: str = "none",
        threshold: float = 0.95,
        ramp: int = 1,
        **options: Any,
    ):
        if unlabeled not in TERMS:
            raise ValueError(f"Unknown term {unlabeled!r}; choose one of {', '.join(TERMS)}.")
        if not 0 <= threshold <= 1 or not ramp >= 1:
            raise ValueError(
                f"threshold must lie in [0, 1] and ramp be at least 1; got {threshold} and {ramp}."
            )
        super().__init__(body, labeled, **options)
        self.unlabeled, self.threshold, self.ramp = unlabeled, threshold, ramp
        self.settings |= {"unlabeled": unlabeled, "threshold": threshold, "ramp": ramp}

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
        x, y = self.labeled_batch(len(batch))
        logits, *unlabeled = self.logits(self.noisy(x), *self.views(batch))[1]
        loss = functional.cross_entropy(logits, y)
        scalars = {"supervised_loss": loss, "train_accuracy": share_right(logits, y)}
        total = loss
        if self.unlabeled != "none":
            scalars["unlabeled_loss"] = self.unlabeled_loss(*unlabeled)
            weight = self.weight * min(1.0, (self.steps_done + 1) / self.ramp)
            total = total + weight * scalars["unlabeled_loss"]
        self.update(total, "body", "head")
        return {name: value.detach() for name, value in scalars.items()}

    def views(self, batch: Tensor) -> list[Tensor]:
        """Return samples without labels as the network sees them: not at all, once or twice."""
        if self.unlabeled == "none":
            return []
        if self.unlabeled == "pi-model":
            return [self.noisy(self.changed(batch)), self.noisy(self.changed(batch))]
        if self.unlabeled == "fixmatch":
            strong = self.changed(batch)
            if strong.ndim == 4:  # points have nothing that could be covered
                strong = covered(strong, self.random(torch.rand, len(batch), 2))
            return [self.changed(batch), self.noisy(strong)]
        return [self.noisy(self.changed(batch))]

    def unlabeled_loss(self, *logits: Tensor) -> Tensor:
        """Return the term of the loss from the logits (n, K) of each view."""
        first, last = logits[0], logits[-1]
        if self.unlabeled == "entropy":
            return entropy(first).mean()
        if self.unlabeled == "pi-model":
            return (first.softmax(1) - last.softmax(1)).square().sum(1).mean()
        sure, guess = first.detach().softmax(1).max(1)  # of pseudo-labels the two views are one
        losses = functional.cross_entropy(last, guess, reduction="none")
        return (losses * (sure >= self.threshold)).mean()
