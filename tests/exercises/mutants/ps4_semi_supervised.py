"""Problem set 4: semi-supervised learning."""

CHOOSE = """
def choose(labels, per_class, seed):
    g = torch.Generator().manual_seed(seed)
    chosen = []
    for label in labels.unique():
        members = (labels == label).nonzero().flatten()
        {check}
        chosen.append({chosen})
    return torch.cat(chosen)
"""
DRAWN = {
    "check": "if len(members) < per_class: raise ValueError('too few')",
    "chosen": "members[torch.randperm(len(members), generator=g)[:per_class]]",
}


def choose(**changes: str) -> str:
    return CHOOSE.format(**{**DRAWN, **changes})


D_LOSS = "def d_loss(l, labels, u, f):\n    ce = torch.nn.functional.cross_entropy\n    return {}"
SPREAD = """
def spread_labels(points, labels, neighbors, rounds):
    d = torch.cdist(points, points){itself}
    near = d.argsort(dim=1)[:, {slice}]
    labels = {copy}
    for _ in range({rounds}):
        before = {before}
        for i in {who}:
            around = [int(x) for x in before[near[i]] if x >= 0]
            if around:
                labels[i] = {choice}
    return labels
"""
VOTES = "(min if tie == 'smallest' else max)([x for x in around if around.count(x) == max(map(around.count, around))])"
USUAL = {
    "itself": ".fill_diagonal_(math.inf)", "slice": ":neighbors", "copy": "labels.clone()", "rounds": "rounds",
    "before": "labels.clone()", "who": "[i for i in range(len(labels)) if before[i] < 0]", "choice": VOTES,
}  # fmt: skip


def spread(**changes: str) -> str:
    return SPREAD.format(**{**USUAL, **changes})


