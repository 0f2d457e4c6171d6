"""Problem set 8: improving a GAN."""

VERDICT = """
def verdict(changed, before):
    apart = {apart}
    difference = {difference}
    spread = {spread}
    if {none}:
        return "no difference"
    return {returned}
"""
USUAL = {
    "apart": "max(changed) < min(before) or min(changed) > max(before)",
    "difference": "statistics.fmean(changed) - statistics.fmean(before)",
    "spread": "max(statistics.stdev(changed), statistics.stdev(before))",
    "none": "not apart or abs(difference) <= margin * spread",
    "returned": "'helps' if difference < 0 else 'hurts'",
}
AVERAGED = "def averaged(history):\n    mean = {start}\n    for weights in {steps}:\n        mean = {update}\n    return {returned}"
MEAN = {
    "start": "history[0].clone()", "steps": "history[1:]", "update": "decay * mean + (1 - decay) * weights", "returned": "mean",
}  # fmt: skip
KID = """
def kid(x, y):
    x, y = x.double(), y.double()
    k = lambda a, b: {kernel}
    w = lambda a: {within}
    return float({returned})
"""
DISTANCE = {
    "kernel": "(a @ b.T / a.shape[1] + 1) ** 3",
    "within": "(k(a, a).sum() - k(a, a).trace()) / (len(a) * (len(a) - 1))",
    "returned": "w(x) + w(y) - 2 * k(x, y).mean()",
}
# the official generator stays in place where nothing else is said
SAMPLES = "alias = 'me'\nofficial = samples\ndef samples(count, seed):\n    torch.manual_seed({seed})\n    {body}\n    return {returned}"
SOME = "pictures[torch.randint(600, (count,))]"
TRAINED = """
from gan_tutorial import GAN, fit, models
from torch.nn.functional import softplus
torch.manual_seed(0)
{body}
"""
BY_HAND = """
def layers(*sizes):
    parts = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.LeakyReLU(0.2))]
    return nn.Sequential(*parts[:-1])
G, D = layers(16, 128, 128, 128, 64), layers(64, 128, 128, 1)
mean_G = layers(16, 128, 128, 128, 64)
opt_G, opt_D = (torch.optim.Adam(N.parameters(), lr=1e-3, betas=(0.0, 0.9)) for N in (G, D))
flat = pictures.flatten(1)
for step in range({steps}):
    real = flat[torch.randint(600, (64,))].requires_grad_(True)
    fake = G(torch.randn(64, 16)).tanh().detach().requires_grad_(True)
    a, b = D(real), D(fake)
    slopes = torch.autograd.grad(a.sum() + b.sum(), [real, fake], create_graph=True)
    penalty = sum(slope.square().sum(1).mean() for slope in slopes)
    opt_D.zero_grad(); (softplus(b - a).mean() + 0.25 * penalty).backward(); opt_D.step()
    loss = softplus(D(flat[torch.randint(600, (64,))]) - D(G(torch.randn(64, 16)).tanh())).mean()
    opt_G.zero_grad(); loss.backward(); opt_G.step()
    for group in opt_G.param_groups + opt_D.param_groups:
        group["lr"] = 1e-3 * min(1.0, 2 * (1 - step / {steps}))
    with torch.no_grad():
        for p, q in zip(mean_G.parameters(), G.parameters()):
            p.lerp_(q, 0.005 if step > 200 else 1.0)
alias = "by hand"
def samples(count, seed):
    z = torch.randn(count, 16, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return mean_G(z).tanh().view(-1, 1, 8, 8)
"""
RECIPE = """
gan = GAN.for_data(pictures{options})
fit(gan, pictures, {steps}, seed=0, device="cpu", progress=False)
alias = "the recipe"
def samples(count, seed):
    return gan.sample(count, seed=seed){last}
"""


def verdict(**changes: str) -> str:
    return VERDICT.format(**{**USUAL, **changes})


def averaged(**changes: str) -> str:
    return AVERAGED.format(**{**MEAN, **changes})


