"""The laboratory of two players computes what the library computes, in the page and beside it."""

import numpy
import pytest
import torch

from gan_tutorial import GAN, data, metrics, models
from gan_tutorial.theory import divergences

NETWORKS = ("kernels.js", "networks.js", "adversarial.js")
PLAYERS = (*NETWORKS, "plane-data.js", "players.js")

GAMES = [
    {"loss": "non-saturating"},
    {"loss": "minimax"},
    {"loss": "hinge"},
    {"loss": "wasserstein", "gp": 1.0},
    {"loss": "relativistic", "r1": 0.1, "r2": 0.1},
    {"loss": "non-saturating", "r1": 0.5, "betas": (0.9, 0.999)},
    {"loss": "relativistic", "r1": 0.1, "r2": 0.1, "betas": None},
    {"loss": "hinge", "gp": 1.0, "width": 18, "depth": 1},
]

TRAIN = """([weights, batches, options]) => {
  const { Network, batch } = ganNetworks, { Game } = ganGame;
  const rows = (list) => Object.assign(batch(list.length, list[0].length), {
    a: Float64Array.from(list.flat()) });
  const game = new Game(Network.from(weights[0]), Network.from(weights[1]), options);
  const scalars = batches.map(({ real, z_d, u, z_g }) => ({
    ...game.discriminatorStep(rows(real), game.generator.forward(rows(z_d)).output, u),
    ...game.generatorStep(rows(real), rows(z_g)) }));
  return [scalars, game.generator.weights(), game.discriminator.weights()];
}"""


def weights_of(network) -> list:
    linears = [module for module in network.net if isinstance(module, torch.nn.Linear)]
    return [[layer.weight.tolist(), layer.bias.tolist()] for layer in linears]


@pytest.mark.parametrize("options", GAMES, ids=lambda o: "-".join(map(str, o.values())))
def test_toy_gan_computes_what_the_library_computes(load, options):
    """Five steps from the same weights on the same batches: losses, penalties and weights."""
    # Double precision, as in the page: in single precision Adam turns the rounding of a gradient
    # near zero into a step of the full learning rate.
    options = {"betas": (0.0, 0.9), "width": 64, "depth": 3, **options}
    size = {name: options.pop(name) for name in ("width", "depth")}
    networks = [network.double() for network in models.mlp_pair((2,), latent_dim=2, **size)]
    gan = GAN(*networks, lr=(2e-3, 1e-3), **{**options, "betas": options["betas"] or (0.0, 0.9)})
    if options["betas"] is None:  # plain descent
        for name, rate in (("generator", 2e-3), ("discriminator", 1e-3)):
            gan.optimizers[name] = torch.optim.SGD(gan.networks[name].parameters(), lr=rate)
    start = [weights_of(network) for network in networks]
    drawn, random = [], gan.random

    def recorded(*arguments):
        drawn.append(random(*arguments).double())
        return drawn[-1]

    gan.random = recorded
    points = data.ring(std=0.1).sample(5 * 32, seed=0).double().split(32)
    batches, expected = [], []
    for real in points:
        drawn.clear()
        expected.append({name: float(value) for name, value in gan.step(real.clone()).items()})
        z_d, *u, z_g = drawn
        u = u[0].flatten().tolist() if u else None
        batches.append({"real": real.tolist(), "z_d": z_d.tolist(), "u": u, "z_g": z_g.tolist()})

    settings = {"r1": 0, "r2": 0, "gp": 0, **options, "lrG": 2e-3, "lrD": 1e-3}
    scalars, *trained = load(*NETWORKS).evaluate(TRAIN, [start, batches, settings])

    least = 1e-3 if options["betas"] else 1e-5  # how far the weights have come
    for ours, theirs in zip(scalars, expected, strict=True):
        assert ours.keys() == theirs.keys()
        assert ours == pytest.approx(theirs, abs=1e-9)
    for network, before, after in zip(networks, start, trained, strict=True):
        for old, new, now in zip(before, after, weights_of(network), strict=True):
            assert (torch.tensor(now[0]) - torch.tensor(old[0])).abs().max() > least
            for ours, theirs in zip(new, now, strict=True):
                assert numpy.allclose(ours, theirs, rtol=0, atol=1e-9)


