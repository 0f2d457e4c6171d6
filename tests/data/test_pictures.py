import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_tutorial.data import pictures
from gan_tutorial.data.pictures import UnreadablePictureError, read_picture


@pytest.fixture
def read(tmp_path):
    """Write an image to a file and read it with `read_picture`."""

    def write_and_read(image, size=8, channels=3, suffix=".png", background=(255,) * 3, **options):
        path = tmp_path / f"picture{suffix}"
        image.save(path, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read_picture(path, size, channels, background)

    return write_and_read


def is_filled(pixels, *color, tolerance=0):
    color = np.array(color).reshape(-1, 1, 1)
    return (np.abs(pixels.astype(int) - color) <= tolerance).all()


RED = (200, 30, 60)
GRAY_OF_RED = round(0.299 * 200 + 0.587 * 30 + 0.114 * 60)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "YCbCr"])
@pytest.mark.parametrize("size", [(3, 5), (8, 8), (40, 25)])
def test_every_color_mode_and_size_becomes_rgb_or_gray(read, mode, size):
    image = Image.new("RGB", size, RED)
    image = image.quantize() if mode == "P" else image.convert(mode)
    suffix = {"CMYK": ".tif", "YCbCr": ".jpg"}.get(mode, ".png")
    pixels = read(image, suffix=suffix)
    assert pixels.shape == (3, 8, 8)
    assert pixels.dtype == np.uint8
    assert is_filled(pixels, *RED, tolerance=6 if mode == "YCbCr" else 1)
    gray = read(image, channels=1, suffix=suffix)
    assert gray.shape == (1, 8, 8)
    assert is_filled(gray, GRAY_OF_RED, tolerance=4)


@pytest.mark.parametrize(("mode", "value", "gray"), [("L", 77, 77), ("1", 1, 255), ("1", 0, 0)])
def test_gray_and_binary_pictures(read, mode, value, gray):
    assert is_filled(read(Image.new(mode, (9, 9), value)), gray, gray, gray)


@pytest.mark.parametrize(("level", "gray"), [(65535, 255), (32768, 128), (0, 0)])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_of_gray_keep_their_brightness(read, level, gray, suffix):
    image = Image.fromarray(np.full((9, 9), level, dtype=np.uint16))
    assert is_filled(read(image, suffix=suffix), gray, gray, gray)


def test_cmyk_jpeg(read):
    pixels = read(Image.new("RGB", (16, 16), RED).convert("CMYK"), suffix=".jpg")
    assert is_filled(pixels, *RED, tolerance=8)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
@pytest.mark.parametrize("background", [(255, 255, 255), (0, 100, 200)])
def test_transparent_pictures_lie_on_the_background(read, mode, background):
    options = {}
    if mode in ("RGBA", "LA"):
        image = Image.new("RGBA", (8, 8), (*RED, 0)).convert(mode)
    else:
        image = Image.new("RGB", (8, 8), RED)
        image = image.quantize() if mode == "P" else image.convert(mode)
        options["transparency"] = image.getpixel((0, 0))
    assert is_filled(read(image, background=background, **options), *background)


def test_half_transparent_pictures_are_mixed_with_the_background(read):
    pixels = read(Image.new("RGBA", (8, 8), (200, 0, 0, 128)), background=(0, 0, 100))
    assert is_filled(pixels, 100, 0, 50, tolerance=1)


def test_the_colors_under_transparency_do_not_bleed_when_scaled(read):
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))  # black, but not to be seen
    image.paste((255, 255, 255, 255), (0, 0, 33, 64))
    assert is_filled(read(image), 255, 255, 255)


@pytest.mark.parametrize(("width", "height"), [(90, 30), (30, 90)])
def test_the_square_in_the_middle_is_kept(read, width, height):
    image = Image.new("RGB", (width, height), (0, 0, 255))
    left, top = (width - 30) // 2, (height - 30) // 2
    image.paste(RED, (left, top, left + 30, top + 30))
    assert is_filled(read(image), *RED)


