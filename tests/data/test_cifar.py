import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest
import torch

from gan_tutorial import data
from gan_tutorial.data import cifar

# Named by the pickles of the real archive, which Python 2 wrote. NumPy answers to it no longer.
RECONSTRUCT = "numpy.core.multiarray _reconstruct"


def short(text):
    return b"U" + bytes([len(text)]) + text.encode()


def name(text):
    module, function = text.split()
    return f"c{module}\n{function}\n".encode()


def python2_pickle(images, labels, reconstruct=RECONSTRUCT):
    """Write {"data": array, "labels": list} as Python 2 and NumPy 1 did, opcode by opcode."""
    raw = images.tobytes()
    array = name(reconstruct) + name("numpy ndarray") + b"K\x00\x85" + short("b") + b"\x87R"
    array += b"(K\x01" + b"M" + struct.pack("<H", len(images)) + b"M\x00\x0c\x86"
    array += name("numpy dtype") + short("u1") + b"K\x00K\x01\x87R"
    array += b"(K\x03" + short("|") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
    array += b"\x89T" + struct.pack("<I", len(raw)) + raw + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + short("data") + array + short("labels") + numbers + b"u."


@pytest.fixture
def batches(monkeypatch):
    """The six files of a small CIFAR-10, and their images and labels."""
    monkeypatch.setattr(cifar, "IMAGES_IN_BATCH", 300)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 300, 3072), dtype=np.uint8)
    labels = rng.integers(0, 10, (6, 300))
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    files = {n: python2_pickle(i, k) for n, i, k in zip(names, images, labels, strict=True)}
    return files, torch.from_numpy(images).view(6, 300, 3, 32, 32), torch.from_numpy(labels)


def write_tar(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for file, content in {"batches.meta": b"names", **files}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{file}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def test_the_bytes_are_those_of_a_python_2_pickle():
    """NumPy, told the new name of its function, reads the same array."""
    images = np.arange(300 * 3072).astype(np.uint8).reshape(300, 3072)
    content = python2_pickle(images, [3] * 300, "numpy._core.multiarray _reconstruct")
    batch = pickle.loads(content, encoding="bytes")
    assert (batch[b"data"] == images).all()
    assert batch[b"labels"] == [3] * 300


@pytest.mark.parametrize("form", ["tar.gz", "tar", "folder", "subfolder"])
def test_every_form_of_the_archive_is_read(tmp_path, batches, form):
    files, images, labels = batches
    if form == "tar.gz":
        write_tar(tmp_path / "cifar-10-python.tar.gz", files)
    elif form == "tar":
        write_tar(tmp_path / "cifar-10-python.tar", files, "w")
    else:
        folder = tmp_path / ("cifar10" if form == "subfolder" else "") / "cifar-10-batches-py"
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
    train = data.cifar10("train", tmp_path)
    assert train.shape == (3, 32, 32)
    torch.testing.assert_close(train.tensor(), images[:5].flatten(0, 1) / 127.5 - 1)
    assert torch.equal(train.labels, labels[:5].flatten())
    assert train.classes[3] == "cat"
    halves = [data.cifar10(split, tmp_path).tensor() for split in ("validation", "test")]
    assert len(halves[0]) == len(halves[1]) == 150
    together = ((torch.cat(halves) + 1) * 127.5).round().to(torch.uint8)
    assert {bytes(row.numpy()) for row in together} == {bytes(row.numpy()) for row in images[5]}


def test_nothing_is_unpacked_onto_the_disk(tmp_path, batches):
    write_tar(tmp_path / "cifar-10-python.tar.gz", batches[0])
    data.cifar10("test", tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["cifar-10-python.tar.gz"]


class Malicious:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "argument", "named"),
    [
        (os.mkdir, "{}", "mkdir"),
        (eval, "__import__('os').mkdir({!r})", "eval"),
        (exec, "import os; os.mkdir({!r})", "exec"),
        (np.load, "{}", "numpy"),
        (getattr, "{}", "getattr"),
    ],
)
@pytest.mark.parametrize("protocol", range(6))
def test_a_malicious_pickle_is_refused_and_not_executed(
    tmp_path, function, argument, named, protocol
):
    trace = tmp_path / "executed"
    bomb = Malicious(function, argument.format(str(trace)))
    content = pickle.dumps({"data": bomb, "labels": [0]}, protocol)
    write_tar(tmp_path / "cifar-10-python.tar.gz", {"test_batch": content})
    with pytest.raises(ValueError, match=rf"asks for .*{named}.*refused and not executed"):
        data.cifar10("test", tmp_path)
    assert not trace.exists()


