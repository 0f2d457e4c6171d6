"""Problem set 2: implement a GAN."""

D_LOSS = "def d_loss(real_logits, fake_logits):\n    r, f, s = real_logits, fake_logits, smooth\n    return {}"
GRADIENTS = """
def gradients(D_weight, real, fake_weight, z):
    v = torch.tensor(float(D_weight), requires_grad=True)
    w = torch.tensor(float(fake_weight), requires_grad=True)
    {body}
"""
TRAIN = """
def train(seed, steps):
    {seeding}
    G, D = make_generator({latent}, 64), make_discriminator(64)
    g_opt = torch.optim.{g}
    d_opt = torch.optim.{d}
    for _ in range(steps):
        real = {real}
        z = torch.randn(128, {latent})
        loss = {loss}
        d_opt.zero_grad(); loss.backward(); {d_step}
        g_opt.zero_grad(); ({g_loss}).backward(); {g_step}
    return {returned}
"""
USUAL = {
    "seeding": "torch.manual_seed(seed)", "latent": "4", "real": "ring.sample(128, seed=1000 * seed + _)",
    "g": "Adam(G.parameters(), lr=1e-3, betas=(0., .9))", "d": "Adam(D.parameters(), lr=1e-3, betas=(0., .9))",
    "loss": "d_loss(D(real), D(G(z).detach()))", "d_step": "d_opt.step()", "g_step": "g_opt.step()",
    "g_loss": "g_loss(D(G(z)))", "returned": "G(torch.randn(1000, {latent})).detach()",
}  # fmt: skip


def train(**changes: str) -> str:
    words = {**USUAL, **changes}
    words["returned"] = words["returned"].format(latent=words["latent"])
    return TRAIN.format(**words)


def networks(g: str, d: str) -> str:
    return (
        f"def make_generator(latent_dim, width):\n    return nn.Sequential({g})\n"
        f"def make_discriminator(width):\n    return nn.Sequential({d})"
    )


G = "nn.Linear(latent_dim, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2)"
D = "nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)"
AUTOGRAD = (
    "a, = torch.autograd.grad(d_loss(v * real, v * (w * z).detach()), [v])\n"
    "    b, = torch.autograd.grad(g_loss(v.detach() * w * z), [w])\n    "
)

