import math

import numpy as np
import pytest
import torch

from gan_tutorial.data.soccer import FACTORS, KINDS, PATTERNS, draw, draw_factors, panels, soccer

GROUNDS = ("plain", "grass")
GOLDEN = (1 + math.sqrt(5)) / 2


def even_permutations(x, y, z):
    """All sign changes and cyclic permutations of a point."""
    signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    points = np.concatenate([np.roll(signs * [x, y, z], turn, axis=1) for turn in range(3)])
    return np.unique(points.round(9), axis=0)


def unit(points):
    points = torch.as_tensor(np.asarray(points), dtype=torch.float64)
    return (points / points.norm(dim=-1, keepdim=True)).t()


def rotation_onto(source, target):
    """Return the quaternion of the shortest rotation from one unit vector to another."""
    source, target = (torch.as_tensor(v, dtype=torch.float64) for v in (source, target))
    q = torch.cat([1 + (source @ target)[None], torch.linalg.cross(source, target)])
    return (q / q.norm()).float()


def one(**changes):
    """Return the factors of a ball in the middle, lit from above."""
    factors = {
        "rotation": torch.tensor([[1.0, 0.0, 0.0, 0.0]]),
        "light": torch.tensor([[0.0, 0.866, 0.5]]),
        "radius": torch.tensor([0.4]),
        "center": torch.tensor([[0.5, 0.5]]),
        "ground": torch.tensor([[0.5, 0.5, 0.5]]),
        "patch": torch.zeros(1, 4),
    }
    return factors | {name: torch.as_tensor(value)[None] for name, value in changes.items()}


def gray(factors, size, ground="plain"):
    return draw(factors, size, ground)[0].mean(dim=0)


# The 60 corners of a truncated icosahedron with edges of length 2, and its faces' directions.
CORNERS = np.concatenate(
    [
        even_permutations(0, 1, 3 * GOLDEN),
        even_permutations(1, 2 + GOLDEN, 2 * GOLDEN),
        even_permutations(GOLDEN, 2, 2 * GOLDEN + 1),
    ]
)
PENTAGONS = even_permutations(0, 1, GOLDEN)
HEXAGONS = np.concatenate([even_permutations(1, 1, 1), even_permutations(1 / GOLDEN, 0, GOLDEN)])
EDGES = [  # the middles of all 90 edges
    (a + b) / 2
    for k, a in enumerate(CORNERS)
    for b in CORNERS[:k]
    if abs(np.linalg.norm(a - b) - 2) < 1e-6
]


def test_there_are_12_pentagons_20_hexagons_60_corners_and_90_edges():
    assert (len(PENTAGONS), len(HEXAGONS), len(CORNERS), len(EDGES)) == (12, 20, 60, 90)
    assert panels(unit(PENTAGONS))[0].all()
    assert not panels(unit(HEXAGONS))[0].any()


def test_seams_run_along_the_edges_of_the_truncated_icosahedron():
    for places in (CORNERS, EDGES):
        distance = panels(unit(places))[1]
        torch.testing.assert_close(distance, torch.zeros_like(distance), atol=1e-6, rtol=0)


def test_the_distance_from_a_seam_is_right_near_it():
    # Go a small way from the middle of each edge toward the middle of the nearest face.
    for faces in (PENTAGONS, HEXAGONS):
        for edge in np.stack(EDGES)[::7]:
            edge = unit(edge)
            face = unit(faces)[:, (unit(faces).T @ edge).argmax()]
            if face @ edge < 0.9:  # no pentagon touches this edge
                continue
            across = face - (face @ edge) * edge
            distance = 0.03
            point = math.cos(distance) * edge + math.sin(distance) * across / across.norm()
            assert panels(point[:, None])[1].item() == pytest.approx(distance, rel=0.01)