def test_shrinking_is_antialiased(read):
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert is_filled(read(Image.fromarray(board)), 127, 127, 127, tolerance=2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_pictures_are_turned_upright(read, orientation, suffix):
    upright = Image.new("RGB", (64, 64), (255, 255, 255))
    upright.paste((250, 0, 0), (0, 0, 32, 32))  # red in the upper left corner
    upright.paste((0, 0, 250), (32, 0, 64, 32))  # blue in the upper right one
    turn = Image.Transpose
    stored = {
        1: [],
        2: [turn.FLIP_LEFT_RIGHT],
        3: [turn.ROTATE_180],
        4: [turn.FLIP_TOP_BOTTOM],
        5: [turn.TRANSPOSE],
        6: [turn.ROTATE_90],
        7: [turn.TRANSVERSE],
        8: [turn.ROTATE_270],
    }[orientation]
    image = upright
    for change in stored:
        image = image.transpose(change)
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read(image, suffix=suffix, exif=exif)
    assert is_filled(pixels[:, :3, :3], 250, 0, 0, tolerance=8)
    assert is_filled(pixels[:, :3, 5:], 0, 0, 250, tolerance=8)


def test_large_jpegs_are_decoded_small_but_look_the_same(read):
    ramp = np.linspace(0, 255, 1024).astype(np.uint8)[None].repeat(1024, axis=0)
    pixels = read(Image.fromarray(ramp), suffix=".jpg", quality=95)
    expected = np.linspace(0, 255, 1024).reshape(8, 128).mean(axis=1)
    np.testing.assert_allclose(pixels[0, 4], expected, atol=3)


def test_jpegs_are_not_decoded_smaller_than_they_are_needed(read):
    stripes = (np.indices((512, 512))[1] // 2 % 2 * 255).astype(np.uint8)
    pixels = read(Image.fromarray(stripes), size=256, suffix=".jpg", quality=95)
    expected = np.arange(256) % 2 * 255
    assert np.abs(pixels[0, 100] - expected).mean() < 50


def test_of_an_animation_the_first_picture_counts(read):
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, (0, 0, 0))]
    pixels = read(frames[0], suffix=".gif", save_all=True, append_images=frames[1:])
    assert is_filled(pixels, *RED, tolerance=3)


def saved(image, kind):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "^empty$"),
        (b"some text", "^not a picture$"),
        (bytes(1000), "^not a picture$"),
        (saved(NOISE, "PNG")[:3000], "^broken: "),
        (saved(NOISE, "JPEG")[:1500], "^broken: "),
        (saved(NOISE, "GIF")[:1500], "^broken: "),
        (saved(NOISE, "PNG")[:60] + b"garbage" * 100, "^broken: "),
        (
            saved(Image.new("F", (8, 8)), "TIFF"),
            "fractions of an unknown range: say which is white by levels=1",
        ),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, content, reason):
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(UnreadablePictureError, match=reason):
        read_picture(path, 8)


def test_missing_files_and_folders_are_named(tmp_path):
    for path in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(UnreadablePictureError, match="not a regular file"):
            read_picture(path, 8)


def png_that_claims(width, height):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize("side", [13_000, 100_000])
def test_decompression_bombs_are_refused_before_they_are_unpacked(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(side, side))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [(_, result)] = pictures.read_pictures(tmp_path, ["bomb.png"], 8)
    assert isinstance(result, UnreadablePictureError)
    assert str(result) == "too large: more than 150 million pixels"


def test_many_pictures_come_in_order_and_without_warnings(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "AHEAD", 4)  # several rounds
    names = [f"{k}.png" for k in range(11)]
    for k, name in enumerate(names):
        Image.new("L", (40 - k, 40), 20 * k).save(tmp_path / name)
    (tmp_path / names[5]).write_bytes(b"")
    results = list(pictures.read_pictures(tmp_path, names, 4, 1))
    assert [name for name, _ in results] == names
    for k, (_, picture) in enumerate(results):
        if k == 5:
            assert isinstance(picture, UnreadablePictureError)
        else:
            assert is_filled(picture, 20 * k)
