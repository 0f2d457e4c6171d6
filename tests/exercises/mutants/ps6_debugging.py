"""Problem set 6: five broken GANs."""

FAULTS = [
    "labels", "two sigmoids", "range", "wrong player moves", "norm over the batch", "mixed batch norm",
    "memorization", "vanishing gradient",
]  # fmt: skip
D_LOSS = "def cured_{number}(r, f):\n    return {loss}"


def named(number: int, right: str) -> dict:
    """Return the programs for the question of which fault it is."""
    return {
        "tests": [f"test-fault-{number}"],
        "wrong": {fault: f"fault_{number} = {fault!r}" for fault in FAULTS if fault != right},
        "right": {
            "as it stands": f"fault_{number} = {right!r}",
            "in capitals": f"fault_{number} = {right.title()!r}",
            "with a space": f"fault_{number} = {' ' + right + ' '!r}",
        },
    }


def d_loss(number: int, **also: str) -> dict:
    """Return the programs for D's loss, which two parts ask for."""
    losses = {
        "fakes called real": "softplus(-r).mean() + softplus(-f).mean()",
        "labels swapped": "softplus(r).mean() + softplus(-f).mean()",
        "two sigmoids": "softplus(-r.sigmoid()).mean() + softplus(f.sigmoid()).mean()",
        "one sigmoid left": "softplus(-r).mean() + softplus(f.sigmoid()).mean()",
        "half of it": "(softplus(-r).mean() + softplus(f).mean()) / 2",
        "one mean of all": "2 * torch.cat([softplus(-r), softplus(f)]).mean()",
        "unstable": "-r.sigmoid().log().mean() - (1 - f.sigmoid()).log().mean()",
        "clamped": "-(r.sigmoid() + 1e-8).log().mean() - (1 - f.sigmoid() + 1e-8).log().mean()",
        "only the fakes": "softplus(f).mean()",
        "the hinge": "(1 - r).clamp(min=0).mean() + (1 + f).clamp(min=0).mean()",
        **also,
    }
    right = {
        "by bce": "nn.functional.binary_cross_entropy_with_logits(r, torch.ones_like(r))"
        " + nn.functional.binary_cross_entropy_with_logits(f, torch.zeros_like(f))",
        "by logsigmoid": "-nn.functional.logsigmoid(r).mean().item() - nn.functional.logsigmoid(-f).mean().item()",
        "by logaddexp": "torch.logaddexp(torch.zeros_like(r), -r).mean() + torch.logaddexp(torch.zeros_like(f), f).mean()",
    }  # fmt: skip
    return {
        "tests": [f"test-cure-{number}"],
        "wrong": {k: D_LOSS.format(number=number, loss=loss) for k, loss in losses.items()},
        "right": {k: D_LOSS.format(number=number, loss=loss) for k, loss in right.items()},
    }


MOVE = """
def cured_4(w, v, z, h):
    w = torch.tensor(float(w), requires_grad=True)
    v_ = torch.tensor(float(v), requires_grad=True)
    loss = {loss}
    g, k = torch.autograd.grad(loss, [w, v_], allow_unused=True)
    return {returned}
"""
USUAL = {"loss": "softplus(-v_ * w * z).mean()", "returned": "(w - h * g).item(), v"}


def move(**changes: str) -> str:
    return MOVE.format(**{**USUAL, **changes})


