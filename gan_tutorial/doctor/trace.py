"""One pass through a network, layer by layer."""

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["IDLE", "Trace", "random_state"]

IDLE = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout)  # layers that compute nothing


class Trace:
    """One pass through a network: its output, and what each of its layers handed on.

    Attributes
    ----------
    output : Tensor or None
        None if the network failed; then `error` is its message.
    layers : list of (nn.Module, int)
        The layers without parts of their own, in the order in which they ran, with the number of
        values that each made of a sample.
    dead : list of float
        For each ReLU the share of its units that are 0 for every sample.
    """

    def __init__(self, network: nn.Module, x: Tensor, *more: Any):
        self.layers: list[tuple[nn.Module, int]] = []
        self.output: Tensor | None = None
        self.error = ""
        self.dead: list[float] = []

        def note(module: nn.Module, _: tuple, output: Any) -> None:
            if not isinstance(output, Tensor):
                return
            self.layers.append((module, output.numel() // max(1, len(x))))
            if isinstance(module, nn.ReLU) and output.dim() > 1:
                units = output.detach().movedim(1, 0).flatten(1)
                self.dead.append((units == 0).all(1).float().mean().item())

        leaves = [module for module in network.modules() if not list(module.children())]
        hooks = [leaf.register_forward_hook(note) for leaf in leaves]
        try:
            self.output = network(x, *more)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            self.error = str(error).splitlines()[0].rstrip(".")
        finally:
            for hook in hooks:
                hook.remove()

    @property
    def last(self) -> nn.Module | None:
        """The last layer that computes something."""
        busy = [module for module, _ in self.layers if not isinstance(module, IDLE)]
        return busy[-1] if busy else None


def random_state(device: torch.device) -> Tensor:
    """Return where torch's random numbers stand, on this device."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()