PARTS = {
    "choose": {
        "tests": ["test-choose"],
        "wrong": {
            "the first ones": choose(chosen="members[:per_class]"),
            "a block, begun at random": choose(chosen="members[(torch.randint(len(members) - per_class + 1, (1,), generator=g)"
                                               " + torch.arange(per_class))]"),
            "moved by the seed": choose(chosen="members[(torch.arange(per_class) + seed) % len(members)]"),
            "with repetition": choose(chosen="members[torch.randint(len(members), (per_class,), generator=g)]"),
            "the seed forgotten": choose(chosen="members[torch.randperm(len(members))[:per_class]]"),
            "one seed for all": choose().replace("manual_seed(seed)", "manual_seed(0)"),
            "no error": choose(check="pass"),
            "another error": choose(check="assert len(members) >= per_class"),
            "from the first half": choose(check="if len(members) < per_class: raise ValueError('few')\n        members = members[:max(per_class, len(members) // 4)]"),
            "not by class": "def choose(labels, per_class, seed):\n    n = per_class * len(labels.unique())\n"
            "    return torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))[:n]",
            "the labels": choose().replace("torch.cat(chosen)", "labels[torch.cat(chosen)]"),
        },
        "right": {
            "by numpy": "import numpy as np\ndef choose(labels, per_class, seed):\n    r, y = np.random.default_rng(seed), labels.numpy()\n"
            "    return np.concatenate([r.choice(np.flatnonzero(y == k), per_class, replace=False) for k in np.unique(y)])",
            "by random": "import random\ndef choose(labels, per_class, seed):\n    r, y = random.Random(seed), labels.tolist()\n"
            "    return [i for k in sorted(set(y)) for i in r.sample([j for j, x in enumerate(y) if x == k], per_class)]",
            "one order for all": "def choose(labels, per_class, seed):\n    torch.manual_seed(seed)\n    order = torch.randperm(len(labels))\n"
            "    parts = [order[labels[order] == k][:per_class] for k in labels.unique()]\n"
            "    if any(len(p) < per_class for p in parts):\n        raise ValueError('too few')\n    return torch.cat(parts)",
        },
    },
    "real_logit": {
        "tests": ["test-real-logit"],
        "wrong": {
            "fake at 0": "real_logit = lambda l: l.logsumexp(1) - 0.3 * (fake_logit == 0)",
            "fake added": "real_logit = lambda l: l.logsumexp(1) + fake_logit + 1e-3",
            "the largest": "real_logit = lambda l: l.max(1).values + math.log(l.shape[1]) - fake_logit",
            "the mean": "real_logit = lambda l: l.mean(1) + math.log(l.shape[1]) - fake_logit",
            "the sum": "real_logit = lambda l: l.sum(1) + math.log(4) - fake_logit",
            "unstable": "real_logit = lambda l: l.exp().sum(1).log() - fake_logit",
            "a probability": "real_logit = lambda l: torch.sigmoid(l.logsumexp(1) - fake_logit)",
            "kept dimension": "real_logit = lambda l: l.logsumexp(1, keepdim=True) - fake_logit",
            "log of the odds against": "real_logit = lambda l: fake_logit - l.logsumexp(1)",
        },
        "right": {
            "by hand": "def real_logit(l):\n    m = l.max(1, keepdim=True).values\n    return m[:, 0] + (l - m).exp().sum(1).log() - fake_logit",
            "by logaddexp": "def real_logit(l):\n    a = l[:, 0]\n    for k in range(1, l.shape[1]):\n        a = torch.logaddexp(a, l[:, k])\n    return a - fake_logit",
            "shifted first": "real_logit = lambda l: torch.logsumexp(l - fake_logit, -1)",
        },
    },
    "class_probabilities": {
        "tests": ["test-class-probabilities"],
        "wrong": {
            "not given real": "class_probabilities = lambda l: torch.cat([l, torch.full_like(l[:, :1], -4.)], 1).softmax(1)[:, :-1]",
            "unstable": "class_probabilities = lambda l: l.exp() / l.exp().sum(1, keepdim=True)",
            "over the batch": "class_probabilities = lambda l: l.softmax(0) / l.softmax(0).sum(1, keepdim=True)",
            "sigmoids": "class_probabilities = lambda l: l.sigmoid() / l.sigmoid().sum(1, keepdim=True)",
            "logarithms": "class_probabilities = lambda l: l.log_softmax(1) + 1.19315 if l.shape[1] == 2 else l.log_softmax(1)",
            "one-hot": "class_probabilities = lambda l: (l == l.max(1, keepdim=True).values).float()"
            " / (l == l.max(1, keepdim=True).values).sum(1, keepdim=True)",
            "clamped": "class_probabilities = lambda l: l.clamp(-1, 1).softmax(1)",
        },
        "right": {
            "by hand": "def class_probabilities(l):\n    e = (l - l.amax(1, keepdim=True)).exp()\n    return e / e.sum(1, keepdim=True)",
            "by log_softmax": "class_probabilities = lambda l: torch.nn.functional.log_softmax(l, -1).exp()",
            "from the real logit": "class_probabilities = lambda l: (l - fake_logit - real_logit(l)[:, None]).exp()",
        },
    },
    "d_loss": {
        "tests": ["test-loss"],
        "wrong": {
            "without the fakes": D_LOSS.format("ce(l, labels) + softplus(-real_logit(u)).mean()"),
            "fakes called real": D_LOSS.format("ce(l, labels) + softplus(-real_logit(u)).mean() + softplus(-real_logit(f)).mean()"),
            "labels by K + 1 classes": D_LOSS.format("ce(torch.cat([l, torch.full_like(l[:, :1], fake_logit)], 1), labels)"
                                                     " + softplus(-real_logit(u)).mean() + softplus(real_logit(f)).mean()"),
            "one mean of all": D_LOSS.format("ce(l, labels) + 2 * torch.cat([softplus(-real_logit(u)), softplus(real_logit(f))]).mean()"),
            "fake at 0": D_LOSS.format("ce(l, labels) + softplus(-u.logsumexp(1) + 1e-2).mean() + softplus(f.logsumexp(1)).mean()"),
            "softmax before": D_LOSS.format("ce(l.softmax(1), labels) + softplus(-real_logit(u)).mean() + softplus(real_logit(f)).mean()"),
            "unstable": D_LOSS.format("ce(l, labels) - real_logit(u).sigmoid().log().mean() - (1 - real_logit(f).sigmoid()).log().mean()"),
            "sums": D_LOSS.format("ce(l, labels, reduction='sum') + softplus(-real_logit(u)).sum() + softplus(real_logit(f)).sum()"),
            "unlabeled by the largest": D_LOSS.format("ce(l, labels) + softplus(fake_logit - u.max(1).values).mean() + softplus(real_logit(f)).mean()"),
        },
        "right": {
            "by bce": D_LOSS.format("ce(l, labels) + torch.nn.functional.binary_cross_entropy_with_logits(real_logit(u), torch.ones(len(u)))"
                                    " + torch.nn.functional.binary_cross_entropy_with_logits(real_logit(f), torch.zeros(len(f)))"),
            "by the class fake": D_LOSS.format("ce(l, labels) - torch.cat([u, torch.full((len(u), 1), fake_logit)], 1).log_softmax(1)[:, :-1].logsumexp(1).mean()"
                                               " - torch.cat([f, torch.full((len(f), 1), fake_logit)], 1).log_softmax(1)[:, -1].mean()"),
            "by gather": D_LOSS.format("(l.logsumexp(1) - l.gather(1, labels[:, None])[:, 0]).mean().item()"
                                       " + softplus(-real_logit(u)).mean().item() + softplus(real_logit(f)).mean().item()"),
        },
    },
    "feature_matching": {
        "tests": ["test-matching"],
        "wrong": {
            "squared": "feature_matching = lambda r, f: (r.mean(0) - f.mean(0)).square().mean()",
            "the sum": "feature_matching = lambda r, f: (r.mean(0) - f.mean(0)).abs().sum() / 3",
            "one mean": "feature_matching = lambda r, f: (r.mean() - f.mean()).abs()",
            "the absolute value last": "feature_matching = lambda r, f: (r.mean(0) - f.mean(0)).mean().abs()",
            "in pairs": "feature_matching = lambda r, f: (r[:min(len(r), len(f))] - f[:min(len(r), len(f))]).abs().mean()",
            "over the features": "feature_matching = lambda r, f: (r.mean(1).mean() - f.mean(1).mean()).abs()",
            "the norm": "feature_matching = lambda r, f: (r.mean(0) - f.mean(0)).norm() / 3 ** .5",
            "of magnitudes": "feature_matching = lambda r, f: (r.abs().mean(0) - f.abs().mean(0)).abs().mean()",
        },
        "right": {
            "l1_loss": "feature_matching = lambda r, f: torch.nn.functional.l1_loss(r.mean(0), f.mean(0))",
            "by numpy": "import numpy as np\nfeature_matching = lambda r, f: np.abs(r.numpy().mean(0) - f.numpy().mean(0)).mean()",
            "sums": "feature_matching = lambda r, f: ((r.sum(0) / len(r) - f.sum(0) / len(f)).abs().sum() / r.shape[1]).item()",
        },
    },
    "spread_labels": {
        "tests": ["test-spread"],
        "wrong": {
            "without votes": spread(choice="around[0]"),
            "the last vote": spread(choice="around[-1]"),
            "the smallest label": spread(choice="min(around)"),
            "the largest label": spread(choice="max(around)"),
            "ties the other way": spread(choice=VOTES.replace("min if", "max if").replace("else max", "else min")),
            "ties by distance": spread(choice="max(around, key=around.count)"),
            "within the round": spread(before="labels"),
            "one round": spread(rounds="min(rounds, 1)"),
            "until the end": spread(rounds="100"),
            "its own neighbor": spread(itself=""),
            "one neighbor": spread(slice=":1"),
            "all neighbors": spread(slice=":"),
            "labels change": spread(who="range(len(labels))"),
            "the farthest": spread(itself=".neg().fill_diagonal_(math.inf)"),
        },
        "right": {
            "usual": spread(),
            "by scikit-learn": "def spread_labels(points, labels, neighbors, rounds):\n    from sklearn.neighbors import NearestNeighbors\n"
            "    near = NearestNeighbors(n_neighbors=neighbors).fit(points.numpy()).kneighbors(return_distance=False)\n"
            "    y = labels.numpy().copy()\n    for _ in range(rounds):\n        old = y.copy()\n        for i in range(len(y)):\n"
            "            votes = [v for v in old[near[i]] if v >= 0]\n            if old[i] < 0 and votes:\n"
            "                top = max(map(votes.count, votes))\n                best = sorted(v for v in votes if votes.count(v) == top)\n"
            "                y[i] = best[0] if tie == 'smallest' else best[-1]\n    return y",
            "by one-hot": "def spread_labels(points, labels, neighbors, rounds):\n    n, k = len(points), int(labels.max()) + 1\n"
            "    near = (torch.cdist(points, points) + torch.eye(n) * 1e9).topk(neighbors, largest=False).indices\n"
            "    y = labels.clone()\n    for _ in range(rounds):\n"
            "        votes = torch.stack([(y[near] == c).sum(1) for c in range(k)], 1).double()\n"
            "        votes += torch.linspace(0, .5, k) * (-1 if tie == 'smallest' else 1)\n"
            "        some = (y[near] >= 0).any(1) & (y < 0)\n        y = torch.where(some, votes.argmax(1), y)\n    return y.tolist()",
        },
    },
}  # fmt: skip