PRODUCTS = """([shapes, numbers]) => shapes.map(([rows, inner, columns, turned]) => {
  const product = (fast) => {
    const room = new ganKernels.Workspace(1 << 20, fast);
    const [c, a, b] = [rows * columns, rows * inner, inner * columns].map((n) => {
      const matrix = room.array(n);
      matrix.set(numbers.slice(0, n));
      return matrix;
    });
    const steps = turned ? [1, rows] : [inner, 1];
    room.multiply(c, a, b, rows, inner, columns, ...steps);
    room.bend(c, room.array(c.length));  // all of it, since nothing is above zero before
    return Array.from(c);
  };
  return [ganKernels.fast, product(true), product(false)];
})"""


def test_products_are_the_same_with_and_without_webassembly(load):
    """To the last bit; and they are those of torch, for sizes that fit its vectors or do not."""
    shapes = [
        (8, 5, 12, False),
        (4, 1, 4, True),
        (12, 7, 8, True),
        (5, 3, 2, False),
        (3, 6, 5, True),
    ]
    numbers = torch.randn(200, dtype=torch.float64)
    found = load("kernels.js").evaluate(PRODUCTS, [shapes, numbers.tolist()])
    for (rows, inner, columns, turned), (fast, ours, plain) in zip(shapes, found, strict=True):
        assert fast, "this browser has WebAssembly"
        assert ours == plain
        a = numbers[: rows * inner].view((inner, rows) if turned else (rows, inner))
        b, c = (numbers[: n * columns].view(n, columns) for n in (inner, rows))
        expected = 0.2 * (c + (a.T if turned else a) @ b)
        torch.testing.assert_close(torch.tensor(ours, dtype=torch.float64), expected.flatten())


PLAY = """([changes, steps]) => {
  const set = { ...ganPlayers.RECIPE, seed: 0, ...changes };
  const players = new ganPlayers.Players(set), { game } = players, made = [];
  for (let k = 0; k < steps; k++) {
    made.push(game.generator.weights());
    players.train(set, 1, Infinity);
  }
  made.push(game.generator.weights());
  const codes = ganNetworks.normals(400, 2, players.rng), fakes = game.generator.map(codes).a;
  return { made, average: players.average.weights(), fakes: Array.from(fakes), step: players.step,
    moves: [players.d.length, players.g.length], covered: ganPlane.covered(players.data, fakes),
    masses: Array.from(ganPlane.masses(players.data)), divergence: players.divergence(fakes),
    mixture: [players.data.means, players.data.std], updates: game.discriminator.updates,
    last: players.curve.at(-1), floor: players.floor };
}"""


@pytest.mark.parametrize("name", ["ring", "grid", "moons", "roll", "line"])
def test_divergence_and_clumps_are_the_library_s(load, name):
    """Of four hundred fakes: counted cells against the exact density, and covered modes."""
    found = load(*PLAYERS).evaluate(PLAY, [{"data": name}, 10])
    means, std = found["mixture"]
    centers = torch.tensor(means, dtype=torch.float64)
    fakes = torch.tensor(found["fakes"], dtype=torch.float64).view(-1, 2)
    edges = torch.linspace(-1.7, 1.7, 25, dtype=torch.float64)

    z = (edges[:, None, None] - centers) / std  # exact: products of normal cdfs
    share = torch.special.ndtr(z).diff(dim=0)
    inside = torch.einsum("im,jm->ji", share[..., 0], share[..., 1]) / len(means)
    p = torch.cat([inside.flatten(), 1 - inside.sum().view(1)]).clamp(min=0)
    counted = numpy.histogram2d(fakes[:, 1], fakes[:, 0], bins=[edges, edges])[0].flatten() / 400
    q = torch.tensor([*counted, 1 - counted.sum()])
    assert found["masses"] == pytest.approx(p.tolist(), abs=1e-6)
    assert found["divergence"] == pytest.approx(
        float(divergences.jensen_shannon(p, q, 1.0)), abs=1e-5
    )
    report = metrics.mode_report(fakes, data.Mixture(centers, std))
    assert found["covered"]["covered"] == report.modes
    assert found["covered"]["near"] == pytest.approx(report.high_quality)
    assert 0 < found["floor"] < 0.05 < found["last"]["now"] < numpy.log(2)