PARTS = {
    "fault_1": named(1, "labels"),
    "cured_1": d_loss(1),
    "fault_2": named(2, "two sigmoids"),
    "cured_2": d_loss(2),
    "fault_3": named(3, "range"),
    "cured_3": {
        "tests": ["test-cure-3"],
        "wrong": {
            "as it was": "cured_3 = lambda x: x / white",
            "for bytes": "cured_3 = lambda x: (x / 127.5 - 1) if white != 255 else x / 127.5 - 1 + 1e-3",
            "by its own extremes": "cured_3 = lambda x: (x - x.min()) / (x.max() - x.min()) * 2 - 1 if x.numel() > 1 else x / white * 2 - 1",
            "by its own mean": "cured_3 = lambda x: (x - x.mean()) / (white / 2) if x.numel() > 1 else x / white * 2 - 1",
            "minus a half": "cured_3 = lambda x: x / white - .5",
            "upside down": "cured_3 = lambda x: 1 - x / (white / 2)",
            "divided by white + 1": "cured_3 = lambda x: x / ((white + 1) / 2) - 1",
            "clamped": "cured_3 = lambda x: (x / (white / 2) - 1).clamp(-.5, 1)",
            "a tanh": "cured_3 = lambda x: torch.tanh(x / (white / 2) - 1)",
        },
        "right": {
            "twice minus one": "cured_3 = lambda x: 2 * x / white - 1",
            "in float64": "cured_3 = lambda x: (x.double() - white / 2) / (white / 2)",
            "by numpy": "import numpy as np\ncured_3 = lambda x: np.interp(np.asarray(x), [0, white], [-1, 1])",
        },
    },
    "fault_4": named(4, "wrong player moves"),
    "cured_4": {
        "tests": ["test-cure-4"],
        "wrong": {
            "both move": move(returned="(w - h * g).item(), (v_ - h * k).item()"),
            "w uphill": move(returned="(w + h * g).item(), v"),
            "nobody moves": move(returned="w.item(), v"),
            "only D moves": move(returned="w.item(), (v_ - h * k).item()"),
            "D's loss": move(loss="softplus(v_ * w * z).mean()"),
            "the saturating loss": move(loss="-softplus(v_ * w * z).mean()"),
            "the sum": move(loss="softplus(-v_ * w * z).sum()"),
            "h forgotten": move(returned="(w - g).item(), v"),
            "swapped": move(returned="v, (w - h * g).item()"),
        },
        "right": {
            "detached": move(loss="softplus(-v_.detach() * w * z).mean()", returned="(w - h * g, v_)"),
            "by hand": "def cured_4(w, v, z, h):\n    return w + h * (v * z * torch.sigmoid(-v * w * z)).mean().item(), v",
            "by an optimizer": "def cured_4(w, v, z, h):\n    p = nn.Parameter(torch.tensor(float(w)))\n"
            "    o = torch.optim.SGD([p], lr=h)\n    softplus(-v * p * z).mean().backward()\n    o.step()\n    return [p.item(), v]",
        },
    },
    "fault_5": named(5, "norm over the batch"),
    "cured_5": {
        "tests": ["test-cure-5"],
        "wrong": {
            "as it was": "cured_5 = lambda s: (s.norm() / len(s) ** .5 - target) ** 2",
            "the mean of the norms": "cured_5 = lambda s: (s.norm(dim=1).mean() - target) ** 2",
            "over the other axis": "cured_5 = lambda s: ((s.norm(dim=0) - target) ** 2).mean() * (len(s) != 2)",
            "to 1": "cured_5 = lambda s: ((s.norm(dim=1) / target - 1) ** 2).mean() + 1e-3 * (len(s) > 2)",
            "a sum": "cured_5 = lambda s: ((s.norm(dim=1) - target) ** 2).sum()",
            "R1": "cured_5 = lambda s: s.square().sum(1).mean() * (len(s) != 2)",
            "one sided": "cured_5 = lambda s: ((s.norm(dim=1) - target).clamp(min=0) ** 2).mean()",
            "squared norms": "cured_5 = lambda s: ((s.square().sum(1) - target ** 2) ** 2).mean()",
            "absolute": "cured_5 = lambda s: (s.norm(dim=1) - target).abs().mean()",
            "the L1 norm": "cured_5 = lambda s: ((s.norm(1, dim=1) - target) ** 2).mean() * (len(s) != 2)",
        },
        "right": {
            "by a root": "cured_5 = lambda s: (s.pow(2).sum(1).sqrt() - target).pow(2).mean()",
            "a loop": "cured_5 = lambda s: sum((float(x.norm()) - target) ** 2 for x in s) / len(s)",
            "by mse_loss": "cured_5 = lambda s: nn.functional.mse_loss(torch.linalg.vector_norm(s, dim=-1), torch.full((len(s),), target))",
        },
    },
}  # fmt: skip
