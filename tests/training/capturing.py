"""What the tests of captured steps share: small tasks, and a stand-in for CUDA graphs.

`Replayed` has what makes graphs difficult: to record computes nothing, and in a replay Python
stands where it stood when the step was recorded.
"""

import functools

import torch

from gan_tutorial import GAN, data, fit, models
from gan_tutorial.training import captured
from gan_tutorial.training.captured import CapturedStep

WAYS = {
    "lazy penalties": {"r1": 0.1, "r2": 0.1, "penalty_every": 4},
    "several updates, penalized now and then": {
        "loss": "wasserstein", "gp": 1.0, "d_steps": 3, "penalty_every": 2
    },
    "two rates, used fakes": {"loss": "hinge", "lr": (1e-3, 3e-3), "reuse_fakes": True},
    "no first moment": {"r1": 0.1, "betas": (0.0, 0.9)},
    "convolutions, batch norm": {"loss": "non-saturating", "shape": (1, 8, 8)},
}  # fmt: skip


def small_gan(shape=(2,), **options):
    torch.manual_seed(0)
    if len(shape) == 1:
        networks = models.mlp_pair(shape, latent_dim=3, width=8, depth=1)
    else:
        norms = {"generator_norm": "batch", "discriminator_norm": "batch"}
        networks = models.dcgan_pair(shape[-1], shape[0], 3, 4, **norms)
    return GAN(*networks, **{"lr": 1e-3} | options)


def samples(shape=(2,), device="cpu"):
    if shape == (2,):
        return data.ring().sample(64, seed=0).to(device)
    made = torch.rand(64, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return made.to(device)


def train(task, steps=20, device="cpu", **options):
    """Train with a schedule, and with rows that take in several steps."""
    options = {"batch_size": 8, "schedule": "cosine", "log_every": 3} | options
    shape = task.generator.shape
    return fit(task, samples(shape, device), steps, device=device, progress=False, **options)


def tensors(task):
    """Every tensor that training changes."""
    found = [
        value
        for networks in (task.networks, task.average)
        for network in networks.values()
        for value in network.state_dict().values()
    ]
    for optimizer in task.optimizers.values():
        found += [v for state in optimizer.state.values() for v in state.values()]
    return found


def parameters(task):
    return [p for network in task.networks.values() for p in network.parameters()]


def assert_equal(task, other):
    assert all(map(torch.equal, tensors(task), tensors(other)))
    assert torch.equal(task.rng.get_state(), other.rng.get_state())
    assert (task.d_updates, task.steps_done) == (other.d_updates, other.steps_done)


class Replayed:
    """Stands for a CUDA graph on a CPU: its replay calls the function that was recorded."""

    made: list

    def __init__(self, task, generator):
        assert generator is task.rng
        self.task, self.replays, self.warm_ups = task, 0, 0
        Replayed.made.append(self)

    def warm_up(self, step):
        self.warm_ups += 1
        return step()

    def record(self, step):
        for name, network in self.task.networks.items():  # made now, they would be made each time
            optimizer = self.task.optimizers[name]
            assert all(optimizer.state[p] for p in network.parameters())
        self.step, self.python = step, self._python()
        groups = [group for group, _ in self.python[1]]
        assert all(
            group["capturable"] and isinstance(group["lr"], torch.Tensor) for group in groups
        )
        kept = [tensor.clone() for tensor in tensors(self.task)]
        random = self.task.rng.get_state(), torch.get_rng_state()
        found = step()
        for tensor, value in zip(tensors(self.task), kept, strict=True):
            tensor.copy_(value)
        self.task.rng.set_state(random[0])
        torch.set_rng_state(random[1])
        self.names, self.values = found[0], found[1].fill_(torch.nan)
        self.gradients = [parameter.grad for parameter in parameters(self.task)]
        for gradient in self.gradients:
            gradient.fill_(torch.nan)
        return found

    def replay(self):
        self.replays += 1
        now, gradients = self._python(), [parameter.grad for parameter in parameters(self.task)]
        self._set_python(self.python)
        names, values = self.step()
        self._set_python(now)
        for parameter, mine, before in zip(
            parameters(self.task), self.gradients, gradients, strict=True
        ):
            mine.copy_(parameter.grad)
            parameter.grad = before
        assert names == self.names
        self.values.copy_(values)

    def _python(self):
        """What a replay neither reads nor changes."""
        counts = {name: getattr(self.task, name) for name in self.task.counts}
        groups = [g for opt in self.task.optimizers.values() for g in opt.param_groups]
        return counts, [(dict(group), group) for group in groups]

    def _set_python(self, python):
        counts, groups = python
        for name, value in counts.items():
            setattr(self.task, name, value)
        for values, group in groups:
            group.update(values)


def capture_on_cpu(monkeypatch):
    """Let `fit` capture steps on a CPU, in graphs that this returns."""
    monkeypatch.setattr(captured, "check_capture", lambda *_: None)

    def stepping(task):
        return CapturedStep(task, functools.partial(Replayed, task))

    monkeypatch.setattr(captured, "CapturedStep", stepping)
    Replayed.made = []
    return Replayed.made
