"""An eye on a training loop that is not ours."""

import time
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from .callback import whole
from .diagnosis import report_on
from .findings import Finding, Report
from .forms import AVERAGE, known_loss
from .loop_findings import LoopFindings
from .loop_look import Window, ask
from .loop_step import findings_in_moves, findings_in_turn, last_turn
from .loop_table import LoopTable, as_loss, check_batches
from .notes import LoopNotes, is_compiled
from .probe import NEIGHBORS
from .warned import Warner

__all__ = ["Watch"]

SHARE = 0.02  # of the work of training that looks may cost
CLOSEST = 25  # calls between two looks, at least
# Signs of a history that stand in for what a watch computes from the logits of a step.
FROM_HISTORY = ("below_floor", "off_labeled_real", "off_one_output")


class Watch:
    """Three lines in anyone's training loop: an eye on it, warnings meanwhile, a report afterwards.

    The training is not disturbed: it ends in the same weights, bit for bit, with and without.
    Nothing is known of the loop but what is given here and in each call. Now and then a few calls
    form a look: PyTorch's global hooks note who is asked what and which optimizer steps, samples
    are compared with data, and the discriminator is asked about both. How many calls lie between
    two looks follows from how much work a step was seen to be, so that looks stay below 3% of it;
    the clock plays no part in that.

    Parameters
    ----------
    generator, discriminator : nn.Module
        Any two. The discriminator takes samples first, and answers in logits, or in probabilities
        (which is noticed): one number for each sample or patch. What its answer holds besides, such
        as features, is passed over.
    loss : str, optional
        What the players minimize: "non-saturating" (or "bce"), "minimax", "least-squares", "hinge",
        "wasserstein", "relativistic", "relativistic-average". None stands for any other loss; what
        needs its name is then not looked at.
    held_out : Tensor, optional
        Reals that are not trained on. Without them nobody can tell whether the discriminator learns
        its training set by heart.
    every : int, optional
        Calls between two looks; by default as few as the bound on their cost allows.
    samples : int
        How many samples are looked at, from as many batches as it takes.
    warn : bool
        Whether findings are also given as a `DoctorWarning`, once for each fault.

    Attributes
    ----------
    calls : int
        How often it was called.
    seconds : float
        What it has taken so far, by the clock; for your information.

    Examples
    --------
    >>> import torch
    >>> from gan_tutorial import models
    >>> G, D = models.mlp_pair((2,), width=16)
    >>> moves = {net: torch.optim.Adam(net.parameters(), 1e-3) for net in (G, D)}
    >>> watch = Watch(G, D, loss="non-saturating", every=10, warn=False)
    >>> for step in range(60):
    ...     real, fake = torch.randn(64, 2), G(torch.randn(64, G.latent_dim))
    ...     d_loss = torch.nn.functional.softplus(torch.cat([-D(real), D(fake.detach())])).mean()
    ...     moves[D].zero_grad()
    ...     d_loss.backward()
    ...     moves[D].step()
    ...     g_loss = torch.nn.functional.softplus(-D(fake)).mean()
    ...     g_loss.backward()
    ...     moves[G].step()  # whose gradients are never cleared
    ...     watch(real, fake, d_loss=d_loss, g_loss=g_loss)
    >>> watch.report().name
    'stale-gradients'
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: str | None = None,
        *,
        held_out: Tensor | None = None,
        every: int | None = None,
        samples: int = 128,
        warn: bool = True,
    ):
        for name, network in (("generator", generator), ("discriminator", discriminator)):
            if not isinstance(network, nn.Module):
                raise TypeError(
                    f"The {name} is to be an nn.Module, and a {type(network).__name__} was given."
                )
        if generator is discriminator:
            raise ValueError("The two networks are one: give the generator and the discriminator.")
        if every is not None and whole("every", every) < 1:
            raise ValueError(f"The watch looks every so many calls, at least 1, not {every}.")
        if held_out is not None and len(held_out) == 0:
            raise ValueError("There are no held-out samples: leave them out, or give some.")
        if whole("samples", samples) <= NEIGHBORS + 1:
            raise ValueError(
                f"Look at more than {NEIGHBORS + 1} samples: the fifth neighbor of each is wanted, "
                f"and samples was {samples}."
            )
        self.generator, self.discriminator = generator, discriminator
        self.loss = known_loss(loss)
        self.held_out, self.every, self.samples = held_out, every, samples
        self.calls, self.seconds = 0, 0.0
        self.bounded = False  # whether the discriminator answers in probabilities
        self._found, self._table = LoopFindings(), LoopTable()
        self._warner = Warner(warn)
        self._notes = LoopNotes(generator, discriminator)
        self._window: Window | None = None
        self._next = 1

    @property
    def facts(self) -> dict[str, Finding]:
        """What was read off steps, networks and optimizers so far, by the name of the fault."""
        return dict(self._found.facts)

    def __call__(
        self,
        real: Tensor,
        fake: Tensor,
        *,
        d_loss: float | Tensor | None = None,
        g_loss: float | Tensor | None = None,
        labels: Any = None,
        fake_labels: Any = None,
    ) -> None:
        """Look at a step after both players have moved.

        Parameters
        ----------
        real, fake : Tensor, shape (N, ...)
            The batches that the discriminator was shown last.
        d_loss, g_loss : float or Tensor, optional
            What the players were told to minimize; penalties may be in them or not.
        labels, fake_labels : Tensor or tuple, optional
            What the discriminator takes beside the samples, for reals and for fakes; those of the
            reals stand for both if only they are given.

        Raises
        ------
        TypeError, ValueError
            If the samples are no batches of one shape, or a loss is not one number.
        """
        began = time.perf_counter()
        check_batches(real, fake)
        losses = {"d_loss": as_loss("d_loss", d_loss), "g_loss": as_loss("g_loss", g_loss)}
        self.calls += 1
        self._table.add_losses(self.calls, **losses)
        if self._window is not None:
            self._follow(self._window, real, fake, losses["d_loss"], (labels, fake_labels))
        elif self.calls >= self._next:
            self._open()
        self.seconds += time.perf_counter() - began

    def follow(
        self,
        real: Tensor,
        *,
        d_loss: float | Tensor | None = None,
        g_loss: float | Tensor | None = None,
    ) -> None:
        """Look at a step of which nobody hands over the fakes: those that were made last are taken.

        Where none were seen, as with compiled networks, only the losses are taken down.
        """
        if self._window is None or self._notes.made is not None:
            fake = real if self._window is None else self._notes.made
            self(real, fake, d_loss=d_loss, g_loss=g_loss)  # type: ignore[arg-type]
            return
        self.calls += 1
        losses = {"d_loss": as_loss("d_loss", d_loss), "g_loss": as_loss("g_loss", g_loss)}
        self._table.add_losses(self.calls, **losses)

    def report(self) -> Report:
        """Return what has been found so far; after the loop, or at any time.

        Returns
        -------
        Report

        Raises
        ------
        RuntimeError
            If the watch was never called.
        """
        if self.calls == 0:
            raise RuntimeError("The watch has seen no step: call watch(real, fake) in the loop.")
        facts = [*self._found.facts.values(), *self._found.frozen()]
        loss = "relativistic" if self.loss == AVERAGE.name else self.loss
        said = report_on(self._table.table(), loss, facts)
        return replace(
            said,
            remarks=list(self._found.remarks.values()),
            looked_at=[*said.looked_at, *(["loss from logits"] if self._found.form_known else [])],
            not_looked_at=[name for name in said.not_looked_at if name not in FROM_HISTORY],
        )

    def close(self) -> None:
        """Take back the hooks, if a look was under way; needed only where a loop ends for good."""
        self._notes.stop()
        self._window = None

    # --- a look, from its first call to its last -----------------------------------------------

    def _open(self) -> None:
        """Begin a look: from now on notes are taken."""
        self._window = Window(self.generator, self.discriminator, self.samples)
        if is_compiled(self.generator, self.discriminator):
            self._found.remarks["compiled"] = (
                "The networks are compiled: steps were not watched, since that would have them "
                "compiled anew."
            )
        else:
            self._notes.start()

    def _follow(
        self,
        window: Window,
        real: Tensor,
        fake: Tensor,
        d_loss: float | Tensor | None,
        more: tuple[Any, Any],
    ) -> None:
        """Take up one call of a look, and finish the look after the last."""
        events = self._notes.events[window.read :]
        window.add(real, fake, more, events, len(self._notes.events))
        turn = last_turn(events, real, fake) if events else None
        found = findings_in_moves(events, turn)
        if turn is not None:
            window.penalized |= turn.penalized
            told = None if d_loss is None else float(d_loss)
            wrong, known = findings_in_turn(
                turn, self.discriminator, self.loss, told, self._is_bounded(window)
            )
            found += wrong
            self._found.note_form(known)
        self._found.suspect(found)
        if window.is_complete():
            self._look(window)
            self._window = None
            if self._warner.is_due():
                self._warner.warn_of(self.report().findings, self.calls, stacklevel=5)

    def _look(self, window: Window) -> None:
        """Measure, and say when the next look is due."""
        self._notes.stop()
        if self._found.looks == 0:
            last = self._notes.last_layer.get("generator")
            self._found.check_set_up(window, last, self.loss, self._is_bounded(window))
        self._found.note_look(window, self.calls)
        row = window.moves() | window.gradients()
        measured, why = ask(window, self.held_out, self.bounded, self.loss == "wasserstein")
        if why:
            self._found.remarks["asked"] = f"The discriminator could not be asked: {why}."
        self._table.add_look(self.calls, **row, **measured)
        self._next = self.calls + self._interval(window)

    def _interval(self, window: Window) -> int:
        """Return the calls to the next look: as many as it takes to be worth the look's cost."""
        if self.every is not None:
            return self.every
        return max(CLOSEST, int(window.cost(self._notes) / SHARE) + 1)

    def _is_bounded(self, window: Window) -> bool:
        """Find out, once, whether the discriminator answers in probabilities."""
        if window.bounded is None:
            window.find_bounds(self._found.looks == 0 or self.bounded)
            self.bounded = bool(window.bounded)
            if self.bounded:
                self._found.remarks["bounded"] = (
                    "The discriminator answers in probabilities: they were turned into logits."
                )
        return self.bounded
