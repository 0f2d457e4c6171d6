import numpy as np
import pytest
import torch

from gan_tutorial.data import Dataset, as_tensor, load, ring, sample_shape


@pytest.fixture
def levels():
    """All 256 levels of gray, as uint8 pictures of one pixel."""
    return Dataset(
        "levels",
        torch.arange(256, dtype=torch.uint8).view(256, 1, 1, 1),
        labels=torch.arange(256) % 2,
        classes=("even", "odd"),
        factors={"level": torch.arange(256.0)},
    )


def test_bytes_become_floats_from_exactly_minus_one_to_exactly_one(levels):
    values = levels.tensor().flatten()
    assert values.dtype == torch.float32
    assert values[[0, 255]].tolist() == [-1.0, 1.0]
    torch.testing.assert_close(values, torch.linspace(-1, 1, 256))


@pytest.mark.parametrize(
    "index",
    [
        torch.tensor([3, 200, 3]),
        slice(5, 50, 7),
        torch.arange(256) > 250,
        torch.tensor([[0, 1], [2, 3]]),
        17,
    ],
)
def test_any_index_gives_what_it_gives_of_a_tensor(levels, index):
    assert torch.equal(levels[index], levels.tensor()[index])


def test_float_samples_come_out_as_they_are():
    points = torch.randn(10, 2, generator=torch.Generator().manual_seed(0))
    data = Dataset("points", points)
    assert torch.equal(data[torch.tensor([4, 2])], points[[4, 2]])
    assert data.shape == (2,)
    assert len(data) == 10


@pytest.mark.parametrize("index", [slice(0, 3), 1, torch.tensor([0, 1])])
def test_changing_a_batch_does_not_change_the_data(index):
    data = Dataset("points", torch.zeros(4, 2))
    data[index].add_(1)
    assert (data.tensor() == 0).all()


def test_a_loop_over_a_data_set_ends(levels):
    assert sum(1 for _ in levels) == 256


@pytest.mark.parametrize("index", [torch.tensor([9, 4]), slice(4, 10, 5)])
def test_a_subset_keeps_labels_and_factors_beside_their_samples(levels, index):
    part = levels.subset(index)
    assert len(part) == 2
    assert torch.equal(part.tensor(), levels[index])
    assert torch.equal(part.labels, levels.labels[index])
    assert torch.equal(part.factors["level"], levels.factors["level"][index])
    assert (part.name, part.classes) == ("levels", ("even", "odd"))


def test_a_subset_keeps_the_density():
    data = Dataset("ring", torch.zeros(4, 2), density=ring())
    assert data.subset(slice(2)).density is data.density


def test_mapping_images_keeps_bytes_bytes_and_does_not_shift_them(levels):
    same = levels.map_images(lambda images: images)
    assert torch.equal(same.tensor(), levels.tensor())
    flipped = levels.map_images(lambda images: -images)
    assert torch.equal(flipped[0], levels[255])
    assert torch.equal(flipped.labels, levels.labels)


def test_to_moves_everything_and_leaves_the_original(levels):
    moved = levels.to("meta")
    assert moved.device.type == "meta"
    assert moved.labels.device.type == moved.factors["level"].device.type == "meta"
    assert levels.device.type == "cpu"
    assert moved.shape == (1, 1, 1)


def test_samples_on_disk_stay_there_and_only_batches_move():
    samples = torch.zeros(4, 1, 2, 2, dtype=torch.uint8)
    moved = Dataset("disk", samples, on_disk=True).to("meta")
    assert moved._samples is samples
    assert moved[torch.tensor([1])].device.type == "meta"
    assert moved.subset(slice(2)).device.type == "meta"
    # A slice is still a window on the file; rows picked by a tensor are a copy in memory.
    assert moved.subset(slice(2)).to("meta")._samples.device.type == "cpu"
    assert moved.subset(torch.tensor([1])).to("meta")._samples.device.type == "meta"


@pytest.mark.parametrize(
    "samples",
    [
        torch.zeros(3, 2, dtype=torch.float64),
        torch.zeros(3),
        torch.zeros(3, 1, 8),
        torch.zeros(3, 2).long(),
    ],
)
def test_samples_of_another_form_are_refused(samples):
    with pytest.raises(ValueError, match=r"images \(N, C, H, W\) or points \(N, 2\)"):
        Dataset("wrong", samples)


def test_labels_and_factors_must_have_one_row_for_each_sample():
    with pytest.raises(ValueError, match="labels has 3 rows for 4 samples"):
        Dataset("wrong", torch.zeros(4, 2), labels=torch.zeros(3).long())
    with pytest.raises(ValueError, match="angle has 5 rows for 4 samples"):
        Dataset("wrong", torch.zeros(4, 2), factors={"angle": torch.zeros(5)})


def test_the_source_stays_with_the_samples():
    digits = load("digits", "test")
    larger = load("digits", "test", image_size=16)
    for derived in (
        digits,
        larger,
        digits.subset(slice(0, 5)),
        digits.subset(torch.tensor([3, 1])),
        digits.to("cpu"),
        digits.map_images(lambda images: -images),
    ):
        assert derived.source == "digits"
    assert load("ring", count=5).source == "ring"
    assert load("soccer", count=2, kinds="all").source == "soccer"
    assert Dataset("digits", digits.tensor()).source is None


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8), (3, 4, 4)])
def test_the_shape_of_a_sample_is_the_same_in_a_tensor_and_in_a_data_set(shape):
    samples = torch.zeros(7, *shape)
    assert sample_shape(samples) == sample_shape(Dataset("seven", samples)) == shape


def test_samples_become_a_tensor_from_whatever_they_come_in(levels):
    wanted = levels.tensor()
    assert as_tensor(wanted) is wanted
    assert torch.equal(as_tensor(levels), wanted)
    for array in (wanted.numpy(), wanted.double().numpy(), wanted.flip(0).numpy()[::-1]):
        assert torch.equal(as_tensor(array), wanted)
    frozen = wanted.numpy().copy()
    frozen.flags.writeable = False
    assert torch.equal(as_tensor(frozen), wanted)
    assert as_tensor(np.arange(3, dtype=np.uint8)).dtype == torch.uint8
    with pytest.raises(TypeError, match="not as list"):
        as_tensor([1.0, 2.0])


def test_a_random_subset_is_drawn_without_replacement_and_by_its_seed(levels):
    few, more = levels.random_subset(20, seed=1), levels.random_subset(200, seed=1)
    numbers = more.factors["level"].long()
    assert len(set(numbers.tolist())) == 200
    assert torch.equal(more.labels, numbers % 2)
    assert torch.equal(more[:], levels[numbers])
    assert torch.equal(few[:], more[:20])
    assert not torch.equal(levels.random_subset(20, seed=2)[:], few[:])
    assert sorted(levels.random_subset(256).factors["level"].tolist()) == list(range(256))


def test_a_random_subset_is_no_block_of_the_file():
    """Neighbors in the file of digits come from one writer: a slice of it is no random part."""
    positions = Dataset("positions", torch.arange(1197.0).repeat(2, 1).T.contiguous())
    drawn = positions.random_subset(300)[:][:, 0]
    assert drawn.min() < 50
    assert drawn.max() > 1150
    assert abs(drawn.mean() - 598) < 80


@pytest.mark.parametrize("count", [0, 257])
def test_a_random_subset_of_too_many_or_none_is_refused(levels, count):
    with pytest.raises(ValueError, match=r"whole number of at least 1|ask for 256 at most"):
        levels.random_subset(count)
