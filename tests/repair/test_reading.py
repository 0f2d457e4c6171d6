"""Nothing of a file is lost without a word, and a mask looks like one."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gan_tutorial.repair.mask_files import read_mask
from gan_tutorial.repair.pictures import read_original
from gan_tutorial.repair.reading import as_file

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)
HOLE = np.zeros((12, 10), bool)
HOLE[3:8, 2:7] = True


def again(picture, kind="PNG"):
    """What a repaired picture is like when it is read from its file."""
    file = Image.open(io.BytesIO(as_file(picture, kind)))
    file.load()
    return file


# --- Masks -----------------------------------------------------------------------------------


def painted(color, on, mode="RGB"):
    levels = np.empty((12, 10, len(on)), np.uint8)
    levels[:] = on
    levels[HOLE] = color
    return Image.fromarray(levels.squeeze(), mode if len(on) > 1 else "L")


def erased():
    alpha = np.where(HOLE, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([LEVELS, alpha]))


def soft():
    """White strokes with gray edges, and the traces of JPEG."""
    levels = np.where(HOLE, 255, 0).astype(float)
    levels[3, 2:7] = 140
    levels += RNG.uniform(0, 12, levels.shape)
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


MASKS = {
    "white on black": (painted((255,), (0,)), ".png"),
    "one beside zero": (painted((1,), (0,)), ".png"),
    "red on black": (painted((255, 0, 0), (0, 0, 0)), ".png"),
    "dark red on black": (painted((128, 0, 0), (0, 0, 0)), ".png"),
    "red on white": (painted((255, 0, 0), (255, 255, 255)), ".png"),
    "white on a clear layer": (painted((255, 255, 255, 255), (0, 0, 0, 0), "RGBA"), ".png"),
    "red on a clear layer": (painted((255, 0, 0, 255), (255, 255, 255, 0), "RGBA"), ".png"),
    "erased from the picture": (erased(), ".png"),
    "16 bits": (Image.fromarray(np.where(HOLE, 65535, 0).astype(np.uint16)), ".png"),
    "16 bits, one": (Image.fromarray(np.where(HOLE, 1, 0).astype(np.uint16)), ".tif"),
    "a bit": (Image.fromarray(HOLE), ".png"),
    "jpeg": (painted((255,), (0,)).resize((10, 12)), ".jpg"),
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_of_every_kind_are_understood(tmp_path, name):
    picture, suffix = MASKS[name]
    path = tmp_path / f"mask{suffix}"
    picture.save(path, **({"quality": 98} if suffix == ".jpg" else {}))
    assert np.array_equal(read_mask(path, (10, 12)), HOLE)


def test_soft_edges_belong_to_a_mask(tmp_path):
    soft().save(tmp_path / "m.png")
    missing = read_mask(tmp_path / "m.png", (10, 12))
    assert np.array_equal(missing[4:], HOLE[4:])
    assert not missing[:3].any()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_photograph_is_no_mask(tmp_path, mode):
    Image.fromarray(LEVELS).convert(mode).save(tmp_path / "photo.png")
    with pytest.raises(ValueError, match="does not look like a mask, which has two values"):
        read_mask(tmp_path / "photo.png", (10, 12))


def test_all_and_nothing(tmp_path):
    for level in (0, 1, 255):
        Image.new("L", (10, 12), level).save(tmp_path / "m.png")
        assert read_mask(tmp_path / "m.png", (10, 12)).all() == (level > 0)


# --- Originals -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_profile_and_resolution_are_kept(tmp_path, kind):
    path = tmp_path / f"x.{kind.lower()}"
    Image.fromarray(LEVELS).save(path, icc_profile=b"profile" * 30, dpi=(300, 300))
    picture = read_original(path)
    fixed = again(picture, kind)
    assert fixed.info["icc_profile"] == b"profile" * 30
    assert fixed.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert np.array_equal(np.array(fixed), LEVELS)


def test_words_and_gamma_of_a_png_are_kept(tmp_path):
    about = PngImagePlugin.PngInfo()
    about.add_text("Author", "Me")
    about.add(b"gAMA", (50_000).to_bytes(4, "big"))
    Image.fromarray(LEVELS).save(tmp_path / "x.png", pnginfo=about)
    fixed = again(read_original(tmp_path / "x.png"))
    assert fixed.info["Author"] == "Me"
    assert fixed.info["gamma"] == pytest.approx(0.5)


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_color_that_stands_for_transparency_becomes_an_alpha_channel(tmp_path, mode):
    picture = Image.fromarray(LEVELS).convert(mode)
    key = picture.getpixel((4, 5))
    picture.save(tmp_path / "x.png", transparency=key)
    expected = np.array(Image.open(tmp_path / "x.png").convert("RGBA"))
    assert (expected[..., 3] == 0).any()
    original = read_original(tmp_path / "x.png")
    assert original.mode == ("LA" if mode == "L" else "RGBA")
    assert np.array_equal(np.array(again(original).convert("RGBA")), expected)


def deep_png(path):
    """A PNG of 16 bits a channel in color, which Pillow reads as 8."""
    import struct
    import zlib

    def chunk(name, content):
        return (
            struct.pack(">I", len(content)) + name + content
            + struct.pack(">I", zlib.crc32(name + content))
        )  # fmt: skip

    row = b"\0" + bytes(range(6)) * 4
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * 3))
        + chunk(b"IEND", b"")
    )


def test_what_8_bits_of_gray_or_rgb_cannot_keep_is_refused(tmp_path):
    deep_png(tmp_path / "deep.png")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "gray16.png")
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(LEVELS).convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.fromarray(LEVELS).convert("LAB").save(tmp_path / "lab.tif")
    for name, said in {
        "deep.png": "16 bits a channel, which 8 bits a channel cannot keep",
        "gray16.png": "16 bits a channel",
        "float.tif": "cannot keep",
        "cmyk.jpg": "is CMYK, and to make RGB of it would change every pixel",
        "lab.tif": "is LAB",
    }.items():
        with pytest.raises(ValueError, match=said):
            read_original(tmp_path / name)


@pytest.mark.parametrize("suffix", ["tif", "gif", "png"])
def test_further_pages_and_frames_are_named_before_anything_is_written(tmp_path, suffix):
    pages = [Image.fromarray(np.roll(LEVELS, k, 0)) for k in range(3)]
    path = tmp_path / f"pages.{suffix}"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with pytest.warns(UserWarning, match="of its 3 pages or frames only the first"):
        picture = read_original(path)
    if suffix != "gif":
        assert np.array_equal(np.array(picture), LEVELS)


def test_a_picture_is_turned_upright_and_it_is_said(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(LEVELS).save(tmp_path / "x.png", exif=exif)
    with pytest.warns(UserWarning, match="written upright"):
        picture = read_original(tmp_path / "x.png")
    assert picture.size == (12, 10)
    assert again(picture).getexif().get(0x0112, 1) == 1
