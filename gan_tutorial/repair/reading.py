"""Reading pictures to repair so that nothing of the file is lost without a word."""

import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["KEPT", "as_file", "open_picture", "read_original"]

KEPT = ("L", "LA", "RGB", "RGBA")  # modes in which pixels can be repaired
ORIENTATION = 0x0112  # of EXIF
BITS_PER_SAMPLE = 258  # of TIFF
# What a file says about its pixels, and is written again with them.
ABOUT = ("icc_profile", "dpi", "exif")
NO_TEXT = ("format", "compression")  # what Pillow or `open_picture` noted, not the file
# PNG's own words about color, in place of a profile.
PNG_CHUNKS = (b"gAMA", b"cHRM", b"sRGB")


def open_picture(path: Path) -> "Image.Image":
    """Read a picture of any mode, turned upright as its camera noted.

    Raises
    ------
    ValueError
        If the file is missing, no picture, broken or too large; the message is one sentence.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            with Image.open(path) as file:
                file.load()
                image = ImageOps.exif_transpose(file)
                image.info["frames"] = getattr(file, "n_frames", 1)
                image.info["format"] = file.format
                image.info["turned"] = file.getexif().get(ORIENTATION, 1) != 1
                image.info["bits"] = _bits(path, file)
    except FileNotFoundError:
        raise ValueError(f"There is no picture {path}.") from None
    except Image.UnidentifiedImageError:
        raise ValueError(f"{path} cannot be read: it is not a picture.") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{path} is too large: it claims to hold too many pixels.") from None
    except Exception as error:  # a damaged file can fail in any way
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{path} cannot be read: {reason}.") from None
    return image


def _bits(path: Path, file: Any) -> int:
    """Return the bits of a channel in the file, which Pillow may have rounded to 8."""
    if file.format == "PNG":
        with open(path, "rb") as raw:
            return raw.read(25)[24]
    bits = getattr(file, "tag_v2", {}).get(BITS_PER_SAMPLE, 8)
    return max(bits) if isinstance(bits, tuple) else int(bits)


def read_original(path: str | Path) -> "Image.Image":
    """Read a picture whole, in a mode in which its pixels can be repaired.

    Gray and color come as they are; transparency, by a channel or by a color that stands for it,
    as an alpha channel. Palettes become colors. What `as_file` cannot write again, further pages
    and frames, is warned of here, before anything is written.

    Returns
    -------
    PIL.Image.Image
        Of mode L, LA, RGB or RGBA, turned as its camera noted.

    Raises
    ------
    ValueError
        If the file is missing, no picture, broken, too large, or of a kind of which 8 bits of gray
        or RGB cannot keep every pixel as it is: 16 bits, CMYK, Lab. The message is one sentence.
    """
    path = Path(path).expanduser()
    image = open_picture(path)
    bits = image.info["bits"]
    if image.mode == "F" or image.mode.startswith("I") or bits > 8:
        kind = f"{bits} bits a channel" if bits > 8 else f"numbers of mode {image.mode}"
        raise ValueError(
            f"{path} holds {kind}, which 8 bits a channel cannot keep: convert it to 8 bits first."
        )
    if image.mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        raise ValueError(
            f"{path} is {image.mode}, and to make RGB of it would change every pixel: convert it "
            "first, with the color profile that it was made for."
        )
    for note in _left_behind(image):
        warnings.warn(f"{path}: {note}", stacklevel=2)
    return _in_kept_mode(image)


def _in_kept_mode(image: "Image.Image") -> "Image.Image":
    """Return the picture in one of the modes `KEPT`, with the same colors, and its `info`."""
    info = {k: v for k, v in image.info.items() if k != "transparency"}
    if image.mode not in KEPT or "transparency" in image.info:
        gray = image.mode in ("1", "L", "La")
        clear = "transparency" in image.info or "A" in image.mode.upper().replace("LAB", "")
        target = ("LA" if clear else "L") if gray else ("RGBA" if clear else "RGB")
        image = image.convert(target)
    image.info = info
    return image


def _left_behind(image: "Image.Image") -> list[str]:
    """Say what of a file a repaired picture will not have."""
    notes = []
    if (frames := image.info["frames"]) > 1:
        notes.append(f"of its {frames} pages or frames only the first is repaired and written.")
    if image.info["turned"]:
        notes.append("it is written upright, as its camera noted, and no longer by a note.")
    return notes


def as_file(picture: "Image.Image", kind: str) -> bytes:
    """Return a picture as the bytes of a file, with what its `info` says about the pixels.

    Parameters
    ----------
    picture : PIL.Image.Image
        With the `info` of `read_original`: color profile, resolution and EXIF are written again.
    kind : {"PNG", "TIFF"}
        A format without loss.
    """
    from PIL.PngImagePlugin import PngInfo

    about = {name: picture.info[name] for name in ABOUT if picture.info.get(name)}
    if kind == "PNG":
        chunks = PngInfo()
        if "icc_profile" not in about:
            for chunk, content in _color_chunks(picture.info):
                chunks.add(chunk, content)
        for name, text in picture.info.items():
            if isinstance(name, str) and isinstance(text, str) and name not in NO_TEXT:
                chunks.add_itxt(name, text) if not text.isascii() else chunks.add_text(name, text)
        about["pnginfo"] = chunks
    buffer = io.BytesIO()
    picture.save(buffer, kind, **about)
    return buffer.getvalue()


def _color_chunks(info: dict[Any, Any]) -> list[tuple[bytes, bytes]]:
    """Return gamma, chromaticities and rendering intent as PNG's chunks."""
    chunks = []
    if "gamma" in info:
        chunks.append((PNG_CHUNKS[0], struct.pack(">I", round(info["gamma"] * 100_000))))
    if "chromaticity" in info:
        values = [round(value * 100_000) for value in info["chromaticity"]]
        chunks.append((PNG_CHUNKS[1], struct.pack(f">{len(values)}I", *values)))
    if "srgb" in info:
        chunks.append((PNG_CHUNKS[2], bytes([info["srgb"]])))
    return chunks
