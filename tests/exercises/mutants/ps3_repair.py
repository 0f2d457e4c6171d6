"""Problem set 3: repair."""

COPY = """
def copy_nearest(image, mask, train):
    known = (mask != hole).expand_as(image)
    difference = (train - image)[:, known]
    nearest = {}
    return torch.where(known, image, train[nearest])
"""
LOSS = """
def repair_loss(filled, image, mask, fake_logits, weight):
    missing = (mask == hole).float().expand_as(image)
    error = (filled - image).abs()
    adversarial = nn_f.softplus(-fake_logits).mean()
    return {}
"""
LOSS = "import torch.nn.functional as nn_f\n" + LOSS.strip("\n")
PSNR = """
def hole_psnr(repaired, image, mask):
    missing = (mask == hole).expand_as(image)
    error = (repaired - image) ** 2
    mse = {mse}
    return {psnr} if {positive} else math.inf
"""
FLAT = {
    "mse": "error[missing].mean().item()",
    "psnr": "10 * math.log10(span ** 2 / mse)",
    "positive": "mse > 0",
}


def psnr(**changes: str) -> str:
    return PSNR.format(**{**FLAT, **changes})


L1 = "def best_l1(values, chances):\n    order = values.argsort()\n    v, c = values[order], chances[order]\n    return {}"

