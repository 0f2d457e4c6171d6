"""File names as they come: understood or listed, none ignored, no two students merged."""

import os
import unicodedata

import pytest
from submissions import Found, read_submission, scripts, shown

SETS = {"ps1_games": None, "ps2_implement": None}

UNDERSTOOD = {
    "ada/ps1_games.ipynb": "ada",
    "ada_ps1_games.ipynb": "ada",
    "ada-ps1.ipynb": "ada",
    "ada ps1_games.ipynb": "ada",
    "ada/Copy of ps1_games.ipynb": "ada",
    "Copy of ada_ps1_games.ipynb": "ada",
    "Kopie von ada_ps1_games.ipynb": "ada",
    "ada/ps1_games (1).ipynb": "ada",
    "ada_ps1_games (2).ipynb": "ada",
    "ada/ps1_games - Copy.ipynb": "ada",
    "ada/ps1_games-Copy1.ipynb": "ada",
    "ada/PS1_GAMES.IPYNB": "ada",
    "ada/ps1_games.ipynb.txt": "ada",
    "ada_ps1_games.ipynb.json": "ada",
    "ada/Problem Set 1.ipynb": "ada",
    "ada/ps01.ipynb": "ada",
    "ada/final ps1.ipynb": "ada",
    "ada/homework 1/ps1_games.ipynb": "ada",
    "section A/ada/ps1_games.ipynb": "ada",
    "section A/ada_ps1_games.ipynb": "ada",
    "Ada Lovelace/ps1_games.ipynb": "Ada Lovelace",
    "Zoë_ps1_games.ipynb": "Zoë",
    unicodedata.normalize("NFD", "Zoë") + "_ps1_games.ipynb": "Zoë",
    "o'neil_ps1_games.ipynb": "o'neil",
    "0012_ps1_games.ipynb": "0012",
    "lovelaceada_4711_90210_ps1_games.ipynb": "lovelaceada_4711",
    "lovelaceada_LATE_4711_90210_ps1_games-3.ipynb": "lovelaceada_4711",
    "lovelaceada_4711_90210_Copy of ps1_games.ipynb": "lovelaceada_4711",
    "Ada Lovelace_123_assignsubmission_file_/ps1_games.ipynb": "Ada Lovelace",
    "Ada Lovelace_123_assignsubmission_file_ps1_games.ipynb": "Ada Lovelace",
    "Ada Lovelace_123_assignsubmission_file/ps1_games.ipynb": "Ada Lovelace",
    "ps2fan_ps1_games.ipynb": "ps2fan",
}
LISTED = {
    "ps1_games.ipynb": "whose it is",
    "holiday.ipynb": "of which set",
    "ada_ps7_unknown.ipynb": "of which set",
    "ada_ps1_games.pdf": "no notebook",
    "all.zip": "unpack it first",
    "__MACOSX/._ada_ps1_games.ipynb": "hidden copy",
    "ada/.ipynb_checkpoints/ps1_games-checkpoint.ipynb": "hidden copy",
    ".DS_Store": "hidden copy",
    "a\u202eda_ps1_games.ipynb": "cannot be seen",
    "a\x1bda_ps1_games.ipynb": "cannot be seen",
    "a\nda_ps1_games.ipynb": "cannot be seen",
    ".._ps1_games.ipynb": "hidden copy",
    "x/.. _ps1_games.ipynb": "hidden copy",
    "y" * 100 + "_ps1_games.ipynb": "longer than",
}


def found_in(tmp_path, *names, roster=None):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return Found(tmp_path, SETS, roster)


@pytest.mark.parametrize(("name", "student"), UNDERSTOOD.items())
def test_understood(name, student, tmp_path):
    found = found_in(tmp_path, name)
    assert list(found.chosen) == [(student, "ps1_games")], found.complaints


@pytest.mark.parametrize(("name", "why"), LISTED.items())
def test_listed(name, why, tmp_path):
    found = found_in(tmp_path, name)
    assert not found.chosen
    assert why in found.complaints[0]
    assert all(line.isprintable() for line in found.complaints)


