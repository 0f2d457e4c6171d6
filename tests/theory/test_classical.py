"""Tests of gan_tutorial.classical."""

import numpy as np
import pytest
import torch

from gan_tutorial.theory.classical import (
    GaussianMixture,
    IndependentPixels,
    KMeansCentroids,
    PCAGaussian,
    Recombination,
    Templates,
)

NAN = float("nan")


def correlated(n=400, seed=0):
    """Images of 1 x 4 x 4 that vary along two directions, with a little noise."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((2, 16)) * 0.1
    x = rng.standard_normal((n, 2)) @ directions + 0.01 * rng.standard_normal((n, 16))
    return torch.tensor(x, dtype=torch.float32).reshape(n, 1, 4, 4)


def flat(images):
    return images.flatten(1).double().numpy()


ALL = [
    IndependentPixels(),
    Templates(),
    Recombination(),
    PCAGaussian(4),
    GaussianMixture(2),
    KMeansCentroids(5, noise=1.0),
]


@pytest.mark.parametrize("model", ALL, ids=lambda m: type(m).__name__)
def test_fit_and_sample_of_every_generator(model):
    data = torch.rand(60, 3, 4, 6, generator=torch.Generator().manual_seed(1)) * 2 - 1
    before = data.clone()
    assert model.fit(data) is model
    torch.testing.assert_close(data, before, rtol=0, atol=0)
    samples = model.sample(50, seed=3)
    assert samples.shape == (50, 3, 4, 6)
    assert samples.dtype == torch.float32
    assert samples.min() >= -1
    assert samples.max() <= 1
    torch.testing.assert_close(samples, model.sample(50, seed=3), rtol=0, atol=0)
    assert not torch.equal(samples, model.sample(50, seed=4))


@pytest.mark.parametrize("model", ALL, ids=lambda m: type(m).__name__)
def test_what_is_no_set_of_images_is_refused(model):
    for bad in (torch.zeros(5, 8, 8), torch.zeros(1, 1, 8, 8)):
        with pytest.raises(ValueError, match=r"\(N, C, H, W\)"):
            model.fit(bad)
    for value in (2.0, float("nan")):
        with pytest.raises(ValueError, match=r"\[-1, 1\]"):
            model.fit(torch.full((20, 1, 4, 4), value))


def test_sampling_before_fitting_or_nothing_is_refused():
    with pytest.raises(RuntimeError, match="call fit first"):
        IndependentPixels().sample(1)
    with pytest.raises(ValueError, match="count"):
        IndependentPixels().fit(correlated()).sample(0)


def test_independent_pixels_keep_the_histograms_and_lose_the_correlations():
    data = correlated()
    samples = flat(IndependentPixels().fit(data).sample(20_000))
    x = flat(data)
    for pixel in range(16):
        assert set(samples[:, pixel]) <= set(x[:, pixel])
    np.testing.assert_allclose(samples.mean(0), x.mean(0), atol=0.005)
    np.testing.assert_allclose(samples.std(0), x.std(0), rtol=0.05)
    off_diagonal = ~np.eye(16, dtype=bool)
    assert abs(np.corrcoef(x.T)[off_diagonal]).mean() > 0.5
    assert abs(np.corrcoef(samples.T)[off_diagonal]).max() < 0.05


def test_templates_are_shifted_training_images():
    data = correlated(20)
    copies = Templates(shift=0).fit(data).sample(50)
    assert all((data == copy).all(dim=(1, 2, 3)).any() for copy in copies)
    padded = torch.nn.functional.pad(data, (1, 1, 1, 1), value=-1.0)
    shifted = [padded[:, :, i : i + 4, j : j + 4] for i in range(3) for j in range(3)]
    samples = Templates(shift=1).fit(data).sample(200)
    found = [[bool((s == x).all(dim=(1, 2, 3)).any()) for s in shifted] for x in samples]
    assert all(sum(row) == 1 for row in found)
    assert np.array(found).any(axis=0).all()  # all nine shifts occur


def test_recombination_joins_two_images_whose_seams_fit():
    upper_kind = torch.full((4, 1, 4, 4), -0.5)
    lower_kind = torch.full((4, 1, 4, 4), 0.5)
    data = torch.cat([upper_kind, lower_kind])
    data[:, 0, 0, 0] = torch.linspace(-1, 1, 8)  # a name in the upper half
    data[:, 0, 3, 3] = torch.linspace(-1, 1, 8)  # the same name in the lower half
    samples = Recombination(candidates=3).fit(data).sample(100)
    assert (samples[:, 0, 0, 0] != samples[:, 0, 3, 3]).all()
    assert (samples[:, 0, 1, 1] == samples[:, 0, 2, 2]).all()  # never two kinds in one image


def test_pca_gaussian_has_the_mean_and_covariance_of_the_data():
    data = correlated()
    model = PCAGaussian(16).fit(data)
    samples, x = flat(model.sample(50_000)), flat(data)
    np.testing.assert_allclose(samples.mean(0), x.mean(0), atol=0.002)
    np.testing.assert_allclose(np.cov(samples.T), np.cov(x.T), atol=3e-4)


def test_pca_directions_agree_with_scikit_learn():
    from sklearn.decomposition import PCA

    x = flat(correlated())
    model, reference = PCAGaussian(3).fit(correlated()), PCA(3).fit(x)
    np.testing.assert_allclose(model.variances, reference.explained_variance_)
    np.testing.assert_allclose(
        abs((model.directions * reference.components_).sum(1)), np.ones(3), atol=1e-9
    )
    codes = model.encode(x)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(
        model.decode(codes), reference.inverse_transform(reference.transform(x)), atol=1e-9
    )


def two_clumps():
    noise = 0.05 * torch.randn(300, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    centers = torch.where(torch.arange(300) < 75, -0.5, 0.5)[:, None, None, None]
    return centers + noise


def test_gaussian_mixture_finds_two_clumps_and_their_shares():
    samples = flat(GaussianMixture(2, floor=1e-6).fit(two_clumps()).sample(4000))
    low = samples[:, 0] < 0
    assert low.mean() == pytest.approx(0.25, abs=0.03)
    np.testing.assert_allclose(samples[low].mean(0), -0.5, atol=0.03)
    np.testing.assert_allclose(samples[~low].std(0), 0.05, rtol=0.15)


def test_k_means_centroids_and_their_noise():
    data = two_clumps()
    bare = flat(KMeansCentroids(2).fit(data).sample(4000))
    low = bare[:, 0] < 0
    assert len(np.unique(bare, axis=0)) == 2
    np.testing.assert_allclose(bare[low][0], flat(data)[:75].mean(0), atol=1e-6)
    assert low.mean() == pytest.approx(0.25, abs=0.03)
    noisy = flat(KMeansCentroids(2, noise=1.0).fit(data).sample(4000))
    np.testing.assert_allclose(noisy[noisy[:, 0] > 0].std(0), flat(data)[75:].std(0), rtol=0.06)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Templates(-1), "shift"),
        (lambda: Recombination(0), "candidates"),
        (lambda: PCAGaussian(0), "components"),
        (lambda: GaussianMixture(0), "components"),
        (lambda: KMeansCentroids(0), "clusters"),
        (lambda: KMeansCentroids(noise=-1), "noise"),
        (lambda: Templates(NAN), "shift"),
        (lambda: Recombination(NAN), "candidates"),
        (lambda: PCAGaussian(NAN), "components"),
        (lambda: GaussianMixture(NAN), "components"),
        (lambda: GaussianMixture(floor=NAN), "floor"),
        (lambda: KMeansCentroids(NAN), "clusters"),
        (lambda: KMeansCentroids(noise=NAN), "noise"),
        (lambda: IndependentPixels().fit(correlated()).sample(NAN), "count"),
        (lambda: PCAGaussian(17).fit(correlated()), "at most 16"),
        (lambda: GaussianMixture(9).fit(correlated(8)), "8 images"),
        (lambda: KMeansCentroids(9).fit(correlated(8)), "8 images"),
        (lambda: Recombination(8).fit(correlated(8)), "8 images"),
    ],
)
def test_impossible_wishes_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