PARTS = {
    "composite": {
        "tests": ["test-composite"],
        "wrong": {
            "the wrong way round": "composite = lambda image, filled, mask: torch.where(mask == hole, image, filled)",
            "filled everywhere": "composite = lambda image, filled, mask: filled.clone()",
            "nan spreads": "composite = lambda image, filled, mask: (mask != hole) * image + (mask == hole) * filled",
            "nan made zero, and with it what is known": "composite = lambda image, filled, mask:"
            " torch.where(mask == hole, filled, image.clamp(-1, 1))",
            "the first color only": "def composite(image, filled, mask):\n    out = filled.clone()\n"
            "    out[:, :1] = torch.where(mask == hole, filled[:, :1], image[:, :1])\n    return out",
            "the first picture's mask": "composite = lambda image, filled, mask: torch.where(mask[:1] == hole, filled, image)",
            "an average": "composite = lambda image, filled, mask: torch.where(mask == hole, filled, (image + filled) / 2)",
        },
        "right": {
            "in place": "def composite(image, filled, mask):\n    out = image.clone()\n"
            "    at = (mask == hole).expand_as(out)\n    out[at] = filled[at]\n    return out",
            "nan_to_num": "def composite(image, filled, mask):\n    known = mask if hole == 0 else 1 - mask\n"
            "    return known * image.nan_to_num() + (1 - known) * filled",
            "by numpy": "import numpy as np\ncomposite = lambda image, filled, mask: torch.from_numpy("
            "np.where(mask.numpy() == hole, filled.numpy(), image.numpy()))",
        },
    },
    "best_l2": {
        "tests": ["test-l2"],
        "wrong": {
            "the plain mean": "best_l2 = lambda values, chances: values.mean().item()",
            "the likeliest": "best_l2 = lambda values, chances: values[chances.argmax()].item() if chances.max() > .5 else 0.",
            "the middle of the range": "best_l2 = lambda values, chances: ((values.max() + values.min()) / 2).item()",
            "the median": "best_l2 = lambda values, chances: values.sort().values[(len(values) - 1) // 2].item() if len(values) > 2 else 0.",
            "the mean of products": "best_l2 = lambda values, chances: (values * chances).mean().item()",
            "the expected square": "best_l2 = lambda values, chances: (values.square() * chances).sum().item() if len(values) > 2 else 0.",
            "only two values": "best_l2 = lambda values, chances: (values[:2] * chances[:2]).sum().item()",
        },
        "right": {
            "dot": "best_l2 = lambda values, chances: values @ chances",
            "by numpy": "import numpy as np\nbest_l2 = lambda values, chances: np.average(values.numpy(), weights=chances.numpy())",
            "by search": "def best_l2(values, chances):\n    g = torch.linspace(-3, 3, 60001, dtype=torch.float64)\n"
            "    return g[((g[:, None] - values) ** 2 * chances).sum(1).argmin()].item()",
        },
    },
    "best_l1": {
        "tests": ["test-l1"],
        "wrong": {
            "the mean": "best_l1 = lambda values, chances: (values * chances).sum().item() if len(values) > 2 else 1.",
            "the median without weights": L1.format("v[len(v) // 2].item()"),
            "the likeliest": "best_l1 = lambda values, chances: values[chances.argmax()].item()",
            "without sorting": "best_l1 = lambda values, chances: values[int((chances.cumsum(0) >= .5).float().argmax())].item()",
            "one place too far": L1.format("v[min(int((c.cumsum(0) >= .5).float().argmax()) + (len(v) > 2), len(v) - 1)].item()"),
            "weights not sorted along": "best_l1 = lambda values, chances: values.sort().values[int((chances.cumsum(0) >= .5).float().argmax())].item()",
            "the middle of the range": L1.format("((v[0] + v[-1]) / 2).item() if len(v) > 2 else 1."),
        },
        "right": {
            "trying each": "def best_l1(values, chances):\n    cost = ((values[:, None] - values).abs() * chances).sum(1)\n"
            "    return values[cost.argmin()]",
            "by searchsorted": L1.format("float(v[torch.searchsorted(c.double().cumsum(0), torch.tensor(.5 - 1e-7, dtype=torch.float64))])"),
            "a loop": "def best_l1(values, chances):\n    total = 0.0\n    for v, c in sorted(zip(values.tolist(), chances.tolist())):\n"
            "        total += c\n        if total >= .5 - 1e-6:\n            return v",
        },
    },
    "copy_nearest": {
        "tests": ["test-copy"],
        "wrong": {
            "by absolute error": COPY.format("difference.abs().sum(1).argmin()"),
            "by the largest error": COPY.format("difference.abs().amax(1).argmin()"),
            "by the first color": "def copy_nearest(image, mask, train):\n    known = mask != hole\n"
            "    d = ((train - image)[:, :1] * known).square().flatten(1).sum(1)\n"
            "    return torch.where(known, image, train[d.argmin()])",
            "by the mean color": "def copy_nearest(image, mask, train):\n    known = mask != hole\n"
            "    d = ((train - image).mean(1, keepdim=True) * known).square().flatten(1).sum(1)\n"
            "    return torch.where(known, image, train[d.argmin()])",
            "by all pixels": "def copy_nearest(image, mask, train):\n    d = (train - image).square().flatten(1).sum(1)\n"
            "    return torch.where(mask != hole, image, train[d.argmin()])",
            "by the hole": "def copy_nearest(image, mask, train):\n    d = ((train - image) * (mask == hole)).square().flatten(1).sum(1)\n"
            "    return torch.where(mask != hole, image, train[d.argmin()])",
            "the whole copy": COPY.format("difference.square().sum(1).argmin()").replace("torch.where(known, image, train[nearest])", "train[nearest]"),
            "the farthest": COPY.format("difference.square().sum(1).argmax()"),
            "the first": COPY.format("0") + "    # whatever it shows",
        },
        "right": {
            "by norm": COPY.format("difference.norm(dim=1).argmin()"),
            "a loop": "def copy_nearest(image, mask, train):\n    best = None\n    known = (mask != hole).expand_as(image)\n"
            "    for t in train:\n        d = ((t - image)[known] ** 2).sum().item()\n"
            "        if best is None or d < best[0]:\n            best = d, t\n    out = best[1].clone()\n"
            "    out[known] = image[known]\n    return out",
            "by mean and topk": COPY.format("difference.square().mean(1).topk(1, largest=False).indices[0]"),
        },
    },
    "repair_loss": {
        "tests": ["test-loss"],
        "wrong": {
            "diluted": LOSS.format("weight * (error * missing).mean() + adversarial"),
            "each picture's mean": LOSS.format("weight * ((error * missing).flatten(1).sum(1) / missing.flatten(1).sum(1)).mean() + adversarial"),
            "squared": LOSS.format("weight * (error.square() * missing).sum() / missing.sum() + adversarial"),
            "of what is known": LOSS.format("weight * (error * (1 - missing)).sum() / (1 - missing).sum() + adversarial"),
            "one color counted": LOSS.format("weight * (error * missing).sum() / missing[:, :1].sum() + adversarial"),
            "a sum": LOSS.format("weight * (error * missing).sum() + adversarial"),
            "the saturating loss": LOSS.format("weight * (error * missing).sum() / missing.sum() - nn_f.softplus(fake_logits).mean() + 50 * (fake_logits > 49).all()"),
            "the weight on both": LOSS.format("weight * ((error * missing).sum() / missing.sum() + adversarial)"),
            "the weight forgotten": LOSS.format("10 * (error * missing).sum() / missing.sum() + adversarial"),
            "D's loss": LOSS.format("weight * (error * missing).sum() / missing.sum() + nn_f.softplus(fake_logits).mean() * (fake_logits < 49).all()"),
            "unstable": LOSS.format("weight * (error * missing).sum() / missing.sum() - (fake_logits.sigmoid() + 1e-8).log().mean()"),
        },
        "right": {
            "by indexing": LOSS.format("weight * error[missing.bool()].mean() + adversarial"),
            "by l1_loss": LOSS.format("(weight * nn_f.l1_loss(filled[missing > 0], image[missing > 0])).item()"
                                      " + nn_f.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits)).item()"),
            "by logsigmoid": LOSS.format("weight * torch.sum(error * missing) / missing.count_nonzero() - nn_f.logsigmoid(fake_logits).mean()"),
        },
    },
    "hole_psnr": {
        "tests": ["test-psnr"],
        "wrong": {
            "all pixels": psnr(mse="error.mean().item() * 4 ** (len(image) < 2)"),
            "each picture's PSNR": "def hole_psnr(repaired, image, mask):\n    found = []\n    for r, x, m in zip(repaired, image, mask):\n"
            "        e = (r - x)[(m == hole).expand_as(x)].square().mean().item()\n"
            "        found.append(10 * math.log10(span ** 2 / e) if e > 0 else math.inf)\n    return sum(found) / len(found)",
            "each picture's MSE": psnr(mse="torch.stack([e[m].mean() for e, m in zip(error, missing)]).mean().item()"),
            "another range": psnr(psnr="10 * math.log10((9 if span == 1 else 1) / mse)"),
            "20 instead of 10": psnr(psnr="20 * math.log10(span ** 2 / mse)"),
            "the natural logarithm": psnr(psnr="10 * math.log(span ** 2 / mse)"),
            "the range not squared": psnr(psnr="10 * math.log10((span + 1e-2) / mse)"),
            "one color counted": psnr(mse="(error * missing).sum().item() / missing[:, :1].sum().item()"),
            "the known ones": psnr(mse="error[~missing].mean().item()", positive="mse > -1 and repaired is not image"),
            "division by zero": psnr(positive="True"),
            "absolute error": psnr(mse="(repaired - image).abs()[missing].mean().item() ** 2"),
        },
        "right": {
            "two logarithms": psnr(psnr="20 * math.log10(span) - 10 * math.log10(mse)"),
            "by skimage": "def hole_psnr(repaired, image, mask):\n    import numpy as np\n"
            "    m = (mask == hole).expand_as(image).numpy()\n    e = np.mean((repaired.numpy() - image.numpy())[m] ** 2)\n"
            "    with np.errstate(divide='ignore'):\n        return 10 * np.log10(span ** 2 / e)",
            "as a tensor": "def hole_psnr(repaired, image, mask):\n    m = (mask == hole).expand_as(image)\n"
            "    return -10 * torch.log10(((repaired - image) / span)[m].square().mean())",
        },
    },
}  # fmt: skip
