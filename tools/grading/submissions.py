"""Whose file is it, and of which set? Names as editors, Canvas and Moodle make them.

Every file is understood or listed, none is passed over without a word, and no two students are
taken for one.
"""

import json
import re
import stat
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from crossing import CONTROL

LARGEST = 20 * 2**20  # bytes of a submission
LONGEST = 80  # characters of a student's name
ENDING = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)
COPY = re.compile(
    r"^(copy|kopie|copie|copia)( \(?\d+\)?)? (of|von|de|di) |\s*[-_ ]\s*(copy|kopie|copie)\d*$"
    r"|\s*\(\d+\)$",
    re.IGNORECASE,
)
SET = re.compile(r"(?<![a-z0-9])(?:ps|problem[ _-]?set)[ _-]?0*(\d{1,2})(?!\d)", re.IGNORECASE)
CANVAS = re.compile(r"^(?P<who>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)$")
MOODLE = re.compile(r"^(?P<who>[^_]+)_(?P<number>\d+)_assignsubmission_\w+?_(?P<rest>.*)$")
AGAIN = re.compile(r"-(\d+)$")  # what Canvas puts behind the name of a resubmission
NO_PERSON = re.compile(
    r"^(ps|problem|homework|assignment|attempt|submission|work|files?|notebooks?|src|final)\b|^\d*$",
    re.IGNORECASE,
)
SECTION = re.compile(r"^(section|sec|group|class|tutorial|gruppe|kurs|seminar)\b", re.IGNORECASE)


@dataclass
class Submission:
    """A file, whose it is, and how late and how new its name says it is."""

    path: Path
    student: str
    set: str
    order: tuple = ()
    late: bool = False
    number: str = ""  # Moodle's, which tells two of one name apart
    folder: str = ""


class Found:
    """The submissions of a folder by (student, set), and what is to be said about the rest."""

    def __init__(self, folder: Path, sets: dict[str, Path], roster: dict[str, str] | None = None):
        self.folder, self.sets, self.roster = folder, sets, roster or {}
        self.chosen: dict[tuple[str, str], Submission] = {}  # by student and set
        self.complaints: list[str] = []
        self._all: list[Submission] = []
        for path in sorted(folder.rglob("*")):
            if path.is_dir() and not path.is_symlink() and not ENDING.search(path.name):
                continue
            problem = self._look(path)
            if problem:
                self._say(f"{shown(path.relative_to(folder))}: {problem}")
        self._tell_apart()
        self._choose()
        self._look_alikes()

    def _say(self, text: str) -> None:
        self.complaints.append(text)

    # --- one file --------------------------------------------------------------------------

    def _look(self, path: Path) -> str | None:
        """Take a file for what it is; return why it is skipped, if it is."""
        inside = path.relative_to(self.folder)
        hidden = [part for part in inside.parts if part.startswith(".") or part == "__MACOSX"]
        if hidden:
            return "skipped, a hidden copy that a computer made for itself"
        if path.is_symlink():
            return "skipped, since it is a link"
        if not ENDING.search(path.name):
            return "skipped, since it is no notebook (.ipynb)" + (
                "; unpack it first" if path.suffix.lower() in {".zip", ".gz", ".tar", ".7z"} else ""
            )
        if not stat.S_ISREG(path.lstat().st_mode):
            return "skipped, since it is no file but a folder or a device"
        parents = [unicodedata.normalize("NFC", part) for part in inside.parts[:-1]]
        stem = ENDING.sub("", unicodedata.normalize("NFC", path.name))
        canvas, moodle = CANVAS.match(stem), MOODLE.match(stem)
        in_moodle = next((m for part in parents if (m := MOODLE.match(part + "_"))), None)
        match = moodle or canvas
        rest = match["rest"] if match else stem
        again = AGAIN.search(rest) if canvas else None
        rest = COPY.sub("", COPY.sub("", rest[: again.start()] if again else rest))
        name = self._set_of(rest, path)
        if name is None:
            return "skipped, since neither its name nor its content says of which set it is"
        submission = Submission(path, "", name, folder="/".join(parents))
        newness = path.stat().st_mtime_ns
        if moodle or in_moodle:
            match = moodle or in_moodle
            who, number = match["who"].strip(), match["number"]
            submission.student = self._known(who, number) or who
            submission.number = "" if self._known(who, number) else number
        elif canvas:
            who, user = canvas["who"], canvas["user"]
            submission.student = self._known(f"{who}_{user}", user, who) or f"{who}_{user}"
            submission.late = canvas["late"] is not None
            newness = int(again[1]) if again else 0, int(canvas["file"])
        else:
            submission.student = self._person(self._before_set(rest, name), parents)
        submission.order = newness if isinstance(newness, tuple) else (newness,)
        if why := bad_name(submission.student):
            return f"skipped, since {why}: STUDENT/SET.ipynb or STUDENT_SET.ipynb is understood"
        self._all.append(submission)
        return None

    def _set_of(self, stem: str, path: Path) -> str | None:
        full = [name for name in self.sets if name in stem.casefold().replace(" ", "_")]
        numbers = [int(number) for number in SET.findall(stem)]
        if len(full) == 1:
            return full[0]
        if not numbers:
            numbers = [int(n) for n in re.findall(r"# Problem set (\d+)", _beginning(path))]
        name = [n for n in self.sets if numbers and n.startswith(f"ps{numbers[-1]}_")]
        return name[0] if len(name) == 1 else None

    def _before_set(self, stem: str, name: str) -> str:
        place = stem.casefold().replace(" ", "_").find(name)
        if place < 0:
            matches = list(SET.finditer(stem))
            place = matches[-1].start() if matches else 0
        return stem[:place].strip(" _-")

    def _person(self, prefix: str, parents: list[str]) -> str:
        if known := self._known(prefix, *reversed(parents)):
            return known
        people = [part for part in parents if not NO_PERSON.match(part) and not SET.search(part)]
        if not people or (prefix and SECTION.match(people[-1])):
            return prefix
        return people[-1]

    def _known(self, *words: str) -> str | None:
        """Return who on the roster goes by the first of these words that it knows."""
        return next((self.roster[word] for word in words if word in self.roster), None)

    # --- all of them -----------------------------------------------------------------------

    def _tell_apart(self) -> None:
        """Give files that would make one of two students two names, and say so."""
        self._sections()
        groups = defaultdict(list)
        for submission in self._all:
            groups[submission.student, submission.set].append(submission)
        for (student, name), several in groups.items():
            numbers = {s.number for s in several}
            folders = {s.folder for s in several if not s.number}
            if len(numbers) > 1 or len(folders) > 1:
                for s in several:
                    s.student = f"{student}_{s.number}" if s.number else (
                        f"{s.folder.replace('/', '_')}_{student}".strip("_")
                    )  # fmt: skip
                new = ", ".join(sorted({shown(s.student) for s in several}))
                self._say(f"{shown(student)}, {name}: files of two places, kept apart as {new}")

    def _sections(self) -> None:
        """Where a folder holds files of several people, the file's name says whose each is."""
        folders = defaultdict(lambda: defaultdict(list))
        for s in self._all:
            stem = COPY.sub("", ENDING.sub("", unicodedata.normalize("NFC", s.path.name)))
            prefix = self._before_set(stem, s.set)
            if s.folder and s.student and not s.number and not CANVAS.match(stem):
                folders[s.folder][prefix].append(s)
        for folder, prefixes in folders.items():
            people = [prefix for prefix in prefixes if prefix and not NO_PERSON.match(prefix)]
            last = folder.split("/")[-1]
            if len(people) > 1 and last not in people:
                for prefix in people:
                    for s in prefixes[prefix]:
                        s.student = prefix
                self._say(f"{shown(folder)}: a section of {len(people)}, by the files' names")
            elif people and last not in people and not SECTION.match(last):
                self._say(f"{shown(folder)}: {shown(people[0])}_... there is taken for {last}'s")

    def _choose(self) -> None:
        """Of several files of one student for one set, the newest counts."""
        for s in self._all:
            known = self.chosen.get((s.student, s.set))
            if known is None:
                self.chosen[s.student, s.set] = s
                continue
            newer = max(known, s, key=lambda x: (x.order, x.path.name))
            self.chosen[s.student, s.set] = newer
            new = shown(newer.path.name)
            self._say(f"{shown(s.student)} has two files for {s.set}: the newer one, {new}, counts")

    def _look_alikes(self) -> None:
        seen: dict[str, str] = {}
        for student in sorted({s for s, _ in self.chosen}):
            other = seen.setdefault(unicodedata.normalize("NFKC", student).casefold(), student)
            if other != student:
                self._say(f"{shown(other)} and {shown(student)} look alike: they are kept apart")
            if len(scripts(student)) > 1:
                self._say(f"{shown(student)}: letters of {' and '.join(sorted(scripts(student)))}")


