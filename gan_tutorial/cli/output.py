"""What several commands write."""

import io
from pathlib import Path

from torch import Tensor

from .. import plots
from ..data import Mixture

__all__ = ["save_samples"]


def save_samples(
    samples: Tensor, path: Path, density: Mixture | None = None, columns: int | None = None
) -> None:
    """Write samples as a picture: images as a grid, points as a scatter plot."""
    if samples.dim() == 4:
        plots.save_image_grid(samples, path, columns=columns)
        return
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(5, 5), dpi=120)
    plots.samples_2d(fake=samples, density=density, ax=figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plots.save_picture(Image.open(buffer).convert("RGB"), path)
