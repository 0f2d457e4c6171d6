"""Train the generator of repairs that is shipped with the library.

    python tools/train_repair32.py [FOLDER]

Trains the library's recipe on 32x32 footballs with holes of three kinds, four minutes or so on one
core with bfloat16 instructions, and copies the generator, its configuration and the log to the
library.
"""

import shutil
import sys
from pathlib import Path

from gan_tutorial.cli import main

ASSETS = Path(__file__).resolve().parents[2] / "gan_tutorial" / "assets" / "repair32"
OPTIONS = ["--task", "repair", "--precision", "bf16", "--steps", "4000", "--warm-up", "2800"]

if __name__ == "__main__":
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "run-repair32")
    status = main(["train", "soccer", "--out", str(run), "--resume", *OPTIONS])
    if status == 0:
        ASSETS.mkdir(exist_ok=True)
        for name in ("generator.safetensors", "config.json", "history.csv"):
            shutil.copy(run / name, ASSETS / name)
    sys.exit(status)
