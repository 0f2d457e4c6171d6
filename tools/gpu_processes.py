"""One training in two processes and in one: how far apart are the weights, and how much faster?

    torchrun --nproc-per-node=2 tools/gpu_processes.py FILE

Both train from the same weights on the same batches. To compare weights the networks are small
and the optimizer is plain descent (Adam divides by tiny numbers); to compare speed they are a
DCGAN's of 64x64 pixels at 256 samples a process. Started by `gpu_check.py` where there are two
devices; it runs on processors as well, by gloo, where nothing else is there.
"""

import json
import sys
import time
from pathlib import Path

import torch

from gan_tutorial import GAN, data, distributed, fit, models
from gan_tutorial.training import pick_device

STEPS, BATCH, LARGE = 12, 16, 256


def weights(device: str) -> torch.Tensor:
    """Train a few steps; return all weights as one vector, on the CPU."""
    torch.manual_seed(0)
    gan = GAN(*models.mlp_pair((2,), 3, 16, 2), r1=0.3, r2=0.2, penalty_every=2)
    for name, network in gan.networks.items():
        gan.optimizers[name] = torch.optim.SGD(network.parameters(), lr=0.05)
    points = data.ring().sample(500, seed=0)
    fit(gan, points, STEPS, batch_size=BATCH, device=device, progress=False)
    networks = gan.networks.values()
    return torch.cat([p.detach().cpu().flatten() for net in networks for p in net.parameters()])


def samples_per_second(device: str, batch: int, steps: int, size: int = 64) -> float:
    """Return how many samples all processes together train on in a second."""
    torch.manual_seed(0)
    gan = GAN(*models.dcgan_pair(size, 3, 100, size), loss="non-saturating")
    images = torch.rand(max(1024, batch), 3, size, size) * 2 - 1
    ends: list[float] = []

    def look(run) -> None:
        if run.step in (steps // 2, steps):  # the first half does not count
            if torch.device(device).type == "cuda":
                torch.cuda.synchronize(device)
            ends.append(time.perf_counter())

    fit(gan, images, steps, batch_size=batch, precision="bf16", device=device, callbacks=[look],
        progress=False)  # fmt: skip
    return batch * (steps - steps // 2) / (ends[1] - ends[0])


def main(
    file: Path, large: int = LARGE, steps: int = 100, size: int = 64, device: str = "auto"
) -> None:
    with distributed.joined(device) as where:
        device = str(pick_device(where))
        processes = distributed.world_size()
        together = weights(device)
        rate = samples_per_second(device, large * processes, steps, size)
        first = distributed.is_first()
    if first:  # alone again
        row = {
            "device": torch.device(device).type,
            "processes": processes,
            "difference": float((together - weights(device)).abs().max()),
            "ratio": rate / samples_per_second(device, large, steps, size),
            "samples_per_second": rate,
        }
        file.write_text(json.dumps({"name": "processes", "rows": [row]}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
