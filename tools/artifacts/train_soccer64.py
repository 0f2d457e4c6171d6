"""Train the football generator that is shipped with the library.

    python tools/train_soccer64.py [FOLDER]

Trains the library's recipe on 64x64 footballs, twenty minutes or so on one core with bfloat16
instructions, and copies the generator, its configuration and the log to the library.
"""

import shutil
import sys
from pathlib import Path

from gan_tutorial.cli import main

ASSETS = Path(__file__).resolve().parents[2] / "gan_tutorial" / "assets" / "soccer64"
OPTIONS = ["--image-size", "64", "--precision", "bf16", "--steps", "3500"]

if __name__ == "__main__":
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "run-soccer64")
    status = main(["train", "soccer", "--out", str(run), "--resume", *OPTIONS])
    if status == 0:
        ASSETS.mkdir(exist_ok=True)
        for name in ("generator.safetensors", "config.json", "history.csv"):
            shutil.copy(run / name, ASSETS / name)
    sys.exit(status)
