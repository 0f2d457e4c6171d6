"""Checks for the exercises of chapter 3 on finding out what is wrong: 3.6, 3.8, 3.9."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from .core import Mistake, Mistakes, Wrong, call, close, exercise, matched, numbers, word

# --- 3.6 Match the signatures ----------------------------------------------------------------

_MATCH = {"1": "a", "2": "b", "3": "c", "4": "d"}


def _match(answer: Any, mistakes: Mistakes) -> None:
    pairs = matched(answer, "1234", "abcd")
    if set(pairs) != set(_MATCH):
        raise Wrong('Match each of 1 to 4 with a letter, as in "1a 2b 3c 4d".')
    if pairs == _MATCH:
        return
    for mistake in mistakes.values():
        if pairs == matched(mistake.answer, "1234", "abcd"):
            raise Wrong(mistake.why)
    wrong = [number for number in "1234" if pairs[number] != _MATCH[number]]
    raise Wrong(f"{wrong[0]}{pairs[wrong[0]]} is not a match: run variant {wrong[0]} and look.")


# --- 3.8 Diagnosis by range ------------------------------------------------------------------


def _batches(seed: int) -> dict[str, tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    raw = 2 * torch.randn(64, 1, 8, 8, generator=generator)
    real = torch.rand(64, 1, 8, 8, generator=generator) * 2 - 1
    real[:, :, :2] = -1
    return {
        "bytes": ((real + 1) * 127.5, raw.tanh()),
        "unit": ((real + 1) / 2, raw.tanh()),
        "sigmoid": (real, raw.sigmoid()),
        "open": (real, raw),
        "fine": (real, raw.tanh()),
    }


def _diagnosis(answer: Any, mistakes: Mistakes) -> None:
    found = [{k: word(call(answer, *v)) for k, v in _batches(seed).items()} for seed in (0, 1)]
    for fault in found[0]:
        if found[0][fault] != found[1][fault]:
            raise Wrong(
                "Two batches with one fault get different names: compare with limits, not with the "
                "numbers of one batch."
            )
    names = found[0]
    if names["sigmoid"] == names["fine"]:
        raise Wrong(mistakes["real_only"].why)
    if names["unit"] == names["bytes"]:
        raise Wrong(mistakes["negative_only"].why)
    for one in names:
        for other in names:
            if one < other and names[one] == names[other]:
                raise Wrong(
                    f"It gives one name, {names[one]!r}, to two cases: {_CASES[one]}, and "
                    f"{_CASES[other]}."
                )


_CASES = {
    "bytes": "reals in [0, 255] with a tanh",
    "unit": "reals in [0, 1] with a tanh",
    "sigmoid": "reals in [-1, 1] with a sigmoid",
    "open": "reals in [-1, 1] with no last activation",
    "fine": "reals in [-1, 1] with a tanh",
}


def _by_reals(real: Tensor, fake: Tensor) -> str:
    return "bytes" if real.max() > 2 else "unit" if real.min() >= 0 else "fine"


def _by_sign(real: Tensor, fake: Tensor) -> str:
    if real.min() >= 0:
        return "scale the reals"
    return "sigmoid" if fake.min() >= 0 else "open" if fake.max() > 1.05 else "fine"


# --- 3.9 Fool the smoke test -----------------------------------------------------------------

Discriminator = Callable[[Tensor], Tensor]


@dataclass
class _Witness:
    """A loss, and what could be seen from inside it of the D that was trained with it."""

    label_real: float = 1.0
    label_fake: float = 0.0
    scale: float = 1.0
    flat: bool = False
    seen: list[tuple[Discriminator, Tensor, Tensor, Tensor]] = field(default_factory=list)

    def loss(self, D: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        a, b = D(real), D(fake)
        logits = torch.stack([a.detach().mean(), b.detach().mean()])
        self.seen.append((D, real.detach().clone(), fake.detach().clone(), logits))
        bce = binary_cross_entropy_with_logits
        loss = bce(a, torch.full_like(a, self.label_real)) + bce(
            b, torch.full_like(b, self.label_fake)
        )
        # A flat one has the right value everywhere, and a gradient of zero.
        return self.scale * (loss.detach() + 0 * loss if self.flat else loss)

    def moved(self) -> Tensor:
        """Return how far the logits moved from the first call to now, on the reals and fakes."""
        if not self.seen:
            return torch.zeros(2, dtype=torch.float64)
        D, real, fake, _ = self.seen[-1]
        now = torch.stack([D(real).mean(), D(fake).mean()]).detach()
        return (now - self.seen[0][-1]).double()


def _push(answer: Any, mistakes: Mistakes) -> None:
    losses = {
        "right": _Witness(),
        "fakes labeled 1": _Witness(label_fake=1.0),
        "labels swapped": _Witness(label_real=0.0, label_fake=1.0),
        "half the right one": _Witness(scale=0.5),
        "without a gradient": _Witness(flat=True),
    }

    def play(witness: _Witness) -> Any:
        # A function of its own: the witness must see the calls, and not a copy of it.
        return call(answer, 0, lambda D, real, fake: witness.loss(D, real, fake))

    moves = {name: numbers(play(witness)).flatten() for name, witness in losses.items()}
    if any(len(move) != 2 for move in moves.values()):
        raise Wrong("Return two numbers: how far the mean logit moved on the reals, and on fakes.")
    right, both, swapped, half, flat = moves.values()
    if max(move.abs().max() for move in moves.values()) < 1e-3:
        raise Wrong(mistakes["no_step"].why)
    if close(right.sign(), [-1, 1], 0.1):
        raise Wrong(mistakes["fakes_first"].why)
    if close(right, both, 1e-3) and close(right, swapped, 1e-3):
        raise Wrong(mistakes["own_loss"].why)
    if not (right[0] > 0 > right[1]):
        raise Wrong(
            f"Under the right loss the logits moved by {right[0]:.2g} and {right[1]:.2g}: measure "
            "on the batch that D is trained on, and let the step be large."
        )
    if both[1] <= 0 or not (swapped[0] < 0 < swapped[1]):
        raise Wrong("Under a wrong label the logits do not go the wrong way: which batch is this?")
    if flat.abs().max() > 0.25 * right.abs().max():
        raise Wrong(mistakes["no_gradient"].why)
    if not (half[0] > 0 > half[1]):
        raise Wrong("Under half of the right loss the logits do not go the right way.")
    for name in ("right", "fakes labeled 1", "labels swapped"):
        _really_moved(moves[name], losses[name].moved(), mistakes)


def _really_moved(said: Tensor, seen: Tensor, mistakes: Mistakes) -> None:
    if seen.abs().max() < 1e-3:
        raise Wrong(mistakes["no_training"].why)
    # Half as much again either way: D may have dropout, and its batch norm two modes.
    if not ((said - seen).abs() <= 0.1 + 0.5 * seen.abs()).all():
        raise Wrong(
            f"It says that the mean logits moved by {said[0]:.3g} and {said[1]:.3g}, and those of "
            f"the D that the loss was given moved by {seen[0]:.3g} and {seen[1]:.3g}: return the "
            "logits after the last update minus those before the first, on this batch."
        )


def _own_loss(seed: int, d_loss: Callable) -> list[float]:
    return [2.0, -2.0]


def _tries_values(seed: int, d_loss: Callable) -> list[float]:
    """Ask the loss which verdict it likes better, and train nothing."""
    real, fake = torch.ones(4), torch.zeros(4)

    def value(on_real: float, on_fake: float) -> float:
        return float(d_loss(lambda x: torch.where(x > 0.5, on_real, on_fake), real, fake))

    return [
        2.0 if value(1.0, 0.0) < value(-1.0, 0.0) else -2.0,
        2.0 if value(0.0, 1.0) < value(0.0, -1.0) else -2.0,
    ]


def _tries_slopes(seed: int, d_loss: Callable) -> list[float]:
    """Ask the loss for its slope at D's outputs, and train nothing."""
    outputs = torch.zeros(2, requires_grad=True)
    real, fake = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    d_loss(lambda which: outputs[which], real, fake).backward()
    return [] if outputs.grad is None else (-4 * outputs.grad).tolist()


