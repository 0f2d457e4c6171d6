"""How much faster is the library's training step than the loop most scripts use?

    python benchmarks/step.py [--quick] [--json FILE]

Three works, each trained by a plain loop and by the library, from the same weights, on the same
data, with the same losses and as many samples:

- ``dcgan64``: 64x64 color, 100 latent numbers, width 64, batch norm in both networks, batch 64;
- ``dcgan32``: 32x32 gray, 100 latent numbers, with the networks most copied for this size, a
  generator that enlarges 8x8 maps of 128 channels and convolves them, and a small discriminator;
- ``wgan_gp``: fully connected networks of width 512 on 28x28 gray, five critic steps with gradient
  penalty.

The plain loop is what tutorials and published scripts have in common: a data loader over a
tensor, two passes of binary cross-entropy, `nn.Upsample` before a convolution, the fakes of the
discriminator's update used again in the generator's, every loss read back at every step; for
``wgan_gp`` a new batch of fakes for each critic step, with gradients that go on into the
generator, where nobody uses them. The library's step includes what `fit` adds to it: the averaged
generator, and the history.

The two take turns in one process, on one thread; a ratio is that of two neighbors, and the table
shows the median and the quartiles. On a CPU the time is that of the processor, which other
programs on the machine disturb least. `peak_share` is the library's arithmetic per second (torch
counts the operations) over that of the work's largest convolution or matrix product alone, timed
in the same turns in the same precision.

On one core of the machine of the committed result, the aims were 1.35 / 2.3 (``dcgan64``, float32
/ bfloat16), 2.7 / 4 (``dcgan32``) and 1.75 (``wgan_gp``, float32). The two of bfloat16 are met, and
the three of float32 are not: 1.18, 1.94 and 1.73. What was found on the way:

- ``dcgan64`` and ``dcgan32`` in float32 are convolutions, nine tenths and three quarters of a step;
  each runs near the rate that it reaches alone. The transposed form of `UpsampleConv2d` has 4/9 of
  the arithmetic of the plain loop, which bounds ``dcgan32`` at about 2.4. The same sums as a 2x2
  convolution whose four phases are woven together took 1.3 times as long forward and 2.7 times
  backward; compiling gains 1% (``compile.py``).
- Settings of the memory allocator help the plain loop more than the library.
- ``wgan_gp`` was at 1.52 until the penalty's gradient was written as a product of matrices
  (`MLPDiscriminator.with_gradient`).

Nothing here was measured on a GPU: none was available.
"""

import copy
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import report
import torch
from step_works import BATCH, PlainGAN, works
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from gan_tutorial import GAN, fit, speed
from gan_tutorial.training import Run, pick_device


class Turns:
    """A callback of `fit`: between two steps of the library, a step of the plain loop."""

    def __init__(self, plain: PlainGAN, largest: Callable[[], Tensor], device: torch.device):
        self.plain, self.largest, self.device = plain, largest, device
        self.times = {"library": [], "plain": [], "largest": []}
        self.began = 0.0

    def clock(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    def timed(self, what: str, call: Callable[[], object], repeat: int = 1) -> None:
        began = self.clock()
        for _ in range(repeat):
            call()
        self.times[what].append((self.clock() - began) / repeat)

    def __call__(self, run: Run) -> None:
        self.times["library"].append(self.clock() - self.began)
        self.timed("plain", self.plain.step)
        self.timed("largest", self.largest, repeat=10)
        self.began = self.clock()


class Operations(TorchDispatchMode):
    """Count the multiplications and additions of convolutions and matrix products.

    torch's own `FlopCounterMode` counts the same, but refuses gradients with respect to inputs.
    """

    total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func.overloadpacket)
        if count:
            self.total += count(*args, **(kwargs or {}), out_val=result)
        return result


def measure(work: str, precision: str, turns: int, device: torch.device) -> dict:
    """Train the work both ways, in turns."""
    torch.manual_seed(0)
    networks, shape, plain_loop, settings, (make_largest, operations) = works()[work]
    images = torch.rand(1024, *shape, device=device) * 2 - 1
    networks = [network.to(device) for network in networks]
    gan = GAN(*copy.deepcopy(networks), lr=2e-4, reuse_fakes=True, **settings)
    largest = make_largest(device, torch.bfloat16 if precision == "bf16" else torch.float32)
    took = Turns(plain_loop(*networks, images), largest, device)
    warm_up = 3
    fit(
        gan, images, warm_up + turns, batch_size=BATCH, precision=precision, device=device,
        callbacks=[took], progress=False,
    )  # fmt: skip
    library, plain, alone = (took.times[k][warm_up:] for k in ("library", "plain", "largest"))
    with Operations() as counted:
        gan.step(images[: BATCH * gan.batches_per_step])
    ratios = [p / q for p, q in zip(plain, library, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4)
    rate = counted.total / statistics.median(library)
    return {
        "work": work,
        "precision": precision,
        "device": device.type,
        "ratio": median,
        "ratio_quartiles": [low, high],
        "peak_share": rate / (operations / statistics.median(alone)),
        "steps_per_second": 1 / statistics.median(library),
        "plain_steps_per_second": 1 / statistics.median(plain),
        "peak_gflops": operations / statistics.median(alone) / 1e9,
    }


def main() -> None:
    """Measure every work in both precisions, print the table, and write the JSON if asked."""
    options = report.options(__doc__)
    torch.set_num_threads(1)
    device = pick_device()
    turns = {"dcgan64": 12, "dcgan32": 40, "wgan_gp": 100}
    rows = []
    print("work     precision  ratio (quartiles)     steps/s  plain  peak share")
    for work, precision in itertools.product(turns, speed.PRECISIONS):
        row = measure(work, precision, turns[work] // (4 if options.quick else 1), device)
        low, high = row["ratio_quartiles"]
        print(
            f"{work:8} {precision:9} {row['ratio']:6.2f} ({low:.2f} to {high:.2f})  "
            f"{row['steps_per_second']:10.2f} {row['plain_steps_per_second']:6.2f} "
            f"{row['peak_share']:10.0%}",
            flush=True,
        )
        rows.append(row)
    report.write("step", rows, options.json)


if __name__ == "__main__":
    main()
