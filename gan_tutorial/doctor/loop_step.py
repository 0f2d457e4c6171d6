"""One step of a loop that is not ours: from the notes of it to findings."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..models import batch_norms
from .findings import Finding
from .forms import explain_form
from .notes import Asked, Moved
from .step_facts import (
    missing_detach,
    mixed_batch_norm,
    shared_update,
    stale_gradients,
    unequal_batches,
)

__all__ = ["Turn", "findings_in_moves", "findings_in_turn", "last_turn"]

TOLERANCE = {True: 1e-4, False: 2e-2}  # how exactly a loss can be computed again, by precision


@dataclass
class Turn:
    """The discriminator's last turn of a step.

    Attributes
    ----------
    real, fake : Tensor or None, shape (N, parts)
        What it answered to reals and to fakes, where they could be told apart.
    sure : bool
        Whether they were told apart by what they are, and not by their order alone.
    mixed : int
        Samples in one batch of both kinds; 0 if there was none.
    tied : bool
        Whether its fakes hung on the generator.
    penalized : bool
        Whether it was asked for a gradient at samples.
    exact : bool
        Whether the answers are in float32.
    """

    real: Tensor | None = None
    fake: Tensor | None = None
    sure: bool = True
    mixed: int = 0
    tied: bool = False
    penalized: bool = False
    exact: bool = True


def last_turn(events: Sequence[Asked | Moved], real: Tensor, fake: Tensor) -> Turn | None:
    """Find what the discriminator was asked before its last move, and sort it.

    Parameters
    ----------
    events : sequence of Asked or Moved
        One step.
    real, fake : Tensor
        The batches of its last turn.

    Returns
    -------
    Turn or None
        None if it did not move, or was asked nothing.
    """
    moves = [i for i, e in enumerate(events) if isinstance(e, Moved) and _moves_d(e)]
    moves = [i for i in moves if not _is_shared(events, i)] or moves
    if not moves:
        return None
    begin = max((i for i in moves if i < moves[-1]), default=-1) + 1
    asked = [e for e in events[begin : moves[-1]] if isinstance(e, Asked)]
    if not asked:
        return None
    turn = Turn(exact=all(e.exact for e in asked))
    reals = [e for e in asked if _equal(e.samples, real)]
    fakes = [e for e in asked if e not in reals and (e.tied or e.made or _equal(e.samples, fake))]
    turn.penalized = any(e.differentiated for e in asked)
    plain = [e for e in asked if not e.differentiated or e in reals]
    if not reals and not any(_equal(e.samples, fake) or e.made for e in fakes):
        for e in plain:
            if _halves(e, real, fake, turn):
                return turn
    others = [e for e in plain if e not in reals and e not in fakes]
    if len(plain) == 2 and not (reals and fakes):
        turn.sure = bool(reals or fakes)
        reals, fakes = reals or [(others or plain)[0]], fakes or [others[-1]] if others else fakes
    turn.tied = any(e.tied for e in fakes[:1])
    turn.real = reals[0].said if reals else None
    turn.fake = fakes[0].said if fakes else None
    return turn


def _halves(event: Asked, real: Tensor, fake: Tensor, turn: Turn) -> bool:
    """See whether a batch holds reals and fakes, and which part is which."""
    n, m = len(real), len(fake)
    if len(event.samples) != n + m or event.samples.shape[1:] != real.shape[1:]:
        return False
    turn.mixed, turn.tied = n + m, event.tied
    real_first = _equal(event.samples[:n], real) or _equal(event.samples[n:], fake)
    fake_first = _equal(event.samples[:m], fake) or _equal(event.samples[m:], real)
    if event.said is not None and (real_first or fake_first):
        sizes = [n, m] if real_first else [m, n]
        parts = event.said.split(sizes)
        turn.real, turn.fake = parts if real_first else parts[::-1]
    return True


def findings_in_turn(
    turn: Turn, discriminator: nn.Module, loss: str | None, d_loss: float | None, bounded: bool
) -> tuple[list[Finding], bool | None]:
    """Return what was wrong with a turn of the discriminator.

    Parameters
    ----------
    turn : Turn
    discriminator : nn.Module
    loss : str or None
        As `forms.known_loss` returns it.
    d_loss : float or None
        The loss that was reported.
    bounded : bool
        Whether the discriminator answers in probabilities.

    Returns
    -------
    found : list of Finding
    known : bool or None
        Whether the reported loss was recognized; None if it could not be tried.
    """
    found, known = [], None
    if turn.mixed and batch_norms(discriminator):
        found.append(mixed_batch_norm(turn.mixed))
    if turn.real is None or turn.fake is None:
        return found, known
    if turn.sure and len(turn.real) != len(turn.fake):
        found.append(unequal_batches(len(turn.real), len(turn.fake)))
    if loss is not None and d_loss is not None and turn.sure:
        finite = bool(torch.isfinite(turn.real).all() and torch.isfinite(turn.fake).all())
        if finite and torch.isfinite(torch.tensor(d_loss)):
            known, finding = explain_form(
                loss,
                turn.real,
                turn.fake,
                d_loss,
                bounded=bounded,
                penalized=turn.penalized,
                tolerance=TOLERANCE[turn.exact],
            )
            found += [finding] if finding else []
    return found, known


def findings_in_moves(events: Sequence[Asked | Moved], turn: Turn | None) -> list[Finding]:
    """Return what was wrong with the moves of a step: by whose gradients, in whose turn."""
    found = []
    for index, event in enumerate(events):
        if not isinstance(event, Moved):
            continue
        if len(event.players) > 1:
            found.append(
                shared_update(
                    "One optimizer holds weights of both players: it moves one of them in the "
                    "wrong direction."
                )
            )
        elif event.stale:
            found.append(stale_gradients(event.players[0], event.stale))
        elif _moves_d(event) and _is_shared(events, index):
            found.append(
                shared_update(
                    "The discriminator's optimizer steps once more after the generator's loss, "
                    "with fakes that hang on the generator and without reals of its own."
                )
            )
    if turn is not None and turn.tied and not found:
        found.append(missing_detach(harm=False))
    return found


def _moves_d(event: Moved) -> bool:
    return "discriminator" in event.players


def _is_shared(events: Sequence[Asked | Moved], index: int) -> bool:
    """Whether a move of D follows the generator's loss: there was one before it, in its own turn.

    In a turn of its own the discriminator is asked about fakes that are cut off from the
    generator; in the generator's turn only about those that hang on it.
    """
    before = [i for i, e in enumerate(events[:index]) if isinstance(e, Moved) and _moves_d(e)]
    if not before:
        return False
    own = [e for e in events[: before[-1]] if isinstance(e, Asked)]
    here = [e for e in events[before[-1] + 1 : index] if isinstance(e, Asked)]
    return any(e.tied for e in here) and bool(own) and not any(e.tied for e in own)


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)
