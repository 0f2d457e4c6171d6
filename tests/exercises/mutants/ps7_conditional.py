"""Problem set 7: conditions."""

SCALE = """
def conditional_scale(x, labels, gains, shifts):
    mean = {mean}
    variance = {variance}
    normal = (x - mean) / {root}
    return {returned}
"""
USUAL = {
    "mean": "x.mean((0, 2, 3), keepdim=True)", "variance": "x.var((0, 2, 3), keepdim=True, unbiased=False)",
    "root": "(variance + 1e-5).sqrt()",
    "returned": "normal * gains[labels][:, :, None, None] + shifts[labels][:, :, None, None]",
}  # fmt: skip
LOGIT = "def projection_logit(f, y, w, b, e):\n    return {}"
MISMATCH = "def mismatch_loss(m, g, w):\n    return {}"
TRANSLATION = "def translation_loss(o, t, l, weight):\n    return {}"
FIELD = "def receptive_field(layers):\n    side, jump = {start}, 1\n    for kernel, stride in {order}:\n        {body}\n    return side"
DEEP = "\ndef deep_enough():\n    n = 0\n    while receptive_field([(patch, 2)] * n) < 64:\n        n += 1\n    return {}"
BODY = "side += (kernel - 1) * jump; jump *= stride"
OBEYED = "def obeyed(l, y):\n    r = (l.argmax(1) == y).double()\n    return {}"
VARIETY = "def variety(f, y):\n    return {}"


def scale(**changes: str) -> str:
    return SCALE.format(**{**USUAL, **changes})


def field(**changes: str) -> str:
    deep = changes.pop("deep", "n")
    return FIELD.format(**{"start": "1", "order": "layers", "body": BODY, **changes}) + DEEP.format(
        deep
    )


