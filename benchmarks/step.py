"""How much faster is the library's training step than the loop most scripts use?

    python benchmarks/step.py [--device DEVICE] [--works NAME ...] [--precisions NAME ...]
        [--batch N] [--quick] [--json FILE]

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

On one core of the machine of the committed result (AVX-512 and AMX), the aims were 1.35 / 3.6
(``dcgan64``, float32 / bfloat16), 2.2 / 5 (``dcgan32``) and 1.75 (``wgan_gp``, float32), and a
`peak_share` of .25 (``dcgan64``, bfloat16). Reached: 1.31 / 3.78, 1.81 / 3.97, 1.77, and .26. What
was found on the way:

- ``dcgan64`` was at 1.18 / 2.63 until its deepest layers, whose weights are many and whose maps are
  small, became products of two matrices (`gan_tutorial.models.products`, where the times of the
  layers stand): torch's own convolution spent more time on such weights than on the sums. In
  float32 the other layers, 70% of the step, run near the rate that they reach alone.
- ``dcgan32``: two thirds of a step in bfloat16 are one layer (128 to 64 channels, 16x16 to 32x32),
  the batch norm and the leaky ReLU behind it, and the 3x3 convolution to the picture, on 64 maps of
  64 channels and 32x32 pixels. That layer as a product is slower (its maps are large), and what
  stands around it waits for memory, in both loops. The transposed form of `UpsampleConv2d` has 4/9
  of the arithmetic of the plain loop, which bounds float32 at about 2.4. The same sums as a 2x2
  convolution whose four phases are woven together took 1.3 times as long forward and 2.7 times
  backward; compiling gains 1% (``compile.py``).
- An allocator that keeps its memory (glibc's thresholds set high) makes ``dcgan64`` 7 to 15% faster
  and ``dcgan32`` no faster, and helps the plain loop as much or more: it is left to the user.
- ``wgan_gp`` was at 1.52 until the penalty's gradient was written as a product of matrices
  (`MLPDiscriminator.with_gradient`).

On a GPU every work is measured twice, with and without whole steps captured in CUDA graphs
(``fit(capture=True)``), in turns of twenty steps, by the wall clock. `dense_share` is the step's
arithmetic per second over that of a product of two large matrices in bfloat16. Nothing here was
measured on a GPU yet: none was available.
"""

import copy
import itertools
import statistics
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
    """A callback of `fit`: the plain loop takes as many steps as the library has just taken."""

    def __init__(
        self, plain: PlainGAN, largest: Callable[[], Tensor], device: torch.device, block: int
    ):
        self.plain, self.largest, self.device, self.block = plain, largest, device, block
        self.times: dict[str, list[float]] = {"library": [], "plain": [], "largest": []}
        self.began = 0.0

    def timed(self, what: str, call: Callable[[], object], repeat: int) -> None:
        began = report.clock(self.device)
        for _ in range(repeat):
            call()
        self.times[what].append((report.clock(self.device) - began) / repeat)

    def __call__(self, run: Run) -> None:
        if run.step % self.block == 0:
            took = report.clock(self.device) - self.began
            self.times["library"].append(took / self.block)
            self.timed("plain", self.plain.step, self.block)
            self.timed("largest", self.largest, 10 * self.block)
            self.began = report.clock(self.device)


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


def measure(
    work: str,
    precision: str,
    turns: int,
    device: torch.device,
    batch: int = BATCH,
    capture: bool = False,
) -> dict:
    """Train the work both ways, in turns."""
    torch.manual_seed(0)
    networks, shape, plain_loop, settings, (make_largest, operations) = works(batch)[work]
    images = torch.rand(1024, *shape, device=device) * 2 - 1
    networks = [network.to(device) for network in networks]
    gan = GAN(*copy.deepcopy(networks), lr=2e-4, reuse_fakes=True, **settings)
    largest = make_largest(device, torch.bfloat16 if precision == "bf16" else torch.float32)
    block = 20 if device.type == "cuda" else 1  # a GPU works on while Python prepares what follows
    took = Turns(plain_loop(*networks, images, batch), largest, device, block)
    warm_up = 3
    fit(
        gan, images, (warm_up + turns) * block, batch_size=batch, precision=precision,
        device=device, capture=capture, callbacks=[took], progress=False,
    )  # fmt: skip
    library, plain, alone = (took.times[k][warm_up:] for k in ("library", "plain", "largest"))
    with Operations() as counted:
        gan.step(images[: batch * gan.batches_per_step])
    ratios = [p / q for p, q in zip(plain, library, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4)
    rate = counted.total / statistics.median(library)
    return {
        "work": work,
        "precision": precision,
        "device": device.type,
        "batch": batch,
        "captured": capture,
        "ratio": median,
        "ratio_quartiles": [low, high],
        "peak_share": rate / (operations / statistics.median(alone)),
        "steps_per_second": 1 / statistics.median(library),
        "plain_steps_per_second": 1 / statistics.median(plain),
        "gflops": rate / 1e9,
        "peak_gflops": operations / statistics.median(alone) / 1e9,
    }


def dense_gflops(device: torch.device, size: int = 8192) -> float:
    """Return the rate of a product of two large matrices in bfloat16, in billions a second."""
    x = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    for repeat in (3, 20):  # the first ones do not count
        began = report.clock(device)
        for _ in range(repeat):
            x @ x
        took = (report.clock(device) - began) / repeat
    return 2 * size**3 / took / 1e9


def main() -> None:
    """Measure every work in both precisions, print the table, and write the JSON if asked."""
    turns = {"dcgan64": 12, "dcgan32": 40, "wgan_gp": 100}
    options = report.options(
        __doc__,
        device={"default": "auto", "help": "auto, cpu, cuda (auto)"},
        works={"nargs": "+", "choices": tuple(turns), "default": list(turns)},
        precisions={"nargs": "+", "choices": speed.PRECISIONS, "default": speed.PRECISIONS},
        batch={"type": int, "default": BATCH, "help": f"samples in a batch ({BATCH})"},
    )
    torch.set_num_threads(1)
    device = pick_device(options.device)
    on_gpu = device.type == "cuda"
    dense = dense_gflops(device) if on_gpu else None
    rows: list[dict] = []
    print("work     precision captured ratio (quartiles)     steps/s  plain  peak share")
    for work, precision, capture in itertools.product(
        options.works, options.precisions, (False, True) if on_gpu else (False,)
    ):
        count = 12 if on_gpu else turns[work]
        row = measure(
            work, precision, count // (4 if options.quick else 1), device, options.batch, capture
        )
        if dense is not None:
            row |= {"dense_gflops": dense, "dense_share": row["gflops"] / dense}
        low, high = row["ratio_quartiles"]
        print(
            f"{work:8} {precision:9} {'yes' if capture else 'no':8} {row['ratio']:5.2f} "
            f"({low:.2f} to {high:.2f})  {row['steps_per_second']:10.2f} "
            f"{row['plain_steps_per_second']:6.2f} {row['peak_share']:10.0%}",
            flush=True,
        )
        rows.append(row)
        report.write("step", rows, options.json)


if __name__ == "__main__":
    main()