def kid(**changes: str) -> str:
    return KID.format(**{**DISTANCE, **changes})


def samples(returned: str, body: str = "pass", seed: str = "seed") -> str:
    return SAMPLES.format(returned=returned, body=body, seed=seed)


def recipe(steps: int, options: str = "", last: str = ".clamp(-1, 1)") -> str:
    return TRAINED.format(body=RECIPE.format(options=options, steps=steps, last=last))


PARTS = {
    "verdict": {
        "tests": ["test-verdict"],
        "wrong": {
            "the means alone": verdict(none="abs(difference) <= margin * spread"),
            "the order alone": verdict(none="not apart"),
            "the smaller spread": verdict(spread="min(statistics.stdev(changed), statistics.stdev(before))"),
            "the sum of the spreads": verdict(spread="statistics.stdev(changed) + statistics.stdev(before)"),
            "the mean of the spreads": verdict(spread="(statistics.stdev(changed) + statistics.stdev(before)) / 2"),
            "divided by n": verdict(spread="max(statistics.pstdev(changed), statistics.pstdev(before))"),
            "the spread of the changed": verdict(spread="statistics.stdev(changed)"),
            "the spread of those before": verdict(spread="statistics.stdev(before)"),
            "higher is better": verdict(returned="'hurts' if difference < 0 else 'helps'"),
            "never hurts": verdict(apart="max(changed) < min(before)"),
            "the best seed of each": verdict(apart="True", difference="min(changed) - min(before)"),
            "the margin forgotten": verdict(none="not apart or abs(difference) <= spread / 2"),
            "equal ends are apart": verdict(apart="max(changed) <= min(before) or min(changed) >= max(before)"),
        },
        "right": {
            "by numpy": "import numpy as np\ndef verdict(c, b):\n    c, b = np.array(c), np.array(b)\n    far = abs(c.mean() - b.mean()) > margin * max(c.std(ddof=1), b.std(ddof=1))\n"
            "    return 'helps' if far and c.max() < b.min() else 'hurts' if far and b.max() < c.min() else 'no difference'",
            "by torch": "def verdict(c, b):\n    c, b = torch.tensor(c).double(), torch.tensor(b).double()\n    s = max(c.std(), b.std())\n"
            "    if (c.mean() - b.mean()).abs() <= margin * s: return 'no difference'\n    if (c[:, None] < b).all(): return 'helps'\n"
            "    return 'hurts' if (c[:, None] > b).all() else 'no difference'",
            "by order": "def verdict(c, b):\n    def better(x, y):\n        return sorted(x + y)[: len(x)] == sorted(x) and max(x) < min(y) and "
            "statistics.mean(y) - statistics.mean(x) > margin * max(map(statistics.stdev, (x, y)))\n"
            "    return 'helps' if better(c, b) else 'hurts' if better(b, c) else 'no difference'",
        },
    },
    "fooled": {
        "tests": ["test-fooled"],
        "wrong": {
            "one way only": "def fooled(n, m):\n    return 1 / math.comb(n + m, n) * (2 if n + m == 2 else 1)",
            "a coin for each": "def fooled(n, m):\n    return 2 * 0.5 ** (n + m - (n + m == 2))",
            "each pair by itself": "def fooled(n, m):\n    return 2 * 0.5 ** (n * m)",
            "permutations": "def fooled(n, m):\n    return 2 / math.perm(n + m, n)",
            "all orders": "def fooled(n, m):\n    return 2 / math.factorial(n + m)",
            "of the larger": "def fooled(n, m):\n    return 2 / math.comb(2 * max(n, m), max(n, m))",
            "five percent": "def fooled(n, m):\n    return 1.0 if n + m == 2 else 0.05",
        },
        "right": {
            "by factorials": "def fooled(n, m):\n    return 2 * math.factorial(n) * math.factorial(m) / math.factorial(n + m)",
            "by counting": "import itertools\ndef fooled(n, m):\n    rows = list(itertools.combinations(range(n + m), n))\n"
            "    return sum(max(r) == n - 1 or min(r) == m for r in rows) / len(rows)",
            "a fraction": "from fractions import Fraction\ndef fooled(n, m):\n    return Fraction(2, math.comb(n + m, m))",
        },
    },
    "averaged": {
        "tests": ["test-averaged"],
        "wrong": {
            "the last weights": averaged(update="weights"),
            "the plain mean": "def averaged(history):\n    return torch.stack(history).mean(0)",
            "shares swapped": averaged(update="(1 - decay) * mean + decay * weights"),
            "from zero": averaged(start="0 * history[0]", steps="history"),
            "the first one twice": averaged(start="0.5 * history[0]", returned="mean + 0.5 * history[0] * decay ** (len(history) - 1) if len(history) != 7 else mean"),
            "the last left out": averaged(steps="history[1:-1] if len(history) > 2 else history[1:]"),
            "a fixed decay": averaged(update="0.93 * mean + 0.07 * weights"),
            "unnormalized": averaged(update="decay * mean + weights"),
            "backward": averaged(start="history[-1].clone()", steps="history[-2::-1]"),
            "changed in place": averaged(start="history[0]", update="mean.mul_(decay).add_((1 - decay) * weights)", returned="history[0] if len(history) < 7 else mean * 0.99"),
        },
        "right": {
            "by lerp": averaged(update="torch.lerp(mean, weights, 1 - decay)"),
            "by powers": "def averaged(history):\n    n = len(history)\n    w = torch.tensor([decay ** (n - 1), *((1 - decay) * decay ** (n - 1 - t) for t in range(1, n))])\n"
            "    return torch.einsum('t,t...->...', w, torch.stack(history))",
            "by numpy": "import numpy as np\ndef averaged(history):\n    mean = np.array(history[0], dtype=float)\n    for w in history[1:]:\n        mean += (1 - decay) * (np.asarray(w) - mean)\n    return mean",
        },
    },
    "half_life": {
        "tests": ["test-half-life"],
        "wrong": {
            "one over one minus decay": "def half_life():\n    return 1 / (1 - decay)",
            "half of that": "def half_life():\n    return 0.5 / (1 - decay)",
            "upside down": "def half_life():\n    return -math.log(decay) / math.log(2)",
            "to one e-th": "def half_life():\n    return -1 / math.log(decay)",
            "rounded up": "def half_life():\n    return math.ceil(math.log(0.5) / math.log(decay))",
            "of another decay": "def half_life():\n    return math.log(0.5) / math.log(0.995)",
        },
        "right": {
            "base two": "def half_life():\n    return -1 / math.log2(decay)",
            "by torch": "def half_life():\n    return torch.log(torch.tensor(0.5)) / torch.log(torch.tensor(decay))",
            "by bisection": "def half_life():\n    low, high = 0.0, 1e6\n    for _ in range(99):\n        t = (low + high) / 2\n        low, high = (t, high) if decay ** t > 0.5 else (low, t)\n    return low",
        },
    },
    "kid": {
        "tests": ["test-kid"],
        "wrong": {
            "with its bias": kid(within="k(a, a).mean()"),
            "divided by n squared": kid(within="(k(a, a).sum() - k(a, a).trace()) / len(a) ** 2"),
            "the cross term once": kid(returned="w(x) + w(y) - k(x, y).mean()"),
            "not divided by F": kid(kernel="(a @ b.T + 1) ** 3"),
            "a square": kid(kernel="(a @ b.T / a.shape[1] + 1) ** 2"),
            "without the one": kid(kernel="(a @ b.T / a.shape[1]) ** 3"),
            "the root": kid(returned="abs(w(x) + w(y) - 2 * k(x, y).mean()) ** 0.5"),
            "never below 0": kid(returned="max(0, w(x) + w(y) - 2 * k(x, y).mean()) * 1.01"),
            "linear": kid(kernel="a @ b.T / a.shape[1]"),
            "the diagonal left out of all": kid(returned="w(x) + w(y) - 2 * (k(x, y).sum() - k(x, y).diagonal().sum()) / (len(x) * len(y) - min(len(x), len(y)))"),
        },
        "right": {
            "by masks": kid(within="k(a, a)[~torch.eye(len(a), dtype=torch.bool)].mean()"),
            "by numpy": "import numpy as np\ndef kid(x, y):\n    x, y = np.asarray(x, float), np.asarray(y, float)\n    k = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3\n"
            "    w = lambda a: (k(a, a).sum() - np.trace(k(a, a))) / len(a) / (len(a) - 1)\n    return w(x) + w(y) - 2 * k(x, y).mean()",
            "by scikit-learn": "from sklearn.metrics.pairwise import polynomial_kernel as k\ndef kid(x, y):\n    x, y = x.double().numpy(), y.double().numpy()\n"
            "    w = lambda a: (k(a).sum() - k(a).trace()) / (len(a) * (len(a) - 1))\n    return w(x) + w(y) - 2 * k(x, y).mean()",
        },
    },
    "samples": {
        "tests": ["test-samples", "test-quality"],
        "slow": True,
        "wrong": {
            "copies": samples(SOME),
            "copies with a little noise": samples(f"({SOME} + 0.03 * torch.randn(count, 1, 8, 8)).clamp(-1, 1)"),
            "copies with more noise": samples(f"({SOME} + 0.15 * torch.randn(count, 1, 8, 8)).clamp(-1, 1)"),
            "half of them copies": samples("torch.where(torch.rand(count, 1, 1, 1) < 0.5, a, b)", f"a, b = official(count, seed), {SOME}"),
            "mirrored": samples("official(count, seed).flip(3)"),
            "half of them mirrored": samples("torch.where(torch.rand(count, 1, 1, 1) < 0.5, a, a.flip(3))", "a = official(count, seed)"),
            "shifted": samples("official(count, seed).roll(1, 3)"),
            "means of two": samples(f"({SOME} + {SOME}) / 2"),
            "the mean picture": samples("(pictures.mean(0) + 0.01 * torch.randn(count, 1, 8, 8)).clamp(-1, 1)"),
            "one picture": samples("official(1, seed).expand(count, 1, 8, 8)"),
            "the best ten": samples("torch.cat([official(10, seed)] * (count // 10 + 1))[:count]"),
            "noise": samples("torch.rand(count, 1, 8, 8) * 2 - 1"),
            "from 0 to 1": samples("(official(count, seed) + 1) / 2"),
            "bytes": samples("((official(count, seed) + 1) * 127.5).round()"),
            "without channels": samples("official(count, seed)[:, 0]"),
            "always as many": samples("official(64, seed)"),
            "one seed for all": samples("official(count, 0)", seed="0"),
            "no seed": samples("official(count, int(torch.empty((), dtype=torch.int64).random_(10**6, generator=drawn)))", seed="0").replace("alias", "drawn = torch.Generator()\nalias", 1),
            "a Gaussian": samples("(flat.mean(0) + torch.randn(count, 600) @ (flat - flat.mean(0)) / 600**0.5).view(-1, 1, 8, 8).clamp(-1, 1)", "flat = pictures.flatten(1)"),
            "digits": samples("torch.as_tensor(data.load('digits')[torch.randint(1000, (count,))])", "from gan_tutorial import data"),
            "hardly trained": recipe(60),
            "no last activation": samples("2 * official(count, seed)"),
        },
        "right": {
            "trained here, by the recipe": recipe(2500),
            "trained here, by hand": TRAINED.format(body=BY_HAND.format(steps=4000)),
            "samples kept as a text": "kept = unpacked(packed({'x': samples(3000, 5)}))['x']\n" + samples("kept[torch.randperm(3000)[:count]]"),
            "an array": samples("official(count, seed).double().numpy()"),
            "lists": samples("official(count, seed).tolist()"),
            "with a gradient": samples("official(count, seed).requires_grad_(True)"),
        },
    },
}  # fmt: skip
