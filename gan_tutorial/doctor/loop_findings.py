"""What a watch has found in the steps that it followed, and what it has to say of itself."""

from collections import Counter
from collections.abc import Iterable

import torch
from torch import nn

from .checkup_networks import (
    check_batch_norm,
    check_optimizers,
    check_penalties,
    check_sizes,
    check_upsampling,
)
from .checkup_samples import check_range
from .findings import Finding, fact
from .forms import UNBOUNDED, sigmoid_before
from .loop_look import Window, movers
from .notes import PLAYERS
from .step_facts import frozen

__all__ = ["LoopFindings"]

CONFIRMED = 2  # calls in which a mistake of the step must show
# What a reported loss gives away. One number may agree with another by chance, so it has to do so
# in half of all calls in which that was tried.
BY_LOSS = (
    "double-sigmoid",
    "fakes-labeled-real",
    "label-noise",
    "one-output-for-both",
    "rounded-cross-entropy",
    "softmax-of-one",
)
ENOUGH_LOOKS = 3  # after which weights that never moved are called frozen


class LoopFindings:
    """Facts by name, what is suspected only, and remarks.

    Attributes
    ----------
    facts : dict of str to Finding
        The first of each name.
    remarks : dict of str to str
        Sentences on how it was looked, by what they are about.
    form_known : bool
        Whether the reported loss was ever found to be what the answers make.
    looks : int
        Looks that are complete.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Finding] = {}
        self.remarks: dict[str, str] = {}
        self.form_known, self.looks, self._tried = False, 0, 0
        self._suspected: Counter[str] = Counter()
        self._still: dict[str, dict[str, int]] = {name: {} for name in PLAYERS}
        self._moved: set[str] = set()

    def state(self, findings: Iterable[Finding]) -> None:
        """Keep facts."""
        for finding in findings:
            self.facts.setdefault(finding.fault, finding)

    def suspect(self, findings: Iterable[Finding]) -> None:
        """Keep what was seen in one call, once it has been seen in another."""
        for finding in {f.fault: f for f in findings}.values():
            self._suspected[finding.fault] += 1
            wanted = max(CONFIRMED, self._tried / 2 if finding.fault in BY_LOSS else 0)
            if self._suspected[finding.fault] >= wanted:
                self.state([finding])

    def note_form(self, known: bool | None) -> None:
        """Note whether the reported loss was recognized."""
        self._tried += known is not None
        self.form_known |= bool(known)
        if self.form_known:
            self.remarks.pop("form", None)
        elif known is False:
            self.remarks["form"] = (
                "d_loss is none of the usual ways to write this loss, or holds a penalty: whether "
                "it is the right one was not looked at."
            )

    def note_look(self, window: Window, call: int) -> None:
        """Note which weights moved in a look, and whether its samples are numbers."""
        self.looks += 1
        if window.not_finite:
            seen = f"Samples hold NaN or infinity ({window.not_finite}) at call {call}."
            cure = "Go back to a state before it, with a lower learning rate."
            self.state([fact("not-finite", seen, cure)])
        for name in PLAYERS:
            unmoved, moved = window.unmoved(name)
            self._moved |= {name} if moved else set()
            before = self._still[name]
            self._still[name] = {
                key: before.get(key, 0) + 1 for key in unmoved if self.looks == 1 or key in before
            }

    def frozen(self) -> list[Finding]:
        """Return the weights that never moved, though there was a gradient for them."""
        found = []
        for name in PLAYERS:
            if self.looks >= ENOUGH_LOOKS and name not in self._moved:
                found.append(frozen(name, "The weights", self.looks))
            elif still := [key for key, n in self._still[name].items() if n >= ENOUGH_LOOKS]:
                found.append(frozen(name, f"The weight {still[0]}", self.looks))
        return found[:1]

    def check_set_up(
        self, window: Window, last_layer: nn.Module | None, loss: str | None, bounded: bool
    ) -> None:
        """Look at what shows in the networks and their optimizers, once.

        `last_layer` is the generator's.
        """
        g, d = window.networks["generator"], window.networks["discriminator"]
        self.state(check_batch_norm(g, d, window.batch))
        self.state(check_penalties(d, window.penalized))
        self.state(check_upsampling(g))
        self.state(check_sizes(g, d))
        self.state(check_optimizers(window.networks, movers(window.events)))
        if window.real:
            self.state(check_range(last_layer, window.pooled("real")))
        if bounded and loss in UNBOUNDED:
            said = torch.tensor([0.0, 1.0])
            self.state([sigmoid_before(said, said, f"the {loss} loss takes any number")])