def test_black_covers_as_much_of_the_sphere_as_the_pentagons_subtend():
    points = unit(np.random.default_rng(0).standard_normal((200_000, 3)))
    share = panels(points)[0].double().mean().item()
    # Girard: a spherical pentagon's area is the sum of its angles less 3 pi. Its corners are the
    # five next to a pentagon's middle.
    middle = unit(PENTAGONS)[:, 0]
    corners = unit(CORNERS).T
    near = corners[(corners @ middle).topk(5).indices]
    radius = torch.acos(near[0] @ middle)
    base = math.atan2(1, math.tan(math.pi / 5) * math.cos(radius))  # of a fifth of it
    area = 5 * (2 * base + 2 * math.pi / 5 - math.pi)
    assert share == pytest.approx(12 * area / (4 * math.pi), abs=0.004)


@pytest.mark.parametrize(("size", "contrast"), [(32, 0.55), (64, 0.75), (256, 1.4)])
def test_seams_between_white_panels_show(size, contrast):
    """Turn the middle of a seam between two hexagons to the viewer and measure the contrast."""
    edge = next(e for e in EDGES if (unit(PENTAGONS).T @ unit(e)).max() < 0.88)
    picture = gray(one(rotation=rotation_onto(unit(edge), [0.0, 0.0, 1.0])), size)
    seam = picture[size // 2 - 1 : size // 2 + 1, size // 2 - 1 : size // 2 + 1].min()
    around = size // 2 - size // 8, size // 2 + size // 8
    leather = picture[slice(*around), slice(*around)].max()
    assert leather > 0.5
    assert seam < leather - contrast


@pytest.mark.parametrize("size", [32, 64, 256])
def test_a_pentagon_turned_to_the_viewer_is_black_and_a_hexagon_white(size):
    middle = slice(size // 2 - 2, size // 2 + 2)
    for faces, low, high in ((PENTAGONS, -1, -0.4), (HEXAGONS, 0.4, 1)):
        for face in faces[::5]:
            turned = one(rotation=rotation_onto(unit(face), [0.0, 0.0, 1.0]))
            shade = gray(turned, size)[middle, middle].mean()
            assert low <= shade <= high


@pytest.mark.parametrize("face", range(12))
def test_the_rotation_takes_a_panel_where_it_says(face):
    # Not to the middle: there the ball's symmetry would hide a rotation the wrong way round.
    x, y, z = 0.35, 0.45, (1 - 0.35**2 - 0.45**2) ** 0.5
    factors = one(rotation=rotation_onto(unit(PENTAGONS[face]), [x, y, z]))
    size = 128
    column, row = (round(size * (0.5 + 0.4 * shift)) for shift in (x, -y))
    assert gray(factors, size)[row - 2 : row + 2, column - 2 : column + 2].max() < -0.3


@pytest.mark.parametrize("ground", GROUNDS)
def test_images_are_float_rgb_in_range_at_any_size(ground):
    for size in (8, 33, 300):
        images, factors = soccer(2, size, ground)
        assert images.shape == (2, 3, size, size)
        assert images.dtype == torch.float32
        assert images.min() >= -1
        assert images.max() <= 1
        assert images.isfinite().all()
        assert factors.keys() == FACTORS.keys()
        assert all(rows.dtype == torch.float32 for rows in factors.values())


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_picture_does_not_depend_on_how_many_are_drawn(ground):
    many, factors = soccer(60, 32, ground, seed=3)
    for count in (1, 17):
        few, the_same = soccer(count, 32, ground, seed=3)
        torch.testing.assert_close(few, many[:count], atol=1e-6, rtol=0)
        for name in factors:
            assert torch.equal(the_same[name], factors[name][:count])


def test_the_same_call_gives_the_same_bits():
    assert torch.equal(soccer(20, 32, seed=1)[0], soccer(20, 32, seed=1)[0])


def test_seeds_and_streams_give_other_pictures():
    pictures = [soccer(3, 16, seed=s, stream=t)[0] for s in (0, 1) for t in (0, 1, 2)]
    together = torch.cat(pictures).flatten(1)
    assert (torch.cdist(together, together) + 9 * torch.eye(18)).min() > 1


def test_factors_draw_the_same_pictures_again():
    images, factors = soccer(5, 24, "grass", seed=2)
    torch.testing.assert_close(draw(factors, 24, "grass"), images)


def test_the_same_ball_is_seen_at_every_resolution():
    small, large = soccer(8, 32)[0], soccer(8, 128)[0]
    shrunk = torch.nn.functional.avg_pool2d(large, 4)
    assert (small - shrunk).abs().mean() < 0.08
    other = soccer(8, 32, seed=1)[0]
    assert (other - shrunk).abs().mean() > 0.3


@pytest.mark.parametrize(("x", "y", "radius"), [(0.5, 0.5, 0.3), (0.4, 0.62, 0.25)])
def test_center_and_radius_say_where_the_ball_is(x, y, radius):
    size = 100
    place = {"center": [x, y], "radius": radius}
    turned = [one(**place), one(**place, rotation=[0.0, 1.0, 0.0, 0.0])]
    turned += [one(**place, rotation=rotation_onto([1.0, 0.0, 0.0], [0.0, 0.6, 0.8]))]
    pictures = torch.stack([gray(factors, size) for factors in turned])
    rows, columns = ((pictures - pictures[0]).abs().amax(dim=0) > 1e-3).nonzero().T
    # What a turn of the ball changes is inside the circle, and reaches its rim.
    distance = ((columns + 0.5 - 100 * x) ** 2 + (rows + 0.5 - 100 * y) ** 2).sqrt()
    assert distance.max() <= 100 * radius + 1
    assert distance.max() > 100 * radius * 0.93


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_side_toward_the_light_is_brighter_and_the_shadow_on_the_other(ground):
    light = torch.tensor([0.7, 0.3, 0.65])
    picture = gray(one(light=light / light.norm(), radius=0.25), 64, ground)
    left, right = picture[24:40, 18:30].mean(), picture[24:40, 34:46].mean()
    assert right > left + 0.1  # the ball, lit from the right
    assert picture[24:56, :14].mean() < picture[24:56, 50:].mean() - 0.1  # the shadow falls left


def test_the_ground_has_its_color_and_only_grass_has_blades():
    color = [0.3, 0.6, 0.4]
    # Under the same light as the ground's normal, and far from the ball.
    plain = draw(one(ground=color, radius=0.05, light=[0.0, 0.62, 0.78]), 64, "plain")[0]
    corner = (plain[:, :8, :8] + 1) / 2
    torch.testing.assert_close(corner.mean(dim=(1, 2)), torch.tensor(color), atol=0.03, rtol=0)
    grass = draw(one(ground=color, radius=0.05, light=[0.0, 0.62, 0.78]), 64, "grass")[0]
    assert corner.std(dim=(1, 2)).max() < 0.01
    assert ((grass[1, :8, :8] + 1) / 2).std() > 0.03


def test_rotations_are_uniform():
    q = draw_factors(20_000)["rotation"].double()
    torch.testing.assert_close(q.norm(dim=1), torch.ones(20_000).double(), atol=1e-6, rtol=0)
    assert (q[:, 0] >= 0).all()
    # On the sphere of unit quaternions, with q and -q the same: E[q q^T] = I / 4.
    torch.testing.assert_close(q.T @ q / 20_000, torch.eye(4).double() / 4, atol=0.01, rtol=0)


def test_factors_keep_their_promises():
    for ground in GROUNDS:
        factors = draw_factors(5_000, ground, seed=7)
        torch.testing.assert_close(factors["light"].norm(dim=1), torch.ones(5_000))
        room = factors["radius"][:, None] + (factors["center"] - 0.5).abs()
        assert room.max() < 0.5  # the whole ball is in the picture
        assert factors["ground"].min() >= 0
        assert factors["ground"].max() <= 1
        assert (factors["light"][:, 2] > 0.2).all()  # the visible side is lit


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: soccer(0), "count must be a whole number of at least 1, got 0"),
        (lambda: soccer(1, 7), "at least 8 pixels to show a football, not 7"),
        (lambda: soccer(1, ground="sand"), "no ground 'sand': choose 'grass' or 'plain'"),
        (lambda: draw({}, ground="sand"), "no ground 'sand'"),
        (lambda: soccer(1, kinds=["cube"]), "no kind of ball 'cube': choose from football, "),
        (lambda: soccer(1, kinds=[]), "a list of different kinds of balls, not"),
        (lambda: soccer(1, kinds="band"), "a list of different kinds of balls, not 'band'"),
        (lambda: soccer(1, kinds=["band", "band"]), "a list of different kinds of balls, not"),
        (lambda: draw({"radius": torch.ones(1)}), "factors lacks rotation, light, center"),
    ],
)
def test_impossible_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- Balls of other kinds --------------------------------------------------------------------