def bad_name(student: str) -> str | None:
    """Return what is wrong with a student's name, for a file name and a table."""
    if not student:
        return "its name does not say whose it is"
    if student.strip(". ") == "" or "/" in student or "\\" in student:
        return "its student would be no name but a path"
    if CONTROL.search(student) or not student.isprintable():
        return "its student's name has characters that cannot be seen or written"
    if len(student) > LONGEST:
        return f"its student's name is longer than {LONGEST} characters"
    return None


def scripts(name: str) -> set[str]:
    """Return the alphabets of a name's letters: more than one may be a disguise."""
    return {
        unicodedata.name(letter, "?").split()[0]
        for letter in name
        if letter.isalpha() and unicodedata.name(letter, "?").split()[0] in ALPHABETS
    }


ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}


def shown(name) -> str:
    """Return a name as it can be printed and read: what cannot be seen is escaped."""
    text = str(name)
    return text if text.isprintable() and not CONTROL.search(text) else ascii(text)


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(4000).decode("utf-8", "replace")


@dataclass
class TheirCell:
    """A cell as it was handed in."""

    grade_id: str
    id: str
    is_code: bool
    source: str


def read_submission(path: Path) -> list[TheirCell]:
    """Return the cells of a submission, or raise `ValueError` that says why there are none."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError("not a file")
        if path.stat().st_size > LARGEST:
            raise ValueError("the file is larger than 20 MiB")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file cannot be read ({type(error).__name__})") from error
    try:
        cells = []
        for cell in json.loads(content.decode("utf-8-sig", "replace"))["cells"]:
            source = cell.get("source", "")
            source = source if isinstance(source, str) else "".join(source)
            source = source.encode("utf-8", "replace").decode().replace("\0", "")
            marks = (cell.get("metadata") or {}).get("nbgrader") or {}
            grade_id, id = str(marks.get("grade_id", "")), str(cell.get("id", ""))
            cells.append(TheirCell(grade_id, id, cell["cell_type"] == "code", source))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a notebook") from error
    return cells
