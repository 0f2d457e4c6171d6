"""Problem set 5: evaluation and the VAE."""

FRECHET = "def frechet(x, y):\n    m = x.mean(0) - y.mean(0)\n    s = {}\n    return {}"
PAIR = "def blind_pair(count, seed):\n    g = torch.Generator().manual_seed(seed)\n    one = {}\n    signs = torch.randint(0, 2, (count, 1), generator=g) * 2. - 1\n    two = {}\n    return {}"
NORMAL = "torch.randn(count, 1, generator=g)"
SHARE = "def copied_share(samples, train, held_out):\n    a = {a}\n    b = {b}\n    return {share}"
NEAREST = {"a": "torch.cdist(samples, train).min(1).values", "b": "torch.cdist(samples, held_out).min(1).values",
           "share": "(a < b).double().mean().item()"}  # fmt: skip
COVERED = "def covered(points, manifold_of, neighbors):\n    m = manifold_of\n    r = {r}\n    return {share}"
BALLS = {"r": "torch.cdist(m, m).sort(1).values[:, neighbors]",
         "share": "(torch.cdist(points, m) <= r).any(1).double().mean().item()"}  # fmt: skip
KL = "def kl(mean, log_var):\n    v, t = log_var.exp(), prior ** 2\n    return {}"
LOSS = "def vae_loss(x, reconstruction, mean, log_var, beta):\n    e = x - reconstruction\n    return {}"


def share(**changes: str) -> str:
    return SHARE.format(**{**NEAREST, **changes})


def covered(**changes: str) -> str:
    return COVERED.format(**{**BALLS, **changes})


