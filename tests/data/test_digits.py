import importlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from gan_tutorial import data

data_digits = importlib.import_module("gan_tutorial.data.digits")


@pytest.fixture(scope="module")
def splits():
    return {split: data.digits(split) for split in ("train", "validation", "test")}


def test_sizes(splits):
    assert {k: len(v) for k, v in splits.items()} == {"train": 1197, "validation": 300, "test": 300}


def test_together_the_splits_are_every_scan_exactly_once(splits):
    rows = torch.cat([d.tensor().flatten(1) for d in splits.values()])
    levels = ((rows + 1) * 8).numpy()
    original = load_digits().data
    # No two of the 1,797 scans are equal, so that equal sets of rows are equal splits of them.
    assert {row.tobytes() for row in levels} == {
        row.astype(np.float32).tobytes() for row in original
    }
    assert len({row.tobytes() for row in levels}) == 1797


def test_pixels_reach_from_minus_one_to_one(splits):
    images = splits["train"].tensor()
    assert images.shape == (1197, 1, 8, 8)
    assert (images.min().item(), images.max().item()) == (-1.0, 1.0)


def test_every_class_has_its_share_in_every_split(splits):
    shares = load_digits().target
    for d in splits.values():
        expected = np.bincount(shares) * len(d) / 1797
        assert (np.abs(d.labels.bincount(minlength=10).numpy() - expected) <= 2).all()
        assert d.classes == tuple("0123456789")


def test_labels_belong_to_their_images(splits):
    source = load_digits()
    label = {
        row.astype(np.float32).tobytes(): k
        for row, k in zip(source.data, source.target, strict=True)
    }
    d = splits["test"]
    levels = ((d.tensor().flatten(1) + 1) * 8).numpy()
    assert [label[row.tobytes()] for row in levels] == d.labels.tolist()


def test_the_splits_never_change(splits):
    # The first labels of each split, as they were when the splits were fixed.
    assert {split: "".join(map(str, d.labels[:20].tolist())) for split, d in splits.items()} == {
        "train": "12346890245679012567",
        "validation": "05838582659916465244",
        "test": "71345087171260479039",
    }


def test_unknown_split():
    with pytest.raises(ValueError, match="no split 'all'"):
        data.digits("all")


def test_scikit_learn_is_read_not_imported():
    """Importing it takes as long as torch does, at the start of every training."""
    program = (
        "import sys\nfrom gan_tutorial import data\ndata.digits()\nprint('sklearn' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"


def test_scikit_learn_is_asked_where_its_file_lies_elsewhere(splits, monkeypatch):
    monkeypatch.setattr(data_digits, "find_spec", lambda name: None)
    for split, expected in splits.items():
        again = data.digits(split)
        assert torch.equal(again.tensor(), expected.tensor())
        assert torch.equal(again.labels, expected.labels)
