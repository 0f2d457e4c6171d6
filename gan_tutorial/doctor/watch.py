"""Watching one step of a training: who is called with what, and who moves.

Hooks on the two networks and on the optimizers write down what happens, and are gone afterwards.
From that follow facts which no curve can show: that the loss is not the one it is said to be, that
the discriminator moves in the generator's turn, that reals and fakes share a batch norm.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

from ..losses import LOSSES
from .findings import UNKNOWN, Finding, fact

__all__ = ["StepWatch", "explain_loss"]

TOLERANCE = {"fp32": 1e-4, "bf16": 2e-2}  # how exactly a loss can be computed again
# The loss of a sample that is labeled real, and of one that is labeled fake.
CROSS_ENTROPY = (lambda a: softplus(-a), softplus)
WITH_LABELS = {
    "minimax": CROSS_ENTROPY,
    "non-saturating": CROSS_ENTROPY,
    "least-squares": (lambda a: 0.5 * (a - 1).square(), lambda a: 0.5 * a.square()),
    "hinge": (lambda a: relu(1 - a), lambda a: relu(1 + a)),
}
MIXING = nn.modules.batchnorm._BatchNorm


class StepWatch:
    """Write down what happens in a step: `start` before it, `findings` after it.

    Parameters
    ----------
    task : GAN
        The one whose next step is watched.
    """

    def __init__(self, task):
        self.task = task
        # What D was shown and said, call by call, in each of its turns: samples, and logits.
        self.judged: list[list[tuple[int, Tensor]]] = [[]]
        self.attached = False  # whether what D saw in its turns was still tied to the generator
        self.moves: list[str] = []  # the networks in the order in which optimizers moved them
        self._hooks: list = []

    def start(self) -> None:
        """Put the hooks on."""
        self._hooks.append(self.task.discriminator.register_forward_hook(self._judges))
        for name, optimizer in self.task.optimizers.items():
            self._hooks.append(
                optimizer.register_step_post_hook(lambda *_, name=name: self._moves(name))
            )

    def stop(self) -> None:
        """Take the hooks off."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _moves(self, name: str) -> None:
        self.moves.append(name)
        if name == "discriminator":
            self.judged.append([])

    def _judges(self, _, inputs, logits) -> None:
        self.judged[-1].append((len(inputs[0]), logits.detach().float()))
        if len(self.judged) <= self.task.d_steps:  # not yet the generator's turn
            self.attached |= inputs[0].grad_fn is not None

    def logits(self, count: int) -> tuple[Tensor, Tensor] | None:
        """Return D's logits of reals and of fakes in its last turn, if they can be told apart.

        Reals are judged before fakes, or in front of them in one batch; `count` is the number of
        fakes.
        """
        turn = self.judged[min(self.task.d_steps, len(self.judged)) - 1]
        if any(logits.numel() != samples for samples, logits in turn):
            return None  # it judges parts of samples: the check-up says so
        logits = [said for _, said in turn]
        if logits and len(logits[0]) > count:
            return logits[0][:-count], logits[0][-count:]
        return (logits[0], logits[1]) if len(logits) > 1 else None

    def findings(self, batch_size: int, d_loss: float | None, precision: str = "fp32"):
        """Return what was wrong with the step that has been watched.

        Parameters
        ----------
        batch_size : int
            Reals in a batch, for one update of D.
        d_loss : float or None
            The discriminator's loss that the step returned, of its last update.
        precision : {"fp32", "bf16"}
            How exactly it can be recomputed.

        Returns
        -------
        list of Finding
        """
        self.stop()
        task, found = self.task, []
        pair = self.logits(batch_size)
        equal = pair is not None and len(pair[0]) == len(pair[1])
        if pair and not equal:
            found.append(
                fact(
                    "unequal-batches",
                    f"The discriminator is shown {len(pair[0])} reals beside {len(pair[1])} fakes "
                    "in one turn.",
                    "Draw as many fakes as reals, or take the mean of each batch by itself.",
                )
            )
        normed = any(isinstance(module, MIXING) for module in task.discriminator.modules())
        first = self.judged[0][0][0] if self.judged[0] else 0
        if equal and normed and first > batch_size:
            found.append(
                fact(
                    "mixed-batch-norm",
                    f"One batch of {first} holds reals and fakes, and the discriminator "
                    "has batch norm: each sample is judged by the company it is in.",
                    "Pass reals and fakes through the discriminator one after the other.",
                )
            )
        turns = self.moves.count("discriminator")
        if turns > task.d_steps:
            found.append(
                fact(
                    "shared-update",
                    f"The discriminator's optimizer stepped {turns} times in a step that has "
                    f"{task.d_steps} for it: it also moves in the generator's turn.",
                    "After the generator's loss, step the generator's optimizer only.",
                )
            )
        if self.attached and not task.reuse_fakes:
            found.append(
                fact(
                    "missing-detach",
                    "The fakes of the discriminator's turn are still tied to the generator: its "
                    "gradients are computed there in vain, and must be cleared before its own.",
                    "Detach the fakes, or make them under torch.no_grad().",
                )
            )
        if equal and d_loss is not None:
            finding = explain_loss(task.loss.name, *pair, d_loss, TOLERANCE.get(precision, 5e-2))
            found += [finding] if finding else []
        return found


