"""What is in a folder of pictures: which files count, which classes there are, what is held out.

A folder is understood before anything is read, and `Listing.describe` says how in one line.
"""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from .streams import SPLITS

__all__ = [
    "FEWEST_TO_SPLIT",
    "HELD_OUT",
    "SPLIT_NAMES",
    "EmptySplitError",
    "Listing",
    "check_share",
    "list_pictures",
    "split_by_name",
]

FEWEST_TO_SPLIT = 50  # pictures, below which nothing is held out unless it is asked for
HELD_OUT = 0.1  # share of the pictures for validation, and as many again for tests
# Left by systems and programs, and hidden or of no interest there.
LEFT_OVER = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", "icon\r", "__macosx", "@eadir"),
    *("#recycle", "$recycle.bin", "system volume information", "lost+found"),
}
RUN = ("checkpoint.safetensors", "generator.safetensors")  # in the folder of a run of this library
# Files that are no pictures by their names; what has another ending is tried.
NOT_PICTURES = set(
    ".txt .md .rst .csv .tsv .json .jsonl .xml .yaml .yml .ini .cfg .toml .log .html .htm .css .js "
    ".py .ipynb .sh .m .npy .npz .mat .h5 .hdf5 .pkl .pt .pth .ckpt .safetensors .onnx .db .sqlite "
    ".lock .zip .tar .gz .tgz .bz2 .xz .7z .rar .pdf .doc .docx .xls .xlsx .ppt .pptx .mp4 .mov "
    ".avi .mkv .webm .mp3 .wav .aae .xmp .url .lnk".split()
)
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# Beside folders of pictures stand, in many data sets, folders of what was drawn about them.
PICTURES = {"jpegimages", "images", "imgs", "img"}
DRAWN = {
    *("annotations", "annotation", "labels", "masks", "mask", "imagesets", "depth"),
    *("segmentationclass", "segmentationobject", "segmentation"),
}


class EmptySplitError(ValueError):
    """A split of a folder that holds no picture."""