def test_the_malicious_pickle_would_have_worked(tmp_path):
    trace = tmp_path / "executed"
    pickle.loads(pickle.dumps(Malicious(os.mkdir, str(trace))))
    assert trace.exists()


def test_numpy_is_not_called_by_the_names_that_are_allowed(batches):
    """Even the three harmless names are answered by stand-ins that compute nothing."""
    content = batches[0]["test_batch"]
    loaded = cifar._InertUnpickler(io.BytesIO(content), encoding="bytes").load()
    assert type(loaded[b"data"]) is cifar._Array
    assert all(kind.__module__ == cifar.__name__ for kind in cifar.STAND_INS.values())


def test_stand_ins_cannot_be_given_attributes_by_a_pickle():
    # Build the state {"x": 1} into the class itself, which a plain class would accept.
    attack = b"\x80\x02" + name("numpy ndarray") + b"}U\x01xK\x01sb."
    with pytest.raises(ValueError, match="damaged"):
        cifar.read_batch(attack, "attack")
    assert not hasattr(cifar._Array, "x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        pickle.dumps([1, 2]),
        pickle.dumps({}),
        python2_pickle(np.zeros((300, 3072), np.uint8), [0] * 299),
        python2_pickle(np.zeros((300, 3072), np.uint8), [10] * 300),
        python2_pickle(np.zeros((300, 3000), np.uint8), [0] * 300)[:-9],
    ],
)
def test_damaged_batches_are_refused(content):
    with pytest.raises(ValueError, match=r"^here: test_batch is not a file .* or is damaged"):
        cifar.read_batch(content, "here: test_batch")


def test_damaged_archives_are_refused(tmp_path, batches):
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="is not CIFAR-10 or is damaged"):
        data.cifar10("train", tmp_path)
    write_tar(path, batches[0])
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(ValueError, match="is not CIFAR-10 or is damaged"):
        data.cifar10("train", tmp_path)
    write_tar(path, {"test_batch": batches[0]["test_batch"]})
    with pytest.raises(ValueError, match=r"data_batch_.* is missing"):
        data.cifar10("train", tmp_path)


def test_files_of_an_absurd_length_and_of_another_number_of_images_are_refused(
    tmp_path, batches, monkeypatch
):
    write_tar(tmp_path / "cifar-10-python.tar.gz", batches[0])
    monkeypatch.setattr(cifar, "LONGEST_BATCH", 1000)
    with pytest.raises(ValueError, match="a file is longer than any of CIFAR-10"):
        data.cifar10("train", tmp_path)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="holds 300 images where CIFAR-10 has 10000"):
        data.cifar10("test", tmp_path)


def test_links_in_the_archive_are_not_followed(tmp_path, batches):
    secret = tmp_path / "secret"
    secret.write_bytes(batches[0]["test_batch"])
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        link = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(link)
    with pytest.raises(ValueError, match="test_batch is missing"):
        data.cifar10("test", tmp_path)


def test_without_archive_and_mirrors_one_sentence_names_the_way_out(monkeypatch):
    monkeypatch.setattr(cifar, "MIRRORS", ("http://127.0.0.1:1/", "http://127.0.0.1:2/"))
    with pytest.raises(FileNotFoundError) as caught:
        data.cifar10()
    for part in ("CIFAR-10", "127.0.0.1:1/", "127.0.0.1:2/", "GAN_TUTORIAL_DATA_DIR"):
        assert part in str(caught.value)