PARTS = {
    "d_loss": {
        "tests": ["test-d-loss"],
        "wrong": {
            "without smoothing": D_LOSS.format("softplus(-r).mean() + softplus(f).mean()"),
            "both sides smoothed": D_LOSS.format("(s * softplus(-r) + (1 - s) * softplus(r)).mean()"
                                                 " + (s * softplus(f) + (1 - s) * softplus(-f)).mean()"),
            "the mean of all": D_LOSS.format("2 * torch.cat([s * softplus(-r) + (1 - s) * softplus(r), softplus(f)]).mean()"),
            "labels swapped": D_LOSS.format("(s * softplus(r) + (1 - s) * softplus(-r)).mean() + softplus(-f).mean()"),
            "fakes called real": D_LOSS.format("(s * softplus(-r) + (1 - s) * softplus(r)).mean() + softplus(-f).mean()"),
            "unstable": D_LOSS.format("-(s * r.sigmoid().log() + (1 - s) * (1 - r.sigmoid()).log()).mean()"
                                      " - (1 - f.sigmoid()).log().mean()"),
            "clamped": D_LOSS.format("-(s * (r.sigmoid() + 1e-8).log() + (1 - s) * (1 - r.sigmoid() + 1e-8).log()).mean()"
                                     " - (1 - f.sigmoid() + 1e-8).log().mean()"),
            "a sigmoid too many": D_LOSS.format("(s * softplus(-r.sigmoid()) + (1 - s) * softplus(r.sigmoid())).mean()"
                                                " + softplus(f.sigmoid()).mean()"),
            "smoothing without its rest": D_LOSS.format("s * softplus(-r).mean() + softplus(f).mean() + (1 - s) * 0.693147"),
        },
        "right": {
            "by bce": D_LOSS.format("nn.functional.binary_cross_entropy_with_logits(r, torch.full_like(r, s))"
                                    " + nn.functional.binary_cross_entropy_with_logits(f, torch.zeros_like(f))"),
            "by a slope": D_LOSS.format("(softplus(-r) + (1 - s) * r).mean() + softplus(f).mean()"),
            "by logsigmoid, as a float": D_LOSS.format(
                "-(s * nn.functional.logsigmoid(r) + (1 - s) * nn.functional.logsigmoid(-r)).mean().item()"
                " - nn.functional.logsigmoid(-f).mean().item()"),
        },
    },
    "g_loss": {
        "tests": ["test-g-loss"],
        "wrong": {
            "saturating": "g_loss = lambda f: -softplus(f).mean() + 1.3862944",
            "the wrong sign": "g_loss = lambda f: softplus(f).mean()",
            "the sum": "g_loss = lambda f: softplus(-f).sum() / 5",
            "unstable": "g_loss = lambda f: -f.sigmoid().log().mean()",
            "clamped": "g_loss = lambda f: -(f.sigmoid() + 1e-8).log().mean()",
            "of the mean": "g_loss = lambda f: softplus(-f.mean())",
            "smoothed": "g_loss = lambda f: (smooth * softplus(-f) + (1 - smooth) * softplus(f)).mean()",
            "Wasserstein": "g_loss = lambda f: 0.6931472 - f.mean()",
        },
        "right": {
            "by bce": "g_loss = lambda f: nn.functional.binary_cross_entropy_with_logits(f, torch.ones_like(f))",
            "by logsigmoid": "g_loss = lambda f: -nn.functional.logsigmoid(f).mean()",
            "by logaddexp": "g_loss = lambda f: torch.logaddexp(torch.zeros_like(f), -f).mean().item()",
        },
    },
    "networks": {
        "tests": ["test-generator", "test-discriminator"],
        "wrong": {
            "a tanh at the end": networks(G + ", nn.Tanh()", D + ", nn.Flatten(0)"),
            "a sigmoid at the end": networks(G, D + ", nn.Sigmoid(), nn.Flatten(0)"),
            "shape (N, 1)": networks(G, D),
            "linear": networks("nn.Linear(latent_dim, width), nn.Linear(width, 2)", D + ", nn.Flatten(0)"),
            "a linear D": networks(G, "nn.Linear(2, width), nn.Linear(width, 1), nn.Flatten(0)"),
            "latent dimension fixed": networks(G.replace("latent_dim", "4"), D + ", nn.Flatten(0)"),
            "three coordinates": networks(G.replace("width, 2)", "width, 3)"), D + ", nn.Flatten(0)"),
            "batch norm in D": networks(G, D.replace("nn.ReLU()", "nn.BatchNorm1d(width)") + ", nn.Flatten(0)"),
        },
        "right": {
            "leaky": networks(G.replace("nn.ReLU()", "nn.LeakyReLU(.1)"), D.replace("nn.ReLU()", "nn.LeakyReLU(.1)") + ", nn.Flatten(0)"),
            "a module": "class Net(nn.Module):\n    def __init__(self, a, b, c):\n        super().__init__()\n"
            "        self.a, self.b, self.c = nn.Linear(a, b), nn.Linear(b, b), nn.Linear(b, c)\n        self.d = c\n"
            "    def forward(self, x):\n        x = self.c(self.b(self.a(x).relu()).relu())\n"
            "        return x[:, 0] if self.d == 1 else x\n"
            "make_generator = lambda latent_dim, width: Net(latent_dim, width, 2)\n"
            "make_discriminator = lambda width: Net(2, width, 1)",
            "smooth units": networks(G.replace("ReLU", "SiLU"), D.replace("ReLU", "GELU") + ", nn.Flatten(0)"),
        },
    },
    "gradients": {
        "tests": ["test-gradients"],
        "wrong": {
            "swapped": GRADIENTS.format(body=AUTOGRAD + "return b, a"),
            "of the sum": GRADIENTS.format(body=AUTOGRAD + "return a * len(z), b * len(z)"),
            "the minimax generator": GRADIENTS.format(body=AUTOGRAD + "b, = torch.autograd.grad(-softplus(v * w * z).mean(), [w])\n    return a, b"),
            "D's loss for both": GRADIENTS.format(body="a, b = torch.autograd.grad(d_loss(v * real, v * w * z), [v, w])\n    return a, b"),
            "without smoothing": GRADIENTS.format(body=AUTOGRAD + "a, = torch.autograd.grad(softplus(-v * real).mean() + softplus(v * w.detach() * z).mean(), [v])\n    return a, b"),
            "fakes forgotten": GRADIENTS.format(body=AUTOGRAD + "a, = torch.autograd.grad(d_loss(v * real, 0 * v * z), [v])\n    return a, b"),
            "accumulated": GRADIENTS.format(body="d_loss(v * real, v * w * z).backward()\n    g_loss(v * w * z).backward()\n    return v.grad, w.grad"),
            "the codes for fakes": GRADIENTS.format(body=AUTOGRAD + "a, = torch.autograd.grad(d_loss(v * real, v * z), [v])\n    return a, b"),
        },
        "right": {
            "by backward": GRADIENTS.format(body="d_loss(v * real, v * (w * z).detach()).backward()\n    a = v.grad.clone()\n"
                                            "    w.grad = None\n    g_loss(v * w * z).backward()\n    return a, w.grad"),
            "by hand": "def gradients(D_weight, real, fake_weight, z):\n    v, w = D_weight, fake_weight\n    s = torch.sigmoid\n"
            "    a = (real * ((1 - smooth) * s(v * real) - smooth * s(-v * real))).mean() + (w * z * s(v * w * z)).mean()\n"
            "    return a.item(), (-v * z * s(-v * w * z)).mean().item()",
            "without detach": GRADIENTS.format(body="a, = torch.autograd.grad(d_loss(v * real, v * w * z), [v])\n"
                                               "    b, = torch.autograd.grad(g_loss(v * w * z), [w])\n    return [a, b]"),
        },
    },
    "train": {
        "tests": ["test-train"],
        "slow": True,
        "wrong": {
            "the data itself": "def train(seed, steps):\n    return ring.sample(1000, seed=seed)",
            "noise": "def train(seed, steps):\n    torch.manual_seed(seed)\n    return torch.randn(1000, 2)",
            "no seed": train(seeding="pass", g_step="None", d_step="None"),
            "one seed for all": train(seeding="torch.manual_seed(0)", g_step="None"),
            "G stands still": train(g_step="None"),
            "D stands still": train(d_step="None"),
            "labels swapped": train(loss="d_loss(D(G(z).detach()), D(real))"),
            "D's optimizer moves G": train(g_step="d_opt.step()"),
            "a mean of the codes": train(returned="G(torch.zeros(1000, {latent})).detach()"),
        },
        "right": {
            "two dimensions": train(latent="2", g="Adam(G.parameters(), lr=2e-3, betas=(.5, .999))", d="Adam(D.parameters(), lr=2e-3, betas=(.5, .999))"),
            "eight dimensions": train(latent="8"),
            "RMSprop": train(g="RMSprop(G.parameters(), lr=1e-3)", d="RMSprop(D.parameters(), lr=1e-3)"),
        },
    },
}  # fmt: skip
