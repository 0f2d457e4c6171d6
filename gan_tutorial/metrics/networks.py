"""Feature networks: small ones that the library ships, and Inception-v3 for those who have it.

There is one for each kind of picture, trained by ``tools/artifacts/train_features.py``; the file
``assets/NAME.json`` says on what, and how well it does on pictures that it never saw.
"""

import functools
import hashlib
import json
from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["NETWORKS", "FeatureNetwork", "inception", "load_network", "save_network"]

ASSETS = Path(__file__).resolve().parent.parent / "assets"
NETWORKS = ("digits", "mnist", "soccer", "natural")
FORMAT = "gan_tutorial.features/1"


class FeatureNetwork(nn.Module):
    """A small convolutional network that maps pictures to features, and features to predictions.

    Parameters
    ----------
    shape : (int, int, int)
        Channels, height and width of the pictures.
    layers : sequence of (int, int)
        Channels and stride of each 3x3 convolution.
    features : int
        Number of features.
    heads : dict of str to int
        What is predicted from the features, with the number of outputs of each.
    margin : int
        Pictures that are this many pixels smaller are accepted, and get a black margin.

    Notes
    -----
    The features are standardized: on the training pictures each has mean 0 and variance 1. A
    generator whose every feature is off by one standard deviation has a Frechet distance of
    `features` at least.

    Examples
    --------
    >>> network = FeatureNetwork((1, 8, 8), [(4, 2)], 3, {"class": 10}).eval()
    >>> network(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        layers: list[tuple[int, int]],
        features: int,
        heads: dict[str, int],
        margin: int = 0,
    ):
        super().__init__()
        self.config = {
            "shape": list(shape),
            "layers": [list(layer) for layer in layers],
            "features": features,
            "heads": dict(heads),
            "margin": margin,
        }
        self.name = "unnamed"
        self.shape, self.num_features, self.heads, self.margin = (
            tuple(shape),
            features,
            heads,
            margin,
        )
        channels, side, body = shape[0], shape[1], []
        for width, stride in layers:
            body += [
                nn.Conv2d(channels, width, 3, stride, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.SiLU(),
            ]
            channels, side = width, -(-side // stride)
        self.body = nn.Sequential(
            *body,
            nn.Flatten(),
            nn.Linear(channels * side * side, features, bias=False),
            nn.BatchNorm1d(features, affine=False),  # standardizes; in training, over the batch
        )
        self.head = nn.Sequential(
            nn.Linear(features, 128), nn.SiLU(), nn.Linear(128, sum(heads.values()))
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, C, H, W) in [-1, 1] to features (N, F)."""
        if self.margin and images.shape[-1] == self.shape[-1] - self.margin:
            near, far = self.margin // 2, self.margin - self.margin // 2
            images = nn.functional.pad(images, (near, far, near, far), value=-1.0)
        return self.body(images)

    def predict(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (N, F) to the outputs of each head."""
        parts = self.head(features).split(list(self.heads.values()), dim=1)
        return dict(zip(self.heads, parts, strict=True))

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse pictures of another kind than those the network was made for."""
        channels, side = self.shape[0], self.shape[-1]
        sides = sorted({side - self.margin, side})
        if shape[0] != channels:
            kinds = {1: "gray", 3: "color"}
            raise ValueError(
                f"The network {self.name} looks at {kinds[channels]} pictures, and these are "
                f"{kinds.get(shape[0], 'something else')} ({shape[0]} channels): load them with "
                f"channels={channels}."
            )
        if shape[-1] not in sides or shape[-2] != shape[-1]:
            raise ValueError(
                f"The network {self.name} looks at pictures of "
                f"{' or '.join(f'{s}x{s}' for s in sides)}, and these are "
                f"{shape[-2]}x{shape[-1]}: load them with image_size={side}."
            )


def save_network(path: str | Path, network: FeatureNetwork) -> None:
    """Write a network's weights, in half precision, and its configuration to one file."""
    from safetensors.torch import save

    from ..training.files import write_atomically

    weights = {
        name: (value.half() if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    header = {"format": FORMAT, "config": json.dumps(network.config)}
    write_atomically(path, save(weights, header))


@functools.lru_cache(maxsize=8)
def load_network(name_or_path: str | Path) -> FeatureNetwork:
    """Return a feature network, ready to use.

    Its name in results ends with the start of the file's SHA-256 sum: a network that was trained
    again has another one, and its numbers are not comparable.

    Parameters
    ----------
    name_or_path : str or Path
        One of `NETWORKS`, or a file that `save_network` wrote.

    Raises
    ------
    ValueError
        If the name is unknown, or the file is not a feature network.
    FileNotFoundError
        If there is no such file.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load

    path = Path(name_or_path)
    if str(name_or_path) in NETWORKS:
        path = ASSETS / f"{name_or_path}.safetensors"
    elif path.suffix != ".safetensors":
        raise ValueError(
            f"There is no feature network {str(name_or_path)!r}: choose one of "
            f"{', '.join(NETWORKS)}, or give a .safetensors file."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
        content = path.read_bytes()
        weights = load(content)
    except SafetensorError:
        raise ValueError(f"{path} is damaged, or not a safetensors file.") from None
    if header.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but not a feature network.")
    network = FeatureNetwork(**json.loads(header["config"]))
    network.load_state_dict(weights)
    digest = hashlib.sha256(content).hexdigest()[:8]
    network.name = f"{path.stem}-{network.num_features}@{digest}"
    return network.eval().requires_grad_(False)


class _Inception(nn.Module):
    """Inception-v3 behind the library's range of [-1, 1]."""

    name = "inception-v3-2048"
    shape = (3, 299, 299)

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        levels = images.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
        return self.network(levels)

    def check(self, shape: tuple[int, ...]) -> None:
        if shape[0] != 3:
            raise ValueError(
                f"Inception-v3 looks at color pictures, and these have {shape[0]} channel(s): "
                "load them with channels=3."
            )


def inception(weights: str | Path | None = None) -> nn.Module:
    """Return the Inception-v3 network of the published FIDs, through torchmetrics.

    It needs the package torch-fidelity, and weights of 91 MB which that downloads on first use.
    Its 2,048 features need more than 2,048 pictures of each kind, and 10,000 or more for a FID
    that can be set beside published ones.

    Parameters
    ----------
    weights : str or Path, optional
        A file with the weights (``pt_inception-2015-12-05-6726825d.pth`` of torch-fidelity), for
        machines without a network.

    Returns
    -------
    nn.Module
        For `extract`: color pictures of any size, which are resized to 299x299.

    Raises
    ------
    ModuleNotFoundError
        If torchmetrics or torch-fidelity is not installed.
    FileNotFoundError
        If the weights can neither be found nor downloaded.
    """
    if weights is not None and not Path(weights).is_file():
        raise FileNotFoundError(f"There are no Inception weights at {weights}.")
    try:
        import torch_fidelity  # noqa: F401
        from torchmetrics.image.fid import NoTrainInceptionV3
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"Inception-v3 features need the packages torchmetrics and torch-fidelity, and "
            f"{error.name} is missing: install both with pip."
        ) from None
    try:
        network = NoTrainInceptionV3(
            "inception-v3-compat", ["2048"], None if weights is None else str(weights)
        )
    except OSError as error:  # which a failed download is
        raise FileNotFoundError(
            f"The Inception weights could not be downloaded ({error}): fetch them elsewhere and "
            "give the file as weights=."
        ) from None
    return _Inception(network)