@dataclass(frozen=True)
class Listing:
    """The files of a folder that count as pictures.

    Attributes
    ----------
    path : Path
        The folder.
    names : tuple of str
        Names within it, as POSIX paths, sorted.
    class_of : dict of str to str
        The class of each, from the subfolders; empty if there are none.
    split_of : dict of str to str
        Which split each belongs to.
    passed_over : dict of str to int
        How many files of which kind do not count.
    folded : bool
        Whether the folder is so small that nothing is held out.
    layout : str
        What was recognized, in words; may be empty.
    """

    path: Path
    names: tuple[str, ...]
    class_of: dict[str, str]
    split_of: dict[str, str]
    passed_over: dict[str, int]
    folded: bool
    layout: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, the same for every split."""
        return tuple(sorted(set(self.class_of.values())))

    def of_split(self, split: str) -> list[str]:
        """Return the names of a split, or of "all"."""
        return [name for name in self.names if split in ("all", self.split_of[name])]

    def describe(self, unreadable: Collection[str] = ()) -> str:
        """Say in one line how the folder was understood.

        Parameters
        ----------
        unreadable : collection of str
            Names of files that turned out to be no pictures, and were left out.
        """
        names = [name for name in self.names if name not in unreadable]
        count = len(names)
        words = [f"{count:,} picture{'s' * (count != 1)} in {self.path}"]
        if self.layout:
            words[0] += f" ({self.layout})"
        sizes = Counter(self.class_of[name] for name in names if self.class_of)
        if sizes:
            listed = [f"{name} {sizes[name]:,}" for name in self.classes[:5]]
            more = f", and {len(sizes) - 5} more" if len(sizes) > 5 else ""
            words.append(f"{len(sizes)} classes ({', '.join(listed)}{more})")
        parts = Counter(self.split_of[name] for name in names)
        words.append(
            "all are trained on, nothing is held out"
            if len(parts) == 1 and "train" in parts
            else f"{parts['train']:,} to train on, {parts['validation']:,} held out for "
            f"validation and {parts['test']:,} for tests"
        )
        skipped = dict(self.passed_over)
        if unreadable:
            skipped["unreadable"] = len(unreadable)
        if skipped:
            listed = [f"{number} {kind}" for kind, number in sorted(skipped.items())]
            words.append(f"passed over: {', '.join(listed)}")
        return "; ".join(words) + "."


def check_share(validation: float | None) -> float | None:
    """Return the share that is held out, or raise a ValueError."""
    if validation is not None and not 0 <= validation <= 0.4:
        raise ValueError(
            f"validation is the share held out, from 0 to 0.4, and as much again is held out for "
            f"tests; got {validation!r}."
        )
    return validation


def list_pictures(
    path: Path, validation: float | None = None, leave_out: Collection[str] = ()
) -> Listing:
    """Look through a folder, its subfolders and what they link to.

    Parameters
    ----------
    path : Path
        The folder.
    validation : float, optional
        Share of the pictures that is held out for validation, and as large a share for tests; a
        tenth by default, and nothing in a folder of fewer than `FEWEST_TO_SPLIT` pictures. Where
        the folder has subfolders ``train`` and ``test`` or the like, these say it.
    leave_out : collection of str
        Names that do not count, since they cannot be read.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or nothing in it that may be a picture.
    ValueError
        If the folder is that of a run, or the share is out of range.
    """
    check_share(validation)
    if path.is_file():
        raise FileNotFoundError(
            f"{path} is a file: give the folder that holds the pictures, or a file that holds "
            "many, .zip, .npy, .npz or in the idx format of MNIST."
        )
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}.")
    if any((path / name).is_file() for name in RUN):
        raise ValueError(f"{path} is the folder of a run, not of pictures.")
    names, passed_over = _walk(path)
    names = [name for name in names if name not in leave_out]
    layout = ""
    kept = _beside_drawn(names)
    if len(kept) < len(names):
        folder = kept[0].split("/")[0]
        passed_over["beside " + folder] += len(names) - len(kept)
        names, layout = kept, f"those in {folder}"
    if not names:
        other = ", ".join(f"{number} {kind}" for kind, number in sorted(passed_over.items()))
        raise FileNotFoundError(
            f"There are no pictures in {path} or its subfolders"
            + (f"; passed over: {other}." if other else ".")
        )
    folded = validation is None and len(names) < FEWEST_TO_SPLIT
    share = 0.0 if folded else HELD_OUT if validation is None else validation
    split_of = {name: split_by_name(name, share) for name in names}
    within = names
    if parts := _split_folders(names):
        there = set(parts.values())
        # what has no folder of its own is taken from the training pictures
        split_of = {
            name: part if part != "train" or split_of[name] in there else split_of[name]
            for name, part in parts.items()
        }
        within = [name.split("/", 1)[1] for name in names]
        folders = dict.fromkeys(name.split("/")[0] for name in names)
        layout, folded = f"split by its folders {', '.join(folders)}", False
    class_of = _classes(names, within)
    return Listing(path, tuple(names), class_of, split_of, dict(passed_over), folded, layout)


def _walk(path: Path) -> tuple[list[str], Counter[str]]:
    """Return the names of what may be pictures, and count what is passed over."""
    names: list[str] = []
    passed_over: Counter[str] = Counter()
    been: set[str] = set()
    for top, folders, files in os.walk(path, followlinks=True):
        here = os.path.realpath(top)
        if here in been:  # a link that leads back, or to what was seen already
            folders[:] = []
            continue
        been.add(here)
        if any(name in files for name in RUN):  # never the samples of a run
            folders[:] = []
            passed_over["of a run"] += len(files)
            continue
        folders[:] = sorted(name for name in folders if not _left_over(name))
        for name in files:
            suffix = os.path.splitext(name)[1].lower()
            if _left_over(name):
                continue
            if suffix in NOT_PICTURES:
                passed_over[suffix] += 1
            else:
                names.append((Path(top) / name).relative_to(path).as_posix())
    return sorted(names), passed_over


def _left_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in LEFT_OVER


def _beside_drawn(names: list[str]) -> list[str]:
    """Return the pictures alone, where folders of masks or the like stand beside theirs."""
    tops = {name.split("/")[0] for name in names if "/" in name}
    pictures = [top for top in tops if top.lower() in PICTURES]
    others = {top for top in tops if top.lower() in DRAWN}
    if len(pictures) != 1 or not others or tops != {*pictures, *others}:
        return names
    return [name for name in names if name.startswith(pictures[0] + "/")]


def _split_folders(names: Sequence[str]) -> dict[str, str]:
    """Return the split of each picture from folders such as ``train`` and ``test``, if all have."""
    tops = {name: name.split("/")[0].lower() for name in names if "/" in name}
    parts = {name: SPLIT_NAMES[top] for name, top in tops.items() if top in SPLIT_NAMES}
    return parts if len(parts) == len(names) and "train" in parts.values() else {}


def _classes(names: Sequence[str], within: Sequence[str]) -> dict[str, str]:
    """Return the class of each picture: the first folders in which they differ, if all have one."""
    folders = [name.split("/")[:-1] for name in within]
    while all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]  # one folder around all is no class
    if not all(folders):
        return {}
    return {name: parts[0] for name, parts in zip(names, folders, strict=True)}


def split_by_name(name: str, share: float) -> str:
    """Return the split that a file belongs to, by its name alone."""
    # The same letters can be encoded in two ways, and systems differ in which they use.
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode(errors="replace")).digest()
    percent = int.from_bytes(digest[:8], "big") % 100 + int.from_bytes(digest[8:12], "big") / 2**32
    train, validation, test = SPLITS
    if percent < 100 - 200 * share:
        return train
    return validation if percent < 100 - 100 * share else test
