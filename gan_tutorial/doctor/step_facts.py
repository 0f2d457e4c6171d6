"""What can be wrong with a step of training, whoever wrote the loop: one finding for each."""

from .findings import Finding, fact

__all__ = [
    "frozen",
    "missing_detach",
    "mixed_batch_norm",
    "shared_update",
    "stale_gradients",
    "unequal_batches",
]


def unequal_batches(reals: int, fakes: int) -> Finding:
    """Name so many of the one, and so many of the other."""
    return fact(
        "unequal-batches",
        f"The discriminator is shown {reals} reals beside {fakes} fakes in one turn.",
        "Draw as many fakes as reals, or take the mean of each batch by itself.",
    )


def mixed_batch_norm(count: int) -> Finding:
    """Name one batch of both kinds, in front of batch norm."""
    return fact(
        "mixed-batch-norm",
        f"One batch of {count} holds reals and fakes, and the discriminator has batch norm: each "
        "sample is judged by the company it is in.",
        "Pass reals and fakes through the discriminator one after the other.",
    )


def shared_update(seen: str) -> Finding:
    """Name a discriminator that moves in the generator's turn."""
    return fact(
        "shared-update", seen, "After the generator's loss, step the generator's optimizer only."
    )


def missing_detach(harm: bool = True) -> Finding:
    """Name fakes of the discriminator's turn that hang on the generator.

    Without `harm` it is a remark: the generator's gradients are cleared before they are used.
    """
    seen = (
        "The fakes of the discriminator's turn are still tied to the generator: its gradients are "
        "computed there in vain, and must be cleared before its own."
    )
    cure = "Detach the fakes, or make them under torch.no_grad()."
    return Finding("missing-detach", 1.0 if harm else 0.3, seen, cure)


def stale_gradients(player: str, whose: str) -> Finding:
    """Name a step that used gradients which were not its own, or not new."""
    return fact(
        "stale-gradients",
        f"The {player}'s optimizer stepped with gradients that hold {whose}: they had not been "
        "cleared.",
        f"Call zero_grad() of the {player}'s optimizer right before the backward pass of its loss.",
    )


def frozen(player: str, what: str, looks: int) -> Finding:
    """Name weights that never move."""
    return fact(
        "frozen-weights",
        f"{what} of the {player} never moved in {looks} looks at its training.",
        "See that its optimizer holds these very weights and steps, and that its loss has a "
        "gradient.",
    )
