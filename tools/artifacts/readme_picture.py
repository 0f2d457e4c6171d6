"""Make the picture of the README from two runs.

python -m gan_tutorial train soccer --steps 3000 --out soccer
python -m gan_tutorial train mnist --steps 1200 --out mnist
python tools/readme_picture.py soccer mnist
"""

import sys
from pathlib import Path

import torch

from gan_tutorial import checkpoints, plots
from gan_tutorial.models.sampling import latent_codes, sample_generator

ROWS, COLUMNS = 4, 8


def main(runs: list[str]) -> None:
    """Write 32 samples of each run, side by side."""
    halves = []
    for run in runs:
        generator = checkpoints.load_generator(run)
        samples = sample_generator(generator, latent_codes(ROWS * COLUMNS, generator.latent_dim))
        samples = samples.expand(-1, 3, -1, -1)  # gray becomes color
        halves.append(samples.unflatten(0, (ROWS, COLUMNS)))
    images = torch.cat(halves, dim=1).flatten(0, 1)
    path = Path(__file__).resolve().parents[2] / "book" / "_assets" / "readme.png"
    plots.save_image_grid(images, path, columns=COLUMNS * len(runs), scale=2)


if __name__ == "__main__":
    main(sys.argv[1:])