EXERCISES = (
    exercise(
        "3.6",
        "ex-match",
        'four pairs, as in "1a 2b 3c 4d" in some order',
        _match,
        "Two errors stop the program and are the kind ones; the other two run.",
        silent_errors=Mistake(
            "3 and 4 are swapped: `.numpy()` on a tensor that requires grad *complains*.",
            "1a 2b 3d 4c",
        ),
        graph=Mistake(
            "1 and 2 are swapped: a loss made once has one graph, and it is gone after the first "
            "backward pass.",
            "1b 2a 3c 4d",
        ),
        stays=Mistake(
            "2 and 4 are swapped: if both halves of the loss see one output, its best value is 0, "
            "and the loss stays at log 4.",
            "1a 2d 3c 4b",
        ),
    ),
    exercise(
        "3.8",
        "ex-range",
        "a function diagnose(real, fake) that returns a text, another one for each of five cases",
        _diagnosis,
        "Five cases, five names, from two smallest and two largest pixels.",
        real_only=Mistake(
            "Fakes from a sigmoid pass as fine: look at the smallest *fake* pixel as well.",
            lambda: _by_reals,
        ),
        negative_only=Mistake(
            "Bytes and [0, 1] get one name: the smallest pixel is 0 in both, the largest is not.",
            lambda: _by_sign,
        ),
    ),
    exercise(
        "3.9",
        "ex-smoke",
        "a function push(seed, d_loss) that returns how far the mean logits moved, on the reals "
        "and on the fakes",
        _push,
        "Reals up, fakes down, on the batch of the update: no label bug passes that.",
        no_step=Mistake(
            "Nothing moved: is there an `optimizer.step()` between the two measurements?",
            lambda: lambda seed, d_loss: [0.0, 0.0],
        ),
        fakes_first=Mistake(
            "The order is reversed: first the reals, then the fakes.",
            lambda: lambda seed, d_loss: [-2.0, 2.0],
        ),
        own_loss=Mistake(
            "The same answer for three different losses: update with the `d_loss` that is handed "
            "in.",
            lambda: _own_loss,
        ),
        no_gradient=Mistake(
            "The logits also move under a loss of the same value whose gradient is zero: what "
            "moves D must be the gradient of `d_loss`.",
            lambda: _tries_values,
        ),
        no_training=Mistake(
            "The numbers change with the loss, and no D was trained: the logits of the D that "
            "`d_loss` was given are afterwards what they were.",
            lambda: _tries_slopes,
        ),
    ),
)
