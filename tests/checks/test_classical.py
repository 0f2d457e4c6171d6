import pytest

from gan_tutorial import check
from gan_tutorial.theory import classical

BLIND = ["IndependentPixels", "PCAGaussian", "GaussianMixture", "KMeansCentroids"]


@pytest.mark.parametrize(
    "answer",
    [
        set(BLIND),
        BLIND + BLIND[:1],
        [getattr(classical, name) for name in BLIND],
        dict.fromkeys(BLIND, 0.02),
        "independent pixels, PCA-Gaussian, gaussian mixture and k-means centroids",
        "IndependentPixels; pcagaussian; GAUSSIANMIXTURE; kmeans_centroids",
        " ".join(BLIND),
    ],
)
def test_names_of_generators_in_any_form(answer):
    verdict = check("1.1", answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    "answer",
    [
        BLIND[:3],
        [*BLIND, "Templates"],
        "Independent pixels, PCA-Gaussian",
        [classical.Templates, classical.Recombination],
        [*BLIND, "GAN"],
        "all of them",
        {"Templates": 0.3},
    ],
)
def test_other_names_are_not_right(answer):
    verdict = check("1.1", answer)
    assert not verdict
    assert "It stopped" not in verdict.sentence


def test_an_unknown_name_is_told_the_six():
    assert "'GAN' is none of GaussianMixture, " in check("1.1", [*BLIND, "GAN"]).sentence
