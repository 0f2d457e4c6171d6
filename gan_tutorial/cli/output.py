"""What several commands write."""

import io
import shlex
from pathlib import Path

from torch import Tensor

from .. import plots
from ..data import Mixture

__all__ = ["command_line", "laid_on_white", "save_files", "save_samples"]


def command_line(*words: object) -> str:
    """Return a command of this program as it can be pasted into a shell."""
    return shlex.join(["python", "-m", "gan_tutorial", *map(str, words)])


def save_files(samples: Tensor, folder: Path) -> None:
    """Write each sample as a picture of its own size, ``00000.png`` and so on.

    Raises
    ------
    ValueError
        If the samples are points, or the folder holds anything already.
    """
    if samples.dim() != 4:
        raise ValueError("--files writes pictures, and these samples are points: use --out.")
    folder = folder.expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"--files {folder} is not a new or empty folder: choose another name.")
    width = max(5, len(str(len(samples) - 1)))
    for number, sample in enumerate(samples):
        plots.save_image_grid(sample[None], folder / f"{number:0{width}}.png", scale=1)


def laid_on_white(samples: Tensor, path: Path) -> str:
    """Say, where it is so, that a file's format keeps no transparency; else nothing."""
    if samples.dim() != 4 or samples.shape[1] != 4 or path.suffix.lower() in plots.TRANSPARENT:
        return ""
    return f" (laid on white, since {path.suffix} keeps no transparency)"


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
