"""How to train one kind of data: chosen once, held by the task, read by whatever trains it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """Everything about a training that depends on the kind of data.

    ``Task.for_data`` chooses it from the shape of the samples and builds the networks and the
    task by it; the task keeps it, and `fit` takes from it what it is not told otherwise.

    Attributes
    ----------
    networks : dict
        Which networks, and of which size: arguments of what builds them.
    options : dict
        Options of the task: loss, learning rates, penalties.
    steps : int
        Length of the training.
    batch_size : int
        Samples in a batch.
    schedule : str
        What becomes of the learning rates; one of `training.SCHEDULES`.

    Examples
    --------
    >>> recipe = Recipe(networks={"width": 128}, options={"lr": 1e-3}, steps=2000, batch_size=64)
    >>> recipe.changed(options={"lr": 2e-3, "ema": 0.99}, steps=500).options["lr"]
    0.002
    """

    networks: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 2000
    batch_size: int = 64
    schedule: str = "hold-cosine"

    def changed(
        self,
        networks: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> "Recipe":
        """Return this recipe with some entries replaced; an entry of None changes nothing."""

        def merged(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> dict[str, Any]:
            given = {name: value for name, value in (after or {}).items() if value is not None}
            return {**before, **given}

        return replace(
            self,
            networks=merged(self.networks, networks),
            options=merged(self.options, options),
            **{name: value for name, value in others.items() if value is not None},
        )