def test_what_is_no_regular_file_is_listed(tmp_path):
    (tmp_path / "folder_ps1_games.ipynb").mkdir()
    os.mkfifo(tmp_path / "fifo_ps1_games.ipynb")
    (tmp_path / "link_ps1_games.ipynb").symlink_to(tmp_path / "nowhere")
    longest = "z" * (255 - len("_ps1.ipynb"))
    found = found_in(tmp_path, f"{longest}_ps1.ipynb", "ada_ps1.ipynb")
    assert list(found.chosen) == [("ada", "ps1_games")]
    assert len(found.complaints) == 4
    for name in ("folder", "fifo", "link"):
        with pytest.raises(ValueError, match="file"):
            read_submission(tmp_path / f"{name}_ps1_games.ipynb")


def test_the_content_says_which_set_it_is(tmp_path):
    (tmp_path / "ada").mkdir()
    text = '{"cells": [{"cell_type": "markdown", "source": ["# Problem set 2: implement"]}]}'
    (tmp_path / "ada" / "Untitled.ipynb").write_text(text)
    assert list(Found(tmp_path, SETS).chosen) == [("ada", "ps2_implement")]


def test_resubmissions_are_the_same_student_and_the_newest_counts(tmp_path):
    names = [f"lovelaceada_4711_{n}_ps1_games{v}.ipynb" for n, v in
             ((9, ""), (12, "-1"), (10, "-2"))]  # fmt: skip
    found = found_in(tmp_path, *names)
    (chosen,) = found.chosen.values()
    assert chosen.path.name == names[2]
    assert sum("two files" in line for line in found.complaints) == 2

    late = found_in(tmp_path / "late", "lovelaceada_LATE_4711_9_ps1_games.ipynb")
    assert next(iter(late.chosen.values())).late


def test_by_time_where_names_say_nothing(tmp_path):
    found_in(tmp_path, "ada/ps1_games.ipynb", "ada/ps1_games (1).ipynb")
    os.utime(tmp_path / "ada" / "ps1_games.ipynb", (2e9, 2e9))
    (chosen,) = Found(tmp_path, SETS).chosen.values()
    assert chosen.path.name == "ps1_games.ipynb"


@pytest.mark.parametrize(
    "names",
    [
        ("section A/ada_ps1.ipynb", "section B/ada_ps1.ipynb"),
        ("section A/ada/ps1.ipynb", "section B/ada/ps1.ipynb"),
        ("ada/hw1/ps1.ipynb", "bob/hw1/ps1.ipynb"),
        ("ada/final_ps1.ipynb", "bob/final_ps1.ipynb"),
        ("Ada L_1_assignsubmission_file_/ps1.ipynb", "Ada L_2_assignsubmission_file_/ps1.ipynb"),
        ("smithjohn_1_5_ps1.ipynb", "smithjohn_2_6_ps1.ipynb"),
        ("A/ada_ps1.ipynb", "A/bob_ps1.ipynb"),
        ("Ada_ps1.ipynb", "ada_ps1.ipynb"),
        ("ada_ps1.ipynb", "\u0430da_ps1.ipynb"),
        ("ada_ps1.ipynb", "\uff41da_ps1.ipynb"),
        ("a.b_ps1.ipynb", "a_b_ps1.ipynb"),
    ],
)
def test_two_students_are_two(names, tmp_path):
    found = found_in(tmp_path, *names)
    assert len(found.chosen) == 2, found.complaints


def test_look_alikes_are_said(tmp_path):
    found = found_in(tmp_path, "ada_ps1.ipynb", "Ada_ps1.ipynb", "\u0430da_ps2.ipynb")
    assert sum("look alike" in line for line in found.complaints) == 1
    assert any("CYRILLIC" in line for line in found.complaints)
    assert scripts("Zoë O'Neil") == {"LATIN"}


def test_a_roster_settles_whose_it_is(tmp_path):
    roster = {"ada": "ada", "4711": "ada", "Bob Müller": "bob", "bob": "bob"}
    names = {
        "week 3/ada_ps1.ipynb": "ada", "x_4711_99_ps1.ipynb": "ada", "bob/y/ps1.ipynb": "bob",
        "Bob Müller_5_assignsubmission_file_/ps1.ipynb": "bob",
    }  # fmt: skip
    for number, (name, student) in enumerate(names.items()):
        found = found_in(tmp_path / str(number), name, roster=roster)
        assert list(found.chosen) == [(student, "ps1_games")]


def test_what_cannot_be_seen_is_escaped():
    assert shown("Zoë") == "Zoë"
    assert "\u202e" not in shown("a\u202eb")
