"""What crosses the sandbox's boundary is untrusted: texts are cleaned, values are looked at."""

import math
import re

ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")
# all but line ends and tabs; with them the marks that turn the direction of writing
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text, longest: int = 5000) -> str:
    """Return a text that every file can hold and every page can show.

    Colors of terminals, control characters and halves of surrogate pairs go; what is too long is
    cut, and says so.
    """
    text = text if isinstance(text, str) else f"({type(text).__name__})"
    cut = len(text) > 4 * longest
    text = text[: 4 * longest].encode("utf-8", "replace").decode("utf-8")
    text = ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) > longest or cut:
        text = text[:longest] + " ... (cut)"
    return text


def has_nan(value) -> bool:
    """Return whether a number of an answer, however deep, is not a number."""
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, dict):
        return any(map(has_nan, value.keys())) or any(map(has_nan, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_nan, value))
    if hasattr(value, "is_floating_point"):  # a tensor
        return bool(value.is_floating_point() and value.isnan().any())
    if hasattr(value, "dtype"):
        return bool(value.dtype.kind == "f" and (value != value).any())
    return False


def described(value) -> str:
    """Say what kind of answer this is, without its numbers."""
    if hasattr(value, "is_floating_point") or hasattr(value, "dtype"):
        kind = "a tensor" if hasattr(value, "is_floating_point") else "an array"
        shape, dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
        return f"{kind} of shape {shape}, {dtype}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    names = {bool: "a truth value", int: "a number", float: "a number", str: "a text"}
    return "None" if value is None else names.get(type(value), "something else")