def test_averaged_generator_is_the_library_s(load):
    """Twelve steps: the average forgets its beginning as the library's does."""
    found = load(*PLAYERS).evaluate(PLAY, [{"unitsG": 8, "unitsD": 8}, 12])
    gan = GAN(*(n.double() for n in models.mlp_pair((2,), latent_dim=2, width=8)), ema=0.99)
    averaged = gan.average["generator"]
    for count, weights in enumerate(found["made"]):
        numbers = torch.tensor([x for w, b in weights for x in (*numpy.ravel(w), *b)])
        torch.nn.utils.vector_to_parameters(numbers.double(), gan.generator.parameters())
        if count == 0:
            averaged.load_state_dict(gan.generator.state_dict())
        else:
            gan.finish_step()
    for (w, b), (weight, bias) in zip(found["average"], weights_of(averaged), strict=True):
        assert numpy.allclose(w, weight, rtol=0, atol=1e-6)
        assert numpy.allclose(b, bias, rtol=0, atol=1e-6)


def test_every_move_of_d_is_played(load):
    page = load(*PLAYERS)
    found = page.evaluate(PLAY, [{"dSteps": 3, "unitsG": 8, "layersD": 1, "loss": "hinge"}, 4])
    assert (found["step"], found["moves"], found["updates"]) == (4, [12, 4], 12)
    plain = page.evaluate(PLAY, [{"optimizer": "sgd", "unitsD": 8}, 3])
    assert plain["updates"] == 0, "no moments"
    assert plain["made"][0] != plain["made"][-1]


def test_recipe_looks_converged_after_800_steps(load):
    """All clumps, each its share; on a laptop a step takes some milliseconds."""
    found = load(*PLAYERS).evaluate(PLAY.replace("made.push", "void"), [{}, 800])
    assert found["covered"]["covered"] == 8
    assert found["covered"]["near"] > 0.7
    # 0.53 at the start, 0.013 for as many new reals; 0.12 on this seed
    assert found["last"]["average"] < 0.2
    assert found["last"]["average"] < found["last"]["now"]


def test_pretrained_start_is_the_recipe_s(load):
    """Whatever is to follow: it begins where 500 steps of the recipe end."""
    small = {"unitsG": 8, "unitsD": 8, "layersG": 1, "layersD": 1}
    later = {**small, "start": "pretrained", "loss": "hinge", "optimizer": "sgd", "lrG": 0.5}
    page = load(*PLAYERS)
    trained = page.evaluate(PLAY.replace("train(set, 1", "train(set, 500"), [small, 1])
    began = page.evaluate(PLAY.replace("train(set, 1", "train(set, 1000"), [later, 1])
    assert (trained["step"], began["step"]) == (500, 0)
    assert began["made"][-1] == trained["made"][-1]
    assert began["average"] == trained["made"][-1]
    assert began["updates"] == 0


WORK = """async (f) => {
  const { Players, RECIPE } = ganPlayers, set = { ...RECIPE, seed: 3, unitsG: 16 };
  const [beside, here] = [new Players(set), new Players(set)];
  const { trainer } = f.lab, worker = Boolean(trainer.worker);
  for (const steps of [2, 3])
    await new Promise((done) => trainer.train(beside, set, steps, Infinity, done));
  here.train(set, 5, Infinity);
  return [worker, beside.step, JSON.stringify(beside.pack()) === JSON.stringify(here.pack())];
}"""


@pytest.mark.parametrize("refused", [False, True], ids=["worker", "refused"])
def test_a_worker_trains_as_the_page_does(start, refused):
    """From a page on disk; and where workers are refused, the page does it."""
    script = "window.Worker = function () { throw new Error('refused'); };" if refused else ""
    _, figure = start("toy-gan", script=script)
    assert figure.evaluate(WORK) == [not refused, 5, True]