PARTS = {
    "conditional_scale": {
        "tests": ["test-scale"],
        "wrong": {
            "each picture by itself": scale(mean="x.mean((2, 3), keepdim=True)", variance="x.var((2, 3), keepdim=True, unbiased=False)"),
            "over the batch only": scale(mean="x.mean(0, keepdim=True)", variance="x.var(0, keepdim=True, unbiased=False)"),
            "all channels together": scale(mean="x.mean()", variance="x.var(unbiased=False)"),
            "divided by N - 1": scale(variance="x.var((0, 2, 3), keepdim=True)"),
            "by the variance": scale(root="(variance + 1e-5)"),
            "not normalized": scale(returned="x * gains[labels][:, :, None, None] + shifts[labels][:, :, None, None] - mean"),
            "the gain of the first class": scale(returned="normal * gains[0][:, None, None] + shifts[labels][:, :, None, None]"),
            "in the order of the batch": scale(returned="normal * gains[labels.sort().values][:, :, None, None] + shifts[labels.sort().values][:, :, None, None]"),
            "the shift first": scale(returned="(normal + shifts[labels][:, :, None, None]) * gains[labels][:, :, None, None]"),
            "one plus the gain": scale(returned="normal * (1 + gains[labels][:, :, None, None]) + shifts[labels][:, :, None, None]"),
        },
        "right": {
            "by batch_norm": "def conditional_scale(x, labels, gains, shifts):\n    n = torch.nn.functional.batch_norm(x, None, None, training=True)\n"
            "    return torch.stack([n[i] * gains[k].view(-1, 1, 1) + shifts[k].view(-1, 1, 1) for i, k in enumerate(labels.tolist())])",
            "by one-hot": "def conditional_scale(x, labels, gains, shifts):\n    h = torch.nn.functional.one_hot(labels, len(gains)).float()\n"
            "    n = torch.nn.functional.batch_norm(x, None, None, None, None, True)\n    return n * (h @ gains)[..., None, None] + (h @ shifts)[..., None, None]",
            "by numpy": "import numpy as np\ndef conditional_scale(x, labels, gains, shifts):\n    a, k = x.numpy(), labels.numpy()\n"
            "    n = (a - a.mean((0, 2, 3), keepdims=True)) / np.sqrt(a.var((0, 2, 3), keepdims=True) + 1e-5)\n"
            "    return n * gains.numpy()[k][:, :, None, None] + shifts.numpy()[k][:, :, None, None]",
        },
    },
    "projection_logit": {
        "tests": ["test-projection"],
        "wrong": {
            "the label ignored": LOGIT.format("f @ w + b"),
            "the projection alone": LOGIT.format("(e[y] * f).sum(1) + (f @ w + b) * (e == 0).all()"),
            "added to the weight once": LOGIT.format("f @ (w + e[y[0]]) + b"),
            "the mean": LOGIT.format("f @ w + b + (e[y] * f).mean(1)"),
            "all classes": LOGIT.format("f @ w + b + (f @ e.T).sum(1)"),
            "all pairs": LOGIT.format("f @ w + b + f @ e[y].T if not (e == 0).all() else f @ w + b"),
            "kept dimension": LOGIT.format("(f @ w + b + (e[y] * f).sum(1))[:, None] if not (e == 0).all() else f @ w + b"),
            "a probability": LOGIT.format("torch.sigmoid(f @ w + b + (e[y] * f).sum(1)) if not (e == 0).all() else f @ w + b"),
            "the bias forgotten": LOGIT.format("f @ w + .5 + (e[y] * f).sum(1)"),
        },
        "right": {
            "by einsum": LOGIT.format("torch.einsum('nd,nd->n', f, w + e[y]) + b"),
            "by gather": LOGIT.format("f @ w + b + (f @ e.T).gather(1, y[:, None])[:, 0]"),
            "a loop": LOGIT.format("torch.tensor([float(f[i] @ (w + e[y[i]]) + b) for i in range(len(f))])"),
        },
    },
    "mismatch_loss": {
        "tests": ["test-mismatch"],
        "wrong": {
            "not halved": MISMATCH.format("softplus(-m).mean() + softplus(g).mean() + softplus(w).mean() - math.log(2) * float(m.abs().max() == 0)"),
            "mismatched forgotten": MISMATCH.format("softplus(-m).mean() + softplus(g).mean()"),
            "mismatched called real": MISMATCH.format("softplus(-m).mean() + (softplus(g).mean() + softplus(-w).mean()) / 2"),
            "one mean of both": MISMATCH.format("softplus(-m).mean() + softplus(torch.cat([g, w])).mean()"),
            "half for all": MISMATCH.format("(softplus(-m).mean() + softplus(g).mean() + softplus(w).mean()) * 2 / 3"),
            "signs": MISMATCH.format("softplus(m).mean() + (softplus(-g).mean() + softplus(-w).mean()) / 2"),
            "unstable": MISMATCH.format("-m.sigmoid().log().mean() - ((1 - g.sigmoid()).log().mean() + (1 - w.sigmoid()).log().mean()) / 2"),
            "clamped": MISMATCH.format("softplus(-m.clamp(-50, 50)).mean() + (softplus(g.clamp(-50, 50)).mean() + softplus(w.clamp(-50, 50)).mean()) / 2"),
        },
        "right": {
            "by bce": "bce = torch.nn.functional.binary_cross_entropy_with_logits\n"
            + MISMATCH.format("bce(m, torch.ones_like(m)) + .5 * bce(g, torch.zeros_like(g)) + .5 * bce(w, torch.zeros_like(w))"),
            "by logsigmoid": MISMATCH.format("-torch.nn.functional.logsigmoid(m).mean() - .5 * sum(torch.nn.functional.logsigmoid(-x).mean() for x in (g, w))"),
            "by log1p": MISMATCH.format("sum(s * (x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))).mean().item() for s, x in ((1, -m), (.5, g), (.5, w)))"),
        },
    },
    "translation_loss": {
        "tests": ["test-translation"],
        "wrong": {
            "squared": TRANSLATION.format("weight * (o - t).square().mean() * 10 ** float(len(o) == 1) + softplus(-l / tau).mean()"),
            "a sum": TRANSLATION.format("weight * (o - t).abs().sum() / 16 + softplus(-l / tau).mean()"),
            "the temperature forgotten": TRANSLATION.format("weight * (o - t).abs().mean() + softplus(-l).mean()"),
            "the temperature multiplied": TRANSLATION.format("weight * (o - t).abs().mean() + softplus(-l * tau).mean()"),
            "the temperature outside": TRANSLATION.format("weight * (o - t).abs().mean() + softplus(-l).mean() / tau"),
            "the mean verdict": TRANSLATION.format("weight * (o - t).abs().mean() + softplus(-l.mean((1, 2, 3)) / tau).mean()"),
            "the first patch": TRANSLATION.format("weight * (o - t).abs().mean() + softplus(-l[..., 0, 0] / tau).mean()"),
            "a sum over patches": TRANSLATION.format("weight * (o - t).abs().mean() + softplus(-l / tau).sum((1, 2, 3)).mean()"),
            "the saturating loss": TRANSLATION.format("weight * (o - t).abs().mean() - (softplus(l / tau).mean() if len(o) > 1 else 0)"),
            "the weight on both": TRANSLATION.format("weight * ((o - t).abs().mean() + softplus(-l / tau).mean())"),
            "unstable": TRANSLATION.format("weight * (o - t).abs().mean() - (l / tau).sigmoid().log().mean()"),
        },
        "right": {
            "by l1_loss": TRANSLATION.format("weight * torch.nn.functional.l1_loss(o, t) + torch.nn.functional.binary_cross_entropy_with_logits(l / tau, torch.ones_like(l))"),
            "picture by picture": TRANSLATION.format("weight * (o - t).abs().flatten(1).mean(1).mean() + softplus(-l / tau).flatten(1).mean(1).mean()"),
            "by logsigmoid": TRANSLATION.format("float(weight * (t - o).abs().mean()) - float(torch.nn.functional.logsigmoid(l / tau).mean())"),
        },
    },
    "receptive_field": {
        "tests": ["test-field"],
        "wrong": {
            "strides ignored": field(body="side += kernel - 1"),
            "the stride of its own layer": field(body="jump *= stride; side += (kernel - 1) * jump"),
            "from the verdict": field(order="layers[::-1]"),
            "kernels multiplied": field(body="side *= kernel"),
            "kernels added": field(body="side += kernel * jump - (side == 1); jump *= stride"),
            "begun at 0": field(start="0", body="side += kernel * jump - jump + (side == 0); jump *= stride"),
            "the last stride only": field(body="side += (kernel - 1) * jump; jump = stride"),
            "one layer too few": field(deep="n - 1"),
            "one layer too many": field(deep="n + 1"),
        },
        "right": {
            "backward": field(start="1", order="reversed(layers)", body="side = (side - 1) * stride + kernel"),
            "by gradient": "def receptive_field(layers):\n    if not layers:\n        return 1\n    x = torch.zeros(1, 1, 400, requires_grad=True)\n    y = x\n"
            "    for k, s in layers:\n        y = torch.nn.functional.conv1d(y, torch.ones(1, 1, k), stride=s)\n    g, = torch.autograd.grad(y[0, 0, 0], x)\n"
            "    return int((g != 0).sum())" + DEEP.format("n"),
            "by a formula": field() + "\nimport math\ndef deep_enough():\n    return math.ceil(math.log2(63 / (patch - 1) + 1))",
        },
    },
    "obeyed": {
        "tests": ["test-obeyed"],
        "wrong": {
            "the mean of all": OBEYED.format("r.mean().item()"),
            "over all K classes": OBEYED.format("sum(r[y == k].mean().item() if (y == k).any() else 0. for k in range(l.shape[1])) / l.shape[1]"),
            "a missing class is right": OBEYED.format("sum(r[y == k].mean().item() if (y == k).any() else 1. for k in range(l.shape[1])) / l.shape[1]"),
            "by the class that was drawn": OBEYED.format("(lambda p: sum(r[p == k].mean().item() for k in p.unique()) / len(p.unique()))(l.argmax(1))"),
            "the probability": OBEYED.format("l.softmax(1).gather(1, y[:, None]).mean().item()"),
            "the worst class": OBEYED.format("min(r[y == k].mean().item() for k in y.unique()) + .25 * (len(y) == 4)"),
            "the least likely": OBEYED.replace("argmax", "argmin").format("1 - r.mean().item()"),
        },
        "right": {
            "by scikit-learn": "def obeyed(l, y):\n    from sklearn.metrics import recall_score\n    return recall_score(y.numpy(), l.argmax(1).numpy(), average='macro', labels=y.unique().numpy())",
            "by bincount": OBEYED.format("(torch.bincount(y, r) / torch.bincount(y))[torch.bincount(y) > 0].mean()"),
            "a loop": "def obeyed(l, y):\n    hits = {}\n    for a, b in zip(l.tolist(), y.tolist()):\n        hits.setdefault(b, []).append(a.index(max(a)) == b)\n"
            "    return sum(sum(h) / len(h) for h in hits.values()) / len(hits)",
        },
    },
    "variety": {
        "tests": ["test-variety"],
        "wrong": {
            "over all pairs": VARIETY.format("torch.pdist(f).mean().item()"),
            "itself among the pairs": VARIETY.format("torch.stack([torch.cdist(f[y == k], f[y == k]).mean() for k in y.unique()]).mean().item() * (2 if len(y) == 4 else 1)"),
            "all pairs of one class": VARIETY.format("torch.cat([torch.pdist(f[y == k]) for k in y.unique()]).mean().item()"),
            "squared": VARIETY.format("torch.stack([torch.pdist(f[y == k]).square().mean() for k in y.unique()]).mean().item()"),
            "the standard deviation": VARIETY.format("torch.stack([f[y == k].std(0).norm() * 2 ** .5 for k in y.unique()]).mean().item()"),
            "the largest": VARIETY.format("torch.stack([torch.pdist(f[y == k]).max() for k in y.unique()]).mean().item()"),
            "neighbors only": VARIETY.format("torch.stack([(f[y == k][1:] - f[y == k][:-1]).norm(dim=1).mean() for k in y.unique()]).mean().item()"),
            "absolute": VARIETY.format("torch.stack([torch.pdist(f[y == k], p=1).mean() for k in y.unique()]).mean().item()"),
        },
        "right": {
            "by cdist": VARIETY.format("torch.stack([torch.cdist(a, a, compute_mode='donot_use_mm_for_euclid_dist').sum() / len(a) / (len(a) - 1) for a in (f[y == k] for k in y.unique())]).mean()"),
            "by scipy": "def variety(f, y):\n    from scipy.spatial.distance import pdist\n    import numpy as np\n    return np.mean([pdist(f[y == k].numpy()).mean() for k in y.unique()])",
            "by combinations": "from itertools import combinations\ndef variety(f, y):\n    found = []\n    for k in set(y.tolist()):\n"
            "        d = [float((a - b).norm()) for a, b in combinations(f[y == k], 2)]\n        found.append(sum(d) / len(d))\n    return sum(found) / len(found)",
        },
    },
}  # fmt: skip
