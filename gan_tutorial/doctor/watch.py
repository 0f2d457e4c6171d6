"""Watching one step of `fit`: who is called with what, and who moves.

What the discriminator is asked and answers is written down, and which optimizer steps when; the
step itself computes what it would compute unwatched, bit for bit. From the notes follow facts
which no curve can show: that the loss is not the one it is said to be, that the discriminator
moves in the generator's turn, that reals and fakes share a batch norm.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from ..gan import GAN
from ..models import batch_norms
from ..training import speed
from .explain import explain_loss
from .findings import Finding
from .step_facts import missing_detach, mixed_batch_norm, shared_update, unequal_batches

__all__ = ["StepWatch"]

TOLERANCE = {"fp32": 1e-4, "bf16": 2e-2}  # how exactly a loss can be computed again
# The ways to ask a discriminator: for logits, and for logits with their gradients.
QUESTIONS = ("forward", "with_gradient")


class StepWatch:
    """Write down what happens in a step: `start` before it, `findings` after it.

    Parameters
    ----------
    task : GAN
        The one whose next step is watched.
    """

    def __init__(self, task: GAN):
        self.task = task
        # What D was shown and said, call by call, in each of its turns: samples, and logits.
        self.judged: list[list[tuple[int, Tensor]]] = [[]]
        self.attached = False  # whether what D saw in its turns was still tied to the generator
        self.moves: list[str] = []  # the networks in the order in which optimizers moved them
        self._undo: list[Callable[[], None]] = []
        self._asking = False

    def start(self) -> None:
        """Begin to take notes.

        The discriminator's methods are wrapped, not hooked: a network with hooks may compute its
        gradients in another way (`models.MLPDiscriminator.has_gradient`), and differ by rounding.
        """
        network, fast = self.task.discriminator, self.task.fast
        if speed.is_compiled(
            fast["discriminator"]
        ):  # a change of its methods would compile it anew
            before = fast["discriminator"]
            fast["discriminator"] = self._noting(before)
            self._undo.append(lambda: fast.update(discriminator=before))
        else:
            for name in QUESTIONS:
                if hasattr(network, name):
                    setattr(network, name, self._noting(getattr(network, name)))
                    self._undo.append(partial(delattr, network, name))
        for name, optimizer in self.task.optimizers.items():
            hook = optimizer.register_step_post_hook(partial(self._note_move, name))
            self._undo.append(hook.remove)

    def stop(self) -> None:
        """Leave everything as it was before `start`."""
        while self._undo:
            self._undo.pop()()

    def _note_move(self, name: str, *_: Any) -> None:
        self.moves.append(name)
        if name == "discriminator":
            self.judged.append([])

    def _noting(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a method of the discriminator: it answers as before, and the answer is noted."""

        def asked(samples: Tensor, *others: Any) -> Any:
            outermost, self._asking = not self._asking, True
            try:
                answer = ask(samples, *others)
            finally:
                self._asking = not outermost
            if not outermost:  # one method may be written with another
                return answer
            logits = answer[0] if isinstance(answer, tuple) else answer
            self.judged[-1].append((len(samples), logits.detach().float()))
            if len(self.judged) <= self.task.d_steps:  # not yet the generator's turn
                self.attached |= samples.grad_fn is not None
            return answer

        return asked

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

    def findings(
        self, batch_size: int, d_loss: float | None, precision: str = "fp32"
    ) -> list[Finding]:
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
        task = self.task
        found: list[Finding] = []
        pair = self.logits(batch_size)
        equal = pair is not None and len(pair[0]) == len(pair[1])
        if pair and not equal:
            found.append(unequal_batches(len(pair[0]), len(pair[1])))
        first = self.judged[0][0][0] if self.judged[0] else 0
        if equal and batch_norms(task.discriminator) and first > batch_size:
            found.append(mixed_batch_norm(first))
        turns = self.moves.count("discriminator")
        if turns > task.d_steps:
            found.append(
                shared_update(
                    f"The discriminator's optimizer stepped {turns} times in a step that has "
                    f"{task.d_steps} for it: it also moves in the generator's turn."
                )
            )
        if self.attached and not task.reuse_fakes:
            found.append(missing_detach())
        if pair and equal and d_loss is not None:
            finding = explain_loss(task.loss.name, *pair, d_loss, TOLERANCE.get(precision, 5e-2))
            found += [finding] if finding else []
        return found
