import pytest

from gan_tutorial.cli import COMMANDS, parser
from gan_tutorial.cli.words import flags_of, sentence_of, with_flags


@pytest.mark.parametrize(
    ("command", "said", "expected"),
    [
        ("train", "with on_error='skip'.", "with --on-error skip."),
        ("evaluate", "with on_error='skip'.", "with --on-error skip."),
        ("doctor", "with on_error='skip'.", "with train --on-error skip."),
        ("train", "by validation=0.1.", "by --validation 0.1."),
        ("evaluate", "by validation=0.1.", "by train --validation 0.1."),
        ("train", "by data_changed=True, or", "by --data-changed, or"),
        ("train", "load them with channels=1.", "load them with --channels 1."),
        ("evaluate", "by levels=4095 or", "by --levels 4095 or"),
        ("train", "r1 needs norm='none' here", "r1 needs norm='none' here"),
    ],
)
def test_advice_names_options_as_the_command_has_them(command, said, expected):
    assert with_flags(said, flags_of(parser(), command)) == expected


def test_every_option_that_is_named_exists_where_it_is_named():
    program = parser()
    for command in (each.__name__.rpartition(".")[2] for each in COMMANDS):
        flags = flags_of(program, command)
        assert "--help" in flags
        told = with_flags("on_error='skip' validation=0.1 levels=1", flags)
        named = [word for word in told.split() if word.startswith("--")]
        before = dict(zip(told.split()[1:], told.split(), strict=False))
        for flag in named:
            assert flag in flags or before[flag] == "train"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator"), "enough memory"),
        (RuntimeError("CUDA out of memory. Tried to"), "enough memory"),
        (KeyError("generator"), "'generator' is missing"),
        (ValueError("two\n  lines"), "two lines"),
        (ValueError(), "ValueError"),
        (PermissionError(13, "Permission denied", "x"), "x cannot be used"),
    ],
)
def test_errors_are_one_sentence(error, said):
    assert said in sentence_of(error)
    assert "\n" not in sentence_of(error)


def test_the_console_script_is_this_program(project, monkeypatch, capsys):
    import importlib

    module, _, name = project["project"]["scripts"]["gan-tutorial"].partition(":")
    start = getattr(importlib.import_module(module), name)
    monkeypatch.setattr("sys.argv", ["gan-tutorial", "info", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 2
    assert "not the folder of a run" in capsys.readouterr().err