# The share of the sphere that is black, from symmetry or by the areas of zones and of patches.
STRIP = math.tan(math.pi / 12)  # half the width of a strip on a side of the cube [-1, 1]^3
STRIP_AREA = 4 * math.asin(STRIP / math.sqrt(2 * (1 + STRIP**2)))  # seen from the middle
BLACK_SHARE = {
    "octants": 1 / 2,
    "lunes": 1 / 2,
    "strips": 6 * STRIP_AREA / (4 * math.pi),
    "band": math.sin(math.radians(20)),
}


@pytest.mark.parametrize("kind", BLACK_SHARE)
def test_each_kind_has_its_share_of_black(kind):
    points = unit(np.random.default_rng(0).standard_normal((200_000, 3)))
    black, _ = PATTERNS[kind](points)
    assert black.double().mean().item() == pytest.approx(BLACK_SHARE[kind], abs=0.004)


@pytest.mark.parametrize("kind", KINDS)
def test_the_distance_from_a_seam_never_jumps_and_color_changes_only_there(kind):
    """Walk around the sphere in small steps, on many great circles."""
    rng = np.random.default_rng(1)
    angle = torch.linspace(0, 2 * math.pi, 4000).double()
    for _ in range(20):
        first, second = np.linalg.qr(rng.standard_normal((3, 2)))[0].T
        points = torch.outer(torch.tensor(first), angle.cos())
        points += torch.outer(torch.tensor(second), angle.sin())
        black, seam = PATTERNS[kind](points)
        step = 2 * math.pi / 4000
        assert (seam.diff().abs() < 1.5 * step).all()
        assert (seam >= 0).all()
        changes = (black[1:] != black[:-1]).nonzero()[:, 0]
        assert (seam[changes] < 1.5 * step).all()


