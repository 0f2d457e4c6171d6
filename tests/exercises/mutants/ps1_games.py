"""Problem set 1: minimax and games."""

PLAY = """
def play(theta, phi, h, steps, alternate):
    path = [(theta, phi)]
    for step in range({steps}):
        new_phi = phi {up} h * {strength} * theta
        theta = theta {down} h * {strength} * ({seen})
        phi = new_phi
        path.append({point})
    return path{end}
"""
USUAL = {
    "steps": "steps", "up": "+", "down": "-", "strength": "strength", "point": "(theta, phi)",
    "seen": "new_phi if alternate else phi", "end": "",
}  # fmt: skip


def play(**changes: str) -> str:
    return PLAY.format(**{**USUAL, **changes})


PARTS = {
    "best_d": {
        "tests": ["test-best-d"],
        "wrong": {
            "shares forgotten": "best_d = lambda p, q, share: p / (p + q)",
            "shares swapped": "best_d = lambda p, q, share: (1 - share) * p / ((1 - share) * p + share * q)",
            "of the fakes": "best_d = lambda p, q, share: (1 - share) * q / (share * p + (1 - share) * q)",
            "the ratio": "best_d = lambda p, q, share: share * p / ((1 - share) * q + 1e-9)",
            "the global share": "s_ = share\nbest_d = lambda p, q, share: s_ * p / (s_ * p + (1 - s_) * q)",
            "one density only": "best_d = lambda p, q, share: share * p.mean() / (share * p + (1 - share) * q).mean()"
            " if hasattr(p, 'mean') else share * p / (share * p + (1 - share) * q)",
            "nan at zero": "best_d = lambda p, q, share: 1 / (1 + (1 - share) * q / (share * p)) if not hasattr(p, 'log')"
            " else (p.log() - p.log()) + share * p / (share * p + (1 - share) * q)",
        },
        "right": {
            "as a sigmoid": "best_d = lambda p, q, share: torch.sigmoid("
            "torch.log(torch.as_tensor(share * p)) - torch.log(torch.as_tensor((1 - share) * q)))",
            "in float32": "best_d = lambda p, q, share: (share * torch.as_tensor(p)"
            " / (share * p + (1 - share) * q)).float()",
            "by numpy": "import numpy as np\ndef best_d(p, q, share):\n"
            "    a, b = share * np.asarray(p), (1 - share) * np.asarray(q)\n    return a / (a + b)",
        },
    },
    "ratio": {
        "tests": ["test-ratio"],
        "wrong": {
            "shares forgotten": "ratio = lambda d, share: d / (1 - d)",
            "shares the wrong way": "ratio = lambda d, share: d / (1 - d) * share / (1 - share)",
            "upside down": "ratio = lambda d, share: (1 - d) / d * share / (1 - share)",
            "of the output": "ratio = lambda d, share: d / share",
            "by a logarithm": "ratio = lambda d, share: math.log(d / (1 - d)) + math.log((1 - share) / share)",
            "one minus forgotten": "ratio = lambda d, share: d * (1 - share) / share",
        },
        "right": {
            "of odds": "def ratio(d, share):\n    odds = lambda x: x / (1 - x)\n    return odds(d) / odds(share)",
            "by logits": "ratio = lambda d, share: math.exp(math.log(d) - math.log(1 - d)"
            " + math.log(1 - share) - math.log(share))",
            "as a tensor": "ratio = lambda d, share: torch.tensor([d / (1 - d) / (share / (1 - share))])",
        },
    },
    "proved_distance": {
        "tests": ["test-proved"],
        "wrong": {
            "the loss twice": "proved_distance = lambda loss: max(0.0, -share * math.log(share)"
            " - (1 - share) * math.log(1 - share) - 2 * loss)",
            "always something": "proved_distance = lambda loss: max(0.1, -share * math.log(share)"
            " - (1 - share) * math.log(1 - share) - loss) if loss > 1 else -share * math.log(share)"
            " - (1 - share) * math.log(1 - share) - loss",
            "of equal shares": "proved_distance = lambda loss: max(0.0, math.log(2) - loss)",
            "of the sum of two means": "proved_distance = lambda loss: max(0.0, math.log(2) - loss / 2)",
            "in bits": "proved_distance = lambda loss: max(0.0, (-share * math.log2(share)"
            " - (1 - share) * math.log2(1 - share)) - loss / math.log(2))",
            "halved": "proved_distance = lambda loss: max(0.0, (-share * math.log(share)"
            " - (1 - share) * math.log(1 - share) - loss) / 2)",
            "the absolute value": "proved_distance = lambda loss: abs(-share * math.log(share)"
            " - (1 - share) * math.log(1 - share) - loss)",
            "ends only": "proved_distance = lambda loss: 0.0 if loss > 0.4 else -share * math.log(share)"
            " - (1 - share) * math.log(1 - share)",
        },
        "right": {
            "by torch": "def proved_distance(loss):\n    p = torch.tensor([share, 1 - share])\n"
            "    return torch.clamp(-(p * p.log()).sum() - loss, min=0)",
            "by scipy": "from scipy.stats import entropy\n"
            "proved_distance = lambda loss: float(max(entropy([share, 1 - share]) - loss, 0))",
            "as it stands, negative where it proves nothing": "proved_distance = lambda loss: "
            "-share * math.log(share) - (1 - share) * math.log(1 - share) - loss",
            "by a branch": "def proved_distance(loss):\n    h = -share * math.log(share) - (1 - share) * "
            "math.log1p(-share)\n    if loss > h:\n        return 0\n    return h - loss",
        },
    },
    "play": {
        "tests": ["test-play-together", "test-play-in-turn"],
        "wrong": {
            "stops after six": play(steps="min(steps, 6)"),
            "six, then the last again": play(steps="min(steps, 6)", end=" + path[-1:] * max(0, steps - 6)"),
            "nan after ten": play(point="(theta, phi) if step < 9 else (math.nan, math.nan)"),
            "without the strength": play(strength="1"),
            "always at once": play(seen="phi"),
            "always in turn": play(seen="new_phi"),
            "both descend": play(up="-"),
            "theta goes up": play(down="+"),
            "without the start": play(end="[1:]"),
            "one step too many": play(steps="steps + 1"),
            "phi first in the pair": play(point="(phi, theta)"),
            "theta moves first": PLAY.format(**{**USUAL, "seen": "phi"}).replace(
                "new_phi = phi + h * strength * theta",
                "old = theta\n        new_phi = phi + h * strength * (theta - h * strength * phi"
                " if alternate else theta)"),
        },
        "right": {
            "as a matrix": "def play(theta, phi, h, steps, alternate):\n    g = h * strength\n"
            "    m = torch.tensor([[1 - g * g if alternate else 1, -g], [g, 1]], dtype=torch.float64)\n"
            "    x = torch.tensor([theta, phi], dtype=torch.float64)\n    path = [x]\n"
            "    for _ in range(steps):\n        path.append(m @ path[-1])\n    return path",
            "lists of tensors": play(point="[torch.tensor(theta), torch.tensor(phi)]"),
            "by recursion": "def play(theta, phi, h, steps, alternate):\n    if steps == 0:\n"
            "        return [(theta, phi)]\n    p = phi + h * strength * theta\n"
            "    t = theta - h * strength * (p if alternate else phi)\n"
            "    return [(theta, phi)] + play(t, p, h, steps - 1, alternate)",
        },
    },
    "doubling": {
        "tests": ["test-doubling"],
        "wrong": {
            "rounded down": "doubling = lambda h: math.floor(math.log(2) / math.log(math.sqrt(1 + (strength * h) ** 2)) - 1e-9)",
            "not whole": "doubling = lambda h: math.log(2) / math.log(math.sqrt(1 + (strength * h) ** 2))",
            "without the root": "doubling = lambda h: math.ceil(math.log(2) / math.log(1 + (strength * h) ** 2))",
            "without the strength": "doubling = lambda h: math.ceil(math.log(2) / math.log(math.sqrt(1 + h ** 2)))",
            "linear": "doubling = lambda h: math.ceil(2 / (strength * h) ** 2)",
            "half a step more": "doubling = lambda h: math.ceil(math.log(2) / math.log(math.sqrt(1 + (strength * h) ** 2))) + 1",
            "the factor 1 + g": "doubling = lambda h: math.ceil(math.log(2) / math.log(1 + strength * h)) + 1",
        },
        "right": {
            "by counting": "def doubling(h):\n    x, n = 1.0, 0\n    while x < 4 - 1e-9:\n"
            "        x *= 1 + (h * strength) ** 2\n        n += 1\n    return n",
            "by playing": "def doubling(h):\n    a, b, n = 1.0, 0.0, 0\n"
            "    while math.hypot(a, b) < 2 - 1e-9:\n"
            "        a, b, n = a - h * strength * b, b + h * strength * a, n + 1\n    return float(n)",
            "by numpy": "import numpy as np\n"
            "doubling = lambda h: np.ceil(np.log(4) / np.log1p((strength * h) ** 2) - 1e-12)",
        },
    },
    "best_step": {
        "tests": ["test-best-step"],
        "wrong": {
            "the largest stable": "best_step = lambda: 0.999 / strength",
            "without the root": "best_step = lambda: 0.5 / strength",
            "the strength multiplied": "best_step = lambda: strength / math.sqrt(2)",
            "without the strength": "best_step = lambda: 1 / math.sqrt(2)",
            "the smallest factor": "best_step = lambda: math.sqrt(0.75) / strength",
            "as small as possible": "best_step = lambda: 1e-3 / strength",
            "a guess": "best_step = lambda: 0.6 / strength",
        },
        "right": {
            "by a grid": "def best_step():\n    grid = torch.linspace(0, 1, 101)\n"
            "    return grid[(1 - grid ** 2 + grid ** 4).argmin()] / strength",
            "by scipy": "from scipy.optimize import minimize_scalar\nbest_step = lambda: minimize_scalar("
            "lambda h: 1 - (strength * h) ** 2 + (strength * h) ** 4, bounds=(0, 1 / strength)).x",
            "as a fraction": "from fractions import Fraction\n"
            "best_step = lambda: Fraction(7071, 10000) / Fraction(strength)",
        },
    },
    "slopes": {
        "tests": ["test-slopes"],
        "wrong": {
            "signs": "slopes = lambda a: (torch.sigmoid(a), 1 - torch.sigmoid(a))",
            "swapped": "slopes = lambda a: (torch.sigmoid(a) - 1, -torch.sigmoid(a))",
            "by D instead of a": "slopes = lambda a: (-1 / (1 - torch.sigmoid(a)) / 4, -1 / torch.sigmoid(a) / 4)",
            "of the sigmoid": "slopes = lambda a: (-2 * torch.sigmoid(a) * (1 - torch.sigmoid(a)),) * 2",
            "the losses": "slopes = lambda a: (torch.log(1 - torch.sigmoid(a)) * 0.72135, torch.log(torch.sigmoid(a)) * 0.72135)",
            "the sum": "slopes = lambda a: (-torch.sigmoid(a).sum(), (torch.sigmoid(a) - 1).sum())",
            "the same twice": "slopes = lambda a: (-torch.sigmoid(a), -torch.sigmoid(a))",
        },
        "right": {
            "by autograd": "def slopes(a):\n    a = a.detach().requires_grad_()\n"
            "    one, = torch.autograd.grad(torch.nn.functional.logsigmoid(-a).sum(), a)\n"
            "    two, = torch.autograd.grad(-torch.nn.functional.logsigmoid(a).sum(), a)\n    return one, two",
            "in float32": "slopes = lambda a: [-torch.sigmoid(a).float(), -torch.sigmoid(-a).float()]",
            "by exp": "slopes = lambda a: (-1 / (1 + torch.exp(-a)), -1 / (1 + torch.exp(a)))",
        },
    },
}  # fmt: skip
