"""Write the shipped football generator as a script that a page can load, even from a folder.

Batch norm, which in use is a scale and a shift of each channel, is folded into the weights; they
are rounded to 16 bits and stored in base64, 2.5 MB in all, which a page loads only when the reader
starts the laboratory. With them come a few footballs drawn by the library, of the test split, which
the generator has never seen: pictures to cut holes into.
"""

import base64
import json
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_tutorial import checkpoints, data

SCRIPT = Path("_static", "labs", "football-weights.js")
DIRECTIONS = 4
DRAWN = 6


def folded(generator: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Return weight (in, out, 4, 4) and bias of every layer, batch norm included, in 16 bits."""
    layers: list[tuple[Tensor, Tensor]] = []
    for module in generator.net:
        if isinstance(module, nn.ConvTranspose2d):
            bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
            layers.append((module.weight.detach().double(), bias.detach().double()))
        elif isinstance(module, nn.BatchNorm2d):
            weight, bias = layers[-1]
            scale = module.weight.double() / (module.running_var.double() + module.eps).sqrt()
            shift = module.bias.double() - scale * module.running_mean.double()
            layers[-1] = (
                (weight * scale[:, None, None]).detach(),
                (bias * scale + shift).detach(),
            )
    return [(weight.half(), bias.half()) for weight, bias in layers]


def directions(weight: Tensor) -> Tensor:
    """Return the orthogonal directions that change the first layer's output most.

    They are the first left singular vectors of the layer's weight (Shen and Zhou 2021), each with
    its largest entry positive.
    """
    found = torch.linalg.svd(weight.double().flatten(1), full_matrices=False)[0].T[:DIRECTIONS]
    largest = found.gather(1, found.abs().argmax(1, keepdim=True))
    return found * largest.sign()


def drawn() -> Tensor:
    """Return footballs of the test split, of shape (DRAWN, 64, 64, 3), as bytes."""
    images = data.load("soccer", "test", image_size=64, count=DRAWN)[:]
    return ((images.permute(0, 2, 3, 1) + 1) * 127.5).round().to(torch.uint8)


def script(generator: nn.Module) -> str:
    """Return the script that defines `ganFootball`."""
    layers = folded(generator)
    numbers = [
        part
        for weight, bias in layers
        for part in (weight.permute(2, 3, 0, 1).flatten(), bias)  # as generator.js reads them
    ]
    weights = torch.cat(numbers).numpy().astype("<f2").tobytes()
    fields = {
        "latent": generator.latent_dim,
        "channels": [weight.shape[1] for weight, _ in layers],
        "directions": [[round(v, 5) for v in row] for row in directions(layers[0][0]).tolist()],
        "data": base64.b64encode(weights).decode(),
        "drawn": [base64.b64encode(image.numpy().tobytes()).decode() for image in drawn()],
    }
    return f"window.ganFootball = {json.dumps(fields)};\n"


def export(pages: Path) -> None:
    """Write the script into the folder of the built book."""
    path = pages / SCRIPT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(checkpoints.load_generator(checkpoints.shipped("soccer64"))))