@pytest.mark.parametrize("kind", KINDS)
def test_opposite_points_have_the_panels_that_the_shape_says(kind):
    points = unit(np.random.default_rng(2).standard_normal((2000, 3)))
    here, there = PATTERNS[kind](points), PATTERNS[kind](-points)
    torch.testing.assert_close(here[1], there[1], atol=1e-6, rtol=0)
    swaps = kind in ("octants", "lunes")  # three sign changes, or half a turn of odd waves
    assert ((here[0] == there[0]) != swaps).double().mean() > 0.999


def test_kinds_change_the_pattern_and_nothing_else():
    plain, with_kinds = draw_factors(300, seed=4), draw_factors(300, seed=4, kinds=KINDS)
    for name in FACTORS:
        assert torch.equal(plain[name], with_kinds[name])
    counts = with_kinds["kind"].bincount(minlength=len(KINDS))
    assert counts.min() > 35
    only = soccer(5, 32, seed=4, kinds=["football"])[0]
    torch.testing.assert_close(only, soccer(5, 32, seed=4)[0], atol=1e-6, rtol=0)
    images = soccer(40, 32, seed=4, kinds=["lunes", "band"])[0]
    football = soccer(40, 32, seed=4)[0]
    changed = (images != football).any(dim=1)
    # what is not ball is the same, picture by picture
    x = (torch.arange(32) + 0.5) / 32
    center, radius = plain["center"][:40], plain["radius"][:40]
    distance = (
        (x[None, None, :] - center[:, 0, None, None]) ** 2
        + (x[None, :, None] - center[:, 1, None, None]) ** 2
    ).sqrt()
    assert not changed[distance > radius[:, None, None] + 1 / 32].any()
    assert changed.flatten(1).any(dim=1).all()


def test_a_picture_of_a_kind_does_not_depend_on_the_others_drawn_with_it():
    many, factors = soccer(30, 24, seed=5, kinds=KINDS)
    few, the_same = soccer(7, 24, seed=5, kinds=KINDS)
    assert torch.equal(the_same["kind"], factors["kind"][:7])
    torch.testing.assert_close(few, many[:7], atol=1e-6, rtol=0)