def explain_loss(
    loss: str, real: Tensor, fake: Tensor, told: float, tolerance: float = 1e-4
) -> Finding | None:
    """Compare a reported loss of D with the one that its logits make.

    Parameters
    ----------
    loss : str
        What the loss is said to be, one of `gan_tutorial.losses.LOSSES`.
    real, fake : Tensor, shape (N,)
        Logits.
    told : float
        The loss that was reported for them.
    tolerance : float
        Relative to one plus the loss.

    Returns
    -------
    Finding or None
        None if the two agree; otherwise a mistake that explains the difference, or "unknown".

    Examples
    --------
    >>> real, fake = torch.tensor([2.0, 3.0]), torch.tensor([-1.0, 0.0])
    >>> both_real = torch.nn.functional.softplus(-torch.stack([real, fake])).mean(1).sum().item()
    >>> explain_loss("non-saturating", real, fake, both_real).fault
    'fakes-labeled-real'
    """
    if loss not in LOSSES:
        return None
    right = LOSSES[loss].discriminator
    real, fake = real.flatten(), fake.flatten()
    expected = right(real, fake).item()

    def agrees(value) -> bool:
        value = float(value)
        return math.isfinite(value) and abs(value - told) <= tolerance * (1 + abs(value))

    if agrees(expected):
        return None
    seen = f"The discriminator reports a loss of {told:.4g}, and its logits make {expected:.4g}"
    if told == 0 and loss != "wasserstein":
        return fact(
            "softmax-of-one",
            f"{seen}: exactly 0 is what softmax makes of a single logit, whatever it is.",
            "With one logit use a sigmoid (binary cross-entropy with logits).",
        )
    logistic = loss in ("minimax", "non-saturating")
    for fault, value, what, cure in (
        (
            "fakes-labeled-real",
            right(real, labeled_real(loss, fake)),
            "the loss of fakes that are labeled real",
            "Give the fakes the label 0.",
        ),
        (
            "one-output-for-both",
            right(real, real),
            "the loss of the reals' logits taken twice",
            "Pass the fakes through D as well, and give the two outputs two names.",
        ),
        (
            "one-output-for-both",
            right(fake, fake),
            "the loss of the fakes' logits taken twice",
            "Pass the reals through D as well, and give the two outputs two names.",
        ),
        (
            "double-sigmoid",
            right(real.sigmoid(), fake.sigmoid()),
            "the loss of logits that went through a sigmoid first",
            "Leave the sigmoid out.",
        ),
        (
            "rounded-cross-entropy",
            _by_hand(real, fake) if logistic else math.nan,
            "the loss computed from probabilities that are rounded to bfloat16",
            "Take the loss from logits, in float32.",
        ),
    ):
        if agrees(value):
            return fact(fault, f"{seen}; {what} is {float(value):.4g}.", cure)
    if loss in WITH_LABELS and _some_labels_wrong(loss, real, fake, told):
        swapped = right(fake, real).item()
        share = (told - expected) / (swapped - expected) if swapped != expected else math.nan
        about = f", about {share:.0%} of them" if 0 < share < 1 and abs(swapped) > 0.5 else ""
        return Finding(
            "label-noise",
            0.9,
            f"{seen}; it would be as reported with some labels wrong{about}.",
            "Turn the noise of the labels down, or off.",
        )
    return Finding(UNKNOWN, 0.9, f"{seen}: it is not the {loss} loss.", "Compare the two formulas.")


def _some_labels_wrong(loss: str, real: Tensor, fake: Tensor, told: float) -> bool:
    """Whether there are labels for these samples with which the loss would be as reported."""
    as_real, as_fake = WITH_LABELS[loss]
    lowest = sum(torch.minimum(as_real(x), as_fake(x)).mean().item() for x in (real, fake))
    highest = sum(torch.maximum(as_real(x), as_fake(x)).mean().item() for x in (real, fake))
    return lowest <= told <= highest


def labeled_real(loss: str, logits):
    """Return what takes the place of the fakes' logits where their label is wrong."""
    return 1 - logits if loss == "least-squares" else -logits


def _by_hand(real: Tensor, fake: Tensor) -> float:
    """Binary cross-entropy of rounded probabilities."""
    p, q = real.bfloat16().sigmoid(), fake.bfloat16().sigmoid()
    return (-p.log().float().mean() - (1 - q).log().float().mean()).item()
