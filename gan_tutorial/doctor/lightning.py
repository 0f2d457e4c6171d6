"""The watch as a callback of Lightning, which is imported only where it is used."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from .foreign import known_name
from .loop import Watch

__all__ = ["lightning_watch"]

HOMES = ("lightning.pytorch", "pytorch_lightning")  # the package, and what it was called before


def lightning_watch(
    generator: str = "generator",
    discriminator: str = "discriminator",
    loss: str | None = None,
    *,
    real: Callable[[Any], Tensor] | None = None,
    **options: Any,
) -> Any:
    """Return a callback of Lightning that keeps a `Watch` on a module with two networks.

    The fakes are those that its generator made last; the losses those that it logs, under a name
    such as "d_loss", "loss/D" or "train_g_loss", or returns in a mapping. Its attribute ``watch``
    is the `Watch`, from the first batch on, and a report is printed when the training ends.

    Parameters
    ----------
    generator, discriminator : str
        The attributes of the module that are the networks.
    loss : str, optional
        As for `Watch`.
    real : callable, optional
        ``real(batch)`` returns the samples of a batch; by default the batch, or its first part.
    **options
        Of `Watch`.

    Returns
    -------
    lightning.pytorch.Callback

    Raises
    ------
    ImportError
        If Lightning is not installed.

    Examples
    --------
    ``Trainer(callbacks=[lightning_watch("G", "D", loss="hinge")])``
    """

    class LightningWatch(_callback_class()):  # type: ignore[misc]
        """Look at each batch after its step."""

        def __init__(self) -> None:
            super().__init__()
            self.watch: Watch | None = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            networks = []
            for name in (generator, discriminator):
                if not hasattr(pl_module, name):
                    raise AttributeError(
                        f"The {type(pl_module).__name__} has no attribute {name!r}: say "
                        "lightning_watch(generator=..., discriminator=...) with the names of its "
                        "networks."
                    )
                networks.append(getattr(pl_module, name))
            g, d = networks
            self.watch = Watch(g, d, loss=loss, **options)

        def on_train_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            if self.watch is None:
                self.on_train_start(trainer, pl_module)
            assert self.watch is not None
            told = outputs if isinstance(outputs, Mapping) else {}
            logged = {known_name(k): v for k, v in {**trainer.callback_metrics, **told}.items()}
            losses = {name: logged.get(name) for name in ("d_loss", "g_loss")}
            self.watch.follow(_samples(batch) if real is None else real(batch), **losses)

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            if self.watch is not None and self.watch.calls:
                print(self.watch.report())
                self.watch.close()

    return LightningWatch()


def _callback_class() -> Any:
    """Find Lightning's class, under either of its names."""
    for home in HOMES:
        try:
            return importlib.import_module(home).Callback
        except ImportError:
            continue
    raise ImportError(
        "Lightning is not installed, which this callback is for: pip install lightning, or put "
        "Watch into your own loop."
    )


def _samples(batch: Any) -> Any:
    """Return the samples of a batch: itself, or its first part."""
    if isinstance(batch, Mapping):
        batch = tuple(batch.values())
    return batch[0] if isinstance(batch, tuple | list) else batch
