"""What does compiling the networks give, and what does it cost first?

    python benchmarks/compile.py [--quick] [--json FILE]

The library's recipes for 28x28 pictures (fully connected) and for 32x32 ones (convolutional), each
trained twice by `fit`, with and without ``compile=True``: the median time of a step,
the seconds that compiling took, and the largest difference of a weight after the same steps,
beside how far the weights moved. Both are also compared after a single step of plain gradient
descent without penalties: one pass forward and back through each network, in which nothing yet
amplifies rounding. The pictures are uniform noise. It needs a C++ compiler (or, on a GPU, Triton).
Seconds are those of the processor, compiler processes included.
"""

import resource
import statistics
import time
from itertools import pairwise

import report
import torch

from gan_tutorial import GAN, data, fit

WORKS = {"mlp28": ((1, 28, 28), "mlp"), "dcgan32": ((3, 32, 32), "dcgan")}
BATCH = 64


def clock() -> float:
    """Seconds of this process and of those it started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def train(
    work: str, compile: bool, steps: int, plain: bool = False
) -> tuple[list[float], torch.Tensor, torch.Tensor]:
    """Return the time of each step, and all weights before and after.

    With `plain` the steps are those of gradient descent, and there are no penalties.
    """
    shape, network = WORKS[work]
    torch.manual_seed(0)
    images = torch.rand(512, *shape) * 2 - 1
    penalties = {"r1": 0.0, "r2": 0.0} if plain else {}
    gan = GAN.for_data(data.Dataset(work, images), network=network, **penalties)
    if plain:
        for name, net in gan.networks.items():
            gan.optimizers[name] = torch.optim.SGD(net.parameters(), 0.05)
    before = weights(gan)
    times = [clock()]
    fit(
        gan, images, steps, batch_size=BATCH, device="cpu", compile=compile, progress=False,
        callbacks=[lambda run: times.append(clock())],
    )  # fmt: skip
    return [b - a for a, b in pairwise(times)], before, weights(gan)


def weights(gan) -> torch.Tensor:
    """Return all weights of both networks as one vector."""
    networks = gan.networks.values()
    return torch.cat([p.detach().flatten() for net in networks for p in net.parameters()])


def main() -> None:
    """Measure both works, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    torch.set_num_threads(1)
    steps = 13 if options.quick else 41
    rows = []
    print("work     plain ms  compiled ms  ratio  first s  difference  moved    once   moved")
    for work in WORKS:
        plain, before, after = train(work, False, steps)
        compiled, _, also = train(work, True, steps)
        _, start, once = train(work, False, 1, plain=True)
        _, _, once_too = train(work, True, 1, plain=True)
        # penalties come every fourth step, uncompiled: leave out the steps that built something
        middle = [statistics.median(times[9:]) for times in (plain, compiled)]
        row = {
            "work": work,
            "device": "cpu",
            "plain_seconds": middle[0],
            "compiled_seconds": middle[1],
            "ratio": middle[0] / middle[1],
            "first_seconds": sum(compiled[:9]) - 9 * middle[1],
            "difference": float((after - also).abs().max()),
            "moved": float((after - before).abs().max()),
            "difference_once": float((once - once_too).abs().max()),
            "moved_once": float((once - start).abs().max()),
        }
        print(
            f"{work:8} {1e3 * middle[0]:8.1f} {1e3 * middle[1]:12.1f} {row['ratio']:6.2f} "
            f"{row['first_seconds']:8.1f} {row['difference']:11.1e} {row['moved']:6.1e} "
            f"{row['difference_once']:7.1e} {row['moved_once']:7.1e}",
            flush=True,
        )
        rows.append(row)
    report.write("compile", rows, options.json)


if __name__ == "__main__":
    main()
