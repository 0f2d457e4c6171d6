"""The reference pages list the whole library."""

import importlib
import re


def documented(root) -> list[str]:
    pages = sorted((root / "book" / "library").glob("*.md"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    return re.findall(r"^\.\. automodule:: gan_tutorial\.([\w.]+)$", text, re.M)


def test_every_room_has_a_page(root):
    files = {path.stem for path in (root / "gan_tutorial").glob("[a-z]*.py")}
    packages = {path.parent.name for path in (root / "gan_tutorial").glob("*/__init__.py")}
    pages = {path.stem for path in (root / "book" / "library").glob("*.md")}
    assert pages == files | packages
    assert pages <= set(documented(root))


def test_every_public_name_is_documented(root):
    """Functions and classes in `__all__` have docstrings; constants are told of in the text."""
    for name in documented(root):
        module = importlib.import_module(f"gan_tutorial.{name}")
        for public in module.__all__:
            thing = getattr(module, public)
            assert not callable(thing) or thing.__doc__, f"{name}.{public}"
