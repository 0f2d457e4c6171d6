"""What has to agree before two sets of samples may be compared."""

from torch import Tensor, nn

from .features import Features

__all__ = ["Given", "check_features", "check_pair", "needs_torchmetrics"]

KINDS = {1: "gray", 3: "color"}


class Given(nn.Module):
    """Hand on features that were extracted before, where torchmetrics expects a network."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, values: Tensor) -> Tensor:
        """Return the features as they are."""
        return values


def needs_torchmetrics() -> None:
    """Say in one sentence what to install if torchmetrics is missing."""
    try:
        import torchmetrics  # noqa: F401
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "This measurement is made by the package torchmetrics, which is not installed: "
            "pip install torchmetrics."
        ) from None


def check_features(features: Features, what: str = "The") -> None:
    """Refuse features that are not finite, or none at all."""
    if not isinstance(features, Features):
        raise TypeError(
            f"{what} samples must be given as Features, not {type(features).__name__}: pass "
            "pictures through extract(), or wrap your own numbers as Features(values, name)."
        )
    if len(features) == 0:
        raise ValueError(f"{what} samples are none: there is nothing to measure.")
    if not features.values.isfinite().all():
        bad = int((~features.values.isfinite()).any(1).sum())
        raise ValueError(f"{bad} of {len(features)} rows of features are not finite.")


def check_pair(real: Features, fake: Features) -> None:
    """Refuse two sets of features that say nothing about each other."""
    check_features(real, "The real")
    check_features(fake, "The generated")
    if real.extractor != fake.extractor:
        raise ValueError(
            f"The real samples were measured with {real.extractor} and the generated ones with "
            f"{fake.extractor}: extract both with the same network."
        )
    if real.values.shape[1] != fake.values.shape[1]:
        raise ValueError(
            f"The real samples have {real.values.shape[1]} features and the generated ones "
            f"{fake.values.shape[1]}: extract both with the same network."
        )
    check_kinds(real.picture, fake.picture)
    check_spans(real.span, fake.span)


def check_kinds(real: tuple[int, ...] | None, fake: tuple[int, ...] | None) -> None:
    """Refuse gray pictures against color, and pictures of different sizes."""
    if real is None or fake is None:
        return
    if real[0] != fake[0]:
        kinds = [KINDS.get(shape[0], f"{shape[0]}-channel") for shape in (real, fake)]
        raise ValueError(
            f"The real pictures are {kinds[0]} and the generated ones {kinds[1]}: convert one "
            "of them, or the difference measured is that of their colors."
        )
    if real != fake:
        raise ValueError(
            f"The real pictures are {real[1]}x{real[2]} and the generated ones "
            f"{fake[1]}x{fake[2]}: bring both to one size."
        )


def check_spans(real: tuple[float, float] | None, fake: tuple[float, float] | None) -> None:
    """Refuse pictures of which one set looks like the other after (x + 1) / 2."""
    if real is None or fake is None:
        return
    for wide, narrow in ((real, fake), (fake, real)):
        halved = [(bound + 1) / 2 for bound in wide]
        if narrow[0] >= 0 > wide[0] and all(
            abs(a - b) < 0.05 for a, b in zip(narrow, halved, strict=True)
        ):
            raise ValueError(
                f"One set of pictures has values in [{wide[0]:.2g}, {wide[1]:.2g}], the other in "
                f"[{narrow[0]:.2g}, {narrow[1]:.2g}]: the second looks scaled to [0, 1]; bring "
                "it to [-1, 1] by 2 x - 1."
            )