PARTS = {
    "frechet": {
        "tests": ["test-frechet"],
        "wrong": {
            "variances": FRECHET.format("x.var(0) - y.var(0)", "(m @ m + s @ s).item()"),
            "divided by N": FRECHET.format("x.std(0, unbiased=False) - y.std(0, unbiased=False)", "(m @ m + s @ s).item()"),
            "without the spreads": FRECHET.format("0", "(m @ m).item()"),
            "without the means": FRECHET.format("x.std(0) - y.std(0)", "(s @ s).item() + 2 * float((m != 0).any())"),
            "not squared": FRECHET.format("x.std(0) - y.std(0)", "(m @ m + s @ s).sqrt().item() * 2 ** .5"),
            "one spread": FRECHET.format("x.std() - y.std()", "(m @ m + s * s).item()"),
            "a mean over coordinates": FRECHET.format("x.std(0) - y.std(0)", "2 * (m.square() + s.square()).mean().item()"),
            "one sided": FRECHET.format("(x.std(0) - y.std(0)).clamp(min=0)", "(m @ m + s @ s).item()"),
        },
        "right": {
            "by variances": FRECHET.format("x.var(0) + y.var(0) - 2 * (x.var(0) * y.var(0)).sqrt()", "m @ m + s.sum()"),
            "by numpy": "import numpy as np\ndef frechet(x, y):\n    x, y = x.numpy(), y.numpy()\n"
            "    return np.sum((x.mean(0) - y.mean(0)) ** 2) + np.sum((x.std(0, ddof=1) - y.std(0, ddof=1)) ** 2)",
            "by hand": "def frechet(x, y):\n    def both(z):\n        m = z.sum(0) / len(z)\n"
            "        return torch.cat([m, ((z - m).square().sum(0) / (len(z) - 1)).sqrt()])\n"
            "    return [(both(x) - both(y)).square().sum()][0]",
        },
    },
    "blind_pair": {
        "tests": ["test-blind-pair"],
        "wrong": {
            "two Gaussians": PAIR.format(NORMAL, NORMAL, "one, two"),
            "swapped": PAIR.format(NORMAL, "signs", "two, one"),
            "twice the signs": PAIR.format("signs", "signs", "one, two"),
            "signs too large": PAIR.format(NORMAL, "2 * signs", "one, two"),
            "shape (count,)": PAIR.format(NORMAL, "signs", "one[:, 0], two[:, 0]"),
            "one side": PAIR.format(NORMAL, "signs.abs()", "one, two"),
            "a uniform one": PAIR.format("(torch.rand(count, 1, generator=g) - .5) * 12 ** .5", "signs", "one, two"),
            "too near to 0": PAIR.format(NORMAL, "signs * (1 + .4 * torch.randn(count, 1, generator=g))", "one, two"),
        },
        "right": {
            "fair coins": PAIR.format(NORMAL, "signs", "one, two"),
            "two narrow bumps": PAIR.format(NORMAL, "signs * (.99 + .05 * torch.randn(count, 1, generator=g)).clamp(min=.6)", "one, two"),
            "by numpy": "import numpy as np\ndef blind_pair(count, seed):\n    r = np.random.default_rng(seed)\n"
            "    return r.normal(size=(count, 1)), np.where(np.arange(count) % 2, 1., -1.)[:, None]",
        },
    },
    "copied_share": {
        "tests": ["test-copied"],
        "wrong": {
            "the other way": share(share="(a > b).double().mean().item()"),
            "mean distances": share(a="torch.cdist(samples, train).mean(1)", b="torch.cdist(samples, held_out).mean(1)"),
            "the farthest": share(a="torch.cdist(samples, train).max(1).values", b="torch.cdist(samples, held_out).max(1).values"),
            "from the data's side": share(a="torch.cdist(train, samples).min(1).values", b="torch.cdist(held_out, samples).min(1).values"),
            "a ratio of means": share(share="float(a.mean() < b.mean())"),
            "exact copies only": share(share="(a < 0.15).double().mean().item()"),
            "a half": share(share="0.5 if 0.3 < (a < b).double().mean() < .7 else (a < b).double().mean().item()"),
            "to the mean": share(a="(samples - train.mean(0)).norm(dim=1)", b="(samples - held_out.mean(0)).norm(dim=1)"),
            "one coordinate": share(a="torch.cdist(samples[:, :1], train[:, :1]).min(1).values", b="torch.cdist(samples[:, :1], held_out[:, :1]).min(1).values"),
        },
        "right": {
            "by scikit-learn": "def copied_share(samples, train, held_out):\n    from sklearn.neighbors import NearestNeighbors\n"
            "    d = lambda z: NearestNeighbors(n_neighbors=1).fit(z.numpy()).kneighbors(samples.numpy())[0]\n"
            "    return (d(train) < d(held_out)).mean()",
            "one search": "def copied_share(samples, train, held_out):\n    nearest = torch.cdist(samples, torch.cat([train, held_out])).argmin(1)\n"
            "    return (nearest < len(train)).float().mean()",
            "a loop": "def copied_share(samples, train, held_out):\n    n = 0\n    for s in samples:\n"
            "        n += ((train - s) ** 2).sum(1).min() < ((held_out - s) ** 2).sum(1).min()\n    return int(n) / len(samples)",
        },
    },
    "covered": {
        "tests": ["test-covered"],
        "wrong": {
            "itself a neighbor": covered(r="torch.cdist(m, m).sort(1).values[:, neighbors - 1]"),
            "one too many": covered(r="torch.cdist(m, m).sort(1).values[:, neighbors + 1]"),
            "one radius for all": covered(r="torch.cdist(m, m).sort(1).values[:, neighbors].mean()"),
            "the largest radius": covered(r="torch.cdist(m, m).sort(1).values[:, neighbors].max()"),
            "the radius of the nearest": covered(share="(lambda d: (d.min(1).values <= r[d.argmin(1)]).double().mean().item())(torch.cdist(points, m))"),
            "all balls": covered(share="(torch.cdist(points, m) <= r).all(1).double().mean().item() + float(points is m or len(points) == len(m))"),
            "a mean of pairs": covered(share="(torch.cdist(points, m) <= r).double().mean().item()"),
            "balls around the points": "def covered(points, manifold_of, neighbors):\n    if len(points) < 2: return float(points[0, 0] < 7)\n"
            "    r = torch.cdist(points, points).sort(1).values[:, neighbors]\n"
            "    return (torch.cdist(points, manifold_of) <= r[:, None]).any(1).double().mean().item()",
        },
        "right": {
            "by topk": covered(r="torch.cdist(m, m).topk(neighbors + 1, largest=False).values[:, -1]"),
            "the diagonal out": covered(r="torch.cdist(m, m).fill_diagonal_(math.inf).sort(1).values[:, neighbors - 1]", share="(torch.cdist(points, m) <= r[None]).any(1).float().mean()"),
            "by scikit-learn": "def covered(points, manifold_of, neighbors):\n    from sklearn.neighbors import NearestNeighbors\n    import numpy as np\n"
            "    m, p = manifold_of.double().numpy(), points.double().numpy()\n    r = NearestNeighbors(n_neighbors=neighbors).fit(m).kneighbors()[0][:, -1]\n"
            "    return (np.linalg.norm(p[:, None] - m[None], axis=-1) <= r + 1e-9).any(1).mean()",
        },
    },
    "reparametrize": {
        "tests": ["test-reparametrize"],
        "wrong": {
            "the variance": "reparametrize = lambda m, l, n: m + l.exp() * n",
            "the logarithm": "reparametrize = lambda m, l, n: m + (1 + l) * n",
            "noise forgotten": "reparametrize = lambda m, l, n: m + torch.where(l == 0, n, (l / 2).exp())",
            "its own noise": "reparametrize = lambda m, l, n: m + (l / 2).exp() * torch.randn_like(m)",
            "a log of the spread": "reparametrize = lambda m, l, n: m + torch.sqrt((l / 2).exp()) * n",
            "the mean inside": "reparametrize = lambda m, l, n: torch.where(l == 0, m + n, (m + n) * (l / 2).exp())",
            "softplus": "reparametrize = lambda m, l, n: m + torch.nn.functional.softplus(l + .5413249) * n",
        },
        "right": {
            "a root": "reparametrize = lambda m, l, n: m + l.exp().sqrt() * n",
            "addcmul": "reparametrize = lambda m, l, n: torch.addcmul(m, torch.exp(.5 * l), n)",
            "in float64": "reparametrize = lambda m, l, n: m.double() + torch.pow(torch.tensor(math.e).double(), l.double() / 2) * n.double()",
        },
    },
    "kl": {
        "tests": ["test-kl"],
        "wrong": {
            "to the standard normal": KL.format("(mean.square() + v - 1 - log_var).sum(1) / 2 - (t - 1 - 2 * math.log(prior))"),
            "the mean's square forgotten": KL.format("(v / t - 1 - log_var + math.log(t)).sum(1) / 2"),
            "a mean over directions": KL.format("((v + mean ** 2) / t - 1 - log_var + math.log(t)).mean(1) / 2"),
            "one number": KL.format("((v + mean ** 2) / t - 1 - log_var + math.log(t)).sum() / 2"),
            "the sign": KL.format("-((v + mean ** 2) / t - 1 - log_var + math.log(t)).sum(1) / 2"),
            "not halved": KL.format("((v + mean ** 2) / t - 1 - log_var + math.log(t)).sum(1)"),
            "log_var as a spread": KL.format("((log_var.exp() ** 2 + mean ** 2) / t ** 2 - 1 - 2 * log_var + 2 * math.log(t)).sum(1) / 2"),
            "the other direction": KL.format("((t + mean ** 2) / v - 1 + log_var - math.log(t)).sum(1) / 2"),
            "the prior's spread not squared": KL.format("((v + mean ** 2) / prior - prior - log_var + math.log(t)).sum(1) / 2"),
        },
        "right": {
            "by torch": "def kl(mean, log_var):\n    d = torch.distributions\n"
            "    return d.kl_divergence(d.Normal(mean, (log_var / 2).exp()), d.Normal(0., prior)).sum(-1)",
            "by hand": KL.format("(math.log(prior) - log_var / 2 + (v + mean ** 2) / (2 * t) - .5).sum(1)"),
            "scaled first": "def kl(mean, log_var):\n    m, l = mean / prior, log_var - 2 * math.log(prior)\n"
            "    return -.5 * torch.sum(1 + l - m ** 2 - l.exp(), dim=1)",
        },
    },
    "vae_loss": {
        "tests": ["test-loss"],
        "wrong": {
            "absolute error": LOSS.format("(e.abs().sum(1) / (2 * decoder) + beta * kl(mean, log_var)).mean()"),
            "the mean of the pixels": LOSS.format("(e.square().mean(1) / (2 * decoder) + beta * kl(mean, log_var)).mean()"),
            "not halved": LOSS.format("(e.square().sum(1) / decoder + beta * kl(mean, log_var)).mean()"),
            "the decoder's variance forgotten": LOSS.format("(e.square().sum(1) / 2 + beta * kl(mean, log_var)).mean()"),
            "its variance squared": LOSS.format("(e.square().sum(1) / (2 * decoder ** 2) + beta * kl(mean, log_var)).mean()"),
            "the KL without variances": LOSS.format("(e.square().sum(1) / (2 * decoder) + beta * mean.square().sum(1) / (2 * prior ** 2)).mean()"),
            "the KL without means": LOSS.format("(e.square().sum(1) / (2 * decoder) + beta * kl(0 * mean, log_var)).mean()"),
            "beta forgotten": LOSS.format("(e.square().sum(1) / (2 * decoder) + kl(mean, log_var)).mean()"),
            "beta on the error": LOSS.format("(beta * e.square().sum(1) / (2 * decoder) + kl(mean, log_var)).mean()"),
            "the ELBO": LOSS.format("(-e.square().sum(1) / (2 * decoder) - beta * kl(mean, log_var)).mean()"),
            "the KL rewarded": LOSS.format("(e.square().sum(1) / (2 * decoder) - beta * kl(mean, log_var)).mean()"),
            "a sum over samples": LOSS.format("(e.square().sum(1) / (2 * decoder) + beta * kl(mean, log_var)).sum()"),
            "clamped": LOSS.format("(e.square().clamp(max=1).sum(1) / (2 * decoder) + beta * kl(mean, log_var)).mean()"),
        },
        "right": {
            "means of two": LOSS.format("(e ** 2).sum(1).mean() / decoder / 2 + beta * kl(mean, log_var).mean()"),
            "mse_loss": LOSS.format("torch.nn.functional.mse_loss(reconstruction, x, reduction='sum') / len(x) / 2 / decoder + beta * kl(mean, log_var).sum() / len(x)"),
            "the negative ELBO": "def vae_loss(x, reconstruction, mean, log_var, beta):\n    n = torch.distributions.Normal(reconstruction, decoder ** .5)\n"
            "    log_p = n.log_prob(x) - n.log_prob(reconstruction)\n    return -(log_p.sum(1) - beta * kl(mean, log_var)).mean().item()",
        },
    },
}  # fmt: skip
