"""What a command that fails says: one sentence, after warnings about data if there are any."""

from gan_tutorial.cli import main

__all__ = ["failed", "failed_after_warnings"]


def failed(capsys, *arguments) -> str:
    """Run a command that has to fail with nothing but a sentence; return it."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


def failed_after_warnings(capsys, *arguments) -> str:
    """Run a command that has to fail, and may have warned of its data; return its sentence."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    *before, last = capsys.readouterr().err.splitlines()
    assert last.startswith("error: ")
    assert all(line.startswith("warning: ") for line in before), before
    return last
