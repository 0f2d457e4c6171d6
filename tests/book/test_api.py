"""The reference page lists the whole library."""

import importlib
import re


def documented(root) -> list[str]:
    page = (root / "book" / "api.md").read_text(encoding="utf-8")
    return re.findall(r"^\.\. automodule:: gan_tutorial\.(\w+)$", page, re.M)


def test_every_file_of_the_library_is_on_the_page(root):
    files = {path.stem for path in (root / "gan_tutorial").glob("[a-z]*.py")}
    packages = {path.parent.name for path in (root / "gan_tutorial").glob("*/__init__.py")}
    helpers = {"files"}  # writes files for the others
    assert sorted(documented(root)) == sorted((files | packages) - helpers)


def test_every_public_name_is_documented(root):
    """Functions and classes in `__all__` have docstrings; constants are told of in the text."""
    for name in documented(root):
        module = importlib.import_module(f"gan_tutorial.{name}")
        for public in module.__all__:
            thing = getattr(module, public)
            assert not callable(thing) or thing.__doc__, f"{name}.{public}"
